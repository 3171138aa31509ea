/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/method/udp_notes.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

#define NOTES_MIN 4096u
#define NOTES_MAX 131072u

void udp_notes_init(struct udp_notes *notes, uint32_t rate)
{
        size_t n = NOTES_MIN;

        while (n < NOTES_MAX && n < rate)
                n *= 2;
        *notes = (struct udp_notes){.at = xcalloc(n, sizeof(*notes->at)), .mask = n - 1};
}

void udp_notes_release(struct udp_notes *notes)
{
        free(notes->at);
        *notes = (struct udp_notes){0};
}

static struct udp_note *row(const struct udp_notes *notes, const struct address *to, uint16_t port,
                            uint16_t own_port)
{
        uint64_t hash = hash_bytes(to->bytes, sizeof(to->bytes));

        return &notes->at[hash_u64(hash ^ ((uint64_t)port << 16 | own_port)) & notes->mask];
}

void udp_notes_put(struct udp_notes *notes, const struct probe *probe, uint16_t own_port, uint64_t now_ns)
{
        *row(notes, &probe->to, probe->port, own_port) = (struct udp_note){
                .to = probe->to,
                .port = probe->port,
                .own_port = own_port,
                .canary = probe->canary,
                .when_ns = now_ns,
        };
}

const struct udp_note *udp_notes_find(const struct udp_notes *notes, const struct address *to, uint16_t port,
                                      uint16_t own_port)
{
        const struct udp_note *n = row(notes, to, port, own_port);

        return n->port == port && n->own_port == own_port && address_compare(&n->to, to) == 0 ? n : NULL;
}

static size_t roaming_row(const struct address *host)
{
        return hash_bytes(host->bytes, sizeof(host->bytes)) % ROAMING_NOTES;
}

static bool is_waited_for(const struct roaming_note *note, const struct probe *probe, uint64_t now_ns)
{
        return now_ns < note->when_ns + ROAMING_WAIT_NS && address_compare(&note->to, &probe->to) == 0 &&
               note->port != probe->port;
}

bool roaming_free(const struct roaming_note *notes, const struct probe *probe, uint64_t now_ns)
{
        return !is_waited_for(&notes[roaming_row(&probe->to)], probe, now_ns);
}

void roaming_put(struct roaming_note *notes, const struct probe *probe, uint64_t now_ns)
{
        struct roaming_note *note = &notes[roaming_row(&probe->to)];
        bool several = is_waited_for(note, probe, now_ns);

        *note = (struct roaming_note){
                .to = probe->to,
                .port = probe->port,
                .attempt = probe->attempt,
                .canary = probe->canary,
                .several = several,
                .when_ns = now_ns,
        };
}

const struct roaming_note *roaming_find(const struct roaming_note *notes, const struct address *from)
{
        const struct roaming_note *note = &notes[roaming_row(from)];

        return note->when_ns && address_compare(&note->to, from) == 0 ? note : NULL;
}
