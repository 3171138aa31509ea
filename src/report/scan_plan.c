/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/scan_plan.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "report/report.h"
#include "report/scan_words.h"
#include "scan/askable.h"

#define CHUNK        (64u * 1024)
#define LONGEST_LIST 80u /* bytes of ports in text */
#define MS_PER_S     1000u

struct writer {
        const struct scan_plan *plan;
        int fd;
        struct err *err;
        struct str buf;
        struct askable *asked; /* of the address at hand: 32 KiB */
        struct str tcp, udp;   /* the lists of all ports asked for, made once */
        uint64_t addresses, probes;
        uint64_t estimate_ms; /* for all, at least; also for the one that may be asked slowest */
};

static void writer_release(struct writer *w)
{
        free(w->asked);
        str_release(&w->buf);
        str_release(&w->tcp);
        str_release(&w->udp);
}

static struct json begin_record(struct writer *w, const char *type, const char *asset)
{
        const struct scan_head *head = w->plan->head;
        struct json j = json_to(&w->buf);
        char time[CLOCK_TEXT_SIZE];

        json_open_object(&j, NULL);
        json_str(&j, "type", type);
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", asset);
        json_str(&j, "vantage", "outside");
        json_str(&j, "scanner", head->scanner);
        json_str(&j, "time", clock_format(head->started_s, time));
        return j;
}

/* --- addresses ----------------------------------------------------------------------------------- */

/* Half-open connections may be forbidden where whole ones are not. */
static const char *method_for(const struct writer *w)
{
        const char *method = w->plan->head->method;

        return w->asked->limits.no_syn && streq(method, "syn") ? "connect" : method;
}

static void add_left_out(struct str *to, const struct askable *a)
{
        if (!a->narrowed)
                return;
        scan_add_port_lists(to, a->left_out.of);
        str_addf(to, ": %s", a->limits.why ? a->limits.why : "raw printing prints whatever it is sent");
}

/* Packets a second to the address at hand. */
static uint32_t host_rate(const struct writer *w)
{
        uint32_t most = w->plan->head->pace.host_rate, own = w->asked->limits.host_rate;

        return own && own < most ? own : most;
}

static void add_ports(struct str *to, const struct writer *w, enum transport t)
{
        if (w->asked->narrowed)
                port_set_format(&w->asked->ports.of[t], to);
        else
                str_add(to, str_text(t == TRANSPORT_TCP ? &w->tcp : &w->udp));
}

/* A thousand ports are no line to read: the first ones, and how many there are. */
static void cut_ports(struct str *line, size_t start, uint32_t n)
{
        if (line->len - start <= LONGEST_LIST)
                return;
        line->len = start + LONGEST_LIST;
        while (line->text[line->len] != ',')
                line->len--;
        line->text[line->len] = '\0';
        str_addf(line, ",... (%u ports; --json has all)", n);
}

static void write_text(struct writer *w, const struct address *address, uint32_t zone_index,
                       const struct scan_subject *subject)
{
        const struct askable *a = w->asked;
        _cleanup_str_ struct str line = {0};

        scan_add_address(&line, w->plan->head, address, zone_index);
        if (subject->name)
                str_addf(&line, " (%s)", subject->name);
        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
                size_t start = line.len, empty;

                str_addf(&line, "  %s ", transport_name(t));
                empty = line.len;
                add_ports(&line, w, t);
                if (line.len == empty)
                        line.len = start, line.text[start] = '\0';
                else
                        cut_ports(&line, empty, port_set_count(&a->ports.of[t]));
        }
        if (a->class != DEVICE_NONE)
                str_addf(&line, "  class %s", device_class_name(a->class));
        if (host_rate(w) < w->plan->head->pace.host_rate)
                str_addf(&line, "  at most %u packets/s", host_rate(w));
        if (!streq(method_for(w), w->plan->head->method))
                str_addf(&line, "  by %s", method_for(w));
        if (a->narrowed) {
                str_add(&line, "  without ");
                add_left_out(&line, a);
        }
        text_add_printable(&w->buf, line.text);
        str_add_char(&w->buf, '\n');
}

