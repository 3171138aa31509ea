/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/enforce.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
        int r;

        (void)journal_add(apply->journal_fd, JOURNAL_UNDONE, JOURNAL_NO_STEP, NULL,
                          NULL); /* a full disk ends nothing */
        r = disarm(desk->root_fd, desk->bus, err);
        return r < 0 ? r : folder_clear_pending(&desk->folder, err);
}

/* With the lock, and `pending` on the disk. */
static int undo(struct desk *desk, struct apply *apply, const char *why, bool at_boot, size_t *left,
                struct err *err)
{
        const struct pending p = pending_of(apply->id, PENDING_UNDOING, 0);
        struct run run = run_of(desk, apply);
        int r;

        run.at_boot = at_boot;
        (void)folder_set_pending(&desk->folder, &p, NULL); /* a full disk: what is there says undo, too */
        (void)journal_add(apply->journal_fd, JOURNAL_UNDO, JOURNAL_NO_STEP, why, NULL);
        r = run_undo(&run, err);
        *left = run.n_left;
        return r < 0 ? r : settle_undone(desk, apply, err);
}

/* --- rollback -------------------------------------------------------------------------------- */

/* A confirmation that was killed between its two halves holds. */
static bool is_confirmed(const struct apply *apply, const struct pending *pending)
{
        return pending->state == PENDING_WAITING &&
               journal_last(&apply->journal, JOURNAL_CONFIRMED, JOURNAL_NO_STEP);
}

static int roll_back(struct desk *desk, const struct pending *pending, bool at_boot, struct err *err)
{
        static const char *const why[PENDING_STATE_MAX] = {
                [PENDING_RUNNING] = "the apply was interrupted",
                [PENDING_WAITING] = "it was not confirmed in time",
                [PENDING_UNDOING] = "the undo was interrupted",
        };
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        size_t left = 0;
        int r = apply_open(&desk->folder, pending->id, &apply, err);

        if (r < 0)
                return r;
        if (is_confirmed(&apply, pending)) {
                r = folder_clear_pending(&desk->folder, err);
                return r < 0 ? r : disarm(desk->root_fd, desk->bus, err);
        }
        return undo(desk, &apply, at_boot ? "found unconfirmed at boot" : why[pending->state], at_boot,
                    &left, err);
}

/* Look once: false when there is nothing left to watch. */
static bool watch_once(struct desk *desk, const char *id, int *wait_ms)
{
        struct pending pending;
        struct err err = {0};
        char boot[BOOT_ID_SIZE];
        int r = folder_pending(&desk->folder, &pending, &err);

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
        if (pending_advise(&pending, boot_clock_ns(), boot_id(boot)) == PENDING_WAIT ||
            folder_lock(&desk->folder, 0, NULL) < 0)
                return true;
        /* again, now that nobody else writes it */
        if (folder_pending(&desk->folder, &pending, &err) == 0 && streq(pending.id, id) &&
            pending_advise(&pending, boot_clock_ns(), boot) == PENDING_UNDO_WITH_LOCK &&
            roll_back(desk, &pending, false, &err) < 0)
                *wait_ms = RETRY_MS;
        fd_close(&desk->folder.lock_fd);
        return true;
}

static void watch(const char *id)
{
        _cleanup_(desk_release) struct desk desk;
        int wait_ms;

        while (desk_open(&desk, false, NULL) < 0) {
                desk_release(&desk);
                (void)poll(NULL, 0, RETRY_MS);
        }
        while (watch_once(&desk, id, &wait_ms))
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
        int r = desk_open(&desk, false, &err);

        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
        if (r == 0)
                r = folder_pending(&desk.folder, &pending, &err);
        if (r == 0 && pending.state != PENDING_NONE)
                r = roll_back(&desk, &pending, true, &err);
        return tell_result(r, &err, r == 0 ? pending.id : NULL, 0, 0);
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

static int check_free(const struct folder *folder, struct err *err)
{
        struct pending pending;
        int r = folder_pending(folder, &pending, err);

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

static int compile_all(struct desk *desk, struct compile *c, const struct asked *asked, struct str *request,
                       struct err *err)
{
        _cleanup_str_ struct str actions = {0};
        struct session session;
        int r = fd_read_all(STDIN_FILENO, REQUESTS_MAX, &actions);

        if (r < 0)
                return err_errno(err, -r, "reading the actions");
        session_read(&session);
        write_request(asked, &session, &actions, request);
        r = read_actions(c, &actions, err);
        if (r == 0 && !c->steps.n)
                return err_set(err, -ENOENT,
                               "there is nothing to do: no action, or all of it is so already");
        return r;
}

static int request_apply(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_apply_ struct apply apply = {.journal_fd = -1, .pool = pool_new()};
        _cleanup_str_ struct str request = {0};
        struct err err = {0};
        size_t left = 0;
        int r = desk_open(&desk, true, &err);
        struct compile c = {.root_fd = desk.root_fd,
                            .bus = desk.bus,
                            .folder = &desk.folder,
                            .program = desk.program,
                            .pool = apply.pool};

        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
        if (r == 0)
                r = check_free(&desk.folder, &err);
        if (r == 0)
                r = compile_all(&desk, &c, asked, &request, &err);
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
        char boot[BOOT_ID_SIZE];
        int r = desk_open(desk, false, err);

        if (r == 0)
                r = folder_lock(&desk->folder, LOCK_MS, err);
        if (r == 0)
                r = folder_pending(&desk->folder, &pending, err);
        if (r < 0)
                return r;
        if (pending.state != PENDING_WAITING)
                return err_set(err, -ENOENT,
                               "no apply waits to be confirmed (see: quaymaster harden status)");
        if (pending_advise(&pending, boot_clock_ns(), boot_id(boot)) != PENDING_WAIT)
                return err_set(err, -ETIME, "it is too late: apply %s is being undone", pending.id);
        return apply_open(&desk->folder, pending.id, apply, err);
}

static int request_confirm(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk = {.root_fd = -1, .folder = {.fd = -1, .lock_fd = -1}};
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        struct err err = {0};
        const char *how;
        int r = open_waiting(&desk, &apply, &err);

        if (r == 0)
                r = may_confirm(&apply, asked, &how, &err);
        if (r == 0)
                r = journal_add(apply.journal_fd, JOURNAL_CONFIRMED, JOURNAL_NO_STEP, how, &err);
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
        return r < 0 ? r : undo(desk, apply, "asked for", false, left, err);
}

static int request_undo(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        char id[APPLY_ID_SIZE] = "";
        struct err err = {0};
        size_t left = 0;
        int r = desk_open(&desk, false, &err);

        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
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

/* A terminal that goes away, and a caller that is killed, must not leave half of it done. */
static void outlive_caller(void)
{
        static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTOU};

        for (size_t i = 0; i < array_len(signals); i++)
                (void)signal(signals[i], SIG_IGN);
        (void)umask(022);
}

int enforce_main(int argc, char **argv, const char *version)
{
        struct asked asked = {0};

        (void)clearenv();
        outlive_caller();
        if (argc == 2 && streq(argv[1], "--version"))
                return printf("quaymaster-harden %s\n", version) < 0 ? STATUS_FAILED : STATUS_DONE;
        if (argc == 2 && streq(argv[1], "--help"))
                return usage(stdout, STATUS_DONE);
        for (size_t i = 0; argc >= 2 && i < array_len(requests); i++)
                if (streq(argv[1], requests[i].name) && parse(argc, argv, requests[i].takes, &asked))
                        return requests[i].run(&asked);
        return usage(stderr, STATUS_USAGE);
}
