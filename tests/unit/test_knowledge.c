/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built on the pages of tests/golden/knowledge and the whole registry. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "knowledge/builtin.h"
#include "knowledge/knowledge.h"

/* --- registry -------------------------------------------------------------------------------- */

static void expect_name(enum transport transport, uint16_t port, const char *name)
{
        struct registry_entry entry = {"unset", "unset"};
        bool found = registry_find(transport, port, &entry);

        assert_int_equal(found, name != NULL);
        assert_string_equal(entry.name, name ? name : "unset");
}

static void test_registry_find(void **state)
{
        struct registry_entry entry;

        expect_name(TRANSPORT_TCP, 0, NULL);
        expect_name(TRANSPORT_TCP, 1, "tcpmux");
        expect_name(TRANSPORT_TCP, 22, "ssh");
        expect_name(TRANSPORT_UDP, 53, "domain");
        expect_name(TRANSPORT_UDPLITE, 53, "domain");
        expect_name(TRANSPORT_SCTP, 9, "discard");
        expect_name(TRANSPORT_SCTP, 1, NULL);
        expect_name(TRANSPORT_RAW, 1, NULL);
        expect_name(TRANSPORT_TCP, 80, "http");            /* and www, www-http */
        expect_name(TRANSPORT_TCP, 2222, "EtherNet-IP-1"); /* and EtherNet/IP-1 */
        expect_name(TRANSPORT_TCP, 465, "submissions");
        expect_name(TRANSPORT_UDP, 465, "igmpv3lite");
        expect_name(TRANSPORT_TCP, 5999, "cvsup");
        expect_name(TRANSPORT_TCP, 6000, "x11");
        expect_name(TRANSPORT_UDP, 6063, "x11");
        expect_name(TRANSPORT_TCP, 6064, "ndl-ahp-svc");
        expect_name(TRANSPORT_TCP, 27009, "flex-lm");
        expect_name(TRANSPORT_TCP, 27011, NULL);
        expect_name(TRANSPORT_TCP, 49150, "inspider");
        expect_name(TRANSPORT_TCP, 65535, NULL);
        expect_name(TRANSPORT_UDP, 65535, NULL);
        assert_true(registry_find(TRANSPORT_TCP, 24, &entry));
        assert_string_equal(entry.name, "");
        assert_string_equal(entry.description, "any private mail system");
}

static void test_registry_range(void **state)
{
        assert_string_equal(registry_range(0), "system");
        assert_string_equal(registry_range(1023), "system");
        assert_string_equal(registry_range(1024), "registered");
        assert_string_equal(registry_range(49151), "registered");
        assert_string_equal(registry_range(49152), "dynamic");
        assert_string_equal(registry_range(65535), "dynamic");
}

/* Every row is found by its number, and by its name. */
static void count_each(enum transport transport, uint16_t port, void *arg)
{
        const struct registry_row *row = *(const struct registry_row **)arg;

        if (row && port == row->first)
                *(const struct registry_row **)arg = NULL;
}

static void test_registry_whole(void **state)
{
        struct registry_entry entry;
        size_t facts = 0;

        for (enum transport t = 0; t < TRANSPORT_MAX; t++)
                for (size_t i = registry_start[t]; i < registry_start[t + 1]; i++) {
                        const struct registry_row *row = &registry_rows[i], *left = row;

                        assert_true(registry_find(t, row->first, &entry));
                        assert_true(registry_find(t, row->last, &entry));
                        facts++;
                        if (!registry_text[row->name])
                                continue;
                        registry_by_name(registry_text + row->name, count_each, &left);
                        assert_null(left);
                }
        assert_true(facts > 11000);
}

static void list_each(enum transport transport, uint16_t port, void *arg)
{
        str_addf(arg, "%u/%s ", port, transport_name(transport));
}

