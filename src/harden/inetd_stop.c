/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/maker.h"

/* The entry of inetd or xinetd that a listener is. Its name is "telnet/tcp". */
static const struct service *entry_of(const struct listener *l)
{
        const struct service *s = l->activation;

        if (!s || !harden_is_of_host(l) || !strchr(s->name, '/'))
                return NULL;
        return streq_ptr(s->manager, "inetd") || streq_ptr(s->manager, "xinetd") ? s : NULL;
}

static bool is_needed(const struct maker *m, const struct service *entry)
{
        vec_foreach(l, &m->assessment->listeners)
                if (entry_of(l) == entry &&
                    (l->judgement.verdict == VERDICT_APPROVED || l->judgement.too_far))
                        return true;
        return false;
}

static bool is_first(const struct maker *m, const struct listener *l)
{
        for (const struct listener *other = m->assessment->listeners.at; other < l; other++)
                if (entry_of(other) == entry_of(l) && harden_is_unwanted(m, other))
                        return false;
        return true;
}

static void make_one(struct maker *m, const struct listener *l)
{
        const struct service *entry = entry_of(l);
        const char *slash = strchr(entry->name, '/'), *file = entry->file ? entry->file : "/etc/inetd.conf";
        const char *service = pool_intern_n(m->pool, entry->name, (size_t)(slash - entry->name));
        bool xinetd = streq(entry->manager, "xinetd");
        struct draft d = draft_new(ACTION_INETD_STOP);

        d.action.title = pool_printf(m->pool, "Switch off %s in %s", entry->name, entry->manager);
        d.action.why = m->in->policy ? "The policy does not approve it." : "The guide advises against it.";
        d.action.risk = RISK_LOW;
        d.action.risk_why = "Whoever still uses it finds it gone. Other entries stay.";
        d.action.suggested = l->judgement.verdict != VERDICT_EXPIRED;
        if (harden_is_session(m, l))
                d.action.cuts = pool_printf(m->pool, "Your own session came in by it (port %u).",
                                            m->in->session_port);
        draft_value(&d, "server", entry->manager);
        draft_value(&d, "service", service);
        draft_value(&d, "transport", str_after(slash + 1, "udp") ? "udp" : "tcp");
        draft_step(&d, pool_printf(m->pool,
                                   xinetd ? "set `disable = yes` in the entry of %s in %s"
                                          : "put # before the line of %s in %s",
                                   service, file));
        draft_step(&d, pool_printf(m->pool, "systemctl reload %s", entry->manager));
        draft_undo(&d, pool_printf(m->pool, "put the saved %s back, and reload %s", file, entry->manager));
        vec_foreach(other, &m->assessment->listeners)
                if (entry_of(other) == entry)
                        draft_close(m, &d, other, CLOSES_ALL);
        draft_add(m, &d, pool_printf(m->pool, "%s:%s", entry->manager, entry->name));
}

static void make(struct maker *m)
{
        vec_foreach(l, &m->assessment->listeners)
                if (entry_of(l) && harden_is_unwanted(m, l) && is_first(m, l) && !is_needed(m, entry_of(l)))
                        make_one(m, l);
}

const struct action_maker maker_inetd_stop = {.make = make};
