/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside view of other machines, read back from the records that `host --json` and `audit --json` wrote there: who
 * listens, and which addresses the machine has. Records of other types and members that are not known are skipped. The
 * bytes come from anywhere and are hostile; what is kept of them is bounded.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "model/listener.h"

#define RECORDS_LINE_MAX  (1024u * 1024) /* bytes of one record */
#define RECORDS_LISTENERS 1000000u       /* of one file */
#define RECORDS_ASSETS    100000u
#define RECORDS_ADDRESSES 65536u /* of one asset */

/* An address of the machine, and the namespace that has it. */
struct records_address {
        struct address address;
        const char *netns; /* role */
};

struct records_asset {
        const char *asset;    /* stable id, as the records have it */
        const char *hostname; /* of the summary; or NULL */
        vec(struct listener) listeners;
        vec(struct records_address) addresses; /* of the summary; older ones have none */
        bool summary;                          /* it is there: the records are whole */
        bool complete;                         /* and the summary says that nothing is missing */
};

struct records {
        struct pool *pool; /* of all that is read: free it last */
        vec(struct records_asset) assets;
        /* its own */
        struct splitter *splitter;
        struct err *err;
        uint64_t line;
        size_t n_listeners;
        int result;
};

struct records *records_new(void);
struct records *records_free(struct records *r); /* accepts NULL, returns NULL */

static inline void records_freep(struct records **r)
{
        *r = records_free(*r);
}

/*
 * The bytes of a file in order, as many at a time as one likes. 0, or -EINVAL with the line and what is wrong there;
 * then nothing more is taken.
 */
int records_feed(struct records *r, const char *bytes, size_t len, struct err *err);
/* The file is over. 0, or -EINVAL; also when there was no record of an inside view in it. */
int records_end(struct records *r, struct err *err);
