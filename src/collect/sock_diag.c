/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sock_diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/netlink.h"

/* From include/net/tcp_states.h; UDP sockets that are bound but not connected are in state CLOSE. */
#define STATE_CLOSE  7
#define STATE_LISTEN 10

#define RAW_TABLE_MAX (4 * 1024 * 1024)

struct dump {
        enum transport transport;
        uint32_t netns;
        bool autobound;
        bool malformed;
        struct socket_list *list;
};

bool sock_diag_parse(struct wire w, enum transport transport, struct socket_seen *ret)
{
        struct socket_seen s = {.transport = transport, .unit = NONE};
        uint8_t family = wire_u8(&w), source[16];
        struct wire value;
        uint32_t cookie_low;
        uint16_t type;

        wire_skip(&w, 3); /* state, timer, retrans */
        s.port = wire_be16(&w);
        wire_skip(&w, 2); /* destination port */
        wire_bytes(&w, source, sizeof(source));
        wire_skip(&w, 16); /* destination */
        s.ifindex = wire_u32(&w);
        cookie_low = wire_u32(&w);
        s.cookie = (uint64_t)wire_u32(&w) << 32 | cookie_low;
        wire_skip(&w, 12); /* expires, queues */
        s.uid = wire_u32(&w);
        s.inode = wire_u32(&w);
        if (w.bad || (family != AF_INET && family != AF_INET6))
                return false;
        s.address = family == AF_INET ? address_v4(source) : address_v6(source);
        while (netlink_attribute(&w, &type, &value)) {
                if (type == INET_DIAG_SKV6ONLY)
                        s.v6only = wire_u8(&value) != 0;
                else if (type == INET_DIAG_CGROUP_ID)
                        s.cgroup_id = wire_u64(&value);
        }
        *ret = s;
        return true;
}

static void each_socket(uint16_t type, struct wire payload, void *arg)
{
        struct dump *dump = arg;
        struct socket_seen s;

        if (type != SOCK_DIAG_BY_FAMILY)
                return;
        if (!sock_diag_parse(payload, dump->transport, &s)) {
                dump->malformed = true;
                return;
        }
        s.netns = dump->netns;
        s.autobound = dump->autobound;
        *vec_push(dump->list) = s;
}

/*
 * Whether the kernel chose the port is no attribute of a socket, but the filter language can ask for it
 * (INET_DIAG_BC_AUTO, what `ss autobound` uses). One step: jumps count bytes of program; to its end accepts,
 * 4 bytes beyond rejects (net/ipv4/inet_diag.c).
 */
static const struct inet_diag_bc_op only_autobound = {.code = INET_DIAG_BC_AUTO, .yes = 4, .no = 8};

