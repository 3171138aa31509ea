/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firewall/spec.h"

#include <errno.h>

#define ZONE_NAME_MAX 31
#define DEVICE_MAX    15 /* IFNAMSIZ of <net/if.h>, without the terminator */
#define COMMENT_MAX   100
#define WORD_MAX      63 /* longer than an address range or a name may be */
#define RULES_MAX     10000
#define RANGES_MAX    100000

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

void firewall_spec_release(struct firewall_spec *spec)
{
        vec_clear(&spec->zones);
        vec_clear(&spec->rules);
}

/* --- words ----------------------------------------------------------------------------------- */

/* What is left of a line; words are parted by single or more blanks. */
struct line {
        const char *at;
        char word[WORD_MAX + 1]; /* the last one that was taken */
};

/* False at the end of the line, and for a word that is too long (then it is not at the end). */
static bool next_word(struct line *line)
{
        size_t len;

        line->at += strspn(line->at, " ");
        len = strcspn(line->at, " ");
        if (!len || len > WORD_MAX)
                return false;
        memcpy(line->word, line->at, len);
        line->word[len] = '\0';
        line->at += len;
        return true;
}

/* The next word without taking it. */
static bool peek_word(const struct line *line, struct line *ret)
{
        *ret = *line;
        return next_word(ret);
}

static bool at_end(const struct line *line)
{
        return !line->at[strspn(line->at, " ")];
}

static bool is_of(const char *s, const char *letters, size_t max)
{
        size_t len = strlen(s);

        return len && len <= max && strspn(s, letters) == len;
}

/* Words that mean something behind `from`, where names of zones stand, too. */
static bool is_reserved(const char *s)
{
        static const char *const words[] = {"to", "device", "from", "internet", "anywhere"};

        for (size_t i = 0; i < array_len(words); i++)
                if (streq(words[i], s))
                        return true;
        return false;
}

bool firewall_zone_name_valid(const char *name)
{
        return is_of(name, LETTERS "-_", ZONE_NAME_MAX) && name[0] != '-' && !is_reserved(name);
}

bool firewall_device_valid(const char *name)
{
        return is_of(name, LETTERS "._:@-", DEVICE_MAX) && name[0] != '-' && name[0] != '.';
}

static bool comment_has(char c)
{
        return c && strchr(LETTERS " ._:/,()@+=-", c);
}

const char *firewall_comment(struct pool *pool, const char *text)
{
        char buf[COMMENT_MAX + 1];
        size_t n = 0;

        for (; *text && n < COMMENT_MAX; text++)
                if (comment_has(*text) && !(*text == ' ' && (!n || buf[n - 1] == ' ')))
                        buf[n++] = *text;
        while (n && buf[n - 1] == ' ')
                n--;
        return n ? pool_intern_n(pool, buf, n) : NULL;
}

static const struct firewall_zone *find_zone(const struct firewall_spec *spec, const char *name)
{
        vec_foreach(zone, &spec->zones)
                if (streq(zone->name, name))
                        return zone;
        return NULL;
}

/* --- lists that grow -------------------------------------------------------------------------- */

struct found {
        vec(struct address_range) ranges;
        vec(const char *) zones;
};

static void found_release(struct found *found)
{
        vec_clear(&found->ranges);
        vec_clear(&found->zones);
}

static void *keep(struct pool *pool, const void *at, size_t n, size_t size)
{
        void *kept = pool_alloc(pool, n * size + 1);

        if (n)
                memcpy(kept, at, n * size);
        return kept;
}

static int add_range(struct found *found, const char *word, struct err *err)
{
        struct address_range range;
        int r;

        if (found->ranges.n >= RANGES_MAX)
                return err_set(err, -EINVAL, "more than %u address ranges in one line", RANGES_MAX);
        r = address_range_parse(word, true, &range, NULL, err);
        if (r == 0)
                *vec_push(&found->ranges) = range;
        return r;
}

/* --- zones ----------------------------------------------------------------------------------- */

