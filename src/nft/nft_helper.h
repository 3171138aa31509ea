/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program quaymaster-nft: the only one that links libnftables, whose licence (GPL-2 without "or
 * later") does not go together with that of OpenSSL and NATS. Others start it and read JSON lines from its
 * standard output.
 *
 *      quaymaster-nft list [--netns-fd N]...
 *
 * writes for each open descriptor N of a network namespace, in the order given, or without any for its own
 * namespace (N is -1), one line:
 *
 *      {"netns_fd":N,"nftables":[...]}          as libnftables-json(5); see ruleset.h for what is added
 *      {"netns_fd":N,"error":"words","errno":E}
 *
 *      quaymaster-nft denied --group N [--netns-fd N]
 *
 * follows what the packet filter of one namespace logs (denied.h), until its reader goes away.
 *
 *      quaymaster-nft has|follow|apply|delete TABLE
 *
 * is about one of our own tables in its own namespace (own_table.h), and writes one line:
 *
 *      {"table":"quaymaster","present":true,"hash":"..."}      hash: of `has`
 *      {"table":"quaymaster","error":"words","present":false}
 *
 * It runs privileged, so nothing else goes in: no environment, no file, and no standard input but that of `apply`. It
 * keeps CAP_NET_ADMIN, and CAP_SYS_ADMIN until it is in the namespace. Exit status: 0 when every line was written, 1
 * when output failed, 2 for wrong usage.
 */
#pragma once

int nft_helper_main(int argc, char **argv, const char *version);
