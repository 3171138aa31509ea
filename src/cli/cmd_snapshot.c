/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/inside_run.h"
#include "cli/output_file.h"
#include "cli/snapshot_file.h"
#include "cli/snapshot_find.h"
#include "cli/snapshot_now.h"
#include "cli/state_store.h"
#include "cli/terminal.h"
#include "drift/record_write.h"
#include "model/zone_states.h"
#include "report/drift_report.h"
#include "report/layout.h"
#include "report/report.h"

static const struct option_spec options[] = {
        {.name = "from",
         .kind = OPTION_WORD,
         .value = "FILE",
         .help = "save: keep what FILE says (records, or what `import` knows) in place of this host"},
        NETNS_OPTION("save: "),
        {.name = "all", .letter = 'a', .help = "list: also the looks that open change windows keep"},
        NO_BPF_OPTION("save: "),
        {.name = "json", .letter = 'j', .help = "list, show: write NDJSON, one record a line"},
        OUTPUT_OPTION,
        CONFIG_OPTION,
};

struct run {
        const struct invocation *in;
        const char *name; /* or NULL */
        struct pool *pool;
        const struct store_engine *engine;
        struct store *store;
        struct snapshot snapshot;
        struct store_list list;
        struct str out;
};

static void run_release(struct run *run)
{
        if (run->engine)
                (void)run->engine->close(run->store);
        snapshot_release(&run->snapshot);
        vec_clear(&run->list.snapshots);
        str_release(&run->out);
        pool_freep(&run->pool);
}

static int open_store(struct run *run, enum store_open how, struct err *err)
{
        return state_store_open(&run->store, &run->engine, how, err);
}

/* What was made, to where it is wanted. */
static int write_out(struct run *run, struct err *err)
{
        _cleanup_(output_file_release) struct output_file file = {.fd = -1};
        const char *path = invocation_get(run->in, "output");
        int r;

        if (!path) {
                r = report_flush(&run->out, STDOUT_FILENO, 0, err);
                if (r == -EPIPE)
                        err->text[0] = '\0';
                return r;
        }
        r = output_file_open(&file, path, err);
        if (r == 0)
                r = report_flush(&run->out, file.fd, 0, err);
        return r < 0 ? r : output_file_place(&file, err);
}

static int check_name(const char *name, struct err *err)
{
        static const char *const reserved[] = {BASELINE, "last", "now", "-"};

        for (size_t i = 0; i < array_len(reserved); i++)
                if (streq(name, reserved[i]))
                        return err_set(err, -EINVAL, "'%s' has a meaning of its own: take another name",
                                       name);
        if (str_after(name, CHANGE_LOOK))
                return err_set(err, -EINVAL, "'" CHANGE_LOOK "...' has a meaning of its own: take another name");
        if (!*name || strlen(name) > STORE_NAME_MAX || strchr(name, '/'))
                return err_set(err, -EINVAL, "a name has 1 to %u bytes, and no '/'", STORE_NAME_MAX);
        for (const char *c = name; *c; c++)
                if ((unsigned char)*c < 0x20 || *c == 0x7f)
                        return err_set(err, -EINVAL, "a name has no control characters");
        return 0;
}

static int save(struct run *run, struct err *err)
{
        const char *from = invocation_get(run->in, "from");
        char time[CLOCK_TEXT_SIZE];
        int r = run->name ? check_name(run->name, err) : 0;

        if (r == 0 && from)
                r = snapshot_refuse_now(run->in, from, err);
        if (r == 0)
                r = from ? snapshot_from_file(&run->snapshot, from, err)
                         : snapshot_now(&run->snapshot, run->in, err);
        if (r == 0)
                r = open_store(run, STORE_CREATE, err);
        if (r == 0)
                r = run->engine->save(run->store, &run->snapshot, run->name, "", false, err);
        if (r < 0)
                return r;
        str_addf(&run->out, "saved %s: %zu items%s\n",
                 run->name ? run->name : clock_format(run->snapshot.time_s, time), run->snapshot.items.n,
                 run->snapshot.complete ? "" : "; incomplete:");
        for (const char *const *reason = run->snapshot.incomplete; *reason; reason++) {
                str_add(&run->out, "  ");
                text_add_printable(&run->out, *reason);
                str_add(&run->out, "\n");
        }
        return write_out(run, err);
}