static int add_zone(struct firewall_spec *spec, struct line *line, struct err *err)
{
        _cleanup_(found_release) struct found found = {0};
        struct firewall_zone zone = {0};

        if (!next_word(line) || !firewall_zone_name_valid(line->word))
                return err_set(err, -EINVAL,
                               "a zone needs a name of at most %u letters, digits, '-' and '_'",
                               ZONE_NAME_MAX);
        if (find_zone(spec, line->word))
                return err_set(err, -EINVAL, "zone '%s' is there twice", line->word);
        if (spec->zones.n >= RULES_MAX)
                return err_set(err, -EINVAL, "more than %u zones", RULES_MAX);
        zone.name = pool_intern(spec->pool, line->word);
        while (next_word(line)) {
                int r = add_range(&found, line->word, err);

                if (r < 0)
                        return r;
        }
        if (!found.ranges.n || !at_end(line))
                return err_set(err, -EINVAL, "zone '%s' needs networks, as 10.20.0.0/16", zone.name);
        zone.ranges = keep(spec->pool, found.ranges.at, found.ranges.n, sizeof(*found.ranges.at));
        zone.n_ranges = found.ranges.n;
        *vec_push(&spec->zones) = zone;
        return 0;
}

/* --- rules ----------------------------------------------------------------------------------- */

static int read_number(const char *word, uint16_t max, uint16_t *ret)
{
        uint64_t number;

        if (str_to_u64(word, max, &number) < 0 || !number)
                return -EINVAL;
        *ret = (uint16_t)number;
        return 0;
}

/* "443", "8000-8010" */
static int read_ports(char *word, struct firewall_rule *rule)
{
        char *dash = strchr(word, '-');

        if (dash)
                *dash++ = '\0';
        if (read_number(word, UINT16_MAX, &rule->first) < 0 ||
            read_number(dash ? dash : word, UINT16_MAX, &rule->last) < 0)
                return -EINVAL;
        return rule->first <= rule->last ? 0 : -EINVAL;
}

static int read_what(struct line *line, struct firewall_rule *rule, struct err *err)
{
        if (!next_word(line))
                return err_set(err, -EINVAL, "a rule needs a transport and a port, as 'tcp 443'");
        if (streq(line->word, "protocol")) {
                rule->transport = TRANSPORT_RAW;
                if (!next_word(line) || read_number(line->word, UINT8_MAX, &rule->first) < 0)
                        return err_set(err, -EINVAL,
                                       "behind 'protocol' there must be a number from 1 to 255");
                rule->last = rule->first;
                return 0;
        }
        rule->transport = transport_parse(line->word);
        if (rule->transport == TRANSPORT_MAX || rule->transport == TRANSPORT_RAW)
                return err_set(err, -EINVAL, "a rule needs tcp, udp, udplite, sctp or protocol");
        if (!next_word(line) || read_ports(line->word, rule) < 0)
                return err_set(err, -EINVAL, "a rule needs a port or a range, as 443 or 8000-8010");
        return 0;
}

/* A word behind `from`. Networks have a ':' or begin with a digit and have a '.'; names of zones have neither. */
static bool is_network(const char *word)
{
        return strchr(word, ':') || strchr(word, '.');
}

static bool ends_from(const char *word)
{
        return streq(word, "to") || streq(word, "device") || word[0] == '#';
}

static int read_from(struct firewall_spec *spec, struct line *line, struct found *found, struct err *err)
{
        struct line next;
        size_t n = 0;

        for (; peek_word(line, &next) && !ends_from(next.word); n++) {
                const char *word = next.word;

                *line = next;
                if (is_network(word)) {
                        int r = add_range(found, word, err);

                        if (r < 0)
                                return r;
                } else if (streq(word, "internet") || find_zone(spec, word)) {
                        *vec_push(&found->zones) = pool_intern(spec->pool, word);
                } else {
                        return err_set(err, -EINVAL, "there is no zone '%s'",
                                       firewall_zone_name_valid(word) ? word : "of that name");
                }
        }
        return n ? 0 : err_set(err, -EINVAL, "behind 'from' there must be zones or networks");
}

static int read_comment(struct firewall_spec *spec, struct line *line, struct firewall_rule *rule,
                        struct err *err)
{
        const char *text = strchr(line->at, '#') + 1;

        text += strspn(text, " ");
        rule->comment = firewall_comment(spec->pool, text);
        line->at = text + strlen(text);
        if (!rule->comment || !streq(rule->comment, text))
                return err_set(err, -EINVAL,
                               "a comment may have at most %u letters, digits and ' ._:/,()@+=-'",
                               COMMENT_MAX);
        return 0;
}

