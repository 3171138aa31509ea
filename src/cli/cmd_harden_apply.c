/* SPDX-License-Identifier: GPL-2.0-or-later */
/* harden apply: the plan in short, a question, the steps by quaymaster-harden, and what it came to. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/harden.h"
#include "cli/harden_child.h"
#include "cli/harden_proof.h"

#define WITHIN_S     120u
#define WITHIN_MIN_S 10u
#define WITHIN_MAX_S 86400u

struct apply {
        uint64_t within_s;
        const char *from; /* network namespace of the probe, or NULL */
        bool json;
        uint64_t done_ns; /* when the time for confirming began, on the clock of clock_monotonic_ns */
        size_t n_steps;
        char id[40];
};

static void say(const char *text)
{
        _cleanup_str_ struct str line = {0};

        text_add_printable(&line, text);
        (void)printf("%s\n", str_text(&line));
        (void)fflush(stdout);
}

/* --- before ---------------------------------------------------------------------------------- */

/* "120s", "120", "5m". */
static int parse_within(const char *word, uint64_t *ret, struct err *err)
{
        size_t len = word ? strlen(word) : 0;
        uint64_t unit = len && word[len - 1] == 'm' ? 60 : 1;
        _cleanup_free_ char *digits = NULL;

        *ret = WITHIN_S;
        if (!word)
                return 0;
        digits = xstrndup(word, len - (len && (word[len - 1] == 's' || word[len - 1] == 'm')));
        if (str_to_u64(digits, WITHIN_MAX_S, ret) < 0 || *ret * unit < WITHIN_MIN_S ||
            *ret * unit > WITHIN_MAX_S)
                return err_set(err, -EINVAL,
                               "'--confirm-within %s': give a time from %us to %us, as 120s or 5m", word,
                               WITHIN_MIN_S, WITHIN_MAX_S);
        *ret *= unit;
        return 0;
}

static int parse(const struct invocation *in, struct apply *apply, struct err *err)
{
        apply->from = invocation_get(in, "verify-from");
        if (apply->from && streq(apply->from, "none"))
                apply->from = NULL;
        apply->json = invocation_has(in, "json");
        if (invocation_has(in, "rollback-unless-verified") && !apply->from)
                return err_set(err, -EINVAL,
                               "--rollback-unless-verified needs a probe from outside: --verify-from NETNS");
        return parse_within(invocation_get(in, "confirm-within"), &apply->within_s, err);
}

/* A unit that is stopped needs no limits; NULL: no action of the chosen ones stops it. */
static const struct action *stopped_by(const struct harden_run *run, const struct action *a)
{
        const char *unit = action_value(a, "unit", 0), *other;

        if (!unit || (a->kind != ACTION_BIND_LOOPBACK && a->kind != ACTION_UNIT_SANDBOX))
                return NULL;
        vec_foreach(at, &run->chosen)
                for (size_t i = 0; (*at)->kind == ACTION_UNIT_STOP && (other = action_value(*at, "unit", i));
                     i++)
                        if (streq(other, unit))
                                return *at;
        return NULL;
}

/* Stopping a unit and changing how it listens exclude each other: what was named is asked about, else stopping wins. */
static int keep_one(struct harden_run *run, bool only, struct err *err)
{
        vec(const struct action *) kept = {0};
        int r = 0;

        vec_foreach(at, &run->chosen) {
                const struct action *stop = stopped_by(run, *at);

                if (stop && only)
                        r = err_set(err, -EINVAL, "%s and %s are for the same unit; choose one of them",
                                    stop->id, (*at)->id);
                if (!stop)
                        *vec_push(&kept) = *at;
        }
        for (size_t i = 0; r == 0 && i < kept.n; i++)
                run->chosen.at[i] = kept.at[i];
        if (r == 0)
                run->chosen.n = kept.n;
        vec_clear(&kept);
        return r;
}

