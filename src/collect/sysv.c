/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System V init scripts: by their files and /proc, never by running them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/collector.h"
#include "collect/running.h"
#include "collect/systemd.h"
#include "collect/sysv_text.h"
#include "collect/unit_search.h"

#define MAX_SCRIPTS 2000
#define MAX_SCRIPT  (1024u * 1024)

struct script {
        uint32_t service;
        const char *daemon; /* real path, or NULL */
        struct sysv_text text;
};

struct scripts {
        struct collection *c;
        vec(struct script) at;
        struct map links; /* script name -> 1 when a start link is there */
        struct running running;
};

static void scripts_release(struct scripts *scripts)
{
        vec_clear(&scripts->at);
        map_release(&scripts->links);
        running_release(&scripts->running);
}

static DIR *open_below(int root_fd, const char *path)
{
        _cleanup_close_ int fd = fd_open_in_root(root_fd, path, O_RDONLY | O_DIRECTORY);

        return fd_to_dir(&fd);
}

/* "S20ssh" in the directory of one of the run levels that serve */
static void read_start_links(struct scripts *scripts)
{
        static const char *const levels[] = {"/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d",
                                             "/etc/rc5.d"};

        for (size_t i = 0; i < array_len(levels); i++) {
                _cleanup_close_dir_ DIR *dir = open_below(scripts->c->root_fd, levels[i]);
                struct dirent *entry;

                while (dir && scripts->links.n < MAX_SCRIPTS && (entry = readdir(dir))) {
                        const char *name = entry->d_name;

                        if (name[0] == 'S' && name[1] >= '0' && name[1] <= '9' && name[2] >= '0' &&
                            name[2] <= '9' && name[3])
                                map_put_str(&scripts->links, pool_intern(scripts->c->view->pool, name + 3),
                                            1);
                }
        }
}

/* Parts of the init system itself, and leftovers of package managers. */
static bool is_no_service(const char *name)
{
        static const char *const names[] = {
                "rc",   "rcS",    "functions", "skeleton", "README",     "halt",      "killall",  "single",
                "boot", "reboot", "sendsigs",  "umountfs", "umountroot", "killprocs", "rc.local",
        };
        static const char *const suffixes[] = {"~",        ".bak",    ".dpkg-old", ".dpkg-dist", ".dpkg-new",
                                               ".rpmsave", ".rpmnew", ".rpmorig",  ".swp",       ".orig"};

        if (name[0] == '.')
                return true;
        for (size_t i = 0; i < array_len(names); i++)
                if (streq(name, names[i]))
                        return true;
        for (size_t i = 0; i < array_len(suffixes); i++)
                if (str_ends(name, suffixes[i]))
                        return true;
        return false;
}

static int read_script(int dir_fd, const char *name, struct pool *pool, struct sysv_text *ret)
{
        _cleanup_close_ int fd = fd_open_regular(dir_fd, name);
        _cleanup_str_ struct str text = {0};
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0 || !(st.st_mode & 0111))
                return -ENOEXEC;
        r = fd_read_all(fd, MAX_SCRIPT, &text);
        if (r < 0)
                return r;
        sysv_text_parse(ret, pool, str_text(&text), text.len);
        return ret->is_script ? 0 : -ENOEXEC;
}

static void add_script(struct scripts *scripts, const char *name, const struct sysv_text *text)
{
        struct inside *view = scripts->c->view;
        uint32_t index = inside_service(view, name);
        struct service *service = &view->services.at[index];

        service->manager = "sysv";
        service->state = "unknown";
        service->startup = map_get_str(&scripts->links, name, NULL) ? "enabled" : "disabled";
        service->description = text->description;
        service->file = pool_printf(view->pool, "/etc/init.d/%s", name);
        service->exec = text->daemon;
        *vec_push(&scripts->at) = (struct script){.service = index, .text = *text};
}

/*
 * systemd takes a script for NAME.service (less ".sh") unless it has a unit of that name, also as an alias
 * or a mask; then the script is out of use. Its generated units have no program to show: the script tells
 * it. True when there is a unit.
 */
static bool merge_into_unit(struct scripts *scripts, const char *name, const struct sysv_text *text)
{
        struct inside *view = scripts->c->view;
        int stem = (int)strlen(name) - (str_ends(name, ".sh") ? 3 : 0);
        const char *unit = pool_printf(view->pool, "%.*s.service", stem, name);
        uint32_t index = inside_find_service(view, unit);

        if (index == NONE)
                return unit_search_has(scripts->c->root_fd, unit);
        if (streq(view->services.at[index].startup, "generated")) {
                if (text->daemon)
                        view->services.at[index].exec = text->daemon;
                view->services.at[index].file = pool_printf(view->pool, "/etc/init.d/%s", name);
        }
        return true;
}

