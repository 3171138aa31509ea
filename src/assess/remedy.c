/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/correlate.h"
#include "assess/rule.h"
#include "base/str.h"

void lines_add(struct lines *lines, const char *line)
{
        if (!line || lines->n == MAX_LINES)
                return;
        for (size_t i = 0; i < lines->n; i++)
                if (streq(lines->at[i], line))
                        return;
        lines->at[lines->n++] = line;
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
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@/+-";

        return word && *word && *word != '-' && word[strspn(word, allowed)] == '\0' ? word : NULL;
}

/* Both units when a socket unit would start the service again at the next packet. */
static const char *unit_words(struct pool *pool, const struct listener *l)
{
        const struct service *unit = l->unit, *socket = l->activation;

        if (!is_systemd(unit) || !plain_word(unit->name))
                return NULL;
        if (is_systemd(socket) && socket != unit && plain_word(socket->name))
                return pool_printf(pool, "%s %s", socket->name, unit->name);
        return unit->name;
}

static const char *placeholder(struct pool *pool, const struct listener *l, const char *name, size_t len)
{
        const struct process *p = listener_main_process(l);

        if (len == 4 && memcmp(name, "unit", 4) == 0)
                return unit_words(pool, l);
        if (len == 7 && memcmp(name, "package", 7) == 0)
                return l->package ? plain_word(l->package->name) : NULL;
        if (len == 4 && memcmp(name, "port", 4) == 0)
                return pool_printf(pool, "%u", l->port);
        if (len == 3 && memcmp(name, "exe", 3) == 0)
                return p ? plain_word(p->exe) : NULL;
        return NULL;
}

const char *remedy_fill(struct pool *pool, const char *step, const struct listener *l)
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
                value = placeholder(pool, l, open + 1, (size_t)(close - open - 1));
                if (!value)
                        return NULL;
                str_add(&filled, value);
                step = close + 1;
        }
        return pool_intern(pool, str_text(&filled));
}

static void stop_service(struct pool *pool, const struct listener *l, struct lines *to)
{
        const char *name = plain_word(l->unit->name), *manager = l->unit->manager ? l->unit->manager : "";
        const char *units = unit_words(pool, l);

        if (units && str_ends(l->unit->name, ".scope"))
                lines_add(to, pool_printf(pool, "Stop it: systemctl stop %s (a scope is not started at boot)", units));
        else if (units)
                lines_add(to, pool_printf(pool, "Stop it and keep it from starting: systemctl disable --now %s",
                                          units));
        else if (name && streq(manager, "sysv"))
                lines_add(to, pool_printf(pool,
                                          "Stop it and keep it from starting: service %s stop; update-rc.d %s disable",
                                          name, name));
}

static void stop_inetd(struct pool *pool, const struct listener *l, struct lines *to)
{
        lines_add(to, pool_printf(pool,
                                  "Take the entry '%s' out of %s (inetd: put # before it; xinetd: disable = yes) and "
                                  "reload the super-server: systemctl reload %s",
                                  l->activation->name,
                                  l->activation->file ? l->activation->file : "the configuration of inetd",
                                  streq_ptr(l->activation->manager, "xinetd") ? "xinetd" : "inetd"));
}

static void stop_container(struct pool *pool, const struct listener *l, struct lines *to)
{
        const char *name = plain_word(l->container->name ? l->container->name : l->container->id);
        const char *runtime = l->container->runtime;

        if (!name)
                return;
        if (streq(runtime, "docker") || streq(runtime, "podman"))
                lines_add(to, pool_printf(pool, "If it isn't needed: %s stop %s; %s update --restart=no %s", runtime,
                                          name, runtime, name));
        else if (streq(runtime, "lxc"))
                lines_add(to, pool_printf(pool, "If it isn't needed: lxc-stop -n %s", name));
        else if (streq(runtime, "nspawn"))
                lines_add(to, pool_printf(pool, "If it isn't needed: machinectl disable %s; machinectl poweroff %s",
                                          name, name));
        else
                lines_add(to, pool_printf(pool, "It runs in %s container %s: change it where that is deployed from",
                                          runtime, name));
}

static void stop_forward(struct pool *pool, const struct listener *l, struct lines *to)
{
        lines_add(to, pool_printf(pool,
                                  "If a container publishes it: publish it on loopback only "
                                  "(-p 127.0.0.1:%u:%u) or not at all",
                                  l->port, l->forward->to_port ? l->forward->to_port : l->port));
        lines_add(to, pool_printf(pool,
                                  "Otherwise find what made the rule and remove it there: "
                                  "nft -a list ruleset (%s)",
                                  l->forward->rule));
}

static void stop_process(struct pool *pool, const struct listener *l, struct lines *to)
{
        const struct process *p = listener_main_process(l);

        if (!p)
                return;
        lines_add(to, pool_printf(pool,
                                  "No unit runs it: find what started it "
                                  "(ps -o ppid,user,lstart,cmd -p %d), then end it: kill %d",
                                  p->pid, p->pid));
}

void remedy_stop(struct pool *pool, const struct listener *l, struct lines *to)
{
        if (l->forward)
                stop_forward(pool, l, to);
        else if (l->container)
                stop_container(pool, l, to);
        else if (l->activation && !is_systemd(l->activation))
                stop_inetd(pool, l, to);
        else if (l->unit)
                stop_service(pool, l, to);
        else
                stop_process(pool, l, to);
        if (l->package && !l->container && plain_word(l->package->name) && streq(l->package->manager, "dpkg"))
                lines_add(to, pool_printf(pool,
                                          "If nothing else needs it, remove the package: "
                                          "apt-get -s purge %s shows what would go, apt-get purge %s does it",
                                          l->package->name, l->package->name));
}

void remedy_bind(struct pool *pool, const struct listener *l, const struct page *page, struct lines *to)
{
        const char *units = unit_words(pool, l);

        if (!page || !l->package || l->container || l->exposure.scope == EXPOSURE_LOOPBACK)
                return;
        for (unsigned i = 0; i < page->n_binds; i++) {
                const struct bind_hint *bind = &page->binds[i];

                if (!streq(bind->package, l->package->name))
                        continue;
                lines_add(to, pool_printf(pool, "To serve only this machine: set `%s` in %s, then restart it%s%s",
                                          bind->set, bind->file, units ? ": systemctl restart " : "",
                                          units ? units : ""));
        }
}
