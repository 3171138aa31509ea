/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kit formats have in common. For this folder only. */
#pragma once

#include "base/str.h"
#include "harden/harden.h"
#include "harden/kit.h"
#include "harden/recipe.h"

/*
 * Text for people on one line: printable ASCII without what shells, YAML or PowerShell read, also within
 * single quotes; at most 200 bytes.
 */
const char *kit_plain(struct pool *pool, const char *text);

/* Add a file of the kit; the text is copied. kit_begin_with: one that is there becomes the one to begin with. */
void kit_begin_with(struct kit *kit, const char *name);
void kit_add_file(struct kit *kit, struct pool *pool, const char *name, unsigned mode,
                  const struct str *text);
void kit_leave_out(struct kit *kit, struct pool *pool, const struct action *a, const char *why);

/* Title, reason, risk and warnings of an action, each line behind `prefix` ("# "). */
void kit_about(struct str *to, struct pool *pool, const struct action *a, const char *prefix);
/* 'text', with `quote` for each single quote in it: "'\\''" for sh(1), "''" for YAML and PowerShell. */
void kit_quote_for(struct str *to, const char *text, const char *quote);
/* 'text', as sh(1), PowerShell and YAML take it: what cannot be in it has been refused by kit_select. */
void kit_quote(struct str *to, const char *text);
/* Each value of that name: a blank and the quoted text. */
void kit_quote_all(struct str *to, const struct action *a, const char *name, const char *separator);

/* The nft(8) file of a firewall or published action. 0, or -EINVAL with words. */
int kit_table(const struct action *a, struct pool *pool, struct str *to, struct err *err);
const char *kit_table_name(const struct action *a);
/* The unit of systemd that loads the table at boot, from /etc/quaymaster-kit/TABLE.nft. */
void kit_boot_unit(struct str *to, const struct action *a);
/* The drop-in of a unit-sandbox action. */
void kit_sandbox(struct str *to, const struct action *a);

struct kit_bind {
        const char *path, *include; /* "": none */
};
/* The recipe of a bind-loopback action, and its paths for the action's unit; NULL: there is none, or not for it. */
const struct recipe *kit_recipe(const struct action *a, struct pool *pool, struct kit_bind *ret);
