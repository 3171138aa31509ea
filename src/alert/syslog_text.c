/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/syslog_text.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

#define FACILITY_AUTHPRIV 10u /* RFC 5424, table 1: security/authorization */
#define HOST_MAX          255

/* A header field of RFC 5424: printable ASCII without blanks, "-" for nothing. */
static void add_word(struct str *to, const char *s, size_t max)
{
        size_t begin = to->len;

        for (; *s && to->len - begin < max; s++)
                if (*s > ' ' && *s < 127)
                        str_add_char(to, *s);
        if (to->len == begin)
                str_add_char(to, '-');
}

/* Printable, each of `special` behind a backslash. */
static void add_escaped(struct str *to, const char *s, const char *special)
{
        _cleanup_str_ struct str safe = {0};

        text_add_printable(&safe, s);
        for (const char *c = str_text(&safe); *c; c++) {
                if (strchr(special, *c))
                        str_add_char(to, '\\');
                str_add_char(to, *c);
        }
}

static void add_param(struct str *to, const char *name, const char *value)
{
        str_addf(to, " %s=\"", name);
        add_escaped(to, value, "\"\\]"); /* RFC 5424, 6.3.3 */
        str_add_char(to, '"');
}

static void add_pri(struct str *to, const struct alert *a)
{
        str_addf(to, "<%u>", FACILITY_AUTHPRIV * 8 + alert_severity(a));
}

void syslog_text_5424(struct str *to, const struct syslog_from *from, const struct alert *a)
{
        char time[CLOCK_TEXT_SIZE];
        int len = (int)strlen(clock_format(a->time_ms / 1000, time));

        add_pri(to, a);
        str_addf(to, "1 %.*s.%03uZ ", len ? len - 1 : 0, time, (unsigned)(a->time_ms % 1000));
        add_word(to, from->host, HOST_MAX);
        str_addf(to, " quaymaster %d ", from->pid);
        add_word(to, a->kind, 32);
        str_add(to, " [quaymaster@32473");
        add_param(to, "id", a->id);
        add_param(to, "asset", a->asset);
        add_param(to, "kind", a->kind);
        add_param(to, "verdict", alert_verdict_name(a->verdict));
        add_param(to, "subject", a->subject);
        str_addf(to, " count=\"%llu\"", (unsigned long long)a->count);
        if (a->state)
                add_param(to, "state", a->state);
        if (a->test)
                add_param(to, "test", "true");
        str_add(to, "] ");
        text_add_printable(to, a->message);
}

/* Of 0 to 10, 7 and 8 are high and above is very high. */
static unsigned cef_severity(const struct alert *a)
{
        switch (alert_severity(a)) {
        case 2:
                return 9;
        case 4:
                return 6;
        default:
                return 2;
        }
}

static void add_extension(struct str *to, const char *key, const char *value)
{
        str_addf(to, " %s=", key);
        add_escaped(to, value, "\\=");
}

void syslog_text_cef(struct str *to, const struct syslog_from *from, const struct alert *a)
{
        time_t t = a->time_ms / 1000;
        char time[32] = "";
        struct tm tm;

        if (gmtime_r(&t, &tm))
                (void)strftime(time, sizeof(time), "%b %e %H:%M:%S", &tm);
        add_pri(to, a);
        str_addf(to, "%s ", time);
        add_word(to, from->host, HOST_MAX);
        str_addf(to, " CEF:0|Quaymaster|quaymaster|%s|", from->version);
        add_escaped(to, a->kind, "|\\");
        str_add_char(to, '|');
        add_escaped(to, a->test ? "test alert" : a->kind, "|\\");
        str_addf(to, "|%u|rt=%lld", cef_severity(a), (long long)a->time_ms);
        add_extension(to, "externalId", a->id);
        str_addf(to, " cnt=%llu", (unsigned long long)a->count);
        add_extension(to, "dvchost", from->host);
        str_add(to, " cs1Label=verdict");
        add_extension(to, "cs1", alert_verdict_name(a->verdict));
        str_add(to, " cs2Label=subject");
        add_extension(to, "cs2", a->subject);
        str_add(to, " cs3Label=asset");
        add_extension(to, "cs3", a->asset);
        if (a->state) {
                str_add(to, " cs4Label=state");
                add_extension(to, "cs4", a->state);
        }
        add_extension(to, "msg", a->message);
}
