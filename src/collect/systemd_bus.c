/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/systemd_bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "collect/listen_text.h"

#define DESTINATION SYSTEMD_BUS_NAME
#define TIMEOUT_US  (1000u * 1000)
#define MAX_UNITS   50000
#define MAX_LISTENS 1000 /* of one socket unit */

struct request {
        struct reading *reading;
        uint32_t unit;
        void (*take)(struct bus_units *units, struct bus_unit *unit, sd_bus_message *reply);
};

struct reading {
        struct bus_units *units;
        size_t n_pending;
};

static void bus_close(sd_bus **bus)
{
        (void)sd_bus_close_unref(*bus);
}

static void message_drop(sd_bus_message **message)
{
        (void)sd_bus_message_unref(*message);
}

void bus_units_release(struct bus_units *units)
{
        vec_foreach(unit, &units->units)
                vec_clear(&unit->listens);
        vec_clear(&units->units);
        map_release(&units->by_name);
}

const struct bus_unit *bus_units_find(const struct bus_units *units, const char *name)
{
        uint64_t i;

        return map_get_str(&units->by_name, name, &i) ? &units->units.at[i] : NULL;
}

/* sd-bus itself would wait 90 seconds for a daemon that accepts and says nothing. */
static int wait_ready(sd_bus *bus)
{
        uint64_t end = clock_monotonic_ns() + TIMEOUT_US * 1000ull;
        int r;

        while ((r = sd_bus_is_ready(bus)) == 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, TIMEOUT_US);
                if (r < 0)
                        return r;
                if (clock_monotonic_ns() > end)
                        return -ETIMEDOUT;
        }
        return r < 0 ? r : 0;
}

static int open_address(const char *address, bool is_bus, sd_bus **ret)
{
        _cleanup_(bus_close) sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        (void)sd_bus_set_bus_client(bus, is_bus);
        (void)sd_bus_set_method_call_timeout(bus, TIMEOUT_US);
        r = sd_bus_start(bus);
        if (r >= 0)
                r = wait_ready(bus);
        if (r < 0)
                return r;
        *ret = take_ptr(bus);
        return 0;
}

int systemd_bus_open_shared(sd_bus **ret)
{
        const char *given = getenv("DBUS_SYSTEM_BUS_ADDRESS");

        return open_address(given ? given : "unix:path=/run/dbus/system_bus_socket", true, ret);
}

static int list_units(sd_bus *bus, sd_bus_message **ret)
{
        return sd_bus_call_method(bus, DESTINATION, "/org/freedesktop/systemd1", DESTINATION ".Manager",
                                  "ListUnits", NULL, ret, NULL);
}

/*
 * systemd's own socket first: it is there without a bus daemon, and saves the way through one. A refusal
 * there may only show with the first call.
 */
static int connect_and_list(int root_fd, sd_bus **ret_bus, sd_bus_message **ret)
{
        const char *given = getenv("DBUS_SYSTEM_BUS_ADDRESS");
        char private[80], shared[80];
        const struct {
                const char *address;
                bool is_bus;
        } ways[] = {{given ? given : private, given != NULL}, {shared, true}};
        int r = -ENOENT;

        (void)snprintf(private, sizeof(private), "unix:path=/proc/self/fd/%d/run/systemd/private", root_fd);
        (void)snprintf(shared, sizeof(shared), "unix:path=/proc/self/fd/%d/run/dbus/system_bus_socket",
                       root_fd);
        for (size_t i = 0; i < array_len(ways) - (given != NULL); i++) {
                _cleanup_(bus_close) sd_bus *bus = NULL;

                r = open_address(ways[i].address, ways[i].is_bus, &bus);
                if (r >= 0)
                        r = list_units(bus, ret);
                if (r >= 0) {
                        *ret_bus = take_ptr(bus);
                        return 0;
                }
        }
        return r;
}

static int take_units(struct bus_units *units, sd_bus_message *reply)
{
        const char *name, *description, *load, *active, *sub, *path;
        int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");

        if (r < 0)
                return r;
        for (;;) {
                struct bus_unit *unit;

                r = sd_bus_message_read(reply, "(ssssssouso)", &name, &description, &load, &active, &sub,
                                        NULL, &path, NULL, NULL, NULL);
                if (r <= 0)
                        return r;
                if (units->units.n >= MAX_UNITS)
                        return -E2BIG;
                unit = vec_push(&units->units);
                unit->name = pool_intern(units->pool, name);
                unit->description = pool_intern(units->pool, description);
                unit->load = pool_intern(units->pool, load);
                unit->active = pool_intern(units->pool, active);
                unit->sub = pool_intern(units->pool, sub);
                unit->path = pool_intern(units->pool, path);
                map_put_str(&units->by_name, unit->name, units->units.n - 1);
        }
}

static void take_listen(struct bus_units *units, struct bus_unit *unit, sd_bus_message *reply)
{
        const char *type, *text;

        if (sd_bus_message_enter_container(reply, 'v', "a(ss)") < 0 ||
            sd_bus_message_enter_container(reply, 'a', "(ss)") < 0)
                return;
        while (unit->listens.n < MAX_LISTENS && sd_bus_message_read(reply, "(ss)", &type, &text) > 0)
                *vec_push(&unit->listens) = (struct unit_listen){
                        .type = pool_intern(units->pool, type),
                        .text = pool_intern(units->pool, text),
                };
}

