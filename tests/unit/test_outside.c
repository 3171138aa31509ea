/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules about endpoints, and the join with the inside, against files in tests/golden/outside (UPDATE_GOLDEN=1
 * rewrites them): read the difference as who is told of it at 2 a.m. would.
 */
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "assess/assess.h"
#include "base/fd.h"
#include "base/str.h"
#include "inside_sample.h"
#include "knowledge/names.h"
#include "outside_sample.h"

static const struct knowledge *guide; /* opened once: constant */

static void add_list(struct str *to, const char *label, const char *const *list)
{
        for (; *list; list++)
                str_addf(to, "    %s %s\n", label, *list);
}

static void describe_finding(struct str *to, const struct finding *f)
{
        char address[ADDRESS_TEXT_SIZE];

        str_addf(to, "%s %s: %s\n", severity_name(f->severity), f->rule, f->title);
        if (f->observed)
                str_addf(to, "    at   %s %u/%s\n", address_format(&f->observed->endpoint.address, address),
                         f->observed->endpoint.port, transport_name(f->observed->endpoint.transport));
        str_addf(to, "    why  %s: %s\n", advice_class_name(f->advice.class), f->advice.why);
        add_list(to, "seen", f->evidence);
        add_list(to, "do  ", f->remediation);
        if (f->alternative.protocol)
                str_addf(to, "    alt  %s %s\n", f->alternative.protocol,
                         f->alternative.port ? f->alternative.port : "");
        str_add(to, "    ctl ");
        for (const struct control *c = f->controls; c->framework; c++)
                str_addf(to, " %s:%s", c->framework, c->id);
        str_add_char(to, '\n');
}

static void check_golden(const char *name, const struct str *got)
{
        _cleanup_free_ char *path = xasprintf("%s/outside/%s.txt", GOLDEN_DIR, name);
        _cleanup_str_ struct str want = {0};

        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                assert_true(fd >= 0);
                assert_int_equal(fd_write_all(fd, str_text(got), got->len), 0);
                return;
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 20, &want), 0);
        assert_string_equal(str_text(got), str_text(&want));
}

static void check(const char *name, struct outside *o)
{
        _cleanup_str_ struct str got = {0};

        outside_judge(o, guide, sample_estate(o->pool), SAMPLE_NOW);
        vec_foreach(f, &o->findings)
                describe_finding(&got, f);
        check_golden(name, &got);
}

static void add_detail(struct identity *id, const char *key, const char *value)
{
        id->details[id->n_details++] = (struct identity_detail){key, value};
}

static void product(struct identity *id, const char *name, const char *version)
{
        id->product = name;
        id->version = version;
}

/* --- rules --------------------------------------------------------------------------------------- */

static void test_cleartext(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();

        sample_speaks(o, "10.20.0.5:23/tcp", "telnet", ENCRYPTION_NONE)->evidence = "login: ";
        (void)sample_speaks(o, "10.30.0.5:23/tcp", "telnet", ENCRYPTION_NONE);
        sample_speaks(o, "10.20.0.6:2323/tcp", "telnet", ENCRYPTION_NONE)->confidence = CONFIDENCE_LIKELY;
        product(sample_speaks(o, "10.20.0.5:80/tcp", "http", ENCRYPTION_NONE), "nginx", "1.22.1");
        sample_speaks(o, "10.20.0.7:80/tcp", "http", ENCRYPTION_NONE)->flags = IDENTITY_PLAIN_LOGIN;
        add_detail(sample_speaks(o, "10.20.0.8:80/tcp", "http", ENCRYPTION_NONE), "location",
                   "https://example.org/");
        (void)sample_speaks(o, "10.20.0.9:161/udp", "snmp", ENCRYPTION_NONE);
        (void)sample_speaks(o, "10.20.0.9:5900/tcp", "vnc", ENCRYPTION_NONE);
        (void)sample_speaks(o, "127.0.0.1:23/tcp", "telnet", ENCRYPTION_NONE);
        check("cleartext", o);
}

