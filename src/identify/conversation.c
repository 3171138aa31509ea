/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/engine.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define CONNECT_MS        4000u
#define SHAKE_MS          4000u
#define PATIENCE_MS       2500u
#define PATIENCE_SWEEP_MS 1200u
#define PATIENCE_UDP_MS   1200u /* then it is sent once more */
#define MORE_MS           250u  /* after a part of a greeting that is not understood yet */
#define AGAINS_MAX        3u
#define SENDS_MAX         24u

#define FLOOD_BYTES (256u * 1024) /* of one connection, without being asked that much */

static void due_in(struct conversation *c, unsigned ms)
{
        uint64_t now = c->work->runner->now_ns;
        uint64_t last = c->work->began_ns + IDENTIFY_PORT_MS * 1000000ull;

        c->deadline_ns = now + ms * 1000000ull;
        if (c->deadline_ns > last)
                c->deadline_ns = last;
}

static void over(struct conversation *c)
{
        c->state = CONVERSATION_OVER;
}

/* --- steps ----------------------------------------------------------------------------------------- */

static void start_tls(struct conversation *c, bool starttls)
{
        const char *name = c->work->job.name;

        c->starttls = starttls;
        c->tls = tls_session_new(name, !starttls && !c->attempt.no_alpn && c->attempt.kind == ATTEMPT_TLS);
        c->state = CONVERSATION_SHAKE;
        str_reset(&c->in);
        due_in(c, SHAKE_MS);
        (void)tls_session_feed(c->tls, NULL, 0);
        tls_session_out(c->tls, &c->pending);
        conversation_flush(c);
}

static void start_listening(struct conversation *c)
{
        c->state = CONVERSATION_LISTEN;
        due_in(c, strategy_greeting_ms(c->work));
}

/* Whoever is asked sees it, so nothing of ours is in it; without the kernel's generator only the time. */
static uint64_t random_u64(const struct conversation *c)
{
        uint64_t random;

        return getrandom(&random, sizeof(random), 0) == sizeof(random) ? random
                                                                       : c->began_ns * 0x9e3779b97f4a7c15u;
}

static void talk(struct conversation *c);

static void start_talk(struct conversation *c, const struct probe *probe)
{
        struct work *w = c->work;

        str_release(&c->talk.out);
        identity_init(&c->id);
        c->probe = probe;
        c->state = CONVERSATION_TALK;
        c->talk = (struct talk){
                .transport = w->job.endpoint.transport,
                .port = w->job.endpoint.port,
                .tls = c->inside,
                .name = w->job.name ? w->job.name : w->address,
                .address = w->address,
                .nonce = random_u64(c),
                .id = &c->id,
                .pool = w->pool,
        };
        talk(c);
}

static unsigned patience(const struct conversation *c)
{
        if (c->talk.patience_ms)
                return c->talk.patience_ms < IDENTIFY_PORT_MS ? c->talk.patience_ms : IDENTIFY_PORT_MS;
        if (conversation_is_udp(c))
                return PATIENCE_UDP_MS;
        return c->attempt.last ? PATIENCE_SWEEP_MS : PATIENCE_MS;
}

static struct heard heard_of(const struct conversation *c)
{
        return (struct heard){
                .data = (const uint8_t *)str_text(&c->first),
                .len = c->first.len,
                .ended = c->ended || conversation_is_udp(c),
                .asked = c->sent ? c->probe : NULL,
                .transport = c->work->job.endpoint.transport,
                .port = c->work->job.endpoint.port,
        };
}

/* The peer has said our own words back: that is an echo, whatever we had said. */
static bool echoed(const struct conversation *c)
{
        size_t n = c->asked.len < c->first.len ? c->asked.len : c->first.len;

        return n >= 8 && c->sent && memcmp(c->asked.text, c->first.text, n) == 0;
}

static void suggest_echo(struct work *w)
{
        const struct probe *echo = probe_find("echo");

        if (echo)
                strategy_suggest(w, echo);
}

/*
 * The probe has not understood what came. Who else does? A server that speaks first is heard out on this
 * connection; others get one of their own. True when the conversation goes on.
 */
