/* SPDX-License-Identifier: GPL-2.0-or-later */
/* beanstalkd: `stats`; it tells a stranger UNKNOWN_COMMAND. */
#include "identify/banner.h"

static enum recognition beanstalk_recognise(const struct heard *h)
{
        if (!h->asked)
                return RECOGNISE_NO;
        return data_starts(h->data, h->len, "UNKNOWN_COMMAND\r\n") ? RECOGNISE_SURE : RECOGNISE_NO;
}

/* "OK 900\r\n---\nkey: value\n...": YAML */
static enum talk_next beanstalk_talk(struct talk *t)
{
        bool version = false, jobs = false;
        struct line line, value;
        size_t at = 0;

        if (!t->step++) {
                talk_send_bytes(t, "stats\r\n", 7);
                return TALK_SEND;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        if (!line_starts(&line, "OK "))
                return TALK_DONE;
        while (line_next(t->in, t->in_len, &at, &line)) {
                jobs = jobs || line_starts(&line, "current-jobs-");
                if (line_starts(&line, "version: ") && jobs) {
                        value = line_after(&line, 9);
                        if (value.len > 2 && *value.text == '"')
                                value = (struct line){value.text + 1, value.len - 2};
                        talk_version(t, value.text, value.len);
                        version = true;
                }
        }
        if (!jobs)
                return t->in_len > 4096 ? TALK_DONE : TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "beanstalk");
        talk_product(t, "beanstalkd", 10);
        talk_flag(t, IDENTITY_NO_AUTH);
        if (version)
                talk_cpe(t, "beanstalkd_project", "beanstalkd");
        return version || t->in_len > 16384 ? TALK_DONE : TALK_MORE;
}

const struct probe probe_beanstalk = {
        .name = "beanstalk",
        .protocol = "beanstalk",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "11300",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "beanstalkd protocol, doc/protocol",
        .recognise = beanstalk_recognise,
        .talk = beanstalk_talk,
};
