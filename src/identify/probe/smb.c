/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMB over TCP: NEGOTIATE of SMB 2 and 3, then on a connection of its own that of SMB 1 (MS-SMB2,
 * 3.2.4.2.2; MS-CIFS).
 */
#include "identify/smb.h"

enum step { OPEN, NEW, OLD_OPEN, OLD };

static enum recognition smb_recognise(const struct heard *h)
{
        switch (smb_answer(h->data, h->len)) {
        case SMB_NEW:
        case SMB_OLD:
        case SMB_REFUSED:
                return RECOGNISE_SURE;
        case SMB_PART:
                return h->len > 4 && !h->ended ? RECOGNISE_MAYBE : RECOGNISE_NO;
        case SMB_NONE:
                break;
        }
        return RECOGNISE_NO;
}

static enum talk_next smb_talk(struct talk *t)
{
        enum smb_answer answer;

        switch (t->step) {
        case OPEN:
                smb2_send_negotiate(t);
                t->step = NEW;
                return TALK_SEND;
        case NEW:
                answer = smb_take(t, "smb");
                if (answer == SMB_PART && !t->ended && !t->waited)
                        return TALK_MORE;
                /* A server of SMB 1 alone says nothing at all; that is worth a connection only where SMB is at home. */
                if (answer == SMB_NONE || (answer == SMB_PART && (t->in_len || t->port != 445)))
                        return TALK_DONE;
                t->step = OLD_OPEN;
                return TALK_AGAIN;
        case OLD_OPEN:
                smb1_send_negotiate(t);
                t->step = OLD;
                return TALK_SEND;
        default:
                answer = smb_take(t, "smb");
                if (answer == SMB_PART && !t->ended && !t->waited)
                        return TALK_MORE;
                if (t->id->confidence == CONFIDENCE_CONFIRMED)
                        talk_detail(t, "smb1", answer == SMB_OLD ? "yes" : "no", answer == SMB_OLD ? 3 : 2);
                return TALK_DONE;
        }
}

const struct probe probe_smb = {
        .name = "smb",
        .protocol = "smb",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "445",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "nothing, or two connections that ended before a session was set up",
        .reference = "MS-SMB2, 2.2.3 and 2.2.4; MS-CIFS, 2.2.4.52",
        .recognise = smb_recognise,
        .talk = smb_talk,
};
