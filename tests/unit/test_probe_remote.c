/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes of remote desktops, file servers, RPC, printing, tunnels and routing: what real servers say, and
 * what the specifications do.
 */
#include "identify/registry.h"
#include "play.h"
#include "test.h"

#define NONCE 0x0102030405060708ull
#define BYTES(x)                 \
        {                        \
                x, sizeof(x) - 1 \
        }
#define SILENCE         \
        {               \
                NULL, 0 \
        }

/* Plays the lines to a probe; the caller looks at ret->id, and releases it. */
static void talk_to(struct play *ret, const char *probe, enum transport transport, uint16_t port,
                    const struct play_line *lines, size_t n)
{
        *ret = (struct play){.probe = probe_find(probe),
                             .transport = transport,
                             .port = port,
                             .nonce = NONCE,
                             .lines = lines,
                             .n_lines = n,
                             .split = true};
        assert_non_null(ret->probe);
        ret->greeting = ret->probe->speaks_first;
        play(ret);
}

/* Confirmed as this, with this encryption. */
static void assert_speaks(const struct play *p, const char *protocol, enum encryption encryption)
{
        assert_string_equal(p->id.protocol, protocol);
        assert_int_equal(p->id.confidence, CONFIDENCE_CONFIRMED);
        assert_int_equal(p->id.encryption, encryption);
}

static void assert_detail(const struct play *p, const char *key, const char *value)
{
        assert_non_null(identity_detail(&p->id, key));
        assert_string_equal(identity_detail(&p->id, key), value);
}

/* What Samba 4.17 says; its server's GUID is the name of the host. */
static const char samba[] =
        "\x00\x00\x01\x0c\xfeSMB@\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00\x00\x00\xff\xfe\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "A\x00\x01\x00\x11\x03\x02\x00qmhost"
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x80"
        "\x00"
        "4\x1f\x9e\xa9Gz\xdd\x01\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00J\x00\xd0\x00\x00\x00`H\x06"
        "\x06+\x06\x01\x05\x05\x02\xa0>0<\xa0\x0e"
        "0\x0c\x06\x0a+\x06\x01\x04\x01\x82"
        "7\x02\x02\x0a\xa3*0("
        "\xa0&\x1b$not_defined_in_RFC4178@please_ignore\x00\x00\x00\x00\x00\x00\x01\x00&\x00\x00\x00\x00\x00"
        "\x01\x00 \x00\x01\x00\x07\xca"
        "c;\x12\xeb(y\xfc\x08\xa6'J\xdf\x94?\xe1s\xc0\xf5\x9f"
        "7aD\xc4\xae"
        "\x9b\xa7lzd6\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x01\x00\x02\x00";

static void test_smb(void **state)
{
        static const char old[] =
                "\x00\x00\x00%\xffSMBr\x00\x00\x00\x00\x88\x03\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xfe\x00\x00\x01"
                "\x00\x01\xff\xff\x00\x00";
        const struct play_line lines[] = {BYTES(samba), BYTES(old)};
        struct heard heard = {.data = (const uint8_t *)samba, .len = sizeof(samba) - 1};
        struct play p;

        talk_to(&p, "smb", TRANSPORT_TCP, 445, lines, 2);
        assert_speaks(&p, "smb", ENCRYPTION_NONE);
        assert_string_equal(p.id.product, "Samba");
        assert_string_equal(p.id.hostname, "qmhost");
        assert_detail(&p, "dialect", "3.1.1");
        assert_detail(&p, "signing", "enabled");
        assert_detail(&p, "cipher", "AES-128-GCM");
        assert_detail(&p, "authentication", "NTLM");
        assert_detail(&p, "smb1", "no");
        assert_int_equal(p.connections, 2);
        assert_false(p.id.flags & IDENTITY_OBSOLETE);
        assert_int_equal(p.probe->recognise(&heard), RECOGNISE_SURE);
        play_release(&p);
}

/* A server that says nothing to SMB 2, and takes "NT LM 0.12" (MS-CIFS, 2.2.4.52.2). */
static void test_smb1(void **state)
{
        static const char old[] =
                "\x00\x00\x00\x59\xffSMBr\x00\x00\x00\x00\x88\x03\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xfe\x00\x00\x01\x00"
                "\x11\x00\x00\x03\x32\x00\x01\x00\x04\x11\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\xfd\xe3\x00\x00\x00\x80\x3e\xd5\xde\xb1\x9d\x01\x00\x00"
                "\x08\x14\x00"
                "12345678"
                "L\0A\0B\0\0\0"
                "X\0\0\0";
        const struct play_line lines[] = {SILENCE, BYTES(old)};
        struct play p;

        talk_to(&p, "smb", TRANSPORT_TCP, 445, lines, 2);
        assert_speaks(&p, "smb", ENCRYPTION_NONE);
        assert_true(p.id.flags & IDENTITY_OBSOLETE);
        assert_detail(&p, "smb1", "yes");
        assert_detail(&p, "domain", "LAB");
        assert_string_equal(p.id.hostname, "X");
        play_release(&p);
}

