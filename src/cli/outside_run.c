/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/outside_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/scan_words.h"
#include "cli/state_dir.h"
#include "cli/terminal.h"
#include "config.h"
#include "report/scan_plan.h"
#include "report/scan_words.h"
#include "scan/confine.h"

static void run_release(struct outside_run *run)
{
        if (run->use->release)
                run->use->release(run);
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

/* --- who is who ---------------------------------------------------------------------------------- */

struct scan_subject outside_subject(const struct address *address, void *arg)
{
        const struct outside_run *run = arg;
        const struct target_name *single = targets_single(&run->targets, address);
        const struct estate *estate = outside_estate(run);
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
        const struct outside_run *run = arg;

        for (const struct if_nameindex *i = run->devices; i && i->if_index; i++)
                if (i->if_index == zone_index)
                        return i->if_name;
        return NULL;
}

/* --- how much is asked --------------------------------------------------------------------------- */

static uint64_t count_probes(const struct outside_run *run)
{
        uint64_t addresses = range_set_count(&run->targets.ranges), probes;
        uint64_t ports = port_set_count(&run->ports.of[TRANSPORT_TCP]) +
                         port_set_count(&run->ports.of[TRANSPORT_UDP]);

        return __builtin_mul_overflow(addresses, ports, &probes) ? UINT64_MAX : probes;
}

static int check_size(const struct outside_run *run)
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

void outside_written(int r)
{
        if (r < 0)
                stop_asked = SIGPIPE;
}

static void pass_endpoint(const struct endpoint *endpoint, const struct identity *identity, void *arg)
{
        struct outside_run *run = arg;

        run->use->endpoint(endpoint, identity, run);
}

static void pass_host(const struct host_coverage *coverage, void *arg)
{
        struct outside_run *run = arg;

        run->use->host(coverage, run);
}

static void on_endpoint(const struct endpoint *endpoint, void *arg)
{
        struct outside_run *run = arg;
        struct endpoint e = *endpoint;

        scan_self_decide(&run->self, &e);
        if (run->request.identify)
                scan_identify_endpoint(&run->identify, &e);
        else
                pass_endpoint(&e, NULL, run);
}

static void on_host(const struct host_coverage *coverage, void *arg)
{
        struct outside_run *run = arg;
        _cleanup_free_ struct host_coverage *c = xmalloc(sizeof(*c));

        *c = *coverage;
        if (!c->name)
                c->name = outside_subject(&c->address, run).name;
        scan_self_correct(&run->self, c);
        if (run->request.identify)
                scan_identify_host_done(&run->identify, c);
        else
                pass_host(c, run);
}

static void tick(struct outside_run *run)
{
        if (run->writer.format) /* it has begun */
                outside_written(scan_writer_tick(&run->writer));
}

static void on_progress(const struct scan_progress *at, void *arg)
{
        struct outside_run *run = arg;

        tick(run);
        progress_draw(&run->progress, at);
}

static void on_identified(size_t done, size_t all, void *arg)
{
        struct outside_run *run = arg;

        tick(run);
        progress_draw_identify(&run->progress, done, all);
}

/* The name to ask a server by: as the user gave it. */
static const char *dns_name(const struct address *address, void *arg)
{
        const struct outside_run *run = arg;
        const struct target_name *single = targets_single(&run->targets, address);

        return single ? single->name : NULL;
}

void outside_warn(const char *text, void *arg)
{
        struct outside_run *run = arg;
        _cleanup_str_ struct str safe = {0};

        progress_clear(&run->progress);
        text_add_printable(&safe, text);
        (void)fprintf(stderr, "quaymaster %s: warning: %s\n", run->in->command->name, str_text(&safe));
}

/* --- the run ------------------------------------------------------------------------------------- */

static void set_options(struct outside_run *run)
{
        scan_words_keep(run->in, &run->words);
        run->options = (struct scan_options){
                .targets = &run->targets,
                .ports = &run->ports,
                .estate = outside_estate(run),
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
                .warn = outside_warn,
                .arg = run,
        };
}

static void set_method(struct outside_run *run, const struct method *tcp)
{
        run->options.tcp = tcp;
        run->head.method = outside_asks(run, TRANSPORT_TCP) ? tcp->name : "udp";
}

/* The command line as typed; its words are ours but for the targets. */
static void set_command(struct outside_run *run)
{
        const struct command *command = run->in->command;

        str_addf(&run->command, "quaymaster %s", command->name);
        for (size_t i = 0; i < command->n_options; i++)
                if (run->in->words[i])
                        str_addf(&run->command, " --%s%s%s", command->options[i].name,
                                 *run->in->words[i] ? " " : "", run->in->words[i]);
        for (size_t i = 0; i < run->in->n_arguments; i++)
                str_addf(&run->command, " %s", run->in->arguments[i]);
}

static void set_head(struct outside_run *run)
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
                .identified = run->request.identify,
                .all_states = run->request.all_states,
                .colour = terminal.colour && !to_file,
                .width = to_file ? 0 : terminal.width,
                .subject = outside_subject,
                .device = device,
                .arg = run,
        };
        set_method(run, run->options.tcp);
        run->identify = (struct scan_identify){
                .scope = &run->scope,
                .estate = outside_estate(run),
                .stop = &stop_asked,
                .name = dns_name,
                .endpoint = pass_endpoint,
                .host = pass_host,
                .progress = on_identified,
                .arg = run,
        };
}

