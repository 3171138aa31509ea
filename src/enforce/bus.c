/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/bus.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/str.h"

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER     "/org/freedesktop/systemd1"
#define INTERFACE   DESTINATION ".Manager"
#define UNIT        DESTINATION ".Unit"
#define SOCKET      "unix:path=/run/systemd/private"
#define CALL_US     (60u * 1000 * 1000) /* a reload of many units takes its time */
#define RETURN_US   UINT64_C(2000000)
#define LOOK_MS     20
#define RELATED_MAX 1000

void bus_close(sd_bus **bus)
{
        (void)sd_bus_close_unref(*bus);
        *bus = NULL;
}

int bus_open(sd_bus **ret, struct err *err)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        int r;

        *ret = NULL;
        if (sd_booted() <= 0)
                return 0;
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, SOCKET);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, CALL_US);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return err_errno(err, -r, "connecting to systemd");
        *ret = take_ptr(bus);
        return 0;
}

bool bus_is_alive(sd_bus *bus)
{
        return sd_bus_is_open(bus) > 0;
}

static int failed(int r, const sd_bus_error *why, const char *what, const char *unit, struct err *err)
{
        if (why->message)
                return err_set(err, r, "%s %s: %s", what, unit, why->message);
        return err_errno(err, -r, "%s %s", what, unit);
}

/* The object of a unit, which is loaded when it is not. */
static int find_unit(sd_bus *bus, const char *unit, struct pool *pool, const char **ret, struct err *err)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        const char *path = NULL;
        int r = sd_bus_call_method(bus, DESTINATION, MANAGER, INTERFACE, "LoadUnit", &why, &reply, "s",
                                   unit);

        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return failed(r, &why, "finding", unit, err);
        *ret = pool_intern(pool, path);
        return 0;
}

static int text_of(sd_bus *bus, const char *path, const char *property, const char *unit, struct pool *pool,
                   const char **ret, struct err *err)
{
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        int r = sd_bus_get_property_string(bus, DESTINATION, path, UNIT, property, &why, &text);

        if (r < 0)
                return failed(r, &why, "asking for the state of", unit, err);
        *ret = pool_intern(pool, text);
        return 0;
}

static int state_of(sd_bus *bus, const char *path, const char *unit, struct pool *pool, const char **ret,
                    struct err *err)
{
        return text_of(bus, path, "ActiveState", unit, pool, ret, err);
}

int bus_unit_id(sd_bus *bus, const char *unit, struct pool *pool, const char **ret, struct err *err)
{
        const char *path;
        int r = find_unit(bus, unit, pool, &path, err);

        return r < 0 ? r : text_of(bus, path, "Id", unit, pool, ret, err);
}

int bus_active_state(sd_bus *bus, const char *unit, struct pool *pool, const char **ret, struct err *err)
{
        const char *path;
        int r = find_unit(bus, unit, pool, &path, err);

        return r < 0 ? r : state_of(bus, path, unit, pool, ret, err);
}

static bool is_over(const char *state)
{
        return streq(state, "inactive") || streq(state, "failed");
}

int bus_runs(sd_bus *bus, const char *unit, bool *ret, struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        const char *state = NULL;
        int r = bus_active_state(bus, unit, pool, &state, err);

        *ret = r == 0 && !is_over(state) && !streq(state, "deactivating");
        return r;
}

static bool has(const name_list *list, const char *name)
{
        vec_foreach(one, list)
                if (streq(*one, name))
                        return true;
        return false;
}

static int add_running(sd_bus *bus, const char *unit, struct pool *pool, name_list *to, struct err *err)
{
        bool runs;
        int r = has(to, unit) ? 0 : bus_runs(bus, unit, &runs, err);

        if (r == 0 && !has(to, unit) && runs && to->n < RELATED_MAX)
                *vec_push(to) = pool_intern(pool, unit);
        return r;
}

