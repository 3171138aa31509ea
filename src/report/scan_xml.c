/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML with the element names of nmap's published document type, so that what reads nmap's output reads ours. A host
 * goes out when it is done. What only we tell (why something was not seen) stands in script elements.
 */
#include "base/clock.h"
#include "base/text.h"
#include "report/scan_report.h"
#include "report/scan_words.h"

/*
 * As an attribute's value. Beside controls, which text_add_html makes visible, XML 1.0 (2.2) forbids U+FFFE and U+FFFF,
 * even as references.
 */
static void add_value(struct str *to, const char *text)
{
        _cleanup_str_ struct str safe = {0};

        text_add_html(&safe, text);
        for (const char *p = str_text(&safe); *p; p++) {
                const char *rest = str_after(p, "\xef\xbf\xbe")   ? "\\u{fffe}"
                                   : str_after(p, "\xef\xbf\xbf") ? "\\u{ffff}"
                                                                  : NULL;

                if (rest) {
                        str_add(to, rest);
                        p += 2;
                } else {
                        str_add_char(to, *p);
                }
        }
}

static void add_attribute(struct str *to, const char *name, const char *value)
{
        str_addf(to, " %s=\"", name);
        add_value(to, value);
        str_add_char(to, '"');
}

static void add_number(struct str *to, const char *name, uint64_t value)
{
        str_addf(to, " %s=\"%llu\"", name, (unsigned long long)value);
}

static void add_time(struct str *to, const char *name, const char *text_name, int64_t seconds)
{
        char text[CLOCK_TEXT_SIZE];

        str_addf(to, " %s=\"%lld\"", name, (long long)seconds);
        add_attribute(to, text_name, clock_format(seconds, text));
}

/* --- head ---------------------------------------------------------------------------------------- */

static void add_scaninfo(struct scan_writer *w, enum transport t)
{
        const struct port_set *ports = &w->head->ports->of[t];
        _cleanup_str_ struct str list = {0};
        unsigned n = port_set_count(ports);

        if (!n)
                return;
        port_set_format(ports, &list);
        str_add(&w->buf, "<scaninfo");
        add_attribute(&w->buf, "type", t == TRANSPORT_UDP ? "udp" : w->head->method);
        add_attribute(&w->buf, "protocol", transport_name(t));
        add_number(&w->buf, "numservices", n);
        add_attribute(&w->buf, "services", list.text);
        str_add(&w->buf, "/>\n");
}

static void begin(struct scan_writer *w)
{
        const struct scan_head *head = w->head;

        str_add(&w->buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n"
                         "<nmaprun scanner=\"quaymaster\"");
        add_attribute(&w->buf, "args", head->command);
        add_time(&w->buf, "start", "startstr", head->started_s);
        add_attribute(&w->buf, "version", head->version);
        str_add(&w->buf, " xmloutputversion=\"1.05\">\n");
        add_scaninfo(w, TRANSPORT_TCP);
        add_scaninfo(w, TRANSPORT_UDP);
}

/* --- hosts --------------------------------------------------------------------------------------- */

static const struct {
        const char *state, *reason;
} statuses[] = {
        [HOST_UP] = {"up", "response"},
        [HOST_SILENT] = {"up", "user-set"}, /* named singly: taken to be there */
        [HOST_ABSENT] = {"down", "no-response"},
        [HOST_NOT_ASKED] = {"skipped", "not-asked"},
};

static void add_addresses(struct str *to, const struct scan_head *head, const struct host_coverage *c)
{
        _cleanup_str_ struct str address = {0}, mac = {0};

        scan_add_address(&address, head, &c->address, c->zone_index);
        str_add(to, "<address");
        add_attribute(to, "addr", address.text);
        str_addf(to, " addrtype=\"ipv%u\"/>\n", c->address.family);
        if (!c->has_mac)
                return;
        scan_add_mac(&mac, c->mac);
        str_add(to, "<address");
        add_attribute(to, "addr", mac.text);
        str_add(to, " addrtype=\"mac\"/>\n");
}

