/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/scan_words.h"

#include "knowledge/knowledge.h"

#define SECOND 1000ull
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEAR   (365 * DAY)

void scan_add_duration(struct str *to, uint64_t ms)
{
        if (ms < SECOND)
                str_addf(to, "%llu ms", (unsigned long long)ms);
        else if (ms < 10 * SECOND)
                str_addf(to, "%.1f s", (double)ms / SECOND);
        else if (ms < MINUTE)
                str_addf(to, "%llu s", (unsigned long long)(ms / SECOND));
        else if (ms < HOUR)
                str_addf(to, "%llu min %llu s", (unsigned long long)(ms / MINUTE),
                         (unsigned long long)(ms % MINUTE / SECOND));
        else if (ms < DAY)
                str_addf(to, "%llu h %llu min", (unsigned long long)(ms / HOUR),
                         (unsigned long long)(ms % HOUR / MINUTE));
        else if (ms < YEAR)
                str_addf(to, "%llu days %llu h", (unsigned long long)(ms / DAY),
                         (unsigned long long)(ms % DAY / HOUR));
        else
                str_addf(to, "%llu years", (unsigned long long)(ms / YEAR));
}

void scan_add_rtt(struct str *to, uint32_t rtt_us)
{
        if (!rtt_us)
                str_add_char(to, '-');
        else if (rtt_us < 10000)
                str_addf(to, "%.2f ms", (double)rtt_us / 1000);
        else
                str_addf(to, "%.0f ms", (double)rtt_us / 1000);
}

void scan_add_address(struct str *to, const struct scan_head *head, const struct address *address,
                      uint32_t zone_index)
{
        char text[ADDRESS_TEXT_SIZE];
        const char *device = zone_index ? head->device(zone_index, head->arg) : NULL;

        str_add(to, address_format(address, text));
        if (device)
                str_addf(to, "%%%s", device);
        else if (zone_index)
                str_addf(to, "%%%u", zone_index);
}

void scan_add_mac(struct str *to, const uint8_t mac[6])
{
        str_addf(to, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void scan_add_why(struct str *to, unsigned why)
{
        const char *between = "";

        for (unsigned bit = 0; bit < 32; bit++)
                if (why >> bit & 1) {
                        str_addf(to, "%s%s", between,
                                 coverage_reason_text((enum coverage_reason)(1u << bit)));
                        between = "; ";
                }
}

void scan_add_port_counts(struct str *to, const struct scan_ports *ports)
{
        unsigned tcp = port_set_count(&ports->of[TRANSPORT_TCP]),
                 udp = port_set_count(&ports->of[TRANSPORT_UDP]);

        if (tcp)
                str_addf(to, "%u TCP port%s", tcp, tcp == 1 ? "" : "s");
        if (udp)
                str_addf(to, "%s%u UDP port%s", tcp ? " and " : "", udp, udp == 1 ? "" : "s");
}

void scan_add_port_lists(struct str *to, const struct port_set of[2])
{
        const char *between = "";

        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
                _cleanup_str_ struct str list = {0};

                port_set_format(&of[t], &list);
                if (!list.len)
                        continue;
                str_addf(to, "%s%s ", between, transport_name(t));
                str_add_n(to, list.text, list.len);
                between = "  ";
        }
}

void scan_add_ranges(struct str *to, const struct range_set *set, size_t most)
{
        char text[RANGE_TEXT_SIZE];

        for (size_t i = 0; i < set->n && i < most; i++)
                str_addf(to, "%s%s", i ? ", " : "", address_range_format(&set->at[i], text));
        if (set->n > most)
                str_addf(to, " and %zu more", set->n - most);
}

uint32_t scan_unlisted(const struct host_coverage *c, enum transport transport, enum endpoint_state state,
                       const struct observed *listed, size_t n)
{
        uint32_t count = c->by_state[transport][state];

        for (size_t i = 0; i < n && count; i++)
                count -= listed[i].endpoint.transport == transport && listed[i].endpoint.state == state;
        return count;
}

void scan_add_unlisted(struct str *to, const struct host_coverage *c, const struct observed *listed,
                       size_t n)
{
        const char *between = "";

        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                for (enum endpoint_state s = ENDPOINT_OPEN; s < ENDPOINT_STATE_MAX; s++) {
                        uint32_t count = scan_unlisted(c, t, s, listed, n);

                        if (!count)
                                continue;
                        str_addf(to, "%s%u %s %s", between, count, transport_name(t),
                                 endpoint_state_name(s));
                        between = ", ";
                }
}

const char *scan_protocol(const struct observed *o)
{
        return o->identity ? o->identity->protocol : NULL;
}

void scan_add_protocol(struct str *to, const struct observed *o)
{
        const struct identity *id = o->identity;

        if (!id)
                return;
        if (!observed_speaks(o) && id->behaviour != BEHAVIOUR_TALKS)
                str_addf(to, "(%s)", behaviour_name(id->behaviour));
        else
                str_addf(to, "%s%s", id->protocol, id->confidence == CONFIDENCE_LIKELY ? "?" : "");
}

void scan_add_product(struct str *to, const struct observed *o)
{
        const struct identity *id = o->identity;

        if (!id || !id->product)
                return;
        str_add(to, id->product);
        if (id->version)
                str_addf(to, " %s", id->version);
}

const char *scan_registered(const struct endpoint *e)
{
        struct registry_entry entry = {0};

        return registry_find(e->transport, e->port, &entry) && entry.name[0] ? entry.name : NULL;
}

void scan_each_incomplete(const struct scan_writer *w, const struct scan_end *end,
                          void (*each)(const char *text, void *arg), void *arg)
{
        unsigned why = (end->result.why | w->tally.why) & COVERAGE_FATAL;

        if (end->failure)
                each(end->failure, arg);
        if (end->result.complete && !end->failure)
                return;
        for (unsigned bit = 0; bit < 32; bit++)
                if (why >> bit & 1)
                        each(coverage_reason_text((enum coverage_reason)(1u << bit)), arg);
        if (!why && !end->failure)
                each("some ports could not be decided; the coverage of each host says which", arg);
}
