/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the place of scan/gate.c and model/estate.c for tests of one method alone: a scope of single addresses,
 * and the two device classes that the tests name.
 */
#include <errno.h>

#include "scan/gate.h"

static bool in_scope(const struct scope *scope, const struct address *address)
{
        for (size_t i = 0; i < scope->include.n; i++)
                if (address_compare(&scope->include.at[i].first, address) == 0)
                        return true;
        return false;
}

int gate_sendmmsg(struct gate *gate, int fd, struct mmsghdr *messages, const struct address *to, unsigned n)
{
        int rc;

        for (unsigned i = 0; i < n; i++)
                if (!in_scope(gate->scope, &to[i])) {
                        gate->refused++;
                        return -EPERM;
                }
        rc = sendmmsg(fd, messages, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        return rc < 0 ? -errno : rc;
}

bool gate_payload_allowed(uint16_t port, enum device_class class)
{
        return port < 9100 || port > 9107 || class == DEVICE_SERVER;
}

const struct device_limits *device_class_limits(enum device_class class)
{
        static const struct device_limits none, plc = {.no_identify = true, .industrial = true};

        return class == DEVICE_PLC ? &plc : &none;
}
