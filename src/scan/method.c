/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/method.h"

#include "base/mem.h"
#include "base/str.h"

/* To add a method: its file in method/, and a line here. */
static const struct method *const methods[] = {
        &method_syn,
        &method_connect,
        &method_udp,
};

const struct method *method_find(const char *name)
{
        for (size_t i = 0; i < array_len(methods); i++)
                if (streq(methods[i]->name, name))
                        return methods[i];
        return NULL;
}
