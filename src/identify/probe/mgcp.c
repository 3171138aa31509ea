/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MGCP: an endpoint's audit, which a gateway answers by the number of the transaction. */
#include "identify/line.h"
#include "identify/probe.h"

static unsigned transaction(const struct talk *t)
{
        return (unsigned)(t->nonce % 900000000 + 1);
}

static enum talk_next mgcp_talk(struct talk *t)
{
        _cleanup_str_ struct str text = {0};
        struct line line, code, id;
        size_t at = 0;

        if (!t->step) {
                str_addf(&text, "AUEP %u *@[%s] MGCP 1.0\r\n", transaction(t), t->address);
                talk_send_bytes(t, text.text, text.len);
                t->step = 1;
                return TALK_SEND;
        }
        str_addf(&text, "%u", transaction(t));
        if (!line_next(t->in, t->in_len, &at, &line))
                line = (struct line){(const char *)t->in, t->in_len};
        code = line_word(&line, 0);
        id = line_word(&line, 1);
        if (code.len != 3 || code.text[0] < '0' || code.text[0] > '9' || id.len != text.len ||
            memcmp(id.text, text.text, text.len) != 0)
                return TALK_DONE;
        talk_confirm(t, "mgcp");
        talk_detail(t, "answer", line.text, line.len);
        return TALK_DONE;
}

const struct probe probe_mgcp = {
        .name = "mgcp",
        .protocol = "mgcp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "2427,2727",
        .safety = SAFETY_QUERY,
        .log = "an audit of endpoints",
        .reference = "RFC 3435, 2.3.10 and 3.3",
        .talk = mgcp_talk,
};
