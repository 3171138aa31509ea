/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of other programs: samples in tests/golden/import, each beside what is made of it
 * (UPDATE_GOLDEN=1 rewrites that).
 */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assess/assess.h"
#include "base/fd.h"
#include "base/str.h"
#include "import/import.h"
#include "import/names.h"
#include "report/scan_report.h"

/* --- reading -------------------------------------------------------------------------------------- */

static struct import *read_bytes(const char *format, const char *bytes, size_t len)
{
        const struct importer *importer = format ? importer_find(format) : importer_guess(bytes, len);
        struct import *im;
        struct err err;

        assert_non_null(importer);
        assert_int_equal(import_open(&im, importer, "web1", 1777629600, &err), 0);
        (void)import_feed(im, bytes, len);
        import_end(im, NULL);
        return im;
}

static struct import *read_text(const char *format, const char *text)
{
        return read_bytes(format, text, strlen(text));
}

static struct str golden(const char *name)
{
        struct str text = {0};
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/import/%s", GOLDEN_DIR, name);
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1 << 20, &text), 0);
        return text;
}

/* --- as text -------------------------------------------------------------------------------------- */

static void add_identity(struct str *to, const struct identity *id)
{
        if (!id)
                return;
        str_addf(to, " | %s %s %s %s", id->protocol, encryption_name(id->encryption),
                 confidence_name(id->confidence), behaviour_name(id->behaviour));
        str_addf(to, " product=%s version=%s cpe=%s host=%s evidence=%s", id->product ? id->product : "-",
                 id->version ? id->version : "-", id->cpe ? id->cpe : "-", id->hostname ? id->hostname : "-",
                 id->evidence ? id->evidence : "-");
        for (size_t i = 0; i < id->n_details; i++)
                str_addf(to, " %s=%s", id->details[i].key, id->details[i].value);
}

static void add_endpoints(struct str *to, const struct import *im)
{
        char text[ADDRESS_TEXT_SIZE];

        vec_foreach(e, &im->endpoints) {
                str_addf(to, "%s %u/%s %s %s ttl=%u time=%lld", address_format(&e->endpoint.address, text),
                         e->endpoint.port, transport_name(e->endpoint.transport),
                         endpoint_state_name(e->endpoint.state), endpoint_reason_name(e->endpoint.reason),
                         e->endpoint.ttl, (long long)e->time_s);
                add_identity(to, e->identity);
                str_add_char(to, '\n');
        }
}

static void add_hosts(struct str *to, const struct import *im)
{
        char text[ADDRESS_TEXT_SIZE];

        vec_foreach(h, &im->hosts) {
                str_addf(to, "host %s %s name=%s mac=%d rtt=%u asked=%u,%u cut=%d why=%u",
                         address_format(&h->address, text), host_status_name(h->status),
                         h->name ? h->name : "-", h->has_mac, h->rtt_us, h->asked[0], h->asked[1], h->cut,
                         h->why);
                for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                        for (enum endpoint_state s = 0; s < ENDPOINT_STATE_MAX; s++)
                                if (h->unlisted[t][s])
                                        str_addf(to, " %u %s %s", h->unlisted[t][s], transport_name(t),
                                                 endpoint_state_name(s));
                str_add_char(to, '\n');
        }
}

static void add_sockets(struct str *to, const struct inside *view)
{
        char text[ADDRESS_TEXT_SIZE];

        vec_foreach(s, &view->sockets) {
                str_addf(to, "%s %s %u device=%s%s", transport_name(s->transport),
                         address_format(&s->address, text), s->port, s->device ? s->device : "-",
                         s->v6only ? " v6only" : "");
                if (s->uid != INSIDE_NO_UID)
                        str_addf(to, " uid=%u", s->uid);
                if (s->cgroup)
                        str_addf(to, " cgroup=%s", s->cgroup);
                for (uint32_t i = 0; i < s->n_owners; i++) {
                        const struct process *p = &view->processes.at[view->owners.at[s->first_owner + i]];

                        str_addf(to, " %d:%s", p->pid, p->name ? p->name : "-");
                }
                str_addf(to, "%s%s\n", s->owner_note ? " " : "", s->owner_note ? s->owner_note : "");
        }
        vec_foreach(a, &view->addresses)
                str_addf(to, "address %s %s\n", address_format(&a->address, text), a->device);
        vec_foreach(g, &view->gaps)
                str_addf(to, "gap%s: %s\n", g->incomplete ? " (incomplete)" : "", g->reason);
}

