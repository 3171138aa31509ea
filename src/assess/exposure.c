/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/correlate.h"

#include "base/str.h"

struct reach { /* the addresses through which a listener can be reached */
        const struct interface_address *public, *other;
        bool loopback_only;
};

static bool takes(const struct listener *l, const struct interface_address *a)
{
        if (l->device && !streq(l->device, a->device))
                return false;
        if (!l->address.family)
                return true;
        if (address_is_any(&l->address))
                return l->address.family == a->address.family || (l->dual_stack && a->address.family == 4);
        return address_compare(&l->address, &a->address) == 0;
}

static struct reach reach_of(const struct inside *view, const struct listener *l)
{
        uint32_t netns = (uint32_t)(l->netns - view->netns.at);
        struct reach reach = {0};
        bool any = false;

        vec_foreach(a, &view->addresses) {
                if (a->netns != netns || !a->up || !takes(l, a))
                        continue;
                any = true;
                if (address_is_loopback(&a->address))
                        continue;
                if (address_is_public(&a->address) && !reach.public)
                        reach.public = a;
                else if (!reach.other)
                        reach.other = a;
        }
        reach.loopback_only = any && !reach.public && !reach.other;
        return reach;
}

static struct exposure in_own_namespace(struct pool *pool, const struct listener *l, const struct reach *reach)
{
        const struct interface_address *via = reach->public ? reach->public : reach->other;
        struct exposure e = {.scope = EXPOSURE_PRIVATE};
        char text[ADDRESS_TEXT_SIZE];

        e.reachable_from[0] = pool_printf(pool, "netns %s", l->netns->role);
        if (!via) {
                e.why = "in a network namespace of its own, without an interface to the outside";
                return e;
        }
        e.reachable_from[1] = "link";
        e.why = pool_printf(pool, "in network namespace '%s', which is attached to others by %s (%s)",
                            l->netns->role, via->device, address_format(&via->address, text));
        return e;
}

static struct exposure on_loopback(struct pool *pool, const struct listener *l)
{
        struct exposure e = {.scope = EXPOSURE_LOOPBACK};

        e.why = l->device && !address_is_loopback(&l->address) ? "bound to the loopback device"
                                                               : "bound to a loopback address";
        e.reachable_from[0] = l->netns->kind == NETNS_HOST ? "host"
                                                           : pool_printf(pool, "netns %s", l->netns->role);
        return e;
}

static const char *bound_to(const struct listener *l)
{
        return !l->address.family || address_is_any(&l->address) ? "bound to every address" : "bound to one address";
}

struct exposure exposure_of(struct pool *pool, const struct inside *view, const struct listener *l)
{
        struct exposure e = {.scope = EXPOSURE_LINK};
        char text[ADDRESS_TEXT_SIZE];
        struct reach reach;

        if (address_is_loopback(&l->address) || (l->device && streq(l->device, "lo")))
                return on_loopback(pool, l);
        reach = reach_of(view, l);
        if (l->netns->kind != NETNS_HOST)
                return in_own_namespace(pool, l, &reach);
        e.reachable_from[0] = "host";
        e.reachable_from[1] = "link";
        if (reach.public) {
                e.scope = EXPOSURE_INTERNET;
                e.reachable_from[2] = "internet";
                e.why = pool_printf(pool, "%s, and %s of %s is a public one; packet filters not considered",
                                    bound_to(l), address_format(&reach.public->address, text),
                                    reach.public->device);
        } else if (reach.other)
                e.why = pool_printf(pool, "%s; reachable over %s (%s); packet filters not considered", bound_to(l),
                                    reach.other->device, address_format(&reach.other->address, text));
        else if (!view->addresses.n && view->source != INSIDE_COLLECTED)
                e.why = pool_printf(pool, "%s; which addresses the host has is not known", bound_to(l));
        else if (address_is_multicast(&l->address))
                e.why = "bound to a multicast group of the attached networks";
        else if (reach.loopback_only)
                e.why = pool_printf(pool, "%s, of which this host has only loopback now", bound_to(l));
        else
                e.why = "bound to an address that no interface has now";
        return e;
}
