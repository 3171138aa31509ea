/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mask.h"

#include <ctype.h>

#define STARS "****"

/* How much of a value is hidden. */
enum part { PART_ALL, PART_AFTER_COLON, PART_AFTER_PERCENT };

struct kind {
        bool secret;  /* hide the value */
        bool path_ok; /* but not a path */
        bool blob;    /* hide only what looks like a key in base64 or hex */
        bool rest;    /* the value has blanks in it: up to the end of the argument */
        enum part part;
};

/*
 * Words of names. A name is cut at - _ . and before capitals, and compared in lower case:
 * "-Djavax.net.ssl.keyStorePassword" ends in the word "password".
 */
enum { WHOLE = 0, SUFFIX = 1, LAST = 2, PATH_OK = 4, REST = 8 };

static const struct {
        const char *word;
        unsigned flags; /* SUFFIX: also the end of a longer word; LAST: only as the last word of the name */
} secret_words[] = {
        {"password", SUFFIX},
        {"passwd", SUFFIX},
        {"passphrase", SUFFIX},
        {"secret", SUFFIX},
        {"token", SUFFIX},
        {"apikey", SUFFIX},
        {"authorization", SUFFIX | LAST | REST},
        {"auth", LAST | PATH_OK}, /* Xorg -auth FILE */
        {"masterauth", LAST},
        {"authkey", LAST | PATH_OK},
        {"cookie", SUFFIX | LAST | REST}, /* erl -setcookie X */
        {"credential", LAST | PATH_OK},
        {"credentials", LAST | PATH_OK},
        {"pass", LAST},
        {"dbpass", LAST},
        {"keypass", LAST},
        {"masterpass", LAST},
        {"requirepass", LAST},
        {"rootpass", LAST},
        {"storepass", LAST},
        {"userpass", LAST},
        {"psk", LAST | PATH_OK},
        {"pwd", LAST | PATH_OK}, /* also the working directory */
};

/* "key" alone is a certificate's file more often than not. */
static const char *const secret_keys[] = {
        "access", "account", "api",    "app",    "auth",    "encryption",
        "master", "private", "secret", "shared", "signing",
};

/* A name that ends so is about the secret, and has none in it. */
static const char *const harmless_last[] = {
        "algorithm", "audience", "backend",  "cert",   "cmd",    "command", "config",   "count",    "dir",
        "directory", "enabled",  "endpoint", "env",    "expiry", "fd",      "fds",      "file",     "format",
        "group",     "helper",   "host",     "id",     "issuer", "keytab",  "length",   "lifetime", "max",
        "method",    "min",      "mode",     "name",   "path",   "plugin",  "policy",   "port",     "prompt",
        "provider",  "ref",      "required", "server", "size",   "socket",  "source",   "stdin",    "store",
        "timeout",   "ttl",      "type",     "uri",    "url",    "user",    "username",
};

static const char *const harmless_first[] = {
        "disable", "enable", "max", "min", "no", "num", "skip", "without",
};

static const char *const plain_values[] = {
        "true", "false", "yes", "no", "on", "off", "none",
};

/* Letters with a meaning of their own. Programs of a group share them. */
enum {
        MYSQL = 1,
        REDIS = 2,
        CURL = 4,
        SSHPASS = 8,
        LDAP = 16,
        SMB = 32,
        SNMP = 64,
        OPENSSL = 128,
        MONGO = 256,
        CAPITAL = 512,
        ZIP7 = 1024,
        RDP = 2048
};

