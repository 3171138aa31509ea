/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMware's authentication daemon: a greeting like FTP's, which tells whether TLS must follow. */
#include "identify/line.h"
#include "identify/probe.h"

static const char name[] = "VMware Authentication Daemon";

static bool greeting(const uint8_t *data, size_t len, struct line *ret)
{
        size_t at = 0;

        return data_starts(data, len, "220 ") && line_next(data, len, &at, ret) && line_find_i(ret, name);
}

static enum recognition vmware_auth_recognise(const struct heard *h)
{
        struct line line;

        return greeting(h->data, h->len, &line) ? RECOGNISE_SURE : RECOGNISE_NO;
}

/*
 * "220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP, ... , , NFCSSL
 * supported/t"
 */
static enum talk_next vmware_auth_talk(struct talk *t)
{
        struct line line, version;
        const char *at;
        size_t n = 0;

        if (!greeting(t->in, t->in_len, &line))
                return t->in_len < 512 && (!t->in_len || t->in[0] == '2') ? TALK_MORE : TALK_DONE;
        if (line_find_i(&line, "SSL Required") && !t->tls) {
                talk_encryption(t, ENCRYPTION_STARTTLS);
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        }
        talk_confirm(t, "vmware-auth");
        talk_evidence(t, line.text, line.len);
        talk_product(t, name, strlen(name));
        at = line_find_i(&line, "Version ");
        if (!at)
                return TALK_DONE;
        version = line_after(&line, (size_t)(at - line.text) + strlen("Version "));
        while (n < version.len &&
               ((version.text[n] >= '0' && version.text[n] <= '9') || version.text[n] == '.'))
                n++;
        talk_version(t, version.text, n);
        return TALK_DONE;
}

const struct probe probe_vmware_auth = {
        .name = "vmware-auth",
        .protocol = "vmware-auth",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "902,903,912",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection without a login",
        .reference = "VMware: the greeting of vmware-authd",
        .recognise = vmware_auth_recognise,
        .talk = vmware_auth_talk,
};
