/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The number and what speaks behind it; what nobody could tell; and what the guide says where nothing else does. */
#include "assess/outside_rule.h"
#include "base/str.h"
#include "knowledge/names.h"

/* --- another service than the number says -------------------------------------------------------- */

/* The guide knows that this service is found on that number, too. */
static bool usual_there(const struct outside_input *in)
{
        const struct page *page = in->page;
        const struct endpoint *e = &in->o->endpoint;

        for (unsigned i = 0; page && i < page->n_ports; i++)
                if (page->ports[i].transport == e->transport && e->port >= page->ports[i].first &&
                    e->port <= page->ports[i].last)
                        return true;
        for (unsigned i = 0; page && i < page->n_also_ports; i++)
                if (page->also_ports[i].transport == e->transport && e->port >= page->also_ports[i].first &&
                    e->port <= page->also_ports[i].last)
                        return true;
        return false;
}

/* HTTP carries these, and may be all that is said before a login. */
static bool carried_by_http(const char *registered)
{
        static const char *const names[] = {"ipp", "winrm", "docker", "etcd", "http-proxy", "quic"};

        for (size_t i = 0; i < array_len(names); i++)
                if (names_same(names[i], registered))
                        return true;
        return false;
}

static bool same_service(const struct outside_input *in)
{
        const struct observed *o = in->o;
        const char *protocol = o->identity->protocol;

        if (names_same(o->registered, protocol) ||
            (in->of_number && names_same(in->of_number->id, protocol)))
                return true;
        if ((in->page && in->page == in->of_number) || usual_there(in))
                return true;
        if (names_same(protocol, "http-proxy") && names_same(o->registered, "http"))
                return true;
        return names_same(protocol, "http") &&
               (carried_by_http(o->registered) || !name_is_known(o->registered));
}

static bool lacks_tls(const struct observed *o)
{
        return name_over_tls(o->registered) && names_same(o->registered, o->identity->protocol) &&
               (o->identity->encryption == ENCRYPTION_NONE ||
                o->identity->encryption == ENCRYPTION_STARTTLS);
}

static bool look_wrong(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct observed *o = in->o;
        const char *port = endpoint_port_text(in->pool, &o->endpoint);
        bool no_tls;

        if (!observed_speaks(o) || o->identity->confidence != CONFIDENCE_CONFIRMED || !o->registered)
                return false;
        no_tls = lacks_tls(o);
        if (!no_tls && same_service(in))
                return false;
        draft->severity = name_is_known(o->registered)
                                  ? by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_MEDIUM)
                                  : SEVERITY_LOW;
        draft->rule_suffix = no_tls ? "no-tls" : NULL;
        draft->title = no_tls ? pool_printf(in->pool, "%s without TLS on %s, which is registered for %s",
                                            o->identity->protocol, port, o->registered)
                              : pool_printf(in->pool, "%s on %s, which is registered for %s",
                                            o->identity->protocol, port, o->registered);
        draft->advice = (struct advice){
                ADVICE_REVIEW,
                no_tls ? "Firewalls and people take the number to mean that it is encrypted, and it is not."
                       : "Firewalls and people go by the number: what really speaks there passes as "
                         "something else.",
        };
        lines_add(&draft->evidence, pool_printf(in->pool, "registered for this number: %s", o->registered));
        lines_add(
                &draft->remediation,
                no_tls ? pool_printf(in->pool, "Switch TLS on for %s", port)
                       : pool_printf(
                                 in->pool,
                                 "Find out who put it on %s and why; move it to its own port, or note the "
                                 "reason down",
                                 port));
        return true;
}

const struct outside_rule outside_wrong_service = {.name = "outside-wrong-service", .look = look_wrong};

/* --- nobody could tell --------------------------------------------------------------------------- */

