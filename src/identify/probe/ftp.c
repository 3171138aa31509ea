/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FTP: greeting, FEAT (RFC 2389), AUTH TLS (RFC 4217). "220 ..." is said by mail servers, too: where the greeting does
 * not tell, the answer to FEAT does.
 */
#include "identify/banner.h"

enum step { GREETING, FEATURES, SYSTEM, UPGRADE, INSIDE };
enum memory { SURE, AUTH_OFFERED };

static const struct banner products[] = {
        {"vsFTPd", "vsftpd", "vsftpd_project", "vsftpd"},
        {"ProFTPD", "ProFTPD", "proftpd", "proftpd"},
        {"Pure-FTPd", "Pure-FTPd", "pureftpd", "pure-ftpd"},
        {"FileZilla Server", "FileZilla Server", "filezilla-project", "filezilla_server"},
        {"Microsoft FTP Service", "Microsoft FTP Service", "microsoft", "ftp_service"},
        {"Serv-U FTP", "Serv-U", "solarwinds", "serv-u"},
        {"pyftpdlib", "pyftpdlib", NULL, NULL},
        {"bftpd", "Bftpd", NULL, NULL},
        {"uftpd", "uftpd", NULL, NULL},
        {"wu-", "WU-FTPD", NULL, NULL},
        {"glFTPd", "glFTPd", NULL, NULL},
        {"DrFTPD", "DrFTPD", NULL, NULL},
        {"SFTPGo", "SFTPGo", NULL, NULL},
        {"CrushFTP", "CrushFTP", "crushftp", "crushftp"},
        {"Cerberus FTP", "Cerberus FTP Server", NULL, NULL},
        {"Titan FTP", "Titan FTP Server", NULL, NULL},
        {"WS_FTP", "WS_FTP Server", NULL, NULL},
        {"Xlight", "Xlight FTP Server", NULL, NULL},
        {"Wing FTP", "Wing FTP Server", NULL, NULL},
        {"Gene6 FTP", "Gene6 FTP Server", NULL, NULL},
        {"GoldenFTP", "Golden FTP Server", NULL, NULL},
        {"GNU inetutils", "GNU inetutils ftpd", NULL, NULL},
        {"NetBSD-ftpd", "NetBSD ftpd", NULL, NULL},
        {"tnftpd", "tnftpd", NULL, NULL},
        {"lukemftpd", "lukemftpd", NULL, NULL},
        {"Synology", "Synology FTP server", NULL, NULL},
        {"QNAP", "QNAP FTP server", NULL, NULL},
        {"FTP server (MikroTik", "MikroTik RouterOS", "mikrotik", "routeros"},
        {"MikroTik", "MikroTik RouterOS", "mikrotik", "routeros"},
        {"JD FTP Server", "HP JetDirect FTP", NULL, NULL},
        {"VxWorks", "VxWorks ftpd", NULL, NULL},
        {"QTCP at", "IBM i FTP", NULL, NULL},
        {"FTPD IBM", "z/OS Communications Server FTP", NULL, NULL},
        {"Hummingbird", "Hummingbird FTP", NULL, NULL},
        {"Twisted", "Twisted FTP", NULL, NULL},
        {"SwiFTP", "SwiFTP", NULL, NULL},
        {"KONICA MINOLTA FTP", "Konica Minolta FTP", NULL, NULL},
        {"RICOH", "Ricoh FTP", NULL, NULL},
        {"TYPSoft", "TYPSoft FTP Server", NULL, NULL},
        {"zFTPServer", "zFTPServer", NULL, NULL},
        {"ArGoSoft FTP", "ArGoSoft FTP Server", NULL, NULL},
        {"LiteServe", "LiteServe", NULL, NULL},
        {"vftpd", "vftpd", NULL, NULL},
};

static bool says_mail(const struct line *text)
{
        return line_find_i(text, "SMTP") || line_find_i(text, "LMTP");
}

/* Others that begin with 220 and say FTP somewhere, or nothing. */
static bool says_other(const struct line *text)
{
        return line_find_i(text, "HylaFAX") || line_find_i(text, "VMware Authentication") ||
               line_find_i(text, "dictd");
}

static enum recognition judge(const uint8_t *data, size_t len)
{
        struct line all = banner_all(data, len);
        struct reply reply;
        enum reply_state state = reply_read(data, len, &reply);

        if (state == REPLY_NONE || len < 4)
                return state == REPLY_NONE ? RECOGNISE_NO : RECOGNISE_MAYBE;
        if (!data_starts(data, len, "220") && !data_starts(data, len, "120") &&
            !data_starts(data, len, "421"))
                return RECOGNISE_NO;
        if (state == REPLY_WHOLE)
                all.len = reply.end;
        if (says_mail(&all) || says_other(&all))
                return RECOGNISE_NO;
        if (banner_known(&all, products, array_len(products)))
                return line_find_i(&all, "FTP") ? RECOGNISE_SURE : RECOGNISE_LIKELY;
        return line_find_i(&all, "FTP") ? RECOGNISE_LIKELY : RECOGNISE_MAYBE;
}

static enum recognition ftp_recognise(const struct heard *h)
{
        return judge(h->data, h->len);
}

static enum talk_next greeting(struct talk *t)
{
        struct line all, word;
        struct reply reply;

