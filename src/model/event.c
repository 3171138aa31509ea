/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/event.h"

#include "base/str.h"

static const char *const names[EVENT_KIND_MAX] = {
        [EVENT_OPENED] = "opened",
        [EVENT_CLOSED] = "closed",
        [EVENT_MOVED] = "moved",
        [EVENT_OWNER_CHANGED] = "owner-changed",
        [EVENT_PROTOCOL_CHANGED] = "protocol-changed",
        [EVENT_VERSION_CHANGED] = "version-changed",
        [EVENT_EXPOSURE_CHANGED] = "exposure-changed",
        [EVENT_STARTUP_CHANGED] = "startup-changed",
        [EVENT_SERVICE_ADDED] = "service-added",
        [EVENT_SERVICE_REMOVED] = "service-removed",
        [EVENT_APPROVAL_EXPIRED] = "approval-expired",
};

const char *event_kind_name(enum event_kind kind)
{
        return names[kind];
}

enum event_kind event_kind_parse(const char *word)
{
        enum event_kind kind = 0;

        while (kind < EVENT_KIND_MAX && !streq(names[kind], word))
                kind++;
        return kind;
}
