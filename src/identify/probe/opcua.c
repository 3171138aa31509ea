/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OPC UA over its own TCP: hello, a channel without security, and the list of endpoints, which every server gives
 * before a session: name, product, and how it may be reached.
 */
#include "identify/line.h"
#include "identify/probe.h"

enum step { START, HELLO, CHANNEL, ENDPOINTS };

#define MESSAGE_MAX 65536u

static enum talk_next ask(struct talk *t)
{
        _cleanup_str_ struct str url = {0};

        str_addf(&url, "opc.tcp://%s:%u/", t->name, t->port);
        talk_send_bytes(t, "HELF", 4);
        talk_send_le32(t, 32 + (uint32_t)url.len);
        talk_send_le32(t, 0);
        talk_send_le32(t, MESSAGE_MAX);
        talk_send_le32(t, MESSAGE_MAX);
        talk_send_le32(t, 0);
        talk_send_le32(t, 0);
        talk_send_le32(t, (uint32_t)url.len);
        talk_send_bytes(t, url.text, url.len);
        t->step = HELLO;
        return TALK_SEND;
}

/* The header that all requests have (Part 4, 7.33): no token, no time, a handle, nothing else. */
static void add_request_header(struct talk *t, uint32_t handle)
{
        talk_send_hex(t, "0000 0000000000000000");
        talk_send_le32(t, handle);
        talk_send_hex(t, "00000000 ffffffff 88130000 000000"); /* five seconds are enough */
}

static enum talk_next open_channel(struct talk *t)
{
        static const char policy[] = "http://opcfoundation.org/UA/SecurityPolicy#None";

        talk_send_bytes(t, "OPNF", 4);
        talk_send_le32(t, 132);
        talk_send_le32(t, 0);
        talk_send_le32(t, sizeof(policy) - 1);
        talk_send_bytes(t, policy, sizeof(policy) - 1);
        talk_send_hex(
                t,
                "ffffffff ffffffff 01000000 01000000 0100be01"); /* no certificates; 1, 1; OpenSecureChannel */
        add_request_header(t, 1);
        talk_send_hex(
                t,
                "00000000 00000000 01000000 00000000 60ea0000"); /* issue, mode None, no nonce, one minute */
        t->step = CHANNEL;
        return TALK_SEND;
}

static enum talk_next ask_endpoints(struct talk *t, uint32_t channel, uint32_t token)
{
        _cleanup_str_ struct str url = {0};

        str_addf(&url, "opc.tcp://%s:%u/", t->name, t->port);
        talk_send_bytes(t, "MSGF", 4);
        talk_send_le32(t, 24 + 4 + 29 + 4 + (uint32_t)url.len + 8);
        talk_send_le32(t, channel);
        talk_send_le32(t, token);
        talk_send_hex(t, "02000000 02000000 0100ac01"); /* 2, 2; GetEndpoints */
        add_request_header(t, 2);
        talk_send_le32(t, (uint32_t)url.len);
        talk_send_bytes(t, url.text, url.len);
        talk_send_hex(t, "ffffffff ffffffff"); /* in any language, of any profile */
        t->step = ENDPOINTS;
        return TALK_SEND;
}

/* A string: its length, -1 for none. */
static struct line string(struct wire *w)
{
        uint32_t len = wire_le32(w);
        struct wire text = wire_sub(w, len == UINT32_MAX ? 0 : len);

        return (struct line){(const char *)text.at, wire_left(&text)};
}

static void skip_localized(struct wire *w, struct line *text)
{
        uint8_t mask = wire_u8(w);

        if (mask & 1)
                (void)string(w);
        if (mask & 2)
                *text = string(w);
}

/* The header of answers: time, handle, result, diagnostics (none were asked for), strings, nothing more. */
static uint32_t skip_response_header(struct wire *w)
{
        uint32_t result;

        wire_skip(w, 8 + 4);
        result = wire_le32(w);
        wire_skip(w, 1);
        for (uint32_t n = wire_le32(w); n && n != UINT32_MAX && !w->bad; n--)
                (void)string(w);
        wire_skip(w, 3);
        return result;
}

static enum talk_next channel(struct talk *t, struct wire w)
{
        uint32_t channel_id = wire_le32(&w), token;

