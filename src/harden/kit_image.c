/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the making of images: what is not wanted is off in the first boot. A preset of systemd
 * (systemd.preset(5)) and tables for nft(8); what these two cannot say is told in the README.
 */
#include "firewall/spec.h"
#include "harden/kit_text.h"

static void write_preset(struct str *to, struct pool *pool, const struct action *a)
{
        const char *unit;

        str_addf(to, "\n# %s\n", kit_plain(pool, a->title));
        for (size_t i = 0; (unit = action_value(a, "unit", i)); i++)
                str_addf(to, "disable %s\n", unit);
        if ((unit = action_value(a, "script", 0)))
                str_addf(to, "disable %s.service\n", unit);
}

static const char readme[] =
        "\n"
        "90-quaymaster.preset  belongs into /etc/systemd/system-preset/ of the image. It holds for units installed\n"
        "                      later, and for all at `systemctl --root=IMAGE preset-all`, or at the first boot. A\n"
        "                      preset does not mask: what others start still runs. To mask, use\n"
        "                      `systemctl --root=IMAGE mask UNIT`.\n"
        "quaymaster.nft        belongs into /etc/quaymaster-kit/ of the image; load it before the network is up,\n"
        "                      as by a line `include \"/etc/quaymaster-kit/quaymaster.nft\"` at the end of\n"
        "                      /etc/nftables.conf, and `enable nftables.service` in a preset. It does not touch other\n"
        "                      tables; `flush ruleset` in nftables.conf removes it together with them.\n"
        "\n"
        "Going back: remove both files, and `systemctl --root=IMAGE preset UNIT`; on a running host also\n"
        "`nft delete table inet quaymaster` and `nft delete table inet quaymaster_published`.\n";

static void write_readme(struct kit *kit, struct pool *pool, const struct plan *plan)
{
        _cleanup_str_ struct str text = {0};

        str_addf(&text, "quaymaster kit %s for an image, made from what was seen on %s\n", plan->id,
                 plan->hostname);
        str_add(&text, readme);
        if (kit->left_out.n)
                str_add(&text, "\nNot in it:\n");
        vec_foreach(why, &kit->left_out)
                str_addf(&text, "  %s\n", *why);
        kit_add_file(kit, pool, "README.txt", 0644, &text);
}

static void write_image(const struct plan *plan, struct pool *pool, struct kit *kit)
{
        _cleanup_str_ struct str preset = {0}, tables = {0};

        str_addf(&preset, "# quaymaster kit %s, made from what was seen on %s. See systemd.preset(5).\n",
                 plan->id, plan->hostname);
        vec_foreach(a, &plan->actions) {
                if (a->kind == ACTION_UNIT_STOP || a->kind == ACTION_SYSV_STOP)
                        write_preset(&preset, pool, a);
                else if (a->kind == ACTION_FIREWALL || a->kind == ACTION_PUBLISHED)
                        (void)kit_table(a, pool, &tables, NULL);
                else
                        kit_leave_out(kit, pool, a, "neither a preset nor a firewall table can say it");
        }
        kit_add_file(kit, pool, "90-quaymaster.preset", 0644, &preset);
        if (tables.len)
                kit_add_file(kit, pool, "quaymaster.nft", 0644, &tables);
        write_readme(kit, pool, plan);
        kit_begin_with(kit, "README.txt");
}

const struct kit_format kit_image = {
        .name = "image",
        .summary = "for the making of images: a preset of systemd and a table for nft",
        .write = write_image,
};
