/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetBIOS name service: the node status of "*" (RFC 1002, 4.2.17 and 4.2.18). */
#include "identify/probe.h"

#include <stdio.h>

#define NBSTAT     0x21u
#define NAMES_MAX  64u
#define GROUP_NAME 0x8000u

static bool header(struct wire *w, uint16_t *id)
{
        uint16_t flags, counts[4];

        *id = wire_be16(w);
        flags = wire_be16(w);
        for (size_t i = 0; i < array_len(counts); i++)
                counts[i] = wire_be16(w);
        if (w->bad || !(flags & 0x8000) || counts[0] || counts[1] != 1)
                return false;
        if (wire_u8(w) != 0x20) /* a name of 32 letters, the first level of RFC 1001, 14.1 */
                return false;
        wire_skip(w, 32);
        return wire_u8(w) == 0 && wire_be16(w) == NBSTAT && wire_be16(w) == 1 && !w->bad;
}

static enum recognition netbios_ns_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);
        uint16_t id;

        return h->transport == TRANSPORT_UDP && header(&w, &id) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static void take_names(struct talk *t, struct wire w)
{
        _cleanup_str_ struct str all = {0};
        uint8_t mac[6];
        char text[18];
        unsigned n;

        wire_skip(&w, 6); /* time to live, length */
        n = wire_u8(&w);
        for (unsigned i = 0; i < n && i < NAMES_MAX && wire_left(&w) >= 18; i++) {
                struct wire name = wire_sub(&w, 15);
                uint8_t suffix = wire_u8(&w);
                bool group = wire_be16(&w) & GROUP_NAME;
                size_t len = wire_left(&name);

                while (len && (name.at[len - 1] == ' ' || !name.at[len - 1]))
                        len--;
                if (suffix == 0x00 && !group)
                        talk_hostname(t, (const char *)name.at, len);
                if (suffix == 0x00 && group)
                        talk_detail(t, "workgroup", (const char *)name.at, len);
                if (suffix == 0x1b || suffix == 0x1c)
                        talk_detail(t, "domain-controller", suffix == 0x1b ? "domain master browser" : "yes",
                                    suffix == 0x1b ? 21 : 3);
                str_add(&all, all.len ? "," : "");
                str_add_n(&all, (const char *)name.at, len);
                str_addf(&all, "<%02x>%s", suffix, group ? "g" : "");
        }
        talk_detail(t, "names", all.text, all.len);
        wire_bytes(&w, mac, sizeof(mac));
        if (w.bad)
                return;
        (void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                       mac[4], mac[5]);
        if (memcmp(mac, "\0\0\0\0\0\0", 6) != 0)
                talk_detail(t, "mac", text, strlen(text));
        else
                talk_product(t, "Samba", 5); /* it has no address to tell; Windows has */
}

static enum talk_next netbios_ns_talk(struct talk *t)
{
        uint16_t id = (uint16_t)t->nonce;
        struct wire w = talk_in(t);
        uint16_t answered;

        if (t->step) {
                if (!header(&w, &answered) || answered != id)
                        return TALK_MORE;
                talk_confirm(t, "netbios-ns");
                take_names(t, w);
                return TALK_DONE;
        }
        talk_send_be16(t, id);
        talk_send_hex(t, "0000 0001 0000 0000 0000 20");
        talk_send_bytes(t, "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 32);
        talk_send_hex(t, "00 0021 0001");
        t->step = 1;
        return TALK_SEND;
}

const struct probe probe_netbios_ns = {
        .name = "netbios-ns",
        .protocol = "netbios-ns",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "137",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RFC 1002, 4.2.17 and 4.2.18",
        .recognise = netbios_ns_recognise,
        .talk = netbios_ns_talk,
};
