/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/enforce.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "enforce/arm.h"
#include "enforce/compile.h"
#include "enforce/run.h"
#include "enforce/session.h"
#include "enforce/table.h"

#define TICK_MS      200
#define LOCK_MS      2000
#define RETRY_MS     10000 /* after a file could not be written */
#define CONFIRM_MIN  10u
#define CONFIRM_MAX  86400u
#define REQUESTS_MAX (64U << 20)
#define EVIDENCE_MAX 4000
#define SECOND_NS    UINT64_C(1000000000)

enum { STATUS_DONE, STATUS_FAILED, STATUS_USAGE };

struct asked {
        uint64_t confirm_s;
        const char *plan, *id;
        bool at_console;
};

/* What every request works with. */
struct desk {
        struct folder folder;
        sd_bus *bus;
        int root_fd;
        char program[PATH_MAX];
};

/* --- what is told ---------------------------------------------------------------------------- */

/* Whoever listens may be gone: that ends nothing. */
static void put_line(const struct str *line)
{
        (void)fd_write_all(STDOUT_FILENO, line->text, line->len);
}

static void tell_step(const char *event, const struct step *step, const char *error, void *arg)
{
        _cleanup_str_ struct str line = {0}, words = {0};
        struct json j = json_to(&line);

        step_words(step, &words);
        json_open_object(&j, NULL);
        json_str(&j, "type", "step");
        json_str(&j, "event", event);
        json_str(&j, "action", step->action);
        json_str(&j, "step", str_text(&words));
        if (error)
                json_str(&j, "error", error);
        json_end_line(&j);
        put_line(&line);
}

static void tell_note(const char *text)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);

        json_open_object(&j, NULL);
        json_str(&j, "type", "note");
        json_str(&j, "text", text);
        json_end_line(&j);
        put_line(&line);
}

/* The last line. `left`: steps that undo left as they are. */
static int tell_result(int r, const struct err *err, const char *id, uint64_t seconds, size_t left)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);

        json_open_object(&j, NULL);
        json_str(&j, "type", "result");
        json_bool(&j, "ok", r == 0);
        if (id)
                json_str(&j, "id", id);
        if (r < 0) {
                json_str(&j, "error", err->text);
                json_u64(&j, "errno", (uint64_t)-r);
        }
        if (seconds)
                json_u64(&j, "confirm_within_s", seconds);
        if (left)
                json_u64(&j, "left", left);
        json_end_line(&j);
        put_line(&line);
        return r < 0 ? STATUS_FAILED : STATUS_DONE;
}

/* --- common ---------------------------------------------------------------------------------- */

static void desk_release(struct desk *desk)
{
        bus_close(&desk->bus);
        folder_release(&desk->folder);
        fd_close(&desk->root_fd);
}

static int desk_open(struct desk *desk, bool make, struct err *err)
{
        int r;

        *desk = (struct desk){.folder = {.fd = -1, .lock_fd = -1}, .root_fd = -1};
        if (geteuid() != 0)
                return err_set(err, -EPERM, "only root can change how this host is set up");
        r = arm_program(desk->program, err);
        if (r == 0)
                r = folder_open(&desk->folder, HARDEN_FOLDER, make, err);
        if (r == -ENOENT)
                return err_set(err, r, "nothing was ever applied on this host");
        if (r < 0)
                return r;
        desk->root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (desk->root_fd < 0)
                return err_errno(err, errno, "opening '/'");
        return bus_open(&desk->bus, err);
}

static struct run run_of(struct desk *desk, struct apply *apply)
{
        return (struct run){.root_fd = desk->root_fd,
                            .bus = desk->bus,
                            .folder = &desk->folder,
                            .apply = apply,
                            .tell = tell_step};
}

static struct pending pending_of(const char *id, enum pending_state state, uint64_t seconds)
{
        struct pending p = {.state = state, .deadline_ns = boot_clock_ns() + seconds * SECOND_NS};

        (void)snprintf(p.id, sizeof(p.id), "%s", id);
        (void)boot_id(p.boot_id);
        return p;
}

