/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For Debian 12. Daemons whose addresses add up over all files (unbound, snmpd, mosquitto, squid, apache) or that read
 * one file only (memcached, cups, avahi, postfix, exim4, named) are not here: neither a file of its own nor
 * other options take an address away from them. Nor is ntpsec, which asks other servers from the sockets it is
 * bound to.
 */
#include "harden/recipe.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define HEAD      "# Made by quaymaster: this service is needed on this machine only.\n"
#define UNIT_DIR  "/etc/systemd/system/"
#define UNIT_FILE ".d/90-quaymaster-loopback.conf" /* beside that of a sandbox */

/* An empty assignment takes away what the packaged unit says (systemd.unit(5)). */
#define EXEC_LINE(command)  "ExecStart=" command "\n"
#define EXEC(command, more) HEAD "[Service]\nExecStart=\n" EXEC_LINE(command " " more)
#define STREAM(place)       "ListenStream=" place "\n"
#define DATAGRAM(place)     "ListenDatagram=" place "\n"
#define ONE_PORT(port)      HEAD "[Socket]\n" STREAM("") STREAM("127.0.0.1:" port) STREAM("[::1]:" port)

/* As the packages of Debian 12 have them. */
#define NODE_EXPORTER "/usr/bin/prometheus-node-exporter $ARGS"
#define REDIS         "/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize no"
#define RSYNC         "/usr/bin/rsync --daemon --no-detach"
#define VSFTPD        "/usr/sbin/vsftpd /etc/vsftpd.conf"

