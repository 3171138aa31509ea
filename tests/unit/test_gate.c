/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scope, and that nothing out of it leaves: sockets on 127.0.0.1 count what comes. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "gate/gate.h"

static struct address address_of(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

static void add(struct range_set *set, const char *text)
{
        struct address_range range;

        assert_int_equal(address_range_parse(text, true, &range, NULL, NULL), 0);
        range_set_add(set, &range);
        range_set_normalize(set);
}

static bool has(const struct scope *scope, const char *text)
{
        struct address a = address_of(text);

        return scope_has(scope, &a);
}

static void test_scope_alone(void **state)
{
        struct range_set own = {0}, never = {0};
        struct address none = {0};
        struct scope scope;

        add(&own, "192.168.7.5");
        add(&never, "127.255.255.255");
        scope_make(&scope, NULL, &own, &never);
        assert_true(has(&scope, "127.0.0.1"));
        assert_true(has(&scope, "127.8.9.10"));
        assert_true(has(&scope, "::1"));
        assert_true(has(&scope, "192.168.7.5"));
        assert_true(has(&scope, "::ffff:192.168.7.5"));
        assert_false(has(&scope, "192.168.7.4"));
        assert_false(has(&scope, "::ffff:192.168.7.4"));
        assert_false(has(&scope, "127.255.255.255"));
        assert_false(has(&scope, "10.0.0.1"));
        assert_false(has(&scope, "::2"));
        assert_false(scope_has(&scope, &none));
        scope_release(&scope);
        scope_make(&scope, NULL, NULL, NULL);
        assert_true(has(&scope, "127.0.0.1"));
        assert_false(has(&scope, "192.168.7.5"));
        scope_release(&scope);
        range_set_release(&own);
        range_set_release(&never);
}

static void test_scope_of_estate(void **state)
{
        struct estate_network networks[3] = {0};
        struct estate estate = {.networks = networks, .n_networks = 3};
        struct range_set own = {0}, never = {0};
        struct scope scope;

        assert_int_equal(address_range_parse("10.0.0.0/8", true, &networks[0].range, NULL, NULL), 0);
        assert_int_equal(address_range_parse("::/0", true, &networks[1].range, NULL, NULL), 0);
        assert_int_equal(address_range_parse("224.0.0.0/3", true, &networks[2].range, NULL, NULL), 0);
        add(&estate.exclude, "10.9.0.0/16");
        add(&estate.exclude, "127.0.0.2");
        add(&estate.exclude, "192.168.7.5");
        add(&own, "192.168.7.5");
        add(&own, "192.168.7.6");
        add(&never, "10.1.255.255");
        scope_make(&scope, &estate, &own, &never);
        assert_true(has(&scope, "10.0.0.0")); /* every address of a network */
        assert_true(has(&scope, "10.255.255.255"));
        assert_true(has(&scope, "10.8.255.255"));
        assert_false(has(&scope, "10.9.0.0"));
        assert_false(has(&scope, "10.9.255.255"));
        assert_true(has(&scope, "10.10.0.0"));
        assert_false(has(&scope, "10.1.255.255"));
        assert_true(has(&scope, "10.1.255.254"));
        assert_true(has(&scope, "2001:db8::1"));
        assert_false(has(&scope, "::ffff:11.0.0.1")); /* of ::/0 only by its spelling */
        assert_true(has(&scope, "::ffff:10.0.0.1"));
        assert_false(has(&scope, "::ffff:10.9.0.1"));
        assert_false(has(&scope, "127.0.0.2"));
        assert_true(has(&scope, "127.0.0.1"));
        assert_false(has(&scope, "192.168.7.5"));
        assert_true(has(&scope, "192.168.7.6"));
        assert_false(has(&scope, "0.0.0.0"));
        assert_false(has(&scope, "::"));
        assert_false(has(&scope, "224.0.0.1"));
        assert_false(has(&scope, "239.1.2.3"));
        assert_false(has(&scope, "255.255.255.255"));
        assert_false(has(&scope, "ff02::1"));
        scope_release(&scope);
        range_set_release(&estate.exclude);
        range_set_release(&own);
        range_set_release(&never);
}

/* A socket on 127.0.0.LAST, and its port. */
static int socket_at(int type, unsigned char last, uint16_t *ret_port)
{
        struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u | last)};
        socklen_t len = sizeof(name);
        int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
        *ret_port = ntohs(name.sin_port);
        return fd;
}

