/* SPDX-License-Identifier: GPL-2.0-or-later */
/* harden confirm, undo and status: what was applied before. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/harden.h"
#include "cli/harden_child.h"
#include "collect/asset.h"

#define ID_EXAMPLE "20260501-180000-95468b"

static void say(const char *text)
{
        _cleanup_str_ struct str line = {0};

        text_add_printable(&line, text);
        (void)printf("%s\n", str_text(&line));
}

int harden_confirm(const struct invocation *in, struct err *err)
{
        const char *words[] = {"confirm", invocation_has(in, "at-console") ? "--at-console" : NULL, NULL};
        int r = harden_child(words, NULL, NULL, NULL, err);

        if (r == 0)
                (void)printf(
                        "Confirmed: what was applied stays. Back again at any time: quaymaster harden undo\n");
        return harden_child_status(r);
}

static void tell_undo(const struct child_line *line, void *arg)
{
        _cleanup_str_ struct str text = {0};
        size_t *left = arg;

        if (!streq(line->type, "step"))
                return;
        if (streq(line->event, "left"))
                (*left)++;
        str_addf(&text, "  %s: %s", streq(line->event, "left") ? "NOT undone" : "undone",
                 str_text(&line->words));
        if (line->error.len)
                str_addf(&text, ": %s", line->error.text);
        say(str_text(&text));
}

int harden_undo(const struct invocation *in, struct err *err)
{
        const char *id = in->n_arguments > 1 ? in->arguments[1] : "last", *words[] = {"undo", id, NULL};
        size_t left = 0;
        int r;

        if (!streq(id, "last") && (strlen(id) != strlen(ID_EXAMPLE) || strspn(id, "0123456789abcdef-") != strlen(id))) {
                err_set(err, -EINVAL, "'%s' is no apply, as " ID_EXAMPLE " (see: quaymaster harden status)", id);
                return QM_EXIT_USAGE;
        }
        r = harden_child(words, NULL, tell_undo, &left, err);

        if (r == 0)
                (void)printf(left ? "Undone but for %zu; look at them.\n"
                                  : "Undone: all is as it was before.\n",
                             left);
        return r == 0 && left ? QM_EXIT_INCOMPLETE : harden_child_status(r);
}

struct status {
        bool json;
        size_t n, n_unread;
        struct inside *host;
        struct str out;
};

/* A record of quaymaster-harden, which does not know what the host is called, with what every record has. */
static void add_record(struct status *status, const char *type, const char *rest)
{
        char time[CLOCK_TEXT_SIZE];
        struct json j = json_to(&status->out);

        json_open_record(&j, type, status->host->asset, "inside", clock_format(clock_now_s(), time));
        str_addf(&status->out, ",%s\n", rest);
}

/* "ID  undone but for 1: it was not confirmed in time" */
static void status_words(const struct child_line *line, struct str *to)
{
        if (streq(line->type, "note")) {
                str_add(to, str_text(&line->words));
                return;
        }
        if (streq(line->state, "waiting")) {
                str_addf(to, "%s  waits to be confirmed; undone in %llu s else (quaymaster harden confirm)",
                         line->id, (unsigned long long)line->seconds_left);
                return;
        }
        str_addf(to, "%s  %s", line->id, line->state);
        if (line->left)
                str_addf(to, " but for %llu", (unsigned long long)line->left);
        if (line->words.len)
                str_addf(to, ": %s", line->words.text);
}

static void tell_status(const struct child_line *line, void *arg)
{
        _cleanup_str_ struct str text = {0};
        struct status *status = arg;

        if (!streq(line->type, "apply") && !streq(line->type, "note"))
                return;
        status->n += streq(line->type, "apply");
        status->n_unread += streq(line->type, "note");
        if (status->json) {
                _cleanup_free_ char *head = xasprintf("{\"type\":\"%s\",", line->type);
                const char *rest = str_after(line->raw, head);

                add_record(status, line->type, rest ? rest : "}");
                return;
        }
        status_words(line, &text);
        text_add_printable(&status->out, str_text(&text));
        str_add(&status->out, "\n");
}

int harden_status(const struct invocation *in, struct err *err)
{
        static const char *const words[] = {"status", NULL};
        _cleanup_(inside_freep) struct inside *host = inside_new();
        _cleanup_free_ char *end = NULL;
        struct status status = {.json = invocation_has(in, "json"), .host = host};
        int r, written;

        asset_identify(host);
        r = harden_child(words, NULL, tell_status, &status, err);
        end = xasprintf("\"applies\":%zu,\"complete\":%s,\"incomplete\":[%s]}", status.n,
                        status.n_unread ? "false" : "true",
                        status.n_unread ? "\"some of what is kept cannot be read\"" : "");
        if (r == 0 && status.json)
                add_record(&status, "summary", end);
        else if (r == 0 && !status.n && !status.n_unread)
                str_add(&status.out, "Nothing was ever applied on this host.\n");
        written = fd_write_all(STDOUT_FILENO, str_text(&status.out), status.out.len);
        if (r == 0 && written < 0 && written != -EPIPE)
                err_errno(err, -written, "cannot write the status");
        str_release(&status.out);
        return r == 0 && (status.n_unread || written < 0) ? QM_EXIT_INCOMPLETE : harden_child_status(r);
}
