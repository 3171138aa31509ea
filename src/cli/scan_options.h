/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line asks of `scan`, before anything is opened. */
#pragma once

#include "cli/command.h"
#include "report/scan_report.h"

extern const char *const scan_formats[], *const scan_methods[], *const scan_profile_names[];

/* What `audit TARGET` has of them, too. */
#define SCAN_OPTIONS                                                                                          \
        {.name = "input",                                                                                     \
         .letter = 'i',                                                                                       \
         .kind = OPTION_WORD,                                                                                 \
         .value = "FILE",                                                                                     \
         .once = true,                                                                                        \
         .help = "read targets from FILE, also; - is standard input"},                                        \
                {.name = "exclude",                                                                           \
                 .kind = OPTION_WORD,                                                                         \
                 .value = "LIST",                                                                             \
                 .once = true,                                                                                \
                 .help = "never probe these addresses, networks and ranges (10.0.0.5,10.0.1.0/24)"},          \
                {.name = "ports",                                                                             \
                 .letter = 'p',                                                                               \
                 .kind = OPTION_WORD,                                                                         \
                 .value = "LIST",                                                                             \
                 .once = true,                                                                                \
                 .help = "22,80,8000-8010,ssh, all, known, top:N; U: before UDP ports, T: before TCP ports"}, \
                {.name = "method",                                                                            \
                 .kind = OPTION_WORD,                                                                         \
                 .value = "METHOD",                                                                           \
                 .help = "how to ask",                                                                        \
                 .choices = scan_methods},                                                                    \
                {.name = "profile",                                                                           \
                 .kind = OPTION_WORD,                                                                         \
                 .value = "PROFILE",                                                                          \
                 .help = "how fast",                                                                          \
                 .choices = scan_profile_names},                                                              \
                {.name = "rate",                                                                              \
                 .kind = OPTION_WORD,                                                                         \
                 .value = "N",                                                                                \
                 .help = "packets a second in all; alone it is also the rate to one host"},                   \
                {.name = "host-rate",                                                                         \
                 .kind = OPTION_WORD,                                                                         \
                 .value = "N",                                                                                \
                 .help = "packets a second to one host"},                                                     \
                {.name = "no-discovery",                                                                      \
                 .help = "ask all ports of every address, also where nobody seems to be"},                    \
                {.name = "all-payloads",                                                                      \
                 .help = "UDP: send each port all payloads there are, not only the likely ones"},             \
                {.name = "confirm", .help = "make a full connection to every port a SYN found open"},         \
                {.name = "no-confirm", .help = "leave that out where it is usual: in files, csv and xml"},    \
                {.name = "no-inside",                                                                         \
                 .help = "do not look at the sockets of this machine when it scans itself"},                  \
                {.name = "all-states", .help = "list closed and filtered ports, too"},                        \
                {.name = "dry-run", .help = "print what would be probed, and send nothing"},                  \
                {.name = "until",                                                                             \
                 .kind = OPTION_WORD,                                                                         \
                 .value = "TIME",                                                                             \
                 .help = "stop at TIME: 05:00, or 2026-11-22T05:00:00Z"},                                     \
        {                                                                                                     \
                .name = "yes-huge", .help = "begin a scan of more than 4294967296 probes"                     \
        }

struct scan_request {
        const struct scan_format *format;
        struct scan_pace pace;
        enum transport unprefixed; /* of ports without "T:" or "U:" */
        bool connect;              /* TCP by connect(2): asked for */
        bool method_given;
        bool discovery, confirm, dry_run, resume, yes_huge, no_inside, all_states, all_payloads, identify;
        const char *checkpoint; /* or NULL */
        const char *ports;
        int64_t until; /* seconds since 1970, INT64_MAX = no end */
};

/* 0, or -EINVAL with what would be right. `now`: seconds since 1970, for HH:MM. */
int scan_request_parse(const struct invocation *in, int64_t now, struct scan_request *ret, struct err *err);

/*
 * "2026-11-22T05:00:00Z", "2026-11-22T05:00:00+01:00", or "05:00", local: today, or tomorrow when that is over. 0 or
 * -EINVAL.
 */
int scan_until_parse(const char *text, int64_t now, int64_t *ret);
