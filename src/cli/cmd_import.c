/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other programs saw, judged and written as what we see: a listing of a host as by `audit`, a
 * scanner's file as by `audit TARGET`.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/commands.h"
#include "cli/inside_run.h"
#include "cli/output_file.h"
#include "cli/terminal.h"
#include "config.h"
#include "import/import.h"
#include "report/scan_report.h"
#include "scan/confine.h"

#define FILE_MAX ((uint64_t)8 << 30) /* bytes read of one file */
#define CHUNK    (256u * 1024)

static const char *const fail_on_choices[] = {"info", "low", "medium", "high", "critical", NULL};
static const struct option_spec options[] = {
        {.name = "format",
         .letter = 'f',
         .kind = OPTION_WORD,
         .value = "NAME",
         .help = "what FILE is, where its beginning does not tell: see below"},
        {.name = "asset",
         .kind = OPTION_WORD,
         .value = "NAME",
         .help = "of a listing: the host it was made on; else FILE's name"},
        {.name = "fail-on",
         .kind = OPTION_WORD,
         .value = "SEVERITY",
         .help = "exit with 1 for findings at least so severe",
         .choices = fail_on_choices},
        {.name = "all-states", .help = "of a scanner's file: closed and filtered ports, too"},
        {.name = "json", .letter = 'j', .help = "write NDJSON, one record a line"},
        {.name = "csv", .help = "write CSV"},
        {.name = "html", .help = "write a page"},
        {.name = "xml", .help = "write XML; of scanners' files only"},
        OUTPUT_OPTION,
        CONFIG_OPTION,
};

struct run {
        const struct invocation *in;
        struct err *err;
        const char *path;
        int fd;
        int64_t time_s;     /* when the file was written */
        const char *report; /* "text", "json" ... */
        struct str start;
        const struct importer *importer;
        struct import *import;
        struct knowledge *knowledge;
        struct pool *pool;
        struct estate estate;
        bool has_estate;
        struct output_file output;
        struct terminal terminal;
        uint64_t started_ns;
        /* of a scanner's file */
        struct targets targets;
        struct scan_ports ports;
        struct scan_head head;
        struct scan_writer writer;
        struct outside *outside;
        struct str failure;
};

static void run_release(struct run *run)
{
        scan_writer_release(&run->writer);
        output_file_release(&run->output);
        outside_freep(&run->outside);
        import_freep(&run->import);
        knowledge_freep(&run->knowledge);
        range_set_release(&run->targets.ranges);
        str_release(&run->start);
        str_release(&run->failure);
        pool_freep(&run->pool);
        fd_close(&run->fd);
}

/* --- what the user asks for ----------------------------------------------------------------------- */

static int choose_report(struct run *run)
{
        static const char *const names[] = {"json", "csv", "html", "xml"};

        run->report = NULL;
        for (size_t i = 0; i < array_len(names); i++) {
                if (!invocation_has(run->in, names[i]))
                        continue;
                if (run->report)
                        return err_set(run->err, -EINVAL,
                                       "'--%s' and '--%s' contradict each other; give one of them",
                                       run->report, names[i]);
                run->report = names[i];
        }
        run->report = run->report ? run->report : "text";
        return 0;
}

/* Which reports there are hangs on what the file is. */
static int check_report(struct run *run)
{
        if (run->importer->inside ? report_find(run->report) != NULL : scan_report_find(run->report) != NULL)
                return 0;
        return err_set(run->err, -EINVAL, "'--%s' is not for %s: what %s tells can be written as %s",
                       run->report, run->path, run->importer->name,
                       run->importer->inside ? "text, --json, --csv or --html"
                                             : "text, --json, --csv, --html or --xml");
}

