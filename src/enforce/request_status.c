/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/request.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "enforce/desk.h"
#include "enforce/tell.h"

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
        if (apply_undo_why(apply))
                json_str(&j, "undo_why", apply_undo_why(apply));
        if (apply_left(apply))
                json_u64(&j, "left", apply_left(apply));
        json_raw(&j, "request", apply->request, strlen(apply->request));
        tell_journal(&j, apply);
        json_end_line(&j);
        tell_line(&line);
}

int request_status(const struct asked *asked)
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
        if (r == -EBADMSG) { /* whoever changes something next puts it right */
                tell_note("the file 'pending' is damaged; `quaymaster harden undo` undoes what is not confirmed");
                pending = (struct pending){0};
                r = 0;
        }
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
