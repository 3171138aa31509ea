/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop-first: for tests/integration: put in the place of a program PATH, which is kept as PATH.real. Asked to `apply` it
 * stops itself first; in any case it becomes that program.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        char self[4096], real[sizeof(self) + 8];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (n < 0)
                return 127;
        self[n] = '\0';
        (void)snprintf(real, sizeof(real), "%s.real", self);
        if (argc > 1 && strcmp(argv[1], "apply") == 0)
                (void)raise(SIGSTOP);
        (void)execv(real, argv);
        return 127;
}
