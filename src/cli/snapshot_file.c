/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "drift/record_read.h"
#include "knowledge/knowledge.h"

#define FILE_MAX ((uint64_t)16 << 30) /* bytes read of one file */
#define CHUNK    (1024u * 1024)

struct snapshot_file {
        struct snapshot *to;
        const char *path;
        int fd;
        struct str start;
        struct record_reader *records;
        struct import *import;
};

struct snapshot_file *snapshot_file_free(struct snapshot_file *in)
{
        if (!in)
                return NULL;
        fd_close(&in->fd);
        str_release(&in->start);
        record_reader_freep(&in->records);
        import_freep(&in->import);
        free(in);
        return NULL;
}

static ssize_t read_some(int fd, char *to, size_t len)
{
        for (;;) {
                ssize_t n = read(fd, to, len);

                if (n >= 0 || errno != EINTR)
                        return n < 0 ? -errno : n;
        }
}

static int open_file(struct snapshot_file *in, struct err *err)
{
        struct stat st;

        in->fd = streq(in->path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                      : open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (in->fd < 0 || fstat(in->fd, &st) < 0)
                return err_errno(err, errno, "'%s' cannot be read", in->path);
        if (S_ISDIR(st.st_mode))
                return err_set(err, -EISDIR, "'%s' is a folder", in->path);
        in->to->time_s = 0;
        if (S_ISREG(st.st_mode))
                in->to->time_s = st.st_mtime;
        return 0;
}

static int read_start(struct snapshot_file *in, struct err *err)
{
        str_reserve(&in->start, IMPORT_START);
        while (in->start.len < IMPORT_START) {
                ssize_t n = read_some(in->fd, in->start.text + in->start.len, IMPORT_START - in->start.len);

                if (n < 0)
                        return err_errno(err, (int)-n, "'%s' cannot be read", in->path);
                if (!n)
                        break;
                in->start.len += (size_t)n;
        }
        in->start.text[in->start.len] = '\0';
        return in->start.len ? 0 : err_set(err, -EINVAL, "'%s' is empty", in->path);
}

/* Our records are JSON objects with a type; masscan and PowerShell write JSON, too. */
static bool is_records(const struct str *start)
{
        const char *at = start->text, *line = memchr(start->text, '\n', start->len);
        size_t len = line ? (size_t)(line - at) : start->len;

        return *at == '{' && memmem(at, len, "\"type\"", 6) != NULL &&
               memmem(at, len, "\"schema\"", 8) != NULL;
}

/* Hand all bytes to one of the two readers. */
static int feed(struct snapshot_file *in, const char *bytes, size_t len, bool *more, struct err *err)
{
        if (in->records)
                return record_reader_feed(in->records, bytes, len, err);
        *more = import_feed(in->import, bytes, len);
        return 0;
}

static int read_all(struct snapshot_file *in, struct err *err)
{
        _cleanup_free_ char *chunk = xmalloc(CHUNK);
        uint64_t left = FILE_MAX;
        bool more = true;
        ssize_t n = 1;
        int r = feed(in, in->start.text, in->start.len, &more, err);

        while (r == 0 && more && n > 0 && left > 0) {
                n = read_some(in->fd, chunk, CHUNK);
                if (n < 0)
                        return err_errno(err, (int)-n, "'%s' cannot be read", in->path);
                left -= (uint64_t)n < left ? (uint64_t)n : left;
                r = feed(in, chunk, (size_t)n, &more, err);
        }
        if (r == 0 && !left)
                return err_set(err, -EFBIG, "it is longer than 16 GiB");
        return r;
}

static int read_records(struct snapshot_file *in, struct err *err)
{
        int64_t written = in->to->time_s;
        int r;

        in->to->time_s = 0; /* the records say it */
        in->records = record_reader_new(in->to);
        r = read_all(in, err);
        if (r == 0)
                r = record_reader_end(in->records, err);
        if (!in->to->time_s)
                in->to->time_s = written;
        return r < 0 ? err_prefix(err, "'%s'", in->path) : 0;
}

static int read_listing(struct snapshot_file *in, struct err *err)
{
        _cleanup_(knowledge_freep) struct knowledge *knowledge = knowledge_open(NULL, NULL, NULL);
        _cleanup_(assess_freep) struct assessment *a = assess_correlate(in->import->view, knowledge);

        snapshot_from_inside(in->to, a, false);
        if (!in->import->complete)
                snapshot_add_reason(in->to, "some of the listing was not understood");
        return 0;
}

static int open_import(struct snapshot_file *in, struct err *err)
{
        const struct importer *importer = importer_guess(in->start.text, in->start.len);

        if (!importer)
                return err_set(
                        err, -EINVAL,
                        "'%s' is neither records (--json) of quaymaster nor a file that `quaymaster import` knows",
                        in->path);
        return import_open(&in->import, importer, str_basename(in->path), in->to->time_s, err);
}

int snapshot_file_open(struct snapshot_file **ret, struct snapshot *to, const char *path, struct err *err)
{
        _cleanup_(snapshot_file_freep) struct snapshot_file *in = xcalloc(1, sizeof(*in));
        int r;

        *in = (struct snapshot_file){.to = to, .path = path, .fd = -1};
        to->source = pool_intern(to->pool, path);
        r = open_file(in, err);
        if (r == 0)
                r = read_start(in, err);
        if (r == 0 && !is_records(&in->start))
                r = open_import(in, err);
        if (r == 0)
                *ret = take_ptr(in);
        return r;
}

bool snapshot_file_is_foreign(const struct snapshot_file *in)
{
        return in->import != NULL;
}

int snapshot_file_read(struct snapshot_file *in, struct err *err)
{
        int r;

        if (!in->import)
                return read_records(in, err);
        r = read_all(in, err);
        if (r < 0)
                return err_prefix(err, "'%s'", in->path);
        import_end(in->import, NULL);
        return 0;
}

int snapshot_file_take(struct snapshot_file *in, struct err *err)
{
        const struct import *im = in->import;

        if (!im)
                return 0;
        if (im->importer->inside)
                return read_listing(in, err);
        snapshot_from_import(in->to, im);
        if (!in->to->items.n && im->n_faults && !im->hosts.n)
                return err_set(err, -EINVAL, "'%s': %s", in->path, im->faults.at[0].text);
        return 0;
}

int snapshot_from_file(struct snapshot *to, const char *path, struct err *err)
{
        _cleanup_(snapshot_file_freep) struct snapshot_file *in = NULL;
        int r = snapshot_file_open(&in, to, path, err);

        if (r == 0)
                r = snapshot_file_read(in, err);
        return r < 0 ? r : snapshot_file_take(in, err);
}
