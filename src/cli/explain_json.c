/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "cli/explain.h"

static const char *const match_names[] = {"expected", "also", "name", "program"};

static void add_ranges(struct json *j, const char *key, const struct port_range *ranges, size_t n)
{
        char text[PORT_RANGE_TEXT_SIZE];

        json_open_array(j, key);
        for (size_t i = 0; i < n; i++)
                json_str(j, NULL, port_range_format(&ranges[i], text));
        json_end(j);
}

static void add_texts(struct json *j, const char *key, const char *const *texts, size_t n)
{
        json_open_array(j, key);
        for (size_t i = 0; i < n; i++)
                json_str(j, NULL, texts[i]);
        json_end(j);
}

/* tcp and udp always, null where the registry has none; sctp where it is registered. */
static void add_registered(struct json *j, const struct explained_port *port, bool descriptions)
{
        static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_SCTP};

        json_open_object(j, descriptions ? "descriptions" : "registered");
        for (size_t i = 0; i < array_len(transports); i++) {
                enum transport t = transports[i];
                const struct registry_entry *entry = &port->entry[t];

                if (port->known[t])
                        json_str(j, transport_name(t), descriptions ? entry->description : entry->name);
                else if (t != TRANSPORT_SCTP)
                        json_put_null(j, transport_name(t));
        }
        json_end(j);
}

static void add_control(struct json *j, const struct control *control)
{
        json_open_object(j, NULL);
        json_str(j, "framework", control->framework);
        json_str(j, "id", control->id);
        json_str(j, "title", control->title);
        json_end(j);
}

static void add_controls(struct json *j, const struct page *page)
{
        struct control control;

        json_open_array(j, "controls");
        for (const struct control *c = controls_baseline(); c->framework; c++)
                add_control(j, c);
        for (size_t i = 0; page && i < page->n_controls; i++)
                if (control_find(page->controls[i], &control))
                        add_control(j, &control);
        json_end(j);
}

static void add_advice(struct json *j, enum advice_class class, const char *why)
{
        json_open_object(j, "advice");
        json_str(j, "class", advice_class_name(class));
        json_str(j, "why", why);
        json_end(j);
}

static void add_remediation(struct json *j, const char *const *steps, size_t n, uint16_t port)
{
        _cleanup_str_ struct str step = {0};

        json_open_array(j, "remediation");
        for (size_t i = 0; i < n; i++) {
                str_reset(&step);
                explain_step(&step, steps[i], port);
                json_str(j, NULL, str_text(&step));
        }
        json_end(j);
}

static void add_risk(struct json *j, const struct page *page)
{
        json_open_object(j, "risk");
        json_str(j, "loopback", severity_name(page->risk_loopback));
        json_str(j, "link", severity_name(page->risk_link));
        json_str(j, "internet", severity_name(page->risk_internet));
        json_end(j);
}

static void add_alternative(struct json *j, const struct alternative *alternative)
{
        if (!alternative->protocol) {
                json_put_null(j, "alternative");
                return;
        }
        json_open_object(j, "alternative");
        json_str(j, "protocol", alternative->protocol);
        json_str(j, "port", alternative->port);
        json_str(j, "package", alternative->package);
        json_end(j);
}

static void add_binds(struct json *j, const struct page *page)
{
        json_open_array(j, "bind");
        for (size_t i = 0; i < page->n_binds; i++) {
                json_open_object(j, NULL);
                json_str(j, "package", page->binds[i].package);
                json_str(j, "file", page->binds[i].file);
                json_str(j, "set", page->binds[i].set);
                json_end(j);
        }
        json_end(j);
}

/* What was asked for; null in a page that was found by name. */
static void add_asked(struct json *j, const struct explained_port *port)
{
        if (port)
                json_u64(j, "port", port->port);
        else
                json_put_null(j, "port");
        json_str(j, "transport", port && port->asked != TRANSPORT_MAX ? transport_name(port->asked) : NULL);
}

static void add_page(struct json *j, const struct explained *e, const struct explained_page *found)
{
        const struct page *page = found->page;
        struct explained_port port = explain_port_of(e, page);

        json_open_record(j, "page", NULL, NULL, NULL);
        json_str(j, "id", page->id);
        json_str(j, "name", page->name);
        json_str(j, "match", match_names[found->match]);
        add_asked(j, e->ports.n == 1 ? &e->ports.at[0] : NULL);
        add_ranges(j, "ports", page->ports, page->n_ports);
        add_ranges(j, "also_ports", page->also_ports, page->n_also_ports);
        add_registered(j, &port, false);
        json_str(j, "range", port.port || e->ports.n ? registry_range(port.port) : NULL);
        json_str(j, "what", page->what);
        json_str(j, "encrypted", page->encrypted);
        add_advice(j, page->advice, page->why);
        add_risk(j, page);
        add_remediation(j, page->remediation, page->n_remediation, explain_number(e, page));
        add_alternative(j, &page->alternative);
        add_binds(j, page);
        json_str(j, "note", page->note);
        add_texts(j, "references", page->references, page->n_references);
        add_controls(j, page);
        add_texts(j, "programs", page->programs, page->n_programs);
        add_texts(j, "also_programs", page->also_programs, page->n_also_programs);
        add_texts(j, "packages", page->packages, page->n_packages);
        json_str(j, "source", page->source);
        json_end_line(j);
}

static void add_port(struct json *j, const struct explained_port *port)
{
        size_t n_steps = 0;

        while (explain_unknown_steps[n_steps])
                n_steps++;
        json_open_record(j, "port", NULL, NULL, NULL);
        add_asked(j, port);
        add_registered(j, port, false);
        add_registered(j, port, true);
        json_str(j, "range", registry_range(port->port));
        add_advice(j, ADVICE_REVIEW, explain_unknown_why);
        add_remediation(j, explain_unknown_steps, n_steps, port->port);
        add_controls(j, NULL);
        json_end_line(j);
}

void explain_json(const struct explained *e, struct str *to)
{
        struct json j = json_to(to);

        vec_foreach (found, &e->pages)
                add_page(&j, e, found);
        for (size_t i = 0; !e->pages.n && i < e->ports.n; i++)
                add_port(&j, &e->ports.at[i]);
        json_open_record(&j, "summary", NULL, NULL, NULL);
        json_bool(&j, "complete", true);
        json_open_array(&j, "incomplete");
        json_end(&j);
        json_u64(&j, "pages", e->pages.n);
        json_end_line(&j);
}
