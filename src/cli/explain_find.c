/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explain.h"

#include <ctype.h>
#include <errno.h>

#include "base/text.h"

const char explain_unknown_why[] =
        "The guide has no page for it, so the number alone says little: what counts is which program "
        "listens there and whether it is needed.";
const char *const explain_unknown_steps[] = {
        "Find out who listens: quaymaster host (or: ss -lntup)",
        "Nobody needs it: stop and disable the unit that runs it: systemctl disable --now <unit>",
        "It is needed: bind it to the narrowest address that serves, and write down why it is open",
        NULL,
};

void explained_release(struct explained *e)
{
        vec_clear(&e->pages);
        vec_clear(&e->ports);
}

struct explained_port explain_port(enum transport asked, uint16_t port)
{
        static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_SCTP};
        struct explained_port p = {.asked = asked, .port = port};

        for (size_t i = 0; i < array_len(transports); i++)
                p.known[transports[i]] = registry_find(transports[i], port, &p.entry[transports[i]]);
        return p;
}

static void add_page(struct explained *e, const struct page *page, enum page_match match)
{
        vec_foreach (known, &e->pages)
                if (known->page == page)
                        return;
        *vec_push(&e->pages) = (struct explained_page){page, match};
}

static bool has_port(const struct port_range *ranges, size_t n, enum transport asked, uint16_t port)
{
        for (size_t i = 0; i < n; i++)
                if (ranges[i].first <= port && port <= ranges[i].last &&
                    (asked == TRANSPORT_MAX || ranges[i].transport == asked))
                        return true;
        return false;
}

/* Pages of a number: the one that judges it, others that have it, those that are often met there. */
static void add_port_pages(const struct knowledge *k, struct explained *e, enum transport asked,
                           uint16_t port)
{
        size_t n;
        const struct page *const *pages = knowledge_pages(k, &n);

        for (enum transport t = 0; t < TRANSPORT_MAX; t++) {
                const struct page *page = knowledge_by_port(k, t, port);

                if (page && (asked == TRANSPORT_MAX || asked == t) && t != TRANSPORT_UDPLITE)
                        add_page(e, page, MATCH_EXPECTED);
        }
        for (size_t i = 0; i < n; i++)
                if (has_port(pages[i]->ports, pages[i]->n_ports, asked, port))
                        add_page(e, pages[i], MATCH_EXPECTED);
        for (size_t i = 0; i < n; i++)
                if (has_port(pages[i]->also_ports, pages[i]->n_also_ports, asked, port))
                        add_page(e, pages[i], MATCH_ALSO);
}

static int find_port(const struct knowledge *k, const char *word, size_t digits, struct explained *ret,
                     struct err *err)
{
        _cleanup_free_ char *number = xstrndup(word, digits);
        _cleanup_str_ struct str transport = {0}, shown = {0};
        enum transport asked = TRANSPORT_MAX;
        uint64_t port;

        text_add_printable(&shown, word);
        if (str_to_u64(number, UINT16_MAX, &port) < 0)
                return err_set(err, -EINVAL, "'%.40s' is not a port: ports are 0 to 65535", shown.text);
        for (const char *c = word + digits + (word[digits] == '/'); *c; c++)
                str_add_char(&transport, (char)tolower((unsigned char)*c));
        if (word[digits]) {
                asked = transport_parse(str_text(&transport));
                if (asked != TRANSPORT_TCP && asked != TRANSPORT_UDP && asked != TRANSPORT_SCTP)
                        return err_set(err, -EINVAL,
                                       "'%.40s': the transport must be tcp, udp or sctp, as in %s/tcp",
                                       shown.text, number);
        }
        *vec_push(&ret->ports) = explain_port(asked, (uint16_t)port);
        add_port_pages(k, ret, asked, (uint16_t)port);
        return 0;
}

static void add_registered(enum transport transport, uint16_t port, void *arg)
{
        struct explained *e = arg;

        if (transport == TRANSPORT_UDPLITE)
                return;
        vec_foreach (known, &e->ports)
                if (known->port == port)
                        return;
        *vec_push(&e->ports) = explain_port(TRANSPORT_MAX, port);
}

