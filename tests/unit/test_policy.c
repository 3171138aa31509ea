/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.yaml: what is taken and what is not, what it says of listeners and endpoints, and entries added to it. */
#include "test.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/fd.h"
#include "policy/policy_check.h"
#include "policy/policy_judge.h"
#include "policy/policy_parse.h"
#include "policy/policy_text.h"
#include "yaml_cases.h"

#define NOW INT64_C(1795215600) /* 2026-11-20 23:00 UTC */

struct fixture {
        struct pool *pool;
        struct policy policy;
        struct policy_judge *judge;
};

static void fixture_release(struct fixture *f)
{
        policy_judge_freep(&f->judge);
        pool_freep(&f->pool);
}

static void fixture_make(struct fixture *f, const char *text, int64_t now)
{
        struct err err = {0};

        *f = (struct fixture){.pool = pool_new()};
        if (policy_parse(text, strlen(text), "t.yaml", f->pool, &f->policy, &err) < 0)
                fail_msg("%s", err.text);
        yaml_case("policy", text, "");
        f->judge = policy_judge_new(&f->policy, NULL, now, f->pool);
}

static void expect_error(const char *text, const char *start)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct policy p = {.n_rules = 77};
        struct err err = {0};

        assert_int_equal(policy_parse(text, strlen(text), "t.yaml", pool, &p, &err), -EINVAL);
        if (!str_after(err.text, start))
                fail_msg("'%s' does not begin with '%s'", err.text, start);
        assert_int_equal(p.n_rules, 77);
        yaml_case("policy", text, err.text);
}

static void test_errors(void **state)
{
        expect_error("allow:\n  - port: 0\n", "t.yaml:2: field 'allow[0].port': '0' is not a port");
        expect_error("allow:\n  - port: 70000/tcp\n", "t.yaml:2: field 'allow[0].port': '70000/tcp' is not a port");
        expect_error("allow:\n  - port: 9-2\n", "t.yaml:2: field 'allow[0].port': '9-2' is not a port");
        expect_error("allow:\n  - port: no-such-service\n", "t.yaml:2: field 'allow[0].port': 'no-such-service' is not");
        expect_error("allow:\n  - port: 22\n    expires: 2027-02-29\n",
                     "t.yaml:3: field 'allow[0].expires': '2027-02-29': there is no such day");
        expect_error("allow:\n  - port: 22\n    expires: 1.2.2027\n", "t.yaml:3: field 'allow[0].expires': '1.2.2027' is not a day");
        expect_error("allow:\n  - port: 22\n    prot: ssh\n", "t.yaml:3: field 'allow[0].prot': unknown; known are port");
        expect_error("allow:\n  - port: 22\n    port: 23\n", "t.yaml:3: field 'allow[0].port': is given twice");
        expect_error("allow:\n  - port: 22\n    basis: whim\n", "t.yaml:3: field 'allow[0].basis'");
        expect_error("allow:\n  - port: 22\n\tneed: x\n", "t.yaml:3: not valid YAML");
        expect_error("allow: &a\n  - port: 22\n", "t.yaml:1: field 'allow': anchors");
        expect_error("allow: *a\n", "t.yaml:1: field 'allow': aliases");
        expect_error("allow:\n  - need: all\n", "t.yaml:2: field 'allow[0]': chooses nothing");
        expect_error("allow:\n  - {port: 22, ports: 23}\n", "t.yaml:2: field 'allow[0].ports': ports are given twice");
        expect_error("allow:\n  - {port: 22, ip_protocol: 1}\n", "t.yaml:2: field 'allow[0].ip_protocol': ports are given");
        expect_error("allow:\n  - unit: [a, a]\n", "t.yaml:2: field 'allow[0].unit[1]': 'a' is given twice");
        expect_error("allow:\n  - {port: 22, need: \"a\\u0007\"}\n", "t.yaml:2: field 'allow[0].need': holds a control");
        expect_error("allow:\n  - {port: 22, expires: 2027-04-31}\n", "t.yaml:2: field 'allow[0].expires': '2027-04-31': there");
        expect_error("deny:\n  - why: x\n", "t.yaml:2: field 'deny[0]': chooses nothing");
        expect_error("allow:\n  - ip_protocol: 256\n", "t.yaml:2: field 'allow[0].ip_protocol': '256' is not an IP protocol");
        expect_error("allow:\n  - port: 22\n    from: \"10.0.0.1/8\"\n", "t.yaml:3: field 'allow[0].from': '10.0.0.1/8' is not");
}

