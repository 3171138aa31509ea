/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/outside.h"

#include <ctype.h>
#include <strings.h>

#include "assess/outside_rule.h"
#include "base/str.h"
#include "knowledge/names.h"

#define LONGEST_HEARD 160u /* bytes of what a server said, in a finding */

/* What makes others quiet comes first: `any` and `worst` are of those before. */
static const struct outside_rule *const rules[] = {
        &outside_relay,
        &outside_exposed,
        &outside_cleartext,
        &outside_starttls,
        &outside_obsolete,
        &outside_tls_version,
        &outside_tls_cipher,
        &outside_certificate_dates,
        &outside_certificate_key,
        &outside_certificate_name,
        &outside_certificate_issuer,
        &outside_weak_crypto,
        &outside_wrong_service,
        &outside_unidentified,
        &outside_advice,
};

struct outside *outside_new(void)
{
        struct outside *o = xcalloc(1, sizeof(*o));

        o->pool = pool_new();
        return o;
}

struct outside *outside_free(struct outside *o)
{
        if (!o)
                return NULL;
        vec_clear(&o->observed);
        vec_clear(&o->findings);
        vec_clear(&o->rows);
        pool_free(o->pool);
        free(o);
        return NULL;
}

void outside_add(struct outside *o, const struct endpoint *e, const struct identity *id)
{
        *vec_push(&o->observed) = (struct observed){.endpoint = *e, .identity = id};
}

/* --- which page of the guide -------------------------------------------------------------------- */

static bool over_tls(const struct identity *id)
{
        return id->encryption == ENCRYPTION_TLS;
}

/* "Docker Registry" may be a page's name, an alias of one, or with '-' its id. */
static const struct page *page_of_product(const struct knowledge *k, const char *product)
{
        static const struct {
                const char *begins, *page;
        } known[] = {
                {"Kubernetes kubelet", "kubelet"},
                {"kubelet", "kubelet"},
                {"Kubernetes", "kubernetes-api"},
                {"Docker Engine", "docker"},
                {"OpenSearch", "elasticsearch"},
                {"Proxmox VE", "proxmox-ve"},
                {"Proxmox Backup", "proxmox-backup"},
                {"HashiCorp Vault", "vault"},
                {"HashiCorp Consul", "consul"},
                {"HashiCorp Nomad", "nomad"},
                {"Apache CouchDB", "couchdb"},
                {"Apache Solr", "solr"},
                {"RabbitMQ Management", "rabbitmq-management"},
        };
        const struct page *page = knowledge_by_word(k, product);
        _cleanup_free_ char *id = NULL;

        for (size_t i = 0; i < array_len(known) && !page; i++)
                if (str_after(product, known[i].begins))
                        page = knowledge_by_word(k, known[i].page);
        if (page)
                return page;
        id = xstrdup(product);
        for (char *p = id; *p; p++)
                *p = *p == ' ' || *p == '_' ? '-' : (char)tolower((unsigned char)*p);
        return knowledge_by_word(k, id);
}

/* The page of "http" inside TLS is that of "https", where the guide has one. */
static const struct page *page_over_tls(const struct knowledge *k, const char *protocol)
{
        static const char *const ends[] = {"s", "-tls", "-over-tls"};

        for (size_t i = 0; i < array_len(ends); i++) {
                _cleanup_free_ char *name = xasprintf("%s%s", protocol, ends[i]);
                const struct page *page = name_over_tls(name) ? knowledge_by_word(k, name) : NULL;

                if (page)
                        return page;
        }
        return NULL;
}

static const struct page *page_of_name(const struct knowledge *k, const char *protocol)
{
        const struct page *page = knowledge_by_word(k, protocol);
        char name[NAME_SIZE_MAX];

        for (unsigned i = 0; !page && name_next(protocol, &i, name);)
                if (!name_over_tls(name))
                        page = knowledge_by_word(k, name);
        return page;
}

const struct page *page_of_speech(const struct knowledge *k, const struct identity *id,
                                  const struct page *of_number)
{
        const struct page *page = NULL;

        if (id->product && (streq(id->protocol, "http") || streq(id->protocol, "unknown")))
                page = page_of_product(k, id->product);
        if (!page && of_number && names_same(of_number->id, id->protocol) &&
            name_over_tls(of_number->id) == over_tls(id))
                page = of_number;
        if (!page && over_tls(id))
                page = page_over_tls(k, id->protocol);
        return page ? page : page_of_name(k, id->protocol);
}

