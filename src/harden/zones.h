/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: what firewall.c and published.c share: from where rules of the policy let in. */
#pragma once

#include "harden/maker.h"

/* Where a rule may be used from, as words of a firewall line. */
struct from {
        bool nowhere; /* this machine only: no line is needed */
        bool anywhere;
        struct str text; /* " from office 10.0.0.0/24"; empty when anywhere */
};

void from_release(struct from *from);

struct zone_lines {
        vec(const char *) names; /* as the firewall calls them */
        vec(const char *) zones; /* as the estate does */
        vec(const char *) lines; /* "zone office 10.20.0.0/16" */
};

void zone_lines_release(struct zone_lines *zones);
/* What `from` of a rule means here. Adds lines of zones that are used; notes in the draft what is not known. */
void from_of_rule(struct maker *m, const struct policy_rule *rule, struct zone_lines *zones, struct draft *d,
                  struct from *ret);
/*
 * Networks that the own network namespace is attached to, as " 10.20.0.0/16 ..."; with `bridges`, only those of
 * containers and virtual machines.
 */
void add_attached(const struct maker *m, bool bridges, struct str *to);
/* A bridge that Docker, podman, libvirt, LXC or Incus made. */
bool is_bridge_of_guests(const char *device);
