/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST of the record to an HTTPS address, signed, with the id of the alert to know it by when it comes twice. */
#include <errno.h>
#include <stdio.h>

#include "alert/curl_send.h"
#include "alert/place.h"
#include "alert/sink.h"
#include "alert/webhook_sign.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "config.h"

/* What says that this alert itself is not liked; with all else it may be a fault of the receiver that passes. */
static const long refusals[] = {400, 413, 415, 422};

/* What says that there is no time, or that nobody is behind it: nothing about the alert. */
static const long busy[] = {408, 425, 429, 502, 503, 504};

static int check(struct yaml_read *r, struct sink_config *c)
{
        struct place place;
        const char *wrong = place_parse(c->url, &place);

        if (!wrong && streq(place.scheme, "http") && !place_is_loopback(&place))
                wrong = "without TLS it may only go to this machine itself; take https";
        else if (!wrong && !streq(place.scheme, "http") && !streq(place.scheme, "https"))
                wrong = "take https";
        if (wrong)
                return yaml_read_fail_at(r, c->line, "url '%s': %s", yaml_read_show(r, c->url), wrong);
        if (!c->secret_file && !c->credential)
                return yaml_read_fail_at(r, c->line, "needs 'secret_file' or 'credential', to sign with");
        return 0;
}

void webhook_sign(const void *secret, size_t secret_len, int64_t time_s, const struct str *body,
                  struct str *ret)
{
        char time[24], text[SHA256_TEXT_SIZE];
        uint8_t digest[SHA256_SIZE];
        struct hmac_sha256 h;
        int len = snprintf(time, sizeof(time), "%lld.", (long long)time_s);

        hmac_sha256_begin(&h, secret, secret_len);
        hmac_sha256_add(&h, time, (size_t)len);
        hmac_sha256_add(&h, str_text(body), body->len);
        hmac_sha256_end(&h, digest);
        sha256_text(digest, text);
        str_addf(ret, "sha256=%s", text);
}

static void add_header(struct curl_send *s, const char *name, const char *value)
{
        _cleanup_str_ struct str line = {0};

        str_addf(&line, "%s: ", name);
        for (; *value; value++)
                str_add_char(&line, *value >= ' ' && *value < 127 ? *value : '_');
        curl_send_add(s, str_text(&line));
}

static void add_headers(struct curl_send *s, const struct sink_config *c, const struct alert *a,
                        const struct str *record)
{
        _cleanup_str_ struct str signature = {0};
        int64_t now = clock_now_s();
        char time[24];

        (void)snprintf(time, sizeof(time), "%lld", (long long)now);
        webhook_sign(c->secret, c->secret_len, now, record, &signature);
        add_header(s, "Content-Type", "application/json");
        add_header(s, "User-Agent", "quaymaster/" QM_VERSION);
        add_header(s, "Idempotency-Key", a->id);
        add_header(s, "X-Quaymaster-Timestamp", time);
        add_header(s, "X-Quaymaster-Signature", str_text(&signature));
        curl_send_add(s, "Expect:"); /* no round of 100-continue */
        s->curl->easy_setopt(s->handle, CURL_HTTPHEADER, s->list);
        s->curl->easy_setopt(s->handle, CURL_POSTFIELDSIZE, (long)record->len);
        s->curl->easy_setopt(s->handle, CURL_POSTFIELDS, record->text);
}

static bool is_one_of(long code, const long *codes, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (code == codes[i])
                        return true;
        return false;
}

static int judge_answer(long code, int r, struct err *err)
{
        if (code >= 200 && code < 300)
                return 0; /* it took it, whatever became of the rest of its answer */
        if (r < 0 && code < 200)
                return r;
        if (is_one_of(code, refusals, array_len(refusals)))
                return err_set(err, -EBADMSG, "the receiver refused it: HTTP status %ld", code);
        return err_set(err, is_one_of(code, busy, array_len(busy)) ? -EAGAIN : -EREMOTEIO, "HTTP status %ld", code);
}

static int deliver(const struct sink_config *c, const struct alert *a, const struct str *record,
                   struct err *err)
{
        _cleanup_(curl_send_release) struct curl_send s;
        long code = 0;
        int r = curl_send_begin(&s, c, c->url, CURL_PROTO_HTTP | CURL_PROTO_HTTPS, err);

        if (r < 0)
                return r;
        add_headers(&s, c, a, record);
        r = curl_send_perform(&s, &code, err);
        return judge_answer(code, r, err);
}

const struct sink sink_webhook = {
        .name = "webhook",
        .keys = (const char *const[]){"!url", "secret_file", "credential", "ca_file", NULL},
        .check = check,
        .deliver = deliver,
};
