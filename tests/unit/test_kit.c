/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kits of plans made by hand: whole files against tests/golden/kit (UPDATE_GOLDEN=1 rewrites them), and names
 * of enemies.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/str.h"
#include "harden/kit.h"

static const char *const none[] = {NULL};
static const struct finding *no_findings[] = {NULL};

static const struct action_value
        units[] = {{"unit", "telnet.socket"}, {"unit", "telnet@.service"}, {0}},
        script[] = {{"script", "nis"}, {0}},
        inetd[] = {{"server", "inetd"}, {"service", "finger"}, {"transport", "tcp"}, {0}},
        xinetd[] = {{"server", "xinetd"}, {"service", "tftp"}, {"transport", "udp"}, {0}},
        bind[] = {{"recipe", "postgresql"}, {"unit", "postgresql@15-main.service"}, {0}},
        edit[] = {{"recipe", "named"}, {"unit", "named.service"}, {0}},
        edit_any_case[] = {{"recipe", "cups"}, {"unit", "cups.service"}, {0}},
        edit_folds[] = {{"recipe", "postfix"}, {"unit", "postfix@-.service"}, {0}},
        sandbox[] = {{"unit", "cron.service"},
                     {"property", "IPAddressDeny=any"},
                     {"property", "IPAddressAllow=localhost"},
                     {0}},
        table[] = {{"zone", "zone office 10.20.0.0/16 2001:db8:1::/48"},
                   {"allow", "allow tcp 22 from office"},
                   {"allow", "allow tcp 443"},
                   {"allow", "allow tcp 8000-8010 from internet"},
                   {0}},
        published[] = {{"zone", "zone office 10.20.0.0/16"},
                       {"allow", "allow tcp 8080 from office"},
                       {"deny", "deny tcp 8080"},
                       {0}},
        package[] = {{"package", "telnetd"}, {"package", "libnss-nis:i386"}, {0}},
        service[] = {{"service", "TlntSvr"}, {"service", "SNMP"}, {0}},
        rules[] = {{"zone", "zone office 10.20.0.0/16"},
                   {"deny", "deny tcp 445 from internet"},
                   {"deny", "deny udp 137-138"},
                   {"allow", "allow tcp 3389 from office 192.0.2.7"},
                   {0}};

static struct action action_of(enum action_kind kind, const char *id, const char *title,
                               const struct action_value *values)
{
        return (struct action){
                .kind = kind,
                .id = id,
                .title = title,
                .why = "Nobody was named who needs it.",
                .values = values,
                .risk = RISK_LOW,
                .risk_why = "It doesn't start until it is unmasked",
                .warnings = none,
                .steps = none,
                .undo = none,
                .closes = no_findings,
                .suggested = true,
        };
}

static struct plan *plan_of(const char *hostname)
{
        struct plan *plan = xcalloc(1, sizeof(*plan));

        plan->pool = pool_new();
        plan->id = "0123456789abcdef";
        plan->asset = "asset";
        plan->hostname = hostname;
        return plan;
}

static struct plan *sample(void)
{
        struct plan *plan = plan_of("web1");
        const struct action all[] = {
                action_of(ACTION_UNIT_STOP, "unit-stop:telnet.socket", "Stop and disable telnet.socket",
                          units),
                action_of(ACTION_SYSV_STOP, "sysv-stop:nis", "Stop and disable nis", script),
                action_of(ACTION_INETD_STOP, "inetd-stop:finger", "Take finger out of inetd", inetd),
                action_of(ACTION_INETD_STOP, "inetd-stop:tftp", "Take tftp out of xinetd", xinetd),
                action_of(ACTION_BIND_LOOPBACK, "bind:postgresql", "Bind PostgreSQL to loopback", bind),
                action_of(ACTION_BIND_LOOPBACK, "bind:named", "Bind named to loopback", edit),
                action_of(ACTION_BIND_LOOPBACK, "bind:cups", "Bind cups to loopback", edit_any_case),
                action_of(ACTION_BIND_LOOPBACK, "bind:postfix", "Bind postfix to loopback", edit_folds),
                action_of(ACTION_UNIT_SANDBOX, "sandbox:cron", "Keep cron off the network", sandbox),
                action_of(ACTION_FIREWALL, "firewall", "Let in what is approved", table),
                action_of(ACTION_PUBLISHED, "published", "Close published ports", published),
                action_of(ACTION_PACKAGE_REMOVE, "package-remove:telnetd", "Remove telnetd", package),
                action_of(ACTION_WINDOWS_SERVICE, "windows-service:TlntSvr", "Stop TlntSvr", service),
                action_of(ACTION_WINDOWS_FIREWALL, "windows-firewall", "Close ports", rules),
        };