/* Services whose names look like numbers or hold a slash, numbers in quotes, and all that a prohibition can choose by. */
static void test_forms(void **state)
{
        static const char text[] = "allow:\n"
                                   "  - port: [3com-tsmux, cl/1/tcp, whois++, '22', 8000-8001/sctp, dynamic/udp]\n"
                                   "  - ip_protocol: [VRRP, '0', 255]\n"
                                   "  - {process: [a, b], from: [zone  a, b, link], need: \"a\\nb\"}\n"
                                   "deny:\n  - from: internet\n  - transport: [tcp, sctp]\n  - {port: 1, why: }\n";
        struct fixture f;

        fixture_make(&f, text, NOW);
        assert_int_equal(f.policy.n_allow, 3);
        assert_int_equal(f.policy.n_rules, 6);
        assert_true(f.policy.rules[0].n_ports >= 6);
        assert_int_equal(f.policy.rules[1].ports[0].first, 112);
        assert_int_equal(f.policy.rules[2].from_zones.n, 2);
        fixture_release(&f);
}

static void test_garbage(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_free_ char *garbage = xcalloc(POLICY_FILE_MAX + 1, 1);
        struct policy p;
        struct err err = {0};

        for (size_t i = 0; i <= POLICY_FILE_MAX; i++)
                garbage[i] = (char)(i * 2654435761u >> 13);
        assert_int_equal(policy_parse(garbage, POLICY_FILE_MAX, "t.yaml", pool, &p, &err), -EINVAL);
        assert_int_equal(policy_parse(garbage, POLICY_FILE_MAX + 1, "t.yaml", pool, &p, &err), -EFBIG);
}

static void test_example(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str text = {0};
        struct policy p;
        struct err err = {0};

        assert_int_equal(fd_read_file(-1, SOURCE_DIR "/docs/policy.example.yaml", 1 << 20, &text), 0);
        if (policy_parse(text.text, text.len, "t.yaml", pool, &p, &err) < 0)
                fail_msg("%s", err.text);
        assert_true(p.n_allow >= 4 && p.n_rules > p.n_allow);
        yaml_case("policy", text.text, "");
}

static void test_days(void **state)
{
        char text[DAY_TEXT_SIZE];
        int32_t day;

        assert_int_equal(day_parse("1970-01-01", &day), 0);
        assert_int_equal(day, 0);
        assert_int_equal(day_parse("2024-02-29", &day), 0);
        assert_string_equal(day_format(day, text), "2024-02-29");
        assert_string_equal(day_format(day + 1, text), "2024-03-01");
        assert_int_equal(day_parse("2100-02-29", &day), -ERANGE);
        assert_int_equal(day_parse("2026-13-01", &day), -ERANGE);
        assert_int_equal(day_parse("2026-1-1", &day), -EINVAL);
        assert_int_equal(day_of(-1), -1);
        for (int32_t d = -719162; d < 2932896; d += 997) {
                int32_t again;

                assert_int_equal(day_parse(day_format(d, text), &again), 0);
                assert_int_equal(again, d);
        }
}

static struct process nginx = {.pid = 10, .exe = "/usr/sbin/nginx", .user = "www-data"};
static struct process python = {.pid = 11, .exe = "/usr/bin/python3", .user = "root"};
static const struct process *nginx_only[] = {&nginx}, *both[] = {&nginx, &python};
static struct netns host = {.role = "host", .ephemeral_low = 32768, .ephemeral_high = 60999};

static struct listener listener(enum transport transport, uint16_t port)
{
        return (struct listener){
                .transport = transport,
                .port = port,
                .address = {.family = 4},
                .netns = &host,
                .processes = nginx_only,
                .n_processes = 1,
                .exposure.scope = EXPOSURE_LINK,
        };
}

static void expect(struct fixture *f, const struct listener *l, enum verdict verdict, const char *within)
{
        struct judgement j = policy_judge_listener(f->judge, l);

        if (j.verdict != verdict || !strstr(j.why, within))
                fail_msg("%s: %s", verdict_name(j.verdict), j.why);
}

