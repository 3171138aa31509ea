/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LMTP: SMTP between the parts of a mail system, told by LHLO (RFC 2033, 4.1). */
#include "identify/probe/smtp.h"

static enum recognition lmtp_recognise(const struct heard *h)
{
        return mail_recognise(h, true);
}

static enum talk_next lmtp_talk(struct talk *t)
{
        return mail_talk(t, "lmtp");
}

const struct probe probe_lmtp = {
        .name = "lmtp",
        .protocol = "lmtp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "24,2003,7025",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a session without a mail (Dovecot: \"lmtp: Connect from\", \"Disconnect from\")",
        .reference = "RFC 2033",
        .recognise = lmtp_recognise,
        .talk = lmtp_talk,
};
