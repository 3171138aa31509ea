/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/correlate.h"
#include "assess/rule.h"
#include "base/str.h"

#define STOP_COMMAND "systemctl disable --now "

void lines_add(struct lines *lines, const char *line)
{
        if (!line || lines->n == MAX_LINES)
                return;
        for (size_t i = 0; i < lines->n; i++)
                if (streq(lines->at[i], line))
                        return;
        lines->at[lines->n++] = line;
}

/* Some line has that text, ending where a word ends. */
static bool lines_have(const struct lines *lines, const char *text)
{
        size_t len = strlen(text);

        for (size_t i = 0; i < lines->n; i++)
                for (const char *found = strstr(lines->at[i], text); found; found = strstr(found + 1, text))
                        if (strchr(" ,;.)`", found[len])) /* the terminator too */
                                return true;
        return false;
}

static bool is_systemd(const struct service *s)
{
        return s && streq_ptr(s->manager, "systemd");
}

/* A value to put into a command line: only what no shell would take apart. Names from outside that have more are not offered. */
static const char *plain_word(const char *word)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@/+-";

        return word && *word && *word != '-' && word[strspn(word, allowed)] == '\0' ? word : NULL;
}

/* --- the unit to act on --------------------------------------------------------------------------- */

/* All processes of a user are in one of these: to stop it is to end the session, perhaps the administrator's own. */
static bool is_session(const struct service *unit)
{
        return unit && ((str_after(unit->name, "session-") && str_ends(unit->name, ".scope")) ||
                        (str_after(unit->name, "user@") && str_ends(unit->name, ".service")));
}

/* The .socket unit that would start the service again at the next packet. */
static const struct service *socket_of(const struct rule_input *in)
{
        const struct listener *l = in->listener;

        if (is_systemd(l->activation) && l->activation != l->unit)
                return l->activation;
        return l->unit && l->unit->triggered_by != NONE ? &in->view->services.at[l->unit->triggered_by] : NULL;
}

/* The units to name in a command, both where there is a socket; NULL where the unit is not the listener's own. */
static const char *unit_words(const struct rule_input *in)
{
        const struct listener *l = in->listener;
        const struct service *socket = socket_of(in);

        if (!is_systemd(l->unit) || !plain_word(l->unit->name) || l->container || listener_of_inetd(l) ||
            is_session(l->unit))
                return NULL;
        return socket && plain_word(socket->name) ? pool_printf(in->pool, "%s %s", socket->name, l->unit->name)
                                                  : l->unit->name;
}

/* What systemctl must do so that the unit stays stopped. systemctl(1): a static unit has nothing that `disable` could take away. */
static const char *stop_words(const struct rule_input *in)
{
        const struct service *unit = in->listener->unit, *socket = socket_of(in);
        const char *startup = socket ? socket->startup : unit->startup;

        if (str_ends(unit->name, ".scope") || streq_ptr(startup, "transient"))
                return "stop ";
        return streq_ptr(startup, "static") ? "mask --now " : "disable --now ";
}

static const char *stop_command(const struct rule_input *in)
{
        const char *units = unit_words(in);

        return units ? pool_printf(in->pool, "systemctl %s%s", stop_words(in), units) : NULL;
}

/* --- steps of a page ------------------------------------------------------------------------------ */

static const char *placeholder(const struct rule_input *in, const char *name, size_t len)
{
        const struct listener *l = in->listener;
        const struct process *p = listener_main_process(l);

        if (len == 4 && memcmp(name, "unit", 4) == 0)
                return unit_words(in);
        if (len == 7 && memcmp(name, "package", 7) == 0)
                return l->package ? plain_word(l->package->name) : NULL;
        if (len == 4 && memcmp(name, "port", 4) == 0)
                return pool_printf(in->pool, "%u", l->port);
        if (len == 3 && memcmp(name, "exe", 3) == 0)
                return p ? plain_word(p->exe) : NULL;
        return NULL;
}

