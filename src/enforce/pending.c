/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/json_read.h"

static const char *const state_names[PENDING_STATE_MAX] = {"none", "running", "waiting", "undoing"};

const char *pending_state_name(enum pending_state state)
{
        return state < PENDING_STATE_MAX ? state_names[state] : "?";
}

const char *boot_id(char buf[BOOT_ID_SIZE])
{
        _cleanup_str_ struct str text = {0};

        buf[0] = '\0';
        if (fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &text) == 0)
                (void)snprintf(buf, BOOT_ID_SIZE, "%.36s", str_text(&text));
        return buf;
}

bool apply_id_good(const char *id)
{
        size_t len = strlen(id);

        return len > 0 && len < APPLY_ID_SIZE && strspn(id, "0123456789abcdef-") == len && id[0] != '-';
}

void pending_write(const struct pending *pending, struct str *to)
{
        struct json j = json_to(to);

        json_open_object(&j, NULL);
        json_str(&j, "state", pending_state_name(pending->state));
        json_str(&j, "id", pending->id);
        json_u64(&j, "deadline_boot_ns", pending->deadline_ns);
        json_str(&j, "boot_id", pending->boot_id);
        json_end_line(&j);
}

static void copy_text(struct json_read *r, char *to, size_t size)
{
        struct json_text text;

        to[0] = '\0';
        if (json_read_text(r, &text) && text.len < size) {
                memcpy(to, text.at, text.len);
                to[text.len] = '\0';
        }
}

static enum pending_state parse_state(struct json_read *r)
{
        char word[16];
        size_t state = 0;

        copy_text(r, word, sizeof(word));
        while (state < PENDING_STATE_MAX && !streq(word, state_names[state]))
                state++;
        return (enum pending_state)state;
}

int pending_parse(const char *text, size_t len, struct pending *ret, struct err *err)
{
        struct json_read r = {0};
        struct json_text key;
        bool good;

        *ret = (struct pending){.state = PENDING_STATE_MAX};
        json_read_init(&r, text, len);
        json_read_open(&r, '{');
        while (json_read_key(&r, &key)) {
                if (json_text_is(&key, "state"))
                        ret->state = parse_state(&r);
                else if (json_text_is(&key, "id"))
                        copy_text(&r, ret->id, sizeof(ret->id));
                else if (json_text_is(&key, "deadline_boot_ns"))
                        (void)json_read_u64(&r, &ret->deadline_ns);
                else if (json_text_is(&key, "boot_id"))
                        copy_text(&r, ret->boot_id, sizeof(ret->boot_id));
                else
                        json_read_skip(&r);
        }
        good = json_read_end(&r) && ret->state != PENDING_STATE_MAX && ret->state != PENDING_NONE &&
               apply_id_good(ret->id);
        json_read_release(&r);
        return good ? 0 : err_set(err, -EBADMSG, "the file 'pending' is damaged");
}

enum pending_advice pending_advise(const struct pending *pending, uint64_t now_ns, const char *boot)
{
        if (pending->state != PENDING_WAITING || !streq(pending->boot_id, boot))
                return PENDING_UNDO_WITH_LOCK;
        return now_ns >= pending->deadline_ns ? PENDING_UNDO_WITH_LOCK : PENDING_WAIT;
}
