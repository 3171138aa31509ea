/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/compile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "enforce/arm.h"
#include "enforce/table.h"
#include "firewall/spec.h"
#include "harden/recipe.h"

#define UNITS     "etc/systemd/system"
#define DROP_IN   "90-quaymaster.conf"
#define MASK      "/dev/null"
#define TEXT_MAX  NODE_MAX
#define FIREWALL  "quaymaster-firewall.service"
#define LINKS_MAX 10000

static const char *const *one_name(struct pool *pool, const char *name)
{
        const char **list = pool_alloc(pool, 2 * sizeof(*list));

        list[0] = pool_intern(pool, name);
        return list;
}

static const char *const *keep_names(struct pool *pool, const name_list *names)
{
        const char **list = pool_alloc(pool, (names->n + 1) * sizeof(*list));

        for (size_t i = 0; i < names->n; i++)
                list[i] = names->at[i];
        return list;
}

static const char *const no_names[] = {NULL};

static struct step *add_step(struct compile *c, enum step_op op, const char *action)
{
        struct step *step = vec_push(&c->steps);

        *step = (struct step){.op = op,
                              .action = action,
                              .names = no_names,
                              .ran = no_names,
                              .lines = no_names,
                              .lines_before = no_names};
        return step;
}

static void note(struct compile *c, const char *text)
{
        *vec_push(&c->notes) = text;
}

/* What an earlier step of this apply will have left there, or NULL. */
static const struct node *planned(const struct compile *c, const char *path)
{
        for (size_t i = c->steps.n; i-- > 0;)
                if (c->steps.at[i].op == STEP_NODE && streq(c->steps.at[i].path, path))
                        return &c->steps.at[i].after;
        return NULL;
}

static int look(struct compile *c, const char *path, struct node *ret, struct err *err)
{
        const struct node *known = planned(c, path);

        if (!known)
                return node_read(c->root_fd, path, c->pool, ret, err);
        *ret = *known;
        return 0;
}

/* Folders on the way there that are missing are steps of their own, so that undo takes them away again. */
static int add_folders(struct compile *c, const char *action, const char *path, struct err *err)
{
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                const char *folder = pool_intern_n(c->pool, path, (size_t)(slash - path));
                struct node before;
                struct step *step;
                int r = look(c, folder, &before, err);

                if (r < 0)
                        return r;
                if (before.type == NODE_FOLDER)
                        continue;
                if (before.type != NODE_NONE)
                        return err_set(err, -ENOTDIR, "'/%s' is no folder", folder);
                step = add_step(c, STEP_NODE, action);
                step->path = folder;
                step->after = (struct node){.type = NODE_FOLDER, .mode = 0755};
        }
        return 0;
}

int compile_node(struct compile *c, const char *action, const char *path, const struct node *after,
                 struct err *err)
{
        struct node before;
        struct step *step;
        int r = look(c, path, &before, err);

        if (r < 0 || node_same(&before, after))
                return r;
        for (const char *at = path; *at; at++)
                if (*at < ' ' || *at > '~')
                        return err_set(err, -EINVAL, "a file below /%s has a name of odd letters", UNITS);
        if (after->type != NODE_NONE)
                r = add_folders(c, action, path, err);
        if (r < 0)
                return r;
        step = add_step(c, STEP_NODE, action);
        step->path = pool_intern(c->pool, path);
        step->before = before;
        step->after = *after;
        return 0;
}

static int remove_node(struct compile *c, const char *action, const char *path, struct err *err)
{
        static const struct node none = {.type = NODE_NONE};

        return compile_node(c, action, path, &none, err);
}

/* --- folders --------------------------------------------------------------------------------- */

