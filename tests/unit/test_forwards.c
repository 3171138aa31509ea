/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "collect/forwards.h"
#include "collect/ruleset_json.h"

static int forwards_parse(const char *json, size_t len, uint32_t netns, struct inside *view, struct err *err)
{
        _cleanup_(json_release) json_t *objects = ruleset_json(json, len, err);

        return objects ? forwards_read(objects, netns, view, err) : err->code;
}

static void describe(struct inside *view, int result, struct str *to)
{
        char address[ADDRESS_TEXT_SIZE], target[ADDRESS_TEXT_SIZE];

        vec_foreach (f, &view->forwards)
                str_addf(to, "%s %s %u-%u -> %s %u: %s\n", transport_name(f->transport),
                         f->address.family ? address_format(&f->address, address) : "any", f->port,
                         f->port_last, f->to.family ? address_format(&f->to, target) : "self", f->to_port,
                         f->rule);
        str_addf(to, "not understood: %d\n", result);
}

/* What real tools made (see the README there) against the list beside it. */
static void test_golden(void **state)
{
        static const char *const names[] = {"docker",      "podman",         "kubernetes-iptables",
                                            "extensions",  "kubernetes-nft", "netavark",
                                            "expressions", "shadow"};

        for (size_t i = 0; i < array_len(names); i++) {
                _cleanup_str_ struct str json = {0}, expected = {0}, found = {0};
                _cleanup_(inside_freep) struct inside *view = inside_new();
                _cleanup_free_ char *in = xasprintf("%s/%s.json", GOLDEN_FORWARDS, names[i]);
                _cleanup_free_ char *out = xasprintf("%s/%s.expected", GOLDEN_FORWARDS, names[i]);
                struct err err = {0};

                assert_int_equal(fd_read_file(AT_FDCWD, in, 1 << 20, &json), 0);
                assert_int_equal(fd_read_file(AT_FDCWD, out, 1 << 20, &expected), 0);
                describe(view, forwards_parse(json.text, json.len, 3, view, &err), &found);
                assert_string_equal(str_text(&found), str_text(&expected));
                vec_foreach (f, &view->forwards)
                        assert_int_equal(f->netns, 3);
        }
}

/* Rules in short, as they stand in a nat chain of table ip t at prerouting; other chains after it. */
#define RULESET(chains, rules)                                                                        \
        "{\"nftables\":[{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"pre\",\"handle\":1," \
        "\"type\":\"nat\",\"hook\":\"prerouting\",\"prio\":-100,\"policy\":\"accept\"}}" chains rules "]}"
#define CHAIN(name) ",{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"" name "\",\"handle\":2}}"
#define IN(name, statements)                                              \
        ",{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"" name \
        "\",\"handle\":9,\"expr\":[" statements "]}}"
#define TEXT(statements, text)                                                                          \
        ",{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"pre\",\"handle\":9,\"text\":\"" text \
        "\",\"expr\":[" statements "]}}"
#define DPORT(port)                                                                                    \
        "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}," \
        "\"right\":" port "}}"
#define DNAT     "{\"dnat\":{\"addr\":\"10.0.0.1\",\"port\":80}}"
#define XT       "{\"xt\":{\"type\":\"target\",\"name\":\"DNAT\"}}"
#define JUMP(to) "{\"jump\":{\"target\":\"" to "\"}}"

static int parse(struct inside *view, const char *json)
{
        struct err err = {0};

        return forwards_parse(json, strlen(json), 0, view, &err);
}

static void test_loops_end(void **state)
{
        _cleanup_(inside_freep) struct inside *view = inside_new();

        assert_int_equal(parse(view, RULESET(CHAIN("a") CHAIN("b"),
                                             IN("pre", JUMP("a")) IN("pre", JUMP("pre")) IN("a", JUMP("b"))
                                                     IN("b", JUMP("a")) IN("b", DPORT("5") "," DNAT))),
                         0);
        assert_int_equal(view->forwards.n, 1);
        assert_int_equal(view->forwards.at[0].port, 5);
}

