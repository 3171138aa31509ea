/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outside view: targets, scope and estate joined with the engine, and what it says written out. */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/config_dir.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/scan_identify.h"
#include "cli/scan_options.h"
#include "cli/scan_self.h"
#include "cli/scan_words.h"
#include "cli/state_dir.h"
#include "cli/terminal.h"
#include "config.h"
#include "report/scan_plan.h"
#include "report/scan_words.h"
#include "scan/checkpoint.h"
#include "scan/confine.h"

struct run {
        const struct invocation *in;
        struct str kept;           /* the words of the scan that is gone on with */
        struct invocation resumed; /* made of them */
        struct scan_request request;
        struct pool *pool;
        struct knowledge *knowledge;
        struct estate estate;
        bool has_estate;
        struct range_set own, broadcast;
        struct range_set exclude; /* of --exclude */
        struct scope scope;
        struct targets targets;
        struct scan_ports ports;
        struct scan_self self;
        struct if_nameindex *devices;
        struct str command;    /* the command line, for people */
        struct str words;      /* the same for the checkpoint */
        struct str checkpoint; /* its path, when nobody named one */
        struct scan_options options;
        struct scan_head head;
        struct output_file output;
        struct progress progress;
        struct scan_writer writer;
        struct scan *scan;
        struct scan_identify identify; /* with --identify */
        struct err *err;
};

static void run_release(struct run *run)
{
        scan_identify_release(&run->identify);
        scan_freep(&run->scan);
        scan_writer_release(&run->writer);
        progress_release(&run->progress);
        output_file_release(&run->output);
        str_release(&run->command);
        str_release(&run->words);
        str_release(&run->checkpoint);
        str_release(&run->kept);
        if (run->devices)
                if_freenameindex(run->devices);
        scan_self_release(&run->self);
        targets_release(&run->targets);
        scope_release(&run->scope);
        range_set_release(&run->exclude);
        range_set_release(&run->broadcast);
        range_set_release(&run->own);
        knowledge_freep(&run->knowledge);
        pool_freep(&run->pool);
}

static const struct estate *estate_of(const struct run *run)
{
        return run->has_estate ? &run->estate : NULL;
}

/* --- who is who ---------------------------------------------------------------------------------- */

static struct scan_subject subject(const struct address *address, void *arg)
{
        const struct run *run = arg;
        const struct target_name *single = targets_single(&run->targets, address);
        const struct estate *estate = estate_of(run);
        const struct estate_asset *asset = estate ? estate_asset_by_address(estate, address) : NULL;
        enum device_class class = estate ? estate_class(estate, address) : DEVICE_NONE;
        struct scan_subject subject = {
                .name = single && single->name ? single->name
                        : asset                ? asset->name
                                               : NULL,
                .zone = estate ? estate_zone(estate, address) : NULL,
                .class = class != DEVICE_NONE ? device_class_name(class) : NULL,
        };

        if (scan_self_has(&run->self, address))
                subject.asset = run->self.view->asset;
        else if (asset)
                subject.asset = pool_printf(run->pool, "estate:%s", asset->name); /* interned */
        return subject;
}

static const char *device(uint32_t zone_index, void *arg)
{
        const struct run *run = arg;

        for (const struct if_nameindex *i = run->devices; i && i->if_index; i++)
                if (i->if_index == zone_index)
                        return i->if_name;
        return NULL;
}

/* --- what is asked ------------------------------------------------------------------------------- */

/* "10.0.0.5,10.0.1.0/24" */
static int parse_exclude(struct run *run)
{
        const char *list = invocation_get(run->in, "exclude");
        _cleanup_free_ char *copy = list ? xstrdup(list) : NULL;
        char *rest = copy;

        for (const char *word; (word = strsep(&rest, ","));) {
                struct address_range range;

                if (address_range_parse(word, false, &range, NULL, run->err) < 0)
                        return err_prefix(run->err, "'--exclude %s'", list);
                range_set_add(&run->exclude, &range);
        }
        range_set_normalize(&run->exclude);
        return 0;
}

/* An address that was named alone is not left out in silence. */
static int check_singles(struct run *run)
{
        char text[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < run->targets.n_single; i++)
                if (range_set_has(&run->exclude, &run->targets.single[i].address))
                        return err_set(run->err, -EPERM,
                                       "%s is a target, and excluded by --exclude: leave out one of them",
                                       address_format(&run->targets.single[i].address, text));
        return 0;
}

