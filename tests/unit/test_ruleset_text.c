/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <string.h>

#include "nft/ruleset_text.h"

#define RULE(family, table, handle, statement)                                                            \
        "{\"rule\":{\"family\":\"" family "\",\"table\":\"" table "\",\"chain\":\"c\",\"handle\":" handle \
        ",\"expr\":[{\"counter\":null},{\"" statement "\":{\"name\":\"DNAT\"}}]}}"

static const char *text_at(const json_t *objects, size_t i)
{
        return json_string_value(
                json_object_get(json_object_get(json_array_get(objects, i), "rule"), "text"));
}

static void test_join(void **state)
{
        static const char text[] = "table ip nat { # handle 1\n"
                                   "\tchain c { # handle 1\n"
                                   "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
                                   "\t\tcounter dnat to 10.0.0.1 # handle 7\n"
                                   "\t\tcomment \"x # handle 7\" accept # handle 8\n"
                                   "\t\tbad # handle 99999999999999999999999\n"
                                   "\t}\n"
                                   "}\n"
                                   "table ip other { # handle 2\n"
                                   "\tchain c {\n"
                                   "\t\tcounter dnat to 10.0.0.2 # handle 7\n"
                                   "\t\t\xff # handle 9\n"
                                   "\t\tcut off # handle 10";
        static const char json[] =
                "[" RULE("ip", "nat", "7", "xt") "," RULE("ip", "other", "7", "xt") "," RULE(
                        "ip", "nat", "8",
                        "xt") "," RULE("ip", "nat", "7",
                                       "match") "," RULE("ip6", "nat", "7",
                                                         "xt") "," RULE("ip", "other", "9",
                                                                        "xt") "," RULE("ip", "other", "10",
                                                                                       "xt") ",1,{}]";
        json_t *objects = json_loads(json, 0, NULL);

        assert_non_null(objects);
        ruleset_join_text(objects, "ip", text, strlen(text));
        assert_string_equal(text_at(objects, 0), "counter dnat to 10.0.0.1");
        assert_string_equal(text_at(objects, 1), "counter dnat to 10.0.0.2");
        assert_string_equal(text_at(objects, 2), "comment \"x # handle 7\" accept");
        assert_null(text_at(objects, 3)); /* says all it has to in JSON */
        assert_null(text_at(objects, 4)); /* of another family */
        assert_null(text_at(objects, 5)); /* no UTF-8 */
        assert_string_equal(text_at(objects, 6), "cut off");
        json_decref(objects);
}

static void test_odd_text(void **state)
{
        static const char *const texts[] = {
                "",     "\n\n",           "table ip ",       "table ip {\n\t\ta # handle 7",
                "\t\t", "\t\t # handle ", "\t\tx # handle 7"};

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                json_t *objects = json_loads("[" RULE("ip", "nat", "7", "xt") "]", 0, NULL);

                ruleset_join_text(objects, "ip", texts[i], strlen(texts[i]));
                assert_null(text_at(objects, 0));
                json_decref(objects);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_join),
                cmocka_unit_test(test_odd_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
