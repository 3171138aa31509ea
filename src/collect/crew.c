/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

struct hand {
        pthread_t thread;
        bool started;
        void (*work)(void *member);
        void *member;
};

unsigned crew_size(size_t tasks)
{
        cpu_set_t set;
        size_t n = sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;

        if (n > tasks)
                n = tasks ? tasks : 1;
        return n > CREW_MAX ? CREW_MAX : (unsigned)n;
}

static void *run(void *arg)
{
        const struct hand *hand = arg;

        hand->work(hand->member);
        return NULL;
}

void crew_run(void (*work)(void *member), void *members, size_t size, unsigned n)
{
        struct hand hands[CREW_MAX] = {0};

        for (unsigned i = 1; i < n && i < CREW_MAX; i++) {
                hands[i].work = work;
                hands[i].member = (char *)members + i * size;
                hands[i].started = pthread_create(&hands[i].thread, NULL, run, &hands[i]) == 0;
        }
        work(members);
        for (unsigned i = 1; i < n && i < CREW_MAX; i++)
                if (hands[i].started)
                        (void)pthread_join(hands[i].thread, NULL);
}