/* Those that cannot be undone are for a kit, and what would lock one out needs a word. */
static int check_chosen(struct harden_run *run, const struct invocation *in, struct err *err)
{
        bool only = invocation_has(in, "only");
        size_t kept = 0;

        for (size_t i = 0; i < run->chosen.n; i++) {
                const struct action *a = run->chosen.at[i];

                if (a->not_applied && only)
                        return err_set(err, -EINVAL, "%s is not applied: %s", a->id, a->not_applied);
                if (a->cuts && !invocation_has(in, "lock-me-out") && only)
                        return err_set(err, -EINVAL, "%s: %s. With --lock-me-out it is done all the same",
                                       a->id, a->cuts);
                if (!a->not_applied && (!a->cuts || invocation_has(in, "lock-me-out")))
                        run->chosen.at[kept++] = a;
        }
        run->chosen.n = kept;
        return kept ? keep_one(run, only, err)
                    : err_set(err, -ENOENT,
                              "no action of the plan is suggested; choose some by --only (see: quaymaster "
                              "harden plan)");
}

static void show(const struct harden_run *run, const struct apply *apply)
{
        size_t n = 0;

        (void)printf("This is done:\n");
        vec_foreach(at, &run->chosen) {
                _cleanup_str_ struct str line = {0};

                str_addf(&line, "  %zu. %s (%s; risk: %s)", ++n, (*at)->title, (*at)->id,
                         action_risk_name((*at)->risk));
                say(line.text);
                for (const char *const *warning = (*at)->warnings; *warning; warning++) {
                        str_reset(&line);
                        str_addf(&line, "     mind: %s", *warning);
                        say(line.text);
                }
        }
        (void)printf("It is undone by itself unless you confirm it within %llu s, from a new login.\n",
                     (unsigned long long)apply->within_s);
}

static int ask_yes(const struct invocation *in, struct err *err)
{
        char answer[16] = "";

        if (invocation_has(in, "yes"))
                return 0;
        if (!isatty(STDIN_FILENO))
                return err_set(err, -EINVAL, "nobody can be asked here; say --yes when it shall be done");
        (void)printf("Do it? Type yes: ");
        (void)fflush(stdout);
        if (!fgets(answer, sizeof(answer), stdin) || !streq(answer, "yes\n"))
                return err_set(err, -ECANCELED, "nothing was done");
        return 0;
}

/* --- doing ----------------------------------------------------------------------------------- */

static void tell(const struct child_line *line, void *arg)
{
        _cleanup_str_ struct str text = {0};
        struct apply *apply = arg;

        if (apply->json && (streq(line->type, "step") || streq(line->type, "note")))
                say(line->raw);
        if (streq(line->type, "result"))
                apply->done_ns = clock_monotonic_ns();
        if (streq(line->type, "result"))
                (void)snprintf(apply->id, sizeof(apply->id), "%s", line->id);
        if (apply->json || (!streq(line->type, "step") && !streq(line->type, "note")))
                return;
        apply->n_steps += streq(line->type, "step");
        str_addf(&text, "  %s%s%s", line->event, line->event[0] ? ": " : "", str_text(&line->words));
        if (line->error.len)
                str_addf(&text, ": %s", line->error.text);
        say(str_text(&text));
}

static int do_apply(const struct harden_run *run, struct apply *apply, struct err *err)
{
        _cleanup_str_ struct str requests = {0};
        char within[24];
        const char *words[] = {"apply", "--confirm-within", within, "--plan", run->plan->id, NULL};

        (void)snprintf(within, sizeof(within), "%llu", (unsigned long long)apply->within_s);
        vec_foreach(at, &run->chosen)
                action_request_write(*at, &requests);
        return harden_child(words, &requests, tell, apply, err);
}

/* --- after ----------------------------------------------------------------------------------- */

static const char *const proof_words[PROOF_MAX] = {"closed", "still open", "not verifiable"};

static void show_proof(const struct harden_proof *proof, const struct apply *apply)
{
        vec_foreach(line, &proof->lines) {
                _cleanup_str_ struct str text = {0};
                struct json j = json_to(&text);

                if (!apply->json) {
                        str_addf(&text, "  %-14s %s: %s", proof_words[line->proof], line->finding->title,
                                 line->why);
                        say(text.text);
                        continue;
                }
                json_open_object(&j, NULL);
                json_str(&j, "type", "proof");
                json_str(&j, "rule", line->finding->rule);
                json_str(&j, "title", line->finding->title);
                json_str(&j, "result", proof_words[line->proof]);
                json_str(&j, "why", line->why);
                json_bool(&j, "outside", proof->outside);
                json_end(&j);
                (void)printf("%s\n", str_text(&text));
        }
        if (!apply->json)
                (void)printf("%zu closed, %zu still open, %zu not verifiable%s.\n", proof->n[PROOF_CLOSED],
                             proof->n[PROOF_OPEN], proof->n[PROOF_UNKNOWN],
                             proof->outside ? "" : ", as seen from inside");
}

