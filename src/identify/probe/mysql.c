/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MySQL and MariaDB: the server greets with its version and what it can do, or with an error. Where it can
 * do TLS, that is asked for. Nothing else is said: a name would be the first thing to say.
 */
#include <ctype.h>

#include "identify/line.h"
#include "identify/probe.h"

#define CLIENT_LONG_PASSWORD     0x00000001u
#define CLIENT_PROTOCOL_41       0x00000200u
#define CLIENT_SSL               0x00000800u
#define CLIENT_SECURE_CONNECTION 0x00008000u
#define CLIENT_PLUGIN_AUTH       0x00080000u

#define GREETING_MAX 1024u

enum step { GREETING, UPGRADE };

struct greeting {
        uint8_t protocol; /* 9, 10, 0xff = an error */
        unsigned code;
        struct line text; /* version, or the error's */
        uint32_t abilities;
        struct line plugin;
};

static struct line until_zero(struct wire *w)
{
        const uint8_t *zero = wire_left(w) ? memchr(w->at, 0, wire_left(w)) : NULL;
        struct line text = {(const char *)w->at, zero ? (size_t)(zero - w->at) : 0};

        wire_skip(w, zero ? text.len + 1 : wire_left(w) + 1);
        return text;
}

static bool printable(const struct line *text)
{
        for (size_t i = 0; i < text->len; i++)
                if ((unsigned char)text->text[i] < 0x20 || text->text[i] == 0x7f)
                        return false;
        return text->len > 0;
}

/* Errors of servers are 1000 to 1999 and 3000 on; MariaDB's own from 4000; 2xxx are a client's. */
static bool read_error(struct wire *w, struct greeting *ret)
{
        ret->code = wire_le16(w);
        if (wire_left(w) > 6 && *w->at == '#')
                wire_skip(w, 6); /* SQL state */
        ret->text = (struct line){(const char *)w->at, wire_left(w)};
        return !w->bad && ret->code >= 1000 && ret->code < 20000 && printable(&ret->text);
}

/* Protocol::HandshakeV10; 9 ends after the challenge */
static bool read_greeting(struct wire *w, struct greeting *ret)
{
        ret->protocol = wire_u8(w);
        if (ret->protocol == 0xff)
                return read_error(w, ret);
        if (ret->protocol != 9 && ret->protocol != 10)
                return false;
        ret->text = until_zero(w);
        wire_skip(w, 4); /* number of the connection */
        if (w->bad || !printable(&ret->text) || !isdigit((unsigned char)*ret->text.text))
                return false;
        if (ret->protocol == 9)
                return true;
        wire_skip(w, 8); /* challenge */
        if (wire_u8(w) != 0 || w->bad)
                return false;
        ret->abilities = wire_le16(w);
        wire_skip(w, 3); /* character set, status */
        ret->abilities |= (uint32_t)wire_le16(w) << 16;
        wire_skip(w, 11);
        wire_skip(w, 13); /* the rest of the challenge; longer ones are not in use */
        if (!w->bad && ret->abilities & CLIENT_PLUGIN_AUTH)
                ret->plugin = until_zero(w);
        return true;
}

/* 1 = a greeting, 0 = it may become one, -1 = none */
static int greeting_of(const uint8_t *data, size_t len, struct greeting *ret)
{
        struct wire w = wire_over(data, len), body;
        uint32_t size;

        *ret = (struct greeting){0};
        if (len < 5) {
                if (len > 3 && data[3])
                        return -1;
                return len > 2 && data[2] ? -1 : 0;
        }
        size = wire_le16(&w) | (uint32_t)wire_u8(&w) << 16;
        if (wire_u8(&w) != 0 || size < 5 || size > GREETING_MAX)
                return -1;
        if (data[4] != 9 && data[4] != 10 && data[4] != 0xff)
                return -1;
        if (wire_left(&w) < size)
                return 0;
        body = wire_sub(&w, size);
        return read_greeting(&body, ret) ? 1 : -1;
}

static enum recognition mysql_recognise(const struct heard *h)
{
        struct greeting greeting;
        int found = greeting_of(h->data, h->len, &greeting);

