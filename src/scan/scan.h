/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outside view: asks endpoints of targets in scope and says what each is, with what was not seen. The
 * caller parses targets and ports, makes the scope, and gets results as they come.
 */
#pragma once

#include <signal.h>

#include "model/endpoint.h"
#include "model/estate.h"
#include "gate/gate.h"
#include "scan/method.h"
#include "scan/ports.h"
#include "scan/targets.h"

#define SCAN_RATE_MAX 10000000u
/* Probes of a domain past which --yes-huge is asked for. */
#define SCAN_HUGE (1ull << 32)

struct scan_pace {
        uint32_t rate;      /* packets/s in all */
        uint32_t host_rate; /* packets/s to one host */
};

struct scan_profile {
        const char *name; /* "gentle", "normal", "fast" */
        struct scan_pace pace;
        const char *summary;
};

extern const struct scan_profile scan_profiles[]; /* ends with name NULL */

struct scan_progress {
        uint64_t probes, decided; /* of the whole domain; decided counts ports */
        uint64_t sent, received;
        uint32_t hosts, hosts_done, hosts_found;
        uint32_t open;
        double rate; /* packets/s over the last second */
        double loss;
        uint64_t elapsed_ms, left_ms; /* left: an estimate, UINT64_MAX = not known */
};

struct scan_options {
        const struct targets *targets;
        const struct scan_ports *ports;
        const struct estate *estate; /* or NULL */
        const struct scope *scope;
        const struct method *tcp, *udp; /* tcp: method_syn or method_connect */
        struct scan_pace pace;
        bool discovery;                    /* ask hosts of ranges whether they are there first */
        bool all_payloads;  /* UDP: every payload that makes sense for a port, not only the usual ones */
        bool confirm;                      /* full handshake with every port a SYN found open */
        int64_t until;                     /* seconds since 1970; INT64_MAX = no end */
        const char *checkpoint;            /* file to keep the state in; NULL = none */
        const char *words;      /* the command's words, kept in the checkpoint for checkpoint_words */
        size_t words_len;
        bool resume;                       /* the file is there: go on from it */
        const volatile sig_atomic_t *stop; /* becomes non-zero: finish the record and return */

        /* Results as they come; called from scan_run. */
        void (*endpoint)(const struct endpoint *endpoint,
                         void *arg); /* every decided one, once its state is final */
        void (*host)(const struct host_coverage *coverage, void *arg); /* once a host, after its endpoints */
        void (*progress)(const struct scan_progress *progress,
                         void *arg); /* about four times a second; or NULL */
        void (*warn)(const char *text, void *arg);
        void *arg;
};

struct scan_result {
        uint64_t sent, received, answered, retried, local_drops, forged, refused_by_gate;
        double loss;
        uint32_t hosts_found, hosts_not_found, open;
        unsigned why; /* coverage reasons of all hosts */
        bool complete;
        uint64_t elapsed_ms;
};

struct scan;

/*
 * Open sockets, paths and the checkpoint: all that needs privilege or the file system. -EPERM: the method
 * needs CAP_NET_RAW; -EBUSY: the checkpoint is another scan's; -EBADMSG: the checkpoint is no such file or
 * of other targets.
 */
int scan_open(struct scan **ret, const struct scan_options *options, struct err *err);
/*
 * After scan_open: no new files, no new programs, no privilege (scan/confine.h). Then run to the end. 0 or
 * negative errno.
 */
int scan_run(struct scan *s, struct scan_result *ret, struct err *err);
struct scan *scan_free(struct scan *s);
static inline void scan_freep(struct scan **s)
{
        *s = scan_free(*s);
}

/* Milliseconds the scan takes at least at that pace: for --dry-run and the refusal of huge ones. */
uint64_t scan_estimate_ms(const struct scan_options *options);
