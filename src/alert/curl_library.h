/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcurl, loaded in the child that sends and not before: the watch itself neither links nor maps it. Of curl/curl.h
 * there is here what is used; its numbers are fixed (libcurl's ABI policy), so the headers are not needed.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define CURL_GLOBAL_ALL 3L

enum curl_option {
        CURL_WRITEDATA = 10001,
        CURL_URL = 10002,
        CURL_READDATA = 10009,
        CURL_ERRORBUFFER = 10010, /* CURL_ERROR_SIZE bytes */
        CURL_POSTFIELDS = 10015,
        CURL_HTTPHEADER = 10023,
        CURL_HEADERDATA = 10029,
        CURL_CAPATH = 10097,
        CURL_USERNAME = 10173,
        CURL_PASSWORD = 10174,
        CURL_MAIL_FROM = 10186,
        CURL_MAIL_RCPT = 10187,
        CURL_WRITEFUNCTION = 20011,
        CURL_READFUNCTION = 20012,
        CURL_HEADERFUNCTION = 20079,
        CURL_CAINFO_BLOB = 40309, /* since 7.77 */
        CURL_TIMEOUT = 13,        /* seconds */
        CURL_SSLVERSION = 32,
        CURL_UPLOAD = 46,
        CURL_FOLLOWLOCATION = 52,
        CURL_POSTFIELDSIZE = 60,
        CURL_SSL_VERIFYPEER = 64,
        CURL_CONNECTTIMEOUT = 78,
        CURL_SSL_VERIFYHOST = 81,
        CURL_NOSIGNAL = 99,
        CURL_USE_SSL = 119,
        CURL_PROTOCOLS = 181,
};

#define CURL_ERROR_SIZE         256u
#define CURL_INFO_RESPONSE_CODE (0x200000 + 2)
#define CURL_SSLVERSION_TLSv1_2 6L
#define CURL_USESSL_ALL         3L
#define CURL_PROTO_HTTP         (1L << 0)
#define CURL_PROTO_HTTPS        (1L << 1)
#define CURL_PROTO_SMTP         (1L << 16)
#define CURL_PROTO_SMTPS        (1L << 17)

struct curl_blob {
        const void *data;
        size_t len;
        unsigned flags; /* 0: it stays where it is while the handle lives */
};

struct curl_slist;

struct curl_library {
        int (*global_init)(long flags);
        void *(*easy_init)(void);
        void (*easy_cleanup)(void *handle);
        int (*easy_setopt)(void *handle, int option, ...);
        int (*easy_getinfo)(void *handle, int info, ...);
        int (*easy_perform)(void *handle);
        const char *(*easy_strerror)(int code);
        struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
        void (*slist_free_all)(struct curl_slist *list);
};

/* Loaded at the first call, and it stays. 0, or -ENOENT when it is not installed. */
int curl_library_load(const struct curl_library **ret, struct err *err);