static int add_property(sd_bus *bus, const char *path, const char *property, struct pool *pool,
                        name_list *to, struct err *err)
{
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        char **names = NULL;
        int r = sd_bus_get_property_strv(bus, DESTINATION, path, UNIT, property, &why, &names);

        if (r < 0)
                return failed(r, &why, "asking for", property, err);
        for (char **name = names; name && *name; name++) {
                if (r >= 0 && !str_ends(*name, ".target"))
                        r = add_running(bus, *name, pool, to, err);
                free(*name);
        }
        free(names);
        return r < 0 ? r : 0;
}

int bus_unit_files(sd_bus *bus, const char *unit, struct pool *pool, name_list *to, struct err *err)
{
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *own = NULL;
        char **drop_ins = NULL;
        const char *path;
        int r = find_unit(bus, unit, pool, &path, err);

        if (r < 0)
                return r;
        r = sd_bus_get_property_string(bus, DESTINATION, path, UNIT, "FragmentPath", &why, &own);
        if (r >= 0)
                r = sd_bus_get_property_strv(bus, DESTINATION, path, UNIT, "DropInPaths", &why, &drop_ins);
        if (r < 0)
                return failed(r, &why, "asking for the files of", unit, err);
        if (own[0])
                *vec_push(to) = pool_intern(pool, own);
        for (char **name = drop_ins; name && *name; name++) {
                *vec_push(to) = pool_intern(pool, *name);
                free(*name);
        }
        free(drop_ins);
        return 0;
}

int bus_ends_with(sd_bus *bus, const char *unit, struct pool *pool, name_list *to, struct err *err)
{
        static const char *const properties[] = {"RequiredBy", "BoundBy", "ConsistsOf"};
        size_t next = to->n;
        int r = add_running(bus, unit, pool, to, err);

        for (; r == 0 && next < to->n; next++) {
                const char *path;

                r = find_unit(bus, to->at[next], pool, &path, err);
                for (size_t i = 0; i < array_len(properties) && r == 0; i++)
                        r = add_property(bus, path, properties[i], pool, to, err);
        }
        return r;
}

static int job_of(sd_bus *bus, const char *path, const char *unit, uint32_t *ret, struct err *err)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        int r = sd_bus_get_property(bus, DESTINATION, path, UNIT, "Job", &why, &reply, "(uo)");

        if (r >= 0)
                r = sd_bus_message_read(reply, "(uo)", ret, NULL);
        return r < 0 ? failed(r, &why, "asking for the job of", unit, err) : 0;
}

/* Until it has no job any more; its state then. */
static int wait_job(sd_bus *bus, const char *unit, struct pool *pool, const char **ret, struct err *err)
{
        uint64_t end = clock_monotonic_ns() + BUS_UNIT_MS * UINT64_C(1000000);
        const char *path;
        int r = find_unit(bus, unit, pool, &path, err);

        while (r == 0) {
                uint32_t job = 0;

                r = job_of(bus, path, unit, &job, err);
                if (r == 0 && !job)
                        return state_of(bus, path, unit, pool, ret, err);
                if (r == 0 && clock_monotonic_ns() > end)
                        return err_set(err, -ETIMEDOUT, "%s did not do it within %u s", unit,
                                       BUS_UNIT_MS / 1000);
                (void)poll(NULL, 0, LOOK_MS);
        }
        return r;
}

static int ask(sd_bus *bus, const char *method, const char *what, const char *unit, struct err *err)
{
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(bus, DESTINATION, MANAGER, INTERFACE, method, &why, NULL, "ss", unit,
                                   "replace");

        return r < 0 ? failed(r, &why, what, unit, err) : 0;
}

int bus_stop(sd_bus *bus, const char *unit, struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        const char *state = NULL;
        int r = bus_active_state(bus, unit, pool, &state, err);

        if (r < 0 || is_over(state))
                return r;
        r = ask(bus, "StopUnit", "stopping", unit, err);
        if (r == 0)
                r = wait_job(bus, unit, pool, &state, err);
        if (r == 0 && !is_over(state))
                return err_set(err, -EIO, "%s does not stop: it is '%s'", unit, state);
        return r;
}

