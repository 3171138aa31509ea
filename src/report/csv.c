/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSV (RFC 4180) for spreadsheets: a header, then one row a listener; lines end in CR LF. */
#include "report/csv.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/row.h"

/*
 * A spreadsheet runs a cell that starts with one of these as a formula (OWASP "CSV injection"); some
 * drop leading blanks first, and full-width forms count in some locales. An apostrophe in front makes
 * it text.
 */
static bool would_run(const char *cell)
{
        static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"}; /* = + - @ */

        while (*cell == ' ' || str_after(cell, "\u00a0") || str_after(cell, "\u3000"))
                cell += *cell == ' ' ? 1 : (unsigned char)*cell == 0xc2 ? 2 : 3;
        if (*cell && strchr("=+-@\t\r\n", *cell))
                return true;
        for (size_t i = 0; i < array_len(wide); i++)
                if (str_after(cell, wide[i]))
                        return true;
        return false;
}

static void quote_from(struct str *s, size_t start)
{
        _cleanup_free_ char *cell = xstrdup(s->text + start);

        s->len = start;
        str_add_char(s, '"');
        for (const char *p = cell; *p; p++) {
                if (*p == '"')
                        str_add_char(s, '"');
                str_add_char(s, *p);
        }
        str_add_char(s, '"');
}

void csv_add_cell(struct str *to, const char *cell)
{
        size_t start = to->len;

        /*
         * The test is on the raw cell: a leading TAB is not at the start any more once it is shown as
         * \x09.
         */
        if (would_run(cell))
                str_add_char(to, '\'');
        text_add_printable(to, cell);
        if (strpbrk(str_text(to) + start, "\",; "))
                quote_from(to, start);
}

/* --- columns ------------------------------------------------------------------------------------- */

/* What is known of the findings about one listener. */
struct judged {
        const struct finding *worst;
        struct str rules;
};

struct csv_row {
        const struct report_input *in;
        const struct listener *l;
        const struct judged *judged; /* NULL: no finding */
};

static void add_or_empty(struct str *to, const char *text)
{
        str_add(to, text ? text : "");
}

static void add_asset(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->in->view->asset);
}

static void add_host(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->in->view->hostname);
}

static void add_time(struct str *to, const struct csv_row *r)
{
        char text[CLOCK_TEXT_SIZE];

        str_add(to, clock_format(r->in->view->time_s, text));
}

static void add_kind(struct str *to, const struct csv_row *r)
{
        if (r->l->client_reason)
                str_add(to, "client");
        else
                str_add(to, r->l->kind == LISTENER_FORWARD ? "forward" : "socket");
}

static void add_transport(struct str *to, const struct csv_row *r)
{
        str_add(to, transport_name(r->l->transport));
}

static void add_address(struct str *to, const struct csv_row *r)
{
        char buf[ADDRESS_TEXT_SIZE];

        str_add(to, row_plain_address(r->l, buf));
}

static void add_port(struct str *to, const struct csv_row *r)
{
        row_add_port_number(to, r->l);
}

static void add_family(struct str *to, const struct csv_row *r)
{
        if (r->l->address.family == 6)
                str_add(to, r->l->dual_stack ? "v4+v6" : "v6");
        else
                str_add(to, "v4");
}

static void add_device(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->device);
}

static void add_netns(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->netns ? r->l->netns->role : NULL);
}

static void add_protocol(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->protocol ? r->l->protocol : r->l->registered);
}

static void add_confidence(struct str *to, const struct csv_row *r)
{
        str_add(to, confidence_name(r->l->confidence));
}

static void add_scope(struct str *to, const struct csv_row *r)
{
        str_add(to, exposure_scope_name(r->l->exposure.scope));
}

static void add_blocked_by(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->exposure.blocked_by);
}

static void add_processes(struct str *to, const struct csv_row *r)
{
        for (size_t i = 0; i < r->l->n_processes; i++) {
                if (i)
                        str_add(to, "; ");
                row_add_process(to, r->l->processes[i]);
        }
}

static const struct process *first_process(const struct csv_row *r)
{
        return r->l->n_processes ? r->l->processes[0] : NULL;
}

static void add_exe(struct str *to, const struct csv_row *r)
{
        const struct process *p = first_process(r);

        add_or_empty(to, p ? p->exe : NULL);
}

static void add_cmdline(struct str *to, const struct csv_row *r)
{
        const struct process *p = first_process(r);

        add_or_empty(to, p ? p->cmdline : NULL);
}

