/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a listener, a service or a gap looks like in words: shared by the formats that people read.
 * Everything here appends text as the host gave it; the format makes it safe (text_add_printable,
 * text_add_html, the cells of CSV) when it writes it out.
 */
#pragma once

#include "report/report.h"

/*
 * A format writes out what it holds when it reaches this size, so that a report of any length needs
 * little memory.
 */
#define REPORT_CHUNK (256u * 1024)

enum row_column {
        ROW_PORT,
        ROW_ADDRESS,
        ROW_PROTOCOL,
        ROW_SPEAKS,  /* of listeners that were asked; used only where some were */
        ROW_PRODUCT,
        ROW_SCOPE,
        ROW_NETNS,
        ROW_CONTAINER,
        ROW_PROCESS,
        ROW_UNIT,
        ROW_PACKAGE,
        ROW_ADVICE,
        ROW_VERDICT,
        ROW_MAX,
};

const char *row_heading(enum row_column column); /* "Port" */
/* What stands in that column for that listener; "-" where there is nothing. */
void row_add(struct str *to, enum row_column column, const struct listener *l);
/*
 * False for the columns that say nothing about these listeners: a namespace column where all are in
 * the host's.
 */
bool row_used(enum row_column column, const struct assessment *a);

/* "0.0.0.0", and for forwards to any address of the host also "0.0.0.0": the address as records have it. */
const char *row_plain_address(const struct listener *l, char buf[ADDRESS_TEXT_SIZE]);
/* "22", "8000-8010" */
void row_add_port_number(struct str *to, const struct listener *l);
/* "0.0.0.0:22/tcp", "[::]:22/tcp in netns blue" */
void row_add_place(struct str *to, const struct listener *l);
/* "sshd (812)"; the executable's name where the process has none. */
void row_add_process(struct str *to, const struct process *p);
/* "172.17.0.2:80" of a LISTENER_FORWARD */
void row_add_forward_target(struct str *to, const struct listener *l);
/* "process sshd (812), unit ssh.service, package openssh-server 1:9.2" as far as known */
void row_add_owner(struct str *to, const struct listener *l);
/* The places a service listens on, joined by ", "; at most `most`, then "and 3 more". */
void row_add_listens(struct str *to, const struct service_use *use, size_t most);
/* "processes: REASON (12 missed; needs CAP_SYS_PTRACE)" */
void row_add_gap(struct str *to, const struct gap *gap);
/* "ssh on 22/tcp (package openssh-server)" */
void row_add_alternative(struct str *to, const struct alternative *alternative);
/* "3 client sockets" */
void row_add_count(struct str *to, size_t n, const char *noun);

/*
 * The command at the end of a remediation step ("Stop it: systemctl ..."), or NULL when the step is
 * prose only.
 */
const char *row_step_command(const char *step);

/* How many of each, for headlines and the summary. */
struct tally {
        size_t advice[ADVICE_MAX];
        size_t severity[SEVERITY_MAX];
};

struct tally row_tally(const struct assessment *a);
void row_count_findings(struct tally *tally, const struct finding *findings, size_t n);
/* "2 expected, 1 review" or "1 critical, 3 low", most severe first; nothing where all are zero. */
void row_add_advice_tally(struct str *to, const struct tally *tally);
void row_add_severity_tally(struct str *to, const struct tally *tally);