static void read_scripts(struct scripts *scripts, bool systemd)
{
        _cleanup_close_dir_ DIR *dir = open_below(scripts->c->root_fd, "/etc/init.d");
        struct dirent *entry;

        while (dir && scripts->at.n < MAX_SCRIPTS && (entry = readdir(dir))) {
                struct sysv_text text;

                if (is_no_service(entry->d_name) ||
                    read_script(dirfd(dir), entry->d_name, scripts->c->view->pool, &text) < 0)
                        continue;
                if (!systemd || !merge_into_unit(scripts, entry->d_name, &text))
                        add_script(scripts, entry->d_name, &text);
        }
}

/* The process that the pid file names, when it is there and alive. */
static const struct running_process *by_pid_file(const struct scripts *scripts, const struct script *script)
{
        _cleanup_close_ int fd = -1;
        _cleanup_str_ struct str text = {0};
        uint64_t pid;

        if (!script->text.pid_file)
                return NULL;
        /* the daemon's user may own it, and put there what it likes */
        fd = fd_open_regular(scripts->c->root_fd, script->text.pid_file);
        if (fd < 0 || fd_read_all(fd, 4096, &text) < 0 || !text.len)
                return NULL;
        text.text[strcspn(text.text, " \t\r\n")] = '\0';
        if (str_to_u64(text.text, INT_MAX, &pid) < 0)
                return NULL;
        return running_find(&scripts->running, (pid_t)pid);
}

static bool runs_program(const struct running_process *process, const struct script *script)
{
        return process->exe && script->daemon &&
               (streq(process->exe, script->daemon) || streq(process->exe, script->text.daemon));
}

/* A program that starts with "#!" runs under the name of its interpreter. */
static bool is_interpreted(const struct scripts *scripts, const char *path)
{
        _cleanup_close_ int fd = fd_open_regular(scripts->c->root_fd, path);
        char head[2];

        return fd >= 0 && read(fd, head, 2) == 2 && head[0] == '#' && head[1] == '!';
}

/*
 * The program of a pid file whose script names none: the name must tell, since stale files name recycled
 * pids.
 */
static bool fits_by_name(const struct running_process *process, const char *name)
{
        return process->exe && strncmp(str_basename(process->exe), name, strcspn(name, ".")) == 0;
}

static const struct running_process *find_process(const struct scripts *scripts, const struct script *script)
{
        const struct running *running = &scripts->running;
        const struct running_process *process = by_pid_file(scripts, script);

        if (process && runs_program(process, script))
                return process;
        if (process && script->daemon && is_interpreted(scripts, script->text.daemon))
                return process;
        if (process && !script->daemon &&
            fits_by_name(process, scripts->c->view->services.at[script->service].name))
                return process;
        if (!script->daemon)
                return NULL;
        process = running_by(running, script->daemon, NULL);
        return process ? process : running_by(running, script->text.daemon, NULL);
}

static const char *judge(const struct scripts *scripts, const struct script *script)
{
        _cleanup_close_ int fd = -1;

        if (find_process(scripts, script))
                return "running";
        if (!script->daemon)
                return "unknown";
        fd = fd_open_in_root(scripts->c->root_fd, script->text.daemon, O_PATH);
        if (fd == -ENOENT)
                return "inactive";
        if (scripts->running.unreadable || is_interpreted(scripts, script->text.daemon))
                return "unknown";
        return "inactive";
}

/* Without systemd nothing else tells the unit of a process. */
static void assign(const struct scripts *scripts, const struct script *script)
{
        const struct running_process *main_process = find_process(scripts, script);

        vec_foreach(process, &scripts->c->view->processes) {
                const struct running_process seen = {.pid = process->pid, .exe = process->exe};

                if (process->unit != NONE || process->foreign_root)
                        continue;
                if (runs_program(&seen, script) || (main_process && main_process->pid == process->pid))
                        process->unit = script->service;
        }
}

static int collect(struct collection *c, struct err *err)
{
        _cleanup_(scripts_release) struct scripts scripts = {.c = c};
        bool systemd = systemd_runs(c->root_fd);

        read_start_links(&scripts);
        read_scripts(&scripts, systemd);
        if (!scripts.at.n)
                return 0;
        running_read(&scripts.running, c, false);
        for (size_t i = 0; i < scripts.at.n; i++)
                if (scripts.at.at[i].text.daemon)
                        scripts.at.at[i].daemon =
                                running_real_path(&scripts.running, scripts.at.at[i].text.daemon);
        for (size_t i = 0; i < scripts.at.n; i++) {
                c->view->services.at[scripts.at.at[i].service].state = judge(&scripts, &scripts.at.at[i]);
                if (!systemd)
                        assign(&scripts, &scripts.at.at[i]);
        }
        return 0;
}

const struct collector collector_sysv = {
        .name = "sysv",
        .what = "System V init scripts: start links, and whether their program runs",
        .collect = collect,
};