static void choose_page(const struct knowledge *k, struct observed *o, struct outside_input *in)
{
        in->of_number = knowledge_by_port(k, o->endpoint.transport, o->endpoint.port);
        o->by_number = !observed_speaks(o);
        in->page = o->by_number ? in->of_number : page_of_speech(k, o->identity, in->of_number);
        if (in->page) {
                o->guide = in->page->id;
                o->advice = (struct advice){in->page->advice, in->page->why};
                return;
        }
        o->advice = (struct advice){
                ADVICE_REVIEW,
                o->by_number ? "The guide does not know this port; find out what needs it."
                             : "The guide does not know this protocol; find out what needs it.",
        };
}

/* --- what estate and registry say --------------------------------------------------------------- */

static void place_in_estate(const struct estate *estate, struct observed *o)
{
        const struct estate_asset *asset;

        if (!estate)
                return;
        asset = estate_asset_by_address(estate, &o->endpoint.address);
        o->zone = estate_zone(estate, &o->endpoint.address);
        o->class = estate_class(estate, &o->endpoint.address);
        o->asset_name = asset ? asset->name : NULL;
}

bool zone_has(const struct outside_input *in, const char *words)
{
        while (in->o->zone && *words) {
                size_t len = strcspn(words, " ");
                _cleanup_free_ char *word = xstrndup(words, len);

                if (strcasestr(in->o->zone, word))
                        return true;
                words += len + (words[len] == ' ');
        }
        return false;
}

static enum place place_of(const struct outside_input *in)
{
        const struct address *a = &in->o->endpoint.address;

        if (address_is_loopback(a))
                return PLACE_LOOPBACK;
        if (zone_has(in, "internet dmz public extern outside guest untrusted wan perimeter partner edge") ||
            address_is_public(a))
                return PLACE_EXPOSED;
        return in->o->zone ? PLACE_INSIDE : PLACE_UNKNOWN;
}

/* --- what rules share --------------------------------------------------------------------------- */

enum severity by_place(const struct outside_input *in, enum severity loopback, enum severity inside,
                       enum severity exposed)
{
        if (in->place == PLACE_LOOPBACK)
                return loopback;
        return in->place == PLACE_EXPOSED ? exposed : inside;
}

enum severity as_sure(const struct outside_input *in, enum severity severity)
{
        bool sure = in->o->identity && in->o->identity->confidence == CONFIDENCE_CONFIRMED;

        return sure || severity <= SEVERITY_LOW ? severity : severity - 1;
}

const char *endpoint_port_text(struct pool *pool, const struct endpoint *e)
{
        return pool_printf(pool, "%u/%s", e->port, transport_name(e->transport));
}

const char *observed_name(const struct outside_input *in)
{
        const struct identity *id = in->o->identity;

        if (in->page)
                return in->page->name;
        return id ? id->protocol : in->o->registered;
}

/* A web server that only sends its visitors on to https does what it should. */
bool only_redirects(const struct observed *o)
{
        const char *location = o->identity ? identity_detail(o->identity, "location") : NULL;

        return location && streq(o->identity->protocol, "http") && strncasecmp(location, "https:", 6) == 0;
}

bool observed_flag(const struct observed *o, enum identity_flag flag)
{
        return o->identity && (o->identity->flags & (unsigned)flag);
}

/* Only the port is known from outside: steps that name a unit, a package or a program are for the inside view. */
static const char *fill_step(const struct outside_input *in, const char *step)
{
        static const char port[] = "{port}";
        _cleanup_str_ struct str s = {0};
        const char *open;

        while ((open = strstr(step, port))) {
                str_add_n(&s, step, (size_t)(open - step));
                step = open + strlen(port);
                str_add_u64(&s, in->o->endpoint.port);
        }
        str_add(&s, step);
        for (const char *p = strchr(str_text(&s), '{'); p; p = strchr(p + 1, '{'))
                if (str_after(p, "{unit}") || str_after(p, "{package}") || str_after(p, "{exe}"))
                        return NULL;
        return pool_intern(in->pool, str_text(&s));
}

void outside_page_steps(const struct outside_input *in, struct lines *to)
{
        for (unsigned i = 0; in->page && i < in->page->n_remediation; i++)
                lines_add(to, fill_step(in, in->page->remediation[i]));
}

void outside_alternative(const struct outside_input *in, const char *begin, struct verdict_draft *draft)
{
        const struct alternative *a = &draft->alternative;

        if (!a->protocol && in->page)
                draft->alternative = in->page->alternative;
        if (a->protocol)
                lines_add(&draft->remediation, pool_printf(in->pool, "%s %s%s%s instead", begin, a->protocol,
                                                           a->port ? " on " : "", a->port ? a->port : ""));
}

/* --- findings ----------------------------------------------------------------------------------- */

