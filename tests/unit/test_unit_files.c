/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "base/mem.h"
#include "base/str.h"
#include "collect/listen_text.h"
#include "collect/unit_files.h"
#include "collect/unit_name.h"
#include "tree.h"

#define ETC     "etc/systemd/system/"
#define LIB     "usr/lib/systemd/system/"
#define RUN     "run/systemd/system/"
#define INSTALL "[Install]\nWantedBy=multi-user.target\n"
#define PLAIN   "[Unit]\nDescription=x\n"

static void test_unit_names(void **state)
{
        static const struct {
                const char *name;
                enum unit_kind kind;
        } cases[] = {
                {"ssh.service", UNIT_PLAIN},
                {"getty@.service", UNIT_TEMPLATE},
                {"getty@tty1.service", UNIT_INSTANCE},
                {"a@b@c.socket", UNIT_INSTANCE},
                {"dev-sda1.device", UNIT_PLAIN},
                {"a.b.service", UNIT_PLAIN},
                {"un\\x2desc.service", UNIT_PLAIN},
                {"@.service", UNIT_INVALID},
                {".service", UNIT_INVALID},
                {"service", UNIT_INVALID},
                {"a.conf", UNIT_INVALID},
                {"a b.service", UNIT_INVALID},
                {"a/b.service", UNIT_INVALID},
                {"", UNIT_INVALID},
        };
        char buf[UNIT_NAME_SIZE], longest[300];

        for (size_t i = 0; i < array_len(cases); i++)
                assert_int_equal(unit_name_kind(cases[i].name, strlen(cases[i].name)), cases[i].kind);
        memset(longest, 'a', sizeof(longest));
        memcpy(longest + 256 - 8, ".service", 9);
        assert_int_equal(unit_name_kind(longest, 256), UNIT_INVALID);
        assert_int_equal(unit_name_kind(longest + 1, 255), UNIT_PLAIN);
        assert_true(unit_name_template("getty@tty1.service", buf));
        assert_string_equal(buf, "getty@.service");
        assert_false(unit_name_template("getty@.service", buf));
        assert_true(unit_name_instantiate("getty@.service", "tty2", 4, buf));
        assert_string_equal(buf, "getty@tty2.service");
        assert_false(unit_name_instantiate("ssh.service", "x", 1, buf));
        assert_false(unit_name_instantiate("getty@.service", longest, 250, buf));
}

static void test_text(void **state)
{
        static const char text[] =
                "\xef\xbb\xbf# comment\n[Unit]\nDescription = A b \\\n; note\n  c\n"
                "[Service]\nExecStart=-@/usr/sbin/\"x y\" -D\nExecStart=/bin/second\n"
                "[Socket]\nListenStream=22\nListenStream=\nListenStream=[::]:80\nListenDatagram=53\n"
                "Accept=yes\nBindIPv6Only=ipv6-only\nService=other.service\n"
                "[X-Other]\nDescription=no\n"
                "[Install]\nWantedBy=a.target b.target\nWantedBy=\nAlias=one.service 'two.service'\n"
                "Also=x.socket\nDefaultInstance=i\nno assignment\nRequiredBy=x.target \\";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct unit_text unit = {0};

        assert_int_equal(unit_text_parse(&unit, pool, text, sizeof(text) - 1), 0);
        assert_string_equal(unit.description, "A b    c");
        assert_string_equal(unit.exec, "/usr/sbin/x y");
        assert_int_equal(unit.listens.n, 2);
        assert_string_equal(unit.listens.at[0].text, "[::]:80");
        assert_string_equal(unit.listens.at[1].type, "Datagram");
        assert_true(unit.accept && unit.v6only);
        assert_string_equal(unit.service, "other.service");
        assert_int_equal(unit.n_wanted_by, 0);
        assert_int_equal(unit.aliases.n, 2);
        assert_string_equal(unit.aliases.at[1], "two.service");
        assert_int_equal(unit.n_also, 1);
        assert_int_equal(unit.n_required_by, 1);
        assert_string_equal(unit.default_instance, "i");
        assert_int_equal(unit_text_parse(&unit, pool, "[Service]\nExecStart=\nExecStart=/bin/new\n", 39), 0);
        assert_string_equal(unit.exec, "/bin/new");
        assert_true(unit_text_parse(&unit, pool, "[Service\n", 9) < 0);
        unit_text_release(&unit);
}

