/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/tell.h"

#include <stdint.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"

void tell_line(const struct str *line)
{
        (void)fd_write_all(STDOUT_FILENO, line->text, line->len);
}

void tell_step(const char *event, const struct step *step, const char *error, void *arg)
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
        tell_line(&line);
}

void tell_note(const char *text)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);

        json_open_object(&j, NULL);
        json_str(&j, "type", "note");
        json_str(&j, "text", text);
        json_end_line(&j);
        tell_line(&line);
}

int tell_result(int r, const struct err *err, const char *id, uint64_t seconds, size_t left)
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
        tell_line(&line);
        return r < 0 ? STATUS_FAILED : STATUS_DONE;
}
