/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/inside.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/order.h"
#include "base/str.h"

struct inside *inside_new(void)
{
        struct inside *view = xcalloc(1, sizeof(*view));

        view->pool = pool_new();
        return view;
}

struct inside *inside_free(struct inside *view)
{
        if (!view)
                return NULL;
        vec_clear(&view->netns);
        vec_clear(&view->addresses);
        vec_clear(&view->links);
        vec_clear(&view->sockets);
        vec_clear(&view->owners);
        vec_clear(&view->processes);
        vec_clear(&view->services);
        vec_clear(&view->activations);
        vec_clear(&view->packages);
        vec_clear(&view->containers);
        vec_clear(&view->forwards);
        vec_clear(&view->ways_out);
        vec_clear(&view->routed);
        vec_clear(&view->gaps);
        map_release(&view->service_by_name);
        map_release(&view->process_by_pid);
        map_release(&view->package_by_name);
        map_release(&view->gap_by_reason);
        pool_free(view->pool);
        free(view);
        return NULL;
}

uint32_t inside_find_service(const struct inside *view, const char *name)
{
        uint64_t index = NONE;

        (void)map_get_str(&view->service_by_name, name, &index);
        return (uint32_t)index;
}

int way_out_order(const void *a, const void *b)
{
        const struct way_out *x = a, *y = b;
        int r = number_order(x->netns, y->netns);

        return r ? r : address_compare(&x->to, &y->to);
}

uint32_t inside_service(struct inside *view, const char *name)
{
        uint32_t index = inside_find_service(view, name);
        struct service *service;

        if (index != NONE)
                return index;
        index = (uint32_t)view->services.n;
        service = vec_push(&view->services);
        service->name = pool_intern(view->pool, name);
        service->triggered_by = service->triggers = service->package = NONE;
        map_put_str(&view->service_by_name, service->name, index);
        return index;
}

uint32_t inside_process(struct inside *view, pid_t pid)
{
        uint64_t index;
        struct process *process;

        if (map_get(&view->process_by_pid, (uint64_t)pid, &index))
                return (uint32_t)index;
        index = view->processes.n;
        process = vec_push(&view->processes);
        process->pid = pid;
        process->unit = process->container = process->package = NONE;
        map_put(&view->process_by_pid, (uint64_t)pid, index);
        return (uint32_t)index;
}

uint32_t inside_package(struct inside *view, const char *name, const char *version, const char *manager)
{
        /* no part holds a newline: each was a line, or part of one */
        const char *key = pool_printf(view->pool, "%s\n%s\n%s", manager, name, version ? version : "\n");
        struct package *package;
        uint64_t index;

        if (map_get_str(&view->package_by_name, key, &index))
                return (uint32_t)index;
        map_put_str(&view->package_by_name, key, view->packages.n);
        package = vec_push(&view->packages);
        package->name = pool_intern(view->pool, name);
        package->version = pool_intern(view->pool, version);
        package->manager = pool_intern(view->pool, manager);
        return (uint32_t)(view->packages.n - 1);
}

void inside_gap(struct inside *view, const char *source, const char *capability, bool incomplete,
                const char *reason, ...)
{
        char text[400];
        const char *key;
        struct gap *gap;
        uint64_t index;
        va_list ap;

        va_start(ap, reason);
        (void)vsnprintf(text, sizeof(text), reason, ap);
        va_end(ap);
        key = pool_printf(view->pool, "%s\n%s", source, text);
        if (map_get_str(&view->gap_by_reason, key, &index)) {
                view->gaps.at[index].count++;
                return;
        }
        map_put_str(&view->gap_by_reason, key, view->gaps.n);
        gap = vec_push(&view->gaps);
        *gap = (struct gap){
                .source = pool_intern(view->pool, source),
                .reason = pool_intern(view->pool, text),
                .capability = pool_intern(view->pool, capability),
                .incomplete = incomplete,
                .count = 1,
        };
}
