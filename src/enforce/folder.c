/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

#define PENDING_NAME   "pending"
#define PENDING_NEW    "pending.new"
#define LOCK_NAME      "lock"
#define BALLAST_NAME   "ballast"
#define BALLAST_SIZE   (256 * 1024)
#define PENDING_MAX    4096
#define LOCK_LOOK_MS   50
#define STEPS_FILE_MAX (256U << 20)
#define JOURNAL_MAX    (64U << 20)
#define REQUEST_MAX    (64U << 20)

/* As mkdir -p; "/var/lib" is there on every system. */
static int make_path(const char *path, struct err *err)
{
        _cleanup_free_ char *part = xstrdup(path);

        for (char *at = part; (at = strchr(at + 1, '/'));) {
                *at = '\0';
                (void)mkdir(part, 0755); /* what is wrong shows below */
                *at = '/';
        }
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return err_errno(err, errno, "making '%s'", path);
        return 0;
}

/* What another user's folder holds is not taken for what was kept, nor would it be after a chown. */
static int check_ours(int fd, const char *path, struct err *err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return err_errno(err, errno, "opening '%s'", path);
        if (!fd_distrust(&st))
                return 0;
        return err_set(err, -EPERM,
                       "'%s' is not of root alone, so what is in it is not believed; look who made it, and move it "
                       "away",
                       path);
}

/*
 * Who can rename a folder above can take away what undo needs, or put an older one in its place. Looked at from the
 * folder upwards: then it does not matter which links lead there. Where it is sticky, nobody renames what is root's.
 */