/* The undo is over: nothing is pending any more, and nothing waits for the next boot. */
static int settle_undone(struct desk *desk, struct apply *apply, struct err *err)
{
        int r = journal_add(apply->journal_fd, JOURNAL_UNDONE, JOURNAL_NO_STEP, NULL, err);

        /* without this line its firewall would be loaded again at the next boot */
        if (r == -ENOSPC) {
                folder_drop_ballast(&desk->folder);
                r = journal_add(apply->journal_fd, JOURNAL_UNDONE, JOURNAL_NO_STEP, NULL, err);
        }
        if (r == 0)
                r = disarm(desk->root_fd, desk->bus, err);
        return r < 0 ? r : folder_clear_pending(&desk->folder, err);
}

/*
 * A connection of its own: the one that was opened long ago ends when systemd executes itself anew (an update does
 * that). Files and tables are taken back without it; then it is all tried again.
 */
static int reconnect(struct desk *desk, struct err *err)
{
        int r;

        bus_close(&desk->bus);
        for (unsigned waited_ms = 0; (r = bus_open(&desk->bus, err)) < 0 && waited_ms < LOCK_MS;
             waited_ms += TICK_MS)
                (void)poll(NULL, 0, TICK_MS);
        return r;
}

/* With the lock, and `pending` on the disk. */
static int undo(struct desk *desk, struct apply *apply, const char *why, bool at_boot, size_t *left,
                struct err *err)
{
        const struct pending p = pending_of(apply->id, PENDING_UNDOING, 0);
        struct err lost = {0};
        int connected = reconnect(desk, &lost), r;
        struct run run = run_of(desk, apply);

        run.at_boot = at_boot;
        (void)folder_set_pending(&desk->folder, &p, NULL); /* a full disk: what is there says undo, too */
        (void)journal_add(apply->journal_fd, JOURNAL_UNDO, JOURNAL_NO_STEP, why, NULL);
        r = run_undo(&run, err);
        *left = run.n_left;
        if (r == 0 && connected < 0)
                r = err_set(err, connected, "%s", lost.text);
        return r < 0 ? r : settle_undone(desk, apply, err);
}

/* --- rollback -------------------------------------------------------------------------------- */

/* A confirmation that was killed between its two halves holds. */
static bool is_confirmed(const struct apply *apply, const struct pending *pending)
{
        return pending->state == PENDING_WAITING &&
               journal_last(&apply->journal, JOURNAL_CONFIRMED, JOURNAL_NO_STEP);
}

/* Nothing is kept of it (somebody removed it), so nothing can be undone, and nothing has to wait for it. */
static int forget_pending(struct desk *desk, struct err *err)
{
        int r = disarm(desk->root_fd, desk->bus, err);

        return r < 0 ? r : folder_clear_pending(&desk->folder, err);
}

static int roll_back(struct desk *desk, const struct pending *pending, bool at_boot, size_t *left,
                     struct err *err)
{
        static const char *const why[PENDING_STATE_MAX] = {
                [PENDING_RUNNING] = "the apply was interrupted",
                [PENDING_WAITING] = "it was not confirmed in time",
                [PENDING_UNDOING] = "the undo was interrupted",
        };
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        int r = apply_open(&desk->folder, pending->id, &apply, err);

        if (r == -ENOENT || (r == 0 && is_confirmed(&apply, pending)))
                return forget_pending(desk, err);
        if (r < 0)
                return r;
        return undo(desk, &apply, at_boot ? "found unconfirmed at boot" : why[pending->state], at_boot, left,
                    err);
}

/* The newest that was begun, and neither confirmed nor undone. "" when there is none. */
static int find_unconfirmed(const struct folder *folder, char id[APPLY_ID_SIZE], struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        name_list ids = {0};
        int r = folder_applies(folder, pool, &ids, err);

        id[0] = '\0';
        for (size_t i = ids.n; i-- > 0 && !id[0] && r == 0;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                if (apply_open(folder, ids.at[i], &apply, NULL) == 0 && apply_in_force(&apply) &&
                    !journal_last(&apply.journal, JOURNAL_CONFIRMED, JOURNAL_NO_STEP))
                        (void)snprintf(id, APPLY_ID_SIZE, "%s", ids.at[i]);
        }
        vec_clear(&ids);
        return r;
}

