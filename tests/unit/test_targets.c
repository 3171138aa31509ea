/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets and ports as people write them, with a resolver and an estate of the test's own. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "scan/ports.h"
#include "scan/targets.h"
#include "tree.h"

/* --- an estate ------------------------------------------------------------------------------- */

static struct address address_of(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

static struct address_range range_of(const char *text)
{
        struct address_range range;

        assert_int_equal(address_range_parse(text, true, &range, NULL, NULL), 0);
        return range;
}

static void add(struct range_set *set, const char *text)
{
        struct address_range range = range_of(text);

        range_set_add(set, &range);
        range_set_normalize(set);
}

static const char *tags_web[] = {"web", "pci"}, *tags_db[] = {"pci"}, *tags_out[] = {"lost"};
static const char *names_app[] = {"app.example"};
static struct address web_addresses[2], db_addresses[1], out_addresses[1];
static struct estate_asset assets[] = {
        {.name = "web1",
         .addresses = web_addresses,
         .n_addresses = 2,
         .tags = tags_web,
         .n_tags = 2,
         .line = 11},
        {.name = "db1",
         .addresses = db_addresses,
         .n_addresses = 1,
         .tags = tags_db,
         .n_tags = 1,
         .line = 15},
        {.name = "out1",
         .addresses = out_addresses,
         .n_addresses = 1,
         .tags = tags_out,
         .n_tags = 1,
         .line = 19},
        {.name = "app1", .names = names_app, .n_names = 1, .tags = NULL, .line = 23},
        {.name = "bare", .line = 27},
};
static struct estate_network networks[4];
static struct estate estate = {
        .file = "estate.yaml",
        .networks = networks,
        .n_networks = array_len(networks),
        .assets = assets,
        .n_assets = array_len(assets),
};
static struct range_set own, broadcast;
static struct scope with_estate, alone;

static int make_estate(void **state)
{
        networks[0].range = range_of("10.20.0.0/16");
        networks[1].range = range_of("2001:db8:1::/48");
        networks[2].range = range_of("10.30.0.0/30");
        networks[3].range = range_of("fe80::/10");
        add(&estate.exclude, "10.20.9.0/24");
        web_addresses[0] = address_of("10.20.1.10");
        web_addresses[1] = address_of("2001:db8:1::10");
        db_addresses[0] = address_of("10.20.9.7");
        out_addresses[0] = address_of("192.0.2.1");
        add(&own, "192.168.7.5");
        add(&own, "fe80::5");
        add(&broadcast, "10.20.1.255");
        scope_make(&with_estate, &estate, &own, &broadcast);
        scope_make(&alone, NULL, &own, &broadcast);
        return 0;
}

static int release_estate(void **state)
{
        scope_release(&with_estate);
        scope_release(&alone);
        range_set_release(&estate.exclude);
        range_set_release(&own);
        range_set_release(&broadcast);
        return 0;
}

/* "name: addresses" of a world of three names. */
static int resolve(const char *name, void (*each)(const struct address *address, void *arg), void *arg,
                   struct err *err)
{
        static const struct {
                const char *name, *addresses[4];
        } known[] = {
                {"app.example", {"10.20.2.1", "2001:db8:1::21"}},
                {"mixed.example", {"10.20.2.2", "203.0.113.9"}},
                {"excluded.example", {"10.20.9.9"}},
                {"mapped.example", {"::ffff:10.20.2.3"}},
                {"local.example", {"fe80::9", "10.20.2.4"}},
                {"only-local.example", {"fe80::9"}},
                {"none.example", {NULL}},
                {"localhost", {"127.0.0.1", "::1"}},
        };

        for (size_t i = 0; i < array_len(known); i++) {
                if (!streq(known[i].name, name))
                        continue;
                for (size_t j = 0; j < 4 && known[i].addresses[j]; j++) {
                        struct address a = address_of(known[i].addresses[j]);

                        each(&a, arg);
                }
                return 0;
        }
        return err_set(err, -ENOENT, "nobody knows this name");
}

static const struct targets_context in_estate = {&estate, &with_estate, &broadcast, resolve},
                                    in_none = {NULL, &alone, &broadcast, resolve};

/* --- targets --------------------------------------------------------------------------------- */

#define WORDS_MAX 6

static size_t count_words(const char *const *words)
{
        size_t n = 0;

        while (n < WORDS_MAX && words[n])
                n++;
        return n;
}

static void describe(const struct targets *t, struct str *to)
{
        char buf[RANGE_TEXT_SIZE], one[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < t->ranges.n; i++)
                str_addf(to, "%s%s", i ? " " : "", address_range_format(&t->ranges.at[i], buf));
        for (size_t i = 0; i < t->n_single; i++)
                str_addf(to, "%s%s%s%s", i ? " " : " | ", address_format(&t->single[i].address, one),
                         t->single[i].name ? "=" : "", t->single[i].name ? t->single[i].name : "");
        for (size_t i = 0; i < t->n_refused; i++)
                str_addf(to, "%s%s: %s", i ? ", " : " ! ", address_range_format(&t->refused[i].range, buf),
                         t->refused[i].why);
}

static void test_targets(void **state)
{
        static const struct {
                const char *words[WORDS_MAX], *expected;
        } cases[] = {
                {{"10.20.1.1"}, "10.20.1.1 | 10.20.1.1"},
                {{"10.20.1.1/32"}, "10.20.1.1 | 10.20.1.1"},
                {{"::ffff:10.20.1.1"}, "10.20.1.1 | 10.20.1.1"},
                /* every address of a network, also those that look like its ends */
                {{"10.20.2.0/24"}, "10.20.2.0/24"},
                {{"10.30.0.0/30"}, "10.30.0.0/30"},
                {{"10.20.2.7/24"}, "10.20.2.0/24"},
                {{"10.20.2.5-9"}, "10.20.2.5-10.20.2.9"},
                /* duplicates and overlaps count once */
                {{"10.20.2.0/25", "10.20.2.100-10.20.3.1", "10.20.2.9", "10.20.2.9", "10.20.2.9/32"},
                 "10.20.2.0-10.20.3.1 | 10.20.2.9"},
                /* narrowed, and the rest told */
                {{"10.20.1.0/24"}, "10.20.1.0-10.20.1.254 ! 10.20.1.255: broadcast address"},
                {{"10.20.8.0/23"}, "10.20.8.0/24 ! 10.20.9.0/24: excluded by estate.yaml"},
                {{"10.19.255.254-10.20.0.1", "10.19.255.255-10.20.0.2"},
                 "10.20.0.0-10.20.0.2 ! 10.19.255.254/31: not in the networks of estate.yaml"},
                /* networks of any size */
                {{"2001:db8::/32"},
                 "2001:db8:1::/48 ! 2001:db8::/48: not in the networks of estate.yaml, "
                 "2001:db8:2::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff: not in the networks of estate.yaml"},
                /* names: all addresses */
                {{"app.example"},
                 "10.20.2.1 2001:db8:1::21 | 10.20.2.1=app.example 2001:db8:1::21=app.example"},
                {{"10.20.2.1", "app.example"},
                 "10.20.2.1 2001:db8:1::21 | 10.20.2.1=app.example 2001:db8:1::21=app.example"},
                {{"mapped.example"}, "10.20.2.3 | 10.20.2.3=mapped.example"},
                {{"local.example"},
                 "10.20.2.4 | 10.20.2.4=local.example ! fe80::9: link-local, without an interface"},
                {{"localhost"}, "127.0.0.1 ::1 | 127.0.0.1=localhost ::1=localhost"},
                /* assets, then tags */
                {{"@web1"}, "10.20.1.10 2001:db8:1::10 | 10.20.1.10=web1 2001:db8:1::10=web1"},
                {{"@web"}, "10.20.1.10 2001:db8:1::10 | 10.20.1.10=web1 2001:db8:1::10=web1"},
                {{"@pci"},
                 "10.20.1.10 2001:db8:1::10 | 10.20.1.10=web1 2001:db8:1::10=web1 ! 10.20.9.7: excluded by estate.yaml"},
                {{"@app1"}, "10.20.2.1 2001:db8:1::21 | 10.20.2.1=app1 2001:db8:1::21=app1"},
                /* this machine and loopback */
                {{"192.168.7.5", "127.0.0.0/8"}, "127.0.0.0/8 192.168.7.5 | 192.168.7.5"},
                {{"fe80::1%lo"}, "fe80::1 | fe80::1"},
                /* without an interface it would be told as left out */
                {{"fe80::9%1", "local.example", "fe80::9%lo"},
                 "10.20.2.4 fe80::9 | 10.20.2.4=local.example fe80::9"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str text = {0};
                struct err err = {0};
                struct targets t;

                if (targets_parse(&t, cases[i].words, count_words(cases[i].words), NULL, 0, &in_estate,
                                  &err) < 0)
                        fail_msg("'%s': %s", cases[i].words[0], err.text);
                describe(&t, &text);
                assert_string_equal(str_text(&text), cases[i].expected);
                for (size_t j = 0; j < t.n_single; j++) {
                        assert_true(range_set_has(&t.ranges, &t.single[j].address));
                        assert_ptr_equal(targets_single(&t, &t.single[j].address), &t.single[j]);
                        assert_int_equal(t.single[j].zone_index,
                                         address_is_link_local(&t.single[j].address));
                }
                assert_null(targets_single(&t, (struct address[]){address_of("10.20.200.200")}));
                targets_release(&t);
        }
}

struct refusal_case {
        const char *words[WORDS_MAX];
        int code;
        const char *says;
};

static void assert_refused(const struct refusal_case *c, size_t n, const struct targets_context *context)
{
        for (size_t i = 0; i < n; i++) {
                struct err err = {0};
                struct targets t;
                int rc = targets_parse(&t, c[i].words, count_words(c[i].words), NULL, 0, context, &err);

                if (rc != c[i].code || !strstr(err.text, c[i].says))
                        fail_msg("'%s' gives %d and says: %s", c[i].words[0] ? c[i].words[0] : "", rc,
                                 err.text);
                assert_int_equal(err.code, rc);
                assert_null(t.pool);
                assert_int_equal(t.ranges.n, 0);
        }
}

static void test_refused(void **state)
{
        static const struct refusal_case cases[] = {
                {{"10.9.0.1"},
                 -EPERM,
                 "10.9.0.1 is not in the estate: add its network to estate.yaml (networks:)"},
                {{"10.20.1.1", "10.9.0.1", "10.20.1.2"}, -EPERM, "10.9.0.1 is not in the estate"},
                {{"10.9.0.0/16"}, -EPERM, "nothing of '10.9.0.0/16' may be probed, it is not in the estate"},
                {{"10.20.9.4"}, -EPERM, "10.20.9.4 is excluded by estate.yaml: exclusions beat all else"},
                {{"10.20.9.4/32"}, -EPERM, "'10.20.9.4/32' is 10.20.9.4, which is excluded"},
                {{"10.20.9.128/25"}, -EPERM, "it is excluded by estate.yaml"},
                {{"::ffff:10.20.9.4"}, -EPERM, "which is excluded by estate.yaml"},
                {{"10.20.1.255"}, -EPERM, "is the broadcast address of a network here"},
                {{"224.0.0.1"}, -EPERM, "not the address of a host"},
                {{"255.255.255.255"}, -EPERM, "not the address of a host"},
                {{"0.0.0.0"}, -EPERM, "not the address of a host"},
                {{"::"}, -EPERM, "not the address of a host"},
                {{"ff02::1"}, -EPERM, "not the address of a host"},
                {{"mixed.example"}, -EPERM, "'mixed.example' is 203.0.113.9, which is not in the estate"},
                {{"excluded.example"}, -EPERM, "'excluded.example' is 10.20.9.9, which is excluded"},
                {{"only-local.example"}, -EINVAL, "say on which interface"},
                {{"none.example"}, -ENOENT, "'none.example' has no address"},
                {{"no.such.example"}, -ENOENT, "'no.such.example': nobody knows this name"},
                {{"web1"}, -ENOENT, "did you mean the asset @web1?"},
                {{"@db1"}, -EPERM, "'@db1' is 10.20.9.7, which is excluded"},
                {{"@lost"}, -EPERM, "nothing of '@lost' may be probed, it is not in the estate"},
                {{"@wbe1"},
                 -ENOENT,
                 "'@wbe1' is neither an asset nor a tag of estate.yaml; did you mean @web1"},
                {{"@"}, -ENOENT, "neither an asset nor a tag"},
                {{"@bare"}, -EINVAL, "estate.yaml:27: asset 'bare' has neither 'addresses:' nor 'names:'"},
                {{"fe80::1"}, -EINVAL, "fe80::1 is link-local: say on which interface"},
                {{"fe80::/16"}, -EINVAL, "nothing of 'fe80::/16' may be probed, it is link-local"},
                {{"fe80::1%no-such-if"}, -EINVAL, "there is no interface 'no-such-if' here"},
                {{"fe80::1%"}, -EINVAL, "there is no interface"},
                {{"fe80::1%0"}, -EINVAL, "there is no interface"},
                {{"10.20.1.1%lo"}, -EINVAL, "only one link-local IPv6 address"},
                {{"2001:db8:1::1%lo"}, -EINVAL, "only one link-local IPv6 address"},
                {{"fe80::%lo/64"}, -EINVAL, "there is no interface 'lo/64'"},
                {{"fe80::/64%lo"}, -EINVAL, "only one link-local IPv6 address"},
                {{"fe80::1%1", "fe80::1%2"}, -EINVAL, "fe80::1 is named on two interfaces"},
                {{"10.20.1.300"}, -EINVAL, "'10.20.1.300' is no IP address"},
                {{"10.20.1"}, -EINVAL, "no IP address"},
                {{"169869569"}, -EINVAL, "no IP address"},
                {{"0x0a140101"}, -EINVAL, "no IP address"},
                {{"host.0x7f"}, -EINVAL, "no IP address"},
                {{"10.20.1.9-5"}, -EINVAL, "ends before it begins"},
                {{"10.20.0.0/33"}, -EINVAL, "0 to 32"},
                {{"https://web1.example/"}, -EINVAL, "is a URL: give its host alone"},
                {{"web1.example:443"}, -EINVAL, "the port with --ports"},
                {{"10.20.1.1,10.20.1.2"}, -EINVAL, "not commas"},
                {{"-x"}, -EINVAL, "is no address, network"},
                {{""}, -EINVAL, "no IP address"},
                {{"a b"}, -EINVAL, "is no address, network"},
                {{"a\033[1mb"}, -EINVAL, "'a\\x1b[1mb'"},
                {{NULL}, -EINVAL, "no target"},
        };
        static const struct refusal_case without[] = {
                {{"10.20.1.1"}, -EPERM, "10.20.1.1 is not in scope, as there is no estate.yaml"},
                {{"10.20.0.0/16"}, -EPERM, "may be probed, it is not in scope"},
                {{"192.168.7.6"}, -EPERM, "not in scope"},
                {{"app.example"}, -EPERM, "'app.example' is 10.20.2.1, which is not in scope"},
                {{"@web1"}, -ENOENT, "there is no estate.yaml that could name it"},
        };
        _cleanup_free_ char *longest = xcalloc(1, 70001);
        struct refusal_case too_long = {{longest}, -EINVAL, "is too long for a target"};

        memset(longest, 'a', 70000);
        assert_refused(cases, array_len(cases), &in_estate);
        assert_refused(without, array_len(without), &in_none);
        assert_refused(&too_long, 1, &in_estate);
}

static void test_without_estate(void **state)
{
        const char *words[] = {"127.0.0.1", "192.168.7.5/32", "localhost"}, *wide[] = {"192.168.7.0/29"};
        _cleanup_str_ struct str text = {0};
        struct err err = {0};
        struct targets t;

        assert_int_equal(targets_parse(&t, words, array_len(words), NULL, 0, &in_none, &err), 0);
        describe(&t, &text);
        assert_string_equal(text.text,
                            "127.0.0.1 192.168.7.5 ::1 | 127.0.0.1=localhost 192.168.7.5 ::1=localhost");
        targets_release(&t);
        assert_int_equal(targets_parse(&t, wide, 1, NULL, 0, &in_none, &err), -EPERM);
        assert_non_null(strstr(err.text, "'192.168.7.0/29' is more than this machine"));
}

/* What targets_parse makes of a file with this text: a description, or the error. */
static int parse_text(const char *content, size_t len, struct str *ret)
{
        struct tree tree = tree_new();
        char path[96];
        const char *files[] = {path};
        struct err err = {0};
        struct targets t;
        int fd, rc;

        (void)snprintf(path, sizeof(path), "%s/hosts", tree.path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, content, len), len);
        (void)close(fd);
        str_reset(ret);
        rc = targets_parse(&t, NULL, 0, files, 1, &in_estate, &err);
        if (rc == 0) {
                describe(&t, ret);
                targets_release(&t);
        } else
                str_add(ret, err.text);
        tree_release(&tree);
        return rc;
}
#define PARSE(literal, ret) parse_text(literal, sizeof(literal) - 1, ret)

static void test_files(void **state)
{
        const char *missing[] = {"/no/such/file"}, *folder[] = {"/"};
        _cleanup_str_ struct str text = {0};
        struct err err = {0};
        struct targets t;

        assert_int_equal(
                PARSE("\xef\xbb\xbf# ours\r\n\r\n10.20.1.1 10.20.1.2\t# two\r\n  app.example#\n10.20.2.0/30",
                      &text),
                0);
        assert_string_equal(text.text,
                            "10.20.1.1-10.20.1.2 10.20.2.0/30 2001:db8:1::21 | "
                            "10.20.1.1 10.20.1.2 10.20.2.1=app.example 2001:db8:1::21=app.example");
        assert_int_equal(PARSE("10.20.1.1\n\n# more\n10.20.1.2 10.9.0.1\n", &text), -EPERM);
        assert_non_null(strstr(text.text, "/hosts:4: 10.9.0.1 is not in the estate"));
        assert_int_equal(PARSE("10.20.1.1\nwhat?\n", &text), -EINVAL);
        assert_non_null(strstr(text.text, "/hosts:2: 'what?' is no address"));
        assert_int_equal(PARSE("", &text), -EINVAL);
        assert_non_null(strstr(text.text, "/hosts: there is no target in it"));
        assert_int_equal(PARSE("# nothing\n \t\n", &text), -EINVAL);
        assert_non_null(strstr(text.text, "there is no target in it"));
        assert_int_equal(PARSE("1\0000\0.\0", &text), -EINVAL); /* UTF-16 */
        assert_non_null(strstr(text.text, "/hosts:1: a zero byte"));
        assert_int_equal(PARSE("10.20.1.1\n10.20.1.2\0\n", &text), -EINVAL);
        assert_non_null(strstr(text.text, "/hosts:2: a zero byte"));
        assert_int_equal(targets_parse(&t, NULL, 0, missing, 1, &in_estate, &err), -ENOENT);
        assert_non_null(strstr(err.text, "'/no/such/file'"));
        assert_int_equal(targets_parse(&t, NULL, 0, folder, 1, &in_estate, &err), -EISDIR);
}

static void test_standard_input(void **state)
{
        const char *files[] = {"-"};
        int pipe_fds[2], saved = dup(STDIN_FILENO);
        struct err err = {0};
        struct targets t;

        assert_int_equal(pipe(pipe_fds), 0);
        assert_int_equal(write(pipe_fds[1], "10.20.1.1\nx..y@\n", 16), 16);
        (void)close(pipe_fds[1]);
        assert_true(dup2(pipe_fds[0], STDIN_FILENO) == STDIN_FILENO);
        (void)close(pipe_fds[0]);
        assert_int_equal(targets_parse(&t, NULL, 0, files, 1, &in_estate, &err), -EINVAL);
        assert_non_null(strstr(err.text, "standard input:2: 'x..y@'"));
        (void)dup2(saved, STDIN_FILENO);
        (void)close(saved);
}

/* Two hundred thousand single addresses are parsed and found again in a moment. */
static void test_many(void **state)
{
        _cleanup_str_ struct str text = {0}, result = {0};

        for (unsigned i = 0; i < 200000; i++)
                str_addf(&text, "10.20.%u.%u\n", i / 2 % 8, i * 2 % 256);
        assert_int_equal(parse_text(text.text, text.len, &result), 0);
        assert_non_null(strstr(result.text, "10.20.7.254"));
        assert_null(strstr(result.text, "10.20.7.253"));
}

/* The system's resolver: what /etc/hosts has everywhere, and what nobody can have (RFC 6761, 6.4). */
static void test_system_resolver(void **state)
{
        const struct targets_context context = {NULL, &alone, NULL, NULL};
        const char *local[] = {"localhost"}, *invalid[] = {"host.invalid"};
        struct err err = {0};
        struct targets t;

        assert_int_equal(targets_parse(&t, local, 1, NULL, 0, &context, &err), 0);
        assert_true(t.n_single >= 1);
        assert_string_equal(t.single[0].name, "localhost");
        targets_release(&t);
        assert_int_equal(targets_parse(&t, invalid, 1, NULL, 0, &context, &err), -ENOENT);
        assert_non_null(strstr(err.text, "'host.invalid': "));
}

/* --- ports ----------------------------------------------------------------------------------- */

static struct knowledge *knowledge;

static void describe_ports(const struct scan_ports *ports, struct str *to)
{
        static const char letters[] = "TU";

        for (int t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
                _cleanup_str_ struct str text = {0};

                port_set_format(&ports->of[t], &text);
                if (text.len)
                        str_addf(to, "%s%c:%s", to->len ? "," : "", letters[t], text.text);
        }
}

static void test_ports(void **state)
{
        static const struct {
                const char *spec;
                enum transport unprefixed;
                const char *expected;
        } cases[] = {
                {"22", TRANSPORT_TCP, "T:22"},
                {"53", TRANSPORT_UDP, "U:53"},
                {"22,80,443", TRANSPORT_TCP, "T:22,80,443"},
                {" 22, 80 ", TRANSPORT_TCP, "T:22,80"},
                {"80,22,80,20-25,24-30", TRANSPORT_TCP, "T:20-30,80"},
                {"1-65535", TRANSPORT_TCP, "T:1-65535"},
                {"all", TRANSPORT_TCP, "T:1-65535"},
                {"-3", TRANSPORT_TCP, "T:1-3"},
                {"65533-", TRANSPORT_TCP, "T:65533-65535"},
                {"T:22,80,U:53,161,T:443", TRANSPORT_UDP, "T:22,80,443,U:53,161"},
                {"22,U:53", TRANSPORT_TCP, "T:22,U:53"},
                {"U:snmp,t:ssh", TRANSPORT_TCP, "T:22,U:161"},
                {"SSH,http", TRANSPORT_TCP, "T:22,80"},
                {"rdp", TRANSPORT_TCP, "T:3389"}, /* the guide's word */
        };
        struct scan_ports *ports = xcalloc(1, sizeof(*ports));

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str text = {0};
                struct err err = {0};

                if (scan_ports_parse(ports, cases[i].spec, cases[i].unprefixed, knowledge, &err) < 0)
                        fail_msg("'%s': %s", cases[i].spec, err.text);
                describe_ports(ports, &text);
                assert_string_equal(str_text(&text), cases[i].expected);
        }
        free(ports);
}

