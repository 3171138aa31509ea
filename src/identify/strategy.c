/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/engine.h"

#include "identify/evidence.h"

#define GREETING_MS        700u  /* nothing is known of the port */
#define GREETING_CLIENT_MS 250u  /* its usual server waits for the client */
#define GREETING_SERVER_MS 2500u /* its usual server speaks first */
#define GREETING_INSIDE_MS 400u
#define GREETING_ONLY_MS   3000u /* nothing may be sent: all there is */
#define SWEEP_OPEN          10u    /* conversations at once while sweeping */
#define LIKELY_EVERY_NS \
        600000000ull /* the next is begun while the last is still waited for; at once when it ended */
#define SWEEP_EVERY_NS      110000000ull
#define SWEEP_UDP_EVERY_NS 60000000ull
#define TLS_SWEEP_NS       7000000000ull
#define CLOSES_ENOUGH      3u

static size_t index_of(const struct probe *probe)
{
        for (size_t i = 0; i < n_probes; i++)
                if (probes[i] == probe)
                        return i;
        return PROBES_MAX - 1;
}

static bool has(const struct probe_set *set, const struct probe *probe)
{
        size_t i = index_of(probe);

        return set->bits[i / 64] >> (i % 64) & 1;
}

static bool was_tried(const struct work *w, const struct probe *probe)
{
        return has(&w->tried[w->inside], probe);
}

bool strategy_mark(struct work *w, const struct probe *probe)
{
        size_t i = index_of(probe);
        bool before = was_tried(w, probe);

        w->tried[w->inside].bits[i / 64] |= 1ull << (i % 64);
        return !before;
}

static enum transport transport_of(const struct work *w)
{
        return w->job.endpoint.transport;
}

static bool is_tls(const struct probe *probe)
{
        return streq(probe->name, "tls");
}

static bool silent_only(const struct work *w)
{
        return w->job.no_payload || !gate_payload_allowed(w->job.endpoint.port, w->job.class);
}

bool strategy_may_send(const struct work *w, const struct probe *probe)
{
        if (!probe->talk || !(probe->transports & 1u << transport_of(w)))
                return false;
        if (silent_only(w))
                return probe->safety == SAFETY_LISTEN;
        return probe->safety != SAFETY_INDUSTRIAL || w->job.industrial;
}

static bool is_hint(const struct work *w, const struct probe *probe)
{
        return probe_has_port(probe, transport_of(w), w->job.endpoint.port);
}

static enum probe_sweep sweep_of(const struct work *w, const struct probe *probe)
{
        return transport_of(w) == TRANSPORT_UDP ? probe->sweep_udp : probe->sweep_tcp;
}

static bool worth(const struct work *w, const struct probe *probe)
{
        return !was_tried(w, probe) && strategy_may_send(w, probe) && !(w->inside && is_tls(probe));
}

/* --- order ---------------------------------------------------------------------------------------- */

static const struct probe *next_hint(const struct work *w)
{
        for (size_t i = 0; i < n_probes; i++)
                if (!probes[i]->speaks_first && worth(w, probes[i]) && is_hint(w, probes[i]))
                        return probes[i];
        return NULL;
}

static const struct probe *next_sweep(const struct work *w, enum probe_sweep sweep)
{
        for (size_t i = 0; i < n_probes; i++)
                if (sweep_of(w, probes[i]) == sweep && worth(w, probes[i]))
                        return probes[i];
        return NULL;
}

static bool tls_hinted(const struct work *w)
{
        const struct probe *tls = probe_find("tls");

        return tls && transport_of(w) == TRANSPORT_TCP && is_hint(w, tls) && strategy_may_send(w, tls);
}

unsigned strategy_greeting_ms(const struct work *w)
{
        bool client = false, server = false;

        if (silent_only(w))
                return GREETING_ONLY_MS;
        for (size_t i = 0; i < n_probes; i++)
                if (is_hint(w, probes[i]) && probes[i]->transports & 1u << TRANSPORT_TCP &&
                    !is_tls(probes[i]))
                        *(probes[i]->speaks_first ? &server : &client) = true;
        if (client)
                return GREETING_CLIENT_MS;
        if (server)
                return GREETING_SERVER_MS;
        return w->inside ? GREETING_INSIDE_MS : GREETING_MS;
}