static struct str describe(const struct import *im)
{
        struct str text = {0};

        str_addf(&text, "%s complete=%d program=%s method=%s started=%lld finished=%lld\n",
                 im->importer->name, im->complete, im->program ? im->program : "-",
                 im->method ? im->method : "-", (long long)im->started_s, (long long)im->finished_s);
        vec_foreach(f, &im->faults)
                str_addf(&text, "line %llu: %s\n", (unsigned long long)f->line, f->text);
        if (im->view)
                add_sockets(&text, im->view);
        add_hosts(&text, im);
        add_endpoints(&text, im);
        return text;
}

static void compare_golden(const char *name, const char *expected_importer)
{
        _cleanup_str_ struct str sample = golden(name), got = {0}, want = {0};
        _cleanup_(import_freep) struct import *im = read_bytes(NULL, sample.text, sample.len);
        char path[512];

        assert_string_equal(im->importer->name, expected_importer);
        got = describe(im);
        (void)snprintf(path, sizeof(path), "%s/import/expected/%s.txt", GOLDEN_DIR, name);
        if (getenv("UPDATE_GOLDEN")) {
                FILE *f = fopen(path, "we");

                assert_non_null(f);
                (void)fputs(got.text, f);
                (void)fclose(f);
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1 << 20, &want), 0);
        assert_string_equal(got.text, want.text);
}

static void test_samples(void **arg)
{
        static const struct {
                const char *file, *importer;
        } samples[] = {
                {"web1.ss", "ss"},
                {"web1-extended.ss", "ss"},
                {"web1.netstat", "netstat"},
                {"desk.netstat-windows", "netstat-windows"},
                {"desk.table", "powershell"},
                {"desk.csv", "powershell-csv"},
                {"desk.json", "powershell-json"},
                {"office.nmap", "nmap"},
                {"net.masscan", "masscan"},
                {"net.masscan-list", "masscan-list"},
        };

        for (size_t i = 0; i < array_len(samples); i++)
                compare_golden(samples[i].file, samples[i].importer);
}

/* --- hostile and broken --------------------------------------------------------------------------- */

static bool says(const struct import *im, uint64_t line, const char *part)
{
        vec_foreach(f, &im->faults)
                if (f->line == line && strstr(f->text, part))
                        return true;
        return false;
}

static void test_bad_rows(void **arg)
{
        static const struct {
                const char *format, *text, *fault;
                uint64_t line;
        } cases[] = {
                {"ss", "tcp LISTEN 0 1 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 1 0.0.0.0:70000 0.0.0.0:*\n",
                 "'70000'", 2},
                {"ss", "tcp LISTEN 0 1 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 1 300.1.1.1:80 0.0.0.0:*\n",
                 "300.1.1.1", 2},
                {"ss", "tcp LISTEN 0 1 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 1 0.0.0.0:ssh 0.0.0.0:*\n",
                 "with -n", 2},
                {"ss", "tcp LISTEN 0 1 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 1\n", "cut off", 2},
                {"ss", "tcp LISTEN 0 1 0.0.0.0:22 0.0.0.0:*\n\x1b[31mred\n", "\\x1b[31mred", 2},
                {"netstat", "tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN\ntcp 0 0 0.0.0.0:0 0.0.0.0:* LISTEN\n",
                 "'0'", 2},
                {"netstat-windows",
                 "TCP 0.0.0.0:22 0.0.0.0:0 LISTENING 9\r\nTCP 0.0.0.0:99999 0.0.0.0:0 LISTENING 9\r\n",
                 "'99999'", 2},
                {"powershell",
                 "LocalAddress LocalPort\n------------ ---------\nfe80::1234:5...     22\n1.2.3.4      22\n",
                 "fe80::1234:5...", 3},
                {"powershell-csv", "LocalAddress,LocalPort\n1.2.3.4,22\n\"x\xff\",22\n", "x\\xff", 3},
                {"powershell-json",
                 "[{\"LocalAddress\":\"::\",\"LocalPort\":22},\n{\"LocalAddress\":\"::\",\"LocalPort\":-1}]",
                 "'-1'", 2},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(import_freep) struct import *im = read_text(cases[i].format, cases[i].text);

                if (!says(im, cases[i].line, cases[i].fault) || im->view->sockets.n != 1 || im->complete)
                        fail_msg("case %zu: %s", i, im->faults.n ? im->faults.at[0].text : "no fault");
        }
}