static int open_file(struct run *run)
{
        bool standard_input = streq(run->path, "-");
        struct stat st;

        run->fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                 : open(run->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (run->fd < 0 || fstat(run->fd, &st) < 0)
                return err_errno(run->err, errno, "'%s' cannot be read", run->path);
        if (S_ISDIR(st.st_mode))
                return err_set(run->err, -EISDIR, "'%s' is a folder", run->path);
        run->time_s = S_ISREG(st.st_mode) ? st.st_mtime : clock_now_s();
        return 0;
}

/* Reads at most len bytes; 0 at the end, or negative errno. */
static ssize_t read_some(int fd, char *to, size_t len)
{
        for (;;) {
                ssize_t n = read(fd, to, len);

                if (n >= 0 || errno != EINTR)
                        return n < 0 ? -errno : n;
        }
}

static int read_start(struct run *run)
{
        str_reserve(&run->start, IMPORT_START);
        while (run->start.len < IMPORT_START) {
                ssize_t n =
                        read_some(run->fd, run->start.text + run->start.len, IMPORT_START - run->start.len);

                if (n < 0)
                        return err_errno(run->err, (int)-n, "'%s' cannot be read", run->path);
                if (!n)
                        return 0;
                run->start.len += (size_t)n;
        }
        return 0;
}

static int choose_importer(struct run *run)
{
        const char *name = invocation_get(run->in, "format");
        _cleanup_str_ struct str known = {0};

        run->importer = name ? importer_find(name) : importer_guess(run->start.text, run->start.len);
        if (run->importer)
                return 0;
        for (const struct importer *const *i = importers_all(); *i; i++)
                str_addf(&known, "%s%s", known.len ? ", " : "", (*i)->name);
        if (name)
                return err_set(run->err, -EINVAL, "'--format %s': must be one of: %s", name, str_text(&known));
        return err_set(run->err, -EINVAL, "'%.200s' is %s; known are %s: name one with --format", run->path,
                       run->start.len ? "of no format that is known" : "empty", str_text(&known));
}

static int open_output(struct run *run)
{
        const char *path = invocation_get(run->in, "output");

        run->terminal = path ? (struct terminal){0} : terminal_of(STDOUT_FILENO);
        if (path)
                return output_file_open(&run->output, path, run->err);
        run->output.fd = dup(STDOUT_FILENO);
        return run->output.fd < 0 ? err_errno(run->err, errno, "standard output cannot be written") : 0;
}

/* "web1.example.txt" of a path */
static const char *asset_of(const struct run *run)
{
        const char *name = invocation_get(run->in, "asset");

        return name && *name ? name : streq(run->path, "-") ? "standard input" : str_basename(run->path);
}

/* Everything the user may have got wrong, and all that needs files. */
static int prepare(struct run *run)
{
        int r = choose_report(run);

        if (r == 0)
                r = open_file(run);
        if (r == 0)
                r = read_start(run);
        if (r == 0)
                r = choose_importer(run);
        if (r == 0)
                r = check_report(run);
        if (r == 0)
                r = config_open_knowledge(run->in, &run->knowledge, run->err);
        if (r == 0)
                r = config_open_estate(run->in, run->pool, &run->estate, &run->has_estate, run->err);
        if (r == 0)
                r = import_open(&run->import, run->importer, asset_of(run), run->time_s, run->err);
        return r == 0 ? open_output(run) : r;
}

/* The file is hostile: it is parsed without files, programs and rights. */
static int confine_self(struct run *run)
{
        const struct confinement what = {0};
        const char *missing = "";
        int r = output_file_place(&run->output, run->err);

        return r == 0 ? confine(&what, &missing, run->err) : r;
}

static void read_file(struct run *run)
{
        _cleanup_free_ char *chunk = xmalloc(CHUNK);
        uint64_t left = FILE_MAX;
        ssize_t n = 1;

        if (!import_feed(run->import, run->start.text, run->start.len))
                n = 0;
        while (n > 0 && left) {
                n = read_some(run->fd, chunk, CHUNK);
                if (n < 0) {
                        import_end(run->import, strerror((int)-n));
                        return;
                }
                left -= (uint64_t)n < left ? (uint64_t)n : left;
                if (!import_feed(run->import, chunk, (size_t)n))
                        break;
        }
        import_end(run->import, left ? NULL : "the file is longer than 8 GiB: the rest was not read");
}

/* --- listings: as `audit` ------------------------------------------------------------------------- */

/* Findings come most severe first: `worst` is the first of n. */
static bool reaches(const struct run *run, const struct finding *worst, size_t n)
{
        const char *severity = invocation_get(run->in, "fail-on");

        return severity && n && worst->severity >= severity_parse(severity);
}

static int judge_inside(struct run *run)
{
        _cleanup_(assess_freep) struct assessment *a = assess_correlate(run->import->view, run->knowledge);
        struct report_input input = {
                .assessment = a,
                .view = run->import->view,
                .knowledge = run->knowledge,
                .title = "import",
                .with_findings = true,
                .with_listeners = true,
                .complete = run->import->complete,
                .width = run->terminal.width,
                .colour = run->terminal.colour,
        };
        int r;

        assess_judge(a, run->knowledge);
        input.elapsed_ms = (double)(clock_monotonic_ns() - run->started_ns) / 1e6;
        r = report_find(run->report)->write(&input, run->output.fd, run->err);
        if (r == -EPIPE) /* `quaymaster import ... | head`: the reader had enough */
                run->err->text[0] = '\0';
        if (r < 0)
                return QM_EXIT_INCOMPLETE;
        if (reaches(run, a->findings.at, a->findings.n))
                return QM_EXIT_FINDINGS;
        return run->import->complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

/* --- scanners' files: as `audit TARGET` --------------------------------------------------------------- */

static int64_t
        seen_s; /* when what is written now was seen: the writers ask for the time without an argument */

static int64_t seen(void)
{
        return seen_s;
}

static struct scan_subject subject(const struct address *address, void *arg)
{
        const struct run *run = arg;
        const struct estate *estate = run->has_estate ? &run->estate : NULL;
        const struct estate_asset *asset = estate ? estate_asset_by_address(estate, address) : NULL;
        enum device_class class = estate ? estate_class(estate, address) : DEVICE_NONE;

        return (struct scan_subject){
                .name = asset ? asset->name : NULL,
                .asset = asset ? pool_printf(run->pool, "estate:%s", asset->name) : NULL, /* interned */
                .zone = estate ? estate_zone(estate, address) : NULL,
                .class = class != DEVICE_NONE ? device_class_name(class) : NULL,
        };
}

static const char *device(uint32_t zone_index, void *arg)
{
        const struct run *run = arg;

        return zone_index && zone_index <= run->import->devices.n ? run->import->devices.at[zone_index - 1]
                                                                  : NULL;
}

static void set_head(struct run *run)
{
        const struct import *im = run->import;

        vec_foreach(host, &im->hosts)
                range_set_add(&run->targets.ranges, &(struct address_range){host->address, host->address});
        range_set_normalize(&run->targets.ranges);
        memcpy(run->ports.of, im->asked, sizeof(run->ports.of));
        run->head = (struct scan_head){
                .hostname = im->program,
                .command = pool_printf(run->pool, "quaymaster import %s", run->path),
                .version = QM_VERSION,
                .started_s = im->started_s,
                .now = seen,
                .imported = im->program ? im->program : run->importer->name,
                .method = im->method ? im->method : "unknown",
                .ports = &run->ports,
                .targets = &run->targets,
                .all_states = invocation_has(run->in, "all-states"),
                .colour = run->terminal.colour,
                .width = run->terminal.width,
                .subject = subject,
                .device = device,
                .arg = run,
        };
}

static void count_endpoint(struct host_coverage *c, const struct endpoint *e)
{
        c->by_state[e->transport][e->state]++;
        c->answered += e->state == ENDPOINT_OPEN || e->state == ENDPOINT_CLOSED;
        if (e->state == ENDPOINT_UNDECIDED)
                port_set_add(&c->undecided[e->transport], e->port);
}

/* What was asked is at least what has a state. */
static void finish_coverage(struct host_coverage *c, const struct import_host *host)
{
        uint32_t undecided = 0;

        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
                uint32_t sum = 0;

                for (enum endpoint_state s = 0; s < ENDPOINT_STATE_MAX; s++)
                        sum += c->by_state[t][s] += host->unlisted[t][s];
                c->answered += host->unlisted[t][ENDPOINT_OPEN] + host->unlisted[t][ENDPOINT_CLOSED];
                c->asked[t] = host->asked[t] > sum ? host->asked[t] : sum;
                undecided += c->by_state[t][ENDPOINT_UNDECIDED];
        }
        c->complete = !host->cut && !undecided;
}

static void set_coverage(const struct run *run, struct host_coverage *c, const struct import_host *host)
{
        *c = (struct host_coverage){
                .address = host->address,
                .zone_index = host->zone_index,
                .name = host->name ? host->name : run->head.subject(&host->address, run->head.arg).name,
                .status = host->status,
                .has_mac = host->has_mac,
                .rtt_us = host->rtt_us,
                .why = host->why,
                .middlebox = host->middlebox,
        };
        memcpy(c->mac, host->mac, sizeof(c->mac));
}

static bool is_of(const struct import_endpoint *e, const struct import_host *host)
{
        return e->endpoint.zone_index == host->zone_index &&
               address_compare(&e->endpoint.address, &host->address) == 0;
}

/* Judged by today: a certificate that has expired since then has expired. */
static void judge_outside(struct run *run)
{
        const struct import *im = run->import;

        run->outside = outside_new();
        vec_foreach(e, &im->endpoints) {
                outside_add(run->outside, &e->endpoint, e->identity);
                run->head.identified |= e->identity != NULL;
        }
        outside_judge(run->outside, run->knowledge, run->has_estate ? &run->estate : NULL, clock_now_s());
        run->head.judged = run->outside;
}

/* Hosts, endpoints and what was judged of them are in one order. */
static int write_hosts(struct run *run, struct scan_result *result)
{
        _cleanup_free_ struct host_coverage *c = xmalloc(sizeof(*c)); /* it has port sets of 8 KiB */
        const struct import *im = run->import;
        size_t at = 0;
        int r = 0;

        for (size_t i = 0; i < im->hosts.n && r == 0; i++) {
                const struct import_host *host = &im->hosts.at[i];

                set_coverage(run, c, host);
                for (; at < im->endpoints.n && is_of(&im->endpoints.at[at], host) && r == 0; at++) {
                        const struct import_endpoint *e = &im->endpoints.at[at];

                        seen_s = e->time_s ? e->time_s : run->time_s;
                        result->open += e->endpoint.state == ENDPOINT_OPEN;
                        count_endpoint(c, &e->endpoint);
                        r = scan_writer_observed(&run->writer, &run->outside->observed.at[at]);
                }
                finish_coverage(c, host);
                result->complete &= c->complete;
                seen_s = host->time_s ? host->time_s : run->time_s;
                if (r == 0)
                        r = scan_writer_host(&run->writer, c);
        }
        return r;
}

static const char *failure_text(struct run *run)
{
        const struct import *im = run->import;

        vec_foreach(fault, &im->faults) {
                str_add(&run->failure, run->failure.len ? "; " : "");
                if (fault->line)
                        str_addf(&run->failure, "line %llu: ", (unsigned long long)fault->line);
                str_add(&run->failure, fault->text);
        }
        if (im->n_faults > im->faults.n)
                str_addf(&run->failure, "; and %llu more",
                         (unsigned long long)(im->n_faults - im->faults.n));
        return run->failure.len ? run->failure.text : NULL;
}

static int write_outside(struct run *run)
{
        const struct import *im = run->import;
        struct scan_end end = {.result.complete = im->complete, .failure = failure_text(run)};
        int r;

        set_head(run);
        judge_outside(run);
        seen_s = im->finished_s ? im->finished_s : run->time_s;
        if (im->finished_s > im->started_s && im->started_s)
                end.result.elapsed_ms = (uint64_t)(im->finished_s - im->started_s) * 1000;
        r = scan_writer_begin(&run->writer, scan_report_find(run->report), &run->head, run->output.fd,
                              run->err);
        if (r == 0)
                r = write_hosts(run, &end.result);
        seen_s = im->finished_s ? im->finished_s : run->time_s;
        if (r == 0)
                r = scan_writer_end(&run->writer, &end);
        if (r == -EPIPE)
                run->err->text[0] = '\0';
        if (r == 0 && reaches(run, run->outside->findings.at, run->outside->findings.n))
                return QM_EXIT_FINDINGS;
        return r < 0 || !end.result.complete ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}

/* --- the run -------------------------------------------------------------------------------------- */

static int run_import(const struct invocation *in, struct err *err)
{
        _cleanup_(run_release) struct run run = {.in = in, .err = err, .fd = -1, .output.fd = -1};

        run.path = in->arguments[0];
        run.pool = pool_new();
        run.started_ns = clock_monotonic_ns();
        if (prepare(&run) < 0)
                return QM_EXIT_USAGE;
        if (confine_self(&run) < 0)
                return QM_EXIT_INCOMPLETE;
        read_file(&run);
        return run.importer->inside ? judge_inside(&run) : write_outside(&run);
}

const struct command command_import = {
        .name = "import",
        .arguments = "FILE",
        .files = true,
        .summary = "judge what other programs saw: nmap, masscan, ss, netstat, PowerShell",
        .details =
                "A listing made on a host is judged as `audit` judges this one, a scanner's file as `audit TARGET`.\n"
                "What FILE is, its beginning tells; - is standard input:\n\n"
                "  ssh web1 ss -tulpn | quaymaster import - --asset web1\n\n"
                "Known are: XML of nmap, masscan and `scan --format xml`; masscan's JSON and lists; `ss -tulpn`;\n"
                "`netstat -tulpn` of Linux and `netstat -ano` of Windows; Get-NetTCPConnection and\n"
                "Get-NetUDPEndpoint of PowerShell, as a table, CSV or JSON. Names for --format: nmap, masscan,\n"
                "masscan-list, ss, netstat, netstat-windows, powershell, powershell-csv, powershell-json.\n\n"
                "Exit status: 0 done (also with findings), 1 findings at or above --fail-on, 2 wrong usage or a file\n"
                "that cannot be read, 3 some of the file was missing or not understood: the output says what.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 1,
        .max_arguments = 1,
        .run = run_import,
};
