/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/row.h"

#include "model/observed.h"
#include "report/scan_words.h"

const char *row_plain_address(const struct listener *l, char buf[ADDRESS_TEXT_SIZE])
{
        static const struct address any = {.family = 4};

        return address_format(l->address.family ? &l->address : &any, buf);
}

void row_add_port_number(struct str *to, const struct listener *l)
{
        str_add_u64(to, l->port);
        if (l->port_last > l->port)
                str_addf(to, "-%u", l->port_last);
}

static void add_port(struct str *to, const struct listener *l)
{
        row_add_port_number(to, l);
        str_add_char(to, '/');
        str_add(to, transport_name(l->transport));
}

static void add_address(struct str *to, const struct listener *l)
{
        char buf[ADDRESS_TEXT_SIZE];

        str_add(to, row_plain_address(l, buf));
        if (l->device) {
                str_add_char(to, '%');
                str_add(to, l->device);
        }
        if (l->address.family == 6 && address_is_any(&l->address))
                str_add(to, l->dual_stack ? " (v4+v6)" : " (v6 only)");
}

void row_add_place(struct str *to, const struct listener *l)
{
        char buf[ADDRESS_TEXT_SIZE];

        str_addf(to, l->address.family == 6 ? "[%s]" : "%s", row_plain_address(l, buf));
        if (l->device) {
                str_add_char(to, '%');
                str_add(to, l->device);
        }
        str_add_char(to, ':');
        add_port(to, l);
        if (l->netns && l->netns->kind != NETNS_HOST) {
                str_add(to, " in netns ");
                str_add(to, l->netns->role);
        }
}

static void add_protocol(struct str *to, const struct listener *l)
{
        const char *name = l->protocol ? l->protocol : l->registered;

        if (!name)
                return;
        str_add(to, name);
        if (l->confidence == CONFIDENCE_REGISTERED)
                str_add_char(to, '?');
}

/* "http, tls"; how it behaves where nothing known speaks: "(closes)" */
static void add_speaks(struct str *to, const struct listener *l)
{
        scan_add_protocol(to, &(struct observed){.identity = l->identity});
        if (l->identity && l->identity->encryption > ENCRYPTION_NONE)
                str_addf(to, ", %s", encryption_name(l->identity->encryption));
}

static void add_product(struct str *to, const struct listener *l)
{
        scan_add_product(to, &(struct observed){.identity = l->identity});
}

/* What is worth a glance: from which zones it is shut, and that it is not known. "link, not from: guests" */
static void add_zones(struct str *to, const struct exposure *e)
{
        size_t n = 0;

        for (size_t i = 0; i < e->n_zones; i++)
                if (e->zones[i].state == REACH_BLOCKED)
                        str_addf(to, "%s %s", n++ ? "," : ", not from:", e->zones[i].zone);
        if (!n && e->n_zones && e->zones[0].state == REACH_REACHABLE && e->zones[0].why &&
            strncmp(e->zones[0].why, "from ", 5) == 0)
                str_addf(to, ", %s", e->zones[0].why);
}

static void add_scope(struct str *to, const struct listener *l)
{
        str_add(to, exposure_scope_name(l->exposure.scope));
        if (l->exposure.blocked_by)
                str_add(to, ", blocked");
        else
                add_zones(to, &l->exposure);
}

static void add_netns(struct str *to, const struct listener *l)
{
        if (l->netns)
                str_add(to, l->netns->role);
}

static void add_container(struct str *to, const struct listener *l)
{
        const struct container *c = l->container;
        const char *name;

        if (!c)
                return;
        name = c->name ? c->name : c->pod ? c->pod : c->id;
        str_add(to, c->runtime);
        if (name) {
                str_add_char(to, ':');
                str_add(to, name);
        }
}

/*
 * A container's namespace is named after it: then one column says both. The target of a forward is
 * named beside the arrow.
 */
static bool container_says_more(const struct listener *l)
{
        _cleanup_str_ struct str label = {0};

        if (!l->container || l->forward)
                return false;
        add_container(&label, l);
        return !l->netns || !streq(label.text, l->netns->role);
}

static const char *process_name(const struct process *p)
{
        if (p->name && *p->name)
                return p->name;
        return p->exe ? str_basename(p->exe) : "?";
}

