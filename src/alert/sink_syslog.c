/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Syslog: the socket of this machine, or a collector by UDP or TCP (RFC 6587, octet counting). No TLS. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "alert/place.h"
#include "alert/sink.h"
#include "alert/sink_socket.h"
#include "alert/syslog_text.h"
#include "base/fd.h"
#include "config.h"

#define SYSLOG_UDP_PORT 514u /* RFC 5426 */
#define SYSLOG_TCP_PORT 601u /* RFC 3195; what RFC 6587 collectors use varies */

static const char *const formats[] = {"rfc5424", "cef", NULL};

static int check(struct yaml_read *r, struct sink_config *c)
{
        const char *wrong = NULL;
        struct place place;
        size_t i = 0;

        if (c->to.n != 1)
                return yaml_read_fail_at(r, c->line, "takes one 'to'");
        if (*c->to.at[0] != '/')
                wrong = place_parse(c->to.at[0], &place);
        if (*c->to.at[0] != '/' &&
            (wrong || (!streq(place.scheme, "udp") && !streq(place.scheme, "tcp")) || *place.rest))
                return yaml_read_fail_at(
                        r, c->line, "'%s' is not a path as /dev/log, nor udp://HOST:PORT or tcp://HOST:PORT",
                        yaml_read_show(r, c->to.at[0]));
        while (c->format && formats[i] && !streq(c->format, formats[i]))
                i++;
        if (c->format && !formats[i])
                return yaml_read_fail_at(r, c->line, "'%s' is not a format: rfc5424 or cef",
                                         yaml_read_show(r, c->format));
        return 0;
}

static void write_text(struct str *to, const struct sink_config *c, const struct alert *a)
{
        char host[256] = "";
        struct syslog_from from = {.host = host, .version = QM_VERSION, .pid = getpid()};

        (void)gethostname(host, sizeof(host) - 1);
        if (c->format && streq(c->format, "cef"))
                syslog_text_cef(to, &from, a);
        else
                syslog_text_5424(to, &from, a);
}

static int connect_to(const struct place *place, bool tcp, struct err *err)
{
        struct addrinfo hints = {.ai_socktype = tcp ? SOCK_STREAM : SOCK_DGRAM}, *found = NULL;
        char port[8];
        int r, fd = -1;

        (void)snprintf(port, sizeof(port), "%u",
                       place->port ? place->port
                       : tcp       ? SYSLOG_TCP_PORT
                                   : SYSLOG_UDP_PORT);
        r = getaddrinfo(place->host, port, &hints, &found);
        if (r != 0)
                return err_set(err, -EAGAIN, "'%s' has no address: %s", place->host, gai_strerror(r));
        for (const struct addrinfo *one = found; one && fd < 0; one = one->ai_next) {
                fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
                if (fd >= 0)
                        sink_socket_limit(fd);
                if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) < 0) {
                        err_errno(err, errno, "cannot connect to %s port %s", place->host, port);
                        fd_close(&fd);
                }
        }
        freeaddrinfo(found);
        return fd < 0 ? -EAGAIN : fd;
}

/* A collector reads to the end before it closes: then nothing that it did not get is taken for told. */
static int send_stream(int fd, const struct str *text, struct err *err)
{
        _cleanup_str_ struct str frame = {0};
        char byte;
        int r;

        str_addf(&frame, "%zu ", text->len);
        str_add_n(&frame, text->text, text->len);
        r = fd_write_all(fd, frame.text, frame.len);
        if (r < 0)
                return err_errno(err, -r, "cannot write");
        (void)shutdown(fd, SHUT_WR);
        if (recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET)
                return err_errno(err, ECONNRESET, "the collector did not take it");
        return 0;
}

static int deliver(const struct sink_config *c, const struct alert *a, const struct str *record,
                   struct err *err)
{
        _cleanup_str_ struct str text = {0};
        _cleanup_close_ int fd = -1;
        struct place place;
        bool tcp;

        write_text(&text, c, a);
        if (*c->to.at[0] == '/')
                return sink_socket_tell(c->to.at[0], &text, err);
        (void)place_parse(c->to.at[0], &place);
        tcp = streq(place.scheme, "tcp");
        fd = connect_to(&place, tcp, err);
        if (fd < 0)
                return fd;
        if (tcp)
                return send_stream(fd, &text, err);
        return send(fd, text.text, text.len, 0) < 0 ? err_errno(err, errno, "cannot send") : 0;
}

const struct sink sink_syslog = {
        .name = "syslog",
        .keys = (const char *const[]){"!to", "format", NULL},
        .check = check,
        .deliver = deliver,
};
