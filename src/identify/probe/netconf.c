/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NETCONF inside TLS (or as it is): both sides begin with <hello>; the server's tells its capabilities
 * (RFC 6241, 8.1; RFC 7589).
 */
#include "identify/line.h"
#include "identify/probe.h"

#define HELLO_MAX 65536u

static const char namespace[] = "urn:ietf:params:xml:ns:netconf:base:1.0";

static bool is_hello(const uint8_t *data, size_t len)
{
        return memmem(data, len, "hello", 5) && memmem(data, len, namespace, strlen(namespace));
}

static enum recognition netconf_recognise(const struct heard *h)
{
        if (h->data[0] != '<')
                return RECOGNISE_NO;
        if (is_hello(h->data, h->len))
                return RECOGNISE_SURE;
        return (data_starts(h->data, h->len, "<?xml") || data_starts(h->data, h->len, "<hello")) &&
                               !h->ended && h->len < 512
                       ? RECOGNISE_MAYBE
                       : RECOGNISE_NO;
}

static enum talk_next netconf_talk(struct talk *t)
{
        static const char *const known[] = {
                "urn:ietf:params:netconf:base:1.0",
                "urn:ietf:params:netconf:base:1.1",
                "urn:ietf:params:netconf:capability:candidate:1.0",
                "urn:ietf:params:netconf:capability:writable-running:1.0",
        };
        _cleanup_str_ struct str all = {0};
        bool whole;

        if (!t->in_len)
                return TALK_MORE;
        if (t->in[0] != '<')
                return TALK_DONE;
        whole = memmem(t->in, t->in_len, "]]>]]>", 6);
        if (!whole && t->in_len < HELLO_MAX && !t->ended && !t->waited)
                return TALK_MORE;
        if (!is_hello(t->in, t->in_len))
                return TALK_DONE;
        talk_confirm(t, "netconf");
        for (size_t i = 0; i < array_len(known); i++)
                if (memmem(t->in, t->in_len, known[i], strlen(known[i])))
                        str_addf(&all, "%s%s", all.len ? "," : "",
                                 known[i] + strlen("urn:ietf:params:netconf:"));
        talk_detail(t, "capabilities", all.text, all.len);
        return TALK_DONE;
}

const struct probe probe_netconf = {
        .name = "netconf",
        .protocol = "netconf",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6513,832,833",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a session that ended before its <hello>",
        .reference = "RFC 6241, 8.1; RFC 7589",
        .recognise = netconf_recognise,
        .talk = netconf_talk,
};