        switch (reply_read(t->in, t->in_len, &reply)) {
        case REPLY_NONE:
                return TALK_DONE;
        case REPLY_PART:
                return TALK_MORE;
        case REPLY_WHOLE:
                break;
        }
        if (reply.code == 120 && reply.end >= t->in_len) /* "ready in n minutes" */
                return TALK_MORE;
        if (reply.code != 220 && reply.code != 120 && reply.code != 421)
                return TALK_DONE;
        all = banner_all(t->in, reply.end);
        if (says_other(&all))
                return TALK_DONE;
        t->memory[SURE] = judge(t->in, t->in_len);
        if (t->memory[SURE] >= RECOGNISE_LIKELY) {
                talk_evidence(t, t->in, reply.end);
                talk_likely(t, "ftp");
                banner_take(t, &all, products, array_len(products));
        }
        if (t->memory[SURE] == RECOGNISE_SURE)
                talk_confirm(t, "ftp");
        word = line_word(&reply.first, 0);
        banner_hostname(t, &word);
        if (reply.code == 421)
                return TALK_DONE;
        talk_send_bytes(t, "FEAT\r\n", 6);
        t->step = FEATURES;
        return TALK_SEND;
}

/* An answer to FEAT or SYST that a mail server would not give. */
static bool answer_of_ftp(const struct talk *t, const struct reply *reply)
{
        struct line all = banner_all(t->in, reply->end);

        if (reply->code == 211 || reply->code == 215)
                return true;
        if (reply->code == 530 || reply->code == 550 || reply->code == 503)
                return (line_find_i(&all, "log") || line_find_i(&all, "USER") ||
                        line_find_i(&all, "AUTH")) &&
                       !line_find_i(&all, "STARTTLS") && !line_find_i(&all, "HELO");
        return false;
}

static void know(struct talk *t, const struct reply *reply)
{
        struct line all = banner_all(t->in, reply->end);

        if (answer_of_ftp(t, reply) ||
            (t->memory[SURE] >= RECOGNISE_LIKELY && reply->code >= 500 && !says_mail(&all)))
                talk_confirm(t, "ftp");
        if (reply->code >= 500 &&
            (line_find_i(&all, "SSL/TLS required") || line_find_i(&all, "Use AUTH first") ||
             line_find_i(&all, "must use TLS") || line_find_i(&all, "requires TLS") ||
             line_find_i(&all, "encryption required")))
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
}

static bool is_known(const struct talk *t)
{
        return t->id->confidence == CONFIDENCE_CONFIRMED;
}

static enum talk_next ask_upgrade(struct talk *t)
{
        if (t->tls)
                return TALK_DONE;
        talk_send_bytes(t, "AUTH TLS\r\n", 10);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next features(struct talk *t)
{
        struct line line, words;
        struct reply reply;
        size_t at = 0;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        know(t, &reply);
        while (reply.code == 211 && at < reply.end && line_next(t->in, reply.end, &at, &line)) {
                words = line_after(&line, 0);
                if (line_starts_i(&words, "AUTH") &&
                    (line_find_i(&words, "TLS") || line_find_i(&words, "SSL")))
                        t->memory[AUTH_OFFERED] = 1;
        }
        if (t->memory[AUTH_OFFERED])
                talk_encryption(t, t->tls ? ENCRYPTION_TLS : ENCRYPTION_STARTTLS);
        talk_send_bytes(t, "SYST\r\n", 6);
        t->step = SYSTEM;
        return TALK_SEND;
}

static enum talk_next after_system(struct talk *t)
{
        static const struct banner systems[] = {
                {"Windows_NT", "Microsoft FTP Service", "microsoft", "ftp_service"},
                {"NetWare", "NetWare FTP Server", NULL, NULL},
                {"OS/400", "IBM i FTP", NULL, NULL},
                {"VMS", "OpenVMS FTP", NULL, NULL},
                {"MVS", "z/OS Communications Server FTP", NULL, NULL},
                {"VxWorks", "VxWorks ftpd", NULL, NULL},
                {"MikroTik", "MikroTik RouterOS", "mikrotik", "routeros"},
        };
        struct reply reply;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        know(t, &reply);
        if (reply.code == 215) {
                talk_evidence(t, t->in, reply.end);
                talk_detail(t, "system", reply.first.text, reply.first.len);
                if (!line_find_i(&reply.first,
                                 "emulated")) /* FileZilla and others: "UNIX emulated by ..." */
                        banner_take(t, &reply.first, systems, array_len(systems));
                banner_take(t, &reply.first, products, array_len(products));
        }
        return is_known(t) ? ask_upgrade(t) : TALK_DONE;
}

static enum talk_next upgrade(struct talk *t)
{
        struct reply reply;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        if (reply.code == 234) {
                talk_encryption(t, ENCRYPTION_STARTTLS);
                t->step = INSIDE;
                return TALK_TLS;
        }
        if (!t->memory[AUTH_OFFERED]) /* RFC 4217, 4: no such mechanism, so passwords go as they are */
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

static enum talk_next ftp_talk(struct talk *t)
{
        switch ((enum step)t->step) {
        case GREETING:
                return greeting(t);
        case FEATURES:
                return features(t);
        case SYSTEM:
                return after_system(t);
        case UPGRADE:
                return upgrade(t);
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

const struct probe probe_ftp = {
        .name = "ftp",
        .protocol = "ftp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "21,990,2021,2100,2121,8021",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection without a login (vsftpd: \"CONNECT: Client ...\")",
        .reference = "RFC 959, RFC 2389, RFC 4217",
        .recognise = ftp_recognise,
        .talk = ftp_talk,
};
