/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/registry.h"
#include "play.h"
#include "test.h"

static void test_banner(void **state)
{
        const struct play_line lines[] = {{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", 0}};
        struct play p = {.probe = probe_find("ssh"),
                         .port = 443,
                         .greeting = true,
                         .split = true,
                         .lines = lines,
                         .n_lines = 1};

        play(&p);
        assert_string_equal(p.id.protocol, "ssh");
        assert_int_equal(p.id.confidence, CONFIDENCE_CONFIRMED);
        assert_int_equal(p.id.encryption, ENCRYPTION_NATIVE);
        assert_string_equal(p.id.product, "OpenSSH");
        assert_string_equal(p.id.version, "9.2p1");
        assert_string_equal(p.id.cpe, "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*");
        assert_string_equal(identity_detail(&p.id, "comment"), "Debian-2+deb12u3");
        assert_string_equal(str_text(&p.sent), "SSH-2.0-quaymaster\r\n");
        play_release(&p);
}

static void test_weak_algorithms(void **state)
{
        struct str packet = {0};
        static const char *const lists[] = {"curve25519-sha256,diffie-hellman-group1-sha1",
                                            "ssh-ed25519,ssh-dss",
                                            "x",
                                            "aes128-ctr,3des-cbc",
                                            "x",
                                            "hmac-md5"};
        struct str body = {0};

        str_add_n(&body,
                  "\x04\x14"
                  "0123456789abcdef",
                  18);
        for (size_t i = 0; i < array_len(lists); i++) {
                str_add_n(&body, (char[]){0, 0, 0, (char)strlen(lists[i])}, 4);
                str_add(&body, lists[i]);
        }
        str_add_n(&body, "\0\0\0\0", 4);
        str_add_n(&packet, (char[]){0, 0, 0, (char)body.len}, 4);
        str_add_n(&packet, body.text, body.len);

        const struct play_line play_lines[] = {{"hello\r\nSSH-1.5-x\n", 0}, {packet.text, packet.len}};
        struct play p = {
                .probe = probe_find("ssh"), .port = 22, .greeting = true, .lines = play_lines, .n_lines = 2};
        play(&p);
        assert_true(p.id.flags & IDENTITY_OBSOLETE);
        assert_true(p.id.flags & IDENTITY_WEAK_CRYPTO);
        assert_string_equal(identity_detail(&p.id, "weak"),
                            "diffie-hellman-group1-sha1,ssh-dss,3des-cbc,hmac-md5");
        play_release(&p);
        str_release(&packet);
        str_release(&body);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_banner),
                                           cmocka_unit_test(test_weak_algorithms)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