static void add_list_json(struct run *run)
{
        char time[CLOCK_TEXT_SIZE];
        struct json j = json_to(&run->out);

        vec_foreach(s, &run->list.snapshots) {
                json_open_record(&j, "snapshot", s->asset, s->vantage, clock_format(s->time_s, time));
                json_str(&j, "name", s->name);
                json_str(&j, "hostname", s->hostname);
                json_u64(&j, "items", s->items);
                json_bool(&j, "complete", s->complete);
                json_end_line(&j);
        }
        json_open_record(&j, "summary", NULL, NULL, clock_format(clock_now_s(), time));
        json_bool(&j, "complete", true);
        json_open_array(&j, "incomplete");
        json_end(&j);
        json_u64(&j, "snapshots", run->list.snapshots.n);
        json_end_line(&j);
}

static const char *safe(struct str *s, const char *text)
{
        str_reset(s);
        text_add_printable(s, text ? text : "-");
        return str_text(s);
}

static int add_list_text(struct run *run)
{
        static const struct layout_column columns[] = {
                {"NAME", 20, false},    {"TIME", 0, false}, {"HOST", 8, true},
                {"SEEN FROM", 0, true}, {"ITEMS", 0, true}, {"", 0, true},
        };
        struct layout_table t = layout_table_new(columns, array_len(columns));
        _cleanup_str_ struct str text = {0};
        char time[CLOCK_TEXT_SIZE], number[24];
        int r;

        vec_foreach(s, &run->list.snapshots) {
                layout_table_cell(&t, safe(&text, s->name), NULL);
                layout_table_cell(&t, clock_format(s->time_s, time), NULL);
                layout_table_cell(&t, safe(&text, s->hostname ? s->hostname : s->asset), NULL);
                layout_table_cell(&t, safe(&text, s->vantage), NULL);
                (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)s->items);
                layout_table_cell(&t, number, NULL);
                layout_table_cell(&t, s->complete ? "" : "incomplete", NULL);
        }
        r = layout_table_add(&run->out, &t, terminal_of(STDOUT_FILENO).width, false);
        layout_table_release(&t);
        return r;
}

/* What `change open` keeps is nobody's snapshot. */
static void drop_looks(struct store_list *list)
{
        size_t n = 0;

        vec_foreach(s, &list->snapshots)
                if (!str_after(s->name, CHANGE_LOOK))
                        list->snapshots.at[n++] = *s;
        list->snapshots.n = n;
}

static int list(struct run *run, struct err *err)
{
        int r = open_store(run, STORE_OPEN, err);

        if (r == 0)
                r = run->engine->list(run->store, run->pool, &run->list, err);
        if (r == -ENOENT) { /* no store yet */
                *err = (struct err){0};
                r = 0;
        }
        if (r < 0)
                return r;
        if (!invocation_has(run->in, "all"))
                drop_looks(&run->list);
        if (invocation_has(run->in, "json"))
                add_list_json(run);
        else if (!run->list.snapshots.n)
                str_add(&run->out, "No snapshots yet: `quaymaster snapshot save` keeps one.\n");
        else
                r = add_list_text(run);
        return r < 0 ? err_set(err, r, "the table cannot be made") : write_out(run, err);
}

static int load(struct run *run, struct err *err)
{
        return state_store_load(run->name, &run->snapshot, err);
}

static int export(struct run *run, struct err *err)
{
        int r = load(run, err);

        if (r < 0)
                return r;
        vec_foreach(item, &run->snapshot.items)
                record_write_line(&run->out, &run->snapshot, item);
        record_write_head(&run->out, &run->snapshot, false);
        return write_out(run, err);
}

static int compare(const void *a, const void *b)
{
        return drift_item_compare(a, b);
}

/* As the table of drift shows them: the place, and who is there. */
static int add_items(struct run *run)
{
        static const struct layout_column columns[] = {{"PLACE", 20, false},
                                                       {"OWNER", 12, false},
                                                       {"PACKAGE OR PRODUCT", 8, true},
                                                       {"REACH", 0, true}};
        struct layout_table t = layout_table_new(columns, array_len(columns));
        _cleanup_str_ struct str raw = {0}, text = {0};
        int r;

        vec_foreach(item, &run->snapshot.items) {
                const char *what = item->package ? item->package : item->product;

                str_reset(&raw);
                drift_add_place(&raw, item);
                layout_table_cell(&t, safe(&text, raw.text), NULL);
                layout_table_cell(&t,
                                  safe(&text, item->unit      ? item->unit
                                              : item->exe     ? item->exe
                                              : item->startup ? item->startup
                                                              : item->protocol),
                                  NULL);
                str_reset(&raw);
                str_addf(&raw, "%s%s%s", what ? what : "-", what && item->version ? " " : "",
                         what && item->version ? item->version : "");
                layout_table_cell(&t, safe(&text, raw.text), NULL);
                str_reset(&raw);
                item_add_exposure(&raw, item);
                layout_table_cell(&t, safe(&text, raw.len ? raw.text : NULL), NULL);
        }
        r = layout_table_add(&run->out, &t, terminal_of(STDOUT_FILENO).width, false);
        layout_table_release(&t);
        return r;
}

