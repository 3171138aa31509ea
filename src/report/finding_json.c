/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/finding_json.h"

#include "model/observed.h"
#include "report/row.h"

void finding_json_place(struct json *j, const struct listener *l)
{
        char address[ADDRESS_TEXT_SIZE];

        json_str(j, "transport", transport_name(l->transport));
        json_str(j, "address", row_plain_address(l, address));
        json_u64(j, "port", l->port);
}

void finding_json_netns(struct json *j, const struct listener *l)
{
        json_str(j, "netns", l->netns ? l->netns->role : NULL);
}

void finding_json_advice(struct json *j, const struct advice *a)
{
        json_open_object(j, "advice");
        json_str(j, "class", advice_class_name(a->class));
        json_str(j, "why", a->why);
        json_end(j);
}

void finding_json_judgement(struct json *j, const struct judgement *judgement)
{
        json_open_object(j, "policy");
        json_str(j, "why", judgement->why);
        if (judgement->note)
                json_str(j, "note", judgement->note);
        if (judgement->rule) {
                json_u64(j, "line", judgement->rule->line);
                json_str(j, "need", judgement->rule->need);
                json_str(j, "owner", judgement->rule->owner);
        }
        json_end(j);
}

static void add_strings(struct json *j, const char *key, const char *const *list)
{
        json_open_array(j, key);
        for (; *list; list++)
                json_str(j, NULL, *list);
        json_end(j);
}

static void add_endpoint(struct json *j, const struct observed *o)
{
        char address[ADDRESS_TEXT_SIZE];

        json_str(j, "transport", transport_name(o->endpoint.transport));
        json_str(j, "address", address_format(&o->endpoint.address, address));
        json_u64(j, "port", o->endpoint.port);
        json_str(j, "asset", o->asset_name);
        json_str(j, "zone", o->zone);
        json_str(j, "protocol", o->identity ? o->identity->protocol : NULL);
        json_str(j, "product", o->identity ? o->identity->product : NULL);
        json_str(j, "version", o->identity ? o->identity->version : NULL);
}

static void add_subject(struct json *j, const struct finding *f)
{
        const struct listener *l = f->listener;

        json_open_object(j, "subject");
        if (l) {
                finding_json_place(j, l);
                finding_json_netns(j, l);
                json_str(j, "unit", l->unit ? l->unit->name : NULL);
                json_str(j, "exe", l->n_processes ? l->processes[0]->exe : NULL);
                json_str(j, "package", l->package ? l->package->name : NULL);
        } else if (f->observed) {
                add_endpoint(j, f->observed);
        } else if (f->approval) {
                json_str(j, "approval", f->approval->what);
                json_u64(j, "line", f->approval->line);
        } else {
                json_str(j, "service", f->service ? f->service->name : NULL);
        }
        json_end(j);
}

static void add_alternative(struct json *j, const struct alternative *a)
{
        if (!a->protocol) {
                json_put_null(j, "alternative");
                return;
        }
        json_open_object(j, "alternative");
        json_str(j, "protocol", a->protocol);
        json_str(j, "port", a->port);
        json_str(j, "package", a->package);
        json_end(j);
}

static void add_controls(struct json *j, const struct control *controls)
{
        json_open_array(j, "controls");
        for (; controls->framework; controls++) {
                json_open_object(j, NULL);
                json_str(j, "framework", controls->framework);
                json_str(j, "id", controls->id);
                json_str(j, "title", controls->title);
                json_end(j);
        }
        json_end(j);
}

void finding_json_add(struct json *j, const struct finding *f)
{
        json_str(j, "rule", f->rule);
        json_str(j, "severity", severity_name(f->severity));
        json_str(j, "title", f->title);
        add_subject(j, f);
        json_str(j, "verdict", verdict_name(f->verdict));
        finding_json_advice(j, &f->advice);
        add_strings(j, "evidence", f->evidence);
        add_strings(j, "remediation", f->remediation);
        add_alternative(j, &f->alternative);
        add_controls(j, f->controls);
}
