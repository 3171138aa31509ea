/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the outside view looks like in words: shared by its formats and by the command. Nothing here is made safe. */
#pragma once

#include "report/scan_report.h"

/* "850 ms", "12 s", "3 min 20 s", "2 h 5 min", "3 days 4 h", "12 years" */
void scan_add_duration(struct str *to, uint64_t ms);
/* "0.4 ms"; "-" when it is not known (0) */
void scan_add_rtt(struct str *to, uint32_t rtt_us);
/* "10.0.0.1", "fe80::1%eth0" */
void scan_add_address(struct str *to, const struct scan_head *head, const struct address *address,
                      uint32_t zone_index);
/* "52:54:00:12:34:56" */
void scan_add_mac(struct str *to, const uint8_t mac[6]);
/* The sentences of all bits, joined by "; ". */
void scan_add_why(struct str *to, unsigned why);
/* "1000 TCP ports and 5 UDP ports" */
void scan_add_port_counts(struct str *to, const struct scan_ports *ports);
/* "tcp 22,80  udp 53" of two port sets; "" for empty ones */
void scan_add_port_lists(struct str *to, const struct port_set of[2]);
/* "10.0.0.5-10.0.0.9, 10.0.0.12", at most `most`, then "and 90 more" */
void scan_add_ranges(struct str *to, const struct range_set *set, size_t most);
/*
 * Ports by state that are not among the listed ones: "998 tcp closed, 3 udp open|filtered". Nothing when there are
 * none.
 */
void scan_add_unlisted(struct str *to, const struct host_coverage *c, const struct observed *listed,
                       size_t n);
/* How many of that transport and state are not among the listed ones. */
uint32_t scan_unlisted(const struct host_coverage *c, enum transport transport, enum endpoint_state state,
                       const struct observed *listed, size_t n);
/* "nginx 1.22.1": the product and version it says it is; nothing when it does not say. */
void scan_add_product(struct str *to, const struct observed *o);
/* What speaks there: "http"; "unknown" where it was asked in vain; NULL: it was not asked. */
const char *scan_protocol(const struct observed *o);
/* "telnet?" where it is only likely; how the port behaves where nothing known speaks: "(floods)" */
void scan_add_protocol(struct str *to, const struct observed *o);
/* Name that the registry gives the number, or NULL. */
const char *scan_registered(const struct endpoint *e);

/* Calls back for each reason why the whole is not complete, in words. */
void scan_each_incomplete(const struct scan_writer *w, const struct scan_end *end,
                          void (*each)(const char *text, void *arg), void *arg);
