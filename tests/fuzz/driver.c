/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without libFuzzer, so that any compiler tests every parser: on each file given (or in the folders given), on
 * each of its beginnings when it is small, and on mutations of it. The sequence is the same in every run; only a slow machine
 * ends it earlier. What makes the target fail is left in the working directory.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"
#include "fuzz.h"

#define FILE_MAX     (1024 * 1024)
#define SMALL        1024 /* bytes: files up to here are tried at every length */
#define MUTATIONS    20000 /* of all files together */
#define TIME_MAX_MS  1000 /* QM_FUZZ_MS says otherwise */
#define FLIPS_MAX    8

struct input {
        uint8_t *data;
        size_t len;
};

struct run {
        vec(struct input) inputs;
        uint64_t random;
        uint64_t until_ns;
        unsigned long n;
};

static struct input current;
static const char *program;

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* Called when all is lost: write(2) and nothing that allocates. */
static void keep_reproducer(void)
{
        static char path[256];
        int fd;

        (void)snprintf(path, sizeof(path), "reproducer-%s", program);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd >= 0 && write(fd, current.data, current.len) == (ssize_t)current.len)
                (void)dprintf(STDERR_FILENO, "%s: the input is kept in '%s'\n", program, path);
        (void)close(fd);
}

static void on_signal(int signal)
{
        keep_reproducer();
        (void)raise(signal); /* SA_RESETHAND: now it ends the process */
}

static void watch(void)
{
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

        (void)sigaction(SIGABRT, &action, NULL);
        /* Sanitizers have handlers of their own for these. */
        if (__sanitizer_set_death_callback) {
                __sanitizer_set_death_callback(keep_reproducer);
                return;
        }
        (void)sigaction(SIGSEGV, &action, NULL);
        (void)sigaction(SIGBUS, &action, NULL);
        (void)sigaction(SIGFPE, &action, NULL);
}

/* xorshift64 (Marsaglia 2003) */
static size_t random_below(struct run *run, size_t limit)
{
        run->random ^= run->random << 13;
        run->random ^= run->random >> 7;
        run->random ^= run->random << 17;
        return limit ? run->random % limit : 0;
}

static bool time_is_up(const struct run *run)
{
        return clock_monotonic_ns() >= run->until_ns;
}

static void run_one(struct run *run, const uint8_t *data, size_t len)
{
        current = (struct input){malloc(len), len}; /* not xmalloc: no byte more, even of none */
        if (len && !current.data)
                abort();
        if (len)
                memcpy(current.data, data, len);
        (void)LLVMFuzzerTestOneInput(current.data, len);
        free(current.data);
        current = (struct input){0};
        run->n++;
}

static void run_beginnings(struct run *run, const struct input *input)
{
        for (size_t len = 0; len < input->len && input->len <= SMALL && !time_is_up(run); len++)
                run_one(run, input->data, len);
}

static void run_mutation(struct run *run, const struct input *input)
{
        size_t from = random_below(run, input->len), to = random_below(run, input->len), swap = from;
        struct input m = {xmalloc(input->len * 2), input->len};

        memcpy(m.data, input->data, input->len);
        if (from > to)
                from = to, to = swap;
        switch (random_below(run, 4)) {
        case 0: /* a part is missing */
                memmove(m.data + from, m.data + to, input->len - to);
                m.len -= to - from;
                break;
        case 1: /* a part comes twice */
                memcpy(m.data + to, input->data + from, input->len - from);
                m.len = to + input->len - from;
                break;
        }
        for (size_t n = m.len ? 1 + random_below(run, FLIPS_MAX) : 0; n; n--)
                m.data[random_below(run, m.len)] ^= (uint8_t)(1u << random_below(run, 8));
        run_one(run, m.data, m.len);
        free(m.data);
}

static void add_path(struct run *run, int dir_fd, const char *path)
{
        int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        struct str text = {0};
        struct dirent *entry;

        if (dir) {
                while ((entry = readdir(dir)))
                        if (entry->d_name[0] != '.')
                                add_path(run, dirfd(dir), entry->d_name);
                (void)closedir(dir);
                return;
        }
        if (fd < 0 || fd_read_all(fd, FILE_MAX, &text) < 0) {
                (void)fprintf(stderr, "%s: cannot read '%s'\n", program, path);
                exit(2);
        }
        (void)close(fd);
        str_reserve(&text, 1); /* also an empty file has an address */
        *vec_push(&run->inputs) = (struct input){(uint8_t *)text.text, text.len};
}

static int compare_inputs(const void *a, const void *b)
{
        const struct input *x = a, *y = b;
        int r = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

        return r ? r : (x->len > y->len) - (x->len < y->len);
}

/* Targets that are many take less each. */
static uint64_t time_ms(void)
{
        const char *text = getenv("QM_FUZZ_MS");
        uint64_t ms = TIME_MAX_MS;

        if (text)
                (void)str_to_u64(text, 3600000, &ms);
        return ms;
}

int main(int argc, char **argv)
{
        struct run run = {.random = 88172645463325252ull};

        program = str_basename(argv[0]);
        for (int i = 1; i < argc; i++)
                add_path(&run, AT_FDCWD, argv[i]);
        if (!run.inputs.n) {
                (void)fprintf(stderr, "usage: %s FILE|FOLDER...\n", program);
                return 2;
        }
        vec_sort(&run.inputs, compare_inputs); /* folders have no order */
        watch();
        vec_foreach(input, &run.inputs) run_one(&run, input->data, input->len);
        run.until_ns = clock_monotonic_ns() + time_ms() * 1000000ull;
        vec_foreach(input, &run.inputs) run_beginnings(&run, input);
        for (unsigned i = 0; i < MUTATIONS && !time_is_up(&run); i++)
                run_mutation(&run, &run.inputs.at[i % run.inputs.n]);
        (void)printf("%s: %zu files, %lu inputs%s\n", program, run.inputs.n, run.n,
                     time_is_up(&run) ? ", cut by time" : "");
        vec_foreach(input, &run.inputs) free(input->data);
        vec_clear(&run.inputs);
        return 0;
}