static void test_netbios(void **state)
{
        const struct play_line session[] = {BYTES("\x82\x00\x00\x00"), BYTES(samba)};
        const struct play_line refused[] = {BYTES("\x83\x00\x00\x01\x82")};
        static const char names[] =
                "\x07\x08\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00 CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00!\x00\x01\x00\x00\x00\x00\x00\x53\x02"
                "QMHOST         \x00\x04\x00LAB            \x00\x84\x00\x00\x11\x22\x33\x44\x55\x00\x00\x00\x00";
        const struct play_line status[] = {BYTES(names)};
        struct play p;

        talk_to(&p, "netbios-ssn", TRANSPORT_TCP, 139, session, 2);
        assert_speaks(&p, "netbios-ssn", ENCRYPTION_NONE);
        assert_detail(&p, "dialect", "3.1.1");
        play_release(&p);
        talk_to(&p, "netbios-ssn", TRANSPORT_TCP, 139, refused, 1);
        assert_detail(&p, "refused", "called name not present");
        play_release(&p);
        talk_to(&p, "netbios-ns", TRANSPORT_UDP, 137, status, 1);
        assert_speaks(&p, "netbios-ns", ENCRYPTION_NONE);
        assert_string_equal(p.id.hostname, "QMHOST");
        assert_detail(&p, "workgroup", "LAB");
        assert_detail(&p, "mac", "00:11:22:33:44:55");
        play_release(&p);
}

static void test_msrpc(void **state)
{
        static const char ack[] =
                "\x05\x00\x0c\x03\x10\x00\x00\x00\x3c\x00\x00\x00\xff\x4d\x51\x00\xb8\x10\xb8\x10\x34\x12\x00\x00\x04\x00"
                "135\x00\x00\x00"
                "\x01\x00\x00\x00\x00\x00\x00\x00\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\x00\x00\x00";
        const struct play_line lines[] = {BYTES(ack)};
        const struct play_line http[] = {BYTES("ncacn_http/1.0")};
        struct play p;

        talk_to(&p, "msrpc", TRANSPORT_TCP, 135, lines, 1);
        assert_speaks(&p, "msrpc", ENCRYPTION_NONE);
        assert_detail(&p, "address", "135");
        assert_detail(&p, "endpoint-mapper", "accepted");
        play_release(&p);
        talk_to(&p, "ncacn-http", TRANSPORT_TCP, 593, http, 1);
        assert_speaks(&p, "ncacn_http", ENCRYPTION_NONE);
        assert_string_equal(p.id.version, "1.0");
        play_release(&p);
}

static void test_rdp(void **state)
{
        const struct play_line hybrid[] = {
                BYTES("\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x08\x00\x00\x00"),
                BYTES("\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00\x05\x00\x00\x00")};
        const struct play_line standard[] = {
                BYTES("\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x01\x08\x00\x00\x00\x00\x00")};
        const struct play_line before[] = {BYTES("\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00")};
        const struct play_line s7[] = {BYTES("\x03\x00\x00\x0b\x06\xd0\x00\x01\x00\x02\x00")};
        struct play p;

        talk_to(&p, "rdp", TRANSPORT_TCP, 3389, hybrid, 2);
        assert_speaks(&p, "rdp", ENCRYPTION_STARTTLS);
        assert_int_equal(p.tls, 1);
        assert_int_equal(p.connections, 2);
        assert_true(p.id.flags & IDENTITY_STARTTLS_REQUIRED);
        assert_detail(&p, "security", "CredSSP, extended");
        assert_detail(&p, "network-level-authentication", "required");
        play_release(&p);
        talk_to(&p, "rdp", TRANSPORT_TCP, 3389, standard, 1);
        assert_speaks(&p, "rdp", ENCRYPTION_NATIVE);
        assert_true(p.id.flags & IDENTITY_WEAK_CRYPTO);
        play_release(&p);
        talk_to(&p, "rdp", TRANSPORT_TCP, 3389, before, 1);
        assert_speaks(&p, "rdp", ENCRYPTION_NATIVE);
        play_release(&p);
        talk_to(&p, "rdp", TRANSPORT_TCP, 2000, s7, 1);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED);
        play_release(&p);
}