bool strategy_lingers(const struct work *w)
{
        return !w->inside && !silent_only(w) && !next_hint(w);
}

const struct probe *strategy_first_question(struct work *w)
{
        const struct probe *probe = next_hint(w);

        if (!probe)
                probe = next_sweep(w, SWEEP_FIRST);
        /* TLS needs a connection on which nothing was said, or at least nothing else */
        if (probe && is_tls(probe))
                return NULL;
        if (probe)
                (void)strategy_mark(w, probe);
        return probe;
}

void strategy_suggest(struct work *w, const struct probe *probe)
{
        if (was_tried(w, probe) || !strategy_may_send(w, probe))
                return;
        for (size_t i = 0; i < w->n_suggested; i++)
                if (w->suggested[i] == probe)
                        return;
        if (w->n_suggested < array_len(w->suggested))
                w->suggested[w->n_suggested++] = probe;
}

static bool of_probe(struct work *w, const struct probe *probe, bool last, struct attempt *ret)
{
        if (!probe)
                return false;
        (void)strategy_mark(w, probe);
        if (is_tls(probe)) {
                *ret = (struct attempt){.kind = ATTEMPT_TLS, .no_alpn = w->tls_without_alpn};
                w->tls_tried = true;
        } else {
                *ret = (struct attempt){.kind = ATTEMPT_PROBE, .probe = probe, .last = last};
        }
        return true;
}

static bool next_version(struct work *w, struct attempt *ret)
{
        if (!w->has_facts || !w->inside || !w->facts.versions || silent_only(w))
                return false;
        if (!w->versions_begun) {
                w->versions_begun = true;
                w->hello_next = (w->facts.version == TLS_1_3 ? TLS_1_2 : TLS_1_1) + 1;
        }
        if (!w->hello_next)
                return false;
        *ret = (struct attempt){.kind = ATTEMPT_HELLO, .hello = (enum tls_version)(w->hello_next - 1)};
        w->hello_next = 0;
        return true;
}

static bool hopeless(const struct work *w)
{
        return w->flooded || w->failed_connects >= 2 ||
               (w->at_once >= CLOSES_ENOUGH && !w->answers && !w->inside && !w->tls_refused);
}

/* One at a time: suggestions, probes of the port, HTTP and TLS. */
static bool next_likely(struct work *w, struct attempt *ret)
{
        while (w->n_suggested) {
                const struct probe *probe = w->suggested[--w->n_suggested];

                if (worth(w, probe))
                        return of_probe(w, probe, false, ret);
        }
        if (tls_hinted(w) && !w->inside && worth(w, probe_find("tls")))
                return of_probe(w, probe_find("tls"), false, ret);
        if (w->at_once && !w->answers &&
            !w->inside) /* closed on whoever comes? then nothing need be asked */
                w->listened[0] = false;
        if (!w->listened[w->inside] && transport_of(w) == TRANSPORT_TCP) {
                w->listened[w->inside] = true;
                *ret = (struct attempt){.kind = ATTEMPT_LISTEN};
                return true;
        }
        return of_probe(w, next_hint(w), false, ret) || of_probe(w, next_sweep(w, SWEEP_FIRST), false, ret);
}

static bool next_of_sweep(struct work *w, struct attempt *ret)
{
        const struct probe *probe = next_sweep(w, SWEEP_SECOND);

        if (!probe && !w->inside)
                probe = next_sweep(w, SWEEP_LAST);
        return of_probe(w, probe, true, ret);
}

