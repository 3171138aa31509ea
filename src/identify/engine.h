/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner's own types, for the files of this folder only. A port has work (strategy.c): which probe is tried next, and what
 * is known so far. Each try is a conversation (conversation.c): one connection, or one UDP socket, from its first byte to its
 * last. The loop (runner.c) owns both, and is the only one that waits.
 *
 * How a port is asked:
 *  1. Connect and listen: servers that speak first are recognised by what they say.
 *  2. On the same connection the likeliest by port number is asked, or HTTP where the number has none.
 *  3. What comes is shown to all probes: another protocol often shows itself by how it refuses a stranger. What they recognise
 *     is tried next.
 *  4. Then TLS, and the probes that are swept, a few at a time. Inside TLS it begins again with 1.
 *  5. Where TLS came first, ClientHellos of our own find out what else it accepts.
 */
#pragma once

#include "base/vec.h"
#include "identify/registry.h"
#include "identify/runner.h"
#include "identify/tls.h"

#define PROBES_MAX 512u
#define FIRST_MAX  4096u     /* first bytes of a connection that are kept, for recognition and evidence */
#define IN_MAX     (64u * 1024) /* bytes since the last send that a probe is shown */

enum conversation_state {
        CONVERSATION_CONNECT,
        CONVERSATION_SHAKE,  /* TLS handshake, from the first byte or after STARTTLS */
        CONVERSATION_LISTEN, /* for a greeting */
        CONVERSATION_TALK,
        CONVERSATION_HELLO, /* a ClientHello of our own was sent */
        CONVERSATION_OVER,
};

enum attempt_kind {
        ATTEMPT_LISTEN, /* listen, then the probe (NULL: what the port suggests) on the same connection */
        ATTEMPT_PROBE,
        ATTEMPT_TLS,   /* begin TLS, then listen inside it */
        ATTEMPT_HELLO, /* ask for a version of TLS */
};

struct attempt {
        enum attempt_kind kind;
        const struct probe *probe;
        enum tls_version hello;
        bool no_alpn;
        bool last; /* one of the sweep: less patience */
};

struct work;

struct conversation {
        struct work *work;
        struct attempt attempt;
        enum conversation_state state;
        int fd; /* -1: none */
        struct talk talk;
        const struct probe *probe; /* that talks; NULL while listening */
        bool inside;          /* in TLS that came first */
        bool starttls;        /* the handshake under way, or made, is of STARTTLS */
        bool sent;            /* something was sent before `first` came */
        bool ended, reset;
        bool connected;
        bool want_write, watches_write;
        bool lingers;  /* listens to the end of the port's time */
        bool resent;   /* a datagram that had no answer */
        bool switched; /* to another probe than the one that asked */
        unsigned sends, agains;
        struct identity id;
        struct str in;      /* what came since the last send, inside TLS if there is */
        struct str pending; /* for the wire */
        struct str first;   /* what came first, inside TLS where that was made */
        struct str asked;   /* what was sent last, to know an echo */
        struct tls_session *tls;
        uint64_t began_ns, deadline_ns;
};

/* Bit sets of probes by their place in the registry. */
struct probe_set {
        uint64_t bits[PROBES_MAX / 64];
};

struct host_use { /* of one address */
        struct address address;
        unsigned open;
};

struct work {
        struct identify *runner;
        struct host_use *host;
        struct identify_job job;
        struct pool *pool;
        char address[ADDRESS_TEXT_SIZE];
        uint64_t began_ns, next_ns; /* no new conversation before */
        struct probe_set tried[2];  /* without TLS, and inside it */
        const struct probe *suggested[8];
        size_t n_suggested;
        bool inside;      /* TLS comes first here: all is tried inside it */
        bool tls_tried, tls_without_alpn;
        bool tls_refused; /* an alert: TLS is there, and does not let us in */
        bool listened[2];
        bool versions_begun;
        uint8_t hello_next; /* enum tls_version + 1; 0 = none */
        bool decided;       /* nothing more is tried but versions of TLS */
        unsigned open;      /* conversations */
        unsigned failed_connects, answers, sweeps;
        unsigned closes, resets; /* of connections on which nothing had come */
        unsigned at_once;        /* of these, before anything was sent */
        bool flooded;
        bool connected;
        uint32_t bytes_in, bytes_out, connections;
        struct identity best;
        struct tls_facts facts;
        bool has_facts;
        const struct probe *hint; /* surely recognised, though it was not confirmed */
        struct str first;         /* what came first of all, if nothing better tells */
};

