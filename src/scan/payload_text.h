/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notation of data/probes/udp.yaml for bytes and for what answers look like, read at build time. Words,
 * parted by blanks:
 *
 *      00ff          bytes in hexadecimal
 *      "text\r\n"    bytes of text; \r \n \t \" \\ as in C
 *      zero:20       that many zero bytes
 *      <1> <2> <4>   the cookie's low bytes; <hex> eight digits; <int> four bytes of an ASN.1 INTEGER;
 *                    <seven> one byte below 0x80
 *      pad:1200      bytes only: zeros up to that length
 *      ?12           answers only: that many bytes, any
 *      80/f8         answers only: a byte which masked with f8 is 80
 *      *             answers only: the cookie, which is the next and last word, may stand here or behind
 *      $             answers only: the end; without it more may follow
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "scan/payload.h"

struct payload_text {
        vec(uint8_t) bytes;               /* of bytes, with zeros where cookies go */
        vec(struct payload_place) places; /* of bytes */
        vec(struct payload_byte) masked;  /* of an answer */
        struct payload_pattern pattern;   /* of an answer; its arrays are not set */
};

/* 0, or -EINVAL with a text that quotes the word. Release also after an error. */
int payload_text_bytes(struct payload_text *t, const char *text, struct err *err);
int payload_text_answer(struct payload_text *t, const char *text, struct err *err);
void payload_text_release(struct payload_text *t);