static void refuse(struct run *run, const struct address_range *range)
{
        struct targets *t = &run->targets;
        struct target_refused *refused = pool_alloc(run->pool, (t->n_refused + 1) * sizeof(*refused));

        if (t->n_refused)
                memcpy(refused, t->refused, t->n_refused * sizeof(*refused));
        refused[t->n_refused++] = (struct target_refused){*range, "excluded by --exclude"};
        t->refused = refused;
}

/* Taken out of the targets, so that it is told; and out of the scope, so that the gate stops it. */
static int apply_exclude(struct run *run)
{
        _cleanup_(range_set_release) struct range_set without = {0}, gone = {0};
        int r = check_singles(run);

        for (size_t i = 0; i < run->exclude.n; i++)
                range_set_add(&run->scope.exclude, &run->exclude.at[i]);
        range_set_normalize(&run->scope.exclude);
        for (size_t i = 0; i < run->targets.ranges.n; i++) {
                range_set_add(&without, &run->targets.ranges.at[i]);
                range_set_add(&gone, &run->targets.ranges.at[i]);
        }
        range_set_subtract(&without, &run->exclude);
        range_set_subtract(&gone, &without);
        for (size_t i = 0; i < gone.n; i++)
                refuse(run, &gone.at[i]);
        range_set_subtract(&run->targets.ranges, &run->exclude);
        if (r == 0 && !run->targets.ranges.n)
                r = err_set(run->err, -EPERM, "nothing is left to probe: '--exclude' takes out all targets");
        return r;
}

static int parse_targets(struct run *run)
{
        const char *file = invocation_get(run->in, "input");
        struct targets_context context = {
                .estate = estate_of(run),
                .scope = &run->scope,
                .broadcast = &run->broadcast,
        };
        int r;

        if (!file && !run->in->n_arguments)
                return err_set(run->err, -EINVAL,
                               "needs a target: an address, network (10.0.0.0/24), range, name or "
                               "@asset, or --input FILE");
        r = parse_exclude(run);
        if (r == 0)
                r = targets_parse(&run->targets, run->in->arguments, run->in->n_arguments, &file,
                                  file ? 1 : 0, &context, run->err);
        return r == 0 && run->exclude.n ? apply_exclude(run) : r;
}

/* `scan --resume FILE` alone: the words come from the file. */
static int take_words(struct run *run)
{
        const char *file = invocation_get(run->in, "resume");
        int r;

        if (!file || run->in->n_arguments || invocation_has(run->in, "input"))
                return 0;
        r = checkpoint_words(file, &run->kept, run->err);
        if (r == 0)
                r = scan_words_join(&run->kept, run->in, &run->resumed, run->err);
        if (r == 0)
                run->in = &run->resumed;
        return r;
}

/* Everything the user may have got wrong: nothing is sent after an error here. */
static int read_request(struct run *run)
{
        int r = take_words(run);

        if (r == 0)
                r = scan_request_parse(run->in, clock_now_s(), &run->request, run->err);
        if (r == 0)
                r = config_open_knowledge(run->in, &run->knowledge, run->err);
        if (r == 0)
                r = config_open_estate(run->in, run->pool, &run->estate, &run->has_estate, run->err);
        if (r == 0)
                r = scan_ports_parse(&run->ports, run->request.ports, run->request.unprefixed,
                                     run->knowledge, run->err);
        if (r < 0)
                return QM_EXIT_USAGE;
        if (paths_own_addresses(&run->own, &run->broadcast, run->err) < 0)
                return QM_EXIT_INCOMPLETE;
        scope_make(&run->scope, estate_of(run), &run->own, &run->broadcast);
        return parse_targets(run) < 0 ? QM_EXIT_USAGE : QM_EXIT_DONE;
}

static bool asks(const struct run *run, enum transport transport)
{
        return port_set_count(&run->ports.of[transport]) > 0;
}

static uint64_t count_probes(const struct run *run)
{
        uint64_t addresses = range_set_count(&run->targets.ranges), probes;
        uint64_t ports = port_set_count(&run->ports.of[TRANSPORT_TCP]) +
                         port_set_count(&run->ports.of[TRANSPORT_UDP]);

        return __builtin_mul_overflow(addresses, ports, &probes) ? UINT64_MAX : probes;
}