static void test_starttls(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();

        (void)sample_speaks(o, "10.20.0.5:21/tcp", "ftp", ENCRYPTION_NONE);
        sample_speaks(o, "10.20.0.5:143/tcp", "imap", ENCRYPTION_STARTTLS)->flags = IDENTITY_PLAIN_LOGIN;
        sample_speaks(o, "10.20.0.5:110/tcp", "pop3", ENCRYPTION_STARTTLS)->flags =
                IDENTITY_STARTTLS_REQUIRED;
        sample_speaks(o, "10.20.0.5:587/tcp", "smtp", ENCRYPTION_NONE)->flags = IDENTITY_PLAIN_LOGIN;
        (void)sample_speaks(o, "10.20.0.5:25/tcp", "smtp", ENCRYPTION_NONE);
        (void)sample_speaks(o, "10.20.0.6:25/tcp", "smtp", ENCRYPTION_STARTTLS);
        (void)sample_speaks(o, "10.30.0.6:389/tcp", "ldap", ENCRYPTION_NONE);
        (void)sample_speaks_tls(o, "10.20.0.5:993/tcp", "imap");
        check("starttls", o);
}

static void test_tls(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();
        struct tls_facts *tls = sample_speaks_tls(o, "10.20.0.5:443/tcp", "http");

        tls->versions |= 1u << TLS_1_0 | 1u << TLS_1_1;
        tls = sample_speaks_tls(o, "10.30.0.5:443/tcp", "http");
        tls->versions |= 1u << TLS_SSL3 | 1u << TLS_1_0;
        tls->weak_cipher = true;
        tls->cipher = "RC4-SHA";
        (void)sample_speaks_tls(o, "10.30.0.6:443/tcp", "http"); /* nothing is wrong with it */
        check("tls", o);
}

static void test_certificate(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();
        static const int days[] = {-400, -1, 3, 25, 31};

        for (size_t i = 0; i < array_len(days); i++) {
                _cleanup_free_ char *place = xasprintf("10.20.0.%zu:443/tcp", 10 + i);

                sample_speaks_tls(o, place, "http")->certificate.not_after =
                        SAMPLE_NOW + days[i] * 86400 + 60;
        }
        sample_speaks_tls(o, "10.30.0.20:443/tcp", "http")->certificate.not_after = SAMPLE_NOW - 86400;
        sample_speaks_tls(o, "10.20.0.21:443/tcp", "http")->certificate.not_before = SAMPLE_NOW + 86400;
        sample_speaks_tls(o, "10.20.0.22:443/tcp", "http")->certificate.self_signed = true;
        sample_speaks_tls(o, "10.20.0.23:443/tcp", "http")->certificate.name_mismatch = true;
        {
                struct certificate *c = &sample_speaks_tls(o, "10.20.0.24:993/tcp", "imap")->certificate;

                c->weak_key = true;
                c->key_type = "RSA";
                c->key_bits = 1024;
        }
        sample_speaks_tls(o, "10.30.0.25:993/tcp", "imap")->certificate.weak_signature = true;
        check("certificate", o);
}

static void test_weak(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();
        struct identity *id = sample_speaks(o, "10.20.0.5:22/tcp", "ssh", ENCRYPTION_NATIVE);

        id->flags = IDENTITY_WEAK_CRYPTO;
        add_detail(id, "weak", "diffie-hellman-group1-sha1,3des-cbc");
        sample_speaks(o, "10.20.0.6:22/tcp", "ssh", ENCRYPTION_NATIVE)->flags = IDENTITY_OBSOLETE;
        sample_speaks(o, "10.20.0.6:445/tcp", "smb", ENCRYPTION_NONE)->flags = IDENTITY_OBSOLETE;
        sample_speaks(o, "10.20.0.7:161/udp", "snmp", ENCRYPTION_NONE)->flags = IDENTITY_OBSOLETE;
        (void)sample_speaks(o, "10.20.0.8:22/tcp", "ssh", ENCRYPTION_NATIVE);
        check("weak", o);
}

static void test_wrong_service(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();

        (void)sample_speaks(o, "10.20.0.5:443/tcp", "ssh", ENCRYPTION_NATIVE);
        (void)sample_speaks(o, "10.20.0.5:2222/tcp", "ssh",
                            ENCRYPTION_NATIVE); /* the guide knows it is found there */
        (void)sample_speaks(o, "10.20.0.5:2223/tcp", "ssh", ENCRYPTION_NATIVE);
        (void)sample_speaks(o, "10.20.0.6:443/tcp", "http", ENCRYPTION_NONE);
        (void)sample_speaks_tls(o, "10.20.0.7:443/tcp", "http");
        (void)sample_speaks_tls(o, "10.20.0.7:8443/tcp", "http");
        (void)sample_speaks(o, "10.20.0.7:631/tcp", "http", ENCRYPTION_NONE);
        (void)sample_speaks_tls(o, "10.20.0.7:8888/tcp", "http");
        sample_speaks(o, "10.20.0.7:22/tcp", "http", ENCRYPTION_TLS)->confidence = CONFIDENCE_LIKELY;
        (void)sample_speaks(o, "10.20.0.8:587/tcp", "smtp", ENCRYPTION_STARTTLS);
        (void)sample_speaks(o, "10.20.0.8:139/tcp", "smb", ENCRYPTION_NATIVE);
        check("wrong-service", o);
}

