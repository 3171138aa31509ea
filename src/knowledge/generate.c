/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * At build time: knowledge-generate PAGES_DIR REGISTRY_DIR CONTROLS_YAML PROFILES_DIR OUT.c OUT.d
 *
 * Checks all data, says everything that is wrong with it, and writes it as static arrays. The dependency
 * file names the directory too, so that a page file that is added is noticed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "knowledge/builtin.h"
#include "knowledge/generate.h"
#include "knowledge/page_parse.h"

struct data {
        struct pool *pool;
        struct str deps;
        struct parsed_pages pages;
        struct parsed_profiles profiles;
        vec(const char *) files; /* of pages, file[i] for pages.list.at[i] */
        unsigned errors;
};

static void data_release(struct data *data)
{
        parsed_pages_release(&data->pages);
        parsed_profiles_release(&data->profiles);
        vec_clear(&data->files);
        str_release(&data->deps);
        pool_free(data->pool);
}

static void complain(struct data *data, const char *text)
{
        data->errors++;
        (void)fprintf(stderr, "%s\n", text);
}

static int read_data(struct data *data, const char *path, struct str *text, struct err *err)
{
        int rc = fd_read_file(AT_FDCWD, path, 16u << 20, text);

        str_addf(&data->deps, " \\\n %s", path);
        return rc < 0 ? err_errno(err, -rc, "%s: cannot be read", path) : 0;
}

static void load_pages(struct data *data, const char *path)
{
        _cleanup_str_ struct str text = {0};
        struct err err = {0};

        if (read_data(data, path, &text, &err) < 0 ||
            page_parse(str_text(&text), text.len, path, PAGE_BUILT_IN, data->pool, &data->pages, &err) < 0)
                complain(data, err.text);
        while (data->files.n < data->pages.list.n)
                *vec_push(&data->files) = path;
}

static void load_profile(struct data *data, const char *path)
{
        _cleanup_str_ struct str text = {0};
        struct err err = {0};

        if (read_data(data, path, &text, &err) < 0 ||
            profile_parse(str_text(&text), text.len, path, data->pool, &data->profiles, &err) < 0)
                complain(data, err.text);
}

static int is_yaml(const struct dirent *entry)
{
        return entry->d_name[0] != '.' && str_ends(entry->d_name, ".yaml");
}

static void load_directory(struct data *data, const char *dir, void (*load)(struct data *data, const char *path))
{
        struct dirent **entries = NULL;
        int n = scandir(dir, &entries, is_yaml, alphasort);

        str_addf(&data->deps, " \\\n %s", dir);
        if (n < 0)
                complain(data, pool_printf(data->pool, "%s: cannot be read", dir));
        for (int i = 0; i < n; i++) {
                load(data, pool_printf(data->pool, "%s/%s", dir, entries[i]->d_name));
                free(entries[i]);
        }
        free(entries);
}

static const char *where(const struct data *data, const struct page *page)
{
        size_t i = (size_t)((const struct parsed_page *)page - data->pages.list.at);

        return pool_printf(data->pool, "%s:%u", data->files.at[i], data->pages.list.at[i].line);
}

static void on_conflict(const char *kind, const char *word, const struct page *a, const struct page *b,
                        void *arg)
{
        struct data *data = arg;

        complain(data, pool_printf(data->pool,
                                   "%s: page '%s': the %s '%s' is also that of page '%s' at %s; drop one",
                                   where(data, b), b->id, kind, word, a->id, where(data, a)));
}

static void build_pages(struct data *data, struct str *out)
{
        _cleanup_free_ const struct page **refs = xcalloc(data->pages.list.n + 1, sizeof(*refs));
        struct page_table table;
        size_t n = 0;

        if (data->pages.list.n > PAGES_MAX) {
                complain(data, "more pages than PAGES_MAX");
                return;
        }
        vec_foreach (parsed, &data->pages.list)
                refs[n++] = &parsed->page;
        page_table_conflicts(refs, n, on_conflict, data);
        page_table_build(&table, refs, n, data->pool);
        generate_pages(out, &table);
}

static void build_top(struct data *data, const char *registry_dir, const char *transport, struct str *out)
{
        const char *path = pool_printf(data->pool, "%s/top-%s.txt", registry_dir, transport);
        _cleanup_str_ struct str text = {0};
        struct err err = {0};

        if (read_data(data, path, &text, &err) < 0 || generate_top(out, transport, text.text, path, &err) < 0)
                complain(data, err.text);
}

static void build_rest(struct data *data, const char *registry_dir, const char *controls_file, struct str *out)
{
        const char *ports = pool_printf(data->pool, "%s/ports.tsv", registry_dir);
        _cleanup_(parsed_controls_release) struct parsed_controls controls = {0};
        _cleanup_str_ struct str registry = {0}, text = {0};
        struct err err = {0};

        if (read_data(data, ports, &registry, &err) < 0 ||
            generate_registry(out, registry.text, ports, &err) < 0)
                complain(data, err.text);
        build_top(data, registry_dir, "tcp", out);
        build_top(data, registry_dir, "udp", out);
        if (read_data(data, controls_file, &text, &err) < 0 ||
            control_parse(str_text(&text), text.len, controls_file, data->pool, &controls, &err) < 0)
                complain(data, err.text);
        generate_controls(out, &controls);
}

/* Files come by name, which is that of the profile. */
static void build_profiles(struct data *data, struct str *out)
{
        struct err err = {0};

        if (!data->errors && profiles_check(&data->profiles, &err) < 0)
                complain(data, err.text);
        generate_profiles(out, &data->profiles);
}

static int write_file(const char *path, const struct str *s)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        return fd < 0 ? -errno : fd_write_all(fd, str_text(s), s->len);
}

int main(int argc, char **argv)
{
        _cleanup_(data_release) struct data data = {.pool = pool_new()};
        _cleanup_str_ struct str out = {0};

        if (argc != 7) {
                (void)fprintf(stderr,
                              "usage: %s PAGES_DIR REGISTRY_DIR CONTROLS_YAML PROFILES_DIR OUT.c OUT.d\n",
                              argv[0]);
                return EXIT_FAILURE;
        }
        str_addf(&data.deps, "%s:", argv[5]);
        str_add(&out, "/* Made by src/knowledge/generate.c of the files in data/: edit those. */\n"
                      "#include <stddef.h>\n#include \"knowledge/builtin.h\"\n");
        load_directory(&data, argv[1], load_pages);
        load_directory(&data, argv[4], load_profile);
        build_pages(&data, &out);
        build_rest(&data, argv[2], argv[3], &out);
        build_profiles(&data, &out);
        str_add(&data.deps, "\n");
        if (data.errors)
                return EXIT_FAILURE;
        if (write_file(argv[5], &out) < 0 || write_file(argv[6], &data.deps) < 0) {
                (void)fprintf(stderr, "%s: cannot be written\n", argv[5]);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
