/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside_sample.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* A sample that is wrong is a mistake in the test itself. */
#define must(x)                                                                               \
        do {                                                                                  \
                if (!(x)) {                                                                   \
                        (void)fprintf(stderr, "%s:%d: sample: %s\n", __FILE__, __LINE__, #x); \
                        abort();                                                              \
                }                                                                             \
        } while (0)

struct inside *sample_inside(void)
{
        struct inside *view = inside_new();

        view->asset = "machine-id:0123456789abcdef0123456789abcdef";
        view->hostname = "host1";
        view->time_s = 1777629600;
        view->sockets_by = "bpf";
        (void)sample_netns(view, "host", NETNS_HOST);
        sample_interface(view, HOST_NETNS, "lo", "127.0.0.1/8");
        sample_interface(view, HOST_NETNS, "lo", "::1/128");
        return view;
}

uint32_t sample_netns(struct inside *view, const char *role, enum netns_kind kind)
{
        *vec_push(&view->netns) = (struct netns){
                .inode = 4026531840u + view->netns.n,
                .role = role,
                .kind = kind,
                .own = kind == NETNS_HOST,
                .ephemeral_low = 32768,
                .ephemeral_high = 60999,
        };
        return (uint32_t)view->netns.n - 1;
}

void sample_link(struct inside *view, uint32_t netns, const char *device)
{
        *vec_push(&view->links) = (struct interface_link){netns, device};
}

void sample_interface(struct inside *view, uint32_t netns, const char *device, const char *address)
{
        struct interface_address *a = vec_push(&view->addresses);
        const char *slash = strchr(address, '/');
        uint64_t len;

        must(slash && str_to_u64(slash + 1, 128, &len) == 0);
        _cleanup_free_ char *text = xstrndup(address, (size_t)(slash - address));
        must(address_parse(text, &a->address) == 0);
        a->network = a->address;
        a->netns = netns;
        a->device = device;
        a->ifindex = (uint32_t)view->addresses.n;
        a->prefix_len = (uint8_t)len;
        a->up = true;
}

void sample_way_out(struct inside *view, uint32_t netns, const char *to, const char *device)
{
        struct way_out *way = vec_push(&view->ways_out);

        must(address_parse(to, &way->to) == 0);
        way->netns = netns;
        way->device = device;
        vec_sort(&view->ways_out, way_out_order);
}

uint32_t sample_process(struct inside *view, pid_t pid, const char *exe, const char *name)
{
        uint32_t index = inside_process(view, pid);
        struct process *p = &view->processes.at[index];

        p->exe = exe;
        p->name = name ? name : (exe ? str_basename(exe) : NULL);
        p->cmdline = exe;
        p->user = "root";
        p->started_s = view->time_s - 3600;
        return index;
}

uint32_t sample_unit(struct inside *view, const char *name, const char *exec)
{
        uint32_t index = inside_service(view, name);
        struct service *unit = &view->services.at[index];

        unit->manager = "systemd";
        unit->state = str_ends(name, ".socket") ? "listening" : "running";
        unit->startup = "enabled";
        unit->exec = exec;
        return index;
}

uint32_t sample_daemon(struct inside *view, pid_t pid, const char *exe, const char *unit,
                       const char *package)
{
        uint32_t process = sample_process(view, pid, exe, NULL), service = sample_unit(view, unit, exe);

        view->processes.at[process].unit = service;
        if (package) {
                uint32_t owned_by = inside_package(view, package, "1.0-1", "dpkg");

                view->processes.at[process].package = view->services.at[service].package = owned_by;
        }
        return process;
}

uint32_t sample_container(struct inside *view, const char *runtime, const char *id, const char *name)
{
        *vec_push(&view->containers) = (struct container){.runtime = runtime, .id = id, .name = name};
        return (uint32_t)view->containers.n - 1;
}

struct place {
        enum transport transport;
        struct address address;
        uint16_t port;
};

static struct place parse_place(const char *text)
{
        const char *slash = strrchr(text, '/'), *colon = strrchr(text, ':');
        bool bracket = *text == '[';
        struct place place = {0};
        uint64_t port;

        must(slash && colon && colon < slash);
        _cleanup_free_ char *number = xstrndup(colon + 1, (size_t)(slash - colon - 1));
        _cleanup_free_ char *address = xstrndup(text + bracket, (size_t)(colon - text - 2 * bracket));
        must(str_to_u64(number, UINT16_MAX, &port) == 0);
        must(!*address ||
             address_parse(address, &place.address) == 0); /* ":22/tcp": any address of any family */
        place.transport = transport_parse(slash + 1);
        must(place.transport != TRANSPORT_MAX);
        place.port = (uint16_t)port;
        return place;
}

struct socket_seen *sample_socket(struct inside *view, uint32_t netns, const char *text)
{
        struct place place = parse_place(text);
        struct socket_seen *s = vec_push(&view->sockets);

        *s = (struct socket_seen){
                .transport = place.transport,
                .address = place.address,
                .port = place.port,
                .netns = netns,
                .unit = NONE,
                .first_owner = (uint32_t)view->owners.n,
        };
        return s;
}

void sample_own(struct inside *view, uint32_t process)
{
        *vec_push(&view->owners) = process;
        view->sockets.at[view->sockets.n - 1].n_owners++;
}

struct socket_seen *sample_listen(struct inside *view, const char *place, uint32_t process)
{
        struct socket_seen *s = sample_socket(view, HOST_NETNS, place);

        sample_own(view, process);
        return s;
}

void sample_activation(struct inside *view, const char *text, uint32_t service)
{
        struct place place = parse_place(text);

        *vec_push(&view->activations) = (struct activation){
                .transport = place.transport,
                .address = place.address,
                .port = place.port,
                .service = service,
        };
}