/* What is pending; where the file is damaged, as the journals tell it. */
static int read_pending(const struct desk *desk, struct pending *ret, struct err *err)
{
        int r = folder_pending(&desk->folder, ret, err);
        char id[APPLY_ID_SIZE];

        if (r != -EBADMSG)
                return r;
        r = find_unconfirmed(&desk->folder, id, err);
        if (r == 0 && id[0])
                *ret = pending_of(id, PENDING_RUNNING, 0);
        else if (r == 0)
                *ret = (struct pending){0};
        return r == 0 && !id[0] ? folder_clear_pending(&desk->folder, err) : r;
}

/*
 * With the lock: what a process left that was killed at its work, or that nobody was left to undo in time. *ret: what
 * was taken back, or PENDING_NONE.
 */
static int finish_interrupted(struct desk *desk, struct pending *ret, size_t *left, struct err *err)
{
        char boot[BOOT_ID_SIZE];
        int r = read_pending(desk, ret, err);

        if (r < 0 || ret->state == PENDING_NONE)
                return r;
        if (pending_advise(ret, boot_clock_ns(), boot_id(boot)) == PENDING_WAIT) {
                *ret = (struct pending){0};
                return 0;
        }
        r = roll_back(desk, ret, false, left, err);
        return r < 0 ? err_prefix(err, "undoing what was left of apply %s", ret->id) : 0;
}

/* Past the deadline nobody may hold the lock for ever: one that does not get on is ended, and the next look undoes. */
static void end_stuck(const struct desk *desk, const struct pending *pending, struct holder_watch *seen)
{
        const struct holder holder = folder_holder(&desk->folder);

        if (holder.pid && boot_clock_ns() >= pending->deadline_ns &&
            holder_is_stuck(seen, &holder, holder_is_stopped(&holder),
                            folder_progress(&desk->folder, pending->id), clock_monotonic_ns()))
                (void)holder_kill(&holder, NULL);
}

/* Look once: false when there is nothing left to watch. */
static bool watch_once(struct desk *desk, const char *id, struct holder_watch *seen, int *wait_ms)
{
        struct pending pending;
        struct err err = {0};
        char boot[BOOT_ID_SIZE];
        size_t left = 0;
        int r = read_pending(desk, &pending, &err);

        *wait_ms = r < 0 ? RETRY_MS : TICK_MS;
        if (r < 0)
                return true;
        if (pending.state == PENDING_NONE || !streq(pending.id, id)) {
                /* whoever confirmed may have been killed before the unit for the boot was gone */
                if (pending.state == PENDING_NONE && folder_lock(&desk->folder, 0, NULL) == 0 &&
                    folder_pending(&desk->folder, &pending, NULL) == 0 && pending.state == PENDING_NONE)
                        (void)disarm(desk->root_fd, desk->bus, NULL);
                return false;
        }
        if (pending_advise(&pending, boot_clock_ns(), boot_id(boot)) == PENDING_WAIT)
                return true;
        if (folder_lock(&desk->folder, 0, NULL) < 0) {
                end_stuck(desk, &pending, seen);
                return true;
        }
        /* again, now that nobody else writes it */
        if (read_pending(desk, &pending, &err) == 0 && streq(pending.id, id) &&
            pending_advise(&pending, boot_clock_ns(), boot) == PENDING_UNDO_WITH_LOCK &&
            roll_back(desk, &pending, false, &left, &err) < 0)
                *wait_ms = RETRY_MS;
        fd_close(&desk->folder.lock_fd);
        return true;
}

static void watch(const char *id)
{
        _cleanup_(desk_release) struct desk desk;
        struct holder_watch seen = {0};
        int wait_ms, r;

        while ((r = desk_open(&desk, false, NULL)) < 0) {
                if (r == -ENOENT) /* all that was kept is gone: nothing can be undone */
                        return;
                desk_release(&desk);
                (void)poll(NULL, 0, RETRY_MS);
        }
        while (watch_once(&desk, id, &seen, &wait_ms))
                (void)poll(NULL, 0, wait_ms);
}

static int request_rollback(const struct asked *asked)
{
        watch(asked->id);
        return STATUS_DONE;
}

