/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft/own_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <nftables/libnftables.h>

#include "base/json_read.h"
#include "firewall/spec.h"

#define LIVING_MAX 1000000

/* Every packet is shown to it, and none is refused: it is there for its `ct`, which switches connection tracking on. */
#define FOLLOW "quaymaster_follow"
static const char no_follow[] = "table inet " FOLLOW "\ndelete table inet " FOLLOW "\n";
static const char follow[] = "table inet " FOLLOW " {\n"
                             "\tchain input {\n"
                             "\t\ttype filter hook input priority filter - 10; policy accept;\n"
                             "\t\tct state established accept\n"
                             "\t}\n"
                             "}\n";

static const struct own_table {
        const char *name, *remove, *list;
        bool published;
} tables[] = {
        {FIREWALL_TABLE, "table inet " FIREWALL_TABLE "\ndelete table inet " FIREWALL_TABLE "\n",
         "list table inet " FIREWALL_TABLE, false},
        {FIREWALL_TABLE_PUBLISHED,
         "table inet " FIREWALL_TABLE_PUBLISHED "\ndelete table inet " FIREWALL_TABLE_PUBLISHED "\n",
         "list table inet " FIREWALL_TABLE_PUBLISHED, true},
};

static const struct own_table *find(const char *name)
{
        for (size_t i = 0; i < array_len(tables); i++)
                if (streq(tables[i].name, name))
                        return &tables[i];
        return NULL;
}

bool own_table_known(const char *table)
{
        return find(table) != NULL;
}

static void context_free(struct nft_ctx **context)
{
        if (*context)
                nft_ctx_free(*context);
}

/* Run it; the output in *ret, where it is not NULL. -ENOENT when what it names is not there. */
static int run(const char *command, struct str *ret, struct err *err)
{
        _cleanup_(context_free) struct nft_ctx *context = nft_ctx_new(NFT_CTX_DEFAULT);
        const char *words;

        if (!context || nft_ctx_buffer_output(context) || nft_ctx_buffer_error(context))
                return err_set(err, -EIO, "nftables: no context");
        nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_STATELESS);
        if (nft_run_cmd_from_buffer(context, command) == 0) {
                if (ret)
                        str_add(ret, nft_ctx_get_output_buffer(context));
                return 0;
        }
        words = nft_ctx_get_error_buffer(context);
        return err_set(err, strstr(words, "No such file") ? -ENOENT : -EIO, "nftables: %.*s",
                       (int)strcspn(words, "\n"), words);
}

struct input {
        struct firewall_spec spec;
        vec(struct firewall_living) living;
};

static void input_release(struct input *in)
{
        firewall_spec_release(&in->spec);
        vec_clear(&in->living);
}

static bool parse_address(struct json_read *r, struct address *ret)
{
        char word[ADDRESS_TEXT_SIZE];
        struct json_text text;

        if (!json_read_next(r) || !json_read_text(r, &text) || text.len >= sizeof(word))
                return false;
        memcpy(word, text.at, text.len);
        word[text.len] = '\0';
        return address_parse(word, ret) == 0;
}

static bool parse_port(struct json_read *r, uint16_t *ret)
{
        uint64_t number;

        if (!json_read_next(r) || !json_read_u64(r, &number) || number > UINT16_MAX)
                return false;
        *ret = (uint16_t)number;
        return true;
}

static bool parse_living(struct json_read *r, struct input *in)
{
        struct firewall_living one = {0};
        struct json_text word;
        bool good;

        json_read_open(r, '[');
        good = json_read_next(r) && json_read_text(r, &word);
        one.transport = good && json_text_is(&word, "udp") ? TRANSPORT_UDP : TRANSPORT_TCP;
        good = good && parse_address(r, &one.local) && parse_port(r, &one.local_port) &&
               parse_address(r, &one.remote) && parse_port(r, &one.remote_port) && !json_read_next(r);
        if (good && in->living.n < LIVING_MAX)
                *vec_push(&in->living) = one;
        return good;
}

static int add_line(struct json_read *r, struct input *in, struct err *err)
{
        struct json_text text;
        const char *line;

        if (!json_read_text(r, &text))
                return err_set(err, -EINVAL, "a line of the table is no text");
        if (json_text_is(&text, "log")) {
                in->spec.log = true;
                return 0;
        }
        line = pool_intern_n(in->spec.pool, text.at, text.len);
        return firewall_spec_add(&in->spec, line, err);
}

static int parse_line(struct json_read *r, struct input *in, struct err *err)
{
        struct json_text key;
        int result = 0;

        json_read_open(r, '{');
        while (json_read_key(r, &key) && result == 0) {
                if (json_text_is(&key, "line"))
                        result = add_line(r, in, err);
                else if (!json_text_is(&key, "living") || !parse_living(r, in))
                        result = err_set(err, -EINVAL, "the table is asked for in an unknown form");
        }
        if (result == 0 && !json_read_end(r))
                result = err_set(err, -EINVAL, "the table is asked for in an unknown form");
        return result;
}

static int parse(const struct str *text, struct input *in, struct err *err)
{
        const char *at = str_text(text), *end = at + text->len;
        struct json_read r = {0};
        int result = 0;

        while (at < end && result == 0) {
                const char *stop = memchr(at, '\n', (size_t)(end - at));

                json_read_init(&r, at, (size_t)((stop ? stop : end) - at));
                result = parse_line(&r, in, err);
                at = stop ? stop + 1 : end;
        }
        json_read_release(&r);
        return result;
}

int own_table_text(const char *table, const struct str *input, struct str *ret, struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(input_release) struct input in = {.spec.pool = pool};
        int r = parse(input, &in, err);

        if (r < 0)
                return r;
        if (find(table)->published)
                firewall_published_write(&in.spec, ret);
        else
                firewall_table_write(&in.spec, in.living.at, in.living.n, ret);
        return 0;
}

int own_table_follow(const char *table, struct err *err)
{
        _cleanup_str_ struct str text = {0};

        str_addf(&text, "%s%s", no_follow, follow);
        return run(text.text, NULL, err);
}

int own_table_apply(const char *table, const struct str *input, struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r = own_table_text(table, input, &text, err);

        str_add(&text, no_follow);
        return r < 0 ? r : run(text.text, NULL, err);
}

int own_table_delete(const char *table, struct err *err)
{
        _cleanup_str_ struct str text = {0};

        str_addf(&text, "%s%s", find(table)->remove, no_follow);
        return run(text.text, NULL, err);
}

static uint64_t fnv1a(uint64_t hash, const char *at, size_t len)
{
        for (size_t i = 0; i < len; i++)
                hash = (hash ^ (unsigned char)at[i]) * UINT64_C(0x100000001b3);
        return hash;
}

/* Sets of living connections lose elements as time goes by. */
static uint64_t hash_table(const char *text)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        bool living = false;

        while (*text) {
                size_t len = strcspn(text, "\n");

                living = living || str_after(text, "\tset living_");
                if (!living)
                        hash = fnv1a(hash, text, len);
                if (living && str_after(text, "\t}"))
                        living = false;
                text += len + (text[len] == '\n');
        }
        return hash;
}

int own_table_has(const char *table, bool *ret, char hash[17], struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r = run(find(table)->list, &text, err);

        *ret = r == 0;
        hash[0] = '\0';
        if (r == 0)
                (void)snprintf(hash, 17, "%016llx", (unsigned long long)hash_table(str_text(&text)));
        if (r == -ENOENT && err)
                err->text[0] = '\0';
        return r == -ENOENT ? 0 : r;
}