static void add_user(struct str *to, const struct csv_row *r)
{
        const struct process *p = first_process(r);

        add_or_empty(to, p ? p->user : NULL);
}

static void add_owner_note(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->client_reason ? r->l->client_reason : r->l->owner_note);
}

static void add_unit(struct str *to, const struct csv_row *r)
{
        const struct service *unit = r->l->unit ? r->l->unit : r->l->activation;

        add_or_empty(to, unit ? unit->name : NULL);
}

static void add_unit_state(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->unit ? r->l->unit->state : NULL);
}

static void add_unit_startup(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->unit ? r->l->unit->startup : NULL);
}

static void add_package(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->package ? r->l->package->name : NULL);
}

static void add_version(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->package ? r->l->package->version : NULL);
}

static void add_container(struct str *to, const struct csv_row *r)
{
        if (r->l->container)
                row_add(to, ROW_CONTAINER, r->l);
}

static void add_forward_to(struct str *to, const struct csv_row *r)
{
        if (r->l->forward)
                row_add_forward_target(to, r->l);
}

static void add_advice(struct str *to, const struct csv_row *r)
{
        if (!r->l->client_reason)
                str_add(to, advice_class_name(r->l->advice.class));
}

static void add_advice_why(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->client_reason ? NULL : r->l->advice.why);
}

static void add_verdict(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, verdict_name(r->l->judgement.verdict));
}

static void add_verdict_why(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->judgement.why);
}

static void add_severity(struct str *to, const struct csv_row *r)
{
        if (r->judged)
                str_add(to, severity_name(r->judged->worst->severity));
}

static void add_rules(struct str *to, const struct csv_row *r)
{
        if (r->judged)
                str_add(to, str_text(&r->judged->rules));
}

static void add_title(struct str *to, const struct csv_row *r)
{
        if (r->judged)
                str_add(to, r->judged->worst->title);
}

static const struct identity *heard(const struct csv_row *r)
{
        return r->l->identity;
}

static void add_encryption(struct str *to, const struct csv_row *r)
{
        if (heard(r))
                str_add(to, encryption_name(heard(r)->encryption));
}

static void add_product(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, heard(r) ? heard(r)->product : NULL);
}

static void add_product_version(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, heard(r) ? heard(r)->version : NULL);
}

static void add_behaviour(struct str *to, const struct csv_row *r)
{
        if (heard(r))
                str_add(to, behaviour_name(heard(r)->behaviour));
}

static void add_not_verified(struct str *to, const struct csv_row *r)
{
        add_or_empty(to, r->l->not_verified);
}

static const struct {
        const char *name;
        void (*add)(struct str *to, const struct csv_row *row);
        bool of_audit, of_verify;
} columns[] = {
        {"asset", add_asset},
        {"host", add_host},
        {"time", add_time},
        {"kind", add_kind},
        {"transport", add_transport},
        {"address", add_address},
        {"port", add_port},
        {"family", add_family},
        {"device", add_device},
        {"netns", add_netns},
        {"protocol", add_protocol},
        {"confidence", add_confidence},
        {"exposure", add_scope},
        {"blocked_by", add_blocked_by},
        {"processes", add_processes},
        {"exe", add_exe},
        {"cmdline", add_cmdline},
        {"user", add_user},
        {"owner_note", add_owner_note},
        {"unit", add_unit},
        {"unit_state", add_unit_state},
        {"unit_startup", add_unit_startup},
        {"package", add_package},
        {"package_version", add_version},
        {"container", add_container},
        {"forward", add_forward_to},
        {"advice", add_advice},
        {"advice_why", add_advice_why},
        {"verdict", add_verdict, true},
        {"verdict_why", add_verdict_why, true},
        {"severity", add_severity, true},
        {"rules", add_rules, true},
        {"finding", add_title, true},
        {"encryption", add_encryption, false, true},
        {"product", add_product, false, true},
        {"product_version", add_product_version, false, true},
        {"behaviour", add_behaviour, false, true},
        {"not_verified", add_not_verified, false, true},
};

static bool has_column(const struct report_input *in, size_t i)
{
        return (in->with_findings || !columns[i].of_audit) && (in->verified || !columns[i].of_verify);
}

/* --- writing ------------------------------------------------------------------------------------- */

struct judgements {
        vec(struct judged) list;
        struct map by_listener; /* address of the listener -> index */
};

static void judgements_release(struct judgements *j)
{
        vec_foreach (one, &j->list)
                str_release(&one->rules);
        vec_clear(&j->list);
        map_release(&j->by_listener);
}

