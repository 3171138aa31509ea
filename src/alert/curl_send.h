/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transfer by libcurl, with what holds for all of ours: bounded in time and bytes, certificates checked. */
#pragma once

#include "alert/curl_library.h"
#include "alert/sink.h"

struct curl_send {
        const struct curl_library *curl;
        void *handle;
        struct curl_slist *list; /* headers or recipients */
        size_t heard;            /* bytes of the answer */
        char why[CURL_ERROR_SIZE];
};

/* 0 or negative errno. To be released also then. The struct must not move. */
int curl_send_begin(struct curl_send *s, const struct sink_config *c, const char *url, long protocols,
                    struct err *err);
void curl_send_add(struct curl_send *s, const char *text); /* to the list */
/* *ret_code: what the other side answered, 0 when nothing. 0, or -EAGAIN with the reason. */
int curl_send_perform(struct curl_send *s, long *ret_code, struct err *err);
void curl_send_release(struct curl_send *s);
