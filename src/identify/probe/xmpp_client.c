/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XMPP: a stream is opened to the host's own name, then to the domain that the server names, then to localhost: a
 * server that serves none of them still answers as XMPP does. Its features tell about STARTTLS and how one logs in.
 */
#include <ctype.h>

#include "identify/banner.h"
#include "identify/probe/xmpp.h"

enum step { OPEN, FEATURES, UPGRADE, INSIDE };

#define DOMAIN_MAX 128u

/* In talk.memory: what was tried, and the domain for the next stream. */
struct note {
        uint8_t tries, server, localhost;
        char domain[DOMAIN_MAX + 1];
};
_Static_assert(sizeof(struct note) <= sizeof(((struct talk *)0)->memory), "the note fits");

static bool is_stream(const struct line *all)
{
        return line_find_i(all, "<stream:stream") || line_find_i(all, "<stream:error") ||
               (line_find_i(all, "http://etherx.jabber.org/streams") && line_find_i(all, "<stream"));
}

static bool says(const struct line *all, const char *value)
{
        return line_find_i(all, value);
}

static bool of_servers(const struct line *all)
{
        return says(all, "jabber:server'") || says(all, "jabber:server\"");
}

enum recognition xmpp_recognise(const struct heard *h, bool server)
{
        struct line all = banner_all(h->data, h->len);

        if ((!line_starts(&all, "<?xml") && !line_starts(&all, "<stream:")) || !is_stream(&all))
                return RECOGNISE_NO;
        if (h->asked && line_find_i(&all, "to='quaymaster") && !line_find_i(&all, " id="))
                return RECOGNISE_NO; /* our own stream again */
        return of_servers(&all) == server ? RECOGNISE_SURE : RECOGNISE_LIKELY;
}

static enum talk_next open_stream(struct talk *t, struct note *note)
{
        const char *to = *note->domain ? note->domain : t->name;

        for (const char *c = to; *c; c++)
                if (!isgraph((unsigned char)*c) || strchr("<>&'\"", *c))
                        to = "localhost";
        str_addf(&t->out,
                 "<?xml version='1.0'?><stream:stream to='%.*s' xmlns='jabber:%s'%s "
                 "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
                 (int)DOMAIN_MAX, to, note->server ? "server" : "client",
                 note->server ? " xmlns:db='jabber:server:dialback'" : "");
        t->step = FEATURES;
        return TALK_SEND;
}

/* The value of an attribute: name='value' or name="value", behind a blank. */
static struct line attribute(const struct line *all, const char *name)
{
        const char *at = line_find_i(all, name), *end = all->text + all->len, *quote;

        if (!at || end - at <= (ptrdiff_t)strlen(name))
                return (struct line){all->text, 0};
        at += strlen(name);
        if (*at != '\'' && *at != '"')
                return (struct line){all->text, 0};
        quote = memchr(at + 1, *at, (size_t)(end - at - 1));
        return (struct line){at + 1, quote ? (size_t)(quote - at - 1) : 0};
}

/* A stream error about the domain or the namespace: another stream may do better. False when nothing is left to try. */
static bool try_another(struct talk *t, struct note *note, const struct line *all)
{
        struct line from = attribute(all, " from=");
        bool known = from.len == strlen(t->name) && memcmp(from.text, t->name, from.len) == 0;

        if (note->tries++ >= 3)
                return false;
        if (says(all, "<invalid-namespace") && !says(all, "not-well-formed")) {
                note->server = !note->server;
                return true;
        }
        if (!says(all, "<host-unknown") && !says(all, "<improper-addressing") && !says(all, "<host-gone"))
                return false;
        if (from.len && from.len <= DOMAIN_MAX && !known && !*note->domain) {
                memcpy(note->domain, from.text, from.len);
                note->domain[from.len] = '\0';
                return true;
        }
        if (note->localhost++)
                return false;
        memcpy(note->domain, "localhost", sizeof("localhost"));
        return true;
}

