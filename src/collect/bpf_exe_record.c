/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf_exes.h"

#include <string.h>

bool exe_record_parse(struct wire w, struct exe_seen *ret)
{
        uint32_t len = wire_u32(&w), foreign_root = wire_u32(&w);

        if (w.bad || !len || len > sizeof(ret->path) || wire_left(&w) != len)
                return false;
        wire_bytes(&w, ret->path, len);
        ret->foreign_root = foreign_root != 0;
        return ret->path[0] == '/' && memchr(ret->path, '\0', len) == ret->path + len - 1;
}
