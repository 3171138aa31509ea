/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"

#define SHORT_ID 12 /* digits that docker and podman show */
#define MAX_NAME 255

struct part {
        const char *text;
        size_t len;
};

static struct part part_of(const char *text, size_t len)
{
        return (struct part){text, len};
}

/* Cut the text before the next sep off *rest. False at the end. */
static bool next_part(struct part *rest, char sep, struct part *ret)
{
        const char *end;

        if (!rest->text)
                return false;
        end = memchr(rest->text, sep, rest->len);
        *ret = part_of(rest->text, end ? (size_t)(end - rest->text) : rest->len);
        *rest = end ? part_of(end + 1, rest->len - ret->len - 1) : part_of(NULL, 0);
        return true;
}

/* The next component that is not empty. */
static bool next_component(struct part *rest, struct part *ret)
{
        while (next_part(rest, '/', ret))
                if (ret->len)
                        return true;
        return false;
}

static bool part_is(struct part p, const char *text)
{
        return p.len == strlen(text) && memcmp(p.text, text, p.len) == 0;
}

static bool part_strip(struct part *p, const char *prefix, const char *suffix)
{
        size_t head = strlen(prefix), tail = strlen(suffix);

        if (p->len < head + tail || memcmp(p->text, prefix, head) != 0 ||
            memcmp(p->text + p->len - tail, suffix, tail) != 0)
                return false;
        *p = part_of(p->text + head, p->len - head - tail);
        return true;
}

bool cgroup_pick_path(const char *text, size_t len, const char **ret, size_t *ret_len)
{
        struct part rest = part_of(text, len), line, found = {0};

        while (next_part(&rest, '\n', &line)) {
                struct part number, controllers;
                struct part path = line;

                if (!next_part(&path, ':', &number) || !next_part(&path, ':', &controllers) || !path.text)
                        continue;
                /* The kernel says so of a group that was removed while processes were left in it. */
                (void)part_strip(&path, "", " (deleted)");
                if (part_is(controllers, "name=systemd")) {
                        if (!found.text || !part_is(path, "/"))
                                found = path;
                        if (!part_is(path, "/"))
                                break;
                } else if (part_is(number, "0") && controllers.len == 0)
                        found = path;
        }
        if (!found.text)
                return false;
        *ret = found.text;
        *ret_len = found.len;
        return true;
}

/* systemd puts a '_' before names that the kernel's own files could collide with. */
static struct part unescaped(struct part p)
{
        if (p.len && p.text[0] == '_')
                return part_of(p.text + 1, p.len - 1);
        return p;
}

static bool is_slice(struct part p)
{
        struct part name = unescaped(p);

        return unit_name_kind(name.text, name.len) == UNIT_PLAIN && part_strip(&name, "", ".slice");
}

int cgroup_parse_unit(const char *path, char ret[UNIT_NAME_SIZE])
{
        struct part rest = part_of(path, strlen(path)), p, slice;
        enum unit_kind kind;

        do
                if (!next_component(&rest, &p))
                        return -ENXIO;
        while (is_slice(p));
        p = slice = unescaped(p);
        kind = unit_name_kind(p.text, p.len);
        if ((kind != UNIT_PLAIN && kind != UNIT_INSTANCE) || part_strip(&slice, "", ".slice"))
                return -ENXIO;
        memcpy(ret, p.text, p.len);
        ret[p.len] = '\0';
        return 0;
}

static bool is_hex(struct part p, size_t min, size_t max)
{
        if (p.len < min || p.len > max)
                return false;
        for (size_t i = 0; i < p.len; i++)
                if (!strchr("0123456789abcdef", p.text[i]) || !p.text[i])
                        return false;
        return true;
}

/*
 * Names of one component that carry the id, as the runtimes make them with the systemd and the cgroupfs
 * driver.
 */
static const struct {
        const char *prefix, *suffix, *runtime;
} id_forms[] = {
        {"docker-", ".scope", "docker"},
        {"libpod-payload-", "", "podman"}, /* podman run --cgroups=split, in a unit of its own */
        {"libpod-", ".scope", "podman"},
        {"libpod-", "", "podman"},
        {"cri-containerd-", ".scope", "containerd"},
        {"nerdctl-", ".scope", "containerd"},
        {"containerd-", ".scope", "containerd"},
        {"crio-", ".scope", "cri-o"},
        {"crio-", "", "cri-o"},
};

static bool match_id_form(struct part p, const char **ret_runtime, struct part *ret_id)
{
        for (size_t i = 0; i < array_len(id_forms); i++) {
                struct part id = p;

                if (part_strip(&id, id_forms[i].prefix, id_forms[i].suffix) && is_hex(id, SHORT_ID, 64)) {
                        *ret_runtime = id_forms[i].runtime;
                        *ret_id = id;
                        return true;
                }
        }
        return false;
}

/*
 * containerd with its own driver under a kubelet with systemd's takes "SLICE:cri-containerd:ID" for one
 * component.
 */
static bool match_colon_form(struct part p, struct part *ret_slice, struct part *ret_id)
{
        struct part rest = p, prefix;

        return next_part(&rest, ':', ret_slice) && next_part(&rest, ':', &prefix) &&
               part_is(prefix, "cri-containerd") && rest.text && is_hex(rest, SHORT_ID, 64) &&
               (*ret_id = rest, true);
}

/*
 * "pod1f3c..." below kubepods, or "kubepods-burstable-pod1f3c....slice", which has '_' for the dashes of the
 * uid. Static pods have 32 digits and no dash.
 */
