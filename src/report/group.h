/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings as people read them: one rule about one owner is one thing to do, on however many addresses and ports it
 * shows; of endpoints, whose owner is not seen, one rule with one title. Records (JSON) stay one each. Groups keep the
 * order of the findings, so the most severe comes first.
 */
#pragma once

#include "report/report.h"

struct finding_group {
        const struct finding *first; /* the members share its rule, severity and owner; its title is shown */
        vec(const struct finding *) members;
};

struct finding_groups {
        vec(struct finding_group) list;
};

struct finding_groups groups_of(const struct finding *findings, size_t n);
void groups_release(struct finding_groups *groups);

/* The first one's title, and the ports of the others: "... listens on 80/tcp (also 443/tcp)". */
void group_add_title(struct str *to, const struct finding_group *g);

/* Calls back for each different string of the members' lists, in order. */
void group_each_evidence(const struct finding_group *g, void (*each)(const char *text, void *arg),
                         void *arg);
void group_each_step(const struct finding_group *g, void (*each)(const char *text, void *arg), void *arg);
/*
 * "0.0.0.0:23/tcp, [::]:23/tcp" of the members, at most `most`, then "and 90 more"; a service's name
 * where it has no listener.
 */
void group_add_places(struct str *to, const struct finding_group *g, size_t most);
