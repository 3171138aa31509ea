/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What listeners answered when they were asked (audit --verify), judged by the rules for endpoints. */
#pragma once

#include "assess/rule.h"

/* Evidence: what was spoken. Nothing where the listener was not asked. */
void spoken_describe(const struct rule_input *in, struct lines *to);
/* Hands each finding to `add`, under the rule's name without "outside-". */
void spoken_judge(const struct rule_input *in,
                  void (*add)(const char *rule, const struct verdict_draft *draft, void *arg), void *arg);
