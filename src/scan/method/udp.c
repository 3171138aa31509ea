/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP by sockets of the kernel (udp(7), ip(7)), without privilege. None is connected: attempt n leaves from
 * socket n of its family, so that an answer tells by the port it comes to which try it answers. The payload
 * carries a cookie where its protocol repeats one; else the exact peer and our port are the check. ICMP
 * comes by the error queue, which quotes what was sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/wire.h"
#include "scan/method.h"
#include "scan/method/udp_errors.h"
#include "scan/method/udp_notes.h"
#include "scan/method/udp_socket.h"
#include "scan/payload.h"

#define ROAMING_SOCKETS  8 /* for payloads that are answered from another port: one probe of a host each */
#define SOCKETS_A_FAMILY (METHOD_TRIES_MAX + ROAMING_SOCKETS)
#define SOCKETS_MAX      (2 * SOCKETS_A_FAMILY)
#define SEND_BATCH       64
#define RECEIVE_BATCH    32
#define RECEIVE_ROUNDS   64   /* batches of one socket before others get their turn: a flood holds nobody */
#define RECEIVE_MAX      2048 /* bytes of a datagram that are looked at */
#define CONTROL_SIZE     256
#define SEND_FAULTS_MAX  4 /* errors in a row until the probe at hand is the cause, not an ICMP message before it */

struct outgoing {
        struct mmsghdr messages[SEND_BATCH];
        struct iovec parts[SEND_BATCH];
        union udp_name to[SEND_BATCH];
        struct address addresses[SEND_BATCH];
        uint8_t bytes[SEND_BATCH][UDP_PAYLOAD_MAX];
};

struct incoming {
        struct mmsghdr messages[RECEIVE_BATCH];
        struct iovec parts[RECEIVE_BATCH];
        union udp_name names[RECEIVE_BATCH];
        uint8_t bytes[RECEIVE_BATCH][RECEIVE_MAX];
        _Alignas(struct cmsghdr) uint8_t control[RECEIVE_BATCH][CONTROL_SIZE];
};

struct method_state {
        struct gate *gate;
        struct cookie_key key;
        struct hearing hearing;
        int epoll_fd;
        struct udp_socket sockets[SOCKETS_MAX]; /* those of IPv4, then those of IPv6 */
        struct udp_notes notes;
        struct roaming_note roaming[2 * ROAMING_SOCKETS][ROAMING_NOTES];
        struct method_statistics statistics;
        int64_t clock_ahead_ns; /* CLOCK_REALTIME, in which the kernel stamps, less CLOCK_MONOTONIC */
        struct outgoing out;
        struct incoming in;
};

/* What came, as the kernel tells it. */
struct arrival {
        struct udp_socket *socket;
        struct address peer, own; /* own: where it came to, family 0 = not told */
        uint16_t peer_port;
        const uint8_t *data;
        size_t len;
        uint8_t ttl;
        uint64_t when_ns;
        bool has_error;
        struct udp_error error;
};

static struct udp_socket *sockets_of(struct method_state *m, uint8_t family)
{
        return family == 4 ? m->sockets : m->sockets + SOCKETS_A_FAMILY;
}

/* Opening */

static int open_socket(struct method_state *m, struct udp_socket *s, uint8_t family)
{
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
        int rc = udp_socket_open(s, family);

        if (rc == 0 && epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, s->fd, &event) < 0)
                rc = -errno;
        return rc;
}

/* A machine without a family has no sockets of it; its probes are told as not sent. */
static int open_family(struct method_state *m, uint8_t family, struct err *err)
{
        struct udp_socket *sockets = sockets_of(m, family);

        for (unsigned i = 0; i < SOCKETS_A_FAMILY; i++) {
                int rc = open_socket(m, &sockets[i], family);

                if (rc == -EAFNOSUPPORT && i == 0)
                        return 0;
                if (rc < 0)
                        return err_errno(err, -rc, "cannot open UDP socket %u for IPv%u", i + 1, family);
        }
        return 0;
}

static struct method_state *udp_close(struct method_state *m)
{
        if (!m)
                return NULL;
        for (unsigned i = 0; i < SOCKETS_MAX; i++)
                fd_close(&m->sockets[i].fd);
        fd_close(&m->epoll_fd);
        udp_notes_release(&m->notes);
        free(m);
        return NULL;
}

