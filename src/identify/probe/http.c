/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1 and HTTP/2, and what is served by it: one GET, then at most two more where the product is told only there.
 * Redirects are not followed. An answer that says that this port wants TLS, or that it is no HTTP port, is not HTTP.
 */
#include "identify/http2.h"
#include "identify/message.h"
#include "identify/probe.h"
#include "identify/product.h"

#define BODY_MAX 16384u
#define ASKS_MAX 2u

enum step { START, ANSWER, ASK, START2, ANSWER2 };
enum memory { ASKED /* bits of enum ask */, ASKING /* the one now */ };

enum place { IN_FIELD, IN_SERVER, IN_TITLE, IN_REALM, IN_LOCATION, IN_COOKIE, IN_BODY };
enum ask {
        ASK_NOTHING,
        ASK_VERSION,
        ASK_API_VERSION,
        ASK_VARZ,
        ASK_PROMETHEUS,
        ASK_ALERTMANAGER,
        ASK_GRAFANA,
        ASK_CONSUL,
        ASK_VAULT,
        ASK_SOLR,
        ASK_KIBANA,
        ASK_JELLYFIN,
        ASK_PLEX,
        ASK_GITEA,
        ASK_API_STATUS,
        ASK_INFO,
        ASK_OLLAMA,
        ASK_WSMAN,
        ASK_REGISTRY,
        ASK_MISSING,
        ASK_MAX,
};
static const char *const paths[ASK_MAX] = {
        [ASK_NOTHING] = "/",
        [ASK_VERSION] = "/version",
        [ASK_API_VERSION] = "/api/version",
        [ASK_VARZ] = "/varz",
        [ASK_PROMETHEUS] = "/api/v1/status/buildinfo",
        [ASK_ALERTMANAGER] = "/api/v2/status",
        [ASK_GRAFANA] = "/api/health",
        [ASK_CONSUL] = "/v1/agent/self",
        [ASK_VAULT] = "/v1/sys/health",
        [ASK_SOLR] = "/solr/admin/info/system?wt=json",
        [ASK_KIBANA] = "/api/status",
        [ASK_JELLYFIN] = "/System/Info/Public",
        [ASK_PLEX] = "/identity",
        [ASK_GITEA] = "/api/v1/version",
        [ASK_API_STATUS] = "/api/status",
        [ASK_INFO] = "/info",
        [ASK_OLLAMA] = "/api/version",
        [ASK_WSMAN] = "/wsman",
        [ASK_REGISTRY] = "/v2/",
        [ASK_MISSING] = "/quaymaster-not-found",
};

struct rule {
        enum place place;
        const char *field; /* of IN_FIELD */
        const char *find;  /* NULL = that it is there */
        const char *after; /* the version follows it; NULL = it is not told there */
        const char *product, *vendor, *cpe;
        enum ask ask;
        const char *protocol; /* NULL = http */
        unsigned flags;
};

#include "http_products.inc"

/* Answers in the form of HTTP by servers that speak another protocol, to tell people so. */
static const char *const foreign[] = {
        "trying to access MongoDB over HTTP",
        "HTTP request to a Hadoop IPC port",
        "is for clickhouse-client program",
        "Tor is not an HTTP Proxy",
        "This is a SOCKs proxy, not an HTTP proxy",
        "This is a SOCKS Proxy, Not An HTTP Proxy",
        "This is not a HTTP port",
        "This is not an HTTP port",
};

/* What servers say who wanted TLS and got a request in the clear. */
static const char *const tls_wanted[] = {
        "plain HTTP request was sent to HTTPS port",
        "plain HTTP to an SSL-enabled server",
        "HTTP request to an HTTPS server",
        "host and port requires TLS",
        "server is running in SSL mode",
        "HTTP request was sent to HTTPS port",
        "HTTP request to an HTTPS port",
        "plain HTTP request to an HTTPS port",
        "This server requires TLS",
        "This port requires TLS",
};

static const char *find(const struct line *in, const char *what)
{
        return in->len ? memmem(in->text, in->len, what, strlen(what)) : NULL;
}

