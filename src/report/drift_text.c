/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed, for people: a table with what was on the left and what is on the right. */
#include "base/clock.h"
#include "base/text.h"
#include "model/zone_states.h"
#include "report/drift_report.h"
#include "report/layout.h"
#include "report/report.h"

#define MOST_ROWS 20000u /* as a table; all of them are in the records */

void drift_add_place(struct str *to, const struct item *item)
{
        char address[ADDRESS_TEXT_SIZE];

        if (item->kind == ITEM_SERVICE) {
                str_add(to, item->name);
                return;
        }
        str_addf(to, "%u", item->port);
        if (item->port_last > item->port)
                str_addf(to, "-%u", item->port_last);
        str_addf(to, "/%s", transport_name(item->transport));
        str_addf(to, " on %s",
                 item->address.family ? address_format(&item->address, address) : "any address");
        if (item->device)
                str_addf(to, "%%%s", item->device);
        if (item->netns && !streq(item->netns, "host"))
                str_addf(to, " in %s", item->netns);
}

struct writer {
        const struct drift_report *in;
        struct str buf, raw, safe;
        bool several; /* assets: name them */
};

static void writer_release(struct writer *w)
{
        str_release(&w->buf);
        str_release(&w->raw);
        str_release(&w->safe);
}

static const char *take_safe(struct writer *w)
{
        str_reset(&w->safe);
        text_add_printable(&w->safe, str_text(&w->raw));
        str_reset(&w->raw);
        return str_text(&w->safe);
}

static void add_words(struct str *to, const char *a, const char *b)
{
        if (a)
                str_addf(to, ", %s", a);
        if (a && b)
                str_addf(to, " %s", b);
}

static void add_exposure(struct str *to, const struct item *item)
{
        if (!item->exposure)
                return;
        str_add(to, ", reach: ");
        item_add_exposure(to, item);
}

/* "nginx.service, /usr/sbin/nginx" or "http, Apache httpd 2.4.62": who is there */
static void add_who(struct str *to, const struct item *item)
{
        if (item->kind == ITEM_SERVICE) {
                add_words(to, item->startup, NULL);
                return;
        }
        add_words(to, item->unit, NULL);
        add_words(to, item->exe, NULL);
        if (item->kind == ITEM_ENDPOINT) {
                add_words(to, item->protocol, NULL);
                add_words(to, item->product, item->version);
        }
        add_exposure(to, item);
        if (item->container)
                str_addf(to, ", container %s", item->container);
}

/* What a cell of a changed thing shows is what changed; the place stands before it. */
static void add_changed(struct str *to, const struct event *e, const struct item *item)
{
        const struct item *other = item == e->before ? e->after : e->before;

        switch (e->kind) {
        case EVENT_OWNER_CHANGED:
                if (!streq_ptr(item->exe, other->exe) ||
                    (!item->product && streq_ptr(item->unit, other->unit)))
                        add_words(to, item->exe, NULL);
                if (!streq_ptr(item->unit, other->unit))
                        add_words(to, item->unit ? "unit" : NULL, item->unit);
                if (!streq_ptr(item->container, other->container))
                        add_words(to, item->container ? "container" : NULL, item->container);
                if (!streq_ptr(item->user, other->user))
                        add_words(to, item->user ? "user" : NULL, item->user);
                add_words(to, item->product, item->version);
                if (item->exe_hash && other->exe_hash && !streq(item->exe_hash, other->exe_hash))
                        str_addf(to, ", SHA-256 %.12s...", item->exe_hash);
                return;
        case EVENT_PROTOCOL_CHANGED:
                add_words(to, item->protocol, NULL);
                add_words(to, item->encryption ? "encryption" : NULL, item->encryption);
                return;
        case EVENT_VERSION_CHANGED:
                add_words(to,
                          item->package   ? item->package
                          : item->product ? item->product
                                          : "version",
                          item->version);
                return;
        case EVENT_EXPOSURE_CHANGED:
                add_exposure(to, item);
                return;
        case EVENT_STARTUP_CHANGED:
                add_words(to, item->startup, NULL);
                return;
        default:
                add_who(to, item);
        }
}

static void add_cell(struct writer *w, struct layout_table *t, const struct event *e,
                     const struct item *item)
{
        if (!item) {
                layout_table_cell(t, "-", NULL);
                return;
        }
        drift_add_place(&w->raw, item);
        add_changed(&w->raw, e, item);
        layout_table_cell(t, take_safe(w), NULL);
}

static const char *colour_of(const struct event *e)
{
        if (e->planned)
                return NULL;
        switch (e->kind) {
        case EVENT_OPENED:
        case EVENT_OWNER_CHANGED:
        case EVENT_EXPOSURE_CHANGED:
        case EVENT_SERVICE_ADDED:
        case EVENT_APPROVAL_EXPIRED:
                return "red";
        case EVENT_CLOSED:
        case EVENT_SERVICE_REMOVED:
                return "green";
        default:
                return "brown";
        }
}

