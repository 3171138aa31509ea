/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsync daemon: "@RSYNCD: 31.0", then the list of modules, which it tells anybody. None is entered. */
#include "identify/banner.h"

enum step { GREETING, MODULES };

static enum recognition rsync_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "@RSYNCD: ") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next greeting(struct talk *t)
{
        static const char ask[] = "@RSYNCD: 29\n#list\n";
        struct line line, version, digests;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        if (!line_starts(&line, "@RSYNCD: "))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "rsync");
        talk_product(t, "rsync", 5);
        version = line_word(&line, 1);
        talk_detail(t, "protocol-version", version.text, version.len);
        digests = line_after(&line, (size_t)(version.text + version.len - line.text));
        talk_detail(t, "digests", digests.text, digests.len);
        talk_send_bytes(t, ask, sizeof(ask) - 1);
        t->step = MODULES;
        return TALK_SEND;
}

/* "name<blanks><TAB>comment", after a message of the day that has no tabs, up to "@RSYNCD: EXIT" */
static enum talk_next modules(struct talk *t)
{
        _cleanup_str_ struct str names = {0};
        struct line line, name;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);) {
                if (line_starts(&line, "@RSYNCD: EXIT") || line_starts(&line, "@ERROR")) {
                        talk_detail(t, "modules", str_text(&names), names.len);
                        return TALK_DONE;
                }
                name = line_word(&line, 0);
                if (name.len && memchr(line.text, '\t', line.len) && names.len < IDENTITY_TEXT_MAX) {
                        str_add(&names, names.len ? "," : "");
                        str_add_n(&names, name.text, name.len);
                }
        }
        return t->in_len > 65536 ? TALK_DONE : TALK_MORE;
}

static enum talk_next rsync_talk(struct talk *t)
{
        return t->step == GREETING ? greeting(t) : modules(t);
}

const struct probe probe_rsync = {
        .name = "rsync",
        .protocol = "rsync",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "873,874,8873",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .log = "a connection and a request for the list of modules (\"module-list request\")",
        .reference = "rsync daemon protocol, clientserver of rsync",
        .recognise = rsync_recognise,
        .talk = rsync_talk,
};
