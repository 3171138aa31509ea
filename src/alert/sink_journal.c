/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The systemd journal, by its own protocol: fields that journalctl can choose by. */
#include "alert/journal_text.h"
#include "alert/sink.h"
#include "alert/sink_socket.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static void add_field(struct str *to, const char *name, const char *value, size_t len)
{
        if (!memchr(value, '\n', len)) {
                str_addf(to, "%s=", name);
        } else { /* then its length stands before it, 64 bits little-endian */
                str_addf(to, "%s\n", name);
                for (unsigned i = 0; i < 8; i++)
                        str_add_char(to, (char)((uint64_t)len >> (8 * i)));
        }
        str_add_n(to, value, len);
        str_add_char(to, '\n');
}

void journal_text(struct str *to, const struct alert *a, const struct str *record)
{
        const struct {
                const char *name, *value;
        } fields[] = {
                {"MESSAGE", a->message},
                {"SYSLOG_IDENTIFIER", "quaymaster"},
                {"QUAYMASTER_ID", a->id},
                {"QUAYMASTER_KIND", a->kind},
                {"QUAYMASTER_VERDICT", alert_verdict_name(a->verdict)},
                {"QUAYMASTER_SUBJECT", a->subject},
                {"QUAYMASTER_STATE", a->state},
                {"QUAYMASTER_TEST", a->test ? "true" : NULL},
        };

        for (size_t i = 0; i < array_len(fields); i++)
                if (fields[i].value)
                        add_field(to, fields[i].name, fields[i].value, strlen(fields[i].value));
        str_addf(to, "PRIORITY=%u\nQUAYMASTER_COUNT=%llu\n", alert_severity(a),
                 (unsigned long long)a->count);
        add_field(to, "QUAYMASTER_RECORD", str_text(record), record->len);
}

static int check(struct yaml_read *r, struct sink_config *c)
{
        if (c->to.n > 1 || (c->to.n && *c->to.at[0] != '/'))
                return yaml_read_fail_at(r, c->line, "takes one 'to', the path of a socket (%s by default)",
                                         JOURNAL_SOCKET);
        return 0;
}

static int deliver(const struct sink_config *c, const struct alert *a, const struct str *record,
                   struct err *err)
{
        _cleanup_str_ struct str text = {0};

        journal_text(&text, a, record);
        return sink_socket_tell(c->to.n ? c->to.at[0] : JOURNAL_SOCKET, &text, err);
}

const struct sink sink_journal = {
        .name = "journal",
        .keys = (const char *const[]){"to", NULL},
        .check = check,
        .deliver = deliver,
};