static void add_names(struct str *to, const char *name)
{
        if (!name)
                return;
        str_add(to, "<hostnames><hostname");
        add_attribute(to, "name", name);
        str_add(to, " type=\"user\"/></hostnames>\n");
}

/* Ports of a state that are not listed; undecided ones have no state that others know. */
static void add_extra(struct str *to, const struct host_coverage *c, enum endpoint_state state,
                      const struct observed *listed, size_t n)
{
        const char *name = state == ENDPOINT_UNDECIDED ? "unknown" : endpoint_state_name(state);
        uint32_t counts[] = {
                scan_unlisted(c, TRANSPORT_TCP, state, listed, n),
                scan_unlisted(c, TRANSPORT_UDP, state, listed, n),
        };

        if (!counts[TRANSPORT_TCP] && !counts[TRANSPORT_UDP])
                return;
        str_addf(to, "<extraports state=\"%s\" count=\"%u\">", name,
                 counts[TRANSPORT_TCP] + counts[TRANSPORT_UDP]);
        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                if (counts[t])
                        str_addf(to, "<extrareasons reason=\"%s\" count=\"%u\" proto=\"%s\"/>", name,
                                 counts[t], transport_name(t));
        str_add(to, "</extraports>\n");
}

/*
 * The names that nmap has for what we call otherwise; what reads its output knows those. Names of ours that are not
 * here are the same there.
 */
static const char *service_name(const char *protocol)
{
        static const struct {
                const char *ours, *theirs;
        } names[] = {
                {"dns", "domain"},           {"smb", "microsoft-ds"},  {"rdp", "ms-wbt-server"},
                {"ms-sql", "ms-sql-s"},      {"ajp", "ajp13"},         {"x11", "X11"},
                {"socks", "socks5"},         {"rmi", "java-rmi"},      {"kerberos", "kerberos-sec"},
                {"memcached", "memcached"},  {"git", "git"},           {"xmpp-client", "jabber"},
                {"oracle-tns", "oracle-tns"}, {"radius-acct", "radacct"},
        };

        for (size_t i = 0; i < array_len(names); i++)
                if (streq(names[i].ours, protocol))
                        return names[i].theirs;
        return protocol;
}

/*
 * CPE 2.3 formatted string (NISTIR 7695, 6.2) as the URI of 2.2 that nmap writes:
 * "cpe:2.3:a:nginx:nginx:1.22.1:*..." -> "cpe:/a:nginx:nginx:1.22.1". Escaped characters are percent-encoded.
 */
static void add_cpe(struct str *to, const char *cpe)
{
        const char *at = cpe ? str_after(cpe, "cpe:2.3:") : NULL;
        _cleanup_str_ struct str uri = {0};

        if (!at)
                return;
        str_add(&uri, "cpe:/");
        for (unsigned part = 0; *at && part < 4; part += *at == ':', at += *at != '\0') {
                if (*at == '*' || (*at == '-' && (at[1] == ':' || !at[1])))
                        break;
                if (*at == '\\' && at[1])
                        str_addf(&uri, "%%%02x", (unsigned char)*++at);
                else if (*at != ':' || part < 3)
                        str_add_char(&uri, *at);
        }
        while (uri.len && uri.text[uri.len - 1] == ':')
                uri.text[--uri.len] = '\0';
        str_add(to, "<cpe>");
        add_value(to, uri.text);
        str_add(to, "</cpe>");
}

static void add_known(struct str *to, const char *name, const char *value)
{
        if (value)
                add_attribute(to, name, value);
}

/* What was found out: conf 10 when it was proven, else less; what was not is of the table of numbers. */
static void add_service(struct str *to, const struct identity *id)
{
        str_add(to, "<service");
        add_attribute(to, "name", service_name(id->protocol));
        add_known(to, "product", id->product);
        add_known(to, "version", id->version);
        add_known(to, "hostname", id->hostname);
        if (id->encryption == ENCRYPTION_TLS)
                add_attribute(to, "tunnel", "ssl");
        str_addf(to, " method=\"probed\" conf=\"%u\"", id->confidence == CONFIDENCE_CONFIRMED ? 10 : 7);
        if (!id->cpe) {
                str_add(to, "/>");
                return;
        }
        str_add_char(to, '>');
        add_cpe(to, id->cpe);
        str_add(to, "</service>");
}

