/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Redis and what grew out of it: PING and INFO server. Where a password is wanted the error says so. */
#include "identify/line.h"
#include "identify/probe.h"
#include "identify/registry.h"

enum step { OPENING, ANSWERS };

extern const struct probe probe_redis;

#define ANSWERS_MAX 131072u

static bool starts_any(const struct line *line, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (line_starts(line, words[i]))
                        return true;
        return false;
}

/* Errors that only Redis and its kin have. Plain "-ERR" is POP3's and NATS's, too. */
static bool own_error(const struct line *line)
{
        static const char *const own[] = {
                "-NOAUTH ",
                "-DENIED ",
                "-NOPERM ",
                "-LOADING ",
                "-MASTERDOWN ",
                "-MISCONF ",
                "-CLUSTERDOWN ",
                "-ERR wrong number of arguments for 'get' command",
                "-ERR max number of clients reached",
                "-ERR Protocol error: ",
                "-ERR operation not permitted",
                "-WRONGPASS ",
                "-ERR max number of clients + cluster",
                "-BUSY Redis",
        };

        return starts_any(line, own, array_len(own));
}

static enum recognition redis_recognise(const struct heard *h)
{
        struct line line;
        size_t at = 0;

        if (!line_next(h->data, h->len, &at, &line))
                return RECOGNISE_NO;
        if (own_error(&line))
                return RECOGNISE_SURE;
        if (h->asked && line_starts_i(&line, "-ERR unknown command"))
                return line_find_i(&line, "with args beginning with") ? RECOGNISE_SURE : RECOGNISE_LIKELY;
        return RECOGNISE_NO;
}

static enum talk_next ask(struct talk *t)
{
        static const char text[] =
                "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n*1\r\n$4\r\nQUIT\r\n";

        talk_send_bytes(t, text, t->memory[0] ? sizeof("*1\r\n$4\r\nPING\r\n") - 1 : sizeof(text) - 1);
        t->step = ANSWERS;
        return TALK_SEND;
}

/* Those that tell a redis_version for their clients' sake, and their own beside it. */
static const struct {
        const char *key, *product, *vendor, *cpe;
} kin[] = {
        {"valkey_version:", "Valkey", "linuxfoundation", "valkey"},
        {"dragonfly_version:", "Dragonfly", NULL, NULL},
        {"kvrocks_version:", "Apache Kvrocks", "apache", "kvrocks"},
        {"garnet_version:", "Garnet", NULL, NULL},
        {"pika_version:", "Pika", NULL, NULL},
        {"tendis_version:", "Tendis", NULL, NULL},
        {"disque_version:", "Disque", NULL, NULL},
        {"ssdb_version:", "SSDB", NULL, NULL},
};

static void take_line(struct talk *t, const struct line *line, struct line *redis)
{
        static const char *const details[][2] = {
                {"redis_mode:", "mode"},         {"os:", "os"},     {"arch_bits:", "arch-bits"},
                {"redis_git_sha1:", "git-sha1"}, {"role:", "role"}, {"server_name:", "server-name"},
        };

        for (size_t i = 0; i < array_len(kin); i++)
                if (line_starts(line, kin[i].key)) {
                        struct line version = line_after(line, strlen(kin[i].key));

                        if (line_starts(&version, "df-v"))
                                version = line_after(&version, 4);
                        talk_product(t, kin[i].product, strlen(kin[i].product));
                        talk_version(t, version.text, version.len);
                        if (kin[i].vendor)
                                talk_cpe(t, kin[i].vendor, kin[i].cpe);
                }
        for (size_t i = 0; i < array_len(details); i++)
                if (line_starts(line, details[i][0])) {
                        struct line value = line_after(line, strlen(details[i][0]));

                        talk_detail(t, details[i][1], value.text, value.len);
                }
        if (line_starts(line, "redis_version:"))
                *redis = line_after(line, 14);
        else if (line_starts(line, "executable:") && line_find_i(line, "keydb"))
                talk_product(t, "KeyDB", 5);
}