static void test_listeners(void **state)
{
        _cleanup_(fixture_release) struct fixture f;
        struct listener l = listener(TRANSPORT_TCP, 443);

        fixture_make(&f,
                     "allow:\n"
                     "  - {port: https/tcp, process: /usr/sbin/nginx, from: link, need: shop, expires: 2026-11-20}\n"
                     "  - {port: 80/tcp, need: TODO}\n"
                     "  - {port: 81/tcp, need: }\n"
                     "  - {port: 22/tcp, protocol: ssh, need: admin}\n"
                     "  - {ip_protocol: vrrp, need: routing}\n"
                     "  - {port: dynamic/udp, process: nginx, need: rpc}\n"
                     "  - {port: 8000-8100/tcp, need: containers}\n"
                     "  - {port: 25/tcp, need: mail, expires: 2026-11-19}\n"
                     "deny:\n"
                     "  - {port: 8050/tcp, why: not this one}\n",
                     NOW);
        expect(&f, &l, VERDICT_APPROVED, "line 2 approves https/tcp: shop");
        l.processes = both, l.n_processes = 2;
        expect(&f, &l, VERDICT_UNAPPROVED, "no approval applies; that of line 2 is for process /usr/sbin/nginx");
        l = listener(TRANSPORT_TCP, 443), l.exposure.scope = EXPOSURE_INTERNET;
        expect(&f, &l, VERDICT_UNAPPROVED, "can be reached from further: internet");
        l = listener(TRANSPORT_TCP, 80);
        expect(&f, &l, VERDICT_UNAPPROVED, "no need for it yet");
        l.port = 81;
        expect(&f, &l, VERDICT_UNAPPROVED, "no need for it yet");
        l.port = 25;
        expect(&f, &l, VERDICT_EXPIRED, "ended on 2026-11-19");
        l.port = 22;
        expect(&f, &l, VERDICT_APPROVED, "admin");
        assert_non_null(strstr(policy_judge_listener(f.judge, &l).note, "not verified"));
        l.protocol = "http", l.confidence = CONFIDENCE_LIKELY;
        expect(&f, &l, VERDICT_UNAPPROVED, "what speaks there is http");
        l = listener(TRANSPORT_RAW, 112);
        expect(&f, &l, VERDICT_APPROVED, "routing");
        l = listener(TRANSPORT_TCP, 112);
        expect(&f, &l, VERDICT_UNAPPROVED, "no approval");
        l = listener(TRANSPORT_UDP, 40000);
        expect(&f, &l, VERDICT_APPROVED, "rpc");
        l = listener(TRANSPORT_TCP, 8049);
        expect(&f, &l, VERDICT_APPROVED, "containers");
        l.port_last = 8051; /* a forward of a range: one prohibited port is enough */
        expect(&f, &l, VERDICT_PROHIBITED, "not this one");
        l.port = 8090, l.port_last = 8101; /* and one that is not approved, too */
        expect(&f, &l, VERDICT_UNAPPROVED, "no approval");
}

/* Through the named day, and not a second longer; in leap years also on the last of February. */
static void test_expiry(void **state)
{
        static const char text[] = "allow: [{port: 1/tcp, need: x, expires: 2028-02-29}]\n";
        const int64_t last = INT64_C(1835481599); /* 2028-02-29 23:59:59 UTC */
        struct listener l = listener(TRANSPORT_TCP, 1);
        _cleanup_(fixture_release) struct fixture before, after;

        fixture_make(&before, text, last);
        expect(&before, &l, VERDICT_APPROVED, "x");
        fixture_make(&after, text, last + 1);
        expect(&after, &l, VERDICT_EXPIRED, "2028-02-29");
}