        for (size_t i = 0; i < array_len(all); i++)
                *vec_push(&plan->actions) = all[i];
        return plan;
}

struct made {
        struct pool *pool;
        struct kit kit;
};

static struct made make(const struct plan *plan, const char *format, const struct kit_choice *choice)
{
        static const struct kit_choice all;
        struct made made = {.pool = pool_new()};

        kit_write(kit_format_find(format), plan, choice ? choice : &all, made.pool, &made.kit);
        return made;
}

static void made_release(struct made *made)
{
        kit_release(&made->kit);
        pool_free(made->pool);
}

static const char *left_out(const struct made *made, const char *part)
{
        for (size_t i = 0; i < made->kit.left_out.n; i++)
                if (strstr(made->kit.left_out.at[i], part))
                        return made->kit.left_out.at[i];
        return NULL;
}

static void compare(const char *format, const struct kit_file *file)
{
        _cleanup_free_ char *path = xasprintf(GOLDEN_DIR "/kit/%s/%s", format, file->name);
        _cleanup_str_ struct str golden = {0};

        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file->mode);

                assert_true(fd >= 0);
                assert_int_equal(fd_write_all(fd, file->text, file->len), 0);
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 20, &golden), 0);
        assert_string_equal(file->text, str_text(&golden));
}

static void test_golden(void **state)
{
        static const size_t n_files[] = {4, 3, 1, 1};
        struct plan *plan = sample();
        size_t n;
        const struct kit_format *const *formats = kit_formats(&n);

        assert_int_equal(n, array_len(n_files));
        for (size_t i = 0; i < n; i++) {
                _cleanup_(made_release) struct made made = make(plan, formats[i]->name, NULL);

                assert_int_equal(made.kit.files.n, n_files[i]);
                vec_foreach(file, &made.kit.files)
                        compare(formats[i]->name, file);
        }
        plan_free(plan);
}

/* What is in no kit is told: of Linux in that for Windows, and the other way round. */
static void test_left_out(void **state)
{
        struct plan *plan = sample();
        _cleanup_(made_release) struct made shell = make(plan, "shell", NULL),
                                            windows = make(plan, "powershell", NULL),
                                            image = make(plan, "image", NULL),
                                            ansible = make(plan, "ansible", NULL);

        assert_int_equal(shell.kit.left_out.n, 2);
        assert_non_null(left_out(&shell, "windows-firewall: it is for Windows"));
        assert_int_equal(windows.kit.left_out.n, 12);
        assert_non_null(left_out(&windows, "firewall: it is for Linux"));
        assert_non_null(left_out(&image, "bind:postgresql: neither"));
        assert_non_null(left_out(&ansible, "inetd-stop:tftp: entries of xinetd"));
        plan_free(plan);
}

static void test_choice(void **state)
{
        static const char *const only[] = {"sandbox:cron", "sysv-stop:nis"};
        const struct kit_choice named = {.only = only, .n_only = 2}, forced = {.lock_me_out = true};
        struct plan *plan = sample();

        plan->actions.at[0].suggested = false;
        plan->actions.at[1].cuts = "You came in by it.";
        plan->actions.at[8].suggested = false;
        plan->actions.at[8].not_applied = "It has no undo.";
        _cleanup_(made_release) struct made all = make(plan, "shell", NULL),
                                            two = make(plan, "shell", &named),
                                            cut = make(plan, "shell", &forced);
        assert_non_null(left_out(&all, "unit-stop:telnet.socket: not suggested"));
        assert_non_null(left_out(&all, "sysv-stop:nis: it would close the way"));
        assert_null(strstr(all.kit.files.at[0].text, "'nis'"));
        assert_non_null(strstr(all.kit.files.at[0].text, "remove_packages 'telnetd'"));
        assert_non_null(strstr(cut.kit.files.at[0].text, "stop_script 'nis'"));
        assert_non_null(left_out(&two, "sysv-stop:nis: it would close"));
        assert_int_equal(two.kit.left_out.n, 1);
        assert_non_null(strstr(two.kit.files.at[0].text, "limit_unit 'cron.service'"));
        assert_null(strstr(two.kit.files.at[0].text, "telnet"));
        plan_free(plan);
}

