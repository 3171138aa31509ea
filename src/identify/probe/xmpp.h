/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XMPP streams of clients and of servers: the same but for the namespace (RFC 6120, 4.8). */
#pragma once

#include "identify/probe.h"

enum talk_next xmpp_talk(struct talk *t, bool server);
enum recognition xmpp_recognise(const struct heard *h, bool server);