static void test_observed(void **state)
{
        _cleanup_(fixture_release) struct fixture f;
        struct identity id = {.protocol = "telnet", .encryption = ENCRYPTION_NONE, .confidence = CONFIDENCE_CONFIRMED};
        struct observed o = {.endpoint = {.address = {4, {10, 0, 0, 1}}, .port = 443}, .identity = &id};
        struct judgement j;

        fixture_make(&f,
                     "allow:\n  - {port: 443/tcp, protocol: https, process: nginx, need: shop}\n"
                     "  - {port: 80/tcp, need: web}\n"
                     "deny:\n  - {protocol: telnet}\n  - {protocol: http}\n",
                     NOW);
        j = policy_judge_observed(f.judge, &o);
        assert_int_equal(j.verdict, VERDICT_PROHIBITED);
        id.protocol = "http", id.encryption = ENCRYPTION_TLS;
        j = policy_judge_observed(f.judge, &o);
        assert_int_equal(j.verdict, VERDICT_APPROVED);
        assert_non_null(strstr(j.note, "cannot be seen from outside"));
        id.protocol = "smtp", id.encryption = ENCRYPTION_NONE;
        j = policy_judge_observed(f.judge, &o);
        assert_int_equal(j.verdict, VERDICT_UNAPPROVED);
        assert_non_null(strstr(j.why, "what speaks there is smtp with encryption none"));
        id.protocol = "http", o.endpoint.port = 80; /* in the clear: forbidden, whatever approves it */
        assert_int_equal(policy_judge_observed(f.judge, &o).verdict, VERDICT_PROHIBITED);
}

static void test_unused(void **state)
{
        _cleanup_(fixture_release) struct fixture f;
        struct inside view = {.hostname = "web1"};
        struct listener l = listener(TRANSPORT_TCP, 22);
        const struct policy_rule *rule;
        size_t i = 0;

        fixture_make(&f,
                     "allow:\n  - {port: 22/tcp, need: x}\n  - {port: 23/tcp, need: x}\n"
                     "  - {port: 24/tcp, need: x, on: {name: db1}}\n",
                     NOW);
        policy_judge_host(f.judge, &view);
        (void)policy_judge_listener(f.judge, &l);
        rule = policy_judge_unused(f.judge, &i);
        assert_non_null(rule);
        assert_string_equal(rule->what, "23/tcp");
        assert_null(policy_judge_unused(f.judge, &i));
}

static void expect_warning(const char *text, const char *within)
{
        _cleanup_(policy_warnings_release) struct policy_warnings warnings = {0};
        _cleanup_(fixture_release) struct fixture f;

        fixture_make(&f, text, NOW);
        policy_check(&f.policy, NULL, NOW, f.pool, &warnings);
        vec_foreach(w, &warnings.list)
                if (strstr(w->text, within))
                        return;
        fail_msg("nothing says '%s'", within);
}

static void test_warnings(void **state)
{
        expect_warning("allow: [{port: 1-9/tcp, need: x}, {port: 5/tcp, need: z}]\n", "5/tcp is shadowed: line 1 approves all");
        expect_warning("allow: [{port: 5/tcp, need: z}]\ndeny: [{port: 1-9}]\n", "shadowed: line 2 prohibits all");
        expect_warning("allow: [{port: 1-9/tcp, need: x}, {port: 5-20/tcp, need: z}]\n", "5-20/tcp overlaps with line 1");
        expect_warning("allow: [{port: 1/tcp, need: x, owner: Joe, approved_by: joe}]\n", "approved by its owner");
        expect_warning("allow: [{port: 1/tcp, need: x, expires: 2026-11-19}]\n", "expired on 2026-11-19");
        expect_warning("allow: [{port: 1-65535/tcp, need: x}]\n", "whoever listens there");
        expect_warning("allow: [{port: 1/tcp, need: todo}]\n", "no need yet");
        expect_warning("allow: [{port: 1/tcp, need: x, from: lnk}]\n", "zone 'lnk': there is no estate.yaml");
}

static void expect_added(const char *before, const char *after)
{
        static const struct policy_field fields[] = {{"port", "443/tcp"}, {"need", "a: b"}};
        _cleanup_str_ struct str s = {0};
        struct err err = {0};

        if (policy_text_add(before, strlen(before), "t.yaml", fields, 2, &s, &err) < 0)
                fail_msg("%s", err.text);
        assert_string_equal(s.text, after);
}