static int request_boot(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        struct pending pending;
        struct err err = {0};
        size_t left = 0;
        int r = desk_open(&desk, false, &err);

        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
        if (r == 0)
                r = read_pending(&desk, &pending, &err);
        if (r == 0 && pending.state != PENDING_NONE)
                r = roll_back(&desk, &pending, true, &left, &err);
        return tell_result(r, &err, r == 0 ? pending.id : NULL, 0, left);
}

/* --- apply ----------------------------------------------------------------------------------- */

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
                r = arm(&desk->folder, apply->id, desk->program, desk->bus, desk->root_fd, watch, err);
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

        return r < 0 ? r : undo(desk, &apply, why, false, left, err);
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
                return err_prefix(err, "%s; and undoing it failed (it is tried again)", why.text);
        return err_set(err, r, "%s; all of it was undone", why.text);
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

static int request_apply(const struct asked *asked)
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

/* --- confirm and undo ------------------------------------------------------------------------ */

static const char *connection_of(const struct apply *apply, char *buf, size_t size)
{
        struct json_read r = {0};
        struct json_text key, text;

        buf[0] = '\0';
        json_read_init(&r, apply->request, strlen(apply->request));
        json_read_open(&r, '{');
        while (json_read_key(&r, &key)) {
                if (!json_text_is(&key, "by")) {
                        json_read_skip(&r);
                        continue;
                }
                json_read_open(&r, '{');
                while (json_read_key(&r, &key)) {
                        if (json_text_is(&key, "connection") && json_read_text(&r, &text))
                                (void)snprintf(buf, size, "%.*s", (int)text.len, text.at);
                        else if (!json_text_is(&key, "connection"))
                                json_read_skip(&r);
                }
        }
        json_read_release(&r);
        return buf;
}

/* "asked for, by uid 0" */
static void by_whom(const char *what, struct str *to)
{
        struct session session;

        session_read(&session);
        str_addf(to, "%s, ", what);
        session_words(&session, to);
}

/* How it may be confirmed, for the journal; or -EPERM. */
static int may_confirm(const struct apply *apply, const struct asked *asked, const char **ret,
                       struct err *err)
{
        const struct journal_line *applied = journal_last(&apply->journal, JOURNAL_APPLIED, JOURNAL_NO_STEP);
        struct session session;
        char connection[160];

        *ret = asked->at_console ? "at the console" : "after a probe from outside";
        if (asked->at_console || journal_last(&apply->journal, JOURNAL_PROVED, JOURNAL_NO_STEP))
                return 0;
        session_read(&session);
        *ret = "from a new login";
        return session_proves(&session, connection_of(apply, connection, sizeof(connection)),
                              applied ? applied->boot_ns : UINT64_MAX, err);
}

/* The pending one, when it waits. */
static int open_waiting(struct desk *desk, struct apply *apply, struct err *err)
{
        struct pending pending;
        size_t left = 0;
        int r = desk_open(desk, false, err);

        if (r == 0)
                r = folder_lock(&desk->folder, LOCK_MS, err);
        if (r == 0)
                r = finish_interrupted(desk, &pending, &left, err);
        if (r == 0 && pending.state != PENDING_NONE)
                return err_set(err, -ETIME, "it is too late: apply %s was undone", pending.id);
        if (r == 0)
                r = folder_pending(&desk->folder, &pending, err);
        if (r < 0)
                return r;
        if (pending.state != PENDING_WAITING)
                return err_set(err, -ENOENT,
                               "no apply waits to be confirmed (see: quaymaster harden status)");
        return apply_open(&desk->folder, pending.id, apply, err);
}

static int request_confirm(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk = {.root_fd = -1, .folder = {.fd = -1, .lock_fd = -1}};
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        _cleanup_str_ struct str words = {0};
        struct err err = {0};
        const char *how = "";
        int r = open_waiting(&desk, &apply, &err);

        if (r == 0)
                r = may_confirm(&apply, asked, &how, &err);
        by_whom(how, &words);
        if (r == 0)
                r = journal_add(apply.journal_fd, JOURNAL_CONFIRMED, JOURNAL_NO_STEP, words.text, &err);
        if (r == 0)
                r = folder_clear_pending(&desk.folder, &err);
        if (r == 0)
                r = disarm(desk.root_fd, desk.bus, &err);
        return tell_result(r, &err, apply.id[0] ? apply.id : NULL, 0, 0);
}

