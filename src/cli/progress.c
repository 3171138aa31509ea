/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <unistd.h>

#include "base/fd.h"
#include "cli/terminal.h"
#include "report/scan_words.h"

#define SILENT_MS  1000u
#define ERASE_LINE "\r\033[K" /* ECMA-48 EL */

struct progress progress_to(int fd)
{
        struct terminal terminal = terminal_of(fd);

        return (struct progress){.fd = terminal.width ? fd : -1, .width = terminal.width};
}

void progress_format(struct str *to, const struct scan_progress *at)
{
        unsigned percent = at->probes ? (unsigned)((double)at->decided / (double)at->probes * 100) : 0;

        str_addf(to, "%u %%, %.0f packets/s, %u open, %u of %u hosts", percent > 100 ? 100 : percent,
                 at->rate, at->open, at->hosts_done, at->hosts);
        if (at->loss > 0)
                str_addf(to, ", loss %.1f %%", at->loss * 100);
        if (at->left_ms != UINT64_MAX) {
                str_add(to, ", ");
                scan_add_duration(to, at->left_ms);
                str_add(to, " left");
        }
}

static void begin_line(struct progress *p)
{
        str_reset(&p->line);
        str_add(&p->line, ERASE_LINE);
}

static void draw_line(struct progress *p)
{
        if (p->line.len > p->width + strlen(ERASE_LINE) - 1) /* all of it is ASCII */
                p->line.len = p->width + strlen(ERASE_LINE) - 1;
        (void)fd_write_all(p->fd, p->line.text, p->line.len);
        p->drawn = true;
}

void progress_draw(struct progress *p, const struct scan_progress *at)
{
        if (p->fd < 0 || at->elapsed_ms < SILENT_MS)
                return;
        begin_line(p);
        progress_format(&p->line, at);
        draw_line(p);
}

void progress_draw_identify(struct progress *p, size_t done, size_t all)
{
        if (p->fd < 0)
                return;
        begin_line(p);
        str_addf(&p->line, "identifying what speaks there: %zu of %zu open ports", done, all);
        draw_line(p);
}

void progress_clear(struct progress *p)
{
        if (p->drawn)
                (void)fd_write_all(p->fd, ERASE_LINE, strlen(ERASE_LINE));
        p->drawn = false;
}

void progress_release(struct progress *p)
{
        progress_clear(p);
        str_release(&p->line);
}