static const struct {
        const char *name;
        unsigned group;
} programs[] = {
        {"mysql", MYSQL},
        {"mysqladmin", MYSQL},
        {"mysqlcheck", MYSQL},
        {"mysqldump", MYSQL},
        {"mysqlimport", MYSQL},
        {"mariadb", MYSQL},
        {"mariadb-admin", MYSQL},
        {"mariadb-dump", MYSQL},
        {"mariadb-import", MYSQL},
        {"redis-cli", REDIS},
        {"redis-benchmark", REDIS},
        {"keydb-cli", REDIS},
        {"valkey-cli", REDIS},
        {"curl", CURL},
        {"sshpass", SSHPASS},
        {"ldapsearch", LDAP},
        {"ldapadd", LDAP},
        {"ldapmodify", LDAP},
        {"smbclient", SMB},
        {"net", SMB},
        {"snmpget", SNMP},
        {"snmpwalk", SNMP},
        {"snmpset", SNMP},
        {"snmpbulkwalk", SNMP},
        {"openssl", OPENSSL},
        {"mongo", MONGO},
        {"mongosh", MONGO},
        {"mongodump", MONGO},
        {"mongorestore", MONGO},
        {"sqlcmd", CAPITAL},
        {"bcp", CAPITAL},
        {"tsql", CAPITAL},
        {"zip", CAPITAL},
        {"unzip", CAPITAL},
        {"ipmitool", CAPITAL},
        {"mosquitto_pub", CAPITAL},
        {"mosquitto_sub", CAPITAL},
        {"7z", ZIP7},
        {"xfreerdp", RDP},
        {"rdesktop", SSHPASS},
};

enum { ATTACHED = 1, NEXT = 2 };

static const struct {
        unsigned groups;
        const char *option;
        unsigned how; /* -pX, -p X */
        enum part part;
} options[] = {
        {MYSQL | ZIP7, "-p", ATTACHED, PART_ALL},
        {SSHPASS | MONGO, "-p", ATTACHED | NEXT, PART_ALL},
        {CAPITAL, "-P", ATTACHED | NEXT, PART_ALL},
        {REDIS, "-a", NEXT, PART_ALL},
        {LDAP, "-w", ATTACHED | NEXT, PART_ALL},
        {SNMP, "-c", ATTACHED | NEXT, PART_ALL},
        {SNMP, "-A", ATTACHED | NEXT, PART_ALL},
        {SNMP, "-X", ATTACHED | NEXT, PART_ALL},
        {OPENSSL, "-k", NEXT, PART_ALL},
        {OPENSSL, "-K", NEXT, PART_ALL},
        {RDP, "/p:", ATTACHED, PART_ALL},
        {SMB, "-U", ATTACHED | NEXT, PART_AFTER_PERCENT},
        {SMB, "--user=", ATTACHED, PART_AFTER_PERCENT},
        {CURL, "-u", ATTACHED | NEXT, PART_AFTER_COLON},
        {CURL, "-U", ATTACHED | NEXT, PART_AFTER_COLON},
        {CURL, "--user", NEXT, PART_AFTER_COLON},
        {CURL, "--user=", ATTACHED, PART_AFTER_COLON},
        {CURL, "--proxy-user", NEXT, PART_AFTER_COLON},
        {CURL, "--proxy-user=", ATTACHED, PART_AFTER_COLON},
};

struct masker {
        struct str *to;
        unsigned groups;     /* of the programs named so far: "sh -c 'mysql -pX'", "sudo mysql -pX" */
        struct kind pending; /* of the next word, when the last one was an option */
        bool may_be_option;  /* the next word is no value when it starts with a dash */
};

/* One argument. */
struct argument {
        const char *text;
        size_t len;
};

static bool among(const char *word, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (streq(word, list[i]))
                        return true;
        return false;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
        return c == '"' || c == '\'';
}