static int request_proved(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk = {.root_fd = -1, .folder = {.fd = -1, .lock_fd = -1}};
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        _cleanup_str_ struct str evidence = {0};
        struct err err = {0};
        int r = fd_read_all(STDIN_FILENO, EVIDENCE_MAX, &evidence);

        if (r < 0)
                (void)err_errno(&err, -r, "reading the evidence");
        else
                r = open_waiting(&desk, &apply, &err);
        if (r == 0)
                r = journal_add(apply.journal_fd, JOURNAL_PROVED, JOURNAL_NO_STEP, str_text(&evidence),
                                &err);
        return tell_result(r, &err, apply.id[0] ? apply.id : NULL, 0, 0);
}

/* The newest that is in force. */
static int find_last(const struct folder *folder, char id[APPLY_ID_SIZE], struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        name_list ids = {0};
        bool found = false;
        int r = folder_applies(folder, pool, &ids, err);

        for (size_t i = ids.n; i-- > 0 && !found && r == 0;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                found = apply_open(folder, ids.at[i], &apply, NULL) == 0 && apply_in_force(&apply);
                if (found)
                        (void)snprintf(id, APPLY_ID_SIZE, "%s", ids.at[i]);
        }
        vec_clear(&ids);
        return r < 0 || found ? r : err_set(err, -ENOENT, "nothing that was applied is in force");
}

/* Of one that is confirmed, the rollback is armed anew: an undo that is killed is finished by it. */
static int undo_asked(struct desk *desk, struct apply *apply, size_t *left, struct err *err)
{
        const struct pending undoing = pending_of(apply->id, PENDING_UNDOING, 0);
        struct run run = run_of(desk, apply);
        _cleanup_str_ struct str why = {0};
        struct pending pending;
        int r = folder_pending(&desk->folder, &pending, err);

        if (r < 0)
                return r;
        if (pending.state != PENDING_NONE && !streq(pending.id, apply->id))
                return err_set(err, -EBUSY, "apply %s is not confirmed yet; confirm or undo it first",
                               pending.id);
        r = run_check(&run, err);
        if (r == 0 && pending.state == PENDING_NONE) {
                r = folder_set_pending(&desk->folder, &undoing, err);
                if (r == 0)
                        r = arm(&desk->folder, apply->id, desk->program, desk->bus, desk->root_fd, watch,
                                err);
                if (r < 0)
                        (void)folder_clear_pending(&desk->folder, NULL);
        }
        by_whom("asked for", &why);
        return r < 0 ? r : undo(desk, apply, why.text, false, left, err);
}

static int request_undo(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        struct pending finished = {0};
        char id[APPLY_ID_SIZE] = "";
        struct err err = {0};
        size_t left = 0;
        int r = desk_open(&desk, false, &err);

        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
        if (r == 0)
                r = finish_interrupted(&desk, &finished, &left, &err);
        /* that was the one that is meant; "last" is not to reach for the one before it */
        if (finished.state != PENDING_NONE && (streq(asked->id, "last") || streq(asked->id, finished.id)))
                return tell_result(r, &err, finished.id, 0, left);
        if (r == 0 && streq(asked->id, "last"))
                r = find_last(&desk.folder, id, &err);
        if (r == 0)
                r = apply_open(&desk.folder, id[0] ? id : asked->id, &apply, &err);
        if (r == 0 && !apply_in_force(&apply))
                r = err_set(&err, -EALREADY, "apply %s is undone already", apply.id);
        if (r == 0)
                r = undo_asked(&desk, &apply, &left, &err);
        return tell_result(r, &err, apply.id[0] ? apply.id : NULL, 0, left);
}

/* --- status and load ------------------------------------------------------------------------- */