bool strategy_next(struct work *w, uint64_t now_ns, struct attempt *ret)
{
        bool udp = transport_of(w) == TRANSPORT_UDP;

        if (now_ns < w->next_ns || now_ns - w->began_ns > IDENTIFY_PORT_MS * 900000ull || w->job.middlebox)
                return false;
        if (w->decided)
                return !w->open && next_version(w, ret);
        if (w->inside && now_ns - w->began_ns > TLS_SWEEP_NS) /* what it accepts must still be asked */
                return next_version(w, ret);
        if (hopeless(w) || w->open >= SWEEP_OPEN)
                return false;
        if (next_likely(w, ret)) {
                w->next_ns = now_ns + (udp ? SWEEP_UDP_EVERY_NS * 2 : LIKELY_EVERY_NS);
                if (ret->kind == ATTEMPT_LISTEN)
                        w->next_ns = now_ns + strategy_greeting_ms(w) * 1000000ull +
                                     (strategy_lingers(w) ? 0 : LIKELY_EVERY_NS);
                return true;
        }
        if (w->job.doubtful)
                return false;
        if (w->best.confidence == CONFIDENCE_LIKELY) { /* nobody else is expected to know it better */
                w->decided = !w->open;
                return w->decided && next_version(w, ret);
        }
        if (!next_of_sweep(w, ret))
                return !w->open && next_version(w, ret);
        w->sweeps++;
        w->next_ns = now_ns + (udp ? SWEEP_UDP_EVERY_NS : SWEEP_EVERY_NS);
        return true;
}

bool strategy_over(const struct work *w, uint64_t now_ns)
{
        struct work copy = *w; /* asking for the next marks it as tried */
        struct attempt attempt;

        if (w->open)
                return false;
        copy.next_ns = 0;
        return !strategy_next(&copy, now_ns, &attempt);
}

/* --- recognition ---------------------------------------------------------------------------------- */

const struct probe *strategy_recognise(const struct work *w, const struct heard *heard,
                                       enum recognition *ret)
{
        const struct probe *best = NULL;

        *ret = RECOGNISE_NO;
        for (size_t i = 0; i < n_probes; i++) {
                enum recognition r;

                if (!probes[i]->recognise || !(probes[i]->transports & 1u << heard->transport) ||
                    (w->inside && is_tls(probes[i])) ||
                    (was_tried(w, probes[i]) && probes[i] != heard->asked))
                        continue;
                r = probes[i]->recognise(heard);
                if (r > *ret || (r && r == *ret && is_hint(w, probes[i]) && !is_hint(w, best))) {
                        *ret = r;
                        best = probes[i];
                }
        }
        return best;
}

void strategy_note(struct work *w, const struct heard *heard)
{
        for (size_t i = 0; i < n_probes && !w->hint; i++)
                if (probes[i]->recognise && probes[i]->transports & 1u << heard->transport &&
                    was_tried(w, probes[i]) && !streq(probes[i]->protocol, "unknown") &&
                    probes[i]->recognise(heard) == RECOGNISE_SURE)
                        w->hint = probes[i];
}

/* --- results -------------------------------------------------------------------------------------- */

void strategy_take_facts(struct work *w, struct conversation *c)
{
        if (!c->tls || w->has_facts)
                return;
        tls_session_facts(c->tls, &w->facts, w->pool);
        w->has_facts = w->facts.versions != 0;
}

static void take_version(struct work *w, const struct conversation *c)
{
        enum tls_version version;
        uint16_t suite;
        uint8_t alert;
        enum tls_answer answer =
                tls_answer_read((const uint8_t *)str_text(&c->in), c->in.len, &version, &suite, &alert);
        enum tls_version asked = c->attempt.hello;

        if (!c->connected)
                return;
        w->facts.versions_asked |= 1u << asked;
        if (answer == TLS_ANSWER_ACCEPTED) {
                for (enum tls_version v = version; v <= asked; v++)
                        w->facts.versions_asked |= 1u << v;
                w->facts.versions |= 1u << version;
                w->facts.weak_cipher |= tls_cipher_weak(suite);
                w->hello_next = (uint8_t)version; /* the one below it, plus 1 */
        } else if (asked == TLS_1_2) {
                w->hello_next = TLS_1_1 + 1;
        } else {
                for (enum tls_version v = TLS_SSL3; v < asked; v++)
                        w->facts.versions_asked |=
                                1u << v; /* a server takes the highest it has of those below */
        }
}

static const char *evidence_of(struct work *w, const struct str *first)
{
        _cleanup_str_ struct str text = {0};

        if (!first->len)
                return NULL;
        evidence_add(&text, first->text, first->len);
        return pool_intern_n(w->pool, text.text, text.len);
}