static void prepare(struct method_state *m)
{
        for (unsigned i = 0; i < SOCKETS_MAX; i++) {
                unsigned n = i % SOCKETS_A_FAMILY;

                m->sockets[i] = (struct udp_socket){.fd = -1, .attempt = (uint8_t)n};
                if (n < METHOD_TRIES_MAX)
                        continue;
                m->sockets[i].roaming = true;
                m->sockets[i].number =
                        i / SOCKETS_A_FAMILY * ROAMING_SOCKETS + n - METHOD_TRIES_MAX;
        }
        for (unsigned i = 0; i < SEND_BATCH; i++) {
                m->out.parts[i].iov_base = m->out.bytes[i];
                m->out.messages[i].msg_hdr.msg_iov = &m->out.parts[i];
                m->out.messages[i].msg_hdr.msg_iovlen = 1;
                m->out.messages[i].msg_hdr.msg_name = &m->out.to[i];
        }
        for (unsigned i = 0; i < RECEIVE_BATCH; i++) {
                m->in.parts[i] = (struct iovec){m->in.bytes[i], RECEIVE_MAX};
                m->in.messages[i].msg_hdr.msg_iov = &m->in.parts[i];
                m->in.messages[i].msg_hdr.msg_iovlen = 1;
                m->in.messages[i].msg_hdr.msg_name = &m->in.names[i];
                m->in.messages[i].msg_hdr.msg_control = m->in.control[i];
        }
}

static int udp_open(struct method_state **ret, const struct method_setup *setup, struct err *err)
{
        struct method_state *m = xcalloc(1, sizeof(*m));
        int rc;

        m->gate = setup->gate;
        m->key = setup->key;
        m->hearing = setup->hearing;
        udp_notes_init(&m->notes, setup->rate);
        prepare(m);
        m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        rc = m->epoll_fd < 0 ? err_errno(err, errno, "cannot open an epoll descriptor") : 0;
        if (rc == 0 && (rc = open_family(m, 4, err)) == 0)
                rc = open_family(m, 6, err);
        if (rc == 0 && m->sockets[0].fd < 0 && m->sockets[SOCKETS_A_FAMILY].fd < 0)
                rc = err_set(err, -EAFNOSUPPORT, "this machine has neither IPv4 nor IPv6");
        if (rc < 0) {
                (void)udp_close(m);
                return rc;
        }
        *ret = m;
        return 0;
}

/* Sending */

static uint32_t cookie_of(const struct method_state *m, const struct address *peer, uint16_t peer_port,
                          const struct udp_socket *s, bool canary)
{
        return cookie_make(&m->key, peer, peer_port, s->port, canary);
}

/* The first payload of a port that is answered from another port, and the attempt that sends it first. */
static const struct udp_payload *roaming_payload(uint16_t port, uint8_t *ret_attempt)
{
        for (unsigned i = 0; i < udp_payload_count(port); i++)
                if (udp_payload_at(port, i)->other_port) {
                        *ret_attempt = (uint8_t)i;
                        return udp_payload_at(port, i);
                }
        return NULL;
}

static struct udp_socket *choose_socket(struct method_state *m, const struct probe *probe,
                                        const struct udp_payload *payload, uint64_t now_ns)
{
        struct udp_socket *sockets = sockets_of(m, probe->to.family), *s = NULL;

        if (!payload->other_port)
                return &sockets[probe->attempt % METHOD_TRIES_MAX];
        for (unsigned i = 0; i < ROAMING_SOCKETS; i++) {
                s = &sockets[METHOD_TRIES_MAX + (probe->port + i) % ROAMING_SOCKETS];
                if (roaming_free(m->roaming[s->number], probe, now_ns))
                        break;
        }
        return s;
}

static void tell_not_sent(struct method_state *m, const struct probe *probe, enum endpoint_reason reason)
{
        struct heard heard = {
                .kind = HEARD_NOT_SENT,
                .reason = reason,
                .from = probe->to,
                .transport = TRANSPORT_UDP,
                .port = probe->port,
                .attempt = probe->attempt,
                .canary = probe->canary,
                .when_ns = clock_monotonic_ns(),
        };

        m->hearing.hear(&heard, m->hearing.arg);
}

