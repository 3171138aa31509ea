/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of inetd and xinetd, and /etc/services. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/vec.h"
#include "model/address.h"

struct inetd_entry {
        const char *service;  /* "telnet", "8080", "rpc.x/1" ... as written */
        const char *id;       /* xinetd: id =, where given */
        const char *protocol; /* "tcp", "udp", without a family */
        uint8_t family;       /* 4, 6; 0: not said */
        const char *host;     /* address to bind, or NULL */
        uint16_t port;        /* 0: by the service's name */
        const char *server;   /* program; "internal" for what inetd does itself; NULL: not said */
        bool disabled;
        bool unix_or_rpc; /* has no port of its own choosing */
};

struct inetd_entries {
        struct inetd_entry *at;
        size_t n, room;
};

/*
 * inetd.conf(5): one entry a line; one that update-inetd(8) took out starts with "#<off>#". Other comments
 * are no entries. At most 5,000 entries, as below. Appends to ret (vec_clear frees); strings go to the pool.
 */
void inetd_text_parse(struct inetd_entries *ret, struct pool *pool, const char *text, size_t len);

/* A file or directory that an xinetd file names to be read as well. */
struct xinetd_include {
        const char *path;
        bool is_dir;
};

/*
 * All of xinetd's configuration: parse its first file, then what it includes, into the same struct; then
 * finish.
 */
struct xinetd_text {
        struct inetd_entries entries;
        vec(struct xinetd_include) includes;
        vec(const char *) enabled, disabled; /* of the defaults section: ids */
        bool has_enabled;
};

/* xinetd.conf(5). */
void xinetd_text_parse(struct xinetd_text *ret, struct pool *pool, const char *text, size_t len);
/* Apply `enabled` and `disabled` of the defaults section to all entries. */
void xinetd_text_finish(struct xinetd_text *text);
void xinetd_text_release(struct xinetd_text *text);

/*
 * The port of a service's name or alias in the text of /etc/services (services(5)); 0 when it is not there.
 */
uint16_t services_text_port(const char *text, size_t len, const char *name, const char *protocol);