/* Chains that each jump twice to the next double the paths at each level. */
static void test_fan_out_is_bounded(void **state)
{
        _cleanup_(inside_freep) struct inside *view = inside_new();
        _cleanup_str_ struct str json = {0};
        uint64_t start = clock_monotonic_ns();
        struct err err = {0};

        str_add(&json, "{\"nftables\":[{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"c0\","
                       "\"type\":\"nat\",\"hook\":\"prerouting\"}}");
        for (int level = 0; level < 14; level++)
                for (int i = 0; i < 8; i++)
                        str_addf(&json,
                                 ",{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"c%d\","
                                 "\"expr\":[{\"jump\":{\"target\":\"c%d\"}}]}}",
                                 level, level + 1);
        str_add(&json, IN("c14", DPORT("5") "," DNAT) "]}");
        assert_int_equal(forwards_parse(json.text, json.len, 0, view, &err), -E2BIG);
        assert_int_equal(view->forwards.n, 1);
        assert_true(clock_monotonic_ns() - start < 20 * UINT64_C(1000000000));
}

static void test_depth_is_that_of_the_kernel(void **state)
{
        for (int depth = 15; depth <= 16; depth++) {
                _cleanup_(inside_freep) struct inside *view = inside_new();
                _cleanup_str_ struct str json = {0};
                struct err err = {0};

                str_add(&json, RULESET("", IN("pre", JUMP("c1"))));
                json.len -= 2;
                for (int level = 1; level < depth; level++)
                        str_addf(&json,
                                 ",{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"c%d\","
                                 "\"expr\":[{\"jump\":{\"target\":\"c%d\"}}]}}",
                                 level, level + 1);
                str_addf(&json,
                         ",{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"c%d\",\"expr\":[" DPORT(
                                 "5") "," DNAT "]}}]}",
                         depth);
                assert_int_equal(forwards_parse(json.text, json.len, 0, view, &err), 0);
                assert_int_equal(view->forwards.n, depth == 15);
        }
}

/* The second rule is shadowed only when every packet of the first one's port ends there. */
static void test_shadowing(void **state)
{
        static const struct {
                const char *json;
                size_t n;
        } cases[] = {
                {RULESET("", IN("pre", DPORT("5") ",{\"accept\":null}") IN("pre", DPORT("5") "," DNAT)), 0},
                {RULESET("", IN("pre", DPORT("5") ",{\"counter\":null},{\"return\":null}")
                                     IN("pre", DPORT("5") "," DNAT)),
                 0},
                {RULESET("", IN("pre", DPORT("5") ",{\"limit\":{\"rate\":5}},{\"accept\":null}")
                                     IN("pre", DPORT("5") "," DNAT)),
                 1},
                {RULESET("", IN("pre", DPORT("5") ",{\"set\":{\"op\":\"add\"}},{\"accept\":null}")
                                     IN("pre", DPORT("5") "," DNAT)),
                 1},
                {RULESET("", IN("pre", DPORT("6") ",{\"accept\":null}") IN("pre", DPORT("5") "," DNAT)), 1},
                {RULESET("", IN("pre", DPORT("5") ",{\"counter\":null}") IN("pre", DPORT("5") "," DNAT)), 1},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(inside_freep) struct inside *view = inside_new();

                assert_int_equal(parse(view, cases[i].json), 0);
                assert_int_equal(view->forwards.n, cases[i].n);
        }
}

static void test_dormant_tables_forward_nothing(void **state)
{
#define TABLE(flags)                                                                                                 \
        "{\"nftables\":[{\"table\":{\"family\":\"ip\",\"name\":\"t\"" flags "}},"                                    \
        "{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"p\",\"type\":\"nat\",\"hook\":\"prerouting\"}},"   \
        "{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"p\",\"handle\":1,\"expr\":["                       \
        "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":7}}," \
        "{\"redirect\":{\"port\":8}}]}}]}"
        static const struct {
                const char *json;
                size_t n;
        } cases[] = {
                {TABLE(""), 1},
                {TABLE(",\"flags\":\"owner\""), 1},
                {TABLE(",\"flags\":\"dormant\""), 0},
                {TABLE(",\"flags\":[\"owner\",\"dormant\"]"), 0},
                {TABLE(",\"flags\":[1,null]"), 1},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(inside_freep) struct inside *view = inside_new();

                assert_int_equal(parse(view, cases[i].json), 0);
                assert_int_equal(view->forwards.n, cases[i].n);
        }
#undef TABLE
}