/* --- names of enemies ------------------------------------------------------------------------------ */

static char long_name[301];

static const char *const hostile[] = {
        "evil'; touch EVIL; '.service",
        "evil\"EVIL.service",
        "evil\ntouch EVIL.service",
        "evil\r\nEVIL.service",
        "$(EVIL).service",
        "`EVIL`.service",
        "evil;EVIL.service",
        "evil|EVIL&.service",
        "-EVIL.service",
        "--root=EVIL.service",
        "../EVIL.service",
        "{{EVIL}}.service",
        "{% EVIL %}.service",
        "evil\\EVIL.service",
        "evilEVIL\\",
        "evilEVIL.service\\",
        "evil\\x2EVIL.service",
        "evil\\xEVIL.service",
        "evil\\x2D-EVIL.service",
        "evil\\nEVIL.service",
        "evil\\'EVIL.service",
        "evil\\x2d'EVIL.service",
        "evil\\x2d\nEVIL.service",
        "evil\\x2d{{EVIL}}.service",
        "\\\\x2dEVIL.service",
        "\xe2\x80\x99; EVIL.service",
        "\xef\xbc\x87"
        "EVIL.service",
        "\xff\xfe"
        "EVIL.service",
        "EVIL\x1b"
        "[31m.service",
        "%EVIL%.service",
        "evil EVIL.service",
        "EVIL\nEND_OF_QUAYMASTER_FILE\n.service",
        "",
        long_name,
};

static const struct {
        enum action_kind kind;
        const char *name;
        const struct action_value rest[3];
} places[] = {
        {ACTION_UNIT_STOP, "unit", {{0}}},
        {ACTION_SYSV_STOP, "script", {{0}}},
        {ACTION_INETD_STOP, "service", {{"server", "inetd"}, {"transport", "tcp"}}},
        {ACTION_INETD_STOP, "server", {{"service", "finger"}, {"transport", "tcp"}}},
        {ACTION_INETD_STOP, "transport", {{"service", "finger"}, {"server", "xinetd"}}},
        {ACTION_BIND_LOOPBACK, "recipe", {{"unit", "redis-server.service"}}},
        {ACTION_BIND_LOOPBACK, "unit", {{"recipe", "redis"}}},
        {ACTION_UNIT_SANDBOX, "unit", {{"property", "IPAddressDeny=any"}}},
        {ACTION_UNIT_SANDBOX, "property", {{"unit", "cron.service"}}},
        {ACTION_FIREWALL, "zone", {{0}}},
        {ACTION_FIREWALL, "allow", {{0}}},
        {ACTION_PUBLISHED, "deny", {{0}}},
        {ACTION_PACKAGE_REMOVE, "package", {{0}}},
        {ACTION_WINDOWS_SERVICE, "service", {{0}}},
        {ACTION_WINDOWS_FIREWALL, "deny", {{0}}},
};

/* Lines of the firewall begin with their own name. */
static const char *line_of(const char *name, const char *text, struct str *to)
{
        if (streq(name, "zone") || streq(name, "allow") || streq(name, "deny"))
                str_addf(to, streq(name, "zone") ? "%s %s" : "%s tcp 22 from %s", name, text);
        else
                str_add(to, text);
        return str_text(to);
}

static void try_hostile(size_t place, const char *name, const char *format)
{
        _cleanup_str_ struct str line = {0};
        const struct action_value values[] = {
                {places[place].name, line_of(places[place].name, name, &line)},
                places[place].rest[0],
                places[place].rest[0].name ? places[place].rest[1] : (struct action_value){0},
                {0},
        };
        struct plan *plan = plan_of("web1");

        *vec_push(&plan->actions) = action_of(places[place].kind, "x", "An action", values);
        _cleanup_(made_release) struct made made = make(plan, format, NULL);
        assert_int_equal(made.kit.left_out.n, 1);
        vec_foreach(file, &made.kit.files) {
                assert_null(strstr(file->text, "EVIL"));
                for (size_t i = 0; i < file->len; i++)
                        assert_true((file->text[i] >= ' ' && file->text[i] < 0x7f) ||
                                    file->text[i] == '\n' || file->text[i] == '\t');
        }
        plan_free(plan);
}

