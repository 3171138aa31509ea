/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ONC RPC, version 2 (RFC 5531): calls without arguments, and what answers say before their results. */
#pragma once

#include "identify/probe.h"

enum { SUNRPC_PORTMAP = 100000, SUNRPC_NFS = 100003, SUNRPC_MOUNT = 100005, SUNRPC_KADMIN = 2112 };

enum sunrpc_status {
        SUNRPC_SUCCESS,
        SUNRPC_NO_PROGRAM,
        SUNRPC_OTHER_VERSION,
        SUNRPC_NO_PROCEDURE,
        SUNRPC_GARBAGE,
        SUNRPC_FAULT,
        SUNRPC_DENIED, /* not accepted: authentication, or another version of RPC itself */
};

enum sunrpc_state { SUNRPC_PART, SUNRPC_NONE, SUNRPC_WHOLE };

struct sunrpc_reply {
        uint32_t xid;
        enum sunrpc_status status;
        uint32_t low, high; /* with SUNRPC_OTHER_VERSION */
        struct wire verifier, results;
        size_t end; /* where the next begins */
};

/* Appends a call; with the mark of a record when the transport is a stream. */
void sunrpc_call(struct talk *t, uint32_t xid, uint32_t program, uint32_t version, uint32_t procedure);
/* The NULL call that asks for TLS (RFC 9289, 4.1). */
void sunrpc_call_tls(struct talk *t, uint32_t xid, uint32_t program, uint32_t version);
/* The first reply in these bytes. Pure. */
enum sunrpc_state sunrpc_read(const uint8_t *data, size_t len, bool stream, struct sunrpc_reply *ret);
/* For recognise(): a reply, and to a call of which nothing is known. */
enum recognition sunrpc_recognise(const struct heard *h);
/* Protocol name of a program ("mountd"), or NULL. */
const char *sunrpc_name(uint32_t program);
/* The names in order: NULL at the end. */
const char *sunrpc_nth(size_t n, uint32_t *program);
/* "3-4" into the detail "versions". */
void sunrpc_take_versions(struct talk *t, uint32_t low, uint32_t high);
/* The results of DUMP (RFC 1833, 3.2) into the detail "programs"; how many there were. */
size_t sunrpc_take_dump(struct talk *t, struct wire results);