static bool says_one_of(const struct line *in, const char *const *texts, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (find(in, texts[i]))
                        return true;
        return false;
}

static enum recognition http_recognise(const struct heard *h)
{
        struct line all = {(const char *)h->data, h->len < 4096 ? h->len : 4096};
        struct message m;

        if (h->transport != TRANSPORT_TCP)
                return RECOGNISE_NO;
        if (h->len >= 9 && http2_is_settings(h->data, h->len))
                return h->len >= 15 && h->data[2] ? RECOGNISE_SURE : RECOGNISE_LIKELY;
        if (message_read(h->data, h->len, "HTTP/1.", true, &m) != MESSAGE_WHOLE)
                return RECOGNISE_NO;
        if (says_one_of(&all, foreign, array_len(foreign)) ||
            says_one_of(&all, tls_wanted, array_len(tls_wanted)))
                return RECOGNISE_NO;
        return RECOGNISE_SURE;
}

/* --- asking -------------------------------------------------------------------------------------------- */

static void add_authority(struct talk *t, struct str *to)
{
        bool bracket = strchr(t->name, ':') && *t->name != '[';

        str_addf(to, bracket ? "[%s]" : "%s", t->name);
        if (t->port && t->port != (t->tls ? 443 : 80))
                str_addf(to, ":%u", (unsigned)t->port);
}

static enum talk_next ask(struct talk *t, bool http2)
{
        _cleanup_str_ struct str authority = {0};
        const char *path = paths[t->memory[ASKING] < ASK_MAX ? t->memory[ASKING] : 0];

        add_authority(t, &authority);
        if (http2)
                http2_request(&t->out, t->tls, str_text(&authority), path);
        else
                str_addf(&t->out,
                         "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: quaymaster\r\nAccept: */*\r\n"
                         "Connection: close\r\n\r\n",
                         path, str_text(&authority));
        t->step = http2 ? ANSWER2 : ANSWER;
        t->keep = http2 ? t->in_len : 0; /* its SETTINGS, said before it was asked */
        return TALK_SEND;
}

/* --- what an answer tells ------------------------------------------------------------------------------ */

struct answer {
        struct message m;
        struct line all, server, title, location, realm;
};

static struct line title_of(const struct line *body)
{
        struct line title = {0};
        const char *start = line_find_i(body, "<title"), *end;
        struct line rest;

        if (!start)
                return title;
        rest = (struct line){start, body->len - (size_t)(start - body->text)};
        start = memchr(rest.text, '>', rest.len);
        if (!start)
                return title;
        rest = line_after(&rest, (size_t)(start - rest.text) + 1);
        end = line_find_i(&rest, "</title");
        title = rest;
        title.len = end ? (size_t)(end - rest.text) : rest.len < 256 ? rest.len : 256;
        while (title.len && strchr(" \t\r\n", *title.text)) {
                title.text++;
                title.len--;
        }
        return title;
}

/* realm="..." of WWW-Authenticate */
static struct line realm_of(const struct message *m)
{
        struct line challenge, realm = {0};
        const char *at, *end;

        if (!message_field(m, "WWW-Authenticate", &challenge) &&
            !message_field(m, "Proxy-Authenticate", &challenge))
                return realm;
        at = line_find_i(&challenge, "realm=\"");
        if (!at)
                return realm;
        at += strlen("realm=\"");
        realm = (struct line){at, challenge.len - (size_t)(at - challenge.text)};
        end = memchr(at, '"', realm.len);
        if (end)
                realm.len = (size_t)(end - at);
        return realm;
}

static bool has_cookie(const struct message *m, const char *name)
{
        size_t at = 0;
        struct line line, cookie;

        while (line_next((const uint8_t *)m->fields.text, m->fields.len, &at, &line))
                if (line_starts_i(&line, "Set-Cookie:")) {
                        cookie = line_after(&line, strlen("Set-Cookie:"));
                        if (line_starts_i(&cookie, name))
                                return true;
                }
        return false;
}