/* Sorted, so that the same state gives the same steps. */
static int list_folder(const struct compile *c, const char *path, name_list *ret, struct err *err)
{
        _cleanup_close_ int fd = openat(c->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_close_dir_ DIR *dir = NULL;

        if (fd < 0 && errno == ENOENT)
                return 0;
        dir = fd_to_dir(&fd);
        if (!dir)
                return err_errno(err, errno, "reading '/%s'", path);
        for (const struct dirent *entry; (entry = readdir(dir)) && ret->n < LINKS_MAX;)
                if (entry->d_name[0] != '.')
                        *vec_push(ret) = pool_intern(c->pool, entry->d_name);
        return 0;
}

/* What another action of the same request does to this unit would be undone by stopping it, or be for nothing. */
static bool is_stopped(const struct compile *c, const char *unit)
{
        vec_foreach(step, &c->steps)
                for (const char *const *name = step->names; step->op == STEP_STOP && *name; name++)
                        if (streq(*name, unit))
                                return true;
        return false;
}

static bool is_restarted(const struct compile *c, const char *unit)
{
        vec_foreach(step, &c->steps)
                for (const char *const *name = step->names; step->op == STEP_RESTART && *name; name++)
                        if (streq(*name, unit))
                                return true;
        return false;
}

static int one_of_them(const char *unit, struct err *err)
{
        return err_set(err, -EINVAL, "'%s' is both stopped and changed in one apply; choose one of the two",
                       unit);
}

/* --- units ----------------------------------------------------------------------------------- */

/* Without these no host runs on, or no administrator gets in to undo it. */
static bool is_vital(const char *unit)
{
        static const char *const starts[] = {
                "systemd-",    "dbus.",   "dbus-broker.", "init.",    "-.",
                "quaymaster-", "udev.",   "networking.",  "network.", "NetworkManager.",
                "ifup@",       "dhcpcd.", "wicked",       "connman.", "wpa_supplicant",
        };

        for (size_t i = 0; i < array_len(starts); i++)
                if (str_after(unit, starts[i]))
                        return true;
        return false;
}

static int check_vital(const char *unit, struct err *err)
{
        return is_vital(unit) ? err_set(err, -EPERM, "'%s' is not touched: the host needs it", unit) : 0;
}

/* Another name is no way round that (dbus-org.freedesktop.login1.service), nor would masking it keep the unit off. */
static int check_unit(const struct compile *c, const char *unit, struct err *err)
{
        const char *id;
        int r = check_vital(unit, err);

        if (r == 0 && !c->bus)
                return err_set(err, -EOPNOTSUPP, "'%s' is a unit of systemd, which does not run here", unit);
        if (r == 0)
                r = bus_unit_id(c->bus, unit, c->pool, &id, err);
        if (r == 0 && !streq(id, unit))
                r = err_set(err, -EINVAL, "'%s' is another name of '%s', by which alone it is changed", unit,
                            id);
        return r;
}

static bool is_wants_folder(const char *name)
{
        return str_ends(name, ".wants") || str_ends(name, ".requires") || str_ends(name, ".upholds");
}

static int remove_wants(struct compile *c, const char *action, const char *folder, const char *unit,
                        struct err *err)
{
        const char *path = pool_printf(c->pool, UNITS "/%s/%s", folder, unit);
        struct node before;
        int r = look(c, path, &before, err);

        return r < 0 || before.type != NODE_LINK ? r : remove_node(c, action, path, err);
}

/* Another name of the unit: a link to its file. */
static int remove_alias(struct compile *c, const char *action, const char *name, const char *unit,
                        struct err *err)
{
        const char *path = pool_printf(c->pool, UNITS "/%s", name);
        struct node before;
        int r = look(c, path, &before, err);

        if (r < 0 || streq(name, unit) || before.type != NODE_LINK ||
            !streq(str_basename(before.text), unit))
                return r;
        return remove_node(c, action, path, err);
}

/* As systemctl disable: links below /etc only; those of packages are what the mask is for. */
static int disable(struct compile *c, const char *action, const char *unit, struct err *err)
{
        name_list names = {0};
        int r = list_folder(c, UNITS, &names, err);

        vec_foreach(name, &names) {
                if (r < 0)
                        break;
                r = is_wants_folder(*name) ? remove_wants(c, action, *name, unit, err)
                    : strchr(*name, '.')   ? remove_alias(c, action, *name, unit, err)
                                           : 0;
        }
        vec_clear(&names);
        return r;
}

static int mask(struct compile *c, const char *action, const char *unit, struct err *err)
{
        const char *path = pool_printf(c->pool, UNITS "/%s", unit);
        const struct node after = node_link(MASK);
        struct node before;
        int r = look(c, path, &before, err);

        if (r < 0)
                return r;
        if (before.type == NODE_FILE) {
                note(c, pool_printf(c->pool,
                                    "%s is disabled but not masked, since its unit file lies in /%s itself",
                                    unit, UNITS));
                return 0;
        }
        return compile_node(c, action, path, &after, err);
}

/* What requires the unit ends with it. */
static int check_ends(const char *unit, const name_list *ran, struct err *err)
{
        vec_foreach(name, ran)
                if (is_vital(*name))
                        return err_set(err, -EPERM, "with '%s' ends '%s', which the host needs", unit,
                                       *name);
        return 0;
}

static int compile_unit_stop(struct compile *c, const struct action *a, struct err *err)
{
        name_list units = {0}, ran = {0};
        struct step *step;
        const char *unit;
        int r = 0;

        for (size_t i = 0; r == 0 && (unit = action_value(a, "unit", i)); i++) {
                *vec_push(&units) = unit;
                r = is_restarted(c, unit) ? one_of_them(unit, err) : check_unit(c, unit, err);
                if (r == 0)
                        r = bus_ends_with(c->bus, unit, c->pool, &ran, err);
        }
        if (r == 0)
                r = check_ends(action_value(a, "unit", 0), &ran, err);
        if (r == 0) {
                step = add_step(c, STEP_STOP, a->id);
                step->names = keep_names(c->pool, &units);
                step->ran = keep_names(c->pool, &ran);
        }
        for (size_t i = 0; r == 0 && i < units.n; i++) {
                r = disable(c, a->id, units.at[i], err);
                if (r == 0)
                        r = mask(c, a->id, units.at[i], err);
        }
        /* what was started by something else in between */
        if (r == 0)
                add_step(c, STEP_STOP, a->id)->names = keep_names(c->pool, &units);
        vec_clear(&units);
        vec_clear(&ran);
        return r;
}

/* A file that a unit reads when it starts. */
static int add_file(struct compile *c, const char *action, const char *unit, const char *path,
                    const struct node *after, struct err *err)
{
        const char *const *names = one_name(c->pool, unit);
        int r = is_stopped(c, unit) ? one_of_them(unit, err) : 0;

        if (r < 0)
                return r;
        add_step(c, STEP_RESTART_BACK, action)->names = names;
        r = compile_node(c, action, path, after, err);
        if (r == 0)
                add_step(c, STEP_RESTART, action)->names = names;
        return r;
}

static int add_drop_in(struct compile *c, const char *action, const char *unit, const char *path,
                       const char *text, struct err *err)
{
        const struct node after = node_file(text, strlen(text));

        return add_file(c, action, unit, path, &after, err);
}

/* Mode and owner stay. */
static struct node with_text(struct compile *c, const struct node *file, const struct str *text)
{
        struct node after = *file;
        char *copy = pool_alloc(c->pool, text->len + 1);

        memcpy(copy, str_text(text), text->len);
        after.text = copy;
        after.len = text->len;
        return after;
}

static int compile_sandbox(struct compile *c, const struct action *a, struct err *err)
{
        const char *unit = action_value(a, "unit", 0), *property;
        _cleanup_str_ struct str text = {0};
        int r = check_unit(c, unit, err);

        if (r < 0)
                return r;
        str_add(&text, "# Made by quaymaster. Undone by: quaymaster harden undo\n[Service]\n");
        for (size_t i = 0; (property = action_value(a, "property", i)); i++)
                str_addf(&text, "%s\n", property);
        return add_drop_in(c, a->id, unit, pool_printf(c->pool, UNITS "/%s.d/" DROP_IN, unit),
                           pool_intern(c->pool, text.text), err);
}

static bool includes(const struct str *text, const char *line)
{
        const char *at = str_text(text);

        for (; *at; at += strcspn(at, "\n"), at += *at == '\n')
                if (str_after(at + strspn(at, " \t"), line))
                        return true;
        return false;
}

/* The daemon reads the file that is written only where its main file says so. */
static int check_included(const struct compile *c, const struct recipe *recipe, const char *unit,
                          struct err *err)
{
        _cleanup_str_ struct str path = {0}, text = {0};
        int r;

        if (!recipe->include)
                return 0;
        r = recipe_expand(recipe, recipe->include, unit, &path);
        if (r == 0)
                r = fd_read_start(c->root_fd, str_text(&path) + 1, TEXT_MAX, &text);
        if (r < 0)
                return err_errno(err, -r, "reading '%s'", str_text(&path));
        if (!includes(&text, recipe->include_line))
                return err_set(err, -EINVAL, "'%s' has no line '%s', so what is written would not be read",
                               str_text(&path), recipe->include_line);
        return 0;
}

/* As its package made it, but for the drop-in itself. */
static int check_packaged(const struct compile *c, const struct recipe *recipe, const char *unit,
                          const char *drop_in, struct err *err)
{
        _cleanup_str_ struct str lines = {0};
        name_list files = {0};
        int r = recipe->packaged ? bus_unit_files(c->bus, unit, c->pool, &files, err) : 0;

        vec_foreach(path, &files) {
                _cleanup_str_ struct str text = {0};

                if (r < 0 || streq(*path, drop_in))
                        continue;
                r = fd_read_file(c->root_fd, *path + 1, TEXT_MAX, &text);
                if (r < 0)
                        err_errno(err, -r, "reading '%s'", *path);
                recipe_unit_lines(str_text(&text), &lines);
        }
        vec_clear(&files);
        if (r == 0 && recipe->packaged && !streq(str_text(&lines), recipe->packaged))
                r = err_set(
                        err, -EINVAL,
                        "'%s' is not started as its package has it, which this would undo or not reach; see: "
                        "systemctl cat %s",
                        unit, unit);
        return r;
}

static int add_edit(struct compile *c, const struct action *a, const struct recipe *recipe, const char *path,
                    struct err *err)
{
        _cleanup_str_ struct str text = {0};
        struct node before, after;
        int r = look(c, path, &before, err);

        if (r == 0 && before.type != NODE_FILE)
                r = err_set(err, -EINVAL, "'/%s' is no file", path);
        if (r == 0 && recipe_edit_text(recipe, before.text, before.len, &text, err) < 0)
                r = err_prefix(err, "'/%s'", path);
        if (r < 0)
                return r;
        after = with_text(c, &before, &text);
        return add_file(c, a->id, action_value(a, "unit", 0), path, &after, err);
}

static int compile_bind(struct compile *c, const struct action *a, struct err *err)
{
        const struct recipe *recipe = recipe_find(action_value(a, "recipe", 0));
        const char *unit = action_value(a, "unit", 0);
        _cleanup_str_ struct str path = {0};
        int r;

        if (!recipe || !recipe_is_for_unit(recipe, unit))
                return err_set(err, -EINVAL, "there is no such recipe for '%s'", unit);
        if (!c->bus)
                return err_set(err, -EOPNOTSUPP, "'%s' is a unit of systemd, which does not run here", unit);
        r = check_included(c, recipe, unit, err);
        if (r == 0 && recipe_expand(recipe, recipe->path, unit, &path) < 0)
                r = err_set(err, -EINVAL, "no file of '%s' can be named", unit);
        if (r == 0)
                r = check_packaged(c, recipe, unit, str_text(&path), err);
        if (r == 0 && recipe->edit)
                return add_edit(c, a, recipe, str_text(&path) + 1, err);
        return r < 0 ? r : add_drop_in(c, a->id, unit, str_text(&path) + 1, recipe->content, err);
}

/* --- System V and inetd ---------------------------------------------------------------------- */

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
        int r = list_folder(c, folder, &names, err);

        for (size_t i = 0; r == 0 && i < names.n; i++) {
                const struct node stop = node_link(pool_printf(c->pool, "../init.d/%s", script));

                if (!is_link_of(names.at[i], 'S', script))
                        continue;
                r = remove_node(c, action, pool_printf(c->pool, "%s/%s", folder, names.at[i]), err);
                if (r == 0)
                        r = compile_node(c, action, pool_printf(c->pool, "%s/K01%s", folder, script), &stop,
                                         err);
        }
        vec_clear(&names);
        return r;
}