static unsigned datagrams(int fd)
{
        char byte;
        unsigned n = 0;

        while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
                n++;
        return n;
}

struct batch {
        struct mmsghdr messages[4];
        struct sockaddr_in names[4];
        struct address to[4];
        struct iovec data;
};

/* Four datagrams to 127.0.0.1. */
static void batch_fill(struct batch *b, uint16_t port)
{
        static char payload[] = "x";

        *b = (struct batch){.data = {payload, 1}};
        for (unsigned i = 0; i < 4; i++) {
                b->to[i] = address_of("127.0.0.1");
                b->names[i] = (struct sockaddr_in){
                        .sin_family = AF_INET,
                        .sin_port = htons(port),
                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                };
                b->messages[i].msg_hdr = (struct msghdr){
                        .msg_name = &b->names[i],
                        .msg_namelen = sizeof(b->names[i]),
                        .msg_iov = &b->data,
                        .msg_iovlen = 1,
                };
        }
}

/* Loopback but for 127.0.0.9. */
static void small_scope(struct scope *scope)
{
        struct range_set never = {0};

        add(&never, "127.0.0.9");
        scope_make(scope, NULL, NULL, &never);
        range_set_release(&never);
}

static void test_batches(void **state)
{
        uint16_t port, outside_port, own_port;
        int inside = socket_at(SOCK_DGRAM, 1, &port), outside = socket_at(SOCK_DGRAM, 9, &outside_port),
            own = socket_at(SOCK_DGRAM, 1, &own_port);
        struct scope scope;
        struct batch b;

        small_scope(&scope);
        struct gate gate = {.scope = &scope};

        batch_fill(&b, port);
        assert_int_equal(gate_sendmmsg(&gate, own, b.messages, b.to, 4), 4);
        assert_int_equal(datagrams(inside), 4);
        assert_int_equal(gate.refused, 0);

        /* one out of scope: nothing of the batch leaves, wherever it stands */
        for (unsigned i = 0; i < 4; i++) {
                batch_fill(&b, port);
                b.to[i] = address_of("127.0.0.9");
                b.names[i].sin_addr.s_addr = htonl(0x7f000009);
                b.names[i].sin_port = htons(outside_port);
                assert_int_equal(gate_sendmmsg(&gate, own, b.messages, b.to, 4), -EPERM);
                assert_int_equal(gate.refused, i + 1);
        }
        /* asked about one address, named another */
        batch_fill(&b, port);
        b.names[2].sin_addr.s_addr = htonl(0x7f000009);
        b.names[2].sin_port = htons(outside_port);
        assert_int_equal(gate_sendmmsg(&gate, own, b.messages, b.to, 4), -EPERM);
        assert_int_equal(gate.refused, 5);
        /* a name of no family that is known (UDP takes AF_UNSPEC for AF_INET) */
        batch_fill(&b, port);
        b.names[0].sin_family = AF_UNSPEC;
        assert_int_equal(gate_sendmmsg(&gate, own, b.messages, b.to, 4), -EPERM);
        b.to[0] = b.to[1] = address_of("10.0.0.1");
        assert_int_equal(gate_sendmmsg(&gate, own, b.messages, b.to, 4), -EPERM);
        assert_int_equal(gate.refused, 8);
        assert_int_equal(datagrams(inside), 0);
        assert_int_equal(datagrams(outside), 0);

        scope_release(&scope);
        (void)close(inside);
        (void)close(outside);
        (void)close(own);
}