static void test_malformed(void **state)
{
        static const struct {
                const char *json;
                int result;
        } cases[] = {
                {"", -EINVAL},
                {"{", -EINVAL},
                {"[]", -EINVAL},
                {"{}", -EINVAL},
                {"{\"nftables\":{}}", -EINVAL},
                {"{\"nftables\":[]} {}", -EINVAL},
                {"{\"netns_fd\":3,\"error\":\"no\",\"errno\":1}", -EPERM},
                {"{\"netns_fd\":3,\"error\":\"no\"}", -EIO},
                {"{\"netns_fd\":3,\"error\":\"no\",\"errno\":-5}", -EIO},
                {"{\"nftables\":[]}", 0},
                {"{\"nftables\":[1,null,[],{},{\"rule\":1},{\"chain\":null},{\"set\":[]}]}", 0},
                {RULESET("", IN("pre", "1,null,[],{},{\"match\":1},{\"vmap\":null},{\"jump\":3}")), 0},
                {RULESET("", IN("pre", "{\"jump\":{\"target\":\"nowhere\"}}")), 0},
                {RULESET("", IN("pre", "{\"dnat\":{}}")), 1},
                {RULESET("", IN("pre", "{\"dnat\":{\"addr\":\"10.0.0\"}}")), 1},
                {RULESET("", IN("pre", "{\"dnat\":{\"addr\":\"10.0.0.1\",\"port\":65536}}")), 1},
                {RULESET("", IN("pre", "{\"dnat\":{\"addr\":\"10.0.0.1\",\"port\":-1}}")), 1},
                {RULESET("", IN("pre", DPORT("\"x\"") "," DNAT)), 1},
                {RULESET("", IN("pre", DPORT("{\"range\":[1]}") "," DNAT)), 1},
                {RULESET("", IN("pre", DPORT("{\"range\":[9,1]}") "," DNAT)), 0},
                {RULESET("", IN("pre", DPORT("70000") "," DNAT)), 1},
                {RULESET("", IN("pre", DPORT("\"@missing\"") "," DNAT)), 0},
                {RULESET("", IN("pre", DPORT("0") "," DNAT)), 0},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(inside_freep) struct inside *view = inside_new();

                assert_int_equal(parse(view, cases[i].json), cases[i].result);
                assert_int_equal(view->forwards.n, 0);
        }
}

static void test_deep_nesting(void **state)
{
        _cleanup_(inside_freep) struct inside *view = inside_new();
        _cleanup_str_ struct str json = {0};
        struct err err = {0};

        str_add(&json, "{\"nftables\":");
        for (int i = 0; i < 100000; i++)
                str_add_char(&json, '[');
        assert_int_equal(forwards_parse(json.text, json.len, 0, view, &err), -EINVAL);

        str_reset(&json);
        str_add(&json, RULESET("", IN("pre", "{\"match\":{\"op\":\"==\",\"right\":5,\"left\":")));
        json.len -= strlen("]}}]}");
        for (int i = 0; i < 500; i++)
                str_add(&json, "{\"&\":[");
        str_add(&json, "1");
        for (int i = 0; i < 500; i++)
                str_add(&json, "]}");
        str_add(&json, "}}," DNAT "]}}]}");
        assert_int_equal(forwards_parse(json.text, json.len, 0, view, &err), 1);
        assert_int_equal(view->forwards.n, 0);
}

static void test_too_large_is_not_read(void **state)
{
        _cleanup_(inside_freep) struct inside *view = inside_new();
        struct err err = {0};

        assert_int_equal(forwards_parse("", RULESET_MAX_JSON + 1, 0, view, &err), -EFBIG);
}