static int check_above(int folder_fd, struct err *err)
{
        _cleanup_close_ int fd = openat(folder_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        char link[32], path[PATH_MAX] = "?";
        struct stat st, below = {0};

        for (;;) {
                int up;

                if (fd < 0 || fstat(fd, &st) < 0)
                        return err_errno(err, errno, "looking above '" HARDEN_FOLDER "'");
                if (st.st_mode & S_ISVTX)
                        st.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
                if (fd_distrust(&st)) {
                        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
                        (void)fd_readlink(AT_FDCWD, link, path, sizeof(path));
                        return err_set(err, -EPERM,
                                       "'%s': %s, since what undo needs lies below it and could be taken away", path,
                                       fd_distrust(&st));
                }
                if (st.st_dev == below.st_dev && st.st_ino == below.st_ino) /* ".." of "/" is "/" */
                        return 0;
                below = st;
                up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                fd_close(&fd);
                fd = up;
        }
}

int folder_open(struct folder *folder, const char *path, bool make, struct err *err)
{
        _cleanup_close_ int fd = -1;
        int r;

        *folder = (struct folder){.fd = -1, .lock_fd = -1};
        r = make ? make_path(path, err) : 0;
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return err_errno(err, errno, "opening '%s'", path);
        r = check_ours(fd, path, err);
        if (r == 0 && make) /* only before something is changed: a rollback is never refused for it */
                r = check_above(fd, err);
        if (r == 0)
                folder->fd = take_fd(fd);
        return r;
}

void folder_release(struct folder *folder)
{
        fd_close(&folder->lock_fd);
        fd_close(&folder->fd);
}

int folder_lock(struct folder *folder, unsigned patience_ms, struct err *err)
{
        _cleanup_close_ int fd =
                openat(folder->fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        int r;

        if (fd < 0)
                return err_errno(err, errno, "opening the lock");
        for (; (r = flock(fd, LOCK_EX | LOCK_NB)) < 0 && errno == EWOULDBLOCK && patience_ms >= LOCK_LOOK_MS;
             patience_ms -= LOCK_LOOK_MS)
                (void)poll(NULL, 0, LOCK_LOOK_MS);
        if (r < 0)
                return errno == EWOULDBLOCK ? err_set(err, -EBUSY,
                                                      "another apply or undo is at work; wait for its end "
                                                      "(see: quaymaster harden status)")
                                            : err_errno(err, errno, "taking the lock");
        holder_write(fd);
        folder->lock_fd = take_fd(fd);
        return 0;
}

struct holder folder_holder(const struct folder *folder)
{
        _cleanup_close_ int fd = openat(folder->fd, LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct holder holder = {0};

        if (fd < 0 || !holder_read(fd, &holder))
                holder.pid = 0;
        return holder;
}

size_t folder_progress(const struct folder *folder, const char *id)
{
        char path[APPLY_ID_SIZE + sizeof("/journal")];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s/journal", id);
        return fstatat(folder->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (size_t)st.st_size : 0;
}

/* Whole, and on the disk, or an error. */
static int write_file(int dir_fd, const char *name, const char *text, size_t len, struct err *err)
{
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        int r = fd < 0 ? -errno : fd_write_all(fd, text, len);

        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        return r < 0 ? err_errno(err, -r, "writing '%s' below " HARDEN_FOLDER, name) : 0;
}

int folder_pending(const struct folder *folder, struct pending *ret, struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r = fd_read_file(folder->fd, PENDING_NAME, PENDING_MAX, &text);

        *ret = (struct pending){0};
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return err_errno(err, -r, "reading '" HARDEN_FOLDER "/" PENDING_NAME "'");
        return pending_parse(str_text(&text), text.len, ret, err);
}

int folder_set_pending(const struct folder *folder, const struct pending *pending, struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r;

        pending_write(pending, &text);
        r = write_file(folder->fd, PENDING_NEW, text.text, text.len, err);
        if (r == 0 &&
            (renameat(folder->fd, PENDING_NEW, folder->fd, PENDING_NAME) < 0 || fsync(folder->fd) < 0))
                r = err_errno(err, errno, "writing '" HARDEN_FOLDER "/" PENDING_NAME "'");
        return r;
}

int folder_clear_pending(const struct folder *folder, struct err *err)
{
        (void)unlinkat(folder->fd, PENDING_NEW, 0);
        if (unlinkat(folder->fd, PENDING_NAME, 0) < 0 && errno != ENOENT)
                return err_errno(err, errno, "removing '" HARDEN_FOLDER "/" PENDING_NAME "'");
        return fsync(folder->fd) < 0 ? err_errno(err, errno, "removing '" PENDING_NAME "'") : 0;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int folder_applies(const struct folder *folder, struct pool *pool, name_list *ret, struct err *err)
{
        _cleanup_close_ int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_dir_ DIR *dir = fd_to_dir(&fd);

        if (!dir)
                return err_errno(err, errno, "reading '" HARDEN_FOLDER "'");
        for (const struct dirent *entry; (entry = readdir(dir));)
                if (apply_id_good(entry->d_name))
                        *vec_push(ret) = pool_intern(pool, entry->d_name);
        vec_sort(ret, compare_names);
        return 0;
}

void apply_id_make(time_t now, const char *last, char id[APPLY_ID_SIZE])
{
        struct tm parts = {0};
        const char *end = last ? strptime(last, "%Y%m%d-%H%M%S-", &parts) : NULL;
        time_t after = end ? timegm(&parts) + 1 : now;
        uint8_t random[3] = {0};
        size_t len;

        if (now < after)
                now = after;

        if (getrandom(random, sizeof(random), 0) < 0)
                random[0] = (uint8_t)getpid(); /* only to tell apart what was begun in one second */
        (void)gmtime_r(&now, &parts);
        len = strftime(id, APPLY_ID_SIZE, "%Y%m%d-%H%M%S", &parts);
        (void)snprintf(id + len, APPLY_ID_SIZE - len, "-%02x%02x%02x", random[0], random[1], random[2]);
}

static void take_ballast(const struct folder *folder)
{
        _cleanup_close_ int fd =
                openat(folder->fd, BALLAST_NAME, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd >= 0)
                (void)posix_fallocate(fd, 0, BALLAST_SIZE);
}

void folder_drop_ballast(const struct folder *folder)
{
        (void)unlinkat(folder->fd, BALLAST_NAME, 0);
}

static int fill(int dir_fd, struct apply *apply, const char *request, size_t request_len, struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r;

        vec_foreach(step, &apply->steps)
                step_write(step, &text);
        r = write_file(dir_fd, "request", request, request_len, err);
        if (r == 0)
                r = write_file(dir_fd, "steps", str_text(&text), text.len, err);
        if (r == 0)
                r = write_file(dir_fd, "journal", "", 0, err);
        if (r == 0 && fsync(dir_fd) < 0)
                r = err_errno(err, errno, "writing below " HARDEN_FOLDER);
        return r;
}

static int open_journal(int dir_fd)
{
        int fd = openat(dir_fd, "journal", O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

static void forget(const struct folder *folder, int dir_fd, const char *id)
{
        static const char *const names[] = {"request", "steps", "journal"};

        for (size_t i = 0; i < array_len(names); i++)
                (void)unlinkat(dir_fd, names[i], 0);
        (void)unlinkat(folder->fd, id, AT_REMOVEDIR);
}

int apply_create(struct folder *folder, struct apply *apply, const char *request, size_t request_len,
                 struct err *err)
{
        _cleanup_close_ int dir_fd = -1;
        name_list ids = {0};
        int r;

        r = folder_applies(folder, apply->pool, &ids, err);
        if (r == 0)
                apply_id_make(time(NULL), ids.n ? ids.at[ids.n - 1] : NULL, apply->id);
        vec_clear(&ids);
        if (r < 0)
                return r;
        take_ballast(folder);
        if (mkdirat(folder->fd, apply->id, 0700) < 0)
                return err_errno(err, errno, "making '" HARDEN_FOLDER "/%s'", apply->id);
        dir_fd = openat(folder->fd, apply->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir_fd < 0)
                return err_errno(err, errno, "opening '" HARDEN_FOLDER "/%s'", apply->id);
        r = fill(dir_fd, apply, request, request_len, err);
        if (r == 0 && (apply->journal_fd = open_journal(dir_fd)) < 0)
                r = err_errno(err, -apply->journal_fd, "opening the journal");
        if (r == 0 && fsync(folder->fd) < 0)
                r = err_errno(err, errno, "writing below " HARDEN_FOLDER);
        if (r < 0)
                forget(folder, dir_fd, apply->id);
        return r;
}

static int read_parts(int dir_fd, struct apply *apply, struct err *err)
{
        _cleanup_str_ struct str request = {0}, steps = {0}, journal = {0};
        const char *end;
        int r = fd_read_start(dir_fd, "request", REQUEST_MAX, &request);

        if (r == 0)
                r = fd_read_file(dir_fd, "steps", STEPS_FILE_MAX, &steps);
        if (r == 0)
                r = fd_read_file(dir_fd, "journal", JOURNAL_MAX, &journal);
        if (r < 0)
                return err_errno(err, -r, "reading '" HARDEN_FOLDER "/%s'", apply->id);
        end = strchrnul(str_text(&request), '\n');
        apply->request = pool_intern_n(apply->pool, str_text(&request), (size_t)(end - str_text(&request)));
        journal_read(str_text(&journal), journal.len, apply->pool, &apply->journal);
        return steps_read(str_text(&steps), steps.len, apply->pool, &apply->steps, err);
}

int apply_open(const struct folder *folder, const char *id, struct apply *ret, struct err *err)
{
        char path[sizeof(HARDEN_FOLDER "/") + APPLY_ID_SIZE];
        _cleanup_close_ int dir_fd = -1;
        int r;

        *ret = (struct apply){.journal_fd = -1};
        if (!apply_id_good(id))
                return err_set(err, -EINVAL, "no apply has such an id (see: quaymaster harden status)");
        dir_fd = openat(folder->fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir_fd < 0)
                return errno == ENOENT
                               ? err_set(err, -ENOENT,
                                         "there is no apply '%s' (see: quaymaster harden status)", id)
                               : err_errno(err, errno, "opening '" HARDEN_FOLDER "/%s'", id);
        (void)snprintf(path, sizeof(path), HARDEN_FOLDER "/%s", id);
        r = check_ours(dir_fd, path, err);
        if (r < 0)
                return r;
        (void)snprintf(ret->id, sizeof(ret->id), "%s", id);
        ret->pool = pool_new();
        ret->journal_fd = open_journal(dir_fd);
        r = read_parts(dir_fd, ret, err);
        return r < 0 ? err_prefix(err, "apply %s", id) : 0;
}

void apply_release(struct apply *apply)
{
        fd_close(&apply->journal_fd);
        vec_clear(&apply->steps);
        journal_release(&apply->journal);
        apply->pool = pool_free(apply->pool);
}

static bool has(const struct apply *apply, enum journal_event event)
{
        return journal_last(&apply->journal, event, JOURNAL_NO_STEP) != NULL;
}

bool apply_in_force(const struct apply *apply)
{
        return has(apply, JOURNAL_ARMED) && !has(apply, JOURNAL_UNDONE);
}

const char *apply_undo_why(const struct apply *apply)
{
        vec_foreach(line, &apply->journal.lines)
                if (line->event == JOURNAL_UNDO && line->note)
                        return line->note;
        return NULL;
}

size_t apply_left(const struct apply *apply)
{
        size_t n = 0;

        vec_foreach(line, &apply->journal.lines)
                n = line->event == JOURNAL_UNDO ? 0 : n + (line->event == JOURNAL_LEFT);
        return n;
}

const char *apply_state(const struct apply *apply)
{
        if (has(apply, JOURNAL_UNDONE))
                return "undone";
        if (has(apply, JOURNAL_CONFIRMED))
                return "confirmed";
        return has(apply, JOURNAL_ARMED) ? "not confirmed" : "not begun";
}
