/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "base/wire.h"

static void test_err(void **state)
{
        struct err err = {0};
        char path[600];

        assert_int_equal(err_set(&err, -EINVAL, "port %d out of range", 70000), -EINVAL);
        assert_int_equal(err_prefix(&err, "rule %d", 3), -EINVAL);
        assert_string_equal(err.text, "rule 3: port 70000 out of range");
        assert_int_equal(err_errno(&err, ENOENT, "cannot open '%s'", "/x"), -ENOENT);
        assert_string_equal(err.text, "cannot open '/x': No such file or directory");
        memset(path, 'a', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(err_errno(&err, EIO, "%s", path), -EIO);
        assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
        assert_int_equal(err_set(NULL, -EPERM, "no place for it"), -EPERM);
}

static void test_str(void **state)
{
        _cleanup_str_ struct str s = {0};
        uint64_t v = 7;

        assert_string_equal(str_text(&s), "");
        str_reserve(&s, 100);
        assert_string_equal(str_text(&s), ""); /* as after an empty file was read */
        str_add_u64(&s, UINT64_MAX);
        str_addf(&s, " %s", "x");
        str_add_char(&s, '!');
        assert_string_equal(s.text, "18446744073709551615 x!");
        assert_string_equal(str_after("tcp:80", "tcp:"), "80");
        assert_null(str_after("tc", "tcp"));
        assert_true(str_ends("ssh.service", ".service"));
        assert_false(str_ends("x", ".service"));
        assert_int_equal(str_to_u64("65536", 65535, &v), -ERANGE);
        assert_int_equal(str_to_u64("99999999999999999999999", UINT64_MAX, &v), -ERANGE);
        assert_int_equal(str_to_u64(" 1", 10, &v), -EINVAL);
        assert_int_equal(str_to_u64("", 10, &v), -EINVAL);
        assert_int_equal(v, 7);
        assert_int_equal(str_to_u64("65535", 65535, &v), 0);
        assert_int_equal(v, 65535);
        assert_string_equal(str_basename("/usr/sbin/sshd"), "sshd");
}

static void test_pool_and_map(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct map names = {0}, numbers = {0};
        uint64_t value = 0;
        char text[32];

        for (unsigned i = 0; i < 5000; i++) {
                (void)snprintf(text, sizeof(text), "name-%u", i);
                map_put_str(&names, pool_intern(pool, text), i);
                map_put(&numbers, (uint64_t)i << 32, i);
                memset(pool_alloc(pool, i), 0xff, i);
        }
        for (unsigned i = 0; i < 5000; i++) {
                (void)snprintf(text, sizeof(text), "name-%u", i);
                assert_true(map_get_str(&names, text, &value));
                assert_int_equal(value, i);
                assert_ptr_equal(pool_intern(pool, text), pool_printf(pool, "name-%u", i));
                assert_true(map_get(&numbers, (uint64_t)i << 32, &value));
                assert_int_equal(value, i);
        }
        assert_true(map_get_str_n(&names, "name-12", 6, &value));
        assert_int_equal(value, 1);
        assert_false(map_get_str(&names, "name-", NULL));
        assert_false(map_get(&numbers, 1, NULL));
        map_put_str(&names, "name-1", 99);
        assert_true(map_get_str(&names, "name-1", &value));
        assert_int_equal(value, 99);
        assert_null(pool_intern(pool, NULL));
        map_release(&names);
        map_release(&numbers);
}

static void test_wire(void **state)
{
        static const uint8_t bytes[] = {1, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 9};
        struct wire w = wire_over(bytes, sizeof(bytes)), sub;

        assert_int_equal(wire_u8(&w), 1);
        assert_int_equal(wire_be16(&w), 0x1234);
        sub = wire_sub(&w, 4);
        assert_int_equal(wire_be32(&sub), 0xdeadbeef);
        assert_int_equal(wire_u8(&sub), 0);
        assert_true(sub.bad);
        assert_false(w.bad);
        assert_int_equal(wire_left(&w), 1);
        assert_int_equal(wire_be16(&w), 0);
        assert_true(w.bad);
        assert_int_equal(wire_u8(&w), 0); /* sticky: the byte that is left is not handed out */
}

static void test_json(void **state)
{
        _cleanup_str_ struct str s = {0};
        struct json j = json_to(&s);

        json_open_object(&j, NULL);
        json_str(&j, "a", "q\"\\\n\x1b[0m\xff\xc3\xa9\xe2\x80\xae\xc2\x9b");
        json_open_array(&j, "l");
        json_u64(&j, NULL, 1);
        json_open_object(&j, NULL);
        json_end(&j);
        json_put_null(&j, NULL);
        json_end(&j);
        json_bool(&j, "b", true);
        json_str(&j, "n", NULL);
        json_end_line(&j);
        assert_string_equal(s.text, "{\"a\":\"q\\\"\\\\\\n\\u001b[0m\\ufffd\xc3\xa9\\u202e\\u009b\","
                                    "\"l\":[1,{},null],\"b\":true,\"n\":null}\n");
}

static void write_json_text(struct str *to, const char *text)
{
        struct json j = json_to(to);

        str_reset(to);
        json_str(&j, NULL, text);
}

/* Text is looked at in steps of eight bytes: wherever a byte stands, it is written as it is alone. */
static void test_json_bytes_anywhere(void **state)
{
        _cleanup_str_ struct str alone = {0}, inside = {0}, expected = {0};

        for (int byte = 1; byte < 256; byte++)
                for (size_t at = 0; at < 17; at++) {
                        char one[] = {(char)byte, '\0'}, text[] = "abcdefgh~ !#[]{}z";

                        text[at] = (char)byte;
                        write_json_text(&alone, one);
                        write_json_text(&inside, text);
                        str_reset(&expected);
                        str_addf(&expected, "\"%.*s%.*s%s\"", (int)at, text, (int)alone.len - 2, alone.text + 1,
                                 text + at + 1);
                        assert_string_equal(inside.text, expected.text);
                }
}

static void test_text(void **state)
{
        static const struct {
                const char *in, *printable, *html;
        } cases[] = {
                {"plain", "plain", "plain"},
                {"<b>&'\"", "<b>&'\"", "&lt;b&gt;&amp;&#39;&quot;"},
                {"\x1b]0;x\x07", "\\x1b]0;x\\x07", "\\x1b]0;x\\x07"},
                {"\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf"},         /* overlong */
                {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"}, /* surrogate */
                {"caf\xc3\xa9", "caf\xc3\xa9", "caf\xc3\xa9"},
                {"a\xe2\x80\xae" "b", "a\\u{202e}b", "a\\u{202e}b"},
                {"\xef\xbf\xbe\xef\xbf\xbf", "\\u{fffe}\\u{ffff}", "\\u{fffe}\\u{ffff}"}, /* no YAML or XML holds them */
                {"cut \xe2\x82", "cut \\xe2\\x82", "cut \\xe2\\x82"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str p = {0}, h = {0};

                text_add_printable(&p, cases[i].in);
                text_add_html(&h, cases[i].in);
                assert_string_equal(str_text(&p), cases[i].printable);
                assert_string_equal(str_text(&h), cases[i].html);
        }
}

static void test_shell_word(void **state)
{
        static const struct {
                const char *in, *word; /* NULL: none */
        } cases[] = {
                {"/usr/sbin/nginx", "/usr/sbin/nginx"}, {"getty@tty1.service", "getty@tty1.service"},
                {"a\\x2db.service", "'a\\x2db.service'"}, {"$(id)", "'$(id)'"}, {"a b;c`d\"!*?", "'a b;c`d\"!*?'"},
                {"x=1~rc", "'x=1~rc'"}, {"\u00fc", "'\u00fc'"}, {"it's", NULL}, {"", NULL}, {"a\nb", NULL},
                {"\x1b[1m", NULL}, {"a\u202e", NULL}, {"\xff", NULL},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str s = {0};

                assert_int_equal(text_add_shell_word(&s, cases[i].in), cases[i].word != NULL);
                assert_string_equal(str_text(&s), cases[i].word ? cases[i].word : "");
        }
}

static void test_clock(void **state)
{
        char text[CLOCK_TEXT_SIZE];

        assert_string_equal(clock_format(1772323200, text), "2026-03-01T00:00:00Z");
        assert_true(clock_now_s() > 1700000000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_err),  cmocka_unit_test(test_str),  cmocka_unit_test(test_pool_and_map),
                cmocka_unit_test(test_wire), cmocka_unit_test(test_json),
                cmocka_unit_test(test_json_bytes_anywhere), cmocka_unit_test(test_text),
                cmocka_unit_test(test_shell_word), cmocka_unit_test(test_clock),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
