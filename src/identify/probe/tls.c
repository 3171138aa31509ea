/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS from the first byte. The handshake itself is the runner's (tls.h), as is what it learns of versions and
 * certificates; this probe only says where it is worth a try, and knows TLS when it answers something else that
 * was sent. What speaks inside is for other probes to tell, so this one confirms nothing: by itself a server in
 * TLS is "unknown" with encryption tls.
 */
#include "identify/tls.h"
#include "identify/line.h"
#include "identify/probe.h"

/* "16 03 01 00 04 00 00 00 00": a server that asks for a ClientHello (RFC 5246, 7.4.1.1) */
static bool hello_request(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);

        return wire_u8(&w) == 22 && wire_u8(&w) == 3 && wire_u8(&w) <= 4 && wire_be16(&w) == 4 &&
               wire_be32(&w) == 0 && !w.bad;
}

static enum recognition tls_recognise(const struct heard *h)
{
        enum tls_version version;
        uint16_t cipher;
        uint8_t alert;

        if (h->transport != TRANSPORT_TCP)
                return RECOGNISE_NO;
        switch (tls_answer_read(h->data, h->len, &version, &cipher, &alert)) {
        case TLS_ANSWER_ACCEPTED:
        case TLS_ANSWER_REFUSED:
                return RECOGNISE_SURE;
        case TLS_ANSWER_MORE:
                return hello_request(h) ? RECOGNISE_SURE : RECOGNISE_MAYBE;
        case TLS_ANSWER_NOT_TLS:
                break;
        }
        return RECOGNISE_NO;
}

static enum talk_next tls_talk(struct talk *t)
{
        return t->tls ? TALK_DONE : TALK_TLS;
}

const struct probe probe_tls = {
        .name = "tls",
        .protocol = "unknown",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "261,443,448,465,563,614,636,684,695,832,853,989,990,992,993,994,995,1311,2083,2087,2096,2376,"
                     "2379,2443,2484,3269,3424,3443,4433,4443,5061,5223,5270,5349,5671,5986,6443,6514,6619,6697,"
                     "7443,8006,8443,8531,8834,8883,9091,9443,10250,10257,10259,12443,16993,18092,61614,61617,64738",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_FIRST,
        .log = "a TLS handshake, or one that was broken off; nothing is said inside by this probe",
        .reference = "RFC 8446, 5246, 6101",
        .recognise = tls_recognise,
        .talk = tls_talk,
};