static void add_rows(struct writer *w, struct layout_table *t, bool planned)
{
        size_t left = MOST_ROWS;

        vec_foreach(e, &w->in->drift->events) {
                const struct item *item = e->after ? e->after : e->before;

                if ((e->planned != NULL) != planned || !left--)
                        continue;
                layout_table_cell(t, event_kind_name(e->kind), colour_of(e));
                if (w->several) {
                        str_add(&w->raw, item->asset ? item->asset : "-");
                        layout_table_cell(t, take_safe(w), NULL);
                }
                add_cell(w, t, e, e->before);
                add_cell(w, t, e, e->after);
                str_add(&w->raw, planned ? e->planned : e->what && !e->before ? e->what : "");
                layout_table_cell(t, take_safe(w), NULL);
                if (!left)
                        return;
        }
}

static int add_table(struct writer *w, bool planned)
{
        static const struct layout_column one[] = {
                {"CHANGE", 0, false}, {"BEFORE", 24, false}, {"AFTER", 24, false}, {"", 10, true}};
        static const struct layout_column more[] = {{"CHANGE", 0, false},
                                                    {"ASSET", 8, true},
                                                    {"BEFORE", 24, false},
                                                    {"AFTER", 24, false},
                                                    {"", 10, true}};
        struct layout_table t =
                layout_table_new(w->several ? more : one, w->several ? array_len(more) : array_len(one));
        int r;

        add_rows(w, &t, planned);
        r = layout_table_add(&w->buf, &t, w->in->width, w->in->colour);
        layout_table_release(&t);
        return r;
}

static void add_side(struct writer *w, const char *lead, const struct snapshot *s)
{
        char time[CLOCK_TEXT_SIZE];

        str_addf(&w->raw, "%s", s->source ? s->source : "?");
        if (s->time_s)
                str_addf(&w->raw, ", %s", clock_format(s->time_s, time));
        if (s->hostname)
                str_addf(&w->raw, ", %s", s->hostname);
        str_addf(&w->raw, ": %zu item%s%s", s->items.n, s->items.n == 1 ? "" : "s",
                 s->complete ? "" : ", incomplete");
        str_addf(&w->buf, "%-7s %s\n", lead, take_safe(w));
}

static void add_counts(struct writer *w)
{
        const struct drift *d = w->in->drift;
        const char *between = "";

        if (!d->events.n) {
                str_add(&w->buf, d->nothing_compared ? "Nothing of the two can be compared.\n"
                                 : d->complete       ? "Nothing changed.\n"
                                                     : "Nothing changed in what was seen.\n");
                return;
        }
        for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++) {
                if (!d->counts[kind])
                        continue;
                str_addf(&w->buf, "%s%zu %s", between, d->counts[kind], event_kind_name(kind));
                between = ", ";
        }
        if (w->in->planned)
                str_addf(&w->buf, "; planned: %zu", w->in->planned);
        str_add(&w->buf, "\n");
}

static void add_notes(struct writer *w)
{
        const struct snapshot *const sides[] = {w->in->before, w->in->after};

        for (const char *const *missed = w->in->missed; missed && *missed; missed++) {
                str_add(&w->raw, *missed);
                layout_paragraph(&w->buf, "did not happen: ", take_safe(w), w->in->width);
        }
        vec_foreach(note, &w->in->drift->notes) {
                str_add(&w->raw, *note);
                layout_paragraph(&w->buf, "note: ", take_safe(w), w->in->width);
        }
        for (size_t i = 0; i < array_len(sides); i++)
                for (const char *const *reason = sides[i]->incomplete; *reason; reason++) {
                        str_addf(&w->raw, "%s: %s", sides[i]->source ? sides[i]->source : "?", *reason);
                        layout_paragraph(&w->buf, "not seen: ", take_safe(w), w->in->width);
                }
}

static bool has_several_assets(const struct drift *d)
{
        const char *first = NULL;

        vec_foreach(e, &d->events) {
                const struct item *item = e->after ? e->after : e->before;

                if (item->kind == ITEM_ENDPOINT) /* its address says it */
                        continue;
                if (first && item->asset && item->asset != first)
                        return true;
                first = item->asset ? item->asset : first;
        }
        return false;
}

int drift_report_text(const struct drift_report *in, int fd, struct err *err)
{
        _cleanup_(writer_release) struct writer w = {.in = in, .several = has_several_assets(in->drift)};
        int r = 0;

        add_side(&w, "before", in->before);
        add_side(&w, "after", in->after);
        add_counts(&w);
        if (in->drift->events.n > in->planned) {
                str_add(&w.buf, "\n");
                r = add_table(&w, false);
        }
        if (r == 0 && in->planned) {
                str_add(&w.buf, "\nPlanned (quaymaster change):\n");
                r = add_table(&w, true);
        }
        if (r < 0)
                return err_set(err, r, "the table cannot be made");
        if (in->drift->events.n > MOST_ROWS)
                str_addf(&w.buf, "More than %u rows are not shown: --json has all %zu.\n", MOST_ROWS,
                         in->drift->events.n);
        str_add(&w.buf, "\n");
        add_notes(&w);
        return report_flush(&w.buf, fd, 0, err);
}
