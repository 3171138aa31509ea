/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small texts of /proc, and passwd. The first byte says which: 4 and 6 for net/raw and net/raw6, f for fdinfo, s for status, t for
 * stat, p for passwd, m for a line of mountinfo, l for the target of a link.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "collect/mountinfo.h"
#include "collect/netns.h"
#include "collect/owners.h"
#include "collect/proc.h"
#include "collect/process_parse.h"
#include "collect/sock_diag.h"
#include "fuzz.h"

static void check(bool promise)
{
        if (!promise)
                abort();
}

static void try_raw(const char *text, size_t len, int family)
{
        struct socket_list list = {0};

        raw_table_parse(text, len, family, 3, &list);
        vec_foreach(s, &list) check(s->address.family == (family == AF_INET ? 4 : 6) && s->port <= 255 &&
                                    s->transport == TRANSPORT_RAW && s->netns == 3);
        vec_clear(&list);
}

static void try_raw4(const char *text, size_t len)
{
        try_raw(text, len, AF_INET);
}

static void try_raw6(const char *text, size_t len)
{
        try_raw(text, len, AF_INET6);
}

static void each_inode(uint64_t inode, void *arg)
{
        check(inode != 0);
}

static void try_fdinfo(const char *text, size_t len)
{
        owners_parse_fdinfo(text, len, each_inode, NULL);
}

static void try_status(const char *text, size_t len)
{
        char name[16];
        uint32_t uid;

        if (process_parse_status(text, len, name, sizeof(name), &uid))
                check(memchr(name, '\0', sizeof(name)) != NULL);
}

static void try_stat(const char *text, size_t len)
{
        uint64_t ticks;

        (void)process_parse_start(text, len, &ticks);
}

static void try_passwd(const char *text, size_t len)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct map users = {0};
        uint64_t name;

        process_parse_passwd(text, len, pool, &users);
        if (map_get(&users, 0, &name))
                check(*(const char *)(uintptr_t)name != '\0');
        map_release(&users);
}

static void try_mountinfo(const char *text, size_t len)
{
        char path[64];
        struct mountinfo mount;
        uint64_t inode;
        bool is_netns = netns_parse_mount(text, len, &inode, path, sizeof(path));

        check(!is_netns || (inode && path[0] && memchr(path, '\0', sizeof(path))));
        if (!mountinfo_parse(text, len, &mount)) {
                check(!is_netns);
                return;
        }
        check(mount.root.len && mount.point.len && mount.type.len);
        if (mountinfo_unescape(mount.point, path, sizeof(path)))
                check(strlen(path) <= mount.point.len);
}

static void try_link(const char *text, size_t len)
{
        _cleanup_str_ struct str copy = {0};

        str_add_n(&copy, text, len);
        (void)proc_link_inode(str_text(&copy), "socket:[");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct {
                char letter;
                void (*run)(const char *text, size_t len);
        } parsers[] = {
                {'4', try_raw4}, {'6', try_raw6},   {'f', try_fdinfo},    {'s', try_status},
                {'t', try_stat}, {'p', try_passwd}, {'m', try_mountinfo}, {'l', try_link},
        };

        for (size_t i = 0; size && i < array_len(parsers); i++)
                if (data[0] == parsers[i].letter)
                        parsers[i].run((const char *)data + 1, size - 1);
        return 0;
}
