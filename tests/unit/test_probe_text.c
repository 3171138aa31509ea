/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes of protocols that speak in lines, against what their servers say. */
#include "identify/registry.h"
#include "play.h"
#include "test.h"

#define L(...) (const char *const[]){__VA_ARGS__, NULL}

enum { GREETS = 1, ENDS = 2, UDP = 4, SPLIT = 8 };

static const struct sample {
        const char *probe;
        uint16_t port;
        unsigned how;
        const char *const *lines; /* "" = silence */
        const char *protocol;     /* NULL = not told */
        enum encryption encryption;
        const char *product, *version;
        unsigned flags;
        unsigned tls;
        enum confidence confidence; /* 0 = confirmed */
} samples[] = {
        {"ftp", 21, GREETS | SPLIT, L("220 (vsFTPd 3.0.3)\r\n", "530 Please login with USER and PASS.\r\n",
                              "530 Please login with USER and PASS.\r\n", "234 Proceed with negotiation.\r\n"),
         "ftp", ENCRYPTION_STARTTLS, "vsftpd", "3.0.3", 0, 1, 0},
        {"ftp", 2121, GREETS | SPLIT, L("220 ProFTPD 1.3.5rc3 Server (Debian) [::ffff:192.0.2.1]\r\n",
                              "211-Features:\r\n MDTM\r\n AUTH TLS\r\n211 End\r\n", "215 UNIX Type: L8\r\n", "234 AUTH TLS ok\r\n"),
         "ftp", ENCRYPTION_STARTTLS, "ProFTPD", "1.3.5rc3", 0, 1, 0},
        {"ftp", 21, GREETS, L("220-FileZilla Server 1.7.0\r\n220 Please visit https://filezilla-project.org/\r\n", "211 End\r\n",
                              "215 UNIX emulated by FileZilla.\r\n", "502 Not implemented\r\n"),
         "ftp", ENCRYPTION_NONE, "FileZilla Server", "1.7.0", IDENTITY_PLAIN_LOGIN, 0, 0},
        {"ftp", 21, GREETS, L("220 hello\r\n", "500 what\r\n", "215 Windows_NT\r\n", "504 no\r\n"), "ftp", ENCRYPTION_NONE,
         "Microsoft FTP Service", NULL, IDENTITY_PLAIN_LOGIN, 0, 0},
        {"ftp", 21, GREETS, L("220 mail.example ESMTP Postfix\r\n", "502 5.5.2 Error: command not recognized\r\n",
                              "502 5.5.2 Error: command not recognized\r\n"),
         NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"ftp", 21, GREETS, L("220 hello\r\n", "502 5.5.2 Error\r\n", "502 5.5.2 Error\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"smtp", 25, GREETS | SPLIT,
         L("220 mx.example.test ESMTP Postfix\r\n", "250-mx.example.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n",
           "250 2.0.0 Ok\r\n", "220 2.0.0 Ready to start TLS\r\n"),
         "smtp", ENCRYPTION_STARTTLS, "Postfix", NULL, 0, 1, 0},
        {"smtp", 587, GREETS,
         L("220 mx.example.test ESMTP Exim 4.96 Sun, 22 Nov 2026 05:00:00 +0000\r\n",
           "250-mx.example.test Hello\r\n250-AUTH PLAIN LOGIN\r\n250-STARTTLS\r\n250 HELP\r\n", "530 Must issue a STARTTLS\r\n",
           "220 TLS go ahead\r\n"),
         "smtp", ENCRYPTION_STARTTLS, "Exim", "4.96", IDENTITY_PLAIN_LOGIN | IDENTITY_STARTTLS_REQUIRED, 1, 0},
        {"smtp", 2525, GREETS, L("220 hello\r\n", "500 what\r\n", "250 hello\r\n", "214-2.0.0 This is Sendmail version 8.15.2\r\n214 2.0.0 End\r\n"),
         "smtp", ENCRYPTION_NONE, "Sendmail", "8.15.2", 0, 0, 0},
        {"smtp", 25, GREETS, L("220 ProFTPD Server ready\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"smtp", 25, GREETS, L("554 5.7.1 mx.example.test: you are not welcome, ESMTP\r\n"), "smtp", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"lmtp", 24, GREETS | SPLIT, L("220 mx.example.test LMTP Cyrus 3.6.1-Debian-3.6.1-4+deb12u3 ready\r\n", "250-mx.example.test\r\n250 SIZE\r\n"),
         "lmtp", ENCRYPTION_NONE, "Cyrus IMAP", "3.6.1", 0, 0, 0},
        {"lmtp", 24, GREETS, L("220 host Dovecot ready.\r\n", "250-host\r\n250 STARTTLS\r\n", "214 2.0.0 help\r\n", "250 ok\r\n", "454 no\r\n"),
         "lmtp", ENCRYPTION_STARTTLS, "Dovecot", NULL, 0, 0, 0},
        {"pop3", 110, GREETS | SPLIT,
         L("+OK Dovecot (Debian) ready.\r\n", "+OK\r\nCAPA\r\nSTLS\r\nUSER\r\nSASL PLAIN\r\n.\r\n", "+OK Begin TLS\r\n"), "pop3",
         ENCRYPTION_STARTTLS, "Dovecot", NULL, IDENTITY_PLAIN_LOGIN, 1, 0},
        {"pop3", 110, GREETS, L("+OK QPOP (version 4.0.5) at host.example starting. <1.2@host.example>\r\n", "-ERR unknown\r\n"), "pop3",
         ENCRYPTION_NONE, "Qpopper", "4.0.5", IDENTITY_PLAIN_LOGIN, 0, 0},
        {"pop3", 110, GREETS, L("* OK ready\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"imap", 143, GREETS | SPLIT,
         L("* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n",
           "* CAPABILITY IMAP4rev1 ID STARTTLS LOGINDISABLED\r\na1 OK done\r\n* ID (\"name\" \"Dovecot\" \"version\" \"2.3.19\")\r\na2 OK\r\n",
           "a3 OK Begin TLS\r\n"),
         "imap", ENCRYPTION_STARTTLS, "Dovecot", "2.3.19", IDENTITY_STARTTLS_REQUIRED, 1, 0},
        {"imap", 143, GREETS, L("* OK host.example Cyrus IMAP4 v2.4.17-caldav-beta10 server ready\r\n", "* CAPABILITY IMAP4\r\na1 OK\r\na2 BAD\r\n"),
         "imap", ENCRYPTION_NONE, "Cyrus IMAP", "2.4.17", IDENTITY_PLAIN_LOGIN, 0, 0},
        {"imap", 143, GREETS, L("* OK MUPDATE \"x\" \"Cyrus\" \"v2\"\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"sieve", 4190, GREETS | SPLIT,
         L("\"IMPLEMENTATION\" \"Cyrus timsieved v2.4.17-caldav\"\r\n\"SASL\" \"PLAIN\"\r\n\"SIEVE\" \"fileinto\"\r\n\"STARTTLS\"\r\nOK\r\n",
           "OK \"Begin TLS\"\r\n"),
         "sieve", ENCRYPTION_STARTTLS, "Cyrus IMAP", "2.4.17", IDENTITY_PLAIN_LOGIN, 1, 0},
        {"sieve", 4190, GREETS, L("+OK POP3\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"nntp", 119, GREETS | SPLIT,
         L("200 news.example.test InterNetNews NNRP server INN 2.7.1 ready (posting ok)\r\n",
           "101 list\r\nVERSION 2\r\nIMPLEMENTATION INN 2.7.1\r\nAUTHINFO USER\r\nSTARTTLS\r\n.\r\n", "382 go\r\n"),
         "nntp", ENCRYPTION_STARTTLS, "INN", "2.7.1", IDENTITY_PLAIN_LOGIN, 1, 0},
        {"nntp", 119, GREETS, L("200 hello\r\n", "500 what\r\n", "111 20261122050000\r\n"), "nntp", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"nntp", 119, GREETS, L("200 host poppassd v1.8 hello, who are you?\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"telnet", 23, GREETS | SPLIT, L("\xff\xfd\x18\xff\xfd \xff\xfd#\xff\xfd'", "\xff\xfb\x03\xff\xfd\x01", "\r\nDebian GNU/Linux 12\r\nhost login: "),
         "telnet", ENCRYPTION_NONE, NULL, NULL, IDENTITY_PLAIN_LOGIN, 0, 0},
        {"telnet", 23, GREETS, L("\r\nUser Access Verification\r\n\r\nUsername: "), "telnet", ENCRYPTION_NONE, "Cisco IOS", NULL,
         IDENTITY_PLAIN_LOGIN, 0, CONFIDENCE_LIKELY},
        {"telnet", 23, GREETS, L("\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03", "\r\nBusyBox v1.30.1 () built-in shell (ash)\r\n/ # "),
         "telnet", ENCRYPTION_NONE, "BusyBox", "1.30.1", IDENTITY_NO_AUTH, 0, 0},
        {"telnet", 23, GREETS, L("SSH-2.0-x\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"irc", 6667, SPLIT, L(":irc.example.test CAP * LS :multi-prefix\r\n:irc.example.test 451 * :Connection not registered\r\n"), "irc",
         ENCRYPTION_NONE, "ngIRCd", NULL, 0, 0, 0},
        {"irc", 6667, GREETS, L(":irc.example.test NOTICE * :*** Looking up your hostname...\r\n",
                                ":irc.example.test CAP * LS :unrealircd.org/link-security=2 tls sts\r\n"
                                ":irc.example.test 351 * UnrealIRCd-6.1.2. irc.example.test :x\r\n",
                                ":irc.example.test 670 * :STARTTLS successful\r\n"),
         "irc", ENCRYPTION_STARTTLS, "UnrealIRCd", "6.1.2", 0, 1, 0},
        {"irc", 6667, 0, L("HTTP/1.1 400 Bad Request\r\n\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"finger", 79, ENDS, L("Login     Name       Tty      Idle  Login Time   Office\r\nroot root pts/0\r\n"), "finger", ENCRYPTION_NONE, NULL,
         NULL, IDENTITY_NO_AUTH, 0, 0},
        {"finger", 1079, ENDS, L("hello\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"ident", 113, SPLIT, L("1,1:ERROR:INVALID-PORT\r\n"), "ident", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"ident", 113, 0, L("1, 1\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"whois", 43, ENDS, L("% This is the RIPE Database query service.\r\n\r\n%ERROR:101: no entries found\r\n"), "whois", ENCRYPTION_NONE,
         NULL, NULL, 0, 0, 0},
        {"whois", 4343, ENDS, L("quaymaster.invalid\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"daytime", 13, GREETS | ENDS | SPLIT, L("22 NOV 2026 05:42:40 UTC\r\n"), "daytime", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"daytime", 1313, GREETS | ENDS, L("\n61366 26-11-22 05:42:40 00 0 0 123.4 UTC(NIST) * \n"), "daytime", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"daytime", 13, UDP, L("Sun Nov 22 05:42:40 2026\r\n"), "daytime", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"daytime", 13, GREETS | ENDS, L("220 mail.example.test ESMTP Sendmail 8.15; Sun, 22 Nov 2026 05:42:40 GMT\r\n"), NULL,
         ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"time", 37, GREETS | ENDS, L("\xee\xad\x01\x02"), "time", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"time", 37, UDP, L("\xee\xad\x01\x02"), "time", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"time", 37, GREETS | ENDS, L("\x01\xad\x01\x02"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"chargen", 19, GREETS | SPLIT, L(" !\"#$%&'()*+,-./0123456789:;<=>?@ABC"), "chargen", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"chargen", 19, UDP, L("mnopqrstuvwxyz{|}~ !\"#$%&'()*+,-./"), "chargen", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"chargen", 19, GREETS, L("abcdefghijklm hello this is a text that is none\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"echo", 7, SPLIT, L("quaymaster 0000000000000000\r\n", ""), "echo", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"echo", 7, UDP, L("quaymaster 0000000000000000\r\n"), "echo", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"echo", 7, 0, L("quaymaster 0000000000000000\r\nlogin: "), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"echo", 7, 0, L("quaymaster 0000000000000001\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"qotd", 17, GREETS | ENDS, L("\"My spelling is Wobbly.\"\r\n - A. A. Milne\r\n"), "qotd", ENCRYPTION_NONE, NULL, NULL, 0, 0, CONFIDENCE_LIKELY},
        {"qotd", 170, GREETS | ENDS, L("\"My spelling is Wobbly.\"\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"systat", 11, GREETS | ENDS, L("USER   PID %CPU %MEM  VSZ RSS TTY STAT START TIME COMMAND\nroot 1\n"), "systat", ENCRYPTION_NONE, NULL, NULL,
         IDENTITY_NO_AUTH, 0, 0},
        {"systat", 15, GREETS | ENDS, L("Active Internet connections (w/o servers)\n"), "netstat", ENCRYPTION_NONE, NULL, NULL, IDENTITY_NO_AUTH, 0, 0},
        {"gopher", 70, ENDS | SPLIT, L("iWelcome\t\tnull.host\t1\r\n1About\t/about\thost.example\t70\r\n"
                               "i Gophered by Gophernicus/3.1.1 on Debian\tTITLE\tnull.host\t1\r\n.\r\n"),
         "gopher", ENCRYPTION_NONE, "Gophernicus", "3.1.1", 0, 0, 0},
        {"gopher", 70, ENDS, L("HTTP/1.1 400 Bad\r\n\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"dict", 2628, GREETS | SPLIT, L("220 host dictd 1.13.0/rf on Linux 6.1 <auth.mime> <3.1.1@host>\r\n", "210 status\r\n"), "dict",
         ENCRYPTION_NONE, "dictd", "1.13.0", 0, 0, 0},
        {"dict", 2628, GREETS, L("220 mail ESMTP <1@x>\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"mpd", 6600, GREETS | SPLIT, L("OK MPD 0.23.5\n", "volume: 100\nOK\n"), "mpd", ENCRYPTION_NONE, "Music Player Daemon", NULL, IDENTITY_NO_AUTH, 0, 0},
        {"mpd", 6600, GREETS, L("OK MPD 0.23.5\n", "ACK [4@0] {status} you don't have permission for \"status\"\n"), "mpd", ENCRYPTION_NONE,
         "Music Player Daemon", NULL, 0, 0, 0},
        {"mpd", 6600, GREETS, L("OK\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"spamd", 783, SPLIT, L("SPAMD/1.5 0 PONG\r\n"), "spamd", ENCRYPTION_NONE, "SpamAssassin spamd", NULL, IDENTITY_NO_AUTH, 0, 0},
        {"spamd", 783, 0, L("PING SPAMC/1.2\r\n\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"clamd", 3310, ENDS | SPLIT, L("ClamAV 1.4.3/27000/Sun Nov 22 05:00:00 2026\n"), "clamd", ENCRYPTION_NONE, "ClamAV", "1.4.3",
         IDENTITY_NO_AUTH, 0, 0},
        {"clamd", 3310, 0, L("UNKNOWN COMMAND\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"nut", 3493, SPLIT, L("Network UPS Tools upsd 2.8.0 - http://www.networkupstools.org/\n", "OK STARTTLS\n"), "nut",
         ENCRYPTION_STARTTLS, "Network UPS Tools", "2.8.0", IDENTITY_PLAIN_LOGIN, 1, 0},
        {"nut", 3493, 0, L("ERR UNKNOWN-COMMAND\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"gpsd", 2947, GREETS | SPLIT, L("{\"class\":\"VERSION\",\"release\":\"3.22\",\"rev\":\"3.22\",\"proto_major\":3,\"proto_minor\":14}\r\n"), "gpsd",
         ENCRYPTION_NONE, "gpsd", "3.22", IDENTITY_NO_AUTH, 0, 0},
        {"gpsd", 2947, GREETS, L("{\"class\":\"x\"}\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"munin", 4949, GREETS | SPLIT, L("# munin node at host.example.test\n", "munins node on host.example.test version: 2.0.73\n"), "munin",
         ENCRYPTION_NONE, "munin-node", "2.0.73", IDENTITY_NO_AUTH, 0, 0},
        {"munin", 4949, GREETS, L("# hello\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"asterisk", 5038, GREETS | SPLIT, L("Asterisk Call Manager/5.0.2\r\n"), "asterisk", ENCRYPTION_NONE, "Asterisk", NULL, IDENTITY_PLAIN_LOGIN, 0, 0},
        {"asterisk", 5038, GREETS, L("Asterisk\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"freeswitch", 8021, GREETS | SPLIT, L("Content-Type: auth/request\n\n"), "freeswitch-event", ENCRYPTION_NONE, "FreeSWITCH", NULL,
         IDENTITY_PLAIN_LOGIN, 0, 0},
        {"freeswitch", 8021, GREETS | ENDS, L("Content-Type: text/html\n\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"svn", 3690, GREETS, L("( success ( 2 2 ( ) ( edit-pipeline svndiff1 absent-entries ) ) ) ", "( success ( ( ANONYMOUS ) 4:none ) ) "),
         "svn", ENCRYPTION_NONE, "Subversion", NULL, IDENTITY_NO_AUTH, 0, 0},
        {"svn", 3690, GREETS, L("( failure ( ) ) "), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"cvs", 2401, SPLIT, L("cvs [pserver aborted]: bad auth protocol start: QUAYMASTER\n"), "cvs", ENCRYPTION_NONE, "CVS", NULL, IDENTITY_PLAIN_LOGIN,
         0, 0},
        {"cvs", 2401, 0, L("QUAYMASTER\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"git", 9418, ENDS | SPLIT, L("0042ERR access denied or repository not exported: /quaymaster-asks"), "git", ENCRYPTION_NONE, "git", NULL,
         IDENTITY_NO_AUTH, 0, 0},
        {"git", 9418, 0, L("0014git-upload-pack /"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"rsync", 873, GREETS | SPLIT, L("@RSYNCD: 31.0 sha512 md5\n", "motd\npub            \tpublic files\nx  \t\n@RSYNCD: EXIT\n"), "rsync",
         ENCRYPTION_NONE, "rsync", NULL, 0, 0, 0},
        {"rsync", 873, GREETS, L("@ERROR\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"uucp", 540, GREETS, L("\020Shere=host.example.test\n"), "uucp", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"uucp", 541, GREETS, L("login: "), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"ceph", 3300, GREETS | SPLIT, L("ceph v2\n\x10"), "ceph", ENCRYPTION_NONE, "Ceph", NULL, 0, 0, 0},
        {"ceph", 3300, GREETS, L("cephalopod"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"beanstalk", 11300, SPLIT, L("OK 900\r\n---\ncurrent-jobs-urgent: 0\npid: 1\nversion: \"1.12\"\n"), "beanstalk", ENCRYPTION_NONE, "beanstalkd", "1.12",
         IDENTITY_NO_AUTH, 0, 0},
        {"beanstalk", 11300, 0, L("OK 900\r\nhello\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"apcupsd", 3551, ENDS, L("\0\0"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"hddtemp", 7634, GREETS | SPLIT, L("|/dev/sda|ST1000|31|C|"), "hddtemp", ENCRYPTION_NONE, "hddtemp", NULL, IDENTITY_NO_AUTH, 0, 0},
        {"hddtemp", 7634, GREETS | ENDS, L("|x|"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"hylafax", 4559, GREETS | SPLIT, L("220 fax.example.test server (HylaFAX (tm) Version 6.0.7) ready.\r\n"), "hylafax", ENCRYPTION_NONE,
         "HylaFAX", "6.0.7", IDENTITY_PLAIN_LOGIN, 0, 0},
        {"hylafax", 4559, GREETS, L("220 FTP server ready.\r\n"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
        {"vmware-auth", 902, GREETS, L("220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP\r\n"),
         "vmware-auth", ENCRYPTION_STARTTLS, "VMware Authentication Daemon", "1.10", IDENTITY_STARTTLS_REQUIRED, 1, 0},
        {"checkmk-agent", 6556, GREETS | ENDS, L("<<<check_mk>>>\nVersion: 2.1.0p10\nAgentOS: linux\n<<<df>>>\n"), "checkmk-agent",
         ENCRYPTION_NONE, "Checkmk agent", "2.1.0p10", IDENTITY_NO_AUTH, 0, 0},
        {"poppassd", 106, GREETS | SPLIT, L("200 host.example.test poppassd v1.8.5 hello, who are you?\r\n"), "poppassd", ENCRYPTION_NONE, "poppassd",
         "1.8.5", IDENTITY_PLAIN_LOGIN, 0, 0},
        {"xmpp-client", 5222, SPLIT,
         L("<?xml version='1.0'?><stream:stream from='host.example' id='1' xmlns='jabber:client' "
           "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
           "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
           "<c xmlns='http://jabber.org/protocol/caps' node='http://www.process-one.net/en/ejabberd/' ver='3x='/></stream:features>",
           "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
         "xmpp-client", ENCRYPTION_STARTTLS, "ejabberd", NULL, IDENTITY_STARTTLS_REQUIRED, 1, 0},
        {"xmpp-client", 5269, 0,
         L("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='1'>"
           "<stream:error><invalid-namespace xmlns='x'/></stream:error>",
           "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"
           "<stream:error><host-unknown xmlns='x'/></stream:error>",
           "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"
           "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"),
         "xmpp-server", ENCRYPTION_NONE, NULL, NULL, 0, 0, 0},
        {"xmpp-server", 5269, 0, L("<?xml version='1.0'?><html/>"), NULL, ENCRYPTION_UNKNOWN, NULL, NULL, 0, 0, 0},
};

static void check(const struct sample *s, const struct play *p)
{
        const struct identity *id = &p->id;

        if (!s->protocol) {
                if (id->confidence != CONFIDENCE_REGISTERED)
                        fail_msg("%s told %s of \"%s\"", s->probe, id->protocol, s->lines[0]);
                return;
        }
        if (!streq(id->protocol, s->protocol) || id->confidence != (s->confidence ? s->confidence : CONFIDENCE_CONFIRMED))
                fail_msg("%s: protocol %s, %s, of \"%s\"", s->probe, id->protocol, confidence_name(id->confidence), s->lines[0]);
        if (id->encryption != s->encryption || p->tls != s->tls)
                fail_msg("%s: encryption %s, %u handshakes, of \"%s\"", s->probe, encryption_name(id->encryption), p->tls, s->lines[0]);
        if (!streq_ptr(id->product, s->product) || !streq_ptr(id->version, s->version))
                fail_msg("%s: product %s, version %s, of \"%s\"", s->probe, id->product, id->version, s->lines[0]);
        if (id->flags != s->flags)
                fail_msg("%s: flags %x, of \"%s\"", s->probe, id->flags, s->lines[0]);
}

static void play_sample(const struct sample *s, bool split)
{
        struct play_line lines[8] = {0};
        struct play p = {.probe = probe_find(s->probe), .port = s->port, .greeting = s->how & GREETS, .split = split,
                         .ends = s->how & ENDS, .transport = s->how & UDP ? TRANSPORT_UDP : TRANSPORT_TCP, .lines = lines};

        assert_non_null(p.probe);
        for (; s->lines[p.n_lines]; p.n_lines++)
                lines[p.n_lines].bytes = *s->lines[p.n_lines] ? s->lines[p.n_lines] : NULL;
        play(&p);
        check(s, &p);
        play_release(&p);
}

static void test_samples(void **state)
{
        for (size_t i = 0; i < array_len(samples); i++) {
                play_sample(&samples[i], false);
                if (samples[i].how & SPLIT)
                        play_sample(&samples[i], true);
        }
}

static enum recognition recognise(const char *probe, const char *text, const char *asked, bool ended)
{
        struct heard h = {.data = (const uint8_t *)text, .len = strlen(text), .ended = ended,
                          .asked = asked ? probe_find(asked) : NULL, .transport = TRANSPORT_TCP, .port = 4711};

        return probe_find(probe)->recognise(&h);
}

/* Greetings and errors on ports that say nothing, as they are told from their neighbours. */
static void test_recognition(void **state)
{
        static const struct {
                const char *probe, *text, *asked;
                bool ended;
                enum recognition is;
        } all[] = {
                {"ftp", "220 ProFTPD Server ready\r\n", NULL, false, RECOGNISE_SURE},
                {"ftp", "220 ready\r\n", NULL, false, RECOGNISE_MAYBE},
                {"ftp", "220 ftp.example ESMTP\r\n", NULL, false, RECOGNISE_NO},
                {"ftp", "220 fax server (HylaFAX (tm) Version 6.0.7) ready.\r\n", NULL, false, RECOGNISE_NO},
                {"smtp", "220 ready\r\n", NULL, false, RECOGNISE_MAYBE},
                {"smtp", "220-mx ESMTP\r\n", NULL, false, RECOGNISE_SURE},
                {"smtp", "220 x LMTP\r\n", NULL, false, RECOGNISE_NO},
                {"smtp", "220 FTP server\r\n", NULL, false, RECOGNISE_NO},
                {"lmtp", "220 x LMTP\r\n", NULL, false, RECOGNISE_SURE},
                {"pop3", "+OK POP3 ready\r\n", NULL, false, RECOGNISE_SURE},
                {"pop3", "+OK\r\n", "smtp", false, RECOGNISE_MAYBE},
                {"imap", "* BYE too many\r\n", NULL, false, RECOGNISE_SURE},
                {"imap", "* OK MUPDATE\r\n", NULL, false, RECOGNISE_NO},
                {"nntp", "200 x NNTP ready\r\n", NULL, false, RECOGNISE_SURE},
                {"telnet", "\xff\xfd\x18", NULL, false, RECOGNISE_SURE},
                {"telnet", "\xff\xd8\xff\xe0", NULL, false, RECOGNISE_NO}, /* a picture */
                {"telnet", "login: ", NULL, false, RECOGNISE_LIKELY},
                {"irc", ":irc.x 451 * :You have not registered\r\n", "smtp", false, RECOGNISE_SURE},
                {"irc", "NOTICE AUTH :*** Looking up\r\n", NULL, false, RECOGNISE_SURE},
                {"irc", "ERROR\r\n", "smtp", false, RECOGNISE_NO},
                {"ident", "GET / HTTP/1.1 : ERROR : UNKNOWN-ERROR\r\n", "smtp", false, RECOGNISE_SURE},
                {"gopher", "3no such file\t\terror.host\t1\r\n.\r\n", "smtp", true, RECOGNISE_SURE},
                {"gopher", "3no such file\t\terror.host\t1\r\n.\r\n", NULL, true, RECOGNISE_NO},
                {"daytime", "22 NOV 2026 05:42:40 UTC\r\n", NULL, true, RECOGNISE_SURE},
                {"daytime", "22 NOV 2026 05:42:40 UTC\r\n", NULL, false, RECOGNISE_LIKELY},
                {"echo", "GET / HTTP/1.1\r\n", "smtp", false, RECOGNISE_MAYBE},
                {"echo", "GET / HTTP/1.1\r\n", NULL, false, RECOGNISE_NO},
                {"spamd", "SPAMD/1.0 76 Bad header line\r\n", "smtp", true, RECOGNISE_SURE},
                {"beanstalk", "UNKNOWN_COMMAND\r\n", "smtp", false, RECOGNISE_SURE},
                {"nut", "ERR UNKNOWN-COMMAND\n", "smtp", false, RECOGNISE_LIKELY},
                {"clamd", "UNKNOWN COMMAND\n", "smtp", false, RECOGNISE_LIKELY},
                {"cvs", "cvs [pserver aborted]: bad auth protocol start: GET / HTTP/1.1\n", "smtp", true, RECOGNISE_SURE},
                {"xmpp-client", "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1'><stream:error>", "smtp", true, RECOGNISE_SURE},
                {"xmpp-server", "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1'>", "smtp", true, RECOGNISE_LIKELY},
                {"uucp", "\020Shere=host", NULL, false, RECOGNISE_SURE},
                {"zabbix-agent", "ZBXD\x01", "smtp", false, RECOGNISE_LIKELY},
        };

        for (size_t i = 0; i < array_len(all); i++) {
                enum recognition is = recognise(all[i].probe, all[i].text, all[i].asked, all[i].ended);

                if (is != all[i].is)
                        fail_msg("%s: %d, not %d, of \"%s\"", all[i].probe, is, all[i].is, all[i].text);
        }
}

static void test_binary(void **state)
{
        static const char agent[] = "ZBXD\x01\x06\0\0\0\0\0\0\0" "6.0.14";
        static const char milter[] = "\0\0\0\x0dO\0\0\0\x06\0\0\0\x11\0\0\x10\x1f";
        static const char ours[] = "\0\0\0\x0dO\0\0\0\x06\0\0\0\xff\0\x0f\xff\xff";
        static const char ups[] = "\0\x17" "APC      : 001,036,0870" "\0\x24" "VERSION  : 3.14.14 (31 May 2016) deb\n" "\0\0";
        const struct play_line a[] = {{agent, sizeof(agent) - 1}}, m[] = {{milter, sizeof(milter) - 1}};
        const struct play_line o[] = {{ours, sizeof(ours) - 1}}, u[] = {{ups, sizeof(ups) - 1}};
        struct play p = {.probe = probe_find("zabbix-agent"), .port = 10050, .split = true, .lines = a, .n_lines = 1};

        play(&p);
        assert_string_equal(p.id.protocol, "zabbix-agent");
        assert_string_equal(p.id.version, "6.0.14");
        play_release(&p);
        p = (struct play){.probe = probe_find("milter"), .port = 8891, .split = true, .lines = m, .n_lines = 1};
        play(&p);
        assert_string_equal(p.id.protocol, "milter");
        assert_int_equal(p.id.confidence, CONFIDENCE_CONFIRMED);
        play_release(&p);
        p = (struct play){.probe = probe_find("milter"), .port = 8891, .lines = o, .n_lines = 1};
        play(&p);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED);
        play_release(&p);
        p = (struct play){.probe = probe_find("apcupsd"), .port = 3551, .split = true, .lines = u, .n_lines = 1};
        play(&p);
        assert_string_equal(p.id.protocol, "apcupsd");
        assert_string_equal(p.id.version, "3.14.14");
        play_release(&p);
}

/* What is refused: every option, and nothing is typed. */
static void test_telnet_refuses(void **state)
{
        const struct play_line lines[] = {{"\xff\xfd\x18\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0", 0}, {"\r\nhost login: ", 0}};
        struct play p = {.probe = probe_find("telnet"), .port = 23, .greeting = true, .lines = lines, .n_lines = 2};

        play(&p);
        assert_int_equal(p.sent.len, 6);
        assert_memory_equal(p.sent.text, "\xff\xfc\x18\xff\xfe\x01", 6);
        play_release(&p);
}

/* distcc is told by how it ends: it waits for more of what begins right, and hangs up on what does not. */
static void test_distcc(void **state)
{
        const struct play_line lines[] = {{NULL, 0}};
        struct play p = {.probe = probe_find("distcc"), .port = 3632, .lines = lines, .n_lines = 1, .ends = true};

        play(&p);
        assert_string_equal(p.id.protocol, "distcc");
        assert_int_equal(p.id.confidence, CONFIDENCE_LIKELY);
        play_release(&p);
}

/* On other ports than its own a second answer must be later. */
static void test_time_goes_on(void **state)
{
        const struct play_line later[] = {{"\xee\xad\x01\x02", 0}, {NULL, 0}, {"\xee\xad\x01\x04", 0}};
        const struct play_line other[] = {{"\xee\xad\x01\x02", 0}, {NULL, 0}, {"\xee\xbd\x01\x04", 0}};
        struct play p = {.probe = probe_find("time"), .port = 4711, .greeting = true, .lines = later, .n_lines = 3};

        play(&p);
        assert_int_equal(p.connections, 2);
        assert_int_equal(p.id.confidence, CONFIDENCE_CONFIRMED);
        play_release(&p);
        p = (struct play){.probe = probe_find("time"), .port = 4711, .greeting = true, .lines = other, .n_lines = 3};
        play(&p);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED);
        play_release(&p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_samples),        cmocka_unit_test(test_recognition), cmocka_unit_test(test_binary),
                cmocka_unit_test(test_telnet_refuses), cmocka_unit_test(test_distcc),      cmocka_unit_test(test_time_goes_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
