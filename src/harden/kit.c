/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/kit.h"

#include <errno.h>

#include "harden/harden.h"
#include "harden/kit_text.h"

#define VALUE_MAX 255
#define PLAIN_MAX 200

extern const struct kit_format kit_ansible, kit_image, kit_powershell, kit_shell;

static const struct kit_format *const formats[] = {&kit_ansible, &kit_image, &kit_powershell, &kit_shell};

const struct kit_format *const *kit_formats(size_t *n)
{
        *n = array_len(formats);
        return formats;
}

const struct kit_format *kit_format_find(const char *name)
{
        for (size_t i = 0; i < array_len(formats); i++)
                if (streq(formats[i]->name, name))
                        return formats[i];
        return NULL;
}

void kit_release(struct kit *kit)
{
        vec_clear(&kit->files);
        vec_clear(&kit->left_out);
}

/* --- text ---------------------------------------------------------------------------------------- */

static bool is_word_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_plain(char c)
{
        return is_word_letter(c) || (c && strchr(" .,:/_@+=%()-", c));
}

const char *kit_plain(struct pool *pool, const char *text)
{
        char plain[PLAIN_MAX + 1];
        size_t n = 0;

        for (; text && *text && n < PLAIN_MAX; text++)
                if (*text != '\'' && *text != '"') /* reads well without */
                        plain[n++] = *text == ';' ? ',' : is_plain(*text) ? *text : '_';
        return pool_intern_n(pool, plain, n);
}

void kit_quote_for(struct str *to, const char *text, const char *quote)
{
        str_add_char(to, '\'');
        for (; *text; text++)
                if (*text == '\'')
                        str_add(to, quote);
                else
                        str_add_char(to, *text);
        str_add_char(to, '\'');
}

void kit_quote(struct str *to, const char *text)
{
        kit_quote_for(to, text, "_"); /* there is none in it */
}

void kit_quote_all(struct str *to, const struct action *a, const char *name, const char *separator)
{
        const char *text;

        for (size_t i = 0; (text = action_value(a, name, i)); i++) {
                str_add(to, i ? separator : "");
                kit_quote(to, text);
        }
}

void kit_add_file(struct kit *kit, struct pool *pool, const char *name, unsigned mode,
                  const struct str *text)
{
        *vec_push(&kit->files) = (struct kit_file){
                .name = name,
                .mode = mode,
                .text = pool_intern_n(pool, str_text(text), text->len),
                .len = text->len,
        };
}

void kit_begin_with(struct kit *kit, const char *name)
{
        for (size_t i = 1; i < kit->files.n; i++)
                if (streq(kit->files.at[i].name, name)) {
                        struct kit_file first = kit->files.at[i];

                        memmove(kit->files.at + 1, kit->files.at, i * sizeof(first));
                        kit->files.at[0] = first;
                }
}

void kit_leave_out(struct kit *kit, struct pool *pool, const struct action *a, const char *why)
{
        *vec_push(&kit->left_out) = pool_printf(pool, "%s: %s", kit_plain(pool, a->id), why);
}

void kit_about(struct str *to, struct pool *pool, const struct action *a, const char *prefix)
{
        static const char *const none[] = {NULL};

        if (a->why)
                str_addf(to, "%s%s\n", prefix, kit_plain(pool, a->why));
        str_addf(to, "%sRisk: %s%s%s\n", prefix, action_risk_name(a->risk), a->risk_why ? ". " : "",
                 kit_plain(pool, a->risk_why));
        for (const char *const *w = a->warnings ? a->warnings : none; *w; w++)
                str_addf(to, "%sMind: %s\n", prefix, kit_plain(pool, *w));
}

/* --- firewall ------------------------------------------------------------------------------------ */

int kit_table(const struct action *a, struct pool *pool, struct str *to, struct err *err)
{
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {0};
        int r = harden_firewall_spec(a, pool, &spec, err);

        if (r < 0)
                return r;
        if (a->kind == ACTION_PUBLISHED)
                firewall_published_write(&spec, to);
        else
                firewall_table_write(&spec, NULL, 0, to);
        return 0;
}

const char *kit_table_name(const struct action *a)
{
        return a->kind == ACTION_FIREWALL ? FIREWALL_TABLE : FIREWALL_TABLE_PUBLISHED;
}

void kit_boot_unit(struct str *to, const struct action *a)
{
        str_addf(to,
                 "[Unit]\n"
                 "Description=Firewall of a quaymaster kit (%s)\n"
                 "DefaultDependencies=no\n"
                 "Wants=network-pre.target\n"
                 "Before=network-pre.target shutdown.target\n"
                 "After=nftables.service\n"
                 "Conflicts=shutdown.target\n"
                 "\n"
                 "[Service]\n"
                 "Type=oneshot\n"
                 "RemainAfterExit=yes\n"
                 "ExecStart=/usr/sbin/nft -f /etc/quaymaster-kit/%s.nft\n"
                 "\n"
                 "[Install]\n"
                 "WantedBy=sysinit.target\n",
                 kit_table_name(a), kit_table_name(a));
}

/* --- drop-ins ------------------------------------------------------------------------------------ */

