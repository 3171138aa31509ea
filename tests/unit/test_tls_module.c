/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quaymaster-tls.so by its path: its table, and records that both sides make. */
#include "test.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "identify/tls_module.h"

static const char *path;
static const struct tls_module *module;

static void test_table(void **state)
{
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        struct err err = {0};

        if (!library)
                fail_msg("%s", dlerror());
        module = dlsym(library, TLS_MODULE_SYMBOL);
        assert_non_null(module);
        assert_string_equal(module->version, QM_VERSION);
        assert_int_equal(module->start(&err), 0);
        assert_null(module->session_free(NULL));
}

/* It has its own copy of base/: what one side puts into a pool must be found there by the other. */
static void test_pool_of_both(void **state)
{
        static const char alert[] = "\x15\x03\x03\x00\x02\x02\x28";
        struct tls_session *s = module->session_new("host.example", true);
        struct pool *pool = pool_new();
        _cleanup_str_ struct str out = {0};
        struct tls_facts facts;
        const char *ours = pool_intern(pool, "the server refused: handshake failure");

        assert_int_equal(module->session_feed(s, NULL, 0), TLS_HANDSHAKE);
        module->session_out(s, &out);
        assert_true(out.len > 100 && out.text[0] == 0x16); /* a ClientHello, in memory that we free */
        assert_int_equal(module->session_feed(s, alert, sizeof(alert) - 1), TLS_FAILED);
        module->session_facts(s, &facts, pool);
        assert_ptr_equal(facts.fault, ours);
        (void)module->session_free(s);
        (void)pool_free(pool);
}

/* Without a session nothing is asked of the module, which need not be there. */
static void test_no_session(void **state)
{
        assert_null(tls_session_free(NULL));
}

/* None lies beside this program: the words say what is missing, and where it was looked for. */
static void test_missing(void **state)
{
        struct err err = {0};

        if (access(QM_LIBEXECDIR "/" TLS_MODULE, F_OK) == 0)
                skip(); /* an installed one is found */
        assert_int_equal(tls_start(&err), -ENOENT);
        assert_non_null(strstr(err.text, QM_LIBEXECDIR "/" TLS_MODULE));
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_pool_of_both),
                cmocka_unit_test(test_no_session),
                cmocka_unit_test(test_missing),
        };

        path = argc > 1 ? argv[1] : "";
        return cmocka_run_group_tests(tests, NULL, NULL);
}
