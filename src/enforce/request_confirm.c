/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json_read.h"
#include "enforce/arm.h"
#include "enforce/rollback.h"
#include "enforce/session.h"
#include "enforce/tell.h"

#define EVIDENCE_MAX 4000

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

int request_confirm(const struct asked *asked)
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
                r = disarm(desk.root_fd, &err);
        return tell_result(r, &err, apply.id[0] ? apply.id : NULL, 0, 0);
}

int request_proved(const struct asked *asked)
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
