/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSH: the identification string, then the server's list of algorithms (RFC 4253, 4.2 and 7.1). */
#include "identify/line.h"
#include "identify/probe.h"

#define PACKET_MAX 35000u /* RFC 4253, 6.1 */
#define KEXINIT    20u

enum step { GREETING, ALGORITHMS };

/* Lines before the identification are allowed (RFC 4253, 4.2); this is the one that counts. */
static bool identification(const uint8_t *data, size_t len, struct line *ret, size_t *end)
{
        for (*end = 0; line_next(data, len, end, ret);)
                if (line_starts(ret, "SSH-"))
                        return true;
        return false;
}

static enum recognition ssh_recognise(const struct heard *h)
{
        struct line line;
        size_t end;

        if (data_starts(h->data, h->len, "SSH-"))
                return RECOGNISE_SURE;
        return identification(h->data, h->len, &line, &end) ? RECOGNISE_SURE : RECOGNISE_NO;
}

/* "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3": software, then '_' or '-' and a version, then a comment */
static void take_software(struct talk *t, const struct line *line)
{
        static const struct {
                const char *start, *product, *vendor, *cpe;
        } known[] = {
                {"OpenSSH_for_Windows_", "OpenSSH", "openbsd", "openssh"},
                {"OpenSSH_", "OpenSSH", "openbsd", "openssh"},
                {"dropbear_", "Dropbear", "dropbear_ssh_project", "dropbear_ssh"},
                {"libssh_", "libssh", "libssh", "libssh"},
                {"libssh2_", "libssh2", "libssh2", "libssh2"},
                {"ROSSSH", "MikroTik RouterOS", NULL, NULL},
                {"Cisco-", "Cisco SSH", NULL, NULL},
                {"mod_sftp/", "ProFTPD mod_sftp", NULL, NULL},
                {"mod_sftp", "ProFTPD mod_sftp", NULL, NULL},
        };
        struct line rest = line_after(line, strlen("SSH-"));
        const char *dash = memchr(rest.text, '-', rest.len);
        struct line software, word;

        if (!dash)
                return;
        talk_detail(t, "protocol-version", rest.text, (size_t)(dash - rest.text));
        if (line_starts(&rest, "1.") && !line_starts(&rest, "1.99"))
                talk_flag(t, IDENTITY_OBSOLETE);
        software = line_after(&rest, (size_t)(dash - rest.text) + 1);
        word = line_word(&software, 0);
        for (size_t i = 0; i < array_len(known); i++) {
                size_t n = strlen(known[i].start);

                if (!line_starts(&word, known[i].start))
                        continue;
                talk_product(t, known[i].product, strlen(known[i].product));
                talk_version(t, word.text + n, word.len - n);
                if (known[i].cpe)
                        talk_cpe(t, known[i].vendor, known[i].cpe);
        }
        for (size_t i = 0; i < word.len && !t->id->product; i++)
                if (word.text[i] == '_' || word.text[i] == '/' || word.text[i] == '-') {
                        talk_product(t, word.text, i);
                        talk_version(t, word.text + i + 1, word.len - i - 1);
                }
        talk_product(t, word.text, word.len);
        if (software.len > word.len)
                talk_detail(t, "comment", software.text + word.len, software.len - word.len);
}

static enum talk_next greeting(struct talk *t)
{
        struct line line;
        size_t end;

        if (!identification(t->in, t->in_len, &line, &end))
                return t->in_len > 16384 ? TALK_DONE : TALK_MORE;
        talk_encryption(t, ENCRYPTION_NATIVE);
        talk_confirm(t, "ssh");
        talk_evidence(t, line.text, line.len);
        take_software(t, &line);
        talk_send_bytes(t, "SSH-2.0-quaymaster\r\n", 20);
        t->keep = t->in_len - end; /* the algorithms may come at once */
        t->step = ALGORITHMS;
        return TALK_SEND;
}

/* A name-list (RFC 4251, 5) that holds one of these words as a whole name. */
static void find_weak(struct str *weak, const struct wire *list, const char *const *words, size_t n)
{
        const char *at = (const char *)list->at, *end = (const char *)list->end;

        while (at < end) {
                const char *comma = memchr(at, ',', (size_t)(end - at));
                size_t len = (size_t)((comma ? comma : end) - at);

                for (size_t i = 0; i < n; i++)
                        if (strlen(words[i]) == len && memcmp(words[i], at, len) == 0)
                                str_addf(weak, "%s%s", weak->len ? "," : "", words[i]);
                at += len + 1;
        }
}

/* RFC 4253, 7.1; what counts as weak: RFC 9142 (MUST NOT, SHOULD NOT), RFC 8758, CVE-2008-5161 aside */
static enum talk_next algorithms(struct talk *t)
{
        static const char *const kex[] = {"diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1",
                                          "rsa1024-sha1"};
        static const char *const key[] = {"ssh-dss", "ssh-rsa"};
        static const char *const cipher[] = {"arcfour",      "arcfour128",  "arcfour256", "3des-cbc",
                                             "blowfish-cbc", "cast128-cbc", "des-cbc",    "none"};
        static const char *const mac[] = {"hmac-md5", "hmac-md5-96", "hmac-sha1-96", "none"};
        struct wire w = talk_in(t), body, list;
        _cleanup_str_ struct str weak = {0};
        uint32_t len = wire_be32(&w);

        if (t->in_len < 4)
                return TALK_MORE;
        if (len < 22 || len > PACKET_MAX)
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        body = wire_sub(&w, len);
        wire_skip(&body, 1); /* length of the padding */
        if (wire_u8(&body) != KEXINIT)
                return TALK_DONE;
        wire_skip(&body, 16); /* cookie */
        list = wire_sub(&body, wire_be32(&body));
        find_weak(&weak, &list, kex, array_len(kex));
        talk_detail(t, "key-exchange", (const char *)list.at, wire_left(&list));
        list = wire_sub(&body, wire_be32(&body));
        find_weak(&weak, &list, key, array_len(key));
        talk_detail(t, "host-keys", (const char *)list.at, wire_left(&list));
        wire_skip(&body, wire_be32(&body)); /* ciphers to the server */
        list = wire_sub(&body, wire_be32(&body));
        find_weak(&weak, &list, cipher, array_len(cipher));
        talk_detail(t, "ciphers", (const char *)list.at, wire_left(&list));
        wire_skip(&body, wire_be32(&body)); /* MACs to the server */
        list = wire_sub(&body, wire_be32(&body));
        find_weak(&weak, &list, mac, array_len(mac));
        if (body.bad)
                return TALK_DONE;
        if (weak.len) {
                talk_flag(t, IDENTITY_WEAK_CRYPTO);
                talk_detail(t, "weak", weak.text, weak.len);
        }
        return TALK_DONE;
}

static enum talk_next ssh_talk(struct talk *t)
{
        return t->step == GREETING ? greeting(t) : algorithms(t);
}

const struct probe probe_ssh = {
        .name = "ssh",
        .protocol = "ssh",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "22,222,830,2022,2200,2222,22222",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection closed before authentication (sshd: \"Connection closed by ... [preauth]\")",
        .reference = "RFC 4253, 4.2 and 7.1",
        .recognise = ssh_recognise,
        .talk = ssh_talk,
};
