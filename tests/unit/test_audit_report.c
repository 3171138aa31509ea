/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The formats of an audit with targets, against files in tests/golden/audit (UPDATE_GOLDEN=1 rewrites them): identified
 * endpoints, findings about them, and the join with the inside.
 */
#include "test.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assess/assess.h"
#include "base/fd.h"
#include "base/text.h"
#include "inside_sample.h"
#include "outside_sample.h"
#include "report/scan_report.h"

/* What a terminal, a page, a spreadsheet and an XML parser would each trip over. */
#define HOSTILE "=cmd|' /C calc'!A0\x1b[31m<script>alert(\"1\")</script>&\xff\xef\xbf\xbf"

static const struct knowledge *guide; /* opened once: constant */

static int64_t now(void)
{
        return SAMPLE_NOW + 5;
}

static struct scan_subject subject(const struct address *address, void *arg)
{
        return address->bytes[3] == 5
                       ? (struct scan_subject){.name = "web1", .asset = "estate:web1", .zone = "office"}
                       : (struct scan_subject){0};
}

static const char *device(uint32_t zone_index, void *arg)
{
        return NULL;
}

struct audit {
        struct outside *outside;
        struct inside *view;
        struct assessment *inside;
        struct targets targets;
        struct scan_ports ports;
        struct address asked;
        struct scan_head head;
};

static void add_endpoints(struct outside *o)
{
        struct identity *id = sample_speaks(o, "10.20.0.5:22/tcp", "ssh", ENCRYPTION_NATIVE);
        struct endpoint silent = sample_endpoint("10.20.0.5:161/udp", ENDPOINT_OPEN_FILTERED);
        struct endpoint closed = sample_endpoint("10.20.0.5:81/tcp", ENDPOINT_CLOSED);

        id->product = "OpenSSH";
        id->version = "9.2p1";
        id->cpe = "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*";
        id->evidence = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3";
        id->flags = IDENTITY_WEAK_CRYPTO;
        id->details[id->n_details++] = (struct identity_detail){"weak", "diffie-hellman-group1-sha1"};
        id = sample_speaks(o, "10.20.0.5:80/tcp", "http", ENCRYPTION_NONE);
        id->product = HOSTILE;
        id->version = HOSTILE;
        id->hostname = HOSTILE;
        id->cpe = "cpe:2.3:a:some\\+one:web\\/server:-:*:*:*:*:*:*:*";
        id->evidence = HOSTILE;
        sample_speaks_tls(o, "10.20.0.5:8443/tcp", "http")->certificate.not_after = SAMPLE_NOW - 86400;
        sample_speaks(o, "10.20.0.5:6379/tcp", "redis", ENCRYPTION_NONE)->flags = IDENTITY_NO_AUTH;
        sample_speaks(o, "10.20.0.6:23/tcp", "telnet", ENCRYPTION_NONE)->confidence = CONFIDENCE_LIKELY;
        sample_speaks(o, "10.20.0.7:23/tcp", "telnet", ENCRYPTION_NONE)->confidence = CONFIDENCE_LIKELY;
        id = sample_speaks(o, "10.20.0.6:7001/tcp", "unknown", ENCRYPTION_UNKNOWN);
        id->confidence = CONFIDENCE_REGISTERED;
        id->behaviour = BEHAVIOUR_FLOODS;
        id->why = "1 MiB came in 0.4 s";
        outside_add(o, &silent, NULL);
        outside_add(o, &closed, NULL);
}

