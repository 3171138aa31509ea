/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMB's first exchange, as port 445 has it and port 139 after a NetBIOS session request (MS-SMB2, MS-CIFS,
 * RFC 1002).
 */
#pragma once

#include "identify/probe.h"

enum smb_answer {
        SMB_PART,    /* not whole yet */
        SMB_NONE,    /* no answer of SMB */
        SMB_OLD,     /* SMB 1 took the dialect that was offered */
        SMB_REFUSED, /* SMB 1 speaks, and took none */
        SMB_NEW,     /* SMB 2 or 3 */
};

/* NEGOTIATE of dialects 2.0.2 to 3.1.1, with its four bytes of length. */
void smb2_send_negotiate(struct talk *t);
/* NEGOTIATE of SMB 1 alone. */
void smb1_send_negotiate(struct talk *t);
/* What these bytes are; pure. */
enum smb_answer smb_answer(const uint8_t *data, size_t len);
/*
 * The same of t->in; learns of it what there is to learn, and confirms `protocol` unless it is SMB_PART or
 * SMB_NONE.
 */
enum smb_answer smb_take(struct talk *t, const char *protocol);