static bool is_name_char(char c)
{
        return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* Names */

#define NAME_MAX_LEN 120

struct name_word {
        char text[NAME_MAX_LEN + 1];
};

static void judge_word(struct kind *kind, const char *word, const char *before, bool last)
{
        for (size_t i = 0; i < array_len(secret_words); i++) {
                unsigned flags = secret_words[i].flags;

                if (!(flags & SUFFIX ? str_ends(word, secret_words[i].word)
                                     : streq(word, secret_words[i].word)) ||
                    (flags & LAST && !last))
                        continue;
                kind->secret = true;
                kind->path_ok = flags & PATH_OK;
                kind->rest |= (flags & REST) != 0;
        }
        if (streq(word, "key") && last && among(before, secret_keys, array_len(secret_keys)))
                kind->secret = kind->path_ok = true;
}

/* The next word of a name, in lower case; false at its end. */
static bool next_word(const char *name, size_t len, size_t *at, struct name_word *ret)
{
        size_t n = 0;

        while (*at < len && !isalnum((unsigned char)name[*at]))
                (*at)++;
        while (*at < len && isalnum((unsigned char)name[*at])) {
                char c = name[*at];

                if (n && isupper((unsigned char)c) && islower((unsigned char)name[*at - 1]))
                        break;
                ret->text[n++] = (char)tolower((unsigned char)c);
                (*at)++;
        }
        ret->text[n] = '\0';
        return n > 0;
}

/*
 * Every word above has one of these in it, which settles most names at once. Behind the first five, a value
 * that looks like a key is taken for one whatever else the name says.
 */
static bool may_be_secret(const char *name, size_t len, bool *ret_blob)
{
        static const char *const parts[] = {"key",  "secret", "token", "pass", "cred",
                                            "auth", "cookie", "psk",   "pwd"};
        char lower[NAME_MAX_LEN + 1];

        for (size_t i = 0; i < len; i++)
                lower[i] = (char)tolower((unsigned char)name[i]);
        lower[len] = '\0';
        for (size_t i = 0; i < array_len(parts); i++)
                if (strstr(lower, parts[i])) {
                        *ret_blob = i < 5;
                        return true;
                }
        return false;
}

/* What a value of this name is. Dashes before it do not matter. */
static struct kind name_kind(const char *name, size_t len)
{
        struct name_word words[2];
        struct kind kind = {0};
        bool harmless = false;
        size_t at = 0;

        if (len == 0 || len > NAME_MAX_LEN || !may_be_secret(name, len, &kind.blob))
                return kind;
        for (unsigned n = 0; next_word(name, len, &at, &words[n % 2]); n++) {
                size_t rest = at;
                struct name_word unused;
                bool last = !next_word(name, len, &rest, &unused);
                const char *word = words[n % 2].text;

                harmless |= n == 0 && !last && among(word, harmless_first, array_len(harmless_first));
                harmless |= last && among(word, harmless_last, array_len(harmless_last));
                judge_word(&kind, word, n ? words[(n + 1) % 2].text : "", last);
        }
        kind.secret &= !harmless;
        return kind;
}

/* Values */

/* 20 and more characters of base64 or hex that no word or file name would be. */
static bool is_blob(const char *value, size_t len)
{
        bool upper = false, lower = false, digit = false, hex = true;

        if (len < 20 || value[0] == '/')
                return false;
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)value[i];

                if (!isalnum(c) && !strchr("+/=_-", c))
                        return false;
                upper |= isupper(c) != 0;
                lower |= islower(c) != 0;
                digit |= isdigit(c) != 0;
                hex &= isxdigit(c) != 0;
        }
        return digit && (hex || (upper && lower));
}

static bool is_path(const char *value, size_t len)
{
        return (len > 0 && (value[0] == '/' || value[0] == '~')) ||
               (len > 1 && value[0] == '.' && strchr("/.", value[1]));
}

static bool is_plain(const char *value, size_t len)
{
        for (size_t i = 0; i < array_len(plain_values); i++)
                if (strlen(plain_values[i]) == len && strncasecmp(plain_values[i], value, len) == 0)
                        return true;
        return false;
}

static bool hides(const struct kind *kind, const char *value, size_t len)
{
        if (len == 0 || is_plain(value, len))
                return false;
        if (kind->secret && !(kind->path_ok && is_path(value, len)))
                return true;
        return kind->blob && is_blob(value, len);
}

static void add_value(struct masker *m, const struct kind *kind, const char *value, size_t len)
{
        const char *mark = NULL;

        if (kind->part != PART_ALL) {
                mark = memchr(value, kind->part == PART_AFTER_COLON ? ':' : '%', len);
                if (mark)
                        str_add_n(m->to, value, (size_t)(mark - value) + 1);
        } else if (hides(kind, value, len)) {
                mark = value;
        }
        if (mark)
                str_add(m->to, STARS);
        else
                str_add_n(m->to, value, len);
}

/*
 * Where the value at `at` ends. whole: it is all of the argument from there; quote: the text it stands in is
 * quoted with that; query: it stands in the query of a URL.
 */
