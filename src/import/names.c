/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/names.h"

#include <ctype.h>

#include "base/str.h"

static const struct {
        const char *name, *base;
        bool tls;
} protocols[] = {
        {"www", "http"},
        {"http-alt", "http"},
        {"https", "http", true},
        {"https-alt", "http", true},
        {"squid-http", "http-proxy"},
        {"smtps", "smtp", true},
        {"submission", "smtp"},
        {"submissions", "smtp", true},
        {"pop3s", "pop3", true},
        {"imaps", "imap", true},
        {"ftps", "ftp", true},
        {"ldaps", "ldap", true},
        {"ldapssl", "ldap", true},
        {"telnets", "telnet", true},
        {"ircs", "irc", true},
        {"ircs-u", "irc", true},
        {"sips", "sip", true},
        {"domain", "dns"},
        {"domain-s", "dns", true},
        {"dns-over-tls", "dns", true},
        {"microsoft-ds", "smb"},
        {"netbios-ssn", "smb"},
        {"ms-wbt-server", "rdp"},
        {"mariadb", "mysql"},
        {"postgres", "postgresql"},
        {"mongod", "mongodb"},
        {"memcache", "memcached"},
        {"portmapper", "rpcbind"},
        {"kerberos-sec", "kerberos"},
        {"krb5", "kerberos"},
        {"xmpp", "xmpp-client"},
        {"jabber", "xmpp-client"},
        {"jabber-server", "xmpp-server"},
        {"managesieve", "sieve"},
        {"socks4", "socks"},
        {"socks5", "socks"},
        {"ajp13", "ajp"},
        {"secure-mqtt", "mqtt", true},
        {"amqps", "amqp", true},
        {"java-rmi", "rmi"},
        {"rmiregistry", "rmi"},
        {"X11", "x11"},
        {"svnserve", "svn"},
        {"distccd", "distcc"},
        {"isakmp", "ike"},
        {"ms-sql-s", "mssql"},
        {"oracle-tns", "tns"},
        {"netbios-ns", "netbios-ns"},
        {"stuns", "stun", true},
        {"ipps", "ipp", true},
        {"ssl", "unknown", true},
        {"tcpwrapped", "unknown"},
};

void names_protocol(struct import *im, struct identity *id, const char *name, size_t len)
{
        const char *word = import_printable(im, name, len, IMPORT_TEXT_MAX);
        const char *rest = word ? str_after(word, "ssl/") : NULL;

        word = rest ? rest : word;
        if (rest)
                id->encryption = ENCRYPTION_TLS;
        if (!word || !*word)
                return;
        id->protocol = word;
        for (size_t i = 0; i < array_len(protocols); i++)
                if (streq(protocols[i].name, word)) {
                        id->protocol = protocols[i].base;
                        if (protocols[i].tls)
                                id->encryption = ENCRYPTION_TLS;
                }
}

enum encryption names_encryption(const char *protocol)
{
        static const char *const native[] = {"ssh", "ike", "openvpn"};
        static const char *const may_upgrade[] = {
                "unknown", "smtp", "pop3",     "imap",       "ftp",         "ldap",        "nntp",
                "sieve",   "irc",  "mysql",    "postgresql", "xmpp-client", "xmpp-server", "rdp",
                "mssql",   "vnc",  "kerberos", "smb",        "telnet"};

        for (size_t i = 0; i < array_len(native); i++)
                if (streq(native[i], protocol))
                        return ENCRYPTION_NATIVE;
        for (size_t i = 0; i < array_len(may_upgrade); i++)
                if (streq(may_upgrade[i], protocol))
                        return ENCRYPTION_UNKNOWN;
        return ENCRYPTION_NONE;
}

/* --- states and reasons --------------------------------------------------------------------------- */

static bool same(const char *word, size_t len, const char *name)
{
        return strlen(name) == len && memcmp(word, name, len) == 0;
}

enum endpoint_reason names_reason(const char *word, size_t len)
{
        static const struct {
                const char *word;
                enum endpoint_reason reason;
        } others[] = {
                {"reset", REASON_RST},
                {"conn-refused", REASON_REFUSED},
                {"no-response", REASON_NO_REPLY},
                {"port-unreach", REASON_PORT_UNREACHABLE},
                {"udp-response", REASON_REPLY},
                {"response", REASON_REPLY},
                {"proto-response", REASON_REPLY},
                {"admin-prohibited", REASON_PROHIBITED},
                {"host-prohibited", REASON_PROHIBITED},
                {"net-prohibited", REASON_PROHIBITED},
                {"host-unreach", REASON_HOST_UNREACHABLE},
                {"net-unreach", REASON_HOST_UNREACHABLE},
                {"addr-unreach", REASON_HOST_UNREACHABLE},
        };

