/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/scan_self.h"

#include "assess/inside_answer.h"
#include "cli/inside_run.h"
#include "collect/asset.h"
#include "collect/collect.h"

struct self_changes {
        struct address address;
        uint32_t to[ENDPOINT_STATE_MAX]; /* UDP ports that went from open|filtered to that state */
};

void scan_self_look(struct scan_self *self, const struct range_set *own, enum scan_self_what what)
{
        char nft_program[PATH_MAX];
        struct collect_options options = {
                .netns = what == SCAN_SELF_WHOLE ? "all" : "self",
                .nft_program = inside_nft_program(nft_program),
        };

        *self = (struct scan_self){.own = own};
        self->sockets = what != SCAN_SELF_NAME && collect_inside(&options, &self->view, NULL) == 0;
        if (self->sockets)
                return;
        self->view = inside_new();
        asset_identify(self->view);
}

void scan_self_release(struct scan_self *self)
{
        inside_freep(&self->view);
        free(take_ptr(self->changes));
        self->n_changes = 0;
}

bool scan_self_has(const struct scan_self *self, const struct address *address)
{
        return address_is_loopback(address) || range_set_has(self->own, address);
}

bool scan_self_among(const struct range_set *own, const struct targets *targets)
{
        static const struct address_range loopback = {{4, {127}}, {4, {127, 255, 255, 255}}};
        static const struct address loopback6 = {6, {[15] = 1}};

        for (size_t i = 0; i < own->n; i++)
                if (range_set_has(&targets->ranges, &own->at[i].first) ||
                    range_set_has(&targets->ranges, &own->at[i].last))
                        return true;
        for (size_t i = 0; i < targets->ranges.n; i++)
                if (address_range_has(&loopback, &targets->ranges.at[i].first) ||
                    range_set_has(own, &targets->ranges.at[i].first))
                        return true;
        return range_set_has(&targets->ranges, &loopback6);
}

static struct self_changes *changes_of(const struct scan_self *self, const struct address *address)
{
        for (size_t i = 0; i < self->n_changes; i++)
                if (address_compare(&self->changes[i].address, address) == 0)
                        return &self->changes[i];
        return NULL;
}

static void note_change(struct scan_self *self, const struct endpoint *e)
{
        struct self_changes *changes = changes_of(self, &e->address);

        if (!changes) {
                self->changes = xrealloc(self->changes, self->n_changes + 1, sizeof(*self->changes));
                changes = &self->changes[self->n_changes++];
                *changes = (struct self_changes){.address = e->address};
        }
        changes->to[e->state]++;
        self->opened += e->state == ENDPOINT_OPEN;
}

void scan_self_decide(struct scan_self *self, struct endpoint *e)
{
        enum inside_answer answer;

        if (!self->sockets || e->state != ENDPOINT_OPEN_FILTERED || !scan_self_has(self, &e->address))
                return;
        answer = inside_answer(self->view, e->transport, &e->address, e->port);
        if (answer == INSIDE_UNKNOWN)
                return;
        e->state = answer == INSIDE_LISTENS ? ENDPOINT_OPEN : ENDPOINT_CLOSED;
        e->reason = REASON_INSIDE;
        note_change(self, e);
}

void scan_self_correct(const struct scan_self *self, struct host_coverage *c)
{
        const struct self_changes *changes = changes_of(self, &c->address);
        uint32_t *udp = c->by_state[TRANSPORT_UDP];

        for (enum endpoint_state s = 0; changes && s < ENDPOINT_STATE_MAX; s++) {
                udp[s] += changes->to[s];
                udp[ENDPOINT_OPEN_FILTERED] -= changes->to[s];
        }
        if (changes && !udp[ENDPOINT_OPEN_FILTERED])
                c->why &= ~(unsigned)COVERAGE_ICMP_LIMIT; /* nothing looks silent any more */
}
