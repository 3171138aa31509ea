/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft/denied.h"

#include <cap-ng.h>
#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libnetfilter_log/libnetfilter_log.h>

#include "base/fd.h"
#include "base/json.h"
#include "nft/packet.h"

#define BUFFER_BYTES  (64u << 10)
#define RECEIVE_BYTES (1 << 20)
#define BATCH \
        1 /* packets the kernel gathers before it wakes us: our table logs few, and each is wanted soon */

struct follow {
        struct str out;
        bool ended; /* the reader went away */
};

static void follow_release(struct follow *f)
{
        str_release(&f->out);
}

static void close_handle(struct nflog_handle **handle)
{
        if (*handle)
                (void)nflog_close(*handle);
}

static void add_packet(struct str *to, struct nflog_data *data)
{
        char *payload = NULL, device[IF_NAMESIZE], text[ADDRESS_TEXT_SIZE];
        int len = nflog_get_payload(data, &payload);
        struct json j = json_to(to);
        struct packet_head head;

        if (len <= 0 || !packet_head_parse(payload, (size_t)len, &head))
                return;
        json_open_object(&j, NULL);
        json_str(&j, "device", if_indextoname(nflog_get_indev(data), device));
        json_u64(&j, "protocol", head.protocol);
        json_str(&j, "source", address_format(&head.source, text));
        json_str(&j, "destination", address_format(&head.destination, text));
        if (head.has_ports) {
                json_u64(&j, "source_port", head.source_port);
                json_u64(&j, "port", head.port);
        }
        json_end_line(&j);
}

static int on_packet(struct nflog_g_handle *group, struct nfgenmsg *message, struct nflog_data *data,
                     void *arg)
{
        struct follow *f = arg;

        add_packet(&f->out, data);
        return 0;
}

static void flush(struct follow *f)
{
        if (f->out.len && fd_write_all(STDOUT_FILENO, f->out.text, f->out.len) < 0)
                f->ended = true;
        str_reset(&f->out);
}

static bool may_bind(void)
{
        return capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN);
}

static int open_group(uint16_t number, struct nflog_handle **ret_handle, struct nflog_g_handle **ret_group,
                      struct err *err)
{
        struct nflog_handle *handle = *ret_handle = nflog_open();
        struct nflog_g_handle *group;

        if (!handle)
                return err_errno(err, errno, "opening the packet filter's log");
        errno = 0;
        group = nflog_bind_group(handle, number);
        if (!group) /* the kernel says EPERM also of a group that another has */
                return err_errno(err,
                                 errno == EPERM && may_bind() ? EBUSY
                                 : errno                      ? errno
                                                              : EIO,
                                 "following group %u of the packet filter's log", number);
        *ret_group = group;
        if (nflog_set_mode(group, NFULNL_COPY_PACKET, PACKET_HEAD_BYTES) < 0 ||
            nflog_set_qthresh(group, BATCH) < 0)
                return err_errno(err, errno, "following the packet filter's log");
        (void)setsockopt(nflog_fd(handle), SOL_SOCKET, SO_RCVBUFFORCE, &(int){RECEIVE_BYTES}, sizeof(int));
        return 0;
}

static int give_up_rights(struct err *err)
{
        capng_clear(CAPNG_SELECT_BOTH);
        return capng_apply(CAPNG_SELECT_CAPS) < 0 ? err_set(err, -EPERM, "giving up capabilities failed")
                                                  : 0;
}

static int follow(struct nflog_handle *handle, struct nflog_g_handle *group, struct err *err)
{
        _cleanup_(follow_release) struct follow f = {0};
        char buffer[BUFFER_BYTES];
        int r = 0;

        (void)nflog_callback_register(group, on_packet, &f);
        str_add(&f.out, "{\"ready\":true}\n");
        flush(&f);
        while (!f.ended && r == 0) {
                ssize_t n = recv(nflog_fd(handle), buffer, sizeof(buffer), 0);

                if (n > 0)
                        (void)nflog_handle_packet(handle, buffer, (int)n);
                else if (n < 0 && errno == ENOBUFS)
                        str_add(&f.out, "{\"lost\":true}\n");
                else if (n < 0 && errno != EINTR)
                        r = err_errno(err, errno, "reading the packet filter's log");
                flush(&f);
        }
        return r;
}

int denied_follow(uint16_t number, struct err *err)
{
        _cleanup_(close_handle) struct nflog_handle *handle = NULL;
        struct nflog_g_handle *group = NULL;
        int r = open_group(number, &handle, &group, err);

        if (r == 0)
                r = give_up_rights(err);
        return r < 0 ? r : follow(handle, group, err);
}
