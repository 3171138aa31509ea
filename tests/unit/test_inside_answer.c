/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine's own sockets say of its ports, on views made by hand. */
#include "test.h"

#include "assess/inside_answer.h"

static struct address ip(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

static struct inside *new_view(void)
{
        struct inside *view = inside_new();

        *vec_push(&view->netns) = (struct netns){.role = "host", .own = true};
        *vec_push(&view->netns) = (struct netns){.role = "blue"};
        return view;
}

static struct socket_seen *add_udp(struct inside *view, const char *address, uint16_t port)
{
        struct socket_seen *s = vec_push(&view->sockets);

        *s = (struct socket_seen){.transport = TRANSPORT_UDP, .address = ip(address), .port = port};
        return s;
}

static enum inside_answer ask(const struct inside *view, const char *address, uint16_t port)
{
        struct address a = ip(address);

        return inside_answer(view, TRANSPORT_UDP, &a, port);
}

static void test_addresses(void **state)
{
        static const struct {
                const char *bound, *asked;
                bool v6only;
                enum inside_answer answer;
        } cases[] = {
                {"0.0.0.0", "10.0.0.1", false, INSIDE_LISTENS},
                {"0.0.0.0", "::1", false, INSIDE_NOTHING},
                {"::", "10.0.0.1", false, INSIDE_LISTENS},
                {"::", "10.0.0.1", true, INSIDE_NOTHING},
                {"::", "2001:db8::1", true, INSIDE_LISTENS},
                {"10.0.0.1", "10.0.0.1", false, INSIDE_LISTENS},
                {"127.0.0.1", "10.0.0.1", false, INSIDE_NOTHING},
                {"::ffff:10.0.0.1", "10.0.0.1", false, INSIDE_LISTENS},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct inside *view = new_view();

                add_udp(view, cases[i].bound, 53)->v6only = cases[i].v6only;
                assert_int_equal(ask(view, cases[i].asked, 53), cases[i].answer);
                assert_int_equal(ask(view, cases[i].asked, 54), INSIDE_NOTHING);
                inside_free(view);
        }
}

static void test_other_namespace_and_transport(void **state)
{
        struct inside *view = new_view();

        add_udp(view, "0.0.0.0", 53)->netns = 1;
        add_udp(view, "0.0.0.0", 54)->transport = TRANSPORT_TCP;
        assert_int_equal(ask(view, "10.0.0.1", 53), INSIDE_NOTHING);
        assert_int_equal(ask(view, "10.0.0.1", 54), INSIDE_NOTHING);
        inside_free(view);
}

/* What is not certain is not said. */
static void test_unknown(void **state)
{
        struct inside *view = new_view();

        add_udp(view, "0.0.0.0", 53)->ifindex = 2;
        *vec_push(&view->forwards) =
                (struct forward){.transport = TRANSPORT_UDP, .port = 100, .port_last = 110, .to_port = 53};
        assert_int_equal(ask(view, "10.0.0.1", 53), INSIDE_UNKNOWN);
        assert_int_equal(ask(view, "10.0.0.1", 105), INSIDE_UNKNOWN);
        assert_int_equal(ask(view, "10.0.0.1", 111), INSIDE_NOTHING);
        add_udp(view, "10.0.0.1", 53); /* beside the one bound to a device */
        assert_int_equal(ask(view, "10.0.0.1", 53), INSIDE_LISTENS);
        inside_gap(view, "processes", NULL, true, "not all owners were seen");
        assert_int_equal(ask(view, "10.0.0.1", 111), INSIDE_NOTHING);
        inside_gap(view, "sockets", NULL, true, "not all sockets were seen");
        assert_int_equal(ask(view, "10.0.0.1", 111), INSIDE_UNKNOWN);
        assert_int_equal(ask(view, "10.0.0.1", 53), INSIDE_LISTENS);
        inside_free(view);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_other_namespace_and_transport),
                cmocka_unit_test(test_unknown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
