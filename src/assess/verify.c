/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listeners asked over this machine's own addresses: where, and what becomes of the answer. */
#include "assess/correlate.h"
#include "assess/outside_rule.h"
#include "base/str.h"
#include "knowledge/names.h"

static const struct address loopback4 = {4, {127, 0, 0, 1}}, loopback6 = {6, {[15] = 1}};

/* --- where --------------------------------------------------------------------------------------- */

struct choosing {
        const struct assessment *a;
        size_t listener;
        struct endpoint *places;
        size_t n;
};

/*
 * How well it fits what is sent to that address over the loopback device, as the kernel looks sockets up: 0 = not at
 * all; the exact address first, then the device, then the own family (inet_lookup_listener, compute_score).
 */
static unsigned fit(const struct listener *l, const struct address *to)
{
        struct address bound = address_unmapped(&l->address);
        unsigned device = l->device ? 2 : 0;

        if (l->kind != LISTENER_SOCKET || (l->device && !streq(l->device, "lo")))
                return 0;
        if (!address_is_any(&l->address))
                return address_compare(&bound, to) == 0 ? 8 + device : 0;
        if (l->address.family == to->family)
                return 2 + device;
        return l->address.family == 6 && l->dual_stack ? 1 + device : 0;
}

static bool alike(const struct listener *x, const struct listener *y)
{
        return x->netns == y->netns && x->transport == y->transport && x->port == y->port;
}

/* Another listener of that port (they stand side by side) gets what is sent there, or may get it. */
static bool others_take(const struct choosing *c, const struct address *to)
{
        const struct listener *all = c->a->listeners.at, *l = &all[c->listener];
        unsigned own = fit(l, to);

        for (size_t i = c->listener; i > 0 && alike(&all[i - 1], l); i--)
                if (fit(&all[i - 1], to) >= own)
                        return true;
        for (size_t i = c->listener + 1; i < c->a->listeners.n && alike(&all[i], l); i++)
                if (fit(&all[i], to) >= own)
                        return true;
        return false;
}

static const struct interface_address *find_own(const struct choosing *c, const struct address *address)
{
        const struct inside *view = c->a->view;
        const struct netns *netns = c->a->listeners.at[c->listener].netns;

        vec_foreach(a, &view->addresses)
                if (a->up && netns == &view->netns.at[a->netns] &&
                    (address_compare(&a->address, address) == 0 ||
                     (address->family == 4 && a->address.family == 4 && address_is_loopback(address) &&
                      address_is_loopback(&a->address))))
                        return a;
        return NULL;
}

static void add_place(struct choosing *c, const struct address *address)
{
        const struct listener *l = &c->a->listeners.at[c->listener];
        const struct interface_address *own = find_own(c, address);

        if (!own || c->n == VERIFY_PLACES_MAX || !fit(l, address) || others_take(c, address))
                return;
        c->places[c->n++] = (struct endpoint){
                .address = *address,
                .zone_index = address->family == 6 && address_is_link_local(address) ? own->ifindex : 0,
                .transport = l->transport,
                .port = l->port,
                .state = ENDPOINT_OPEN,
                .reason = REASON_INSIDE,
        };
}

/* Bound to every address: loopback, and another one only where loopback leads to somebody else. */
static void add_places_of_any(struct choosing *c)
{
        const struct inside *view = c->a->view;

        add_place(c, &loopback4);
        add_place(c, &loopback6);
        vec_foreach(a, &view->addresses)
                if (!c->n)
                        add_place(c, &a->address);
}

/* Why it is not asked at all; NULL: it may be. */
static const char *excuse(struct pool *pool, const struct listener *l)
{
        if (l->kind == LISTENER_FORWARD)
                return "passed on by the packet filter: what speaks is elsewhere";
        if (!l->netns->own)
                return "in another network namespace: run quaymaster in there";
        if (l->transport != TRANSPORT_TCP && l->transport != TRANSPORT_UDP)
                return "only TCP and UDP can be asked";
        if (address_is_multicast(&l->address))
                return "bound to a multicast group, where others would be asked, too";
        if (l->device && !streq(l->device, "lo"))
                return pool_printf(pool, "bound to the device %s, which takes nothing that this machine sends itself",
                                   l->device);
        return NULL;
}

size_t assess_verify_places(struct assessment *a, size_t listener, struct endpoint ret[VERIFY_PLACES_MAX],
                            const char **ret_why)
{
        const struct listener *l = &a->listeners.at[listener];
        struct choosing c = {.a = a, .listener = listener, .places = ret};
        struct address bound = address_unmapped(&l->address);

        *ret_why = excuse(a->pool, l);
        if (*ret_why)
                return 0;
        if (address_is_any(&l->address))
                add_places_of_any(&c);
        else
                add_place(&c, &bound);
        if (c.n)
                return c.n;
        *ret_why = address_is_any(&l->address) || find_own(&c, &bound)
                           ? "other listeners of the same port take what is sent to it from here"
                           : "no interface of this machine has the address it is bound to";
        return 0;
}

/* --- what became of it --------------------------------------------------------------------------- */

/* Of applications that are spoken over HTTP, and where it agrees, the page of the program says more. */
static bool keeps_page(const struct listener *l, const struct page *spoken)
{
        if (l->confidence == CONFIDENCE_REGISTERED || !l->guide || l->known_for)
                return false;
        return !spoken || (streq(l->identity->protocol, "http") && !names_same(l->guide, "http"));
}

static void advise_by_speech(struct listener *l, const struct page *page)
{
        if (keeps_page(l, page))
                return;
        l->guide = page ? page->id : NULL;
        l->advice = page ? (struct advice){page->advice, page->why}
                         : (struct advice){
                                   ADVICE_REVIEW,
                                   "The guide does not know this protocol; find out what needs it.",
                           };
}

void assess_verified(struct assessment *a, const struct knowledge *knowledge, size_t listener,
                     const struct identity *id)
{
        struct listener *l = &a->listeners.at[listener];
        const struct observed before = {.identity = l->identity};
        struct observed o = {.identity = id};
        const char *program = listener_program(l);
        const struct page *page;

        if (l->identity && l->identity->confidence >= id->confidence)
                return;
        l->identity = o.identity = identity_copy(a->pool, id);
        if (!observed_speaks(&o) || id->confidence <= l->confidence)
                return; /* the program says as much, and is no hint that could mislead */
        page = page_of_speech(knowledge, id, knowledge_by_port(knowledge, l->transport, l->port));
        if (!observed_speaks(&before) && speaks_otherwise(&o, l->protocol) &&
            !(page && program && page_has_program(page, program))) /* Dovecot is known for POP3 and for IMAP */
                l->known_for = l->protocol;
        advise_by_speech(l, page);
        l->protocol = o.identity->protocol;
        l->confidence = id->confidence;
}
