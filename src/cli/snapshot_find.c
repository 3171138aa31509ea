/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/snapshot_find.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/snapshot_file.h"
#include "cli/snapshot_now.h"
#include "cli/state_store.h"

static bool is_file(const char *word)
{
        return streq(word, "-") || strchr(word, '/');
}

/* All but files is looked up at once; *ret_file says that the word names one. */
static int look_up(struct snapshot *to, const char *word, const struct invocation *in, bool *ret_file,
                   struct err *err)
{
        int r;

        *ret_file = is_file(word);
        if (*ret_file)
                return 0;
        if (streq(word, "now"))
                return snapshot_now(to, in, err);
        r = state_store_load(word, to, err);
        if (r == 0 || (r != -ENOENT && access(word, F_OK) < 0))
                return r;
        *ret_file = access(word, F_OK) == 0;
        if (*ret_file) {
                *err = (struct err){0};
                return 0;
        }
        if (streq(word, BASELINE))
                return err_set(err, -ENOENT, "there is no baseline yet (see: quaymaster help baseline)");
        return err_set(err, -ENOENT, "'%s' is neither a snapshot (see: quaymaster snapshot list) nor a file",
                       word);
}

int snapshot_find(struct snapshot *to, const char *word, const struct invocation *in, struct err *err)
{
        bool file;
        int r = look_up(to, word, in, &file, err);

        return r == 0 && file ? snapshot_from_file(to, word, err) : r;
}

struct side {
        struct snapshot_file *file; /* NULL: looked up already */
        struct err err;
        int r;
};

static void side_release(struct side *side)
{
        side->file = snapshot_file_free(side->file);
}

static void *read_side(void *arg)
{
        struct side *side = arg;

        side->r = side->file ? snapshot_file_read(side->file, &side->err) : 0;
        return NULL;
}

/* Of two foreign files the other one by a thread: most of the time goes into their parsers. */
static void read_both(struct side *one, struct side *two)
{
        bool apart = one->file && two->file && snapshot_file_is_foreign(one->file) &&
                     snapshot_file_is_foreign(two->file);
        pthread_t thread;

        apart = apart && pthread_create(&thread, NULL, read_side, two) == 0;
        (void)read_side(one);
        if (apart)
                (void)pthread_join(thread, NULL);
        else if (one->r == 0)
                (void)read_side(two);
}

/* The listing of a program says nothing of its host but what its file is called. */
static bool is_named_by_file(const struct snapshot *s)
{
        return s->asset && str_after(s->asset, IMPORT_ASSET);
}

static void adopt(struct snapshot *to, const struct snapshot *other)
{
        vec_foreach(item, &to->items)
                if (streq_ptr(item->asset, to->asset))
                        item->asset = other->asset;
        to->asset = other->asset;
}

/* One host is compared with itself. */
static void name_host(struct snapshot to[2])
{
        if (is_named_by_file(&to[1]) && to[0].asset)
                adopt(&to[1], &to[0]);
        else if (is_named_by_file(&to[0]) && to[1].asset)
                adopt(&to[0], &to[1]);
}

int snapshot_find_two(struct snapshot to[2], const char *const words[2], const struct invocation *in,
                      struct err *err)
{
        _cleanup_(side_release) struct side one = {0}, two = {0};
        struct side *const sides[] = {&one, &two};
        int r = 0;

        for (size_t i = 0; i < 2 && r == 0; i++) {
                bool file;

                r = look_up(&to[i], words[i], in, &file, err);
                if (r == 0 && file)
                        r = snapshot_file_open(&sides[i]->file, &to[i], words[i], err);
        }
        if (r < 0)
                return r;
        read_both(&one, &two);
        for (size_t i = 0; i < 2 && r == 0; i++) {
                r = sides[i]->r;
                if (r < 0)
                        *err = sides[i]->err;
                else if (sides[i]->file)
                        r = snapshot_file_take(sides[i]->file, err);
        }
        if (r == 0)
                name_host(to);
        return r;
}
