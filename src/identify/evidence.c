/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/evidence.h"

#include <ctype.h>
#include <stdint.h>
#include <strings.h>

#include "model/identity.h"

/* Names whose value, up to the end of its line or the next ';', '&', ',' or quote, is nobody's business. */
static const char *const secret_names[] = {
        "set-cookie", "cookie",  "authorization", "token",    "csrf",       "session",
        "nonce",      "api-key", "api_key",       "password", "x-auth-key", "secret",
};

/* The length of the name at `at` with what stands between it and its value, or 0. */
static size_t secret_at(const uint8_t *at, size_t left)
{
        for (size_t i = 0; i < array_len(secret_names); i++) {
                size_t n = strlen(secret_names[i]), value;

                if (left <= n || strncasecmp((const char *)at, secret_names[i], n) != 0)
                        continue;
                for (value = n;
                     value < left && (isalnum(at[value]) || strchr("-_\"'", at[value])) && at[value];)
                        value++;
                if (value == left || (at[value] != ':' && at[value] != '='))
                        continue;
                for (value++; value < left && strchr(" \t\"'", at[value]) && at[value];)
                        value++;
                return value;
        }
        return 0;
}

static void add_byte(struct str *to, uint8_t c)
{
        if (c == '\r')
                str_add(to, "\\r");
        else if (c == '\n')
                str_add(to, "\\n");
        else if (c == '\\')
                str_add(to, "\\\\");
        else if (c >= 0x20 && c < 0x7f)
                str_add_char(to, (char)c);
        else
                str_addf(to, "\\x%02x", c);
}

void evidence_add(struct str *to, const void *data, size_t len)
{
        const uint8_t *at = data;
        size_t n = len < IDENTITY_EVIDENCE_MAX ? len : IDENTITY_EVIDENCE_MAX;

        for (size_t i = 0; i < n;) {
                size_t named = secret_at(at + i, n - i);

                for (size_t end = i + named; i < end; i++)
                        add_byte(to, at[i]);
                if (!named) {
                        add_byte(to, at[i++]);
                        continue;
                }
                str_add(to, "****");
                while (i < n && at[i] && !strchr("\r\n;&,\"'", at[i]))
                        i++;
        }
        if (n < len)
                str_add(to, "...");
}
