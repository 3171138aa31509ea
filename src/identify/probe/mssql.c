/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Microsoft SQL Server: PRELOGIN, where versions and the will to encrypt are exchanged before a login. TLS
 * would come inside of TDS packets, so the handshake itself is not made here.
 */
#include "identify/probe.h"

enum { PACKET_REPLY = 0x04, PACKET_PRELOGIN = 0x12 };
enum { OPTION_VERSION = 0, OPTION_ENCRYPTION = 1, OPTION_INSTANCE = 2, OPTION_END = 0xff };
enum { ENCRYPT_OFF = 0, ENCRYPT_ON = 1, ENCRYPT_NOT_SUP = 2, ENCRYPT_REQ = 3 };

/* The option of that type, as a cursor; bad when there is none. Offsets count from the start of the body. */
static struct wire option(struct wire body, uint8_t wanted)
{
        struct wire list = body;

        for (unsigned i = 0; i < 16 && !list.bad; i++) {
                uint8_t type = wire_u8(&list);
                uint16_t offset = wire_be16(&list), len = wire_be16(&list);

                if (type == OPTION_END)
                        break;
                if (type != wanted)
                        continue;
                wire_skip(&body, offset);
                return wire_sub(&body, len);
        }
        return (struct wire){.bad = true};
}

static const char *release(unsigned major, unsigned minor)
{
        static const struct {
                unsigned major, minor;
                const char *name;
        } all[] = {
                {8, 0, "2000"},  {9, 0, "2005"},  {10, 0, "2008"}, {10, 50, "2008 R2"},
                {11, 0, "2012"}, {12, 0, "2014"}, {13, 0, "2016"}, {14, 0, "2017"},
                {15, 0, "2019"}, {16, 0, "2022"}, {17, 0, "2025"},
        };

        for (size_t i = 0; i < array_len(all); i++)
                if (all[i].major == major && all[i].minor == minor)
                        return all[i].name;
        return NULL;
}

static void take_version(struct talk *t, struct wire version)
{
        _cleanup_str_ struct str text = {0};
        unsigned major = wire_u8(&version), minor = wire_u8(&version), build = wire_be16(&version);
        const char *name = release(major, minor);

        if (version.bad || !major)
                return;
        str_addf(&text, "%u.%u.%u", major, minor, build);
        talk_product(t, "Microsoft SQL Server", 20);
        talk_version(t, text.text, text.len);
        talk_cpe(t, "microsoft", "sql_server");
        if (name)
                talk_detail(t, "release", name, strlen(name));
}

static void take_encryption(struct talk *t, struct wire encryption)
{
        static const char *const names[] = {"login only", "on", "not supported", "required"};
        uint8_t how = wire_u8(&encryption);

        if (encryption.bad || how > ENCRYPT_REQ || t->tls)
                return;
        talk_detail(t, "encryption", names[how], strlen(names[how]));
        if (how == ENCRYPT_NOT_SUP)
                talk_flag(t, IDENTITY_PLAIN_LOGIN); /* passwords are only disguised (MS-TDS, 2.2.6.4) */
        else
                talk_encryption(t, ENCRYPTION_STARTTLS);
        if (how == ENCRYPT_ON || how == ENCRYPT_REQ)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
}

/* TDS: type, status, length, SPID, packet, window; then options in any order */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), body, version;
        uint8_t type = wire_u8(&w), status = wire_u8(&w);
        uint16_t len = wire_be16(&w);

        if (t->in_len && type != PACKET_REPLY)
                return TALK_DONE;
        if (t->in_len < 8)
                return TALK_MORE;
        if (len < 8 + 6 || len > 4096 || !(status & 1))
                return TALK_DONE;
        wire_skip(&w, 4);
        if (wire_left(&w) < len - 8u)
                return TALK_MORE;
        body = wire_sub(&w, len - 8u);
        version = option(body, OPTION_VERSION);
        if (version.bad || wire_left(&version) != 6)
                return TALK_DONE;
        take_encryption(t, option(body, OPTION_ENCRYPTION));
        talk_confirm(t, "mssql");
        take_version(t, version);
        return TALK_DONE;
}

static enum talk_next mssql_talk(struct talk *t)
{
        if (t->step++)
                return answer(t);
        talk_send_hex(t, "12 01 00 2f 00 00 01 00"
                         "00 001a 0006  01 0020 0001  02 0021 0001  03 0022 0004  04 0026 0001  ff"
                         "0f 00 07 d0 00 00  00  00  00 00 00 00  00");
        return TALK_SEND;
}

const struct probe probe_mssql = {
        .name = "mssql",
        .protocol = "mssql",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1433,1434,2433,14330,14333",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "nothing by default",
        .reference = "MS-TDS, 2.2.6.5 PRELOGIN",
        .talk = mssql_talk,
};