static void test_registry_by_name(void **state)
{
        _cleanup_str_ struct str s = {0};

        registry_by_name("Ssh", list_each, &s);
        assert_string_equal(s.text, "22/tcp 22/udp 22/sctp ");
        str_reset(&s);
        registry_by_name("www", list_each, &s);
        registry_by_name("EtherNet/IP-1", list_each, &s);
        assert_string_equal(s.text, "80/tcp 80/udp 2222/tcp 2222/udp ");
        str_reset(&s);
        registry_by_name("ircu", list_each, &s);
        assert_string_equal(s.text, "6665/tcp 6666/tcp 6667/tcp 6668/tcp 6669/tcp ");
        str_reset(&s);
        registry_by_name("", list_each, &s);
        registry_by_name("no-such-name", list_each, &s);
        registry_by_name("zzzzz", list_each, &s);
        assert_string_equal(s.text, "");
}

/* --- guide ----------------------------------------------------------------------------------- */

struct warnings {
        struct str text;
        unsigned n;
};

static void warn(const char *text, void *arg)
{
        struct warnings *warnings = arg;

        str_addf(&warnings->text, "%s\n", text);
        warnings->n++;
}

static void expect_page(const struct page *page, const char *id)
{
        if (id) {
                assert_non_null(page);
                assert_string_equal(page->id, id);
        } else
                assert_null(page);
}

static void expect_port(const struct knowledge *k, enum transport transport, uint16_t port, const char *id)
{
        expect_page(knowledge_by_port(k, transport, port), id);
}

static void test_built_in(void **state)
{
        _cleanup_(knowledge_freep) struct knowledge *k = knowledge_open(NULL, warn, NULL);
        _cleanup_(knowledge_freep) struct knowledge *none =
                knowledge_open("/nonexistent/knowledge.d", warn, NULL);
        const struct page *const *pages;
        size_t n;

        pages = knowledge_pages(k, &n);
        assert_int_equal(n, 5);
        for (size_t i = 1; i < n; i++)
                assert_true(strcmp(pages[i - 1]->id, pages[i]->id) < 0);
        expect_port(k, TRANSPORT_TCP, 22, "ssh");
        expect_port(none, TRANSPORT_TCP, 22, "ssh");
        expect_port(k, TRANSPORT_UDP, 22, NULL);
        expect_port(k, TRANSPORT_TCP, 2222, NULL); /* also_ports do not judge */
        expect_port(k, TRANSPORT_TCP, 0, NULL);
        expect_port(k, TRANSPORT_TCP, 65535, NULL);
        expect_port(k, TRANSPORT_RAW, 22, NULL);
        expect_page(knowledge_by_word(k, "SSHD"), "ssh");
        expect_page(knowledge_by_word(k, "x window SYSTEM"), "x11");
        expect_page(knowledge_by_word(k, "openssh-server"), NULL);
        expect_page(knowledge_by_word(k, ""), NULL);
        expect_page(knowledge_by_program(k, "Xorg"), "x11");
        expect_page(knowledge_by_program(k, "xorg"), NULL);
        expect_page(knowledge_by_package(k, "openssh-server"), "ssh");
        assert_string_equal(knowledge_by_word(k, "telnet")->source, "built-in");
        assert_string_equal(knowledge_by_word(k, "telnet")->alternative.port, "22/tcp");
        assert_string_equal(knowledge_by_word(k, "telnet")->remediation[0],
                            "Stop and disable it: systemctl disable --now {unit}");
}

static void test_competition(void **state)
{
        _cleanup_(knowledge_freep) struct knowledge *k = knowledge_open(NULL, warn, NULL);

        expect_port(k, TRANSPORT_TCP, 5999, NULL);
        expect_port(k, TRANSPORT_TCP, 6000, "x11");
        expect_port(k, TRANSPORT_TCP, 6004, "x11");
        expect_port(k, TRANSPORT_TCP, 6005, "also-6005"); /* as narrow as inside-x11, first by id */
        expect_port(k, TRANSPORT_TCP, 6006, "x11");
        expect_port(k, TRANSPORT_TCP, 6010, "inside-x11");
        expect_port(k, TRANSPORT_TCP, 6012, "inside-x11");
        expect_port(k, TRANSPORT_TCP, 6013, "x11");
        expect_port(k, TRANSPORT_TCP, 6063, "x11");
        expect_port(k, TRANSPORT_TCP, 6064, NULL);
        expect_port(k, TRANSPORT_UDP, 6010, "inside-x11");
        expect_port(k, TRANSPORT_UDPLITE, 6010, "inside-x11");
        expect_port(k, TRANSPORT_UDP, 6011, NULL);
        expect_port(k, TRANSPORT_SCTP, 100, "also-6005");
}

