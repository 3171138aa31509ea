/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/forwards_text.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "model/address.h"

#define MAX_LIST 1024 /* members of one anonymous set; iptables' multiport has at most 15 */

struct word {
        const char *at;
        size_t len;
};

struct words {
        const char *at, *end;
};

/*
 * The next word: quoted text is one, and so are each of { } and ',' . Empty at the end or at the comment
 * with the handle.
 */
static struct word next_word(struct words *w)
{
        struct word word;

        while (w->at < w->end && (*w->at == ' ' || *w->at == '\t'))
                w->at++;
        word.at = w->at;
        if (w->at == w->end || *w->at == '#')
                return word.len = 0, word;
        if (strchr("{},", *w->at)) {
                w->at++;
        } else if (*w->at == '"') {
                const char *close = memchr(w->at + 1, '"', (size_t)(w->end - w->at - 1));

                w->at = close ? close + 1 : w->end;
        } else {
                while (w->at < w->end && !strchr(" \t{},", *w->at))
                        w->at++;
        }
        word.len = (size_t)(w->at - word.at);
        return word;
}

static bool is(struct word word, const char *text)
{
        return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

static bool read_port(const char *at, size_t len, json_int_t *ret)
{
        char text[6];
        uint64_t port;

        if (len >= sizeof(text))
                return false;
        memcpy(text, at, len);
        text[len] = '\0';
        if (str_to_u64(text, UINT16_MAX, &port) < 0)
                return false;
        *ret = (json_int_t)port;
        return true;
}

/* "80" or "80-90" as native JSON has it; NULL when it is neither. */
static json_t *port_value(struct word word)
{
        const char *dash = memchr(word.at, '-', word.len);
        size_t len = dash ? (size_t)(dash - word.at) : word.len;
        json_int_t first, last;

        if (!read_port(word.at, len, &first))
                return NULL;
        if (!dash)
                return json_integer(first);
        if (!read_port(dash + 1, word.len - len - 1, &last))
                return NULL;
        return json_pack("{s:[II]}", "range", first, last);
}

static json_t *port_list(struct words *w)
{
        json_t *list = json_array();

        for (unsigned i = 0; i < MAX_LIST; i++) {
                json_t *value = port_value(next_word(w));
                struct word after = next_word(w);

                if (!value)
                        break;
                json_array_append_new(list, value);
                if (is(after, "}"))
                        return json_pack("{s:o}", "set", list);
                if (!is(after, ","))
                        break;
        }
        json_decref(list);
        return NULL;
}

/* What follows "tcp dport". */
static void add_ports(struct translated *t, const char *protocol, struct words *w)
{
        struct word word = next_word(w);
        bool negated = is(word, "!=");
        json_t *right;

        if (negated)
                word = next_word(w);
        right = is(word, "{") ? port_list(w) : port_value(word);
        if (!right) {
                t->failed = true;
                return;
        }
        json_array_append_new(t->ports,
                              json_pack("{s:s,s:{s:{s:s,s:s}},s:o}", "op", negated ? "!=" : "==", "left",
                                        "payload", "protocol", protocol, "field", "dport", "right", right));
}

static bool copy_address(const char *at, size_t len, char text[ADDRESS_TEXT_SIZE])
{
        struct address unused;

        if (!len || len >= ADDRESS_TEXT_SIZE)
                return false;
        memcpy(text, at, len);
        text[len] = '\0';
        return address_parse(text, &unused) == 0;
}

/*
 * The address at the start of word, in brackets where a port follows an IPv6 one: how much of word it
 * takes, or 0.
 */
static size_t read_address(struct word word, char text[ADDRESS_TEXT_SIZE])
{
        const char *end[] = {
                word.at + word.len,
                memchr(word.at, '-', word.len),
                memchr(word.at, ':', word.len),
        };
        const char *close = memchr(word.at, ']', word.len);

        if (word.len && word.at[0] == '[')
                return close && copy_address(word.at + 1, (size_t)(close - word.at - 1), text)
                               ? (size_t)(close - word.at) + 1
                               : 0;
        for (size_t i = 0; i < array_len(end); i++)
                if (end[i] && copy_address(word.at, (size_t)(end[i] - word.at), text))
                        return (size_t)(end[i] - word.at);
        return 0;
}

/* "172.17.0.2:80", "10.0.0.1-10.0.0.4:80-90", "[fd00::2]:8443", ":80". NULL when it is none of these. */
static json_t *nat_target(const char *kind, struct word word)
{
        json_t *body = json_object(), *port = NULL;
        char address[ADDRESS_TEXT_SIZE], last[ADDRESS_TEXT_SIZE];
        size_t taken = read_address(word, address);

        if (taken) {
                json_object_set_new(body, "addr", json_string(address));
                word.at += taken, word.len -= taken;
        }
        if (taken && word.len > 1 && word.at[0] == '-') { /* of a range the first stands for all */
                word.at++, word.len--;
                taken = read_address(word, last);
                word.at += taken, word.len -= taken;
        }
        if (word.len > 1 && word.at[0] == ':') {
                port = port_value((struct word){word.at + 1, word.len - 1});
                json_object_set_new(body, "port", port ? port : json_null());
                word.len = port ? 0 : word.len;
        }
        if (word.len || !json_object_size(body)) {
                json_decref(body);
                return NULL;
        }
        return json_pack("{s:o}", kind, body);
}

static void read_target(struct translated *t, const char *kind, struct words *w)
{
        struct words ahead = *w;
        json_t *target;

        if (!is(next_word(&ahead), "to")) {
                target = streq(kind, "redirect") ? json_pack("{s:n}", kind) : NULL;
        } else {
                target = nat_target(kind, next_word(&ahead));
                *w = ahead;
        }
        if (t->target)
                json_decref(t->target);
        t->target = target;
}

struct translated translated_parse(const char *text, size_t len)
{
        static const char *const protocols[] = {"tcp", "udp", "udplite", "sctp", "th"};
        struct translated t = {.ports = json_array()};
        struct words w = {text, text + len};
        struct word word, before = {text, 0};

        while ((word = next_word(&w)).len) {
                if (is(word, "dport") || is(word, "sport"))
                        t.any_port = true;
                if (is(word, "dport"))
                        for (size_t i = 0; i < array_len(protocols); i++)
                                if (is(before, protocols[i]))
                                        add_ports(&t, protocols[i], &w);
                if (is(word, "dnat") || is(word, "redirect"))
                        read_target(&t, word.len == 4 ? "dnat" : "redirect", &w);
                if (is(before, "xt") && is(word, "match"))
                        t.failed = true;
                before = word;
        }
        return t;
}

void translated_release(struct translated *t)
{
        json_decref(t->ports);
        json_decref(t->target);
        *t = (struct translated){0};
}
