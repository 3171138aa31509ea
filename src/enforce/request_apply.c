/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/request.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "enforce/arm.h"
#include "enforce/compile.h"
#include "enforce/rollback.h"
#include "enforce/session.h"
#include "enforce/tell.h"
#include "enforce/watch.h"

#define REQUESTS_MAX (64U << 20)

static int read_actions(struct compile *c, const struct str *text, struct err *err)
{
        const char *at = str_text(text), *end = at + text->len;
        int r = 0;

        while (at < end && r == 0) {
                const char *stop = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((stop ? stop : end) - at);
                struct action action;

                if (len) {
                        r = action_request_read(at, len, c->pool, &action, err);
                        r = r < 0 ? r : compile_action(c, &action, err);
                }
                at = stop ? stop + 1 : end;
        }
        return r;
}

static void write_request(const struct asked *asked, const struct session *session,
                          const struct str *actions, struct str *to)
{
        struct json j = json_to(to);

        json_open_object(&j, NULL);
        json_str(&j, "plan", asked->plan);
        json_u64(&j, "confirm_within_s", asked->confirm_s);
        json_u64(&j, "time", (uint64_t)time(NULL));
        session_write(&j, "by", session);
        json_end_line(&j);
        str_add_n(to, str_text(actions), actions->len);
}

static int make_free(struct desk *desk, struct err *err)
{
        struct pending pending;
        size_t left = 0;
        int r = finish_interrupted(desk, &pending, &left, err);

        if (r == 0 && pending.state != PENDING_NONE)
                tell_note("an earlier apply was interrupted; what was left of it was undone first");
        if (r == 0)
                r = folder_pending(&desk->folder, &pending, err);
        if (r == 0 && pending.state != PENDING_NONE)
                return err_set(err, -EBUSY, "apply %s is not confirmed yet; confirm or undo it first",
                               pending.id);
        return r;
}

/* From here on every way out leads through the rollback. */
static int do_apply(struct desk *desk, struct apply *apply, const struct asked *asked, struct err *err)
{
        struct pending p = pending_of(apply->id, PENDING_RUNNING, asked->confirm_s);
        struct run run = run_of(desk, apply);
        int r = folder_set_pending(&desk->folder, &p, err);

        if (r == 0)
                r = arm(apply->id, desk->program, desk->bus, desk->root_fd, watch_pending, err);
        if (r == 0)
                r = journal_add(apply->journal_fd, JOURNAL_ARMED, JOURNAL_NO_STEP, NULL, err);
        if (r == 0)
                r = run_steps(&run, err);
        if (r == 0)
                r = journal_add(apply->journal_fd, JOURNAL_APPLIED, JOURNAL_NO_STEP, NULL, err);
        p = pending_of(apply->id, PENDING_WAITING, asked->confirm_s);
        return r < 0 ? r : folder_set_pending(&desk->folder, &p, err);
}

/* The same apply, with the lines of its journal. */
static int take_back(struct desk *desk, const char *id, const char *why, size_t *left, struct err *err)
{
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        int r = apply_open(&desk->folder, id, &apply, err);

        return r < 0 ? r : undo_apply(desk, &apply, why, false, left, err);
}

static int apply_steps(struct desk *desk, struct apply *apply, const struct asked *asked, size_t *left,
                       struct err *err)
{
        struct err why = {0};
        int r = do_apply(desk, apply, asked, &why);
        int back;

        if (r == 0)
                return 0;
        back = take_back(desk, apply->id, why.text, left, err);
        if (back < 0)
                (void)err_prefix(err, "%s; and undoing it failed (it is tried again)", why.text);
        else if (*left)
                (void)err_set(err, r, "%s; it was undone but for %zu (see: quaymaster harden status)", why.text,
                              *left);
        else
                (void)err_set(err, r, "%s; all of it was undone", why.text);
        return -EIO; /* -EPERM, -EINVAL and the like say that what was asked for was wrong */
}

static int compile_all(struct compile *c, const struct asked *asked, const struct str *actions,
                       struct str *request, struct err *err)
{
        struct session session;
        int r;

        session_read(&session);
        write_request(asked, &session, actions, request);
        r = read_actions(c, actions, err);
        if (r == 0 && !c->steps.n)
                return err_set(err, -ENOENT,
                               "there is nothing to do: no action, or all of it is so already");
        return r;
}

int request_apply(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_apply_ struct apply apply = {.journal_fd = -1, .pool = pool_new()};
        _cleanup_str_ struct str request = {0}, actions = {0};
        struct err err = {0};
        size_t left = 0;
        int r = desk_open(&desk, true, &err), input;
        struct compile c = {.root_fd = desk.root_fd,
                            .bus = desk.bus,
                            .folder = &desk.folder,
                            .program = desk.program,
                            .pool = apply.pool};

        /* before the lock: nobody waits for what does not come */
        if (r == 0 && (input = fd_read_all(STDIN_FILENO, REQUESTS_MAX, &actions)) < 0)
                r = err_errno(&err, -input, "reading the actions");
        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
        if (r == 0)
                r = make_free(&desk, &err);
        c.bus = desk.bus; /* undoing may have connected anew */
        if (r == 0)
                r = compile_all(&c, asked, &actions, &request, &err);
        vec_foreach(text, &c.notes)
                tell_note(*text);
        vec_clear(&c.notes);
        apply.steps = c.steps;
        if (r == 0)
                r = apply_create(&desk.folder, &apply, request.text, request.len, &err);
        if (r == 0)
                r = apply_steps(&desk, &apply, asked, &left, &err);
        return tell_result(r, &err, apply.id[0] ? apply.id : NULL, asked->confirm_s, left);
}
