/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "enforce/compile_kinds.h"

#define MASK "/dev/null"

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

int compile_check_vital(const char *unit, struct err *err)
{
        return is_vital(unit) ? err_set(err, -EPERM, "'%s' is not touched: the host needs it", unit) : 0;
}

/* Another name is no way round that (dbus-org.freedesktop.login1.service), nor would masking it keep the unit off. */
int compile_check_unit(const struct compile *c, const char *unit, struct err *err)
{
        const char *id;
        int r = compile_check_vital(unit, err);

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
        int r = compile_look(c, path, &before, err);

        return r < 0 || before.type != NODE_LINK ? r : compile_remove(c, action, path, err);
}

/* Another name of the unit: a link to its file. */
static int remove_alias(struct compile *c, const char *action, const char *name, const char *unit,
                        struct err *err)
{
        const char *path = pool_printf(c->pool, UNITS "/%s", name);
        struct node before;
        int r = compile_look(c, path, &before, err);

        if (r < 0 || streq(name, unit) || before.type != NODE_LINK ||
            !streq(str_basename(before.text), unit))
                return r;
        return compile_remove(c, action, path, err);
}

/* As systemctl disable: links below /etc only; those of packages are what the mask is for. */
static int disable(struct compile *c, const char *action, const char *unit, struct err *err)
{
        name_list names = {0};
        int r = compile_list(c, UNITS, &names, err);

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
        int r = compile_look(c, path, &before, err);

        if (r < 0)
                return r;
        if (before.type == NODE_FILE) {
                compile_note(c, pool_printf(c->pool,
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

int compile_unit_stop(struct compile *c, const struct action *a, struct err *err)
{
        name_list units = {0}, ran = {0};
        struct step *step;
        const char *unit;
        int r = 0;

        for (size_t i = 0; r == 0 && (unit = action_value(a, "unit", i)); i++) {
                *vec_push(&units) = unit;
                r = compile_is_restarted(c, unit) ? compile_refuse_both(unit, err) : compile_check_unit(c, unit, err);
                if (r == 0)
                        r = bus_ends_with(c->bus, unit, c->pool, &ran, err);
        }
        if (r == 0)
                r = check_ends(action_value(a, "unit", 0), &ran, err);
        if (r == 0) {
                step = compile_step(c, STEP_STOP, a->id);
                step->names = compile_keep_names(c->pool, &units);
                step->ran = compile_keep_names(c->pool, &ran);
        }
        for (size_t i = 0; r == 0 && i < units.n; i++) {
                r = disable(c, a->id, units.at[i], err);
                if (r == 0)
                        r = mask(c, a->id, units.at[i], err);
        }
        /* what was started by something else in between */
        if (r == 0)
                compile_step(c, STEP_STOP, a->id)->names = compile_keep_names(c->pool, &units);
        vec_clear(&units);
        vec_clear(&ran);
        return r;
}
