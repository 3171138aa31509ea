/* SPDX-License-Identifier: GPL-2.0-or-later */
/* munin-node: greets with "# munin node at HOST". */
#include "identify/banner.h"

enum step { GREETING, VERSION };

static enum recognition munin_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        if (line_starts_i(&all, "# munin node at ") || line_starts_i(&all, "# munin client at "))
                return RECOGNISE_SURE;
        return line_starts_i(&all, "# Unknown command. Try ") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next munin_talk(struct talk *t)
{
        static const char *const marks[] = {"version: ", "version "};
        struct line line, host;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        if (t->step == GREETING) {
                if (!line_starts_i(&line, "# munin node at ") && !line_starts_i(&line, "# munin client at "))
                        return TALK_DONE;
                talk_evidence(t, line.text, line.len);
                talk_confirm(t, "munin");
                talk_flag(t, IDENTITY_NO_AUTH);
                host = line_word(&line, 4);
                banner_hostname(t, &host);
                talk_send_bytes(t, "version\nquit\n", 13);
                t->step = VERSION;
                return TALK_SEND;
        }
        for (size_t i = 0; i < array_len(marks) && !t->id->version; i++) {
                const char *found = line_find_i(&line, marks[i]);
                struct line version;

                if (found && banner_version(found + strlen(marks[i]), line.text + line.len, &version))
                        talk_version(t, version.text, version.len);
        }
        talk_product(t, "munin-node", 10);
        talk_cpe(t, "munin-monitoring", "munin");
        return TALK_DONE;
}

const struct probe probe_munin = {
        .name = "munin",
        .protocol = "munin",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4949",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .log = "a connection (munin-node: \"CONNECT TCP Peer\")",
        .reference = "Munin node protocol, data exchange between master and node",
        .recognise = munin_recognise,
        .talk = munin_talk,
};