static const struct recipe recipes[] = {
        {
                .name = "chrony",
                .package = "chrony",
                .exe = "/usr/sbin/chronyd",
                .unit = "chrony.service",
                .path = "/etc/chrony/conf.d/90-quaymaster.conf",
                .content = HEAD "bindaddress 127.0.0.1\nbindaddress ::1\n",
                .include = "/etc/chrony/chrony.conf",
                .include_line = "confdir /etc/chrony/conf.d",
                .restart = true,
                .note = "It still asks time servers; only others can no longer ask this machine.",
        },
        {
                .name = "cockpit",
                .package = "cockpit-ws",
                .unit = "cockpit.socket",
                .path = UNIT_DIR "cockpit.socket" UNIT_FILE,
                .content = ONE_PORT("9090"),
                .packaged = STREAM("9090"),
                .restart = true,
                .note = "Reach it through ssh: ssh -L 9090:localhost:9090.",
        },
        {
                .name = "dnsmasq",
                .package = "dnsmasq*",
                .exe = "/usr/sbin/dnsmasq",
                .unit = "dnsmasq.service",
                .path = "/etc/dnsmasq.d/90-quaymaster.conf",
                .content = HEAD "listen-address=127.0.0.1,::1\nbind-interfaces\n",
                .include = "/etc/default/dnsmasq",
                .include_line = "CONFIG_DIR=/etc/dnsmasq.d",
                .restart = true,
                .note = "An `interface=` or `listen-address=` elsewhere still counts, and `bind-dynamic` forbids this.",
        },
        {
                .name = "dovecot",
                .package = "dovecot-core",
                .exe = "/usr/*bin/dovecot",
                .unit = "dovecot.service",
                .path = "/etc/dovecot/conf.d/99-quaymaster.conf",
                .content = HEAD "listen = 127.0.0.1, ::1\n",
                .include = "/etc/dovecot/dovecot.conf",
                .include_line = "!include conf.d/*.conf",
                .restart = true,
                .note = "An `inet_listener` with an address of its own is not changed by it.",
        },
        {
                .name = "epmd",
                .package = "erlang-base*",
                .unit = "epmd.socket",
                .path = UNIT_DIR "epmd.socket" UNIT_FILE,
                .content = ONE_PORT("4369"),
                .packaged = STREAM("4369"),
                .restart = true,
                .note = "Clusters over several machines need it: only for single ones.",
        },
        {
                .name = "mariadb",
                .package = "mariadb-server*",
                .exe = "/usr/sbin/mariadbd",
                .unit = "mariadb.service",
                .path = "/etc/mysql/mariadb.conf.d/99-quaymaster.cnf",
                .content = HEAD "[mysqld]\nbind-address = 127.0.0.1\n",
                .include = "/etc/mysql/mariadb.cnf",
                .include_line = "!includedir /etc/mysql/mariadb.conf.d/",
                .restart = true,
        },
        {
                .name = "postgresql",
                .package = "postgresql-[0-9]*",
                .exe = "/usr/lib/postgresql/*/bin/postgres",
                .unit = "postgresql@*.service",
                .path = "/etc/postgresql/%v/conf.d/90-quaymaster.conf",
                .content = HEAD "listen_addresses = 'localhost'\n",
                .include = "/etc/postgresql/%v/postgresql.conf",
                .include_line = "include_dir = 'conf.d'",
                .restart = true,
                .note = "A value set by ALTER SYSTEM (postgresql.auto.conf) beats it.",
        },
        {
                .name = "prometheus-node-exporter",
                .package = "prometheus-node-exporter",
                .exe = "/usr/bin/prometheus-node-exporter",
                .unit = "prometheus-node-exporter.service",
                .path = UNIT_DIR "prometheus-node-exporter.service" UNIT_FILE,
                .content = EXEC(NODE_EXPORTER, "--web.listen-address=127.0.0.1:9100"),
                .packaged = EXEC_LINE(NODE_EXPORTER),
                .restart = true,
                .note = "An address in ARGS of /etc/default/prometheus-node-exporter adds to it.",
        },
        {
                .name = "redis",
                .package = "redis-*",
                .exe = "/usr/bin/redis-*",
                .unit = "redis-server.service",
                .path = UNIT_DIR "redis-server.service" UNIT_FILE,
                .content = EXEC(REDIS, "--bind 127.0.0.1 -::1"),
                .packaged = EXEC_LINE(REDIS),
                .restart = true,
                .note = "Instances (redis-server@NAME.service) have files of their own.",
        },
        {
                .name = "rpcbind",
                .package = "rpcbind",
                .unit = "rpcbind.socket",
                .path = UNIT_DIR "rpcbind.socket" UNIT_FILE,
                .content = HEAD "[Socket]\n" STREAM("") DATAGRAM("") STREAM("/run/rpcbind.sock") STREAM(
                        "127.0.0.1:111") DATAGRAM("127.0.0.1:111") STREAM("[::1]:111") DATAGRAM("[::1]:111"),
                .packaged = STREAM("/run/rpcbind.sock") STREAM("0.0.0.0:111") DATAGRAM("0.0.0.0:111")
                        STREAM("[::]:111") DATAGRAM("[::]:111"),
                .restart = true,
                .note = "Clients of NFS version 3 with locks need it on the network; NFS version 4 does not.",
        },
        {
                .name = "rsync",
                .package = "rsync",
                .exe = "/usr/bin/rsync",
                .unit = "rsync.service",
                .path = UNIT_DIR "rsync.service" UNIT_FILE,
                .content = EXEC(RSYNC, "--address=127.0.0.1"),
                .packaged = EXEC_LINE(RSYNC),
                .restart = true,
                .note = "Rsync over ssh does not need the daemon.",
        },
        {
                .name = "saned",
                .package = "sane-utils",
                .unit = "saned.socket",
                .path = UNIT_DIR "saned.socket" UNIT_FILE,
                .content = ONE_PORT("6566"),
                .packaged = STREAM("6566"),
                .restart = true,
        },
        {
                .name = "ssh",
                .package = "openssh-server",
                .exe = "/usr/sbin/sshd",
                .unit = "ssh.service",
                .path = "/etc/ssh/sshd_config.d/90-quaymaster.conf",
                .content = HEAD "ListenAddress 127.0.0.1\nListenAddress ::1\n",
                .include = "/etc/ssh/sshd_config",
                .include_line = "Include /etc/ssh/sshd_config.d/*.conf",
                .restart = true,
                .note = "A ListenAddress elsewhere still counts.",
        },
        {
                .name = "systemd-resolved",
                .package = "systemd*",
                .exe = "*/lib/systemd/systemd-resolved",
                .unit = "systemd-resolved.service",
                .path = "/etc/systemd/resolved.conf.d/90-quaymaster.conf",
                .content = HEAD "[Resolve]\nLLMNR=no\nMulticastDNS=no\n",
                .restart = true,
                .note = "Names without a dot and names in .local are no longer asked on the link.",
        },
        {
                .name = "vsftpd",
                .package = "vsftpd",
                .exe = "/usr/sbin/vsftpd",
                .unit = "vsftpd.service",
                .path = UNIT_DIR "vsftpd.service" UNIT_FILE,
                .content = EXEC(VSFTPD, "-olisten=YES -olisten_ipv6=NO -olisten_address=127.0.0.1"),
                .packaged = EXEC_LINE(VSFTPD),
                .restart = true,
        },
};

