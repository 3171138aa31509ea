/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file: a page of header with the words of the command, then the slots, then the bits of the slots,
 * then a log of hosts that are done. All but the log is the scan's own memory, mapped. The log grows by
 * whole records; its length in the header is set last, so that a record cut off by a crash is not seen.
 */
#include "scan/checkpoint.h"
#include "scan/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define MAGIC       "qmscan\0\2"
#define HEADER_SIZE 8192u
#define WORDS_MAX   (HEADER_SIZE - 256)

struct header {
        char magic[8];
        uint32_t host_size, n_slots, words_len, unused;
        uint64_t bits_each, digest, order_key, next_host, n_hosts, log_end, sent;
        char words[WORDS_MAX];
};

struct of_host {
        uint64_t seq, at; /* at: in the log, or the slot */
        bool superseded;
};

struct of_hosts {
        struct of_host *at;
        size_t n, room;
};

struct checkpoint {
        int fd; /* -1: no file, plain memory */
        void *memory;
        size_t size;
        struct header *header;
        struct of_hosts again, busy; /* sorted: records of hosts to ask again; slots that are in use */
        size_t next_again;
};

#define COVERAGE_PASSING                                                                                     \
        (COVERAGE_WINDOW | COVERAGE_INTERFACE | COVERAGE_DESCRIPTORS | COVERAGE_LOCAL_DROPS | COVERAGE_NO_ROUTE)

struct done { /* of the log; the host, details and bits follow where it was there */
        uint64_t seq;
        uint32_t n_details;
        bool has_bits;
        bool again; /* given up for a reason that may be gone when the scan is resumed */
};

/* FNV-1a: the same on every run, unlike base/hash.h. */
static void digest_add(uint64_t *digest, const void *data, size_t len)
{
        for (size_t i = 0; i < len; i++)
                *digest = (*digest ^ ((const uint8_t *)data)[i]) * 0x100000001b3;
}

/* Of what must be the same when the scan goes on: targets (so scope and exclusions too), ports, methods. */
static uint64_t digest_of(const struct scan *s)
{
        uint64_t digest = 0xcbf29ce484222325;

        for (size_t i = 0; i < s->options.targets->ranges.n; i++) {
                const struct address_range *range = &s->options.targets->ranges.at[i];

                digest_add(&digest, &range->first.family, 1);
                digest_add(&digest, range->first.bytes, 16);
                digest_add(&digest, range->last.bytes, 16);
        }
        for (unsigned t = 0; t < 2; t++)
                digest_add(&digest, &s->options.ports->of[t], sizeof(s->options.ports->of[t]));
        if (s->options.tcp)
                digest_add(&digest, s->options.tcp->name, strlen(s->options.tcp->name));
        return digest;
}

static size_t memory_size(const struct scan *s)
{
        return HEADER_SIZE + s->n_slots * sizeof(struct host) + s->n_slots * s->bits_each;
}

static void hand_out(struct scan *s)
{
        char *memory = s->checkpoint->memory;

        s->checkpoint->header = s->checkpoint->memory;
        s->hosts = (struct host *)(memory + HEADER_SIZE);
        s->bits = (uint8_t *)(memory + HEADER_SIZE + s->n_slots * sizeof(struct host));
}

static int map(struct checkpoint *c, size_t size, struct err *err)
{
        int flags = c->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

        c->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, c->fd, 0);
        if (c->memory == MAP_FAILED) {
                c->memory = NULL;
                return err_errno(err, errno, "cannot map %zu bytes for the state of the scan", size);
        }
        c->size = size;
        return 0;
}

static int lock(int fd, const char *path, struct err *err)
{
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
                return 0;
        if (errno == EWOULDBLOCK)
                return err_set(err, -EBUSY, "'%s' is in use by another scan", path);
        return err_errno(err, errno, "cannot lock '%s'", path);
}

