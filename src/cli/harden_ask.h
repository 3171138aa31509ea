/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan asks of the system, and what no view has. Nothing is changed by asking. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"

struct harden_ask;

/* Never fails; systemd may not be there. */
struct harden_ask *harden_ask_new(void);
struct harden_ask *harden_ask_free(struct harden_ask *ask); /* accepts NULL, returns NULL */
/* Whether systemd answers; and whether this is a system of apt-get. */
bool harden_ask_has_units(const struct harden_ask *ask);
bool harden_ask_has_packages(const struct harden_ask *ask);

/* As the calls of struct harden_input; `arg` is the ask. */
const char *harden_ask_needed_by(const char *unit, void *arg);
const char *harden_ask_also(const char *package, void *arg);