static void write_address(struct msghdr *header, union udp_name *to, const struct probe *probe)
{
        if (probe->to.family == 4) {
                to->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(probe->port)};
                memcpy(&to->v4.sin_addr, probe->to.bytes, 4);
                header->msg_namelen = sizeof(to->v4);
                return;
        }
        to->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                       .sin6_port = htons(probe->port),
                                       .sin6_scope_id = probe->zone_index};
        memcpy(&to->v6.sin6_addr, probe->to.bytes, 16);
        header->msg_namelen = sizeof(to->v6);
}

static const struct udp_payload *payload_of(const struct probe *probe)
{
        return udp_payload_for(probe->port, probe->attempt, device_class_limits(probe->class));
}

static bool may_be_sent(const struct method_state *m, const struct probe *probe)
{
        const struct udp_socket *sockets = probe->to.family == 4 ? m->sockets : m->sockets + SOCKETS_A_FAMILY;

        return gate_payload_allowed(probe->port, probe->class) && sockets[0].fd >= 0;
}

/* Build what may leave by one socket together. How many, at least one. */
static unsigned fill_batch(struct method_state *m, const struct probe *probes, unsigned n, uint64_t now_ns,
                           struct udp_socket **ret)
{
        struct outgoing *out = &m->out;
        unsigned count;

        for (count = 0; count < n && count < SEND_BATCH; count++) {
                const struct probe *p = &probes[count];
                const struct udp_payload *payload = payload_of(p);
                struct udp_socket *s;

                if (count && (payload->other_port || !may_be_sent(m, p)))
                        break;
                s = choose_socket(m, p, payload, now_ns);
                if (count && s != *ret)
                        break;
                *ret = s;
                out->parts[count].iov_len =
                        udp_payload_build(payload, cookie_of(m, &p->to, p->port, s, p->canary), out->bytes[count]);
                out->addresses[count] = p->to;
                write_address(&out->messages[count].msg_hdr, &out->to[count], p);
        }
        return count;
}

static void note_sent(struct method_state *m, const struct udp_socket *s, const struct probe *probes, unsigned n,
                      uint64_t now_ns)
{
        m->statistics.sent += n;
        for (unsigned i = 0; i < n; i++) {
                udp_notes_put(&m->notes, &probes[i], s->port, now_ns);
                if (s->roaming)
                        roaming_put(m->roaming[s->number], &probes[i], now_ns);
        }
}

static bool is_for_later(int rc)
{
        return rc == -EAGAIN || rc == -ENOBUFS || rc == -ENOMEM;
}

/*
 * An ICMP message that came for an earlier probe fails the next call on its socket once, though nothing is
 * wrong with what that one sends (ip(7), IP_RECVERR): so the same is tried again. What stays is the fault of
 * the first probe. EPERM never comes by ICMP: the gate or a packet filter of this machine says no.
 */
static int udp_send(struct method_state *m, const struct probe *probes, unsigned n)
{
        unsigned taken = 0, faults = 0, limit = n;

        while (taken < n) {
                const struct probe *p = &probes[taken];
                uint64_t now_ns = clock_monotonic_ns();
                struct udp_socket *s = NULL;
                unsigned count;
                int rc;

                if (!may_be_sent(m, p)) {
                        bool forbidden = !gate_payload_allowed(p->port, p->class);

                        tell_not_sent(m, p, forbidden ? REASON_NOT_ASKED : REASON_LOCAL);
                        taken++;
                        continue;
                }
                count = fill_batch(m, p, n - taken < limit ? n - taken : limit, now_ns, &s);
                rc = gate_sendmmsg(m->gate, s->fd, m->out.messages, m->out.addresses, count);
                if (rc > 0) {
                        note_sent(m, s, p, (unsigned)rc, now_ns);
                        taken += (unsigned)rc;
                        faults = 0;
                } else if (is_for_later(rc) || rc == 0) {
                        break;
                } else if (rc == -EPERM && count > 1) {
                        limit = 1; /* which of them? */
                } else if (rc == -EPERM || ++faults > SEND_FAULTS_MAX) {
                        m->statistics.refused_by_kernel++;
                        tell_not_sent(m, p,
                                      rc == -ENETUNREACH || rc == -EHOSTUNREACH ? REASON_NO_ROUTE : REASON_LOCAL);
                        taken++;
                        faults = 0;
                }
        }
        return (int)taken;
}

