/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
        if (err) {
                va_list ap;

                err->code = code;
                va_start(ap, fmt);
                (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
                va_end(ap);
        }
        return code;
}

int err_errno(struct err *err, int errno_value, const char *fmt, ...)
{
        if (err) {
                va_list ap;
                int len;

                err->code = -errno_value;
                va_start(ap, fmt);
                len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
                va_end(ap);
                if (len >= 0 && (size_t)len < sizeof(err->text))
                        (void)snprintf(err->text + len, sizeof(err->text) - (size_t)len, ": %s",
                                       strerrordesc_np(errno_value) ? strerrordesc_np(errno_value)
                                                                    : "unknown error");
        }
        return -errno_value;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
        char old[sizeof(err->text)];
        va_list ap;
        int len;

        if (!err)
                return -EINVAL;
        memcpy(old, err->text, sizeof(old));
        va_start(ap, fmt);
        len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
        if (len >= 0 && (size_t)len < sizeof(err->text))
                (void)snprintf(err->text + len, sizeof(err->text) - (size_t)len, ": %s", old);
        return err->code;
}
