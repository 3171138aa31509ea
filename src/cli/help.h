/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help texts, made from the tables of commands. */
#pragma once

#include <stdio.h>

struct command;

void help_version(FILE *to);
void help_overview(FILE *to);
void help_command(FILE *to, const struct command *command);
