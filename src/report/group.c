/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/group.h"

#include "base/hash.h"
#include "model/observed.h"
#include "report/row.h"

#define MOST_PORTS 4u /* named in a title */

static uint64_t hash_text(const char *text)
{
        return text ? hash_bytes(text, strlen(text)) : 0;
}

/*
 * Who a listener belongs to. Without a unit it is the one process, as an interpreter runs many programs; without any
 * owner the port stands for it, so that only its addresses are joined.
 */
static uint64_t owner_key(const struct listener *l)
{
        const struct process *p = l->n_processes ? l->processes[0] : NULL;

        if (l->unit)
                return hash_text(l->unit->name);
        if (p)
                return hash_text(p->exe ? p->exe : p->name) + (uint64_t)p->pid;
        return (uint64_t)l->transport << 16 | l->port;
}

/*
 * Titles about listeners may name an address, so they are no part of it: the places are listed below the first
 * title. Those about endpoints are the same for all of whom the same is to be said.
 */
static uint64_t group_key(const struct finding *f)
{
        const struct listener *l = f->listener;
        uint64_t other = f->observed   ? hash_text(f->title)
                         : f->approval ? (uintptr_t)f->approval
                                       : (uintptr_t)f->service;
        const uint64_t parts[] = {
                hash_text(f->rule),          (uint64_t)f->severity,           l ? owner_key(l) : 0,
                l ? (uintptr_t)l->netns : 0, l ? (uintptr_t)l->container : 0, l ? 0 : other,
        };

        return hash_bytes(parts, sizeof(parts));
}

struct finding_groups groups_of(const struct finding *findings, size_t n)
{
        struct finding_groups groups = {0};
        _cleanup_(map_release) struct map by_key = {0};

        for (const struct finding *f = findings; n; f++, n--) {
                uint64_t key = group_key(f), index;

                if (!map_get(&by_key, key, &index)) {
                        index = groups.list.n;
                        vec_push(&groups.list)->first = f;
                        map_put(&by_key, key, index);
                }
                *vec_push(&groups.list.at[index].members) = f;
        }
        return groups;
}

void groups_release(struct finding_groups *groups)
{
        vec_foreach(g, &groups->list)
                vec_clear(&g->members);
        vec_clear(&groups->list);
}

struct distinct {
        struct map seen;
        void (*each)(const char *text, void *arg);
        void *arg;
};

static void pass_new(struct distinct *d, const char *const *list)
{
        for (; *list; list++) {
                if (map_get_str(&d->seen, *list, NULL))
                        continue;
                map_put_str(&d->seen, *list, 1);
                d->each(*list, d->arg);
        }
}

void group_each_evidence(const struct finding_group *g, void (*each)(const char *text, void *arg), void *arg)
{
        struct distinct d = {.each = each, .arg = arg};

        vec_foreach(f, &g->members)
                pass_new(&d, (*f)->evidence);
        map_release(&d.seen);
}

void group_each_step(const struct finding_group *g, void (*each)(const char *text, void *arg), void *arg)
{
        struct distinct d = {.each = each, .arg = arg};

        vec_foreach(f, &g->members)
                pass_new(&d, (*f)->remediation);
        map_release(&d.seen);
}

static void add_endpoint_place(struct str *to, const struct endpoint *e)
{
        char address[ADDRESS_TEXT_SIZE];

        str_addf(to, e->address.family == 6 ? "[%s]:%u/%s" : "%s:%u/%s",
                 address_format(&e->address, address), e->port, transport_name(e->transport));
}

static void add_place(struct str *to, const struct finding *f)
{
        if (f->listener)
                row_add_place(to, f->listener);
        else if (f->observed)
                add_endpoint_place(to, &f->observed->endpoint);
        else
                str_add(to, f->service ? f->service->name : f->approval ? "policy.yaml" : "this host");
}

void group_add_title(struct str *to, const struct finding_group *g)
{
        _cleanup_(map_release) struct map ports = {0};
        size_t more = 0;

        str_add(to, g->first->title);
        vec_foreach(f, &g->members) {
                const struct listener *l = (*f)->listener;
                uint64_t key = l ? (uint64_t)l->transport << 16 | l->port : 0;

                if (!l || map_get(&ports, key, NULL))
                        continue;
                map_put(&ports, key, 1);
                if (*f == g->first)
                        continue;
                if (more++ < MOST_PORTS)
                        str_addf(to, "%s%u/%s", more == 1 ? " (also " : ", ", l->port, transport_name(l->transport));
        }
        if (more > MOST_PORTS)
                str_addf(to, " and %zu more", more - MOST_PORTS);
        if (more)
                str_add_char(to, ')');
}

void group_add_places(struct str *to, const struct finding_group *g, size_t most)
{
        size_t n = g->members.n < most ? g->members.n : most;

        for (size_t i = 0; i < n; i++) {
                if (i)
                        str_add(to, ", ");
                add_place(to, g->members.at[i]);
        }
        if (g->members.n > n)
                str_addf(to, " and %zu more", g->members.n - n);
}
