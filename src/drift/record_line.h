/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the line of a record says, member by member (record_line.c), for what becomes of it (record_read.c). */
#pragma once

#include "drift/record_read.h"

#define CACHED 4u

/* Texts repeat from record to record: what came last in a member is found without a look into the pool. */
struct cache {
        const char *text[CACHED];
        size_t len[CACHED];
        unsigned next;
};

enum text_member {
        MEMBER_TYPE,
        MEMBER_ASSET,
        MEMBER_VANTAGE,
        MEMBER_HOSTNAME,
        MEMBER_DEVICE,
        MEMBER_NETNS,
        MEMBER_NAME,
        MEMBER_PROTOCOL,
        MEMBER_ENCRYPTION,
        MEMBER_PRODUCT,
        MEMBER_VERSION,
        MEMBER_EXE,
        MEMBER_EXE_HASH,
        MEMBER_USER,
        MEMBER_UNIT,
        MEMBER_PACKAGE,
        MEMBER_CONTAINER,
        MEMBER_EXPOSURE,
        MEMBER_ZONES,
        MEMBER_STARTUP,
        MEMBER_STATE,
        MEMBER_VERDICT,
        MEMBER_SOURCE,
        MEMBER_REASON,
        MEMBER_MAX,
};

/* What a line may say, whatever its type. */
struct record {
        enum record_type {
                RECORD_UNTYPED,
                RECORD_LISTENER,
                RECORD_SERVICE,
                RECORD_ENDPOINT,
                RECORD_COVERAGE,
                RECORD_GAP,
                RECORD_SUMMARY,
                RECORD_OTHER,
        } type;
        struct item item;
        bool has_address, bad_address, has_transport, bad_transport, has_port;
        bool registered; /* the protocol is only that of the number */
        bool open;
        const char *asset, *vantage, *hostname, *source, *reason;
        int64_t time_s;
        uint64_t port, port_last;
        bool complete, incomplete, says_complete;
        bool has_listeners, has_services, has_hosts; /* of a summary: they were looked for */
        size_t reasons_from;
};

struct record_reader {
        struct snapshot *to;
        uint64_t line;
        struct str rest; /* a line that has begun */
        struct str zones; /* of the exposure that is read */
        struct json_read json;
        struct cache caches[MEMBER_MAX];
        char time_text[24];
        int64_t time_s; /* of time_text */
        char address_text[ADDRESS_TEXT_SIZE];
        struct address address;    /* of address_text */
        vec(const char *) reasons; /* of the summary of this line */
        unsigned seen;             /* kinds that were looked for */
        bool summed, several_assets, any;
};

/* The value that comes next in r->json, of this member; those not known here are passed over. */
void record_member(struct record_reader *r, struct record *to, const struct json_text *key);