        (void)string(&w); /* policy */
        (void)string(&w);
        (void)string(&w);
        wire_skip(&w, 8);
        if (wire_be32(&w) != 0x0100c101 ||
            skip_response_header(&w) != 0) /* OpenSecureChannelResponse: 449 */
                return TALK_DONE;
        wire_skip(&w, 4 + 4); /* version of the protocol, channel again */
        token = wire_le32(&w);
        return w.bad ? TALK_DONE : ask_endpoints(t, channel_id, token);
}

/* Part 4, 7.14: of each endpoint its mode and policy, of the first what the server says of itself */
static enum talk_next endpoints(struct talk *t, struct wire w)
{
        static const char *const modes[] = {"", "None", "Sign", "SignAndEncrypt"};
        _cleanup_str_ struct str all = {0};
        uint32_t n;

        wire_skip(&w, 16);
        if (wire_be32(&w) != 0x0100af01 || skip_response_header(&w) != 0) /* GetEndpointsResponse: 431 */
                return TALK_DONE;
        n = wire_le32(&w);
        for (uint32_t i = 0; i < n && i < 32 && !w.bad; i++) {
                struct line uri, product, name = {"", 0}, policy;
                uint32_t mode, more;

                (void)string(&w); /* URL */
                uri = string(&w);
                product = string(&w);
                skip_localized(&w, &name);
                wire_skip(&w, 4);
                (void)string(&w); /* gateway */
                (void)string(&w); /* profile */
                for (more = wire_le32(&w); more && more != UINT32_MAX && !w.bad; more--)
                        (void)string(&w);
                (void)string(&w); /* certificate */
                mode = wire_le32(&w);
                policy = string(&w);
                if (w.bad || mode > 3)
                        break;
                talk_product(t, name.text, name.len);
                talk_detail(t, "application-uri", uri.text, uri.len);
                talk_detail(t, "product-uri", product.text, product.len);
                const char *hash = policy.len ? memrchr(policy.text, '#', policy.len) : NULL;
                if (hash && all.len < 200)
                        str_addf(&all, "%s%s/%.*s", all.len ? ", " : "", modes[mode],
                                 (int)(policy.text + policy.len - hash - 1), hash + 1);
                for (more = wire_le32(&w); more && more != UINT32_MAX && !w.bad;
                     more--) { /* kinds of users */
                        (void)string(&w);
                        if (wire_le32(&w) == 0 && mode == 1 && !w.bad)
                                talk_detail(t, "anonymous", "allowed without encryption", 26);
                        (void)string(&w);
                        (void)string(&w);
                        (void)string(&w);
                }
                (void)string(&w);
                wire_skip(&w, 1);
        }
        talk_detail(t, "security", str_text(&all), all.len);
        return TALK_DONE;
}

static enum recognition opcua_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);

        if (!h->asked || !data_starts(h->data, h->len, "ERRF"))
                return RECOGNISE_NO;
        wire_skip(&w, 4);
        return wire_le32(&w) == h->len && h->len >= 16 ? RECOGNISE_SURE : RECOGNISE_MAYBE;
}

static enum talk_next opcua_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t len;

        if (t->step == START)
                return ask(t);
        wire_skip(&w, 4);
        len = wire_le32(&w);
        if (w.bad)
                return TALK_MORE;
        if (len < 12 || len > 4 * MESSAGE_MAX)
                return TALK_DONE;
        if (t->in_len < len)
                return TALK_MORE;
        w = wire_sub(&w, len - 8);
        if (data_starts(t->in, t->in_len, "ERRF")) {
                talk_confirm(t, "opcua");
                return TALK_DONE;
        }
        if (t->step == HELLO && data_starts(t->in, t->in_len, "ACKF") && len == 28) {
                talk_confirm(t, "opcua");
                return open_channel(t);
        }
        if (t->step == CHANNEL && data_starts(t->in, t->in_len, "OPNF"))
                return channel(t, w);
        if (t->step == ENDPOINTS && data_starts(t->in, t->in_len, "MSGF"))
                return endpoints(t, w);
        return TALK_DONE;
}

const struct probe probe_opcua = {
        .name = "opcua",
        .protocol = "opcua",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4840,4841,48010,48020,53530",
        .safety = SAFETY_INDUSTRIAL,
        .log = "a channel without security that asked for the endpoints",
        .reference = "OPC 10000-6, 7.1; OPC 10000-4, 5.4.4",
        .recognise = opcua_recognise,
        .talk = opcua_talk,
};
