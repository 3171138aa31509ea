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

/* The line has that text, ending where a word ends. */
static bool has_word(const char *line, const char *text)
{
        size_t len = strlen(text);

        for (const char *found = strstr(line, text); found; found = strstr(found + 1, text))
                if (strchr(" ,;.)`", found[len])) /* the terminator too */
                        return true;
        return false;
}

static bool lines_have(const struct lines *lines, const char *text)
{
        for (size_t i = 0; i < lines->n; i++)
                if (has_word(lines->at[i], text))
                        return true;
        return false;
}

static bool is_systemd(const struct service *s)
{
        return s && streq_ptr(s->manager, "systemd");
}

/*
 * A value to put into a command line: only what no shell would take apart. Names from outside that have more
 * are not offered.
 */
static const char *plain_word(const char *word)
{
        static const char allowed[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@/+-";

        return word && *word && *word != '-' && word[strspn(word, allowed)] == '\0' ? word : NULL;
}

/* --- the unit to act on --------------------------------------------------------------------------- */

/*
 * All processes of a user are in one of these: to stop it is to end the session, perhaps the administrator's
 * own.
 */
static bool is_session(const struct service *unit)
{
        return unit && ((str_after(unit->name, "session-") && str_ends(unit->name, ".scope")) ||
                        (str_after(unit->name, "user@") && str_ends(unit->name, ".service")));
}

const struct service *remedy_bringer(const struct rule_input *in)
{
        const struct service *unit = in->listener->unit;
        const char *at = unit ? strchr(unit->name, '@') : NULL;
        uint32_t index;

        if (!at || streq_ptr(unit->startup, "enabled"))
                return NULL;
        index = inside_find_service(
                in->view, pool_printf(in->pool, "%.*s.service", (int)(at - unit->name), unit->name));
        return index != NONE && plain_word(in->view->services.at[index].name) ? &in->view->services.at[index]
                                                                              : NULL;
}

/* The .socket unit that would start the service again at the next packet. */
static const struct service *socket_of(const struct rule_input *in)
{
        const struct listener *l = in->listener;

        if (is_systemd(l->activation) && l->activation != l->unit)
                return l->activation;
        return l->unit && l->unit->triggered_by != NONE ? &in->view->services.at[l->unit->triggered_by]
                                                        : NULL;
}

/* The unit's own name for a command; NULL where it is not the listener's own, or no name for a shell. */
static const char *own_unit(const struct listener *l)
{
        if (!is_systemd(l->unit) || l->container || listener_of_inetd(l) || is_session(l->unit))
                return NULL;
        return plain_word(l->unit->name);
}

/*
 * The units that a command must name: also the socket, and for an instance that is not enabled by itself the
 * unit that brings it (postgresql.service for postgresql@15-main.service), unless the rest of the sentence
 * names them.
 */
static const char *unit_words(const struct rule_input *in, bool to_stop, const char *rest)
{
        const struct service *socket = socket_of(in), *bringer = remedy_bringer(in);
        const char *words = own_unit(in->listener);

        if (!words)
                return NULL;
        if (to_stop && bringer && !strstr(rest, bringer->name))
                words = pool_printf(in->pool, "%s %s", bringer->name, words);
        if (socket && plain_word(socket->name) && !strstr(rest, socket->name))
                words = pool_printf(in->pool, "%s %s", socket->name, words);
        return words;
}

/* systemctl(1): a mask is a link in /etc/systemd/system, so where the unit's own file is there it can't be made. */
static bool may_mask(const struct service *unit)
{
        return !unit || !unit->file || !str_after(unit->file, "/etc/systemd/system/");
}

/*
 * What systemctl must do so that the unit stays stopped. systemctl(1): a static unit has nothing that
 * `disable` could take away.
 */
static const char *stop_words(const struct rule_input *in)
{
        const struct service *unit = in->listener->unit, *socket = socket_of(in);
        const char *startup = socket ? socket->startup : unit->startup;

        if (!socket && remedy_bringer(in))
                startup = remedy_bringer(in)->startup;
        if (str_ends(unit->name, ".scope") || streq_ptr(startup, "transient"))
                return "stop ";
        if (streq_ptr(startup, "static"))
                return may_mask(unit) && may_mask(socket) ? "mask --now " : "stop ";
        return "disable --now ";
}

static const char *stop_command(const struct rule_input *in)
{
        const char *units = unit_words(in, true, "");

        return units ? pool_printf(in->pool, "systemctl %s%s", stop_words(in), units) : NULL;
}

/* Some line stops the unit, whatever it names beside it. */
static bool stop_is_said(const struct rule_input *in, const struct lines *lines)
{
        const char *verb = pool_printf(in->pool, "systemctl %s", stop_words(in)),
                   *unit = in->listener->unit->name;

        for (size_t i = 0; i < lines->n; i++) {
                const char *command = strstr(lines->at[i], verb);

                if (command && has_word(command, unit))
                        return true;
        }
        return false;
}

/* --- the package to act on ------------------------------------------------------------------------ */

static bool page_lists(const struct page *page, const struct package *package)
{
        for (unsigned i = 0; page && package && i < page->n_packages; i++)
                if (streq(page->packages[i], package->name))
                        return true;
        return false;
}

/*
 * Debian splits servers: the program of mariadb.service is in mariadb-server-core, that of redis-
 * server.service in redis-tools, and the unit in mariadb-server and redis-server, which the guide knows.
 */
static const struct package *server_package(const struct rule_input *in)
{
        const struct listener *l = in->listener;
        const struct package *of_unit = NULL;

        if (own_unit(l) && l->unit->package != NONE)
                of_unit = &in->view->packages.at[l->unit->package];
        return !page_lists(in->page, l->package) && page_lists(in->page, of_unit) ? of_unit : l->package;
}

/* The guide knows the listener's package as this server. */
static bool is_page_package(const struct rule_input *in)
{
        return page_lists(in->page, server_package(in));
}

/* --- steps of a page ------------------------------------------------------------------------------ */

static const char *placeholder(const struct rule_input *in, const char *name, size_t len, bool to_stop)
{
        const struct listener *l = in->listener;
        const struct process *p = listener_main_process(l);

        if (len == 4 && memcmp(name, "unit", 4) == 0)
                return unit_words(in, to_stop, name);
        if (len == 7 && memcmp(name, "package", 7) == 0)
                return server_package(in) ? plain_word(server_package(in)->name) : NULL;
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
                bool to_stop, ours = *close && strspn(open + 1, "abcdefghijklmnopqrstuvwxyz") ==
                                                       (size_t)(close - open - 1);

                str_add_n(&filled, step, (size_t)(open - step));
                if (!ours) { /* braces of a configuration file stay */
                        str_add_n(&filled, open, *open ? 1 : 0);
                        step = open + (*open ? 1 : 0);
                        continue;
                }
                to_stop = str_ends(str_text(&filled), STOP_COMMAND);
                value = placeholder(in, open + 1, (size_t)(close - open - 1), to_stop);
                if (!value)
                        return NULL;
                if (to_stop) {
                        filled.len -= strlen("disable --now ");
                        filled.text[filled.len] = '\0';
                        str_add(&filled, stop_words(in));
                }
                str_add(&filled, value);
                step = close + 1;
        }
        return pool_intern(in->pool, str_text(&filled));
}