static int unknown(const struct knowledge *k, const char *word, struct err *err)
{
        _cleanup_str_ struct str shown = {0}, near = {0};
        const char *words[4];
        size_t n = knowledge_near(k, word, words, array_len(words));

        text_add_printable(&shown, word);
        for (size_t i = 0; i < n; i++)
                str_addf(&near, "%s%s", i ? ", " : "", words[i]);
        if (n)
                return err_set(err, -ENOENT, "nothing is known as '%.60s'; near: %s", str_text(&shown),
                               near.text);
        return err_set(
                err, -ENOENT,
                "nothing is known as '%.60s'; give a port (23, 23/tcp), a protocol (telnet), a program (sshd) "
                "or a package (openssh-server)",
                str_text(&shown));
}

/* Pages that name the program, or that name it on their ports. */
static void add_program_pages(const struct knowledge *k, struct explained *e, const char *program)
{
        const struct page *own = knowledge_by_program(k, program);
        size_t n;
        const struct page *const *pages = knowledge_pages(k, &n);

        if (own)
                add_page(e, own, MATCH_NAME);
        for (size_t i = 0; i < n; i++)
                for (size_t p = 0; p < pages[i]->n_also_programs; p++)
                        if (streq(pages[i]->also_programs[p], program))
                                add_page(e, pages[i], MATCH_PROGRAM);
}

static int find_name(const struct knowledge *k, const char *word, struct explained *ret, struct err *err)
{
        const struct page *page = knowledge_by_word(k, word);

        if (!page) {
                registry_by_name(word, add_registered, ret);
                for (size_t i = 0; i < ret->ports.n; i++)
                        add_port_pages(k, ret, TRANSPORT_MAX, ret->ports.at[i].port);
                if (ret->ports.n)
                        return 0;
                add_program_pages(k, ret, str_basename(word));
                if (ret->pages.n)
                        return 0;
                page = knowledge_by_package(k, word);
        }
        if (!page)
                return unknown(k, word, err);
        add_page(ret, page, MATCH_NAME);
        return 0;
}

int explain_find(const struct knowledge *k, const char *word, struct explained *ret, struct err *err)
{
        size_t digits = strspn(word, "0123456789");

        if (digits && word[digits] == '-' && strspn(word + digits + 1, "0123456789"))
                return err_set(err, -EINVAL, "'%.*s-' begins a range; ask for one port at a time",
                               (int)(digits % 20), word);
        if (digits && (!word[digits] || word[digits] == '/'))
                return find_port(k, word, digits, ret, err);
        return find_name(k, word, ret, err);
}

void explain_step(struct str *to, const char *step, uint16_t port)
{
        static const char *const names[] = {"unit", "package", "port", "exe"};

        while (*step) {
                size_t plain = strcspn(step, "{"), i;

                str_add_n(to, step, plain);
                step += plain;
                for (i = 0; *step && i < array_len(names); i++) {
                        const char *after = str_after(step + 1, names[i]);

                        if (!after || *after != '}')
                                continue;
                        if (port && streq(names[i], "port"))
                                str_add_u64(to, port);
                        else
                                str_addf(to, "<%s>", names[i]);
                        step = after + 1;
                        break;
                }
                if (*step && i == array_len(names))
                        str_add_char(to, *step++);
        }
}

uint16_t explain_number(const struct explained *e, const struct page *page)
{
        uint16_t port = page->n_ports ? page->ports[0].first : 0;

        if (e->ports.n == 1)
                return e->ports.at[0].port;
        for (size_t i = 0; i < page->n_ports; i++)
                if (page->ports[i].first != port || page->ports[i].last != port)
                        return 0;
        return port;
}

struct explained_port explain_port_of(const struct explained *e, const struct page *page)
{
        if (e->ports.n == 1)
                return e->ports.at[0];
        for (size_t i = 0; i < e->ports.n; i++)
                if (has_port(page->ports, page->n_ports, TRANSPORT_MAX, e->ports.at[i].port))
                        return e->ports.at[i];
        return page->n_ports ? explain_port(TRANSPORT_MAX, page->ports[0].first)
                             : (struct explained_port){.asked = TRANSPORT_MAX};
}
