/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetBIOS session service: a session request to "*SMBSERVER", then SMB inside it (RFC 1002, 4.3). */
#include "identify/smb.h"

enum step { OPEN, ANSWER, SMB };

/* RFC 1002, 4.3.4: what a refusal is told by */
static const char *refusal(uint8_t code)
{
        static const struct {
                uint8_t code;
                const char *text;
        } known[] = {
                {0x80, "not listening on called name"},
                {0x81, "not listening for calling name"},
                {0x82, "called name not present"},
                {0x83, "insufficient resources"},
                {0x8f, "unspecified error"},
        };

        for (size_t i = 0; i < array_len(known); i++)
                if (known[i].code == code)
                        return known[i].text;
        return NULL;
}

static bool refused(const uint8_t *data, size_t len)
{
        return len == 5 && memcmp(data, "\x83\x00\x00\x01", 4) == 0 && refusal(data[4]);
}

static enum recognition netbios_ssn_recognise(const struct heard *h)
{
        return refused(h->data, h->len) ? RECOGNISE_LIKELY : RECOGNISE_NO;
}

static enum talk_next answer(struct talk *t)
{
        if (refused(t->in, t->in_len)) {
                const char *why = refusal(t->in[4]);

                talk_confirm(t, "netbios-ssn");
                talk_detail(t, "refused", why, strlen(why));
                return TALK_DONE;
        }
        if (t->in_len < 4)
                return TALK_MORE;
        if (memcmp(t->in, "\x83\x00\x00\x01", 4) == 0 && t->in_len == 4)
                return TALK_MORE;
        if (memcmp(t->in, "\x82\x00\x00\x00", 4) != 0)
                return TALK_DONE;
        talk_likely(t, "netbios-ssn");
        smb2_send_negotiate(t);
        t->step = SMB;
        return TALK_SEND;
}

static enum talk_next netbios_ssn_talk(struct talk *t)
{
        if (t->step == ANSWER)
                return answer(t);
        if (t->step == SMB)
                return smb_take(t, "netbios-ssn") == SMB_PART ? TALK_MORE : TALK_DONE;
        talk_send_hex(t, "81000044 20");
        talk_send_bytes(t, "CKFDENECFDEFFCFGEFFCCACACACACACA", 32); /* "*SMBSERVER", RFC 1001, 14.1 */
        talk_send_hex(t, "00 20");
        talk_send_bytes(t, "FBFFEBFJENEBFDFEEFFCCACACACACAAA", 32); /* "QUAYMASTER" */
        talk_send_hex(t, "00");
        t->step = ANSWER;
        return TALK_SEND;
}

const struct probe probe_netbios_ssn = {
        .name = "netbios-ssn",
        .protocol = "netbios-ssn",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "139",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing, or a connection that ended before a session was set up",
        .reference = "RFC 1002, 4.3; MS-SMB2, 2.2.3",
        .recognise = netbios_ssn_recognise,
        .talk = netbios_ssn_talk,
};