static void test_ports_refused(void **state)
{
        static const struct {
                const char *spec, *says;
        } cases[] = {
                {"", "a port is missing"},
                {",", "a port is missing"},
                {"22,", "a port is missing"},
                {"22,,80", "a port is missing"},
                {"T:", "a port is missing"},
                {"0", "'0': ports are numbers of 1 to 65535"},
                {"0-10", "'0-10': ports are numbers of 1 to 65535"},
                {"65536", "'65536': ports are numbers of 1 to 65535"},
                {"1-65536", "'1-65536': ports"},
                {"99999999999999999999", "ports are numbers"},
                {"10-5", "'10-5' runs backwards: write 5-10"},
                {"-", "every port is \"all\""},
                {"--5", "ports are numbers"},
                {"1-2-3", "ports are numbers"},
                {"sssh", "'sssh' is neither a port nor a service that is known; did you mean ssh"},
                {"snmp-no-such-thing", "is neither a port nor a service"},
                {"ssh,T:syslog", "'syslog' has no tcp port: write U:syslog for its udp port"},
                {"top:0", "tcp ports is"},
                {"top:99999", "write top:1 to top:"},
                {"U:top:99999", "our order of udp ports is"},
                {"top:", "tcp ports is"},
                {"top:x", "tcp ports is"},
                {"S:22", "neither a port"},
                {"22 80", "neither a port"},
                {"a\033b", "'a\\x1bb' is neither"},
                {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                 "longer than 64 bytes"},
        };
        struct scan_ports *ports = xcalloc(1, sizeof(*ports));

        for (size_t i = 0; i < array_len(cases); i++) {
                struct err err = {0};
                int rc = scan_ports_parse(ports, cases[i].spec, TRANSPORT_TCP, knowledge, &err);

                if (rc != -EINVAL || !strstr(err.text, cases[i].says))
                        fail_msg("'%s' gives %d and says: %s", cases[i].spec, rc, err.text);
        }
        free(ports);
}