/* Findings come most severe first, so the first of a listener is its worst. */
static void judgements_read(struct judgements *j, const struct assessment *a)
{
        vec_foreach (f, &a->findings) {
                struct judged *judged;
                uint64_t index;

                if (!f->listener)
                        continue;
                if (!map_get(&j->by_listener, (uintptr_t)f->listener, &index)) {
                        index = j->list.n;
                        vec_push(&j->list)->worst = f;
                        map_put(&j->by_listener, (uintptr_t)f->listener, index);
                }
                judged = &j->list.at[index];
                if (judged->rules.len)
                        str_add_char(&judged->rules, ';');
                str_add(&judged->rules, f->rule);
        }
}

static int end_row(struct str *buf, int fd, struct err *err)
{
        str_add(buf, "\r\n");
        return report_flush(buf, fd, REPORT_CHUNK, err);
}

static int write_header(const struct report_input *in, int fd, struct str *buf, struct err *err)
{
        for (size_t i = 0; i < array_len(columns); i++)
                if (has_column(in, i)) {
                        if (i)
                                str_add_char(buf, ',');
                        str_add(buf, columns[i].name);
                }
        return end_row(buf, fd, err);
}

static void add_row(struct str *buf, const struct csv_row *row)
{
        _cleanup_str_ struct str cell = {0};

        for (size_t i = 0; i < array_len(columns); i++) {
                if (!has_column(row->in, i))
                        continue;
                if (i)
                        str_add_char(buf, ',');
                str_reset(&cell);
                columns[i].add(&cell, row);
                csv_add_cell(buf, str_text(&cell));
        }
}

static int write_rows(const struct report_input *in, const struct judgements *judgements,
                      const struct listener *l, size_t n, int fd, struct str *buf, struct err *err)
{
        int r = 0;

        for (; n && r >= 0; n--, l++) {
                struct csv_row row = {.in = in, .l = l};
                uint64_t index;

                if (map_get(&judgements->by_listener, (uintptr_t)l, &index))
                        row.judged = &judgements->list.at[index];
                add_row(buf, &row);
                r = end_row(buf, fd, err);
        }
        return r;
}

static int write_listeners(const struct report_input *in, int fd, struct str *buf, struct err *err)
{
        _cleanup_(judgements_release) struct judgements judgements = {0};
        const struct assessment *a = in->assessment;
        int r;

        if (in->with_findings)
                judgements_read(&judgements, a);
        r = write_header(in, fd, buf, err);
        if (r >= 0)
                r = write_rows(in, &judgements, a->listeners.at, a->listeners.n, fd, buf, err);
        if (r >= 0 && in->all)
                r = write_rows(in, &judgements, a->clients.at, a->clients.n, fd, buf, err);
        return r;
}

/* host --services: services are the subject. */
static int write_services(const struct report_input *in, int fd, struct str *buf, struct err *err)
{
        const struct inside *view = in->view;
        int r;

        str_add(buf,
                "asset,host,service,manager,state,startup,listens_on,package,package_version,description,exec");
        r = end_row(buf, fd, err);
        vec_foreach (use, &in->assessment->services) {
                _cleanup_str_ struct str listens = {0};
                const struct service *s = use->service;
                const struct package *p =
                        s->package < view->packages.n ? &view->packages.at[s->package] : NULL;

                if (use->n_listeners)
                        row_add_listens(&listens, use, SIZE_MAX);

                const char *const cells[] = {
                        view->asset,
                        view->hostname,
                        s->name,
                        s->manager,
                        s->state,
                        s->startup,
                        listens.text,
                        p ? p->name : NULL,
                        p ? p->version : NULL,
                        s->description,
                        s->exec,
                };

                for (size_t i = 0; i < array_len(cells); i++) {
                        if (i)
                                str_add_char(buf, ',');
                        csv_add_cell(buf, cells[i] ? cells[i] : "");
                }
                r = end_row(buf, fd, err);
                if (r < 0)
                        break;
        }
        return r;
}

static int write_csv(const struct report_input *in, int fd, struct err *err)
{
        _cleanup_str_ struct str buf = {0};
        int r = in->with_listeners ? write_listeners(in, fd, &buf, err) : write_services(in, fd, &buf, err);

        return r < 0 ? r : report_flush(&buf, fd, 0, err);
}

const struct report_format report_csv = {
        .name = "csv",
        .what = "one row a listener, for spreadsheets",
        .write = write_csv,
};