static bool hand_over(struct conversation *c)
{
        struct heard heard = heard_of(c);
        enum recognition how;
        const struct probe *other = NULL;

        if (!heard.len)
                return false;
        if (echoed(c)) {
                suggest_echo(c->work);
                return false;
        }
        strategy_note(c->work, &heard);
        other = strategy_recognise(c->work, &heard, &how);
        if (!other || other == c->probe)
                return false;
        if (how == RECOGNISE_SURE && !streq(other->protocol, "unknown"))
                c->work->hint = other;
        if (how >= RECOGNISE_MAYBE && other->speaks_first && !c->switched &&
            strategy_may_send(c->work, other)) {
                c->switched = true;
                (void)strategy_mark(c->work, other);
                str_reset(&c->in);
                str_add_n(&c->in, c->first.text, c->first.len);
                start_talk(c, other);
                return true;
        }
        if (how >= RECOGNISE_LIKELY || (how == RECOGNISE_MAYBE && !other->speaks_first))
                strategy_suggest(c->work, other);
        return false;
}

static void talk_over(struct conversation *c)
{
        if (c->id.confidence != CONFIDENCE_REGISTERED && c->sends == 1 && c->asked.len == c->first.len &&
            echoed(c) && !streq(c->probe->name, "echo"))
                identity_init(&c->id);
        if (c->id.confidence == CONFIDENCE_REGISTERED && hand_over(c))
                return;
        over(c);
}

static void reconnect(struct conversation *c);

/* Let the probe go on until it waits for something. */
static void talk(struct conversation *c)
{
        for (;;) {
                struct talk *t = &c->talk;

                t->in = (const uint8_t *)str_text(&c->in);
                t->in_len = c->in.len;
                t->ended = c->ended;
                t->reset = c->reset;
                t->keep = 0;
                switch (c->probe->talk(t)) {
                case TALK_SEND:
                        if (c->ended || c->sends >= SENDS_MAX) {
                                talk_over(c);
                                return;
                        }
                        if (t->keep < c->in.len && t->keep)
                                memmove(c->in.text, c->in.text + c->in.len - t->keep, t->keep);
                        if (t->keep < c->in.len)
                                c->in.len = t->keep;
                        conversation_say(c, &t->out);
                        str_reset(&t->out);
                        t->waited = false;
                        due_in(c, patience(c));
                        if (c->in.len)
                                continue;
                        return;
                case TALK_MORE:
                        if (c->ended || t->waited || c->in.len >= IN_MAX)
                                talk_over(c);
                        else
                                due_in(c, patience(c));
                        return;
                case TALK_TLS:
                        if (conversation_is_udp(c) || c->tls || c->ended)
                                talk_over(c);
                        else
                                start_tls(c, true);
                        return;
                case TALK_AGAIN:
                        if (conversation_is_udp(c) || c->agains++ >= AGAINS_MAX)
                                talk_over(c);
                        else
                                reconnect(c);
                        return;
                case TALK_DONE:
                        talk_over(c);
                        return;
                }
        }
}

/* Somebody else's answer is told at once, without waiting for the patience to end. */
static bool other_surely(struct conversation *c)
{
        struct heard heard = heard_of(c);
        enum recognition how;
        const struct probe *other;

        if (c->sends != 1 || c->switched || c->id.confidence != CONFIDENCE_REGISTERED || !heard.len ||
            (c->probe->recognise && c->probe->recognise(&heard) != RECOGNISE_NO))
                return false;
        if (echoed(c))
                return true;
        other = strategy_recognise(c->work, &heard, &how);
        return other && other != c->probe && how == RECOGNISE_SURE;
}

static void go_talk(struct conversation *c, bool any, bool late)
{
        if (any && other_surely(c)) {
                talk_over(c);
                return;
        }
        if (any && !c->ended && c->in.len == 0)
                return; /* of TLS itself */
        if (conversation_is_udp(c) && late && !any && !c->first.len && !c->resent && !c->attempt.last &&
            c->asked.len) {
                c->resent = true;
                conversation_send_datagram(c, c->asked.text, c->asked.len);
                due_in(c, patience(c));
                return;
        }
        c->talk.waited = late && !any;
        if (any || late)
                talk(c);
}

