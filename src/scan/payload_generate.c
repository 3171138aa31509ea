/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * At build time: payload-generate UDP_YAML OUT.c
 *
 * Checks data/probes/udp.yaml and writes it as the arrays of scan/payload.h: payload 0 is the empty
 * datagram, the others keep the order of the file, which is also the order in which a port gets its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "knowledge/generate.h"
#include "scan/payload_parse.h"

#define LIST_MAX UDP_PAYLOADS_A_PORT

struct list {
        unsigned own; /* the first ones, which are the port's own */
        unsigned n, at[LIST_MAX];
};

static void add_bytes(struct str *out, unsigned i, const struct payload_text *t)
{
        str_addf(out, "static const uint8_t bytes_%u[] = {", i);
        vec_foreach(byte, &t->bytes)
                str_addf(out, "%u,", *byte);
        str_addf(out, "0};\nstatic const struct payload_place places_%u[] = {", i);
        vec_foreach(place, &t->places)
                str_addf(out, "{%u,%u,%u},", place->at, place->width, place->form);
        str_add(out, "{0}};\n");
}

static void add_answers(struct str *out, unsigned i, const struct parsed_payload *p)
{
        unsigned n = 0;

        vec_foreach(answer, &p->answers) {
                str_addf(out, "static const struct payload_byte answer_%u_%u[] = {", i, n++);
                vec_foreach(byte, &answer->masked)
                        str_addf(out, "{%u,%u,%u},", byte->at, byte->value, byte->mask);
                str_add(out, "{0}};\n");
        }
        str_addf(out, "static const struct payload_pattern answers_%u[] = {", i);
        n = 0;
        vec_foreach(answer, &p->answers) {
                const struct payload_pattern *k = &answer->pattern;

                str_addf(out, "{answer_%u_%u,%zu,%u,%d,%d,%d,{%u,%u,%u}},\n", i, n++, answer->masked.n,
                         k->len, k->exact, k->has_cookie, k->anywhere, k->cookie.at, k->cookie.width,
                         k->cookie.form);
        }
        str_add(out, "{0}};\n");
}

static void add_row(struct str *rows, unsigned i, const struct parsed_payload *p)
{
        str_add(rows, "{");
        generate_literal(rows, p->id);
        str_add(rows, ",");
        generate_literal(rows, p->protocol);
        str_addf(rows, ",bytes_%u,%zu,places_%u,%zu,answers_%u,%zu,%d,%d,", i, p->bytes.bytes.n, i,
                 p->bytes.places.n, i, p->answers.n, p->other_port, (int)p->safety);
        generate_literal(rows, p->log);
        str_add(rows, ",");
        generate_literal(rows, p->reference);
        str_add(rows, "},\n");
}

/* payload 0, then those of the file that have bytes: numbers[i] is the index of item i. */
static unsigned add_payloads(struct str *out, const struct parsed_payloads *all, unsigned *numbers)
{
        struct parsed_payload empty = {.id = "empty",
                                       .protocol = "udp",
                                       .log = "nothing; a service may count it as malformed",
                                       .reference = "RFC 768"};
        _cleanup_str_ struct str rows = {0};
        unsigned n = 1;

        add_bytes(out, 0, &empty.bytes);
        add_answers(out, 0, &empty);
        add_row(&rows, 0, &empty);
        for (size_t i = 0; i < all->list.n; i++) {
                if (all->list.at[i].silent)
                        continue;
                numbers[i] = n;
                add_bytes(out, n, &all->list.at[i].bytes);
                add_answers(out, n, &all->list.at[i]);
                add_row(&rows, n++, &all->list.at[i]);
        }
        str_addf(out,
                 "const unsigned udp_n_payloads = %u;\nconst struct udp_payload udp_payloads[] = {\n%s};\n",
                 n, str_text(&rows));
        return n;
}

static bool is_for(const struct parsed_payload *p, unsigned port)
{
        vec_foreach(range, &p->ports)
                if (port >= range->first && port <= range->last)
                        return true;
        return false;
}

static void append(struct list *list, unsigned number)
{
        for (unsigned i = 0; i < list->n; i++)
                if (list->at[i] == number)
                        return;
        if (list->n < LIST_MAX)
                list->at[list->n++] = number;
}

static void append_general(struct list *list, const struct parsed_payloads *all, const unsigned *numbers)
{
        for (unsigned place = 1; place < LIST_MAX; place++)
                for (size_t i = 0; i < all->list.n; i++)
                        if (all->list.at[i].general == place)
                                append(list, numbers[i]);
        append(list, 0);
}