static void test_add(void **state)
{
        static const struct policy_field bad[] = {{"port", "0/tcp"}}, good[] = {{"port", "1/tcp"}};
        _cleanup_str_ struct str s = {0};
        struct err err = {0};

        expect_added("", "allow:\n  - port: 443/tcp\n    need: \"a: b\"\n");
        expect_added("# c\nallow:\n- port: 22 # ssh\n  need: |\n    long\n\n# d\ndeny:\n- port: 1 # e",
                     "# c\nallow:\n- port: 22 # ssh\n  need: |\n    long\n\n- port: 443/tcp\n  need: \"a: b\"\n# d\ndeny:\n- port: 1 # e");
        expect_added("allow: [] # none\ndeny: []\n", "allow:  # none\n  - port: 443/tcp\n    need: \"a: b\"\ndeny: []\n");
        expect_added("deny:\n  - port: 1", "deny:\n  - port: 1\nallow:\n  - port: 443/tcp\n    need: \"a: b\"\n");
        expect_added("allow:\r\n  - port: 1\r\n",
                     "allow:\r\n  - port: 1\r\n  - port: 443/tcp\r\n    need: \"a: b\"\r\n");
        assert_int_equal(policy_text_add("", 0, "t.yaml", bad, 1, &s, &err), -EINVAL);
        assert_int_equal(policy_text_add("allow: [{port: 2}]\n", 19, "t.yaml", good, 1, &s, &err), -ENOTSUP);
}

/* What an entry names exactly is read back as it was; what it cannot is known before it is written. */
static void test_exact(void **state)
{
        static const char *const exact[] = {
                "/usr/sbin/nginx", "/opt/a b/c", "/opt/[a-z]/{b,c}", "/opt/a\\x2db", "/opt/\"q\"", "/opt/it's", "/opt/a: b # c",
                "/opt/\u00fc\u20ac", "~", "[x", "{{x}}", "no", "- a", "%TAG", "!x", "&a", "/opt/\\n",
        };
        static const char *const inexact[] = {
                "/opt/*/x", "/opt/a?b", "/opt/a\nb", "/opt/a\tb", "/opt/\x1b[1m", "/opt/\x7f", "/opt/\xff", "/opt/\u202e",
                "/opt/\xc2\x85", "/opt/\ufeff", "/opt/\xef\xbf\xbe", "/opt/a ", " a", "", NULL,
        };
        char wide[2 * (POLICY_GLOB_MAX + 1) + 1];

        for (size_t i = 0; i < array_len(exact); i++) {
                const struct policy_field fields[] = {{"process", exact[i]}, {"need", "x"}};
                _cleanup_(pool_freep) struct pool *pool = pool_new();
                _cleanup_str_ struct str s = {0};
                struct policy p;
                struct err err = {0};

                assert_null(policy_glob_inexact(exact[i]));
                str_add(&s, "allow:\n");
                policy_text_entry(&s, 2, fields, 2);
                if (policy_parse(s.text, s.len, "t.yaml", pool, &p, &err) < 0)
                        fail_msg("%s: %s", s.text, err.text);
                assert_int_equal(p.rules[0].process.n, 1);
                assert_string_equal(p.rules[0].process.at[0], exact[i]);
        }
        for (const char *const *name = inexact; *name; name++)
                assert_non_null(policy_glob_inexact(*name));
        for (size_t i = 0; i < POLICY_GLOB_MAX + 1; i++)
                memcpy(wide + 2 * i, "\u00fc", 2);
        wide[2 * (POLICY_GLOB_MAX + 1)] = '\0';
        assert_non_null(policy_glob_inexact(wide));
        assert_null(policy_glob_inexact(wide + 2));
}

/* 50,000 listeners against 5,000 rules, in which a tenth are ranges: well under a second in a release build. */
struct fill {
        struct policy_field fields[6];
        const char *before, *after; /* NULL: the error */
        unsigned line;
        int error;
};

static void expect_filled(const struct fill *f)
{
        _cleanup_str_ struct str s = {0};
        struct err err = {0};
        unsigned line = 0;
        int r = policy_text_fill(f->before, strlen(f->before), "t.yaml", f->fields, 6, &s, &line, &err);

        if (r != f->error)
                fail_msg("%d instead of %d: %s\n%s", r, f->error, err.text, f->before);
        if (r == 0) {
                assert_string_equal(s.text, f->after);
                assert_int_equal(line, f->line);
        }
}

#define SAYS(...) .fields = {__VA_ARGS__, {"need", "a: b"}, {"owner", "web"}}

