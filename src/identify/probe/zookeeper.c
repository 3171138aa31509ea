/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ZooKeeper's four-letter words: srvr, which is allowed by default. A session would be a write to the
 * ensemble.
 */
#include <ctype.h>

#include "identify/line.h"
#include "identify/probe.h"

static void take(struct talk *t, const struct line *line)
{
        const char *at = line_find_i(line, "version: ");
        struct line rest;
        size_t n = 0;

        if (!at)
                return;
        rest = line_after(line, (size_t)(at - line->text) + 9);
        if (rest.len && *rest.text == 'v')
                rest = line_after(&rest, 1);
        while (n < rest.len && (isalnum((unsigned char)rest.text[n]) || rest.text[n] == '.'))
                n++;
        talk_detail(t, "build", rest.text, rest.len);
        talk_version(t, rest.text, n);
}

/* The value of a line "Mode: follower". */
static void take_line(struct talk *t, const struct line *line, const char *start, const char *key)
{
        struct line value;

        if (!line_starts(line, start))
                return;
        value = line_after(line, strlen(start));
        talk_detail(t, key, value.text, value.len);
}

static enum talk_next answer(struct talk *t)
{
        static const char forbidden[] = "srvr is not executed because it is not in the whitelist";
        static const char idle[] = "This ZooKeeper instance is not currently serving requests";
        struct line line;
        size_t at = 0;

        if (data_starts(t->in, t->in_len, forbidden) || data_starts(t->in, t->in_len, idle)) {
                talk_confirm(t, "zookeeper");
                talk_product(t, "Apache ZooKeeper", 16);
                return TALK_DONE;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len < 4096 ? TALK_MORE : TALK_DONE;
        if (line_starts(&line, "Zookeeper version: "))
                talk_product(t, "Apache ZooKeeper", 16);
        else if (line_starts(&line, "ClickHouse Keeper version: "))
                talk_product(t, "ClickHouse Keeper", 17);
        else
                return TALK_DONE;
        talk_confirm(t, "zookeeper");
        talk_flag(t, IDENTITY_NO_AUTH);
        take(t, &line);
        if (line_starts(&line, "Zookeeper"))
                talk_cpe(t, "apache", "zookeeper");
        while (line_next(t->in, t->in_len, &at, &line)) {
                take_line(t, &line, "Mode: ", "mode");
                take_line(t, &line, "Node count: ", "nodes");
        }
        return identity_detail(t->id, "nodes") ? TALK_DONE : TALK_MORE;
}

static enum talk_next zookeeper_talk(struct talk *t)
{
        if (t->step++)
                return answer(t);
        talk_send_bytes(t, "srvr", 4);
        return TALK_SEND;
}

const struct probe probe_zookeeper = {
        .name = "zookeeper",
        .protocol = "zookeeper",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "2181-2183,2281,9181",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "\"Processing srvr command from ...\"",
        .reference = "ZooKeeper Administrator's Guide, The Four Letter Words",
        .talk = zookeeper_talk,
};
