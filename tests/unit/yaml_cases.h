/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each text that a parser of YAML was given, and what it said, for check-yaml-schema.py: appended to the file that
 * QM_YAML_CASES names as "SCHEMA\0TEXT\0ERROR\0", where ERROR is empty when it was taken. Without it nothing is done.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

static inline void yaml_case(const char *schema, const char *text, const char *error)
{
        const char *path = getenv("QM_YAML_CASES");
        FILE *f = path ? fopen(path, "ae") : NULL;

        if (!path)
                return;
        assert_non_null(f);
        assert_true(fprintf(f, "%s%c%s%c%s%c", schema, 0, text, 0, error, 0) > 0);
        assert_int_equal(fclose(f), 0);
}
