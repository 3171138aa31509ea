/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/message.h"

#include <ctype.h>
#include <string.h>

#define FIELDS_MAX 65536u

static bool is_digits(const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!isdigit((unsigned char)text[i]))
                        return false;
        return true;
}

/* "HTTP/1.1 200 OK" */
static bool status_line(const struct line *line, struct message *ret)
{
        struct line code;

        ret->version = line_word(line, 0);
        code = line_word(line, 1);
        if (code.len != 3 || !is_digits(code.text, 3) || code.text[0] == '0')
                return false;
        ret->code =
                (unsigned)((code.text[0] - '0') * 100 + (code.text[1] - '0') * 10 + (code.text[2] - '0'));
        ret->reason = line_after(line, (size_t)(code.text - line->text) + 3);
        return true;
}

enum message_state message_read(const uint8_t *data, size_t len, const char *protocol, bool ended,
                                struct message *ret)
{
        size_t n = strlen(protocol), at = 0, start;
        struct line line;

        if (memcmp(data, protocol, len < n ? len : n) != 0)
                return MESSAGE_NONE;
        *ret = (struct message){0};
        if (!line_next(data, len, &at, &line)) {
                if (!ended)
                        return len < 4096 ? MESSAGE_PART : MESSAGE_NONE;
                line = (struct line){(const char *)data, len};
                at = len;
        }
        if (!line_starts(&line, protocol) || !status_line(&line, ret))
                return MESSAGE_NONE;
        start = at;
        while (line_next(data, len, &at, &line))
                if (!line.len) {
                        ret->fields = (struct line){(const char *)data + start,
                                                    (size_t)(line.text - (const char *)data) - start};
                        ret->body = (struct line){(const char *)data + at, len - at};
                        return MESSAGE_WHOLE;
                }
        if (!ended && len < FIELDS_MAX)
                return MESSAGE_PART;
        ret->fields = (struct line){(const char *)data + start, len - start};
        return MESSAGE_WHOLE;
}

bool message_field(const struct message *m, const char *name, struct line *ret)
{
        size_t n = strlen(name), at = 0;
        struct line line;

        while (line_next((const uint8_t *)m->fields.text, m->fields.len, &at, &line))
                if (line.len > n && line.text[n] == ':' && line_starts_i(&line, name)) {
                        *ret = line_after(&line, n + 1);
                        return true;
                }
        *ret = (struct line){0};
        return false;
}

bool message_body_whole(const struct message *m)
{
        struct line value;
        size_t need = 0;

        if (m->code < 200 || m->code == 204 || m->code == 304)
                return true;
        if (message_field(m, "Transfer-Encoding", &value))
                return m->body.len >= 5 && memcmp(m->body.text + m->body.len - 5, "0\r\n\r\n", 5) == 0;
        if (!message_field(m, "Content-Length", &value))
                return false;
        for (size_t i = 0; i < value.len && isdigit((unsigned char)value.text[i]) && need < FIELDS_MAX; i++)
                need = need * 10 + (size_t)(value.text[i] - '0');
        return m->body.len >= need;
}
