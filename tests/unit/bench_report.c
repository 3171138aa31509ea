/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the formats take for a large host: bench-report [LISTENERS [PROCESSES [FORMAT]]]. Best of
 * ten, written to /dev/null.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/fd.h"
#include "report/report.h"
#include "report_sample.h"

static double best_ms(const struct report_format *format, const struct report_input *in, int fd)
{
        double best = 1e9;

        for (int i = 0; i < 10; i++) {
                uint64_t start = clock_monotonic_ns();
                struct err err = {0};
                double ms;

                if (format->write(in, fd, &err) < 0) {
                        (void)fprintf(stderr, "%s: %s\n", format->name, err.text);
                        exit(1);
                }
                ms = (double)(clock_monotonic_ns() - start) / 1e6;
                if (ms < best)
                        best = ms;
        }
        return best;
}

int main(int argc, char **argv)
{
        _cleanup_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        uint64_t n = 20000, n_processes = 200;
        struct sample s;
        struct report_input in;
        struct rusage usage;

        if ((argc > 1 && str_to_u64(argv[1], 60000, &n) < 0) ||
            (argc > 2 && str_to_u64(argv[2], 60000, &n_processes) < 0) || null < 0)
                return 2;
        sample_many(&s, (unsigned)n, (unsigned)n_processes);
        in = (struct report_input){
                .assessment = &s.assessment,
                .view = s.view,
                .title = "host",
                .with_listeners = true,
                .complete = true,
        };
        for (const struct report_format *const *f = report_all(); *f; f++) {
                double ms;

                if (argc > 3 && !streq(argv[3], (*f)->name))
                        continue;
                ms = best_ms(*f, &in, null);
                (void)getrusage(RUSAGE_SELF, &usage);
                printf("%-5s %8.2f ms for %u listeners, peak %ld KiB\n", (*f)->name, ms, (unsigned)n,
                       usage.ru_maxrss);
        }
        sample_release(&s);
        return 0;
}
