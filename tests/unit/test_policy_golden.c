/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy says of listeners and endpoints: each line of tests/golden/policy/NAME.verdicts is
 * "443/tcp exe=/usr/sbin/nginx ... -> verdict: why (note)", judged by NAME.yaml and estate.yaml beside it.
 * UPDATE_GOLDEN=1 writes anew what stands behind the arrow.
 */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "policy/estate_parse.h"
#include "policy/policy_judge.h"
#include "policy/policy_parse.h"

#define NOW INT64_C(1795215600) /* 2026-11-20 23:00 UTC */

/* One line of a golden file; what its words are said of. */
struct place {
        struct listener listener;
        struct observed observed;
        struct identity identity;
        struct process process;
        const struct process *processes[1];
        struct service unit;
        struct package package;
        struct container container;
        struct inside view;
        struct reach_zone zones[4];
        size_t n_zones;
        bool outside;
};

static struct netns host = {.role = "host", .ephemeral_low = 32768, .ephemeral_high = 60999};

static enum exposure_scope scope_of(const char *word)
{
        for (unsigned scope = 0; scope < EXPOSURE_MAX; scope++)
                if (streq(word, exposure_scope_name((enum exposure_scope)scope)))
                        return (enum exposure_scope)scope;
        fail_msg("'%s' is no exposure", word);
        return EXPOSURE_MAX;
}

static enum encryption encryption_of(const char *word)
{
        for (enum encryption e = 0; e <= ENCRYPTION_NATIVE; e++)
                if (streq(word, encryption_name(e)))
                        return e;
        fail_msg("'%s' is no encryption", word);
        return ENCRYPTION_UNKNOWN;
}

static void take_port(struct place *p, char *word)
{
        char *slash = strchr(word, '/'), *dash = strchr(word, '-');

        assert_non_null(slash);
        *slash = '\0';
        p->listener.transport = transport_parse(slash + 1);
        assert_true(p->listener.transport < TRANSPORT_MAX);
        p->listener.port = (uint16_t)strtoul(word, NULL, 10);
        p->listener.port_last = dash ? (uint16_t)strtoul(dash + 1, NULL, 10) : 0;
}

/* "office:reachable,six:apart": what the packet filter was found to do; the last is all that is in no zone. */
static void take_zones(struct place *p, char *words)
{
        char *rest = NULL;

        for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
                struct reach_zone *zone = &p->zones[p->n_zones++];
                char *state = strchr(word, ':');

                assert_true(p->n_zones <= array_len(p->zones) && state);
                *state++ = '\0';
                zone->zone = word;
                zone->apart = streq(state, "apart");
                zone->state = streq(state, "reachable") ? REACH_REACHABLE
                              : streq(state, "blocked") ? REACH_BLOCKED
                                                        : REACH_UNKNOWN;
                assert_true(zone->apart || streq(state, reach_state_name(zone->state)));
        }
}

static void take_word(struct place *p, char *word)
{
        char *value = strchr(word, '=');
        const struct {
                const char *key;
                const char **to;
        } texts[] = {
                {"exe", &p->process.exe},          {"user", &p->process.user},       {"unit", &p->unit.name},
                {"package", &p->package.name},     {"container", &p->container.name}, {"protocol", &p->identity.protocol},
                {"host", &p->view.hostname},       {"zone", &p->observed.zone},
        };

        if (!value) {
                if (streq(word, "outside"))
                        p->outside = true;
                else
                        take_port(p, word);
                return;
        }
        *value++ = '\0';
        for (size_t i = 0; i < array_len(texts); i++)
                if (streq(texts[i].key, word)) {
                        *texts[i].to = value;
                        return;
                }
        if (streq(word, "scope"))
                p->listener.exposure.scope = scope_of(value);
        else if (streq(word, "reach"))
                take_zones(p, value);
        else if (streq(word, "encryption"))
                p->identity.encryption = encryption_of(value);
        else if (streq(word, "address"))
                assert_int_equal(address_parse(value, &p->listener.address), 0);
        else
                fail_msg("'%s' is not known in a golden file", word);
}

