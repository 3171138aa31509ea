/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocols that were spoken without encryption: what can be read on the way, and what to use instead. */
#include "assess/outside_rule.h"
#include "base/str.h"
#include "knowledge/names.h"

static const char *const controls[] = {"nist-800-53r5:SC-8", "nist-800-53r5:SC-8(1)", "cis-8.1:3.10",
                                       "pci-dss-4.0:2.2.5", NULL};
static const char *const login_controls[] = {"nist-800-53r5:SC-8", "nist-800-53r5:IA-5(1)", "cis-8.1:3.10",
                                             "pci-dss-4.0:8.3.2", NULL};

/*
 * What goes over the wire of each where nothing encrypts it; the guide's page has the alternative, and where it has
 * none, this has. upgrade: how the same port becomes encrypted; such protocols are of rule starttls.
 */
static const struct cleartext {
        const char *protocol, *name, *reads;
        enum severity inside, exposed;
        struct alternative alternative;
        const char *upgrade;
} table[] = {
        {"ajp", "AJP", "requests of the web server, and who is logged in", SEVERITY_MEDIUM, SEVERITY_HIGH},
        {"amqp",
         "AMQP",
         "messages and the password of the client",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"amqps", "5671/tcp"}},
        {"cassandra", "Cassandra", "queries, data and passwords", SEVERITY_LOW, SEVERITY_HIGH},
        {"cvs",
         "CVS",
         "passwords (scrambled, not encrypted) and source code",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"ssh", "22/tcp"}},
        {"ftp",
         "FTP",
         "passwords and files",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"sftp", "22/tcp"},
         "AUTH TLS (RFC 4217)"},
        {"finger", "Finger", "who is logged in", SEVERITY_LOW, SEVERITY_MEDIUM},
        {"http",
         "HTTP",
         "pages, forms and session cookies",
         SEVERITY_LOW,
         SEVERITY_MEDIUM,
         {"https", "443/tcp"}},
        {"http-proxy", "HTTP proxy", "where users go, and their proxy password", SEVERITY_LOW,
         SEVERITY_MEDIUM},
        {"imap",
         "IMAP",
         "passwords and mail",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"imaps", "993/tcp"},
         "STARTTLS (RFC 9051)"},
        {"irc", "IRC", "messages and passwords", SEVERITY_LOW, SEVERITY_MEDIUM, {"ircs", "6697/tcp"}},
        {"ipp",
         "IPP",
         "documents on their way to the printer",
         SEVERITY_LOW,
         SEVERITY_MEDIUM,
         {"ipps", "631/tcp"}},
        {"kafka", "Kafka", "messages and passwords", SEVERITY_LOW, SEVERITY_HIGH},
        {"ldap",
         "LDAP",
         "the directory, and passwords of simple binds",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"ldaps", "636/tcp"},
         "StartTLS (RFC 4511, 4.14)"},
        {"lpd",
         "LPD",
         "documents on their way to the printer",
         SEVERITY_LOW,
         SEVERITY_MEDIUM,
         {"ipps", "631/tcp"}},
        {"memcached", "memcached", "cached data", SEVERITY_LOW, SEVERITY_HIGH},
        {"mongodb", "MongoDB", "queries and data", SEVERITY_LOW, SEVERITY_HIGH},
        {"mqtt",
         "MQTT",
         "messages and the password of the client",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"mqtts", "8883/tcp"}},
        {"ms-sql", "Microsoft SQL Server", "queries and data", SEVERITY_LOW, SEVERITY_HIGH},
        {"mysql",
         "MySQL",
         "queries and data",
         SEVERITY_LOW,
         SEVERITY_HIGH,
         {0},
         "TLS on the same port (ssl_cert and ssl_key, require_secure_transport = ON)"},
        {"nats", "NATS", "messages and the password of the client", SEVERITY_LOW, SEVERITY_HIGH},
        {"nfs", "NFS", "files; whoever is on the way can change them", SEVERITY_LOW, SEVERITY_HIGH},
        {"nntp",
         "NNTP",
         "articles and passwords",
         SEVERITY_LOW,
         SEVERITY_MEDIUM,
         {"nntps", "563/tcp"},
         "STARTTLS (RFC 4642)"},
        {"pop3",
         "POP3",
         "passwords and mail",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"pop3s", "995/tcp"},
         "STLS (RFC 2595)"},
        {"postgresql",
         "PostgreSQL",
         "queries and data",
         SEVERITY_LOW,
         SEVERITY_HIGH,
         {0},
         "TLS on the same port (ssl = on, hostssl in pg_hba.conf)"},
        {"redis",
         "Redis",
         "keys, values and the password",
         SEVERITY_LOW,
         SEVERITY_HIGH,
         {"redis over TLS", "6380/tcp"}},
        {"rexec", "rexec", "passwords and commands", SEVERITY_HIGH, SEVERITY_CRITICAL, {"ssh", "22/tcp"}},
        {"rlogin",
         "rlogin",
         "passwords and all that is typed; it believes the address of the caller",
         SEVERITY_HIGH,
         SEVERITY_CRITICAL,
         {"ssh", "22/tcp"}},
        {"rsh",
         "rsh",
         "commands; it believes the address of the caller",
         SEVERITY_HIGH,
         SEVERITY_CRITICAL,
         {"ssh", "22/tcp"}},
        {"rsync", "rsync", "files", SEVERITY_LOW, SEVERITY_MEDIUM, {"rsync over ssh", "22/tcp"}},
        {"rtsp",
         "RTSP",
         "pictures of the camera, and its password",
         SEVERITY_LOW,
         SEVERITY_MEDIUM,
         {"rtsps", "322/tcp"}},
        {"sieve",
         "ManageSieve",
         "passwords and mail filters",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {0},
         "STARTTLS (RFC 5804)"},
        {"sip", "SIP", "who calls whom", SEVERITY_LOW, SEVERITY_MEDIUM, {"sips", "5061/tcp"}},
        {"smtp",
         "SMTP",
         "mail, and passwords where users log in",
         SEVERITY_MEDIUM,
         SEVERITY_MEDIUM,
         {"submissions", "465/tcp"},
         "STARTTLS (RFC 3207)"},
        {"snmp",
         "SNMP",
         "the community, which is the password, and all values",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"snmp version 3 with privacy (authPriv)", "161/udp"}},
        {"stomp", "STOMP", "messages and the password of the client", SEVERITY_LOW, SEVERITY_HIGH},
        {"svn", "Subversion", "source code", SEVERITY_LOW, SEVERITY_MEDIUM, {"svn+ssh", "22/tcp"}},
        {"syslog",
         "syslog",
         "log messages; anyone can write false ones",
         SEVERITY_LOW,
         SEVERITY_MEDIUM,
         {"syslog over TLS", "6514/tcp"}},
        {"telnet",
         "Telnet",
         "passwords and all that is typed",
         SEVERITY_HIGH,
         SEVERITY_CRITICAL,
         {"ssh", "22/tcp"}},
        {"tftp", "TFTP", "files, which anyone may fetch", SEVERITY_LOW, SEVERITY_HIGH, {"sftp", "22/tcp"}},
        {"vnc",
         "VNC",
         "screen and keyboard",
         SEVERITY_HIGH,
         SEVERITY_CRITICAL,
         {"vnc through an SSH tunnel or VPN", NULL}},
        {"x11", "X11", "screen and keyboard", SEVERITY_HIGH, SEVERITY_CRITICAL, {"ssh -X", "22/tcp"}},
        {"xmpp-client",
         "XMPP",
         "passwords and messages",
         SEVERITY_MEDIUM,
         SEVERITY_HIGH,
         {"xmpps", "5223/tcp"},
         "STARTTLS (RFC 6120, 5)"},
        {"xmpp-server",
         "XMPP between servers",
         "messages",
         SEVERITY_LOW,
         SEVERITY_MEDIUM,
         {0},
         "STARTTLS (RFC 6120, 5)"},
        {"zookeeper", "ZooKeeper", "the data of the cluster", SEVERITY_LOW, SEVERITY_HIGH},
};

