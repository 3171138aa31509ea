/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams that answer a UDP payload, and entries of the error queue. The first byte chooses the payload.
 * An answer is right for at most one of two cookies that differ in each form, and what looks like an answer
 * stays so when the cookie changes.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "scan/method/udp_errors.h"
#include "scan/payload.h"

static void check(bool promise)
{
        if (!promise)
                abort();
}

static void check_answer(const struct udp_payload *p, const uint8_t *data, size_t size)
{
        enum payload_answer a = udp_payload_check(p, 0x12345678, data, size);
        enum payload_answer b = udp_payload_check(p, 0x03cba987, data, size);
        bool anywhere = false;

        for (unsigned i = 0; i < p->n_answers; i++)
                anywhere |= p->answers[i].anywhere;
        check((a == PAYLOAD_LIKE) == (b == PAYLOAD_LIKE) && (a == PAYLOAD_OTHER) == (b == PAYLOAD_OTHER));
        check(anywhere || a != PAYLOAD_RIGHT || b != PAYLOAD_RIGHT);
        check(size || (a != PAYLOAD_RIGHT && b != PAYLOAD_RIGHT));
}

static void check_error(const uint8_t *data, size_t size)
{
        static const struct address to = {.family = 4, .bytes = {10, 0, 0, 2}};
        enum endpoint_reason reason = REASON_NONE;
        enum heard_kind kind = HEARD_ALIVE;
        struct udp_error e;

        if (!udp_error_parse(wire_over(data, size), &e)) {
                check(size < 16);
                return;
        }
        if (!udp_error_verdict(&e, &to, &kind, &reason))
                return;
        check(reason != REASON_NONE && kind != HEARD_ALIVE && kind != HEARD_OPEN);
        check(kind != HEARD_CLOSED || address_compare(&e.from, &to) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (!size)
                return 0;
        check_answer(&udp_payloads[data[0] % udp_n_payloads], data + 1, size - 1);
        check_error(data + 1, size - 1);
        return 0;
}
