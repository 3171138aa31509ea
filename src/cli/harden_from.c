/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/harden_from.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/config_dir.h"

#define FILE_BYTES_MAX (256u << 20) /* a host's records are a few MiB */

void harden_from_release(struct harden_from *from, struct inside_run *of)
{
        if (from->import || from->records)
                of->view = NULL;
        assess_freep(&of->assessment);
        import_freep(&from->import);
        records_freep(&from->records);
        inside_freep(&from->view);
}

/* --- the file ------------------------------------------------------------------------------------- */

static int read_file(const char *path, struct str *to, int64_t *time_s, struct err *err)
{
        _cleanup_close_ int fd = streq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                                  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        struct stat st;
        ssize_t n = 1;

        if (fd < 0 || fstat(fd, &st) < 0)
                return err_errno(err, errno, "'--from': '%s' cannot be read", path);
        *time_s = S_ISREG(st.st_mode) ? st.st_mtime : clock_now_s();
        while (n > 0) {
                str_reserve(to, 65536);
                n = read(fd, to->text + to->len, 65536);
                if (n < 0 && errno == EINTR)
                        n = 1;
                else if (n < 0)
                        return err_errno(err, errno, "'--from': '%s' cannot be read", path);
                else
                        to->len += (size_t)n;
                if (to->len > FILE_BYTES_MAX)
                        return err_set(err, -EFBIG, "'--from': '%s' is longer than 256 MiB", path);
        }
        to->text[to->len] = '\0';
        return to->len ? 0 : err_set(err, -EINVAL, "'--from': '%s' is empty", path);
}

/* Our records are JSON objects with a type and a schema; scanners and PowerShell write JSON, too. */
static bool is_records(const struct str *text)
{
        const char *line = memchr(text->text, '\n', text->len);
        size_t len = line ? (size_t)(line - text->text) : text->len;

        return text->text[0] == '{' && memmem(text->text, len, "\"type\"", 6) &&
               memmem(text->text, len, "\"schema\"", 8);
}

/* --- records -------------------------------------------------------------------------------------- */

/* Services and packages of the records come into the view once, as if they had been collected. */
static uint32_t add_service(struct inside *view, const struct service *s)
{
        uint32_t index = inside_service(view, s->name);
        struct service *to = &view->services.at[index];

        if (!to->manager) {
                uint32_t by = to->triggered_by, triggers = to->triggers;

                *to = *s;
                to->name = pool_intern(view->pool, s->name);
                if (!to->manager && str_ends(to->name, ".socket"))
                        to->manager = "systemd"; /* records do not tell it of what activates */
                to->triggered_by = by;
                to->triggers = triggers;
        }
        return index;
}

static void add_services(struct inside *view, const struct listener *l)
{
        uint32_t unit = l->unit ? add_service(view, l->unit) : NONE;
        uint32_t activation = l->activation ? add_service(view, l->activation) : NONE;

        if (unit != NONE && l->package && l->package->name)
                view->services.at[unit].package =
                        inside_package(view, l->package->name, l->package->version, l->package->manager);
        if (unit == NONE || activation == NONE || unit == activation)
                return;
        view->services.at[unit].triggered_by = activation;
        view->services.at[activation].triggers = unit;
}

static const struct service *of_view(const struct inside *view, const struct service *s)
{
        return s ? &view->services.at[inside_find_service(view, pool_intern(view->pool, s->name))] : NULL;
}

static struct netns *add_netns(struct inside *view, const struct netns *netns)
{
        struct netns *to = pool_alloc(view->pool, sizeof(*to));

        *to = *netns;
        to->own = netns->kind == NETNS_HOST; /* as if we stood there */
        return to;
}

static struct inside *view_of(const struct records_asset *asset)
{
        struct inside *view = inside_new();

        view->asset = pool_intern(view->pool, asset->asset);
        view->hostname = pool_intern(view->pool, asset->hostname ? asset->hostname : asset->asset);
        view->time_s = clock_now_s();
        inside_gap(view, "records", NULL, false,
                   "read from records: of units only those are known that listen");
        vec_foreach(l, &asset->listeners)
                add_services(view, l);
        return view;
}

/* Pointers are those of the view, which grows no more. */
static struct assessment *assess_records(struct inside *view, const struct records_asset *asset)
{
        struct assessment *a = assess_given(view, asset->listeners.at, asset->listeners.n);

        vec_foreach(l, &a->listeners) {
                l->unit = of_view(view, l->unit);
                l->activation = of_view(view, l->activation);
                l->netns = add_netns(view, l->netns);
        }
        return a;
}

static int use_records(struct harden_from *from, const struct str *text, const char *path,
                       struct inside_run *to, struct err *err)
{
        const struct records_asset *asset;
        int r;

        from->records = records_new();
        r = records_feed(from->records, text->text, text->len, err);
        if (r == 0)
                r = records_end(from->records, err);
        if (r < 0)
                return err_prefix(err, "'%s'", path);
        if (from->records->assets.n != 1)
                return err_set(err, -EINVAL, "'--from': '%s' is of %zu hosts; a plan is for one", path,
                               from->records->assets.n);
        asset = &from->records->assets.at[0];
        from->view = to->view = view_of(asset);
        to->assessment = assess_records(from->view, asset);
        to->complete = asset->complete;
        return 0;
}

/* --- listings ------------------------------------------------------------------------------------- */

static int use_listing(struct harden_from *from, const struct str *text, const char *path, int64_t time_s,
                       struct inside_run *to, struct err *err)
{
        const struct importer *importer =
                importer_guess(text->text, text->len < IMPORT_START ? text->len : IMPORT_START);
        int r;

        if (!importer || !importer->inside)
                return err_set(
                        err, -EINVAL,
                        "'--from': '%s' is neither records of `quaymaster host --json` nor a listing made on a host "
                        "(ss, netstat, PowerShell)",
                        path);
        r = import_open(&from->import, importer, streq(path, "-") ? "standard input" : str_basename(path),
                        time_s, err);
        if (r < 0)
                return r;
        (void)import_feed(from->import, text->text, text->len);
        import_end(from->import, NULL);
        to->view = from->import->view;
        vec_foreach(netns, &from->import->view->netns)
                netns->own = netns->kind == NETNS_HOST; /* as if we stood there */
        to->assessment = assess_correlate(to->view, to->knowledge);
        to->complete = from->import->complete;
        return 0;
}

int harden_from_file(struct harden_from *from, const struct invocation *in, struct inside_run *to,
                     struct err *err)
{
        const char *path = invocation_get(in, "from");
        _cleanup_str_ struct str text = {0};
        int64_t time_s = 0;
        int r = config_open_knowledge(in, &to->knowledge, err);

        if (r == 0)
                r = read_file(path, &text, &time_s, err);
        if (r < 0)
                return r == -EACCES || r == -EISDIR || r == -EFBIG ? -EINVAL : r;
        return is_records(&text) ? use_records(from, &text, path, to, err)
                                 : use_listing(from, &text, path, time_s, to, err);
}
