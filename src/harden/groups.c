/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/maker.h"

#include <fnmatch.h>
#include <stdio.h>

/* --- listeners ------------------------------------------------------------------------------- */

bool harden_is_of_host(const struct listener *l)
{
        return l->kind == LISTENER_SOCKET && !l->container && l->netns && l->netns->kind == NETNS_HOST;
}

bool harden_is_of_own_netns(const struct listener *l)
{
        return l->netns && l->netns->own;
}

bool harden_is_on_network(const struct listener *l)
{
        bool attached = l->exposure.scope == EXPOSURE_PRIVATE && harden_is_of_own_netns(l) &&
                        l->exposure.reachable_from[1];

        return l->exposure.scope >= EXPOSURE_LINK || attached;
}

bool harden_is_unwanted(const struct maker *m, const struct listener *l)
{
        if (l->judgement.verdict == VERDICT_APPROVED)
                return false;
        vec_foreach(f, &m->assessment->findings)
                if (f->listener == l)
                        return true;
        return false;
}

const struct policy_rule *harden_approval(const struct listener *l)
{
        return l->judgement.verdict == VERDICT_APPROVED ? l->judgement.rule : l->judgement.too_far;
}

#define BEYOND (1u << EXPOSURE_LINK | 1u << EXPOSURE_INTERNET)

static bool is_beyond(const struct policy_rule *rule)
{
        return !rule->from || rule->from & BEYOND || rule->from_zones.n;
}

bool harden_only_loopback(const struct listener *l)
{
        return l->judgement.too_far && !is_beyond(l->judgement.too_far);
}

bool harden_is_needed(const struct listener *l)
{
        if (l->judgement.verdict == VERDICT_APPROVED)
                return harden_is_on_network(l);
        return l->judgement.too_far && is_beyond(l->judgement.too_far);
}

bool harden_is_session(const struct maker *m, const struct listener *l)
{
        return m->in->session_remote.family && !m->in->lock_me_out && l->transport == TRANSPORT_TCP &&
               l->port == m->in->session_port && harden_is_on_network(l);
}

/* --- units ----------------------------------------------------------------------------------- */

static bool matches_any(const char *name, const char *const *globs)
{
        for (; *globs; globs++)
                if (fnmatch(*globs, name, 0) == 0)
                        return true;
        return false;
}

bool unit_is_core(const char *name)
{
        static const char *const globs[] = {
                "ssh.*",     "ssh@*",         "sshd.*",  "sshd@*",  "dropbear*",       "dbus*",
                "systemd-*", "networking.*",  "ifup@*",  "dhcpcd*", "NetworkManager*", "wpa_supplicant*",
                "getty*",    "serial-getty*", "polkit*", "udev*",   "cloud-init*",     NULL,
        };

        return matches_any(name, globs);
}

const char *unit_carries(const char *name)
{
        static const struct {
                const char *glob, *what;
        } carriers[] = {
                {"docker.*", "all containers of Docker"},
                {"containerd.*", "all containers"},
                {"crio.*", "all containers"},
                {"podman*", "containers of podman"},
                {"kubelet*", "this node of Kubernetes"},
                {"k3s*", "this node of Kubernetes"},
                {"libvirt*", "virtual machines of libvirt"},
                {"virt*d.*", "virtual machines of libvirt"},
                {"lx[cd]*", "all containers of LXC"},
                {"incus*", "all containers of Incus"},
        };

        for (size_t i = 0; i < array_len(carriers); i++)
                if (fnmatch(carriers[i].glob, name, 0) == 0)
                        return carriers[i].what;
        return NULL;
}

static bool is_systemd(const struct service *s)
{
        return s && streq_ptr(s->manager, "systemd");
}

/* All processes of a user are in one of these: to stop it ends the session. */
static bool is_session_unit(const struct service *s)
{
        return str_ends(s->name, ".scope") || str_after(s->name, "user@");
}

/* Sockets that start a service for each connection have an instance for a moment only: there the socket is the unit. */
static const struct service *unit_of(const struct listener *l)
{
        if (l->activation && !is_systemd(l->activation))
                return NULL; /* an entry of inetd */
        if (is_systemd(l->unit) && !is_session_unit(l->unit))
                return l->unit;
        return is_systemd(l->activation) ? l->activation : NULL;
}

static const struct service *socket_of(const struct inside *view, const struct listener *l,
                                       const struct service *unit)
{
        if (is_systemd(l->activation) && l->activation != unit)
                return l->activation;
        return unit->triggered_by != NONE ? &view->services.at[unit->triggered_by] : NULL;
}

static int compare_groups(const void *pa, const void *pb)
{
        const struct unit_group *a = pa, *b = pb;

        return strcmp(a->unit->name, b->unit->name);
}

static struct unit_group *find_group(struct unit_groups *groups, const struct service *unit)
{
        vec_foreach(g, &groups->list)
                if (g->unit == unit)
                        return g;
        return NULL;
}

void unit_groups_make(struct maker *m, struct unit_groups *to)
{
        vec_foreach(l, &m->assessment->listeners) {
                const struct service *unit = harden_is_of_host(l) ? unit_of(l) : NULL;
                struct unit_group *g;

                if (!unit)
                        continue;
                g = find_group(to, unit);
                if (!g) {
                        g = vec_push(&to->list);
                        g->unit = unit;
                }
                if (!g->socket)
                        g->socket = socket_of(m->view, l, unit);
                *vec_push(&g->listeners) = l;
        }
        vec_sort(&to->list, compare_groups);
}

void unit_groups_release(struct unit_groups *groups)
{
        vec_foreach(g, &groups->list)
                vec_clear(&g->listeners);
        vec_clear(&groups->list);
}

bool unit_group_is_needed(const struct unit_group *g)
{
        vec_foreach(l, &g->listeners)
                if (harden_is_needed(*l))
                        return true;
        return false;
}

bool unit_group_unwanted(const struct maker *m, const struct unit_group *g, bool on_network)
{
        vec_foreach(l, &g->listeners)
                if (harden_is_unwanted(m, *l) && (!on_network || harden_is_on_network(*l)))
                        return true;
        return false;
}

bool unit_group_only_loopback(const struct unit_group *g)
{
        if (unit_group_is_needed(g))
                return false;
        vec_foreach(l, &g->listeners)
                if ((*l)->judgement.verdict == VERDICT_APPROVED || harden_only_loopback(*l))
                        return true;
        return false;
}

bool unit_group_is_session(const struct maker *m, const struct unit_group *g)
{
        vec_foreach(l, &g->listeners)
                if (harden_is_session(m, *l))
                        return true;
        return false;
}

static bool names_port(const char *text, const char *port)
{
        const char *at = strstr(text, port);

        return at && (at == text || at[-1] == ' ');
}

const char *unit_group_ports(struct maker *m, const struct unit_group *g, bool on_network)
{
        _cleanup_str_ struct str text = {0};

        vec_foreach(l, &g->listeners) {
                char port[32];

                if (!harden_is_unwanted(m, *l) || (on_network && !harden_is_on_network(*l)))
                        continue;
                (void)snprintf(port, sizeof(port), "%u/%s", (*l)->port, transport_name((*l)->transport));
                if (!names_port(str_text(&text), port))
                        str_addf(&text, "%s%s", text.len ? ", " : "", port);
        }
        return pool_intern(m->pool, str_text(&text));
}
