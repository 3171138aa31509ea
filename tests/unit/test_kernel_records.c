/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binary records of the kernel: dumps recorded by tests/fuzz/record-netlink.py, BPF records made here. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "collect/bpf/record.h"
#include "collect/bpf_sockets.h"
#include "collect/interfaces.h"
#include "base/netlink.h"
#include "collect/sock_diag.h"

#define SEQ 1 /* of the recorded dumps */

struct parsed {
        struct socket_list sockets;
        struct interface_list links, addresses;
};

static void recorded(const char *name, struct str *ret)
{
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", RECORDED_DIR, name);
        assert_int_equal(fd_read_file(AT_FDCWD, path, 65536, ret), 0);
}

static void each_socket(uint16_t type, struct wire payload, void *arg)
{
        struct socket_list *list = arg;

        assert_int_equal(type, 20); /* SOCK_DIAG_BY_FAMILY */
        assert_true(sock_diag_parse(payload, TRANSPORT_TCP, vec_push(list)));
}

static const struct socket_seen *by_port(const struct socket_list *list, uint16_t port)
{
        vec_foreach(s, list)
                if (s->port == port)
                        return s;
        fail_msg("no socket with port %u", port);
        return NULL;
}

static void test_sockets(void **state)
{
        static const struct {
                const char *dump;
                uint16_t port;
                const char *address;
                bool bound, v6only;
        } cases[] = {
                {"tcp4", 2201, "127.0.0.1", false, false}, {"tcp4", 2202, "0.0.0.0", true, false},
                {"tcp6", 2203, "::", false, false},        {"tcp6", 2204, "::1", false, true},
                {"udp4", 5301, "192.0.2.1", false, false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str dump = {0};
                struct socket_list list = {0};
                const struct socket_seen *s;
                bool interrupted = false;
                char text[ADDRESS_TEXT_SIZE];

                recorded(cases[i].dump, &dump);
                assert_int_equal(netlink_parse(dump.text, dump.len, SEQ, each_socket, &list, &interrupted), 0);
                assert_int_equal(list.n, cases[i].dump[0] == 't' ? 2 : 1);
                assert_false(interrupted);
                s = by_port(&list, cases[i].port);
                assert_string_equal(address_format(&s->address, text), cases[i].address);
                assert_int_equal(s->ifindex != 0, cases[i].bound);
                assert_int_equal(s->v6only, cases[i].v6only);
                assert_int_equal(s->uid, 0);
                assert_true(s->inode && s->cgroup_id);
                assert_int_equal(s->unit, NONE);
                vec_clear(&list);
        }
}

static void each_link(uint16_t type, struct wire payload, void *arg)
{
        struct interface_list *list = arg;

        assert_int_equal(type, 16); /* RTM_NEWLINK */
        assert_true(interfaces_parse_link(payload, vec_push(list)));
}

static void each_address(uint16_t type, struct wire payload, void *arg)
{
        struct interface_list *list = arg;

        assert_int_equal(type, 20); /* RTM_NEWADDR */
        assert_true(interfaces_parse_address(payload, vec_push(list)));
}

static void test_interfaces(void **state)
{
        _cleanup_str_ struct str links = {0}, addresses = {0};
        struct interface_list list = {0};
        bool interrupted = false;
        char text[ADDRESS_TEXT_SIZE];

        recorded("links", &links);
        assert_int_equal(netlink_parse(links.text, links.len, SEQ, each_link, &list, &interrupted), 0);
        assert_int_equal(list.n, 3);
        assert_string_equal(list.at[0].device, "lo");
        assert_int_equal(list.at[0].ifindex, 1);
        assert_true(list.at[0].up);
        assert_string_equal(list.at[1].device, "qz1");
        assert_string_equal(list.at[2].device, "qz0");
        vec_clear(&list);

        recorded("addresses", &addresses);
        assert_int_equal(netlink_parse(addresses.text, addresses.len, SEQ, each_address, &list, &interrupted), 0);
        assert_true(list.n >= 3);
        assert_string_equal(address_format(&list.at[0].address, text), "127.0.0.1");
        assert_int_equal(list.at[0].prefix_len, 8);
        assert_string_equal(address_format(&list.at[1].address, text), "192.0.2.1");
        assert_int_equal(list.at[1].prefix_len, 24);
        assert_string_equal(address_format(&list.at[2].address, text), "::1");
        assert_int_equal(list.at[2].prefix_len, 128);
        vec_clear(&list);
}

static void test_xdp(void **state)
{
        /* struct ifinfomsg; IFLA_XDP (43) of IFLA_XDP_ATTACHED (2): a program in the driver, or none */
        uint8_t message[] = {0, 0, 1, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0, 43, 0, 5, 0, 2, 0, 1, 0, 0, 0};
        struct interface_seen seen;

        assert_true(interfaces_parse_link(wire_over(message, sizeof(message)), &seen));
        assert_true(seen.xdp && seen.ifindex == 7 && seen.up);
        message[24] = 0;
        assert_true(interfaces_parse_link(wire_over(message, sizeof(message)), &seen));
        assert_false(seen.xdp);
        assert_true(interfaces_parse_link(wire_over(message, 20), &seen)); /* cut short */
        assert_false(seen.xdp);
}

static void test_parts_of_bridges(void **state)
{
        /* IFLA_LINKINFO (18) of IFLA_INFO_SLAVE_KIND (4) */
        uint8_t bridge[] = {0,  0, 1, 0, 7, 0, 0, 0, 1,   0,   0,   0,   0,   0,   0, 0,
                            16, 0, 18, 0, 11, 0, 4, 0, 'b', 'r', 'i', 'd', 'g', 'e', 0, 0};
        uint8_t vrf[] = {0,  0, 1, 0, 7, 0, 0, 0, 1,   0,   0,   0, 0, 0, 0, 0,
                         12, 0, 18, 0, 8, 0, 4, 0, 'v', 'r', 'f', 0};
        struct interface_seen seen;

        assert_true(interfaces_parse_link(wire_over(bridge, sizeof(bridge)), &seen));
        assert_true(seen.part);
        assert_true(interfaces_parse_link(wire_over(vrf, sizeof(vrf)), &seen));
        assert_false(seen.part);
}

/* --- netlink_parse ------------------------------------------------------------------------------------- */

struct message {
        struct nlmsghdr header;
        int32_t value;
};

static void count(uint16_t type, struct wire payload, void *arg)
{
        unsigned *n = arg;

        *n += 1;
}

#define MESSAGE(type, flags, seq, value) {{sizeof(struct message), (type), (flags), (seq), 0}, (value)}

static void test_netlink_walk(void **state)
{
        static const struct {
                struct message messages[2];
                int r;
                unsigned n;
                bool interrupted;
        } cases[] = {
                {{MESSAGE(20, 0, SEQ, 0), MESSAGE(20, 0, SEQ, 0)}, 1, 2, false},
                {{MESSAGE(20, 0, SEQ, 0), MESSAGE(NLMSG_DONE, 0, SEQ, 0)}, 0, 1, false},
                {{MESSAGE(20, 0, SEQ, 0), MESSAGE(NLMSG_DONE, NLM_F_DUMP_INTR, SEQ, 0)}, 0, 1, true},
                /* it failed after it began: said in its last message only */
                {{MESSAGE(20, 0, SEQ, 0), MESSAGE(NLMSG_DONE, 0, SEQ, -ENOENT)}, -ENOENT, 1, false},
                {{MESSAGE(NLMSG_ERROR, 0, SEQ, -EPERM), MESSAGE(20, 0, SEQ, 0)}, -EPERM, 0, false},
                {{MESSAGE(NLMSG_ERROR, 0, SEQ, 0), MESSAGE(20, 0, SEQ, 0)}, 0, 0, false},
                /* -code would overflow */
                {{MESSAGE(NLMSG_ERROR, 0, SEQ, INT32_MIN), MESSAGE(20, 0, SEQ, 0)}, -EBADMSG, 0, false},
                /* of a dump that was given up */
                {{MESSAGE(NLMSG_ERROR, NLM_F_DUMP_INTR, SEQ + 1, -EPERM), MESSAGE(20, 0, SEQ, 0)}, 1, 1, false},
                /* NLMSG_NOOP */
                {{MESSAGE(NLMSG_NOOP, 0, SEQ, 0), MESSAGE(20, 0, SEQ, 0)}, 1, 1, false},
                {{{{8, 20, 0, SEQ, 0}, 0}, MESSAGE(20, 0, SEQ, 0)}, -EBADMSG, 0, false},
                {{{{4000, 20, 0, SEQ, 0}, 0}, MESSAGE(20, 0, SEQ, 0)}, -EBADMSG, 0, false},
                {{{{UINT32_MAX, 20, 0, SEQ, 0}, 0}, MESSAGE(20, 0, SEQ, 0)}, -EBADMSG, 0, false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                bool interrupted = false;
                unsigned n = 0;

                assert_int_equal(netlink_parse(cases[i].messages, sizeof(cases[i].messages), SEQ, count, &n,
                                               &interrupted),
                                 cases[i].r);
                assert_int_equal(n, cases[i].n);
                assert_int_equal(interrupted, cases[i].interrupted);
        }
}

static void test_cut_messages(void **state)
{
        static const char *const dumps[] = {"tcp4", "links", "addresses"};

        for (size_t i = 0; i < array_len(dumps); i++) {
                _cleanup_str_ struct str dump = {0};

                recorded(dumps[i], &dump);
                for (size_t len = 0; len + 20 <= dump.len; len++) { /* 20: the message that ends it */
                        bool interrupted = false;
                        unsigned n = 0;
                        int r = netlink_parse(dump.text, len, SEQ, count, &n, &interrupted);

                        assert_true(r == 1 || r == -EBADMSG); /* never "complete" */
                }
        }
}

static void test_attributes(void **state)
{
        /* length 5: one byte and three of padding; then length 4 (empty), nested flag set; then one that is cut */
        static const uint8_t bytes[] = {5, 0, 11, 0, 1, 0, 0, 0, 4, 0, 22, 0x80, 12, 0, 21, 0, 1, 2};
        struct wire w = wire_over(bytes, sizeof(bytes)), value;
        uint16_t type;

        assert_true(netlink_attribute(&w, &type, &value));
        assert_int_equal(type, 11);
        assert_int_equal(wire_left(&value), 1);
        assert_true(netlink_attribute(&w, &type, &value));
        assert_int_equal(type, 22);
        assert_int_equal(wire_left(&value), 0);
        assert_false(netlink_attribute(&w, &type, &value));
        w = wire_over("\3\0\1\0", 4); /* shorter than its own head: must not stand still */
        assert_false(netlink_attribute(&w, &type, &value));
}

/* --- BPF ----------------------------------------------------------------------------------------------- */

static void test_bpf_records(void **state)
{
        static const struct {
                struct bpf_record record;
                bool ok;
                enum transport transport;
                uint16_t port;
                bool autobound;
        } cases[] = {
                {{.kind = RECORD_SOCKET, .pid = 1, .family = 4, .protocol = 6, .port = 22}, true, TRANSPORT_TCP, 22, false},
                {{.kind = RECORD_SOCKET, .pid = 1, .family = 6, .protocol = 17, .port = 40000, .autobound = 1},
                 true, TRANSPORT_UDP, 40000, true},
                {{.kind = RECORD_SOCKET, .pid = 1, .family = 6, .protocol = 136, .port = 7}, true, TRANSPORT_UDPLITE, 7, false},
                {{.kind = RECORD_SOCKET, .pid = 1, .family = 4, .protocol = 132, .port = 7}, true, TRANSPORT_SCTP, 7, false},
                /* the number of a raw socket is its protocol, and nobody chose a port */
                {{.kind = RECORD_SOCKET, .pid = 1, .family = 4, .protocol = 1, .port = 9, .raw = 1, .autobound = 1},
                 true, TRANSPORT_RAW, 1, false},
                {{.kind = RECORD_SOCKET, .pid = 1, .family = 4, .protocol = 99}, false, 0, 0, false},
                {{.kind = RECORD_SOCKET, .pid = 1, .family = 10, .protocol = 6}, false, 0, 0, false},
                {{.kind = 3, .family = 4, .protocol = 6}, false, 0, 0, false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct wire w = wire_over(&cases[i].record, sizeof(cases[i].record));
                struct held held = {0};

                assert_int_equal(bpf_record_parse(&w, &held), cases[i].ok);
                assert_int_equal(held.sockets.n, cases[i].ok);
                if (cases[i].ok) {
                        assert_int_equal(wire_left(&w), 0);
                        assert_int_equal(held.sockets.at[0].socket.transport, cases[i].transport);
                        assert_int_equal(held.sockets.at[0].socket.port, cases[i].port);
                        assert_int_equal(held.sockets.at[0].socket.autobound, cases[i].autobound);
                }
                held_release(&held);
        }
}

/* Every field lands where it belongs: the order is written down twice, in record.h and in the parser. */
static void test_bpf_fields(void **state)
{
        const struct bpf_record records[] = {
                {.inode = 0x1111111111, .kind = RECORD_SOCKET, .pid = 4, .fd = 5, .netns = 4026531840, .ifindex = 8,
                 .address = {[0] = 0xfe, 0x80, [15] = 9}, .port = 8080, .family = 6, .protocol = 6, .v6only = 1},
                {.kind = RECORD_RING, .pid = 44, .fd = 55},
        };
        struct wire w = wire_over(records, sizeof(records));
        const struct held_socket *h;
        struct held held = {0};
        char text[ADDRESS_TEXT_SIZE];

        assert_true(bpf_record_parse(&w, &held));
        assert_true(bpf_record_parse(&w, &held));
        assert_false(bpf_record_parse(&w, &held)); /* nothing is left */
        h = &held.sockets.at[0];
        assert_true(h->socket.inode == 0x1111111111 && h->netns_inode == 4026531840);
        assert_true(h->pid == 4 && h->socket.ifindex == 8 && !h->socket.autobound);
        assert_true(h->socket.v6only && h->socket.port == 8080);
        assert_string_equal(address_format(&h->socket.address, text), "fe80::9");
        assert_int_equal(held.rings.n, 1);
        assert_int_equal(held.rings.at[0].pid, 44);
        assert_int_equal(held.rings.at[0].fd, 55);
        held_release(&held);
}

/* A socket is kept once, and each process that holds it, however many descriptors it has of it. */
static void test_bpf_holders(void **state)
{
        static const uint32_t pids[] = {7, 7, 8, 8, 9, 0};
        struct held held = {0};

        for (size_t i = 0; i < array_len(pids); i++) {
                struct bpf_record record = {
                        .inode = 5, .kind = RECORD_SOCKET, .pid = pids[i], .family = 4, .protocol = 6, .port = 22};
                struct wire w = wire_over(&record, sizeof(record));

                assert_true(bpf_record_parse(&w, &held));
        }
        assert_int_equal(held.sockets.n, 1);
        assert_int_equal(held.sockets.at[0].pid, 7);
        assert_int_equal(held.more.n, 2);
        assert_int_equal(held.more.at[0].pid, 8);
        assert_int_equal(held.more.at[1].pid, 9);
        held_release(&held);
}

/* Forked children share all that their parent holds: the list of holders ends, that of sockets does not. */
static void test_bpf_holders_are_bounded(void **state)
{
        struct held held = {0};

        for (uint32_t pid = 1; pid <= MAX_OWNERSHIPS / 1024 + 2; pid++)
                for (uint32_t inode = 1; inode <= 1024; inode++) {
                        struct bpf_record record = {.inode = inode, .kind = RECORD_SOCKET, .pid = pid,
                                                    .family = 4, .protocol = 6, .port = 22};
                        struct wire w = wire_over(&record, sizeof(record));

                        assert_true(bpf_record_parse(&w, &held));
                }
        assert_int_equal(held.sockets.n, 1024);
        assert_int_equal(held.more.n, MAX_OWNERSHIPS);
        assert_true(held.more.cut);
        held_release(&held);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sockets),      cmocka_unit_test(test_interfaces),
                cmocka_unit_test(test_xdp),
                cmocka_unit_test(test_parts_of_bridges),
                cmocka_unit_test(test_netlink_walk), cmocka_unit_test(test_cut_messages),
                cmocka_unit_test(test_attributes),   cmocka_unit_test(test_bpf_records),
                cmocka_unit_test(test_bpf_fields),
                cmocka_unit_test(test_bpf_holders),
                cmocka_unit_test(test_bpf_holders_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
