/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A playbook and its undo, of ansible's own modules. Names are single-quoted YAML, and hold nothing that
 * Jinja reads; tables are files beside the playbook, which are copied as they are. What was there before is
 * kept on the machine itself, once.
 */
#include "base/mem.h"
#include "harden/kit_ansible.h"

static const char *state(const struct books *b, const char *name)
{
        return pool_printf(b->pool, "{{ kit_state }}/%s", name);
}

/* --- units ---------------------------------------------------------------------------------------- */

/* What `when:` of a unit asks for; a unit of /etc itself has no place for the link that masks it. */
#define IS_LOADED   "'LoadState=loaded' in unit.stdout"
#define HAS_NO_FILE "'FragmentPath=/etc/systemd/system/' not in unit.stdout"
#define WAS_ENABLED "(was.content | b64decode) is search('(?m)^enabled$')"
#define WAS_ACTIVE  "(was.content | b64decode) is search('(?m)^ActiveState=active$')"

static void show_unit(struct books *b, const char *unit)
{
        str_addf(
                &b->play,
                "    - name: '%s: how it is now'\n"
                "      ansible.builtin.command:\n"
                "        argv: [systemctl, show, '--property=LoadState,FragmentPath,ActiveState', --, '%s']\n"
                "      register: unit\n"
                "      changed_when: false\n"
                "      check_mode: false\n",
                unit, unit);
}

/* Of all units of an action before the first is stopped: one takes others with it. */
static void keep_unit(struct books *b, const char *unit)
{
        show_unit(b, unit);
        str_addf(&b->play,
                 "    - name: '%s: whether it starts at boot'\n"
                 "      ansible.builtin.command:\n"
                 "        argv: [systemctl, is-enabled, --, '%s']\n"
                 "      register: at_boot\n"
                 "      changed_when: false\n"
                 "      failed_when: false\n"
                 "      check_mode: false\n"
                 "    - name: '%s: keep that'\n"
                 "      ansible.builtin.copy:\n"
                 "        content: \"{{ unit.stdout }}\\n{{ at_boot.stdout }}\\n\"\n"
                 "        dest: '%s'\n"
                 "        mode: '0600'\n"
                 "        force: false\n"
                 "      when: \"" IS_LOADED "\"\n",
                 unit, unit, unit, state(b, unit));
}

static void stop_unit(struct books *b, const char *unit)
{
        show_unit(b, unit);
        str_addf(&b->play,
                 "    - name: '%s: stop, disable and mask'\n"
                 "      ansible.builtin.systemd_service:\n"
                 "        name: '%s'\n"
                 "        state: stopped\n"
                 "        enabled: false\n"
                 "        masked: \"{{ " HAS_NO_FILE " }}\"\n"
                 "      when: \"" IS_LOADED "\"\n",
                 unit, unit);
}

static void read_kept(struct books *b, const char *unit)
{
        str_addf(&b->steps,
                 "    - name: '%s: what was there'\n"
                 "      ansible.builtin.slurp:\n"
                 "        src: '%s'\n"
                 "      register: was\n"
                 "      failed_when: false\n",
                 unit, state(b, unit));
}

/* Before anything starts: a socket does not, as long as its service is masked. */
static void unmask_unit(struct books *b, const char *unit)
{
        read_kept(b, unit);
        str_addf(&b->steps,
                 "    - name: '%s: no longer masked'\n"
                 "      ansible.builtin.systemd_service:\n"
                 "        name: '%s'\n"
                 "        masked: false\n"
                 "      when: was.content is defined\n",
                 unit, unit);
}

static void start_unit(struct books *b, const char *unit)
{
        read_kept(b, unit);
        str_addf(&b->steps,
                 "    - name: '%s: enabled and running as it was'\n"
                 "      ansible.builtin.systemd_service:\n"
                 "        name: '%s'\n"
                 "        enabled: \"{{ true if " WAS_ENABLED " else omit }}\"\n"
                 "        state: \"{{ 'started' if " WAS_ACTIVE " else 'stopped' }}\"\n"
                 "      when: was.content is defined\n",
                 unit, unit);
}