static int check_size(const struct run *run)
{
        _cleanup_str_ struct str time = {0};

        if (run->head.probes <= SCAN_HUGE || run->request.yes_huge)
                return 0;
        scan_add_duration(&time, scan_estimate_ms(&run->options));
        return err_set(
                run->err, -EINVAL,
                "%llu probes would take at least %s: ask for fewer addresses or ports, or say --yes-huge",
                (unsigned long long)run->head.probes, str_text(&time));
}

/* --- what comes ---------------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_asked;

static void stop(int signal_number)
{
        stop_asked = signal_number;
}

/* The first signal ends the scan in order; the second one ends the process. */
static void catch_signals(void)
{
        struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};

        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
}

/* Who reads the results has gone, or there is no room for them: there is nobody to scan for. */
static void written(int r)
{
        if (r < 0)
                stop_asked = SIGPIPE;
}

static void write_endpoint(const struct endpoint *endpoint, const struct identity *identity, void *arg)
{
        struct run *run = arg;

        progress_clear(&run->progress);
        written(scan_writer_observed(&run->writer, &(struct observed){.endpoint = *endpoint, .identity = identity}));
}

static void write_host(const struct host_coverage *coverage, void *arg)
{
        struct run *run = arg;

        progress_clear(&run->progress);
        written(scan_writer_host(&run->writer, coverage));
}

static void on_endpoint(const struct endpoint *endpoint, void *arg)
{
        struct run *run = arg;
        struct endpoint e = *endpoint;

        scan_self_decide(&run->self, &e);
        if (run->request.identify)
                scan_identify_endpoint(&run->identify, &e);
        else
                write_endpoint(&e, NULL, run);
}

static void on_host(const struct host_coverage *coverage, void *arg)
{
        struct run *run = arg;
        _cleanup_free_ struct host_coverage *c = xmalloc(sizeof(*c));

        *c = *coverage;
        if (!c->name)
                c->name = subject(&c->address, run).name;
        scan_self_correct(&run->self, c);
        if (run->request.identify)
                scan_identify_host_done(&run->identify, c);
        else
                write_host(c, run);
}

static void on_progress(const struct scan_progress *at, void *arg)
{
        struct run *run = arg;

        written(scan_writer_tick(&run->writer));
        progress_draw(&run->progress, at);
}

static void on_identified(size_t done, size_t all, void *arg)
{
        struct run *run = arg;

        written(scan_writer_tick(&run->writer));
        progress_draw_identify(&run->progress, done, all);
}

/* The name to ask a server by: as the user gave it. */
static const char *dns_name(const struct address *address, void *arg)
{
        const struct run *run = arg;
        const struct target_name *single = targets_single(&run->targets, address);

        return single ? single->name : NULL;
}

static void warn(const char *text, void *arg)
{
        struct run *run = arg;
        _cleanup_str_ struct str safe = {0};

        progress_clear(&run->progress);
        text_add_printable(&safe, text);
        (void)fprintf(stderr, "quaymaster scan: warning: %s\n", str_text(&safe));
}

/* --- the run ------------------------------------------------------------------------------------- */

static void set_options(struct run *run)
{
        scan_words_keep(run->in, &run->words);
        run->options = (struct scan_options){
                .targets = &run->targets,
                .ports = &run->ports,
                .estate = estate_of(run),
                .scope = &run->scope,
                .tcp = method_find(run->request.connect ? "connect" : "syn"),
                .udp = method_find("udp"),
                .pace = run->request.pace,
                .discovery = run->request.discovery,
                .confirm = run->request.confirm,
                .all_payloads = run->request.all_payloads,
                .until = run->request.until,
                .checkpoint = run->request.checkpoint,
                .words = str_text(&run->words),
                .words_len = run->words.len,
                .resume = run->request.resume,
                .stop = &stop_asked,
                .endpoint = on_endpoint,
                .host = on_host,
                .progress = on_progress,
                .warn = warn,
                .arg = run,
        };
}

static void set_method(struct run *run, const struct method *tcp)
{
        run->options.tcp = tcp;
        run->head.method = asks(run, TRANSPORT_TCP) ? tcp->name : "udp";
}

