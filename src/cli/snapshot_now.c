/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/snapshot_now.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/map.h"
#include "cli/inside_run.h"
#include "cli/snapshot_file.h"
#include "identify/digest.h"

#define EXECUTABLE_MAX ((uint64_t)2 << 30) /* bytes; a larger one is not read */

struct hashing {
        struct snapshot *to;
        struct map known; /* by device and inode: the text, or 0 */
};

static void hashing_release(struct hashing *h)
{
        map_release(&h->known);
}

/* NULL when it cannot be read to its end. */
static const char *hash_file(struct hashing *h, int fd)
{
        char text[DIGEST_SHA256_TEXT_SIZE];

        return digest_sha256_file(fd, EXECUTABLE_MAX, text, NULL) == 0 ? pool_intern(h->to->pool, text) : NULL;
}

/* What runs, not what stands in its place by now. Files of programs are no devices: /proc/PID/exe of one cannot be. */
static const char *hash_of(struct hashing *h, const struct process *p)
{
        _cleanup_close_ int fd = -1;
        uint64_t parts[2], known;
        const char *text;
        char path[64];
        struct stat st;

        (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)p->pid);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && !p->exe_deleted && !p->foreign_root)
                fd = open(p->exe, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return NULL;
        parts[0] = (uint64_t)st.st_dev;
        parts[1] = (uint64_t)st.st_ino;
        if (map_get(&h->known, hash_bytes(parts, sizeof(parts)), &known))
                return (const char *)(uintptr_t)known; // NOLINT(performance-no-int-to-ptr)
        text = hash_file(h, fd);
        map_put(&h->known, hash_bytes(parts, sizeof(parts)), (uintptr_t)text);
        return text;
}

static void add_hashes(struct snapshot *to, const struct assessment *a)
{
        _cleanup_(hashing_release) struct hashing h = {.to = to};

        for (size_t i = 0; i < a->listeners.n; i++) { /* snapshot_from_inside keeps their order */
                const struct process *p = snapshot_owner(&a->listeners.at[i]);

                if (p && p->exe && !p->kernel)
                        to->items.at[i].exe_hash = hash_of(&h, p);
        }
}

int snapshot_now(struct snapshot *to, const struct invocation *in, struct err *err)
{
        _cleanup_(inside_run_release) struct inside_run host = {0};
        int r = inside_run_collect(&host, in, true, err);

        if (r < 0)
                return r;
        snapshot_from_inside(to, host.assessment, true);
        add_hashes(to, host.assessment);
        to->source = "now";
        return 0;
}

int snapshot_refuse_now(const struct invocation *in, const char *what, struct err *err)
{
        static const char *const options[] = {"netns", "no-bpf"};

        for (size_t i = 0; i < array_len(options); i++)
                if (invocation_has(in, options[i]))
                        return err_set(err, -EINVAL, "'--%s' does nothing here: '%s' is not looked at now", options[i],
                                       what);
        return 0;
}