void kit_sandbox(struct str *to, const struct action *a)
{
        const char *property;

        str_add(to, "# Of a quaymaster kit: what this unit does not need of the network.\n[Service]\n");
        for (size_t i = 0; (property = action_value(a, "property", i)); i++)
                str_addf(to, "%s\n", property);
}

const struct recipe *kit_recipe(const struct action *a, struct pool *pool, struct kit_bind *ret)
{
        const struct recipe *recipe = recipe_find(action_value(a, "recipe", 0));
        const char *unit = action_value(a, "unit", 0);
        _cleanup_str_ struct str path = {0}, include = {0};

        if (!recipe || recipe_expand(recipe, recipe->path, unit, &path) < 0 ||
            (recipe->include && recipe_expand(recipe, recipe->include, unit, &include) < 0))
                return NULL;
        *ret = (struct kit_bind){pool_intern(pool, str_text(&path)), pool_intern(pool, str_text(&include))};
        return recipe;
}

/* --- what goes into a kit ------------------------------------------------------------------------ */

static bool is_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* As systemd-escape(1) writes it: "\\x2d". */
static bool is_unit_escape(const char *text)
{
        return text[0] == '\\' && text[1] == 'x' && is_hex(text[2]) && is_hex(text[3]);
}

/*
 * Stricter than action_check: nothing that any of the languages reads, whoever made the plan. In single quotes of a
 * shell and of YAML, outside of what Jinja reads, and in a preset a backslash is a letter; it comes in names of units
 * only, and only as systemd escapes.
 */
static bool is_safe(const struct action_value *v)
{
        const char *text = v->text;
        size_t len = strlen(text);
        bool unit = streq(v->name, "unit");

        if (!len || len > VALUE_MAX || text[0] == '-' || text[0] == ' ')
                return false;
        for (size_t i = 0; i < len; i++)
                if (!is_word_letter(text[i]) && !strchr(" .,:/_@+=~-", text[i]) && !(unit && is_unit_escape(text + i)))
                        return false;
        return true;
}

static bool is_of_firewall(const struct action *a)
{
        return a->kind == ACTION_FIREWALL || a->kind == ACTION_PUBLISHED ||
               a->kind == ACTION_WINDOWS_FIREWALL;
}

/* Not shown what it was: that would bring it into the script. The plan has it. */
static const char *refuse(const struct action *a, struct pool *pool)
{
        _cleanup_str_ struct str text = {0};

        if (action_check(a->kind, a->values, NULL) < 0)
                return "its values are not of the form that they must have";
        if (is_of_firewall(a)) /* lines, which are parsed and written anew */
                return kit_table(a, pool, &text, NULL) < 0
                               ? "its lines for the firewall are not of their form"
                               : NULL;
        for (const struct action_value *v = a->values; v->name; v++)
                if (!is_safe(v))
                        return pool_printf(pool, "a %s of it has letters that do not go into a script",
                                           v->name);
        return NULL;
}

static bool is_named(const char *id, const struct kit_choice *choice)
{
        for (size_t i = 0; i < choice->n_only; i++)
                if (streq(choice->only[i], id))
                        return true;
        return false;
}

/* NULL: it goes into the kit. */
static const char *why_not(const struct action *a, const struct kit_choice *choice, struct pool *pool)
{
        if (choice->n_only)
                return a->cuts && !choice->lock_me_out
                               ? "it would close the way the administrator came in by; --lock-me-out takes it in"
                               : NULL;
        if (a->cuts && !choice->lock_me_out)
                return "it would close the way the administrator came in by";
        /* what has no undo is in the kit and stays off until it is asked for on the machine itself */
        if (!a->suggested && !a->not_applied)
                return pool_printf(pool, "not suggested (%s); --only takes it in",
                                   a->risk_why ? kit_plain(pool, a->risk_why) : "its risk is not low");
        return NULL;
}

static void choose(const struct plan *plan, const struct kit_choice *choice, struct pool *pool,
                   struct plan *chosen, struct kit *to)
{
        vec_foreach(a, &plan->actions) {
                const char *why;

                if (choice->n_only && !is_named(a->id, choice))
                        continue;
                why = why_not(a, choice, pool);
                if (!why)
                        why = refuse(a, pool);
                if (why)
                        kit_leave_out(to, pool, a, why);
                else
                        *vec_push(&chosen->actions) = *a;
        }
}

static const char *plain_id(const char *id)
{
        return id && strlen(id) == 16 && strspn(id, "0123456789abcdef") == 16 ? id : "0000000000000000";
}

void kit_write(const struct kit_format *format, const struct plan *plan, const struct kit_choice *choice,
               struct pool *pool, struct kit *to)
{
        struct plan chosen = {
                .pool = plan->pool,
                .id = plain_id(plan->id),
                .asset = kit_plain(pool, plan->asset),
                .hostname = kit_plain(pool, plan->hostname ? plan->hostname : "a host without a name"),
                .time_s = plan->time_s,
        };

        size_t before;

        choose(plan, choice, pool, &chosen, to);
        before = to->left_out.n;
        format->write(&chosen, pool, to);
        to->n_actions = chosen.actions.n - (to->left_out.n - before);
        vec_clear(&chosen.actions);
}