/* The command line as typed; its words are ours but for the targets. */
static void set_command(struct run *run)
{
        const struct command *command = run->in->command;

        str_add(&run->command, "quaymaster scan");
        for (size_t i = 0; i < command->n_options; i++)
                if (run->in->words[i])
                        str_addf(&run->command, " --%s%s%s", command->options[i].name,
                                 *run->in->words[i] ? " " : "", run->in->words[i]);
        for (size_t i = 0; i < run->in->n_arguments; i++)
                str_addf(&run->command, " %s", run->in->arguments[i]);
}

static void set_head(struct run *run)
{
        struct terminal terminal = terminal_of(STDOUT_FILENO);
        bool to_file = invocation_has(run->in, "output");

        set_command(run);
        run->devices = if_nameindex();
        run->head = (struct scan_head){
                .scanner = run->self.view->asset,
                .hostname = run->self.view->hostname,
                .command = str_text(&run->command),
                .version = QM_VERSION,
                .started_s = clock_now_s(),
                .now = clock_now_s,
                .ports = &run->ports,
                .targets = &run->targets,
                .probes = count_probes(run),
                .pace = run->request.pace,
                .all_states = run->request.all_states,
                .colour = terminal.colour && !to_file,
                .width = to_file ? 0 : terminal.width,
                .subject = subject,
                .device = device,
                .arg = run,
        };
        set_method(run, run->options.tcp);
        run->identify = (struct scan_identify){
                .scope = &run->scope,
                .estate = estate_of(run),
                .stop = &stop_asked,
                .name = dns_name,
                .endpoint = write_endpoint,
                .host = write_host,
                .progress = on_identified,
                .arg = run,
        };
}

static int open_output(struct run *run)
{
        const char *path = invocation_get(run->in, "output");

        if (path)
                return output_file_open(&run->output, path, run->err);
        run->output.fd = dup(STDOUT_FILENO);
        return run->output.fd < 0 ? err_errno(run->err, errno, "standard output cannot be written") : 0;
}

static int dry_run(struct run *run)
{
        const struct scan_plan plan = {
                .head = &run->head,
                .estate = estate_of(run),
                .json = run->request.format == &scan_report_json,
                .estimate_ms = scan_estimate_ms(&run->options),
        };
        int r = open_output(run);

        if (r < 0)
                return QM_EXIT_USAGE;
        r = scan_plan_write(&plan, run->output.fd, run->err);
        if (r == -EPIPE)
                run->err->text[0] = '\0';
        if (r == 0)
                r = output_file_place(&run->output, run->err);
        return r < 0 ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}

static int failed_to_open(int r)
{
        return r == -EBUSY || r == -EBADMSG || r == -ENOENT || r == -EINVAL ? QM_EXIT_USAGE
                                                                            : QM_EXIT_INCOMPLETE;
}

#define CHECKPOINT_MS   10000 /* a scan that takes longer is worth keeping the state of */
#define CHECKPOINTS_MAX 99

/* A name that no scan uses or has left unfinished: checkpoints of complete ones are empty. */
static bool is_free(const char *path)
{
        struct stat st;

        return lstat(path, &st) < 0 ? errno == ENOENT : S_ISREG(st.st_mode) && st.st_size == 0;
}

static void choose_checkpoint(struct run *run)
{
        struct err why = {0};
        size_t len;

        if (run->request.checkpoint || scan_estimate_ms(&run->options) < CHECKPOINT_MS)
                return;
        if (state_dir_make(&run->checkpoint, &why) < 0) {
                (void)err_prefix(&why, "the state of this scan is not kept");
                warn(why.text, run);
                return;
        }
        len = run->checkpoint.len;
        for (unsigned n = 1; n <= CHECKPOINTS_MAX; n++) {
                run->checkpoint.len = len;
                str_addf(&run->checkpoint, "/scan-%u.checkpoint", n);
                if (is_free(run->checkpoint.text)) {
                        run->request.checkpoint = run->options.checkpoint = run->checkpoint.text;
                        return;
                }
        }
        warn("the state of this scan is not kept: there are too many unfinished scans where state is kept",
             run);
}

/* Without the right to raw sockets the kernel's own connections must do, unless SYN was asked for by name. */
static int open_scan(struct run *run)
{
        int r = scan_open(&run->scan, &run->options, run->err);

        if (r != -EPERM || run->request.method_given || !asks(run, TRANSPORT_TCP))
                return r;
        warn("no right to raw sockets (CAP_NET_RAW): full connections are made instead, as with --method connect",
             run);
        run->err->text[0] = '\0';
        set_method(run, method_find("connect"));
        run->options.confirm = false; /* they are */
        return scan_open(&run->scan, &run->options, run->err);
}