static bool is_replaced(const char *line)
{
        static const char *const names[] = {"ExecStart=", "Listen"};

        for (size_t i = 0; i < array_len(names); i++)
                if (str_after(line, names[i]))
                        return true;
        return false;
}

void recipe_unit_lines(const char *text, struct str *to)
{
        for (size_t len; *text; text += len + (text[len] == '\n')) {
                len = strcspn(text, "\n");
                if (!is_replaced(text))
                        continue;
                str_add_n(to, text, len);
                str_add_char(to, '\n');
        }
}

const struct recipe *recipes_all(size_t *n)
{
        *n = array_len(recipes);
        return recipes;
}

const struct recipe *recipe_find(const char *name)
{
        for (size_t i = 0; i < array_len(recipes); i++)
                if (streq(recipes[i].name, name))
                        return &recipes[i];
        return NULL;
}

bool recipe_is_for_unit(const struct recipe *recipe, const char *unit)
{
        return fnmatch(recipe->unit, unit, 0) == 0;
}

const char *recipe_unit(const struct recipe *recipe, const struct listener *l)
{
        if (l->activation && recipe_is_for_unit(recipe, l->activation->name))
                return l->activation->name;
        return l->unit && recipe_is_for_unit(recipe, l->unit->name) ? l->unit->name : NULL;
}

static bool is_program(const struct recipe *recipe, const struct listener *l)
{
        if (!recipe->exe)
                return true;
        for (size_t i = 0; i < l->n_processes; i++)
                if (l->processes[i]->exe && fnmatch(recipe->exe, l->processes[i]->exe, 0) == 0)
                        return true;
        return false;
}

const struct recipe *recipe_for(const struct listener *l)
{
        if (!l->package || !streq(l->package->manager, "dpkg") || l->container)
                return NULL;
        for (size_t i = 0; i < array_len(recipes); i++)
                if (fnmatch(recipes[i].package, l->package->name, 0) == 0 && recipe_unit(&recipes[i], l) &&
                    is_program(&recipes[i], l))
                        return &recipes[i];
        return NULL;
}

/* pg_createcluster(1): a version, and a name of letters that no path can be made of. */
static bool is_instance(const char *s, size_t len)
{
        size_t version = strspn(s, "0123456789");

        if (!version || version + 1 >= len || s[version] != '-')
                return false;
        return strspn(s + version + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
               len - version - 1;
}

int recipe_expand(const struct recipe *recipe, const char *text, const char *unit, struct str *to)
{
        const char *mark = strstr(text, "%v"), *at = strchr(unit, '@'), *end = strrchr(unit, '.');

        if (!recipe_is_for_unit(recipe, unit))
                return -EINVAL;
        if (!mark) {
                str_add(to, text);
                return 0;
        }
        if (!at || !end || end < at || !is_instance(at + 1, (size_t)(end - at - 1)))
                return -EINVAL;
        str_add_n(to, text, (size_t)(mark - text));
        for (const char *c = at + 1, *dash = strchr(c, '-'); c < end; c++)
                str_add_char(to, c == dash ? '/' : *c);
        str_add(to, mark + 2);
        return 0;
}
