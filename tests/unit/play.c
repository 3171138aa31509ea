/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define SENDS_MAX 64u

static struct pool *pool; /* of the last play; identities point into it */

struct stage {
        struct play *p;
        struct talk t;
        uint8_t *in; /* exactly as long as what came, so that a sanitizer sees reads past it */
        size_t len;
        size_t part; /* of the line that is said byte by byte: how much was */
};

static void show(struct stage *s, const char *bytes, size_t len)
{
        uint8_t *in = xmalloc(s->len + len + !(s->len + len));

        if (s->len)
                memcpy(in, s->in, s->len);
        if (len)
                memcpy(in + s->len, bytes, len);
        free(s->in);
        s->in = in;
        s->len += len;
        s->t.in = s->in;
        s->t.in_len = s->len;
}

/* Lets more come. False when there is nothing more, and the probe has been told so. */
static bool hear(struct stage *s)
{
        struct play *p = s->p;
        const struct play_line *line = p->said < p->n_lines ? &p->lines[p->said] : NULL;
        size_t len = line && line->bytes ? line->len ? line->len : strlen(line->bytes) : 0;

        if (!line || !line->bytes) {
                if (s->t.waited || s->t.ended)
                        return false;
                if (line) {
                        p->said++;
                        s->t.waited = true;
                } else {
                        s->t.ended = p->ends;
                        s->t.waited = !p->ends;
                }
                return true;
        }
        if (p->transport == TRANSPORT_UDP)
                s->len = 0;
        if (p->split && p->transport != TRANSPORT_UDP) {
                show(s, line->bytes + s->part, 1);
                s->part = s->part + 1 < len ? s->part + 1 : 0;
        } else {
                show(s, line->bytes, len);
                s->part = 0;
        }
        p->said += !s->part;
        return true;
}

static void took(struct stage *s)
{
        size_t keep = s->t.keep < s->len ? s->t.keep : s->len;

        str_reset(&s->t.out);
        if (keep)
                memmove(s->in, s->in + s->len - keep, keep);
        s->len = keep;
        s->t.keep = 0;
        show(s, NULL, 0);
        s->t.waited = false;
}

void play(struct play *p)
{
        struct stage s = {.p = p};
        bool again = true;

        pool = pool_free(pool);
        pool = pool_new();
        identity_init(&p->id);
        s.t = (struct talk){.transport = p->transport, .port = p->port, .name = "host.example", .address = "192.0.2.1",
                            .nonce = p->nonce, .id = &p->id, .pool = pool};
        p->connections = 1;
        show(&s, NULL, 0);
        if (p->greeting)
                (void)hear(&s);
        while (again) {
                s.t.keep = 0;
                switch (p->probe->talk(&s.t)) {
                case TALK_MORE:
                        again = hear(&s);
                        break;
                case TALK_SEND:
                        str_add_n(&p->sent, str_text(&s.t.out), s.t.out.len);
                        took(&s);
                        if (p->sends++ > SENDS_MAX)
                                abort();
                        again = s.len || hear(&s);
                        break;
                case TALK_TLS:
                        p->tls++;
                        s.t.tls = true;
                        took(&s);
                        again = p->tls < 3;
                        break;
                case TALK_AGAIN:
                        p->connections++;
                        took(&s);
                        again = p->connections <= 4;
                        break;
                case TALK_DONE:
                        again = false;
                        break;
                }
        }
        str_release(&s.t.out);
        free(s.in);
}

void play_release(struct play *p)
{
        str_release(&p->sent);
        pool = pool_free(pool);
}