static void test_connections(void **state)
{
        uint16_t port, outside_port, own_port;
        int inside = socket_at(SOCK_STREAM, 1, &port), outside = socket_at(SOCK_STREAM, 9, &outside_port),
            own = socket_at(SOCK_STREAM, 1, &own_port);
        struct address good = address_of("127.0.0.1"), bad = address_of("127.0.0.9"),
                       far = address_of("203.0.113.1"), spelled = address_of("::ffff:127.0.0.9");
        struct pollfd wait = {.events = POLLOUT};
        struct scope scope;
        int accepted, rc;
        char got[8];

        small_scope(&scope);
        struct gate gate = {.scope = &scope};

        assert_int_equal(listen(inside, 1), 0);
        assert_int_equal(listen(outside, 1), 0);
        assert_int_equal(gate_connect(&gate, own, &bad, 0, outside_port), -EPERM);
        assert_int_equal(gate_connect(&gate, own, &far, 0, 80), -EPERM);
        assert_int_equal(gate_connect(&gate, own, &spelled, 0, outside_port), -EPERM);
        assert_int_equal(gate.refused, 3);
        wait.fd = outside;
        wait.events = POLLIN;
        assert_int_equal(poll(&wait, 1, 50), 0); /* nobody came */

        rc = gate_connect(&gate, own, &good, 0, port);
        assert_true(rc == 0 || rc == -EINPROGRESS);
        wait = (struct pollfd){inside, POLLIN, 0};
        assert_int_equal(poll(&wait, 1, 5000), 1);
        accepted = accept(inside, NULL, NULL);
        assert_true(accepted >= 0);
        wait = (struct pollfd){own, POLLOUT, 0};
        assert_int_equal(poll(&wait, 1, 5000), 1);

        assert_int_equal(gate_send(&gate, own, &bad, port, DEVICE_NONE, "bad", 3), -EPERM);
        assert_int_equal(gate_send(&gate, own, &good, 9100, DEVICE_NONE, "bad", 3), -EPERM);
        assert_int_equal(gate_send(&gate, own, &good, 9107, DEVICE_PRINTER, "bad", 3), -EPERM);
        assert_int_equal(gate.refused, 6);
        assert_int_equal(gate_send(&gate, own, &good, port, DEVICE_NONE, "ok", 2), 2);
        assert_int_equal(gate_send(&gate, own, &good, 9100, DEVICE_SERVER, "!", 1), 1);
        (void)shutdown(own, SHUT_WR);
        wait = (struct pollfd){accepted, POLLIN, 0};
        assert_int_equal(poll(&wait, 1, 5000), 1);
        assert_int_equal(recv(accepted, got, sizeof(got), MSG_WAITALL), 3);
        assert_memory_equal(got, "ok!", 3);
        assert_int_equal(gate.refused, 6);

        (void)close(accepted);
        (void)close(inside);
        (void)close(outside);
        (void)close(own);
        own = socket_at(SOCK_STREAM, 1, &own_port);
        rc = gate_connect(&gate, own, &good, 0, port); /* refused by the kernel now, which is told as such */
        assert_true(rc == -ECONNREFUSED || rc == -EINPROGRESS);
        (void)close(own);
        scope_release(&scope);
}

static void test_frames_and_payload(void **state)
{
        struct address good = address_of("127.0.0.1"), bad = address_of("127.0.0.9");
        struct scope scope;

        small_scope(&scope);
        struct gate gate = {.scope = &scope};

        assert_true(gate_frame_allowed(&gate, &good));
        assert_false(gate_frame_allowed(&gate, &bad));
        assert_int_equal(gate.refused, 1);
        assert_true(gate_payload_allowed(9099, DEVICE_NONE));
        assert_true(gate_payload_allowed(9108, DEVICE_PRINTER));
        for (uint16_t port = 9100; port <= 9107; port++) {
                assert_false(gate_payload_allowed(port, DEVICE_NONE));
                assert_false(gate_payload_allowed(port, DEVICE_PRINTER));
                assert_false(gate_payload_allowed(port, DEVICE_WORKSTATION));
                assert_true(gate_payload_allowed(port, DEVICE_SERVER));
        }
        scope_release(&scope);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_scope_alone),
                cmocka_unit_test(test_scope_of_estate),
                cmocka_unit_test(test_batches),
                cmocka_unit_test(test_connections),
                cmocka_unit_test(test_frames_and_payload),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
