/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alert/alert.h"
#include "base/fd.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "base/wire.h"

#define MAGIC 0x31514d51u /* "QMQ1", little-endian as all here */
#define HEAD_SIZE \
        20u /* magic, kind or length, number (8), then 4 bytes of the SHA-256 of these and the data */
#define KIND_DONE  UINT32_MAX /* in place of a length: the record of that number is done */
#define TIDY_BYTES (1u << 20) /* past that may lie in a file which is not empty */

struct waiting {
        uint64_t number, at;
        uint32_t len;
        char *kept; /* it could not be written; NULL: it is in the file */
};

struct queue {
        char *path;
        int fd;
        size_t length; /* at most so many wait */
        vec(struct waiting) list;
        size_t first;                      /* in the list: those before are done */
        uint64_t next_number, size, bytes; /* size: of the file; bytes: of what waits */
        size_t n_kept, kept_bytes;         /* the last so many are kept, so that the file stays in order */
        bool unsynced;
};

static void put_le(uint8_t *to, uint64_t value, unsigned size)
{
        for (unsigned i = 0; i < size; i++)
                to[i] = (uint8_t)(value >> (8 * i));
}

static void checksum(const uint8_t *head, const void *data, size_t len, uint8_t ret[4])
{
        uint8_t digest[SHA256_SIZE];
        struct sha256 s;

        sha256_begin(&s);
        sha256_add(&s, head, HEAD_SIZE - 4);
        sha256_add(&s, data, len);
        sha256_end(&s, digest);
        memcpy(ret, digest, 4);
}

/* One write: a reader of the file after a kill sees all of it, or a torn end. What was torn here is cut off. */
static int append(int fd, uint64_t *size, uint32_t kind, uint64_t number, const void *data, size_t len)
{
        _cleanup_str_ struct str record = {0};
        uint8_t head[HEAD_SIZE];
        ssize_t n;

        put_le(head, MAGIC, 4);
        put_le(head + 4, kind, 4);
        put_le(head + 8, number, 8);
        checksum(head, data, len, head + 16);
        str_add_n(&record, (const char *)head, sizeof(head));
        str_add_n(&record, data ? data : "", len);
        n = pwrite(fd, record.text, record.len, (off_t)*size);
        if (n == (ssize_t)record.len) {
                *size += record.len;
                return 0;
        }
        n = n < 0 ? -errno : -ENOSPC;
        if (ftruncate(fd, (off_t)*size) < 0)
                n = -errno; /* the torn end is passed over when it is read */
        return (int)n;
}

/* --- reading what is there ------------------------------------------------------------------------- */

static void let_go(struct queue *q, struct waiting *one)
{
        if (!one->kept)
                return;
        free(take_ptr(one->kept));
        q->n_kept--;
        q->kept_bytes -= one->len;
}

static void forget(struct queue *q, uint64_t number)
{
        for (size_t i = q->first; i < q->list.n; i++)
                if (q->list.at[i].number == number) {
                        q->bytes -= q->list.at[i].len;
                        let_go(q, &q->list.at[i]);
                        memmove(&q->list.at[q->first + 1], &q->list.at[q->first],
                                (i - q->first) * sizeof(*q->list.at));
                        q->first++;
                        return;
                }
}

static bool take_record(struct queue *q, struct wire *w, const uint8_t *from)
{
        const uint8_t *head = w->at;
        uint32_t magic = wire_le32(w), kind = wire_le32(w);
        uint64_t low = wire_le32(w), number = low | (uint64_t)wire_le32(w) << 32;
        uint8_t told[4], is[4];
        size_t len = kind == KIND_DONE ? 0 : kind;
        struct wire data;

        wire_bytes(w, told, sizeof(told));
        if (w->bad || magic != MAGIC || len > ALERT_RECORD_MAX || len > wire_left(w))
                return false;
        data = wire_sub(w, len);
        checksum(head, data.at, len, is);
        if (memcmp(told, is, sizeof(is)) != 0)
                return false;
        if (kind == KIND_DONE) {
                forget(q, number);
                return true;
        }
        *vec_push(&q->list) =
                (struct waiting){.number = number, .at = (uint64_t)(data.at - from), .len = (uint32_t)len};
        q->bytes += len;
        q->next_number = number + 1;
        return true;
}

/*
 * Where the next whole record may begin. None can be within the text of an alert: a head has zero bytes in its length,
 * or the bytes of KIND_DONE, and JSON has neither.
 */
static const uint8_t *find_record(const uint8_t *at, const uint8_t *end)
{
        uint8_t magic[4];
        const uint8_t *found;

        put_le(magic, MAGIC, sizeof(magic));
        found = memmem(at, (size_t)(end - at), magic, sizeof(magic));
        return found ? found : end;
}

