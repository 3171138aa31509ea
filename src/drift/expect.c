/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drift/expect.h"

#include <errno.h>

#include "base/str.h"

/* The next word, cut out of *at; "" at the end. False when it is too long. */
static bool next_word(const char **at, char word[EXPECT_WORD_MAX])
{
        size_t len;

        *at += strspn(*at, " \t");
        len = strcspn(*at, " \t");
        if (len >= EXPECT_WORD_MAX)
                return false;
        memcpy(word, *at, len);
        word[len] = '\0';
        *at += len;
        return true;
}

/* "8443/tcp" */
static bool parse_port(const char *word, struct expect *ret)
{
        const char *slash = strchr(word, '/');
        char number[8] = "";
        uint64_t port;

        if (!slash || (size_t)(slash - word) >= sizeof(number))
                return false;
        memcpy(number, word, (size_t)(slash - word));
        if (str_to_u64(number, UINT16_MAX, &port) < 0)
                return false;
        ret->transport = transport_parse(slash + 1);
        ret->port = (uint16_t)port;
        return ret->transport != TRANSPORT_MAX;
}

static int parse_place(const char *text, const char *word, struct expect *ret, struct err *err)
{
        size_t digits;

        if (!*word)
                return err_set(err, -EINVAL, "'%s' names no place: \"opened 8443/tcp on web1\" does", text);
        if (parse_port(word, ret))
                return 0;
        digits = strspn(word, "0123456789");
        if (digits && (!word[digits] || word[digits] == '/'))
                return err_set(err, -EINVAL, "'%s': '%s' is no port: write 8443/tcp or 53/udp", text, word);
        ret->service = true;
        memcpy(ret->name, word, strlen(word) + 1);
        return 0;
}

int expect_parse(const char *text, struct expect *ret, struct err *err)
{
        char kind[EXPECT_WORD_MAX], place[EXPECT_WORD_MAX], on[EXPECT_WORD_MAX], rest[EXPECT_WORD_MAX];
        const char *at = text;
        int r;

        *ret = (struct expect){0};
        if (!next_word(&at, kind) || !next_word(&at, place) || !next_word(&at, on) ||
            !next_word(&at, ret->host) || !next_word(&at, rest))
                return err_set(err, -EINVAL, "a word of the expectation is longer than %u bytes",
                               EXPECT_WORD_MAX);
        ret->kind = streq(kind, "any") ? EVENT_KIND_MAX : event_kind_parse(kind);
        if (ret->kind == EVENT_KIND_MAX && !streq(kind, "any"))
                return err_set(
                        err, -EINVAL,
                        "'%s': '%s' is no kind of change: opened, closed, moved, owner-changed, version-changed, "
                        "protocol-changed, exposure-changed, startup-changed, service-added, service-removed, any",
                        text, kind);
        r = parse_place(text, place, ret, err);
        if (r < 0)
                return r;
        if (*on && (!streq(on, "on") || !ret->host[0] || *rest))
                return err_set(err, -EINVAL, "'%s': after the place only `on HOST` may follow", text);
        return 0;
}

static bool is_place(const struct expect *x, const struct item *item)
{
        if (!item)
                return false;
        if (item->kind == ITEM_SERVICE)
                return x->service && streq_ptr(item->name, x->name);
        if (x->service)
                return streq_ptr(item->unit, x->name);
        return item->transport == x->transport && x->port >= item->port &&
               x->port <= (item->port_last > item->port ? item->port_last : item->port);
}

static bool is_host(const struct expect *x, const struct item *item, const char *hostname)
{
        const char *estate = item->asset ? str_after(item->asset, "estate:") : NULL;
        char address[ADDRESS_TEXT_SIZE];

        return !x->host[0] || streq_ptr(item->asset, x->host) || streq_ptr(estate, x->host) ||
               (item->kind != ITEM_ENDPOINT && streq_ptr(hostname, x->host)) ||
               (item->address.family && streq(address_format(&item->address, address), x->host));
}

bool expect_matches(const struct expect *x, const struct event *e, const char *hostname)
{
        const struct item *item = e->after ? e->after : e->before;

        if (x->kind != EVENT_KIND_MAX && x->kind != e->kind)
                return false;
        return (is_place(x, e->after) || is_place(x, e->before)) && is_host(x, item, hostname);
}

bool expect_matches_end(const struct expect *x, const struct event *e, enum event_kind end, const char *hostname)
{
        const struct item *item = end == EVENT_OPENED ? e->after : e->before;

        return e->kind == EVENT_MOVED && x->kind == end && is_place(x, item) && is_host(x, item, hostname);
}

bool expect_is_place(const char *word, const struct item *item)
{
        struct expect x = {0};

        if (strlen(word) >= EXPECT_WORD_MAX)
                return false;
        x.service = !parse_port(word, &x);
        if (x.service)
                memcpy(x.name, word, strlen(word) + 1);
        return is_place(&x, item);
}
