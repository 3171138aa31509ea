/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the BPF iterator over tasks writes: in the byte order of the machine, the path behind it. */
#pragma once

#define EXE_PATH_MAX 4096

struct exe_record {
        unsigned int len;          /* of the path, with its terminator */
        unsigned int foreign_root; /* its file system is not the reader's */
};
_Static_assert(sizeof(struct exe_record) == 8, "no padding between kernel and user side");