static void test_unidentified(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();

        for (enum behaviour b = 0; b < BEHAVIOUR_MAX; b++) {
                _cleanup_free_ char *place = xasprintf("10.20.0.5:%u/tcp", 7000 + b);
                struct identity *id = sample_speaks(o, place, "unknown", ENCRYPTION_UNKNOWN);

                id->confidence = CONFIDENCE_REGISTERED;
                id->behaviour = b;
        }
        sample_speaks(o, "10.20.0.6:6379/tcp", "unknown", ENCRYPTION_UNKNOWN)->confidence =
                CONFIDENCE_REGISTERED;
        sample_speaks(o, "10.20.0.6:9999/tcp", "unknown", ENCRYPTION_TLS)->confidence =
                CONFIDENCE_REGISTERED;
        check("unidentified", o);
}

static void test_exposed(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();
        struct endpoint e = sample_endpoint("10.20.0.9:3306/tcp", ENDPOINT_OPEN);

        sample_speaks(o, "10.20.0.5:6379/tcp", "redis", ENCRYPTION_NONE)->flags = IDENTITY_NO_AUTH;
        sample_speaks(o, "10.30.0.5:16379/tcp", "redis", ENCRYPTION_NONE)->flags = IDENTITY_NO_AUTH;
        (void)sample_speaks(o, "10.20.0.6:6379/tcp", "redis", ENCRYPTION_NONE);
        (void)sample_speaks(o, "172.16.0.6:5432/tcp", "postgresql", ENCRYPTION_STARTTLS);
        (void)sample_speaks(o, "10.40.0.6:5432/tcp", "postgresql", ENCRYPTION_STARTTLS);
        (void)sample_speaks(o, "10.30.0.6:3389/tcp", "rdp", ENCRYPTION_TLS);
        (void)sample_speaks(o, "10.60.0.6:3389/tcp", "rdp", ENCRYPTION_TLS);
        product(sample_speaks(o, "10.20.0.7:8080/tcp", "http", ENCRYPTION_NONE), "Elasticsearch", "7.17.0");
        product(sample_speaks(o, "10.20.0.8:2375/tcp", "http", ENCRYPTION_NONE), "Docker Engine", "24.0");
        sample_speaks(o, "10.20.0.8:873/tcp", "rsync", ENCRYPTION_NONE)->flags = IDENTITY_NO_AUTH;
        sample_speaks(o, "10.20.0.8:79/tcp", "finger", ENCRYPTION_NONE)->flags = IDENTITY_NO_AUTH;
        outside_add(o, &e, NULL); /* by the number alone */
        check("exposed", o);
}

static void test_relay(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();

        sample_speaks(o, "10.20.0.5:53/udp", "dns", ENCRYPTION_NONE)->flags = IDENTITY_RELAY;
        sample_speaks(o, "10.30.0.5:53/udp", "dns", ENCRYPTION_NONE)->flags = IDENTITY_RELAY;
        sample_speaks(o, "10.20.0.5:3128/tcp", "http-proxy", ENCRYPTION_NONE)->flags = IDENTITY_RELAY;
        sample_speaks(o, "10.20.0.5:1080/tcp", "socks", ENCRYPTION_NONE)->flags = IDENTITY_RELAY;
        check("relay", o);
}

static void test_advice(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();
        struct endpoint silent = sample_endpoint("10.20.0.5:69/udp", ENDPOINT_OPEN_FILTERED);
        struct endpoint closed = sample_endpoint("10.20.0.5:23/tcp", ENDPOINT_CLOSED);
        struct endpoint by_number = sample_endpoint("10.20.0.5:111/tcp", ENDPOINT_OPEN);

        (void)sample_speaks(o, "10.20.0.5:19/tcp", "chargen", ENCRYPTION_NONE);
        (void)sample_speaks(o, "10.30.0.5:22/tcp", "ssh", ENCRYPTION_NATIVE);
        outside_add(o, &silent, NULL);
        outside_add(o, &closed, NULL);
        outside_add(o, &by_number, NULL);
        check("advice", o);
}

/* --- whose page, and what the names mean ---------------------------------------------------------- */

