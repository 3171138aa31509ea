/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "collect/cgroup.h"
#include "collect/container_name.h"

#define ID    "4f5e6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f"
#define SHORT "4f5e6a7b8c9d"
#define UID   "1f2e3d4c-5b6a-7980-1122-334455667788"
#define UID_  "1f2e3d4c_5b6a_7980_1122_334455667788"

static void test_pick_path(void **state)
{
        static const struct {
                const char *text, *path;
        } cases[] = {
                {"0::/system.slice/ssh.service\n", "/system.slice/ssh.service"},
                {"0::/init.scope", "/init.scope"},
                {"9:name=systemd:/a.slice/x.service\n8:pids:/b\n0::/c\n", "/a.slice/x.service"},
                {"0::/c\n9:name=systemd:/a\n", "/a"},
                {"9:name=systemd:/\n8:pids:/b\n0::/c\n", "/c"},
                {"0::/c\n9:name=systemd:/\n", "/c"},
                {"9:name=systemd:/\n8:pids:/b\n", "/"},
                {"4:memory:/b\n1:cpu,cpuacct:/\n", NULL},
                {"0::/user.slice/x.service (deleted)\n", "/user.slice/x.service"},
                {"0::/with:colon.service\n", "/with:colon.service"},
                {"1:name=systemd", NULL},
                {"\n\n", NULL},
                {"", NULL},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                const char *path = NULL;
                size_t len = 0;
                bool found = cgroup_pick_path(cases[i].text, strlen(cases[i].text), &path, &len);

                assert_int_equal(found, cases[i].path != NULL);
                if (!found)
                        continue;
                assert_int_equal(len, strlen(cases[i].path));
                assert_memory_equal(path, cases[i].path, len);
        }
}

