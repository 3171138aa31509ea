/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verify.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/progress.h"
#include "identify/runner.h"
#include "policy/estate_parse.h"
#include "scan/confine.h"
#include "scan/path.h"

struct asked { /* one listener that is asked */
        size_t listener;
        struct endpoint places[VERIFY_PLACES_MAX];
        size_t n, at;
        bool heard; /* something answered, whatever it was */
};

struct verify {
        struct inside_run *audit;
        struct pool *pool;
        struct estate estate;
        bool has_estate;
        struct range_set own, broadcast;
        struct scope scope;
        struct gate gate;
        struct identify *engine;
        struct progress progress;
        enum device_class class; /* of this machine, by any of its addresses */
        struct device_limits limits;
        vec(struct asked) asked;
        size_t done;
};

static volatile sig_atomic_t stop_asked;

static void stop(int signal_number)
{
        stop_asked = signal_number;
}

/* --- what this machine allows -------------------------------------------------------------------- */

/* The machine is one device, whichever of its addresses it is asked at: the limits of all of them hold. */
static void take_limits(struct verify *v, const struct address *address)
{
        struct device_limits limits = estate_limits(&v->estate, address);
        enum device_class class = estate_class(&v->estate, address);

        v->limits.no_udp |= limits.no_udp;
        v->limits.no_identify |= limits.no_identify;
        v->limits.industrial |= limits.industrial;
        if (v->class == DEVICE_NONE)
                v->class = class;
}

static bool forbidden_port(const struct verify *v, const struct endpoint *e)
{
        const struct inside *view = v->audit->view;

        vec_foreach(a, &view->addresses) {
                struct device_limits limits = estate_limits(&v->estate, &a->address);

                if (view->netns.at[a->netns].own && limits.forbidden[e->transport] &&
                    port_set_has(limits.forbidden[e->transport], e->port))
                        return true;
        }
        return false;
}

/* Why this place may not be asked; NULL: it may. */
static const char *refusal(const struct verify *v, const struct endpoint *e)
{
        if (!scope_has(&v->scope, &e->address))
                return "not an address of this machine that may be asked";
        if (!v->has_estate)
                return NULL;
        if (range_set_has(&v->estate.exclude, &e->address))
                return "estate.yaml excludes the address";
        if ((e->transport == TRANSPORT_UDP && v->limits.no_udp) || forbidden_port(v, e))
                return "estate.yaml says that devices of this class are not asked there";
        return NULL;
}

/* --- who is asked -------------------------------------------------------------------------------- */

static void not_verified(struct verify *v, size_t listener, const char *why, bool incomplete)
{
        struct inside_run *audit = v->audit;

        audit->assessment->listeners.at[listener].not_verified = why;
        inside_gap(audit->view, "verify", NULL, incomplete, "listeners not asked what they speak: %s", why);
        audit->complete = audit->complete && !incomplete;
}

static void add_job(struct verify *v, size_t index)
{
        const struct asked *asked = &v->asked.at[index];

        identify_add(v->engine, &(struct identify_job){
                                        .endpoint = asked->places[asked->at],
                                        .class = v->class,
                                        .no_payload = v->limits.no_identify,
                                        .industrial = v->limits.industrial,
                                        .arg = (void *)(uintptr_t)index, // NOLINT(performance-no-int-to-ptr)
                                });
}

static void plan(struct verify *v)
{
        struct assessment *a = v->audit->assessment;

        for (size_t i = 0; i < a->listeners.n; i++) {
                struct asked asked = {.listener = i};
                struct endpoint places[VERIFY_PLACES_MAX];
                const char *why = NULL;
                size_t n = assess_verify_places(a, i, places, &why);

                for (size_t p = 0; p < n; p++) {
                        const char *refused = refusal(v, &places[p]);

                        if (refused)
                                why = refused;
                        else
                                asked.places[asked.n++] = places[p];
                }
                if (asked.n)
                        *vec_push(&v->asked) = asked;
                else
                        not_verified(v, i, why, false);
        }
}

/* --- what they answer ---------------------------------------------------------------------------- */

static const char *why_not(const struct identity *id, bool *ret_incomplete)
{
        *ret_incomplete = stop_asked != 0;
        if (stop_asked)
                return "stopped before it was known";
        if (id->behaviour == BEHAVIOUR_GONE)
                return "it takes no connection from here: a packet filter, or it has ended meanwhile";
        return id->why ? id->why : "nothing may be sent to it";
}