static void test_fill(void **state)
{
        static const struct fill cases[] = {
                /* as `policy init` leaves it; comments, order and all else stay */
                {SAYS({"port", "443/tcp"}), "allow:\n  # 1: x\n  - port: 22/tcp\n    need: TODO\n"
                 "  # 2: y\n  - port: 443/tcp # shop\n    process: /usr/sbin/nginx\n    need: TODO  # ask\n    from: link\n# end\n",
                 "allow:\n  # 1: x\n  - port: 22/tcp\n    need: TODO\n"
                 "  # 2: y\n  - port: 443/tcp # shop\n    process: /usr/sbin/nginx\n    need: \"a: b\"  # ask\n    owner: web\n"
                 "    from: link\n# end\n", 6},
                /* CRLF; no line end behind the last line; what comes first in the entry; nothing behind the colon */
                {SAYS({"port", "1/udp"}), "allow:\r\n- port: 1/udp\r\n  need: TODO\r\ndeny: []\r\n",
                 "allow:\r\n- port: 1/udp\r\n  need: \"a: b\"\r\n  owner: web\r\ndeny: []\r\n", 2},
                {SAYS({"port", "1/udp"}), "allow:\r\n- port: 1/udp\r\n  need: TODO",
                 "allow:\r\n- port: 1/udp\r\n  need: \"a: b\"\r\n  owner: web", 2},
                {SAYS({"port", "1/udp"}), "allow:\n- need: 'todo'\n  port: 1/udp # \u00fc\u2028",
                 "allow:\n- need: \"a: b\"\n  owner: web\n  port: 1/udp # \u00fc\u2028", 2},
                {SAYS({"port", "1/udp"}), "# \u00fc\u2028# \u00fc\nallow:\n- port: 1/udp\n  need: # why?\n  owner: x\n",
                 "# \u00fc\u2028# \u00fc\nallow:\n- port: 1/udp\n  need: \"a: b\" # why?\n  owner: web\n", 4},
                /* between braces */
                {SAYS({"port", "1/tcp"}), "allow: [{port: 2/tcp, need: TODO}, {process: \"\u00fc\", need: TODO, port: 1/tcp}]\n",
                 "allow: [{port: 2/tcp, need: TODO}, {process: \"\u00fc\", need: \"a: b\", owner: \"web\", port: 1/tcp}]\n", 1},
                /* what is said replaces what stands there; a name is that of a path, and 443 is also 443/tcp */
                {SAYS({"port", "443"}, {"process", "nginx"}, {"from", "private"}),
                 "allow:\n- port: 443/tcp\n  process: /usr/sbin/apache2\n  need: TODO\n"
                 "- port: 443/tcp\n  process: /usr/sbin/nginx\n  from: internet\n  need: TODO\n",
                 "allow:\n- port: 443/tcp\n  process: /usr/sbin/apache2\n  need: TODO\n"
                 "- port: 443/tcp\n  process: nginx\n  from: private\n  need: \"a: b\"\n  owner: web\n", 5},
                {SAYS({"port", "https/tcp"}, {"on", "{name: \"w1\"}"}), "allow:\n- port: 443/tcp\n  need: TODO\n",
                 "allow:\n- port: 443/tcp\n  need: \"a: b\"\n  on: {name: \"w1\"}\n  owner: web\n", 2},
                {SAYS({"port", "1/tcp"}, {"on", "{name: \"w1\"}"}),
                 "allow:\n- {port: 1/tcp, need: TODO, on: {name: w2}}\n- {port: 1/tcp, need: TODO, on: {name: [w1]}}\n",
                 "allow:\n- {port: 1/tcp, need: TODO, on: {name: w2}}\n"
                 "- {port: 1/tcp, need: \"a: b\", owner: \"web\", on: {name: [w1]}}\n", 3},
                {SAYS({"ip_protocol", "vrrp"}), "allow:\n- ip_protocol: 112\n  need: TODO\n",
                 "allow:\n- ip_protocol: 112\n  need: \"a: b\"\n  owner: web\n", 2},
                /* a range is one listener's only as a whole */
                {SAYS({"port", "8000-8003/tcp"}), "allow:\n- port: 8000-8003/tcp\n  need: TODO\n",
                 "allow:\n- port: 8000-8003/tcp\n  need: \"a: b\"\n  owner: web\n", 2},
                {SAYS({"port", "8001/tcp"}), "allow:\n- port: 8000-8003/tcp\n  need: TODO\n", .error = -ENOENT},
                {SAYS({"port", "1-9999/tcp"}), "allow:\n- port: 8000-8003/tcp\n  need: TODO\n", .error = -ENOENT},
                /* for the same two: the first, and with the next call the next */
                {SAYS({"port", "1/tcp"}), "allow:\n- {port: 1/tcp, need: x}\n- {port: 1/tcp, need: TODO}\n- {port: 1/tcp, need: TODO}\n",
                 "allow:\n- {port: 1/tcp, need: x}\n- {port: 1/tcp, need: \"a: b\", owner: \"web\"}\n- {port: 1/tcp, need: TODO}\n", 3},
                {SAYS({"port", "1/tcp"}), "allow:\n- {port: 1/tcp, unit: a, need: TODO}\n- {port: 1/tcp, unit: b, need: TODO}\n",
                 .error = -EEXIST},
                {SAYS({"port", "1"}), "allow:\n- {port: 1/tcp, need: TODO}\n- {port: 1/udp, need: TODO}\n", .error = -EEXIST},
                /* none waits */
                {SAYS({"port", "1/tcp"}), "allow: []\ndeny:\n- {port: 1/tcp, why: todo}\n", .error = -ENOENT},
                {SAYS({"port", "1/tcp"}), "allow:\n- {port: 1/tcp, need: x}\n- {port: 1/udp, need: TODO}\n", .error = -ENOENT},
                {SAYS({"port", "1/tcp"}), "allow:\n- {port: 1, need: TODO}\n- {process: x, need: TODO}\n", .error = -ENOENT},
                {SAYS({"port", "1/tcp"}, {"unit", "b"}), "allow:\n- {port: 1/tcp, unit: a, need: TODO}\n", .error = -ENOENT},
                {SAYS({"port", "1/tcp"}, {"on", "{name: a}"}), "allow:\n- {port: 1/tcp, on: {zone: a}, need: TODO}\n",
                 .error = -ENOENT},
                {SAYS({"port", "0/tcp"}), "allow:\n- {port: 1/tcp, need: TODO}\n", .error = -ENOENT},
                /* written by hand in a way that is left to hands */
                {SAYS({"port", "1/tcp"}), "allow:\n- port: 1/tcp\n  need: |\n    todo\n", .error = -ENOTSUP},
                {SAYS({"port", "1/tcp"}, {"process", "a"}), "allow:\n- {port: 1/tcp, process: [a], need: TODO}\n",
                 .error = -ENOTSUP},
                {SAYS({"port", "1/tcp"}), "allow: 3\n", .error = -EINVAL},
        };

        for (size_t i = 0; i < array_len(cases); i++)
                expect_filled(&cases[i]);
}