static int open_output(struct outside_run *run)
{
        const char *path = invocation_get(run->in, "output");

        if (path)
                return output_file_open(&run->output, path, run->err);
        run->output.fd = dup(STDOUT_FILENO);
        return run->output.fd < 0 ? err_errno(run->err, errno, "standard output cannot be written") : 0;
}

static int dry_run(struct outside_run *run)
{
        const struct scan_plan plan = {
                .head = &run->head,
                .estate = outside_estate(run),
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

static void choose_checkpoint(struct outside_run *run)
{
        struct err why = {0};
        size_t len;

        if (!run->use->keeps_state || run->request.checkpoint ||
            scan_estimate_ms(&run->options) < CHECKPOINT_MS)
                return;
        if (state_dir_make(&run->checkpoint, &why) < 0) {
                (void)err_prefix(&why, "the state of this scan is not kept");
                outside_warn(why.text, run);
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
        outside_warn(
                "the state of this scan is not kept: there are too many unfinished scans where state is kept",
                run);
}

/* Without the right to raw sockets the kernel's own connections must do, unless SYN was asked for by name. */
static int open_scan(struct outside_run *run)
{
        int r = scan_open(&run->scan, &run->options, run->err);

        if (r != -EPERM || run->request.method_given || !outside_asks(run, TRANSPORT_TCP))
                return r;
        outside_warn(
                "no right to raw sockets (CAP_NET_RAW): full connections are made instead, as with --method connect",
                run);
        run->err->text[0] = '\0';
        set_method(run, method_find("connect"));
        run->options.confirm = false; /* they are */
        r = scan_open(&run->scan, &run->options, run->err);
        if (r == 0)
                run->err->text[0] = '\0'; /* what discovery could not have either is told already */
        return r;
}

/* After this there are no more files, programs and rights. */
static int confine_self(struct outside_run *run)
{
        const struct confinement what = {.sockets = true}; /* hosts are looked for by connections, too */
        const char *missing = "";

        return confine(&what, &missing, run->err);
}

static void tell_resume(const struct outside_run *run)
{
        if (!run->use->keeps_state)
                (void)fputs("quaymaster audit: stopped; what was seen until then is judged\n", stderr);
        else if (run->request.checkpoint)
                (void)fprintf(stderr, "quaymaster scan: stopped; go on with: quaymaster scan --resume %s\n",
                              run->request.checkpoint);
        else
                (void)fputs("quaymaster scan: stopped; with --checkpoint FILE it could be gone on with\n",
                            stderr);
}

static int scan_and_write(struct outside_run *run)
{
        struct scan_end end = {0};
        struct err why = {0};
        int r, w;

        if (run->use->begin(run) < 0)
                return QM_EXIT_USAGE;
        r = scan_run(run->scan, &end.result, &why);
        if (run->request.identify && r == 0)
                r = scan_identify_run(&run->identify, &why);
        end.result.refused_by_gate += run->identify.gate.refused;
        end.result.open += run->identify.opened;
        progress_clear(&run->progress);
        end.failure = r < 0 ? why.text : NULL;
        end.result.open += run->self.opened;
        end.resume = end.result.complete && r == 0 ? NULL : run->request.checkpoint;
        w = run->use->end(run, &end);
        if (w == -EPIPE) /* `quaymaster scan ... | head`: the reader had enough */
                run->err->text[0] = '\0';
        else if (w == 0 && r < 0)
                *run->err = why;
        if (stop_asked && stop_asked != SIGPIPE)
                tell_resume(run);
        if (run->findings && w == 0)
                return QM_EXIT_FINDINGS;
        return r < 0 || w < 0 || !end.result.complete || end.failure ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}

static int live_run(struct outside_run *run)
{
        int r = open_output(run);

        if (r < 0)
                return QM_EXIT_USAGE;
        if (run->use->open && run->use->open(run) < 0)
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

/* Its sockets decide UDP ports that stay silent. */
static enum scan_self_what what_of_self(const struct outside_run *run)
{
        if (run->request.no_inside || run->request.dry_run || !scan_self_among(&run->own, &run->targets))
                return SCAN_SELF_NAME;
        if (run->use->whole_self)
                return SCAN_SELF_WHOLE;
        return outside_asks(run, TRANSPORT_UDP) ? SCAN_SELF_SOCKETS : SCAN_SELF_NAME;
}

int outside_run(const struct invocation *in, const struct outside_use *use, void *use_data, struct err *err)
{
        _cleanup_(run_release) struct outside_run run = {
                .use = use, .use_data = use_data, .in = in, .err = err, .output.fd = -1, .progress.fd = -1};
        int status;

        run.pool = pool_new();
        status = outside_ask(&run);
        if (status != QM_EXIT_DONE)
                return status;
        run.request.identify |= use->identify;
        scan_self_look(&run.self, &run.own, what_of_self(&run));
        set_options(&run);
        set_head(&run);
        if (run.request.dry_run)
                return dry_run(&run);
        if (check_size(&run) < 0)
                return QM_EXIT_USAGE;
        return live_run(&run);
}