/* What is no whole record is passed over. q->size is where the last whole one ends. */
static void take_records(struct queue *q, const struct str *text, size_t *ret_within, size_t *ret_behind)
{
        const uint8_t *from = (const uint8_t *)str_text(text), *at = from, *end = from + text->len;
        size_t bad = 0;

        *ret_within = 0;
        while (at < end) {
                struct wire w = wire_over(at, (size_t)(end - at));

                if (take_record(q, &w, from)) {
                        *ret_within += bad;
                        bad = 0;
                        at = w.at;
                        q->size = (uint64_t)(at - from);
                } else {
                        const uint8_t *next = find_record(at + 1, end);

                        bad += (size_t)(next - at);
                        at = next;
                }
        }
        *ret_behind = bad;
}

static void rewrite(struct queue *q);
static void begin_anew(struct queue *q);

static int load(struct queue *q, size_t *ret_lost)
{
        _cleanup_str_ struct str text = {0};
        size_t within, behind;
        int r = fd_read_all(q->fd, QUEUE_BYTES_MAX + 2 * TIDY_BYTES + QUEUE_LENGTH_MAX * HEAD_SIZE * 2,
                            &text);

        if (r < 0)
                return r;
        take_records(q, &text, &within, &behind);
        *ret_lost = within + behind;
        if (behind && ftruncate(q->fd, (off_t)q->size) < 0)
                return -errno;
        if (within && queue_count(q)) /* not to be found again the next time */
                rewrite(q);
        else if (within)
                begin_anew(q);
        return 0;
}

/* A new name is in its folder after a power cut only once that is synced. Not every file system can. */
static void sync_folder(const char *path)
{
        _cleanup_free_ char *folder = xstrdup(path);
        char *slash = strrchr(folder, '/');
        _cleanup_close_ int fd = -1;

        if (slash)
                slash[1] = '\0';
        fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
                (void)fsync(fd);
}

