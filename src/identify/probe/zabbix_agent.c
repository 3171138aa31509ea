/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zabbix agent: a passive check of agent.version. It answers only the servers it knows and closes on others. */
#include "identify/banner.h"

enum step { ASK, ANSWER };

static enum recognition zabbix_agent_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "ZBXD\x01") || data_starts(h->data, h->len, "ZBXD\x03")
                       ? RECOGNISE_LIKELY
                       : RECOGNISE_NO;
}

static enum talk_next zabbix_agent_talk(struct talk *t)
{
        static const char key[] = "agent.version";
        struct wire w = talk_in(t);
        struct line value;
        uint32_t len;

        if (t->step == ASK) {
                talk_send_bytes(t, "ZBXD\x01", 5);
                talk_send_le32(t, sizeof(key) - 1);
                talk_send_le32(t, 0);
                talk_send_bytes(t, key, sizeof(key) - 1);
                t->step = ANSWER;
                return TALK_SEND;
        }
        if (t->in_len >= 5 && !data_starts(t->in, t->in_len, "ZBXD\x01"))
                return TALK_DONE;
        wire_skip(&w, 5);
        len = wire_le32(&w);
        wire_skip(&w, 4); /* upper half of the length, or a reserved field */
        if (w.bad || (wire_left(&w) < len && len < 4096))
                return TALK_MORE;
        value = banner_all(w.at, wire_left(&w) < len ? wire_left(&w) : len);
        if (line_starts(&value, key)) /* our own bytes again */
                return TALK_DONE;
        talk_evidence(t, t->in, t->in_len);
        if (!value.len || (*value.text != '{' && (*value.text < '0' || *value.text > '9') &&
                           !line_starts(&value, "ZBX_"))) {
                talk_likely(t, "zabbix-agent");
                return TALK_DONE;
        }
        if (*value.text == '{') { /* a server or proxy, which speaks JSON */
                talk_confirm(t, line_find_i(&value, "\"version\"") && line_find_i(&value, "\"data\"")
                                        ? "zabbix-agent"
                                        : "zabbix-trapper");
                talk_product(t, "Zabbix", 6);
                return TALK_DONE;
        }
        talk_confirm(t, "zabbix-agent");
        talk_flag(t, IDENTITY_NO_AUTH);
        if (*value.text != 'Z')
                talk_version(t, value.text, value.len);
        talk_product(t, "Zabbix agent", 12);
        talk_cpe(t, "zabbix", "zabbix_agent");
        return TALK_DONE;
}

const struct probe probe_zabbix_agent = {
        .name = "zabbix-agent",
        .protocol = "zabbix-agent",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "10050,10051",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a check of agent.version, or \"connection from ... rejected\"",
        .reference = "Zabbix protocols, Header and Passive agent checks",
        .recognise = zabbix_agent_recognise,
        .talk = zabbix_agent_talk,
};