static const char *match_pod(struct part p, bool below_kubepods, struct pool *pool)
{
        char uid[MAX_NAME + 1];

        if (part_strip(&p, "", ".slice")) {
                const char *kube = memmem(p.text, p.len, "kubepods", 8);
                const char *pod = kube ? memmem(kube, (size_t)(p.text + p.len - kube), "-pod", 4) : NULL;

                if (!pod)
                        return NULL;
                p = part_of(pod + 1, (size_t)(p.text + p.len - pod - 1));
        } else if (!below_kubepods)
                return NULL;
        if (!part_strip(&p, "pod", "") || p.len < 32 || p.len > 36)
                return NULL;
        for (size_t i = 0; i < p.len; i++) {
                uid[i] = (char)(p.text[i] == '_' ? '-' : p.text[i]);
                if (!strchr("0123456789abcdef-", uid[i]) || !uid[i])
                        return NULL;
        }
        return pool_intern_n(pool, uid, p.len);
}

/* Names of machines are escaped like unit names: "\x2d" is '-'. */
static struct part unescape_name(struct part p, char buf[MAX_NAME + 1])
{
        size_t len = 0;

        for (size_t i = 0; i < p.len && len < MAX_NAME; i++) {
                unsigned value;
                char digits[3] = {0};

                if (i + 3 < p.len && p.text[i] == '\\' && p.text[i + 1] == 'x' &&
                    is_hex(part_of(p.text + i + 2, 2), 2, 2)) {
                        memcpy(digits, p.text + i + 2, 2);
                        value = (unsigned)strtoul(digits, NULL, 16);
                        buf[len++] = (char)(value ? value : '?');
                        i += 3;
                } else
                        buf[len++] = p.text[i];
        }
        return part_of(buf, len);
}

static bool set_named(struct container *to, struct pool *pool, const char *runtime, struct part name)
{
        if (!name.len || name.len > MAX_NAME)
                return false;
        to->runtime = runtime;
        to->name = pool_intern_n(pool, name.text, name.len);
        return true;
}

/*
 * machine-NAME.scope of systemd-machined: nspawn, or libvirt's lxc-PID-NAME; qemu-N-NAME is a virtual
 * machine, whose process is the host's own.
 */
static bool match_machine(struct part p, struct part next, struct pool *pool, struct container *to)
{
        char buf[MAX_NAME + 1];
        struct part name = p;

        if (!part_strip(&name, "machine-", ".scope") && !part_strip(&name, "systemd-nspawn@", ".service"))
                return false;
        if (part_is(next, "supervisor"))
                return false;
        name = unescape_name(name, buf);
        if (part_strip(&name, "qemu-", ""))
                return false;
        if (part_strip(&name, "lxc-", "")) {
                struct part rest = name, pid;

                (void)next_part(&rest, '-', &pid);
                return set_named(to, pool, "lxc", rest.text ? rest : name);
        }
        return set_named(to, pool, "nspawn", name);
}

/* /lxc.payload.NAME, and as of older versions /lxc.payload/NAME and /lxc/NAME */
static bool match_lxc(struct part p, struct part next, struct pool *pool, struct container *to)
{
        if (part_is(p, "lxc") || part_is(p, "lxc.payload"))
                return set_named(to, pool, "lxc", next);
        return part_strip(&p, "lxc.payload.", "") && set_named(to, pool, "lxc", p);
}

struct seen {
        struct part before; /* the component to the left */
        size_t n;           /* components so far */
        const char *pod;
        bool kubepods;
};

/* A component that is nothing but an id: docker's /docker/ID, below a pod, or containerd's /NAMESPACE/ID. */
static bool match_bare_id(struct part p, const struct seen *seen, const char **ret_runtime,
                          struct part *ret_id)
{
        if (!is_hex(p, 64, 64) || seen->n == 0)
                return false;
        *ret_id = p;
        if (seen->pod)
                *ret_runtime = "kubernetes";
        else
                *ret_runtime = part_is(seen->before, "docker") || seen->n != 1 ? "docker" : "containerd";
        return true;
}

static bool match_component(struct part p, struct part next, struct seen *seen, struct pool *pool,
                            struct container *to, struct part *ret_id)
{
        struct part slice;

        seen->kubepods |= part_is(p, "kubepods");
        if (match_colon_form(p, &slice, ret_id)) {
                to->runtime = "containerd";
                to->pod = match_pod(slice, true, pool);
                return true;
        }
        if (match_id_form(p, &to->runtime, ret_id) || match_bare_id(p, seen, &to->runtime, ret_id)) {
                to->pod = seen->pod;
                return true;
        }
        if (match_machine(p, next, pool, to) || match_lxc(p, next, pool, to))
                return true;
        if (!seen->pod)
                seen->pod = match_pod(p, seen->kubepods, pool);
        return false;
}

int cgroup_parse_container(const char *path, struct pool *pool, struct container *ret,
                           char ret_id[CGROUP_ID_SIZE])
{
        struct part rest = part_of(path, strlen(path)), p, next, id = {0};
        struct container found = {0};
        struct seen seen = {0};
        bool more = next_component(&rest, &p);

        for (; more; p = next, seen.n++) {
                more = next_component(&rest, &next);
                if (!more)
                        next = part_of("", 0);
                if (match_component(p, next, &seen, pool, &found, &id))
                        break;
                seen.before = p;
                if (!more)
                        return -ENXIO;
        }
        if (!found.runtime)
                return -ENXIO;
        if (id.len)
                found.id = pool_intern_n(pool, id.text, SHORT_ID);
        if (ret_id)
                (void)snprintf(ret_id, CGROUP_ID_SIZE, "%.*s", (int)id.len, id.len ? id.text : "");
        *ret = found;
        return 0;
}
