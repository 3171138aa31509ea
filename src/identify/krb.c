/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/krb.h"

#include <ctype.h>

#include "identify/ber.h"

enum { KRB_ERROR = 0x7e, PVNO = 0xa0, TYPE = 0xa1, STIME = 0xa4, CODE = 0xa6, REALM = 0xa9, TEXT = 0xab };

/* The number in an explicit tag. */
static bool number(struct wire body, int64_t *ret)
{
        struct ber element;

        return ber_next(&body, &element) && element.tag == BER_INTEGER && ber_integer(&element, ret);
}

static struct wire text(struct wire body)
{
        struct ber element;

        return ber_next(&body, &element) ? element.body : wire_over(body.at, 0);
}

bool krb_error_read(const uint8_t *data, size_t len, struct krb_error *ret)
{
        struct wire w = wire_over(data, len);
        struct wire fields = ber_expect(&w, KRB_ERROR);
        struct ber field;
        int64_t pvno = 0, type = 0;
        bool has_code = false;

        *ret = (struct krb_error){
                .stime = wire_over(data, 0), .realm = wire_over(data, 0), .text = wire_over(data, 0)};
        if (w.bad)
                return false;
        fields = ber_expect(&fields, BER_SEQUENCE);
        while (ber_next(&fields, &field)) {
                if (field.tag == PVNO)
                        (void)number(field.body, &pvno);
                else if (field.tag == TYPE)
                        (void)number(field.body, &type);
                else if (field.tag == CODE)
                        has_code = number(field.body, &ret->code);
                else if (field.tag == STIME)
                        ret->stime = text(field.body);
                else if (field.tag == REALM)
                        ret->realm = text(field.body);
                else if (field.tag == TEXT)
                        ret->text = text(field.body);
        }
        return pvno == 5 && type == 30 && has_code;
}

/* MIT's KDC tells in capitals where it was: "CLIENT_NOT_FOUND", "LOOKING_UP_SERVER" (kdc_util.h). */
static bool is_status_of_mit(const struct wire *text)
{
        size_t len = wire_left(text);

        for (size_t i = 0; i < len; i++)
                if (!isupper(text->at[i]) && text->at[i] != '_')
                        return false;
        return len > 5 && memchr(text->at, '_', len);
}

void krb_error_take(struct talk *t, const struct krb_error *error, const char *not_realm)
{
        size_t n = wire_left(&error->realm);

        talk_detail_u64(t, "error-code", error->code > 0 ? (uint64_t)error->code : 0);
        talk_detail(t, "error-text", (const char *)error->text.at, wire_left(&error->text));
        talk_detail(t, "system-time", (const char *)error->stime.at, wire_left(&error->stime));
        if (n != strlen(not_realm) || memcmp(error->realm.at, not_realm, n) != 0)
                talk_detail(t, "realm", (const char *)error->realm.at, n);
        if (is_status_of_mit(&error->text))
                talk_product(t, "MIT krb5", 8);
}
