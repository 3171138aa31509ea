/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80

struct terminal terminal_of(int fd)
{
        const char *no_colour = getenv("NO_COLOR");
        struct winsize size = {0};

        if (!isatty(fd))
                return (struct terminal){0};
        return (struct terminal){
                .width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : USUAL_WIDTH,
                .colour = !no_colour || !*no_colour,
        };
}
