/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe (QM_PROBE: its name with '_' or '-') against whatever a server says. The input is what it says, in parts that
 * are parted by the bytes f1 f2 f3; each part comes after something was sent or waited for. The first byte chooses: bit 0 a
 * greeting, bit 1 datagrams, bit 2 the peer closes at the end. The talk ends, and what it
 * learnt is printable.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "identify/registry.h"

#define CALLS_MAX 4096u

static const struct probe *chosen(void)
{
        static const struct probe *probe;
        const char *name = getenv("QM_PROBE");
        char copy[64] = "";

        for (size_t i = 0; name && !probe && i < sizeof(copy) - 1 && name[i]; i++)
                copy[i] = name[i];
        for (char *c = copy; *c; c++)
                if (*c == '_')
                        *c = '-';
        if (!probe)
                probe = probe_find(copy);
        if (!probe)
                abort();
        return probe;
}

static void check_text(const char *text)
{
        uint32_t code;

        for (size_t left = text ? strlen(text) : 0; left;) {
                size_t n = text_decode(text, left, &code);

                if (!n || text_is_control(code))
                        abort();
                text += n;
                left -= n;
        }
}

static void check(const struct identity *id)
{
        check_text(id->product);
        check_text(id->version);
        check_text(id->hostname);
        check_text(id->evidence);
        check_text(id->cpe);
        for (size_t i = 0; i < id->n_details; i++)
                check_text(id->details[i].value);
}

/* The next part of the input: its length; moves past the mark behind it. */
static size_t part(const uint8_t **at, const uint8_t *end, const uint8_t **ret)
{
        static const uint8_t mark[] = {0xf1, 0xf2, 0xf3};
        const uint8_t *stop = *at < end ? memmem(*at, (size_t)(end - *at), mark, sizeof(mark)) : NULL;
        size_t len;

        *ret = *at;
        len = (size_t)((stop ? stop : end) - *at);
        *at = stop ? stop + sizeof(mark) : end;
        return len;
}

struct stage {
        struct talk t;
        uint8_t *in;
        size_t len;
};

/* `in` is a block of its own with nothing behind it. */
static void show(struct stage *s, size_t keep, const uint8_t *bytes, size_t len)
{
        uint8_t *in = malloc(keep + len + 1);

        if (!in)
                abort();
        in = realloc(in, keep + len + !(keep + len));
        if (keep)
                memcpy(in, s->in + s->len - keep, keep);
        if (len)
                memcpy(in + keep, bytes, len);
        free(s->in);
        s->in = in;
        s->len = keep + len;
        s->t.in = in;
        s->t.in_len = s->len;
}

static void recognise(const struct probe *probe, const uint8_t *data, size_t size, bool udp)
{
        struct heard heard = {.data = data,
                              .len = size,
                              .ended = udp,
                              .port = 1,
                              .transport = udp ? TRANSPORT_UDP : TRANSPORT_TCP};

        if (!probe->recognise || !size)
                return;
        (void)probe->recognise(&heard);
        heard.asked = probe;
        (void)probe->recognise(&heard);
}

static void talk(struct stage *s, const struct probe *probe, unsigned how, const uint8_t *at,
                 const uint8_t *end)
{
        bool over = false;
        const uint8_t *bytes;

        if (how & 1) {
                size_t len = part(&at, end, &bytes);

                show(s, 0, bytes, len);
        }
        for (unsigned calls = 0; !over; calls++) {
                size_t keep = s->len, len;
                enum talk_next next;

                if (calls > CALLS_MAX)
                        abort();
                s->t.keep = 0;
                next = probe->talk(&s->t);
                if (next == TALK_DONE)
                        return;
                if (next != TALK_MORE) {
                        keep = next == TALK_SEND && s->t.keep < s->len ? s->t.keep : 0;
                        str_reset(&s->t.out);
                }
                if (next == TALK_TLS)
                        s->t.tls = true;
                if (how & 2)
                        keep = 0;
                over = at >= end && (s->t.ended || s->t.waited);
                s->t.waited = at >= end && !(how & 4);
                s->t.ended = at >= end && how & 4;
                len = part(&at, end, &bytes);
                show(s, keep, bytes, len);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct probe *probe = chosen();
        struct pool *pool = pool_new();
        struct identity id;
        struct stage s = {.t = {.name = "host.example",
                                .address = "192.0.2.1",
                                .nonce = 0x0123456789abcdef,
                                .id = &id,
                                .pool = pool}};
        unsigned how = size ? data[0] : 0;

        identity_init(&id);
        s.t.transport = how & 2 ? TRANSPORT_UDP : TRANSPORT_TCP;
        show(&s, 0, NULL, 0);
        if (size > 1)
                recognise(probe, data + 1, size - 1, how & 2);
        if (probe->talk && probe->transports & 1u << s.t.transport)
                talk(&s, probe, how, data + !!size, data + size);
        check(&id);
        str_release(&s.t.out);
        free(s.in);
        pool_free(pool);
        return 0;
}
