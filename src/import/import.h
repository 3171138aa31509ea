/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other programs saw, read from their files: endpoints of network scanners, sockets of listings
 * made on a host. The bytes come from anywhere and are hostile; all that is kept of them is bounded, and
 * a record that makes no sense is left out and told with its line. To add a format: a file with a `const
 * struct importer`, and a line in the registry in import.c.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "model/endpoint.h"
#include "model/identity.h"
#include "model/inside.h"
#include "model/range.h"

#define IMPORT_START      (64u * 1024)   /* bytes at the beginning that tell the format */
#define IMPORT_PIECE_MAX  (1024u * 1024) /* bytes of one line or JSON object; a longer one is left out */
#define IMPORT_RECORDS    4000000u       /* endpoints, or sockets, of one file */
#define IMPORT_IDENTITIES 400000u
#define IMPORT_TEXT_MAX   256u /* bytes kept of a name */
#define IMPORT_FAULTS     20u  /* told one by one; further ones are counted */

struct import_endpoint {
        struct endpoint endpoint;
        const struct identity *identity; /* or NULL: nothing was said of what speaks there */
        int64_t time_s;                  /* when it was seen; 0 = not told */
        uint32_t order;                  /* place in the file */
};

struct import_host {
        struct address address;
        uint32_t zone_index;
        enum host_status status;
        const char *name;      /* or NULL */
        const char *middlebox; /* as our own XML tells it, or NULL */
        bool has_mac;
        uint8_t mac[6];
        uint32_t rtt_us;
        int64_t time_s;
        uint32_t asked[2];                        /* 0 = not told */
        uint32_t unlisted[2][ENDPOINT_STATE_MAX]; /* ports that are only counted */
        unsigned why;                             /* enum coverage_reason bits */
        bool cut;                                 /* not asked to the end, or the file ends inside of it */
};

/* What is wrong with the file at a line; 0 = with all of it. */
struct import_fault {
        uint64_t line;
        const char *text;
};

struct importer;

struct import {
        const struct importer *importer;
        struct pool *pool;

        /* of a scanner; after import_end each address once, in order, and each endpoint once, in order */
        vec(struct import_endpoint) endpoints;
        vec(struct import_host) hosts;
        vec(const char *) devices;     /* zone_index - 1: the name behind '%' in a link-local address */
        const char *program;           /* "nmap 7.93", as it calls itself; or NULL */
        const char *method;            /* "syn", "connect" ...; or NULL */
        int64_t started_s, finished_s; /* 0 = not told */
        struct port_set asked[2];

        struct inside *view; /* of a listing, else NULL */

        vec(struct import_fault) faults;
        uint64_t n_faults; /* all of them */
        bool complete;     /* read to the end, and nothing was left out: after import_end */

        /* for importers */
        struct splitter *splitter;
        uint64_t line; /* of what is given to take() */
        void *state;
        bool ended; /* the format says that this is the end */
        bool over;  /* nothing more is taken */
        size_t n_identities;
};

enum import_unit { IMPORT_LINES, IMPORT_OBJECTS, IMPORT_CHUNKS };

struct importer {
        const char *name; /* of --format */
        const char *what; /* for people */
        bool inside;      /* a listing made on a host */
        bool windows;     /* of Windows */
        enum import_unit
                unit;      /* what take() gets: lines without their end, JSON objects, bytes as they come */
        size_t state_size; /* zeroed memory behind import->state */
        bool (*guess)(const char *start, size_t len); /* it looks like mine; len <= IMPORT_START */
        /* Load what is needed, before privilege and files are given up; or NULL. 0 or negative errno. */
        int (*open)(struct import *im, struct err *err);
        void (*take)(struct import *im, const char *text, size_t len);
        /* The file is over; or NULL. */
        void (*end)(struct import *im);
        void (*close)(struct import *im); /* of what open() made, or NULL */
};

/* --- for users of the folder ---------------------------------------------------------------------- */

const struct importer *const *importers_all(void); /* NULL-terminated */
const struct importer *importer_find(const char *name);
/*
 * By the first bytes of a file; NULL = none that is known. UTF-16, as PowerShell writes it, is
 * understood.
 */
const struct importer *importer_guess(const char *start, size_t len);

/* In front of the name that a listing's host is given as its asset: no machine says that of itself. */
#define IMPORT_ASSET "import:"

/* 0 or negative errno. `asset` is the name of the host a listing was made on, `time_s` when. */
int import_open(struct import **ret, const struct importer *importer, const char *asset, int64_t time_s,
                struct err *err);
/* The bytes of the file in order, as many at a time as one likes. False: it wants no more. */
bool import_feed(struct import *im, const char *bytes, size_t len);
/* The file is over, or could be read no further for the reason `why` (NULL: it is over). */
void import_end(struct import *im, const char *why);
struct import *import_free(struct import *im); /* accepts NULL, returns NULL */

static inline void import_freep(struct import **im)
{
        *im = import_free(*im);
}

/* --- for importers -------------------------------------------------------------------------------- */

/* Something is left out at im->line, or wrong with the file; then the result is not complete. */
void import_fault(struct import *im, const char *fmt, ...) _printf_(2, 3);
/* The same of the file as a whole. */
void import_fault_all(struct import *im, const char *fmt, ...) _printf_(2, 3);

/* At most IMPORT_TEXT_MAX bytes of text, cut between characters, as it stands there. NULL for none. */
const char *import_text(struct import *im, const char *text, size_t len);
/* The same made printable (base/text.h), as identities want it. */
const char *import_printable(struct import *im, const char *text, size_t len, size_t max);

/* 1 to 65535; false after telling the fault. `text` need not be terminated. */
bool import_port(struct import *im, const char *text, size_t len, uint16_t *ret);
/* An address, also with '%device' behind it, and mapped ones as IPv4; false after telling the fault. */
bool import_address(struct import *im, const char *text, size_t len, struct address *ret,
                    uint32_t *ret_zone_index);

/* The record of a host, made when new; it moves when another is made. */
struct import_host *import_host(struct import *im, const struct address *address, uint32_t zone_index);
/* Appends; NULL when there are too many (told once). */
struct import_endpoint *import_endpoint(struct import *im, const struct address *address,
                                        uint32_t zone_index, enum transport transport, uint16_t port);
/* A new identity in the pool; NULL when there are too many (told once). */
struct identity *import_identity(struct import *im);