static int show(struct run *run, struct err *err)
{
        const struct snapshot *s = &run->snapshot;
        char time[CLOCK_TEXT_SIZE];
        int r;

        if (invocation_has(run->in, "json"))
                return export(run, err);
        r = load(run, err);
        if (r < 0)
                return r;
        str_add(&run->out, "Snapshot ");
        text_add_printable(&run->out, run->name);
        str_addf(&run->out, ", taken %s", clock_format(s->time_s, time));
        if (s->hostname) {
                str_add(&run->out, " of ");
                text_add_printable(&run->out, s->hostname);
        }
        str_addf(&run->out, ": %zu items%s\n", s->items.n, s->complete ? "" : ", incomplete");
        for (const char *const *reason = s->incomplete; *reason; reason++) {
                str_add(&run->out, "  not seen: ");
                text_add_printable(&run->out, *reason);
                str_add(&run->out, "\n");
        }
        str_add(&run->out, "\n");
        vec_sort(&run->snapshot.items, compare);
        r = add_items(run);
        return r < 0 ? err_set(err, r, "the table cannot be made") : write_out(run, err);
}

static int delete (struct run *run, struct err *err)
{
        int r = open_store(run, STORE_OPEN, err);

        return r < 0 ? r : run->engine->remove(run->store, run->name, err);
}

enum { SAVE, LIST, SHOW, DELETE, EXPORT };

static const struct command_part parts[] = {
        [SAVE] = {"save", .most = 1, .arguments = "[NAME]",
                  .takes = STR_LIST("from", "netns", "no-bpf", "output", "config")},
        [LIST] = {"list", .arguments = "", .takes = STR_LIST("all", "json", "output")},
        [SHOW] = {"show", 1, 1, "the NAME of a snapshot", STR_LIST("json", "output")},
        [DELETE] = {"delete", 1, 1, "the NAME of a snapshot", STR_LIST()},
        [EXPORT] = {"export", 1, 1, "the NAME of a snapshot", STR_LIST("output")},
};

static int run_snapshot(const struct invocation *in, struct err *err)
{
        static int (*const runs[])(struct run *run, struct err *err) = {
                [SAVE] = save, [LIST] = list, [SHOW] = show, [DELETE] = delete, [EXPORT] = export};
        _cleanup_(run_release) struct run run = {
                .in = in, .pool = pool_new(), .name = in->n_arguments > 1 ? in->arguments[1] : NULL};
        int r;

        snapshot_init(&run.snapshot, run.pool);
        r = runs[in->part](&run, err);
        if (r < 0)
                return state_store_failed(r);
        return run.snapshot.complete || in->part != SAVE ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

const struct command command_snapshot = {
        .name = "snapshot",
        .arguments = "save|list|show|delete|export [NAME]",
        .parts = parts,
        .n_parts = array_len(parts),
        .summary = "keep what listens on this host now, to compare with later",
        .details =
                "  save [NAME]   look at this host as `host` does, with services and a SHA-256 of each executable,\n"
                "                and keep it; without NAME it goes by its time\n"
                "  list          what is kept\n"
                "  show NAME     what is in it; NAME may be a time of the list, or `last`\n"
                "  delete NAME   forget it\n"
                "  export NAME   write it as records, which `diff` reads\n\n"
                "Only changes are kept: a host that stays the same costs a few bytes a time. They are in\n"
                "/var/lib/quaymaster, or for other users ~/.local/state/quaymaster.\n\n"
                "Exit status: 0 done, 2 wrong usage, no such snapshot or a bad file, 3 something could not be seen,\n"
                "or there was no room to keep it.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 1,
        .max_arguments = 2,
        .run = run_snapshot,
};
