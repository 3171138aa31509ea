/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpsd: greets with a JSON object of class VERSION. */
#include "identify/banner.h"

static enum recognition gpsd_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "{\"class\":\"VERSION\",") ? RECOGNISE_SURE : RECOGNISE_NO;
}

/* "key":"value" */
static struct line member(const struct line *line, const char *key)
{
        const char *at = line_find_i(line, key), *end;

        if (!at)
                return (struct line){line->text, 0};
        at += strlen(key);
        end = memchr(at, '"', (size_t)(line->text + line->len - at));
        return (struct line){at, end ? (size_t)(end - at) : 0};
}

static enum talk_next gpsd_talk(struct talk *t)
{
        struct line line, release, rev;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line)) {
                if (!t->in_len && t->waited && !t->step++) {
                        talk_send_bytes(t, "?VERSION;\r\n", 11);
                        return TALK_SEND;
                }
                return t->in_len > 4096 ? TALK_DONE : TALK_MORE;
        }
        if (!line_starts(&line, "{\"class\":\"VERSION\","))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "gpsd");
        talk_flag(t, IDENTITY_NO_AUTH);
        release = member(&line, "\"release\":\"");
        rev = member(&line, "\"rev\":\"");
        talk_product(t, "gpsd", 4);
        talk_version(t, release.text, release.len);
        talk_cpe(t, "gpsd_project", "gpsd");
        talk_detail(t, "revision", rev.text, rev.len);
        return TALK_DONE;
}

const struct probe probe_gpsd = {
        .name = "gpsd",
        .protocol = "gpsd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "2947",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection (gpsd -D)",
        .reference = "gpsd_json(5), VERSION",
        .recognise = gpsd_recognise,
        .talk = gpsd_talk,
};
