/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --ports: lists ("22,80"), ranges ("1-1024", "-1024", "60000-"), service names of the registry ("ssh") or
 * words of the guide ("rdp"), "all" (1-65535), "known" (every port with a page of the guide), "top:N" (the
 * first N of our own order, data/registry/top-tcp.txt and top-udp.txt), with the prefixes "T:" and "U:" that
 * hold until the next; without a prefix, ports follow the method.
 */
#pragma once

#include "base/err.h"
#include "knowledge/knowledge.h"
#include "model/port_set.h"

struct scan_ports {
        struct port_set of[2]; /* [TRANSPORT_TCP], [TRANSPORT_UDP] */
};

/*
 * 0, or -EINVAL with a text that quotes the word and says what would be right (port 0, 65536, 10-5, an
 * unknown name, an empty list). `unprefixed` is TRANSPORT_TCP or TRANSPORT_UDP. Overlaps count once.
 */
int scan_ports_parse(struct scan_ports *ports, const char *spec, enum transport unprefixed,
                     const struct knowledge *knowledge, struct err *err);
/* What is asked for without --ports: "top:1000". */
extern const char scan_ports_default[];