/*
 * A template (a@.service) has no state; what runs are its instances, which are masked with it. Those that start at boot
 * keep their links: they are found again when it is no longer masked.
 */
static void stop_template(struct books *b, const char *unit)
{
        const char *at = strstr(unit, "@.");
        const char *instances = pool_printf(b->pool, "%.*s@*%s", (int)(at - unit), unit, at + 1);

        str_addf(
                &b->play,
                "    - name: '%s: whether it is here'\n"
                "      ansible.builtin.command:\n"
                "        argv: [systemctl, is-enabled, --, '%s']\n"
                "      register: unit\n"
                "      changed_when: false\n"
                "      failed_when: false\n"
                "      check_mode: false\n"
                "    - name: '%s: which instances run'\n"
                "      ansible.builtin.command:\n"
                "        argv: [systemctl, list-units, --plain, --no-legend, '--state=active', --, '%s']\n"
                "      register: instances\n"
                "      changed_when: false\n"
                "      check_mode: false\n"
                "    - name: '%s: keep that'\n"
                "      ansible.builtin.copy:\n"
                "        content: \"{{ instances.stdout_lines | map('split') | map('first') | join('\\n') }}\\n\"\n"
                "        dest: '%s'\n"
                "        mode: '0600'\n"
                "        force: false\n"
                "      when: unit.stdout not in ['', 'not-found', 'masked']\n",
                unit, unit, unit, instances, unit, state(b, unit));
        str_addf(&b->play,
                 "    - name: '%s: stop its instances'\n"
                 "      ansible.builtin.command:\n"
                 "        argv: [systemctl, stop, --, '%s']\n"
                 "      when: unit.stdout not in ['', 'not-found'] and instances.stdout | length > 0\n"
                 "    - name: '%s: mask'\n"
                 "      ansible.builtin.command:\n"
                 "        argv: [systemctl, mask, --quiet, --, '%s']\n"
                 "        creates: '/etc/systemd/system/%s'\n"
                 "      when: unit.stdout not in ['', 'not-found', 'masked']\n",
                 unit, instances, unit, unit, unit);
}

static void start_template(struct books *b, const char *unit)
{
        read_kept(b, unit);
        str_addf(&b->steps,
                 "    - name: '%s: no longer masked'\n"
                 "      ansible.builtin.command:\n"
                 "        argv: [systemctl, unmask, --quiet, --, '%s']\n"
                 "      when: was.content is defined\n"
                 "    - name: '%s: start the instances that ran'\n"
                 "      ansible.builtin.command:\n"
                 "        argv: [systemctl, start, --, '{{ item }}']\n"
                 "      loop: \"{{ (was.content | default('') | b64decode).split() }}\"\n",
                 unit, unit, unit);
}

static void stop_all(struct books *b, const char *const *units)
{
        static const struct {
                void (*one)(struct books *b, const char *unit),
                        (*template)(struct books *b, const char *unit);
        } passes[] = {{keep_unit, NULL},
                      {stop_unit, stop_template},
                      {unmask_unit, NULL},
                      {start_unit, start_template}};

        for (size_t pass = 0; pass < array_len(passes); pass++)
                for (const char *const *unit = units; *unit; unit++) {
                        if (!strstr(*unit, "@."))
                                passes[pass].one(b, *unit);
                        else if (passes[pass].template)
                                passes[pass].template(b, *unit);
                }
}

static const char *write_units(struct books *b, const struct action *a)
{
        vec(const char *) units = {0};
        const char *unit;

        for (size_t i = 0; (unit = action_value(a, "unit", i)); i++)
                *vec_push(&units) = unit;
        *vec_push(&units) = NULL;
        stop_all(b, units.at);
        vec_clear(&units);
        return NULL;
}

static const char *write_script(struct books *b, const struct action *a)
{
        const char *const units[] = {pool_printf(b->pool, "%s.service", action_value(a, "script", 0)), NULL};

        stop_all(b, units);
        return NULL;
}

/* --- files ---------------------------------------------------------------------------------------- */

void books_add_indented(struct str *to, const char *text)
{
        bool begin = true;

        for (; *text; text++) {
                if (begin && *text != '\n')
                        str_add(to, "          ");
                str_add_char(to, *text);
                begin = *text == '\n';
        }
        if (!begin)
                str_add_char(to, '\n');
}

