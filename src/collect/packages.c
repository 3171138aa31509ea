/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packages of executables and unit files. What is asked for is known only after sockets and processes are
 * read. With three processors or more, dpkg's lists of our own root are indexed meanwhile in a thread; with
 * fewer that would only take time from the others, and they are read when something is asked that may be in
 * them. Roots of containers are looked at when their turn comes, each once: what stands there was written
 * by others, so all of them together have one small budget.
 */
#include "collect/packages.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "collect/apk.h"
#include "collect/collector.h"
#include "collect/crew.h"
#include "collect/dpkg.h"
#include "collect/rpm.h"

#define SOURCE        "packages"
#define OWN_BYTES     (256ull << 20)
#define FOREIGN_BYTES (128ull << 20)
#define MAX_FOREIGN   64u

struct package_index {
        pthread_t thread;
        bool running, read;
        int root_fd;
        uint64_t budget;
        struct dpkg *dpkg;
        int result; /* of dpkg_read */
        struct err err;
};

static void *read_index(void *arg)
{
        struct package_index *index = arg;

        index->read = true;
        index->result = dpkg_read(index->root_fd, &index->budget, &index->dpkg, &index->err);
        return NULL;
}

static void packages_begin(struct collection *c)
{
        struct package_index *index = xcalloc(1, sizeof(*index));

        index->root_fd = c->root_fd;
        index->budget = OWN_BYTES;
        c->packages = index;
        index->running =
                crew_size(CREW_MAX) > 2 && pthread_create(&index->thread, NULL, read_index, index) == 0;
}

static void join(struct package_index *index)
{
        if (index->running)
                (void)pthread_join(index->thread, NULL);
        index->running = false;
}

static void packages_end(struct collection *c)
{
        if (!c->packages)
                return;
        join(c->packages);
        dpkg_free(c->packages->dpkg);
        free(c->packages);
        c->packages = NULL;
}

/* What is asked of one root directory. */
struct place {
        dev_t device; /* of the root directory, which tells it from others */
        ino_t inode;
        int root_fd;
        struct map by_path; /* index of the query */
        vec(struct package_query) queries;
        vec(uint32_t) packages; /* the answers, as indexes of the view's packages; NONE */
};

struct places {
        vec(struct place) all;    /* the first is our own */
        vec(uint32_t) of_process; /* by index of the process; NONE */
        struct map beyond;        /* inodes of roots that were one too many */
};

static void places_release(struct places *places)
{
        vec_foreach(place, &places->all) {
                if (place != places->all.at)
                        fd_close(&place->root_fd);
                map_release(&place->by_path);
                vec_clear(&place->queries);
                vec_clear(&place->packages);
        }
        vec_clear(&places->all);
        vec_clear(&places->of_process);
        map_release(&places->beyond);
}

/*
 * Directories that are the site's own: packages install nothing there (Debian Policy 9.1.2, FHS 3.0), so
 * there is nothing to look up.
 */
static bool is_local(const char *path)
{
        static const char *const dirs[] = {"/home/", "/media/", "/mnt/",       "/proc/",   "/root/",
                                           "/run/",  "/tmp/",   "/usr/local/", "/var/tmp/"};

        for (size_t i = 0; i < array_len(dirs); i++)
                if (str_after(path, dirs[i]))
                        return true;
        return false;
}

static void ask(struct place *place, const char *path)
{
        if (!path || path[0] != '/' || is_local(path) || map_get_str(&place->by_path, path, NULL))
                return;
        map_put_str(&place->by_path, path, place->queries.n);
        vec_push(&place->queries)->path = path;
}

static uint32_t answer(const struct place *place, const char *path)
{
        uint64_t index;

        if (!path || !place->packages.n || !map_get_str(&place->by_path, path, &index))
                return NONE;
        return place->packages.at[index];
}