static void make_inside(struct audit *a)
{
        uint32_t sshd, web, late;

        a->view = sample_inside();
        sample_interface(a->view, HOST_NETNS, "eth0", "10.20.0.5/24");
        sshd = sample_daemon(a->view, 612, "/usr/sbin/sshd", "ssh.service", "openssh-server");
        (void)sample_listen(a->view, "0.0.0.0:22/tcp", sshd);
        web = sample_daemon(a->view, 800, "/usr/sbin/nginx", "nginx.service", "nginx");
        (void)sample_listen(a->view, "0.0.0.0:80/tcp", web);
        (void)sample_listen(a->view, "0.0.0.0:81/tcp", web);
        late = sample_daemon(a->view, 830, "/usr/sbin/chronyd", "chrony.service", "chrony");
        (void)sample_listen(a->view, "127.0.0.1:323/udp", late);
        (void)sample_listen(a->view, "0.0.0.0:60000/tcp", late);
        a->inside = assess_correlate(a->view, guide);
}

static void join(struct audit *a)
{
        outside_reconcile(a->outside, &(struct reconcile_input){
                                              .knowledge = guide,
                                              .asset = "web1",
                                              .addresses = &a->asked,
                                              .n_addresses = 1,
                                              .listeners = a->inside->listeners.at,
                                              .n_listeners = a->inside->listeners.n,
                                              .complete = true,
                                              .asked = {&a->ports.of[0], &a->ports.of[1]},
                                      });
}

static struct audit *audit_new(void)
{
        struct audit *a = calloc(1, sizeof(*a));
        struct address_range range;
        struct err err;

        assert_non_null(a);
        a->outside = outside_new();
        add_endpoints(a->outside);
        assert_int_equal(address_parse("10.20.0.5", &a->asked), 0);
        assert_int_equal(address_range_parse("10.20.0.0/29", false, &range, NULL, &err), 0);
        range_set_add(&a->targets.ranges, &range);
        range_set_normalize(&a->targets.ranges);
        port_set_add_range(&a->ports.of[TRANSPORT_TCP], 1, 10000);
        port_set_add_range(&a->ports.of[TRANSPORT_UDP], 1, 1000);
        outside_judge(a->outside, guide, sample_estate(a->outside->pool), SAMPLE_NOW);
        make_inside(a);
        join(a);
        a->head = (struct scan_head){
                .scanner = "machine:0123456789abcdef",
                .hostname = "scanner",
                .command = "quaymaster audit 10.20.0.0/29 --inside self",
                .version = "0.1.0",
                .started_s = SAMPLE_NOW,
                .now = now,
                .method = "syn",
                .ports = &a->ports,
                .targets = &a->targets,
                .probes = 8 * 11000,
                .pace = {10000, 200},
                .judged = a->outside,
                .identified = true,
                .subject = subject,
                .device = device,
        };
        return a;
}

static void audit_free(struct audit *a)
{
        outside_freep(&a->outside);
        assess_freep(&a->inside);
        inside_freep(&a->view);
        range_set_release(&a->targets.ranges);
        free(a);
}

static void write_host(struct scan_writer *w, const char *address)
{
        struct host_coverage *c = calloc(1, sizeof(*c));

        assert_non_null(c);
        assert_int_equal(address_parse(address, &c->address), 0);
        c->status = HOST_UP;
        c->complete = true;
        c->asked[TRANSPORT_TCP] = 10000;
        c->by_state[TRANSPORT_TCP][ENDPOINT_OPEN] = 1;
        c->by_state[TRANSPORT_TCP][ENDPOINT_CLOSED] = 9999;
        assert_int_equal(scan_writer_host(w, c), 0);
        free(c);
}

static void written(struct str *out, const char *format, const struct audit *a)
{
        _cleanup_close_ int fd = memfd_create("report", MFD_CLOEXEC);
        _cleanup_(scan_writer_release) struct scan_writer w = {0};
        struct err err = {0};
        const struct scan_end end = {
                .result = {.complete = true, .open = 7, .sent = 12345, .elapsed_ms = 4200}};

        assert_true(fd >= 0);
        assert_int_equal(scan_writer_begin(&w, scan_report_find(format), &a->head, fd, &err), 0);
        vec_foreach(o, &a->outside->observed)
                assert_int_equal(scan_writer_observed(&w, o), 0);
        write_host(&w, "10.20.0.5");
        write_host(&w, "10.20.0.6");
        write_host(&w, "10.20.0.7");
        assert_int_equal(scan_writer_end(&w, &end), 0);
        str_reset(out);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(fd_read_all(fd, 64u << 20, out), 0);
}

