/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/ports.h"

#include <errno.h>
#include <strings.h>

#include "base/str.h"
#include "base/text.h"

#define WORD_MAX \
        64u /* bytes; a service name has at most 15 (RFC 6335, 5.1), a page of the guide may have more */
#define NEAR_MAX 3u

const char scan_ports_default[] = "top:1000";

struct ports_parser {
        struct scan_ports *ports;
        enum transport transport;
        const struct knowledge *knowledge;
        struct err *err;
};

static struct port_set *current(struct ports_parser *p)
{
        return &p->ports->of[p->transport];
}

static int add_all(struct ports_parser *p)
{
        port_set_add_range(current(p), 1, UINT16_MAX);
        return 0;
}

/* Port 0 stands in the registry as reserved and is nobody's. */
static void add_ranges(struct ports_parser *p, const struct port_range *ranges, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (ranges[i].transport == p->transport)
                        port_set_add_range(current(p), ranges[i].first ? ranges[i].first : 1,
                                           ranges[i].last);
}

static int add_known(struct ports_parser *p)
{
        size_t n;
        const struct page *const *pages = knowledge_pages(p->knowledge, &n);

        for (size_t i = 0; i < n; i++)
                add_ranges(p, pages[i]->ports, pages[i]->n_ports);
        return 0;
}

static int add_top(struct ports_parser *p, const char *word, const char *number)
{
        size_t n;
        const uint16_t *top = registry_top(p->transport, &n);
        uint64_t wanted;

        if (str_to_u64(number, UINT64_MAX, &wanted) < 0 || wanted < 1 || wanted > n)
                return err_set(p->err, -EINVAL,
                               "'%s': our order of %s ports is %zu long: write top:1 to top:%zu, or all",
                               word, transport_name(p->transport), n, n);
        for (size_t i = 0; i < wanted; i++)
                port_set_add(current(p), top[i]);
        return 0;
}

static int parse_port(struct ports_parser *p, const char *word, const char *text, uint16_t *ret)
{
        uint64_t port;

        if (str_to_u64(text, UINT16_MAX, &port) < 0 || port < 1)
                return err_set(p->err, -EINVAL, "'%s': ports are numbers of 1 to 65535", word);
        *ret = (uint16_t)port;
        return 0;
}

/* "22", "1-1024", "-1024", "60000-" */
static int add_numbers(struct ports_parser *p, const char *word)
{
        char copy[WORD_MAX + 1];
        uint16_t first = 1, last = UINT16_MAX;
        char *dash;
        int rc;

        (void)memcpy(copy, word, strlen(word) + 1);
        dash = strchr(copy, '-');
        if (dash)
                *dash++ = '\0';
        if (dash && !*copy && !*dash)
                return err_set(p->err, -EINVAL,
                               "'%s': a range needs a first or a last port; every port is \"all\"", word);
        if ((*copy || !dash) && (rc = parse_port(p, word, copy, &first)) < 0)
                return rc;
        if (!dash)
                last = first;
        else if (*dash && (rc = parse_port(p, word, dash, &last)) < 0)
                return rc;
        if (first > last)
                return err_set(p->err, -EINVAL, "'%s' runs backwards: write %u-%u", word, last, first);
        port_set_add_range(current(p), first, last);
        return 0;
}

struct named {
        struct ports_parser *p;
        bool found[2];
};

static void found_name(enum transport transport, uint16_t port, void *arg)
{
        struct named *named = arg;

        if (!port || transport > TRANSPORT_UDP)
                return;
        named->found[transport] = true;
        if (transport == named->p->transport)
                port_set_add(current(named->p), port);
}

static int unknown_name(struct ports_parser *p, const char *word)
{
        const char *near[NEAR_MAX];
        size_t n = knowledge_near(p->knowledge, word, near, NEAR_MAX);
        _cleanup_str_ struct str hint = {0};

        for (size_t i = 0; i < n; i++)
                str_addf(&hint, "%s%s", i ? ", " : "; did you mean ", near[i]);
        return err_set(p->err, -EINVAL, "'%s' is neither a port nor a service that is known%s%s", word,
                       str_text(&hint), n ? "?" : "");
}

/* A service name of the registry, else a word of the guide ("rdp"). */
static int add_name(struct ports_parser *p, const char *word)
{
        struct named named = {.p = p};
        enum transport other = p->transport == TRANSPORT_TCP ? TRANSPORT_UDP : TRANSPORT_TCP;
        const struct page *page;

        registry_by_name(word, found_name, &named);
        page = knowledge_by_word(p->knowledge, word);
        if (!named.found[p->transport] && page) {
                add_ranges(p, page->ports, page->n_ports);
                for (size_t i = 0; i < page->n_ports; i++)
                        if (page->ports[i].transport <= TRANSPORT_UDP)
                                named.found[page->ports[i].transport] = true;
        }
        if (named.found[p->transport])
                return 0;
        if (named.found[other])
                return err_set(p->err, -EINVAL, "'%s' has no %s port: write %c:%s for its %s port", word,
                               transport_name(p->transport), other == TRANSPORT_TCP ? 'T' : 'U', word,
                               transport_name(other));
        return unknown_name(p, word);
}

static int add_word(struct ports_parser *p, const char *word)
{
        const char *rest;

        if (!word[strspn(word, "0123456789-")])
                return add_numbers(p, word);
        if (strcasecmp(word, "all") == 0)
                return add_all(p);
        if (strcasecmp(word, "known") == 0)
                return add_known(p);
        if ((rest = str_after(word, "top:")))
                return add_top(p, word, rest);
        return add_name(p, word);
}

/* "T:" or "U:" in front, for this word and those that follow. */
static size_t take_prefix(struct ports_parser *p, const char *text, size_t len)
{
        if (len < 2 || text[1] != ':' || !strchr("TtUu", text[0]))
                return 0;
        p->transport = text[0] == 'T' || text[0] == 't' ? TRANSPORT_TCP : TRANSPORT_UDP;
        return 2;
}

static int add_part(struct ports_parser *p, const char *text, size_t len)
{
        _cleanup_str_ struct str printable = {0};
        char word[WORD_MAX + 1];
        size_t prefix;

        for (; len && *text == ' '; len--)
                text++;
        for (; len && text[len - 1] == ' '; len--)
                ;
        prefix = take_prefix(p, text, len);
        text += prefix;
        len -= prefix;
        if (!len)
                return err_set(p->err, -EINVAL,
                               "a port is missing: write a list such as 22,80,8000-8010 or T:443,U:53");
        if (len > WORD_MAX)
                return err_set(p->err, -EINVAL, "a word in the list of ports is longer than %u bytes",
                               WORD_MAX);
        memcpy(word, text, len);
        word[len] = '\0';
        text_add_printable(&printable, word);
        if (!streq(str_text(&printable), word))
                return err_set(p->err, -EINVAL, "'%s' is neither a port nor a service",
                               str_text(&printable));
        return add_word(p, word);
}

int scan_ports_parse(struct scan_ports *ports, const char *spec, enum transport unprefixed,
                     const struct knowledge *knowledge, struct err *err)
{
        struct ports_parser p = {ports, unprefixed, knowledge, err};

        *ports = (struct scan_ports){0};
        for (;;) {
                size_t len = strcspn(spec, ",");
                int rc = add_part(&p, spec, len);

                if (rc < 0 || !spec[len])
                        return rc;
                spec += len + 1;
        }
}
