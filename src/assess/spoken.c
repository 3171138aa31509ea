/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/spoken.h"

#include "assess/outside_rule.h"
#include "base/str.h"

/*
 * Those that need to have heard it. What the guide says of the service, and who may reach it, is said already by the
 * rules for listeners.
 */
static const struct outside_rule *const rules[] = {
        &outside_relay,           &outside_starttls,        &outside_obsolete,
        &outside_tls_version,     &outside_tls_cipher,      &outside_certificate_dates,
        &outside_certificate_key, &outside_certificate_name, &outside_certificate_issuer,
        &outside_weak_crypto,     &outside_wrong_service,
};

/* From where it is reached the inside view knows better than the address it was asked at. */
static enum place place_of(const struct listener *l)
{
        if (l->exposure.blocked_by)
                return PLACE_LOOPBACK;
        switch (l->exposure.scope) {
        case EXPOSURE_LOOPBACK:
                return PLACE_LOOPBACK;
        case EXPOSURE_PRIVATE:
                return l->exposure.reachable_from[1] ? PLACE_INSIDE : PLACE_LOOPBACK;
        case EXPOSURE_INTERNET:
                return PLACE_EXPOSED;
        default:
                return PLACE_INSIDE;
        }
}

static struct observed observed_of(const struct listener *l)
{
        return (struct observed){
                .endpoint = {.address = l->address,
                             .transport = l->transport,
                             .port = l->port,
                             .state = ENDPOINT_OPEN,
                             .reason = REASON_INSIDE},
                .identity = l->identity,
                .registered = l->registered,
                .guide = l->guide,
                .advice = l->advice,
        };
}

void spoken_describe(const struct rule_input *in, struct lines *to)
{
        const struct observed o = observed_of(in->listener);

        if (o.identity)
                describe_speech(in->pool, &o, to);
}

/* "outside-tls-version" of an endpoint is "tls-version" of a listener. */
static const char *rule_name(const struct outside_rule *rule)
{
        const char *rest = str_after(rule->name, "outside-");

        return rest ? rest : rule->name;
}

void spoken_judge(const struct rule_input *in,
                  void (*add)(const char *rule, const struct verdict_draft *draft, void *arg), void *arg)
{
        const struct listener *l = in->listener;
        const struct observed o = observed_of(l);
        struct outside_input outside = {
                .pool = in->pool,
                .knowledge = in->knowledge,
                .o = &o,
                .page = in->page,
                .place = place_of(l),
                .now = in->view->time_s,
        };

        if (!o.identity)
                return;
        outside.of_number = knowledge_by_port(in->knowledge, l->transport, l->port);
        for (size_t i = 0; i < array_len(rules); i++) {
                struct verdict_draft draft = {.advice = l->advice, .page = in->page};

                if (!rules[i]->look(&outside, &draft))
                        continue;
                add(rule_name(rules[i]), &draft, arg);
                outside.worst = outside.any && outside.worst > draft.severity ? outside.worst : draft.severity;
                outside.any = true;
        }
        if (l->known_for) {
                const char *program = listener_program(l);
                struct verdict_draft draft = {.page = in->page};

                draft_otherwise(in->pool, l, program ? program : "A program", l->known_for, o.identity->protocol,
                                &draft);
                add("protocol-differs", &draft, arg);
        }
}