static void test_ports_of_the_guide(void **state)
{
        static const struct {
                uint16_t port;
                enum transport transport;
                bool known;
        } facts[] = {
                {22, TRANSPORT_TCP, true},   {23, TRANSPORT_TCP, true}, {161, TRANSPORT_UDP, true},
                {6063, TRANSPORT_TCP, true}, {4, TRANSPORT_TCP, false}, {65535, TRANSPORT_TCP, false},
        };
        struct scan_ports *ports = xcalloc(1, sizeof(*ports));
        struct err err = {0};

        assert_int_equal(scan_ports_parse(ports, "known,U:known", TRANSPORT_TCP, knowledge, &err), 0);
        for (size_t i = 0; i < array_len(facts); i++)
                assert_int_equal(port_set_has(&ports->of[facts[i].transport], facts[i].port),
                                 facts[i].known);
        for (unsigned port = 1; port <= 65535; port++)
                for (int t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                        assert_int_equal(port_set_has(&ports->of[t], (uint16_t)port),
                                         knowledge_by_port(knowledge, t, (uint16_t)port) != NULL);
        free(ports);
}

static void test_top(void **state)
{
        struct scan_ports *ports = xcalloc(1, sizeof(*ports)), *more = xcalloc(1, sizeof(*more));
        struct err err = {0};
        char spec[32];
        size_t n;

        for (int t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
                assert_non_null(registry_top(t, &n));
                assert_true(n >= 1000);
                (void)snprintf(spec, sizeof(spec), "top:%zu", n);
                assert_int_equal(scan_ports_parse(ports, spec, t, knowledge, &err), 0);
                assert_int_equal(port_set_count(&ports->of[t]), n); /* each once */
                assert_int_equal(port_set_count(&ports->of[!t]), 0);
                assert_false(port_set_has(&ports->of[t], 0));
                (void)snprintf(spec, sizeof(spec), "top:%zu", n + 1);
                assert_int_equal(scan_ports_parse(ports, spec, t, knowledge, &err), -EINVAL);
        }
        assert_int_equal(scan_ports_parse(ports, scan_ports_default, TRANSPORT_TCP, knowledge, &err), 0);
        assert_int_equal(port_set_count(&ports->of[TRANSPORT_TCP]), 1000);
        assert_int_equal(scan_ports_parse(more, "top:1001", TRANSPORT_TCP, knowledge, &err), 0);
        port_set_subtract(&more->of[TRANSPORT_TCP], &ports->of[TRANSPORT_TCP]);
        assert_int_equal(port_set_count(&more->of[TRANSPORT_TCP]), 1);
        assert_int_equal(scan_ports_parse(ports, "top:20", TRANSPORT_TCP, knowledge, &err), 0);
        assert_true(port_set_has(&ports->of[TRANSPORT_TCP], 22) &&
                    port_set_has(&ports->of[TRANSPORT_TCP], 443));
        assert_null(registry_top(TRANSPORT_SCTP, &n));
        assert_int_equal(n, 0);
        free(ports);
        free(more);
}

static int open_knowledge(void **state)
{
        knowledge = knowledge_open(NULL, NULL, NULL);
        return make_estate(state);
}

static int close_knowledge(void **state)
{
        knowledge = knowledge_free(knowledge);
        return release_estate(state);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_targets),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_without_estate),
                cmocka_unit_test(test_files),
                cmocka_unit_test(test_standard_input),
                cmocka_unit_test(test_many),
                cmocka_unit_test(test_system_resolver),
                cmocka_unit_test(test_ports),
                cmocka_unit_test(test_ports_refused),
                cmocka_unit_test(test_ports_of_the_guide),
                cmocka_unit_test(test_top),
        };

        return cmocka_run_group_tests(tests, open_knowledge, close_knowledge);
}
