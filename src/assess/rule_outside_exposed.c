/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only a few should reach: databases, caches, brokers, management planes; and what works for strangers. */
#include "assess/outside_rule.h"
#include "base/str.h"

static const char *const controls[] = {"nist-800-53r5:SC-7", "nist-800-53r5:AC-4", "cis-8.1:13.4",
                                       "pci-dss-4.0:1.4.2", NULL};
static const char *const open_controls[] = {"nist-800-53r5:IA-2", "nist-800-53r5:AC-3", "nist-800-53r5:SC-7",
                                            "cis-8.1:13.4",       "pci-dss-4.0:1.4.2",  NULL};

/* zones: words in the name of a zone that is made for it. */
static const struct kind {
        const char *what, *why, *zones;
        const char *pages; /* of the guide, parted by blanks */
} kinds[] = {
        {"a database",
         "Only the applications that use it need to reach it; its data is what an intruder looks for.",
         "database db data backend",
         "mysql postgresql ms-sql oracle-tns oracle-tcps db2 mongodb cassandra couchdb couchbase influxdb "
         "neo4j clickhouse "
         "cockroachdb arangodb rethinkdb firebird informix hana vertica tidb opentsdb aerospike hbase hive "
         "riak "
         "foundationdb sql-anywhere adb milvus qdrant h2-console mysql-group-replication galera"},
        {"a cache", "It trusts whoever reaches it, and holds sessions and data of the applications.",
         "cache data backend",
         "redis redis-sentinel redis-cluster-bus memcached hazelcast ignite infinispan varnish couchbase"},
        {"a search engine", "It gives out, changes and deletes what is indexed.", "search data backend",
         "elasticsearch solr sphinx-search meilisearch typesense splunk graylog-gelf"},
        {"a message broker", "Messages of the applications can be read, lost and forged there.",
         "broker queue data backend",
         "amqp amqps mqtt kafka nats stomp activemq rabbitmq-management rocketmq pulsar nsq beanstalkd "
         "gearman kafka-connect"},
        {"a store of the cluster's own state", "Who writes to it steers the whole cluster.",
         "cluster control management mgmt",
         "etcd zookeeper consul nomad eureka nacos corosync memberlist-gossip ceph glusterfs"},
        {"a way to run containers", "Who may ask it to start a container is root on the machine.",
         "cluster control management mgmt",
         "docker docker-tls docker-swarm kubernetes-api kubelet kubelet-readonly kube-proxy "
         "kube-controllers portainer "
         "portainer-agent cri-o libvirt-tcp libvirt-tls"},
        {"a debugger", "Whoever reaches it runs code in the program.", "",
         "jdwp debugpy node-inspector chrome-devtools gdbserver xdebug jmx java-rmi pprof "
         "erlang-distribution"},
        {"remote administration",
         "Passwords are guessed there all day, and flaws in it give away the whole machine.",
         "management mgmt admin oob bastion",
         "rdp vnc vnc-http winrm winrm-tls ipmi intel-amt hp-ilo teamviewer radmin dameware anydesk webmin "
         "cockpit cpanel "
         "plesk proxmox-ve proxmox-backup mikrotik-api winbox cisco-smart-install salt-master salt-api "
         "puppet nrpe "
         "vmware-auth guacamole novnc web-terminal x11 spice"},
        {"file sharing", "Files are behind it, and often accounts; worms spread over it.",
         "office file storage", "smb cifs netbios-ssn nfs afp afs iscsi nbd rsync"},
        {"control of machines", "It has no protection of its own: whoever reaches it moves the machine.",
         "ot plant scada ics control",
         "modbus s7comm dnp3 bacnet ethernet-ip opc-ua iec-104 profinet melsec omron-fins codesys ge-srtp "
         "hart-ip knx "
         "niagara-fox pcworx beckhoff-ads"},
};

