/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The discovery of UPnP, asked of one host alone. */
#include "identify/message.h"
#include "identify/probe.h"
#include "identify/product.h"

static enum recognition ssdp_recognise(const struct heard *h)
{
        struct message m;
        struct line value;

        if (h->transport != TRANSPORT_UDP)
                return RECOGNISE_NO;
        if (data_starts(h->data, h->len, "NOTIFY * HTTP/1.1\r\n"))
                return RECOGNISE_SURE;
        if (message_read(h->data, h->len, "HTTP/1.", true, &m) != MESSAGE_WHOLE)
                return RECOGNISE_NO;
        return message_field(&m, "USN", &value) || message_field(&m, "ST", &value) ? RECOGNISE_SURE
                                                                                   : RECOGNISE_MAYBE;
}

/* "Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0": what follows UPnP is the product, the rest the system */
static void take_server(struct talk *t, const struct line *server)
{
        static const struct product_known known[] = {
                {"MiniDLNA/", "MiniDLNA", NULL, NULL, NULL},
                {"MiniUPnPd/", "MiniUPnPd", "miniupnp_project", "miniupnpd", NULL},
                {"miniupnpd/", "MiniUPnPd", "miniupnp_project", "miniupnpd", NULL},
                {"Portable SDK for UPnP devices/", "Portable SDK for UPnP devices", "libupnp_project",
                 "libupnp", NULL},
                {"GUPnP/", "GUPnP", "gnome", "gupnp", NULL},
        };
        const char *upnp = line_find_i(server, "UPnP/");
        struct line product = *server;

        talk_detail(t, "server", server->text, server->len);
        if (upnp) {
                const char *blank;

                product = (struct line){upnp, server->len - (size_t)(upnp - server->text)};
                blank = memchr(product.text, ' ', product.len);
                product = line_after(&product, blank ? (size_t)(blank - product.text) : product.len);
                while (product.len && (*product.text == ',' || *product.text == ' ')) {
                        product.text++;
                        product.len--;
                }
        }
        if (product.len)
                (void)product_take(t, &product, known, array_len(known));
}

static enum talk_next ssdp_talk(struct talk *t)
{
        struct message m;
        struct line value;

        if (!t->step) {
                bool bracket = strchr(t->address, ':');

                str_addf(&t->out,
                         bracket ? "M-SEARCH * HTTP/1.1\r\nHost: [%s]:%u\r\n"
                                 : "M-SEARCH * HTTP/1.1\r\nHost: %s:%u\r\n",
                         t->address, t->port);
                str_add(&t->out,
                        "Man: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\nUser-Agent: quaymaster\r\n\r\n");
                t->step = 1;
                t->patience_ms = 2500; /* it may take MX seconds, 1, before it answers */
                return TALK_SEND;
        }
        if (!t->in_len)
                return TALK_MORE;
        if (message_read(t->in, t->in_len, "HTTP/1.", true, &m) != MESSAGE_WHOLE)
                return TALK_DONE;
        if (!message_field(&m, "USN", &value) && !message_field(&m, "ST", &value))
                return TALK_DONE;
        talk_confirm(t, "ssdp");
        talk_evidence(t, t->in, t->in_len);
        if (message_field(&m, "USN", &value))
                talk_detail(t, "usn", value.text, value.len);
        if (message_field(&m, "Location", &value))
                talk_detail(t, "location", value.text, value.len);
        if (message_field(&m, "Server", &value))
                take_server(t, &value);
        return TALK_DONE;
}

const struct probe probe_ssdp = {
        .name = "ssdp",
        .protocol = "ssdp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "1900",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "UPnP Device Architecture 2.0, 1.3.2",
        .recognise = ssdp_recognise,
        .talk = ssdp_talk,
};