static void take_info(struct talk *t, const uint8_t *data, size_t len)
{
        struct line line, redis = {0};
        size_t at = 0;

        while (line_next(data, len, &at, &line))
                take_line(t, &line, &redis);
        if (!redis.len)
                return;
        talk_flag(t, IDENTITY_NO_AUTH);
        if (!t->id->product) {
                talk_product(t, "Redis", 5);
                talk_version(t, redis.text, redis.len);
                talk_cpe(t, "redis", "redis");
        }
        talk_version(t, redis.text, redis.len);
        talk_detail(t, "redis-version", redis.text, redis.len);
}

/*
 * The body of a bulk string; 1, 0 = not whole yet, -1 = none. RESP: "$4\r\ntext\r\n", and "=" for verbatim
 * strings
 */
static int bulk(const struct talk *t, const struct line *head, size_t at, struct wire *ret)
{
        struct wire w = wire_over(t->in + at, t->in_len - at);
        size_t n = 0;

        if (head->len < 2 || head->len > 7 || (*head->text != '$' && *head->text != '='))
                return -1;
        for (size_t i = 1; i < head->len; i++) {
                if (head->text[i] < '0' || head->text[i] > '9')
                        return -1;
                n = n * 10 + (size_t)(head->text[i] - '0');
        }
        if (n > ANSWERS_MAX)
                return -1;
        if (wire_left(&w) < n)
                return 0;
        *ret = wire_sub(&w, n);
        return 1;
}

static void take_error(struct talk *t, const struct line *line)
{
        talk_detail(t, "error", line->text + 1, line->len - 1);
        if (line_starts(line, "-NOAUTH ") && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (line_starts(line, "-NOAUTH ") || line_find_i(line, "Redis"))
                talk_product(t, "Redis", 5);
}

static enum talk_next answers(struct talk *t)
{
        struct line first, second;
        struct wire info;
        size_t at = 0;
        int found;

        if (!t->in_len && t->ended && !t->memory[0] &&
            probe_has_port(&probe_redis, TRANSPORT_TCP, t->port)) {
                t->memory[0] = 1; /* proxies close at INFO */
                t->step = OPENING;
                return TALK_AGAIN;
        }
        if (!line_next(t->in, t->in_len, &at, &first))
                return t->in_len < 4096 ? TALK_MORE : TALK_DONE;
        if (own_error(&first)) {
                talk_confirm(t, "redis");
                take_error(t, &first);
                return TALK_DONE;
        }
        if (!(first.len == 5 && line_starts(&first, "+PONG"))) {
                if (line_starts(&first, "-ERR unknown command"))
                        talk_likely(t, "redis"); /* a proxy without PING */
                return TALK_DONE;
        }
        talk_confirm(t, "redis");
        if (!line_next(t->in, t->in_len, &at, &second))
                return t->memory[0] ? TALK_DONE : TALK_MORE;
        if (second.len && *second.text == '-') {
                take_error(t, &second);
                return TALK_DONE;
        }
        found = bulk(t, &second, at, &info);
        if (found == 0)
                return TALK_MORE;
        if (found > 0)
                take_info(t, info.at, wire_left(&info));
        return TALK_DONE;
}

static enum talk_next redis_talk(struct talk *t)
{
        /* bytes before anything was sent: it turns everybody away */
        return t->step == ANSWERS || t->in_len ? answers(t) : ask(t);
}

const struct probe probe_redis = {
        .name = "redis",
        .protocol = "redis",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6379-6389,7000-7005,16379,22121,26379",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_SECOND,
        .log = "nothing by default; with loglevel verbose \"Accepted\" and \"Client closed connection\"",
        .reference = "Redis serialization protocol (RESP); commands PING, INFO, QUIT",
        .recognise = redis_recognise,
        .talk = redis_talk,
};