        if (found > 0)
                return RECOGNISE_SURE;
        return found == 0 && h->len >= 5 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* Who else speaks it, by a word in the version; `after`: the version follows that word. */
static const struct {
        const char *word, *product, *vendor, *cpe;
        bool after;
} others[] = {
        {"tidb-v", "TiDB", "pingcap", "tidb", true},
        {"maxscale", "MariaDB MaxScale", NULL, NULL, false},
        {"mariadb", "MariaDB", "mariadb", "mariadb", false},
        {"oceanbase-v", "OceanBase", NULL, NULL, true},
        {"vitess", "Vitess", NULL, NULL, false},
        {"clickhouse", "ClickHouse", NULL, NULL, false},
        {"proxysql", "ProxySQL", NULL, NULL, false},
        {"doris-", "Apache Doris", NULL, NULL, true},
        {"starrocks", "StarRocks", NULL, NULL, false},
        {"columnar", "Manticore Search", NULL, NULL, false},
        {"manticore", "Manticore Search", NULL, NULL, false},
        {"-release", "Sphinx", NULL, NULL, false},
        {"percona", "Percona Server", "percona", "percona_server", false},
};

static size_t number_length(const struct line *text)
{
        size_t n = 0;

        while (n < text->len && (isdigit((unsigned char)text->text[n]) || text->text[n] == '.'))
                n++;
        while (n && text->text[n - 1] == '.')
                n--;
        return n;
}

/*
 * MariaDB 10 says "5.5.5-" before its own version, so that old replicas take it for one they know; MariaDB
 * 11 does not when built without. Others pretend to be a MySQL that clients know, and add their own.
 */
static void take_version(struct talk *t, const struct line *told)
{
        struct line version = *told;
        const char *vendor = "oracle", *cpe = "mysql", *product = "MySQL";

        talk_detail(t, "server-version", told->text, told->len);
        if (line_starts(told, "5.5.5-") && told->len > 6 && isdigit((unsigned char)told->text[6]))
                version = line_after(told, 6);
        for (size_t i = 0; i < array_len(others); i++) {
                const char *at = line_find_i(told, others[i].word);

                if (!at)
                        continue;
                product = others[i].product;
                vendor = others[i].vendor;
                cpe = others[i].cpe;
                if (others[i].after) {
                        size_t skip = (size_t)(at - told->text) + strlen(others[i].word);

                        version = (struct line){told->text + skip, told->len - skip};
                }
                break;
        }
        talk_product(t, product, strlen(product));
        talk_version(t, version.text, number_length(&version));
        if (vendor)
                talk_cpe(t, vendor, cpe);
}

/* "Host '10.0.0.1' is not allowed to connect to this MariaDB server" */
static enum talk_next refused(struct talk *t, const struct greeting *greeting)
{
        const char *product = line_find_i(&greeting->text, "MariaDB") ? "MariaDB"
                              : line_find_i(&greeting->text, "MySQL") ? "MySQL"
                                                                      : NULL;

        talk_detail_u64(t, "error-code", greeting->code);
        talk_detail(t, "error", greeting->text.text, greeting->text.len);
        talk_evidence(t, greeting->text.text, greeting->text.len);
        if (product)
                talk_product(t, product, strlen(product));
        return TALK_DONE;
}

/* Protocol::SSLRequest. The server does not answer it: the next it waits for is the handshake. */
static enum talk_next ask_tls(struct talk *t)
{
        talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_send_hex(t, "20 00 00 01");
        talk_send_le32(t, CLIENT_LONG_PASSWORD | CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION);
        talk_send_le32(t, 1u << 24);
        talk_send_u8(t, 33); /* utf8 */
        for (unsigned i = 0; i < 23; i++)
                talk_send_u8(t, 0);
        t->patience_ms = 1;
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next mysql_talk(struct talk *t)
{
        struct greeting greeting;
        int found;

        if (t->step == UPGRADE) {
                bool first = t->patience_ms != 0;

                t->patience_ms = 0;
                return first && !t->tls && !t->ended && !t->in_len ? TALK_TLS : TALK_DONE;
        }
        found = greeting_of(t->in, t->in_len, &greeting);
        if (found == 0)
                return TALK_MORE;
        if (found < 0)
                return TALK_DONE;
        talk_confirm(t, "mysql");
        if (greeting.protocol == 0xff)
                return refused(t, &greeting);
        talk_evidence(t, greeting.text.text, greeting.text.len); /* what follows is a challenge */
        take_version(t, &greeting.text);
        talk_detail(t, "authentication", greeting.plugin.text, greeting.plugin.len);
        if (greeting.protocol == 9)
                talk_flag(t, IDENTITY_OBSOLETE);
        return greeting.abilities & CLIENT_SSL && !t->tls ? ask_tls(t) : TALK_DONE;
}

const struct probe probe_mysql = {
        .name = "mysql",
        .protocol = "mysql",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3306-3309,4000,4006,6033,9306,33306",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "an aborted connection of nobody (\"Got an error reading communication packets\"); many in a "
               "row can make the server block the address (max_connect_errors)",
        .reference = "MySQL Internals, Connection Phase: Protocol::HandshakeV10, Protocol::SSLRequest",
        .recognise = mysql_recognise,
        .talk = mysql_talk,
};