static void test_bad_records(void **arg)
{
        _cleanup_(import_freep) struct import *im = read_text(
                "masscan",
                "[{\"ip\":\"1.2.3.4\",\"ports\":[{\"port\":22,\"proto\":\"tcp\",\"status\":\"open\"}]},\n"
                "{\"ip\":\"1.2.3.400\",\"ports\":[{\"port\":22,\"proto\":\"tcp\"}]},\n"
                "{\"ip\":\"1.2.3.4\",\"ports\":[{\"port\":70000,\"proto\":\"tcp\"}]},\n"
                "{\"ip\":\"1.2.3.4\",\"ports\":[{\"port\":22 \"proto\":\"tcp\"}]},\n"
                "{\"ip\":\"1.2.3.4\",\"por\n");

        assert_int_equal(im->endpoints.n, 1);
        assert_true(says(im, 2, "1.2.3.400"));
        assert_true(says(im, 3, "70000"));
        assert_true(says(im, 4, "no JSON"));
        assert_true(says(im, 0, "ends in the middle"));
}

/* What stands before the cut is kept, and the cut is told. */
static void test_truncated(void **arg)
{
        _cleanup_str_ struct str sample = golden("office.nmap");
        const char *at = strstr(sample.text, "portid=\"90\"");
        _cleanup_(import_freep) struct import *im =
                read_bytes(NULL, sample.text, (size_t)(at - sample.text));

        assert_false(im->complete);
        assert_true(says(im, 0, "ends before the scan did"));
        assert_int_equal(im->hosts.n, 1);
        assert_true(im->hosts.at[0].cut);
        assert_int_equal(im->endpoints.n, 4); /* 22, 23, 25, 80 */
        assert_string_equal(im->endpoints.at[0].identity->product, "OpenSSH");
}

static void test_entities(void **arg)
{
        static const char *const declarations[] = {
                "<!ENTITY a \"aaaaaaaaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">",
                "<!ENTITY b SYSTEM \"file:///etc/passwd\">",
                "<!ENTITY % p SYSTEM \"http://192.0.2.1/x\"> %p;",
        };

        for (size_t i = 0; i < array_len(declarations); i++) {
                _cleanup_str_ struct str text = {0};
                _cleanup_(import_freep) struct import *im = NULL;

                str_addf(&text, "<?xml version=\"1.0\"?>\n<!DOCTYPE nmaprun [%s]>\n", declarations[i]);
                str_add(&text,
                        "<nmaprun scanner=\"&b;\"><host><address addr=\"1.2.3.4\" addrtype=\"ipv4\"/></host>"
                        "<runstats><finished time=\"1\"/></runstats></nmaprun>");
                im = read_text("nmap", text.text);
                assert_true(says(im, 2, "entities"));
                assert_int_equal(im->hosts.n, 0);
        }
}

static void test_bad_xml(void **arg)
{
        _cleanup_(import_freep) struct import *other = read_text("nmap", "<html><body/></html>");
        _cleanup_(import_freep) struct import *bytes = read_text(
                "nmap",
                "<nmaprun>\n<host><address addr=\"1.2.3.4\" addrtype=\"ipv4\"/>\n<hostnames><hostname name=\"\xff\xfe\"/>");

        assert_true(says(other, 1, "not 'nmaprun'"));
        assert_true(says(bytes, 3, "no XML from here on"));
        assert_int_equal(bytes->hosts.n, 1); /* what was read stays */
        assert_true(bytes->hosts.at[0].cut);
}