/* Whether the rule fits; *ret is the text from where it was found, *place all of its place. */
static bool fits(const struct rule *r, const struct answer *a, struct line *place, struct line *ret)
{
        const char *at;

        switch (r->place) {
        case IN_FIELD:
                if (!message_field(&a->m, r->field, place))
                        return false;
                break;
        case IN_COOKIE:
                *place = *ret = (struct line){"", 0};
                return has_cookie(&a->m, r->find);
        case IN_SERVER:
                *place = a->server;
                break;
        case IN_TITLE:
                *place = a->title;
                break;
        case IN_REALM:
                *place = a->realm;
                break;
        case IN_LOCATION:
                *place = a->location;
                break;
        case IN_BODY:
                *place = a->m.body;
                break;
        }
        *ret = *place;
        if (!r->find)
                return true;
        if (r->place == IN_LOCATION) /* the path itself */
                return line_starts(place, r->find);
        at = r->place == IN_BODY ? find(place, r->find) : line_find_i(place, r->find);
        if (!at)
                return false;
        at += strlen(r->find);
        *ret = (struct line){at, place->len - (size_t)(at - place->text)};
        return true;
}

static void take_version(struct talk *t, const struct rule *r, const struct answer *a,
                         const struct line *place, const struct line *behind)
{
        const struct line *in = r->place == IN_TITLE && r->after && *r->after ? &a->m.body : place;
        struct line version = *behind;
        const char *at;

        if (!r->after)
                return;
        if (*r->after) {
                at = find(in, r->after);
                if (!at)
                        return;
                at += strlen(r->after);
                version = (struct line){at, in->len - (size_t)(at - in->text)};
        }
        version = product_version(&version);
        talk_version(t, version.text, version.len);
}

static void will_ask(struct talk *t, enum ask next)
{
        uint64_t asked = t->memory[ASKED];

        if (next != ASK_NOTHING && t->memory[ASKING] == ASK_NOTHING && !(asked & 1u << next) &&
            (unsigned)__builtin_popcountll(asked) < ASKS_MAX)
                t->memory[ASKING] = next;
}

/* The first rule that fits and does not contradict what is known. Others of the same product may add its version. */
static void apply(struct talk *t, const struct answer *a, const struct rule *table, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct rule *r = &table[i];
                struct line place, behind;

                if (t->id->product && (!r->product || !streq(r->product, t->id->product)))
                        continue;
                if (!r->product && !r->protocol && t->memory[ASKED] & 1u << r->ask)
                        continue;
                if (!fits(r, a, &place, &behind))
                        continue;
                if (r->protocol)
                        talk_confirm(t, r->protocol);
                if (r->flags && a->m.code == 200)
                        t->id->flags |= r->flags;
                if (r->product) {
                        talk_product(t, r->product, strlen(r->product));
                        take_version(t, r, a, &place, &behind);
                }
                if (!t->id->version) {
                        will_ask(t, r->ask);
                } else if (r->cpe) {
                        t->id->cpe = NULL; /* what was said without a version */
                        talk_cpe(t, r->vendor, r->cpe);
                }
                if (t->id->version || (!r->product && t->memory[ASKING]))
                        return;
        }
}