static void write_inline(struct str *to, const char *text)
{
        str_add(to, "        content: !unsafe |\n");
        books_add_indented(to, text);
}

void books_copy_file(struct books *b, const char *path, const char *content)
{
        str_addf(&b->play,
                 "    - name: 'The folder of %s'\n"
                 "      ansible.builtin.file:\n"
                 "        path: '%.*s'\n"
                 "        state: directory\n"
                 "        mode: '0755'\n"
                 "    - name: 'Write %s'\n"
                 "      ansible.builtin.copy:\n"
                 "        dest: '%s'\n"
                 "        mode: '0644'\n",
                 path, (int)(strrchr(path, '/') - path), path, path, path);
        write_inline(&b->play, content);
        str_add(&b->play, "      register: written\n");
}

void books_remove_file(struct books *b, const char *path)
{
        str_addf(&b->steps,
                 "    - name: 'Remove %s'\n"
                 "      ansible.builtin.file:\n"
                 "        path: '%s'\n"
                 "        state: absent\n"
                 "      register: removed\n",
                 path, path);
        /* those of daemons are there, if empty, and are read */
        if (str_after(path, "/etc/systemd/system/") || str_after(path, "/etc/quaymaster-kit/"))
                str_addf(&b->steps,
                         "    - name: 'Its folder, when that is empty now'\n"
                         "      ansible.builtin.command:\n"
                         "        argv: [rmdir, --ignore-fail-on-non-empty, '%.*s']\n"
                         "        removes: '%.*s'\n"
                         "      when: removed is changed\n",
                         (int)(strrchr(path, '/') - path), path, (int)(strrchr(path, '/') - path), path);
}

void books_restart_unit(struct str *to, const char *unit, const char *cause)
{
        str_addf(to,
                 "    - name: 'systemd reads its files again'\n"
                 "      ansible.builtin.systemd_service:\n"
                 "        daemon_reload: true\n"
                 "      when: %s is changed\n"
                 "    - name: 'Restart %s, if it runs'\n"
                 "      ansible.builtin.command:\n"
                 "        argv: [systemctl, try-restart, --, '%s']\n"
                 "      when: %s is changed\n",
                 cause, unit, unit, cause);
}

static const char *write_sandbox(struct books *b, const struct action *a)
{
        _cleanup_str_ struct str text = {0};
        const char *unit = action_value(a, "unit", 0);
        const char *path = pool_printf(b->pool, "/etc/systemd/system/%s.d/90-quaymaster.conf", unit);

        kit_sandbox(&text, a);
        books_copy_file(b, path, str_text(&text));
        books_restart_unit(&b->play, unit, "written");
        books_remove_file(b, path);
        books_restart_unit(&b->steps, unit, "removed");
        return NULL;
}

static const char *write_inetd(struct books *b, const struct action *a)
{
        _cleanup_str_ struct str name = {0};

        if (!streq(action_value(a, "server", 0), "inetd"))
                return "entries of xinetd are in the kit of --format shell only";
        for (const char *c = action_value(a, "service", 0); *c; c++)
                str_addf(&name, strchr(".+", *c) ? "[%c]" : "%c", *c);
        str_add(&b->play, "    - name: 'inetd: whether it is here'\n"
                          "      ansible.builtin.stat:\n"
                          "        path: /etc/inetd.conf\n"
                          "      register: inetd_conf\n");
        str_addf(&b->play,
                 "    - name: 'inetd: comment out %s'\n"
                 "      ansible.builtin.replace:\n"
                 "        path: /etc/inetd.conf\n"
                 "        regexp: '^(%s\\s+\\S+\\s+%s[46]?\\s)'\n"
                 "        replace: '#quaymaster# \\1'\n"
                 "      register: written\n"
                 "      when: inetd_conf.stat.exists\n",
                 action_value(a, "service", 0), str_text(&name), action_value(a, "transport", 0));
        str_addf(&b->steps,
                 "    - name: 'inetd: %s as it was'\n"
                 "      ansible.builtin.replace:\n"
                 "        path: /etc/inetd.conf\n"
                 "        regexp: '^#quaymaster# (%s\\s+\\S+\\s+%s[46]?\\s)'\n"
                 "        replace: '\\1'\n"
                 "      register: removed\n",
                 action_value(a, "service", 0), str_text(&name), action_value(a, "transport", 0));
        books_restart_unit(&b->play, "inetd.service", "written");
        books_restart_unit(&b->steps, "inetd.service", "removed");
        return NULL;
}

