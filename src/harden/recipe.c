/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For Debian 12. An edit is for daemons from which neither a file of its own nor other options take an address away.
 * Not here: those whose addresses add up over many files (unbound, mosquitto, squid, apache); avahi, which binds to
 * every address whatever it is told; ntpsec, which asks other servers from the sockets it is bound to; docker,
 * whose address stands among other options, in a file of JSON or in one line of shell.
 */
#include "harden/recipe.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define ABOUT     "Made by quaymaster: this service is needed on this machine only.\n"
#define HEAD      "# " ABOUT
#define UNIT_DIR  "/etc/systemd/system/"
#define UNIT_FILE ".d/90-quaymaster-loopback.conf" /* beside that of a sandbox */

/* An empty assignment takes away what the packaged unit says (systemd.unit(5)). */
#define EXEC_LINE(command)  "ExecStart=" command "\n"
#define EXEC(command, more) HEAD "[Service]\nExecStart=\n" EXEC_LINE(command " " more)
#define STREAM(place)       "ListenStream=" place "\n"
#define DATAGRAM(place)     "ListenDatagram=" place "\n"
#define ONE_PORT(port)      HEAD "[Socket]\n" STREAM("") STREAM("127.0.0.1:" port) STREAM("[::1]:" port)

/* As the packages of Debian 12 have them. */
#define MEMCACHED     "/usr/share/memcached/scripts/systemd-memcached-wrapper /etc/memcached.conf"
#define NAMED         "/usr/sbin/named -f $OPTIONS"
#define NODE_EXPORTER "/usr/bin/prometheus-node-exporter $ARGS"
#define REDIS         "/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize no"
#define RSYNC         "/usr/bin/rsync --daemon --no-detach"
#define SNMPD         "/usr/sbin/snmpd -LOw -u Debian-snmp -g Debian-snmp -I -smux,mteTrigger,mteTriggerConf -f"
#define VSFTPD        "/usr/sbin/vsftpd /etc/vsftpd.conf"

static const struct recipe_edit cups_edit = {
        .words = STR_LIST("Listen", "Port", "SSLListen", "SSLPort"),
        .mark = "#",
        .any_case = true,
};
static const struct recipe_edit exim_edit = {
        .words = STR_LIST("dc_local_interfaces"),
        .mark = "#",
        .end = "'",
};
static const struct recipe_edit memcached_edit = {
        .words = STR_LIST("-l", "--listen"),
        .mark = "#",
};
static const struct recipe_edit named_edit = {
        .words = STR_LIST("listen-on", "listen-on-v6"),
        .mark = "//",
        .after = "options {",
        .end = "};",
};
static const struct recipe_edit postfix_edit = {
        .words = STR_LIST("inet_interfaces"),
        .mark = "#",
        .folds = true,
};
static const struct recipe_edit snmpd_edit = {
        .words = STR_LIST("agentaddress"),
        .mark = "#",
        .any_case = true,
};

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
                .name = "cups",
                .package = "cups-daemon",
                .exe = "/usr/sbin/cupsd",
                .unit = "cups.service",
                .path = "/etc/cups/cupsd.conf",
                .content = HEAD "Listen localhost:631\nListen /run/cups/cups.sock\n",
                .edit = &cups_edit,
                .restart = true,
                .note = "Printers of this machine can no longer be used from others.",
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
                .name = "exim4",
                .package = "exim4-daemon-*",
                .exe = "/usr/sbin/exim4",
                .unit = "exim4.service",
                .path = "/etc/exim4/update-exim4.conf.conf",
                .content = HEAD "dc_local_interfaces='127.0.0.1 ; ::1'\n",
                .edit = &exim_edit,
                .restart = true,
                .note = "Mail still goes out; only others can no longer bring it. An exim4.conf of one's own, or "
                        "SMTPLISTENEROPTIONS of /etc/default/exim4, beats it.",
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
                .name = "memcached",
                .package = "memcached",
                .exe = "/usr/bin/memcached",
                .unit = "memcached.service",
                .path = "/etc/memcached.conf",
                .content = HEAD "-l 127.0.0.1\n",
                .edit = &memcached_edit,
                .packaged = EXEC_LINE(MEMCACHED),
                .restart = true,
                .note = "Instances (memcached@NAME.service) have files of their own.",
        },
        {
                .name = "named",
                .package = "bind9",
                .exe = "/usr/sbin/named",
                .unit = "named.service",
                .path = "/etc/bind/named.conf.options",
                .content = "// " ABOUT "listen-on { 127.0.0.1; };\nlisten-on-v6 { ::1; };\n",
                .edit = &named_edit,
                .include = "/etc/bind/named.conf",
                .include_line = "include \"/etc/bind/named.conf.options\";",
                .packaged = EXEC_LINE(NAMED),
                .restart = true,
                .note = "It still asks other name servers; only others can no longer ask this machine.",
        },
        {
                .name = "postfix",
                .package = "postfix",
                .exe = "/usr/lib/postfix/sbin/master",
                .unit = "postfix@-.service",
                .path = "/etc/postfix/main.cf",
                .content = HEAD "inet_interfaces = loopback-only\n",
                .edit = &postfix_edit,
                .restart = true,
                .note = "Mail still goes out; only others can no longer bring it. An address in master.cf still "
                        "counts.",
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
                .name = "snmpd",
                .package = "snmpd",
                .exe = "/usr/sbin/snmpd",
                .unit = "snmpd.service",
                .path = "/etc/snmp/snmpd.conf",
                .content = HEAD "agentaddress 127.0.0.1,[::1]\n",
                .edit = &snmpd_edit,
                .packaged = EXEC_LINE(SNMPD),
                .restart = true,
                .note = "An agentaddress in a file of /etc/snmp/snmpd.conf.d adds to it.",
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
