/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/sink.h"

static const struct sink *const sinks[] = {&sink_exec, &sink_journal, &sink_mail, &sink_syslog,
                                           &sink_webhook};

const char *const sink_names[] = {"exec", "journal", "mail", "syslog", "webhook", NULL};

const struct sink *sink_find(const char *name)
{
        for (size_t i = 0; i < array_len(sinks); i++)
                if (streq(sinks[i]->name, name))
                        return sinks[i];
        return NULL;
}
