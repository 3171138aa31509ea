/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text that libxtables translates rules of iptables-nft to: "meta l4proto tcp ct state new tcp dport { 80, 443 }
 * counter accept". Conditions become matches as JSON has them; what is not certain becomes unknown. What decides on
 * the packet stands last, and is not read here.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "collect/ruleset_match.h"

#define MAX_WORD 64
#define MAX_LIST 1024

struct reading {
        const char *at;
        char word[MAX_WORD]; /* empty at the end */
        json_t *matches;
        bool lost; /* something is not understood: of what follows nobody knows where a phrase begins */
};

/* Quoted text is one word, without its quotes; so is each of { } and ','. A word too long is cut: nobody knows it. */
static void next(struct reading *r)
{
        const char *from;
        size_t len;

        r->at += strspn(r->at, " \t");
        from = r->at;
        if (*from == '"') {
                const char *close = strchr(++from, '"');

                len = close ? (size_t)(close - from) : strlen(from);
                r->at = from + len + (close != NULL);
        } else {
                len = *from && strchr("{},", *from) ? 1 : strcspn(from, " \t{},");
                r->at = from + len;
        }
        (void)snprintf(r->word, sizeof(r->word), "%.*s", (int)(len < MAX_WORD ? len : MAX_WORD), from);
}

static bool is(const struct reading *r, const char *word)
{
        return streq(r->word, word);
}

static bool is_one_of(const struct reading *r, const char *const *list)
{
        for (; *list; list++)
                if (is(r, *list))
                        return true;
        return false;
}

static void add_unknown(struct reading *r, const char *words)
{
        json_array_append_new(r->matches, json_pack("{s:s}", "words", words));
        r->lost = true;
}

static json_t *plain_value(const char *word)
{
        char *end;
        long number = strtol(word, &end, 10);

        return *word && !*end && number >= 0 ? json_integer(number) : json_string(word);
}

/* "80-90", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "tcp", "eth*" */
static json_t *value(const char *word, bool whole)
{
        char part[MAX_WORD];
        const char *mark;

        if (whole)
                return json_string(word);
        if ((mark = strchr(word, '/'))) {
                (void)snprintf(part, sizeof(part), "%.*s", (int)(mark - word), word);
                return json_pack("{s:{s:s,s:o}}", "prefix", "addr", part, "len", plain_value(mark + 1));
        }
        if ((mark = strchr(word, '-')) && word[0] >= '0' && word[0] <= '9') {
                (void)snprintf(part, sizeof(part), "%.*s", (int)(mark - word), word);
                return json_pack("{s:[oo]}", "range", plain_value(part), plain_value(mark + 1));
        }
        return plain_value(word);
}

/* "{ a, b }", whose brace was read; NULL when it is not one. */
static json_t *list(struct reading *r, bool whole)
{
        json_t *members = json_array();

        for (unsigned i = 0; i < MAX_LIST; i++) {
                next(r);
                json_array_append_new(members, value(r->word, whole));
                next(r);
                if (is(r, "}"))
                        return json_pack("{s:o}", "set", members);
                if (!is(r, ","))
                        break;
        }
        json_decref(members);
        return NULL;
}

/* "a,b" of bits */
static json_t *bits(struct reading *r)
{
        json_t *words = json_array();

        for (unsigned i = 0; i < MAX_LIST; i++) {
                json_array_append_new(words, json_string(r->word));
                if (*r->at != ',')
                        break;
                next(r);
                next(r);
        }
        return words;
}

/* What follows the name of a key: [!=] value. */
static void compare(struct reading *r, json_t *left, bool whole)
{
        const char *op = "==";
        json_t *right;

        next(r);
        if (is(r, "!=")) {
                op = "!=";
                next(r);
        }
        right = is(r, "{") ? list(r, whole) : value(r->word, whole);
        if (right && strspn(r->at, " ") == 1 && r->at[1] == '.') { /* a concatenation */
                json_decref(right);
                right = NULL;
        }
        if (right) {
                json_array_append_new(r->matches, json_pack("{s:s,s:o,s:o}", "op", op, "left", left, "right", right));
                return;
        }
        add_unknown(r, "a list");
        json_decref(left);
}

/* [!] bits: `ct state new,related`; a negated one has none of them. */
static void compare_bits(struct reading *r, json_t *left)
{
        bool negated;

        next(r);
        negated = is(r, "!") || is(r, "!=");
        if (negated)
                next(r);
        json_array_append_new(r->matches, json_pack("{s:s,s:o,s:o,s:b}", "op", "in", "left", left, "right", bits(r),
                                                    "none", negated));
}