static void on_done(const struct identify_job *job, const struct identity *id, void *arg)
{
        struct verify *v = arg;
        size_t index = (uintptr_t)job->arg;
        struct asked *asked = &v->asked.at[index];
        struct assessment *a = v->audit->assessment;
        bool cut = stop_asked && id->confidence != CONFIDENCE_CONFIRMED, incomplete; /* silence proves nothing then */

        if (id->behaviour != BEHAVIOUR_GONE && id->behaviour != BEHAVIOUR_NOT_ASKED && !cut) {
                assess_verified(a, v->audit->knowledge, asked->listener, id);
                asked->heard = true;
        }
        if (id->confidence != CONFIDENCE_CONFIRMED && ++asked->at < asked->n && !stop_asked) {
                add_job(v, index);
                return;
        }
        v->done++;
        if (asked->heard)
                return;
        const char *why = why_not(id, &incomplete);

        not_verified(v, asked->listener, pool_intern(a->pool, why), incomplete);
}

static void on_progress(size_t done, size_t all, void *arg)
{
        struct verify *v = arg;

        (void)done, (void)all; /* of places: people count listeners */
        progress_draw_identify(&v->progress, v->done, v->asked.n);
}

/* --- two processes ------------------------------------------------------------------------------- */

static int open_verify(struct verify *v, const struct invocation *in, struct err *err)
{
        const struct inside *view = v->audit->view;
        int r = config_open_estate(in, v->pool, &v->estate, &v->has_estate, err);

        if (r == 0)
                r = inside_run_open_output(v->audit, in, err);
        if (r == 0)
                r = paths_own_addresses(&v->own, &v->broadcast, err);
        if (r < 0)
                return r;
        scope_make(&v->scope, NULL, &v->own, &v->broadcast);
        v->gate.scope = &v->scope;
        vec_foreach(a, &view->addresses)
                if (v->has_estate && view->netns.at[a->netns].own)
                        take_limits(v, &a->address);
        return identify_open(&v->engine,
                             &(struct identify_options){
                                     .gate = &v->gate,
                                     .host_connections = 128, /* all are one host */
                                     .stop = &stop_asked,
                                     .done = on_done,
                                     .progress = on_progress,
                                     .arg = v,
                             },
                             err);
}

static void release(struct verify *v)
{
        identify_freep(&v->engine);
        progress_release(&v->progress);
        vec_clear(&v->asked);
        scope_release(&v->scope);
        range_set_release(&v->broadcast);
        range_set_release(&v->own);
        pool_freep(&v->pool);
}

/* The first signal ends the questions, and what is known is reported; the second one ends the process. */
static void catch_signals(void)
{
        struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};

        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
}

static int verify_confined(struct verify *v, struct err *err)
{
        const struct confinement what = {.sockets = true};
        const char *missing = "";
        int r;

        catch_signals();
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        free(take_ptr(v->audit->output.temporary)); /* the other process puts it in its place */
        r = confine(&what, &missing, err);
        if (r < 0)
                return r;
        v->progress = progress_to(STDERR_FILENO);
        plan(v);
        for (size_t i = 0; i < v->asked.n; i++)
                add_job(v, i);
        r = identify_run(v->engine, err);
        progress_clear(&v->progress);
        return r;
}

static volatile pid_t confined;

/* A terminal tells both processes itself; kill(1) names one. */
static void pass_on(int signal_number, siginfo_t *info, void *context)
{
        (void)context;
        if (info->si_code <= 0)
                (void)kill(confined, signal_number);
}

static int wait_for(pid_t pid, struct inside_run *audit, struct err *err)
{
        struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
        int how;

        confined = pid;
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        while (waitpid(pid, &how, 0) < 0)
                if (errno != EINTR) {
                        (void)err_errno(err, errno, "waiting for the process that asks");
                        return QM_EXIT_INCOMPLETE;
                }
        if (!WIFEXITED(how)) {
                (void)err_set(err, -EIO, "the process that asks was ended by signal %d; nothing is reported",
                              WTERMSIG(how));
                return QM_EXIT_INCOMPLETE;
        }
        if (audit->has_output && *audit->written && output_file_place(&audit->output, err) < 0)
                return QM_EXIT_INCOMPLETE;
        return WEXITSTATUS(how);
}

enum verify_result verify_listeners(struct inside_run *audit, const struct invocation *in, int *ret_status,
                                    struct err *err)
{
        _cleanup_(release) struct verify v = {.audit = audit, .pool = pool_new(), .progress.fd = -1};
        int r = open_verify(&v, in, err);
        pid_t pid;

        *ret_status = inside_run_failed(r);
        if (r < 0)
                return VERIFY_OVER;
        audit->written = mmap(NULL, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid = audit->written == MAP_FAILED ? -1 : fork();
        if (pid < 0) {
                (void)err_errno(err, errno, "starting the process that asks what listeners speak");
                *ret_status = QM_EXIT_INCOMPLETE;
                return VERIFY_OVER;
        }
        if (pid > 0) {
                *ret_status = wait_for(pid, audit, err);
                return VERIFY_OVER;
        }
        r = verify_confined(&v, err);
        *ret_status = QM_EXIT_INCOMPLETE;
        return r < 0 ? VERIFY_OVER : VERIFY_GO_ON;
}
