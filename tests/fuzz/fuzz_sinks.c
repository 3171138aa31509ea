/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sinks.yaml; and what a sink is given, as it may be read from a queue that was damaged. */
#include <stdlib.h>

#include "alert/journal_text.h"
#include "alert/mail_text.h"
#include "alert/place.h"
#include "alert/sinks_parse.h"
#include "alert/syslog_text.h"
#include "fuzz.h"

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void try_config(const char *text, size_t len, struct pool *pool)
{
        struct err err = {0};
        struct place place;
        struct sinks s;

        if (sinks_parse(text, len, "fuzz.yaml", pool, &s, &err) < 0) {
                check(err.code && str_after(err.text, "fuzz.yaml:"));
                return;
        }
        for (size_t i = 0; i < s.n; i++) {
                check(s.at[i].name && s.at[i].sink);
                if (s.at[i].url && !place_parse(s.at[i].url, &place) && streq(place.scheme, "http"))
                        check(place_is_loopback(&place));
        }
}

static void try_record(const char *text, size_t len, struct pool *pool)
{
        static const struct syslog_from from = {.host = "h", .version = "1", .pid = 1};
        static const char *const to[] = {"a@b"};
        _cleanup_str_ struct str syslog = {0}, cef = {0}, journal = {0}, mail = {0}, record = {0};
        struct alert a;

        if (alert_read(text, len, pool, &a) < 0)
                return;
        syslog_text_5424(&syslog, &from, &a);
        syslog_text_cef(&cef, &from, &a);
        check(!strchr(str_text(&syslog), '\n') && !strchr(str_text(&cef), '\n'));
        alert_write(&record, &a, NULL, 0);
        journal_text(&journal, &a, &record);
        mail_text(&mail, "a@b", to, 1, &a, &record, 0);
        for (const char *c = str_text(&mail); (c = strchr(c, '\n')); c++) /* only our own lines end */
                check(c[-1] == '\r');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        try_config((const char *)data, size, pool);
        try_record((const char *)data, size, pool);
        return 0;
}