static int read_rest(struct firewall_spec *spec, struct line *line, struct firewall_rule *rule,
                     struct found *found, struct err *err)
{
        struct line next;
        int r;

        while (peek_word(line, &next)) {
                if (next.word[0] == '#')
                        return read_comment(spec, line, rule, err);
                *line = next;
                if (streq(line->word, "from") && !found->ranges.n && !found->zones.n) {
                        r = read_from(spec, line, found, err);
                        if (r < 0)
                                return r;
                } else if (streq(line->word, "to") && !rule->to.family) {
                        if (!next_word(line) || address_parse(line->word, &rule->to) < 0)
                                return err_set(err, -EINVAL, "behind 'to' there must be an address");
                        rule->to = address_unmapped(&rule->to);
                } else if (streq(line->word, "device") && !rule->device) {
                        if (!next_word(line) || !firewall_device_valid(line->word))
                                return err_set(err, -EINVAL,
                                               "behind 'device' there must be the name of an interface");
                        rule->device = pool_intern(spec->pool, line->word);
                } else {
                        return err_set(err, -EINVAL, "a rule has a word that is not known there");
                }
        }
        return at_end(line) ? 0 : err_set(err, -EINVAL, "a rule has a word that is too long");
}

static int add_rule(struct firewall_spec *spec, struct line *line, bool deny, struct err *err)
{
        _cleanup_(found_release) struct found found = {0};
        struct firewall_rule rule = {.deny = deny};
        int r = read_what(line, &rule, err);

        if (r == 0)
                r = read_rest(spec, line, &rule, &found, err);
        if (r < 0)
                return r;
        if (spec->rules.n >= RULES_MAX)
                return err_set(err, -EINVAL, "more than %u rules", RULES_MAX);
        rule.from = keep(spec->pool, found.ranges.at, found.ranges.n, sizeof(*found.ranges.at));
        rule.n_from = found.ranges.n;
        rule.from_zones = keep(spec->pool, found.zones.at, found.zones.n, sizeof(*found.zones.at));
        rule.n_from_zones = found.zones.n;
        *vec_push(&spec->rules) = rule;
        return 0;
}

int firewall_spec_add(struct firewall_spec *spec, const char *text, struct err *err)
{
        struct line line = {.at = text};

        if (next_word(&line)) {
                if (streq(line.word, "zone"))
                        return add_zone(spec, &line, err);
                if (streq(line.word, "allow") || streq(line.word, "deny"))
                        return add_rule(spec, &line, line.word[0] == 'd', err);
        }
        return err_set(err, -EINVAL, "a line of the firewall must begin with zone, allow or deny");
}

/* --- writing --------------------------------------------------------------------------------- */

static void add_ranges(struct str *to, const struct address_range *ranges, size_t n)
{
        char buf[RANGE_TEXT_SIZE];

        for (size_t i = 0; i < n; i++)
                str_addf(to, " %s", address_range_format(&ranges[i], buf));
}

void firewall_zone_write(const struct firewall_zone *zone, struct str *to)
{
        str_addf(to, "zone %s", zone->name);
        add_ranges(to, zone->ranges, zone->n_ranges);
}

void firewall_rule_write(const struct firewall_rule *rule, struct str *to)
{
        char buf[ADDRESS_TEXT_SIZE];

        str_add(to, rule->deny ? "deny " : "allow ");
        str_addf(to, "%s %u",
                 rule->transport == TRANSPORT_RAW ? "protocol" : transport_name(rule->transport),
                 rule->first);
        if (rule->last > rule->first)
                str_addf(to, "-%u", rule->last);
        if (rule->n_from || rule->n_from_zones)
                str_add(to, " from");
        for (size_t i = 0; i < rule->n_from_zones; i++)
                str_addf(to, " %s", rule->from_zones[i]);
        add_ranges(to, rule->from, rule->n_from);
        if (rule->to.family)
                str_addf(to, " to %s", address_format(&rule->to, buf));
        if (rule->device)
                str_addf(to, " device %s", rule->device);
        if (rule->comment)
                str_addf(to, " # %s", rule->comment);
}
