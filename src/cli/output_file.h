/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of --output: new, readable by its owner only (mode 0600), in the place of an older one. What is no plain
 * file (/dev/null, a pipe) is written in place, unless it is a pipe that someone else laid there.
 */
#pragma once

#include "base/err.h"
#include "cli/command.h"

#define OUTPUT_OPTION                                                                                                 \
        {                                                                                                             \
                .name = "output", .letter = 'o', .kind = OPTION_WORD, .value = "FILE",                                \
                .help = "write to FILE (made with mode 0600) instead of the terminal"                                 \
        }
/* How, and where to: the options of every command that writes a report. */
#define OUTPUT_OPTIONS(formats)                                                                                       \
        {.name = "json", .letter = 'j', .help = "NDJSON, one record a line: --format json"},                          \
                {.name = "format",                                                                                    \
                 .letter = 'f',                                                                                       \
                 .kind = OPTION_WORD,                                                                                 \
                 .value = "FORMAT",                                                                                   \
                 .help = "how to write the report",                                                                   \
                 .choices = formats},                                                                                 \
                OUTPUT_OPTION

struct output_file {
        int fd;          /* write here */
        char *path;      /* where it shall stand */
        char *temporary; /* where it stands until output_file_place; NULL: in place */
};

/* 0 or negative errno. */
int output_file_open(struct output_file *file, const char *path, struct err *err);
/* Put it where it shall stand, replacing what is there. For reports at their end, for streams before they begin. */
int output_file_place(struct output_file *file, struct err *err);
/* Closes; what was not placed is removed. */
void output_file_release(struct output_file *file);