/* What systemctl 252 says of the same tree; each row is a rule of its own. */
static const struct {
        const char *path, *link, *text; /* a link, or a file */
} nodes[] = {
        {LIB "static.service", NULL, PLAIN},
        {LIB "disabled.service", NULL, INSTALL},
        {LIB "enabled.service", NULL, INSTALL},
        {ETC "multi-user.target.wants/enabled.service", "/lib/systemd/system/enabled.service"},
        {LIB "runtime.service", NULL, INSTALL},
        {RUN "x.target.requires/runtime.service", "/lib/systemd/system/runtime.service"},
        {LIB "vendor.service", NULL, INSTALL},
        {LIB "m.target.wants/vendor.service", "../vendor.service"},
        {LIB "also.service", NULL, "[Install]\nAlso=x.socket\n"},
        {LIB "aliased.service", NULL, "[Install]\nAlias=other.service\n"},
        {ETC "other.service", "/lib/systemd/system/aliased.service"},
        {LIB "named.service", NULL, INSTALL},
        {LIB "byname.service", "named.service"},
        {LIB "masked.service", NULL, INSTALL},
        {ETC "masked.service", "/dev/null"},
        {LIB "maskedrt.service", NULL, INSTALL},
        {RUN "maskedrt.service", "/dev/null"},
        {ETC "empty.service", NULL, ""},
        {ETC "toempty.service", "empty.service"},
        {"opt/linked.service", NULL, INSTALL},
        {ETC "linked.service", "/opt/linked.service"},
        {"opt/linkedrt.service", NULL, PLAIN},
        {RUN "linkedrt.service", "/opt/linkedrt.service"},
        {ETC "linkedname.service", "/opt/linked.service"},
        {"opt/deep/deep.service", NULL, INSTALL},
        {"opt/deep.service", "deep/deep.service"},
        {ETC "deep.service", "/opt/deep.service"},
        {LIB "self.service", NULL, INSTALL},
        {ETC "self.service", "/lib/systemd/system/self.service"},
        {ETC "dangling.service", "nowhere.service"},
        {ETC "cycle1.service", "cycle2.service"},
        {ETC "cycle2.service", "cycle1.service"},
        {LIB "tpl@.service", NULL, INSTALL},
        {ETC "multi-user.target.wants/tpl@one.service", "/lib/systemd/system/tpl@.service"},
        {LIB "def@.service", NULL, INSTALL "DefaultInstance=d\n"},
        {ETC "multi-user.target.wants/def@d.service", "/lib/systemd/system/def@.service"},
        {LIB "inst@.service", NULL, INSTALL},
        {LIB "inst@x.service", "inst@.service"},
        {ETC "inst@y.service", "/lib/systemd/system/inst@.service"},
        {LIB "tplstatic@.service", NULL, PLAIN},
        {"run/systemd/generator/gen.service", NULL, INSTALL},
        {"run/systemd/generator.late/late.service", NULL, PLAIN},
        {"run/systemd/transient/tr.service", NULL, PLAIN},
        {LIB "dropin.service", NULL, PLAIN},
        {ETC "dropin.service.d/a.conf", NULL, INSTALL},
        {LIB "reset.service", NULL, INSTALL},
        {ETC "reset.service.d/a.conf", NULL, "[Install]\nWantedBy=\n"},
        {LIB "over.service", NULL, PLAIN},
        {LIB "over.service.d/a.conf", NULL, INSTALL},
        {ETC "over.service.d/a.conf", NULL, PLAIN},
        {LIB "typed.service", NULL, INSTALL},
        {LIB "typed.socket", "typed.service"},
        {LIB "broken.service", NULL, "[Install\nWantedBy=x.target\n"},
        {LIB "isdir.service", NULL, INSTALL},
        {ETC "isdir.service/x", NULL, ""},
        {LIB "m.mount", NULL, PLAIN},
        {LIB "README", NULL, "no unit"},
};

