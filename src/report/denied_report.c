/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/denied_report.h"

#include <netinet/in.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "model/policy.h"

#define TIME_SIZE (CLOCK_TEXT_SIZE + sizeof(".000"))

static const struct {
        uint8_t protocol;
        enum transport transport;
} transports[] = {
        {IPPROTO_TCP, TRANSPORT_TCP},
        {IPPROTO_UDP, TRANSPORT_UDP},
        {IPPROTO_UDPLITE, TRANSPORT_UDPLITE},
        {IPPROTO_SCTP, TRANSPORT_SCTP},
};

/* "tcp", "vrrp", "icmp", or "protocol 47" in the buffer. */
static const char *protocol_name(uint8_t protocol, char *buf, size_t size)
{
        const char *name = protocol == IPPROTO_ICMP     ? "icmp"
                           : protocol == IPPROTO_ICMPV6 ? "icmpv6"
                                                        : ip_protocol_name(protocol);

        for (size_t i = 0; i < array_len(transports); i++)
                if (transports[i].protocol == protocol)
                        return transport_name(transports[i].transport);
        if (name)
                return name;
        (void)snprintf(buf, size, "protocol %u", protocol);
        return buf;
}

static bool is_transport(uint8_t protocol)
{
        for (size_t i = 0; i < array_len(transports); i++)
                if (transports[i].protocol == protocol)
                        return true;
        return false;
}

static const char *format_time(int64_t ms, char buf[TIME_SIZE])
{
        char text[CLOCK_TEXT_SIZE];
        int len = (int)strlen(clock_format(ms / 1000, text));

        (void)snprintf(buf, TIME_SIZE, "%.*s.%03dZ", len ? len - 1 : 0, text, (int)(ms % 1000));
        return buf;
}

bool denied_approval(struct str *to, const struct denied_group *g, const struct denied_context *context)
{
        char name[32];

        if (g->n_ports > 1 || !g->last.has_ports || !is_transport(g->last.protocol))
                return false;
        str_addf(to, "quaymaster policy approve %u/%s", g->last.port,
                 protocol_name(g->last.protocol, name, sizeof(name)));
        if (context->zone)
                str_addf(to, " --from %s", context->zone);
        str_add(to, " --need '...' --owner '...'");
        return true;
}

void denied_json(struct str *to, const struct denied_group *g, const struct denied_context *context)
{
        char time[TIME_SIZE], address[ADDRESS_TEXT_SIZE], name[32];
        _cleanup_str_ struct str approve = {0};
        struct json j = json_to(to);

        json_open_object(&j, NULL);
        json_str(&j, "type", "denied");
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", context->asset);
        json_str(&j, "vantage", context->vantage);
        json_str(&j, "time", format_time(g->last.time_ms, time));
        json_str(&j, "transport", protocol_name(g->last.protocol, name, sizeof(name)));
        json_str(&j, "source", address_format(&g->last.source, address));
        json_str(&j, "zone", context->zone);
        json_str(&j, "address", address_format(&g->last.destination, address));
        if (g->n_ports > 1)
                json_u64(&j, "ports_tried", g->n_ports);
        else if (g->last.has_ports)
                json_u64(&j, "port", g->last.port);
        else
                json_put_null(&j, "port");
        json_str(&j, "device", g->last.device[0] ? g->last.device : NULL);
        json_u64(&j, "count", g->count);
        json_u64(&j, "since_told", g->count - g->told);
        json_str(&j, "first", format_time(g->first_ms, time));
        json_str(&j, "approve", denied_approval(&approve, g, context) ? str_text(&approve) : NULL);
        json_end_line(&j);
}

static void add_target(struct str *to, const struct denied_group *g)
{
        char address[ADDRESS_TEXT_SIZE], name[32];

        str_add(to, protocol_name(g->last.protocol, name, sizeof(name)));
        if (g->n_ports > 1)
                str_addf(to, " %u ports", g->n_ports);
        else if (g->last.has_ports)
                str_addf(to, " %u", g->last.port);
        str_addf(to, " at %s", address_format(&g->last.destination, address));
}

void denied_text(struct str *to, const struct denied_group *g, const struct denied_context *context)
{
        char time[CLOCK_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
        _cleanup_str_ struct str line = {0};

        str_addf(&line, "%s denied %s", clock_format(g->last.time_ms / 1000, time),
                 address_format(&g->last.source, address));
        if (context->zone)
                str_addf(&line, " (%s)", context->zone);
        str_add(&line, " -> ");
        add_target(&line, g);
        if (g->last.device[0])
                str_addf(&line, " by %s", g->last.device);
        if (g->count > 1)
                str_addf(&line, ", %llu times", (unsigned long long)g->count);
        text_add_printable(to, str_text(&line));
        str_add_char(to, '\n');
        if (g->told)
                return;
        str_reset(&line);
        str_add(&line, "    if it is needed: ");
        if (denied_approval(&line, g, context)) {
                text_add_printable(to, str_text(&line));
                str_add_char(to, '\n');
        }
}
