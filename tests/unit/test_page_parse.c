/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "knowledge/page_parse.h"
#include "knowledge/yaml_read.h"

/* A page that is right; tests replace one line of it. */
static const char *const good[] = {
        "- id: demo\n",                                                   /* line 1 */
        "  name: Demo\n",                                                 /* 2 */
        "  aliases: [demod]\n",                                           /* 3 */
        "  ports: [7/tcp, 7-9/udp]\n",                                    /* 4 */
        "  programs: [demod]\n",                                          /* 5 */
        "  packages: [demo-server]\n",                                    /* 6 */
        "  what: A service that only tests have.\n",                      /* 7 */
        "  encrypted: none\n",                                            /* 8 */
        "  advice: review\n",                                             /* 9 */
        "  why: Because nothing else needs it today.\n",                  /* 10 */
        "  risk: {loopback: info, link: low, internet: high}\n",          /* 11 */
        "  remediation: [\"Stop it: systemctl disable --now {unit}\"]\n", /* 12 */
        "  references: [RFC 862]\n",                                      /* 13 */
};

static int parse(const char *text, size_t len, struct parsed_pages *pages, struct pool *pool,
                 struct err *err)
{
        return page_parse(text, len, "t.yaml", "somewhere", pool, pages, err);
}

/* The good page with `line` (from 1) replaced, or with text added when line is 0, must fail with exactly this error. */
static void expect_error(unsigned line, const char *replacement, const char *error)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};
        _cleanup_str_ struct str s = {0};
        struct err err = {0};

        for (unsigned i = 0; i < array_len(good); i++)
                str_add(&s, i + 1 == line ? replacement : good[i]);
        if (!line)
                str_add(&s, replacement);
        assert_int_equal(parse(s.text, s.len, &pages, pool, &err), -EINVAL);
        assert_string_equal(err.text, error);
        assert_int_equal(pages.list.n, 0);
}

static void test_good(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};
        _cleanup_str_ struct str s = {0};
        const struct page *page;
        struct err err = {0};

        str_add(&s, "# a comment\n");
        for (unsigned i = 0; i < array_len(good); i++)
                str_add(&s, good[i]);
        str_add(&s, "  note: >\n    Folded over\n    two lines.\n\n"
                    "  alternative: {protocol: better, port: 10-11/sctp}\n"
                    "  bind: [{package: demo-server, file: /etc/demo, set: \"a\\nb\"}]\n"
                    "  controls: ['nist-800-53r5:AC-17(2)']\n");
        assert_int_equal(parse(s.text, s.len, &pages, pool, &err), 0);
        assert_int_equal(pages.list.n, 1);
        assert_int_equal(pages.list.at[0].line, 2);
        page = &pages.list.at[0].page;
        assert_string_equal(page->id, "demo");
        assert_string_equal(page->source, "somewhere");
        assert_string_equal(page->note, "Folded over two lines.");
        assert_string_equal(page->encrypted, "none");
        assert_int_equal(page->advice, ADVICE_REVIEW);
        assert_int_equal(page->risk_loopback, SEVERITY_INFO);
        assert_int_equal(page->risk_link, SEVERITY_LOW);
        assert_int_equal(page->risk_internet, SEVERITY_HIGH);
        assert_int_equal(page->n_ports, 2);
        assert_int_equal(page->ports[1].transport, TRANSPORT_UDP);
        assert_int_equal(page->ports[1].first, 7);
        assert_int_equal(page->ports[1].last, 9);
        assert_int_equal(page->n_also_ports, 0);
        assert_string_equal(page->alternative.protocol, "better");
        assert_string_equal(page->alternative.port, "10-11/sctp");
        assert_null(page->alternative.package);
        assert_int_equal(page->n_binds, 1);
        assert_string_equal(page->binds[0].set, "a\nb");
        assert_string_equal(page->controls[0], "nist-800-53r5:AC-17(2)");
        assert_string_equal(page->programs[0], "demod");
}

static void test_nothing(void **state)
{
        static const char *const texts[] = {"", "# only a comment\n", "[]", "--- []\n...\n"};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};

        for (size_t i = 0; i < array_len(texts); i++) {
                struct err err = {0};

                assert_int_equal(parse(texts[i], strlen(texts[i]), &pages, pool, &err), 0);
                assert_int_equal(pages.list.n, 0);
        }
}

