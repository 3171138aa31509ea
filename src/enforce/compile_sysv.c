/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is older than systemd: scripts of init.d, and entries of inetd and xinetd. */
#include <errno.h>
#include <string.h>

#include "enforce/compile_kinds.h"

/* "S01name"; true of K likewise. */
static bool is_link_of(const char *name, char letter, const char *script)
{
        return name[0] == letter && name[1] >= '0' && name[1] <= '9' && name[2] >= '0' && name[2] <= '9' &&
               streq(name + 3, script);
}

/* As update-rc.d disable: started nowhere, ended where it was started. */
static int disable_level(struct compile *c, const char *action, char level, const char *script,
                         struct err *err)
{
        const char *folder = pool_printf(c->pool, "etc/rc%c.d", level);
        name_list names = {0};
        int r = compile_list(c, folder, &names, err);

        for (size_t i = 0; r == 0 && i < names.n; i++) {
                const struct node stop = node_link(pool_printf(c->pool, "../init.d/%s", script));

                if (!is_link_of(names.at[i], 'S', script))
                        continue;
                r = compile_remove(c, action, pool_printf(c->pool, "%s/%s", folder, names.at[i]), err);
                if (r == 0)
                        r = compile_node(c, action, pool_printf(c->pool, "%s/K01%s", folder, script), &stop,
                                         err);
        }
        vec_clear(&names);
        return r;
}

int compile_sysv(struct compile *c, const struct action *a, struct err *err)
{
        const char *script = action_value(a, "script", 0);
        const char *unit = pool_printf(c->pool, "%s.service", script);
        const char *name = c->bus ? unit : script;
        name_list ran = {0};
        struct step *step;
        int r = c->bus ? compile_check_unit(c, unit, err) : compile_check_vital(unit, err);

        if (r == 0 && c->bus)
                r = bus_ends_with(c->bus, unit, c->pool, &ran, err);
        else if (r == 0)
                *vec_push(&ran) =
                        script; /* whether it runs, only it knows; starting it twice does nothing */
        if (r == 0) {
                step = compile_step(c, c->bus ? STEP_STOP : STEP_SCRIPT_STOP, a->id);
                step->names = compile_one_name(c->pool, name);
                step->ran = compile_keep_names(c->pool, &ran);
        }
        for (const char *level = "2345S"; *level && r == 0; level++)
                r = disable_level(c, a->id, *level, script, err);
        vec_clear(&ran);
        return r;
}

static bool turn_off(const char *server, const struct node *file, const char *service, const char *transport,
                     struct str *to)
{
        return file->type == NODE_FILE && (streq(server, "inetd") ? inetd_text_off : xinetd_text_off)(
                                                  file->text, file->len, service, transport, to);
}

static int off_in_file(struct compile *c, const struct action *a, const char *path, bool *found,
                       struct err *err)
{
        const char *server = action_value(a, "server", 0);
        _cleanup_str_ struct str text = {0};
        struct node before, after;
        int r = compile_look(c, path, &before, err);

        if (r < 0 || !turn_off(server, &before, action_value(a, "service", 0),
                               action_value(a, "transport", 0), &text))
                return r;
        *found = true;
        after = compile_with_text(c, &before, &text);
        return compile_node(c, a->id, path, &after, err);
}

/* Backups: xinetd(8) reads no file of a folder whose name has a dot or ends with a tilde. */
static bool is_read_by_xinetd(const char *name)
{
        return !strchr(name, '.') && !str_ends(name, "~");
}

static int off_in_files(struct compile *c, const struct action *a, bool *found, struct err *err)
{
        name_list names = {0};
        int r;

        if (streq(action_value(a, "server", 0), "inetd"))
                return off_in_file(c, a, "etc/inetd.conf", found, err);
        r = compile_list(c, "etc/xinetd.d", &names, err);
        for (size_t i = 0; r == 0 && i < names.n; i++)
                if (is_read_by_xinetd(names.at[i]))
                        r = off_in_file(c, a, pool_printf(c->pool, "etc/xinetd.d/%s", names.at[i]), found, err);
        vec_clear(&names);
        return r == 0 ? off_in_file(c, a, "etc/xinetd.conf", found, err) : r;
}

/* The units that a super-server of Debian may run as; those that do not run are passed over when it comes to it. */
static const char *const *server_units(const char *server)
{
        static const char *const inetd[] = {"inetd.service", "openbsd-inetd.service",
                                            "inetutils-inetd.service", NULL};
        static const char *const xinetd[] = {"xinetd.service", NULL};

        return streq(server, "inetd") ? inetd : xinetd;
}

int compile_inetd(struct compile *c, const struct action *a, struct err *err)
{
        const char *const *units = server_units(action_value(a, "server", 0));
        bool found = false;
        int r;

        if (c->bus)
                compile_step(c, STEP_RESTART_BACK, a->id)->names = units;
        r = off_in_files(c, a, &found, err);
        if (r == 0 && !found)
                r = err_set(err, -ENOENT, "%s has no entry for %s", action_value(a, "server", 0),
                            action_value(a, "service", 0));
        if (r == 0 && c->bus)
                compile_step(c, STEP_RESTART, a->id)->names = units;
        else if (r == 0)
                compile_note(c, pool_printf(c->pool, "%s must be told to read its files again",
                                    action_value(a, "server", 0)));
        return r;
}
