/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All probes, and what is found among them: by name, by port, by what came. */
#pragma once

#include "identify/probe.h"

extern const struct probe *const probes[]; /* ends with NULL; sorted by name */
extern const size_t n_probes;

/* NULL when there is none. */
const struct probe *probe_find(const char *name);
/* Whether the port is one of the probe's own. Pure; parses the list each time. */
bool probe_has_port(const struct probe *probe, enum transport transport, uint16_t port);