static void test_unit(void **state)
{
        static const struct {
                const char *path, *unit;
        } cases[] = {
                {"/system.slice/ssh.service", "ssh.service"},
                {"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"},
                {"/system.slice/system-postgresql.slice/postgresql@15-main.service",
                 "postgresql@15-main.service"},
                {"/system.slice/foo.service/sub/deeper.service", "foo.service"},
                {"/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.service",
                 "user@1000.service"},
                {"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
                {"/machine.slice/machine-t1.scope/payload/system.slice/ssh.service", "machine-t1.scope"},
                {"/init.scope", "init.scope"},
                {"/system.slice/_cpu.service", "cpu.service"},
                {"/_foo.slice/x.socket", "x.socket"},
                {"system.slice/ssh.service", "ssh.service"},
                {"//system.slice//ssh.service//", "ssh.service"},
                {"/dbus.service", "dbus.service"},
                {"/", NULL},
                {"", NULL},
                {"/system.slice", NULL},
                {"/docker/" ID, NULL},
                {"/t1/system.slice/ssh.service", NULL},
                {"/system.slice/notaunit", NULL},
                {"/system.slice/.service", NULL},
                {"/system.slice/getty@.service", NULL},
                {"/system.slice/@x.service", NULL},
                {"/system.slice/a b.service", NULL},
        };
        char unit[UNIT_NAME_SIZE];

        for (size_t i = 0; i < array_len(cases); i++) {
                assert_int_equal(cgroup_parse_unit(cases[i].path, unit), cases[i].unit ? 0 : -ENXIO);
                if (cases[i].unit)
                        assert_string_equal(unit, cases[i].unit);
        }
}

static void assert_text(const char *have, const char *want)
{
        if (want)
                assert_string_equal(have ? have : "(null)", want);
        else
                assert_null(have);
}

static void test_container(void **state)
{
        static const struct {
                const char *path, *runtime, *id, *name, *pod;
        } cases[] = {
                {"/docker/" ID, "docker", SHORT},
                {"/system.slice/docker-" ID ".scope", "docker", SHORT},
                {"/system.slice/docker-" ID ".scope/init.scope", "docker", SHORT},
                {"/docker/" ID "/system.slice/ssh.service", "docker", SHORT},
                {"/docker/" ID "/docker/" ID, "docker", SHORT},
                {"/ecs/task1/" ID, "docker", SHORT},
                {"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", "docker",
                 SHORT},
                {"/machine.slice/libpod-" ID ".scope", "podman", SHORT},
                {"/machine.slice/libpod-" ID ".scope/container", "podman", SHORT},
                {"/libpod_parent/libpod-" ID, "podman", SHORT},
                {"/system.slice/web.service/libpod-payload-" ID, "podman", SHORT},
                {"/machine.slice/libpod-conmon-" ID ".scope"},
                {"/default/" ID, "containerd", SHORT},
                {"/system.slice/nerdctl-" ID ".scope", "containerd", SHORT},
                {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
                 ".slice/cri-containerd-" ID ".scope",
                 "containerd", SHORT, NULL, UID},
                {"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", "cri-o", SHORT, NULL, UID},
                {"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope"},
                {"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
                 "kubelet-kubepods-besteffort-pod" UID_ ".slice/docker-" ID ".scope",
                 "docker", SHORT, NULL, UID},
                {"/kubepods/besteffort/pod" UID "/" ID, "kubernetes", SHORT, NULL, UID},
                {"/kubepods/pod0123456789abcdef0123456789abcdef/" ID, "kubernetes", SHORT, NULL,
                 "0123456789abcdef0123456789abcdef"},
                {"/system.slice/containerd.service/kubepods-besteffort-pod" UID_ ".slice:cri-containerd:" ID,
                 "containerd", SHORT, NULL, UID},
                {"/lxc/web", "lxc", NULL, "web"},
                {"/lxc/101/ns/system.slice/ssh.service", "lxc", NULL, "101"},
                {"/lxc.payload.web/system.slice", "lxc", NULL, "web"},
                {"/lxc.payload/web", "lxc", NULL, "web"},
                {"/lxc.monitor.web"},
                {"/lxc.monitor/web"},
                {"/lxc"},
                {"/machine.slice/machine-t1.scope/payload/system.slice/ssh.service", "nspawn", NULL, "t1"},
                {"/machine.slice/machine-a\\x2db.scope", "nspawn", NULL, "a-b"},
                {"/machine.slice/systemd-nspawn@web.service/payload", "nspawn", NULL, "web"},
                {"/machine.slice/systemd-nspawn@web.service/supervisor"},
                {"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator"},
                {"/machine.slice/machine-lxc\\x2d4242\\x2dweb.scope", "lxc", NULL, "web"},
                {"/system.slice/docker.service"},
                {"/system.slice/containerd.service"},
                {"/system.slice/docker-notanid.scope"},
                {"/system.slice/ssh.service"},
                {"/" ID},
                {"/"},
                {""},
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        for (size_t i = 0; i < array_len(cases); i++) {
                struct container container = {.name = "untouched"};
                char id[CGROUP_ID_SIZE];
                int r = cgroup_parse_container(cases[i].path, pool, &container, id);

                assert_int_equal(r, cases[i].runtime ? 0 : -ENXIO);
                if (r < 0) {
                        assert_string_equal(container.name, "untouched");
                        continue;
                }
                assert_text(container.runtime, cases[i].runtime);
                assert_text(container.id, cases[i].id);
                assert_text(container.name, cases[i].name);
                assert_text(container.pod, cases[i].pod);
                assert_string_equal(id, cases[i].id ? ID : "");
        }
}

static void test_names(void **state)
{
        static const char docker[] = "{\"ID\":\"x\",\"Name\":\"/web\",\"State\":{}}";
        static const char podman[] =
                "[{\"id\":\"a\",\"names\":[\"one\"]},{\"id\":\"b\"},{\"id\":\"c\",\"names\":[\"three\"]}]";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct map names = {0};
        uint64_t name;

        assert_string_equal(container_name_docker(docker, strlen(docker), pool), "web");
        assert_null(container_name_docker("{\"Name\":7}", 10, pool));
        assert_null(container_name_docker("nonsense", 8, pool));
        container_names_podman(podman, strlen(podman), pool, &names);
        container_names_podman("{}", 2, pool, &names);
        assert_true(map_get_str(&names, "c", &name));
        assert_string_equal((const char *)(uintptr_t)name, "three"); // NOLINT(performance-no-int-to-ptr)
        assert_false(map_get_str(&names, "b", NULL));
        assert_int_equal(names.n, 2);
        map_release(&names);
        assert_null(container_name(-1, "../../x", pool));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pick_path),
                cmocka_unit_test(test_unit),
                cmocka_unit_test(test_container),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
