/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/inetd_text.h"

#include <string.h>

#include "base/str.h"

#define MAX_ENTRIES  5000
#define MAX_INCLUDES 200
#define OFF          "#<off>#"

struct part {
        const char *text;
        size_t len;
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static struct part trim(const char *text, size_t len)
{
        while (len && is_blank(*text))
                text++, len--;
        while (len && is_blank(text[len - 1]))
                len--;
        return (struct part){text, strnlen(text, len)};
}

/* The next line, trimmed. False at the end. */
static bool next_line(struct part *rest, struct part *ret)
{
        const char *end;

        if (!rest->len)
                return false;
        end = memchr(rest->text, '\n', rest->len);
        *ret = trim(rest->text, end ? (size_t)(end - rest->text) : rest->len);
        *rest = end ? (struct part){end + 1, rest->len - (size_t)(end + 1 - rest->text)}
                    : (struct part){"", 0};
        return true;
}

/* The next word of a line; len 0 at the end. */
static struct part next_word(struct part *rest)
{
        struct part word = trim(rest->text, rest->len);
        size_t n = 0;

        while (n < word.len && !is_blank(word.text[n]))
                n++;
        *rest = (struct part){word.text + n, word.len - n};
        word.len = n;
        return word;
}

static bool part_is(struct part p, const char *text)
{
        return p.len == strlen(text) && memcmp(p.text, text, p.len) == 0;
}

static uint64_t part_number(struct part p, uint64_t max)
{
        uint64_t value = 0;

        if (!p.len || p.len > 5)
                return 0;
        for (size_t i = 0; i < p.len; i++) {
                if (p.text[i] < '0' || p.text[i] > '9')
                        return 0;
                value = value * 10 + (uint64_t)(p.text[i] - '0');
        }
        return value <= max ? value : 0;
}

/* "tcp", "udp6", "tcp46", "rpc/udp", "unix" */
static bool set_protocol(struct inetd_entry *entry, struct part word)
{
        if (word.len > 4 && memcmp(word.text, "rpc/", 4) == 0) {
                entry->unix_or_rpc = true;
                word = (struct part){word.text + 4, word.len - 4};
        }
        if (part_is(word, "unix")) {
                entry->unix_or_rpc = true;
                entry->protocol = "unix";
                return true;
        }
        if (word.len < 3 || (memcmp(word.text, "tcp", 3) != 0 && memcmp(word.text, "udp", 3) != 0))
                return false;
        entry->protocol = word.text[0] == 't' ? "tcp" : "udp";
        word = (struct part){word.text + 3, word.len - 3};
        if (part_is(word, "4"))
                entry->family = 4;
        else if (part_is(word, "6") || part_is(word, "6only"))
                entry->family = 6;
        else if (word.len && word.text[0] != ',' && !part_is(word, "46")) /* "tcp,sndbuf=4k" sets buffers */
                return false;
        return true;
}

/* "telnet", "127.0.0.1:telnet", "[::1]:telnet", "*:telnet" */
static bool set_service(struct inetd_entry *entry, struct pool *pool, struct part word)
{
        const char *colon = memrchr(word.text, ':', word.len);
        struct part host = {word.text, colon ? (size_t)(colon - word.text) : 0};

        if (entry->unix_or_rpc)
                colon = NULL; /* of a socket's path */
        if (colon) {
                word = (struct part){colon + 1, word.len - host.len - 1};
                if (host.len > 1 && host.text[0] == '[' && host.text[host.len - 1] == ']')
                        host = (struct part){host.text + 1, host.len - 2};
                if (host.len && !part_is(host, "*"))
                        entry->host = pool_intern_n(pool, host.text, host.len);
        }
        entry->service = pool_intern_n(pool, word.text, word.len);
        entry->port = (uint16_t)part_number(word, UINT16_MAX);
        return word.len > 0;
}

static void take_inetd_line(struct inetd_entries *ret, struct pool *pool, struct part line, bool disabled)
{
        struct inetd_entry entry = {.disabled = disabled};
        struct part service = next_word(&line), type = next_word(&line), protocol = next_word(&line), wait,
                    user, server;

        wait = next_word(&line);
        user = next_word(&line);
        server = next_word(&line);
        if (!wait.len || !user.len || !server.len || !type.len || !set_protocol(&entry, protocol) ||
            !set_service(&entry, pool, service))
                return;
        entry.server = pool_intern_n(pool, server.text, server.len);
        *vec_push(ret) = entry;
}

void inetd_text_parse(struct inetd_entries *ret, struct pool *pool, const char *text, size_t len)
{
        struct part rest = {text, len}, line;

        while (ret->n < MAX_ENTRIES && next_line(&rest, &line)) {
                bool off = line.len > strlen(OFF) && memcmp(line.text, OFF, strlen(OFF)) == 0;

                if (off) /* update-inetd may have commented it twice: "#<off># telnet", "#<off>##<off>#" */
                        line = trim(line.text + strlen(OFF), line.len - strlen(OFF));
                if (line.len && line.text[0] != '#')
                        take_inetd_line(ret, pool, line, off);
        }
}

enum section { SECTION_NONE, SECTION_DEFAULTS, SECTION_SERVICE };

struct xinetd_reader {
        struct xinetd_text *to;
        struct pool *pool;
        enum section section;
        bool open; /* inside { } */
        struct inetd_entry entry;
};

static void add_words(struct xinetd_reader *reader, struct part value, bool enabled)
{
        struct part word;

        while ((word = next_word(&value)).len) {
                const char *id = pool_intern_n(reader->pool, word.text, word.len);

                if (reader->to->enabled.n + reader->to->disabled.n >= MAX_ENTRIES)
                        return;
                if (enabled)
                        *vec_push(&reader->to->enabled) = id;
                else
                        *vec_push(&reader->to->disabled) = id;
        }
}

static void set_flags(struct inetd_entry *entry, struct part value)
{
        struct part word;

        while ((word = next_word(&value)).len) {
                if (part_is(word, "IPv4"))
                        entry->family = 4;
                else if (part_is(word, "IPv6"))
                        entry->family = 6;
        }
}

static void set_type(struct inetd_entry *entry, struct part value)
{
        struct part word;

        while ((word = next_word(&value)).len) {
                if (part_is(word, "INTERNAL"))
                        entry->server = "internal";
                if (part_is(word, "RPC") || part_is(word, "TCPMUX") || part_is(word, "TCPMUXPLUS"))
                        entry->unix_or_rpc = true;
        }
}

static void set_attribute(struct xinetd_reader *reader, struct part key, struct part value)
{
        struct inetd_entry *entry = &reader->entry;
        struct part words = value, first = next_word(&words);

        if (part_is(key, "disable"))
                entry->disabled = part_is(first, "yes");
        else if (part_is(key, "id") && first.len)
                entry->id = pool_intern_n(reader->pool, first.text, first.len);
        else if (part_is(key, "port"))
                entry->port = (uint16_t)part_number(first, UINT16_MAX);
        else if ((part_is(key, "bind") || part_is(key, "interface")) && first.len)
                entry->host = pool_intern_n(reader->pool, first.text, first.len);
        else if (part_is(key, "server") && first.len)
                entry->server = pool_intern_n(reader->pool, first.text, first.len);
        else if (part_is(key, "flags"))
                set_flags(entry, value);
        else if (part_is(key, "type"))
                set_type(entry, value);
        else if (part_is(key, "protocol"))
                (void)set_protocol(entry, first);
        else if (part_is(key, "socket_type") && !entry->protocol)
                entry->protocol = part_is(first, "stream") ? "tcp" : part_is(first, "dgram") ? "udp" : NULL;
}

static void take_attribute(struct xinetd_reader *reader, struct part line)
{
        const char *equal = memchr(line.text, '=', line.len);
        struct part key, value;
        size_t key_len;

        if (!equal)
                return;
        key_len = (size_t)(equal - line.text);
        if (key_len && (line.text[key_len - 1] == '+' || line.text[key_len - 1] == '-'))
                key_len--;
        key = trim(line.text, key_len);
        value = trim(equal + 1, (size_t)(line.text + line.len - equal - 1));
        if (reader->section == SECTION_SERVICE)
                set_attribute(reader, key, value);
        else if (part_is(key, "enabled")) {
                reader->to->has_enabled = true;
                add_words(reader, value, true);
        } else if (part_is(key, "disabled"))
                add_words(reader, value, false);
}

static void end_section(struct xinetd_reader *reader)
{
        if (reader->section == SECTION_SERVICE && reader->entry.protocol &&
            reader->to->entries.n < MAX_ENTRIES)
                *vec_push(&reader->to->entries) = reader->entry;
        reader->section = SECTION_NONE;
        reader->open = false;
}

/* Each path once: files may include each other. */
static void add_include(struct xinetd_reader *reader, struct part path, bool is_dir)
{
        if (reader->to->includes.n >= MAX_INCLUDES)
                return;
        for (size_t i = 0; i < reader->to->includes.n; i++)
                if (part_is(path, reader->to->includes.at[i].path))
                        return;
        *vec_push(&reader->to->includes) = (struct xinetd_include){
                .path = pool_intern_n(reader->pool, path.text, path.len),
                .is_dir = is_dir,
        };
}

/* Outside of braces: "defaults", "service NAME", "include FILE", "includedir DIR" */
static void take_directive(struct xinetd_reader *reader, struct part line)
{
        struct part word = next_word(&line), name = next_word(&line);
        bool is_dir = part_is(word, "includedir");

        if (part_is(word, "{"))
                reader->open = reader->section != SECTION_NONE;
        else if (part_is(word, "defaults"))
                reader->section = SECTION_DEFAULTS;
        else if (part_is(word, "service") && name.len) {
                reader->section = SECTION_SERVICE;
                reader->entry =
                        (struct inetd_entry){.service = pool_intern_n(reader->pool, name.text, name.len)};
        } else if ((is_dir || part_is(word, "include")) && name.len)
                add_include(reader, name, is_dir);
        /* the brace may stand on the same line */
        if (reader->section != SECTION_NONE && (part_is(name, "{") || part_is(next_word(&line), "{")))
                reader->open = true;
}

void xinetd_text_parse(struct xinetd_text *ret, struct pool *pool, const char *text, size_t len)
{
        struct xinetd_reader reader = {.to = ret, .pool = pool};
        struct part rest = {text, len}, line;

        while (next_line(&rest, &line)) {
                if (!line.len || line.text[0] == '#')
                        continue;
                if (!reader.open)
                        take_directive(&reader, line);
                else if (line.text[0] == '}')
                        end_section(&reader);
                else
                        take_attribute(&reader, line);
        }
}

void xinetd_text_finish(struct xinetd_text *text)
{
        vec_foreach(entry, &text->entries) {
                const char *id = entry->id ? entry->id : entry->service;
                bool listed = false;

                for (size_t i = 0; i < text->enabled.n; i++)
                        listed |= streq(text->enabled.at[i], id);
                if (text->has_enabled && !listed)
                        entry->disabled = true;
                for (size_t i = 0; i < text->disabled.n; i++)
                        entry->disabled |= streq(text->disabled.at[i], id);
        }
}

void xinetd_text_release(struct xinetd_text *text)
{
        vec_clear(&text->entries);
        vec_clear(&text->includes);
        vec_clear(&text->enabled);
        vec_clear(&text->disabled);
}

uint16_t services_text_port(const char *text, size_t len, const char *name, const char *protocol)
{
        struct part rest = {text, len}, line;

        while (next_line(&rest, &line)) {
                const char *comment = memchr(line.text, '#', line.len), *slash;
                struct part first, number, alias;
                bool found;

                if (comment)
                        line.len = (size_t)(comment - line.text);
                first = next_word(&line);
                number = next_word(&line);
                slash = memchr(number.text, '/', number.len);
                if (!slash ||
                    !part_is((struct part){slash + 1, number.len - (size_t)(slash + 1 - number.text)},
                             protocol))
                        continue;
                found = part_is(first, name);
                while (!found && (alias = next_word(&line)).len)
                        found = part_is(alias, name);
                if (found)
                        return (uint16_t)part_number(
                                (struct part){number.text, (size_t)(slash - number.text)}, UINT16_MAX);
        }
        return 0;
}
