/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mail for each alert, by SMTP. Without TLS only to this machine itself. */
#include <errno.h>

#include "alert/curl_send.h"
#include "alert/mail_text.h"
#include "alert/place.h"
#include "alert/sink.h"
#include "base/clock.h"

static int check_server(struct yaml_read *r, const struct sink_config *c)
{
        struct place place;
        const char *wrong = place_parse(c->url, &place);
        bool never = c->starttls && streq(c->starttls, "never");

        if (!wrong && !streq(place.scheme, "smtp") && !streq(place.scheme, "smtps"))
                wrong = "take smtp://HOST:PORT or smtps://HOST:PORT";
        else if (!wrong && *place.rest)
                wrong = "nothing comes behind the port";
        else if (!wrong && never && !place_is_loopback(&place))
                wrong = "without TLS mail may only go to this machine itself; leave 'starttls' away";
        return wrong ? yaml_read_fail_at(r, c->line, "server '%s': %s", yaml_read_show(r, c->url), wrong)
                     : 0;
}

static int check(struct yaml_read *r, struct sink_config *c)
{
        if (c->starttls && !streq(c->starttls, "required") && !streq(c->starttls, "never"))
                return yaml_read_fail_at(r, c->line, "starttls is required, or never");
        if (!mail_is_address(c->from))
                return yaml_read_fail_at(r, c->line, "from '%s' is not a plain address, as ops@example.org",
                                         yaml_read_show(r, c->from));
        for (size_t i = 0; i < c->to.n; i++)
                if (!mail_is_address(c->to.at[i]))
                        return yaml_read_fail_at(r, c->line,
                                                 "to '%s' is not a plain address, as ops@example.org",
                                                 yaml_read_show(r, c->to.at[i]));
        if (!!c->user != (c->password_file || c->credential))
                return yaml_read_fail_at(r, c->line,
                                         "'user' and 'password_file' (or 'credential') go together");
        return check_server(r, c);
}

struct reading {
        struct str text;
        size_t at;
};

static size_t give_text(char *to, size_t size, size_t n, void *arg)
{
        struct reading *reading = arg;
        size_t left = reading->text.len - reading->at, room = size * n;

        room = room < left ? room : left;
        memcpy(to, reading->text.text + reading->at, room);
        reading->at += room;
        return room;
}

static void set_up(struct curl_send *s, const struct sink_config *c, struct reading *reading)
{
        bool never = c->starttls && streq(c->starttls, "never");

        for (size_t i = 0; i < c->to.n; i++)
                curl_send_add(s, c->to.at[i]);
        s->curl->easy_setopt(s->handle, CURL_MAIL_FROM, c->from);
        s->curl->easy_setopt(s->handle, CURL_MAIL_RCPT, s->list);
        s->curl->easy_setopt(s->handle, CURL_USE_SSL, never ? 0 : CURL_USESSL_ALL);
        s->curl->easy_setopt(s->handle, CURL_UPLOAD, 1L);
        s->curl->easy_setopt(s->handle, CURL_READFUNCTION, give_text);
        s->curl->easy_setopt(s->handle, CURL_READDATA, reading);
        if (c->user) {
                s->curl->easy_setopt(s->handle, CURL_USERNAME, c->user);
                s->curl->easy_setopt(s->handle, CURL_PASSWORD, c->secret); /* the pool ends it by a NUL */
        }
}

static int deliver(const struct sink_config *c, const struct alert *a, const struct str *record,
                   struct err *err)
{
        _cleanup_(curl_send_release) struct curl_send s;
        struct reading reading = {0};
        long code = 0;
        int r = curl_send_begin(&s, c, c->url, CURL_PROTO_SMTP | CURL_PROTO_SMTPS, err);

        if (r < 0)
                return r;
        mail_text(&reading.text, c->from, c->to.at, c->to.n, a, record, clock_now_s());
        set_up(&s, c, &reading);
        r = curl_send_perform(&s, &code, err);
        if (r < 0 && code >= 500) { /* permanent, says the server (RFC 5321, 4.2.1): perhaps of this mail alone */
                (void)err_prefix(err, "the server answered %ld", code);
                r = -EREMOTEIO;
        }
        str_release(&reading.text);
        return r;
}

const struct sink sink_mail = {
        .name = "mail",
        .keys = (const char *const[]){"!server", "!from", "!to", "starttls", "user", "password_file",
                                      "credential", "ca_file", NULL},
        .check = check,
        .deliver = deliver,
};
