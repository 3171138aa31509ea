/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet Printing Protocol: which printer is the default is asked, nothing else; that is answered in IPP. */
#include "identify/message.h"
#include "identify/probe.h"
#include "identify/product.h"

#define CUPS_GET_DEFAULT 0x4001u

extern const struct probe probe_ipp;

static uint32_t request_id(const struct talk *t)
{
        return (uint32_t)t->nonce & 0x7fffffff ?: 1;
}

static enum talk_next ask(struct talk *t)
{
        static const char body[] = "\x01\x47\0\x12"
                                   "attributes-charset\0\x05"
                                   "utf-8"
                                   "\x48\0\x1b"
                                   "attributes-natural-language\0\x02"
                                   "en"
                                   "\x44\0\x14"
                                   "requested-attributes\0\x0c"
                                   "printer-name\x03";
        bool bracket = strchr(t->name, ':');

        str_addf(&t->out,
                 bracket ? "POST / HTTP/1.1\r\nHost: [%s]:%u\r\n" : "POST / HTTP/1.1\r\nHost: %s:%u\r\n",
                 t->name, t->port);
        str_addf(
                &t->out,
                "User-Agent: quaymaster\r\nContent-Type: application/ipp\r\n"
                 "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                8 + sizeof(body) - 1);
        talk_send_be16(t, 0x0101);
        talk_send_be16(t, CUPS_GET_DEFAULT);
        talk_send_be32(t, request_id(t));
        talk_send_bytes(t, body, sizeof(body) - 1);
        t->step = 1;
        return TALK_SEND;
}

/* RFC 8010, 3.1.1: version, status, the id of the request. Chunked bodies have a line before it. */
static bool is_answer(const struct talk *t, const struct message *m)
{
        for (size_t at = 0; at + 8 <= m->body.len && at < 16; at++) {
                struct wire w = wire_over(m->body.text + at, m->body.len - at);

                if (at && m->body.text[at - 1] != '\n')
                        continue;
                if (wire_u8(&w) - 1u < 2u && wire_u8(&w) <= 2) {
                        wire_skip(&w, 2);
                        if (wire_be32(&w) == request_id(t))
                                return true;
                }
        }
        return false;
}

/* Its answers look like HTTP's: only those to its own question may be IPP's. */
static enum recognition ipp_recognise(const struct heard *h)
{
        return h->asked == &probe_ipp && data_starts(h->data, h->len, "HTTP/1.") ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static enum talk_next ipp_talk(struct talk *t)
{
        static const struct product_known servers[] = {{"CUPS", "CUPS", "openprinting", "cups", NULL}};
        bool over = t->ended || t->waited, ipp;
        struct message m;
        struct line server, type, version;
        const char *at;

        if (!t->step)
                return ask(t);
        if (!t->in_len)
                return TALK_MORE;
        switch (message_read(t->in, t->in_len, "HTTP/1.", over, &m)) {
        case MESSAGE_NONE:
                return TALK_DONE;
        case MESSAGE_PART:
                return TALK_MORE;
        case MESSAGE_WHOLE:
                break;
        }
        (void)message_field(&m, "Server", &server);
        (void)message_field(&m, "Content-Type", &type);
        ipp = line_starts_i(&type, "application/ipp") && is_answer(t, &m);
        if (!ipp && line_starts_i(&type, "application/ipp") && !over && m.body.len < 64)
                return TALK_MORE;
        at = line_find_i(&server, "IPP/");
        if (!ipp && !at && !line_starts_i(&server, "CUPS"))
                return TALK_DONE; /* HTTP, and no printer */
        talk_confirm(t, "ipp");
        talk_evidence(t, t->in, t->in_len);
        if (server.len) {
                talk_detail(t, "server", server.text, server.len);
                (void)product_take(t, &server, servers, array_len(servers));
        }
        if (at) {
                version = (struct line){at + 4, server.len - (size_t)(at + 4 - server.text)};
                version = line_word(&version, 0);
                talk_detail(t, "ipp-version", version.text, version.len);
        }
        if (message_field(&m, "Upgrade", &type) && line_find_i(&type, "TLS") && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS); /* RFC 2817 */
        return TALK_DONE;
}

const struct probe probe_ipp = {
        .name = "ipp",
        .protocol = "ipp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "631,8631",
        .safety = SAFETY_QUERY,
        .log = "a POST of / in IPP (CUPS-Get-Default); CUPS: a line in access_log",
        .reference = "RFC 8010, 3; RFC 8011",
        .recognise = ipp_recognise,
        .talk = ipp_talk,
};
