/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "base/mask.h"

/* Arguments are separated by '|' here. */
static const struct {
        const char *args, *expect; /* NULL: stays as it is */
} rows[] = {
        /* options */
        {"x|--password=abc|-v", "x --password=**** -v"},
        {"x|--password|abc|-v", "x --password **** -v"},
        {"x|--password=two words|-v", "x --password=**** -v"},
        {"x|--password|two words|-v", "x --password **** -v"},
        {"x|--password", "x --password"},
        {"x|--password|--port|80", NULL},
        {"x|--password=", NULL},
        {"x|--db-password|abc", "x --db-password ****"},
        {"x|--db_password=abc", "x --db_password=****"},
        {"x|-password|abc", "x -password ****"},
        {"x|--passwd|abc", "x --passwd ****"},
        {"x|--pass|abc", "x --pass ****"},
        {"x|--token|abc", "x --token ****"},
        {"x|--secret=abc", "x --secret=****"},
        {"x|--api-key|abc", "x --api-key ****"},
        {"x|--apikey=abc", "x --apikey=****"},
        {"x|--auth|abc", "x --auth ****"},
        {"x|--client-secret=abc", "x --client-secret=****"},
        {"x|--secret-access-key|abc", "x --secret-access-key ****"},
        {"x|--PASSWORD|abc", "x --PASSWORD ****"},
        {"redis-server|--requirepass|abc|--port|6379", "redis-server --requirepass **** --port 6379"},
        {"redis-server|--masterauth|abc", "redis-server --masterauth ****"},
        {"keytool|-storepass|changeit", "keytool -storepass ****"},
        {"java|-Djavax.net.ssl.keyStorePassword=changeit|-jar|x.jar",
         "java -Djavax.net.ssl.keyStorePassword=**** -jar x.jar"},
        {"java|-Dspring.datasource.password=abc", "java -Dspring.datasource.password=****"},
        {"beam.smp|-setcookie|ABCDEF|-name|x", "beam.smp -setcookie **** -name x"},
        {"x|--password|/slash", "x --password ****"},
        {"x|--private-key|abc", "x --private-key ****"},
        /* letters */
        {"mysql|-uroot|-pabc|db", "mysql -uroot -p**** db"},
        {"/usr/bin/mysqldump|-p|db", "/usr/bin/mysqldump -p db"},
        {"sudo|mysql|-pabc", "sudo mysql -p****"},
        {"sh|-c|mysql -pabc db && echo", "sh -c mysql -p**** db && echo"},
        {"redis-cli|-a|abc|-p|6379", "redis-cli -a **** -p 6379"},
        {"redis-cli|-a|-abc", "redis-cli -a ****"},
        {"curl|-u|joe:abc|http://x/", "curl -u joe:**** http://x/"},
        {"curl|-ujoe:abc", "curl -ujoe:****"},
        {"curl|--user|joe:abc", "curl --user joe:****"},
        {"curl|--user=joe:abc", "curl --user=joe:****"},
        {"curl|-u|joe", NULL},
        {"sshpass|-p|abc|ssh|host", "sshpass -p **** ssh host"},
        {"sshpass|-pabc|ssh|-p|22|host", "sshpass -p**** ssh -p **** host"},
        {"ldapsearch|-w|abc|-D|cn=x", "ldapsearch -w **** -D cn=x"},
        {"smbclient|-U|joe%abc|//h/s", "smbclient -U joe%**** //h/s"},
        {"snmpget|-v2c|-c|private|host", "snmpget -v2c -c **** host"},
        {"mongosh|-u|joe|-p|abc", "mongosh -u joe -p ****"},
        {"sqlcmd|-S|h|-P|abc", "sqlcmd -S h -P ****"},
        {"7z|a|-pabc|x.7z", "7z a -p**** x.7z"},
        {"openssl|s_server|-pass|pass:abc|-port|1", "openssl s_server -pass **** -port 1"},
        {"openssl|s_server|-passin|pass:abc", "openssl s_server -passin pass:****"},
        {"openssl|s_server|-passin|file:/etc/x", NULL},
        {"openssl|s_server|-passin|env:X", NULL},
        /* assignments */
        {"env|PGPASSWORD=abc|psql", "env PGPASSWORD=**** psql"},
        {"env|PGPASSWORD=a b c|psql", "env PGPASSWORD=**** psql"},
        {"docker|run|-e|MYSQL_ROOT_PASSWORD=abc|img", "docker run -e MYSQL_ROOT_PASSWORD=**** img"},
        {"docker|run|--env=MYSQL_ROOT_PASSWORD=abc|img", "docker run --env=MYSQL_ROOT_PASSWORD=**** img"},
        {"x|host=h password=abc dbname=d", "x host=h password=**** dbname=d"},
        {"x|host=h password='a b' dbname=d", "x host=h password='****' dbname=d"},
        {"x|-o|user=u,password=abc,uid=0", "x -o user=u,password=****"},
        {"x|Server=h;Password=abc;Timeout=3", "x Server=h;Password=****;Timeout=3"},
        {"x|{\"user\":\"u\",\"password\":\"a b\",\"port\":1}",
         "x {\"user\":\"u\",\"password\":\"****\",\"port\":1}"},
        {"x|{\"token\": \"abc\", \"port\": 1}", "x {\"token\": \"****\", \"port\": 1}"},
        {"sh|-c|FOO_TOKEN='a b' run --port 80", "sh -c FOO_TOKEN=****"},
        {"sh|-c|X=1 FOO_TOKEN='a b' run --port 80", "sh -c X=1 FOO_TOKEN='****' run --port 80"},
        {"sh|-c|x --password 'a b' --port 80", "sh -c x --password '****' --port 80"},
        {"sh|-c|x '--password=a b' --port 80", "sh -c x '--password=****' --port 80"},
        {"x|AWS_ACCESS_KEY_ID=AKIAIOSFODNN7examplE0", "x AWS_ACCESS_KEY_ID=****"},
        {"x|--tls-key=QUJDREVGR0hJSktMTU5PUFFS1234567890==", "x --tls-key=****"},
        {"x|--seed-key|0123456789abcdef0123456789abcdef", "x --seed-key ****"},
        /* URLs and headers */
        {"x|postgres://joe:abc@host:5432/db", "x postgres://joe:****@host:5432/db"},
        {"x|DATABASE_URL=postgres://joe:a@c@host/db", "x DATABASE_URL=postgres://joe:****@host/db"},
        {"x|redis://:abc@host", "x redis://:****@host"},
        {"x|--url=https://u:p@a/,https://u:q@b/", "x --url=https://u:****@a/,https://u:****@b/"},
        {"x|https://host:80/a@b", NULL},
        {"x|https://joe@host:80/", NULL},
        {"x|https://h/?a=1&token=abc&b=2", "x https://h/?a=1&token=****&b=2"},
        {"curl|-H|Authorization: Bearer abc|http://x", "curl -H Authorization: **** http://x"},
        {"curl|-HAuthorization: Basic abc", "curl -HAuthorization: ****"},
        {"curl|-H|X-Api-Key: abc", "curl -H X-Api-Key: ****"},
        {"curl|-H|Cookie: a=b; c=d", "curl -H Cookie: ****"},
        {"sh|-c|curl -H 'Authorization: Bearer abc' http://x",
         "sh -c curl -H 'Authorization: ****' http://x"},
        {"sh|-c|curl -H Authorization: Bearer abc", "sh -c curl -H Authorization: ****"},
        /* what must stay */
        {"x|--port|80", NULL},
        {"x|-p|80", NULL},
        {"ssh|-p|22|host", NULL},
        {"docker-proxy|-proto|tcp|-host-ip|0.0.0.0|-host-port|80", NULL},
        {"x|--keyfile|/etc/x.key", NULL},
        {"x|--key=/etc/ssl/private/long-name-of-a-key-2024.pem", NULL},
        {"x|--password-file|/etc/pw", NULL},
        {"x|--token-file=/var/run/token", NULL},
        {"x|--pass-through|true", NULL},
        {"x|--pass-through", NULL},
        {"x|--passive|80", NULL},
        {"x|--bypass|all", NULL},
        {"x|--compass=north", NULL},
        {"x|--max-tokens|4096", NULL},
        {"x|--no-auth|80", NULL},
        {"x|--auth-mode=basic", NULL},
        {"mongod|--auth|--port|27017", NULL},
        {"Xorg|-auth|/run/lightdm/root/:0|-nolisten", NULL},
        {"x|--authorization-mode=RBAC", NULL},
        {"x|--enable-token-auth=true", NULL},
        {"x|--password=false", NULL},
        {"x|--token-ttl|3600", NULL},
        {"x|--author|jo", NULL},
        {"x|--tokenizer=bert", NULL},
        {"x|--private-key|/etc/key.pem", NULL},
        {"env|PWD=/home/jo|x", NULL},
        {"x|key=value", NULL},
        {"x|--monkey=12345", NULL},
        {"x|a:b:c|[::]:80|tcp://0.0.0.0:80", NULL},
        {"x|passage: of text", NULL},
        {"postgres: jo db 10.0.0.1(5432) idle", NULL},
        {"sshd: jo [priv]", NULL},
        {"nginx: master process /usr/sbin/nginx -g daemon on;", NULL},
        {"", NULL},
        {"x", NULL},
        {"x||y", "x  y"},
        {"x|two  blanks|\tand a tab", "x two  blanks \tand a tab"},
        {"=|:|--|-|://|\"|'|=:|pass:", "= : -- - :// \" ' =: pass:"},
};

