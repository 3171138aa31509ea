/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After "ports:" a list of ports (slow: a wrong word is compared with all of the registry); all else is words of the command
 * line, and a file of targets. What comes out must lie in the scope, whatever went in.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/vec.h"
#include "fuzz.h"
#include "scan/ports.h"
#include "scan/targets.h"

static struct range_set set_of(const char *const *texts, size_t n)
{
        struct range_set set = {0};
        struct address_range range;

        for (size_t i = 0; i < n; i++)
                if (address_range_parse(texts[i], true, &range, NULL, NULL) == 0)
                        range_set_add(&set, &range);
        range_set_normalize(&set);
        return set;
}

/* Names have addresses made of their first letters, so that some are in scope and some are not. */
static int resolve(const char *name, void (*each)(const struct address *address, void *arg), void *arg,
                   struct err *err)
{
        struct address a = {4, {10, (uint8_t)(name[0] % 4), (uint8_t)(name[0] ? name[1] : 0), 1}};
        struct address b = {6, {0xfe, 0x80, [15] = (uint8_t)name[0]}};

        if (name[0] == 'n')
                return err_set(err, -ENOENT, "nobody knows this name");
        each(&a, arg);
        if (name[0] == 'l')
                each(&b, arg);
        return 0;
}

static void check(const struct targets *t, const struct scope *scope)
{
        _cleanup_(range_set_release) struct range_set outside = {0}, excluded = {0};

        for (size_t i = 0; i < t->ranges.n; i++) {
                range_set_add(&outside, &t->ranges.at[i]);
                range_set_add(&excluded, &t->ranges.at[i]);
        }
        range_set_normalize(&outside);
        range_set_normalize(&excluded);
        assert(outside.n == t->ranges.n); /* was normalized */
        range_set_subtract(&outside, &scope->include);
        assert(outside.n == 0);
        range_set_subtract(&excluded, &scope->exclude);
        assert(range_set_count(&excluded) == range_set_count(&t->ranges));
        for (size_t i = 0; i < t->n_single; i++) {
                assert(range_set_has(&t->ranges, &t->single[i].address));
                assert(targets_single(t, &t->single[i].address) == &t->single[i]);
        }
        for (size_t i = 0; i < t->n_refused; i++)
                assert(!range_set_has(&t->ranges, &t->refused[i].range.first) &&
                       !range_set_has(&t->ranges, &t->refused[i].range.last));
}

static void try_words(char *text, const struct targets_context *context)
{
        vec(const char *) words = {0};
        struct targets t;
        struct err err;
        char *word;

        while ((word = strsep(&text, " \n")))
                *vec_push(&words) = word;
        if (targets_parse(&t, words.at, words.n, NULL, 0, context, &err) == 0) {
                check(&t, context->scope);
                targets_release(&t);
        } else
                assert(err.code < 0 && err.text[0]);
        vec_clear(&words);
}

static void try_file(const uint8_t *data, size_t size, const struct targets_context *context)
{
        _cleanup_close_ int fd = memfd_create("targets", MFD_CLOEXEC);
        char path[64];
        const char *files[] = {path};
        struct targets t;
        struct err err;

        if (fd < 0 || fd_write_all(fd, (const char *)data, size) < 0)
                return;
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (targets_parse(&t, NULL, 0, files, 1, context, &err) == 0) {
                check(&t, context->scope);
                targets_release(&t);
        } else
                assert(err.code < 0 && err.text[0]);
}

static void try_ports(const char *spec)
{
        static struct knowledge *knowledge;
        static struct scan_ports ports;
        struct err err;

        if (!knowledge)
                knowledge = knowledge_open(NULL, NULL, NULL);
        if (scan_ports_parse(&ports, spec, TRANSPORT_TCP, knowledge, &err) == 0)
                assert(port_set_count(&ports.of[0]) + port_set_count(&ports.of[1]) > 0 &&
                       !port_set_has(&ports.of[0], 0) && !port_set_has(&ports.of[1], 0));
        else
                assert(err.code < 0 && err.text[0]);
}

static void try_targets(const uint8_t *data, size_t size, char *text)
{
        static const char *const inside[] = {"10.0.0.0/14", "2001:db8::/33", "fe80::/10"},
                                 *const outside[] = {"10.1.4.0/22", "10.2.0.7", "2001:db8::1:0:0/96"};
        static const char *tags[] = {"web"};
        struct address addresses[] = {{4, {10, 0, 0, 1}}, {4, {10, 1, 4, 1}}};
        struct estate_asset assets[] = {
                {.name = "a1", .addresses = addresses, .n_addresses = 1, .tags = tags, .n_tags = 1},
                {.name = "a2", .addresses = addresses + 1, .n_addresses = 1, .tags = tags, .n_tags = 1},
        };
        struct estate_network networks[array_len(inside)] = {0};
        struct estate estate = {
                .networks = networks,
                .n_networks = array_len(inside),
                .exclude = set_of(outside, array_len(outside)),
                .assets = assets,
                .n_assets = array_len(assets),
        };
        const char *const ends[] = {"10.0.0.255"};
        struct range_set broadcast = set_of(ends, array_len(ends));
        struct scope scope;

        for (size_t i = 0; i < array_len(inside); i++)
                (void)address_range_parse(inside[i], true, &networks[i].range, NULL, NULL);
        scope_make(&scope, &estate, NULL, &broadcast);
        struct targets_context context = {&estate, &scope, &broadcast, resolve};

        try_file(data, size, &context);
        try_words(text, &context);
        scope_release(&scope);
        range_set_release(&broadcast);
        range_set_release(&estate.exclude);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = xstrndup((const char *)data, size);
        const char *spec = str_after(text, "ports:");

        if (spec)
                try_ports(spec);
        else
                try_targets(data, size, text);
        return 0;
}