static void take_product(struct talk *t, const struct line *all)
{
        static const struct banner products[] = {
                {"process-one.net/en/ejabberd", "ejabberd", "process-one", "ejabberd"},
                {"ejabberd", "ejabberd", "process-one", "ejabberd"},
                {"prosody.im", "Prosody", "prosody", "prosody"},
                {"igniterealtime.org", "Openfire", "igniterealtime", "openfire"},
                {"tigase", "Tigase", "tigase", "tigase"},
                {"Facebook", "Facebook Chat", NULL, NULL},
                {"mongooseim", "MongooseIM", NULL, NULL},
                {"isode.com", "Isode M-Link", NULL, NULL},
        };
        bool had = t->id->product;

        banner_take(t, all, products, array_len(products));
        if (!had && t->id->version) /* a hash stands behind a node's name, no version */
                t->id->version = NULL;
}

static void take_mechanisms(struct talk *t, const struct line *all)
{
        const char *at = line_find_i(all, "<mechanisms"), *end = line_find_i(all, "</mechanisms>");
        struct line list;
        bool plain;

        if (at && end && at < end) {
                list = (struct line){at, (size_t)(end - at)};
                plain = line_find_i(&list, ">PLAIN<");
                if (plain && !t->tls)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
                if (line_find_i(&list, ">ANONYMOUS<"))
                        talk_detail(t, "anonymous", "offered", 7);
        }
        if (says(all, "jabber.org/features/iq-auth") && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
}

static bool is_required(const struct line *all)
{
        const char *at = line_find_i(all, "<starttls"), *end = line_find_i(all, "</starttls>");
        struct line element;

        if (!at || !end || at > end)
                return false;
        element = (struct line){at, (size_t)(end - at)};
        return line_find_i(&element, "required");
}

static enum talk_next features(struct talk *t, struct note *note)
{
        struct line all = banner_all(t->in, t->in_len), from;
        bool error = says(&all, "<stream:error"),
             whole = says(&all, "</stream:features>") || says(&all, "<stream:features/>");
        const char *protocol = of_servers(&all) ? "xmpp-server" : "xmpp-client";

        if (t->in_len > 65536 || (t->in_len > 256 && !is_stream(&all)))
                return TALK_DONE;
        if (!is_stream(&all) || (!error && !says(&all, " id=")))
                return TALK_MORE;
        if (!error && !whole && !t->waited && !t->ended)
                return TALK_MORE;
        if (error && !says(&all, "</stream:error>") && !t->waited && !t->ended)
                return TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        if (says(&all, "<starttls") && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        if (!says(&all, "<invalid-namespace"))
                talk_confirm(t, protocol);
        take_product(t, &all);
        from = attribute(&all, " from=");
        banner_hostname(t, &from);
        if (error) {
                t->step = OPEN;
                return try_another(t, note, &all) ? TALK_AGAIN : TALK_DONE;
        }
        take_mechanisms(t, &all);
        if (is_required(&all) && !t->tls)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        if (!says(&all, "<starttls") || t->tls)
                return TALK_DONE;
        str_add(&t->out, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        t->step = UPGRADE;
        return TALK_SEND;
}

enum talk_next xmpp_talk(struct talk *t, bool server)
{
        struct note *note = (struct note *)t->memory;
        struct line all = banner_all(t->in, t->in_len);

        switch ((enum step)t->step) {
        case OPEN:
                if (!note->tries)
                        note->server = server;
                return open_stream(t, note);
        case FEATURES:
                return features(t, note);
        case UPGRADE:
                t->step = INSIDE;
                if (says(&all, "<proceed") && t->in_len && t->in[t->in_len - 1] == '>')
                        return TALK_TLS;
                if (says(&all, "<failure") || t->in_len > 4096)
                        return TALK_DONE;
                t->step = UPGRADE;
                return TALK_MORE;
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

static enum recognition xmpp_client_recognise(const struct heard *h)
{
        return xmpp_recognise(h, false);
}

static enum talk_next xmpp_client_talk(struct talk *t)
{
        return xmpp_talk(t, false);
}

const struct probe probe_xmpp_client = {
        .name = "xmpp-client",
        .protocol = "xmpp-client",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5222,5223",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "a stream without a login (Prosody: \"Client connected\", \"Client disconnected\")",
        .reference = "RFC 6120, 4 and 5",
        .recognise = xmpp_client_recognise,
        .talk = xmpp_client_talk,
};