static void test_vnc(void **state)
{
        const struct play_line open[] = {BYTES("RFB 003.008\n"), BYTES("\x01\x01")};
        const struct play_line mac[] = {BYTES("RFB 003.889\n"), BYTES("\x02\x1e\x24")};
        const struct play_line old[] = {BYTES("RFB 003.003\n"), BYTES("\x00\x00\x00\x02")};
        const struct play_line full[] = {BYTES("RFB 003.008\n"),
                                         BYTES("\x00\x00\x00\x00\x1aToo many security failures")};
        const struct play_line tls[] = {BYTES("RFB 003.008\n"), BYTES("\x02\x13\x12"), BYTES("\x00\x02"),
                                        BYTES("\x00\x02\x00\x00\x01\x02\x00\x00\x01\x05"), BYTES("\x01")};
        struct play p;

        talk_to(&p, "vnc", TRANSPORT_TCP, 5900, open, 2);
        assert_speaks(&p, "vnc", ENCRYPTION_NONE);
        assert_true(p.id.flags & IDENTITY_NO_AUTH);
        assert_detail(&p, "security-types", "None");
        play_release(&p);
        talk_to(&p, "vnc", TRANSPORT_TCP, 5900, mac, 2);
        assert_string_equal(p.id.product, "Apple Remote Desktop");
        assert_string_equal(str_text(&p.sent), "RFB 003.008\n");
        play_release(&p);
        talk_to(&p, "vnc", TRANSPORT_TCP, 5900, old, 2);
        assert_detail(&p, "security-types", "VNC");
        assert_true(p.id.flags & IDENTITY_WEAK_CRYPTO);
        play_release(&p);
        talk_to(&p, "vnc", TRANSPORT_TCP, 5900, full, 2);
        assert_detail(&p, "refused", "Too many security failures");
        play_release(&p);
        talk_to(&p, "vnc", TRANSPORT_TCP, 5900, tls, 5);
        assert_speaks(&p, "vnc", ENCRYPTION_STARTTLS);
        assert_true(p.id.flags & IDENTITY_STARTTLS_REQUIRED);
        assert_int_equal(p.tls, 1);
        assert_detail(&p, "vencrypt", "TLSVnc,X509Vnc");
        play_release(&p);
}

static void test_x11(void **state)
{
        static const char open[] =
                "\x01\x00\x0b\x00\x00\x00\x0d\x00\x8f\xa5\xb8\x00\x00\x00\x20\x00\xff\xff\x1f\x00\x00\x01\x00\x00\x14\x00\xff\xff"
                "\x01\x02\x00\x00\x20\x20\x08\xff\x00\x00\x00\x00The X.Org Foundation";
        const struct play_line success[] = {BYTES(open)};
        const struct play_line failure[] = {
                BYTES("\x00\x16\x0b\x00\x00\x00\x06\x00No protocol specified\n\x00\x00")};
        const struct play_line query[] = {
                BYTES("\x00\x01\x00\x05\x00\x14\x00\x00\x00\x04host\x00\x0aLinux 6.1 ")};
        struct play p;

        talk_to(&p, "x11", TRANSPORT_TCP, 6000, success, 1);
        assert_speaks(&p, "x11", ENCRYPTION_NONE);
        assert_true(p.id.flags & IDENTITY_NO_AUTH);
        assert_string_equal(p.id.product, "X.Org");
        assert_string_equal(p.id.version, "21.1.7");
        play_release(&p);
        talk_to(&p, "x11", TRANSPORT_TCP, 6000, failure, 1);
        assert_speaks(&p, "x11", ENCRYPTION_NONE);
        assert_false(p.id.flags & IDENTITY_NO_AUTH);
        assert_detail(&p, "refused", "No protocol specified");
        play_release(&p);
        talk_to(&p, "xdmcp", TRANSPORT_UDP, 177, query, 1);
        assert_speaks(&p, "xdmcp", ENCRYPTION_NONE);
        assert_string_equal(p.id.hostname, "host");
        assert_detail(&p, "answer", "willing");
        play_release(&p);
}

