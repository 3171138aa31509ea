/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft/ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>
#include <nftables/libnftables.h>

#include "base/fd.h"
#include "base/pool.h"
#include "nft/child.h"
#include "nft/ruleset_text.h"

/*
 * Names of tables and chains are chosen by whoever administers a namespace, a container's root too. They
 * never become part of a command here: every command is one of these literals.
 */
static const struct {
        const char *family, *command;
} listings[] = {
        {"ip", "list ruleset ip"},
        {"ip6", "list ruleset ip6"},
        {"bridge", "list ruleset bridge"},
        {"arp", "list ruleset arp"},
};

static void context_free(struct nft_ctx **context)
{
        if (*context)
                nft_ctx_free(*context);
}

static void json_release(json_t **json)
{
        json_decref(*json);
}

static int list_failed(const char *words, struct err *err)
{
        bool refused = strstr(words, "Operation not permitted");
        int len = (int)strcspn(words, "\n");

        return err_set(err, refused ? -EPERM : -EIO, "listing the ruleset: %.*s", len, words);
}

/*
 * libnftables 1.0.6 gives away the only flag of a table after it has let go of it (table_flags_json() in
 * src/json.c), and then writes what it finds in the freed memory. So nothing that JSON is made of is freed
 * before the listing is written; which is also what is quickest.
 */
static struct pool *put_off;

static void *take(size_t size)
{
        return pool_alloc(put_off, size);
}

static void free_later(void *at)
{
        (void)at;
}

static int run_listing(struct nft_ctx *context)
{
        int r;

        put_off = pool_new();
        json_set_alloc_funcs(take, free_later);
        r = nft_run_cmd_from_buffer(context, "list ruleset");
        json_set_alloc_funcs(malloc, free);
        put_off = pool_free(put_off);
        return r;
}

static int list_json(struct str *ret, struct err *err)
{
        _cleanup_(context_free) struct nft_ctx *context = nft_ctx_new(NFT_CTX_DEFAULT);
        const char *out;
        size_t len;

        if (!context)
                return err_set(err, -EIO, "listing the ruleset: no context");
        nft_ctx_output_set_flags(context,
                                 NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_STATELESS);
        if (nft_ctx_buffer_output(context) || nft_ctx_buffer_error(context))
                return err_set(err, -EIO, "listing the ruleset: no output buffer");
        if (run_listing(context))
                return list_failed(nft_ctx_get_error_buffer(context), err);
        out = nft_ctx_get_output_buffer(context);
        len = strlen(out);
        if (len > RULESET_MAX)
                return err_set(err, -EFBIG, "ruleset of %zu bytes is too large", len);
        str_add_n(ret, out, len);
        while (ret->len && ret->text[ret->len - 1] == '\n')
                ret->text[--ret->len] = '\0';
        return 0;
}

static int list_text(const char *command, int fd)
{
        _cleanup_(context_free) struct nft_ctx *context = nft_ctx_new(NFT_CTX_DEFAULT);
        const char *out;

        /* Through a buffer: written straight to a file, libnftables makes a system call of each word. */
        if (!context || nft_ctx_buffer_output(context) || nft_ctx_buffer_error(context))
                return EXIT_FAILURE;
        nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_STATELESS);
        if (nft_run_cmd_from_buffer(context, command))
                return EXIT_FAILURE;
        out = nft_ctx_get_output_buffer(context);
        return fd_write_all(fd, out, strlen(out)) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * libxtables 1.8.9 finds an extension for the family it was first asked for and then for no other ("XT
 * target DNAT not found"): each family is listed in a process of its own.
 */
static int list_text_apart(const char *command, struct str *ret, struct err *err)
{
        _cleanup_close_ int from = -1;
        int ends[2], status, r;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return err_errno(err, errno, "listing rules of iptables-nft: pipe");
        from = ends[0];
        pid = fork();
        if (pid == 0) {
                end_with_parent();
                _exit(list_text(command, ends[1]));
        }
        (void)close(ends[1]);
        if (pid < 0)
                return err_errno(err, errno, "listing rules of iptables-nft: fork");
        r = fd_read_all(from, RULESET_MAX, ret);
        fd_close(&from);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (r < 0)
                return err_errno(err, -r, "listing rules of iptables-nft");
        if (!WIFEXITED(status) || WEXITSTATUS(status))
                return err_set(err, -EIO, "listing rules of iptables-nft: '%s' failed", command);
        return 0;
}

static bool has_extensions(const json_t *objects, const char *family)
{
        json_t *object, *statement;
        size_t i, k;

        json_array_foreach (objects, i, object) {
                const json_t *rule = json_object_get(object, "rule");
                const char *of = json_string_value(json_object_get(rule, "family"));

                if (!of || !streq(of, family))
                        continue;
                json_array_foreach (json_object_get(rule, "expr"), k, statement)
                        if (json_object_get(statement, "xt"))
                                return true;
        }
        return false;
}

/*
 * A translation that fails costs the "text" of those rules, not the listing: their reader sees that it
 * lacks.
 */
static void join_all(json_t *objects)
{
        for (size_t i = 0; i < array_len(listings); i++) {
                _cleanup_str_ struct str text = {0};

                if (has_extensions(objects, listings[i].family) &&
                    list_text_apart(listings[i].command, &text, NULL) == 0)
                        ruleset_join_text(objects, listings[i].family, str_text(&text), text.len);
        }
}

static int add_dump(const char *data, size_t len, void *to)
{
        str_add_n(to, data, len);
        return 0;
}

int ruleset_add(struct str *line, struct err *err)
{
        _cleanup_(json_release) json_t *root = NULL;
        _cleanup_str_ struct str json = {0};
        json_error_t where;
        int r = list_json(&json, err);

        if (r < 0)
                return r;
        /*
         * No rules of iptables: what libnftables wrote is passed on as it stands, but for its outer brace.
         */
        if (json.len > 2 && !strstr(json.text, "\"xt\"") && !strchr(json.text, '\n')) {
                str_add_n(line, json.text + 1, json.len - 2);
                return 0;
        }
        root = json_loadb(str_text(&json), json.len, 0, &where);
        if (!root)
                return err_set(err, -EIO, "listing the ruleset: no JSON: byte %d: %s", where.position,
                               where.text);
        join_all(json_object_get(root, "nftables"));
        str_add(line, "\"nftables\":");
        if (json_dump_callback(json_object_get(root, "nftables"), add_dump, line, JSON_COMPACT) < 0)
                return err_set(err, -EIO, "listing the ruleset: writing failed");
        return 0;
}