static int compile_sysv(struct compile *c, const struct action *a, struct err *err)
{
        const char *script = action_value(a, "script", 0);
        const char *unit = pool_printf(c->pool, "%s.service", script);
        const char *name = c->bus ? unit : script;
        name_list ran = {0};
        struct step *step;
        int r = c->bus ? check_unit(c, unit, err) : check_vital(unit, err);

        if (r == 0 && c->bus)
                r = bus_ends_with(c->bus, unit, c->pool, &ran, err);
        else if (r == 0)
                *vec_push(&ran) =
                        script; /* whether it runs, only it knows; starting it twice does nothing */
        if (r == 0) {
                step = add_step(c, c->bus ? STEP_STOP : STEP_SCRIPT_STOP, a->id);
                step->names = one_name(c->pool, name);
                step->ran = keep_names(c->pool, &ran);
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
        int r = look(c, path, &before, err);

        if (r < 0 || !turn_off(server, &before, action_value(a, "service", 0),
                               action_value(a, "transport", 0), &text))
                return r;
        *found = true;
        after = with_text(c, &before, &text);
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
        r = list_folder(c, "etc/xinetd.d", &names, err);
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

static int compile_inetd(struct compile *c, const struct action *a, struct err *err)
{
        const char *const *units = server_units(action_value(a, "server", 0));
        bool found = false;
        int r;

        if (c->bus)
                add_step(c, STEP_RESTART_BACK, a->id)->names = units;
        r = off_in_files(c, a, &found, err);
        if (r == 0 && !found)
                r = err_set(err, -ENOENT, "%s has no entry for %s", action_value(a, "server", 0),
                            action_value(a, "service", 0));
        if (r == 0 && c->bus)
                add_step(c, STEP_RESTART, a->id)->names = units;
        else if (r == 0)
                note(c, pool_printf(c->pool, "%s must be told to read its files again",
                                    action_value(a, "server", 0)));
        return r;
}

/* --- firewall -------------------------------------------------------------------------------- */

/* A value as firewall_spec_add takes it: with the word in front. */
static const char *spec_line(struct pool *pool, const char *word, const char *text)
{
        const char *rest = str_after(text, word);

        return rest && *rest == ' ' ? text : pool_printf(pool, "%s %s", word, text);
}

static int spec_lines(struct compile *c, const struct action *a, name_list *ret, struct err *err)
{
        struct firewall_spec spec = {.pool = c->pool};
        const char *log = action_value(a, "log", 0);
        int r = 0;

        /* zones first, whatever the order of the values: rules name them */
        for (unsigned rules = 0; rules < 2; rules++)
                for (const struct action_value *v = a->values; v->name && r == 0; v++) {
                        if (streq(v->name, "log") || streq(v->name, "zone") == rules)
                                continue;
                        *vec_push(ret) = spec_line(c->pool, v->name, v->text);
                        r = firewall_spec_add(&spec, ret->at[ret->n - 1], err);
                }
        firewall_spec_release(&spec);
        if (!log || streq(log, "yes"))
                *vec_push(ret) = "log";
        return r;
}

/* What an apply that is in force loaded last; no lines: none did. */
static int lines_in_force(struct compile *c, const char *table, const char *const **ret, struct err *err)
{
        name_list ids = {0};
        int r = c->folder ? folder_applies(c->folder, c->pool, &ids, err) : 0;

        *ret = no_names;
        for (size_t i = ids.n; r == 0 && i-- > 0 && !**ret;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                if (apply_open(c->folder, ids.at[i], &apply, NULL) < 0 || !apply_in_force(&apply))
                        continue;
                vec_foreach(step, &apply.steps)
                        if (step->op == STEP_TABLE && streq(step->names[0], table)) {
                                name_list lines = {0};

                                for (const char *const *line = step->lines; *line; line++)
                                        *vec_push(&lines) = pool_intern(c->pool, *line);
                                *ret = keep_names(c->pool, &lines);
                                vec_clear(&lines);
                        }
        }
        vec_clear(&ids);
        return r;
}

/* So that the table is there after a boot, too. */
static int add_boot_load(struct compile *c, const char *action, struct err *err)
{
        const struct node link = node_link("/" UNITS "/" FIREWALL);
        const char *text = arm_firewall_unit(c->program, c->pool);
        const struct node unit = node_file(text, strlen(text));
        int r;

        if (!c->bus) {
                note(c, "the firewall is not loaded at boot, as no systemd runs here: "
                        "have `quaymaster-harden load` run early");
                return 0;
        }
        r = compile_node(c, action, UNITS "/" FIREWALL, &unit, err);
        return r < 0 ? r : compile_node(c, action, UNITS "/sysinit.target.wants/" FIREWALL, &link, err);
}

static int compile_table(struct compile *c, const struct action *a, struct err *err)
{
        const char *table = a->kind == ACTION_FIREWALL ? FIREWALL_TABLE : FIREWALL_TABLE_PUBLISHED;
        const char *const *before = no_names;
        char hash[TABLE_HASH_SIZE];
        name_list lines = {0};
        struct step *step;
        bool there = false;
        int r = spec_lines(c, a, &lines, err);

        vec_foreach(other, &c->steps)
                if (other->op == STEP_TABLE && streq(other->names[0], table))
                        r = err_set(err, -EINVAL, "the firewall table '%s' is asked for twice", table);
        if (r == 0)
                r = table_has(table, &there, hash, err);
        if (r == 0 && there)
                r = lines_in_force(c, table, &before, err);
        if (r == 0 && there && !*before)
                r = err_set(err, -EEXIST,
                            "a firewall table '%s' is there that no apply made; look at it, and remove it: "
                            "nft delete table inet %s",
                            table, table);
        if (r == 0)
                r = add_boot_load(c, a->id, err);
        if (r == 0) {
                step = add_step(c, STEP_TABLE, a->id);
                step->names = one_name(c->pool, table);
                step->lines = keep_names(c->pool, &lines);
                step->lines_before = before;
                step->had_table = there;
        }
        vec_clear(&lines);
        return r;
}

/* --- all ------------------------------------------------------------------------------------- */

static int (*const kinds[ACTION_KIND_MAX])(struct compile *c, const struct action *a, struct err *err) = {
        [ACTION_UNIT_STOP] = compile_unit_stop,  [ACTION_SYSV_STOP] = compile_sysv,
        [ACTION_INETD_STOP] = compile_inetd,     [ACTION_BIND_LOOPBACK] = compile_bind,
        [ACTION_UNIT_SANDBOX] = compile_sandbox, [ACTION_FIREWALL] = compile_table,
        [ACTION_PUBLISHED] = compile_table,
};

int compile_action(struct compile *c, const struct action *a, struct err *err)
{
        if (!kinds[a->kind])
                return err_set(err, -EOPNOTSUPP, "'%s': this has no exact undo, so it is not applied",
                               a->id);
        return kinds[a->kind](c, a, err) < 0 ? err_prefix(err, "%s", a->id) : 0;
}
