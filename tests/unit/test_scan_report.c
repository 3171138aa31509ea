/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats of the outside view, against files in tests/golden/scan (UPDATE_GOLDEN=1 rewrites them). */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "report/scan_book.h"
#include "report/scan_report.h"
#include "report/scan_words.h"

/* A name that a terminal, a page, a spreadsheet and an XML parser would each trip over. */
#define HOSTILE "=cmd|' /C calc'!A0\x1b[31m<script>alert(\"1\")</script>&\xff\xef\xbf\xbf"

/* --- a scan made by hand ------------------------------------------------------------------------- */

static struct address ip(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

static int64_t noon(void)
{
        return 1777629605;
}

static struct scan_subject subject(const struct address *address, void *arg)
{
        struct address first = ip("10.0.0.1");

        if (address_compare(address, &first) == 0)
                return (struct scan_subject){.name = "web1", .asset = "estate:web1", .zone = "office"};
        return (struct scan_subject){0};
}

static const char *device(uint32_t zone_index, void *arg)
{
        return zone_index == 3 ? "eth0" : NULL;
}

struct made {
        struct targets targets;
        struct scan_ports ports;
        struct target_refused refused[2];
        struct scan_head head;
};

static void make(struct made *m)
{
        struct err err;
        struct address_range range;

        memset(m, 0, sizeof(*m));
        assert_int_equal(address_range_parse("10.0.0.0/28", false, &range, NULL, &err), 0);
        range_set_add(&m->targets.ranges, &range);
        range_set_normalize(&m->targets.ranges);
        assert_int_equal(address_range_parse("10.0.0.15", false, &m->refused[0].range, NULL, &err), 0);
        m->refused[0].why = "broadcast address";
        assert_int_equal(address_range_parse("10.0.0.8-10.0.0.9", false, &m->refused[1].range, NULL, &err),
                         0);
        m->refused[1].why = "excluded by estate.yaml";
        m->targets.refused = m->refused;
        m->targets.n_refused = 2;
        port_set_add_range(&m->ports.of[TRANSPORT_TCP], 1, 100);
        port_set_add(&m->ports.of[TRANSPORT_UDP], 53);
        port_set_add(&m->ports.of[TRANSPORT_UDP], 161);
        m->head = (struct scan_head){
                .scanner = "machine:0123456789abcdef",
                .hostname = "scanner" HOSTILE,
                .command = "quaymaster scan --ports 1-100,U:53,161 10.0.0.0/28 " HOSTILE,
                .version = "0.1.0",
                .started_s = 1777629600,
                .now = noon,
                .method = "syn",
                .ports = &m->ports,
                .targets = &m->targets,
                .probes = 16 * 102,
                .pace = {10000, 200},
                .subject = subject,
                .device = device,
        };
}

static void unmake(struct made *m)
{
        range_set_release(&m->targets.ranges);
}

static struct endpoint endpoint_of(const char *address, enum transport transport, uint16_t port,
                                   enum endpoint_state state, enum endpoint_reason reason)
{
        return (struct endpoint){
                .address = ip(address),
                .transport = transport,
                .port = port,
                .state = state,
                .reason = reason,
                .tries = 1,
                .ttl = reason == REASON_SYN_ACK ? 64 : 0,
                .rtt_us = reason == REASON_SYN_ACK ? 312 : 0,
        };
}

static void add(struct scan_writer *w, const char *address, enum transport transport, uint16_t port,
                enum endpoint_state state, enum endpoint_reason reason)
{
        struct endpoint e = endpoint_of(address, transport, port, state, reason);

        assert_int_equal(scan_writer_endpoint(w, &e), 0);
}

/* A host with open, closed, silent and undecided ports, whose name is hostile. */
static void add_busy_host(struct scan_writer *w)
{
        static struct host_coverage c;
        struct endpoint confirmed =
                endpoint_of("10.0.0.1", TRANSPORT_TCP, 22, ENDPOINT_OPEN, REASON_SYN_ACK);

        add(w, "10.0.0.1", TRANSPORT_UDP, 53, ENDPOINT_OPEN, REASON_REPLY);
        add(w, "10.0.0.1", TRANSPORT_TCP, 80, ENDPOINT_OPEN, REASON_SYN_ACK);
        confirmed.confirmed = true;
        assert_int_equal(scan_writer_endpoint(w, &confirmed), 0);
        add(w, "10.0.0.1", TRANSPORT_TCP, 81, ENDPOINT_CLOSED, REASON_RST);
        add(w, "10.0.0.1", TRANSPORT_TCP, 82, ENDPOINT_FILTERED, REASON_PROHIBITED);
        add(w, "10.0.0.1", TRANSPORT_UDP, 161, ENDPOINT_OPEN_FILTERED, REASON_NO_REPLY);
        add(w, "10.0.0.1", TRANSPORT_TCP, 99, ENDPOINT_UNDECIDED, REASON_NOT_ASKED);
        memset(&c, 0, sizeof(c));
        c.address = ip("10.0.0.1");
        c.name = HOSTILE;
        c.status = HOST_UP;
        c.has_mac = true;
        memcpy(c.mac, "\x52\x54\x00\x12\x34\x56", 6);
        c.rtt_us = 287;
        c.asked[TRANSPORT_TCP] = 100;
        c.asked[TRANSPORT_UDP] = 2;
        c.by_state[TRANSPORT_TCP][ENDPOINT_OPEN] = 2;
        c.by_state[TRANSPORT_TCP][ENDPOINT_CLOSED] = 91;
        c.by_state[TRANSPORT_TCP][ENDPOINT_FILTERED] = 2;
        c.by_state[TRANSPORT_TCP][ENDPOINT_UNDECIDED] = 5;
        c.by_state[TRANSPORT_UDP][ENDPOINT_OPEN] = 1;
        c.by_state[TRANSPORT_UDP][ENDPOINT_OPEN_FILTERED] = 1;
        c.sent = 140;
        c.answered = 95;
        c.retried = 31;
        c.loss = 0.02;
        c.why = COVERAGE_STOPPED | COVERAGE_RST_LIMIT;
        port_set_add_range(&c.undecided[TRANSPORT_TCP], 90, 93);
        port_set_add(&c.undecided[TRANSPORT_TCP], 99);
        assert_int_equal(scan_writer_host(w, &c), 0);
}

static void add_quiet_host(struct scan_writer *w, const char *address, uint32_t zone_index,
                           enum host_status status)
{
        struct host_coverage *c = calloc(1, sizeof(*c));

        assert_non_null(c);
        c->address = ip(address);
        c->zone_index = zone_index;
        c->status = status;
        c->complete = status != HOST_NOT_ASKED;
        if (status == HOST_UP || status == HOST_SILENT) {
                c->asked[TRANSPORT_TCP] = 100;
                c->by_state[TRANSPORT_TCP][status == HOST_UP ? ENDPOINT_CLOSED : ENDPOINT_FILTERED] = 100;
                c->sent = 200;
        }
        assert_int_equal(scan_writer_host(w, c), 0);
        free(c);
}

static void add_middlebox(struct scan_writer *w)
{
        struct host_coverage *c = calloc(1, sizeof(*c));

        assert_non_null(c);
        add(w, "10.0.0.3", TRANSPORT_TCP, 25, ENDPOINT_OPEN, REASON_CONNECTED);
        c->address = ip("10.0.0.3");
        c->status = HOST_UP;
        c->middlebox = "3 random ports completed a handshake and acknowledged no data";
        c->why = COVERAGE_MIDDLEBOX;
        c->asked[TRANSPORT_TCP] = 100;
        c->by_state[TRANSPORT_TCP][ENDPOINT_OPEN] = 1;
        c->by_state[TRANSPORT_TCP][ENDPOINT_UNDECIDED] = 99;
        port_set_add_range(&c->undecided[TRANSPORT_TCP], 1, 24);
        port_set_add_range(&c->undecided[TRANSPORT_TCP], 26, 100);
        assert_int_equal(scan_writer_host(w, c), 0);
        free(c);
}

static void write_scan(struct scan_writer *w)
{
        struct scan_end end = {
                .result = {.sent = 1234,
                           .received = 400,
                           .answered = 300,
                           .retried = 31,
                           .forged = 2,
                           .loss = 0.013,
                           .hosts_found = 4,
                           .open = 4,
                           .why = COVERAGE_STOPPED,
                           .elapsed_ms = 3210},
                .resume = "scan.state",
        };

        add_busy_host(w);
        add_quiet_host(w, "10.0.0.2", 0, HOST_UP);
        add_middlebox(w);
        add_quiet_host(w, "fe80::1", 3, HOST_SILENT);
        add_quiet_host(w, "10.0.0.5", 0, HOST_ABSENT);
        add_quiet_host(w, "10.0.0.7", 0, HOST_ABSENT);
        add_quiet_host(w, "10.0.0.6", 0, HOST_ABSENT);
        add_quiet_host(w, "10.0.0.11", 0, HOST_NOT_ASKED);
        add(w, "10.0.0.4", TRANSPORT_TCP, 443, ENDPOINT_OPEN, REASON_SYN_ACK); /* its host was not done */
        assert_int_equal(scan_writer_end(w, &end), 0);
}

static int memory_file(void)
{
        int fd = memfd_create("report", MFD_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void read_back(int fd, struct str *out)
{
        str_reset(out);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(fd_read_all(fd, 64u << 20, out), 0);
}

static void written(struct str *out, const char *format, const struct scan_head *head)
{
        _cleanup_close_ int fd = memory_file();
        _cleanup_(scan_writer_release) struct scan_writer w = {0};
        struct err err = {0};

        assert_int_equal(scan_writer_begin(&w, scan_report_find(format), head, fd, &err), 0);
        write_scan(&w);
        read_back(fd, out);
}

static void check_golden(const char *name, const char *format, const struct scan_head *head)
{
        _cleanup_free_ char *path = xasprintf("%s/scan/%s", GOLDEN_DIR, name);
        _cleanup_str_ struct str got = {0}, want = {0};

        written(&got, format, head);
        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                assert_true(fd >= 0);
                assert_int_equal(fd_write_all(fd, got.text, got.len), 0);
                return;
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 20, &want), 0);
        assert_string_equal(got.text, want.text);
}

/* A list of undecided ports that is too long to read is cut between two of them. */
static void test_long_list(void **state)
{
        _cleanup_close_ int fd = memory_file();
        _cleanup_(scan_writer_release) struct scan_writer w = {0};
        _cleanup_str_ struct str out = {0};
        struct host_coverage *c = calloc(1, sizeof(*c));
        struct made m;
        struct err err = {0};

        assert_non_null(c);
        make(&m);
        c->address = ip("10.0.0.1");
        c->why = COVERAGE_STOPPED;
        for (unsigned port = 1; port < 10000; port += 2)
                port_set_add(&c->undecided[TRANSPORT_TCP], (uint16_t)port);
        c->by_state[TRANSPORT_TCP][ENDPOINT_UNDECIDED] = 5000;
        assert_int_equal(scan_writer_begin(&w, &scan_report_text, &m.head, fd, &err), 0);
        assert_int_equal(scan_writer_host(&w, c), 0);
        read_back(fd, &out);
        assert_non_null(strstr(out.text, "5000 ports not decided (tcp 1,3,5,"));
        assert_non_null(strstr(out.text, " ...; --json has all): stopped"));
        assert_true(out.len < 700);
        free(c);
        unmake(&m);
}

/* --- tests --------------------------------------------------------------------------------------- */

static void test_golden(void **state)
{
        struct made m;

        make(&m);
        check_golden("scan.txt", "text", &m.head);
        check_golden("scan.json", "json", &m.head);
        check_golden("scan.csv", "csv", &m.head);
        check_golden("scan.xml", "xml", &m.head);
        m.head.all_states = true;
        check_golden("all-states.json", "json", &m.head);
        check_golden("all-states.xml", "xml", &m.head);
        m.head.width = 60;
        m.head.colour = true;
        check_golden("all-states-60-colour.txt", "text", &m.head);
        unmake(&m);
}

static void test_harmless(void **state)
{
        struct made m;

        make(&m);
        for (const struct scan_format *const *f = scan_report_all(); *f; f++) {
                _cleanup_str_ struct str out = {0};

                written(&out, (*f)->name, &m.head);
                for (size_t at = 0, n; at < out.len; at += n) {
                        uint32_t c = 0;

                        n = text_decode(out.text + at, out.len - at, &c);
                        assert_true(n > 0);
                        assert_true(!text_is_control(c) || c == '\n' ||
                                    (c == '\r' && streq((*f)->name, "csv")));
                }
                if (streq((*f)->name, "xml")) {
                        assert_null(strstr(out.text, "<script>"));
                        assert_null(strstr(out.text, "\xef\xbf\xbf"));
                }
        }
        unmake(&m);
}

static void test_json_lines(void **state)
{
        struct made m;
        _cleanup_str_ struct str out = {0};
        size_t n = 0;
        json_t *record = NULL;

        make(&m);
        written(&out, "json", &m.head);
        for (char *line = out.text, *end; (end = strchr(line, '\n')); line = end + 1, n++) {
                json_decref(record);
                *end = '\0';
                record = json_loads(line, 0, NULL);
                assert_non_null(record);
                assert_int_equal(json_integer_value(json_object_get(record, "schema")), 1);
                assert_string_equal(json_string_value(json_object_get(record, "vantage")), "outside");
                assert_true(json_object_get(record, "asset") && json_object_get(record, "time"));
        }
        assert_int_equal(n, 6 + 8 + 1); /* shown endpoints, hosts, summary */
        assert_string_equal(json_string_value(json_object_get(record, "type")), "summary");
        assert_true(json_is_false(json_object_get(record, "complete")));
        assert_int_equal(json_array_size(json_object_get(record, "incomplete")), 2);
        json_decref(record);
        unmake(&m);
}

/* An open endpoint stands in the file before anything else happens; a closed one may wait for the tick. */
static void test_streams(void **state)
{
        _cleanup_close_ int fd = memory_file();
        _cleanup_(scan_writer_release) struct scan_writer w = {0};
        _cleanup_str_ struct str out = {0};
        struct made m;
        struct err err = {0};

        make(&m);
        m.head.all_states = true;
        assert_int_equal(scan_writer_begin(&w, &scan_report_json, &m.head, fd, &err), 0);
        add(&w, "10.0.0.1", TRANSPORT_TCP, 81, ENDPOINT_CLOSED, REASON_RST);
        read_back(fd, &out);
        assert_int_equal(out.len, 0);
        assert_int_equal(scan_writer_tick(&w), 0);
        read_back(fd, &out);
        assert_non_null(strstr(out.text, "\"port\":81,"));
        add(&w, "10.0.0.1", TRANSPORT_TCP, 80, ENDPOINT_OPEN, REASON_SYN_ACK);
        read_back(fd, &out);
        assert_non_null(strstr(out.text, "\"port\":80,"));
        assert_true(str_ends(out.text, "}\n"));
        unmake(&m);
}

/* The first failure stays, and nothing is held for a reader who has gone. */
static void test_write_failure(void **state)
{
        _cleanup_(scan_writer_release) struct scan_writer w = {0};
        struct made m;
        struct err err = {0};
        struct endpoint e = endpoint_of("10.0.0.1", TRANSPORT_TCP, 80, ENDPOINT_OPEN, REASON_SYN_ACK);

        make(&m);
        assert_int_equal(scan_writer_begin(&w, &scan_report_json, &m.head, -1, &err), 0);
        assert_int_equal(scan_writer_endpoint(&w, &e), -EBADF);
        assert_int_equal(scan_writer_endpoint(&w, &e), -EBADF);
        assert_int_equal(w.buf.len, 0);
        assert_true(err.text[0]);
        unmake(&m);
}

/* Many silent ports are counted, few are listed, and --all-states lists all; always by transport and port. */
static void test_book(void **state)
{
        const struct address host = ip("10.0.0.1");

        for (unsigned silent = SCAN_BOOK_SILENT; silent <= SCAN_BOOK_SILENT + 1; silent++)
                for (unsigned all = 0; all < 2; all++) {
                        struct scan_book *book = scan_book_new(all);
                        const struct observed *list;
                        struct address left;
                        uint32_t zone;
                        size_t n;
                        struct endpoint e =
                                endpoint_of("10.0.0.1", TRANSPORT_TCP, 80, ENDPOINT_OPEN, REASON_SYN_ACK);

                        for (unsigned i = silent; i > 0; i--) {
                                struct endpoint u = endpoint_of("10.0.0.1", TRANSPORT_UDP, (uint16_t)i,
                                                                ENDPOINT_OPEN_FILTERED, REASON_NO_REPLY);

                                scan_book_add(book, &(struct observed){.endpoint = u});
                        }
                        scan_book_add(book, &(struct observed){.endpoint = e});
                        e.zone_index = 7; /* another host */
                        scan_book_add(book, &(struct observed){.endpoint = e});
                        n = scan_book_take(book, &host, 0, &list);
                        assert_int_equal(n, 1 + (all || silent == SCAN_BOOK_SILENT ? silent : 0));
                        assert_int_equal(list[0].endpoint.port, 80);
                        for (size_t i = 1; i < n; i++)
                                assert_int_equal(list[i].endpoint.port, i);
                        assert_int_equal(scan_book_take(book, &host, 0, &list), 0);
                        assert_true(scan_book_next(book, &left, &zone));
                        assert_int_equal(zone, 7);
                        assert_int_equal(scan_book_take(book, &host, 7, &list), 1);
                        assert_false(scan_book_next(book, &left, &zone));
                        scan_book_free(book);
                }
}

static void test_durations(void **state)
{
        static const struct {
                uint64_t ms;
                const char *text;
        } cases[] = {
                {0, "0 ms"},
                {999, "999 ms"},
                {1500, "1.5 s"},
                {59999, "59 s"},
                {200000, "3 min 20 s"},
                {7500000, "2 h 5 min"},
                {273600000, "3 days 4 h"},
                {400000000000, "12 years"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str text = {0};

                scan_add_duration(&text, cases[i].ms);
                assert_string_equal(text.text, cases[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),        cmocka_unit_test(test_harmless),
                cmocka_unit_test(test_json_lines),    cmocka_unit_test(test_streams),
                cmocka_unit_test(test_write_failure), cmocka_unit_test(test_book),
                cmocka_unit_test(test_durations),     cmocka_unit_test(test_long_list),
        };

        (void)setlocale(LC_ALL, "C.UTF-8");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
