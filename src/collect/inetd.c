/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inetd and xinetd: what their files let them listen for. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/collector.h"
#include "collect/inetd_text.h"
#include "collect/running.h"

#define MAX_FILE    (1024u * 1024)
#define MAX_FILES   1000
#define SERVICES    "/etc/services"
#define INETD_FILE  "/etc/inetd.conf"
#define INETD_DIR   "/etc/inetd.d"
#define XINETD_FILE "/etc/xinetd.conf"

struct reading {
        struct collection *c;
        struct running running;
        bool have_running;
        struct str services;
        size_t n_files;
};

static void reading_release(struct reading *reading)
{
        if (reading->have_running)
                running_release(&reading->running);
        str_release(&reading->services);
}

/* A file that is there and can't be read is a gap; one that is not there is none. */
static int read_file(struct reading *reading, const char *path, struct str *to)
{
        _cleanup_close_ int fd = fd_open_regular(reading->c->root_fd, path);
        int r = fd < 0 ? fd : fd_read_all(fd, MAX_FILE, to);

        if (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -EINVAL)
                inside_gap(reading->c->view, "inetd", r == -EACCES ? "root" : NULL, true,
                           "cannot read '%s': %s", path, strerrordesc_np(-r));
        return r;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * Files of a directory in order of their names, less those that xinetd leaves out: with a dot in the name or
 * '~' at its end.
 */
static void each_file(struct reading *reading, const char *path,
                      void (*take)(struct reading *reading, const char *path, void *data), void *data)
{
        _cleanup_close_ int fd = fd_open_in_root(reading->c->root_fd, path, O_RDONLY | O_DIRECTORY);
        _cleanup_close_dir_ DIR *dir = fd_to_dir(&fd);
        struct pool *pool = reading->c->view->pool;
        vec(const char *) paths = {0};
        struct dirent *entry;

        while (dir && reading->n_files < MAX_FILES && (entry = readdir(dir))) {
                if (strchr(entry->d_name, '.') || str_ends(entry->d_name, "~"))
                        continue;
                *vec_push(&paths) = pool_printf(pool, "%s/%s", path, entry->d_name);
                reading->n_files++;
        }
        vec_sort(&paths, compare_names);
        vec_foreach(file, &paths)
                take(reading, *file, data);
        vec_clear(&paths);
}

static bool daemon_runs(struct reading *reading, const char *const names[], size_t n)
{
        if (!reading->have_running) {
                running_read(&reading->running, reading->c, true);
                reading->have_running = true;
        }
        for (size_t i = 0; i < n; i++)
                if (running_by(&reading->running, NULL, names[i]))
                        return true;
        return false;
}

static uint16_t port_of(struct reading *reading, const struct inetd_entry *entry)
{
        if (entry->port || entry->unix_or_rpc)
                return entry->port;
        if (!reading->services.text) {
                str_reserve(&reading->services, 1);
                reading->services.text[0] = '\0';
                (void)read_file(reading, SERVICES, &reading->services);
        }
        return services_text_port(str_text(&reading->services), reading->services.len, entry->service,
                                  entry->protocol);
}

/* "telnet/tcp"; a second entry of xinetd for the same service has an id of its own. */
static uint32_t find_service(struct inside *view, const struct inetd_entry *entry, const char *manager)
{
        const char *name = pool_printf(view->pool, "%s/%s", entry->service, entry->protocol);
        uint32_t index = inside_find_service(view, name);

        if (index != NONE && entry->id && !streq(entry->id, entry->service)) {
                name = pool_printf(view->pool, "%s/%s", entry->id, entry->protocol);
                index = inside_find_service(view, name);
        }
        if (index == NONE) {
                index = inside_service(view, name);
                view->services.at[index].manager = manager;
                view->services.at[index].state = "inactive";
                view->services.at[index].startup = "disabled";
        }
        return index;
}

static void add_activation(struct reading *reading, const struct inetd_entry *entry, uint32_t service)
{
        static const uint8_t any[16];
        struct activation activation = {
                .transport = transport_parse(entry->protocol),
                .port = port_of(reading, entry),
                .service = service,
        };

        if (activation.transport == TRANSPORT_MAX || activation.port == 0)
                return;
        if (entry->family == 4)
                activation.address = address_v4(any);
        else if (entry->family == 6)
                activation.address = address_v6(any);
        /* A host name would have to be looked up, which asks the network: any address then. */
        if (entry->host)
                (void)address_parse(entry->host, &activation.address);
        *vec_push(&reading->c->view->activations) = activation;
}

static void add_entry(struct reading *reading, const struct inetd_entry *entry, const char *manager,
                      const char *file, bool runs)
{
        struct inside *view = reading->c->view;
        uint32_t index = find_service(view, entry, manager);
        struct service *service = &view->services.at[index];

        if (!service->file) {
                service->file = file;
                service->exec = entry->server && entry->server[0] == '/'
                                        ? pool_intern(view->pool, entry->server)
                                        : NULL;
                if (entry->server && streq(entry->server, "internal"))
                        service->description = "answered by the daemon itself";
        }
        if (entry->disabled)
                return;
        service->startup = "enabled";
        service->state = runs ? "listening" : "inactive";
        add_activation(reading, entry, index);
}

/* xinetd takes the entries of inetd too when it is told so (xinetd(8)), as Debian's script does. */
static bool xinetd_reads_both(const struct inside *view)
{
        vec_foreach(process, &view->processes)
                if (streq_ptr(process->name, "xinetd") && process->cmdline &&
                    strstr(process->cmdline, "-inetd_compat"))
                        return true;
        return false;
}

static void read_inetd_file(struct reading *reading, const char *path, void *data)
{
        static const char *const daemons[] = {"inetd", "inetutils-inetd", "openbsd-inetd", "rlinetd",
                                              "busybox"};
        struct inetd_entries entries = {0};
        _cleanup_str_ struct str text = {0};
        bool runs;

        if (read_file(reading, path, &text) < 0)
                return;
        runs = daemon_runs(reading, daemons, array_len(daemons)) || xinetd_reads_both(reading->c->view);
        inetd_text_parse(&entries, reading->c->view->pool, str_text(&text), text.len);
        vec_foreach(entry, &entries)
                add_entry(reading, entry, "inetd", pool_intern(reading->c->view->pool, path), runs);
        vec_clear(&entries);
}

struct xinetd_reading {
        struct xinetd_text text;
        vec(const char *) files; /* of each entry */
};

static void read_xinetd_file(struct reading *reading, const char *path, void *data)
{
        struct xinetd_reading *xinetd = data;
        _cleanup_str_ struct str text = {0};

        if (read_file(reading, path, &text) < 0)
                return;
        xinetd_text_parse(&xinetd->text, reading->c->view->pool, str_text(&text), text.len);
        while (xinetd->files.n < xinetd->text.entries.n)
                *vec_push(&xinetd->files) = pool_intern(reading->c->view->pool, path);
}

static void read_xinetd(struct reading *reading)
{
        static const char *const daemons[] = {"xinetd"};
        struct xinetd_reading xinetd = {0};

        *vec_push(&xinetd.text.includes) = (struct xinetd_include){.path = XINETD_FILE};
        /* Included files may include more: the list grows while it is read, and the parser bounds it. */
        for (size_t i = 0; i < xinetd.text.includes.n; i++) {
                struct xinetd_include include = xinetd.text.includes.at[i];

                if (include.is_dir)
                        each_file(reading, include.path, read_xinetd_file, &xinetd);
                else
                        read_xinetd_file(reading, include.path, &xinetd);
        }
        xinetd_text_finish(&xinetd.text);
        for (size_t i = 0; i < xinetd.text.entries.n; i++)
                add_entry(reading, &xinetd.text.entries.at[i], "xinetd", xinetd.files.at[i],
                          daemon_runs(reading, daemons, array_len(daemons)));
        xinetd_text_release(&xinetd.text);
        vec_clear(&xinetd.files);
}

static int collect(struct collection *c, struct err *err)
{
        _cleanup_(reading_release) struct reading reading = {.c = c};

        read_inetd_file(&reading, INETD_FILE, NULL);
        each_file(&reading, INETD_DIR, read_inetd_file, NULL);
        read_xinetd(&reading);
        return 0;
}

const struct collector collector_inetd = {
        .name = "inetd",
        .what = "services of inetd and xinetd, by their files",
        .collect = collect,
};