/* Applications whose /api tells a version by a name that is not theirs alone: the path that was asked decides. */
static void take_asked(struct talk *t, const struct answer *a)
{
        static const struct {
                enum ask ask;
                const char *find, *key, *product, *vendor, *cpe;
        } known[] = {
                {ASK_GRAFANA, "\"database\"", "\"version\"", "Grafana", "grafana", "grafana"},
                {ASK_KIBANA, "\"number\"", "\"number\"", "Kibana", "elastic", "kibana"},
                {ASK_GITEA, "\"version\"", "\"version\"", "Gitea", "gitea", "gitea"},
                {ASK_API_VERSION, "\"Codename\"", "\"Version\"", "Traefik", "traefik", "traefik"},
                {ASK_API_STATUS, "\"InstanceID\"", "\"Version\"", "Portainer", "portainer", "portainer"},
                {ASK_INFO, "\"tcp_port\"", "\"version\"", "NSQ", NULL, NULL},
                {ASK_OLLAMA, "\"version\"", "\"version\"", "Ollama", "ollama", "ollama"},
                {ASK_PLEX, "MediaContainer", " version=", "Plex Media Server", "plex", "media_server"},
        };

        for (size_t i = 0; i < array_len(known); i++) {
                struct line version;
                const char *at;

                if (known[i].ask != t->memory[ASKING] || a->m.code != 200 ||
                    !find(&a->m.body, known[i].find))
                        continue;
                if (t->id->product && !streq(t->id->product, known[i].product))
                        continue;
                at = find(&a->m.body, known[i].key);
                if (!at)
                        continue;
                at += strlen(known[i].key);
                version = (struct line){at, a->m.body.len - (size_t)(at - a->m.body.text)};
                version = product_version(&version);
                talk_product(t, known[i].product, strlen(known[i].product));
                talk_version(t, version.text, version.len);
                if (known[i].cpe)
                        talk_cpe(t, known[i].vendor, known[i].cpe);
        }
        if (t->memory[ASKING] == ASK_WSMAN && (a->m.code == 405 || a->m.code == 401 || a->m.code == 411))
                talk_detail(t, "service", "WinRM", 5);
}

static void take_details(struct talk *t, struct answer *a)
{
        static const struct {
                const char *field, *key;
        } kept[] = {{"X-Powered-By", "powered-by"},
                    {"Via", "via"},
                    {"DAV", "dav"},
                    {"X-Generator", "generator"},
                    {"Upgrade", "upgrade"}};
        struct line value;

        if (message_field(&a->m, "Server", &a->server))
                talk_detail(t, "server", a->server.text, a->server.len);
        (void)message_field(&a->m, "Location", &a->location);
        a->title = title_of(&a->m.body);
        a->realm = realm_of(&a->m);
        if (t->memory[ASKING] != ASK_NOTHING)
                return;
        talk_detail_u64(t, "status", a->m.code);
        if (a->m.version.len > 5)
                talk_detail(t, "http-version", a->m.version.text + 5, a->m.version.len - 5);
        talk_detail(t, "title", a->title.text, a->title.len);
        talk_detail(t, "realm", a->realm.text, a->realm.len);
        talk_detail(t, "location", a->location.text, a->location.len);
        for (size_t i = 0; i < array_len(kept); i++)
                if (message_field(&a->m, kept[i].field, &value))
                        talk_detail(t, kept[i].key, value.text, value.len);
        if (t->tls)
                return;
        if (message_field(&a->m, "WWW-Authenticate", &value) && line_starts_i(&value, "Basic"))
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (line_find_i(&a->m.body, "type=\"password\""))
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
}

/* What only a proxy says, whoever made it. */
static bool is_proxy(const struct answer *a)
{
        struct line value;

        return a->m.code == 407 || message_field(&a->m, "Proxy-Authenticate", &value) ||
               message_field(&a->m, "Proxy-Connection", &value) ||
               message_field(&a->m, "Proxy-Agent", &value) ||
               (a->m.code == 400 && line_starts_i(&a->server, "squid"));
}

/* The Server field, as this answer or one before it told; then what else there is. */
static void take_server(struct talk *t, const struct answer *a)
{
        const char *told = identity_detail(t->id, "server");
        struct line server = {told, told ? strlen(told) : 0};
        const struct product_known *entry = NULL;

        if (told)
                entry = product_take(t, &server, servers, array_len(servers));
        if (entry && entry->protocol && streq_ptr(t->id->product, entry->product))
                talk_confirm(t, entry->protocol);
        if (a && (!t->id->product || !t->id->version))
                apply(t, a, fallbacks, array_len(fallbacks));
}

static bool wants_tls(const struct talk *t, const struct answer *a)
{
        struct line start = {a->all.text, a->all.len < 4096 ? a->all.len : 4096};

        return !t->tls && says_one_of(&start, tls_wanted, array_len(tls_wanted));
}

