/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zabbix server and proxy: an empty list of values, which is answered with how many were taken (none).
 * Requests in a host's name could register that host, so none is made.
 */
#include "identify/member.h"
#include "identify/probe.h"

#define HEADER 13u

/* "ZBXD", flags, length and a reserved word (or, for large packets, 64 bits each, which are not for us) */
static bool header(struct wire *w, uint32_t *len)
{
        uint32_t magic = wire_be32(w);
        uint8_t flags = wire_u8(w);

        *len = wire_le32(w);
        wire_skip(w, 4);
        return magic == 0x5a425844 && flags & 1 && !(flags & 0xf8);
}

static enum talk_next ask(struct talk *t)
{
        static const char text[] = "{\"request\":\"sender data\",\"data\":[]}";

        talk_send_bytes(t, "ZBXD\1", 5);
        talk_send_le32(t, sizeof(text) - 1);
        talk_send_le32(t, 0);
        talk_send_bytes(t, text, sizeof(text) - 1);
        return TALK_SEND;
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), body;
        struct line response, info;
        uint32_t len;

        if (t->in_len >= 4 && !data_starts(t->in, t->in_len, "ZBXD"))
                return TALK_DONE;
        if (t->in_len < HEADER)
                return TALK_MORE;
        if (!header(&w, &len) || len > 65536)
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        body = wire_sub(&w, len);
        /* an echo has no "response" */
        if (!member_find(body.at, wire_left(&body), "response", &response))
                return TALK_DONE;
        talk_confirm(t, "zabbix-trapper");
        talk_product(t, "Zabbix", 6);
        if (member_find(body.at, wire_left(&body), "version", &info))
                talk_version(t, info.text, info.len);
        if (line_starts(&response, "success") && response.len == 7)
                talk_flag(t, IDENTITY_NO_AUTH);
        else if (member_find(body.at, wire_left(&body), "info", &info))
                talk_detail(t, "error", info.text, info.len);
        return TALK_DONE;
}

static enum talk_next zabbix_trapper_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_zabbix_trapper = {
        .name = "zabbix-trapper",
        .protocol = "zabbix-trapper",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "10051,10061",
        .safety = SAFETY_QUERY,
        .log = "nothing by default",
        .reference = "Zabbix manual, Zabbix sender protocol; Header",
        .talk = zabbix_trapper_talk,
};