const char *remedy_fill(const struct rule_input *in, const char *step)
{
        _cleanup_str_ struct str filled = {0};

        while (*step) {
                const char *open = strchrnul(step, '{'), *close = strchrnul(open, '}'), *value;
                bool ours = *close && strspn(open + 1, "abcdefghijklmnopqrstuvwxyz") == (size_t)(close - open - 1);

                str_add_n(&filled, step, (size_t)(open - step));
                if (!ours) { /* braces of a configuration file stay */
                        str_add_n(&filled, open, *open ? 1 : 0);
                        step = open + (*open ? 1 : 0);
                        continue;
                }
                value = placeholder(in, open + 1, (size_t)(close - open - 1));
                if (!value)
                        return NULL;
                if (str_ends(str_text(&filled), STOP_COMMAND)) {
                        filled.len -= strlen("disable --now ");
                        filled.text[filled.len] = '\0';
                        str_add(&filled, stop_words(in));
                }
                str_add(&filled, value);
                step = close + 1;
        }
        return pool_intern(in->pool, str_text(&filled));
}

void remedy_alternative(const struct rule_input *in, const char *begin, struct lines *to)
{
        const struct alternative *better = &in->page->alternative;
        const struct package *own = in->listener->package;
        const char *package = better->package;
        bool here = false;

        if (!better->protocol)
                return;
        if (package && own && streq(package, own->name))
                package = NULL; /* brings both: to install it again is no step */
        vec_foreach (known, &in->view->packages)
                here = here || (package && streq(known->name, package));
        lines_add(to, pool_printf(in->pool, "%s %s%s%s instead%s%s%s", begin, better->protocol, better->port ? " on " : "",
                                  better->port ? better->port : "", package ? " (package " : "",
                                  package ? package : "", package ? (here ? ", installed here)" : ")") : ""));
}

/* --- stop ----------------------------------------------------------------------------------------- */

static void stop_service(const struct rule_input *in, struct lines *to)
{
        const struct service *unit = in->listener->unit;
        const char *name = plain_word(unit->name), *command = stop_command(in);

        if (command && lines_have(to, command))
                return;
        if (command)
                lines_add(to, pool_printf(in->pool, "Not needed? Stop it%s: %s",
                                          str_ends(unit->name, ".scope") ? "" : " and keep it from starting", command));
        else if (name && streq_ptr(unit->manager, "sysv"))
                lines_add(to, pool_printf(in->pool,
                                          "Not needed? Stop it and keep it from starting: service %s stop; "
                                          "update-rc.d %s disable",
                                          name, name));
        else
                lines_add(to, pool_intern(in->pool, "Not needed? Stop and disable the unit named in the evidence"));
}

/* The file and the line, and how the super-server learns of it. */
static void stop_inetd(const struct rule_input *in, struct lines *to)
{
        const struct service *entry = in->listener->activation, *server = in->listener->unit;
        bool xinetd = streq_ptr(entry->manager, "xinetd");
        const char *unit = is_systemd(server) ? plain_word(server->name) : NULL;
        int len = (int)strcspn(entry->name, "/");

        lines_add(to, pool_printf(in->pool, "Not needed? %s '%.*s' in %s, then: systemctl reload %s",
                                  xinetd ? "Set disable = yes in the entry" : "Put # before the line of", len, entry->name,
                                  entry->file ? entry->file : "the configuration of inetd",
                                  unit ? unit : (xinetd ? "xinetd" : "inetd")));
        if (unit)
                lines_add(to, pool_printf(in->pool, "Nothing else in that file? Then the super-server can go too: " STOP_COMMAND "%s",
                                          unit));
}

static void stop_container(const struct rule_input *in, struct lines *to)
{
        const struct container *c = in->listener->container;
        const char *name = plain_word(c->name ? c->name : c->id), *runtime = c->runtime;

        if (!name)
                lines_add(to, pool_printf(in->pool, "Not needed? Stop the %s container named in the evidence", runtime));
        else if (streq(runtime, "docker") || streq(runtime, "podman"))
                lines_add(to, pool_printf(in->pool, "Not needed? Stop the container: %s stop %s; %s update --restart=no %s",
                                          runtime, name, runtime, name));
        else if (streq(runtime, "lxc"))
                lines_add(to, pool_printf(in->pool, "Not needed? Stop the container: lxc-stop -n %s", name));
        else if (streq(runtime, "nspawn"))
                lines_add(to, pool_printf(in->pool,
                                          "Not needed? Stop the container: machinectl disable %s; machinectl poweroff %s",
                                          name, name));
        else
                lines_add(to, pool_printf(in->pool, "It runs in %s container %s: change it where that is deployed from",
                                          runtime, name));
}