struct identify {
        struct identify_options options;
        int epoll;
        vec(struct identify_job) jobs;
        vec(struct host_use *) hosts;
        size_t next_job, done;
        struct work **works; /* at work */
        size_t n_works;
        struct conversation **conversations;
        size_t n_conversations;
        uint64_t now_ns, next_progress_ns;
};

/* --- strategy.c: pure but for the pool --------------------------------------------------------------- */

/* The next conversation to begin now. False when there is none now (work->open > 0, or later) or ever (strategy_over). */
bool strategy_next(struct work *work, uint64_t now_ns, struct attempt *ret);
/* Nothing more is tried, and nothing is open. */
bool strategy_over(const struct work *work, uint64_t now_ns);
/* How long a greeting is waited for on this connection, in ms. */
unsigned strategy_greeting_ms(const struct work *work);
/*
 * Nobody spoke first, and the port has no probe of its own: the connection is left listening, for a server that is slow to
 * greet, and others are asked on new ones.
 */
bool strategy_lingers(const struct work *work);
/* What is asked when nobody spoke first; NULL when nothing may be sent. Marks it as tried. */
const struct probe *strategy_first_question(struct work *work);
/* Who surely or likely said that; NULL when nobody known. Those that were tried and failed are passed over. */
const struct probe *strategy_recognise(const struct work *work, const struct heard *heard, enum recognition *ret);
/* What a probe is sure of that had its chance and was too impatient: good for `likely`. */
void strategy_note(struct work *work, const struct heard *heard);
bool strategy_may_send(const struct work *work, const struct probe *probe);
void strategy_suggest(struct work *work, const struct probe *probe);
bool strategy_mark(struct work *work, const struct probe *probe); /* as tried; true when it was not */
/* What the handshake of STARTTLS told. */
void strategy_take_facts(struct work *work, struct conversation *c);
/* A conversation has ended: what it learnt goes into the work. */
void strategy_take(struct work *work, struct conversation *c);
/* The identity of the port, when all is over. */
void strategy_result(struct work *work, uint64_t now_ns, struct identity *ret);

/* --- conversation.c ---------------------------------------------------------------------------------- */

/* Begin. NULL when there are no descriptors (errno in *ret_code). */
struct conversation *conversation_new(struct work *work, const struct attempt *attempt, int *ret_code);
/* Something may have come, can be sent, or is due: go on. state is CONVERSATION_OVER when it has ended. */
void conversation_go(struct conversation *c, unsigned events, uint64_t now_ns);
struct conversation *conversation_free(struct conversation *c);

/* --- conversation_io.c ------------------------------------------------------------------------------- */

bool conversation_is_udp(const struct conversation *c);
/* Opens and connects a socket, and puts it into the loop. 0 or negative errno. */
int conversation_open(struct conversation *c);
/* Says text, inside TLS where there is some; remembers it as what was asked last. */
void conversation_say(struct conversation *c, const struct str *text);
void conversation_send_datagram(struct conversation *c, const void *data, size_t len);
/* Sends what is pending, as far as it goes. */
void conversation_flush(struct conversation *c);
/* Reads what there is into `in` and `first`. True when something came, or the peer has closed. */
bool conversation_hear(struct conversation *c);
void conversation_came(struct conversation *c, const void *data, size_t len);
/* Tells the loop what is waited for. */
void conversation_watch(struct conversation *c);
