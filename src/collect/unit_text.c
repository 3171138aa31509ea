/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unit_text.h"

#include <errno.h>

#include "base/str.h"

#define MAX_WORDS 1000 /* per list: far more than any unit has */

void unit_text_release(struct unit_text *unit)
{
        vec_clear(&unit->aliases);
        vec_clear(&unit->listens);
}

struct value {
        const char *text;
        size_t len;
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct value trim(const char *text, size_t len)
{
        while (len && is_blank(*text))
                text++, len--;
        while (len && is_blank(text[len - 1]))
                len--;
        /* Text goes into the pool, which holds no NUL; systemd's own line reader ends there too. */
        return (struct value){text, strnlen(text, len)};
}

/* The next word, quotes removed, into word (at most 4095 bytes are kept). False at the end. */
static bool next_word(struct value *v, struct str *word)
{
        char quote = 0;

        *v = trim(v->text, v->len);
        if (!v->len)
                return false;
        str_reset(word);
        for (; v->len; v->text++, v->len--) {
                char c = *v->text;

                if (quote ? c == quote : (c == '"' || c == '\'')) {
                        quote = quote ? 0 : c;
                        continue;
                }
                if (!quote && is_blank(c))
                        break;
                if (word->len < 4095)
                        str_add_char(word, c);
        }
        return true;
}

static unsigned count_words(struct value v, unsigned before)
{
        _cleanup_str_ struct str word = {0};
        unsigned n = v.len ? before : 0;

        while (n < MAX_WORDS && next_word(&v, &word))
                n++;
        return n;
}

static void set_wanted_by(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->n_wanted_by = count_words(v, unit->n_wanted_by);
}

static void set_required_by(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->n_required_by = count_words(v, unit->n_required_by);
}

static void set_upheld_by(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->n_upheld_by = count_words(v, unit->n_upheld_by);
}

/* Also= is not reset by an empty assignment. */
static void set_also(struct unit_text *unit, struct pool *pool, struct value v)
{
        if (v.len)
                unit->n_also = count_words(v, unit->n_also);
}

static void set_alias(struct unit_text *unit, struct pool *pool, struct value v)
{
        _cleanup_str_ struct str word = {0};

        if (!v.len)
                unit->aliases.n = 0;
        while (unit->aliases.n < MAX_WORDS && next_word(&v, &word))
                *vec_push(&unit->aliases) = pool_intern(pool, str_text(&word));
}

static void set_default_instance(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->default_instance = v.len ? pool_intern_n(pool, v.text, v.len) : NULL;
}

static void set_description(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->description = v.len ? pool_intern_n(pool, v.text, v.len) : NULL;
}

static void set_service(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->service = v.len ? pool_intern_n(pool, v.text, v.len) : NULL;
}

static void set_exec(struct unit_text *unit, struct pool *pool, struct value v)
{
        _cleanup_str_ struct str word = {0};
        const char *program;

        if (!v.len)
                unit->exec = NULL;
        if (unit->exec || !next_word(&v, &word))
                return;
        program = str_text(&word);
        program += strspn(program, "@-:+!|"); /* special prefixes: systemd.service(5), table 1 */
        if (*program)
                unit->exec = pool_intern(pool, program);
}

static void add_listen(struct unit_text *unit, struct pool *pool, struct value v, const char *type)
{
        struct unit_listen *listen;

        if (!v.len)
                unit->listens.n = 0;
        if (!v.len || unit->listens.n >= MAX_WORDS)
                return;
        listen = vec_push(&unit->listens);
        listen->type = type;
        listen->text = pool_intern_n(pool, v.text, v.len);
}

static void set_stream(struct unit_text *unit, struct pool *pool, struct value v)
{
        add_listen(unit, pool, v, "Stream");
}

static void set_datagram(struct unit_text *unit, struct pool *pool, struct value v)
{
        add_listen(unit, pool, v, "Datagram");
}

static void set_seqpacket(struct unit_text *unit, struct pool *pool, struct value v)
{
        add_listen(unit, pool, v, "SequentialPacket");
}

static void set_accept(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->accept = v.len && strchr("1yYtT", *v.text);
        if (v.len == 2 && strncasecmp(v.text, "on", 2) == 0)
                unit->accept = true;
}

static void set_v6only(struct unit_text *unit, struct pool *pool, struct value v)
{
        unit->v6only = v.len == strlen("ipv6-only") && memcmp(v.text, "ipv6-only", v.len) == 0;
}

static const struct {
        const char *section, *key;
        void (*set)(struct unit_text *unit, struct pool *pool, struct value v);
} settings[] = {
        {"Unit", "Description", set_description},
        {"Service", "ExecStart", set_exec},
        {"Socket", "ListenStream", set_stream},
        {"Socket", "ListenDatagram", set_datagram},
        {"Socket", "ListenSequentialPacket", set_seqpacket},
        {"Socket", "Service", set_service},
        {"Socket", "Accept", set_accept},
        {"Socket", "BindIPv6Only", set_v6only},
        {"Install", "Alias", set_alias},
        {"Install", "WantedBy", set_wanted_by},
        {"Install", "RequiredBy", set_required_by},
        {"Install", "UpheldBy", set_upheld_by}, /* since systemd 254 */
        {"Install", "Also", set_also},
        {"Install", "DefaultInstance", set_default_instance},
};

static bool value_is(struct value v, const char *text)
{
        return v.len == strlen(text) && memcmp(v.text, text, v.len) == 0;
}

static void assign(struct unit_text *unit, struct pool *pool, struct value section, struct value line)
{
        const char *equal = memchr(line.text, '=', line.len);
        struct value key, v;

        if (!equal)
                return;
        key = trim(line.text, (size_t)(equal - line.text));
        v = trim(equal + 1, (size_t)(line.text + line.len - equal - 1));
        for (size_t i = 0; i < array_len(settings); i++)
                if (value_is(key, settings[i].key) && value_is(section, settings[i].section)) {
                        settings[i].set(unit, pool, v);
                        return;
                }
}

static bool continues(const char *line, size_t len)
{
        size_t slashes = 0;

        while (slashes < len && line[len - 1 - slashes] == '\\')
                slashes++;
        return slashes % 2;
}

/* One logical line. section is kept as a piece of the text, which outlives the call. */
static int take_line(struct unit_text *unit, struct pool *pool, struct value *section, struct value line)
{
        if (!line.len)
                return 0;
        if (line.text[0] != '[') {
                assign(unit, pool, *section, line);
                return 0;
        }
        if (line.text[line.len - 1] != ']' || line.len < 2)
                return -EBADMSG;
        section->text = pool_intern_n(pool, line.text + 1, line.len - 2);
        section->len = line.len - 2;
        return 0;
}

int unit_text_parse(struct unit_text *unit, struct pool *pool, const char *text, size_t len)
{
        _cleanup_str_ struct str joined = {0};
        struct value section = {"", 0};
        const char *end = text + len;
        bool joining = false;

        if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* byte order mark */
                text += 3;
        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                size_t n = (size_t)((newline ? newline : end) - text);
                struct value line = trim(text, n);
                bool more = continues(text, n);
                int r;

                text += newline ? n + 1 : n;
                /* Comments and empty lines do not end a continuation (systemd.syntax(7)). */
                if (line.len == 0 || line.text[0] == '#' || line.text[0] == ';')
                        continue;
                if (more || joining) {
                        str_add_n(&joined, text - (newline ? n + 1 : n), more ? n - 1 : n);
                        if (more)
                                str_add_char(&joined, ' ');
                        joining = true;
                        if (more && text < end)
                                continue;
                        line = trim(str_text(&joined), joined.len);
                        joining = false;
                }
                r = take_line(unit, pool, &section, line);
                str_reset(&joined);
                if (r < 0)
                        return r;
        }
        return joining ? take_line(unit, pool, &section, trim(str_text(&joined), joined.len)) : 0;
}
