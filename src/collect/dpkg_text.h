/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of dpkg's database, a line at a time. No I/O. Formats: deb-control(5), dpkg-divert(1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What /var/lib/dpkg/status says of one package. Longer values than fit are taken as not given. */
struct dpkg_stanza {
        char name[256], version[256], architecture[64];
        bool installed; /* its files are there; false also for "config-files" */
};

/*
 * Take a line in. True when it ends the stanza (a blank line), which then can be read; clear it before the
 * next line.
 */
bool dpkg_stanza_line(struct dpkg_stanza *stanza, const char *line, size_t len);

/* /var/lib/dpkg/diversions: three lines for each. */
struct dpkg_diversion {
        char from[4096], to[4096]; /* the contested name, and where the files of other packages go */
        char by[256];              /* the package that keeps the contested name; ":" for the administrator */
        unsigned n_lines;
        bool bad; /* a line was too long or empty */
};

/* True when the line was the last of three and the diversion is complete and sound; the next line starts a new one. */
bool dpkg_diversion_line(struct dpkg_diversion *diversion, const char *line, size_t len);

/*
 * Length of the package name in "NAME.list" or "NAME:ARCH.list", without ".list" (with :ARCH); 0 when it is
 * no such file name.
 */
size_t dpkg_list_name(const char *file);