/* A new file, or the empty one that a complete scan leaves behind. */
static int open_empty(struct checkpoint *c, const char *path, struct err *err)
{
        struct stat st;
        int r;

        c->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (c->fd < 0)
                return err_errno(err, errno, "cannot make the checkpoint '%s'", path);
        r = lock(c->fd, path, err);
        if (r < 0)
                return r;
        if (fstat(c->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != 0 || st.st_uid != geteuid() ||
            st.st_mode & 022)
                return err_set(err, -EEXIST,
                               "'%s' is there already: go on from it with --resume, or name another file",
                               path);
        return 0;
}

static int make(struct scan *s, struct err *err)
{
        struct checkpoint *c = s->checkpoint;
        const char *path = s->options.checkpoint;
        struct header *header;
        int r;

        if (path) {
                r = open_empty(c, path, err);
                if (r < 0)
                        return r;
                r = posix_fallocate(c->fd, 0,
                                    (off_t)memory_size(s)); /* a full disk is met here, not as SIGBUS */
                if (r != 0)
                        return err_errno(err, r, "cannot reserve %zu bytes for the checkpoint '%s'",
                                         memory_size(s), path);
        }
        r = map(c, memory_size(s), err);
        if (r < 0)
                return r;
        hand_out(s);
        header = c->header;
        header->host_size = sizeof(struct host);
        header->n_slots = s->n_slots;
        header->bits_each = s->bits_each;
        header->digest = digest_of(s);
        header->order_key = s->order_key;
        header->n_hosts = s->n_hosts;
        header->log_end = memory_size(s);
        if (s->options.words && s->options.words_len <= WORDS_MAX) {
                memcpy(header->words, s->options.words, s->options.words_len);
                header->words_len = (uint32_t)s->options.words_len;
        }
        memcpy(header->magic, MAGIC, sizeof(header->magic)); /* last: now it is one */
        return 0;
}

/* Whether a header can be trusted so far that the file may be mapped by it. */
static bool header_fits(const struct header *h, uint64_t file_size)
{
        uint64_t size = HEADER_SIZE + h->n_slots * ((uint64_t)sizeof(struct host) + h->bits_each);

        return memcmp(h->magic, MAGIC, sizeof(h->magic)) == 0 && h->host_size == sizeof(struct host) &&
               h->n_slots > 0 && h->n_slots <= WINDOW_HOSTS && h->bits_each <= WINDOW_PROBES &&
               h->words_len <= WORDS_MAX && h->log_end >= size && h->log_end <= file_size;
}

static int open_checked(const char *path, struct header *header, struct err *err)
{
        _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;

        if (fd < 0)
                return err_errno(err, errno, "cannot open the checkpoint '%s'", path);
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022)
                return err_set(err, -EPERM, "the checkpoint '%s' is not a file that only you can write",
                               path);
        if (!st.st_size)
                return err_set(err, -EINVAL, "nothing to resume: '%s' is empty, as its scan was completed", path);
        if (pread(fd, header, sizeof(*header), 0) != sizeof(*header) ||
            !header_fits(header, (uint64_t)st.st_size))
                return err_set(err, -EBADMSG, "'%s' is no checkpoint of this version of quaymaster", path);
        return take_fd(fd);
}

int checkpoint_words(const char *path, struct str *ret, struct err *err)
{
        struct header *header = xcalloc(1, sizeof(*header));
        int fd = open_checked(path, header, err);

        if (fd >= 0)
                str_add_n(ret, header->words, header->words_len);
        free(header);
        if (fd < 0)
                return fd;
        fd_close(&fd);
        return 0;
}

static int go_on(struct scan *s, struct err *err)
{
        struct checkpoint *c = s->checkpoint;
        const char *path = s->options.checkpoint;
        struct header *header = xcalloc(1, sizeof(*header));
        int r;

        c->fd = open_checked(path, header, err);
        r = c->fd < 0 ? c->fd : lock(c->fd, path, err);
        if (r == 0 && (header->digest != digest_of(s) || header->n_hosts != s->n_hosts ||
                       header->bits_each != s->bits_each || header->n_slots != s->n_slots))
                r = err_set(
                        err, -EBADMSG,
                        "'%s' was begun with other targets, ports or another estate.yaml; begin a new scan",
                        path);
        if (r == 0)
                r = map(c, memory_size(s), err);
        if (r == 0) {
                hand_out(s);
                s->order_key = header->order_key;
                s->next_host = header->next_host;
        }
        free(header);
        return r;
}

int checkpoint_open(struct scan *s, struct err *err)
{
        s->checkpoint = xcalloc(1, sizeof(*s->checkpoint));
        s->checkpoint->fd = -1;
        return s->options.resume ? go_on(s, err) : make(s, err);
}

void checkpoint_next_host(struct scan *s)
{
        s->checkpoint->header->next_host = s->next_host;
}