static bool has_page(const struct kind *kind, const char *page)
{
        size_t len = strlen(page);

        for (const char *p = strstr(kind->pages, page); p; p = strstr(p + 1, page))
                if ((p == kind->pages || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
                        return true;
        return false;
}

static const struct kind *kind_of(const struct outside_input *in)
{
        for (size_t i = 0; in->page && i < array_len(kinds); i++)
                if (has_page(&kinds[i], in->page->id))
                        return &kinds[i];
        return NULL;
}

/* Protocols that are made to serve anyone. */
static bool is_public(const char *protocol)
{
        static const char *const names[] = {"http",    "dns",   "ntp",   "daytime", "time",   "echo",
                                            "discard", "whois", "ident", "chargen", "qotd",   "stun",
                                            "quic",    "smtp",  "mdns",  "ssdp",    "gopher", "dict",
                                            "irc",     "llmnr", "ssh",   "tls",   "finger"};

        for (size_t i = 0; i < array_len(names); i++)
                if (streq(names[i], protocol))
                        return true;
        return false;
}

static enum severity severity_of(const struct outside_input *in, const struct kind *kind, bool open_to_all)
{
        if (open_to_all)
                return by_place(in, SEVERITY_LOW, SEVERITY_HIGH, SEVERITY_CRITICAL);
        if (in->place == PLACE_INSIDE && zone_has(in, kind->zones))
                return SEVERITY_LOW;
        return by_place(in, SEVERITY_INFO, SEVERITY_MEDIUM, SEVERITY_HIGH);
}

/* "Redis and Valkey, a cache"; but "SMB file sharing", which says it already. */
static const char *name_and_kind(const struct outside_input *in, const struct kind *kind)
{
        const char *name = observed_name(in), *noun = str_after(kind->what, "a ");

        return strcasestr(name, noun ? noun : kind->what) ? name
                                                          : pool_printf(in->pool, "%s, %s,", name, kind->what);
}

static void add_steps(const struct outside_input *in, bool open_to_all, struct verdict_draft *draft)
{
        const char *port = endpoint_port_text(in->pool, &in->o->endpoint);

        lines_add(
                &draft->remediation,
                pool_printf(
                        in->pool,
                        "Let only the machines that need it reach %s: bind it to one address, and have the "
                        "host's firewall refuse the rest",
                        port));
        if (open_to_all)
                lines_add(&draft->remediation, "Have it ask for a password or a certificate");
        outside_page_steps(in, &draft->remediation);
        draft->alternative = in->page ? in->page->alternative : (struct alternative){0};
        outside_alternative(in, "Where it must be reached from afar, use", draft);
}

static bool look_exposed(const struct outside_input *in, struct verdict_draft *draft)
{
        static const struct kind stranger = {"a service",
                                             "It gives data or takes commands from whoever comes.", "", ""};
        const struct kind *kind = kind_of(in);
        bool open_to_all = observed_flag(in->o, IDENTITY_NO_AUTH);

        if (in->o->by_number && in->o->identity)
                return false; /* it was asked, and did not answer like it: rule unidentified */
        if (!kind && (!open_to_all || is_public(in->o->identity->protocol)))
                return false;
        kind = kind ? kind : &stranger;
        draft->severity = severity_of(in, kind, open_to_all);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->severity = as_sure(in, draft->severity);
        draft->rule_suffix = in->page ? in->page->id : in->o->identity->protocol;
        draft->title = pool_printf(in->pool,
                                   in->o->by_number ? "A port is open whose number is that of %s"
                                   : open_to_all    ? "%s serves strangers without a password"
                                                    : "%s can be reached",
                                   in->o->by_number ? observed_name(in) : name_and_kind(in, kind));
        draft->advice = (struct advice){ADVICE_REVIEW, kind->why};
        if (open_to_all)
                lines_add(&draft->evidence, "it served data or took a command without asking who we are");
        draft->controls = open_to_all ? open_controls : controls;
        add_steps(in, open_to_all, draft);
        return true;
}

const struct outside_rule outside_exposed = {.name = "outside-exposed", .look = look_exposed};

/* --- what passes on for strangers ---------------------------------------------------------------- */

static const struct relay {
        const char *protocol, *title, *why, *step;
        enum severity inside, exposed;
} relays[] = {
        {"dns", "DNS resolves any name for strangers",
         "Others use it to flood third parties with its answers; inside, it is what clients need.",
         "Answer recursive queries of your own networks only: in BIND `allow-recursion { localnets; };`, "
         "in Unbound access-control",
         SEVERITY_INFO, SEVERITY_HIGH},
        {"smtp", "SMTP passes on mail for strangers", "Others send their spam over it, under your name.",
         "Relay only for your own networks and for users who have logged in: in Postfix "
         "smtpd_relay_restrictions",
         SEVERITY_HIGH, SEVERITY_CRITICAL},
        {"http-proxy", "An HTTP proxy serves strangers",
         "Others reach your internal networks through it, and act under your address.",
         "Let only your own networks use it, and let them log in: in Squid `http_access deny all` as the "
         "last rule",
         SEVERITY_MEDIUM, SEVERITY_CRITICAL},
        {"socks", "A SOCKS proxy serves strangers",
         "Others reach your internal networks through it, and act under your address.",
         "Let only your own networks use it, and have it ask for a password", SEVERITY_HIGH,
         SEVERITY_CRITICAL},
        {NULL, "A relay serves strangers", "Others reach further through it, and act under your address.",
         "Let only your own networks use it, and have it ask for a password", SEVERITY_MEDIUM,
         SEVERITY_HIGH},
};

static bool look_relay(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct relay *r = relays;

        if (!observed_flag(in->o, IDENTITY_RELAY))
                return false;
        while (r->protocol && !streq(r->protocol, in->o->identity->protocol))
                r++;
        draft->severity = by_place(in, SEVERITY_INFO, r->inside, r->exposed);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->rule_suffix = in->o->identity->protocol;
        draft->title = r->title;
        draft->advice = (struct advice){ADVICE_RECONFIGURE, r->why};
        draft->controls = open_controls;
        lines_add(&draft->remediation, r->step);
        outside_page_steps(in, &draft->remediation);
        return true;
}

const struct outside_rule outside_relay = {.name = "outside-relay", .look = look_relay};
