/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network block device: the greeting, and whether TLS is to be had (NBD protocol, "Negotiation" and
 * NBD_OPT_STARTTLS).
 */
#include "identify/line.h"
#include "identify/probe.h"

enum step { GREETING, ASKED, ENCRYPTED };

#define OLD_MAGIC "\x00\x00\x42\x02\x81\x86\x12\x53"
#define FIXED     1u /* NBD_FLAG_FIXED_NEWSTYLE */

static enum recognition nbd_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "NBDMAGIC") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next greeting(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t flags;

        if (!data_starts(t->in, t->in_len, "NBDMAGIC"))
                return !t->in_len || (t->in_len < 8 && memcmp(t->in, "NBDMAGIC", t->in_len) == 0)
                               ? TALK_MORE
                               : TALK_DONE;
        if (t->in_len < 18)
                return TALK_MORE;
        wire_skip(&w, 16);
        if (memcmp(t->in + 8, OLD_MAGIC, 8) == 0) {
                uint64_t size = (uint64_t)wire_be32(&w) << 32;

                size |= wire_be32(&w);
                if (w.bad)
                        return TALK_MORE;
                talk_confirm(t, "nbd");
                talk_flag(t, IDENTITY_NO_AUTH); /* the export was opened at once */
                talk_flag(t, IDENTITY_OBSOLETE);
                talk_detail(t, "style", "old", 3);
                talk_detail_u64(t, "size", size);
                return TALK_DONE;
        }
        if (memcmp(t->in + 8, "IHAVEOPT", 8) != 0)
                return TALK_DONE;
        talk_confirm(t, "nbd");
        flags = wire_be16(&w);
        talk_detail(t, "style", flags & FIXED ? "fixed new" : "new", flags & FIXED ? 9 : 3);
        if (t->tls || !(flags & FIXED)) /* others close at an option they don't know */
                return TALK_DONE;
        talk_send_be32(t, FIXED | (flags & 2));
        talk_send_bytes(t, "IHAVEOPT", 8);
        talk_send_hex(t, "00000005 00000000");
        t->step = ASKED;
        return TALK_SEND;
}

static enum talk_next asked(struct talk *t)
{
        struct wire w = talk_in(t);

        wire_skip(&w, 8);
        if (wire_be32(&w) != 5 && t->in_len >= 12)
                return TALK_DONE;
        if (wire_be32(&w) != 1 || w.bad) /* NBD_REP_ACK */
                return w.bad ? TALK_MORE : TALK_DONE;
        wire_skip(&w, 4);
        if (w.bad)
                return TALK_MORE;
        if (memcmp(t->in, "\x00\x03\xe8\x89\x04\x55\x65\xa9", 8) != 0)
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_STARTTLS);
        t->step = ENCRYPTED;
        return TALK_TLS;
}

static enum talk_next nbd_talk(struct talk *t)
{
        if (t->step == GREETING)
                return greeting(t);
        return t->step == ASKED ? asked(t) : TALK_DONE;
}

const struct probe probe_nbd = {
        .name = "nbd",
        .protocol = "nbd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "10809",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a negotiation that was not ended",
        .reference = "NBD protocol (NetworkBlockDevice/nbd, doc/proto.md)",
        .recognise = nbd_recognise,
        .talk = nbd_talk,
};