/* What was shut as seen from outside; that somebody still gets in is what makes it a proof. */
static void note_proof(const struct harden_proof *proof, const struct apply *apply, struct err *err)
{
        static const char *const words[] = {"proved", NULL};
        _cleanup_str_ struct str evidence = {0};

        str_addf(
                &evidence,
                "from network namespace '%s': %zu ports asked, %zu findings closed, none open, the way in open",
                apply->from, proof->n_asked, proof->n_shut);
        (void)harden_child(words, &evidence, NULL, NULL, err);
}

static void count_left(const struct child_line *line, void *arg)
{
        uint64_t *left = arg;

        if (streq(line->type, "result"))
                *left = line->left;
}

static int take_back(const struct apply *apply, struct err *err)
{
        const char *words[] = {"undo", apply->id, NULL};
        uint64_t left = 0;
        int r = harden_child(words, NULL, count_left, &left, err);

        if (r == 0 && left)
                return err_set(err, -EIO,
                               "it could not be verified from outside, so it was undone, but for %llu (see: "
                               "quaymaster harden status)",
                               (unsigned long long)left);
        if (r == 0)
                return err_set(err, -EIO, "it could not be verified from outside, so all of it was undone");
        return err_prefix(err, "not verified, and undoing it failed");
}

static void show_end(const struct apply *apply, bool proved)
{
        uint64_t gone_s = (clock_monotonic_ns() - apply->done_ns) / UINT64_C(1000000000);
        uint64_t left_s = gone_s < apply->within_s ? apply->within_s - gone_s : 0;

        if (apply->json) {
                (void)printf("{\"type\":\"summary\",\"id\":\"%s\",\"confirm_within_s\":%llu,"
                             "\"complete\":true,\"incomplete\":[]}\n",
                             apply->id, (unsigned long long)apply->within_s);
                return;
        }
        if (!left_s) {
                (void)printf("Applied as %s, but its %llu s were over before all was verified: it is undone "
                             "again. Give it more time by --confirm-within.\n",
                             apply->id, (unsigned long long)apply->within_s);
                return;
        }
        (void)printf("Applied as %s. It is undone in %llu s unless you confirm it:\n", apply->id,
                     (unsigned long long)left_s);
        (void)printf(
                proved ? "  quaymaster harden confirm\n"
                       : "  log in anew (leave this session open), and there: quaymaster harden confirm\n");
}

static int prove(const struct invocation *in, const struct harden_run *run, struct apply *apply,
                 struct err *err)
{
        _cleanup_(harden_proof_release) struct harden_proof proof = {0};
        struct err why = {0};
        int r = harden_prove(in, run, apply->from, &proof, &why);
        bool verified = r == 0 && proof.outside && !proof.n[PROOF_OPEN];
        bool proved = verified && proof.n_shut && proof.way_in;

        show_proof(&proof, apply);
        if (r < 0)
                (void)fprintf(stderr, "quaymaster harden: %s\n", why.text);
        if (!(verified && proof.n_shut) && invocation_has(in, "rollback-unless-verified"))
                return take_back(apply, err);
        if (proved)
                note_proof(&proof, apply, &why);
        show_end(apply, proved);
        return r < 0 ? err_set(err, -EIO, "it was applied, but not all of it could be verified") : 0;
}

int harden_apply(const struct invocation *in, struct err *err)
{
        _cleanup_(harden_run_release) struct harden_run run = {.no_packages = true};
        struct apply apply = {0};
        int r = parse(in, &apply, err);

        if (r == 0 && geteuid() != 0)
                r = err_set(err, -EPERM,
                            "applying needs root; run it by sudo. `quaymaster harden plan` does not");
        if (r == 0)
                r = harden_make_plan(in, &run, err);
        if (r == 0)
                r = harden_choose(in, &run, true, err);
        if (r == 0)
                r = check_chosen(&run, in, err);
        if (r < 0)
                return harden_child_status(r);
        if (!apply.json)
                show(&run, &apply);
        r = ask_yes(in, err);
        if (r == 0)
                r = do_apply(&run, &apply, err);
        if (r == 0)
                r = prove(in, &run, &apply, err);
        return harden_child_status(r);
}