static void stop_forward(const struct rule_input *in, struct lines *to)
{
        const struct listener *l = in->listener;

        lines_add(to, pool_printf(in->pool,
                                  "If a container publishes it: publish it on loopback only (-p 127.0.0.1:%u:%u) or not at all",
                                  l->port, l->forward->to_port ? l->forward->to_port : l->port));
        lines_add(to, pool_printf(in->pool, "Otherwise find what made the rule and remove it there: nft -a list ruleset (%s)",
                                  l->forward->rule));
}

static void stop_session(const struct rule_input *in, const struct process *p, struct lines *to)
{
        lines_add(to, pool_printf(in->pool,
                                  "User %s runs it, not the system: that user ends and disables it (systemctl --user status "
                                  "%d names its unit), or end it now: kill %d",
                                  p->user ? p->user : "unknown", p->pid, p->pid));
}

static void stop_process(const struct rule_input *in, const struct process *p, struct lines *to)
{
        lines_add(to, pool_printf(in->pool,
                                  "No unit runs it: find what started it (ps -o ppid,user,lstart,cmd -p %d), then end it: kill %d",
                                  p->pid, p->pid));
}

void remedy_stop(const struct rule_input *in, struct lines *to)
{
        const struct listener *l = in->listener;
        const struct process *p = listener_main_process(l);

        if (l->forward)
                stop_forward(in, to);
        else if (l->container)
                stop_container(in, to);
        else if (listener_of_inetd(l))
                stop_inetd(in, to);
        else if (p && is_session(l->unit))
                stop_session(in, p, to);
        else if (l->unit)
                stop_service(in, to);
        else if (p)
                stop_process(in, p, to);
}

/* --- the page's steps ------------------------------------------------------------------------------- */

/*
 * The guide is for every system; this machine is not Windows, and whether inetd holds the port is known here: remedy_stop() then
 * says in which file.
 */
static bool is_for_others(const char *step)
{
        return str_after(step, "Windows:") || str_after(step, "Active Directory:") || strstr(step, "inetd");
}

/* Where the page says how to stop it in words that are not for this owner, stands how that is done here. */
void remedy_page(const struct rule_input *in, struct lines *to)
{
        for (unsigned i = 0; i < in->page->n_remediation; i++) {
                const char *step = in->page->remediation[i];
                const char *filled = is_for_others(step) ? NULL : remedy_fill(in, step);
                const char *command = filled ? strstr(filled, STOP_COMMAND) : NULL;

                if (!filled && strstr(step, STOP_COMMAND "{unit}"))
                        remedy_stop(in, to);
                else if (!command || !lines_have(to, command))
                        lines_add(to, filled);
        }
}

/* --- remove and restrict -------------------------------------------------------------------------- */

/* The guide says that the package is this server; or it is at least not something that much else stands on. */
static bool is_own_package(const struct rule_input *in)
{
        const char *name = in->listener->package->name;

        for (unsigned i = 0; in->page && i < in->page->n_packages; i++)
                if (streq(in->page->packages[i], name))
                        return true;
        return !listener_is_interpreted(in->listener) && !streq(name, "systemd");
}

void remedy_remove(const struct rule_input *in, struct lines *to)
{
        const struct package *package = in->listener->package;
        const char *command;

        if (!package || in->listener->container || !plain_word(package->name) || !streq(package->manager, "dpkg") ||
            !is_own_package(in))
                return;
        command = pool_printf(in->pool, "apt purge %s", package->name);
        if (!lines_have(to, command))
                lines_add(to, pool_printf(in->pool, "Nothing else needs the package? Remove it: %s", command));
}

void remedy_bind(const struct rule_input *in, struct lines *to)
{
        const struct listener *l = in->listener;
        const char *units = unit_words(in);

        if (!l->package || l->container || l->exposure.scope == EXPOSURE_LOOPBACK)
                return;
        for (unsigned i = 0; i < in->page->n_binds; i++) {
                const struct bind_hint *bind = &in->page->binds[i];

                /* a step of the page that has the setting, or the file, has said it and what goes with it */
                if (!streq(bind->package, l->package->name) || lines_have(to, bind->set) || lines_have(to, bind->file))
                        continue;
                lines_add(to, pool_printf(in->pool, "To serve only this machine: set `%s` in %s, then restart it%s%s",
                                          bind->set, bind->file, units ? ": systemctl restart " : "",
                                          units ? units : ""));
        }
}