/*
 * What a port is sent, in order. Neither ports that are sinks nor those of controllers get payloads of
 * other protocols.
 */
static struct list list_of(const struct parsed_payloads *all, const unsigned *numbers, unsigned port)
{
        struct list list = {0};
        bool reserved = false;

        for (size_t i = 0; i < all->list.n; i++) {
                const struct parsed_payload *p = &all->list.at[i];

                if (!is_for(p, port))
                        continue;
                reserved |= p->silent || p->safety == PAYLOAD_INDUSTRIAL;
                append(&list, p->silent ? 0 : numbers[i]);
        }
        list.own = list.n;
        if (!reserved)
                append_general(&list, all, numbers);
        return list;
}

static void add_list(struct str *out, unsigned port, const struct list *list)
{
        str_addf(out, "{%u,%u,%u,{", port, list->own, list->n);
        for (unsigned i = 0; i < list->n; i++)
                str_addf(out, "%u,", list->at[i]);
        str_add(out, "}}");
}

static void add_ports(struct str *out, const struct parsed_payloads *all, const unsigned *numbers)
{
        struct list other = {0};
        unsigned n = 0;

        str_add(out, "const struct udp_payload_port udp_payload_ports[] = {\n");
        for (unsigned port = 1; port <= UINT16_MAX; port++) {
                bool named = false;

                vec_foreach(p, &all->list)
                        named |= is_for(p, port);
                if (!named)
                        continue;
                struct list list = list_of(all, numbers, port);

                add_list(out, port, &list);
                str_add(out, ",\n");
                n++;
        }
        append_general(&other, all, numbers);
        str_addf(out, "};\nconst unsigned udp_n_payload_ports = %u;\n", n);
        str_add(out, "const struct udp_payload_port udp_payload_other = ");
        add_list(out, 0, &other);
        str_add(out, ";\n");
}

static void add_silent(struct str *out, const struct parsed_payloads *all)
{
        unsigned n = 0;

        str_add(out, "const struct udp_silent_port udp_silent_ports[] = {\n");
        vec_foreach(p, &all->list)
                vec_foreach(range, &p->ports)
                        for (unsigned port = range->first; p->silent && port <= range->last; port++, n++) {
                                str_addf(out, "{%u,", port);
                                generate_literal(out, p->silent);
                                str_add(out, "},\n");
                        }
        str_addf(out, "};\nconst unsigned udp_n_silent_ports = %u;\n", n);
}

/* A port is silent or has payloads, and not more of its own than attempts. */
static int check_ports(const struct parsed_payloads *all, const char *file)
{
        int faults = 0;

        for (unsigned port = 1; port <= UINT16_MAX; port++) {
                unsigned n_silent = 0, n = 0;

                vec_foreach(p, &all->list)
                        if (is_for(p, port)) {
                                n++;
                                n_silent += p->silent != NULL;
                        }
                if ((n_silent && n > 1) || n > LIST_MAX) {
                        (void)fprintf(stderr, "%s: port %u is silent and has payloads, or has too many\n",
                                      file, port);
                        faults++;
                }
        }
        return faults;
}

static int write_file(const char *path, const struct str *s)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        return fd < 0 ? -errno : fd_write_all(fd, str_text(s), s->len);
}

int main(int argc, char **argv)
{
        _cleanup_(parsed_payloads_release) struct parsed_payloads all = {0};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str text = {0}, out = {0};
        _cleanup_free_ unsigned *numbers = NULL;
        struct err err = {0};

        if (argc != 3) {
                (void)fprintf(stderr, "usage: %s UDP_YAML OUT.c\n", argv[0]);
                return EXIT_FAILURE;
        }
        if (fd_read_file(AT_FDCWD, argv[1], 1u << 20, &text) < 0 ||
            payload_parse(str_text(&text), text.len, argv[1], pool, &all, &err) < 0) {
                (void)fprintf(stderr, "%s\n", err.text[0] ? err.text : "the file cannot be read");
                return EXIT_FAILURE;
        }
        numbers = xcalloc(all.list.n + 1, sizeof(*numbers));
        str_add(&out, "/* Made by src/scan/payload_generate.c of data/probes/udp.yaml: edit that. */\n"
                      "#include \"scan/payload.h\"\n");
        add_payloads(&out, &all, numbers);
        add_ports(&out, &all, numbers);
        add_silent(&out, &all);
        if (check_ports(&all, argv[1]))
                return EXIT_FAILURE;
        if (write_file(argv[2], &out) < 0) {
                (void)fprintf(stderr, "%s: cannot be written\n", argv[2]);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