/* Receiving */

static void read_name(const union udp_name *name, struct address *address, uint16_t *port)
{
        if (name->v4.sin_family == AF_INET) {
                *address = address_v4(&name->v4.sin_addr);
                *port = ntohs(name->v4.sin_port);
        } else {
                *address = address_v6(&name->v6.sin6_addr);
                *port = ntohs(name->v6.sin6_port);
        }
}

static void read_stamp(struct method_state *m, struct arrival *a, struct wire value)
{
        struct timespec stamp;
        int64_t ns;

        wire_bytes(&value, &stamp, sizeof(stamp));
        ns = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec - m->clock_ahead_ns;
        if (!value.bad && ns > 0 && (uint64_t)ns < a->when_ns)
                a->when_ns = (uint64_t)ns;
}

static void read_pktinfo(struct arrival *a, int level, struct wire value)
{
        uint8_t bytes[16];

        if (level == SOL_IP)
                wire_skip(&value, offsetof(struct in_pktinfo, ipi_addr));
        wire_bytes(&value, bytes, level == SOL_IP ? 4 : 16);
        if (!value.bad)
                a->own = level == SOL_IP ? address_v4(bytes) : address_v6(bytes);
}

static void read_control(struct method_state *m, struct arrival *a, struct msghdr *header)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                struct wire value = wire_over(CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
                bool four = c->cmsg_level == SOL_IP, six = c->cmsg_level == SOL_IPV6;

                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
                        read_stamp(m, a, value);
                else if ((four && c->cmsg_type == IP_TTL) || (six && c->cmsg_type == IPV6_HOPLIMIT))
                        a->ttl = (uint8_t)wire_u32(&value);
                else if ((four && c->cmsg_type == IP_PKTINFO) || (six && c->cmsg_type == IPV6_PKTINFO))
                        read_pktinfo(a, c->cmsg_level, value);
                else if ((four && c->cmsg_type == IP_RECVERR) || (six && c->cmsg_type == IPV6_RECVERR))
                        a->has_error = udp_error_parse(value, &a->error);
        }
}

static void tell(struct method_state *m, const struct arrival *a, const struct address *about, uint16_t port,
                 uint8_t attempt, bool canary, enum heard_kind kind, enum endpoint_reason reason)
{
        const struct udp_note *note = udp_notes_find(&m->notes, about, port, a->socket->port);
        struct heard heard = {
                .kind = kind,
                .reason = reason,
                .from = *about,
                .transport = TRANSPORT_UDP,
                .port = port,
                .attempt = attempt,
                .canary = canary || (note && note->canary),
                .ttl = a->ttl,
                .when_ns = a->when_ns,
        };

        if (note && a->when_ns > note->when_ns)
                heard.rtt_us = (uint32_t)((a->when_ns - note->when_ns + 999) / 1000);
        m->hearing.hear(&heard, m->hearing.arg);
}

/* Whether these bytes are what the payload became for that peer: all, or (quotes) as far as they go. */
static bool is_payload(const struct method_state *m, const struct udp_payload *p, const struct udp_socket *from,
                       const struct address *to, uint16_t port, bool canary, const uint8_t *data, size_t len,
                       bool whole)
{
        uint8_t bytes[UDP_PAYLOAD_MAX];
        size_t n = udp_payload_build(p, cookie_of(m, to, port, from, canary), bytes);

        if (whole && n != len)
                return false;
        if (!n && len) { /* quotes may be padded with zeros (RFC 4884, 5.2) */
                for (size_t i = 0; i < len && i < 64; i++)
                        if (data[i])
                                return false;
                return true;
        }
        n = n < len ? n : len;
        return n == 0 || memcmp(bytes, data, n) == 0;
}

