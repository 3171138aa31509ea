/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On the pages of tests/golden/knowledge; what a reader sees is compared with tests/golden/explain. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/wrap.h"
#include "cli/explain.h"

static int open_knowledge(void **state)
{
        *state = knowledge_open(NULL, NULL, NULL);
        return 0;
}

static int close_knowledge(void **state)
{
        *state = knowledge_free(*state);
        return 0;
}

/* "id:match ..." of the pages, then the ports, that a word gives. */
static void expect_found(const struct knowledge *k, const char *word, const char *expected)
{
        _cleanup_(explained_release) struct explained e = {0};
        _cleanup_str_ struct str s = {0};
        struct err err = {0};
        int rc = explain_find(k, word, &e, &err);

        if (rc < 0)
                str_add(&s, err.text);
        vec_foreach (page, &e.pages)
                str_addf(&s, "%s:%d ", page->page->id, page->match);
        vec_foreach (port, &e.ports)
                str_addf(&s, "%u ", port->port);
        assert_string_equal(str_text(&s), expected);
        assert_true(rc < 0 || e.pages.n || e.ports.n);
}

static void test_find(void **state)
{
        expect_found(*state, "23", "telnet:0 23 ");
        expect_found(*state, "23/tcp", "telnet:0 23 ");
        expect_found(*state, "23/TCP", "telnet:0 23 ");
        expect_found(*state, "23/udp", "23 ");
        expect_found(*state, "2222", "ssh:1 2222 ");
        expect_found(*state, "6005", "also-6005:0 inside-x11:0 x11:0 6005 ");
        expect_found(*state, "6010/udp", "inside-x11:0 6010 ");
        expect_found(*state, "0", "0 ");
        expect_found(*state, "65535/sctp", "65535 ");
        expect_found(*state, "TELNET", "telnet:2 ");
        expect_found(*state, "x window system", "x11:2 ");
        expect_found(*state, "www", "80 ");
        expect_found(*state, "EtherNet-IP-1",
                     "ssh:1 2222 "); /* registered name of a number that a page mentions */
        expect_found(*state, "microsoft-ds", "445 ");
        expect_found(*state, "ircu", "6665 6666 6667 6668 6669 ");
        expect_found(*state, "in.telnetd", "telnet:2 ");
        expect_found(*state, "/usr/sbin/sshd", "ssh:2 ");
        expect_found(*state, "openssh-server", "ssh:2 ");
        expect_found(*state, "914c/g", "211 ");
}

static void test_not_found(void **state)
{
        expect_found(*state, "65536", "'65536' is not a port: ports are 0 to 65535");
        expect_found(*state, "99999999999999999999999999",
                     "'99999999999999999999999999' is not a port: ports are 0 to 65535");
        expect_found(*state, "23/", "'23/': the transport must be tcp, udp or sctp, as in 23/tcp");
        expect_found(*state, "23/icmp", "'23/icmp': the transport must be tcp, udp or sctp, as in 23/tcp");
        expect_found(*state, "23/\033[1m",
                     "'23/\\x1b[1m': the transport must be tcp, udp or sctp, as in 23/tcp");
        expect_found(*state, "8000-8080", "'8000-' begins a range; ask for one port at a time");
        expect_found(*state, "tlenet", "nothing is known as 'tlenet'; near: telnet, telnetd");
        expect_found(*state, "\033[31mxyzzyxyzzy",
                     "nothing is known as '\\x1b[31mxyzzyxyzzy'; give a port (23, 23/tcp), a protocol "
                     "(telnet), a program (sshd) or a package (openssh-server)");
        expect_found(*state, "",
                     "nothing is known as ''; give a port (23, 23/tcp), a protocol (telnet), a program "
                     "(sshd) or a package (openssh-server)");
}

static void expect_step(const char *step, uint16_t port, const char *expected)
{
        _cleanup_str_ struct str s = {0};

        explain_step(&s, step, port);
        assert_string_equal(str_text(&s), expected);
}

static void test_step(void **state)
{
        expect_step("stop {unit}, drop {package} of {exe}", 0, "stop <unit>, drop <package> of <exe>");
        expect_step("close {port}{port}", 23, "close 2323");
        expect_step("close {port}", 0, "close <port>");
        expect_step("awk '{print $1}' {", 0, "awk '{print $1}' {");
        expect_step("{units} {unit", 0, "{units} {unit");
        expect_step("", 0, "");
}

/* What explain prints equals the file in tests/golden/explain; run with UPDATE_GOLDEN=1 to write it anew. */
static void expect_golden(const struct str *s, const char *name)
{
        _cleanup_free_ char *path = xasprintf("%s/explain/%s", GOLDEN_DIR, name);
        _cleanup_str_ struct str golden = {0};

        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                assert_int_equal(fd_write_all(fd, str_text(s), s->len), 0);
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 20, &golden), 0);
        assert_string_equal(str_text(s), str_text(&golden));
}

static void test_golden(void **state)
{
        static const struct {
                const char *word, *name;
                struct explain_style style;
        } cases[] = {
                {"23", "telnet", {false, 80}},           {"ssh", "ssh-narrow", {false, 50}},
                {"2222/tcp", "ssh-colour", {true, 100}}, {"6005", "competition", {false, 80}},
                {"27017", "no-page", {false, 80}},       {"www", "registered-name", {false, 80}},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_free_ char *text_name = xasprintf("%s.txt", cases[i].name);
                _cleanup_free_ char *json_name = xasprintf("%s.json", cases[i].name);
                _cleanup_(explained_release) struct explained e = {0};
                _cleanup_str_ struct str text = {0}, json = {0};

                assert_int_equal(explain_find(*state, cases[i].word, &e, NULL), 0);
                explain_text(&e, &cases[i].style, &text);
                explain_json(&e, &json);
                expect_golden(&text, text_name);
                expect_golden(&json, json_name);
                for (const char *line = text.text; *line && !cases[i].style.colour;
                     line = strchr(line, '\n') + 1)
                        assert_true(strcspn(line, "\n") <= cases[i].style.width);
        }
}

static void expect_wrap(const char *text, unsigned at, unsigned indent, unsigned width, const char *expected)
{
        _cleanup_str_ struct str s = {0};

        wrap_add(&s, text, at, indent, width);
        assert_string_equal(s.text, expected);
}

static void test_wrap(void **state)
{
        expect_wrap("", 0, 2, 10, "\n");
        expect_wrap("one two three", 0, 2, 9, "  one two\n  three\n");
        expect_wrap("one two three", 0, 2, 8, "  one\n  two\n  three\n");
        expect_wrap("one two", 6, 4, 11, "one\n    two\n");
        expect_wrap("  one   two  ", 0, 0, 80, "one two\n");
        expect_wrap("a-word-longer-than-that and more", 0, 1, 5, " a-word-longer-than-that\n and\n more\n");
        expect_wrap("one\ntwo", 0, 1, 80, " one\n two\n");
        expect_wrap("\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6", 0, 0, 7,
                    "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6\n"); /* columns, not bytes */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find),   cmocka_unit_test(test_not_found), cmocka_unit_test(test_step),
                cmocka_unit_test(test_golden), cmocka_unit_test(test_wrap),
        };

        return cmocka_run_group_tests(tests, open_knowledge, close_knowledge);
}
