/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A script for PowerShell 5.1 and later. What it can do stands in data/kits/powershell.ps1; here the actions
 * are written, as calls with single-quoted words, in which PowerShell reads nothing.
 */
#include "harden/kit_builtin.h"
#include "harden/kit_text.h"

static void write_services(struct str *to, const struct action *a)
{
        const char *service;

        for (size_t i = 0; (service = action_value(a, "service", i)); i++) {
                str_add(to, "        Stop-KitService ");
                kit_quote(to, service);
                str_add_char(to, '\n');
        }
}

static void write_range(struct str *to, const struct address_range *range, bool first)
{
        char from[ADDRESS_TEXT_SIZE], last[ADDRESS_TEXT_SIZE];

        str_addf(to, "%s'%s-%s'", first ? "" : ", ", address_format(&range->first, from),
                 address_format(&range->last, last));
}

static const struct firewall_zone *find_zone(const struct firewall_spec *spec, const char *name)
{
        vec_foreach(zone, &spec->zones)
                if (streq(zone->name, name))
                        return zone;
        return NULL;
}

/* Windows knows no zones, so their networks are written out; `Internet` is a word of its own. */
static void write_from(struct str *to, const struct firewall_spec *spec, const struct firewall_rule *rule)
{
        size_t n = 0;

        for (size_t i = 0; i < rule->n_from; i++)
                write_range(to, &rule->from[i], !n++);
        for (size_t i = 0; i < rule->n_from_zones; i++) {
                const struct firewall_zone *zone = find_zone(spec, rule->from_zones[i]);

                if (!zone)
                        str_addf(to, "%s'Internet'", n++ ? ", " : "");
                for (size_t r = 0; zone && r < zone->n_ranges; r++)
                        write_range(to, &zone->ranges[r], !n++);
        }
        if (!n)
                str_add(to, "'Any'");
}

static void write_rule(struct str *to, const struct firewall_spec *spec, const struct firewall_rule *rule)
{
        str_addf(to, "        Add-KitRule '%s' '%s' '%u", rule->deny ? "Block" : "Allow",
                 rule->transport == TRANSPORT_TCP ? "TCP" : "UDP", rule->first);
        if (rule->last > rule->first)
                str_addf(to, "-%u", rule->last);
        str_add(to, "' @(");
        write_from(to, spec, rule);
        str_add(to, ")\n");
}

static void write_rules(struct str *to, struct pool *pool, const struct action *a)
{
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {0};

        (void)harden_firewall_spec(a, pool, &spec, NULL);
        vec_foreach(rule, &spec.rules)
                write_rule(to, &spec, rule);
}

/* What Windows Firewall cannot say, or this kit does not. */
static const char *cannot(const struct action *a, struct pool *pool)
{
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {0};

        if (a->kind == ACTION_WINDOWS_SERVICE)
                return NULL;
        if (a->kind != ACTION_WINDOWS_FIREWALL)
                return "it is for Linux; --format shell has it";
        (void)harden_firewall_spec(a, pool, &spec, NULL);
        vec_foreach(rule, &spec.rules)
                if (rule->transport != TRANSPORT_TCP && rule->transport != TRANSPORT_UDP)
                        return "this kit closes ports of TCP and UDP only";
                else if (rule->to.family || rule->device)
                        return "a rule for one own address or one interface is not in this kit";
        return NULL;
}

static void write_powershell(const struct plan *plan, struct pool *pool, struct kit *kit)
{
        _cleanup_str_ struct str text = {0}, actions = {0};

        vec_foreach(a, &plan->actions) {
                const char *why = cannot(a, pool);

                if (why) {
                        kit_leave_out(kit, pool, a, why);
                        continue;
                }
                str_addf(&actions, "\n        # %s\n", kit_plain(pool, a->id));
                kit_about(&actions, pool, a, "        # ");
                str_addf(&actions, "        Write-Output '%s'\n", kit_plain(pool, a->title));
                if (a->kind == ACTION_WINDOWS_SERVICE)
                        write_services(&actions, a);
                else
                        write_rules(&actions, pool, a);
        }
        str_addf(
                &text,
                "#Requires -Version 5.1\n"
                "# quaymaster kit %s, made for %s.\n"
                "# Run it as it is to see what it would do; -Apply does it, -Undo goes back.\n"
                "# -LockMeOut, with -Apply, also closes the port by which this session came in.\n",
                plan->id, plan->hostname);
        vec_foreach(why, &kit->left_out)
                str_addf(&text, "# Not in it: %s\n", *why);
        str_add(&text, kit_builtin_powershell);
        str_addf(&text, "\n$KitId = '%s'\n$KitHost = '%s'\n\nfunction Invoke-Actions {\n", plan->id,
                 plan->hostname);
        str_add(&text,
                actions.len ? str_text(&actions) : "        Write-Output 'There is nothing to do.'\n");
        str_add(&text, "}\n\nInvoke-Kit\nexit $script:Failed\n");
        kit_add_file(kit, pool, "harden.ps1", 0644, &text);
}

const struct kit_format kit_powershell = {
        .name = "powershell",
        .summary =
                "a script for Windows services and Windows Firewall; shows what it would do unless told -Apply",
        .write = write_powershell,
};