/* --- firewall ------------------------------------------------------------------------------------- */

/* The port by which ansible itself comes in is let in, or nothing is loaded. */
static void check_way_in(struct books *b, const struct action *a)
{
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {0};

        (void)harden_firewall_spec(a, b->pool, &spec, NULL);
        str_add(&b->play, "    - name: The firewall lets in the port by which ansible comes\n"
                          "      ansible.builtin.assert:\n"
                          "        that: >-\n"
                          "          lock_me_out | default(false) | bool or\n"
                          "          ansible_connection | default('ssh') == 'local'\n");
        vec_foreach(rule, &spec.rules)
                if (!rule->deny && rule->transport == TRANSPORT_TCP)
                        str_addf(&b->play, "          or %u <= ansible_port | default(22) | int <= %u\n",
                                 rule->first, rule->last);
        str_add(&b->play, "        fail_msg: approve that port, or give -e lock_me_out=true\n");
}

static const char *write_table(struct books *b, const struct action *a)
{
        const char *table = kit_table_name(a), *file = pool_printf(b->pool, "%s.nft", table);
        const char *path = pool_printf(b->pool, "/etc/quaymaster-kit/%s", file);
        const char *unit = pool_printf(b->pool, "quaymaster-kit-%s.service", table);
        const char *unit_path = pool_printf(b->pool, "/etc/systemd/system/%s", unit);
        _cleanup_str_ struct str text = {0}, boot = {0};

        (void)kit_table(a, b->pool, &text, NULL);
        kit_add_file(b->kit, b->pool, file, 0644, &text);
        kit_boot_unit(&boot, a);
        if (a->kind == ACTION_FIREWALL)
                check_way_in(b, a);
        books_copy_file(b, unit_path, str_text(&boot));
        str_addf(&b->play,
                 "    - name: 'The folder of %s'\n"
                 "      ansible.builtin.file:\n"
                 "        path: /etc/quaymaster-kit\n"
                 "        state: directory\n"
                 "        mode: '0755'\n"
                 "    - name: 'Write %s'\n"
                 "      ansible.builtin.copy:\n"
                 "        src: '%s'\n"
                 "        dest: '%s'\n"
                 "        mode: '0644'\n"
                 "        validate: nft -c -f %%s\n"
                 "      register: written\n"
                 "    - name: 'Load %s now and at each boot'\n"
                 "      ansible.builtin.systemd_service:\n"
                 "        name: '%s'\n"
                 "        daemon_reload: true\n"
                 "        enabled: true\n"
                 "        state: \"{{ 'restarted' if written is changed else 'started' }}\"\n"
                 "      when: not ansible_check_mode\n",
                 file, path, file, path, file, unit);
        str_addf(
                &b->steps,
                "    - name: 'Load %s no more'\n"
                "      ansible.builtin.systemd_service:\n"
                "        name: '%s'\n"
                "        enabled: false\n"
                "        state: stopped\n"
                "      register: stopped\n"
                "      failed_when: stopped is failed and 'Could not find' not in stopped.msg | default('')\n"
                "    - name: 'Remove the table %s'\n"
                "      ansible.builtin.command:\n"
                "        argv: [nft, delete, table, inet, '%s']\n"
                "      register: table\n"
                "      changed_when: table.rc == 0\n"
                "      failed_when: table.rc | default(0) != 0 and 'No such file' not in table.stderr\n",
                file, unit, table, table);
        books_remove_file(b, unit_path);
        books_remove_file(b, path);
        return NULL;
}

