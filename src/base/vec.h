/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growing arrays of any type: vec(struct listener) v = {0}; *vec_push(v) = ...; v.n; v.at[i].
 * Zero bytes are a valid empty one. Elements move when it grows: keep indexes, not pointers.
 */
#pragma once

#include "base/mem.h"

#include <string.h>

#define vec(type)                                                                                            \
        struct {                                                                                             \
                type *at;                                                                                    \
                size_t n, room;                                                                              \
        }

static inline void *vec_grow(void *at, size_t n, size_t *room, size_t size)
{
        if (n < *room)
                return at;
        *room = *room ? *room * 2 : 8;
        return xrealloc(at, *room, size);
}

/* Appends a zeroed element and returns its address. */
#define vec_push(v)                                                                                          \
        ({                                                                                                   \
                (v)->at = vec_grow((v)->at, (v)->n, &(v)->room, sizeof(*(v)->at));                           \
                memset(&(v)->at[(v)->n], 0, sizeof(*(v)->at));                                               \
                &(v)->at[(v)->n++];                                                                          \
        })

/* Room for `count` elements in all. */
#define vec_reserve(v, count)                                                                                \
        do {                                                                                                 \
                if ((v)->room < (count)) {                                                                   \
                        (v)->room = (count);                                                                 \
                        (v)->at = xrealloc((v)->at, (v)->room, sizeof(*(v)->at));                            \
                }                                                                                            \
        } while (0)

#define vec_clear(v)                                                                                         \
        do {                                                                                                 \
                free((v)->at);                                                                               \
                (v)->at = NULL;                                                                              \
                (v)->n = (v)->room = 0;                                                                      \
        } while (0)

#define vec_foreach(item, v)                                                                                 \
        for (__typeof__(*(v)->at) *item = (v)->at; (v)->n && item < (v)->at + (v)->n; item++)

#define vec_sort(v, compare)                                                                                 \
        do {                                                                                                 \
                if ((v)->n > 1)                                                                              \
                        qsort((v)->at, (v)->n, sizeof(*(v)->at), compare);                                   \
        } while (0)