static void write_json(struct writer *w, const struct address *address, uint32_t zone_index,
                       const struct scan_subject *subject)
{
        const struct scan_head *head = w->plan->head;
        const struct askable *a = w->asked;
        struct json j = begin_record(w, "target", subject->asset);
        _cleanup_str_ struct str tcp = {0}, udp = {0}, left_out = {0};
        char text[ADDRESS_TEXT_SIZE];

        json_str(&j, "address", address_format(address, text));
        if (zone_index)
                json_str(&j, "device", head->device(zone_index, head->arg));
        json_str(&j, "name", subject->name);
        add_ports(&tcp, w, TRANSPORT_TCP);
        json_str(&j, "tcp", str_text(&tcp));
        add_ports(&udp, w, TRANSPORT_UDP);
        json_str(&j, "udp", str_text(&udp));
        json_str(&j, "method", method_for(w));
        json_u64(&j, "host_rate", host_rate(w));
        json_str(&j, "zone", subject->zone);
        json_str(&j, "class", a->class != DEVICE_NONE ? device_class_name(a->class) : NULL);
        add_left_out(&left_out, a);
        json_str(&j, "left_out", left_out.text);
        json_end_line(&j);
}

static int write_address(struct writer *w, const struct address *address)
{
        const struct scan_head *head = w->plan->head;
        const struct target_name *single = targets_single(head->targets, address);
        struct scan_subject subject = head->subject(address, head->arg);
        uint64_t probes = 0;

        scan_askable(head->ports, w->plan->estate, address, w->asked);
        w->addresses++;
        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                probes += port_set_count(&w->asked->ports.of[t]);
        w->probes += probes;
        if (host_rate(w) && probes * MS_PER_S / host_rate(w) > w->estimate_ms)
                w->estimate_ms = probes * MS_PER_S / host_rate(w);
        (w->plan->json ? write_json : write_text)(w, address, single ? single->zone_index : 0, &subject);
        return report_flush(&w->buf, w->fd, CHUNK, w->err);
}

static int write_range(struct writer *w, const struct address_range *range)
{
        for (struct address a = range->first;; a = address_next(&a)) {
                int r = write_address(w, &a);

                if (r < 0)
                        return r;
                if (address_compare(&a, &range->last) == 0)
                        return 0;
        }
}

/* --- the rest ------------------------------------------------------------------------------------ */

static int write_refused(struct writer *w)
{
        const struct targets *t = w->plan->head->targets;

        for (size_t i = 0; i < t->n_refused; i++) {
                char range[RANGE_TEXT_SIZE];
                int r;

                (void)address_range_format(&t->refused[i].range, range);
                if (w->plan->json) {
                        struct json j = begin_record(w, "refused", NULL);

                        json_str(&j, "range", range);
                        json_str(&j, "why", t->refused[i].why);
                        json_end_line(&j);
                } else {
                        str_addf(&w->buf, "left out: %s: ", range);
                        text_add_printable(&w->buf, t->refused[i].why);
                        str_add_char(&w->buf, '\n');
                }
                r = report_flush(&w->buf, w->fd, CHUNK, w->err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void write_summary(struct writer *w)
{
        const struct scan_plan *plan = w->plan;
        struct json j;

        if (!plan->json) {
                str_addf(&w->buf, "%llu address%s, %llu probes, at least ", (unsigned long long)w->addresses,
                         w->addresses == 1 ? "" : "es", (unsigned long long)w->probes);
                scan_add_duration(&w->buf, w->estimate_ms);
                str_addf(&w->buf, " at %u packets/s in all and %u to one host; nothing was sent\n",
                         plan->head->pace.rate, plan->head->pace.host_rate);
                return;
        }
        j = begin_record(w, "summary", plan->head->scanner);
        json_str(&j, "hostname", plan->head->hostname);
        json_bool(&j, "complete", true);
        json_open_array(&j, "incomplete");
        json_end(&j);
        json_bool(&j, "dry_run", true);
        json_str(&j, "method", plan->head->method);
        json_u64(&j, "addresses", w->addresses);
        json_u64(&j, "probes", w->probes);
        json_u64(&j, "rate", plan->head->pace.rate);
        json_u64(&j, "host_rate", plan->head->pace.host_rate);
        json_u64(&j, "estimated_ms", w->estimate_ms);
        json_end_line(&j);
}

int scan_plan_write(const struct scan_plan *plan, int fd, struct err *err)
{
        _cleanup_(writer_release) struct writer w = {
                .plan = plan, .fd = fd, .err = err, .estimate_ms = plan->estimate_ms};
        const struct range_set *ranges = &plan->head->targets->ranges;
        int r = 0;

        w.asked = xcalloc(1, sizeof(*w.asked));
        port_set_format(&plan->head->ports->of[TRANSPORT_TCP], &w.tcp);
        port_set_format(&plan->head->ports->of[TRANSPORT_UDP], &w.udp);
        for (size_t i = 0; i < ranges->n && r == 0; i++)
                r = write_range(&w, &ranges->at[i]);
        if (r == 0)
                r = write_refused(&w);
        if (r < 0)
                return r;
        write_summary(&w);
        return report_flush(&w.buf, fd, 0, err);
}