/* A line without an end takes no more memory than the limit. */
static void test_long_line(void **arg)
{
        static char block[65536];

        memset(block, 'x', sizeof(block));
        for (const struct importer *const *i = importers_all(); *i; i++) {
                _cleanup_(import_freep) struct import *im = NULL;

                assert_int_equal(import_open(&im, *i, "h", 0, NULL), 0);
                (void)import_feed(im, (*i)->unit == IMPORT_OBJECTS ? "[{\"a\":\"" : "<nmaprun a=\"", 7);
                for (size_t n = 0; n < 80; n++) /* five times the limit */
                        if (!import_feed(im, block, sizeof(block)))
                                break;
                import_end(im, NULL);
                assert_false(im->complete);
        }
}

/* Terminal escapes in names that identities keep are printable; the formats care for the others. */
static void test_escapes(void **arg)
{
        _cleanup_(import_freep) struct import *im = read_text(
                "masscan", "[{\"ip\":\"1.2.3.4\",\"ports\":[{\"port\":22,\"proto\":\"tcp\",\"service\":"
                           "{\"name\":\"ssh\",\"banner\":\"\\u001b[31mSSH\"}}]}]");

        assert_true(im->complete);
        assert_string_equal(im->endpoints.at[0].identity->evidence, "\\x1b[31mSSH");
        assert_int_equal(im->endpoints.at[0].endpoint.state, ENDPOINT_OPEN);
}

static void test_cpe(void **arg)
{
        static const struct {
                const char *uri, *name;
        } cases[] = {
                {"cpe:/a:openbsd:openssh:9.2p1", "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*"},
                {"cpe:/a:igor_sysoev:nginx", "cpe:2.3:a:igor_sysoev:nginx:*:*:*:*:*:*:*:*"},
                {"cpe:/a:hp:insight%3aonline:8.%02:-:~~pro~linux~x64~:en",
                 "cpe:2.3:a:hp:insight\\:online:8.*:-:*:en:pro:linux:x64:*"},
                {"cpe:/a:vendor:c%2b%2b:1", "cpe:2.3:a:vendor:c\\+\\+:1:*:*:*:*:*:*:*"},
                {"cpe:/o:linux:linux_kernel", NULL},
                {"cpe:/a:x:%zz", NULL},
                {"cpe:/a:a:b:c:d:e:f:g", NULL},
                {"OpenSSH", NULL},
        };
        _cleanup_(import_freep) struct import *im = read_text("masscan", "[]");

        for (size_t i = 0; i < array_len(cases); i++) {
                const char *name = names_cpe(im, cases[i].uri);

                if (!streq_ptr(name, cases[i].name))
                        fail_msg("%s gives %s", cases[i].uri, name ? name : "nothing");
        }
}

static void test_guess(void **arg)
{
        static const char *const unknown[] = {"",
                                              "hello\n",
                                              "{\"a\": 1}",
                                              "<html>",
                                              "\x7f"
                                              "ELF\x02\x01",
                                              "22 80 443\n"};
        static const struct {
                const char *text, *name;
        } known[] = {
                {"tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n", "ss"},
                {"State Recv-Q Send-Q Local Address:Port Peer Address:Port\n", "ss"},
                {"[\n]\n", "masscan"},
                {"{\"LocalAddress\": \"::\", \"LocalPort\": 22}", "powershell-json"},
        };

        for (size_t i = 0; i < array_len(unknown); i++)
                assert_null(importer_guess(unknown[i], strlen(unknown[i])));
        for (size_t i = 0; i < array_len(known); i++)
                assert_string_equal(importer_guess(known[i].text, strlen(known[i].text))->name,
                                    known[i].name);
}

/* --- what we write is read back equal --------------------------------------------------------------- */

static struct scan_subject nobody(const struct address *address, void *arg)
{
        return (struct scan_subject){0};
}

static const char *eth0(uint32_t zone_index, void *arg)
{
        return zone_index ? "eth0" : NULL;
}

static int64_t noon(void)
{
        return 1777629605;
}

