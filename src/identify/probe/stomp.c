/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STOMP: a session without a login, which some brokers allow and others refuse in STOMP. */
#include "identify/probe.h"
#include "identify/product.h"

static bool is_frame(const uint8_t *data, size_t len, const char *command)
{
        return data_starts(data, len, command) && len > strlen(command) &&
               (data[strlen(command)] == '\n' || data[strlen(command)] == '\r');
}

/* "ERROR\n" is memcached's, too: a header must follow. */
static enum recognition stomp_recognise(const struct heard *h)
{
        struct line line;
        size_t at = 0;

        if (is_frame(h->data, h->len, "CONNECTED"))
                return RECOGNISE_LIKELY;
        if (!is_frame(h->data, h->len, "ERROR") || !line_next(h->data, h->len, &at, &line))
                return RECOGNISE_NO;
        while (line_next(h->data, h->len, &at, &line) && line.len)
                if (line_starts_i(&line, "message:") || line_starts_i(&line, "content-type:") ||
                    line_starts_i(&line, "version:"))
                        return RECOGNISE_SURE;
        return RECOGNISE_NO;
}

static bool field(const struct talk *t, const char *name, struct line *ret)
{
        struct line line;
        size_t at = 0;

        while (line_next(t->in, t->in_len, &at, &line) && (line.len || at < 3))
                if (line_starts_i(&line, name)) {
                        *ret = line_after(&line, strlen(name));
                        return true;
                }
        return false;
}

static enum talk_next stomp_talk(struct talk *t)
{
        static const struct product_known known[] = {
                {"ActiveMQ-Artemis/", "ActiveMQ Artemis", "apache", "activemq_artemis", NULL},
                {"ActiveMQ/", "ActiveMQ", "apache", "activemq", NULL},
                {"RabbitMQ/", "RabbitMQ", "vmware", "rabbitmq", NULL},
                {"apache-apollo/", "Apache Apollo", NULL, NULL, NULL},
                {"CoilMQ", "CoilMQ", NULL, NULL, NULL},
        };
        struct line value;
        bool connected;

        if (!t->step) {
                str_addf(&t->out, "STOMP\naccept-version:1.0,1.1,1.2\nhost:%s\n\n",
                         strchr(t->name, ':') ? "localhost" : t->name);
                talk_send_u8(t, 0);
                t->step = 1;
                return TALK_SEND;
        }
        if (!t->in_len || (!memchr(t->in, 0, t->in_len) && !t->ended && !t->waited && t->in_len < 8192))
                return TALK_MORE;
        connected = is_frame(t->in, t->in_len, "CONNECTED");
        if (!connected && (!is_frame(t->in, t->in_len, "ERROR") ||
                           !(field(t, "message:", &value) || field(t, "content-type:", &value))))
                return TALK_DONE;
        if (connected && !field(t, "version:", &value) && !field(t, "session:", &value) &&
            !field(t, "server:", &value))
                return TALK_DONE;
        talk_confirm(t, "stomp");
        talk_evidence(t, t->in, t->in_len);
        if (connected)
                talk_flag(t, IDENTITY_NO_AUTH);
        if (!t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (field(t, "version:", &value))
                talk_detail(t, "protocol-version", value.text, value.len);
        if (field(t, "message:", &value))
                talk_detail(t, "message", value.text, value.len);
        if (field(t, "server:", &value))
                (void)product_take(t, &value, known, array_len(known));
        return TALK_DONE;
}

const struct probe probe_stomp = {
        .name = "stomp",
        .protocol = "stomp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6163,61612-61614",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "a session without a login that begins and ends, or is refused",
        .reference = "STOMP 1.2, \"Connecting\"",
        .recognise = stomp_recognise,
        .talk = stomp_talk,
};