#define KRB_ERROR                                                      \
        "~Q0O\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa4\x11\x18\x0f" \
        "20260102030405Z\xa5\x03\x02\x01\x07\xa6\x03\x02\x01\x06"      \
        "\xa9\x0e\x1b\x0c"                                             \
        "EXAMPLE.TEST\xaa\x0a"                                         \
        "0\x08\xa0\x03\x02\x01\x02\xa1\x01"                            \
        "0\xab\x0a\x1b\x08"                                            \
        "A_STATUS"

static void test_kerberos(void **state)
{
        const struct play_line datagram[] = {BYTES(KRB_ERROR)};
        const struct play_line stream[] = {BYTES("\x00\x00\x00\x53" KRB_ERROR)};
        const struct play_line change[] = {BYTES("\x00\x59\x00\x01\x00\x00" KRB_ERROR)};
        const struct play_line echo[] = {BYTES("\x00\x0a\xff\x80\x00\x02\x00\x00\x00\x00")};
        struct heard heard = {
                .data = (const uint8_t *)stream[0].bytes, .len = stream[0].len, .asked = probe_find("smb")};
        struct play p;

        talk_to(&p, "kerberos", TRANSPORT_UDP, 88, datagram, 1);
        assert_speaks(&p, "kerberos", ENCRYPTION_NONE);
        assert_detail(&p, "realm", "EXAMPLE.TEST");
        assert_detail(&p, "error-text", "A_STATUS");
        assert_string_equal(p.id.product, "MIT krb5");
        play_release(&p);
        talk_to(&p, "kerberos", TRANSPORT_TCP, 1088, stream, 1);
        assert_speaks(&p, "kerberos", ENCRYPTION_NONE);
        assert_int_equal(p.probe->recognise(&heard), RECOGNISE_SURE);
        play_release(&p);
        talk_to(&p, "kpasswd", TRANSPORT_UDP, 464, change, 1);
        assert_speaks(&p, "kpasswd", ENCRYPTION_NONE);
        play_release(&p);
        talk_to(&p, "kpasswd", TRANSPORT_UDP, 464, echo, 1);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED);
        play_release(&p);
}

#define ACCEPTED "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define MISMATCH ACCEPTED "\x00\x00\x00\x02\x00\x00\x00"

static void test_sunrpc(void **state)
{
        const struct play_line list[] = {
                BYTES("\x80\x00\x00\x44\x05\x06\x07\x08" ACCEPTED
                      "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x86\xa0\x00\x00\x00\x02"
                      "\x00\x00\x00\x06\x00\x00\x00\x6f\x00\x00\x00\x01\x00\x01\x86\xa3\x00\x00\x00\x04\x00\x00\x00\x06\x00\x00\x08\x01\x00\x00\x00\x00"),
                BYTES("\x80\x00\x00\x20\x05\x06\x07\x09" MISMATCH "\x02\x00\x00\x00\x04")};
        const struct play_line nfs[] = {
                BYTES("\x80\x00\x00\x18\x05\x06\x07\x08" ACCEPTED "\x00\x00\x00\x00"),
                BYTES("\x80\x00\x00\x20\x05\x06\x07\x09" MISMATCH "\x04\x00\x00\x00\x04"),
                BYTES("\x80\x00\x00\x20\x05\x06\x07\x11\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08STARTTLS\x00\x00\x00\x00")};
        const struct play_line mountd[] = {BYTES("\x05\x06\x06\x00" ACCEPTED "\x00\x00\x00\x01"),
                                           BYTES("\x05\x06\x06\x01" ACCEPTED "\x00\x00\x00\x01"),
                                           BYTES("\x05\x06\x06\x02" MISMATCH "\x01\x00\x00\x00\x03")};
        const struct play_line status[] = {
                BYTES("\x80\x00\x00\x18\x05\x06\x06\x00" ACCEPTED "\x00\x00\x00\x01"),
                BYTES("\x80\x00\x00\x18\x05\x06\x06\x02" ACCEPTED
                      "\x00\x00\x00\x01\x80\x00\x00\x18\x05\x06\x06\x04" ACCEPTED "\x00\x00\x00\x00")};
        const struct play_line kadmin[] = {BYTES(
                "\x80\x00\x00\x14\x05\x06\x07\x08\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x05")};
        struct play p;

        talk_to(&p, "rpcbind", TRANSPORT_TCP, 111, list, 2);
        assert_speaks(&p, "rpcbind", ENCRYPTION_NONE);
        assert_detail(&p, "programs", "rpcbind 2 at 111, nfs 4 at 2049");
        assert_detail(&p, "versions", "2-4");
        play_release(&p);
        talk_to(&p, "nfs", TRANSPORT_TCP, 2049, nfs, 3);
        assert_speaks(&p, "nfs", ENCRYPTION_STARTTLS);
        assert_detail(&p, "versions", "4");
        assert_int_equal(p.tls, 1);
        play_release(&p);
        talk_to(&p, "sunrpc", TRANSPORT_UDP, 40000, mountd, 3);
        assert_speaks(&p, "mountd", ENCRYPTION_NONE);
        assert_detail(&p, "versions", "1-3");
        play_release(&p);
        talk_to(&p, "sunrpc", TRANSPORT_TCP, 40000, status, 2);
        assert_speaks(&p, "status", ENCRYPTION_NONE);
        play_release(&p);
        talk_to(&p, "sunrpc", TRANSPORT_TCP, 40000, status, 1);
        assert_string_equal(p.id.protocol, "sunrpc");
        assert_int_equal(p.id.confidence, CONFIDENCE_LIKELY);
        play_release(&p);
        talk_to(&p, "kadmin", TRANSPORT_TCP, 749, kadmin, 1);
        assert_speaks(&p, "kadmin", ENCRYPTION_NATIVE);
        play_release(&p);
}

