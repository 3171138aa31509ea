/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICAP, by which proxies have contents looked at: OPTIONS. */
#include "identify/message.h"
#include "identify/probe.h"
#include "identify/product.h"

static enum recognition icap_recognise(const struct heard *h)
{
        struct message m;

        return message_read(h->data, h->len, "ICAP/1.", true, &m) == MESSAGE_WHOLE ? RECOGNISE_SURE
                                                                                   : RECOGNISE_NO;
}

static enum talk_next icap_talk(struct talk *t)
{
        static const struct product_known known[] = {
                {"C-ICAP/", "c-icap", "c-icap_project", "c-icap", NULL}};
        struct message m;
        struct line value;

        if (!t->step) {
                bool bracket = strchr(t->name, ':');

                str_addf(&t->out,
                         bracket ? "OPTIONS icap://[%s]:%u/ ICAP/1.0\r\nHost: [%s]\r\n"
                                 : "OPTIONS icap://%s:%u/ ICAP/1.0\r\nHost: %s\r\n",
                         t->name, t->port, t->name);
                str_add(&t->out,
                        "User-Agent: quaymaster\r\nConnection: close\r\nEncapsulated: null-body=0\r\n\r\n");
                t->step = 1;
                return TALK_SEND;
        }
        if (!t->in_len)
                return TALK_MORE;
        switch (message_read(t->in, t->in_len, "ICAP/1.", t->ended || t->waited, &m)) {
        case MESSAGE_NONE:
                return TALK_DONE;
        case MESSAGE_PART:
                return TALK_MORE;
        case MESSAGE_WHOLE:
                break;
        }
        talk_confirm(t, "icap");
        talk_evidence(t, t->in, t->in_len);
        talk_detail_u64(t, "status", m.code);
        if (message_field(&m, "Methods", &value))
                talk_detail(t, "methods", value.text, value.len);
        if (message_field(&m, "Service", &value))
                talk_detail(t, "service", value.text, value.len);
        if (message_field(&m, "Server", &value)) {
                talk_detail(t, "server", value.text, value.len);
                (void)product_take(t, &value, known, array_len(known));
        } else if (message_field(&m, "Service", &value)) {
                (void)product_take(t, &value, known, array_len(known));
        }
        return TALK_DONE;
}

const struct probe probe_icap = {
        .name = "icap",
        .protocol = "icap",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1344,11344",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "an OPTIONS request of /",
        .reference = "RFC 3507, 4.10",
        .recognise = icap_recognise,
        .talk = icap_talk,
};