static uint32_t find_place(const struct places *places, const struct stat *st)
{
        for (uint32_t i = 0; i < places->all.n; i++)
                if (places->all.at[i].device == st->st_dev && places->all.at[i].inode == st->st_ino)
                        return i;
        return NONE;
}

static uint32_t add_place(struct places *places, int root_fd, const struct stat *st)
{
        struct place *place = vec_push(&places->all);

        place->root_fd = root_fd;
        place->device = st->st_dev;
        place->inode = st->st_ino;
        return (uint32_t)(places->all.n - 1);
}

static void cannot_see_root(struct collection *c, int error)
{
        if (error == ENOENT || error == ESRCH)
                return; /* the process ended */
        inside_gap(c->view, SOURCE, "CAP_SYS_PTRACE", true,
                   "the file system of processes in containers could not be opened: %s", strerror(error));
}

static uint32_t place_of(struct collection *c, struct places *places, pid_t pid)
{
        char path[32];
        _cleanup_close_ int fd = -1;
        struct stat st;
        uint32_t index;

        (void)snprintf(path, sizeof(path), "%d/root", (int)pid);
        if (fstatat(c->proc_fd, path, &st, 0) < 0) {
                cannot_see_root(c, errno);
                return NONE;
        }
        index = find_place(places, &st);
        if (index != NONE || map_get(&places->beyond, st.st_ino ^ st.st_dev << 32, NULL))
                return index;
        if (places->all.n > MAX_FOREIGN) {
                map_put(&places->beyond, st.st_ino ^ st.st_dev << 32, 0);
                inside_gap(c->view, SOURCE, NULL, true,
                           "packages of containers past the first %u were not looked up", MAX_FOREIGN);
                return NONE;
        }
        fd = openat(c->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0) {
                cannot_see_root(c, errno);
                return NONE;
        }
        index = find_place(places, &st);
        return index != NONE ? index : add_place(places, take_fd(fd), &st);
}

/* Of the executable, in the root where its packages are. */
static const char *exe_path(const struct process *process)
{
        return process->foreign_root ? process->exe_there : process->exe;
}

/* Services that are shown: all of them, or those that run something here or are started by a socket. */
static bool *services_shown(const struct collection *c)
{
        const struct inside *view = c->view;
        bool *shown = xcalloc(view->services.n + 1, sizeof(*shown));

        for (size_t i = 0; i < view->services.n; i++)
                shown[i] = c->options->all_services;
        vec_foreach(process, &view->processes)
                if (process->unit != NONE)
                        shown[process->unit] = true;
        vec_foreach(activation, &view->activations) {
                const struct service *socket = &view->services.at[activation->service];

                shown[activation->service] = true;
                if (socket->triggers != NONE)
                        shown[socket->triggers] = true;
        }
        return shown;
}

static void gather(struct collection *c, struct places *places)
{
        _cleanup_free_ bool *shown = services_shown(c);
        struct stat st = {0};

        (void)fstat(c->root_fd, &st);
        (void)add_place(places, c->root_fd, &st);
        vec_foreach(process, &c->view->processes) {
                uint32_t place = NONE;

                if (exe_path(process))
                        place = process->foreign_root ? place_of(c, places, process->pid) : 0;
                *vec_push(&places->of_process) = place;
                if (place != NONE)
                        ask(&places->all.at[place], exe_path(process));
        }
        for (size_t i = 0; i < c->view->services.n; i++) {
                if (!shown[i])
                        continue;
                ask(&places->all.at[0], c->view->services.at[i].file);
                ask(&places->all.at[0], c->view->services.at[i].exec);
        }
}

static void failed(struct collection *c, const char *where, int r, const struct err *err)
{
        if (r < 0)
                inside_gap(c->view, SOURCE, r == -EACCES || r == -EPERM ? "root" : NULL, true, "%s: %s",
                           where, err->text);
}

/* A database that is not there is no gap; one without lists of files is told. */
static void not_read(struct collection *c, const char *where, int r, const struct err *err)
{
        if (r == -ENODATA)
                inside_gap(c->view, SOURCE, NULL, false, "%s: %s", where, err->text);
        else if (r != -ENOENT)
                failed(c, where, r, err);
}