/* After this there are no more files, programs and rights. */
static int confine_self(struct run *run)
{
        const struct confinement what = {.sockets = true}; /* hosts are looked for by connections, too */
        const char *missing = "";

        return confine(&what, &missing, run->err);
}

static void tell_resume(const struct run *run)
{
        if (run->request.checkpoint)
                (void)fprintf(stderr, "quaymaster scan: stopped; go on with: quaymaster scan --resume %s\n",
                              run->request.checkpoint);
        else
                (void)fputs("quaymaster scan: stopped; with --checkpoint FILE it could be gone on with\n",
                            stderr);
}

static int scan_and_write(struct run *run)
{
        struct scan_end end = {0};
        struct err why = {0};
        int r, w = scan_writer_begin(&run->writer, run->request.format, &run->head, run->output.fd,
                                     run->err);

        written(w);
        r = scan_run(run->scan, &end.result, &why);
        if (run->request.identify && r == 0)
                r = scan_identify_run(&run->identify, &why);
        end.result.refused_by_gate += run->identify.gate.refused;
        progress_clear(&run->progress);
        end.failure = r < 0 ? why.text : NULL;
        end.result.open += run->self.opened;
        end.resume = end.result.complete && r == 0 ? NULL : run->request.checkpoint;
        w = scan_writer_end(&run->writer, &end);
        if (w == -EPIPE) /* `quaymaster scan ... | head`: the reader had enough */
                run->err->text[0] = '\0';
        else if (w == 0 && r < 0)
                *run->err = why;
        if (stop_asked && stop_asked != SIGPIPE)
                tell_resume(run);
        return r < 0 || w < 0 || !end.result.complete ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}

static int live_run(struct run *run)
{
        int r = open_output(run);

        if (r < 0)
                return QM_EXIT_USAGE;
        catch_signals();
        choose_checkpoint(run);
        r = open_scan(run);
        if (r < 0)
                return failed_to_open(r);
        if (run->request.identify && scan_identify_open(&run->identify, run->err) < 0)
                return QM_EXIT_INCOMPLETE;
        if (output_file_place(&run->output, run->err) < 0 || confine_self(run) < 0)
                return QM_EXIT_INCOMPLETE;
        run->progress = progress_to(STDERR_FILENO);
        return scan_and_write(run);
}

static int run_scan(const struct invocation *in, struct err *err)
{
        _cleanup_(run_release) struct run run = {.in = in, .err = err, .output.fd = -1, .progress.fd = -1};
        int status;

        run.pool = pool_new();
        status = read_request(&run);
        if (status != QM_EXIT_DONE)
                return status;
        scan_self_look(&run.self, &run.own,
                       !run.request.no_inside && !run.request.dry_run && asks(&run, TRANSPORT_UDP) &&
                               scan_self_among(&run.own, &run.targets));
        set_options(&run);
        set_head(&run);
        if (run.request.dry_run)
                return dry_run(&run);
        if (check_size(&run) < 0)
                return QM_EXIT_USAGE;
        return live_run(&run);
}

const struct command command_scan = {
        .name = "scan",
        .arguments = "TARGET...",
        .summary = "which ports of your hosts are open, asked from here over the network",
        .details =
                "A target is an address, a network (10.0.0.0/24), a range (10.0.0.5-9), a name, or @NAME: an asset or\n"
                "a tag of estate.yaml. Only what estate.yaml calls yours is ever probed, and this machine itself; see\n"
                "quaymaster-estate(5). Half-open connections (syn) need root or CAP_NET_RAW; without it full ones\n"
                "(connect) are made.\n\n"
                "Profiles: gentle 10 packets/s to one host; normal 200, and 10000 in all; fast as --rate says.\n\n"
                "Exit status: 0 all was asked and decided, 2 wrong usage or a target that is not yours (nothing was\n"
                "sent), 3 incomplete: the output says what is missing.\n",
        .options = scan_option_specs,
        .n_options = SCAN_N_OPTIONS,
        .max_arguments = MAX_ARGUMENTS,
        .run = run_scan,
};
