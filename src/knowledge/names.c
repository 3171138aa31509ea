/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/names.h"

#include <stdio.h>
#include <strings.h>

#include "base/str.h"

/* Words are parted by single blanks. over_tls: names that say TLS by themselves. */
static const struct names {
        const char *base, *plain, *over_tls;
} table[] = {
        {"ajp", "ajp13", ""},
        {"amqp", "amqp-0-9-1 amqp-1-0 rabbitmq", "amqps"},
        {"bgp", "", ""},
        {"cassandra", "cql", ""},
        {"chargen", "", ""},
        {"coap", "", "coaps"},
        {"cvs", "cvspserver", ""},
        {"daytime", "", ""},
        {"dict", "", "dicts"},
        {"discard", "", ""},
        {"distcc", "distccd", ""},
        {"dns", "domain named", "domain-s dns-over-tls dot"},
        {"docker", "docker-api", "docker-s docker-tls"},
        {"echo", "", ""},
        {"epmd", "", ""},
        {"etcd", "etcd-client etcd-server", ""},
        {"fastcgi", "", ""},
        {"finger", "", ""},
        {"ftp", "", "ftps"},
        {"git", "git-daemon", ""},
        {"gopher", "", "gophers"},
        {"http", "http-alt www www-http webcache http-mgmt", "https https-alt pcsync-https"},
        {"http-proxy", "squid squid-http", ""},
        {"ident", "auth", ""},
        {"ike", "isakmp ipsec-nat-t", ""},
        {"imap", "imap2 imap3 imap4", "imaps"},
        {"ipp", "cups internet-printing", "ipps"},
        {"irc", "irc-serv", "ircs ircs-u"},
        {"iscsi", "iscsi-target", ""},
        {"jdwp", "", ""},
        {"jetdirect", "pdl-datastream hp-pdl-datastr", ""},
        {"kafka", "", ""},
        {"kerberos", "kerberos-sec krb5", ""},
        {"l2tp", "l2f", ""},
        {"ldap", "global-catalog msft-gc", "ldaps ldapssl msft-gc-ssl"},
        {"lmtp", "", ""},
        {"lpd", "printer", ""},
        {"mdns", "zeroconf", ""},
        {"memcached", "memcache", ""},
        {"modbus", "mbap", "modbus-tls mbap-s"},
        {"mongodb", "", ""},
        {"mqtt", "mosquitto", "mqtts secure-mqtt"},
        {"ms-sql", "ms-sql-s mssql tds", ""},
        {"msrpc", "epmap loc-srv", ""},
        {"mysql", "mariadb mysqlx", ""},
        {"nats", "", ""},
        {"netbios-dgm", "nbdgm", ""},
        {"netbios-ns", "nbns nbt-ns", ""},
        {"nfs", "nfs4", ""},
        {"nntp", "", "nntps"},
        {"ntp", "sntp", ""},
        {"opc-ua", "opcua-tcp", "opcua-tls"},
        {"openvpn", "", ""},
        {"oracle-tns", "oracle tns ncube-lm", "oracle-tcps"},
        {"pop3", "", "pop3s"},
        {"postgresql", "postgres pgsql postgres-wire", ""},
        {"pptp", "", ""},
        {"quic", "http3 h3", ""},
        {"radius", "", "radsec"},
        {"radius-acct", "radacct", ""},
        {"rdp", "ms-wbt-server", ""},
        {"redis", "", "redis-tls"},
        {"rexec", "exec", ""},
        {"rlogin", "login", ""},
        {"rmi", "java-rmi rmiregistry", ""},
        {"rpcbind", "portmapper portmap sunrpc", ""},
        {"rsh", "shell cmd", ""},
        {"rsync", "", "rsync-ssl"},
        {"rtsp", "rtsp-alt", "rtsps"},
        {"s7comm", "iso-tsap", ""},
        {"sieve", "managesieve", ""},
        {"sip", "sip-proxy", "sips sip-tls"},
        {"smb", "microsoft-ds cifs smb2 smb3 netbios-ssn", ""},
        {"smtp", "submission mail", "smtps submissions urd"},
        {"snmp", "", "snmptls"},
        {"socks", "socks4 socks5", ""},
        {"ssh", "sftp", ""},
        {"stomp", "", ""},
        {"stun", "turn", "stuns turns"},
        {"svn", "svnserve", ""},
        {"syslog", "", "syslog-tls"},
        {"telnet", "", "telnets"},
        {"tftp", "", ""},
        {"time", "", ""},
        {"vnc", "rfb", ""},
        {"whois", "nicname", ""},
        {"winrm", "wsman", "wsmans winrm-tls"},
        {"x11", "xorg", ""},
        {"xmpp-client", "xmpp jabber jabber-client", "xmpps xmpps-client"},
        {"xmpp-server", "jabber-server", "xmpps-server"},
        {"zabbix-agent", "zabbix", ""},
        {"zookeeper", "", ""},
};

/* Length of the word at `words`; *next is set behind it. */
static size_t word_len(const char *words, const char **next)
{
        size_t len = strcspn(words, " ");

        *next = words + len + (words[len] == ' ');
        return len;
}

static bool has_word(const char *words, const char *name)
{
        size_t wanted = strlen(name);

        while (*words) {
                const char *word = words;
                size_t len = word_len(words, &words);

                if (len == wanted && strncasecmp(word, name, len) == 0)
                        return true;
        }
        return false;
}

static const struct names *find(const char *name)
{
        for (size_t i = 0; i < array_len(table); i++)
                if (strcasecmp(table[i].base, name) == 0 || has_word(table[i].plain, name) ||
                    has_word(table[i].over_tls, name))
                        return &table[i];
        return NULL;
}

const char *name_base(const char *name)
{
        const struct names *n = find(name);

        return n ? n->base : name;
}

bool names_same(const char *a, const char *b)
{
        return a && b && strcasecmp(name_base(a), name_base(b)) == 0;
}

bool name_over_tls(const char *name)
{
        const struct names *n = find(name);

        return n && has_word(n->over_tls, name);
}

bool name_is_known(const char *name)
{
        return find(name) != NULL;
}

const char *name_next(const char *base, unsigned *i, char buf[NAME_SIZE_MAX])
{
        const struct names *n = find(base);
        const char *lists[] = {n ? n->plain : "", n ? n->over_tls : ""};
        unsigned at = 0;

        for (size_t list = 0; list < array_len(lists); list++)
                for (const char *words = lists[list], *word; *words; at++) {
                        size_t len;

                        word = words;
                        len = word_len(words, &words);
                        if (at != *i)
                                continue;
                        (*i)++;
                        (void)snprintf(buf, NAME_SIZE_MAX, "%.*s", (int)len, word);
                        return buf;
                }
        return NULL;
}