static void test_bad_fields(void **state)
{
        static const struct {
                unsigned line;
                const char *replacement, *error;
        } cases[] = {
                {1, "- id: Demo\n",
                 "t.yaml:1: field 'id': 'Demo' must be lower-case letters, digits and '-'"},
                {1, "- id: 12\n", "t.yaml:1: field 'id': '12' is not text to YAML; put it in quotes"},
                {1, "- id: -a\n", "t.yaml:1: field 'id': '-a' must be lower-case letters, digits and '-'"},
                {1, "- id: aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde\n",
                 "t.yaml:1: field 'id': has 41 characters, may have at most 40"},
                {2, "  name: \"\"\n", "t.yaml:2: field 'name': has 0 characters, needs at least 1"},
                {2, "  name: yes\n", "t.yaml:2: field 'name': 'yes' is not text to YAML; put it in quotes"},
                {2, "  name: \"a\\0b\"\n", "t.yaml:2: field 'name': holds a control character; remove it"},
                {2, "  name: \"a\\e[31mb\"\n",
                 "t.yaml:2: field 'name': holds a control character; remove it"},
                {2, "  name: \"a\\u202eb\"\n",
                 "t.yaml:2: field 'name': holds a control character; remove it"},
                {2, "  name: [a]\n", "t.yaml:2: field 'name': expected text"},
                {2, "", "t.yaml:1: field 'name': is missing; add it"},
                {3, "  aliases: demod\n",
                 "t.yaml:3: field 'aliases': expected a list ('[a, b]', or lines of '- a')"},
                {3, "  aliases: [a, a]\n", "t.yaml:3: field 'aliases[1]': 'a' is given twice"},
                {4, "  ports:\n    - 7/tcp\n    - 70000/tcp\n",
                 "t.yaml:6: field 'ports[1]': '70000/tcp' is not a port or range with its transport, as 22/tcp or "
                 "5000-5010/udp"},
                {4, "  ports: [7]\n",
                 "t.yaml:4: field 'ports[0]': '7' is not text to YAML; put it in quotes"},
                {4, "  ports: [9-7/tcp]\n",
                 "t.yaml:4: field 'ports[0]': '9-7/tcp' is not a port or range with its transport, as 22/tcp or "
                 "5000-5010/udp"},
                {4, "  ports: [1-9/tcp, 9/tcp]\n",
                 "t.yaml:4: field 'ports[1]': overlaps a port that the list already has"},
                {5, "  programs: [/usr/sbin/demod]\n",
                 "t.yaml:5: field 'programs[0]': '/usr/sbin/demod' must be the base name of an executable: letters, "
                 "digits and '_.+@-'"},
                {7, "  what: Too short.\n", "t.yaml:7: field 'what': has 10 characters, needs at least 20"},
                {8, "  encrypted: maybe\n",
                 "t.yaml:8: field 'encrypted': 'maybe' is none of none, optional, starttls, tls, native, varies"},
                {9, "  advice: Review\n",
                 "t.yaml:9: field 'advice': 'Review' is none of expected, reconfigure, review"},
                {11, "  risk: {loopback: info, link: hgih, internet: high}\n",
                 "t.yaml:11: field 'risk.link': 'hgih' is none of info, low, medium, high, critical"},
                {11, "  risk:\n    loopback: info\n    internet: high\n",
                 "t.yaml:12: field 'risk.link': is missing; add it"},
                {11, "  risk: {loopback: info, lan: low}\n",
                 "t.yaml:11: field 'risk.lan': unknown; known are loopback, link, internet"},
                {11, "  risk: high\n",
                 "t.yaml:11: field 'risk': expected a mapping (lines of 'key: value')"},
                {12, "  remediation: []\n", "t.yaml:12: field 'remediation': needs at least 1 item"},
                {12,
                 "  remediation: [one step...., two step...., three step.., four step..., five step..., six "
                 "step...., seven step.., eight step.., nine step...]\n",
                 "t.yaml:12: field 'remediation': more than 8 items; shorten the list"},
                {13, "  references: [R]\n",
                 "t.yaml:13: field 'references[0]': has 1 characters, needs at least 3"},
                {13, "", "t.yaml:1: field 'references': is missing; add it"},
                {0, "  name: Again\n", "t.yaml:14: field 'name': is given twice"},
                {0, "  bind: [{package: demo, set: x}]\n",
                 "t.yaml:14: field 'bind[0].file': is missing; add it"},
                {0, "  bind: [{package: demo, file: etc/x, set: x}]\n",
                 "t.yaml:14: field 'bind[0].file': 'etc/x' must be an absolute path"},
                {0, "  alternative: {port: 22}\n",
                 "t.yaml:14: field 'alternative.port': '22' is not text to YAML; put it in quotes"},
                {0, "  controls: [SC-8]\n",
                 "t.yaml:14: field 'controls[0]': 'SC-8' is not framework:id, as nist-800-53r5:SC-8 or cis-8.1:4.8"},
                {0, "  note:\n", "t.yaml:14: field 'note': '' is not text to YAML; put it in quotes"},
                {0, "- name: Second\n", "t.yaml:14: field 'id': is missing; add it"},
                {0, "  note: &anchor Some words here\n",
                 "t.yaml:14: field 'note': anchors ('&name') are not supported; remove it"},
                {0, "  note: *alias\n",
                 "t.yaml:14: field 'note': aliases ('*name') are not supported; write the value out"},
                {0, "  note: !!str Some words here\n",
                 "t.yaml:14: field 'note': tags ('!type') are not supported; remove it"},
                {0, "--- []\n", "t.yaml:14: a second document; one file is one document"},
                {0, "  note: \xff\n", "t.yaml:14: not valid YAML: invalid leading UTF-8 octet"},
                {0, "\tnote: x\n", "t.yaml:14: not valid YAML: begins with a tab; indent with blanks"},
        };

        for (size_t i = 0; i < array_len(cases); i++)
                expect_error(cases[i].line, cases[i].replacement, cases[i].error);
}

