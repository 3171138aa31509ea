/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/scan_report.h"

#include "report/report.h"
#include "report/scan_book.h"

#define CHUNK        (64u * 1024)
#define RANGES_LOOSE 65536u /* ranges are joined when so many have come */

static const struct scan_format *const formats[] = {
        &scan_report_text, &scan_report_json, &scan_report_csv, &scan_report_xml, &scan_report_html, NULL,
};

const struct scan_format *scan_report_find(const char *name)
{
        for (size_t i = 0; formats[i]; i++)
                if (streq(formats[i]->name, name))
                        return formats[i];
        return NULL;
}

const struct scan_format *const *scan_report_all(void)
{
        return formats;
}

static int flush(struct scan_writer *w, size_t least)
{
        if (w->result == 0)
                w->result = report_flush(&w->buf, w->fd, least, w->err);
        else
                str_reset(&w->buf);
        return w->result;
}

bool scan_has_verdicts(const struct scan_writer *w)
{
        return w->head->judged && w->head->judged->by_policy;
}

int scan_writer_begin(struct scan_writer *w, const struct scan_format *format, const struct scan_head *head,
                      int fd, struct err *err)
{
        *w = (struct scan_writer){.format = format, .head = head, .fd = fd, .err = err};
        if (format->by_host)
                w->book = scan_book_new(head->all_states);
        format->begin(w);
        return flush(w, 0);
}

/* Undecided ports stand in the coverage of their host: nothing can be said of them. */
static bool is_shown(const struct scan_writer *w, const struct endpoint *e)
{
        return (w->head->all_states && e->state != ENDPOINT_UNDECIDED) || e->state == ENDPOINT_OPEN ||
               e->state == ENDPOINT_OPEN_FILTERED;
}

int scan_writer_endpoint(struct scan_writer *w, const struct endpoint *e)
{
        return scan_writer_observed(w, &(struct observed){.endpoint = *e});
}

int scan_writer_observed(struct scan_writer *w, const struct observed *o)
{
        const struct endpoint *e = &o->endpoint;

        if (!is_shown(w, e))
                return w->result;
        if (w->book) {
                scan_book_add(w->book, o);
                return w->result;
        }
        w->format->endpoint(w, o);
        return flush(w, e->state == ENDPOINT_OPEN ? 0 : CHUNK);
}

static void add_range(struct range_set *set, const struct address *address)
{
        range_set_add(set, &(struct address_range){*address, *address});
        if (set->n % RANGES_LOOSE == 0)
                range_set_normalize(set);
}

static void count_host(struct scan_tally *tally, const struct host_coverage *c)
{
        tally->hosts[c->status]++;
        tally->why |= c->why;
        if (c->status == HOST_ABSENT)
                add_range(&tally->not_found, &c->address);
        if (c->status == HOST_NOT_ASKED)
                add_range(&tally->not_asked, &c->address);
}

static int write_host(struct scan_writer *w, const struct host_coverage *c)
{
        const struct observed *observed = NULL;
        size_t n = w->book ? scan_book_take(w->book, &c->address, c->zone_index, &observed) : 0;

        w->format->host(w, c, observed, n);
        return flush(w, c->status == HOST_UP || c->status == HOST_SILENT ? 0 : CHUNK);
}

int scan_writer_host(struct scan_writer *w, const struct host_coverage *c)
{
        count_host(&w->tally, c);
        return write_host(w, c);
}

int scan_writer_tick(struct scan_writer *w)
{
        return flush(w, 0);
}

/* Hosts that were under way when the scan broke off: what was seen of them is not lost. */
static void write_unfinished(struct scan_writer *w)
{
        _cleanup_free_ struct host_coverage *c = xcalloc(1, sizeof(*c)); /* it has port sets of 8 KiB */

        c->status = HOST_UP;
        c->why = COVERAGE_STOPPED;
        while (scan_book_next(w->book, &c->address, &c->zone_index)) {
                c->name = w->head->subject(&c->address, w->head->arg).name;
                count_host(&w->tally, c);
                if (write_host(w, c) < 0)
                        return;
        }
}

int scan_writer_end(struct scan_writer *w, const struct scan_end *end)
{
        if (w->book)
                write_unfinished(w);
        range_set_normalize(&w->tally.not_found);
        range_set_normalize(&w->tally.not_asked);
        w->format->end(w, end);
        return flush(w, 0);
}

void scan_writer_release(struct scan_writer *w)
{
        w->book = scan_book_free(w->book);
        range_set_release(&w->tally.not_found);
        range_set_release(&w->tally.not_asked);
        str_release(&w->buf);
}
