/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the records of model/identity.h promise of a certificate. */
#pragma once

#include <stdlib.h>

#include "base/text.h"
#include "model/identity.h"

/* Printable, and not longer than that; NULL is allowed. */
static inline void check_text(const char *text, size_t most)
{
        size_t left = text ? strlen(text) : 0;
        uint32_t code;

        if (left > most)
                abort();
        while (left) {
                size_t n = text_decode(text, left, &code);

                if (!n || text_is_control(code))
                        abort();
                text += n;
                left -= n;
        }
}

static inline void check_certificate(const struct certificate *c)
{
        if (!c->subject || !c->issuer || !c->key_type || !c->signature || !c->sha256 || strlen(c->sha256) != 64)
                abort();
        check_text(c->subject, 512);
        check_text(c->issuer, 512);
        check_text(c->common_name, 256);
        check_text(c->key_type, 80);
        check_text(c->curve, 80);
        check_text(c->signature, 80);
        if (c->n_names > 64 || c->n_names > c->n_names_all)
                abort();
        for (size_t i = 0; i < c->n_names; i++) {
                if (!c->names[i])
                        abort();
                check_text(c->names[i], 256);
        }
}