static void test_near(void **state)
{
        _cleanup_(knowledge_freep) struct knowledge *k = knowledge_open(NULL, warn, NULL);
        const char *words[3];

        assert_int_equal(knowledge_near(k, "tlenet", words, 3),
                         2); /* swapped letters are one edit: telnet, telnetd */
        assert_string_equal(words[0], "telnet");
        assert_int_equal(knowledge_near(k, "OPENSSH", words, 3), 1); /* the beginning of a word */
        assert_string_equal(words[0], "openssh-server");
        assert_true(knowledge_near(k, "microsft-ds", words, 3) >= 1); /* registry */
        assert_string_equal(words[0], "microsoft-ds");
        assert_int_equal(
                knowledge_near(k, "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", words, 3), 0);
        assert_int_equal(knowledge_near(k, "ssh-", words, 0), 0);
}

/* --- overrides ------------------------------------------------------------------------------- */

#define PAGE(id, ports, more)                                    \
        "- id: " id "\n"                                         \
        "  name: Our " id "\n"                                   \
        "  ports: [" ports "]\n"                                 \
        "  what: What we at this site say about it.\n"           \
        "  encrypted: none\n"                                    \
        "  advice: expected\n"                                   \
        "  why: Because here it is just what we need.\n"         \
        "  risk: {loopback: info, link: info, internet: high}\n" \
        "  remediation: [\"Ask the network team\"]\n"            \
        "  references: [RFC 862]\n" more

static int make_directory(void **state)
{
        char template[] = "/tmp/quaymaster-test-knowledge-XXXXXX";

        if (!mkdtemp(template))
                return -1;
        *state = xstrdup(template);
        return 0;
}

static int remove_directory(void **state)
{
        static const char *const names[] = {"10-a.yaml",    "20-b.yaml", "30-c.yaml",
                                            ".hidden.yaml", "x.yml",     "d.yaml"};
        int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        for (size_t i = 0; i < array_len(names); i++)
                if (unlinkat(fd, names[i], 0) < 0)
                        (void)unlinkat(fd, names[i], AT_REMOVEDIR);
        (void)close(fd);
        (void)rmdir(*state);
        free(*state);
        return 0;
}

