/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checkmk agent: reports at once to whoever connects, unless it is told to encrypt. */
#include "identify/banner.h"

static enum recognition checkmk_agent_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        return line_starts_i(&all, "<<<check_mk>>>") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next checkmk_agent_talk(struct talk *t)
{
        struct line line, value, all = banner_all(t->in, t->in_len);

        if (!line_starts_i(&all, "<<<check_mk>>>"))
                return t->in_len > 13 ? TALK_DONE : TALK_MORE;
        talk_evidence(t, t->in, t->in_len < 128 ? t->in_len : 128);
        talk_confirm(t, "checkmk-agent");
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_product(t, "Checkmk agent", 13);
        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);) {
                value = line_after(&line, 9);
                if (line_starts(&line, "Version: "))
                        talk_version(t, value.text, value.len);
                if (line_starts(&line, "AgentOS: "))
                        talk_detail(t, "os", value.text, value.len);
                if (line_starts(&line, "<<<") && line.text != all.text)
                        return TALK_DONE;
        }
        return t->in_len > 4096 ? TALK_DONE : TALK_MORE;
}

const struct probe probe_checkmk_agent = {
        .name = "checkmk-agent",
        .protocol = "checkmk-agent",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6556",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection",
        .reference = "Checkmk agent output",
        .recognise = checkmk_agent_recognise,
        .talk = checkmk_agent_talk,
};
