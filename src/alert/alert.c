/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/alert.h"

#include <errno.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_read.h"

#define SYSLOG_CRITICAL 2u
#define SYSLOG_WARNING  4u
#define SYSLOG_NOTICE   5u

unsigned alert_severity(const struct alert *a)
{
        if (a->test || a->verdict == VERDICT_APPROVED)
                return SYSLOG_NOTICE;
        return a->verdict == VERDICT_PROHIBITED ? SYSLOG_CRITICAL : SYSLOG_WARNING;
}

const char *alert_verdict_name(enum verdict verdict)
{
        return verdict == VERDICT_NONE ? "unjudged" : verdict_name(verdict);
}

void alert_write(struct str *to, const struct alert *a, const char *event_json, size_t event_len)
{
        struct json j = json_to(to);
        char time[CLOCK_TEXT_SIZE];

        json_open_object(&j, NULL);
        json_str(&j, "type", "alert");
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", a->asset);
        json_str(&j, "vantage", "inside");
        json_str(&j, "time", clock_format(a->time_ms / 1000, time));
        json_str(&j, "id", a->id);
        json_str(&j, "kind", a->kind);
        json_str(&j, "verdict", verdict_name(a->verdict));
        json_str(&j, "subject", a->subject);
        json_str(&j, "message", a->message);
        json_u64(&j, "count", a->count);
        json_str(&j, "state", a->state);
        json_bool(&j, "test", a->test);
        json_u64(&j, "first_ms", (uint64_t)a->first_ms);
        json_u64(&j, "time_ms", (uint64_t)a->time_ms);
        if (event_json && event_len <= ALERT_EVENT_MAX)
                json_raw(&j, "event", event_json, event_len);
        else
                json_put_null(&j, "event");
        json_end(&j);
}

static const char *read_text(struct json_read *r, struct pool *pool)
{
        struct json_text text;

        return json_read_text(r, &text) ? pool_intern_n(pool, text.at, text.len) : NULL;
}

static bool read_texts(struct json_read *r, const struct json_text *key, struct pool *pool, struct alert *a)
{
        const struct {
                const char *key;
                const char **to;
        } texts[] = {{"id", &a->id},           {"asset", &a->asset},     {"kind", &a->kind},
                     {"subject", &a->subject}, {"message", &a->message}, {"state", &a->state}};

        for (size_t i = 0; i < array_len(texts); i++)
                if (json_text_is_n(key, texts[i].key, strlen(texts[i].key))) {
                        *texts[i].to = read_text(r, pool);
                        return true;
                }
        return false;
}

static bool read_numbers(struct json_read *r, const struct json_text *key, struct alert *a)
{
        const struct {
                const char *key;
                void *to;
        } numbers[] = {{"count", &a->count}, {"first_ms", &a->first_ms}, {"time_ms", &a->time_ms}};
        uint64_t value;

        for (size_t i = 0; i < array_len(numbers); i++)
                if (json_text_is_n(key, numbers[i].key, strlen(numbers[i].key))) {
                        if (json_read_u64(r, &value) && value <= INT64_MAX)
                                memcpy(numbers[i].to, &value, sizeof(value));
                        return true;
                }
        return false;
}

static void read_verdict(struct json_read *r, struct pool *pool, struct alert *a)
{
        const char *word = read_text(r, pool);

        a->verdict = word ? verdict_parse(word) : VERDICT_NONE;
        if (a->verdict == VERDICT_MAX)
                a->verdict = VERDICT_NONE;
}

int alert_read(const char *text, size_t len, struct pool *pool, struct alert *ret)
{
        struct json_text key;
        struct json_read r = {0};
        bool is_alert = false;

        *ret = (struct alert){.id = "", .asset = "", .kind = "", .subject = "", .message = ""};
        json_read_init(&r, text, len);
        json_read_open(&r, '{');
        while (json_read_key(&r, &key)) {
                if (json_text_is(&key, "type"))
                        is_alert = streq_ptr(read_text(&r, pool), "alert");
                else if (json_text_is(&key, "verdict"))
                        read_verdict(&r, pool, ret);
                else if (json_text_is(&key, "test"))
                        (void)json_read_bool(&r, &ret->test);
                else if (!read_texts(&r, &key, pool, ret) && !read_numbers(&r, &key, ret))
                        json_read_skip(&r);
        }
        if (r.fault || !ret->id || !ret->asset || !ret->kind || !ret->subject || !ret->message)
                is_alert = false;
        json_read_release(&r);
        return is_alert ? 0 : -EBADMSG;
}