/* Whether that socket may have sent these bytes there, by any device class. */
static bool was_sent(const struct method_state *m, const struct udp_socket *from, const struct address *to,
                     uint16_t port, const uint8_t *data, size_t len, bool whole, uint8_t *ret_attempt,
                     bool *ret_canary)
{
        const struct udp_payload *p = udp_payload_at(port, from->attempt);

        *ret_attempt = from->attempt;
        *ret_canary = false;
        if (from->roaming && !(p = roaming_payload(port, ret_attempt)))
                return false;
        for (unsigned canary = 0; canary < 2; canary++)
                if (is_payload(m, p, from, to, port, canary, data, len, whole)) {
                        *ret_canary = canary && p->n_places;
                        return true;
                }
        return p->safety != PAYLOAD_QUERY &&
               is_payload(m, &udp_payloads[0], from, to, port, false, data, len, whole);
}

/* Our own probe, sent to a port of this machine that is one of our own sockets: nobody else listens there. */
static bool is_own_probe(struct method_state *m, const struct arrival *a)
{
        struct udp_socket *sockets = sockets_of(m, a->peer.family);
        uint8_t attempt;
        bool canary;

        if (!a->own.family)
                return false;
        for (unsigned i = 0; i < SOCKETS_A_FAMILY; i++)
                if (sockets[i].port == a->peer_port && was_sent(m, &sockets[i], &a->own, a->socket->port, a->data,
                                                                a->len, true, &attempt, &canary)) {
                        tell(m, a, &a->own, a->socket->port, attempt, canary, HEARD_CLOSED,
                             REASON_PORT_UNREACHABLE);
                        return true;
                }
        return false;
}

static void take_roaming(struct method_state *m, const struct arrival *a)
{
        const struct roaming_note *note = roaming_find(m->roaming[a->socket->number], &a->peer);
        const struct udp_payload *p = note ? udp_payload_at(note->port, note->attempt) : NULL;
        bool exact = note && note->port == a->peer_port;

        /* another port: only what the protocol says, soon, and when there is one question it can answer */
        if (!exact && (!note || note->several || a->when_ns > note->when_ns + ROAMING_WAIT_NS ||
                       udp_payload_check(p, 0, a->data, a->len) != PAYLOAD_LIKE)) {
                m->statistics.forged++;
                return;
        }
        tell(m, a, &a->peer, note->port, note->attempt, note->canary, HEARD_OPEN, REASON_REPLY);
}

/* An answer of a protocol that answers from another port, to a payload which that protocol took for its own. */
static bool is_strayed(const struct udp_payload *asked, const struct arrival *a)
{
        for (unsigned i = 0; i < udp_n_payloads; i++)
                if (udp_payloads[i].other_port && asked != &udp_payloads[i] &&
                    udp_payload_check(&udp_payloads[i], 0, a->data, a->len) == PAYLOAD_LIKE)
                        return true;
        return false;
}

/*
 * Whether it answers what was asked of that very peer. What repeats no cookie must come from where a probe
 * of this socket went lately.
 */
static bool is_answer(const struct method_state *m, const struct arrival *a, bool *ret_canary)
{
        const struct udp_payload *p = udp_payload_at(a->peer_port, a->socket->attempt);

        for (unsigned canary = 0; canary < 2; canary++) {
                uint32_t cookie = cookie_of(m, &a->peer, a->peer_port, a->socket, canary);
                enum payload_answer answer = udp_payload_check(p, cookie, a->data, a->len);

                *ret_canary = canary && answer == PAYLOAD_RIGHT;
                if (answer == PAYLOAD_RIGHT)
                        return true;
                if (answer == PAYLOAD_LIKE || answer == PAYLOAD_OTHER)
                        return udp_notes_find(&m->notes, &a->peer, a->peer_port, a->socket->port) &&
                               !is_strayed(p, a);
        }
        return false;
}

static void take_datagram(struct method_state *m, const struct arrival *a)
{
        bool canary;

        m->statistics.received++;
        if (is_own_probe(m, a))
                return;
        if (a->socket->roaming)
                take_roaming(m, a);
        else if (is_answer(m, a, &canary))
                tell(m, a, &a->peer, a->peer_port, a->socket->attempt, canary, HEARD_OPEN, REASON_REPLY);
        else
                m->statistics.forged++;
}

