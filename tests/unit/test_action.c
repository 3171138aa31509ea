/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "model/action.h"

#define VALUES(...) ((const struct action_value[]){__VA_ARGS__, {NULL, NULL}})

static void test_names(void **state)
{
        for (unsigned i = 0; i < ACTION_KIND_MAX; i++)
                assert_int_equal(action_kind_parse(action_kind_name((enum action_kind)i)), i);
        assert_int_equal(action_kind_parse("shell"), ACTION_KIND_MAX);
}

/* One value that is well, in an action that needs no other. */
struct one {
        enum action_kind kind;
        const char *name, *text;
        bool well;
};

/* A line of the firewall may have 1 MiB, a property of a unit 4 KiB. */
static void test_long_lines(void **state)
{
        static const struct {
                enum action_kind kind;
                const char *name, *start;
                size_t max;
                struct action_value other;
        } cases[] = {
                {ACTION_FIREWALL, "allow", "allow tcp 22 from ", 1 << 20, {"log", "yes"}},
                {ACTION_FIREWALL, "zone", "zone a ", 1 << 20, {"log", "yes"}},
                {ACTION_PUBLISHED, "deny", "deny tcp 22 from ", 1 << 20, {"log", "yes"}},
                {ACTION_UNIT_SANDBOX, "property", "IPAddressAllow=", 4096 + strlen("IPAddressAllow="), {"unit", "a.service"}},
        };

        for (size_t i = 0; i < array_len(cases); i++)
                for (size_t over = 0; over < 2; over++) {
                        _cleanup_str_ struct str line = {0};

                        str_add(&line, cases[i].start);
                        while (line.len < cases[i].max + over)
                                str_add_char(&line, '1');
                        assert_int_equal(
                                action_check(cases[i].kind, VALUES({cases[i].name, line.text}, cases[i].other), NULL),
                                over ? -EINVAL : 0);
                }
}

