/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML of nmap (-oX), masscan (-oX) and our own `scan --format xml`, by the published document type. Read
 * as it comes, no tree is made. Entities of the file's own are refused, and nothing is ever loaded
 * besides.
 */
#include <errno.h>

#include "base/map.h"
#include "base/str.h"
#include "import/formats.h"
#include "import/names.h"
#include "import/xml_library.h"

#define CPE_MAX   300u
#define DEPTH_MAX 64u
#define KEY_MAX   2048u /* bytes of attributes that are looked for among those seen before */

struct state {
        struct xml_library xml;
        xmlParserCtxtPtr parser;
        unsigned depth;
        unsigned hidden; /* depth at which something began that is not looked into; 0 = none */
        bool in_host, has_address, user_set, answered;
        uint32_t asked[2];               /* ports of im->asked */
        struct import_host host;         /* the one at work */
        enum endpoint_state extra_state; /* of the <extraports> at work */
        uint32_t extra_count, extra_told;
        bool in_port;
        enum transport transport;
        uint16_t port;
        size_t endpoint; /* index + 1 of the <port> at work; 0 = none */
        struct identity *identity; /* shared by all ports of the same <service> */
        struct map services;       /* interned attributes -> identity */
        struct str key;
        bool in_cpe;
        struct str cpe;
        bool refused;
};

typedef const char *const *attributes; /* name, value, ...; NULL-terminated */

/* A registered number, and nothing was asked. */
static const struct identity by_number = {
        .protocol = "unknown",
        .confidence = CONFIDENCE_REGISTERED,
        .behaviour = BEHAVIOUR_NOT_ASKED,
};

/* --- attributes ----------------------------------------------------------------------------------- */

/* Most names differ soon: a third of the time was spent in calls that said so. */
static bool same(const char *a, const char *b)
{
        while (*a && *a == *b)
                a++, b++;
        return *a == *b;
}

static const char *get(attributes a, const char *name)
{
        for (; a && *a; a += 2)
                if (same(a[0], name))
                        return a[1];
        return NULL;
}

static uint64_t number(attributes a, const char *name, uint64_t max)
{
        const char *text = get(a, name);
        uint64_t value;

        return text && str_to_u64(text, max, &value) == 0 ? value : 0;
}

/* RFC 3339 can write years to 9999. */
static int64_t seconds(attributes a, const char *name)
{
        return (int64_t)number(a, name, 253402300799);
}

static const char *keep(struct import *im, const char *text)
{
        return text ? import_printable(im, text, strlen(text), IDENTITY_TEXT_MAX) : NULL;
}

static bool transport_of(struct import *im, attributes a, const char *name, enum transport *ret)
{
        const char *word = get(a, name);

        *ret = word ? transport_parse(word) : TRANSPORT_MAX;
        if (*ret == TRANSPORT_TCP || *ret == TRANSPORT_UDP)
                return true;
        import_fault(im, "'%.20s' ports are not taken over", word ? word : "");
        return false;
}

/* --- the head ------------------------------------------------------------------------------------- */

static void on_run(struct import *im, struct state *s, attributes a)
{
        const char *scanner = get(a, "scanner"), *version = get(a, "version");
        _cleanup_str_ struct str name = {0};

        if (s->depth != 1)
                return;
        str_addf(&name, "%.40s%s%.40s", scanner ? scanner : "a scanner", version ? " " : "",
                 version ? version : "");
        im->program = import_printable(im, name.text, name.len, IMPORT_TEXT_MAX);
        im->started_s = seconds(a, "start");
}

/* "1-1000,3306" */
static void add_ports(struct port_set *set, const char *list)
{
        while (*list) {
                char *end;
                unsigned long first = strtoul(list, &end, 10), last = first;

                if (end == list)
                        return;
                if (*end == '-')
                        last = strtoul(end + 1, &end, 10);
                if (first > last || last > UINT16_MAX || (*end && *end != ','))
                        return;
                port_set_add_range(set, (uint16_t)first, (uint16_t)last);
                list = *end ? end + 1 : end;
        }
}

static void on_scaninfo(struct import *im, struct state *s, attributes a)
{
        const char *services = get(a, "services"), *type = get(a, "type");
        enum transport t;

        if (!transport_of(im, a, "protocol", &t))
                return;
        if (services)
                add_ports(&im->asked[t], services);
        port_set_remove(&im->asked[t], 0);
        s->asked[t] = port_set_count(&im->asked[t]);
        if (type && (t == TRANSPORT_TCP || !im->method))
                im->method = keep(im, type);
}

