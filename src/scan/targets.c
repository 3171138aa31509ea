/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "knowledge/knowledge.h"

#define FILE_MAX 67108864u /* bytes: 64 MiB */
#define WORD_MAX 300u      /* bytes; a name of the DNS has at most 253 (RFC 1035, 2.3.4) */
#define NEAR_MAX 3u
#define BLANKS   " \t\r\v\f"

/* Why an address is not to be probed; of several reasons the first. */
enum refusal {
        REFUSED_NO_INTERFACE,
        REFUSED_EXCLUDED,
        REFUSED_BROADCAST,
        REFUSED_NO_HOST,
        REFUSED_OUTSIDE,
        REFUSED_NO_ESTATE,
        REFUSAL_MAX, /* none */
};

static const struct {
        int code;
        const char *why;    /* in the list of what is left out of ranges */
        const char *phrase; /* behind an address, in an error */
        const char *advice;
} refusals[] = {
        [REFUSED_NO_INTERFACE] = {-EINVAL, "link-local, without an interface", "is link-local",
                                  "say on which interface, as in fe80::1%eth0"},
        [REFUSED_EXCLUDED] = {-EPERM, "excluded by estate.yaml", "is excluded by estate.yaml",
                              "exclusions beat all else; take it out of 'exclude:' if it may be probed"},
        [REFUSED_BROADCAST] = {-EPERM, "broadcast address", "is the broadcast address of a network here",
                               "name the hosts you mean"},
        [REFUSED_NO_HOST] = {-EPERM, "not the address of a host",
                             "is not the address of a host (multicast, broadcast or unspecified)",
                             "name the hosts you mean"},
        [REFUSED_OUTSIDE] = {-EPERM, "not in the networks of estate.yaml", "is not in the estate",
                             "add its network to estate.yaml (networks:), or leave it out"},
        [REFUSED_NO_ESTATE] = {-EPERM, "no estate.yaml: only this machine is in scope",
                               "is not in scope, as there is no estate.yaml",
                               "without it only this machine's own addresses are probed; "
                               "write what is yours into it (networks:)"},
};

