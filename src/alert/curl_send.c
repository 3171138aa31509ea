/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/curl_send.h"

#include <errno.h>

#define ANSWER_MAX (64u * 1024)

/* An answer is of no interest beyond its code: more of it than that ends the transfer. */
static size_t take_answer(char *data, size_t size, size_t n, void *arg)
{
        struct curl_send *s = arg;

        s->heard += size * n;
        return s->heard > ANSWER_MAX ? 0 : size * n;
}

static void set_limits(struct curl_send *s)
{
        const struct {
                int option;
                long value;
        } numbers[] = {
                {CURL_NOSIGNAL, 1},
                {CURL_FOLLOWLOCATION, 0},
                {CURL_TIMEOUT, SINK_TIMEOUT_S},
                {CURL_CONNECTTIMEOUT, SINK_TIMEOUT_S / 3},
                {CURL_SSL_VERIFYPEER, 1},
                {CURL_SSL_VERIFYHOST, 2},
                {CURL_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        };

        for (size_t i = 0; i < array_len(numbers); i++)
                s->curl->easy_setopt(s->handle, numbers[i].option, numbers[i].value);
        s->curl->easy_setopt(s->handle, CURL_WRITEFUNCTION, take_answer);
        s->curl->easy_setopt(s->handle, CURL_WRITEDATA, s);
        s->curl->easy_setopt(s->handle, CURL_HEADERFUNCTION, take_answer);
        s->curl->easy_setopt(s->handle, CURL_HEADERDATA, s);
        s->curl->easy_setopt(s->handle, CURL_ERRORBUFFER, s->why);
}

/* Those of ca_file alone, when there is one, and not those of the system besides. */
static int set_ca(struct curl_send *s, const struct sink_config *c, struct err *err)
{
        struct curl_blob blob = {.data = c->ca, .len = c->ca_len, .flags = 1}; /* 1: copied */

        if (!c->ca)
                return 0;
        s->curl->easy_setopt(s->handle, CURL_CAPATH, NULL);
        return s->curl->easy_setopt(s->handle, CURL_CAINFO_BLOB, &blob) == 0
                       ? 0
                       : err_set(err, -ENOENT,
                                 "the libcurl here cannot take a ca_file: it is older than 7.77");
}

int curl_send_begin(struct curl_send *s, const struct sink_config *c, const char *url, long protocols,
                    struct err *err)
{
        int r;

        *s = (struct curl_send){0};
        r = curl_library_load(&s->curl, err);
        if (r < 0)
                return r;
        s->handle = s->curl->easy_init();
        if (!s->handle)
                return err_set(err, -EAGAIN, "libcurl does not start");
        set_limits(s);
        if (s->curl->easy_setopt(s->handle, CURL_PROTOCOLS, protocols) != 0 ||
            s->curl->easy_setopt(s->handle, CURL_URL, url) != 0)
                return err_set(err, -EAGAIN, "libcurl does not take the address"); /* which may hold a token */
        return set_ca(s, c, err);
}

void curl_send_add(struct curl_send *s, const char *text)
{
        struct curl_slist *list = s->curl->slist_append(s->list, text);

        s->list = list ? list : s->list;
}

int curl_send_perform(struct curl_send *s, long *ret_code, struct err *err)
{
        int code = s->curl->easy_perform(s->handle);

        *ret_code = 0;
        (void)s->curl->easy_getinfo(s->handle, CURL_INFO_RESPONSE_CODE, ret_code);
        if (code == 0)
                return 0;
        return err_set(err, -EAGAIN, "%s", *s->why ? s->why : s->curl->easy_strerror(code));
}

void curl_send_release(struct curl_send *s)
{
        if (s->list)
                s->curl->slist_free_all(s->list);
        if (s->handle)
                s->curl->easy_cleanup(s->handle);
}