static void add_port(struct str *to, const struct observed *o)
{
        const struct endpoint *e = &o->endpoint;
        const char *registered = scan_registered(e);

        str_addf(to,
                 "<port protocol=\"%s\" portid=\"%u\"><state state=\"%s\" reason=\"%s\" reason_ttl=\"%u\"/>",
                 transport_name(e->transport), e->port, endpoint_state_name(e->state),
                 endpoint_reason_name(e->reason), e->ttl);
        if (observed_speaks(o) || (o->identity && o->identity->encryption == ENCRYPTION_TLS)) {
                add_service(to, o->identity);
        } else if (registered) {
                str_add(to, "<service");
                add_attribute(to, "name", registered);
                str_add(to, " method=\"table\" conf=\"3\"/>");
        }
        str_add(to, "</port>\n");
}

static void add_ports(struct str *to, const struct host_coverage *c, const struct observed *listed, size_t n)
{
        str_add(to, "<ports>");
        for (enum endpoint_state s = 0; s < ENDPOINT_STATE_MAX; s++)
                add_extra(to, c, s, listed, n);
        for (size_t i = 0; i < n; i++)
                add_port(to, &listed[i]);
        str_add(to, "</ports>\n");
}

/* What was not seen of the host: one script element, since ndiff 7.93 breaks off on a host with two. */
static void add_coverage(struct str *to, const struct host_coverage *c)
{
        _cleanup_str_ struct str text = {0};

        if (!c->why && !c->middlebox)
                return;
        str_add(&text, c->complete ? "" : "incomplete: ");
        scan_add_why(&text, c->why);
        if (c->middlebox)
                str_addf(&text, "%smiddlebox: %s", c->why ? "; " : "", c->middlebox);
        str_add(to, "<hostscript><script id=\"quaymaster-coverage\"");
        add_attribute(to, "output", text.text);
        str_add(to, "/></hostscript>\n");
}

static void write_host(struct scan_writer *w, const struct host_coverage *c,
                       const struct observed *observed, size_t n)
{
        struct str *to = &w->buf;

        str_addf(to, "<host endtime=\"%lld\"><status state=\"%s\" reason=\"%s\" reason_ttl=\"0\"/>\n",
                 (long long)w->head->now(), statuses[c->status].state, statuses[c->status].reason);
        add_addresses(to, w->head, c);
        add_names(to, c->name);
        if (c->status == HOST_UP || c->status == HOST_SILENT)
                add_ports(to, c, observed, n);
        add_coverage(to, c);
        str_add(to, "</host>\n");
}

/* --- end ----------------------------------------------------------------------------------------- */

static void add_reason(const char *text, void *arg)
{
        struct str *list = arg;

        str_addf(list, "%s%s", list->len ? "; " : "", text);
}

static void write_end(struct scan_writer *w, const struct scan_end *end)
{
        const uint64_t *hosts = w->tally.hosts;
        uint64_t up = hosts[HOST_UP] + hosts[HOST_SILENT], down = hosts[HOST_ABSENT];
        _cleanup_str_ struct str incomplete = {0};
        struct str *to = &w->buf;

        scan_each_incomplete(w, end, add_reason, &incomplete);
        str_add(to, "<runstats><finished");
        add_time(to, "time", "timestr", w->head->now());
        str_addf(to, " elapsed=\"%.2f\"", (double)end->result.elapsed_ms / 1000);
        add_attribute(to, "exit", incomplete.len ? "error" : "success");
        if (incomplete.len)
                add_attribute(to, "errormsg", incomplete.text);
        str_add(to, "/><hosts");
        add_number(to, "up", up);
        add_number(to, "down", down);
        add_number(to, "total", up + down + hosts[HOST_NOT_ASKED]);
        str_add(to, "/></runstats>\n</nmaprun>\n");
}

const struct scan_format scan_report_xml = {
        .name = "xml",
        .what = "what reads nmap's XML reads this",
        .by_host = true,
        .begin = begin,
        .host = write_host,
        .end = write_end,
};
