/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The style sheet of the HTML report. */
extern const char html_style[];