static bool check(const char *row, const char *expect)
{
        _cleanup_str_ struct str args = {0}, got = {0}, same = {0};

        str_add(&args, row);
        str_add(&same, row);
        for (size_t i = 0; i < args.len; i++)
                if (args.text[i] == '|') {
                        args.text[i] = '\0';
                        same.text[i] = ' ';
                }
        mask_command_line(args.text, args.len + 1, &got);
        if (streq(str_text(&got), expect ? expect : same.text))
                return true;
        print_error("'%s': got '%s'\n", row, str_text(&got));
        return false;
}

static void test_rows(void **state)
{
        unsigned wrong = 0;

        for (size_t i = 0; i < array_len(rows); i++)
                wrong += !check(rows[i].args, rows[i].expect);
        assert_int_equal(wrong, 0);
}

static void test_bounds(void **state)
{
        _cleanup_str_ struct str args = {0}, got = {0};

        mask_command_line(NULL, 0, &got);
        assert_string_equal(str_text(&got), "");
        str_add(&got, "> ");
        mask_command_line("\0\0\0", 3, &got);
        assert_string_equal(got.text, "> ");
        mask_command_line("a\0b", 3, &got);
        assert_string_equal(got.text, "> a b");
        str_reset(&got);
        for (unsigned i = 0; i < MASK_MAX; i++)
                str_add_char(&args, 'x');
        mask_command_line(args.text, args.len, &got);
        assert_int_equal(got.len, MASK_MAX);
        assert_true(str_ends(got.text, "xxx"));
        str_reset(&got);
        str_add(&args, "x");
        mask_command_line(args.text, args.len, &got);
        assert_int_equal(got.len, MASK_MAX);
        assert_true(str_ends(got.text, "x..."));
}

/* A secret that is longer than what is shown must not show at the cut, nor half a character. */
static void test_cut(void **state)
{
        _cleanup_str_ struct str args = {0}, got = {0};

        for (unsigned i = 0; i < MASK_MAX - 20; i++)
                str_add_char(&args, 'x');
        str_add_n(&args, "\0--password\0SECRETSECRETSECRETSECRETSECRET", 43);
        mask_command_line(args.text, args.len, &got);
        assert_null(strstr(got.text, "SECRET"));

        str_reset(&args);
        str_reset(&got);
        while (args.len < MASK_MAX + 100)
                str_add(&args, "\u20ac");
        mask_command_line(args.text, args.len, &got);
        assert_true(got.len <= MASK_MAX && str_ends(got.text, "\u20ac..."));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