/* Where the better protocol comes from: it may be here already. */
static const char *alternative_source(const struct rule_input *in)
{
        const struct alternative *better = &in->page->alternative;
        const struct package *own = server_package(in);

        if (neighbours_serve(in->neighbours, better->port))
                return " (served here already)";
        if (!better->package || (own && streq(better->package, own->name))) /* brings both */
                return "";
        vec_foreach(known, &in->view->packages)
                if (streq(known->name, better->package))
                        return pool_printf(in->pool, " (package %s, installed here)", better->package);
        return pool_printf(in->pool, " (package %s)", better->package);
}

void remedy_alternative(const struct rule_input *in, const char *begin, struct lines *to)
{
        const struct alternative *better = &in->page->alternative;

        if (better->protocol)
                lines_add(to, pool_printf(in->pool, "%s %s%s%s instead%s", begin, better->protocol,
                                          better->port ? " on " : "", better->port ? better->port : "",
                                          alternative_source(in)));
}

/* --- stop ----------------------------------------------------------------------------------------- */

static void stop_service(const struct rule_input *in, struct lines *to)
{
        const struct service *unit = in->listener->unit;
        const char *name = plain_word(unit->name), *command = stop_command(in);

        if (command && stop_is_said(in, to))
                return;
        if (command)
                lines_add(to, pool_printf(in->pool, "Not needed? Stop it%s: %s",
                                          streq(stop_words(in), "stop ") ? "" : " and keep it from starting",
                                          command));
        else if (name && streq_ptr(unit->manager, "sysv"))
                lines_add(to, pool_printf(in->pool,
                                          "Not needed? Stop it and keep it from starting: service %s stop; "
                                          "update-rc.d %s disable",
                                          name, name));
        else
                lines_add(to, pool_intern(in->pool,
                                          "Not needed? Stop and disable the unit named in the evidence"));
}