static void test_disks(void **state)
{
        static const char login[] =
                "#\x00\x00\x00\x00\x00\x00\x26\x80\x00\x00\x01\x00\x00\x00\x00\x05\x06\x07\x08\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01"
                "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00TargetPortalGroupTag=1\x00"
                "AuthMethod=None\x00\x00";
        const struct play_line iscsi[] = {BYTES(login)};
        const struct play_line nbd[] = {
                BYTES("NBDMAGICIHAVEOPT\x00\x03"),
                BYTES("\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00")};
        const struct play_line old[] = {BYTES(
                "NBDMAGIC\x00\x00\x42\x02\x81\x86\x12\x53\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x03")};
        const struct play_line plan9[] = {BYTES("\x15\x00\x00\x00\x65\xff\xff\x00\x20\x00\x00\x08\x00"
                                                "9P2000.L")};
        const struct play_line plan9_echo[] = {BYTES("\x15\x00\x00\x00\x64\xff\xff\x00\x20\x00\x00\x08\x00"
                                                     "9P2000.L")};
        struct play p;

        talk_to(&p, "iscsi", TRANSPORT_TCP, 3260, iscsi, 1);
        assert_speaks(&p, "iscsi", ENCRYPTION_NONE);
        assert_detail(&p, "authentication", "None");
        play_release(&p);
        talk_to(&p, "nbd", TRANSPORT_TCP, 10809, nbd, 2);
        assert_speaks(&p, "nbd", ENCRYPTION_STARTTLS);
        assert_int_equal(p.tls, 1);
        play_release(&p);
        talk_to(&p, "nbd", TRANSPORT_TCP, 2000, old, 1);
        assert_speaks(&p, "nbd", ENCRYPTION_NONE);
        assert_true(p.id.flags & IDENTITY_NO_AUTH);
        assert_detail(&p, "size", "1048576");
        play_release(&p);
        talk_to(&p, "p9", TRANSPORT_TCP, 564, plan9, 1);
        assert_speaks(&p, "9p", ENCRYPTION_NONE);
        assert_detail(&p, "protocol-version", "9P2000.L");
        play_release(&p);
        talk_to(&p, "p9", TRANSPORT_TCP, 564, plan9_echo, 1);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED);
        play_release(&p);
}

static void test_files(void **state)
{
        static const char status[] =
                "\x01\x03\x51\x4d\x00\x00\x00\x00\x00\x00\x00\x43\x00\x00\x00\x00\x00\x10\x00\x1f\x00\x27\x00\x00\x00\x00\x03nas\x00\x00"
                "\x0eNetatalk3.1.12\x01\x06"
                "AFP3.4\x01\x0fNo User Authent"
                "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
        const struct play_line afp[] = {BYTES(status)};
        static const char build[] =
                "\x05\x06\x07\x08\x01\x02\x03\x04\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x0d\x04\x00\x00\x00\x00\x00\x00"
                " OpenAFS 1.8.9-1-debian built  2023-01-01 \x00";
        const struct play_line afs[] = {BYTES(build)};
        struct play p;

        talk_to(&p, "afp", TRANSPORT_TCP, 548, afp, 1);
        assert_speaks(&p, "afp", ENCRYPTION_NONE);
        assert_string_equal(p.id.hostname, "nas");
        assert_string_equal(p.id.product, "Netatalk");
        assert_string_equal(p.id.version, "3.1.12");
        assert_true(p.id.flags & IDENTITY_NO_AUTH);
        assert_detail(&p, "versions", "AFP3.4");
        play_release(&p);
        talk_to(&p, "afs", TRANSPORT_UDP, 7001, afs, 1);
        assert_speaks(&p, "afs", ENCRYPTION_NONE);
        assert_string_equal(p.id.product, "OpenAFS");
        assert_string_equal(p.id.version, "1.8.9-1-debian");
        play_release(&p);
}

