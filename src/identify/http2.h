/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of HTTP/2 (RFC 9113) and HPACK (RFC 7541) as one request and its answer need. */
#pragma once

#include "base/str.h"
#include "base/wire.h"

enum { HTTP2_DATA, HTTP2_HEADERS, HTTP2_RST_STREAM = 3, HTTP2_SETTINGS, HTTP2_PING = 6, HTTP2_GOAWAY };
enum { HTTP2_END_STREAM = 1, HTTP2_ACK = 1, HTTP2_END_HEADERS = 4, HTTP2_PADDED = 8, HTTP2_PRIORITY = 0x20 };

struct http2_frame {
        uint8_t type, flags;
        uint32_t stream;
        struct wire body; /* with padding and priority, where the flags say so */
};

/*
 * The next whole frame. False when it is not whole (then w stays); w->bad when it is above 64 KiB, which
 * nobody was allowed.
 */
bool http2_next(struct wire *w, struct http2_frame *ret);
/*
 * Whether bytes begin with the SETTINGS frame that every server's side begins with, as far as they go;
 * len of at least 9.
 */
bool http2_is_settings(const uint8_t *data, size_t len);
/* Preface, empty SETTINGS, and a GET of path on stream 1. */
void http2_request(struct str *to, bool tls, const char *authority, const char *path);
/*
 * The fields of an answer as text of HTTP/1: "HTTP/2.0 200\r\nserver: nginx\r\n...\r\n". Fields that refer
 * to the dynamic table
 * are left out. False when the block is wrong or has no status.
 */
bool http2_fields(struct wire block, struct str *to);
/* Cuts padding and priority off the body of a HEADERS or DATA frame. */
struct wire http2_content(const struct http2_frame *frame);
