/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The discovery of Ubiquiti devices: model, firmware and name, told to anybody. */
#include "identify/probe.h"

enum { ADDRESS = 0x02, FIRMWARE = 0x03, HOSTNAME = 0x0b, MODEL_SHORT = 0x0c, MODEL = 0x14 };

/* "XW.ar934x.v6.1.7.32555.180523.1754": the version is what follows ".v". */
static void take_firmware(struct talk *t, const struct wire *value)
{
        const char *at = (const char *)value->at;
        size_t n = wire_left(value);

        talk_detail(t, "firmware", at, n);
        for (size_t i = 0; i + 2 < n; i++)
                if (at[i] == '.' && at[i + 1] == 'v' && at[i + 2] >= '0' && at[i + 2] <= '9') {
                        talk_version(t, at + i + 2, n - i - 2);
                        return;
                }
}

static enum talk_next ubiquiti_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        unsigned known = 0;

        if (!t->step) {
                talk_send_hex(t, "01 00 0000");
                t->step = 1;
                return TALK_SEND;
        }
        if (wire_u8(&w) != 1 || wire_u8(&w) != 0 || wire_be16(&w) != wire_left(&w) || wire_left(&w) < 4)
                return TALK_DONE;
        while (wire_left(&w)) {
                uint8_t type = wire_u8(&w);
                struct wire value = wire_sub(&w, wire_be16(&w));
                const char *text = (const char *)value.at;

                if (w.bad)
                        return TALK_DONE;
                known += type == ADDRESS || type == FIRMWARE || type == HOSTNAME || type == MODEL_SHORT;
                if (type == FIRMWARE)
                        take_firmware(t, &value);
                else if (type == HOSTNAME)
                        talk_hostname(t, text, wire_left(&value));
                else if (type == MODEL_SHORT || type == MODEL)
                        talk_detail(t, type == MODEL ? "model-name" : "model", text, wire_left(&value));
        }
        if (known < 2)
                return TALK_DONE;
        talk_confirm(t, "ubiquiti-discovery");
        talk_product(t, "Ubiquiti", 8);
        return TALK_DONE;
}

const struct probe probe_ubiquiti_discovery = {
        .name = "ubiquiti-discovery",
        .protocol = "ubiquiti-discovery",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "10001",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "Ubiquiti discovery, version 1",
        .talk = ubiquiti_talk,
};
