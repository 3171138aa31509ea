/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FastCGI: the management record FCGI_GET_VALUES, which starts no request. */
#include "identify/probe.h"

enum { GET_VALUES_RESULT = 10, UNKNOWN_TYPE = 11 };

static enum talk_next fastcgi_talk(struct talk *t)
{
        static const char names[] = "\x0e\0FCGI_MAX_CONNS\x0d\0FCGI_MAX_REQS\x0f\0FCGI_MPXS_CONNS";
        struct wire w = talk_in(t), body;
        uint8_t version, type;
        uint16_t request, len;
        _cleanup_str_ struct str values = {0};

        if (!t->step) {
                talk_send_hex(t, "01 09 00 00 00");
                talk_send_u8(t, sizeof(names) - 1);
                talk_send_hex(t, "00 00");
                talk_send_bytes(t, names, sizeof(names) - 1);
                t->step = 1;
                return TALK_SEND;
        }
        version = wire_u8(&w);
        type = wire_u8(&w);
        request = wire_be16(&w);
        len = wire_be16(&w);
        wire_skip(&w, 2); /* padding, reserved */
        if (w.bad)
                return TALK_MORE;
        if (version != 1 || request || len > 512 || (type != GET_VALUES_RESULT && type != UNKNOWN_TYPE))
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        body = wire_sub(&w, len);
        talk_confirm(t, "fastcgi");
        talk_flag(t, IDENTITY_NO_AUTH);
        while (type == GET_VALUES_RESULT && wire_left(&body)) {
                uint8_t name_len = wire_u8(&body), value_len = wire_u8(&body);
                struct wire name = wire_sub(&body, name_len), value = wire_sub(&body, value_len);

                if (body.bad || name_len > 127 || value_len > 127)
                        break;
                str_addf(&values, "%s%.*s=%.*s", values.len ? " " : "", (int)wire_left(&name),
                         (const char *)name.at, (int)wire_left(&value), (const char *)value.at);
        }
        talk_detail(t, "values", str_text(&values), values.len);
        return TALK_DONE;
}

const struct probe probe_fastcgi = {
        .name = "fastcgi",
        .protocol = "fastcgi",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9000-9003,9070-9079",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing: no request is started",
        .reference = "FastCGI Specification 1.0, 4.1",
        .talk = fastcgi_talk,
};
