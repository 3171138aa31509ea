/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order a port is asked, and when it is given up. No network: conversations are made up. */
#include <stdlib.h>

#include "identify/engine.h"
#include "test.h"

static struct work *work_new(enum transport transport, uint16_t port)
{
        struct work *w = xcalloc(1, sizeof(*w));

        w->pool = pool_new();
        w->job.endpoint = (struct endpoint){.transport = transport, .port = port, .state = ENDPOINT_OPEN};
        identity_init(&w->best);
        return w;
}

static void work_free(struct work *w)
{
        str_release(&w->first);
        pool_free(w->pool);
        free(w);
}

/* The next attempt at once, and that conversation ended in silence, or as `c` says. */
static bool next(struct work *w, struct conversation *c, struct attempt *ret)
{
        struct conversation silent = {.connected = true};

        w->next_ns = 0;
        if (!strategy_next(w, 1, ret))
                return false;
        if (!c)
                c = &silent;
        c->attempt = *ret;
        identity_init(&c->id);
        w->connected = true;
        w->connections++;
        w->open = 1;
        strategy_take(w, c);
        w->open = 0;
        return true;
}

static void test_servers_first(void **state)
{
        struct work *w = work_new(TRANSPORT_TCP, 22);
        struct attempt a;

        assert_true(next(w, NULL, &a));
        assert_int_equal(a.kind, ATTEMPT_LISTEN);
        assert_true(strategy_greeting_ms(w) >= 2000);
        work_free(w);
}

static void test_tls_first_on_its_ports(void **state)
{
        struct work *w = work_new(TRANSPORT_TCP, 443);
        struct attempt a;

        assert_true(next(w, NULL, &a));
        assert_int_equal(a.kind, ATTEMPT_TLS);
        assert_true(next(w, NULL, &a));
        assert_int_equal(a.kind, ATTEMPT_LISTEN);
        work_free(w);
}

static unsigned count(struct work *w, const char *probe)
{
        struct attempt a;
        unsigned n = 0;

        while (next(w, NULL, &a))
                n += a.probe && streq(a.probe->name, probe);
        assert_true(strategy_over(w, 1));
        return n;
}

static void test_each_is_tried_once(void **state)
{
        struct work *w = work_new(TRANSPORT_TCP, 40000);

        assert_int_equal(count(w, "postgresql"), 1);
        work_free(w);
}

static void test_nothing_is_sent_where_it_may_not_be(void **state)
{
        struct work *w = work_new(TRANSPORT_TCP, 9100);
        struct identity id;
        struct attempt a;

        assert_true(next(w, NULL, &a));
        assert_int_equal(a.kind, ATTEMPT_LISTEN);
        assert_null(strategy_first_question(w));
        assert_false(next(w, NULL, &a));
        strategy_result(w, 1, &id);
        assert_int_equal(id.behaviour, BEHAVIOUR_NOT_ASKED);
        work_free(w);
        w = work_new(TRANSPORT_TCP, 80);
        w->job.no_payload = true;
        assert_true(next(w, NULL, &a));
        assert_false(next(w, NULL, &a));
        work_free(w);
        w = work_new(TRANSPORT_UDP, 53);
        w->job.no_payload = true;
        assert_false(next(w, NULL, &a));
        work_free(w);
}

static void test_industrial_only_where_allowed(void **state)
{
        if (!probe_find("modbus"))
                fail_msg("there is no probe for Modbus");
        for (unsigned allowed = 0; allowed < 2; allowed++) {
                struct work *w = work_new(TRANSPORT_TCP, 502);

                w->job.industrial = allowed;
                assert_int_equal(count(w, "modbus"), allowed);
                work_free(w);
        }
}

static void test_closing_at_once_is_enough(void **state)
{
        struct work *w = work_new(TRANSPORT_TCP, 40000);
        struct identity id;
        struct attempt a;

        for (unsigned i = 0; i < 3; i++) {
                struct conversation closed = {.connected = true, .ended = true};

                assert_true(next(w, &closed, &a));
                assert_int_equal(a.kind, ATTEMPT_LISTEN);
        }
        assert_false(next(w, NULL, &a));
        strategy_result(w, 1, &id);
        assert_int_equal(id.behaviour, BEHAVIOUR_CLOSES);
        assert_string_equal(id.protocol, "unknown");
        work_free(w);
}

static void test_time_is_up(void **state)
{
        struct work *w = work_new(TRANSPORT_TCP, 40000);
        struct attempt a;

        assert_false(strategy_next(w, IDENTIFY_PORT_MS * 1000000ull, &a));
        assert_true(strategy_over(w, IDENTIFY_PORT_MS * 1000000ull));
        work_free(w);
}

static void test_recognition_prefers_the_sure(void **state)
{
        struct work *w = work_new(TRANSPORT_TCP, 40000);
        static const char banner[] = "SSH-2.0-x\r\n";
        struct heard heard = {
                .data = (const uint8_t *)banner, .len = sizeof(banner) - 1, .transport = TRANSPORT_TCP};
        enum recognition how;
        const struct probe *probe = strategy_recognise(w, &heard, &how);

        assert_string_equal(probe->name, "ssh");
        assert_int_equal(how, RECOGNISE_SURE);
        (void)strategy_mark(w, probe); /* it had its chance */
        assert_ptr_not_equal(strategy_recognise(w, &heard, &how), probe);
        work_free(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_servers_first),
                cmocka_unit_test(test_tls_first_on_its_ports),
                cmocka_unit_test(test_each_is_tried_once),
                cmocka_unit_test(test_nothing_is_sent_where_it_may_not_be),
                cmocka_unit_test(test_industrial_only_where_allowed),
                cmocka_unit_test(test_closing_at_once_is_enough),
                cmocka_unit_test(test_time_is_up),
                cmocka_unit_test(test_recognition_prefers_the_sure),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
