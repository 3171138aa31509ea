/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/knowledge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/map.h"
#include "knowledge/builtin.h"
#include "knowledge/page_parse.h"
#include "knowledge/yaml_read.h"

#define OVERRIDE_FILES_MAX 256u

struct knowledge {
        struct pool *pool;
        const struct page_table *table;
        struct page_table own; /* where override pages are merged in */
};

struct page_refs {
        vec(const struct page *) list;
};

static void page_refs_release(struct page_refs *refs)
{
        vec_clear(&refs->list);
}

struct overrides { /* what is gathered while the directory is read */
        struct pool *pool;
        const char *dir;
        int dir_fd;
        struct page_refs pages; /* of all good files so far; ids unique */
        void (*warn)(const char *text, void *arg);
        void *arg;
};

static void overrides_release(struct overrides *o)
{
        fd_close(&o->dir_fd);
        page_refs_release(&o->pages);
}

static void warn(const struct overrides *o, const struct err *err)
{
        _cleanup_free_ char *text = xasprintf("%s; the built-in pages stay in force", err->text);

        if (o->warn)
                o->warn(text, o->arg);
}

/* Pages decide what root is told to do: as root only what root alone can write. */
static int check_trust(const char *path, const struct stat *st, struct err *err)
{
        const char *why = fd_distrust(st);

        return why ? err_set(err, -EPERM, "%s: ignored, %s", path, why) : 0;
}

/* 0 also when the file is gone meanwhile: then *text stays empty. */
static int read_override(const struct overrides *o, const char *name, const char *path, struct str *text,
                         struct err *err)
{
        _cleanup_close_ int fd = openat(o->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;
        int rc;

        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return err_errno(err, errno, "%s: cannot be read", path);
        if (!S_ISREG(st.st_mode))
                return err_set(err, -EINVAL, "%s: ignored, not a regular file", path);
        if ((rc = check_trust(path, &st, err)) < 0)
                return rc;
        rc = fd_read_all(fd, YAML_READ_FILE_MAX, text);
        if (rc == -EFBIG)
                return err_set(err, rc, "%s: larger than %u bytes; split it", path, YAML_READ_FILE_MAX);
        return rc < 0 ? err_errno(err, -rc, "%s: cannot be read", path) : 0;
}

struct clash {
        const char *kind, *word;
        const struct page *a, *b;
};

static void first_clash(const char *kind, const char *word, const struct page *a, const struct page *b,
                        void *arg)
{
        struct clash *clash = arg;

        if (!clash->kind)
                *clash = (struct clash){kind, word, a, b};
}

static unsigned line_of(const struct parsed_pages *parsed, const struct page *page)
{
        vec_foreach (p, &parsed->list)
                if (streq(p->page.id, page->id))
                        return p->line;
        return 1;
}

static bool has_id(const struct parsed_pages *parsed, const char *id)
{
        vec_foreach (p, &parsed->list)
                if (streq(p->page.id, id))
                        return true;
        return false;
}

/* A word may have one page only among the overrides; they win against built-in pages. */
static int check_joined(const struct page_refs *joined, const struct parsed_pages *parsed, const char *path,
                        struct err *err)
{
        struct clash clash = {0};
        const struct page *here, *there;

        if (joined->list.n + builtin_pages.n_pages > PAGES_MAX)
                return err_set(err, -EFBIG, "%s: more than %u pages in all", path, PAGES_MAX);
        page_table_conflicts(joined->list.at, joined->list.n, first_clash, &clash);
        if (!clash.kind)
                return 0;
        here = streq(clash.b->source, path) ? clash.b : clash.a;
        there = here == clash.b ? clash.a : clash.b;
        return err_set(err, -EINVAL,
                       "%s:%u: page '%s': the %s '%s' is already that of page '%s' in %s; drop one", path,
                       line_of(parsed, here), here->id, clash.kind, clash.word, there->id, there->source);
}

/* Add the pages of one file to those of the files before it; the same id replaces. */
static int merge_file(struct overrides *o, const struct parsed_pages *parsed, const char *path,
                      struct err *err)
{
        _cleanup_(page_refs_release) struct page_refs joined = {0};
        int rc;