/* What was said, put where the judge looks for it. */
static void finish(struct place *p)
{
        struct listener *l = &p->listener;

        l->netns = &host;
        l->exposure.zones = p->zones;
        l->exposure.n_zones = p->n_zones;
        p->processes[0] = &p->process;
        l->processes = p->processes;
        l->n_processes = p->process.exe || p->process.user;
        l->unit = p->unit.name ? &p->unit : NULL;
        l->package = p->package.name ? &p->package : NULL;
        l->container = p->container.name ? &p->container : NULL;
        l->protocol = p->identity.protocol;
        l->confidence = p->identity.protocol ? CONFIDENCE_CONFIRMED : CONFIDENCE_REGISTERED;
        p->identity.confidence = CONFIDENCE_CONFIRMED;
        p->observed.endpoint = (struct endpoint){
                .address = l->address, .transport = l->transport, .port = l->port, .state = ENDPOINT_OPEN};
        p->observed.identity = p->identity.protocol ? &p->identity : NULL;
}

static void judge_line(struct policy_judge *judge, const char *line, size_t len, struct str *to)
{
        _cleanup_free_ char *words = xstrndup(line, len);
        struct place p = {.listener = {.address = {.family = 4}, .exposure.scope = EXPOSURE_LINK}, .view.hostname = "stray"};
        struct judgement j;
        char *rest = NULL;

        for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                take_word(&p, word);
        finish(&p);
        policy_judge_host(judge, &p.view);
        j = p.outside ? policy_judge_observed(judge, &p.observed) : policy_judge_listener(judge, &p.listener);
        str_add_n(to, line, len);
        str_addf(to, " -> %s: %s%s%s%s\n", verdict_name(j.verdict), j.why, j.note ? " (" : "", j.note ? j.note : "",
                 j.note ? ")" : "");
}

static void judge_all(struct policy_judge *judge, const char *text, struct str *to)
{
        while (*text) {
                size_t len = strcspn(text, "\n");
                const char *arrow = strstr(text, " -> ");

                if (!len || *text == '#')
                        str_addf(to, "%.*s\n", (int)len, text);
                else
                        judge_line(judge, text, arrow && arrow < text + len ? (size_t)(arrow - text) : len, to);
                text += len + (text[len] == '\n');
        }
}

static void read_file(const char *name, const char *end, struct str *to)
{
        _cleanup_free_ char *path = xasprintf("%s/policy/%s%s", GOLDEN_DIR, name, end);

        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 20, to), 0);
}

static void write_file(const char *name, const struct str *text)
{
        _cleanup_free_ char *path = xasprintf("%s/policy/%s.verdicts", GOLDEN_DIR, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_int_equal(fd_write_all(fd, str_text(text), text->len), 0);
}

static void test_golden(void **state)
{
        const char *name = *state;
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str policy_text = {0}, estate_text = {0}, golden = {0}, got = {0};
        _cleanup_(policy_judge_freep) struct policy_judge *judge = NULL;
        struct policy policy;
        struct estate estate;
        struct err err = {0};

        read_file(name, ".yaml", &policy_text);
        read_file("estate", ".yaml", &estate_text);
        read_file(name, ".verdicts", &golden);
        if (policy_parse(policy_text.text, policy_text.len, "policy.yaml", pool, &policy, &err) < 0 ||
            estate_parse(estate_text.text, estate_text.len, "estate.yaml", pool, &estate, &err) < 0)
                fail_msg("%s", err.text);
        judge = policy_judge_new(&policy, &estate, NOW, pool);
        judge_all(judge, str_text(&golden), &got);
        if (getenv("UPDATE_GOLDEN"))
                write_file(name, &got);
        else
                assert_string_equal(str_text(&got), str_text(&golden));
}

int main(void)
{
        static const char *const names[] = {"fields", "order", "speech", "zones"};
        struct CMUnitTest tests[array_len(names)];

        for (size_t i = 0; i < array_len(names); i++)
                tests[i] = (struct CMUnitTest){names[i], test_golden, NULL, NULL, (void *)(uintptr_t)names[i]};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