static void test_hostile_values(void **state)
{
        size_t n;
        const struct kit_format *const *formats = kit_formats(&n);

        memset(long_name, 'a', sizeof(long_name) - 1);
        memcpy(long_name + 292, ".service", 8);
        for (size_t f = 0; f < n; f++)
                for (size_t p = 0; p < array_len(places); p++)
                        for (size_t i = 0; i < array_len(hostile); i++)
                                try_hostile(p, hostile[i], formats[f]->name);
}

/* As systemd-escape(1) names units: a letter like others wherever a kit has it, and only in names of units. */
static bool some_file_has(const struct kit *kit, const char *text)
{
        vec_foreach(file, &kit->files)
                if (strstr(file->text, text))
                        return true;
        return false;
}

/* People read the first one first: cli/cmd_harden_kit.c names it. */
static void test_what_to_begin_with(void **state)
{
        static const char *const first[][2] = {
                {"shell", "harden.sh"}, {"ansible", "playbook.yml"}, {"image", "README.txt"}};

        for (size_t i = 0; i < array_len(first); i++) {
                struct plan *plan = plan_of("web1");
                _cleanup_(made_release) struct made made = make(plan, first[i][0], NULL);

                assert_string_equal(made.kit.files.at[0].name, first[i][1]);
                plan_free(plan);
        }
}

static void test_escaped_units(void **state)
{
        static const struct {
                const char *format, *text;
        } cases[] = {
                {"shell", "stop_units 'dev-a\\x2db.socket' 'a\\x2db@.service'\n"},
                {"shell", "limit_unit 'a\\x2db.service' <<'"},
                {"ansible", "        name: 'dev-a\\x2db.socket'\n"},
                {"ansible", "'--state=active', --, 'a\\x2db@*.service']\n"},
                {"ansible", "        path: '/etc/systemd/system/a\\x2db.service.d'\n"},
                {"image", "\ndisable dev-a\\x2db.socket\ndisable a\\x2db@.service\n"},
        };
        static const struct action_value stopped[] = {
                {"unit", "dev-a\\x2db.socket"}, {"unit", "a\\x2db@.service"}, {NULL, NULL}};
        static const struct action_value limited[] = {
                {"unit", "a\\x2db.service"}, {"property", "IPAddressDeny=any"}, {NULL, NULL}};

        for (size_t i = 0; i < array_len(cases); i++) {
                struct plan *plan = plan_of("web1");

                *vec_push(&plan->actions) = action_of(ACTION_UNIT_STOP, "unit-stop:dev-a\\x2db.socket", "A title", stopped);
                *vec_push(&plan->actions) = action_of(ACTION_UNIT_SANDBOX, "unit-sandbox:a", "A title", limited);
                _cleanup_(made_release) struct made made = make(plan, cases[i].format, NULL);
                assert_true(some_file_has(&made.kit, cases[i].text));
                plan_free(plan);
        }
        for (size_t p = 0; p < array_len(places); p++)
                if (!streq(places[p].name, "unit"))
                        try_hostile(p, "evil\\x2dEVIL.service", "shell");
}

/* Texts for people go into comments and messages. */
static void test_hostile_texts(void **state)
{
        static const char *const lines[] = {"$(touch EVIL)\n`touch EVIL`", NULL};
        size_t n;
        const struct kit_format *const *formats = kit_formats(&n);

        for (size_t f = 0; f < n; f++) {
                struct plan *plan = plan_of("a'$(touch EVIL)\nb{{x}}");
                struct action a =
                        action_of(ACTION_UNIT_STOP, "unit\n`touch EVIL`", "t'; touch EVIL #\n{{x}}", units);

                a.why = a.risk_why = "x\ntouch EVIL\n'\"; touch EVIL";
                a.warnings = lines;
                plan->id = "../../EVIL";
                *vec_push(&plan->actions) = a;
                _cleanup_(made_release) struct made made = make(plan, formats[f]->name, NULL);
                vec_foreach(file, &made.kit.files) {
                        assert_null(strstr(file->text, "\ntouch EVIL"));
                        assert_null(strstr(file->text, "$(touch"));
                        assert_null(strstr(file->text, "`touch"));
                        assert_null(strstr(file->text, "'; touch"));
                        assert_null(strstr(file->text, "{{x"));
                        assert_null(strstr(file->text, "../EVIL"));
                }
                plan_free(plan);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),        cmocka_unit_test(test_left_out),
                cmocka_unit_test(test_choice),        cmocka_unit_test(test_hostile_values),
                cmocka_unit_test(test_escaped_units), cmocka_unit_test(test_what_to_begin_with), cmocka_unit_test(test_hostile_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
