/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMware authentication daemon: its greeting tells whether it wants TLS. */
#include "identify/banner.h"

static enum recognition vmware_auth_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "220 VMware Authentication Daemon") ? RECOGNISE_SURE
                                                                                : RECOGNISE_NO;
}

static enum talk_next vmware_auth_talk(struct talk *t)
{
        struct line line, version;
        const char *behind;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        if (!line_starts(&line, "220 VMware Authentication Daemon"))
                return TALK_DONE;
        if (line_find_i(&line, "SSL Required") && !t->tls) {
                talk_encryption(t, ENCRYPTION_STARTTLS);
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        }
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "vmware-auth");
        talk_product(t, "VMware Authentication Daemon", strlen("VMware Authentication Daemon"));
        behind = line_find_i(&line, "Daemon Version");
        if (behind && banner_version(behind + 6, line.text + line.len, &version))
                talk_version(t, version.text, version.len);
        return t->id->flags & IDENTITY_STARTTLS_REQUIRED && !t->tls ? TALK_TLS : TALK_DONE;
}

const struct probe probe_vmware_auth = {
        .name = "vmware-auth",
        .protocol = "vmware-auth",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "902,903",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection without a login",
        .reference = "greeting of vmware-authd",
        .recognise = vmware_auth_recognise,
        .talk = vmware_auth_talk,
};
