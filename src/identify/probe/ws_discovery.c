/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WS-Discovery: who is there, asked of one host: Windows, printers, cameras (ONVIF). */
#include "identify/line.h"
#include "identify/probe.h"

static void add_uuid(const struct talk *t, struct str *to)
{
        uint64_t n = t->nonce;

        str_addf(to, "%08x-%04x-4%03x-8%03x-%08x%04x", (unsigned)n, (unsigned)(n >> 32 & 0xffff),
                 (unsigned)(n >> 48 & 0xfff), (unsigned)(n & 0xfff), (unsigned)(n >> 16),
                 (unsigned)(n >> 40 & 0xffff));
}

/* Some take only a question for devices (DPWS), others, as cameras, only one for anything. */
static enum talk_next ask(struct talk *t)
{
        _cleanup_str_ struct str text = {0};

        str_add(&text,
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope"
                " xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\""
                " xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
                " xmlns:wsd=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"><soap:Header>"
                "<wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>"
                "<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action>"
                "<wsa:MessageID>urn:uuid:");
        add_uuid(t, &text);
        str_add(&text, "</wsa:MessageID></soap:Header><soap:Body><wsd:Probe>");
        if (!t->step)
                str_add(&text,
                        "<wsd:Types xmlns:wsdp=\"http://schemas.xmlsoap.org/ws/2006/02/devprof\">"
                        "wsdp:Device</wsd:Types>");
        str_add(&text, "</wsd:Probe></soap:Body></soap:Envelope>");
        talk_send_bytes(t, text.text, text.len);
        t->step++;
        return TALK_SEND;
}

/* The text of the first element of that name, whatever its prefix: what stands up to the next '<'. */
static bool element(const struct line *all, const char *name, struct line *ret)
{
        struct line rest = *all;
        const char *at;

        while ((at = line_find_i(&rest, name))) {
                size_t n = strlen(name), left = rest.len - (size_t)(at - rest.text);
                const char *start = memchr(at, '>', left), *end;
                bool opens = at > rest.text && (at[-1] == ':' || at[-1] == '<') && left > n &&
                             (at[n] == '>' || at[n] == ' ');
                const char *lt = at;

                while (lt > all->text && *lt != '<' && *lt != '>')
                        lt--;
                if (opens && start && *lt == '<' && lt[1] != '/' && start[-1] != '/') {
                        end = memchr(start, '<', left - (size_t)(start - at));
                        if (!end)
                                return false;
                        *ret = (struct line){start + 1, (size_t)(end - start) - 1};
                        return ret->len > 0;
                }
                rest = (struct line){at + n, left - n};
        }
        return false;
}

static enum talk_next answer(struct talk *t)
{
        _cleanup_str_ struct str uuid = {0};
        struct line all = {(const char *)t->in, t->in_len}, value;

        add_uuid(t, &uuid);
        if (!line_find_i(&all, uuid.text) || !line_find_i(&all, "RelatesTo") ||
            (!line_find_i(&all, "ProbeMatches") && !line_find_i(&all, "Fault")))
                return TALK_DONE;
        talk_confirm(t, "ws-discovery");
        if (element(&all, "Types", &value))
                talk_detail(t, "types", value.text, value.len);
        if (element(&all, "XAddrs", &value))
                talk_detail(t, "addresses", value.text, value.len);
        if (element(&all, "Scopes", &value))
                talk_detail(t, "scopes", value.text, value.len);
        return TALK_DONE;
}

static enum talk_next ws_discovery_talk(struct talk *t)
{
        if (!t->step || (t->step == 1 && !t->in_len && t->waited))
                return ask(t);
        return answer(t);
}

const struct probe probe_ws_discovery = {
        .name = "ws-discovery",
        .protocol = "ws-discovery",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "3702",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "WS-Discovery (April 2005), 5.2",
        .talk = ws_discovery_talk,
};