static int begin(sd_bus *bus, const char *method, const char *what, const char *unit, bool wait,
                 struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        const char *state = NULL;
        int r = ask(bus, method, what, unit, err);

        if (r == 0 && wait)
                r = wait_job(bus, unit, pool, &state, err);
        if (r == 0 && wait && is_over(state))
                return err_set(err, -EIO, "%s does not run: it is '%s' (see: journalctl -u %s)", unit, state,
                               unit);
        return r;
}

int bus_start(sd_bus *bus, const char *unit, bool wait, struct err *err)
{
        return begin(bus, "StartUnit", "starting", unit, wait, err);
}

/* A socket is not opened anew while the service that it starts runs: that is stopped, and started again afterwards. */
static int restart_socket(sd_bus *bus, const char *unit, bool wait, struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        name_list served = {0};
        const char *path;
        int r = find_unit(bus, unit, pool, &path, err);

        if (r == 0)
                r = add_property(bus, path, "Triggers", pool, &served, err);
        for (size_t i = 0; i < served.n && r == 0; i++)
                r = bus_stop(bus, served.at[i], err);
        if (r == 0)
                r = begin(bus, "RestartUnit", "restarting", unit, wait, err);
        for (size_t i = 0; i < served.n && r == 0; i++)
                r = bus_start(bus, served.at[i], wait, err);
        vec_clear(&served);
        return r;
}

int bus_restart(sd_bus *bus, const char *unit, bool wait, struct err *err)
{
        bool runs;
        int r = bus_runs(bus, unit, &runs, err);

        if (r < 0 || !runs)
                return r;
        return str_ends(unit, ".socket") ? restart_socket(bus, unit, wait, err)
                                         : begin(bus, "RestartUnit", "restarting", unit, wait, err);
}

int bus_reload(sd_bus *bus, struct err *err)
{
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(bus, DESTINATION, MANAGER, INTERFACE, "Reload", &why, NULL, NULL);

        return r < 0 ? failed(r, &why, "reloading", "unit files", err) : 0;
}

static int add_command(sd_bus_message *m, const char *const *argv)
{
        int r = sd_bus_message_open_container(m, 'r', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", "ExecStart");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sasb");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", argv[0]);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **)(uintptr_t)argv);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", 0);
        for (unsigned level = 0; level < 4 && r >= 0; level++)
                r = sd_bus_message_close_container(m);
        return r;
}

/*
 * It is killed as often as somebody likes, and comes back; also where its program was removed, which may be put back.
 * So there is no limit, but a pace that harms nobody, and an end with the file.
 */
static int add_return(sd_bus_message *m, const char *while_there)
{
        int r = sd_bus_message_append(m, "(sv)(sv)(sv)", "Restart", "s", "on-failure", "RestartUSec", "t",
                                      RETURN_US, "StartLimitIntervalUSec", "t", UINT64_C(0));

        return r < 0 ? r
                     : sd_bus_message_append(m, "(sv)", "Conditions", "a(sbbs)", 1, "ConditionPathExists", 0,
                                             0, while_there);
}

static int fill_service(sd_bus_message *m, const char *name, const char *what, const char *const *argv,
                        const char *while_there)
{
        int r = sd_bus_message_append(m, "ss", name, "replace");

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)", "Description", "s", what, "CollectMode", "s",
                                          "inactive-or-failed");
        if (r >= 0)
                r = add_return(m, while_there);
        if (r >= 0)
                r = add_command(m, argv);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_append(m, "a(sa(sv))", 0);
}

int bus_run_service(sd_bus *bus, const char *name, const char *what, const char *const *argv,
                    const char *while_there, struct err *err)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error why = SD_BUS_ERROR_NULL;
        int r = sd_bus_message_new_method_call(bus, &m, DESTINATION, MANAGER, INTERFACE,
                                               "StartTransientUnit");

        if (r >= 0)
                r = fill_service(m, name, what, argv, while_there);
        if (r >= 0)
                r = sd_bus_call(bus, m, 0, &why, NULL);
        return r < 0 ? failed(r, &why, "starting", name, err) : 0;
}
