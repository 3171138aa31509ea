/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Session Initiation Protocol: OPTIONS that may not be passed on (Max-Forwards: 0). The answer goes back to where
 * it came from (rport, RFC 3581), and must repeat our Call-ID.
 */
#include <inttypes.h>

#include "identify/message.h"
#include "identify/probe.h"
#include "identify/product.h"

static enum recognition sip_recognise(const struct heard *h)
{
        struct message m;

        return message_read(h->data, h->len, "SIP/2.0 ", true, &m) == MESSAGE_WHOLE ? RECOGNISE_SURE
                                                                                    : RECOGNISE_NO;
}

static enum talk_next ask(struct talk *t)
{
        const char *host = strchr(t->name, ':') && *t->name != '[' ? NULL : t->name;
        _cleanup_str_ struct str name = {0};

        str_addf(&name, host ? "%s" : "[%s]", t->name);
        str_addf(&t->out,
                 "OPTIONS sip:%s SIP/2.0\r\n"
                 "Via: SIP/2.0/%s quaymaster.invalid:5060;branch=z9hG4bK%016" PRIx64 ";rport\r\n"
                 "Max-Forwards: 0\r\n"
                 "From: <sip:quaymaster@quaymaster.invalid>;tag=%08x\r\n"
                 "To: <sip:%s>\r\n"
                 "Call-ID: %016" PRIx64 "@quaymaster.invalid\r\n"
                 "CSeq: 1 OPTIONS\r\n"
                 "Contact: <sip:quaymaster@quaymaster.invalid>\r\n"
                 "Accept: application/sdp\r\n"
                 "User-Agent: quaymaster\r\n"
                 "Content-Length: 0\r\n\r\n",
                 str_text(&name),
                 t->tls                          ? "TLS"
                 : t->transport == TRANSPORT_UDP ? "UDP"
                                                 : "TCP",
                 t->nonce, (unsigned)(t->nonce >> 16), str_text(&name), t->nonce);
        t->step = 1;
        return TALK_SEND;
}

static bool is_ours(const struct talk *t, const struct message *m)
{
        _cleanup_str_ struct str id = {0};
        struct line value;

        str_addf(&id, "%016" PRIx64 "@", t->nonce);
        return (message_field(m, "Call-ID", &value) || message_field(m, "i", &value)) &&
               line_starts(&value, str_text(&id));
}

static void take_product(struct talk *t, const struct message *m)
{
        static const struct product_known servers[] = {
                {"Asterisk PBX", "Asterisk", "digium", "asterisk", NULL},
                {"Asterisk", "Asterisk", "digium", "asterisk", NULL},
                {"FPBX-", "FreePBX", "freepbx", "freepbx", NULL},
                {"kamailio", "Kamailio", "kamailio", "kamailio", NULL},
                {"OpenSIPS", "OpenSIPS", "opensips", "opensips", NULL},
                {"OpenSER", "OpenSER", NULL, NULL, NULL},
                {"FreeSWITCH-mod_sofia", "FreeSWITCH", "freeswitch", "freeswitch", NULL},
                {"FreeSWITCH", "FreeSWITCH", "freeswitch", "freeswitch", NULL},
                {"repro", "repro", NULL, NULL, NULL},
                {"Sippy", "Sippy", NULL, NULL, NULL},
                {"YATE/", "Yate", NULL, NULL, NULL},
                {"Flexisip/", "Flexisip", "linphone", "flexisip", NULL},
                {"Cisco-SIPGateway/IOS-", "Cisco IOS SIP gateway", NULL, NULL, NULL},
                {"3CXPhoneSystem", "3CX Phone System", "3cx", "3cx", NULL},
        };
        struct line value;

        if (!message_field(m, "Server", &value) && !message_field(m, "User-Agent", &value))
                return;
        talk_detail(t, "server", value.text, value.len);
        (void)product_take(t, &value, servers, array_len(servers));
}

static enum talk_next sip_talk(struct talk *t)
{
        struct message m;
        struct line value;

        if (!t->step)
                return ask(t);
        if (!t->in_len)
                return TALK_MORE;
        switch (message_read(t->in, t->in_len, "SIP/2.0 ",
                             t->ended || t->waited || t->transport == TRANSPORT_UDP, &m)) {
        case MESSAGE_NONE:
                return TALK_DONE;
        case MESSAGE_PART:
                return TALK_MORE;
        case MESSAGE_WHOLE:
                break;
        }
        if (is_ours(t, &m))
                talk_confirm(t, "sip");
        else
                talk_likely(t, "sip");
        talk_evidence(t, t->in, t->in_len);
        if (m.code >= 200 || !identity_detail(t->id, "status"))
                talk_detail_u64(t, "status", m.code);
        if (message_field(&m, "Allow", &value))
                talk_detail(t, "methods", value.text, value.len);
        take_product(t, &m);
        return TALK_DONE;
}

const struct probe probe_sip = {
        .name = "sip",
        .protocol = "sip",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "5060-5063,5080,5081,5160,5161",
        .udp_ports = "5060-5062,5070,5080,5160",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_SECOND,
        .sweep_udp = SWEEP_SECOND,
        .log = "an OPTIONS request of sip:quaymaster@quaymaster.invalid, where requests are traced",
        .reference = "RFC 3261, 11; RFC 3581",
        .recognise = sip_recognise,
        .talk = sip_talk,
};
