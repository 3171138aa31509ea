/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listeners that are asked what they speak: where, and what becomes of the answer. */
#include "test.h"

#include "assess/assess.h"
#include "base/str.h"
#include "inside_sample.h"

static const struct knowledge *guide; /* opened once: constant */

struct world {
        struct inside *view;
        struct assessment *a;
};

static void world_release(struct world *w)
{
        assess_freep(&w->a);
        inside_freep(&w->view);
}
#define _cleanup_world_ _cleanup_(world_release)

static struct world world_new(void)
{
        struct world w = {.view = sample_inside()};

        sample_interface(w.view, HOST_NETNS, "lo", "::1/128");
        sample_interface(w.view, HOST_NETNS, "eth0", "10.0.0.2/24");
        return w;
}

/* The listener of that address; there is one. */
static size_t at(struct world *w, const char *address)
{
        struct address a;

        if (!w->a)
                w->a = assess_correlate(w->view, guide);
        assert_int_equal(address_parse(address, &a), 0);
        for (size_t i = 0; i < w->a->listeners.n; i++)
                if (address_compare(&w->a->listeners.at[i].address, &a) == 0)
                        return i;
        fail_msg("nothing listens on %s", address);
        return 0;
}

/* "127.0.0.1 ::1", or "" and then *ret_why says something. */
static void check_places(struct world *w, const char *address, const char *wanted)
{
        struct endpoint places[VERIFY_PLACES_MAX];
        _cleanup_str_ struct str got = {0};
        char text[ADDRESS_TEXT_SIZE];
        const char *why = NULL;
        size_t n = assess_verify_places(w->a ? w->a : (at(w, address), w->a), at(w, address), places, &why);

        for (size_t i = 0; i < n; i++)
                str_addf(&got, "%s%s", i ? " " : "", address_format(&places[i].address, text));
        assert_string_equal(str_text(&got), wanted);
        assert_true((n == 0) == (why != NULL));
}

static void test_places(void **state)
{
        static const struct {
                const char *place, *address, *wanted;
        } cases[] = {
                {"0.0.0.0:22/tcp", "0.0.0.0", "127.0.0.1"},
                {"[::]:22/tcp", "::", "127.0.0.1 ::1"},
                {"127.0.0.53:53/udp", "127.0.0.53", "127.0.0.53"},
                {"10.0.0.2:22/tcp", "10.0.0.2", "10.0.0.2"},
                {"10.0.0.3:22/tcp", "10.0.0.3", ""},        /* no interface has it */
                {"224.0.0.251:5353/udp", "224.0.0.251", ""}, /* others would be asked */
                {"0.0.0.0:1/raw", "0.0.0.0", ""},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();

                (void)sample_socket(w.view, HOST_NETNS, cases[i].place);
                check_places(&w, cases[i].address, cases[i].wanted);
        }
}

/* What is sent to an address must reach that very listener. */
static void test_others_in_the_way(void **state)
{
        _cleanup_world_ struct world w = world_new();

        (void)sample_socket(w.view, HOST_NETNS, "0.0.0.0:80/tcp");
        (void)sample_socket(w.view, HOST_NETNS, "127.0.0.1:80/tcp");
        (void)sample_socket(w.view, HOST_NETNS, "[::]:80/tcp");
        check_places(&w, "127.0.0.1", "127.0.0.1");
        check_places(&w, "0.0.0.0", "10.0.0.2");
        check_places(&w, "::", "::1");
}

static void test_nobody_else(void **state)
{
        _cleanup_world_ struct world w = world_new();
        struct socket_seen *s;

        (void)sample_socket(w.view, sample_netns(w.view, "box", NETNS_NAMED), "127.0.0.1:22/tcp");
        s = sample_socket(w.view, HOST_NETNS, "0.0.0.0:22/tcp");
        s->ifindex = 2;
        s->device = "eth0";
        check_places(&w, "127.0.0.1", "");
        check_places(&w, "0.0.0.0", "");
}

static struct identity speaks(const char *protocol, enum encryption encryption)
{
        struct identity id;

        identity_init(&id);
        id.protocol = protocol;
        id.encryption = encryption;
        id.confidence = CONFIDENCE_CONFIRMED;
        id.behaviour = BEHAVIOUR_TALKS;
        return id;
}

static const struct listener *verified(struct world *w, const struct identity *id)
{
        if (!w->a)
                w->a = assess_correlate(w->view, guide);
        assess_verified(w->a, guide, 0, id);
        return w->a->listeners.at;
}

static bool has_finding(const struct world *w, const char *rule)
{
        vec_foreach(f, &w->a->findings)
                if (streq(f->rule, rule))
                        return true;
        return false;
}

