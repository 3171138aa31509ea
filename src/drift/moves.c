/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drift/moves.h"

#include "base/order.h"
#include "base/str.h"

const char *drift_lasting_unit(const struct item *item)
{
        const char *unit = item->unit;

        /* session-12.scope, run-r0a1b.service: numbers and ids that no restart keeps (systemd-run(1)) */
        return !unit || str_ends(unit, ".scope") || str_after(unit, "run-") ? NULL : unit;
}

/* What a pass takes for the same, besides the owner. */
struct pass {
        bool netns, address, port;
};

static const struct pass passes[] = {
        {.netns = true, .address = true},
        {.netns = true, .port = true},
        {.netns = true},
        {0},
};

/* 0: the same owner, as far as places may be paired. */
static int compare_owner(const struct item *a, const struct item *b)
{
        int r = number_order(a->kind, b->kind);

        if (!r)
                r = number_order(a->transport, b->transport);
        if (!r)
                r = text_order(a->asset, b->asset);
        if (!r && a->kind == ITEM_ENDPOINT) {
                if (!a->asset) /* nothing says that two addresses are one host */
                        r = address_compare(&a->address, &b->address);
                if (!r)
                        r = text_order(a->protocol, b->protocol);
                return r ? r : text_order(a->product, b->product);
        }
        if (!r)
                r = text_order(a->exe, b->exe);
        if (!r)
                r = text_order(drift_lasting_unit(a), drift_lasting_unit(b));
        return r ? r : text_order(a->container, b->container);
}

/* By owner and what the pass asks for: 0 when the two may be paired. */
static int compare_group(const struct pass *pass, const struct item *a, const struct item *b)
{
        int r = compare_owner(a, b);

        if (!r && pass->netns)
                r = text_order(a->netns, b->netns);
        if (!r && pass->address)
                r = address_compare(&a->address, &b->address);
        return !r && pass->port ? number_order(a->port, b->port) : r;
}

static int compare(const void *a, const void *b, void *pass)
{
        const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
        int r = compare_group(pass, x, y);

        if (!r)
                r = number_order(x->port, y->port);
        if (!r)
                r = address_compare(&x->address, &y->address);
        if (!r)
                r = text_order(x->netns, y->netns);
        return r ? r : text_order(x->device, y->device);
}

static bool has_owner(const struct item *item)
{
        switch ((enum item_kind)item->kind) {
        case ITEM_LISTENER:
                return item->exe || drift_lasting_unit(item) || item->container;
        case ITEM_ENDPOINT:
                return item->product || (item->protocol && !streq(item->protocol, "unknown"));
        default:
                return false;
        }
}

/* Those with an owner come first, in their order; how many. */
static size_t owned_first(const struct item **list, size_t n)
{
        _cleanup_free_ const struct item **others = xmalloc((n ? n : 1) * sizeof(*others));
        size_t owned = 0, rest = 0;

        for (size_t i = 0; i < n; i++)
                if (has_owner(list[i]))
                        list[owned++] = list[i];
                else
                        others[rest++] = list[i];
        if (rest)
                memcpy(list + owned, others, rest * sizeof(*list));
        return owned;
}

/* One pass over both lists; what was paired leaves holes (NULL) behind. */
static void pair_sorted(const struct pass *pass, const struct item **gone, size_t n_gone,
                        const struct item **came, size_t n_came, struct drift_pairs *ret)
{
        size_t i = 0, j = 0;

        while (i < n_gone && j < n_came) {
                int r = compare_group(pass, gone[i], came[j]);

                if (r == 0) {
                        *vec_push(&ret->pairs) = (struct drift_pair){gone[i], came[j]};
                        gone[i] = came[j] = NULL;
                }
                i += r <= 0;
                j += r >= 0;
        }
}

/* Closes the holes in the first n of *n_all. */
static size_t close_holes(const struct item **list, size_t n, size_t *n_all)
{
        size_t to = 0, owned;

        for (size_t i = 0; i < n; i++)
                if (list[i])
                        list[to++] = list[i];
        owned = to;
        if (*n_all > n)
                memmove(list + to, list + n, (*n_all - n) * sizeof(*list));
        *n_all -= n - owned;
        return owned;
}

void drift_find_moves(const struct item **gone, size_t *n_gone, const struct item **came, size_t *n_came,
                      struct drift_pairs *ret)
{
        size_t gone_owned = owned_first(gone, *n_gone), came_owned = owned_first(came, *n_came);

        for (const struct pass *pass = passes; pass < passes + array_len(passes) && gone_owned && came_owned;
             pass++) {
                qsort_r(gone, gone_owned, sizeof(*gone), compare, (void *)(uintptr_t)pass);
                qsort_r(came, came_owned, sizeof(*came), compare, (void *)(uintptr_t)pass);
                pair_sorted(pass, gone, gone_owned, came, came_owned, ret);
                gone_owned = close_holes(gone, gone_owned, n_gone);
                came_owned = close_holes(came, came_owned, n_came);
        }
}