/* `tcp flags syn / fin,syn,rst,ack` */
static void compare_flags(struct reading *r)
{
        json_t *wanted, *mask;
        bool negated;

        next(r);
        negated = is(r, "!=");
        if (negated)
                next(r);
        wanted = bits(r);
        next(r);
        if (!is(r, "/")) {
                json_decref(wanted);
                add_unknown(r, "tcp flags");
                return;
        }
        next(r);
        mask = bits(r);
        json_array_append_new(r->matches,
                              json_pack("{s:s,s:{s:[{s:{s:s,s:s}},o]},s:o}", "op", negated ? "!=" : "==", "left", "&",
                                        "payload", "protocol", "tcp", "field", "flags", mask, "right", wanted));
}

static void read_limit(struct reading *r)
{
        bool over;

        next(r); /* rate */
        next(r);
        over = is(r, "over");
        if (over)
                next(r);
        if (strncmp(r->at, " burst ", 7) == 0)
                for (unsigned i = 0; i < 3; i++)
                        next(r);
        json_array_append_new(r->matches, json_pack("{s:s,s:b}", "limit", "limit", "over", over));
}

static void read_field(struct reading *r)
{
        static const char *const ends[] = {"saddr", "daddr", "sport", "dport", "protocol", "nexthdr", NULL};
        char protocol[MAX_WORD];

        memcpy(protocol, r->word, sizeof(protocol));
        next(r);
        if (streq(protocol, "tcp") && is(r, "flags"))
                compare_flags(r);
        else if (is_one_of(r, ends))
                compare(r, json_pack("{s:{s:s,s:s}}", "payload", "protocol", protocol, "field", r->word), false);
        else
                add_unknown(r, protocol);
}

static void read_meta(struct reading *r)
{
        static const char *const names[] = {"iifname", "oifname", "iif", "oif", NULL};
        bool whole;

        if (is(r, "meta"))
                next(r);
        whole = is_one_of(r, names);
        if (!whole && !is(r, "l4proto") && !is(r, "nfproto") && !is(r, "pkttype"))
                add_unknown(r, r->word);
        else
                compare(r, json_pack("{s:{s:s}}", "meta", "key", r->word), whole);
}

static void read_ct(struct reading *r)
{
        next(r);
        /* `--ctstate NEW,DNAT` is translated to `ct status dnat`, also where it is negated: that says nothing */
        if (is(r, "state"))
                compare_bits(r, json_pack("{s:{s:s}}", "ct", "key", r->word));
        else
                add_unknown(r, "ct");
}

static void read_fib(struct reading *r)
{
        next(r);
        if (!is(r, "daddr")) {
                add_unknown(r, "fib");
                return;
        }
        next(r);
        if (is(r, "type"))
                compare(r, json_pack("{s:{s:s,s:s}}", "fib", "result", "type", "flags", "daddr"), true);
        else
                add_unknown(r, "fib");
}

static void read_counter(struct reading *r)
{
        if (strncmp(r->at, " packets ", 9) == 0)
                for (unsigned i = 0; i < 4; i++)
                        next(r);
}

static void read_comment(struct reading *r)
{
        next(r);
}

/* Conditions by their first word. */
static const struct {
        const char *word;
        void (*read)(struct reading *r);
} phrases[] = {
        {"ip", read_field},      {"ip6", read_field},      {"tcp", read_field},       {"udp", read_field},
        {"udplite", read_field}, {"sctp", read_field},     {"dccp", read_field},      {"th", read_field},
        {"meta", read_meta},     {"iifname", read_meta},   {"iif", read_meta},        {"oifname", read_meta},
        {"oif", read_meta},      {"pkttype", read_meta},   {"ct", read_ct},           {"fib", read_fib},
        {"limit", read_limit},   {"counter", read_counter}, {"comment", read_comment},
};

static bool decides(struct reading *r)
{
        static const char *const words[] = {"accept",   "drop",  "return",     "jump",    "goto",  "reject",
                                            "dnat",     "snat",  "masquerade", "redirect", "queue", "log",
                                            "notrack",  "continue", NULL};
        const char *rest = r->at;

        if (is_one_of(r, words))
                return true;
        /* `meta mark set`, `ct mark set` */
        if (!is(r, "meta") && !is(r, "ct"))
                return false;
        rest += strspn(rest, " ");
        rest += strcspn(rest, " ");
        return strncmp(rest, " set ", 5) == 0;
}

json_t *words_matches(const char *text)
{
        struct reading r = {.at = text, .matches = json_array()};
        size_t i;

        for (next(&r); r.word[0] && !r.lost && !decides(&r); next(&r)) {
                for (i = 0; i < array_len(phrases) && !is(&r, phrases[i].word); i++)
                        ;
                if (i < array_len(phrases)) {
                        phrases[i].read(&r);
                } else if (is(&r, "xt")) { /* `xt match connlimit` */
                        next(&r);
                        next(&r);
                        add_unknown(&r, r.word);
                } else {
                        add_unknown(&r, r.word);
                }
        }
        return r.matches;
}