static void test_forms(void **state)
{
        static const struct one cases[] = {
                {ACTION_UNIT_STOP, "unit", "telnet.socket", true},
                {ACTION_UNIT_STOP, "unit", "postgresql@15-main.service", true},
                {ACTION_UNIT_STOP, "unit", "a-b\\x2dc@x.timer", true},
                {ACTION_UNIT_STOP, "unit", "multi-user.target", false},
                {ACTION_UNIT_STOP, "unit", "../x.service", false},
                {ACTION_UNIT_STOP, "unit", "a/b.service", false},
                {ACTION_UNIT_STOP, "unit", "--now.service", false},
                {ACTION_UNIT_STOP, "unit", ".service", false},
                {ACTION_UNIT_STOP, "unit", "@.service", false},
                {ACTION_UNIT_STOP, "unit", "a b.service", false},
                {ACTION_UNIT_STOP, "unit", "a\n.service", false},
                {ACTION_UNIT_STOP, "unit", "", false},
                {ACTION_UNIT_STOP, "path", "x.service", false},
                {ACTION_SYSV_STOP, "script", "tftpd-hpa", true},
                {ACTION_SYSV_STOP, "script", "../../bin/sh", false},
                {ACTION_SYSV_STOP, "script", "-x", false},
                {ACTION_PACKAGE_REMOVE, "package", "telnetd", true},
                {ACTION_PACKAGE_REMOVE, "package", "libc6:i386", true},
                {ACTION_PACKAGE_REMOVE, "package", "g++", true},
                {ACTION_PACKAGE_REMOVE, "package", "-y", false},
                {ACTION_PACKAGE_REMOVE, "package", "a b", false},
                {ACTION_PACKAGE_REMOVE, "package", "Apache", false},
                {ACTION_PUBLISHED, "deny", "deny tcp 8080 from internet", true},
                {ACTION_PUBLISHED, "deny", "deny tcp 8080; flush ruleset", false},
                {ACTION_PUBLISHED, "deny", "deny tcp 80 # \"", false},
                {ACTION_PUBLISHED, "deny", "deny tcp 80\n}", false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct err err = {0};
                int r = action_check(cases[i].kind, VALUES({cases[i].name, cases[i].text}), &err);

                if ((r == 0) != cases[i].well)
                        fail_msg("%s '%s': %d %s", cases[i].name, cases[i].text, r, err.text);
                if (!cases[i].well)
                        assert_true(err.text[0] && !strchr(err.text, '\n'));
        }
}

static void test_properties(void **state)
{
        static const struct {
                const char *text;
                bool well;
        } cases[] = {
                {"IPAddressDeny=any", true},
                {"IPAddressAllow=localhost 10.0.0.0/8 ::1", true},
                {"RestrictAddressFamilies=AF_UNIX AF_INET", true},
                {"SocketBindDeny=any", true},
                {"SocketBindDeny=", false},
                {"ExecStart=/bin/sh", false},
                {"IPAddressDeny=any\nExecStart=/bin/sh", false},
                {"IPAddressDeny", false},
                {"IPAddressDeny=%i", false},
        };

        for (size_t i = 0; i < array_len(cases); i++)
                assert_int_equal(action_check(ACTION_UNIT_SANDBOX,
                                              VALUES({"unit", "x.service"}, {"property", cases[i].text}),
                                              NULL),
                                 cases[i].well ? 0 : -EINVAL);
}

static void assert_refused(enum action_kind kind, const struct action_value *values, const char *words)
{
        struct err err = {0};

        assert_int_equal(action_check(kind, values, &err), -EINVAL);
        assert_string_equal(err.text, words);
}

static void test_how_many(void **state)
{
        assert_int_equal(action_check(ACTION_FIREWALL, VALUES({NULL, NULL}), NULL), 0);
        assert_refused(ACTION_UNIT_STOP, VALUES({NULL, NULL}), "an action 'unit-stop' needs 'unit'");
        assert_int_equal(
                action_check(ACTION_UNIT_STOP, VALUES({"unit", "a.socket"}, {"unit", "a.service"}), NULL),
                0);
        assert_refused(ACTION_SYSV_STOP, VALUES({"script", "a"}, {"script", "b"}),
                       "an action 'sysv-stop' takes 'script' once");
        assert_refused(ACTION_BIND_LOOPBACK, VALUES({"recipe", "redis"}),
                       "an action 'bind-loopback' needs 'unit'");
        assert_refused(ACTION_BIND_LOOPBACK, VALUES({"unit\n", "x"}),
                       "an action 'bind-loopback' takes no such value");
}

static void test_request(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str text = {0};
        struct action a = {.kind = ACTION_UNIT_STOP,
                           .id = "unit-stop:telnet.socket",
                           .values = VALUES({"unit", "telnet.socket"}, {"unit", "a\\x2db@.service"})},
                      back;
        struct err err = {0};

        action_request_write(&a, &text);
        assert_string_equal(str_text(&text),
                            "{\"id\":\"unit-stop:telnet.socket\",\"kind\":\"unit-stop\",\"values\":"
                            "[[\"unit\",\"telnet.socket\"],[\"unit\",\"a\\\\x2db@.service\"]]}\n");
        assert_int_equal(action_request_read(text.text, text.len, pool, &back, &err), 0);
        assert_int_equal(back.kind, ACTION_UNIT_STOP);
        assert_string_equal(back.id, a.id);
        assert_string_equal(action_value(&back, "unit", 0), "telnet.socket");
        assert_string_equal(action_value(&back, "unit", 1), "a\\x2db@.service");
        assert_null(action_value(&back, "unit", 2));
}

static void test_request_refused(void **state)
{
        static const char *const texts[] = {
                "",
                "{}",
                "[]",
                "{\"id\":\"a\",\"kind\":\"unit-stop\"}",
                "{\"id\":\"a\",\"kind\":\"shell\",\"values\":[]}",
                "{\"id\":\"a b\",\"kind\":\"firewall\",\"values\":[]}",
                "{\"id\":\"a\",\"kind\":\"firewall\",\"values\":[[\"log\"]]}",
                "{\"id\":\"a\",\"kind\":\"firewall\",\"values\":[[\"log\",\"yes\",\"x\"]]}",
                "{\"id\":\"a\",\"kind\":\"firewall\",\"values\":[[\"log\",1]]}",
                "{\"id\":\"a\",\"kind\":\"firewall\",\"values\":[],\"command\":\"x\"}",
                "{\"id\":\"a\",\"kind\":\"firewall\",\"values\":[]} {}",
                "{\"id\":\"a\",\"kind\":\"firewall\",\"values\":[]",
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        for (size_t i = 0; i < array_len(texts); i++) {
                struct err err = {0};
                struct action a;

                if (action_request_read(texts[i], strlen(texts[i]), pool, &a, &err) != -EINVAL ||
                    !err.text[0])
                        fail_msg("taken: %s", texts[i]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),      cmocka_unit_test(test_forms), cmocka_unit_test(test_long_lines),
                cmocka_unit_test(test_properties), cmocka_unit_test(test_how_many),
                cmocka_unit_test(test_request),    cmocka_unit_test(test_request_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
