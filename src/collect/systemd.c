/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/cgroup.h"
#include "collect/collector.h"
#include "collect/listen_text.h"
#include "collect/systemd_bus.h"
#include "collect/unit_files.h"

/* What is known of the units while the view is filled. */
struct sources {
        struct inside *view;
        struct unit_files *files; /* NULL when they can't be read */
        struct bus_units bus;
        bool have_bus;
};

bool systemd_runs(int root_fd)
{
        _cleanup_close_ int fd = fd_open_in_root(root_fd, "/run/systemd/system", O_PATH | O_DIRECTORY);

        return fd >= 0;
}

static bool is_service(const char *name)
{
        return str_ends(name, ".service") || str_ends(name, ".socket");
}

static const struct unit_file *find_file(const struct sources *from, const char *name)
{
        return from->files ? unit_files_find(from->files, name) : NULL;
}

static const char *state_of(const struct sources *from, const struct bus_unit *unit)
{
        if (!unit)
                return from->have_bus ? "inactive" : "unknown";
        return streq(unit->sub, "dead") ? "inactive" : unit->sub;
}

/* The record of a unit, filled from what both sources say of it. unit may be NULL: it is not loaded. */
static uint32_t add_unit(const struct sources *from, const char *name, const struct bus_unit *unit)
{
        const struct unit_file *file = find_file(from, name);
        uint32_t index = inside_find_service(from->view, name);
        struct service *service;

        if (index != NONE)
                return index;
        index = inside_service(from->view, name);
        service = &from->view->services.at[index];
        service->manager = "systemd";
        service->state = state_of(from, unit);
        service->startup = file ? file->startup : "unknown";
        service->description = unit ? unit->description : NULL;
        if (file) {
                service->file = file->path;
                service->exec = file->exec;
                if (!service->description)
                        service->description = file->description;
        }
        return index;
}

/* Units that others only name (After=, Service=) are loaded as "not-found": there is no such service. */
static bool is_there(const struct bus_unit *unit)
{
        return !streq(unit->load, "not-found") || !streq(unit->active, "inactive");
}

static void add_loaded(const struct sources *from)
{
        for (size_t i = 0; i < from->bus.units.n; i++) {
                const struct bus_unit *unit = &from->bus.units.at[i];

                if (is_service(unit->name) && is_there(unit))
                        (void)add_unit(from, unit->name, unit);
        }
}

/*
 * Services that have a file and are not loaded. An alias is another name of a unit that has a record, a
 * template is none yet.
 */
static void add_unloaded(const struct sources *from)
{
        for (size_t i = 0; from->files && i < unit_files_count(from->files); i++) {
                const struct unit_file *file = unit_files_at(from->files, i);

                if (is_service(file->name) && streq(file->name, file->unit) &&
                    !streq(file->startup, "alias") &&
                    unit_name_kind(file->name, strlen(file->name)) != UNIT_TEMPLATE)
                        (void)add_unit(from, file->name, NULL);
        }
}

static bool exists(const struct sources *from, const char *name)
{
        const struct bus_unit *unit = bus_units_find(&from->bus, name);

        return unit ? is_there(unit) : find_file(from, name) != NULL;
}

/*
 * What a socket unit starts: what systemd says, else Service=, else the service (or template) of the same
 * name. NULL when there is none of that name, as with syslog.socket where no syslog daemon is installed.
 */
static const char *triggered_name(const struct sources *from, const char *socket,
                                  const struct bus_unit *unit)
{
        const struct unit_file *file = find_file(from, socket);
        bool accept = unit && unit->on_network ? unit->accept : file && file->accept;
        const char *name = NULL;
        size_t stem = strlen(socket) - strlen(".socket");

        if (unit && unit->triggers && !accept)
                name = unit->triggers;
        else if (file && file->service)
                name = unit_name_kind(file->service, strlen(file->service)) == UNIT_INVALID ? NULL
                                                                                            : file->service;
        else
                name = pool_printf(from->view->pool, "%.*s%s.service", (int)stem, socket, accept ? "@" : "");
        return name && exists(from, name) ? name : NULL;
}

static void add_activation(struct inside *view, enum transport transport, const struct address *address,
                           uint16_t port, uint32_t service)
{
        *vec_push(&view->activations) = (struct activation){
                .transport = transport,
                .address = *address,
                .port = port,
                .service = service,
        };
}

static void add_listen(struct inside *view, uint32_t service, const struct unit_listen *listen, bool v6only)
{
        static const uint8_t any[4];
        enum transport transport = streq(listen->type, "Stream")     ? TRANSPORT_TCP
                                   : streq(listen->type, "Datagram") ? TRANSPORT_UDP
                                                                     : TRANSPORT_MAX;
        struct address address;
        uint16_t port;

        if (transport == TRANSPORT_MAX || listen_text_parse(listen->text, &address, &port) < 0)
                return;
        add_activation(view, transport, &address, port, service);
        if (address.family == 6 && address_is_any(&address) && !v6only) {
                address = address_v4(any);
                add_activation(view, transport, &address, port, service);
        }
}

