/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "collect/bpf_exes.h"
#include "collect/watch.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire w = wire_over(data, size);
        struct watch_note note;
        struct exe_seen seen;

        while (watch_record_parse(&w, &note))
                if (w.bad || !note.cookie || note.transport >= TRANSPORT_MAX ||
                    (note.address.family != 4 && note.address.family != 6) || strlen(note.comm) >= sizeof(note.comm))
                        abort();
        if (watch_notice_parse(wire_over(data, size), &note) && (!note.cookie || note.place))
                abort();
        if (exe_record_parse(wire_over(data, size), &seen) &&
            (seen.path[0] != '/' || strnlen(seen.path, sizeof(seen.path)) == sizeof(seen.path)))
                abort();
        return 0;
}
