/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset of the network namespace the calling process is in, as libnftables prints it: JSON with
 * handles, without counters.
 *
 * libnftables 1.0.6 prints extensions of iptables-nft in JSON by name only,
 * {"xt":{"type":"target","name":"DNAT"}}; its text output has libxtables translate them ("dnat to
 * 172.17.0.2:80"). So each rule object with an "xt" statement gets a key "text": its translated line.
 * Where the translation fails, the line holds what could be translated.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define RULESET_MAX (16U << 20) /* bytes, of each listing */

/*
 * Append the body of an object, `"nftables":[...]`, on one line. 0; -EPERM without CAP_NET_ADMIN; -EFBIG
 * above RULESET_MAX; -EIO with libnftables' own words otherwise. Starts children of its own and waits for
 * them.
 */
int ruleset_add(struct str *line, struct err *err);