void strategy_take(struct work *w, struct conversation *c)
{
        if (c->attempt.kind == ATTEMPT_HELLO) {
                take_version(w, c);
                return;
        }
        strategy_take_facts(w, c);
        if (w->open <= 1)
                w->next_ns = 0;
        if (!c->connected) {
                w->failed_connects++;
        } else if (!c->first.len && c->ended && !c->inside) {
                (*(c->reset ? &w->resets : &w->closes))++;
                w->at_once += c->attempt.kind == ATTEMPT_LISTEN && !c->sends;
        }
        if (c->first.len) {
                w->answers++;
                if (!w->first.len)
                        str_add_n(&w->first, c->first.text, c->first.len);
        }
        if (c->id.confidence <= w->best.confidence)
                return;
        w->best = c->id;
        w->best.probe = c->probe ? c->probe->name : NULL;
        if (!w->best.evidence)
                w->best.evidence = evidence_of(w, &c->first);
        if (c->inside)
                w->best.encryption = ENCRYPTION_TLS;
        w->decided = w->best.confidence == CONFIDENCE_CONFIRMED;
}

static const char *const whys[BEHAVIOUR_MAX] = {
        [BEHAVIOUR_SILENT] = "takes what it is sent and says nothing",
        [BEHAVIOUR_CLOSES] = "accepts connections and closes them at once",
        [BEHAVIOUR_RESETS] = "accepts connections and resets them at once",
        [BEHAVIOUR_FLOODS] = "sends without end: given up",
        [BEHAVIOUR_ANSWERS] = "answers, and no known protocol answers so",
        [BEHAVIOUR_GONE] = "took no more connections",
        [BEHAVIOUR_NOT_ASKED] = "nothing may be sent to it",
        [BEHAVIOUR_MIDDLEBOX] = "something in between answers for all ports of the host",
};

static enum behaviour behaviour_of(const struct work *w)
{
        if (w->best.confidence > CONFIDENCE_REGISTERED)
                return BEHAVIOUR_TALKS;
        if (w->job.middlebox)
                return BEHAVIOUR_MIDDLEBOX;
        if (w->flooded)
                return BEHAVIOUR_FLOODS;
        if (w->answers || w->has_facts || w->tls_refused)
                return BEHAVIOUR_ANSWERS;
        if (silent_only(w))
                return BEHAVIOUR_NOT_ASKED;
        if (transport_of(w) == TRANSPORT_TCP && !w->connected)
                return BEHAVIOUR_GONE;
        if (w->resets > w->closes)
                return BEHAVIOUR_RESETS;
        return w->closes && w->closes + 1 >= w->connections / 2 ? BEHAVIOUR_CLOSES : BEHAVIOUR_SILENT;
}

void strategy_result(struct work *w, uint64_t now_ns, struct identity *ret)
{
        *ret = w->best;
        if (ret->confidence == CONFIDENCE_REGISTERED && w->hint) {
                ret->protocol = w->hint->protocol;
                ret->confidence = CONFIDENCE_LIKELY;
                ret->probe = w->hint->name;
                w->best.confidence = CONFIDENCE_LIKELY;
        }
        ret->behaviour = behaviour_of(w);
        if (w->has_facts && (w->inside || ret->encryption == ENCRYPTION_STARTTLS))
                ret->tls = &w->facts;
        if (w->inside || (w->tls_refused && ret->confidence == CONFIDENCE_REGISTERED))
                ret->encryption = ENCRYPTION_TLS;
        else if (ret->encryption == ENCRYPTION_UNKNOWN &&
                 (w->tls_tried || ret->confidence > CONFIDENCE_REGISTERED))
                ret->encryption = ENCRYPTION_NONE;
        if (ret->behaviour != BEHAVIOUR_TALKS)
                ret->why = w->inside        ? "speaks TLS, and nothing that is known inside it"
                           : w->tls_refused ? "speaks TLS, and refused the handshake"
                                            : whys[ret->behaviour];
        if (!ret->evidence && ret->behaviour != BEHAVIOUR_FLOODS)
                ret->evidence = evidence_of(w, &w->first);
        ret->connections = w->connections;
        ret->bytes_in = w->bytes_in;
        ret->bytes_out = w->bytes_out;
        ret->elapsed_ms = (uint32_t)((now_ns - w->began_ns) / 1000000);
}