static void test_unknown_field(void **state)
{
        static const char start[] = "t.yaml:3: field 'colour': unknown; known are id, name, aliases, ports,";
        static const char text[] = "- id: demo\n  name: Demo\n  colour: blue\n";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};
        struct err err = {0};

        assert_int_equal(parse(text, strlen(text), &pages, pool, &err), -EINVAL);
        assert_memory_equal(err.text, start, strlen(start));
}

static void test_not_a_list(void **state)
{
        static const struct {
                const char *text, *error;
        } cases[] = {
                {"id: ssh\n", "t.yaml:1: expected a list ('[a, b]', or lines of '- a')"},
                {"\n\n- just text\n", "t.yaml:3: expected a mapping (lines of 'key: value')"},
                {"[[[[[[[[[[", "t.yaml:1: expected a mapping (lines of 'key: value')"},
                {"- {[a]: b}\n", "t.yaml:1: expected text"},
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};
                struct err err = {0};

                assert_int_equal(parse(cases[i].text, strlen(cases[i].text), &pages, pool, &err), -EINVAL);
                assert_string_equal(err.text, cases[i].error);
        }
}

static void test_same_id_in_a_file(void **state)
{
        _cleanup_str_ struct str s = {0};

        for (unsigned i = 0; i < array_len(good); i++)
                str_add(&s, good[i]);
        expect_error(0, s.text,
                     "t.yaml:14: field 'id': 'demo' is already the page of line 1; ids are unique");
}

/* A small file that would become a large one, a deep one, a long one: each ends at once with an error. */
static void test_bombs(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};
        _cleanup_free_ char *large = xmalloc(YAML_READ_FILE_MAX + 1);
        struct err err = {0};

        expect_error(0, "  note: &a [x, x]\n  x: [*a, *a]\n",
                     "t.yaml:14: field 'note': anchors ('&name') are not supported; remove it");
        memset(large, '[', YAML_READ_FILE_MAX + 1);
        assert_int_equal(parse(large, YAML_READ_FILE_MAX, &pages, pool, &err), -EINVAL);
        assert_int_equal(parse(large, YAML_READ_FILE_MAX + 1, &pages, pool, &err), -EFBIG);
        assert_string_equal(err.text, "t.yaml: larger than 1048576 bytes; split it");
        memset(large, 'x', YAML_READ_FILE_MAX);
        memcpy(large, "- id: ", 6);
        assert_int_equal(parse(large, YAML_READ_FILE_MAX, &pages, pool, &err), -EINVAL);
        assert_string_equal(err.text, "t.yaml:1: field 'id': longer than 4096 bytes; shorten it");
}