static void ask_dpkg(struct collection *c, struct place *place, const struct dpkg *dpkg, const char *where,
                     uint64_t *budget)
{
        struct err err = {0};
        int r = dpkg_owners(dpkg, place->queries.at, place->queries.n, c->view->pool, budget, &err);

        failed(c, where, r, &err);
}

static void ask_apk(struct collection *c, struct place *place, const char *where, uint64_t *budget)
{
        struct err err = {0};
        int r = apk_owners(place->root_fd, place->queries.at, place->queries.n, c->view->pool, budget, &err);

        not_read(c, where, r, &err);
}

static void ask_rpm(struct collection *c, struct place *place)
{
        struct err err = {0};
        int r;

        if (!rpm_database_exists(place->root_fd))
                return;
        r = rpm_owners(&rpm_installed, place->root_fd, place->queries.at, place->queries.n, c->view->pool,
                       &err);
        if (r == -ENOENT)
                inside_gap(c->view, SOURCE, NULL, false,
                           "this host: an rpm database, but no '%s' to read it", rpm_installed.program);
        else
                failed(c, "this host", r, &err);
}

static void ask_own(struct collection *c, struct place *place)
{
        struct package_index *index = c->packages;

        not_read(c, "this host", index->result, &index->err);
        if (index->dpkg)
                ask_dpkg(c, place, index->dpkg, "this host", &index->budget);
        ask_apk(c, place, "this host", &index->budget);
        ask_rpm(c, place);
}

static void ask_foreign(struct collection *c, struct place *place, uint64_t *budget)
{
        _cleanup_(dpkg_freep) struct dpkg *dpkg = NULL;
        struct err err = {0};
        int r = dpkg_read(place->root_fd, budget, &dpkg, &err);

        not_read(c, "containers", r, &err);
        if (dpkg)
                ask_dpkg(c, place, dpkg, "containers", budget);
        ask_apk(c, place, "containers", budget);
        if (rpm_database_exists(place->root_fd))
                inside_gap(c->view, SOURCE, NULL, false,
                           "containers: rpm databases are not read, as rpm would run macros it finds there");
}

static void keep_answers(struct collection *c, struct place *place)
{
        vec_foreach(query, &place->queries)
                *vec_push(&place->packages) =
                        query->owner.name ? inside_package(c->view, query->owner.name, query->owner.version,
                                                           query->owner.manager)
                                          : NONE;
}

static void fill(struct collection *c, const struct places *places)
{
        const struct place *own = &places->all.at[0];

        for (size_t i = 0; i < c->view->processes.n; i++) {
                struct process *process = &c->view->processes.at[i];
                uint32_t place = places->of_process.at[i];

                if (place != NONE)
                        process->package = answer(&places->all.at[place], exe_path(process));
        }
        vec_foreach(service, &c->view->services) {
                service->package = answer(own, service->file);
                if (service->package == NONE)
                        service->package = answer(own, service->exec);
        }
}

static int packages_collect(struct collection *c, struct err *err)
{
        _cleanup_(places_release) struct places places = {0};
        uint64_t foreign_budget = FOREIGN_BYTES;

        gather(c, &places);
        join(c->packages);
        if (places.all.at[0].queries.n && !c->packages->read)
                (void)read_index(c->packages);
        if (places.all.at[0].queries.n)
                ask_own(c, &places.all.at[0]);
        for (size_t i = 1; i < places.all.n; i++)
                ask_foreign(c, &places.all.at[i], &foreign_budget);
        vec_foreach(place, &places.all)
                keep_answers(c, place);
        fill(c, &places);
        return 0;
}

const struct collector collector_packages = {
        .name = SOURCE,
        .what = "package of each program and unit file: dpkg, rpm, apk",
        .begin = packages_begin,
        .collect = packages_collect,
        .end = packages_end,
};