void checkpoint_host_done(struct scan *s, uint32_t slot)
{
        struct checkpoint *c = s->checkpoint;
        const struct host *h = &s->hosts[slot];
        bool there = h->status == HOST_UP || h->status == HOST_SILENT;
        struct done done = {
                .seq = h->seq,
                .n_details = there ? (uint32_t)s->details[slot].n : 0,
                .has_bits = there,
                .again = !s->coverage.complete &&
                         (h->status == HOST_NOT_ASKED || s->coverage.status == HOST_NOT_ASKED ||
                          s->coverage.why & COVERAGE_PASSING),
        };
        struct str record = {0};

        if (c->fd < 0)
                return;
        str_add_n(&record, (const char *)&done, sizeof(done));
        str_add_n(&record, (const char *)h, sizeof(*h));
        if (there) {
                str_add_n(&record, (const char *)s->details[slot].at,
                          done.n_details * sizeof(struct detail));
                str_add_n(&record, (const char *)s->bits + slot * s->bits_each, s->bits_each);
        }
        if (pwrite(c->fd, record.text, record.len, (off_t)c->header->log_end) == (ssize_t)record.len)
                c->header->log_end += record.len;
        else if (!s->log_failed && s->options.warn)
                s->options.warn(
                        "the checkpoint can't be written any more: a resumed scan will ask some hosts again",
                        s->options.arg),
                        s->log_failed = true;
        str_release(&record);
}

/* --- going on ------------------------------------------------------------------------------------- */

static bool read_at(const struct checkpoint *c, uint64_t *at, void *to, size_t len)
{
        if (c->header->log_end - *at < len || pread(c->fd, to, len, (off_t)*at) != (ssize_t)len)
                return false;
        *at += len;
        return true;
}

static uint64_t record_rest(const struct scan *s, const struct done *done)
{
        return done->n_details * sizeof(struct detail) + (done->has_bits ? s->bits_each : 0);
}

static int compare_again(const void *pa, const void *pb)
{
        const struct of_host *a = pa, *b = pb;

        if (a->seq != b->seq)
                return a->seq < b->seq ? -1 : 1;
        return a->at < b->at ? -1 : a->at > b->at;
}

