/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clamd: zVERSION (clamd(8)). It tells a stranger "UNKNOWN COMMAND". */
#include "identify/banner.h"

static enum recognition clamd_recognise(const struct heard *h)
{
        return h->asked && data_starts(h->data, h->len, "UNKNOWN COMMAND") ? RECOGNISE_LIKELY : RECOGNISE_NO;
}

static enum talk_next clamd_talk(struct talk *t)
{
        static const struct banner products[] = {{"ClamAV", "ClamAV", "clamav", "clamav"}};
        const uint8_t *end = t->in_len ? memchr(t->in, '\0', t->in_len) : NULL;
        struct line answer, slash;
        const char *at;

        if (!t->step++) {
                talk_send_bytes(t, "zVERSION", sizeof("zVERSION"));
                return TALK_SEND;
        }
        if (!data_starts(t->in, t->in_len, "ClamAV ") && t->in_len >= 7)
                return TALK_DONE;
        if (!end && !t->ended)
                return t->in_len > 256 ? TALK_DONE : TALK_MORE;
        answer = banner_all(t->in, end ? (size_t)(end - t->in) : t->in_len);
        if (!line_starts(&answer, "ClamAV "))
                return TALK_DONE;
        talk_evidence(t, answer.text, answer.len);
        talk_confirm(t, "clamd");
        talk_flag(t, IDENTITY_NO_AUTH);
        banner_take(t, &answer, products, array_len(products));
        at = memchr(answer.text, '/', answer.len);
        if (at) {
                slash = line_after(&answer, (size_t)(at - answer.text) + 1);
                talk_detail(t, "signatures", slash.text, slash.len);
        }
        return TALK_DONE;
}

const struct probe probe_clamd = {
        .name = "clamd",
        .protocol = "clamd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3310",
        .safety = SAFETY_QUERY,
        .log = "a request for the version",
        .reference = "clamd(8), COMMANDS",
        .recognise = clamd_recognise,
        .talk = clamd_talk,
};
