/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings for people at a terminal: most severe first, one rule about one owner or with one title told once. */
#pragma once

#include "model/finding.h"
#include "report/report.h"

struct findings_text {
        struct str *to;
        bool colour;
        size_t width;            /* of prose; 0: not broken */
        int (*flush)(void *arg); /* after each group: may write out `to`; negative errno ends it; or NULL */
        void *arg;
};

/* 0, or what flush said. */
int findings_text_add(const struct findings_text *t, const struct finding *findings, size_t n);