static const struct cleartext *find(const struct observed *o)
{
        for (size_t i = 0; observed_speaks(o) && i < array_len(table); i++)
                if (names_same(table[i].protocol, o->identity->protocol))
                        return &table[i];
        return NULL;
}

static bool look_cleartext(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct cleartext *c = find(in->o);
        const struct identity *id = in->o->identity;
        bool login = observed_flag(in->o, IDENTITY_PLAIN_LOGIN);
        enum severity severity;

        if (!c || c->upgrade || id->encryption != ENCRYPTION_NONE || only_redirects(in->o))
                return false;
        severity = by_place(in, SEVERITY_INFO, c->inside, c->exposed);
        if (login && severity && severity < SEVERITY_HIGH)
                severity++;
        if (severity == SEVERITY_INFO || (in->any && severity == SEVERITY_LOW))
                return false; /* worse has been said of it */
        draft->severity = as_sure(in, severity);
        draft->rule_suffix = c->protocol;
        draft->title = login ? pool_printf(in->pool, "%s takes passwords without encryption", c->name)
                             : pool_printf(in->pool, "%s without encryption", c->name);
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                pool_printf(in->pool, "Whoever is on the way can read and change it: %s.", c->reads),
        };
        draft->controls = login ? login_controls : controls;
        draft->alternative =
                in->page && in->page->alternative.protocol ? in->page->alternative : c->alternative;
        outside_alternative(in, "Use", draft);
        outside_page_steps(in, &draft->remediation);
        if (!draft->remediation.n)
                lines_add(&draft->remediation,
                          "Switch on TLS in the server, or let only a VPN or an SSH tunnel reach the port");
        return true;
}

