/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NSQ: IDENTIFY with feature negotiation, which tells the version; TLS where it can. No topic is named. */
#include "identify/member.h"
#include "identify/probe.h"

enum step { OPENING, IDENTIFIED, INSIDE };
enum { FRAME_RESPONSE = 0, FRAME_ERROR = 1 };

/* nsqd: size, type 1, text; nsqlookupd: size, text */
static enum recognition nsq_recognise(const struct heard *h)
{
        static const char daemon[] = "\0\0\0\x12\0\0\0\1E_BAD_PROTOCOL", lookup[] = "\0\0\0\x0e"
                                                                                    "E_BAD_PROTOCOL";

        if (!h->asked)
                return RECOGNISE_NO;
        return (h->len >= sizeof(daemon) - 1 && memcmp(h->data, daemon, sizeof(daemon) - 1) == 0) ||
                               (h->len >= sizeof(lookup) - 1 &&
                                memcmp(h->data, lookup, sizeof(lookup) - 1) == 0)
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next ask(struct talk *t)
{
        static const char plain[] =
                "{\"client_id\":\"quaymaster\",\"feature_negotiation\":true,\"heartbeat_interval\":-1}";
        static const char tls[] =
                "{\"client_id\":\"quaymaster\",\"feature_negotiation\":true,\"heartbeat_interval\":-1,"
                "\"tls_v1\":true}";
        const char *body = t->tls ? plain : tls;

        talk_send_bytes(t, "  V2IDENTIFY\n", 13);
        talk_send_be32(t, (uint32_t)strlen(body));
        talk_send_bytes(t, body, strlen(body));
        t->step = IDENTIFIED;
        return TALK_SEND;
}

static enum talk_next identified(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint32_t size = wire_be32(&w), type = wire_be32(&w);
        struct line json, value;

        if (t->in_len < 8)
                return TALK_MORE;
        if (size < 4 || size > 65536)
                return TALK_DONE;
        if (size == 14 && type == 0x455f4241) { /* "E_BA" */
                if (!memmem(t->in, t->in_len, "E_BAD_PROTOCOL", 14))
                        return t->in_len < 18 ? TALK_MORE : TALK_DONE;
                talk_confirm(t, "nsq");
                talk_product(t, "nsqlookupd", 10);
                return TALK_DONE;
        }
        if (type > FRAME_ERROR)
                return TALK_DONE;
        if (wire_left(&w) < size - 4)
                return TALK_MORE;
        body = wire_sub(&w, size - 4);
        json = wire_line(&body);
        if (type == FRAME_ERROR) {
                if (line_starts(&json, "E_")) {
                        talk_confirm(t, "nsq");
                        talk_product(t, "nsqd", 4);
                }
                return TALK_DONE;
        }
        if (!member_find(json.text, json.len, "max_rdy_count", &value))
                return TALK_DONE;
        if (member_true(json.text, json.len, "tls_v1") && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_confirm(t, "nsq");
        talk_product(t, "nsqd", 4);
        if (member_find(json.text, json.len, "version", &value))
                talk_version(t, value.text, value.len);
        if (!member_true(json.text, json.len, "auth_required"))
                talk_flag(t, IDENTITY_NO_AUTH);
        t->step = INSIDE;
        return t->id->encryption == ENCRYPTION_STARTTLS ? TALK_TLS : TALK_DONE;
}

static enum talk_next nsq_talk(struct talk *t)
{
        if (t->step == OPENING)
                return ask(t);
        return t->step == IDENTIFIED ? identified(t) : TALK_DONE;
}

const struct probe probe_nsq = {
        .name = "nsq",
        .protocol = "nsq",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4150,4160",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "\"CLIENT(...): client connected\", \"desired TLS\" and its end",
        .reference = "NSQ, TCP Protocol Spec: V2, IDENTIFY",
        .recognise = nsq_recognise,
        .talk = nsq_talk,
};
