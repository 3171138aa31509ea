/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define SKIP_17         " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
#define STAT_MAX        4096
#define ENVIRONMENT_MAX (4u << 20)

bool process_start_parse(const char *text, struct process_start *ret)
{
        unsigned long long ticks = 0;
        long hertz = sysconf(_SC_CLK_TCK);
        const char *open = strchr(text, '('), *close = strrchr(text, ')');

        if (!open || !close || close < open || hertz <= 0)
                return false;
        (void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(close - open - 1), open + 1);
        if (sscanf(close + 1, " %c %u" SKIP_17 " %llu", &ret->state, &ret->parent, &ticks) != 3)
                return false;
        ret->begun_ns = ticks * (UINT64_C(1000000000) / (uint64_t)hertz);
        return true;
}

bool process_start_read(unsigned pid, struct process_start *ret)
{
        _cleanup_str_ struct str text = {0};
        char path[32];

        (void)snprintf(path, sizeof(path), "/proc/%u/stat", pid);
        return fd_read_file(AT_FDCWD, path, STAT_MAX, &text) == 0 &&
               process_start_parse(str_text(&text), ret);
}

bool process_variable(unsigned pid, const char *name, struct str *ret)
{
        _cleanup_str_ struct str text = {0};
        const char *at, *end, *value;
        char path[32];

        (void)snprintf(path, sizeof(path), "/proc/%u/environ", pid);
        if (fd_read_file(AT_FDCWD, path, ENVIRONMENT_MAX, &text) < 0)
                return false;
        end = str_text(&text) + text.len;
        for (at = str_text(&text); at < end; at += strlen(at) + 1)
                if ((value = str_after(at, name)) && *value == '=') {
                        str_add(ret, value + 1);
                        return true;
                }
        return false;
}
