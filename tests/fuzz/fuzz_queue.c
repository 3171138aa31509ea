/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file in which alerts wait, as a bad disk may leave it: what is found in it is kept, and it works as any other. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "alert/alert.h"
#include "alert/queue.h"
#include "base/fd.h"
#include "fuzz.h"

static void check(bool holds)
{
        if (!holds)
                abort();
}

static struct queue *open_queue(const char *path, size_t *ret_lost)
{
        struct queue *q = NULL;
        struct err err = {0};

        check(queue_open(path, QUEUE_LENGTH_MAX, &q, ret_lost, &err) == 0);
        return q;
}

static size_t take_all(struct queue *q)
{
        struct err err = {0};
        size_t n = 0;

        for (; queue_count(q); n++) {
                _cleanup_str_ struct str text = {0};

                check(queue_first(q, &text) == 0 && text.len <= ALERT_RECORD_MAX);
                check(queue_done(q, &err) == 0);
        }
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char path[] = "/tmp/quaymaster-fuzz-queue-XXXXXX";
        int fd = mkostemp(path, O_CLOEXEC);
        struct err err = {0};
        struct queue *q;
        size_t lost, again, n;
        unsigned dropped;

        check(fd >= 0 && fd_write_all(fd, (const char *)data, size) == 0);
        fd_close(&fd);
        q = open_queue(path, &lost);
        check(lost <= size);
        n = queue_count(q);
        queue_free(q);
        q = open_queue(path, &again);
        check(again == 0 && queue_count(q) == n);
        check(queue_push(q, "new", 3, false, &dropped, &err) == 0 && !dropped);
        queue_free(q);
        q = open_queue(path, &again);
        check(again == 0 && take_all(q) == n + 1);
        queue_free(q);
        (void)unlink(path);
        return 0;
}
