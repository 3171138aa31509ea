/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded cursor over received bytes (network, kernel, files): the only way they are read.
 * Reads past the end give zero and set the sticky flag `bad`; read many fields, check once.
 * Nothing is copied: the bytes must outlive the cursor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
        const uint8_t *at, *end;
        bool bad;
};

struct wire wire_over(const void *data, size_t len);

static inline size_t wire_left(const struct wire *w)
{
        return (size_t)(w->end - w->at);
}

uint8_t wire_u8(struct wire *w);
uint16_t wire_be16(struct wire *w);
uint32_t wire_be32(struct wire *w);
uint16_t wire_le16(struct wire *w);
uint32_t wire_le32(struct wire *w);
/* Numbers in the byte order of this machine, as the kernel's netlink and BPF records have them. */
uint16_t wire_u16(struct wire *w);
uint32_t wire_u32(struct wire *w);
uint64_t wire_u64(struct wire *w);

/* Copy len bytes to `to` (zeroed when they are not there). */
void wire_bytes(struct wire *w, void *to, size_t len);
void wire_skip(struct wire *w, size_t len);
/* The next len bytes as a cursor of their own, and move past them. */
struct wire wire_sub(struct wire *w, size_t len);