static const struct endpoint written[] = {
        {.address = {4, {10, 0, 0, 1}},
         .transport = TRANSPORT_TCP,
         .port = 22,
         .state = ENDPOINT_OPEN,
         .reason = REASON_SYN_ACK,
         .ttl = 64},
        {.address = {4, {10, 0, 0, 1}},
         .transport = TRANSPORT_TCP,
         .port = 81,
         .state = ENDPOINT_CLOSED,
         .reason = REASON_RST,
         .ttl = 63},
        {.address = {4, {10, 0, 0, 1}},
         .transport = TRANSPORT_TCP,
         .port = 82,
         .state = ENDPOINT_FILTERED,
         .reason = REASON_PROHIBITED},
        {.address = {4, {10, 0, 0, 1}},
         .transport = TRANSPORT_UDP,
         .port = 53,
         .state = ENDPOINT_OPEN_FILTERED,
         .reason = REASON_NO_REPLY},
        {.address = {6, {0xfe, 0x80, [15] = 1}},
         .zone_index = 1,
         .transport = TRANSPORT_TCP,
         .port = 443,
         .state = ENDPOINT_OPEN,
         .reason = REASON_CONNECTED},
};

static void write_hosts(struct scan_writer *w)
{
        static struct host_coverage c;

        for (size_t i = 0; i < array_len(written); i++)
                assert_int_equal(scan_writer_endpoint(w, &written[i]), 0);
        c = (struct host_coverage){.address = written[0].address,
                                   .name = "web<1>&\"",
                                   .status = HOST_UP,
                                   .has_mac = true,
                                   .mac = {0x52, 0x54, 0, 0x12, 0x34, 0x56},
                                   .asked = {100, 2},
                                   .complete = false,
                                   .why = COVERAGE_LOSS | COVERAGE_ICMP_LIMIT,
                                   .middlebox = "all decoys answer"};
        c.by_state[0][ENDPOINT_OPEN] = 1;
        c.by_state[0][ENDPOINT_CLOSED] = 91;
        c.by_state[0][ENDPOINT_FILTERED] = 3;
        c.by_state[0][ENDPOINT_UNDECIDED] = 5;
        c.by_state[1][ENDPOINT_OPEN_FILTERED] = 2;
        assert_int_equal(scan_writer_host(w, &c), 0);
        c = (struct host_coverage){.address = written[4].address,
                                   .zone_index = 1,
                                   .status = HOST_UP,
                                   .asked = {100, 2},
                                   .complete = true};
        c.by_state[0][ENDPOINT_OPEN] = 1;
        c.by_state[0][ENDPOINT_CLOSED] = 99;
        c.by_state[1][ENDPOINT_CLOSED] = 2;
        assert_int_equal(scan_writer_host(w, &c), 0);
        c = (struct host_coverage){
                .address = {4, {10, 0, 0, 3}}, .status = HOST_SILENT, .asked = {100, 2}, .complete = true};
        c.by_state[0][ENDPOINT_FILTERED] = 100;
        c.by_state[1][ENDPOINT_OPEN_FILTERED] = 2;
        assert_int_equal(scan_writer_host(w, &c), 0);
        c = (struct host_coverage){.address = {4, {10, 0, 0, 4}}, .status = HOST_ABSENT, .complete = true};
        assert_int_equal(scan_writer_host(w, &c), 0);
}

static struct str write_xml(void)
{
        struct targets targets = {0};
        static struct scan_ports ports;
        struct scan_writer w;
        struct err err;
        struct str text = {0};
        const struct scan_head head = {
                .scanner = "s",
                .hostname = "h",
                .command = "quaymaster scan",
                .version = "0.1.0",
                .started_s = 1777629600,
                .now = noon,
                .method = "syn",
                .ports = &ports,
                .targets = &targets,
                .all_states = true,
                .subject = nobody,
                .device = eth0,
        };
        int fd = memfd_create("xml", MFD_CLOEXEC);

        port_set_add_range(&ports.of[0], 1, 100);
        port_set_add(&ports.of[1], 53);
        port_set_add(&ports.of[1], 161);
        assert_int_equal(scan_writer_begin(&w, &scan_report_xml, &head, fd, &err), 0);
        write_hosts(&w);
        assert_int_equal(scan_writer_end(&w, &(struct scan_end){.result.complete = true}), 0);
        scan_writer_release(&w);
        assert_true(lseek(fd, 0, SEEK_SET) == 0);
        assert_int_equal(fd_read_all(fd, 1 << 20, &text), 0);
        (void)close(fd);
        return text;
}