/* The translated line of an iptables target: result of the parse, and the one forward it gives. */
static void test_translated_text(void **state)
{
        static const struct {
                const char *json;
                int result;
                unsigned port, port_last, to_port;
                const char *to;
        } cases[] = {
                {RULESET("", TEXT(XT, "counter dnat to 10.1.1.1:81")), 0, 1, 65535, 81, "10.1.1.1"},
                {RULESET("", TEXT(DPORT("5") "," XT, "tcp dport 5 counter dnat to 10.1.1.1")), 0, 5, 5, 0,
                 "10.1.1.1"},
                {RULESET("", TEXT(DPORT("5") "," XT, "dnat to 10.1.1.1-10.1.1.9:7-8 random")), 0, 5, 5, 7,
                 "10.1.1.1"},
                {RULESET("", TEXT(DPORT("5") "," XT, "dnat to :99")), 0, 5, 5, 99, ""},
                {RULESET("", TEXT(DPORT("5") "," XT, "redirect")), 0, 5, 5, 0, ""},
                {RULESET("", TEXT(DPORT("5") "," XT, "redirect to :6 # handle 9")), 0, 5, 5, 6, ""},
                {RULESET("", TEXT(XT, "tcp dport { 5-7, 6-9 } dnat to 10.1.1.1")), 0, 5, 9, 0, "10.1.1.1"},
                {RULESET("", TEXT(XT, "tcp dport != 1-60000 dnat to 10.1.1.1")), 0, 60001, 65535, 0,
                 "10.1.1.1"},
                {RULESET("", TEXT(DPORT("5") "," XT, "comment \\\"dnat to 1.1.1.1\\\" dnat to 10.1.1.1")), 0,
                 5, 5, 0, "10.1.1.1"},
                {RULESET("", TEXT(DPORT("5") "," XT, "counter xt target \\\"DNAT\\\"")), 1},
                {RULESET("", TEXT(DPORT("5") "," XT, "dnat to 10.1.1.1:99999")), 1},
                {RULESET("", TEXT(DPORT("5") "," XT, "dnat to 10.1.1.1x")), 1},
                {RULESET("", TEXT(DPORT("5") "," XT, "dnat to [10.1.1.1")), 1},
                {RULESET("", TEXT(DPORT("5") "," XT, "dnat to")), 1},
                {RULESET("", TEXT(DPORT("5") "," XT, "\\\"")), 1},
                {RULESET("", TEXT(XT, "tcp dport { 5, dnat to 10.1.1.1")), 1},
                {RULESET("", TEXT(XT, "xt match multiport dnat to 10.1.1.1")), 0, 1, 65535, 0, "10.1.1.1"},
                {RULESET("", TEXT("{\"xt\":{\"type\":\"match\",\"name\":\"multiport\"}}," XT,
                                  "xt match multiport dnat to 10.1.1.1")),
                 1},
                {RULESET("", IN("pre", XT)), 1},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(inside_freep) struct inside *view = inside_new();
                char to[ADDRESS_TEXT_SIZE];

                assert_int_equal(parse(view, cases[i].json), cases[i].result);
                if (cases[i].result) {
                        assert_int_equal(view->forwards.n, 0);
                        continue;
                }
                assert_true(view->forwards.n > 0);
                assert_int_equal(view->forwards.at[0].transport, TRANSPORT_TCP);
                assert_int_equal(view->forwards.at[0].port, cases[i].port);
                assert_int_equal(view->forwards.at[0].port_last, cases[i].port_last);
                assert_int_equal(view->forwards.at[0].to_port, cases[i].to_port);
                assert_string_equal(address_format(&view->forwards.at[0].to, to), cases[i].to);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),
                cmocka_unit_test(test_loops_end),
                cmocka_unit_test(test_fan_out_is_bounded),
                cmocka_unit_test(test_depth_is_that_of_the_kernel),
                cmocka_unit_test(test_shadowing),
                cmocka_unit_test(test_dormant_tables_forward_nothing),
                cmocka_unit_test(test_malformed),
                cmocka_unit_test(test_deep_nesting),
                cmocka_unit_test(test_too_large_is_not_read),
                cmocka_unit_test(test_translated_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