static void test_page(void **state)
{
        static const struct {
                const char *place, *protocol;
                enum encryption encryption;
                const char *product, *guide;
        } cases[] = {
                {"10.0.0.1:443/tcp", "ssh", ENCRYPTION_NATIVE, NULL, "ssh"},
                {"10.0.0.1:8080/tcp", "http", ENCRYPTION_NONE, NULL, "http-alt"},
                {"10.0.0.1:2000/tcp", "http", ENCRYPTION_TLS, NULL, "https"},
                {"10.0.0.1:443/tcp", "http", ENCRYPTION_NONE, NULL, "http"},
                {"10.0.0.1:587/tcp", "smtp", ENCRYPTION_STARTTLS, NULL, "submission"},
                {"10.0.0.1:2001/tcp", "imap", ENCRYPTION_TLS, NULL, "imaps"},
                {"10.0.0.1:2002/tcp", "rmi", ENCRYPTION_NONE, NULL, "java-rmi"},
                {"10.0.0.1:2003/tcp", "http", ENCRYPTION_TLS, "Grafana", "grafana"},
                {"10.0.0.1:2004/tcp", "git", ENCRYPTION_NONE, NULL, "git-daemon"},
                {"10.0.0.1:2005/tcp", "dns", ENCRYPTION_TLS, NULL, "dns-over-tls"},
                {"10.0.0.1:2006/tcp", "http", ENCRYPTION_NONE, "Docker Registry", "docker-registry"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(outside_freep) struct outside *o = outside_new();

                sample_speaks(o, cases[i].place, cases[i].protocol, cases[i].encryption)->product =
                        cases[i].product;
                outside_judge(o, guide, NULL, SAMPLE_NOW);
                assert_non_null(o->observed.at[0].guide);
                assert_string_equal(o->observed.at[0].guide, cases[i].guide);
                assert_false(o->observed.at[0].by_number);
        }
}

static void test_names(void **state)
{
        char name[NAME_SIZE_MAX];
        unsigned n = 0;

        assert_true(names_same("https", "HTTP"));
        assert_true(names_same("ms-wbt-server", "rdp"));
        assert_true(names_same("strange", "strange"));
        assert_false(names_same("http", "ssh"));
        assert_false(names_same("http", NULL));
        assert_false(names_same("htt", "http")); /* the beginning of a word is no word */
        assert_true(name_over_tls("ldaps"));
        assert_false(name_over_tls("ldap"));
        assert_false(name_over_tls("strange"));
        assert_true(name_is_known("domain"));
        assert_false(name_is_known("EtherNet-IP-1"));
        while (name_next("imap", &n, name))
                assert_string_equal(name_base(name), "imap");
        assert_int_equal(n, 4);
        assert_null(name_next("strange", &(unsigned){0}, name));
}

/* --- with the inside ------------------------------------------------------------------------------ */

static void describe_row(struct str *to, const struct reconcile_row *row)
{
        char address[ADDRESS_TEXT_SIZE];

        str_addf(to, "%s %s %u/%s: %s\n", reconcile_kind_name(row->kind),
                 address_format(&row->address, address), row->port, transport_name(row->transport),
                 row->why);
}

static void check_rows(const char *name, struct outside *o, const struct reconcile_input *in)
{
        _cleanup_str_ struct str got = {0};

        outside_judge(o, guide, NULL, SAMPLE_NOW);
        outside_reconcile(o, in);
        vec_foreach(row, &o->rows)
                describe_row(&got, row);
        vec_foreach(f, &o->findings)
                if (str_after(f->rule, "outside-unexplained") || str_after(f->rule, "outside-protocol"))
                        describe_finding(&got, f);
        check_golden(name, &got);
}

static void sample_forward(struct inside *view, uint16_t port, const char *to, uint16_t to_port)
{
        struct forward *f = vec_push(&view->forwards);

        f->transport = TRANSPORT_TCP;
        f->port = f->port_last = port;
        f->to_port = to_port;
        f->netns = HOST_NETNS;
        f->rule = "ip nat DOCKER handle 12";
        assert_int_equal(address_parse(to, &f->to), 0);
}

static void add_at(struct outside *o, const char *place, enum endpoint_state state)
{
        struct endpoint e = sample_endpoint(place, state);

        outside_add(o, &e, NULL);
}

static void make_inside(struct inside *view)
{
        uint32_t nginx = sample_daemon(view, 800, "/usr/sbin/nginx", "nginx.service", "nginx");
        uint32_t redis = sample_daemon(view, 830, "/usr/bin/redis-server", "redis.service", "redis-server");
        uint32_t sshd = sample_daemon(view, 612, "/usr/sbin/sshd", "ssh.service", "openssh-server");
        uint32_t blue = sample_netns(view, "docker:web", NETNS_CONTAINER);

        sample_interface(view, HOST_NETNS, "eth0", "10.20.0.5/24");
        (void)sample_listen(view, "0.0.0.0:80/tcp", nginx);
        (void)sample_listen(view, "0.0.0.0:443/tcp", nginx);
        (void)sample_listen(view, "127.0.0.1:6379/tcp", redis);
        (void)sample_listen(view, "10.99.0.5:6380/tcp", redis);
        (void)sample_listen(view, "[2001:db8::5]:6381/tcp", redis);
        (void)sample_listen(view, "[::]:22/tcp", sshd);
        (void)sample_listen(view, "0.0.0.0:2022/tcp", sshd);
        (void)sample_listen(view, "0.0.0.0:2023/tcp", sshd);
        (void)sample_listen(view, "0.0.0.0:5000/udp", sshd);
        (void)sample_listen(view, "0.0.0.0:5001/udp", sshd);
        (void)sample_listen(view, "0.0.0.0:60000/tcp", sshd);
        (void)sample_socket(view, blue, "0.0.0.0:8888/tcp");
        sample_forward(view, 8080, "172.17.0.2", 80);
}

static void test_reconcile(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();
        _cleanup_(inside_freep) struct inside *view = sample_inside();
        _cleanup_(assess_freep) struct assessment *a = NULL;
        struct port_set *asked = calloc(2, sizeof(*asked));
        struct address address;
        struct reconcile_input in = {.knowledge = guide,
                                     .asset = "web1",
                                     .addresses = &address,
                                     .n_addresses = 1,
                                     .complete = true};

        assert_non_null(asked);
        make_inside(view);
        a = assess_correlate(view, guide);
        assert_int_equal(address_parse("10.20.0.5", &address), 0);
        port_set_add_range(&asked[0], 1, 10000);
        port_set_add_range(&asked[1], 1, 10000);
        in.asked[0] = &asked[0];
        in.asked[1] = &asked[1];
        in.listeners = a->listeners.at;
        in.n_listeners = a->listeners.n;
        (void)sample_speaks(o, "10.20.0.5:80/tcp", "http", ENCRYPTION_NONE);
        (void)sample_speaks_tls(o, "10.20.0.5:443/tcp", "http");
        (void)sample_speaks(o, "10.20.0.5:22/tcp", "smtp",
                            ENCRYPTION_STARTTLS); /* the program is known for SSH */
        add_at(o, "10.20.0.5:2022/tcp", ENDPOINT_FILTERED);
        add_at(o, "10.20.0.5:2023/tcp", ENDPOINT_CLOSED);
        add_at(o, "10.20.0.5:5000/udp", ENDPOINT_OPEN_FILTERED);
        add_at(o, "10.20.0.5:8080/tcp", ENDPOINT_OPEN);
        add_at(o, "10.20.0.5:8888/tcp", ENDPOINT_OPEN);
        add_at(o, "10.20.0.5:31337/tcp", ENDPOINT_OPEN);
        add_at(o, "10.20.0.77:31338/tcp", ENDPOINT_OPEN); /* another asset's */
        check_rows("reconcile", o, &in);
        free(asked);
}

/* An inside view that did not see all, and something in between that answers for every port. */
static void test_reconcile_unsure(void **state)
{
        _cleanup_(outside_freep) struct outside *o = outside_new();
        struct address address;
        struct reconcile_input in = {
                .knowledge = guide, .asset = "web1", .addresses = &address, .n_addresses = 1};
        struct endpoint middlebox = sample_endpoint("10.20.0.5:81/tcp", ENDPOINT_OPEN);

        assert_int_equal(address_parse("10.20.0.5", &address), 0);
        add_at(o, "10.20.0.5:80/tcp", ENDPOINT_OPEN);
        middlebox.reason = REASON_MIDDLEBOX;
        outside_add(o, &middlebox, NULL);
        check_rows("reconcile-unsure", o, &in);
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
                cmocka_unit_test(test_cleartext),    cmocka_unit_test(test_starttls),
                cmocka_unit_test(test_tls),          cmocka_unit_test(test_certificate),
                cmocka_unit_test(test_weak),         cmocka_unit_test(test_wrong_service),
                cmocka_unit_test(test_unidentified), cmocka_unit_test(test_exposed),
                cmocka_unit_test(test_relay),        cmocka_unit_test(test_advice),
                cmocka_unit_test(test_page),         cmocka_unit_test(test_names),
                cmocka_unit_test(test_reconcile),    cmocka_unit_test(test_reconcile_unsure),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
