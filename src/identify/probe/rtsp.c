/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Real Time Streaming Protocol, 1.0 and 2.0: OPTIONS. */
#include "identify/message.h"
#include "identify/probe.h"
#include "identify/product.h"

static enum recognition rtsp_recognise(const struct heard *h)
{
        struct message m;

        return h->transport == TRANSPORT_TCP &&
                               message_read(h->data, h->len, "RTSP/", true, &m) == MESSAGE_WHOLE
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next rtsp_talk(struct talk *t)
{
        static const struct product_known servers[] = {
                {"GStreamer RTSP server", "GStreamer RTSP server", NULL, NULL, NULL},
                {"gortsplib", "gortsplib (MediaMTX)", NULL, NULL, NULL},
                {"VLC/", "VLC", "videolan", "vlc_media_player", NULL},
                {"LIVE555 Streaming Media v", "LIVE555", "live555", "live555", NULL},
                {"Live555 Streaming Media v", "LIVE555", "live555", "live555", NULL},
                {"AirTunes/", "AirTunes", NULL, NULL, NULL},
                {"Dahua Rtsp Server", "Dahua RTSP server", NULL, NULL, NULL},
                {"Hipcam RealServer/V", "Hipcam RealServer", NULL, NULL, NULL},
                {"Rtsp Server/", "RTSP server", NULL, NULL, NULL},
        };
        unsigned id = (unsigned)(t->nonce % 1000000 + 2);
        struct message m;
        struct line value;

        if (!t->step) {
                str_addf(&t->out, "OPTIONS * RTSP/1.0\r\nCSeq: %u\r\nUser-Agent: quaymaster\r\n\r\n", id);
                t->step = 1;
                return TALK_SEND;
        }
        if (!t->in_len)
                return TALK_MORE;
        switch (message_read(t->in, t->in_len, "RTSP/", t->ended || t->waited, &m)) {
        case MESSAGE_NONE:
                return TALK_DONE;
        case MESSAGE_PART:
                return TALK_MORE;
        case MESSAGE_WHOLE:
                break;
        }
        talk_confirm(t, "rtsp");
        talk_evidence(t, t->in, t->in_len);
        talk_detail(t, "protocol-version", m.version.text + 5, m.version.len - 5);
        talk_detail_u64(t, "status", m.code);
        if (message_field(&m, "Public", &value))
                talk_detail(t, "methods", value.text, value.len);
        if (message_field(&m, "Server", &value)) {
                talk_detail(t, "server", value.text, value.len);
                (void)product_take(t, &value, servers, array_len(servers));
        }
        if (message_field(&m, "WWW-Authenticate", &value)) {
                talk_detail(t, "challenge", line_word(&value, 0).text, line_word(&value, 0).len);
                if (line_starts_i(&value, "Basic") && !t->tls)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
        }
        return TALK_DONE;
}

const struct probe probe_rtsp = {
        .name = "rtsp",
        .protocol = "rtsp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "322,554,1554,5554,7070,8322,8554,10554",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_SECOND,
        .log = "an OPTIONS request; few servers write that down",
        .reference = "RFC 2326, 10.1; RFC 7826",
        .recognise = rtsp_recognise,
        .talk = rtsp_talk,
};