static void test_desktops(void **state)
{
        static char spice_answer[16 + 178] =
                "REDQ\x02\x00\x00\x00\x02\x00\x00\x00\xb2\x00\x00\x00\x00\x00\x00\x00\x30\x81\x9f";
        const struct play_line spice[] = {{spice_answer, sizeof(spice_answer)}};
        const struct play_line ica[] = {BYTES("\x7f\x7fICA\x00\x7f\x7fICA\x00")};
        const struct play_line barrier[] = {BYTES("\x00\x00\x00\x0b"
                                                  "Barrier\x00\x01\x00\x06")};
        const struct play_line found[] = {BYTES("NRHOST______________AHM_3___\x00")};
        const struct play_line adb_open[] = {
                BYTES("CNXN\x01\x00\x00\x01\x00\x00\x10\x00\x21\x00\x00\x00\x00\x00\x00\x00\xbc\xb1\xa7\xb1"
                      "device::ro.product.model=Pixel 7;\x00")};
        const struct play_line adb_key[] = {BYTES(
                "AUTH\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\xbe\xaa\xab\xb7xx")};
        struct play p;

        talk_to(&p, "spice", TRANSPORT_TCP, 5930, spice, 1);
        assert_speaks(&p, "spice", ENCRYPTION_NONE);
        assert_detail(&p, "protocol-version", "2.2");
        play_release(&p);
        talk_to(&p, "ica", TRANSPORT_TCP, 1494, ica, 1);
        assert_speaks(&p, "ica", ENCRYPTION_NONE);
        play_release(&p);
        talk_to(&p, "synergy", TRANSPORT_TCP, 24800, barrier, 1);
        assert_speaks(&p, "synergy", ENCRYPTION_NONE);
        assert_string_equal(p.id.product, "Barrier");
        assert_detail(&p, "protocol-version", "1.6");
        play_release(&p);
        talk_to(&p, "pcanywhere", TRANSPORT_UDP, 5632, found, 1);
        assert_speaks(&p, "pcanywhere", ENCRYPTION_NONE);
        assert_string_equal(p.id.hostname, "HOST");
        play_release(&p);
        talk_to(&p, "adb", TRANSPORT_TCP, 5555, adb_open, 1);
        assert_speaks(&p, "adb", ENCRYPTION_NONE);
        assert_true(p.id.flags & IDENTITY_NO_AUTH);
        assert_detail(&p, "model", "Pixel 7");
        play_release(&p);
        talk_to(&p, "adb", TRANSPORT_TCP, 5555, adb_key, 1);
        assert_speaks(&p, "adb", ENCRYPTION_NONE);
        assert_false(p.id.flags & IDENTITY_NO_AUTH);
        play_release(&p);
}

static void test_offices(void **state)
{
        const struct play_line lpd[] = {BYTES("\x01no connect permissions\n")};
        const struct play_line sane[] = {BYTES("\x00\x00\x00\x00\x01\x02\x00\x03")};
        const struct play_line sane_echo[] = {BYTES("\x00\x00\x00\x00\x01\x00\x00\x02\x00\x00\x00\x00")};
        const struct play_line bacula[] = {
                BYTES("\x00\x00\x00\x34"
                      "auth cram-md5 <1234567890.1700000000@bk-dir> ssl=1\n\x00")};
        const struct play_line amanda[] = {
                BYTES("Amanda 2.4 ACK HANDLE 000-514D4153 SEQ 0\n"),
                BYTES("Amanda 2.4 NAK HANDLE 000-514D4153 SEQ 0\nERROR access as x not allowed\n")};
        struct play p;

        talk_to(&p, "lpd", TRANSPORT_TCP, 515, lpd, 1);
        assert_string_equal(p.id.protocol, "lpd");
        assert_int_equal(p.id.confidence, CONFIDENCE_LIKELY);
        play_release(&p);
        talk_to(&p, "sane", TRANSPORT_TCP, 6566, sane, 1);
        assert_speaks(&p, "sane", ENCRYPTION_NONE);
        assert_detail(&p, "protocol-version", "1.2.3");
        play_release(&p);
        talk_to(&p, "sane", TRANSPORT_TCP, 6566, sane_echo, 1);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED);
        play_release(&p);
        talk_to(&p, "bacula", TRANSPORT_TCP, 9101, bacula, 1);
        assert_speaks(&p, "bacula", ENCRYPTION_STARTTLS);
        assert_detail(&p, "name", "bk-dir");
        assert_string_equal(p.id.evidence, "auth cram-md5");
        play_release(&p);
        talk_to(&p, "amanda", TRANSPORT_UDP, 10080, amanda, 2);
        assert_speaks(&p, "amanda", ENCRYPTION_NONE);
        assert_detail(&p, "answer", "NAK");
        play_release(&p);
}

