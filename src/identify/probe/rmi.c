/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Java RMI: the opening of its wire protocol; the server acknowledges and tells the address that it sees. */
#include "identify/probe.h"

static bool is_ack(const uint8_t *data, size_t len, bool *part)
{
        struct wire w = wire_over(data, len), host;
        uint16_t host_len;
        uint32_t port;

        *part = false;
        if (wire_u8(&w) != 0x4e) /* ProtocolAck */
                return false;
        host_len = wire_be16(&w);
        host = wire_sub(&w, host_len);
        port = wire_be32(&w);
        *part = w.bad;
        if (w.bad || !host_len || host_len > 255 || port > 65535)
                return false;
        while (wire_left(&host)) {
                uint8_t c = wire_u8(&host);

                if (c <= ' ' || c > '~')
                        return false;
        }
        return !wire_left(&w);
}

static enum talk_next rmi_talk(struct talk *t)
{
        bool part;

        if (!t->step) {
                talk_send_hex(t, "4a 52 4d 49 00 02 4b"); /* "JRMI", version 2, StreamProtocol */
                t->step = 1;
                return TALK_SEND;
        }
        if (!t->in_len)
                return TALK_MORE;
        if (is_ack(t->in, t->in_len, &part)) {
                talk_confirm(t, "rmi");
                talk_product(t, "Java RMI", 8);
                return TALK_DONE;
        }
        return part && t->in_len < 512 ? TALK_MORE : TALK_DONE;
}

const struct probe probe_rmi = {
        .name = "rmi",
        .protocol = "rmi",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports =
                "1090,1098,1099,1100,1199,4444-4446,8686,8999,9010,9099,9999,10098,10099,11099",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Java RMI Specification, 10.2 (RMI Transport Protocol)",
        .talk = rmi_talk,
};