void row_add_process(struct str *to, const struct process *p)
{
        str_add(to, process_name(p));
        str_addf(to, " (%d)", (int)p->pid);
        if (p->exe_deleted)
                str_add(to, " [deleted]");
}

void row_add_forward_target(struct str *to, const struct listener *l)
{
        char buf[ADDRESS_TEXT_SIZE];
        const struct forward *f = l->forward;

        if (f->to.family)
                str_addf(to, f->to.family == 6 ? "[%s]" : "%s", address_format(&f->to, buf));
        else
                str_add(to, "this host");
        str_addf(to, ":%u", f->to_port ? f->to_port : l->port);
}

static void add_processes(struct str *to, const struct listener *l)
{
        if (l->forward) {
                str_add(to, "-> ");
                row_add_forward_target(to, l);
                if (l->container) {
                        str_add(to, " (");
                        add_container(to, l);
                        str_add_char(to, ')');
                }
                return;
        }
        if (!l->n_processes)
                return;
        row_add_process(to, l->processes[0]);
        if (l->n_processes > 1)
                str_addf(to, " +%zu", l->n_processes - 1);
}

static void add_unit(struct str *to, const struct listener *l)
{
        const struct service *unit = l->unit ? l->unit : l->activation;

        if (unit)
                str_add(to, unit->name);
}

static void add_package(struct str *to, const struct listener *l)
{
        if (l->package)
                str_add(to, l->package->name);
}

static void add_advice(struct str *to, const struct listener *l)
{
        str_add(to, l->client_reason ? "client" : advice_class_name(l->advice.class));
}

static void add_verdict(struct str *to, const struct listener *l)
{
        if (l->judgement.why)
                str_add(to, verdict_name(l->judgement.verdict));
}

static const struct {
        const char *heading;
        void (*add)(struct str *to, const struct listener *l);
} columns[ROW_MAX] = {
        [ROW_PORT] = {"Port", add_port},
        [ROW_ADDRESS] = {"Address", add_address},
        [ROW_PROTOCOL] = {"Protocol", add_protocol},
        [ROW_SPEAKS] = {"Speaks", add_speaks},
        [ROW_PRODUCT] = {"Says it is", add_product},
        [ROW_SCOPE] = {"Scope", add_scope},
        [ROW_NETNS] = {"Netns", add_netns},
        [ROW_CONTAINER] = {"Container", add_container},
        [ROW_PROCESS] = {"Process", add_processes},
        [ROW_UNIT] = {"Unit", add_unit},
        [ROW_PACKAGE] = {"Package", add_package},
        [ROW_ADVICE] = {"Advice", add_advice},
        [ROW_VERDICT] = {"Verdict", add_verdict},
};

const char *row_heading(enum row_column column)
{
        return columns[column].heading;
}

void row_add(struct str *to, enum row_column column, const struct listener *l)
{
        size_t before = to->len;

        columns[column].add(to, l);
        if (to->len == before)
                str_add_char(to, '-');
}

static bool says_something(enum row_column column, const struct listener *l)
{
        switch (column) {
        case ROW_NETNS:
                return l->netns && l->netns->kind != NETNS_HOST;
        case ROW_CONTAINER:
                return container_says_more(l);
        case ROW_SPEAKS:
                return l->identity || l->not_verified;
        case ROW_PRODUCT:
                return l->identity && l->identity->product;
        default:
                return true;
        }
}

bool row_used(enum row_column column, const struct assessment *a)
{
        if (column == ROW_VERDICT)
                return a->listeners.n && a->listeners.at[0].judgement.why; /* all are judged, or none */
        vec_foreach (l, &a->listeners)
                if (says_something(column, l))
                        return true;
        return says_something(column, &(struct listener){0});
}

static void add_part(struct str *to, size_t start, const char *what)
{
        if (to->len > start)
                str_add(to, ", ");
        str_add(to, what);
}