static const char *write_packages(struct books *b, const struct action *a)
{
        str_add(&b->play, "    - name: Remove packages; the undo does not bring them back\n"
                          "      ansible.builtin.apt:\n"
                          "        name: [");
        kit_quote_all(&b->play, a, "package", ", ");
        str_add(&b->play, "]\n"
                          "        state: absent\n"
                          "      when: remove_packages | default(false) | bool\n");
        return NULL;
}

/* --- the books ------------------------------------------------------------------------------------ */

static const char *write_action(struct books *b, const struct action *a)
{
        static const char *(*const calls[ACTION_KIND_MAX])(struct books * b, const struct action *a) = {
                [ACTION_UNIT_STOP] = write_units,      [ACTION_SYSV_STOP] = write_script,
                [ACTION_INETD_STOP] = write_inetd,     [ACTION_BIND_LOOPBACK] = books_write_bind,
                [ACTION_UNIT_SANDBOX] = write_sandbox, [ACTION_PACKAGE_REMOVE] = write_packages,
                [ACTION_FIREWALL] = write_table,       [ACTION_PUBLISHED] = write_table,
        };

        return calls[a->kind] ? calls[a->kind](b, a) : "it is for Windows; --format powershell has it";
}

static void begin_book(struct str *to, const struct plan *plan, const char *name, const char *words)
{
        str_addf(to,
                 "---\n"
                 "# quaymaster kit %s, made for %s. %s\n"
                 "- name: quaymaster kit %s%s\n"
                 "  hosts: all\n"
                 "  become: true\n"
                 "  gather_facts: false\n"
                 "  vars:\n"
                 "    kit_state: /var/lib/quaymaster-kit/%s-ansible\n"
                 "  tasks:\n",
                 plan->id, plan->hostname, words, plan->id, name, plan->id);
}

static void add_action(struct books *b, const struct action *a)
{
        size_t before = b->play.len;
        const char *why;
        _cleanup_str_ struct str later = {0};

        str_addf(&b->play, "\n    # %s\n", kit_plain(b->pool, a->id));
        kit_about(&b->play, b->pool, a, "    # ");
        str_reset(&b->steps);
        why = write_action(b, a);
        if (why) {
                b->play.len = before;
                b->play.text[before] = '\0';
                kit_leave_out(b->kit, b->pool, a, why);
                return;
        }
        str_add(&later, str_text(&b->undo));
        str_reset(&b->undo);
        if (b->steps.len)
                str_addf(&b->undo, "\n    # %s\n%s", kit_plain(b->pool, a->id), str_text(&b->steps));
        str_add(&b->undo, str_text(&later));
}

static void books_release(struct books *b)
{
        str_release(&b->play);
        str_release(&b->undo);
        str_release(&b->steps);
}

static void write_ansible(const struct plan *plan, struct pool *pool, struct kit *kit)
{
        _cleanup_(books_release) struct books b = {.kit = kit, .pool = pool};
        _cleanup_str_ struct str play = {0}, undo = {0};

        vec_foreach(a, &plan->actions)
                add_action(&b, a);
        begin_book(&play, plan, "", "`--check --diff` shows what it would do.");
        vec_foreach(why, &kit->left_out)
                str_addf(&play, "    # Not in it: %s\n", *why);
        str_add(&play, "    - name: The folder of what was there before\n"
                       "      ansible.builtin.file:\n"
                       "        path: '{{ kit_state }}'\n"
                       "        state: directory\n"
                       "        mode: '0700'\n");
        str_add(&play, str_text(&b.play));
        begin_book(&undo, plan, ", undone",
                   "What playbook.yml found is put back; removed packages are not.");
        str_add(&undo, str_text(&b.undo));
        str_add(&undo, "\n    - name: The folder of what was there before\n"
                       "      ansible.builtin.file:\n"
                       "        path: '{{ kit_state }}'\n"
                       "        state: absent\n");
        kit_add_file(kit, pool, "playbook.yml", 0644, &play);
        kit_add_file(kit, pool, "undo.yml", 0644, &undo);
        kit_begin_with(kit, "playbook.yml");
}

const struct kit_format kit_ansible = {
        .name = "ansible",
        .summary = "a playbook of ansible's own modules, and one that undoes it",
        .write = write_ansible,
};
