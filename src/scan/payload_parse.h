/* SPDX-License-Identifier: GPL-2.0-or-later */
/* data/probes/udp.yaml (form: data/schema/udp-probes.schema.json), read at build time. */
#pragma once

#include "base/pool.h"
#include "base/str.h"
#include "knowledge/knowledge.h"
#include "scan/payload_text.h"

struct parsed_payload {
        const char *id, *protocol, *log, *reference;
        const char *silent; /* why nothing is sent; then there are no bytes */
        bool has_bytes, other_port;
        unsigned general; /* place among the general ones, from 1; 0 = none of them */
        enum payload_safety safety;
        vec(struct port_range) ports;
        struct payload_text bytes;
        vec(struct payload_text) answers;
        unsigned line;
};

struct parsed_payloads {
        vec(struct parsed_payload) list;
};

/* 0 or -EINVAL with "file:line: field 'x': what". Release also after an error. */
int payload_parse(const char *text, size_t len, const char *file, struct pool *pool,
                  struct parsed_payloads *ret, struct err *err);
void parsed_payloads_release(struct parsed_payloads *p);
