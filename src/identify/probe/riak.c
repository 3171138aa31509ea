/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Riak KV over Protocol Buffers: RpbGetServerInfoReq. */
#include "identify/member.h"
#include "identify/probe.h"

enum { ERROR_RESP = 0, SERVER_INFO_REQ = 7, SERVER_INFO_RESP = 8 };

static enum talk_next riak_talk(struct talk *t)
{
        struct wire w = talk_in(t), body;
        struct line node = {0}, version = {0}, text;
        struct field field;
        uint32_t len;
        uint8_t code;

        if (!t->step++) {
                talk_send_hex(t, "00 00 00 01 07");
                return TALK_SEND;
        }
        len = wire_be32(&w);
        code = wire_u8(&w);
        if (t->in_len < 5)
                return TALK_MORE;
        if (!len || len > 4096 || (code != SERVER_INFO_RESP && code != ERROR_RESP))
                return TALK_DONE;
        if (wire_left(&w) < len - 1)
                return TALK_MORE;
        body = wire_sub(&w, len - 1);
        while (field_next(&body, &field)) {
                if (!field.bytes)
                        continue;
                text = wire_line(&field.body);
                if (field.number == 1)
                        node = text;
                else if (field.number == 2)
                        version = text;
        }
        if (body.bad || !node.len || (code == ERROR_RESP && !line_find_i(&node, "security")))
                return TALK_DONE;
        talk_confirm(t, "riak");
        talk_product(t, "Riak KV", 7);
        if (code == ERROR_RESP) {
                talk_detail(t, "error", node.text, node.len);
                return TALK_DONE;
        }
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_detail(t, "node", node.text, node.len);
        talk_version(t, version.text, version.len);
        return TALK_DONE;
}

const struct probe probe_riak = {
        .name = "riak",
        .protocol = "riak",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "8087",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Riak Protocol Buffers client API, RpbGetServerInfoReq",
        .talk = riak_talk,
};