static void tell_journal(struct json *j, const struct apply *apply)
{
        json_open_array(j, "journal");
        for (size_t i = 0; i < apply->journal.lines.n; i++) {
                const struct journal_line *line = &apply->journal.lines.at[i];
                _cleanup_str_ struct str words = {0};

                json_open_object(j, NULL);
                json_str(j, "event", journal_event_name(line->event));
                json_u64(j, "time", (uint64_t)line->time_s);
                if (line->step < apply->steps.n) {
                        step_words(&apply->steps.at[line->step], &words);
                        json_str(j, "step", str_text(&words));
                }
                if (line->note)
                        json_str(j, "note", line->note);
                json_end(j);
        }
        json_end(j);
}

static void tell_apply(const struct apply *apply, const struct pending *pending)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);
        uint64_t now = boot_clock_ns();
        bool is_pending = streq(pending->id, apply->id);

        json_open_object(&j, NULL);
        json_str(&j, "type", "apply");
        json_str(&j, "id", apply->id);
        json_str(&j, "state", is_pending ? pending_state_name(pending->state) : apply_state(apply));
        if (is_pending && pending->state == PENDING_WAITING)
                json_u64(&j, "seconds_left",
                         pending->deadline_ns > now ? (pending->deadline_ns - now) / SECOND_NS : 0);
        json_raw(&j, "request", apply->request, strlen(apply->request));
        tell_journal(&j, apply);
        json_end_line(&j);
        put_line(&line);
}

static int request_status(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct pending pending = {0};
        struct err err = {0};
        name_list ids = {0};
        int r = desk_open(&desk, false, &err);

        if (r == -ENOENT)
                return tell_result(0, &err, NULL, 0, 0);
        if (r == 0)
                r = folder_pending(&desk.folder, &pending, &err);
        if (r == 0)
                r = folder_applies(&desk.folder, pool, &ids, &err);
        for (size_t i = 0; i < ids.n && r == 0; i++) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};
                struct err why = {0};

                if (apply_open(&desk.folder, ids.at[i], &apply, &why) == 0)
                        tell_apply(&apply, &pending);
                else
                        tell_note(why.text);
        }
        vec_clear(&ids);
        return tell_result(r, &err, NULL, 0, 0);
}

/* Of the newest apply that is in force and confirmed. */
static int load_tables(const struct folder *folder, struct pool *pool, struct err *err)
{
        name_list ids = {0};
        const char *loaded[2] = {"", ""};
        size_t n = 0;
        int r = folder_applies(folder, pool, &ids, err);

        for (size_t i = ids.n; i-- > 0 && r == 0;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                if (apply_open(folder, ids.at[i], &apply, NULL) < 0 ||
                    !streq(apply_state(&apply), "confirmed"))
                        continue;
                vec_foreach(step, &apply.steps) {
                        if (step->op != STEP_TABLE || n == array_len(loaded) ||
                            streq(step->names[0], loaded[0]))
                                continue;
                        loaded[n++] = pool_intern(pool, step->names[0]);
                        r = r < 0 ? r : table_load(step->names[0], step->lines, err);
                }
        }
        vec_clear(&ids);
        return r;
}

static int request_load(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct err err = {0};
        int r = desk_open(&desk, false, &err);

        if (r == 0 && folder_lock(&desk.folder, LOCK_MS, &err) == -EBUSY)
                r = -EBUSY; /* where it cannot be taken for another reason nothing is changed, either */
        if (r == 0)
                r = load_tables(&desk.folder, pool, &err);
        return tell_result(r, &err, NULL, 0, 0);
}

/* --- what it is asked ------------------------------------------------------------------------ */

#define TAKES_CONFIRM 1u
#define TAKES_CONSOLE 2u
#define TAKES_ID      4u

static const struct request {
        const char *name, *what;
        int (*run)(const struct asked *asked);
        unsigned takes;
} requests[] = {
        {"apply", "do the actions of standard input (--confirm-within SECONDS, --plan ID)", request_apply,
         TAKES_CONFIRM},
        {"confirm", "keep what was applied (--at-console)", request_confirm, TAKES_CONSOLE},
        {"proved", "note that a probe from outside passed", request_proved, 0},
        {"undo", "undo an apply: ID or last", request_undo, TAKES_ID},
        {"status", "tell of all applies", request_status, 0},
        {"rollback", "wait for the confirmation of ID, and undo it without", request_rollback, TAKES_ID},
        {"boot", "undo what is found unconfirmed", request_boot, 0},
        {"load", "load the firewall that is in force", request_load, 0},
};

