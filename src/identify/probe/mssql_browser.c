/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQL Server Resolution Protocol: which instances there are on a host, and on which ports. */
#include "identify/line.h"
#include "identify/probe.h"

/* "ServerName;SQL1;InstanceName;MSSQLSERVER;IsClustered;No;Version;15.0.2000.5;tcp;1433;;" */
static void take(struct talk *t, const struct line *name, const struct line *value)
{
        static const char *const keys[][2] = {
                {"InstanceName", "instance"},
                {"IsClustered", "clustered"},
                {"tcp", "tcp-port"},
                {"np", "pipe"},
        };

        if (name->len == 10 && line_starts(name, "ServerName"))
                talk_hostname(t, value->text, value->len);
        if (name->len == 7 && line_starts(name, "Version"))
                talk_version(t, value->text, value->len);
        for (size_t i = 0; i < array_len(keys); i++)
                if (name->len == strlen(keys[i][0]) && line_starts(name, keys[i][0]))
                        talk_detail(t, keys[i][1], value->text, value->len);
}

static struct line until_semicolon(struct wire *w)
{
        const uint8_t *end = wire_left(w) ? memchr(w->at, ';', wire_left(w)) : NULL;
        struct line text = {(const char *)w->at, end ? (size_t)(end - w->at) : wire_left(w)};

        wire_skip(w, text.len + !!end);
        return text;
}

static enum talk_next mssql_browser_talk(struct talk *t)
{
        struct wire w = talk_in(t), list;
        uint16_t len;

        if (!t->step++) {
                talk_send_u8(t, 3); /* CLNT_UCAST_EX */
                return TALK_SEND;
        }
        if (wire_u8(&w) != 5) /* SVR_RESP */
                return TALK_DONE;
        len = wire_le16(&w);
        list = wire_sub(&w, len < wire_left(&w) ? len : wire_left(&w));
        if (w.bad || !data_starts(list.at, wire_left(&list), "ServerName;"))
                return TALK_DONE;
        talk_confirm(t, "mssql-browser");
        talk_product(t, "Microsoft SQL Server Browser", 28);
        while (wire_left(&list)) {
                struct line name = until_semicolon(&list), value;

                if (!name.len)
                        continue;
                value = until_semicolon(&list);
                take(t, &name, &value);
        }
        return TALK_DONE;
}

const struct probe probe_mssql_browser = {
        .name = "mssql-browser",
        .protocol = "mssql-browser",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "1434",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "MC-SQLR, 2.2.2 and 2.2.5",
        .talk = mssql_browser_talk,
};