void row_add_owner(struct str *to, const struct listener *l)
{
        size_t start = to->len;

        if (l->forward) {
                add_part(to, start, "forwarded to ");
                row_add_forward_target(to, l);
        }
        if (l->n_processes) {
                add_part(to, start, "process ");
                add_processes(to, l);
        }
        if (l->unit || l->activation) {
                add_part(to, start, "unit ");
                add_unit(to, l);
        }
        if (l->package) {
                add_part(to, start, "package ");
                add_package(to, l);
                if (l->package->version) {
                        str_add_char(to, ' ');
                        str_add(to, l->package->version);
                }
        }
        if (l->container) {
                add_part(to, start, "container ");
                add_container(to, l);
        }
}

void row_add_listens(struct str *to, const struct service_use *use, size_t most)
{
        for (size_t i = 0; i < use->n_listeners && i < most; i++) {
                if (i)
                        str_add(to, ", ");
                row_add_place(to, use->listeners[i]);
        }
        if (use->n_listeners > most)
                str_addf(to, " and %zu more", use->n_listeners - most);
        if (!use->n_listeners)
                str_add_char(to, '-');
}

void row_add_gap(struct str *to, const struct gap *gap)
{
        str_add(to, gap->source);
        str_add(to, ": ");
        str_add(to, gap->reason);
        if (gap->count > 1 || gap->capability)
                str_add(to, " (");
        if (gap->count > 1)
                str_addf(to, "%u missed%s", gap->count, gap->capability ? "; " : "");
        if (gap->capability) {
                str_add(to, "needs ");
                str_add(to, gap->capability);
        }
        if (gap->count > 1 || gap->capability)
                str_add_char(to, ')');
}

void row_add_alternative(struct str *to, const struct alternative *alternative)
{
        str_add(to, alternative->protocol);
        if (alternative->port) {
                str_add(to, " on ");
                str_add(to, alternative->port);
        }
        if (alternative->package) {
                str_add(to, " (package ");
                str_add(to, alternative->package);
                str_add_char(to, ')');
        }
}

void row_add_count(struct str *to, size_t n, const char *noun)
{
        str_addf(to, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

static bool starts_with_word(const char *text, const char *word)
{
        const char *rest = str_after(text, word);

        return rest && *rest == ' ';
}

/* "systemctl stop x, or take it out of /etc/inetd.conf." is not to be pasted as it is. */
static bool goes_on_as_prose(const char *command)
{
        return strstr(command, ", ") || str_ends(command, ".");
}

const char *row_step_command(const char *step)
{
        /*
         * Steps are prose, or prose, a colon and a command; settings of a file also follow a colon,
         * and are no commands.
         */
        static const char *const programs[] = {
                "systemctl", "apt",  "apt-get", "dnf", "yum",         "rpm",        "docker",   "podman",
                "nft",       "ufw",  "sysctl",  "sed", "update-rc.d", "kubectl",    "a2dismod", "kill",
                "postconf",  "sudo", "lsof",    "ss",  "dpkg",        "quaymaster", "service",
        };

        for (const char *at = step; at;) {
                for (size_t i = 0; i < array_len(programs); i++)
                        if (starts_with_word(at, programs[i]))
                                return goes_on_as_prose(at) ? NULL : at;
                at = strstr(at, ": ");
                at = at ? at + 2 : NULL;
        }
        return NULL;
}

void row_count_findings(struct tally *tally, const struct finding *findings, size_t n)
{
        for (size_t i = 0; i < n; i++)
                tally->severity[findings[i].severity]++;
}

struct tally row_tally(const struct assessment *a)
{
        struct tally tally = {0};

        vec_foreach (l, &a->listeners)
                tally.advice[l->advice.class]++;
        row_count_findings(&tally, a->findings.at, a->findings.n);
        return tally;
}

void row_add_advice_tally(struct str *to, const struct tally *tally)
{
        size_t start = to->len;

        for (int class = 0; class < ADVICE_MAX; class ++)
                if (tally->advice[class]) {
                        add_part(to, start, "");
                        str_addf(to, "%zu %s", tally->advice[class], advice_class_name(class));
                }
}

void row_add_severity_tally(struct str *to, const struct tally *tally)
{
        size_t start = to->len;

        for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
                if (tally->severity[severity]) {
                        add_part(to, start, "");
                        str_addf(to, "%zu %s", tally->severity[severity], severity_name(severity));
                }
}