static void take_triggers(struct bus_units *units, struct bus_unit *unit, sd_bus_message *reply)
{
        const char *name;

        if (sd_bus_message_enter_container(reply, 'v', "as") >= 0 &&
            sd_bus_message_enter_container(reply, 'a', "s") >= 0 &&
            sd_bus_message_read(reply, "s", &name) > 0)
                unit->triggers = pool_intern(units->pool, name);
}

static void take_accept(struct bus_units *units, struct bus_unit *unit, sd_bus_message *reply)
{
        int accept = 0;

        if (sd_bus_message_read(reply, "v", "b", &accept) >= 0)
                unit->accept = accept;
}

static void take_v6only(struct bus_units *units, struct bus_unit *unit, sd_bus_message *reply)
{
        const char *word;

        if (sd_bus_message_read(reply, "v", "s", &word) >= 0)
                unit->v6only = streq(word, "ipv6-only");
}

struct property {
        const char *interface, *name;
        void (*take)(struct bus_units *units, struct bus_unit *unit, sd_bus_message *reply);
};

static const struct property listen_property[] = {{DESTINATION ".Socket", "Listen", take_listen}};

static const struct property network_properties[] = {
        {DESTINATION ".Socket", "Accept", take_accept},
        {DESTINATION ".Socket", "BindIPv6Only", take_v6only},
        {DESTINATION ".Unit", "Triggers", take_triggers},
};

static bool is_socket(const struct bus_unit *unit)
{
        return str_ends(unit->name, ".socket");
}

static bool is_on_network(const struct bus_unit *unit)
{
        return unit->on_network;
}

static bool listens_on_network(const struct bus_unit *unit)
{
        struct address address;
        uint16_t port;

        for (size_t i = 0; i < unit->listens.n; i++)
                if (listen_text_parse(unit->listens.at[i].text, &address, &port) >= 0)
                        return true;
        return false;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct request *request = userdata;
        struct reading *reading = request->reading;

        reading->n_pending--;
        /* A unit that went away meanwhile answers with an error: it just has no addresses. */
        if (!sd_bus_message_is_method_error(reply, NULL))
                request->take(reading->units, &reading->units->units.at[request->unit], reply);
        return 0;
}

static int send_question(sd_bus *bus, struct request *request, const struct property *property)
{
        const struct bus_unit *unit = &request->reading->units->units.at[request->unit];
        int r;

        r = sd_bus_call_method_async(bus, NULL, DESTINATION, unit->path, "org.freedesktop.DBus.Properties",
                                     "Get", on_reply, request, "ss", property->interface, property->name);
        if (r >= 0)
                request->reading->n_pending++;
        return r;
}

static int wait_replies(sd_bus *bus, const struct reading *reading)
{
        uint64_t end = clock_monotonic_ns() + TIMEOUT_US * 1000ull;
        int r = 0;

        while (r >= 0 && reading->n_pending) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, TIMEOUT_US);
                if (r >= 0 && clock_monotonic_ns() > end)
                        r = -ETIMEDOUT;
        }
        return r < 0 ? r : 0;
}

/*
 * Ask for these properties of all units that are wanted; questions leave without waiting for the answers
 * before them.
 */
static int ask(sd_bus *bus, struct bus_units *units, bool (*wanted)(const struct bus_unit *unit),
               const struct property *properties, size_t n_properties)
{
        _cleanup_free_ struct request *requests = NULL;
        struct reading reading = {.units = units};
        size_t n_wanted = 0, n = 0;
        int r = 0;

        vec_foreach(unit, &units->units)
                n_wanted += wanted(unit);
        requests = xcalloc(n_wanted * n_properties + 1, sizeof(*requests));
        for (uint32_t i = 0; i < units->units.n; i++) {
                if (!wanted(&units->units.at[i]))
                        continue;
                for (size_t k = 0; k < n_properties && r >= 0; k++) {
                        requests[n] = (struct request){&reading, i, properties[k].take};
                        r = send_question(bus, &requests[n++], &properties[k]);
                }
        }
        if (r >= 0)
                r = wait_replies(bus, &reading);
        /* Answers that are still due would be written where requests was. */
        if (r < 0)
                sd_bus_close(bus);
        return r;
}

/* Each answer costs systemd some 50 us: what only matters on the network is asked of no other socket. */
static int read_sockets(sd_bus *bus, struct bus_units *units)
{
        int r = ask(bus, units, is_socket, listen_property, array_len(listen_property));

        if (r < 0)
                return r;
        vec_foreach(unit, &units->units)
                unit->on_network = is_socket(unit) && listens_on_network(unit);
        return ask(bus, units, is_on_network, network_properties, array_len(network_properties));
}

int systemd_bus_read(int root_fd, struct pool *pool, struct bus_units *units, struct err *err)
{
        _cleanup_(message_drop) sd_bus_message *reply = NULL;
        _cleanup_(bus_close) sd_bus *bus = NULL;
        int r;

        units->pool = pool;
        r = connect_and_list(root_fd, &bus, &reply);
        if (r < 0)
                return err_errno(err, -r, "cannot ask systemd for its units");
        r = take_units(units, reply);
        if (r >= 0)
                r = read_sockets(bus, units);
        return r < 0 ? err_errno(err, -r, "cannot read the units of systemd") : 0;
}
