/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdlib.h>

#include "base/str.h"
#include "cli/ssh_connection.h"

static bool parse(const char *text, struct ssh_connection *ret)
{
        return ssh_connection_parse(text, strlen(text), ret);
}

static void test_parse(void **state)
{
        struct ssh_connection s;
        char text[ADDRESS_TEXT_SIZE];

        assert_true(parse("192.0.2.7 50022 192.0.2.1 22", &s));
        assert_string_equal(address_format(&s.remote, text), "192.0.2.7");
        assert_string_equal(address_format(&s.local, text), "192.0.2.1");
        assert_true(s.remote_port == 50022 && s.local_port == 22);
        assert_true(parse("fe80::1%eth0 1 fe80::2%eth0 2222", &s));
        assert_string_equal(address_format(&s.remote, text), "fe80::1");
        assert_true(parse("::ffff:192.0.2.7 1 ::ffff:192.0.2.1 22", &s));
        assert_int_equal(s.remote.family, 4);
}

static void test_refused(void **state)
{
        static const char *const texts[] = {"",
                                            "192.0.2.7",
                                            "192.0.2.7 1 192.0.2.1",
                                            "192.0.2.7 1 192.0.2.1 22 x",
                                            "192.0.2.7 0 192.0.2.1 22",
                                            "192.0.2.7 1 192.0.2.1 65536",
                                            "host 1 192.0.2.1 22",
                                            "192.0.2.7  1 192.0.2.1 22"};
        struct ssh_connection s;

        for (size_t i = 0; i < array_len(texts); i++)
                assert_false(parse(texts[i], &s));
}

static void test_own_environment(void **state)
{
        struct ssh_connection s;

        assert_int_equal(setenv("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 2200", 1), 0);
        assert_true(ssh_connection_find(&s));
        assert_int_equal(s.local_port, 2200);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_own_environment),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