static const struct {
        const char *suffix, *title, *why; /* title NULL: nothing to say */
        enum severity severity;
} behaviours[BEHAVIOUR_MAX] = {
        [BEHAVIOUR_TALKS] = {"unknown", "Something unknown answers on an open port",
                             "What nobody can name, nobody looks after.", SEVERITY_LOW},
        [BEHAVIOUR_SILENT] =
                {"silent", "An open port says nothing, whatever it is asked",
                 "It waits for something that we did not say; what nobody can name, nobody looks after.",
                 SEVERITY_LOW},
        [BEHAVIOUR_CLOSES] = {"closes", "An open port ends each connection at once",
                              "It may serve certain addresses only, or lack what it should start.",
                              SEVERITY_LOW},
        [BEHAVIOUR_RESETS] = {"resets", "An open port resets each connection",
                              "It may serve certain addresses only, or lack what it should start.",
                              SEVERITY_LOW},
        [BEHAVIOUR_FLOODS] = {"floods", "An open port sends without end",
                              "It may be chargen, a trap for scanners, or a fault. It was cut off.",
                              SEVERITY_INFO},
        [BEHAVIOUR_TARPIT] = {"tarpit", "An open port answers drop by drop",
                              "It holds whoever asks, as traps for scanners do. It was left alone.",
                              SEVERITY_INFO},
        [BEHAVIOUR_ANSWERS] = {"unknown", "Something unknown answers on an open port",
                               "What nobody can name, nobody looks after.", SEVERITY_LOW},
        [BEHAVIOUR_MIDDLEBOX] =
                {"middlebox", "Something between here and the host answers for it",
                 "What is seen on such a port tells nothing of the host: look at it from inside, or from "
                 "nearer.",
                 SEVERITY_INFO},
};

static bool look_unidentified(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct identity *id = in->o->identity;
        bool tls = id && id->encryption == ENCRYPTION_TLS;

        if (!id || observed_speaks(in->o) || !behaviours[id->behaviour].title)
                return false;
        draft->severity = in->place == PLACE_LOOPBACK ? SEVERITY_INFO : behaviours[id->behaviour].severity;
        draft->rule_suffix = tls ? "tls" : behaviours[id->behaviour].suffix;
        draft->title = tls ? "Something unknown speaks inside TLS" : behaviours[id->behaviour].title;
        draft->advice = (struct advice){ADVICE_REVIEW, behaviours[id->behaviour].why};
        draft->page = NULL;
        lines_add(&draft->evidence, id->why);
        lines_add(&draft->evidence, id->evidence ? describe_heard(in->pool, id->evidence) : NULL);
        lines_add(&draft->evidence,
                  in->o->registered
                          ? pool_printf(in->pool,
                                        "registered for this number: %s; it did not answer like it",
                                        in->o->registered)
                          : NULL);
        if (id->behaviour == BEHAVIOUR_MIDDLEBOX) {
                lines_add(&draft->remediation, "Look at the host from inside: quaymaster audit, run there");
                return true;
        }
        lines_add(&draft->remediation, "Look from inside who listens: quaymaster host, run there");
        lines_add(&draft->remediation,
                  "If nobody needs it, stop it; if somebody does, let only those reach it");
        return true;
}

const struct outside_rule outside_unidentified = {.name = "outside-unidentified", .look = look_unidentified};

/* --- what the guide says -------------------------------------------------------------------------- */

static bool look_advice(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct page *page = in->page;
        enum severity severity;

        if (!page || (in->o->by_number && in->o->identity) || only_redirects(in->o))
                return false;
        severity = by_place(in, page->risk_loopback, page->risk_link, page->risk_internet);
        severity = as_sure(in, severity);
        if (in->o->identity && in->o->identity->encryption == ENCRYPTION_STARTTLS && severity > SEVERITY_LOW)
                severity--; /* pages speak of the plain protocol */
        if (severity < (page->advice == ADVICE_EXPECTED ? SEVERITY_MEDIUM : SEVERITY_LOW) || in->any)
                return false;
        draft->severity = severity;
        draft->rule_suffix = page->id;
        draft->title = in->o->by_number ? pool_printf(in->pool, "A port is open whose number is that of %s",
                                                      page->name)
                                        : pool_printf(in->pool, "%s answers", page->name);
        outside_alternative(in, page->advice == ADVICE_RECONFIGURE ? "Use" : "Where the other side can, use",
                            draft);
        outside_page_steps(in, &draft->remediation);
        if (in->o->by_number)
                lines_add(&draft->remediation, "Find out what it speaks by an audit with this target");
        return true;
}

const struct outside_rule outside_advice = {.name = "outside-advice", .look = look_advice};