static void go_listen(struct conversation *c, bool late)
{
        struct heard heard = heard_of(c);
        enum recognition how = RECOGNISE_NO;
        const struct probe *probe;

        if (heard.len) {
                bool whole = late || c->ended;

                heard.ended = c->ended;
                probe = strategy_recognise(c->work, &heard, &how);
                if (how >= RECOGNISE_LIKELY || (probe && whole)) {
                        if (how == RECOGNISE_SURE && !streq(probe->protocol, "unknown"))
                                c->work->hint = probe;
                        if (streq(probe->name, "tls") || !strategy_may_send(c->work, probe)) {
                                strategy_suggest(c->work, probe);
                                over(c);
                                return;
                        }
                        (void)strategy_mark(c->work, probe);
                        c->switched = true;
                        due_in(c, PATIENCE_MS);
                        start_talk(c, probe);
                        return;
                }
                if (c->work->bytes_in > FLOOD_BYTES)
                        c->work->flooded = true;
                if (!whole) {
                        if (c->deadline_ns > c->work->runner->now_ns + MORE_MS * 1000000ull)
                                due_in(c, MORE_MS);
                        return;
                }
                over(c); /* a greeting that nobody knows */
                return;
        }
        if (c->ended) {
                over(c);
                return;
        }
        if (!late)
                return;
        if (strategy_lingers(c->work) && !c->lingers) {
                c->lingers = true;
                due_in(c, IDENTIFY_PORT_MS);
                return;
        }
        probe = c->lingers ? NULL : strategy_first_question(c->work);
        if (!probe) {
                over(c);
                return;
        }
        due_in(c, PATIENCE_MS);
        start_talk(c, probe);
}

/* On the new connection that the probe wanted. */
static void resume(struct conversation *c)
{
        c->state = CONVERSATION_TALK;
        c->talk.waited = false;
        due_in(c, patience(c));
        talk(c);
}

static void go_shake(struct conversation *c, bool late)
{
        struct work *w = c->work;
        enum tls_state state = tls_session_feed(c->tls, NULL, 0);

        if (state == TLS_OPEN) {
                _cleanup_str_ struct str plain = {0};

                if (c->starttls) {
                        c->talk.tls = true;
                        c->state = CONVERSATION_TALK;
                        strategy_take_facts(w, c);
                        due_in(c, PATIENCE_MS);
                        talk(c);
                        return;
                }
                if (c->agains) {
                        resume(c);
                        return;
                }
                c->inside = true;
                str_reset(&c->first);
                c->sent = false;
                if (!w->inside) {
                        w->inside = true;
                        w->n_suggested = 0;
                        w->hint = NULL;
                        str_reset(&w->first);
                }
                if (!w->has_facts)
                        tls_session_facts(c->tls, &w->facts, w->pool);
                w->has_facts = true;
                if (c->attempt.kind == ATTEMPT_TLS && !c->attempt.no_alpn && w->facts.alpn &&
                    streq(w->facts.alpn, "h2")) {
                        over(c); /* what is inside is asked on a connection that is not bound to HTTP/2 */
                        w->tls_without_alpn = true;
                        return;
                }
                (void)tls_session_read(c->tls, &plain, IN_MAX);
                if (plain.len)
                        conversation_came(c, plain.text, plain.len);
                if (c->attempt.kind == ATTEMPT_PROBE) {
                        due_in(c, c->attempt.last ? PATIENCE_SWEEP_MS : PATIENCE_MS);
                        start_talk(c, c->attempt.probe);
                } else {
                        w->listened[1] = true;
                        start_listening(c);
                        if (c->first.len)
                                go_listen(c, false);
                }
                return;
        }
        if (state == TLS_HANDSHAKE && !c->ended && !late)
                return;
        if (!c->starttls && !w->inside) {
                /* an alert: record type 21, version 3.x (RFC 8446, 5.1) */
                bool ours = c->first.len > 5 && c->first.text[0] == 22 &&
                            c->first.text[5] == 1; /* a ClientHello: an echo */
                bool alert = c->first.len >= 7 && c->first.text[0] == 21 && c->first.text[1] == 3;

                if (ours) {
                        suggest_echo(w);
                        over(c);
                        return;
                }
                if (alert || (c->first.len > 5 && c->first.text[0] == 22 && c->first.text[1] == 3))
                        w->tls_refused = true;
                if (alert && !w->tls_without_alpn) {
                        const struct probe *tls = probe_find("tls");

                        w->tls_without_alpn = true;
                        for (size_t i = 0; i < n_probes && tls; i++)
                                if (probes[i] == tls)
                                        w->tried[0].bits[i / 64] &= ~(1ull << (i % 64));
                        if (tls)
                                strategy_suggest(w, tls);
                        over(c);
                        return;
                }
                c->sent = true;
                c->probe = probe_find("tls");
                c->tls = tls_session_free(c->tls);
                if (!w->tls_refused && hand_over(c))
                        return;
        }
        over(c);
}