static void on_finished(struct import *im, struct state *s, attributes a)
{
        const char *end = get(a, "exit"), *why = get(a, "errormsg");

        im->finished_s = seconds(a, "time");
        im->ended = true;
        if (end && !streq(end, "success"))
                import_fault_all(im, "the scan itself says that it ended with an error: %.200s",
                                 why ? why : end);
}

/* --- hosts ---------------------------------------------------------------------------------------- */

static void on_host(struct import *im, struct state *s, attributes a)
{
        const char *timed_out = get(a, "timedout");

        s->in_host = true;
        s->has_address = s->user_set = s->answered = false;
        s->host = (struct import_host){.status = HOST_UP};
        s->host.time_s = seconds(a, "endtime");
        if (!s->host.time_s)
                s->host.time_s = seconds(a, "starttime");
        if (timed_out && streq(timed_out, "true")) {
                s->host.cut = true;
                s->host.why |= COVERAGE_STOPPED;
        }
}

static void on_status(struct import *im, struct state *s, attributes a)
{
        const char *state = get(a, "state"), *reason = get(a, "reason");

        if (!s->in_host || !state)
                return;
        s->user_set = reason && streq(reason, "user-set");
        if (streq(state, "down"))
                s->host.status = HOST_ABSENT;
        else if (streq(state, "skipped"))
                s->host.status = HOST_NOT_ASKED;
}

