/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has in SSH_CONNECTION, which may be anything. */
#include <assert.h>

#include "cli/ssh_connection.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct ssh_connection s;

        if (ssh_connection_parse((const char *)data, size, &s))
                assert(s.remote.family && s.local.family && s.remote_port && s.local_port);
        return 0;
}