/*
 * Addresses of a socket unit that is up; what one says that is not started is no matter of open ports. Where
 * systemd can't be asked, those that may be up count.
 */
static void add_listens(const struct sources *from, uint32_t index, const struct bus_unit *unit)
{
        const struct unit_file *file = find_file(from, from->view->services.at[index].name);

        if (unit)
                for (size_t i = 0; streq(unit->active, "active") && i < unit->listens.n; i++)
                        add_listen(from->view, index, &unit->listens.at[i], unit->v6only);
        if (from->have_bus || !file || streq(file->startup, "disabled"))
                return;
        for (size_t i = 0; i < file->n_listens; i++)
                add_listen(from->view, index, &file->listens[i], file->v6only);
}

static void join_sockets(const struct sources *from)
{
        size_t n = from->view->services.n; /* those added meanwhile are no sockets */

        for (uint32_t i = 0; i < n; i++) {
                const char *name = from->view->services.at[i].name, *triggered;
                const struct bus_unit *unit;
                uint32_t service;

                if (!str_ends(name, ".socket"))
                        continue;
                unit = bus_units_find(&from->bus, name);
                add_listens(from, i, unit);
                triggered = triggered_name(from, name, unit);
                if (!triggered)
                        continue;
                service = add_unit(from, triggered, bus_units_find(&from->bus, triggered));
                from->view->services.at[i].triggers = service;
                if (from->view->services.at[service].triggered_by == NONE)
                        from->view->services.at[service].triggered_by = i;
        }
}

struct part_of_path {
        const char *text;
        size_t len;
};

/*
 * The control group that systemd started in: below it lie the paths of its units. Not "/" in a container
 * that has no control group namespace. Its own process is in init.scope there.
 */
static struct part_of_path root_group(const struct inside *view)
{
        uint64_t i;
        const char *path = map_get(&view->process_by_pid, 1, &i) ? view->processes.at[i].cgroup : NULL;

        if (!path || !str_ends(path, "/init.scope"))
                return (struct part_of_path){"", 0};
        return (struct part_of_path){path, strlen(path) - strlen("/init.scope")};
}

static bool parse_group(const char *path, const struct part_of_path *root, char ret[UNIT_NAME_SIZE])
{
        _cleanup_(pool_freep) struct pool *scratch = pool_new();
        struct container container;

        if (!path || strncmp(path, root->text, root->len) != 0 || cgroup_parse_unit(path + root->len, ret) < 0)
                return false;
        return !str_ends(ret, ".scope") ||
               cgroup_parse_container(path + root->len, scratch, &container, NULL) < 0;
}

bool systemd_unit_of_group(const struct inside *view, const char *path, char ret[UNIT_NAME_SIZE])
{
        struct part_of_path root = root_group(view);

        vec_foreach(service, &view->services)
                if (streq_ptr(service->manager, "systemd"))
                        return parse_group(path, &root, ret);
        return false;
}

static uint32_t unit_of_group(const struct sources *from, const char *path, const struct part_of_path *root)
{
        char name[UNIT_NAME_SIZE];
        uint32_t index;

        if (!parse_group(path, root, name))
                return NONE;
        index = add_unit(from, name, bus_units_find(&from->bus, name));
        if (!bus_units_find(&from->bus, name))
                from->view->services.at[index].state = "unknown";
        return index;
}

static void systemd_assign(const struct sources *from)
{
        struct inside *view = from->view;
        struct part_of_path root = root_group(view);

        vec_foreach(process, &view->processes) process->unit = unit_of_group(from, process->cgroup, &root);
        /* whose process may not be seen: the group it was made in still tells the unit */
        vec_foreach(s, &view->sockets)
                if (s->cgroup)
                        s->unit = unit_of_group(from, s->cgroup, &root);
}

static void sources_release(struct sources *from)
{
        bus_units_release(&from->bus);
        from->files = unit_files_free(from->files);
}

static int collect(struct collection *c, struct err *err)
{
        _cleanup_(sources_release) struct sources from = {.view = c->view};
        int r;

        if (!systemd_runs(c->root_fd))
                return 0;
        if (unit_files_read(c->root_fd, c->view->pool, UNIT_FILES_SERVICES, &from.files, err) < 0)
                inside_gap(c->view, "units", NULL, true, "start-up states are unknown: %s", err->text);
        r = systemd_bus_read(c->root_fd, c->view->pool, &from.bus, err);
        from.have_bus = r >= 0;
        if (r < 0)
                inside_gap(c->view, "units", r == -EACCES || r == -EPERM ? "root" : NULL, true,
                           "running states of units are unknown: %s", err->text);
        add_loaded(&from);
        add_unloaded(&from);
        join_sockets(&from);
        systemd_assign(&from);
        return 0;
}

const struct collector collector_systemd = {
        .name = "units",
        .what = "systemd units: running and start-up state, socket activation",
        .collect = collect,
};