        if (!word)
                return REASON_NONE;
        for (enum endpoint_reason r = 0; r < REASON_MAX; r++)
                if (same(word, len, endpoint_reason_name(r)))
                        return r;
        for (size_t i = 0; i < array_len(others); i++)
                if (same(word, len, others[i].word))
                        return others[i].reason;
        /* masscan names the flags of the answer: "syn-ack-psh", "rst-ack" */
        if (len > 7 && memcmp(word, "syn-ack", 7) == 0)
                return REASON_SYN_ACK;
        return len > 3 && memcmp(word, "rst", 3) == 0 ? REASON_RST : REASON_NONE;
}

bool names_state(const char *word, enum endpoint_state *ret)
{
        static const char *const open_questions[] = {"unfiltered", "closed|filtered", "unknown"};

        for (enum endpoint_state s = 0; s < ENDPOINT_STATE_MAX; s++)
                if (streq(endpoint_state_name(s), word)) {
                        *ret = s;
                        return true;
                }
        for (size_t i = 0; i < array_len(open_questions); i++)
                if (streq(open_questions[i], word)) {
                        *ret = ENDPOINT_UNDECIDED;
                        return true;
                }
        return false;
}

/* --- CPE ------------------------------------------------------------------------------------------ */

static int hex(char c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

/* One component: '-' and nothing have meanings of their own, and what is no letter is quoted. */
static bool add_component(struct str *to, const char *at, size_t len)
{
        str_add_char(to, ':');
        if (!len) {
                str_add_char(to, '*');
                return true;
        }
        if (len == 1 && *at == '-') {
                str_add_char(to, '-');
                return true;
        }
        for (size_t i = 0; i < len; i++) {
                char c = at[i];

                if (c == '%') {
                        if (i + 2 >= len || hex(at[i + 1]) < 0 || hex(at[i + 2]) < 0)
                                return false;
                        c = (char)(hex(at[i + 1]) << 4 | hex(at[i + 2]));
                        i += 2;
                        if (c == 1 || c == 2) { /* wildcards */
                                str_add_char(to, c == 1 ? '?' : '*');
                                continue;
                        }
                }
                if (c <= 0x20 || c >= 0x7f)
                        return false;
                if (!isalnum((unsigned char)c) && c != '.' && c != '_' && c != '-')
                        str_add_char(to, '\\');
                str_add_char(to, (char)tolower((unsigned char)c));
        }
        return true;
}

/*
 * The fifth one of a URI may hold five, each behind '~' (NISTIR 7695, 6.1.2.3.5): edition and four new
 * ones.
 */
static bool add_edition(struct str *to, const char *at, size_t len, struct str *extended)
{
        const char *end = at + len;

        if (!len || *at != '~')
                return add_component(to, at, len);
        at++;
        for (unsigned i = 0; i < 5; i++) {
                const char *tilde = memchr(at, '~', (size_t)(end - at)), *stop = tilde ? tilde : end;

                if (!add_component(i ? extended : to, at, (size_t)(stop - at)))
                        return false;
                at = tilde ? tilde + 1 : end;
        }
        return true;
}

const char *names_cpe(struct import *im, const char *uri)
{
        _cleanup_str_ struct str text = {0}, extended = {0};
        const char *at = str_after(uri, "cpe:/a:");
        bool good = at != NULL;

        if (!good || strlen(uri) > IMPORT_TEXT_MAX)
                return NULL;
        str_add(&text, "cpe:2.3:a");
        for (unsigned i = 0; good && i < 6; i++) { /* vendor, product, version, update, edition, language */
                size_t len = strcspn(at, ":");

                good = i == 4 ? add_edition(&text, at, len, &extended) : add_component(&text, at, len);
                at += len + (at[len] != '\0');
        }
        if (!good || *at)
                return NULL;
        str_add(&text, extended.len ? extended.text : ":*:*:*:*");
        return pool_intern(im->pool, text.text);
}