static int dump(int fd, int family, int protocol, enum sock_diag_which which, struct dump *dump, struct err *err)
{
        bool datagram = dump->transport == TRANSPORT_UDP || dump->transport == TRANSPORT_UDPLITE;
        struct {
                struct nlmsghdr header;
                struct inet_diag_req_v2 request;
                struct nlattr attribute;
                struct inet_diag_bc_op filter;
        } message = {
                .header = {.nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                .request = {.sdiag_family = (uint8_t)family,
                            .sdiag_protocol = (uint8_t)protocol,
                            .idiag_states = 1u << (datagram ? STATE_CLOSE : STATE_LISTEN)},
                .attribute = {.nla_len = sizeof(struct nlattr) + sizeof(message.filter),
                              .nla_type = INET_DIAG_REQ_BYTECODE},
                .filter = only_autobound,
        };
        size_t start = dump->list->n, len = sizeof(message);
        int r = 1;

        if (which == SOCK_DIAG_ALL)
                len = offsetof(__typeof__(message), attribute);
        message.header.nlmsg_len = (uint32_t)len;
        dump->autobound = which == SOCK_DIAG_AUTOBOUND;
        for (unsigned tries = 0; r == 1 && tries < 4; tries++) {
                dump->list->n = start;
                r = netlink_dump(fd, &message, len, each_socket, dump, err);
        }
        return r < 0 ? r : 0; /* still changing after four tries: the last answer is as good as any */
}

void raw_table_parse(const char *text, size_t len, int family, uint32_t netns, struct socket_list *list)
{
        const char *end = text + len, *line, *next;

        for (line = text; line < end; line = next) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                char copy[256], hex[33] = "";
                size_t n = newline ? (size_t)(newline - line) : (size_t)(end - line);
                unsigned protocol = 0, state = 0, uid = 0, words[4] = {0};
                unsigned long inode = 0;
                struct socket_seen *s;

                next = newline ? newline + 1 : end;
                if (n >= sizeof(copy))
                        continue;
                memcpy(copy, line, n);
                copy[n] = '\0';
                /*
                 * "sl: local:proto remote:port st queues timer retrnsmt uid timeout inode ref pointer drops"
                 * (proc_net(5))
                 */
                if (sscanf(copy, " %*u: %32[0-9A-F]:%4X %*[0-9A-F]:%*X %2X %*X:%*X %*X:%*X %*X %u %*d %lu", hex,
                           &protocol, &state, &uid, &inode) != 5)
                        continue;
                if (strlen(hex) != (family == AF_INET ? 8 : 32) || state != STATE_CLOSE || protocol > 255)
                        continue;
                /* each 32-bit word was printed as a number of this machine's byte order */
                for (int i = 0; i < (family == AF_INET ? 1 : 4); i++)
                        (void)sscanf(hex + i * 8, "%8X", &words[i]);
                s = vec_push(list);
                *s = (struct socket_seen){
                        .transport = TRANSPORT_RAW,
                        .address = family == AF_INET ? address_v4(words) : address_v6(words),
                        .port = (uint16_t)protocol,
                        .uid = uid,
                        .inode = inode,
                        .netns = netns,
                        .unit = NONE,
                };
        }
}

static int read_raw(const char *path, int family, uint32_t netns, struct socket_list *list, struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r = fd_read_file(AT_FDCWD, path, RAW_TABLE_MAX, &text);

        if (r == -ENOENT)
                return 0; /* a kernel without IPv6 */
        if (r < 0)
                return err_errno(err, -r, "cannot read '%s'", path);
        raw_table_parse(str_text(&text), text.len, family, netns, list);
        return 0;
}

static int read_protocols(int fd, uint32_t netns, enum sock_diag_which which, struct socket_list *list, struct err *err)
{
        static const struct {
                int protocol;
                enum transport transport;
        } protocols[] = {
                {IPPROTO_TCP, TRANSPORT_TCP},
                {IPPROTO_UDP, TRANSPORT_UDP},
                {IPPROTO_UDPLITE, TRANSPORT_UDPLITE},
                {IPPROTO_SCTP, TRANSPORT_SCTP}, /* the last: see below */
        };
        /* Asking for SCTP would load its module where nobody uses it: look whether it is there first. */
        bool sctp = access("/proc/thread-self/net/sctp", F_OK) == 0;
        int result = 0;

        for (size_t i = 0; i < (array_len(protocols) - !sctp) * 2; i++) {
                enum transport transport = protocols[i / 2].transport;
                struct dump to = {.transport = transport, .netns = netns, .list = list};
                struct err why = {0};
                int r = dump(fd, i % 2 ? AF_INET6 : AF_INET, protocols[i / 2].protocol, which, &to, &why);

                if (r == 0 && to.malformed)
                        r = err_set(&why, -EBADMSG, "the kernel's socket records have an unknown form");
                /* ENOENT, EINVAL: this kernel does not have the protocol, or not its diag module */
                if (r == 0 || (transport > TRANSPORT_UDP && (r == -ENOENT || r == -EINVAL)))
                        continue;
                result = err_set(err, r, "listing %s sockets: %s", transport_name(transport), why.text);
        }
        return result;
}

int sock_diag_read(uint32_t netns, enum sock_diag_which which, struct socket_list *list, struct err *err)
{
        _cleanup_close_ int fd = netlink_open(NETLINK_SOCK_DIAG, err);
        int result = fd < 0 ? fd : read_protocols(fd, netns, which, list, err);

        if (which == SOCK_DIAG_AUTOBOUND)
                return result;
        if (read_raw("/proc/thread-self/net/raw", AF_INET, netns, list, err) < 0 ||
            read_raw("/proc/thread-self/net/raw6", AF_INET6, netns, list, err) < 0)
                result = -EIO;
        return result;
}