/* What is spoken beats the number, and that it differs is said. */
static void test_spoken_beats_the_number(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct identity id = speaks("ssh", ENCRYPTION_NATIVE);
        const struct listener *l;

        (void)sample_listen(w.view, "0.0.0.0:443/tcp", sample_process(w.view, 7, "/opt/thing", NULL));
        l = verified(&w, &id);
        assert_string_equal(l->protocol, "ssh");
        assert_string_equal(l->guide, "ssh");
        assert_int_equal(l->confidence, CONFIDENCE_CONFIRMED);
        assert_ptr_not_equal(l->identity, &id);
        assert_null(l->known_for);
        assess_judge(w.a, guide);
        assert_true(has_finding(&w, "wrong-service"));
}

static void test_program_and_speech(void **state)
{
        static const struct {
                const char *exe, *place, *spoken;
                enum encryption encryption;
                const char *guide, *known_for;
        } cases[] = {
                {"/usr/sbin/sshd", "0.0.0.0:2222/tcp", "ssh", ENCRYPTION_NATIVE, "ssh", NULL},
                {"/usr/sbin/sshd", "0.0.0.0:22/tcp", "telnet", ENCRYPTION_NONE, "telnet", "ssh"},
                {"/usr/sbin/nginx", "0.0.0.0:8443/tcp", "http", ENCRYPTION_TLS, "https-alt", NULL},
                {"/usr/sbin/cupsd", "0.0.0.0:631/tcp", "http", ENCRYPTION_NONE, "ipp", NULL},
                {"/usr/sbin/dovecot", "0.0.0.0:110/tcp", "imap", ENCRYPTION_NONE, "imap", NULL},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                const struct identity id = speaks(cases[i].spoken, cases[i].encryption);
                const struct listener *l;

                (void)sample_listen(w.view, cases[i].place, sample_process(w.view, 7, cases[i].exe, NULL));
                l = verified(&w, &id);
                assert_string_equal(l->guide, cases[i].guide);
                assert_true(streq_ptr(l->known_for, cases[i].known_for ? cases[i].known_for : "-") ==
                            (cases[i].known_for != NULL));
                assess_judge(w.a, guide);
                assert_int_equal(has_finding(&w, "protocol-differs"), cases[i].known_for != NULL);
        }
}

/* Silence takes nothing back, and a surer answer is not lost to a later one. */
static void test_silence_proves_nothing(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct identity sure = speaks("ssh", ENCRYPTION_NATIVE);
        struct identity silent;
        const struct listener *l;

        identity_init(&silent);
        silent.behaviour = BEHAVIOUR_SILENT;
        (void)sample_listen(w.view, "0.0.0.0:22/tcp", sample_process(w.view, 7, "/usr/sbin/sshd", NULL));
        l = verified(&w, &silent);
        assert_string_equal(l->protocol, "ssh");
        assert_int_equal(l->confidence, CONFIDENCE_LIKELY);
        assert_int_equal(l->identity->behaviour, BEHAVIOUR_SILENT);
        l = verified(&w, &sure);
        l = verified(&w, &silent);
        assert_int_equal(l->confidence, CONFIDENCE_CONFIRMED);
        assert_int_equal(l->identity->behaviour, BEHAVIOUR_TALKS);
}

static void test_tls_is_judged(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct tls_facts tls = {
                .versions = 1u << TLS_1_0 | 1u << TLS_1_2,
                .version = TLS_1_2,
                .has_certificate = true,
                .certificate = {.subject = "CN=x", .issuer = "CN=y", .not_before = 1, .not_after = 2,
                                .key_type = "RSA", .key_bits = 3072},
        };
        struct identity id = speaks("http", ENCRYPTION_TLS);

        id.tls = &tls;
        (void)sample_listen(w.view, "0.0.0.0:443/tcp", sample_process(w.view, 7, "/usr/sbin/nginx", NULL));
        (void)verified(&w, &id);
        assess_judge(w.a, guide);
        assert_true(has_finding(&w, "tls-version"));
        assert_true(has_finding(&w, "certificate.expired"));
        vec_foreach(f, &w.a->findings)
                assert_ptr_equal(f->listener, w.a->listeners.at);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_places),
                cmocka_unit_test(test_others_in_the_way),
                cmocka_unit_test(test_nobody_else),
                cmocka_unit_test(test_spoken_beats_the_number),
                cmocka_unit_test(test_program_and_speech),
                cmocka_unit_test(test_silence_proves_nothing),
                cmocka_unit_test(test_tls_is_judged),
        };
        _cleanup_(knowledge_freep) struct knowledge *opened = knowledge_open(NULL, NULL, NULL);

        guide = opened;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
