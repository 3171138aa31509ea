/* SPDX-License-Identifier: GPL-2.0-or-later */
/* identify/tls.h: the first bytes of an answer. What is decided stays so when more comes, and only then are results set. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "identify/tls.h"

/* One that cannot be, to see what was set. */
#define UNSET_VERSION TLS_VERSION_MAX

struct result {
        enum tls_answer answer;
        enum tls_version version;
        uint16_t cipher;
        uint8_t alert;
};

static struct result read_beginning(const uint8_t *data, size_t len)
{
        struct result r = {.version = UNSET_VERSION};
        uint8_t *copy = malloc(len + !len); /* nothing behind it */

        if (!copy)
                abort();
        copy = realloc(copy, len + !len);
        if (len)
                memcpy(copy, data, len);
        r.answer = tls_answer_read(copy, len, &r.version, &r.cipher, &r.alert);
        free(copy);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct result whole = read_beginning(data, size);

        if (whole.answer == TLS_ANSWER_ACCEPTED && whole.version >= TLS_VERSION_MAX)
                abort();
        (void)tls_cipher_weak(whole.cipher);
        for (size_t len = size < 256 ? 0 : size; len < size; len++) {
                const struct result part = read_beginning(data, len);

                if (part.answer == TLS_ANSWER_MORE)
                        continue;
                if (part.answer != whole.answer || part.alert != whole.alert ||
                    (part.answer == TLS_ANSWER_ACCEPTED && (part.version != whole.version || part.cipher != whole.cipher)))
                        abort();
        }
        return 0;
}