/* %TAG directives cost libyaml quadratic time; also behind the document and behind every kind of line break. */
static void test_directives(void **state)
{
        static const char *const texts[] = {"%TAG !a! b\n[]\n",          "\xef\xbb\xbf%YAML 1.1\n--- []\n",
                                            "[]\n...\n%TAG !a! b\n--- ", "# a\r%TAG !a! b\r[]",
                                            "# a\xc2\x85%TAG !a! b\n[]", "# a\xe2\x80\xa8%TAG !a! b\n[]"};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};

        for (size_t i = 0; i < array_len(texts); i++) {
                struct err err = {0};

                assert_int_equal(parse(texts[i], strlen(texts[i]), &pages, pool, &err), -EINVAL);
                assert_string_equal(err.text, i == 2 ? "t.yaml:3: begins with '%'; directives are not supported"
                                                     : "t.yaml:1: begins with '%'; directives are not supported");
        }
        assert_int_equal(parse("# 100 %\n[] # %", 14, &pages, pool, NULL), 0);
}

static void test_too_many_pages(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};
        _cleanup_str_ struct str s = {0};
        struct err err = {0};

        for (unsigned n = 0; n <= PAGES_MAX; n++) {
                str_addf(&s, "- id: demo%u\n", n);
                for (unsigned i = 1; i < array_len(good); i++)
                        str_add(&s, good[i]);
        }
        assert_true(s.len < YAML_READ_FILE_MAX);
        assert_int_equal(parse(s.text, s.len, &pages, pool, &err), -EINVAL);
        assert_string_equal(err.text, "t.yaml:26001: more than 2000 items; shorten the list");
        s.len -= (size_t)(s.text + s.len - strstr(s.text, "- id: demo2000"));
        assert_int_equal(parse(s.text, s.len, &pages, pool, &err), 0);
        assert_int_equal(pages.list.n, PAGES_MAX);
}

static void test_port_range(void **state)
{
        static const char *const bad[] = {"",
                                          "22",
                                          "/tcp",
                                          "22/",
                                          "22/icmp",
                                          "22/raw",
                                          "0/tcp",
                                          "65536/tcp",
                                          "5-/tcp",
                                          "-5/tcp",
                                          "5-4/tcp",
                                          "1-2-3/tcp",
                                          " 1/tcp",
                                          "1/tcp ",
                                          "1/TCP",
                                          "22/udplite",
                                          "1/tcp-2",
                                          "+1/tcp",
                                          "000000000001/tcp",
                                          "00000001-2/tcp"};
        struct port_range range = {TRANSPORT_RAW, 1, 2};
        char text[PORT_RANGE_TEXT_SIZE];

        for (size_t i = 0; i < array_len(bad); i++)
                assert_int_equal(port_range_parse(bad[i], &range), -EINVAL);
        assert_int_equal(range.transport, TRANSPORT_RAW);
        assert_int_equal(port_range_parse("1-65535/sctp", &range), 0);
        assert_int_equal(range.last, 65535);
        assert_string_equal(port_range_format(&range, text), "1-65535/sctp");
        assert_int_equal(port_range_parse("65535/udp", &range), 0);
        assert_string_equal(port_range_format(&range, text), "65535/udp");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),           cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_bad_fields),     cmocka_unit_test(test_unknown_field),
                cmocka_unit_test(test_not_a_list),     cmocka_unit_test(test_same_id_in_a_file),
                cmocka_unit_test(test_bombs),          cmocka_unit_test(test_directives),
                cmocka_unit_test(test_too_many_pages), cmocka_unit_test(test_port_range),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
