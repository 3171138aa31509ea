/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IEC 60870-5-104: the test of the connection; the transfer of data is not started. */
#include "identify/probe.h"

#define TEST_ACT "\x68\x04\x43\x00\x00\x00"
#define TEST_CON "\x68\x04\x83\x00\x00\x00"

static enum talk_next iec104_talk(struct talk *t)
{
        if (!t->step) {
                talk_send_bytes(t, TEST_ACT, 6);
                t->step = 1;
                return TALK_SEND;
        }
        for (size_t i = 0; i < t->in_len && i < 6; i++)
                if (t->in[i] != (uint8_t)TEST_CON[i])
                        return TALK_DONE;
        if (t->in_len < 6)
                return TALK_MORE;
        talk_confirm(t, "iec104");
        talk_flag(t, IDENTITY_NO_AUTH); /* the protocol has none */
        return TALK_DONE;
}

const struct probe probe_iec104 = {
        .name = "iec104",
        .protocol = "iec104",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "2404",
        .safety = SAFETY_INDUSTRIAL,
        .log = "a connection that was tested and closed",
        .reference = "IEC 60870-5-104, 5.2",
        .talk = iec104_talk,
};