/* The file and the line, and how the super-server learns of it. */
static void stop_inetd(const struct rule_input *in, struct lines *to)
{
        const struct listener *l = in->listener;
        const struct service *entry = l->activation;
        uint32_t holder = l->n_processes ? l->processes[0]->unit : NONE;
        const struct service *server = holder != NONE ? &in->view->services.at[holder] : NULL;
        bool xinetd = streq_ptr(entry->manager, "xinetd");
        const char *unit = is_systemd(server) ? plain_word(server->name) : NULL;

        lines_add(to, pool_printf(in->pool, "Not needed? %s '%s' in %s, then: systemctl reload %s",
                                  xinetd ? "Set disable = yes in the entry" : "Put # before the line of",
                                  entry->name, entry->file ? entry->file : "the configuration of inetd",
                                  unit ? unit : (xinetd ? "xinetd" : "inetd")));
        if (unit)
                lines_add(
                        to,
                        pool_printf(in->pool,
                                    "No other entry in use? Then the super-server can go too: " STOP_COMMAND
                                    "%s",
                                    unit));
}

static void stop_container(const struct rule_input *in, struct lines *to)
{
        const struct container *c = in->listener->container;
        const char *name = plain_word(c->name ? c->name : c->id), *runtime = c->runtime;

        if (!name)
                lines_add(to,
                          pool_printf(in->pool, "Not needed? Stop the %s container named in the evidence",
                                      runtime));
        else if (streq(runtime, "docker") || streq(runtime, "podman"))
                lines_add(
                        to,
                        pool_printf(in->pool,
                                    "Not needed? Stop the container: %s stop %s; %s update --restart=no %s",
                                    runtime, name, runtime, name));
        else if (streq(runtime, "lxc"))
                lines_add(to, pool_printf(in->pool, "Not needed? Stop the container: lxc-stop -n %s", name));
        else if (streq(runtime, "nspawn"))
                lines_add(to, pool_printf(in->pool,
                                          "Not needed? Stop the container: machinectl disable %s; "
                                          "machinectl poweroff %s",
                                          name, name));
        else
                lines_add(to,
                          pool_printf(in->pool,
                                      "It runs in %s container %s: change it where that is deployed from",
                                      runtime, name));
}

static void stop_forward(const struct rule_input *in, struct lines *to)
{
        const struct listener *l = in->listener;

        lines_add(to, pool_printf(in->pool,
                                  "If a container publishes it: publish it on loopback only "
                                  "(-p 127.0.0.1:%u:%u) or not at all",
                                  l->port, l->forward->to_port ? l->forward->to_port : l->port));
        lines_add(to,
                  pool_printf(
                          in->pool,
                          "Otherwise find what made the rule and remove it there: nft -a list ruleset (%s)",
                          l->forward->rule));
}

static void stop_session(const struct rule_input *in, const struct process *p, struct lines *to)
{
        const char *user = p->user ? p->user : "unknown";

        if (str_ends(in->listener->unit->name, ".scope"))
                lines_add(to,
                          pool_printf(in->pool,
                                      "User %s started it from a login session: end it there, or: kill %d",
                                      user, p->pid));
        else
                lines_add(to, pool_printf(in->pool,
                                          "A service of user %s, not of the system; as that user: "
                                          "systemctl --user status %d "
                                          "names its unit, systemctl --user disable --now stops it",
                                          user, p->pid));
}

/* Docker's helper for a published port: its unit is that of Docker itself. */
static void stop_docker_proxy(const struct rule_input *in, struct lines *to)
{
        lines_add(to, pool_printf(in->pool,
                                  "Not needed? Find the container (docker ps --filter publish=%u) "
                                  "and stop it: docker stop NAME",
                                  in->listener->port));
}

static bool is_docker_proxy(const struct process *p)
{
        return p && p->exe && streq(str_basename(p->exe), "docker-proxy");
}

/* On another host, whose units are not known here. */
static void stop_elsewhere(const struct rule_input *in, const struct process *p, struct lines *to)
{
        bool windows = in->view->source == INSIDE_LISTING_WINDOWS;

        if (!p->pid)
                lines_add(to, pool_intern(in->pool, "Find on that host which service it is, and disable it"));
        else
                lines_add(to, pool_printf(in->pool,
                                          windows ? "Find its service on that host: "
                                                    "tasklist /svc /fi \"PID eq %d\"; then "
                                                    "Stop-Service, and Set-Service -StartupType Disabled"
                                                  : "Find its unit on that host: systemctl status %d; then "
                                                    "systemctl disable --now UNIT",
                                          p->pid));
}