static void check_golden(const char *name, const char *format, const struct audit *a)
{
        _cleanup_free_ char *path = xasprintf("%s/audit/%s", GOLDEN_DIR, name);
        _cleanup_str_ struct str got = {0}, want = {0};

        written(&got, format, a);
        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                assert_true(fd >= 0);
                assert_int_equal(fd_write_all(fd, got.text, got.len), 0);
                return;
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 20, &want), 0);
        assert_string_equal(got.text, want.text);
}

static void test_golden(void **state)
{
        struct audit *a = audit_new();

        check_golden("audit.json", "json", a);
        check_golden("audit.csv", "csv", a);
        check_golden("audit.xml", "xml", a);
        check_golden("audit.html", "html", a);
        a->head.width = 80;
        check_golden("audit-80.txt", "text", a);
        a->head.judged = NULL; /* scan --identify */
        check_golden("identified-80.txt", "text", a);
        check_golden("identified.csv", "csv", a);
        audit_free(a);
}

/* Nothing that a server says reaches a terminal, a page or a parser as it is. */
static void test_harmless(void **state)
{
        struct audit *a = audit_new();

        for (const struct scan_format *const *f = scan_report_all(); *f; f++) {
                _cleanup_str_ struct str out = {0};

                written(&out, (*f)->name, a);
                for (size_t at = 0, n; at < out.len; at += n) {
                        uint32_t c = 0;

                        n = text_decode(out.text + at, out.len - at, &c);
                        assert_true(n > 0);
                        assert_true(!text_is_control(c) || c == '\n' ||
                                    (c == '\r' && streq((*f)->name, "csv")));
                }
                if (streq((*f)->name, "xml") || streq((*f)->name, "html"))
                        assert_null(strstr(out.text, "<script>"));
        }
        audit_free(a);
}

static void test_width(void **state)
{
        struct audit *a = audit_new();
        _cleanup_str_ struct str out = {0};

        a->head.width = 80;
        written(&out, "text", a);
        for (char *line = out.text, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                if (strlen(line) > 80 && !strchr(line, '\xef')) /* one U+FFFF is three bytes */
                        fail_msg("too wide: %s", line);
        }
        audit_free(a);
}

static void test_json(void **state)
{
        struct audit *a = audit_new();
        _cleanup_str_ struct str out = {0};
        json_t *record = NULL;
        size_t n[3] = {0};

        written(&out, "json", a);
        for (char *line = out.text, *end; (end = strchr(line, '\n')); line = end + 1) {
                const char *type;

                json_decref(record);
                *end = '\0';
                record = json_loads(line, 0, NULL);
                assert_non_null(record);
                type = json_string_value(json_object_get(record, "type"));
                n[0] += streq(type, "endpoint");
                n[1] += streq(type, "finding");
                n[2] += streq(type, "reconcile");
        }
        assert_int_equal(n[0], 8);
        assert_int_equal(n[1], a->outside->findings.n);
        assert_int_equal(n[2], a->outside->rows.n);
        assert_string_equal(json_string_value(json_object_get(record, "type")), "summary");
        assert_int_equal(json_integer_value(json_object_get(json_object_get(record, "reconcile"), "agreed")),
                         2);
        json_decref(record);
        audit_free(a);
}

static int setup(void **state)
{
        guide = knowledge_open(NULL, NULL, NULL);
        return 0;
}

static int teardown(void **state)
{
        guide = knowledge_free((struct knowledge *)guide);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),
                cmocka_unit_test(test_harmless),
                cmocka_unit_test(test_width),
                cmocka_unit_test(test_json),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