static void test_speed(void **state)
{
        _cleanup_str_ struct str text = {0};
        _cleanup_(fixture_release) struct fixture f;
        size_t approved = 0;
        uint64_t start;

        str_add(&text, "allow:\n");
        for (unsigned i = 0; i < 5000; i++)
                if (i % 10)
                        str_addf(&text, "  - {port: %u/tcp, process: /usr/sbin/nginx, need: n%u}\n", 1 + i * 13, i);
                else
                        str_addf(&text, "  - {port: %u-%u/udp, unit: u%u.service, need: n%u}\n", 1 + i, 1000 + i, i, i);
        fixture_make(&f, text.text, NOW);
        start = clock_monotonic_ns();
        for (unsigned i = 0; i < 50000; i++) {
                struct listener l = listener(i % 2 ? TRANSPORT_TCP : TRANSPORT_UDP, (uint16_t)(1 + i));

                approved += policy_judge_listener(f.judge, &l).verdict == VERDICT_APPROVED;
        }
        print_message("50,000 listeners, 5,000 rules: %.0f ms, %zu approved\n",
                      (double)(clock_monotonic_ns() - start) / 1e6, approved);
        assert_true(approved > 1000);
        assert_true(clock_monotonic_ns() - start < UINT64_C(20000000000)); /* sanitizers and busy machines */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_errors),   cmocka_unit_test(test_forms),    cmocka_unit_test(test_garbage),
                cmocka_unit_test(test_example),
                cmocka_unit_test(test_days),     cmocka_unit_test(test_listeners), cmocka_unit_test(test_expiry),
                cmocka_unit_test(test_observed), cmocka_unit_test(test_unused),   cmocka_unit_test(test_warnings),
                cmocka_unit_test(test_add),      cmocka_unit_test(test_fill),     cmocka_unit_test(test_exact),
                cmocka_unit_test(test_speed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