static int nibble(char c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

/* "52:54:00:12:34:56" */
static void take_mac(struct import_host *host, const char *text)
{
        uint8_t mac[6];

        if (strlen(text) != 17)
                return;
        for (size_t i = 0; i < sizeof(mac); i++) {
                int high = nibble(text[i * 3]), low = nibble(text[i * 3 + 1]);

                if (high < 0 || low < 0 || (i < 5 && text[i * 3 + 2] != ':'))
                        return;
                mac[i] = (uint8_t)(high << 4 | low);
        }
        host->has_mac = true;
        memcpy(host->mac, mac, sizeof(mac));
}

static void on_address(struct import *im, struct state *s, attributes a)
{
        const char *type = get(a, "addrtype"), *text = get(a, "addr");

        if (!s->in_host || !text)
                return;
        if (type && streq(type, "mac"))
                take_mac(&s->host, text);
        else if (!s->has_address)
                s->has_address =
                        import_address(im, text, strlen(text), &s->host.address, &s->host.zone_index);
}

/* The name that was asked for, before one that was looked up. */
static void on_hostname(struct import *im, struct state *s, attributes a)
{
        const char *name = get(a, "name"), *type = get(a, "type");

        if (s->in_host && name && (!s->host.name || (type && streq(type, "user"))))
                s->host.name = import_text(im, name, strlen(name));
}

static void on_times(struct import *im, struct state *s, attributes a)
{
        if (s->in_host)
                s->host.rtt_us = (uint32_t)number(a, "srtt", UINT32_MAX);
}

/* What our own XML says of a host beside its ports: sentences of model/endpoint.h. */
static void on_script(struct import *im, struct state *s, attributes a)
{
        const char *id = get(a, "id"), *output = get(a, "output"), *middlebox;

        if (!s->in_host || s->in_port || !id || !output || !streq(id, "quaymaster-coverage"))
                return;
        s->host.cut |= str_after(output, "incomplete: ") != NULL;
        for (unsigned bit = 1; bit <= COVERAGE_NO_ROUTE; bit <<= 1)
                if (strstr(output, coverage_reason_text((enum coverage_reason)bit)))
                        s->host.why |= bit;
        middlebox = strstr(output, "middlebox: ");
        if (middlebox)
                s->host.middlebox = import_text(im, middlebox + 11, strlen(middlebox + 11));
}

static void end_host(struct import *im, struct state *s)
{
        struct import_host *host;

        s->in_host = false;
        if (!s->has_address)
                return;
        if (s->host.status == HOST_UP && s->user_set && !s->answered)
                s->host.status = HOST_SILENT;
        for (enum transport t = TRANSPORT_TCP; s->host.status <= HOST_SILENT && t <= TRANSPORT_UDP; t++)
                s->host.asked[t] = s->asked[t];
        host = import_host(im, &s->host.address, s->host.zone_index);
        if (!host)
                return;
        if (host->time_s || host->asked[0] ||
            host->asked[1]) { /* masscan tells a host again for each port */
                for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                        for (enum endpoint_state e = 0; e < ENDPOINT_STATE_MAX; e++)
                                host->unlisted[t][e] += s->host.unlisted[t][e];
                host->time_s = s->host.time_s > host->time_s ? s->host.time_s : host->time_s;
                host->cut |= s->host.cut;
                host->why |= s->host.why;
        } else
                *host = s->host;
}

/* --- ports ---------------------------------------------------------------------------------------- */

/* Which transport the ports are of that an <extraports> counts without saying it. */
static enum transport only_transport(const struct state *s)
{
        return s->asked[TRANSPORT_TCP] || !s->asked[TRANSPORT_UDP] ? TRANSPORT_TCP : TRANSPORT_UDP;
}

static void on_extraports(struct import *im, struct state *s, attributes a)
{
        const char *state = get(a, "state");

        s->extra_told = s->extra_count = 0;
        if (!s->in_host || !state || !names_state(state, &s->extra_state))
                return;
        s->extra_count = (uint32_t)number(a, "count", 2 * (UINT16_MAX + 1));
}

static void on_extrareasons(struct import *im, struct state *s, attributes a)
{
        const char *proto = get(a, "proto");
        enum transport t = proto ? transport_parse(proto) : only_transport(s);
        uint32_t count = (uint32_t)number(a, "count", UINT16_MAX + 1);

        if (!s->in_host || t > TRANSPORT_UDP || s->extra_told + count > s->extra_count)
                return;
        s->extra_told += count;
        s->host.unlisted[t][s->extra_state] += count;
}

static void end_extraports(struct import *im, struct state *s)
{
        if (s->in_host)
                s->host.unlisted[only_transport(s)][s->extra_state] += s->extra_count - s->extra_told;
        s->extra_count = s->extra_told = 0;
}

static void on_port(struct import *im, struct state *s, attributes a)
{
        const char *port = get(a, "portid");

        s->endpoint = 0;
        s->identity = NULL;
        s->in_port = s->in_host && s->has_address && transport_of(im, a, "protocol", &s->transport) &&
                     import_port(im, port ? port : "", port ? strlen(port) : 0, &s->port);
}

static bool is_answer(enum endpoint_state state)
{
        return state == ENDPOINT_OPEN || state == ENDPOINT_CLOSED;
}

static void on_state(struct import *im, struct state *s, attributes a)
{
        const char *word = get(a, "state"), *reason = get(a, "reason");
        struct import_endpoint *e;
        enum endpoint_state state;

        if (!s->in_port || s->endpoint)
                return;
        if (!word || !names_state(word, &state)) {
                import_fault(im, "'%.40s' is no state of a port", word ? word : "");
                return;
        }
        e = import_endpoint(im, &s->host.address, s->host.zone_index, s->transport, s->port);
        if (!e)
                return;
        s->endpoint = im->endpoints.n;
        s->answered |= is_answer(state);
        e->time_s = s->host.time_s;
        e->endpoint.state = state;
        e->endpoint.reason = names_reason(reason, reason ? strlen(reason) : 0);
        e->endpoint.ttl = (uint8_t)number(a, "reason_ttl", UINT8_MAX);
        e->endpoint.confirmed = im->method && streq(im->method, "connect") && state == ENDPOINT_OPEN &&
                                s->transport == TRANSPORT_TCP;
}

static void add_detail(struct identity *id, const char *key, const char *value)
{
        if (value && id->n_details < IDENTITY_DETAILS_MAX)
                id->details[id->n_details++] = (struct identity_detail){key, value};
}

/* What nmap got no answer of, or one that it does not know. */
static void name_behaviour(struct identity *id, const char *name, attributes a)
{
        id->behaviour = BEHAVIOUR_TALKS;
        if (!streq(id->protocol, "unknown"))
                return;
        id->confidence = CONFIDENCE_REGISTERED;
        id->behaviour = name && streq(name, "tcpwrapped") ? BEHAVIOUR_CLOSES
                        : get(a, "servicefp")             ? BEHAVIOUR_ANSWERS
                                                          : BEHAVIOUR_SILENT;
}

static struct identity *make_identity(struct import *im, attributes a)
{
        const char *name = get(a, "name"), *tunnel = get(a, "tunnel");
        struct identity *id = import_identity(im);

        if (!id)
                return NULL;
        id->confidence = number(a, "conf", 10) == 10 ? CONFIDENCE_CONFIRMED : CONFIDENCE_LIKELY;
        names_protocol(im, id, name ? name : "", name ? strlen(name) : 0);
        if (tunnel && streq(tunnel, "ssl"))
                id->encryption = ENCRYPTION_TLS;
        if (id->encryption == ENCRYPTION_UNKNOWN)
                id->encryption = names_encryption(id->protocol);
        name_behaviour(id, name, a);
        id->product = keep(im, get(a, "product"));
        id->version = keep(im, get(a, "version"));
        id->hostname = keep(im, get(a, "hostname"));
        add_detail(id, "extra", keep(im, get(a, "extrainfo")));
        add_detail(id, "os", keep(im, get(a, "ostype")));
        add_detail(id, "device", keep(im, get(a, "devicetype")));
        return id;
}

/* NULL: they are too long. No attribute of XML has a byte 1 or 2 in it. */
static const char *key_of(struct import *im, struct state *s, attributes a)
{
        str_reset(&s->key);
        for (; a && *a && s->key.len <= KEY_MAX; a += 2) {
                str_add(&s->key, a[0]);
                str_add_char(&s->key, '\1');
                str_add(&s->key, a[1]);
                str_add_char(&s->key, '\2');
        }
        return s->key.len <= KEY_MAX ? pool_intern_n(im->pool, s->key.text, s->key.len) : NULL;
}

/* Thousands of hosts have a few services. */
static struct identity *find_identity(struct import *im, struct state *s, attributes a)
{
        const char *key = key_of(im, s, a);
        struct identity *id;
        uint64_t known;

        if (key && map_get(&s->services, (uintptr_t)key, &known))
                return (struct identity *)(uintptr_t)known; // NOLINT(performance-no-int-to-ptr)
        id = make_identity(im, a);
        if (key && id)
                map_put(&s->services, (uintptr_t)key, (uintptr_t)id);
        return id;
}

static void on_service(struct import *im, struct state *s, attributes a)
{
        const char *method = get(a, "method");
        struct import_endpoint *e = s->endpoint ? &im->endpoints.at[s->endpoint - 1] : NULL;

        if (!s->in_port || !e || e->identity ||
            (e->endpoint.state != ENDPOINT_OPEN && e->endpoint.state != ENDPOINT_OPEN_FILTERED))
                return;
        if (!method || !streq(method, "probed"))
                e->identity = &by_number;
        else
                e->identity = s->identity = find_identity(im, s, a);
}

static void on_cpe(struct import *im, struct state *s, attributes a)
{
        s->in_cpe = s->identity && !s->identity->cpe;
        str_reset(&s->cpe);
}

/* The identity is shared; from here on this port has its own. */
static void end_cpe(struct import *im, struct state *s)
{
        struct identity *own = s->in_cpe ? import_identity(im) : NULL;

        s->in_cpe = false;
        if (!own)
                return;
        *own = *s->identity;
        own->cpe = names_cpe(im, str_text(&s->cpe));
        im->endpoints.at[s->endpoint - 1].identity = s->identity = own;
}

static void end_port(struct import *im, struct state *s)
{
        s->in_port = false;
        s->identity = NULL;
        s->endpoint = 0;
}

/* --- elements ------------------------------------------------------------------------------------- */

static const struct {
        const char *name;
        void (*begin)(struct import *im, struct state *s, attributes a);
        void (*end)(struct import *im, struct state *s);
} elements[] = {
        {"nmaprun", on_run},
        {"scaninfo", on_scaninfo},
        {"host", on_host, end_host},
        {"status", on_status},
        {"address", on_address},
        {"hostname", on_hostname},
        {"extraports", on_extraports, end_extraports},
        {"extrareasons", on_extrareasons},
        {"port", on_port, end_port},
        {"state", on_state},
        {"service", on_service},
        {"cpe", on_cpe, end_cpe},
        {"script", on_script},
        {"times", on_times},
        {"finished", on_finished},
};

/*
 * What has the same elements inside, and says nothing: guesses before the scan, the way there, the
 * system.
 */
static bool is_hidden(const char *name)
{
        static const char *const names[] = {"hosthint", "trace", "os", "prescript", "postscript"};

        for (size_t i = 0; i < array_len(names); i++)
                if (same(names[i], name))
                        return true;
        return false;
}

static void place(struct import *im, const struct state *s)
{
        if (s->parser->input && s->parser->input->line > 0)
                im->line = (uint64_t)s->parser->input->line;
}

static void stop(struct import *im, struct state *s)
{
        im->over = true;
        s->xml.stop(s->parser);
}

static void on_begin(void *arg, const xmlChar *name, const xmlChar **a)
{
        struct import *im = arg;
        struct state *s = im->state;

        if (im->over)
                return;
        place(im, s);
        s->depth++;
        if (s->depth == 1 && !streq((const char *)name, "nmaprun")) {
                import_fault(im, "the outermost element is '%.40s', not 'nmaprun'", (const char *)name);
                stop(im, s);
                return;
        }
        if (s->depth > DEPTH_MAX) {
                import_fault(im, "elements are nested too deep");
                stop(im, s);
                return;
        }
        if (!s->hidden && is_hidden((const char *)name))
                s->hidden = s->depth;
        for (size_t i = 0; !s->hidden && i < array_len(elements); i++)
                if (elements[i].begin && same(elements[i].name, (const char *)name))
                        elements[i].begin(im, s, (attributes)a);
}

static void on_end(void *arg, const xmlChar *name)
{
        struct import *im = arg;
        struct state *s = im->state;

        if (im->over)
                return;
        for (size_t i = 0; !s->hidden && i < array_len(elements); i++)
                if (elements[i].end && same(elements[i].name, (const char *)name))
                        elements[i].end(im, s);
        if (s->hidden == s->depth)
                s->hidden = 0;
        s->depth--;
}

static void on_text(void *arg, const xmlChar *text, int len)
{
        struct import *im = arg;
        struct state *s = im->state;

        if (s->in_cpe && len > 0 && s->cpe.len + (size_t)len <= CPE_MAX)
                str_add_n(&s->cpe, (const char *)text, (size_t)len);
}

static void on_entity(void *arg, const xmlChar *name, int type, const xmlChar *public_id,
                      const xmlChar *system_id, xmlChar *content)
{
        struct import *im = arg;
        struct state *s = im->state;

        if (im->over)
                return;
        place(im, s);
        import_fault(im, "the file declares entities of its own, as no scanner does: not read further");
        s->refused = true;
        stop(im, s);
}

/* --- the importer --------------------------------------------------------------------------------- */

static bool guess(const char *start, size_t len)
{
        return memmem(start, len, "<nmaprun", 8) != NULL;
}

static int open(struct import *im, struct err *err)
{
        /* only what is named here is ever called: no loading of document types and entities among it */
        static xmlSAXHandler handler = {
                .startElement = on_begin,
                .endElement = on_end,
                .characters = on_text,
                .cdataBlock = on_text,
                .entityDecl = on_entity,
        };
        struct state *s = im->state;
        int r = xml_library_load(&s->xml, err);

        if (r < 0)
                return r;
        s->parser = s->xml.create(&handler, im, NULL, 0, NULL);
        if (!s->parser)
                return err_set(err, -ENOMEM, "the XML parser could not be made");
        /*
         * NOENT: else '&amp;' in attributes stays as it is; others than such are refused before they
         * could be used
         */
        (void)s->xml.use_options(s->parser, XML_PARSE_NONET | XML_PARSE_NOENT);
        return 0;
}

static void tell_error(struct import *im, struct state *s)
{
        xmlErrorPtr error = s->xml.last_error(s->parser);
        size_t len = error && error->message ? strcspn(error->message, "\n") : 0;

        im->over = true;
        if (!s->refused) {
                im->line = error && error->line > 0 ? (uint64_t)error->line : im->line;
                import_fault(im, "no XML from here on: %.*s", (int)(len < 120 ? len : 120),
                             len ? error->message : "");
        }
}

static void take(struct import *im, const char *text, size_t len)
{
        struct state *s = im->state;

        while (len && !im->over) {
                int part = len < 65536 ? (int)len : 65536;

                if (s->xml.parse(s->parser, text, part, 0) != 0 && !im->over)
                        tell_error(im, s);
                text += part;
                len -= (size_t)part;
        }
}

static void end(struct import *im)
{
        struct state *s = im->state;
        bool broken = im->over;

        if (!im->over && s->xml.parse(s->parser, NULL, 0, 1) != 0 && im->ended && !im->over)
                tell_error(im, s);
        if (s->in_host) { /* what was seen of it is not lost */
                s->host.cut = true;
                s->host.why |= COVERAGE_STOPPED;
                end_host(im, s);
        }
        if (!im->ended && !broken)
                import_fault_all(
                        im, "the file ends before the scan did: it was cut off, or the scanner was ended");
}

static void close(struct import *im)
{
        struct state *s = im->state;

        if (s->parser &&
            s->parser->myDoc) /* made for what a document type declares, though no tree was asked for */
                s->xml.release_document(s->parser->myDoc);
        if (s->parser)
                s->xml.release(s->parser);
        str_release(&s->cpe);
        str_release(&s->key);
        map_release(&s->services);
}

const struct importer importer_nmap = {
        .name = "nmap",
        .what = "nmap -oX, masscan -oX, quaymaster scan --format xml",
        .unit = IMPORT_CHUNKS,
        .state_size = sizeof(struct state),
        .guess = guess,
        .open = open,
        .take = take,
        .end = end,
        .close = close,
};
