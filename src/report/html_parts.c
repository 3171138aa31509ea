/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/html.h"

#include "base/text.h"

void html_begin(struct str *to, const char *title)
{
        str_add(to,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
                "base-uri 'none'; form-action 'none'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
        text_add_html(to, title);
        str_add(to, "</title>\n<style>");
        str_add(to, html_style);
        str_add(to, "</style>\n</head>\n<body>\n<header><div>\n<h1>");
        text_add_html(to, title);
        str_add(to, "</h1>\n");
}

void html_add_tile(struct str *to, const char *class, size_t n, const char *label)
{
        str_addf(to, "<li class=\"%s%s\"><b>%zu</b><span>%s</span></li>\n", class, n ? "" : " zero", n,
                 label);
}

/* A wide table scrolls inside its region, which the keyboard can reach. */
void html_begin_table(struct str *to, const char *label, const char *caption)
{
        str_addf(
                to,
                "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table role=\"table\">",
                label);
        if (caption) {
                str_add(to, "<caption>");
                str_add(to, caption);
                str_add(to, "</caption>");
        }
        str_add(to, "\n<thead role=\"rowgroup\"><tr role=\"row\">");
}

void html_add_heading(struct str *to, const char *heading)
{
        str_add(to, "<th scope=\"col\" role=\"columnheader\">");
        str_add(to, heading);
        str_add(to, "</th>");
}

void html_begin_body(struct str *to)
{
        str_add(to, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

void html_begin_row(struct str *to)
{
        str_add(to, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
}

/*
 * The roles are repeated because a table that CSS shows as cards (on a phone) loses them for screen
 * readers.
 */
void html_begin_cell(struct str *to, const char *label, bool empty)
{
        str_addf(to, "<td role=\"cell\" data-label=\"%s\"%s><div>", label,
                 empty ? " class=\"none\"" : "");
}

void html_end_cell(struct str *to)
{
        str_add(to, "</div></td>");
}

void html_end_table(struct str *to)
{
        str_add(to, "</tbody></table></div>\n");
}
