/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include "base/fd.h"

static const struct report_format *const formats[] = {
        &report_text, &report_json, &report_csv, &report_html, &report_sarif, NULL,
};

const struct report_format *report_find(const char *name)
{
        for (size_t i = 0; formats[i]; i++)
                if (streq(formats[i]->name, name))
                        return formats[i];
        return NULL;
}

const struct report_format *const *report_all(void)
{
        return formats;
}

int report_flush(struct str *s, int fd, size_t least, struct err *err)
{
        int r;

        if (s->len < least || !s->len)
                return 0;
        r = fd_write_all(fd, s->text, s->len);
        str_reset(s);
        return r < 0 ? err_errno(err, -r, "writing the report") : 0;
}