static void put(const char *dir, const char *name, const char *text)
{
        _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(fchmod(fd, 0644), 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static struct knowledge *open_with(const char *dir, struct warnings *warnings)
{
        str_reset(&warnings->text);
        warnings->n = 0;
        return knowledge_open(dir, warn, warnings);
}

static void test_override(void **state)
{
        struct warnings warnings = {0};
        _cleanup_(knowledge_freep) struct knowledge *k = NULL;
        _cleanup_free_ char *path = xasprintf("%s/10-a.yaml", (char *)*state);
        size_t n;

        put(*state, "10-a.yaml",
            PAGE("telnet", "2323/tcp", "") PAGE("ours", "6000-6063/tcp, 22/tcp", "  programs: [sshd]\n"));
        put(*state, "20-b.yaml", PAGE("third", "7777/tcp", "  aliases: [seven]\n"));
        put(*state, "30-c.yaml", PAGE("third", "7778/tcp", ""));
        put(*state, ".hidden.yaml", "broken");
        put(*state, "x.yml", "broken");
        k = open_with(*state, &warnings);
        assert_string_equal(str_text(&warnings.text), "");
        (void)knowledge_pages(k, &n);
        assert_int_equal(n, 7);
        assert_string_equal(knowledge_by_word(k, "telnet")->source, path);
        assert_int_equal(knowledge_by_word(k, "telnet")->advice, ADVICE_EXPECTED);
        expect_page(knowledge_by_word(k, "telnetd"), NULL); /* the replaced page is gone, alias and all */
        expect_port(k, TRANSPORT_TCP, 23, NULL);
        expect_port(k, TRANSPORT_TCP, 2323, "telnet");
        expect_port(k, TRANSPORT_TCP, 22, "ours");   /* taken over */
        expect_port(k, TRANSPORT_TCP, 6005, "ours"); /* although the built-in range is narrower */
        expect_page(knowledge_by_program(k, "sshd"), "ours");
        expect_page(knowledge_by_program(k, "dropbear"), "ssh");
        expect_port(k, TRANSPORT_TCP, 7777, NULL); /* the later file replaces the earlier */
        expect_port(k, TRANSPORT_TCP, 7778, "third");
        expect_page(knowledge_by_word(k, "seven"), NULL);
        str_release(&warnings.text);
}

static void expect_warning(const char *dir, struct warnings *warnings, const char *fmt)
{
        _cleanup_(knowledge_freep) struct knowledge *k = open_with(dir, warnings);
        _cleanup_str_ struct str expected = {0};

        for (; *fmt; fmt++) /* '%' stands for the directory */
                *fmt == '%' ? str_add(&expected, dir) : str_add_char(&expected, *fmt);
        str_add(&expected, "; the built-in pages stay in force\n");
        assert_string_equal(str_text(&warnings->text), expected.text);
        expect_port(k, TRANSPORT_TCP, 23, "telnet");
        assert_string_equal(knowledge_by_word(k, "telnet")->source, "built-in");
}

static void test_broken_override(void **state)
{
        struct warnings warnings = {0};
        _cleanup_(knowledge_freep) struct knowledge *k = NULL;

        put(*state, "10-a.yaml", PAGE("telnet", "23/tcp", "  aliases: [ok]\n  note: Short.\n"));
        expect_warning(*state, &warnings,
                       "%/10-a.yaml:12: field 'note': has 6 characters, needs at least 10");
        put(*state, "10-a.yaml", PAGE("fine", "99/tcp", "") PAGE("telnet", "23/icmp", ""));
        expect_warning(
                *state, &warnings,
                "%/10-a.yaml:13: field 'ports[0]': '23/icmp' is not a port or range with its transport, as 22/tcp or "
                "5000-5010/udp");
        k = open_with(*state, &warnings);
        expect_page(knowledge_by_word(k, "fine"), NULL); /* a broken file changes nothing at all */
        k = knowledge_free(k);
        put(*state, "20-b.yaml", PAGE("good", "98/tcp", ""));
        k = open_with(*state, &warnings);
        assert_int_equal(warnings.n, 1);
        expect_page(knowledge_by_word(k, "good"), "good"); /* the other file is read */
        str_release(&warnings.text);
}

static void test_override_conflict(void **state)
{
        struct warnings warnings = {0};

        put(*state, "10-a.yaml", PAGE("one", "91/tcp", "  programs: [oned]\n"));
        put(*state, "20-b.yaml",
            PAGE("two", "92/tcp", "  aliases: [deux]\n") PAGE("three", "93/tcp", "  programs: [oned]\n"));
        expect_warning(
                *state, &warnings,
                "%/20-b.yaml:12: page 'three': the program 'oned' is already that of page 'one' in %/10-a.yaml; "
                "drop one");
        str_release(&warnings.text);
}

static void test_override_trust(void **state)
{
        _cleanup_free_ char *path = xasprintf("%s/10-a.yaml", (char *)*state);
        struct warnings warnings = {0};
        _cleanup_(knowledge_freep) struct knowledge *k = NULL;

        put(*state, "10-a.yaml", PAGE("mine", "91/tcp", ""));
        if (geteuid() != 0) { /* then the user's own files are as good as the user's own eyes */
                assert_int_equal(chmod(path, 0666), 0);
                k = open_with(*state, &warnings);
                expect_page(knowledge_by_word(k, "mine"), "mine");
                return;
        }
        assert_int_equal(chmod(path, 0664), 0);
        expect_warning(*state, &warnings, "%/10-a.yaml: ignored, others can write it; chmod go-w it");
        assert_int_equal(chmod(path, 0646), 0);
        expect_warning(*state, &warnings, "%/10-a.yaml: ignored, others can write it; chmod go-w it");
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(chown(path, 65534, 0), 0);
        expect_warning(*state, &warnings, "%/10-a.yaml: ignored, not owned by root; chown root it");
        assert_int_equal(chown(path, 0, 0), 0);
        assert_int_equal(chmod(*state, 0777), 0);
        expect_warning(*state, &warnings, "%: ignored, others can write it; chmod go-w it");
        assert_int_equal(chmod(*state, 0755), 0);
        k = open_with(*state, &warnings);
        assert_int_equal(warnings.n, 0);
        expect_page(knowledge_by_word(k, "mine"), "mine");
        str_release(&warnings.text);
}

static void test_override_odd_files(void **state)
{
        _cleanup_free_ char *sub = xasprintf("%s/d.yaml", (char *)*state);
        _cleanup_free_ char *fifo = xasprintf("%s/10-a.yaml", (char *)*state);
        struct warnings warnings = {0};

        assert_int_equal(mkdir(sub, 0755), 0);
        expect_warning(*state, &warnings, "%/d.yaml: ignored, not a regular file");
        assert_int_equal(rmdir(sub), 0);
        assert_int_equal(mkfifo(fifo, 0600), 0); /* must not hang */
        expect_warning(*state, &warnings, "%/10-a.yaml: ignored, not a regular file");
        str_release(&warnings.text);
}

/* --- controls -------------------------------------------------------------------------------- */

static void test_controls(void **state)
{
        const struct control *baseline = controls_baseline();
        struct control control = {"unset", NULL, NULL};
        size_t n = 0;

        for (; baseline[n].framework; n++) {
                _cleanup_free_ char *text = xasprintf("%s:%s", baseline[n].framework, baseline[n].id);

                assert_true(control_find(text, &control));
                assert_string_equal(control.title, baseline[n].title);
        }
        assert_int_equal(n, 4); /* one of each framework */
        assert_true(control_find("nist-800-53r5:AC-17(2)", &control));
        assert_string_equal(control.id, "AC-17(2)");
        assert_non_null(control.title);
        for (size_t i = 0; i < builtin_n_controls; i++) {
                _cleanup_free_ char *text =
                        xasprintf("%s:%s", builtin_controls[i].framework, builtin_controls[i].id);

                assert_true(control_find(text, &control));
                assert_ptr_equal(control.title, builtin_controls[i].title);
        }
        assert_true(control_find("cis-8.1:99.9", &control));
        assert_string_equal(control.framework, "cis-8.1");
        assert_string_equal(control.id, "99.9");
        assert_null(control.title);
        assert_true(control_find("pci-dss-4.0:99", &control));
        control.framework = "unset";
        assert_false(control_find("cis-8.1", &control));
        assert_false(control_find("cis:4.8", &control));
        assert_false(control_find("iso-27001:A.8", &control));
        assert_false(control_find(":", &control));
        assert_string_equal(control.framework, "unset");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_registry_find),
                cmocka_unit_test(test_registry_range),
                cmocka_unit_test(test_registry_whole),
                cmocka_unit_test(test_registry_by_name),
                cmocka_unit_test(test_built_in),
                cmocka_unit_test(test_competition),
                cmocka_unit_test(test_near),
                cmocka_unit_test_setup_teardown(test_override, make_directory, remove_directory),
                cmocka_unit_test_setup_teardown(test_broken_override, make_directory, remove_directory),
                cmocka_unit_test_setup_teardown(test_override_conflict, make_directory, remove_directory),
                cmocka_unit_test_setup_teardown(test_override_trust, make_directory, remove_directory),
                cmocka_unit_test_setup_teardown(test_override_odd_files, make_directory, remove_directory),
                cmocka_unit_test(test_controls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