static void describe_where(const struct outside_input *in, struct lines *to)
{
        const struct observed *o = in->o;
        const struct endpoint *e = &o->endpoint;
        char address[ADDRESS_TEXT_SIZE];

        lines_add(to,
                  pool_printf(in->pool, "answers: %s on %s (%s)%s%s%s%s", endpoint_port_text(in->pool, e),
                              address_format(&e->address, address), endpoint_reason_name(e->reason),
                              o->zone ? ", zone " : "", o->zone ? o->zone : "",
                              o->asset_name ? ", asset " : "", o->asset_name ? o->asset_name : ""));
}

/* What was said is often binary, and long; the record of the endpoint has all of it. */
const char *describe_heard(struct pool *pool, const char *evidence)
{
        size_t len = strlen(evidence);

        while (len > LONGEST_HEARD && ((unsigned char)evidence[LONGEST_HEARD] & 0xc0) == 0x80)
                len = LONGEST_HEARD - 1; /* not within a character */
        if (len > LONGEST_HEARD)
                len = LONGEST_HEARD;
        return pool_printf(pool, "heard: %.*s%s", (int)len, evidence, evidence[len] ? "..." : "");
}

void describe_speech(struct pool *pool, const struct observed *o, struct lines *to)
{
        const struct identity *id = o->identity;

        if (!observed_speaks(o))
                return;
        lines_add(to,
                  pool_printf(pool, "speaks: %s (%s), encryption %s%s%s%s%s", id->protocol,
                              id->confidence == CONFIDENCE_CONFIRMED ? "confirmed" : "likely, not proven",
                              encryption_name(id->encryption), id->product ? "; says it is " : "",
                              id->product ? id->product : "", id->product && id->version ? " " : "",
                              id->product && id->version ? id->version : ""));
        if (id->evidence)
                lines_add(to, describe_heard(pool, id->evidence));
}

static void apply(struct outside *o, const struct outside_rule *rule, struct outside_input *in)
{
        struct verdict_draft draft = {.advice = in->o->advice, .page = in->page};
        struct lines evidence = {0};
        struct finding finding;

        if (!rule->look(in, &draft))
                return;
        describe_where(in, &evidence);
        if (in->o->identity)
                describe_speech(in->pool, in->o, &evidence);
        else
                lines_add(&evidence, "known by the port number alone: it was not asked what it is");
        finding = draft_finish(in->pool, rule->name, &evidence, &draft);
        finding.observed = in->o;
        finding.verdict = in->o->judgement.verdict;
        *vec_push(&o->findings) = finding;
        in->worst = in->any && in->worst > finding.severity ? in->worst : finding.severity;
        in->any = true;
}

static void judge_one(struct outside *o, const struct knowledge *k, const struct estate *estate,
                      struct observed *at, int64_t now)
{
        struct outside_input in = {.pool = o->pool, .knowledge = k, .o = at, .now = now};
        struct registry_entry entry;

        if (registry_find(at->endpoint.transport, at->endpoint.port, &entry) && entry.name[0])
                at->registered = entry.name;
        place_in_estate(estate, at);
        if (at->endpoint.state != ENDPOINT_OPEN)
                return;
        in.place = place_of(&in);
        choose_page(k, at, &in);
        for (size_t i = 0; i < array_len(rules); i++)
                apply(o, rules[i], &in);
}

static int compare_observed(const void *a, const void *b)
{
        const struct endpoint *x = &((const struct observed *)a)->endpoint,
                              *y = &((const struct observed *)b)->endpoint;
        int order = address_compare(&x->address, &y->address);

        if (!order)
                order = (x->zone_index > y->zone_index) - (x->zone_index < y->zone_index);
        if (!order)
                order = (int)x->transport - (int)y->transport;
        return order ? order : (int)x->port - (int)y->port;
}

void outside_add_policy(struct outside *o, const struct knowledge *knowledge, int64_t now)
{
        vec_foreach(f, &o->findings)
                if (f->observed)
                        f->verdict = f->observed->judgement.verdict;
        vec_foreach(at, &o->observed) {
                struct outside_input in = {.pool = o->pool, .knowledge = knowledge, .o = at, .now = now};

                in.page = at->guide ? knowledge_by_word(knowledge, at->guide) : NULL;
                in.place = place_of(&in);
                apply(o, &outside_policy, &in);
        }
        vec_sort(&o->findings, outside_compare_findings);
}

int outside_compare_findings(const void *a, const void *b)
{
        const struct finding *x = a, *y = b;

        if (x->severity != y->severity)
                return x->severity > y->severity ? -1 : 1;
        if (x->observed != y->observed)
                return x->observed < y->observed ? -1 : 1;
        return strcmp(x->rule, y->rule);
}

void outside_judge(struct outside *o, const struct knowledge *knowledge, const struct estate *estate,
                   int64_t now)
{
        vec_sort(&o->observed, compare_observed);
        vec_foreach(at, &o->observed)
                judge_one(o, knowledge, estate, at, now);
        vec_sort(&o->findings, outside_compare_findings);
}