static const struct {
        const char *name, *startup;
} states[] = {
        {"static.service", "static"},
        {"disabled.service", "disabled"},
        {"enabled.service", "enabled"},
        {"runtime.service", "enabled-runtime"},
        {"vendor.service", "disabled"},
        {"also.service", "indirect"},
        {"aliased.service", "enabled"},
        {"other.service", "alias"},
        {"named.service", "disabled"},
        {"byname.service", "alias"},
        {"masked.service", "masked"},
        {"maskedrt.service", "masked-runtime"},
        {"empty.service", "masked"},
        {"toempty.service", "masked"},
        {"linked.service", "linked"},
        {"linkedrt.service", "linked-runtime"},
        {"linkedname.service", "alias"},
        {"deep.service", "linked"},
        {"self.service", "bad"},
        {"dangling.service", "bad"},
        {"cycle1.service", "bad"},
        {"tpl@.service", "indirect"},
        {"def@.service", "enabled"},
        {"inst@.service", "indirect"},
        {"inst@x.service", "static"},
        {"inst@y.service", "enabled"},
        {"tplstatic@.service", "static"},
        {"gen.service", "generated"},
        {"late.service", "generated"},
        {"tr.service", "transient"},
        {"dropin.service", "disabled"},
        {"reset.service", "static"},
        {"over.service", "static"},
        {"typed.socket", "bad"},
        {"broken.service", "bad"},
        {"isdir.service", "bad"},
        {"m.mount", "static"},
        /* of no file of their own */
        {"tpl@one.service", "enabled"},
        {"tpl@two.service", "disabled"},
        {"tplstatic@x.service", "static"},
};

static struct tree make_tree(void)
{
        struct tree tree = tree_new();

        tree_link(&tree, "lib", "usr/lib");
        for (size_t i = 0; i < array_len(nodes); i++)
                if (nodes[i].link)
                        tree_link(&tree, nodes[i].path, nodes[i].link);
                else
                        tree_file(&tree, nodes[i].path, nodes[i].text, 0644);
        return tree;
}

static void test_states(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(unit_files_freep) struct unit_files *files = NULL;
        _cleanup_(tree_release) struct tree tree = make_tree();
        const struct unit_file *unit;

        assert_int_equal(unit_files_read(tree.fd, pool, UNIT_FILES_ALL, &files, NULL), 0);
        for (size_t i = 0; i < array_len(states); i++) {
                unit = unit_files_find(files, states[i].name);
                assert_non_null(unit);
                if (!streq(unit->startup, states[i].startup))
                        print_error("%s is %s\n", unit->name, unit->startup);
                assert_string_equal(unit->startup, states[i].startup);
        }
        assert_null(unit_files_find(files, "absent.service"));
        assert_null(unit_files_find(files, "README"));
        assert_string_equal(unit_files_find(files, "byname.service")->unit, "named.service");
        unit = unit_files_find(files, "tpl@one.service");
        assert_false(unit->listed);
        assert_string_equal(unit->path, "/" LIB "tpl@.service");
        assert_string_equal(unit_files_find(files, "linked.service")->path, "/opt/linked.service");
}

static void test_services_only(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(unit_files_freep) struct unit_files *files = NULL;
        _cleanup_(tree_release) struct tree tree = make_tree(), empty = tree_new();
        size_t n = 0;

        assert_int_equal(unit_files_read(tree.fd, pool, UNIT_FILES_SERVICES, &files, NULL), 0);
        assert_null(unit_files_find(files, "m.mount"));
        assert_string_equal(unit_files_find(files, "enabled.service")->startup, "enabled");
        for (size_t i = 0; i < unit_files_count(files); i++)
                n += streq(unit_files_at(files, i)->name, "masked.service");
        assert_int_equal(n, 1);
        files = unit_files_free(files);
        assert_int_equal(unit_files_read(empty.fd, pool, UNIT_FILES_ALL, &files, NULL), 0);
        assert_int_equal(unit_files_count(files), 0);
}

static void test_listen_text(void **state)
{
        static const struct {
                const char *text, *address;
                uint16_t port;
        } cases[] = {
                {"22", "::", 22},
                {"[::]:22", "::", 22},
                {"0.0.0.0:111", "0.0.0.0", 111},
                {"127.0.0.1:25", "127.0.0.1", 25},
                {"[fe80::1]:53%eth0", "fe80::1", 53},
                {"/run/x.sock"},
                {"@abstract"},
                {"vsock:2:1234"},
                {"[::1]"},
                {"[127.0.0.1]:5"},
                {"1.2.3.4:0"},
                {"1.2.3.4:65536"},
                {"::1:80"},
                {"name:80"},
                {""},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                char text[ADDRESS_TEXT_SIZE];
                struct address address;
                uint16_t port;
                int r = listen_text_parse(cases[i].text, &address, &port);

                assert_int_equal(r == 0, cases[i].address != NULL);
                if (r < 0)
                        continue;
                assert_string_equal(address_format(&address, text), cases[i].address);
                assert_int_equal(port, cases[i].port);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unit_names),  cmocka_unit_test(test_text),
                cmocka_unit_test(test_states),      cmocka_unit_test(test_services_only),
                cmocka_unit_test(test_listen_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
