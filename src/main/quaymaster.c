/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>

#include "base/fd.h"
#include "cli/command.h"

int main(int argc, char **argv)
{
        /* a reader that went away is told by write(2), with an errno and not a death */
        (void)signal(SIGPIPE, SIG_IGN);
        return fd_fill_standard() ? cli_main(argc, argv) : QM_EXIT_INCOMPLETE;
}