static int open_file(struct queue *q, struct err *err)
{
        struct stat st;

        q->fd = open(q->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
        if (q->fd < 0 || fstat(q->fd, &st) < 0)
                return err_errno(err, errno, "cannot open '%s'", q->path);
        if (!S_ISREG(st.st_mode))
                return err_set(err, -EINVAL, "'%s' is not a regular file", q->path);
        if (flock(q->fd, LOCK_EX | LOCK_NB) < 0)
                return err_set(err, -EBUSY, "'%s' is in use by another watch", q->path);
        sync_folder(q->path);
        return 0;
}

int queue_open(const char *path, size_t length, struct queue **ret, size_t *ret_lost, struct err *err)
{
        _cleanup_(queue_freep) struct queue *q = xcalloc(1, sizeof(*q));
        int r;

        *q = (struct queue){.path = xstrdup(path), .fd = -1, .length = length, .next_number = 1};
        r = open_file(q, err);
        if (r < 0)
                return r;
        r = load(q, ret_lost);
        if (r < 0)
                return err_errno(err, -r, "cannot read '%s'", path);
        *ret = take_ptr(q);
        return 0;
}

struct queue *queue_free(struct queue *q)
{
        if (!q)
                return NULL;
        fd_close(&q->fd);
        for (size_t i = q->first; i < q->list.n; i++)
                let_go(q, &q->list.at[i]);
        vec_clear(&q->list);
        free(q->path);
        free(q);
        return NULL;
}

/* --- coming and going ------------------------------------------------------------------------------ */

size_t queue_count(const struct queue *q)
{
        return q->list.n - q->first;
}

static int read_waiting(const struct queue *q, const struct waiting *one, struct str *to)
{
        ssize_t n;

        if (one->kept) {
                str_add_n(to, one->kept, one->len);
                return 0;
        }
        str_reserve(to, one->len);
        n = pread(q->fd, to->text + to->len, one->len, (off_t)one->at);
        if (n != (ssize_t)one->len)
                return n < 0 ? -errno : -EIO;
        to->len += one->len;
        to->text[to->len] = '\0';
        return 0;
}

int queue_first(const struct queue *q, struct str *to)
{
        return queue_count(q) ? read_waiting(q, &q->list.at[q->first], to) : -ENOENT;
}

static int copy_waiting(struct queue *q, int fd, uint64_t *size)
{
        for (size_t i = q->first; i < q->list.n; i++) {
                _cleanup_str_ struct str data = {0};
                struct waiting *one = &q->list.at[i];
                int r = read_waiting(q, one, &data);

                if (r == 0)
                        r = append(fd, size, one->len, one->number, data.text, data.len);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A new file in place of the old; what cannot be done now is done later. */
static void rewrite(struct queue *q)
{
        _cleanup_free_ char *path = xasprintf("%s.new", q->path);
        _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        uint64_t size = 0, at = 0;

        if (fd < 0)
                return;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0 || copy_waiting(q, fd, &size) < 0 || fdatasync(fd) < 0 ||
            rename(path, q->path) < 0) {
                (void)unlink(path);
                return;
        }
        sync_folder(q->path);
        q->unsynced = false;
        fd_close(&q->fd);
        q->fd = take_fd(fd);
        q->size = size;
        for (size_t i = q->first; i < q->list.n; i++) {
                q->list.at[i].at = at + HEAD_SIZE;
                at += HEAD_SIZE + q->list.at[i].len;
                let_go(q, &q->list.at[i]);
        }
}

/* Nothing waits. */
static void begin_anew(struct queue *q)
{
        q->unsynced = false;
        if (ftruncate(q->fd, 0) == 0)
                q->size = 0;
        q->list.n = q->first = 0;
}

static void tidy(struct queue *q)
{
        uint64_t past;

        if (!queue_count(q)) {
                begin_anew(q);
                return;
        }
        if (q->first > 1024 && q->first > q->list.n / 2) {
                memmove(q->list.at, q->list.at + q->first, queue_count(q) * sizeof(*q->list.at));
                q->list.n -= q->first;
                q->first = 0;
        }
        past = q->size - (q->bytes - q->kept_bytes) - (queue_count(q) - q->n_kept) * HEAD_SIZE;
        if (past > TIDY_BYTES && past > q->bytes)
                rewrite(q);
}

/* Take off the one that is `behind` the first. */
static int take_off(struct queue *q, size_t behind)
{
        const struct waiting *one = &q->list.at[q->first + behind];
        uint64_t number = one->number;
        int r = one->kept ? 0 : append(q->fd, &q->size, KIND_DONE, number, NULL, 0);

        forget(q, number);
        tidy(q);
        return r;
}

static int write_one(struct queue *q, struct waiting *one, const void *data)
{
        int r = append(q->fd, &q->size, one->len, one->number, data, one->len);

        if (r < 0)
                return r;
        one->at = q->size - one->len;
        q->unsynced = true;
        return 0;
}

static int write_kept(struct queue *q)
{
        int r = 0;

        for (size_t i = q->list.n - q->n_kept; i < q->list.n && r == 0; i++) {
                r = write_one(q, &q->list.at[i], q->list.at[i].kept);
                if (r == 0)
                        let_go(q, &q->list.at[i]);
        }
        return r;
}

static void keep(struct queue *q, struct waiting *one, const void *data)
{
        one->kept = memcpy(xmalloc(one->len + 1), data, one->len);
        q->n_kept++;
        q->kept_bytes += one->len;
}

/* 0, or negative errno: it is kept in memory. */
static int add(struct queue *q, const void *data, size_t len)
{
        struct waiting one = {.number = q->next_number, .len = (uint32_t)len};
        int r = write_kept(q);

        if (r == 0)
                r = write_one(q, &one, data);
        if (r < 0)
                keep(q, &one, data);
        *vec_push(&q->list) = one;
        q->next_number++;
        q->bytes += len;
        return r;
}

int queue_push(struct queue *q, const void *data, size_t len, bool held, unsigned *ret_dropped,
               struct err *err)
{
        int r;

        *ret_dropped = 0;
        if (len > ALERT_RECORD_MAX)
                return err_set(err, -EMSGSIZE, "an alert of %zu bytes is too long", len);
        while (queue_count(q) > held && (queue_count(q) >= q->length || q->bytes + len > QUEUE_BYTES_MAX)) {
                (void)take_off(q, held); /* when that cannot be written, neither can what follows */
                ++*ret_dropped;
        }
        r = add(q, data, len);
        return r < 0 ? (void)err_errno(err, -r, "cannot write '%s'", q->path), 1 : 0;
}

size_t queue_kept(const struct queue *q)
{
        return q->n_kept;
}

bool queue_is_unsynced(const struct queue *q)
{
        return q->unsynced || q->n_kept;
}

int queue_sync(struct queue *q, struct err *err)
{
        (void)write_kept(q);
        if (!q->unsynced)
                return 0;
        q->unsynced = false;
        return fdatasync(q->fd) < 0 ? err_errno(err, errno, "cannot sync '%s'", q->path) : 0;
}

int queue_done(struct queue *q, struct err *err)
{
        int r = queue_count(q) ? take_off(q, 0) : -ENOENT;

        return r < 0 ? err_errno(err, -r, "cannot write '%s'", q->path) : 0;
}

uint64_t queue_put_back(struct queue *q)
{
        _cleanup_str_ struct str data = {0};

        if (queue_first(q, &data) < 0)
                return 0;
        (void)add(q, str_text(&data), data.len);
        (void)take_off(q, 0); /* when that cannot be written, it may come twice after a restart */
        return q->next_number - 1;
}

uint64_t queue_first_number(const struct queue *q)
{
        return queue_count(q) ? q->list.at[q->first].number : 0;
}