static void take_error(struct method_state *m, const struct arrival *a)
{
        enum endpoint_reason reason;
        enum heard_kind kind;
        uint8_t attempt;
        bool canary;

        if (!a->has_error || !udp_error_verdict(&a->error, &a->peer, &kind, &reason))
                return;
        if (!was_sent(m, a->socket, &a->peer, a->peer_port, a->data, a->len, false, &attempt, &canary)) {
                m->statistics.forged++;
                return;
        }
        if (kind == HEARD_NOT_SENT)
                m->statistics.refused_by_kernel++;
        else
                m->statistics.received++;
        tell(m, a, &a->peer, a->peer_port, attempt, canary, kind, reason);
}

static void take(struct method_state *m, struct udp_socket *s, unsigned i, bool errors, uint64_t now_ns)
{
        struct msghdr *header = &m->in.messages[i].msg_hdr;
        size_t len = m->in.messages[i].msg_len;
        struct arrival a = {
                .socket = s,
                .data = m->in.bytes[i],
                .len = len < RECEIVE_MAX ? len : RECEIVE_MAX,
                .when_ns = now_ns,
        };

        if (header->msg_namelen < sizeof(struct sockaddr_in))
                return;
        read_name(&m->in.names[i], &a.peer, &a.peer_port);
        read_control(m, &a, header);
        if (errors)
                take_error(m, &a);
        else
                take_datagram(m, &a);
}

/* An ICMP message fails one call (ip(7)); EAGAIN ends. Rounds are bounded: what is left, poll tells again. */
static void drain(struct method_state *m, struct udp_socket *s, bool errors)
{
        for (unsigned round = 0; round < RECEIVE_ROUNDS; round++) {
                uint64_t now_ns;
                int n;

                for (unsigned i = 0; i < RECEIVE_BATCH; i++) {
                        m->in.messages[i].msg_hdr.msg_namelen = sizeof(union udp_name);
                        m->in.messages[i].msg_hdr.msg_controllen = CONTROL_SIZE;
                }
                n = recvmmsg(s->fd, m->in.messages, RECEIVE_BATCH, MSG_DONTWAIT | (errors ? MSG_ERRQUEUE : 0),
                             NULL);
                if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF))
                        return;
                now_ns = clock_monotonic_ns();
                for (int i = 0; i < n; i++)
                        take(m, s, (unsigned)i, errors, now_ns);
        }
}

static int64_t clock_ahead(void)
{
        struct timespec real, monotonic;

        (void)clock_gettime(CLOCK_REALTIME, &real);
        (void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
        return (int64_t)(real.tv_sec - monotonic.tv_sec) * 1000000000 + real.tv_nsec - monotonic.tv_nsec;
}

static void udp_receive(struct method_state *m, uint64_t now_ns)
{
        struct epoll_event events[SOCKETS_MAX];
        int n = epoll_wait(m->epoll_fd, events, SOCKETS_MAX, 0);

        m->clock_ahead_ns = clock_ahead();
        for (int i = 0; i < n; i++) {
                if (events[i].events & EPOLLERR)
                        drain(m, events[i].data.ptr, true);
                if (events[i].events & EPOLLIN)
                        drain(m, events[i].data.ptr, false);
        }
}

static unsigned udp_poll(struct method_state *m, struct pollfd *fds, unsigned max)
{
        if (!max)
                return 0;
        fds[0] = (struct pollfd){.fd = m->epoll_fd, .events = POLLIN};
        return 1;
}

static void udp_statistics(struct method_state *m, struct method_statistics *ret)
{
        *ret = m->statistics;
        for (unsigned i = 0; i < SOCKETS_MAX; i++) {
                uint32_t memory[9] = {0}; /* SK_MEMINFO_* of linux/sock_diag.h; the ninth counts drops */
                socklen_t len = sizeof(memory);

                if (m->sockets[i].fd >= 0 &&
                    getsockopt(m->sockets[i].fd, SOL_SOCKET, SO_MEMINFO, memory, &len) == 0)
                        ret->dropped += memory[8];
        }
}

const struct method method_udp = {
        .name = "udp",
        .summary = "UDP datagrams with the payloads of the protocols that live on each port",
        .transport = TRANSPORT_UDP,
        .open = udp_open,
        .send = udp_send,
        .poll = udp_poll,
        .receive = udp_receive,
        .statistics = udp_statistics,
        .close = udp_close,
};