static void test_round_trip(void **arg)
{
        _cleanup_str_ struct str xml = write_xml();
        _cleanup_(import_freep) struct import *im = read_bytes(NULL, xml.text, xml.len);
        const struct import_host *h = im->hosts.at;

        assert_true(im->complete);
        assert_string_equal(im->program, "quaymaster 0.1.0");
        assert_string_equal(im->method, "syn");
        assert_int_equal(im->started_s, 1777629600);
        assert_int_equal(im->finished_s, noon());
        assert_int_equal(port_set_count(&im->asked[0]), 100);
        assert_int_equal(port_set_count(&im->asked[1]), 2);
        assert_int_equal(im->endpoints.n, array_len(written));
        for (size_t i = 0; i < array_len(written); i++) {
                const struct endpoint *a = &written[i], *b = &im->endpoints.at[i].endpoint;

                assert_int_equal(address_compare(&a->address, &b->address), 0);
                assert_true(a->zone_index == b->zone_index && a->transport == b->transport &&
                            a->port == b->port);
                assert_true(a->state == b->state && a->reason == b->reason && a->ttl == b->ttl);
        }
        assert_string_equal(im->devices.at[0], "eth0");
        assert_int_equal(im->hosts.n, 4);
        assert_true(h[0].status == HOST_UP && h[1].status == HOST_SILENT && h[2].status == HOST_ABSENT);
        assert_string_equal(h[0].name, "web<1>&\"");
        assert_string_equal(h[0].middlebox, "all decoys answer");
        assert_memory_equal(h[0].mac, "\x52\x54\x00\x12\x34\x56", 6);
        assert_true(h[0].cut && !h[1].cut && !h[3].cut);
        assert_int_equal(h[0].why, COVERAGE_LOSS | COVERAGE_ICMP_LIMIT);
        assert_int_equal(h[0].unlisted[0][ENDPOINT_CLOSED], 90); /* beside the one listed */
        assert_int_equal(h[0].unlisted[0][ENDPOINT_UNDECIDED], 5);
        assert_int_equal(h[0].unlisted[1][ENDPOINT_OPEN_FILTERED], 1);
        assert_int_equal(h[1].unlisted[0][ENDPOINT_FILTERED], 100);
        assert_int_equal(h[3].unlisted[1][ENDPOINT_CLOSED], 2);
}

/* --- listings are judged as our own view ------------------------------------------------------------ */

static void test_judged(void **arg)
{
        _cleanup_(import_freep) struct import *im = read_text(
                "ss", "tcp LISTEN 0 1 0.0.0.0:23 0.0.0.0:* users:((\"in.telnetd\",pid=9,fd=0))\n"
                      "tcp LISTEN 0 1 127.0.0.1:6379 0.0.0.0:* users:((\"redis-server\",pid=8,fd=0))\n");
        _cleanup_(knowledge_freep) struct knowledge *knowledge = knowledge_open(NULL, NULL, NULL);
        _cleanup_(assess_freep) struct assessment *a = assess_correlate(im->view, knowledge);

        assess_judge(a, knowledge);
        assert_int_equal(a->listeners.n, 2);
        assert_string_equal(a->listeners.at[0].guide, "telnet");
        assert_int_equal(a->listeners.at[0].confidence, CONFIDENCE_LIKELY);
        assert_int_equal(a->listeners.at[0].exposure.scope, EXPOSURE_LINK);
        assert_non_null(strstr(a->listeners.at[0].exposure.why, "not known"));
        assert_int_equal(a->listeners.at[1].exposure.scope, EXPOSURE_LOOPBACK);
        assert_true(a->findings.n >= 1);
        assert_int_equal(a->findings.at[0].severity, SEVERITY_HIGH);
        assert_string_equal(im->view->asset, "import:web1");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_samples),     cmocka_unit_test(test_bad_rows),
                cmocka_unit_test(test_bad_records), cmocka_unit_test(test_truncated),
                cmocka_unit_test(test_entities),    cmocka_unit_test(test_bad_xml),
                cmocka_unit_test(test_long_line),   cmocka_unit_test(test_escapes),
                cmocka_unit_test(test_cpe),         cmocka_unit_test(test_guess),
                cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_judged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
