/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket of a conversation: bytes out through the gate, bytes in through TLS where there is some. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include "identify/engine.h"

#define READ_SIZE 16384u

bool conversation_is_udp(const struct conversation *c)
{
        return c->work->job.endpoint.transport == TRANSPORT_UDP;
}

/* --- bytes out ------------------------------------------------------------------------------------- */

void conversation_flush(struct conversation *c)
{
        const struct endpoint *e = &c->work->job.endpoint;

        c->want_write = false;
        while (c->pending.len) {
                int n = gate_send(c->work->runner->options.gate, c->fd, &e->address, e->port,
                                  c->work->job.class, c->pending.text, c->pending.len);

                if (n == -EAGAIN) {
                        c->want_write = true;
                        return;
                }
                if (n <= 0) {
                        str_reset(&c->pending);
                        return; /* what the peer had said before it closed is still to be read */
                }
                c->work->bytes_out += (uint32_t)n;
                memmove(c->pending.text, c->pending.text + n, c->pending.len - (size_t)n);
                c->pending.len -= (size_t)n;
        }
}

/* A datagram; answers may come from another port (TFTP), so the socket is not connected. */
void conversation_send_datagram(struct conversation *c, const void *data, size_t len)
{
        const struct endpoint *e = &c->work->job.endpoint;
        struct sockaddr_in6 v6 = {
                .sin6_family = AF_INET6, .sin6_port = htons(e->port), .sin6_scope_id = e->zone_index};
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(e->port)};
        struct iovec iov = {(void *)data, len};
        struct mmsghdr message = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};

        memcpy(&v6.sin6_addr, e->address.bytes, sizeof(v6.sin6_addr));
        memcpy(&v4.sin_addr, e->address.bytes, sizeof(v4.sin_addr));
        message.msg_hdr.msg_name = e->address.family == 4 ? (void *)&v4 : (void *)&v6;
        message.msg_hdr.msg_namelen = e->address.family == 4 ? sizeof(v4) : sizeof(v6);
        if (!gate_payload_allowed(e->port, c->work->job.class))
                return;
        if (gate_sendmmsg(c->work->runner->options.gate, c->fd, &message, &e->address, 1) == 1)
                c->work->bytes_out += (uint32_t)len;
}

void conversation_say(struct conversation *c, const struct str *text)
{
        str_reset(&c->asked);
        str_add_n(&c->asked, str_text(text), text->len < FIRST_MAX ? text->len : FIRST_MAX);
        c->sends++;
        if (!c->first.len)
                c->sent = true;
        if (conversation_is_udp(c)) {
                conversation_send_datagram(c, str_text(text), text->len);
        } else if (c->tls) {
                (void)tls_session_write(c->tls, str_text(text), text->len);
                tls_session_out(c->tls, &c->pending);
        } else {
                str_add_n(&c->pending, str_text(text), text->len);
        }
        conversation_flush(c);
}

/* --- bytes in -------------------------------------------------------------------------------------- */

void conversation_came(struct conversation *c, const void *data, size_t len)
{
        if (c->first.len < FIRST_MAX && (!conversation_is_udp(c) || !c->first.len))
                str_add_n(&c->first, data, len < FIRST_MAX - c->first.len ? len : FIRST_MAX - c->first.len);
        if (conversation_is_udp(c))
                str_reset(&c->in);
        if (c->in.len < IN_MAX)
                str_add_n(&c->in, data, len < IN_MAX - c->in.len ? len : IN_MAX - c->in.len);
}

static void came_in_tls(struct conversation *c, const void *data, size_t len)
{
        _cleanup_str_ struct str plain = {0};
        enum tls_state state;

        if (c->state == CONVERSATION_SHAKE && !c->starttls && c->first.len < FIRST_MAX)
                str_add_n(&c->first, data, len < FIRST_MAX - c->first.len ? len : FIRST_MAX - c->first.len);
        (void)tls_session_feed(c->tls, data, len);
        tls_session_out(c->tls, &c->pending);
        if (c->state == CONVERSATION_SHAKE)
                return;
        state = tls_session_read(c->tls, &plain, IN_MAX);
        tls_session_out(c->tls, &c->pending);
        if (plain.len)
                conversation_came(c, plain.text, plain.len);
        if (state == TLS_CLOSED || state == TLS_FAILED)
                c->ended = true;
}

/* Read what there is. True when something came or the peer has closed. */
bool conversation_hear(struct conversation *c)
{
        static uint8_t buffer[READ_SIZE];
        struct work *w = c->work;
        bool any = false;

        for (unsigned reads = 0; reads < 8 && !c->ended; reads++) {
                struct sockaddr_storage from;
                socklen_t from_len = sizeof(from);
                ssize_t n = recvfrom(c->fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &from_len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                        break;
                if (n < 0 && conversation_is_udp(c))
                        break;
                any = true;
                if (n <= 0 && !conversation_is_udp(c)) {
                        c->ended = true;
                        c->reset = n < 0;
                        break;
                }
                if (conversation_is_udp(c)) {
                        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&from;
                        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&from;
                        struct address who = from.ss_family == AF_INET ? address_v4(&v4->sin_addr)
                                                                       : address_v6(&v6->sin6_addr);

                        if (address_compare(&who, &w->job.endpoint.address) != 0)
                                continue;
                }
                w->bytes_in += (uint32_t)n;
                if (c->tls)
                        came_in_tls(c, buffer, (size_t)n);
                else
                        conversation_came(c, buffer, (size_t)n);
                if (w->bytes_in > IDENTIFY_PORT_BYTES - READ_SIZE) {
                        w->flooded = c->ended = true;
                        break;
                }
                if (conversation_is_udp(c) && c->in.len)
                        break; /* one at a time is shown */
        }
        conversation_flush(c);
        return any;
}

/* Room to write is waited for only while something is to be written. */
void conversation_watch(struct conversation *c)
{
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        bool writable = c->want_write || c->state == CONVERSATION_CONNECT;

        if (c->state == CONVERSATION_OVER || c->watches_write == writable)
                return;
        if (writable)
                event.events |= EPOLLOUT;
        c->watches_write = writable;
        (void)epoll_ctl(c->work->runner->epoll, EPOLL_CTL_MOD, c->fd, &event);
}

int conversation_open(struct conversation *c)
{
        const struct endpoint *e = &c->work->job.endpoint;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
        int r = 0;

        c->fd = socket(e->address.family == 4 ? AF_INET : AF_INET6,
                       (conversation_is_udp(c) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
                       0);
        if (c->fd < 0)
                return -errno;
        if (!conversation_is_udp(c))
                r = gate_connect(c->work->runner->options.gate, c->fd, &e->address, e->zone_index, e->port);
        if (r < 0 && r != -EINPROGRESS)
                return r;
        if (epoll_ctl(c->work->runner->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
                return -errno;
        c->watches_write = true;
        c->work->connections++;
        return 0;
}