const struct outside_rule outside_cleartext = {.name = "outside-cleartext", .look = look_cleartext};

/* --- protocols that can change to TLS on the same port ------------------------------------------- */

static void add_upgrade_steps(const struct outside_input *in, const struct cleartext *c, bool offered,
                              struct verdict_draft *draft)
{
        draft->alternative = c->alternative;
        lines_add(&draft->remediation,
                  offered ? pool_printf(in->pool, "Refuse logins before %s: the server has a setting for it",
                                        c->upgrade)
                          : pool_printf(in->pool, "Offer %s, and demand it before a login", c->upgrade));
        outside_alternative(in, "Or use", draft);
        outside_page_steps(in, &draft->remediation);
}

static bool look_starttls(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct cleartext *c = find(in->o);
        const struct identity *id = in->o->identity;
        bool login = observed_flag(in->o, IDENTITY_PLAIN_LOGIN), offered;
        enum severity severity;

        if (!c || !c->upgrade || id->encryption == ENCRYPTION_TLS || id->encryption == ENCRYPTION_NATIVE)
                return false;
        offered = id->encryption == ENCRYPTION_STARTTLS;
        severity = by_place(in, SEVERITY_INFO, c->inside, c->exposed);
        if ((offered && !login) || observed_flag(in->o, IDENTITY_STARTTLS_REQUIRED) ||
            severity == SEVERITY_INFO)
                return false;
        if (!offered && !login && severity > SEVERITY_LOW && streq(c->protocol, "smtp"))
                severity--; /* between servers mail goes unencrypted where the other side offers nothing, too */
        draft->severity = as_sure(in, severity);
        draft->rule_suffix = c->protocol;
        draft->title =
                offered ? pool_printf(in->pool, "%s takes passwords without encryption, though it offers it",
                                      c->name)
                : login ? pool_printf(in->pool, "%s takes passwords and offers no encryption", c->name)
                        : pool_printf(in->pool, "%s offers no encryption", c->name);
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                pool_printf(in->pool, "Whoever is on the way can read and change it: %s.%s", c->reads,
                            offered ? " What is only offered, a program that was told wrongly does not use."
                                    : ""),
        };
        draft->controls = login ? login_controls : controls;
        add_upgrade_steps(in, c, offered, draft);
        return true;
}

const struct outside_rule outside_starttls = {.name = "outside-starttls", .look = look_starttls};