        vec_foreach (known, &o->pages.list)
                if (!has_id(parsed, (*known)->id))
                        *vec_push(&joined.list) = *known;
        vec_foreach (p, &parsed->list) {
                struct page *page = pool_alloc(o->pool, sizeof(*page));

                *page = p->page;
                *vec_push(&joined.list) = page;
        }
        rc = check_joined(&joined, parsed, path, err);
        if (rc == 0) {
                struct page_refs before = o->pages;

                o->pages = joined;
                joined = before;
        }
        return rc;
}

static void load_file(struct overrides *o, const char *name)
{
        const char *path = pool_printf(o->pool, "%s/%s", o->dir, name);
        _cleanup_(parsed_pages_release) struct parsed_pages parsed = {0};
        _cleanup_str_ struct str text = {0};
        struct err err = {0};

        if (read_override(o, name, path, &text, &err) < 0 ||
            page_parse(str_text(&text), text.len, path, path, o->pool, &parsed, &err) < 0 ||
            merge_file(o, &parsed, path, &err) < 0)
                warn(o, &err);
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the override files in order; at most OVERRIDE_FILES_MAX. */
static void load_directory(struct overrides *o)
{
        int fd = fcntl(o->dir_fd, F_DUPFD_CLOEXEC, 3);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        vec(const char *) names = {0};
        struct dirent *entry;

        if (!dir) {
                fd_close(&fd);
                return;
        }
        while ((entry = readdir(dir)) && names.n < OVERRIDE_FILES_MAX)
                if (entry->d_name[0] != '.' && str_ends(entry->d_name, ".yaml"))
                        *vec_push(&names) = pool_intern(o->pool, entry->d_name);
        if (entry) {
                struct err err = {0};

                (void)err_set(&err, -EFBIG, "%s: more than %u files; only some are read", o->dir,
                              OVERRIDE_FILES_MAX);
                warn(o, &err);
        }
        (void)closedir(dir);
        vec_sort(&names, compare_names);
        vec_foreach (name, &names)
                load_file(o, *name);
        vec_clear(&names);
}

/* -ENOENT when there is no such directory, which is normal. */
static int open_directory(struct overrides *o, struct err *err)
{
        struct stat st;

        o->dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (o->dir_fd < 0 && errno == ENOENT)
                return -ENOENT;
        if (o->dir_fd < 0 || fstat(o->dir_fd, &st) < 0)
                return err_errno(err, errno, "%s: cannot be read", o->dir);
        return check_trust(o->dir, &st, err);
}

/* Built-in pages that no override replaces, and the overrides. */
static void build_own_table(struct knowledge *k, const struct overrides *o)
{
        _cleanup_free_ const struct page **all =
                xcalloc(builtin_pages.n_pages + o->pages.list.n, sizeof(*all));
        struct map overridden = {0};
        size_t n = 0;

        vec_foreach (page, &o->pages.list) {
                map_put_str(&overridden, (*page)->id, 1);
                all[n++] = *page;
        }
        for (size_t i = 0; i < builtin_pages.n_pages; i++)
                if (!map_get_str(&overridden, builtin_pages.pages[i]->id, NULL))
                        all[n++] = builtin_pages.pages[i];
        map_release(&overridden);
        page_table_build(&k->own, all, n, k->pool);
        k->table = &k->own;
}

struct knowledge *knowledge_open(const char *override_dir, void (*warn_to)(const char *text, void *arg),
                                 void *arg)
{
        struct knowledge *k = xcalloc(1, sizeof(*k));
        _cleanup_(overrides_release) struct overrides o = {
                .dir = override_dir, .dir_fd = -1, .warn = warn_to, .arg = arg};
        struct err err = {0};
        int rc;

        k->table = &builtin_pages;
        if (!override_dir || (rc = open_directory(&o, &err)) == -ENOENT)
                return k;
        if (rc < 0) {
                warn(&o, &err);
                return k;
        }
        o.pool = k->pool = pool_new();
        load_directory(&o);
        if (o.pages.list.n)
                build_own_table(k, &o);
        return k;
}

struct knowledge *knowledge_free(struct knowledge *k)
{
        if (!k)
                return NULL;
        pool_free(k->pool);
        free(k);
        return NULL;
}

const struct page *knowledge_by_port(const struct knowledge *k, enum transport transport, uint16_t port)
{
        return page_table_port(k->table, transport == TRANSPORT_UDPLITE ? TRANSPORT_UDP : transport, port);
}

const struct page *knowledge_by_program(const struct knowledge *k, const char *basename)
{
        return page_table_word(k->table, k->table->programs, k->table->n_programs, basename);
}

const struct page *knowledge_by_package(const struct knowledge *k, const char *package)
{
        return page_table_word(k->table, k->table->packages, k->table->n_packages, package);
}

const struct page *knowledge_by_word(const struct knowledge *k, const char *word)
{
        _cleanup_str_ struct str lower = {0};

        page_word_add_lower(&lower, word);
        return page_table_word(k->table, k->table->words, k->table->n_words, str_text(&lower));
}

const struct page *const *knowledge_pages(const struct knowledge *k, size_t *ret_n)
{
        *ret_n = k->table->n_pages;
        return k->table->pages;
}