static const struct address_range link_local = {
        {6, {0xfe, 0x80}},
        {6,
         {0xfe, 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

struct place { /* where a word stands; file NULL = on the command line */
        const char *file;
        unsigned line;
};

struct naming {             /* how an address came up */
        const char *word;   /* what the user wrote */
        const char *told;   /* the name to tell with results, or NULL */
        bool narrow;        /* one of many: left out when refused, and told */
        bool from_resolver; /* has no interface even if it needs one */
};

struct parser {
        const struct targets_context *context;
        struct pool *pool;
        struct place place;
        struct range_set wanted;
        vec(struct target_name) single;
        struct range_set refused[REFUSAL_MAX];
        enum refusal last; /* reason of the last address that was left out */
        struct err *err;
};

static void parser_release(struct parser *p)
{
        range_set_release(&p->wanted);
        vec_clear(&p->single);
        for (unsigned i = 0; i < REFUSAL_MAX; i++)
                range_set_release(&p->refused[i]);
}

/* As err_set, made printable (words come from files of others), and with the line of the file in front. */
static _printf_(3, 4) int fail(struct parser *p, int code, const char *fmt, ...)
{
        _cleanup_str_ struct str text = {0};
        struct err raw;
        va_list list;

        va_start(list, fmt);
        (void)vsnprintf(raw.text, sizeof(raw.text), fmt, list);
        va_end(list);
        if (p->place.file)
                str_addf(&text, "%s:%u: ", p->place.file, p->place.line);
        text_add_printable(&text, raw.text);
        return err_set(p->err, code, "%s", text.text);
}

/* --- scope ----------------------------------------------------------------------------------- */

static enum refusal refusal_of(const struct parser *p, const struct address *address, uint32_t zone_index)
{
        const struct targets_context *c = p->context;

        if (!zone_index && address_range_has(&link_local, address))
                return REFUSED_NO_INTERFACE;
        if (c->estate && range_set_has(&c->estate->exclude, address))
                return REFUSED_EXCLUDED;
        if (c->broadcast && range_set_has(c->broadcast, address))
                return REFUSED_BROADCAST;
        if (scope_has(c->scope, address))
                return REFUSAL_MAX;
        if (range_set_has(&c->scope->exclude, address))
                return REFUSED_NO_HOST;
        return c->estate ? REFUSED_OUTSIDE : REFUSED_NO_ESTATE;
}

static void add_one(struct range_set *set, const struct address *address)
{
        range_set_add(set, &(struct address_range){*address, *address});
}

static void want_single(struct parser *p, const struct address *address, uint32_t zone_index,
                        const char *name)
{
        *vec_push(&p->single) = (struct target_name){*address, zone_index, name};
        add_one(&p->wanted, address);
}

/* `word` stands for this one address, among others perhaps. */
static int refuse_single(struct parser *p, enum refusal refusal, const char *word,
                         const struct address *address)
{
        char text[ADDRESS_TEXT_SIZE];

        (void)address_format(address, text);
        if (streq(word, text))
                return fail(p, refusals[refusal].code, "%s %s: %s", text, refusals[refusal].phrase,
                            refusals[refusal].advice);
        return fail(p, refusals[refusal].code, "'%s' is %s, which %s: %s", word, text,
                    refusals[refusal].phrase, refusals[refusal].advice);
}

static int add_address(struct parser *p, const struct naming *by, const struct address *address,
                       uint32_t zone_index)
{
        enum refusal refusal = refusal_of(p, address, zone_index);

        if (refusal == REFUSAL_MAX)
                want_single(p, address, zone_index, by->told);
        else if (by->narrow || (by->from_resolver && refusal == REFUSED_NO_INTERFACE)) {
                add_one(&p->refused[refusal], address);
                p->last = refusal;
        } else
                return refuse_single(p, refusal, by->word, address);
        return 0;
}

static void copy_set(struct range_set *to, const struct range_set *from)
{
        for (size_t i = 0; i < from->n; i++)
                range_set_add(to, &from->at[i]);
}

static void release_and_set(struct range_set *set, struct range_set value)
{
        range_set_release(set);
        *set = value;
}

/* Move what `taken` has (or, with `keep`, what it has not) out of `set` into refused. How many addresses. */
static uint64_t take_out(struct parser *p, struct range_set *set, const struct range_set *taken, bool keep,
                         enum refusal refusal)
{
        struct range_set without = {0}, with = {0};
        uint64_t n;

        copy_set(&without, set);
        range_set_subtract(&without, taken);
        copy_set(&with, set);
        range_set_subtract(&with, &without);
        n = range_set_count(keep ? &without : &with);
        copy_set(&p->refused[refusal], keep ? &without : &with);
        range_set_release(keep ? &without : &with);
        release_and_set(set, keep ? with : without);
        return n;
}

/* What of a range may be probed; the rest is told as refused. */
static int add_range(struct parser *p, const char *word, const struct address_range *range)
{
        static const struct range_set none;
        const struct targets_context *c = p->context;
        struct address_range local = link_local;
        const struct {
                const struct range_set *set;
                bool keep;
                enum refusal refusal;
        } steps[] = {
                {&(struct range_set){.at = &local, .n = 1}, false, REFUSED_NO_INTERFACE},
                {c->estate ? &c->estate->exclude : &none, false, REFUSED_EXCLUDED},
                {c->broadcast ? c->broadcast : &none, false, REFUSED_BROADCAST},
                {&c->scope->exclude, false, REFUSED_NO_HOST},
                {&c->scope->include, true, c->estate ? REFUSED_OUTSIDE : REFUSED_NO_ESTATE},
        };
        _cleanup_(range_set_release) struct range_set rest = {0};
        enum refusal most = REFUSAL_MAX;
        uint64_t most_n = 0;

        range_set_add(&rest, range);
        for (size_t i = 0; i < array_len(steps); i++) {
                uint64_t n = take_out(p, &rest, steps[i].set, steps[i].keep, steps[i].refusal);

                if (n > most_n) {
                        most = steps[i].refusal;
                        most_n = n;
                }
        }
        copy_set(&p->wanted, &rest);
        /* Without an estate a network is a misunderstanding: only what this machine has in it would be asked. */
        if (most == REFUSED_NO_ESTATE && rest.n)
                return fail(p, refusals[most].code, "'%s' is more than this machine, and the rest %s: %s", word,
                            refusals[most].phrase, refusals[most].advice);
        if (rest.n || most == REFUSAL_MAX)
                return 0;
        return fail(p, refusals[most].code, "nothing of '%s' may be probed, it %s: %s", word,
                    refusals[most].phrase, refusals[most].advice);
}

/* --- names ----------------------------------------------------------------------------------- */

struct addresses {
        vec(struct address) list;
};

static void addresses_release(struct addresses *a)
{
        vec_clear(&a->list);
}

static void collect_address(const struct address *address, void *arg)
{
        struct addresses *a = arg;

        *vec_push(&a->list) = address_unmapped(address);
}

static int resolve_by_system(const char *name, void (*each)(const struct address *address, void *arg),
                             void *arg, struct err *err)
{
        const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
        struct addrinfo *found = NULL;
        int rc = getaddrinfo(name, NULL, &hints, &found);

        if (rc == EAI_NONAME || rc == EAI_NODATA)
                return err_set(err, -ENOENT,
                               "nobody knows this name: check the spelling, or give the address");
        if (rc == EAI_AGAIN)
                return err_set(err, -ENOENT,
                               "the name servers do not answer: try again, or give the address");
        if (rc != 0)
                return err_set(err, -ENOENT, "the name cannot be resolved: %s", gai_strerror(rc));
        for (struct addrinfo *a = found; a; a = a->ai_next) {
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
                struct address address;

                if (a->ai_family == AF_INET && a->ai_addrlen >= sizeof(v4)) {
                        memcpy(&v4, a->ai_addr, sizeof(v4));
                        address = address_v4(&v4.sin_addr);
                } else if (a->ai_family == AF_INET6 && a->ai_addrlen >= sizeof(v6)) {
                        memcpy(&v6, a->ai_addr, sizeof(v6));
                        address = address_v6(&v6.sin6_addr);
                } else
                        continue;
                each(&address, arg);
        }
        freeaddrinfo(found);
        return 0;
}

static const struct estate_asset *asset_of(const struct parser *p, const char *name)
{
        const struct estate *e = p->context->estate;

        for (size_t i = 0; e && i < e->n_assets; i++)
                if (streq(e->assets[i].name, name))
                        return &e->assets[i];
        return NULL;
}

/* Of words that stand for many addresses: something must be left. */
static int check_any(struct parser *p, const char *word, size_t before)
{
        if (p->single.n > before)
                return 0;
        if (p->last == REFUSAL_MAX)
                return fail(p, -ENOENT, "'%s' has no address", word);
        return fail(p, refusals[p->last].code, "nothing of '%s' may be probed, it %s: %s", word,
                    refusals[p->last].phrase, refusals[p->last].advice);
}

/* All addresses of a DNS name. */
static int add_resolved(struct parser *p, const struct naming *by, const char *name)
{
        _cleanup_(addresses_release) struct addresses found = {0};
        const struct naming resolved = {by->word, by->told, by->narrow, .from_resolver = true};
        struct err why = {0};
        int rc = (p->context->resolve ?: resolve_by_system)(name, collect_address, &found, &why);

        if (rc < 0)
                return fail(p, rc, "'%s': %s", name, why.text);
        vec_foreach(address, &found.list)
                if ((rc = add_address(p, &resolved, address, 0)) < 0)
                        return rc;
        return 0;
}

static int add_name(struct parser *p, const char *word)
{
        const struct naming by = {word, .told = pool_intern(p->pool, word)};
        size_t before = p->single.n;
        int rc = add_resolved(p, &by, word);

        if (rc == -ENOENT && asset_of(p, word))
                return fail(p, rc, "'%s' is no name that is known here: did you mean the asset @%s?", word,
                            word);
        return rc < 0 ? rc : check_any(p, word, before);
}

/* --- assets and tags ------------------------------------------------------------------------- */

static bool has_tag(const struct estate_asset *asset, const char *tag)
{
        for (size_t i = 0; i < asset->n_tags; i++)
                if (streq(asset->tags[i], tag))
                        return true;
        return false;
}

/* The addresses that estate.yaml says; only an asset without any is looked up by its names. */
static int add_asset(struct parser *p, const char *word, const struct estate_asset *asset, bool narrow)
{
        const struct naming by = {word, .told = asset->name, .narrow = narrow};
        int rc;

        if (!asset->n_addresses && !asset->n_names)
                return fail(p, -EINVAL,
                            "'%s': estate.yaml:%u: asset '%s' has neither 'addresses:' nor 'names:'", word,
                            asset->line, asset->name);
        for (size_t i = 0; i < asset->n_addresses; i++) {
                struct address address = address_unmapped(&asset->addresses[i]);

                if ((rc = add_address(p, &by, &address, 0)) < 0)
                        return rc;
        }
        for (size_t i = 0; !asset->n_addresses && i < asset->n_names; i++)
                if ((rc = add_resolved(p, &by, asset->names[i])) < 0)
                        return rc;
        return 0;
}

static int unknown_group(struct parser *p, const char *word)
{
        const struct estate *e = p->context->estate;
        vec(const char *) words = {0};
        _cleanup_str_ struct str hint = {0};
        const char *near[NEAR_MAX];
        size_t n;

        for (size_t i = 0; i < e->n_assets; i++) {
                *vec_push(&words) = e->assets[i].name;
                for (size_t j = 0; j < e->assets[i].n_tags; j++)
                        *vec_push(&words) = e->assets[i].tags[j];
        }
        n = words_near(word + 1, words.at, words.n, near, NEAR_MAX);
        vec_clear(&words);
        for (size_t i = 0; i < n; i++)
                str_addf(&hint, "%s@%s", i ? ", " : "; did you mean ", near[i]);
        return fail(p, -ENOENT, "'%s' is neither an asset nor a tag of estate.yaml%s%s", word,
                    str_text(&hint), n ? "?" : "");
}

/* "@web1": the asset of that name, else all assets with that tag; of these, what may not be probed is left out. */
static int add_group(struct parser *p, const char *word)
{
        const struct estate *e = p->context->estate;
        const struct estate_asset *asset = asset_of(p, word + 1);
        size_t before = p->single.n;
        bool found = asset;
        int rc = 0;

        if (!e)
                return fail(p, -ENOENT, "'%s': there is no estate.yaml that could name it", word);
        if (asset)
                rc = add_asset(p, word, asset, false);
        for (size_t i = 0; i < e->n_assets && !asset && rc == 0; i++) {
                if (!has_tag(&e->assets[i], word + 1))
                        continue;
                found = true;
                rc = add_asset(p, word, &e->assets[i], true);
        }
        if (rc < 0)
                return rc;
        return found ? check_any(p, word, before) : unknown_group(p, word);
}

/* --- words ----------------------------------------------------------------------------------- */

/* "fe80::1%eth0" (RFC 4007, 11); the zone is the name or the number of an interface. */
static int add_zoned(struct parser *p, const char *word)
{
        const char *percent = strchr(word, '%');
        _cleanup_free_ char *text = xstrndup(word, (size_t)(percent - word));
        struct address address;
        uint64_t zone_index = 0;

        if (address_parse(text, &address) < 0 || !address_range_has(&link_local, &address))
                return fail(p, -EINVAL,
                            "'%s': only one link-local IPv6 address has an interface behind a '%%'", word);
        zone_index = if_nametoindex(percent + 1);
        if (!zone_index && str_to_u64(percent + 1, INT32_MAX, &zone_index) < 0)
                zone_index = 0;
        if (!zone_index)
                return fail(p, -EINVAL, "'%s': there is no interface '%s' here: see ip link", word,
                            percent + 1);
        return add_address(p, &(struct naming){word}, &address, (uint32_t)zone_index);
}

/* Texts that a resolver could take for a number ("10.1", "0x7f000001") are addresses, or wrong. */
static bool is_number_like(const char *word)
{
        const char *label = strrchr(word, '.') ? strrchr(word, '.') + 1 : word;

        if (strpbrk(word, ":/"))
                return true;
        return word[strspn(word, "0123456789.-")] == '\0' ||
               (*label && !label[strspn(label, "0123456789")]) ||
               (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'));
}

static bool is_name_like(const char *word)
{
        static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

        return word[0] != '-' && word[0] != '.' && strlen(word) < 255 && !word[strspn(word, ok)];
}

static int add_numeric(struct parser *p, const char *word)
{
        struct address_range range;
        struct err why = {0};
        bool single;

        if (address_range_parse(word, false, &range, &single, &why) < 0) {
                if (strstr(word, "://"))
                        return fail(p, -EINVAL, "'%s' is a URL: give its host alone", word);
                if (strchr(word, ':') && strchr(word, ':') == strrchr(word, ':'))
                        return fail(p, -EINVAL,
                                    "'%s' is no target: give the host alone, and the port with --ports",
                                    word);
                return fail(p, -EINVAL, "%s", why.text);
        }
        if (single)
                return add_address(p, &(struct naming){word}, &range.first, 0);
        return add_range(p, word, &range);
}

static int add_word(struct parser *p, const char *word)
{
        p->last = REFUSAL_MAX;
        if (strlen(word) > WORD_MAX)
                return fail(p, -EINVAL, "'%.40s...' is too long for a target", word);
        if (word[0] == '@')
                return add_group(p, word);
        if (strchr(word, ','))
                return fail(p, -EINVAL, "'%s': targets stand apart by blanks, not commas", word);
        if (strchr(word, '%'))
                return add_zoned(p, word);
        if (is_number_like(word))
                return add_numeric(p, word);
        if (is_name_like(word))
                return add_name(p, word);
        return fail(p, -EINVAL,
                    "'%s' is no address, network (10.0.0.0/24), range (10.0.0.5-9), host name or @asset",
                    word);
}

/* --- files ----------------------------------------------------------------------------------- */

static int add_line(struct parser *p, char *line, bool *found)
{
        const char *word;
        int rc;

        line[strcspn(line, "#")] = '\0';
        while ((word = strsep(&line, BLANKS))) {
                if (!*word)
                        continue;
                *found = true;
                if ((rc = add_word(p, word)) < 0)
                        return rc;
        }
        return 0;
}

static int add_text(struct parser *p, char *text, size_t len)
{
        char *rest = text, *line;
        bool found = false;
        int rc;

        if (len >= 3 &&
            memcmp(text, "\xef\xbb\xbf", 3) == 0) /* the byte order mark that some editors write */
                rest += 3;
        while ((line = strsep(&rest, "\n"))) {
                p->place.line++;
                if (strlen(line) != (size_t)((rest ? rest - 1 : text + len) - line))
                        return fail(p, -EINVAL, "a zero byte: this is no list of targets in plain text");
                if ((rc = add_line(p, line, &found)) < 0)
                        return rc;
        }
        return found ? 0 : err_set(p->err, -EINVAL, "%s: there is no target in it", p->place.file);
}

static int add_file(struct parser *p, const char *path)
{
        bool is_stdin = streq(path, "-");
        /* not by fd_read_file, which does not wait for what comes through a pipe, as of <(...) */
        _cleanup_close_ int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_str_ struct str text = {0};
        int rc;

        if (!is_stdin && opened < 0)
                return err_errno(p->err, errno, "the list of targets '%s' cannot be opened", path);
        rc = fd_read_all(is_stdin ? STDIN_FILENO : opened, FILE_MAX, &text);
        if (rc < 0)
                return err_errno(p->err, -rc, "the list of targets '%s' cannot be read", path);
        p->place = (struct place){is_stdin ? "standard input" : path, 0};
        str_reserve(&text, 1);
        rc = add_text(p, text.text, text.len);
        p->place = (struct place){0};
        return rc;
}

/* --- result ---------------------------------------------------------------------------------- */

/* By address; of the same address those with a name first. */
static int compare_single(const void *pa, const void *pb)
{
        const struct target_name *a = pa, *b = pb;
        int order = address_compare(&a->address, &b->address);

        if (order)
                return order;
        if (!a->name || !b->name)
                return !a->name - !b->name;
        return strcmp(a->name, b->name);
}

static int finish_single(struct parser *p, struct targets *t)
{
        char text[ADDRESS_TEXT_SIZE];

        vec_sort(&p->single, compare_single);
        t->single = pool_alloc(t->pool, p->single.n * sizeof(*t->single) + 1);
        vec_foreach(one, &p->single) {
                const struct target_name *last = t->n_single ? &t->single[t->n_single - 1] : NULL;

                if (!last || address_compare(&last->address, &one->address) != 0)
                        t->single[t->n_single++] = *one;
                else if (last->zone_index != one->zone_index)
                        return fail(p, -EINVAL,
                                    "%s is named on two interfaces: scan them one after the other",
                                    address_format(&one->address, text));
        }
        return 0;
}

static int compare_refused(const void *pa, const void *pb)
{
        const struct target_refused *a = pa, *b = pb;

        return address_compare(&a->range.first, &b->range.first);
}

static void finish_refused(struct parser *p, struct targets *t)
{
        size_t n = 0;

        for (unsigned i = 0; i < REFUSAL_MAX; i++) {
                range_set_normalize(&p->refused[i]);
                range_set_subtract(&p->refused[i],
                                   &t->ranges); /* fe80::1, where fe80::1%eth0 was named too */
                n += p->refused[i].n;
        }
        t->refused = pool_alloc(t->pool, n * sizeof(*t->refused) + 1);
        for (unsigned i = 0; i < REFUSAL_MAX; i++)
                for (size_t j = 0; j < p->refused[i].n; j++)
                        t->refused[t->n_refused++] =
                                (struct target_refused){p->refused[i].at[j], refusals[i].why};
        if (n)
                qsort(t->refused, n, sizeof(*t->refused), compare_refused);
}

static int parse_all(struct parser *p, const char *const *words, size_t n_words, const char *const *files,
                     size_t n_files)
{
        int rc = 0;

        if (!n_words && !n_files)
                return fail(p, -EINVAL,
                            "no target: give addresses, networks, names, @asset, or a file of them with -i");
        for (size_t i = 0; i < n_words && rc == 0; i++)
                rc = add_word(p, words[i]);
        for (size_t i = 0; i < n_files && rc == 0; i++)
                rc = add_file(p, files[i]);
        return rc;
}

int targets_parse(struct targets *t, const char *const *words, size_t n_words, const char *const *files,
                  size_t n_files, const struct targets_context *context, struct err *err)
{
        _cleanup_(parser_release) struct parser p = {.context = context, .err = err};
        int rc;

        *t = (struct targets){.pool = pool_new()};
        p.pool = t->pool;
        rc = parse_all(&p, words, n_words, files, n_files);
        if (rc == 0) {
                range_set_normalize(&p.wanted);
                t->ranges = p.wanted;
                p.wanted = (struct range_set){0};
                finish_refused(&p, t);
                rc = finish_single(&p, t);
        }
        if (rc < 0)
                targets_release(t);
        return rc;
}

void targets_release(struct targets *t)
{
        range_set_release(&t->ranges);
        pool_free(t->pool);
        *t = (struct targets){0};
}

const struct target_name *targets_single(const struct targets *t, const struct address *address)
{
        size_t low = 0, high = t->n_single;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = address_compare(&t->single[middle].address, address);

                if (order == 0)
                        return &t->single[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}