static size_t first_of(const struct of_hosts *hosts, uint64_t seq)
{
        size_t low = 0, high = hosts->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (hosts->at[middle].seq < seq)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Those of a host that stand in the log before `at` do not count. */
static void supersede(struct checkpoint *c, uint64_t seq, uint64_t at)
{
        for (size_t i = first_of(&c->again, seq); i < c->again.n && c->again.at[i].seq == seq; i++)
                c->again.at[i].superseded |= c->again.at[i].at < at;
}

/* Which hosts are asked again: those whose last record says so, and that no slot has. */
static bool collect_again(struct scan *s)
{
        struct checkpoint *c = s->checkpoint;

        for (unsigned round = 0; round < 2; round++) {
                for (uint64_t at = memory_size(s); at < c->header->log_end;) {
                        uint64_t began = at;
                        struct done done;

                        if (!read_at(c, &at, &done, sizeof(done)) || done.n_details > DETAILS_MAX ||
                            done.seq >= s->n_hosts)
                                return false;
                        if (round == 0 && done.again)
                                *vec_push(&c->again) = (struct of_host){done.seq, began, false};
                        if (round == 1)
                                supersede(c, done.seq, began);
                        at += sizeof(struct host) + record_rest(s, &done);
                }
                vec_sort(&c->again, compare_again);
        }
        for (uint32_t slot = REPLAY_SLOT + 1; slot < s->n_slots; slot++)
                if (s->hosts[slot].used) {
                        supersede(c, s->hosts[slot].seq, UINT64_MAX);
                        *vec_push(&c->busy) = (struct of_host){s->hosts[slot].seq, slot, false};
                }
        vec_sort(&c->busy, compare_again);
        return true;
}

static const struct of_host *first_again(const struct checkpoint *c, size_t *at)
{
        while (*at < c->again.n && c->again.at[*at].superseded)
                (*at)++;
        return *at < c->again.n ? &c->again.at[*at] : NULL;
}

bool checkpoint_has_again(const struct scan *s)
{
        size_t at = s->checkpoint->next_again;

        return first_again(s->checkpoint, &at);
}

bool checkpoint_next_again(struct scan *s, uint64_t *ret_seq)
{
        struct checkpoint *c = s->checkpoint;
        const struct of_host *again = first_again(c, &c->next_again);

        if (!again)
                return false;
        *ret_seq = again->seq;
        c->next_again++;
        return true;
}

bool checkpoint_take_again(struct scan *s, uint32_t slot)
{
        struct checkpoint *c = s->checkpoint;
        const struct of_host *again = first_again(c, &c->next_again);
        struct host host, *h = &s->hosts[slot];
        struct done done;
        uint64_t at;

        if (!again)
                return false;
        c->next_again++;
        at = again->at;
        *h = (struct host){.seq = again->seq, .status = HOST_SILENT};
        if (read_at(c, &at, &done, sizeof(done)) && read_at(c, &at, &host, sizeof(host))) {
                at += done.n_details * sizeof(struct detail);
                if (done.has_bits && read_at(c, &at, s->bits + slot * s->bits_each, s->bits_each))
                        *h = host;
        }
        h->used = true; /* one that cannot be read is asked from the beginning */
        return true;
}

/* Tell a host of the log through a slot that is free. */
static bool replay_one(struct scan *s, uint32_t slot, uint64_t *at)
{
        struct host *h = &s->hosts[slot];
        struct done done;

        if (!read_at(s->checkpoint, at, &done, sizeof(done)) || !read_at(s->checkpoint, at, h, sizeof(*h)) ||
            done.seq != h->seq || done.seq >= s->n_hosts || done.n_details > DETAILS_MAX)
                return false;
        if (done.again) {
                *at += record_rest(s, &done);
                return true;
        }
        s->details[slot].n = 0;
        for (uint32_t i = 0; i < done.n_details; i++) {
                struct detail *d = vec_push(&s->details[slot]);

                if (!read_at(s->checkpoint, at, d, sizeof(*d)))
                        return false;
                d->told = false;
        }
        if (done.has_bits && !read_at(s->checkpoint, at, s->bits + slot * s->bits_each, s->bits_each))
                return false;
        hosts_take_limits(s, h);
        hosts_recount(s, slot);
        if (h->suspicion == SUSPECT_CONFIRMED)
                s->middlebox[slot] = "found before the scan was resumed";
        settle_host(s, slot);
        /* a crash may have come after the record and before the slot was emptied */
        for (size_t i = first_of(&s->checkpoint->busy, done.seq);
             i < s->checkpoint->busy.n && s->checkpoint->busy.at[i].seq == done.seq; i++)
                s->hosts[s->checkpoint->busy.at[i].at].used = false;
        return true;
}

/* What only a damaged file has. */
static void drop_strange_slots(struct scan *s)
{
        for (uint32_t slot = 0; slot < s->n_slots; slot++)
                s->hosts[slot].used &= slot != REPLAY_SLOT && s->hosts[slot].seq < s->n_hosts;
}

int checkpoint_replay(struct scan *s, struct err *err)
{
        struct checkpoint *c = s->checkpoint;
        uint64_t at = memory_size(s);
        const uint32_t slot = REPLAY_SLOT;

        if (!s->options.resume)
                return 0;
        drop_strange_slots(s);
        if (!collect_again(s))
                return err_set(err, -EBADMSG, "'%s' is damaged; begin a new scan", s->options.checkpoint);
        while (at < c->header->log_end) {
                if (!replay_one(s, slot, &at))
                        return err_set(err, -EBADMSG, "'%s' is damaged; begin a new scan",
                                       s->options.checkpoint);
                s->hosts[slot] = (struct host){0};
                s->details[slot].n = 0;
                s->middlebox[slot] = NULL;
                memset(s->bits + slot * s->bits_each, 0, s->bits_each);
        }
        return 0;
}

void checkpoint_close(struct scan *s, bool complete)
{
        struct checkpoint *c = s->checkpoint;

        if (!c)
                return;
        vec_clear(&c->again);
        vec_clear(&c->busy);
        if (c->memory)
                (void)munmap(c->memory, c->size);
        /* by now nothing may be unlinked any more (confine.h); an empty file is used again by the next scan */
        if (c->fd >= 0 && complete && ftruncate(c->fd, 0) < 0 && s->options.warn)
                s->options.warn("the checkpoint of this scan, which is complete, could not be emptied",
                                s->options.arg);
        fd_close(&c->fd);
        free(c);
        s->checkpoint = NULL;
}
