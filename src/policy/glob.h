/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of policy.yaml: * is any run of characters (also '/'), ? any one. For this folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* In time of at most the product of both lengths: only the last * is ever gone back to. */
static inline bool glob_matches(const char *glob, const char *s)
{
        const char *star = NULL, *from = NULL;

        while (*s) {
                if (*glob == '*') {
                        star = glob++;
                        from = s;
                } else if (*glob == '?' || *glob == *s) {
                        glob++;
                        s++;
                } else if (star) {
                        glob = star + 1;
                        s = ++from;
                } else {
                        return false;
                }
        }
        while (*glob == '*')
                glob++;
        return !*glob;
}