static void stop_process(const struct rule_input *in, const struct process *p, struct lines *to)
{
        lines_add(to, pool_printf(in->pool,
                                  "No unit runs it: find what started it "
                                  "(ps -o ppid,user,lstart,cmd -p %d), then end it: kill %d",
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
        else if (is_docker_proxy(p))
                stop_docker_proxy(in, to);
        else if (p && is_session(l->unit))
                stop_session(in, p, to);
        else if (l->unit)
                stop_service(in, to);
        else if (p && in->view->source != INSIDE_COLLECTED)
                stop_elsewhere(in, p, to);
        else if (p)
                stop_process(in, p, to);
}

/* --- the page's steps ------------------------------------------------------------------------------- */

static bool is_for_windows(const char *step)
{
        return str_after(step, "Windows:") || str_after(step, "On Windows") || str_after(step, "Active Directory:");
}

/*
 * The guide is for every system; whether inetd holds the port is known here: remedy_stop() then says in
 * which file.
 */
static bool is_for_others(const struct rule_input *in, const char *step)
{
        if (in->view->source != INSIDE_LISTING_WINDOWS)
                return is_for_windows(step) || strstr(step, "inetd");
        return !is_for_windows(step) &&
               (strstr(step, "systemctl") || strstr(step, "apt ") || strstr(step, "/etc/") || strstr(step, "inetd"));
}

static bool wanted(const char *step, enum remedy_part part)
{
        return part == REMEDY_ALL || (strstr(step, STOP_COMMAND) != NULL) == (part == REMEDY_STOPS);
}

/*
 * Where the page says how to stop it in words that are not for this owner, stands how that is done here. A
 * package is removed whole: only where the guide knows it as this server and no other.
 */
void remedy_page(const struct rule_input *in, enum remedy_part part, struct lines *to)
{
        for (unsigned i = 0; i < in->page->n_remediation; i++) {
                const char *step = in->page->remediation[i], *filled, *command;

                if (!wanted(step, part) || is_for_others(in, step) ||
                    (strstr(step, "apt purge {package}") && !is_page_package(in)))
                        continue;
                filled = remedy_fill(in, step);
                command = filled ? strstr(filled, STOP_COMMAND) : NULL;
                if (!filled && strstr(step, STOP_COMMAND "{unit}"))
                        remedy_stop(in, to);
                else if (!command || !lines_have(to, command))
                        lines_add(to, filled);
        }
}

void remedy_also_stopped(const struct rule_input *in, struct lines *to)
{
        const char *command = stop_command(in),
                   *others = neighbours_of_unit(in->neighbours, in->pool, in->listener);

        if (command && others && !in->listener->forward && stop_is_said(in, to))
                lines_add(to,
                          pool_printf(in->pool, "Mind that %s also serves %s: to stop it closes them too",
                                      in->listener->unit->name, others));
}

/* --- remove and restrict -------------------------------------------------------------------------- */

/* The package of a server that the guide knows; of another at least not one that much else stands on. */
static bool is_own_package(const struct rule_input *in)
{
        if (in->page && in->listener->confidence != CONFIDENCE_REGISTERED)
                return is_page_package(in);
        return !listener_is_interpreted(in->listener) && !streq(server_package(in)->name, "systemd");
}

void remedy_remove(const struct rule_input *in, struct lines *to)
{
        const struct package *package = server_package(in);
        const char *command;

        if (!package || in->listener->container || !plain_word(package->name) ||
            !streq(package->manager, "dpkg") || !is_own_package(in) ||
            neighbours_of_unit(in->neighbours, in->pool, in->listener))
                return;
        command = pool_printf(in->pool, "apt purge %s", package->name);
        if (!lines_have(to, command))
                lines_add(to,
                          pool_printf(in->pool, "Nothing else needs the package? Remove it: %s", command));
}

void remedy_bind(const struct rule_input *in, struct lines *to)
{
        const struct listener *l = in->listener;
        const struct package *package = server_package(in);
        const char *units = own_unit(l);

        if (!package || l->container || l->exposure.scope == EXPOSURE_LOOPBACK)
                return;
        for (unsigned i = 0; i < in->page->n_binds; i++) {
                const struct bind_hint *bind = &in->page->binds[i];

                /* a step of the page that has the setting, or the file, has said it and what goes with it */
                if (!streq(bind->package, package->name) || lines_have(to, bind->set) ||
                    lines_have(to, bind->file))
                        continue;
                lines_add(to, pool_printf(in->pool,
                                          "To serve only this machine: set `%s` in %s, then restart it%s%s",
                                          bind->set, bind->file, units ? ": systemctl restart " : "",
                                          units ? units : ""));
        }
}