/* Sent on to TLS at the same port: both are spoken there, and TLS is what it is for. */
static bool has_both(const struct talk *t, const struct answer *a)
{
        static const char https[] = "https://";
        struct line host;
        _cleanup_str_ struct str port = {0};
        const char *slash;

        if (t->tls || a->m.code < 300 || a->m.code > 399 || !line_starts_i(&a->location, https) || !t->port)
                return false;
        host = line_after(&a->location, strlen(https));
        slash = memchr(host.text, '/', host.len);
        host.len = slash ? (size_t)(slash - host.text) : host.len;
        str_addf(&port, ":%u", (unsigned)t->port);
        return (host.len > port.len && memcmp(host.text + host.len - port.len, port.text, port.len) == 0) ||
               (t->port == 443 && !line_find_i(&host, ":"));
}

/* After an answer that is whole as far as it will be. */
static enum talk_next conclude(struct talk *t, struct answer *a)
{
        bool first = t->memory[ASKING] == ASK_NOTHING;
        struct line value;

        take_details(t, a);
        if (first && wants_tls(t, a)) {
                talk_detail(t, "hint", "an HTTP request in the clear was refused: TLS is spoken here", 60);
                return TALK_DONE;
        }
        if (first && says_one_of(&a->all, foreign, array_len(foreign)) && !a->server.len)
                return TALK_DONE;
        if (first && has_both(t, a)) {
                talk_likely(t, "http");
                take_server(t, a);
                return TALK_DONE;
        }
        if (first) {
                talk_confirm(t, is_proxy(a) ? "http-proxy" : "http");
                talk_evidence(t, a->all.text, a->all.len);
        }
        take_asked(t, a);
        t->memory[ASKED] |= 1u << t->memory[ASKING] & ~1u;
        t->memory[ASKING] = ASK_NOTHING;
        apply(t, a, rules, array_len(rules));
        if (first && !t->memory[ASKING] && !t->id->product && !a->server.len && a->m.code == 200 &&
            !a->m.body.len)
                will_ask(t, ASK_REGISTRY);
        if (!t->memory[ASKING] || t->tls) /* inside TLS there may be no other connection */
                take_server(t, a);
        if (!t->memory[ASKING] && !t->id->product && streq(t->id->protocol, "http"))
                will_ask(t, a->m.code == 404 && message_field(&a->m, "X-Content-Type-Options", &value)
                                    ? ASK_API_VERSION
                                    : ASK_MISSING);
        return t->memory[ASKING] ? TALK_AGAIN : TALK_DONE;
}

/* --- HTTP/1 -------------------------------------------------------------------------------------------- */

static enum talk_next answer(struct talk *t)
{
        struct answer a = {.all = {(const char *)t->in, t->in_len}};
        bool over = t->ended || t->waited;
        enum message_state state;

        if (!t->in_len)
                return over ? (take_server(t, NULL), TALK_DONE) : TALK_MORE;
        if (!t->in[0] && t->in_len < 9 && !over)
                return TALK_MORE; /* it may become a frame of HTTP/2 */
        if (t->in_len >= 9 && http2_is_settings(t->in, t->in_len)) {
                struct wire w = talk_in(t);
                struct http2_frame settings;

                talk_confirm(t, "http");
                talk_detail(t, "http-version", "2", 1);
                if (!http2_next(&w, &settings) && !over)
                        return TALK_MORE;
                t->step = START2;
                return t->memory[ASKED] ? TALK_DONE : TALK_AGAIN;
        }
        state = message_read(t->in, t->in_len, t->in[0] == 'I' ? "ICY " : "HTTP/", over, &a.m);
        if (state == MESSAGE_PART)
                return TALK_MORE;
        if (state == MESSAGE_NONE) {
                take_server(t, NULL);
                return TALK_DONE;
        }
        if (a.m.code < 200 && a.m.code != 101 &&
            a.m.body.len) { /* 100 Continue and the like; the next follows */
                t->keep = a.m.body.len;
                return t->in_len > BODY_MAX ? TALK_DONE : TALK_SEND;
        }
        if (message_field(&a.m, "Server", &a.server) && a.m.code != 400 && a.m.code / 100 != 3)
                talk_confirm(t, "http"); /* whatever becomes of the body */
        if (!message_body_whole(&a.m) && !over && a.m.body.len < BODY_MAX)
                return TALK_MORE;
        if (a.m.body.len > BODY_MAX)
                a.m.body.len = BODY_MAX;
        t->step = ASK;
        return conclude(t, &a);
}

