/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as records: an error or a snapshot; in what pieces they come does not matter; what was read is written as records
 * that are read as the same, and a snapshot compared with itself has no drift. An expectation is any text.
 */
#include <stdlib.h>
#include <string.h>

#include "drift/drift.h"
#include "drift/expect.h"
#include "drift/record_read.h"
#include "drift/record_write.h"
#include "fuzz.h"

static void check(bool promise)
{
        if (!promise)
                abort();
}

static int read_pieces(struct snapshot *s, const char *bytes, size_t len, size_t piece)
{
        _cleanup_(record_reader_freep) struct record_reader *r = record_reader_new(s);
        struct err err;
        int rc = 0;

        for (size_t at = 0; at < len && rc == 0; at += piece)
                rc = record_reader_feed(r, bytes + at, len - at < piece ? len - at : piece, &err);
        return rc == 0 ? record_reader_end(r, &err) : rc;
}

static void check_same(const struct snapshot *a, const struct snapshot *b)
{
        struct drift d;

        drift_compare(a, b, &d);
        check(!d.events.n);
        drift_release(&d);
}

static void check_written(const struct snapshot *s)
{
        _cleanup_snapshot_ struct snapshot again;
        _cleanup_str_ struct str text = {0};

        snapshot_init(&again, s->pool);
        vec_foreach(item, &s->items)
                record_write_line(&text, s, item);
        record_write_head(&text, s, false);
        check(read_pieces(&again, text.text, text.len, text.len) == 0);
        check(again.items.n == s->items.n);
        check_same(s, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_snapshot_ struct snapshot whole, pieces;
        _cleanup_str_ struct str text = {0};
        struct expect x;
        struct err err;
        int rc;

        snapshot_init(&whole, pool);
        snapshot_init(&pieces, pool);
        rc = read_pieces(&whole, (const char *)data, size, size ? size : 1);
        check(read_pieces(&pieces, (const char *)data, size, 7) == rc);
        check(whole.items.n == pieces.items.n);
        if (rc == 0)
                check_written(&whole);
        str_add_n(&text, (const char *)data, strnlen((const char *)data, size));
        (void)expect_parse(str_text(&text), &x, &err);
        return 0;
}