static void go_hello(struct conversation *c, bool late)
{
        enum tls_version version;
        uint16_t suite;
        uint8_t alert;

        if (late || c->ended ||
            tls_answer_read((const uint8_t *)str_text(&c->in), c->in.len, &version, &suite, &alert) !=
                    TLS_ANSWER_MORE)
                over(c);
}

static void begin(struct conversation *c)
{
        struct work *w = c->work;

        c->connected = w->connected = true;
        switch (c->attempt.kind) {
        case ATTEMPT_HELLO: {
                c->state = CONVERSATION_HELLO;
                due_in(c, PATIENCE_MS);
                tls_hello_add(&c->pending, c->attempt.hello, w->job.name, random_u64(c));
                conversation_flush(c);
                return;
        }
        case ATTEMPT_TLS:
                c->attempt.no_alpn |= c->agains != 0; /* as the connection before had it: HTTP/1 */
                start_tls(c, false);
                return;
        case ATTEMPT_LISTEN:
        case ATTEMPT_PROBE:
                if (w->inside) {
                        start_tls(c, false);
                } else if (c->agains) {
                        resume(c);
                } else if (c->attempt.kind == ATTEMPT_LISTEN) {
                        start_listening(c);
                } else {
                        due_in(c, c->attempt.last ? PATIENCE_SWEEP_MS : PATIENCE_MS);
                        start_talk(c, c->attempt.probe);
                }
                return;
        }
}

static void go_connect(struct conversation *c, unsigned events, bool late)
{
        int error = 0;
        socklen_t len = sizeof(error);

        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error || late) {
                c->connected = c->ended = c->reset = error == ECONNRESET; /* by then it had been accepted */
                c->work->connected |= c->connected;
                over(c);
                return;
        }
        if (events & (EPOLLOUT | EPOLLIN | EPOLLHUP))
                begin(c);
}

void conversation_go(struct conversation *c, unsigned events, uint64_t now_ns)
{
        bool late = now_ns >= c->deadline_ns, any;

        if (c->state == CONVERSATION_CONNECT) {
                go_connect(c, events, late);
                conversation_watch(c);
                return;
        }
        conversation_flush(c);
        any = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? conversation_hear(c) : false;
        if (!any && !late)
                return;
        switch (c->state) {
        case CONVERSATION_SHAKE:
                go_shake(c, late && !any);
                break;
        case CONVERSATION_LISTEN:
                go_listen(c, late && !any);
                break;
        case CONVERSATION_TALK:
                go_talk(c, any, late);
                break;
        case CONVERSATION_HELLO:
                go_hello(c, late);
                break;
        case CONVERSATION_CONNECT:
        case CONVERSATION_OVER:
                break;
        }
        if (c->work->flooded)
                over(c);
        conversation_watch(c);
}

/* --- life ------------------------------------------------------------------------------------------ */

static void reconnect(struct conversation *c)
{
        (void)close(c->fd);
        c->fd = -1;
        c->tls = tls_session_free(c->tls);
        c->ended = c->reset = c->starttls = false;
        str_reset(&c->in);
        str_reset(&c->pending);
        c->talk.tls = c->inside;
        c->state = CONVERSATION_CONNECT;
        due_in(c, CONNECT_MS);
        if (conversation_open(c) < 0)
                over(c);
}

struct conversation *conversation_new(struct work *w, const struct attempt *attempt, int *ret_code)
{
        struct conversation *c = xcalloc(1, sizeof(*c));

        c->work = w;
        c->attempt = *attempt;
        c->began_ns = w->runner->now_ns;
        identity_init(&c->id);
        c->state = CONVERSATION_CONNECT;
        due_in(c, CONNECT_MS);
        *ret_code = conversation_open(c);
        if (*ret_code < 0)
                return conversation_free(c);
        w->open++;
        if (conversation_is_udp(c)) {
                begin(c);
                conversation_watch(c);
        }
        return c;
}

struct conversation *conversation_free(struct conversation *c)
{
        if (!c)
                return NULL;
        if (c->fd >= 0)
                (void)close(c->fd);
        c->tls = tls_session_free(c->tls);
        str_release(&c->talk.out);
        str_release(&c->in);
        str_release(&c->pending);
        str_release(&c->first);
        str_release(&c->asked);
        free(c);
        return NULL;
}
