/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/mail_text.h"

#include <time.h>

#include "base/clock.h"
#include "base/text.h"

#define SUBJECT_MAX 150u /* bytes of the alert's message in it */
#define WORD_BYTES  45u  /* of an encoded word: 60 characters of base64, of 75 at most (RFC 2047, 2) */
#define LINE_BYTES  57u  /* 76 characters of base64 (RFC 2045, 6.8) */
#define ADDRESS_MAX 254u

bool mail_is_address(const char *s)
{
        static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+%=";
        size_t local = strspn(s, word), domain;

        if (!local || s[local] != '@' || strlen(s) > ADDRESS_MAX || *s == '-')
                return false;
        domain = strspn(s + local + 1, word);
        return domain && !s[local + 1 + domain];
}

static void add_base64(struct str *to, const uint8_t *data, size_t len)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (size_t i = 0; i < len; i += 3) {
                uint32_t bits = (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) |
                                (i + 2 < len ? data[i + 2] : 0);

                str_add_char(to, digits[bits >> 18]);
                str_add_char(to, digits[bits >> 12 & 63]);
                str_add_char(to, i + 1 < len ? digits[bits >> 6 & 63] : '=');
                str_add_char(to, i + 2 < len ? digits[bits & 63] : '=');
        }
}

static bool is_plain(const char *s)
{
        for (; *s; s++)
                if (*s < ' ' || *s > 126)
                        return false;
        return true;
}

/* Bytes of s, at most max, that end with a whole character. */
static size_t whole(const char *s, size_t max)
{
        size_t len = strlen(s);

        if (len <= max)
                return len;
        while (max && (s[max] & 0xc0) == 0x80)
                max--;
        return max;
}

static void add_header_text(struct str *to, const char *s)
{
        _cleanup_str_ struct str safe = {0}, cut = {0};
        const char *at;

        text_add_printable(&safe, s);
        str_add_n(&cut, str_text(&safe), whole(str_text(&safe), SUBJECT_MAX));
        at = str_text(&cut);
        if (is_plain(at) && !strstr(at, "=?")) {
                str_add(to, at);
                return;
        }
        while (*at) {
                size_t len = whole(at, WORD_BYTES);

                str_add(to, "=?UTF-8?B?");
                add_base64(to, (const uint8_t *)at, len);
                str_add(to, "?=");
                at += len;
                if (*at)
                        str_add(to, "\r\n ");
        }
}

static void add_date(struct str *to, int64_t now_s)
{
        char text[48] = "";
        time_t t = now_s;
        struct tm tm;

        if (gmtime_r(&t, &tm))
                (void)strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
        str_addf(to, "Date: %s\r\n", text);
}

/* What goes between < and >: nothing that could end it. */
static void add_id(struct str *to, const struct alert *a)
{
        static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
        const char *const parts[] = {a->id, "@", a->asset};

        str_add(to, "Message-ID: <");
        for (size_t i = 0; i < array_len(parts); i++)
                for (const char *c = parts[i]; *c; c++)
                        str_add_char(to, i == 1 || strchr(good, *c) ? *c : '-');
        str_add(to, ".quaymaster>\r\n");
}

static void write_body(struct str *to, const struct alert *a, const struct str *record)
{
        char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];

        text_add_printable(to, a->message);
        str_addf(to, "\n\nVerdict: %s\nSubject: ", alert_verdict_name(a->verdict));
        text_add_printable(to, a->subject);
        str_addf(to, "\nTime:    %s", clock_format(a->first_ms / 1000, first));
        if (a->count > 1)
                str_addf(to, " to %s, %llu events", clock_format(a->time_ms / 1000, last),
                         (unsigned long long)a->count);
        str_add(to, "\nAsset:   ");
        text_add_printable(to, a->asset);
        if (a->test)
                str_add(to, "\n\nThis is a test: nothing happened.");
        str_addf(to, "\n\nAs a record:\n%s\n", str_text(record));
}

static void add_body(struct str *to, const struct alert *a, const struct str *record)
{
        _cleanup_str_ struct str text = {0};

        write_body(&text, a, record);
        for (size_t i = 0; i < text.len; i += LINE_BYTES) {
                add_base64(to, (const uint8_t *)text.text + i,
                           text.len - i < LINE_BYTES ? text.len - i : LINE_BYTES);
                str_add(to, "\r\n");
        }
}

void mail_text(struct str *to, const char *from, const char *const *recipients, size_t n_recipients,
               const struct alert *a, const struct str *record, int64_t now_s)
{
        str_addf(to, "From: quaymaster <%s>\r\nTo: ", from);
        for (size_t i = 0; i < n_recipients; i++)
                str_addf(to, "%s<%s>", i ? ",\r\n " : "", recipients[i]);
        str_add(to, "\r\nSubject: ");
        add_header_text(to, a->test ? "quaymaster: test" : "quaymaster: ");
        if (!a->test)
                add_header_text(to, a->message);
        str_add(to, "\r\n");
        add_date(to, now_s);
        add_id(to, a);
        str_add(to, "Auto-Submitted: auto-generated\r\n" /* RFC 3834: no answers from robots */
                    "MIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n");
        add_body(to, a, record);
}