static size_t value_end(const struct argument *arg, size_t at, bool whole, char quote, bool query)
{
        if (whole)
                return arg->len;
        for (size_t i = at; i < arg->len; i++) {
                char c = arg->text[i];

                if (quote ? c == quote
                          : is_blank(c) || is_quote(c) || c == ';' || (query && (c == '&' || c == '#')))
                        return i;
        }
        return arg->len;
}

/* The value at `at`, with the quotes it may have. Returns where it ends. */
static size_t take_value(struct masker *m, const struct argument *arg, size_t at, const struct kind *kind,
                         bool whole, char quote, bool query)
{
        char own = at < arg->len && is_quote(arg->text[at]) && !whole ? arg->text[at] : '\0';
        size_t end;

        if (own)
                str_add_char(m->to, arg->text[at++]);
        end = value_end(arg, at, whole || (kind->rest && !own && !quote), own ? own : quote, query);
        add_value(m, kind, arg->text + at, end - at);
        return end;
}

/* Words */

static size_t word_end(const struct argument *arg, size_t at)
{
        while (at < arg->len && !is_blank(arg->text[at]))
                at++;
        return at;
}

/* The program a word names by its last component. */
static void note_program(struct masker *m, const char *word, size_t len)
{
        const char *slash = memrchr(word, '/', len);
        size_t n = slash ? len - (size_t)(slash + 1 - word) : len;
        const char *name = slash ? slash + 1 : word;

        for (size_t i = 0; i < array_len(programs); i++)
                if (n && programs[i].name[0] == name[0] && strlen(programs[i].name) == n &&
                    memcmp(programs[i].name, name, n) == 0)
                        m->groups |= programs[i].group;
}

/* An option of the programs named so far. True when it was one: *at is behind what was written. */
static bool take_option(struct masker *m, const struct argument *arg, size_t *at, size_t end)
{
        const char *word = arg->text + *at;
        size_t len = end - *at;

        for (size_t i = 0; m->groups && i < array_len(options); i++) {
                struct kind kind = {.secret = true, .part = options[i].part};
                size_t n = strlen(options[i].option);

                if (!(options[i].groups & m->groups) || len < n || memcmp(word, options[i].option, n) != 0)
                        continue;
                if (len > n && options[i].how & ATTACHED) {
                        str_add_n(m->to, word, n);
                        *at = take_value(m, arg, *at + n, &kind, *at == 0, '\0', false);
                        return true;
                }
                if (len == n && options[i].how & NEXT) {
                        m->pending = kind;
                        m->may_be_option = false;
                        str_add_n(m->to, word, n);
                        *at = end;
                        return true;
                }
        }
        return false;
}

/* "--name" without a value: it is the next word. */
static bool take_name(struct masker *m, const char *word, size_t len)
{
        if (word[0] != '-' || memchr(word, '=', len) || memchr(word, ':', len))
                return false;
        m->pending = name_kind(word, len);
        m->may_be_option = true;
        str_add_n(m->to, word, len);
        return true;
}

/*
 * user:PASSWORD@ in "://user:PASSWORD@host". Returns the index of the password, and *ret_end of the '@'; 0:
 * there is none.
 */
static size_t url_password(const struct argument *arg, size_t at, size_t *ret_end)
{
        size_t colon = 0, sign = 0;

        for (size_t i = at; i < arg->len; i++) {
                char c = arg->text[i];

                if (is_blank(c) || is_quote(c) || strchr("/?#", c))
                        break;
                if (c == ':' && !colon)
                        colon = i + 1;
                else if (c == '@')
                        sign = i;
        }
        if (!colon || sign <= colon)
                return 0;
        *ret_end = sign;
        return colon;
}

/* Where the name that ends before the separator at `sep` begins; a quote may close it. */
static size_t name_start(const struct argument *arg, size_t from, size_t sep, size_t *ret_end)
{
        size_t end = sep, at;

        if (end > from && is_quote(arg->text[end - 1]))
                end--;
        *ret_end = end;
        for (at = end; at > from && end - at <= NAME_MAX_LEN && is_name_char(arg->text[at - 1]);)
                at--;
        return at;
}

