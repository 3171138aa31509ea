/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/json_read.h"
#include "enforce/boot_clock.h"

static const char *const event_names[JOURNAL_EVENT_MAX] = {
        [JOURNAL_ARMED] = "armed",         [JOURNAL_BEGIN] = "begin",     [JOURNAL_DONE] = "done",
        [JOURNAL_FAILED] = "failed",       [JOURNAL_APPLIED] = "applied", [JOURNAL_PROVED] = "proved",
        [JOURNAL_CONFIRMED] = "confirmed", [JOURNAL_UNDO] = "undo",       [JOURNAL_LEFT] = "left",
        [JOURNAL_UNDONE] = "undone",
};

const char *journal_event_name(enum journal_event event)
{
        return event < JOURNAL_EVENT_MAX ? event_names[event] : "?";
}

void journal_release(struct journal *journal)
{
        vec_clear(&journal->lines);
}

static enum journal_event parse_event(const struct json_text *word)
{
        size_t event = 0;

        while (event < JOURNAL_EVENT_MAX &&
               !json_text_is_n(word, event_names[event], strlen(event_names[event])))
                event++;
        return (enum journal_event)event;
}

static bool parse_line(struct json_read *r, struct pool *pool, struct journal_line *line)
{
        struct json_text key, text;
        uint64_t number;

        *line = (struct journal_line){.event = JOURNAL_EVENT_MAX, .step = JOURNAL_NO_STEP};
        json_read_open(r, '{');
        while (json_read_key(r, &key)) {
                if (json_text_is(&key, "event"))
                        line->event = json_read_text(r, &text) ? parse_event(&text) : JOURNAL_EVENT_MAX;
                else if (json_text_is(&key, "note"))
                        line->note =
                                json_read_text(r, &text) ? pool_intern_n(pool, text.at, text.len) : NULL;
                else if (json_text_is(&key, "step"))
                        line->step = json_read_u64(r, &number) && number < JOURNAL_NO_STEP ? (uint32_t)number
                                                                                           : JOURNAL_NO_STEP;
                else if (json_text_is(&key, "time"))
                        line->time_s =
                                json_read_u64(r, &number) && number <= INT64_MAX ? (int64_t)number : 0;
                else if (json_text_is(&key, "boot_ns"))
                        line->boot_ns = json_read_u64(r, &number) ? number : 0;
                else
                        json_read_skip(r);
        }
        return json_read_end(r) && line->event != JOURNAL_EVENT_MAX;
}

void journal_read(const char *text, size_t len, struct pool *pool, struct journal *ret)
{
        const char *end = text + len;
        struct json_read r = {0};

        *ret = (struct journal){0};
        while (text < end) {
                const char *stop = memchr(text, '\n', (size_t)(end - text));
                struct journal_line line;

                json_read_init(&r, text, (size_t)((stop ? stop : end) - text));
                if (stop && parse_line(&r, pool, &line))
                        *vec_push(&ret->lines) = line;
                else if (stop != text)
                        ret->n_damaged++;
                text = stop ? stop + 1 : end;
        }
        json_read_release(&r);
}

const struct journal_line *journal_last(const struct journal *journal, enum journal_event event,
                                        uint32_t step)
{
        for (size_t i = journal->lines.n; i-- > 0;) {
                const struct journal_line *line = &journal->lines.at[i];

                if (line->event == event && (step == JOURNAL_NO_STEP || line->step == step))
                        return line;
        }
        return NULL;
}

int journal_add(int fd, enum journal_event event, uint32_t step, const char *note, struct err *err)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);
        int r;

        /* what a crash tore off is ended, so that it does not take the next line with it */
        str_add_char(&line, '\n');
        json_open_object(&j, NULL);
        json_str(&j, "event", event_names[event]);
        if (step != JOURNAL_NO_STEP)
                json_u64(&j, "step", step);
        json_u64(&j, "time", (uint64_t)clock_now_s());
        json_u64(&j, "boot_ns", boot_clock_ns());
        if (note)
                json_str(&j, "note", note);
        json_end_line(&j);
        r = fd_write_all(fd, line.text, line.len);
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        return r < 0 ? err_errno(err, -r, "writing the journal") : 0;
}