static int usage(FILE *to, int status)
{
        (void)fprintf(to, "usage: quaymaster-harden REQUEST [OPTION]...\n\n"
                          "Changes how this host is set up, for quaymaster, which starts it. Requests:\n");
        for (size_t i = 0; i < array_len(requests); i++)
                (void)fprintf(to, "  %-9s %s\n", requests[i].name, requests[i].what);
        (void)fprintf(to, "Options: --version, --help\n");
        return status;
}

static bool parse_option(char **argv, int *i, unsigned takes, struct asked *asked)
{
        const char *value = argv[*i + 1];

        if (takes & TAKES_CONSOLE && streq(argv[*i], "--at-console"))
                return (asked->at_console = true);
        if (takes & TAKES_CONFIRM && value && streq(argv[*i], "--confirm-within")) {
                ++*i;
                return str_to_u64(value, CONFIRM_MAX, &asked->confirm_s) == 0 &&
                       asked->confirm_s >= CONFIRM_MIN;
        }
        if (takes & TAKES_CONFIRM && value && streq(argv[*i], "--plan")) {
                ++*i;
                asked->plan = value;
                return strlen(value) <= 64 && strspn(value, "0123456789abcdef") == strlen(value);
        }
        if (takes & TAKES_ID && !asked->id && (apply_id_good(argv[*i]) || streq(argv[*i], "last")))
                return (asked->id = argv[*i]) != NULL;
        return false;
}

static bool parse(int argc, char **argv, unsigned takes, struct asked *asked)
{
        for (int i = 2; i < argc; i++)
                if (!parse_option(argv, &i, takes, asked))
                        return false;
        return (!(takes & TAKES_ID) || asked->id) && (!(takes & TAKES_CONFIRM) || asked->confirm_s);
}

/*
 * A terminal that goes away, and a caller that is killed, must not leave half of it done; nor may limits that a caller
 * left (sudo hands them on) end us or the rollback in the middle: RLIMIT_FSIZE kills, RLIMIT_CPU does so later.
 */
static void outlive_caller(void)
{
        static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTOU, SIGXFSZ};
        static const int limits[] = {RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_AS, RLIMIT_DATA, RLIMIT_RSS};
        const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
        struct rlimit limit;
        sigset_t no_signals;

        for (size_t i = 0; i < array_len(ignored); i++)
                (void)signal(ignored[i], SIG_IGN);
        (void)signal(SIGCHLD, SIG_DFL); /* where it is ignored no child can be waited for */
        sigemptyset(&no_signals);
        (void)sigprocmask(SIG_SETMASK, &no_signals, NULL);
        for (size_t i = 0; i < array_len(limits); i++)
                if (setrlimit((unsigned)limits[i], &none) < 0 &&
                    getrlimit((unsigned)limits[i], &limit) == 0) {
                        limit.rlim_cur = limit.rlim_max;
                        (void)setrlimit((unsigned)limits[i], &limit);
                }
        (void)umask(022);
}

/* Where one of the first three is closed, what is opened next would get what we say written into it. */
static bool have_standard_files(void)
{
        int fd;

        do
                fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        while (fd >= 0 && fd <= STDERR_FILENO);
        fd_close(&fd);
        return fcntl(STDERR_FILENO, F_GETFD) >= 0;
}

int enforce_main(int argc, char **argv, const char *version)
{
        struct asked asked = {0};

        (void)clearenv();
        outlive_caller();
        if (!have_standard_files())
                return STATUS_FAILED;
        if (argc == 2 && streq(argv[1], "--version"))
                return printf("quaymaster-harden %s\n", version) < 0 ? STATUS_FAILED : STATUS_DONE;
        if (argc == 2 && streq(argv[1], "--help"))
                return usage(stdout, STATUS_DONE);
        for (size_t i = 0; argc >= 2 && i < array_len(requests); i++)
                if (streq(argv[1], requests[i].name) && parse(argc, argv, requests[i].takes, &asked))
                        return requests[i].run(&asked);
        return usage(stderr, STATUS_USAGE);
}