/*
 * The value behind a '=' or ':' at `sep`, when the name before it is that of a secret: NAME=x, "NAME":x,
 * NAME: x, and openssl's pass:x. Writes from *from on and moves it behind the value. False: it is none.
 */
static bool take_assignment(struct masker *m, const struct argument *arg, size_t word, size_t sep,
                            size_t *from)
{
        size_t name_end, start = name_start(arg, *from, sep, &name_end), value = sep + 1;
        const char *name = arg->text + start;
        char quote = start > 0 && is_quote(name[-1]) ? name[-1] : '\0';
        struct kind kind;

        if (arg->text[sep] == ':') {
                bool pass = start == word && sep - start == 4 && memcmp(name, "pass", 4) == 0;

                while (value < arg->len && is_blank(arg->text[value]))
                        value++;
                if (name_end == sep && value == sep + 1 && !pass)
                        return false;
        }
        kind = name_kind(name, name_end - start);
        if (!kind.secret && !kind.blob)
                return false;
        if (name_end != sep)
                quote = '\0'; /* it closed behind the name */
        str_add_n(m->to, arg->text + *from, value - *from);
        *from = take_value(m, arg, value, &kind, start == 0, quote,
                           memchr(arg->text + word, '?', start - word));
        return true;
}

/*
 * A word that may have assignments and URLs in it. Returns where what was written ends: a value may go
 * beyond the word.
 */
static size_t take_text(struct masker *m, const struct argument *arg, size_t word, size_t end)
{
        size_t from = word, i = word;

        while (i < end) {
                size_t secret, at_sign;
                char c = arg->text[i];

                if (c == ':' && arg->len - i > 2 && memcmp(arg->text + i, "://", 3) == 0) {
                        secret = url_password(arg, i + 3, &at_sign);
                        if (secret) {
                                str_add_n(m->to, arg->text + from, secret - from);
                                str_add(m->to, STARS);
                                from = at_sign;
                        }
                        i = secret ? at_sign : i + 3;
                } else if ((c == '=' || c == ':') && take_assignment(m, arg, word, i, &from)) {
                        i = from;
                } else {
                        i++;
                }
        }
        if (from < end)
                str_add_n(m->to, arg->text + from, end - from);
        return from > end ? from : end;
}

static size_t take_word(struct masker *m, const struct argument *arg, size_t at)
{
        struct kind pending = m->pending;
        size_t end = word_end(arg, at);

        m->pending = (struct kind){0};
        if ((pending.secret || (pending.blob && is_blob(arg->text + at, end - at))) &&
            !(m->may_be_option && arg->text[at] == '-'))
                return take_value(m, arg, at, &pending, at == 0, '\0', false);
        if (take_option(m, arg, &at, end))
                return at;
        if (take_name(m, arg->text + at, end - at))
                return end;
        note_program(m, arg->text + at, end - at);
        return take_text(m, arg, at, end);
}

static void take_argument(struct masker *m, const struct argument *arg, size_t stop_len)
{
        size_t at = 0;

        while (at < arg->len && m->to->len <= stop_len) {
                if (is_blank(arg->text[at]))
                        str_add_char(m->to, arg->text[at++]);
                else
                        at = take_word(m, arg, at);
        }
}

/* Not within a character: UTF-8 bytes that continue one are 10xxxxxx. */
static void cut(struct str *s, size_t len)
{
        while (len && ((unsigned char)s->text[len] & 0xc0) == 0x80)
                len--;
        s->len = len;
        s->text[len] = '\0';
        str_add(s, "...");
}

void mask_command_line(const char *args, size_t len, struct str *to)
{
        struct masker m = {.to = to};
        size_t start = to->len, at = 0;

        while (len && args[len - 1] == '\0') /* setproctitle(3) leaves many */
                len--;
        while (at < len && to->len - start <= MASK_MAX) {
                struct argument arg = {args + at, strnlen(args + at, len - at)};

                if (at)
                        str_add_char(to, ' ');
                take_argument(&m, &arg, start + MASK_MAX);
                at += arg.len + 1;
        }
        if (to->len - start > MASK_MAX)
                cut(to, start + MASK_MAX - 3);
}