/* --- HTTP/2 -------------------------------------------------------------------------------------------- */

static enum talk_next concluded2(struct talk *t, const struct str *fields, const struct str *body)
{
        _cleanup_str_ struct str whole = {0};
        struct answer a = {0};

        str_add_n(&whole, str_text(fields), fields->len);
        str_add_n(&whole, str_text(body), body->len);
        a.all = (struct line){whole.text, whole.len};
        if (message_read((const uint8_t *)whole.text, whole.len, "HTTP/", true, &a.m) != MESSAGE_WHOLE)
                return TALK_DONE;
        t->step = START2;
        return conclude(t, &a);
}

static enum talk_next answer2(struct talk *t)
{
        _cleanup_str_ struct str fields = {0}, body = {0};
        bool over = t->ended || t->waited || t->in_len > 4 * BODY_MAX;
        struct wire w = talk_in(t);
        struct http2_frame frame;

        if (t->in_len >= 9 && !http2_is_settings(t->in, t->in_len))
                return TALK_DONE;
        while (http2_next(&w, &frame)) {
                struct wire content = http2_content(&frame);

                if (frame.type == HTTP2_SETTINGS) {
                        talk_confirm(t, "http");
                        talk_detail(t, "http-version", "2", 1);
                }
                if (frame.type == HTTP2_HEADERS && frame.stream == 1 && !fields.len &&
                    !http2_fields(content, &fields))
                        return TALK_DONE;
                if (frame.type == HTTP2_DATA && frame.stream == 1 && body.len < BODY_MAX)
                        str_add_n(&body, (const char *)content.at, wire_left(&content));
                if (frame.type == HTTP2_GOAWAY || frame.type == HTTP2_RST_STREAM)
                        over = true;
                if (frame.stream == 1 && (frame.type == HTTP2_HEADERS || frame.type == HTTP2_DATA) &&
                    frame.flags & HTTP2_END_STREAM)
                        over = true;
        }
        if (w.bad || (!fields.len && over))
                return TALK_DONE;
        if (!over && body.len < BODY_MAX)
                return TALK_MORE;
        return concluded2(t, &fields, &body);
}

/* ------------------------------------------------------------------------------------------------------- */

static enum talk_next http_talk(struct talk *t)
{
        switch (t->step) {
        case START:
                if (t->in_len &&
                    !http2_is_settings(t->in, t->in_len)) /* said before it was asked: 408, 503 ... */
                        return answer(t);
                return ask(t, t->in_len);
        case ANSWER:
                return answer(t);
        case ASK:
                return ask(t, false);
        case START2:
                return ask(t, true);
        default:
                return answer2(t);
        }
}

const struct probe probe_http = {
        .name = "http",
        .protocol = "http",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "80-90,280,443,591,593,800-810,880,888,1880,2375-2379,2480,3000-3010,3128,4040,"
                     "4443,4567,4848,5000,5001,5080,5357,5480,5601,5800,5984-5986,6080,6443,7001,7002,"
                     "7070,7080,7474,7547,8000-8010,8020,8025,8042,8060,8080-8100,8118,8123,8139,8161,"
                     "8172,8180-8200,8222,8265,8280,8333,8384,8443,8444,8500,8530,8531,8545,8761,8834,"
                     "8880-8890,8983,9000-9003,9043,9060,9080,9081,9090-9099,9115,9117,9121,9187,9200,"
                     "9201,9443,9600,9981,9999,10000,10080,10250,10255,10257,10259,11434,12443,15672,"
                     "16010,19999,20000,32400,49152,50000,50070,55555",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_FIRST,
        .log = "a GET of / by \"quaymaster\", at most two more, of a version page or of /quaymaster-not-found (404)",
        .reference = "RFC 9110, RFC 9112, RFC 9113",
        .recognise = http_recognise,
        .talk = http_talk,
};