static void test_networks(void **state)
{
        static char pptp_answer[156] =
                "\x00\x9c\x00\x01\x1a\x2b\x3c\x4d\x00\x02\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01local";
        const struct play_line pptp[] = {{pptp_answer, sizeof(pptp_answer)}};
        static const char sccrp[] =
                "\xc8\x02\x00\x46\x07\x08\x00\x00\x00\x00\x00\x01\x80\x08\x00\x00\x00\x00\x00\x02\x80\x08\x00\x00\x00\x02\x01\x00\x80\x0a\x00\x00\x00\x07host"
                "\x00\x13\x00\x00\x00\x08xelerance.com\x80\x08\x00\x00\x00\x09\x12\x34\x00\x00";
        const struct play_line l2tp[] = {BYTES(sccrp)};
        const struct play_line bgp[] = {
                SILENCE,
                BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x15\x03\x06\x05")};
        const struct play_line vty[] = {BYTES(
                "\r\nHello, this is FRRouting (version 8.4.4).\r\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\r\n\r\n\r\nUser Access Verification\r\n\r\n"
                "\xff\xfb\x01\xff\xfb\x03\xff\xfe\x22\xff\xfd\x1fPassword: ")};
        const struct play_line tacacs[] = {
                BYTES("\xc0\x01\x02\x00\x05\x06\x07\x08\x00\x00\x00\x06\x01\x02\x03\x04\x05\x06")};
        const struct play_line tacacs_echo[] = {BYTES("\xc0\x01\x01\x00\x05\x06\x07\x08\x00\x00\x00\x00")};
        static const char cea[] =
                "\x01\x00\x00\x44\x00\x00\x01\x01\x00\x00\x00\x00\x05\x06\x07\x08\x01\x02\x03\x04\x00\x00\x01\x0c\x40\x00\x00\x0c\x00\x00\x0b\xc2"
                "\x00\x00\x01\x0d\x00\x00\x00\x14"
                "freeDiameter"
                "\x00\x00\x01\x0b\x00\x00\x00\x10\x00\x00\x27\xd9\x00\x00\x00\x00";
        const struct play_line diameter[] = {BYTES(cea)};
        const struct play_line netconf[] = {BYTES(
                "<?xml version=\"1.0\"?><hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>"
                "urn:ietf:params:netconf:base:1.1</capability></capabilities><session-id>4</session-id></hello>]]>]]>")};
        struct play p;

        talk_to(&p, "pptp", TRANSPORT_TCP, 1723, pptp, 1);
        assert_speaks(&p, "pptp", ENCRYPTION_NONE);
        assert_string_equal(p.id.hostname, "local");
        play_release(&p);
        talk_to(&p, "l2tp", TRANSPORT_UDP, 1701, l2tp, 1);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED); /* its length is wrong */
        play_release(&p);
        talk_to(&p, "bgp", TRANSPORT_TCP, 179, bgp, 2);
        assert_speaks(&p, "bgp", ENCRYPTION_NONE);
        assert_detail(&p, "notification", "cease error, 5");
        play_release(&p);
        talk_to(&p, "frr-vty", TRANSPORT_TCP, 2605, vty, 1);
        assert_speaks(&p, "telnet", ENCRYPTION_NONE);
        assert_string_equal(p.id.product, "FRRouting");
        assert_string_equal(p.id.version, "8.4.4");
        assert_true(p.id.flags & IDENTITY_PLAIN_LOGIN);
        play_release(&p);
        talk_to(&p, "tacacs", TRANSPORT_TCP, 49, tacacs, 1);
        assert_speaks(&p, "tacacs", ENCRYPTION_NONE);
        play_release(&p);
        talk_to(&p, "tacacs", TRANSPORT_TCP, 49, tacacs_echo, 1);
        assert_int_equal(p.id.confidence, CONFIDENCE_REGISTERED);
        play_release(&p);
        talk_to(&p, "diameter", TRANSPORT_TCP, 3868, diameter, 1);
        assert_speaks(&p, "diameter", ENCRYPTION_NONE);
        assert_string_equal(p.id.product, "freeDiameter");
        assert_string_equal(p.id.version, "1.2.1");
        assert_detail(&p, "result-code", "3010");
        play_release(&p);
        talk_to(&p, "netconf", TRANSPORT_TCP, 6513, netconf, 1);
        assert_speaks(&p, "netconf", ENCRYPTION_NONE);
        assert_detail(&p, "capabilities", "base:1.1");
        play_release(&p);
}

static void test_l2tp(void **state)
{
        static const char sccrp[] =
                "\xc8\x02\x00\x41\x07\x08\x00\x00\x00\x00\x00\x01\x80\x08\x00\x00\x00\x00\x00\x02\x80\x08\x00\x00\x00\x02\x01\x00\x80\x0a\x00\x00\x00\x07host"
                "\x00\x13\x00\x00\x00\x08xelerance.com\x80\x08\x00\x00\x00\x09\x12\x34";
        const struct play_line lines[] = {BYTES(sccrp),
                                          BYTES("\xc8\x02\x00\x0c\x07\x08\x00\x00\x00\x01\x00\x02")};
        struct play p;

        talk_to(&p, "l2tp", TRANSPORT_UDP, 1701, lines, 2);
        assert_speaks(&p, "l2tp", ENCRYPTION_NONE);
        assert_string_equal(p.id.product, "xl2tpd");
        assert_string_equal(p.id.hostname, "host");
        assert_int_equal(p.sends, 2);
        assert_memory_equal(p.sent.text + p.sent.len - 38, "\xc8\x02\x00\x26\x12\x34",
                            6); /* StopCCN, to its tunnel */
        play_release(&p);
}

/* What others say is none of theirs, and neither are their own requests come back. */
static void test_strangers(void **state)
{
        static const char *const names[] = {
                "adb",        "afp",   "afs",   "amanda",     "bacula",     "bgp",         "diameter",
                "frr-vty",    "ica",   "iscsi", "kadmin",     "kerberos",   "kpasswd",     "l2tp",
                "lpd",        "msrpc", "nbd",   "ncacn-http", "netbios-ns", "netbios-ssn", "netconf",
                "nfs",        "p9",    "pcanywhere", "pptp",       "rdp",
                "rpcbind",    "sane",  "smb",   "spice",      "sunrpc",     "synergy",     "tacacs",
                "vnc",   "x11",   "xdmcp",
        };
        const struct play_line strange[] = {BYTES("220 mail.example ESMTP\r\n"),
                                            BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                            BYTES("\x15\x03\x01\x00\x02\x02\x28")};

        for (size_t i = 0; i < array_len(names); i++) {
                const struct probe *probe = probe_find(names[i]);
                enum transport transport =
                        probe->transports & 1u << TRANSPORT_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
                struct play first, echo;
                struct play_line back;

                for (size_t j = 0; j < array_len(strange); j++) {
                        talk_to(&first, names[i], transport, 9, &strange[j], 1);
                        if (first.id.confidence != CONFIDENCE_REGISTERED)
                                fail_msg("%s takes \"%s\" for its own", names[i], strange[j].bytes);
                        play_release(&first);
                }
                talk_to(&first, names[i], transport, 9, NULL, 0);
                back = (struct play_line){first.sent.text, first.sent.len};
                if (first.sent.len) {
                        talk_to(&echo, names[i], transport, 9, &back, 1);
                        if (echo.id.confidence != CONFIDENCE_REGISTERED)
                                fail_msg("%s takes an echo for an answer", names[i]);
                        str_release(&echo.sent);
                }
                play_release(&first);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_smb),     cmocka_unit_test(test_smb1),
                cmocka_unit_test(test_netbios), cmocka_unit_test(test_msrpc),
                cmocka_unit_test(test_rdp),     cmocka_unit_test(test_vnc),
                cmocka_unit_test(test_x11),     cmocka_unit_test(test_kerberos),
                cmocka_unit_test(test_sunrpc),  cmocka_unit_test(test_disks),
                cmocka_unit_test(test_files),   cmocka_unit_test(test_desktops),
                cmocka_unit_test(test_offices), cmocka_unit_test(test_networks),
                cmocka_unit_test(test_l2tp),    cmocka_unit_test(test_strangers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
