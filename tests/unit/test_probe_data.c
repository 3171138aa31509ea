/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes of databases, brokers and directories: what servers say, and what is to be learnt from it. */
#include "identify/member.h"
#include "identify/registry.h"
#include "play.h"
#include "test.h"

#define SAY(text) {(text), sizeof(text) - 1}
#define NONCE 5u

struct talk_case {
        const char *what, *probe, *protocol, *product, *version, *host, *cpe, *key, *value;
        enum encryption encryption;
        enum confidence confidence;
        unsigned flags, tls, connections;
        bool greeting, udp, ends;
        struct play_line lines[4];
};

static const struct talk_case cases[] = {
        {
                .what = "mariadb", .probe = "mysql", .protocol = "mysql", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MariaDB", .version = "10.11.6",
                .cpe = "cpe:2.3:a:mariadb:mariadb:10.11.6:*:*:*:*:*:*:*", .greeting = true, .tls = 1,
                .lines = {
                        SAY("c\x00\x00\x00\n5.5.5-10.11.6-MariaDB-0+deb12u1\x00*\x00\x00\x00" "abcdef"
                            "gh\x00\xfe\xff-\x02\x00\xbf\x81\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                            "\x00ijklmnopqrst\x00mysql_native_password\x00"),
                },
        },
        {
                .what = "mariadb-11", .probe = "mysql", .protocol = "mysql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MariaDB", .version = "11.4.2", .greeting = true,
                .lines = {
                        SAY("^\x00\x00\x00\n11.4.2-MariaDB-ubu2404-log\x00*\x00\x00\x00" "abcdefgh"
                            "\x00\xfe\xf7-\x02\x00\xbf\x81\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                            "\x00ijklmnopqrst\x00mysql_native_password\x00"),
                },
        },
        {
                .what = "mysql8", .probe = "mysql", .protocol = "mysql", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MySQL", .version = "8.0.35", .greeting = true, .tls = 1,
                .key = "authentication", .value = "caching_sha2_password",
                .lines = {
                        SAY("[\x00\x00\x00\n8.0.35-0ubuntu0.22.04.1\x00*\x00\x00\x00" "abcdefgh\x00"
                            "\xff\xff-\x02\x00\xff\xdf\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijk"
                            "lmnopqrst\x00" "caching_sha2_password\x00"),
                },
        },
        {
                .what = "tidb", .probe = "mysql", .protocol = "mysql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "TiDB", .version = "7.5.1", .greeting = true,
                .lines = {
                        SAY("V\x00\x00\x00\n8.0.11-TiDB-v7.5.1\x00*\x00\x00\x00" "abcdefgh\x00\xff"
                            "\xf7-\x02\x00\x7f\x0f\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmno"
                            "pqrst\x00mysql_native_password\x00"),
                },
        },
        {
                .what = "refused", .probe = "mysql", .protocol = "mysql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MySQL", .greeting = true, .key = "error-code", .value = "1130",
                .lines = {
                        SAY("A\x00\x00\x00\xffj\x04Host '10.0.0.1' is not allowed to connect to this "
                            "MySQL server"),
                },
        },
        {
                .what = "many", .probe = "mysql", .protocol = "mysql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .greeting = true, .key = "error", .value = "Too many connections",
                .lines = {
                        SAY("\x1d\x00\x00\x00\xff\x10\x04#08004Too many connections"),
                },
        },
        {
                .what = "old", .probe = "mysql", .protocol = "mysql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MySQL", .version = "3.20.32", .flags = IDENTITY_OBSOLETE,
                .greeting = true,
                .lines = {
                        SAY("\x16\x00\x00\x00\x09" "3.20.32\x00\x07\x00\x00\x00" "abcdefgh\x00"),
                },
        },
        {
                .what = "8.0", .probe = "mysqlx", .protocol = "mysqlx", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MySQL", .tls = 1, .key = "mechanisms", .value = "MYSQL41 SHA256_MEMORY",
                .lines = {
                        SAY("\x05\x00\x00\x00\x0b\x08\x05\x1a\x00" "a\x00\x00\x00\x02\n\x0f\n\x03tls"
                            "\x12\x08\x08\x01\x12\x04\x08\x07@\x00\nM\n\x19" "authentication.mechanis"
                            "ms\x12" "0\x08\x03\",\n\x11\x08\x01\x12\r\x08\x08J\x09\n\x07MYSQL41\n"
                            "\x17\x08\x01\x12\x13\x08\x08J\x0f\n\rSHA256_MEMORY"),
                        SAY("\x01\x00\x00\x00\x00"),
                },
        },
        {
                .what = "error", .probe = "mysqlx", .protocol = "mysqlx", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .lines = {
                        SAY("\x16\x00\x00\x00\x01\x08\x02\x10\x93'\"\x05HY000\x1a\x07refused"),
                },
        },
        {
                .what = "plain", .probe = "postgresql", .protocol = "postgresql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "PostgreSQL",
                .lines = {
                        SAY("N"),
                        SAY("E\x00\x00\x00ySFATAL\x00VFATAL\x00" "C28000\x00Mno PostgreSQL user name "
                            "specified in startup packet\x00" "Fpostmaster.c\x00L2279\x00RProcessStar"
                            "tupPacket\x00\x00"),
                },
        },
        {
                .what = "tls", .probe = "postgresql", .protocol = "postgresql", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "PostgreSQL", .tls = 1,
                .lines = {
                        SAY("S"),
                        SAY("E\x00\x00\x00ySFATAL\x00VFATAL\x00" "C28000\x00Mno PostgreSQL user name "
                            "specified in startup packet\x00" "Fpostmaster.c\x00L2279\x00RProcessStar"
                            "tupPacket\x00\x00"),
                },
        },
        {
                .what = "pgbouncer", .probe = "postgresql", .protocol = "postgresql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "PgBouncer",
                .lines = {
                        SAY("N"),
                        SAY("E\x00\x00\x00)SFATAL\x00" "C08P01\x00Mno username supplied\x00\x00"),
                },
        },
        {
                .what = "pgpool", .probe = "postgresql", .protocol = "postgresql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Pgpool-II",
                .lines = {
                        SAY("N"),
                        SAY("E\x00\x00\x00_SFATAL\x00" "C28000\x00Mno PostgreSQL user name specified "
                            "in startup packet\x00" "Fprotocol/child.c\x00L738\x00\x00"),
                },
        },
        {
                .what = "auth", .probe = "postgresql", .protocol = "postgresql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .flags = IDENTITY_PLAIN_LOGIN, .key = "authentication", .value = "password",
                .lines = {
                        SAY("N"),
                        SAY("R\x00\x00\x00\x08\x00\x00\x00\x03"),
                },
        },
        {
                .what = "answers-s-only", .probe = "postgresql", .protocol = "postgresql", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .tls = 1,
                .lines = {
                        SAY("S"),
                },
        },
        {
                .what = "2019", .probe = "mssql", .protocol = "mssql", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Microsoft SQL Server", .version = "15.0.2000",
                .cpe = "cpe:2.3:a:microsoft:sql_server:15.0.2000:*:*:*:*:*:*:*", .key = "release",
                .value = "2019",
                .lines = {
                        SAY("\x04\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01"
                            "\xff\x0f\x00\x07\xd0\x00\x00\x00"),
                },
        },
        {
                .what = "required", .probe = "mssql", .protocol = "mssql", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Microsoft SQL Server", .version = "10.50.8000",
                .flags = IDENTITY_STARTTLS_REQUIRED, .key = "release", .value = "2008 R2",
                .lines = {
                        SAY("\x04\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01"
                            "\xff\n2\x1f@\x00\x00\x03"),
                },
        },
        {
                .what = "none", .probe = "mssql", .protocol = "mssql", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Microsoft SQL Server", .version = "8.0.2263",
                .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("\x04\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01"
                            "\xff\x08\x00\x08\xd7\x00\x00\x02"),
                },
        },
        {
                .what = "one", .probe = "mssql-browser", .protocol = "mssql-browser", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Microsoft SQL Server Browser", .version = "15.0.2000.5", .host = "SQL1",
                .udp = true, .key = "tcp-port", .value = "1433",
                .lines = {
                        SAY("\x05V\x00ServerName;SQL1;InstanceName;MSSQLSERVER;IsClustered;No;Version"
                            ";15.0.2000.5;tcp;1433;;"),
                },
        },
        {
                .what = "refuse", .probe = "oracle-tns", .protocol = "oracle-tns", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Oracle TNS listener", .version = "19.0.0.0.0",
                .lines = {
                        SAY("\x00" "e\x00\x00\x04\x00\x00\x00\"\x00\x00O(DESCRIPTION=(TMP=)(VSNNUM=31"
                            "8767104)(ERR=1189)(ERROR_STACK=(ERROR=(CODE=1189)(EMFI=4))))"),
                },
        },
        {
                .what = "accept", .probe = "oracle-tns", .protocol = "oracle-tns", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Oracle TNS listener", .version = "11.2.0.2.0", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("\x00\x18\x00\x00\x02\x00\x00\x00\x01" "6\x00\x00\x08\x00\x7f\xff\x01\x00"
                            "\x00\x00\x00\x18\x00" "a\x00<\x00\x00\x06\x00\x00\x00\x00\x00TNSLSNR for"
                            " Linux: Version 11.2.0.2.0 - Production"),
                },
        },
        {
                .what = "resend", .probe = "oracle-tns", .protocol = "oracle-tns", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Oracle TNS listener", .version = "11.2.0.4.0",
                .lines = {
                        SAY("\x00\x08\x00\x00\x0b\x00\x00\x00"),
                        SAY("\x00X\x00\x00\x04\x00\x00\x00\x00\x00\x00" "0(DESCRIPTION=(ERR=12504)(VS"
                            "NNUM=186647552)(ERROR_STACK=(ERROR=(CODE=1189))))"),
                },
        },
        {
                .what = "6", .probe = "mongodb", .protocol = "mongodb", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MongoDB", .version = "6.0.12", .key = "replica-set", .value = "rs0",
                .lines = {
                        SAY("\x88\x00\x00\x00M\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x08\x00"
                            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"
                            "d\x00\x00\x00\x08ismaster\x00\x01\x03topologyVersion\x00\x12\x00\x00\x00"
                            "\x10" "counter\x00\x01\x00\x00\x00\x00\x10maxWireVersion\x00\x11\x00\x00"
                            "\x00\x02setName\x00\x04\x00\x00\x00rs0\x00\x01ok\x00\x00\x00\x00\x00\x00"
                            "\x00\xf0?\x00"),
                        SAY("s\x00\x00\x00N\x00\x00\x00\x05\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00"
                            "\x00\x00^\x00\x00\x00\x02version\x00\x07\x00\x00\x00" "6.0.12\x00\x02git"
                            "Version\x00)\x00\x00\x00" "21e6e8e11a45dfbdb7ca6cf95fa8c5f859e2b118\x00"
                            "\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0?\x00"),
                },
        },
        {
                .what = "2.6", .probe = "mongodb", .protocol = "mongodb", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "MongoDB", .version = "2.6.12",
                .lines = {
                        SAY("T\x00\x00\x00M\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00"
                            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00" "0"
                            "\x00\x00\x00\x08ismaster\x00\x01\x10maxWireVersion\x00\x02\x00\x00\x00"
                            "\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0?\x00"),
                        SAY("I\x00\x00\x00M\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00"
                            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00%"
                            "\x00\x00\x00\x02version\x00\x07\x00\x00\x00" "2.6.12\x00\x01ok\x00\x00"
                            "\x00\x00\x00\x00\x00\xf0?\x00"),
                },
        },
        {
                .what = "ferret", .probe = "mongodb", .protocol = "mongodb", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "FerretDB", .version = "v1.17.0",
                .lines = {
                        SAY("T\x00\x00\x00M\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00"
                            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00" "0"
                            "\x00\x00\x00\x08ismaster\x00\x01\x10maxWireVersion\x00\x15\x00\x00\x00"
                            "\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0?\x00"),
                        SAY("W\x00\x00\x00N\x00\x00\x00\x05\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00"
                            "\x00\x00" "B\x00\x00\x00\x02version\x00\x07\x00\x00\x00" "7.0.42\x00\x02"
                            "ferretdbVersion\x00\x08\x00\x00\x00v1.17.0\x00\x01ok\x00\x00\x00\x00\x00"
                            "\x00\x00\xf0?\x00"),
                },
        },
        {
                .what = "7", .probe = "redis", .protocol = "redis", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Redis", .version = "7.0.15",
                .cpe = "cpe:2.3:a:redis:redis:7.0.15:*:*:*:*:*:*:*", .flags = IDENTITY_NO_AUTH,
                .key = "mode", .value = "standalone",
                .lines = {
                        SAY("+PONG\r\n$155\r\n# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:0000"
                            "0000\r\nredis_mode:standalone\r\nos:Linux 6.1.0 x86_64\r\ntcp_port:6379"
                            "\r\nexecutable:/usr/bin/redis-check-rdb\r\n\r\n+OK\r\n"),
                },
        },
        {
                .what = "noauth", .probe = "redis", .protocol = "redis", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Redis", .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n"
                            "+OK\r\n"),
                },
        },
        {
                .what = "valkey", .probe = "redis", .protocol = "redis", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Valkey", .version = "8.0.1", .flags = IDENTITY_NO_AUTH, .key = "mode",
                .value = "sentinel",
                .lines = {
                        SAY("+PONG\r\n$94\r\n# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r"
                            "\nvalkey_version:8.0.1\r\nredis_mode:sentinel\r\n\r\n"),
                },
        },
        {
                .what = "keydb", .probe = "redis", .protocol = "redis", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "KeyDB", .version = "6.3.4", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("+PONG\r\n$65\r\n# Server\r\nredis_version:6.3.4\r\nexecutable:/usr/bin/k"
                            "eydb-server\r\n\r\n"),
                },
        },
        {
                .what = "proxy", .probe = "redis", .protocol = "redis", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .lines = {
                        SAY("+PONG\r\n"),
                        SAY("-ERR unsupported\r\n"),
                },
        },
        {
                .what = "protected", .probe = "redis", .protocol = "redis", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Redis", .greeting = true,
                .lines = {
                        SAY("-DENIED Redis is running in protected mode because protected mode is ena"
                            "bled\r\n"),
                },
        },
        {
                .what = "text", .probe = "memcached", .protocol = "memcached", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "memcached", .version = "1.6.18",
                .cpe = "cpe:2.3:a:memcached:memcached:1.6.18:*:*:*:*:*:*:*",
                .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("VERSION 1.6.18\r\n"),
                },
        },
        {
                .what = "unauthenticated", .probe = "memcached", .protocol = "memcached", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "memcached", .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("CLIENT_ERROR unauthenticated\r\n"),
                },
        },
        {
                .what = "udp", .probe = "memcached", .protocol = "memcached", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "memcached", .version = "1.4.0", .flags = IDENTITY_NO_AUTH, .udp = true,
                .lines = {
                        SAY("\x00\x05\x00\x00\x00\x01\x00\x00VERSION 1.4.0\r\n"),
                },
        },
        {
                .what = "password", .probe = "cassandra", .protocol = "cassandra", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache Cassandra", .flags = IDENTITY_PLAIN_LOGIN, .key = "cql-version",
                .value = "3.4.6",
                .lines = {
                        SAY("\x84\x00\x00\x05\x06\x00\x00\x00[\x00\x03\x00\x0b" "COMPRESSION\x00\x02"
                            "\x00\x06snappy\x00\x03lz4\x00\x0b" "CQL_VERSION\x00\x01\x00\x05" "3.4.6"
                            "\x00\x11PROTOCOL_VERSIONS\x00\x03\x00\x04" "3/v3\x00\x04" "4/v4\x00\x04"
                            "5/v5"),
                        SAY("\x84\x00\x00\x05\x03\x00\x00\x00" "1\x00/org.apache.cassandra.auth.Passw"
                            "ordAuthenticator"),
                },
        },
        {
                .what = "open", .probe = "cassandra", .protocol = "cassandra", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache Cassandra", .version = "3.11.4",
                .cpe = "cpe:2.3:a:apache:cassandra:3.11.4:*:*:*:*:*:*:*", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("\x84\x00\x00\x05\x06\x00\x00\x00" "9\x00\x02\x00\x0b" "CQL_VERSION\x00"
                            "\x01\x00\x05" "3.4.4\x00\x11PROTOCOL_VERSIONS\x00\x02\x00\x04" "3/v3\x00"
                            "\x04" "4/v4"),
                        SAY("\x84\x00\x00\x05\x02\x00\x00\x00\x00"),
                        SAY("\x84\x00\x00\x05\x08\x00\x00\x00<\x00\x00\x00\x02\x00\x00\x00\x01\x00"
                            "\x00\x00\x01\x00\x06system\x00\x05local\x00\x0frelease_version\x00\r\x00"
                            "\x00\x00\x01\x00\x00\x00\x06" "3.11.4"),
                },
        },
        {
                .what = "old", .probe = "cassandra", .protocol = "cassandra", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .flags = IDENTITY_PLAIN_LOGIN, .connections = 2,
                .lines = {
                        SAY("\x83\x00\x00\x00\x00\x00\x00\x00" "0\x00\x00\x00\n\x00*Invalid or unsupp"
                            "orted protocol version: 4"),
                        SAY("\x83\x00\x00\x05\x06\x00\x00\x00\x18\x00\x01\x00\x0b" "CQL_VERSION\x00"
                            "\x01\x00\x05" "3.2.1"),
                        SAY("\x83\x00\x00\x05\x03\x00\x00\x00\x03\x00\x01x"),
                },
        },
        {
                .what = "scylla", .probe = "cassandra", .protocol = "cassandra", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "ScyllaDB", .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("\x84\x00\x00\x05\x06\x00\x00\x00+\x00\x02\x00\x0cSCYLLA_SHARD\x00\x01"
                            "\x00\x01" "0\x00\x0b" "CQL_VERSION\x00\x01\x00\x05" "3.3.1"),
                        SAY("\x84\x00\x00\x05\x03\x00\x00\x00*\x00(com.scylladb.auth.SaslauthdAuthent"
                            "icator"),
                },
        },
        {
                .what = "3.8", .probe = "zookeeper", .protocol = "zookeeper", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache ZooKeeper", .version = "3.8.0", .flags = IDENTITY_NO_AUTH,
                .key = "mode", .value = "standalone",
                .lines = {
                        SAY("Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built"
                            " on 2022-02-25 08:49 UTC\nLatency min/avg/max: 0/0.0/0\nReceived: 1\nMod"
                            "e: standalone\nNode count: 5\n"),
                },
        },
        {
                .what = "whitelist", .probe = "zookeeper", .protocol = "zookeeper", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache ZooKeeper",
                .lines = {
                        SAY("srvr is not executed because it is not in the whitelist.\n"),
                },
        },
        {
                .what = "keeper", .probe = "zookeeper", .protocol = "zookeeper", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "ClickHouse Keeper", .version = "23.3.2.37", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("ClickHouse Keeper version: v23.3.2.37-lts-1b144bcd101b3d13a0d0e5c3a3b0c2"
                            "e7e6b7d2ef\nMode: leader\nNode count: 4\n"),
                },
        },
        {
                .what = "2.8", .probe = "kafka", .protocol = "kafka", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache Kafka", .key = "apis", .value = "8",
                .lines = {
                        SAY("\x00\x00\x00:\x00\x00\x00\x05\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00"
                            "\x00\x09\x00\x01\x00\x00\x00\r\x00\x03\x00\x00\x00\x0c\x00\x04\x00\x00"
                            "\x00\x06\x00\x05\x00\x00\x00\x03\x00\x07\x00\x00\x00\x03\x00\x11\x00\x00"
                            "\x00\x01\x00\x12\x00\x00\x00\x03"),
                },
        },
        {
                .what = "rabbitmq", .probe = "amqp", .protocol = "amqp", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "RabbitMQ", .version = "3.10.8", .host = "mq1",
                .flags = IDENTITY_PLAIN_LOGIN, .key = "protocol-version", .value = "0-9-1",
                .lines = {
                        SAY("\x01\x00\x00\x00\x00\x00\xea\x00\n\x00\n\x00\x09\x00\x00\x00\xc5\x0c" "c"
                            "apabilitiesF\x00\x00\x00\n\x07publisht\x01\x0c" "cluster_nameS\x00\x00"
                            "\x00\nrabbit@mq1\x09" "copyrightS\x00\x00\x00" "7Copyright (c) 2007-2022"
                            " VMware, Inc. or its affiliates.\x08platformS\x00\x00\x00\x11" "Erlang/O"
                            "TP 25.2.3\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00"
                            "\x06" "3.10.8\x00\x00\x00\x0ePLAIN AMQPLAIN\x00\x00\x00\x05" "en_US\xce"),
                },
        },
        {
                .what = "artemis", .probe = "amqp", .protocol = "amqp", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "apache-activemq-artemis", .version = "2.28.0",
                .flags = IDENTITY_PLAIN_LOGIN | IDENTITY_NO_AUTH, .connections = 3,
                .key = "mechanisms", .value = "PLAIN ANONYMOUS",
                .lines = {
                        SAY("AMQP\x00\x01\x00\x00"),
                        SAY("AMQP\x03\x01\x00\x00\x00\x00\x00\"\x02\x01\x00\x00\x00S@\xc0\x15\x01\xe0"
                            "\x12\x02\xa3\x05PLAIN\x09" "ANONYMOUS"),
                        SAY("AMQP\x00\x01\x00\x00\x00\x00\x00_\x02\x00\x00\x00\x00S\x10\xc0R\n\xa1"
                            "\x07" "0.0.0.0@p\x00\x02\x00\x00`\xff\xffp\x00\x00u0@@@@\xc1" "4\x04\xa3"
                            "\x07product\xa1\x17" "apache-activemq-artemis\xa3\x07version\xa1\x06" "2"
                            ".28.0"),
                },
        },
        {
                .what = "sasl-only", .probe = "amqp", .protocol = "amqp", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .ends = true, .key = "mechanisms", .value = "EXTERNAL",
                .lines = {
                        SAY("AMQP\x03\x01\x00\x00"),
                        SAY("AMQP\x03\x01\x00\x00\x00\x00\x00\x18\x02\x01\x00\x00\x00S@\xc0\x0b\x01"
                            "\xa3\x08" "EXTERNAL"),
                        SAY("AMQP\x03\x01\x00\x00"),
                },
        },
        {
                .what = "mosquitto", .probe = "mqtt", .protocol = "mqtt", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "mosquitto", .version = "2.0.11",
                .cpe = "cpe:2.3:a:eclipse:mosquitto:2.0.11:*:*:*:*:*:*:*", .flags = IDENTITY_NO_AUTH,
                .ends = true,
                .lines = {
                        SAY(" \x02\x00\x00"),
                        SAY("\x90\x03\x00\x01\x00" "1-\x00\x13$SYS/broker/versionmosquitto version 2."
                            "0.11"),
                },
        },
        {
                .what = "not-authorized", .probe = "mqtt", .protocol = "mqtt", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .flags = IDENTITY_PLAIN_LOGIN, .key = "answer", .value = "not authorized",
                .lines = {
                        SAY(" \x02\x00\x05"),
                },
        },
        {
                .what = "five", .probe = "mqtt", .protocol = "mqtt", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .flags = IDENTITY_PLAIN_LOGIN, .connections = 2, .key = "protocol-version",
                .value = "5",
                .lines = {
                        SAY(" \x02\x00\x01"),
                        SAY(" \x05\x00\x87\x02!\x00"),
                },
        },
        {
                .what = "silent-system", .probe = "mqtt", .protocol = "mqtt", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .flags = IDENTITY_NO_AUTH, .ends = true,
                .lines = {
                        SAY(" \x02\x00\x00"),
                        SAY("\x90\x03\x00\x01\x80"),
                },
        },
        {
                .what = "open", .probe = "nats", .protocol = "nats", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "nats-server", .version = "2.9.10", .flags = IDENTITY_NO_AUTH,
                .greeting = true,
                .lines = {
                        SAY("INFO {\"server_id\":\"NBY\",\"server_name\":\"n1\",\"version\":\"2.9.10"
                            "\",\"proto\":1,\"go\":\"go1.19.8\",\"host\":\"0.0.0.0\",\"port\":4222,\""
                            "headers\":true,\"max_payload\":1048576}\r\n"),
                        SAY("PONG\r\n"),
                },
        },
        {
                .what = "auth", .probe = "nats", .protocol = "nats", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "nats-server", .version = "2.9.10", .flags = IDENTITY_PLAIN_LOGIN,
                .greeting = true,
                .lines = {
                        SAY("INFO {\"server_id\":\"NBY\",\"server_name\":\"n1\",\"version\":\"2.9.10"
                            "\",\"proto\":1,\"go\":\"go1.19.8\",\"host\":\"0.0.0.0\",\"port\":4222,\""
                            "headers\":true,\"max_payload\":1048576,\"auth_required\":true}\r\n"),
                },
        },
        {
                .what = "tls", .probe = "nats", .protocol = "nats", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "nats-server", .version = "2.9.10", .flags = IDENTITY_STARTTLS_REQUIRED,
                .greeting = true, .tls = 1,
                .lines = {
                        SAY("INFO {\"server_id\":\"NBY\",\"server_name\":\"n1\",\"version\":\"2.9.10"
                            "\",\"proto\":1,\"go\":\"go1.19.8\",\"host\":\"0.0.0.0\",\"port\":4222,\""
                            "headers\":true,\"max_payload\":1048576,\"tls_required\":true,\"auth_requ"
                            "ired\":true}\r\n"),
                },
        },
        {
                .what = "1.1", .probe = "gearman", .protocol = "gearman", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "gearmand", .version = "1.1.20", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("\x00RES\x00\x00\x00\x11\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x05O"
                            "K 1.1.20\n"),
                },
        },
        {
                .what = "2.4", .probe = "rethinkdb", .protocol = "rethinkdb", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "RethinkDB", .version = "2.4.1",
                .lines = {
                        SAY("{\"max_protocol_version\":0,\"min_protocol_version\":0,\"server_version"
                            "\":\"2.4.1\",\"success\":true}\x00"),
                },
        },
        {
                .what = "binary", .probe = "tarantool", .protocol = "tarantool", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Tarantool", .version = "2.6.0", .greeting = true,
                .lines = {
                        SAY("Tarantool 2.6.0 (Binary) 2a9c7b8e-5f5b-4d7f-9f5b-2b7d5f0a1b3c  \nQK2HoFZ"
                            "GXTXBq2vFj7soCsHqTo6PGTF575ssUBAJLAI=                   \n"),
                },
        },
        {
                .what = "gmond", .probe = "ganglia", .protocol = "ganglia", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Ganglia gmond", .version = "3.7.2", .flags = IDENTITY_NO_AUTH,
                .greeting = true, .key = "cluster", .value = "my cluster",
                .lines = {
                        SAY("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" standalone=\"yes\"?>\n<!DO"
                            "CTYPE GANGLIA_XML [\n   <!ELEMENT GANGLIA_XML (GRID|CLUSTER|HOST)*>\n   "
                            "   <!ATTLIST GANGLIA_XML VERSION CDATA #REQUIRED>\n]>\n<GANGLIA_XML VERS"
                            "ION=\"3.7.2\" SOURCE=\"gmond\">\n<CLUSTER NAME=\"my cluster\" LOCALTIME="
                            "\"1\" OWNER=\"unspecified\">\n"),
                },
        },
        {
                .what = "native", .probe = "clickhouse", .protocol = "clickhouse", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "ClickHouse",
                .lines = {
                        SAY("HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client progr"
                            "am\r\nYou must use port 8123 for HTTP.\r\n"),
                },
        },
        {
                .what = "6", .probe = "aerospike", .protocol = "aerospike", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Aerospike", .version = "6.2.0.3",
                .lines = {
                        SAY("\x02\x01\x00\x00\x00\x00\x00" "2build\x09" "6.2.0.3\nedition\x09" "Aeros"
                            "pike Community Edition\n"),
                },
        },
        {
                .what = "2.9", .probe = "riak", .protocol = "riak", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Riak KV", .version = "2.9.10", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("\x00\x00\x00\x19\x08\n\x0eriak@127.0.0.1\x12\x06" "2.9.10"),
                },
        },
        {
                .what = "2", .probe = "ignite", .protocol = "ignite", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache Ignite", .key = "protocol-version", .value = "1.7.1",
                .lines = {
                        SAY(",\x00\x00\x00\x00\x01\x00\x07\x00\x01\x00\x09\x1c\x00\x00\x00Unsupported"
                            " version: 255.0.0\x01\x00\x00\x00"),
                },
        },
        {
                .what = "open", .probe = "nsq", .protocol = "nsq", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "nsqd", .version = "1.2.1", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("\x00\x00\x00j\x00\x00\x00\x00{\"max_rdy_count\":2500,\"version\":\"1.2.1"
                            "\",\"max_msg_timeout\":900000,\"tls_v1\":false,\"auth_required\":false}"),
                },
        },
        {
                .what = "tls", .probe = "nsq", .protocol = "nsq", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "nsqd", .version = "1.2.1", .tls = 1,
                .lines = {
                        SAY("\x00\x00\x00h\x00\x00\x00\x00{\"max_rdy_count\":2500,\"version\":\"1.2.1"
                            "\",\"max_msg_timeout\":900000,\"tls_v1\":true,\"auth_required\":true}"),
                },
        },
        {
                .what = "lookup", .probe = "nsq", .protocol = "nsq", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "nsqlookupd",
                .lines = {
                        SAY("\x00\x00\x00\x0e" "E_BAD_PROTOCOL"),
                },
        },
        {
                .what = "openldap", .probe = "ldap", .protocol = "ldap", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "OpenLDAP", .tls = 1, .key = "naming-context",
                .value = "dc=example,dc=test",
                .lines = {
                        SAY("0\x82\x01\x03\x02\x01\x07" "d\x81\xfd\x04\x00" "0\x81\xf8" "0%\x04\x0bob"
                            "jectClass1\x16\x04\x03top\x04\x0fOpenLDAProotDSE0*\x04\x15structuralObje"
                            "ctClass1\x11\x04\x0fOpenLDAProotDSE0&\x04\x0enamingContexts1\x14\x04\x12"
                            "dc=example,dc=test0G\x04\x12supportedExtension11\x04\x17" "1.3.6.1.4.1.4"
                            "203.1.11.1\x04\x16" "1.3.6.1.4.1.1466.2003702\x04\x17supportedSASLMechan"
                            "isms1\x17\x04\rSCRAM-SHA-256\x04\x06GSSAPI0\x0c\x02\x01\x07" "e\x07\n"
                            "\x01\x00\x04\x00\x04\x00"),
                        SAY("0\x0c\x02\x01\x08x\x07\n\x01\x00\x04\x00\x04\x00"),
                },
        },
        {
                .what = "no-tls", .probe = "ldap", .protocol = "ldap", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "OpenLDAP", .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("00\x02\x01\x07" "d+\x04\x00" "0'0%\x04\x0bobjectClass1\x16\x04\x03top"
                            "\x04\x0fOpenLDAProotDSE0\x0c\x02\x01\x07" "e\x07\n\x01\x00\x04\x00\x04"
                            "\x00"),
                },
        },
        {
                .what = "active-directory", .probe = "ldap", .protocol = "ldap", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Microsoft Active Directory", .host = "dc1.corp.test",
                .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("0\x84\x00\x00\x00\xfb\x02\x01\x07" "d\x81\xf5\x04\x00" "0\x81\xf0" "0,"
                            "\x04\x17rootDomainNamingContext1\x11\x04\x0f" "DC=corp,DC=test0J\x04\x15"
                            "supportedCapabilities11\x04\x16" "1.2.840.113556.1.4.800\x04\x17" "1.2.8"
                            "40.113556.1.4.16700\x1e\x04\x0b" "dnsHostName1\x0f\x04\rdc1.corp.test0$"
                            "\x04\x1d" "domainControllerFunctionality1\x03\x04\x01" "70.\x04\x12suppo"
                            "rtedExtension1\x18\x04\x16" "1.3.6.1.4.1.1466.200370\x84\x00\x00\x00\x0c"
                            "\x02\x01\x07" "e\x07\n\x01\x00\x04\x00\x04\x00"),
                        SAY("0\x17\x02\x01\x08x\x12\n\x01" "4\x04\x00\x04\x0bunavailable"),
                },
        },
        {
                .what = "389", .probe = "ldap", .protocol = "ldap", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "389 Directory Server", .version = "2.3.1", .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("0]\x02\x01\x07" "dX\x04\x00" "0T0\x1b\x04\nvendorName1\r\x04\x0b" "389 P"
                            "roject05\x04\rvendorVersion1$\x04\"389-Directory/2.3.1 B2023.058.00000"
                            "\x0c\x02\x01\x07" "e\x07\n\x01\x00\x04\x00\x04\x00"),
                },
        },
        {
                .what = "cldap", .probe = "ldap", .protocol = "ldap", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Microsoft Active Directory", .host = "dc1.corp.test", .udp = true,
                .lines = {
                        SAY("0\x81\xfb\x02\x01\x07" "d\x81\xf5\x04\x00" "0\x81\xf0" "0,\x04\x17rootDo"
                            "mainNamingContext1\x11\x04\x0f" "DC=corp,DC=test0J\x04\x15supportedCapab"
                            "ilities11\x04\x16" "1.2.840.113556.1.4.800\x04\x17" "1.2.840.113556.1.4."
                            "16700\x1e\x04\x0b" "dnsHostName1\x0f\x04\rdc1.corp.test0$\x04\x1d" "doma"
                            "inControllerFunctionality1\x03\x04\x01" "70.\x04\x12supportedExtension1"
                            "\x18\x04\x16" "1.3.6.1.4.1.1466.200370\x0c\x02\x01\x07" "e\x07\n\x01\x00"
                            "\x04\x00\x04\x00"),
                },
        },
        {
                .what = "confidential", .probe = "ldap", .protocol = "ldap", .encryption = ENCRYPTION_STARTTLS,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "OpenLDAP", .flags = IDENTITY_STARTTLS_REQUIRED, .tls = 1,
                .lines = {
                        SAY("0(\x02\x01\x07" "e#\n\x01\r\x04\x00\x04\x1cTLS confidentiality required"),
                        SAY("0\x0c\x02\x01\x08x\x07\n\x01\x00\x04\x00\x04\x00"),
                        SAY("0\x82\x01\x03\x02\x01\x09" "d\x81\xfd\x04\x00" "0\x81\xf8" "0%\x04\x0bob"
                            "jectClass1\x16\x04\x03top\x04\x0fOpenLDAProotDSE0*\x04\x15structuralObje"
                            "ctClass1\x11\x04\x0fOpenLDAProotDSE0&\x04\x0enamingContexts1\x14\x04\x12"
                            "dc=example,dc=test0G\x04\x12supportedExtension11\x04\x17" "1.3.6.1.4.1.4"
                            "203.1.11.1\x04\x16" "1.3.6.1.4.1.1466.2003702\x04\x17supportedSASLMechan"
                            "isms1\x17\x04\rSCRAM-SHA-256\x04\x06GSSAPI0\x0c\x02\x01\x09" "e\x07\n"
                            "\x01\x00\x04\x00\x04\x00"),
                },
        },
        {
                .what = "db2", .probe = "drda", .protocol = "drda", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "IBM Db2", .version = "11.5.5",
                .cpe = "cpe:2.3:a:ibm:db2:11.5.5:*:*:*:*:*:*:*",
                .lines = {
                        SAY("\x00T\xd0\x02\x00\x01\x00N\x14" "C\x00\x1c\x11^\x84\x82\xf2\x89\x95\xa2"
                            "\xa3\xf1\x84\x82\xf2\x81\x87\x85\x95\xa3\xf0\xf0\xf4\xf3\xf0\xc5\xf7\xf8"
                            "\x00\x08\x14\x04\x14\x03\x00\x07\x00\x13\x11G\xd8\xc4\xc2\xf2" "a\xd3"
                            "\xc9\xd5\xe4\xe7\xe7\xf8\xf6\xf6\xf4\x00\x07\x11m\xc4\xc2\xf2\x00\x0c"
                            "\x11Z\xe2\xd8\xd3\xf1\xf1\xf0\xf5\xf5"),
                },
        },
        {
                .what = "derby", .probe = "drda", .protocol = "drda", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache Derby", .version = "10.14.2.0",
                .lines = {
                        SAY("\x00l\xd0\x02\x00\x01\x00" "f\x14" "C\x00\x18\x11^\xd5\x85\xa3\xa6\x96"
                            "\x99\x92\xe2\x85\x99\xa5\x85\x99\xc3\x96\x95\xa3\x99\x96\x93\x00\x08\x14"
                            "\x04\x14\x03\x00\x07\x00\x10\x11G\xc1\x97\x81\x83\x88\x85@\xc4\x85\x99"
                            "\x82\xa8\x00\x10\x11m\xc1\x97\x81\x83\x88\x85@\xc4\x85\x99\x82\xa8\x00\""
                            "\x11Z\xc3\xe2\xe2\xf1\xf0\xf1\xf4\xf0" "a\xf1\xf0K\xf1\xf4K\xf2K\xf0@`@M"
                            "\xf1\xf8\xf2\xf8\xf5\xf7\xf9]"),
                },
        },
        {
                .what = "accept", .probe = "firebird", .protocol = "firebird", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Firebird", .key = "release", .value = "2.5",
                .lines = {
                        SAY("\x00\x00\x00\x03\x00\x00\x80\x0c\x00\x00\x00\x01\x00\x00\x00\x05"),
                },
        },
        {
                .what = "accept-data", .probe = "firebird", .protocol = "firebird", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Firebird", .key = "authentication", .value = "Srp",
                .lines = {
                        SAY("\x00\x00\x00^\x00\x00\x80\x10\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00"
                            "\x00\x00\x00\x00\x00\x03Srp\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
                },
        },
        {
                .what = "continue", .probe = "firebird", .protocol = "firebird", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Firebird", .key = "release", .value = "3.0 or later",
                .lines = {
                        SAY("\x00\x00\x00\\\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                            "\x00\x00"),
                },
        },
        {
                .what = "reject", .probe = "firebird", .protocol = "firebird", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_LIKELY,
                .lines = {
                        SAY("\x00\x00\x00\x04"),
                },
        },
        {
                .what = "5", .probe = "bolt", .protocol = "bolt", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Neo4j", .version = "5.13.0",
                .cpe = "cpe:2.3:a:neo4j:neo4j:5.13.0:*:*:*:*:*:*:*", .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("\x00\x00\x04\x05"),
                        SAY("\x00" "3\xb1p\xa3\x86server\x8cNeo4j/5.13.0\x8d" "connection_id\x86" "bo"
                            "lt-1\x85hints\xa0\x00\x00"),
                },
        },
        {
                .what = "4.4", .probe = "bolt", .protocol = "bolt", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Neo4j", .flags = IDENTITY_PLAIN_LOGIN,
                .lines = {
                        SAY("\x00\x00\x04\x04"),
                        SAY("\x00;\xb1\x7f\xa2\x84" "code\xd0%Neo.ClientError.Security.Unauthorized"
                            "\x87message\x83" "bad\x00\x00"),
                },
        },
        {
                .what = "7.17", .probe = "elasticsearch-transport", .protocol = "elasticsearch-transport", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Elasticsearch", .version = "7.17.9",
                .lines = {
                        SAY("ES\x00\x00\x00\x17\x00\x00\x00\x00\x00\x00\x00\x05\x09\x00mh3\x00\x00"
                            "\x00\x02\x00\x00\xb7\xd7\xb5\x03"),
                },
        },
        {
                .what = "8.11", .probe = "elasticsearch-transport", .protocol = "elasticsearch-transport", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Elasticsearch",
                .lines = {
                        SAY("ES\x00\x00\x00\x17\x00\x00\x00\x00\x00\x00\x00\x05\x09\x00mh3\x00\x00"
                            "\x00\x02\x00\x00\x81\xc4\x87\x04"),
                },
        },
        {
                .what = "opensearch", .probe = "elasticsearch-transport", .protocol = "elasticsearch-transport", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "OpenSearch", .version = "2.11.0",
                .lines = {
                        SAY("ES\x00\x00\x00\x17\x00\x00\x00\x00\x00\x00\x00\x05\x09\x00mh3\x00\x00"
                            "\x00\x02\x00\x00\x93\xe5\x80" "A"),
                },
        },
        {
                .what = "2.10", .probe = "pulsar", .protocol = "pulsar", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Apache Pulsar", .version = "2.10.4", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("\x00\x00\x00\x1f\x00\x00\x00\x1b\x08\x03\x1a\x17\n\x13Pulsar Server2.10."
                            "4\x10\x0f"),
                },
        },
        {
                .what = "3.12", .probe = "rabbitmq-stream", .protocol = "rabbitmq-stream", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "RabbitMQ", .version = "3.12.1",
                .lines = {
                        SAY("\x00\x00\x00" "2\x80\x11\x00\x01\x00\x00\x00\x05\x00\x01\x00\x00\x00\x02"
                            "\x00\x07product\x00\x08RabbitMQ\x00\x07version\x00\x06" "3.12.1"),
                },
        },
        {
                .what = "help", .probe = "statsd-admin", .protocol = "statsd-admin", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "StatsD", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("Commands: stats, counters, timers, gauges, delcounters, deltimers, delga"
                            "uges, health, config, quit\n\n"),
                },
        },
        {
                .what = "6", .probe = "zabbix-trapper", .protocol = "zabbix-trapper", .encryption = ENCRYPTION_NONE,
                .confidence = CONFIDENCE_CONFIRMED,
                .product = "Zabbix", .flags = IDENTITY_NO_AUTH,
                .lines = {
                        SAY("ZBXD\x01Z\x00\x00\x00\x00\x00\x00\x00{\"response\":\"success\",\"info\":"
                            "\"processed: 0; failed: 0; total: 0; seconds spent: 0.000013\"}"),
                },
        },
};

static size_t lines_of(const struct talk_case *c)
{
        size_t n = 0;

        while (n < array_len(c->lines) && c->lines[n].bytes)
                n++;
        return n;
}

static void same(const struct talk_case *c, const char *field, const char *is, const char *wanted)
{
        if (!streq_ptr(is, wanted))
                fail_msg("%s/%s: %s is %s, not %s", c->probe, c->what, field, is ? is : "not told",
                         wanted ? wanted : "untold");
}

static void check(const struct talk_case *c, const struct play *p)
{
        same(c, "protocol", p->id.protocol, c->protocol);
        same(c, "confidence", confidence_name(p->id.confidence), confidence_name(c->confidence));
        same(c, "encryption", encryption_name(p->id.encryption), encryption_name(c->encryption));
        same(c, "product", p->id.product, c->product);
        same(c, "version", p->id.version, c->version);
        if (c->host)
                same(c, "hostname", p->id.hostname, c->host);
        if (c->cpe)
                same(c, "cpe", p->id.cpe, c->cpe);
        if (c->key)
                same(c, c->key, identity_detail(&p->id, c->key), c->value);
        if (p->id.flags != c->flags || p->tls != c->tls ||
            (c->connections && p->connections != c->connections))
                fail_msg("%s/%s: flags %x, TLS %u, connections %u", c->probe, c->what, p->id.flags, p->tls,
                         p->connections);
}

static struct play play_of(const struct talk_case *c)
{
        return (struct play){
                .probe = probe_find(c->probe),
                .port = 1,
                .nonce = NONCE,
                .transport = c->udp ? TRANSPORT_UDP : TRANSPORT_TCP,
                .greeting = c->greeting,
                .ends = c->ends,
                .lines = c->lines,
                .n_lines = lines_of(c),
        };
}

static void test_all(void **state)
{
        for (size_t i = 0; i < array_len(cases); i++) {
                struct play p = play_of(&cases[i]);

                play(&p);
                check(&cases[i], &p);
                play_release(&p);
        }
}

/* Byte by byte it is the same, but where an answer's end is the end of what came. */
static void test_split(void **state)
{
        for (size_t i = 0; i < array_len(cases); i++) {
                struct play p = play_of(&cases[i]);

                p.split = true;
                play(&p);
                check(&cases[i], &p);
                play_release(&p);
        }
}

/* No probe takes the first answer of another protocol's server for its own, nor its own bytes come back. */
static void test_strangers(void **state)
{
        for (size_t i = 0; i < array_len(cases); i++)
                for (size_t j = 0; j < array_len(cases); j++) {
                        struct play p = play_of(&cases[i]);

                        if (streq(cases[i].protocol, cases[j].protocol) || cases[i].udp != cases[j].udp)
                                continue;
                        p.lines = cases[j].lines;
                        p.n_lines = 1;
                        play(&p);
                        if (p.id.confidence == CONFIDENCE_CONFIRMED)
                                fail_msg("%s takes what %s/%s says for its own", cases[i].probe,
                                         cases[j].probe, cases[j].what);
                        play_release(&p);
                }
}

static void test_echo(void **state)
{
        for (size_t i = 0; i < array_len(cases); i++) {
                struct play p = play_of(&cases[i]), echo = play_of(&cases[i]);
                struct play_line line;

                if (cases[i].greeting)
                        continue;
                p.n_lines = 0;
                play(&p);
                line = (struct play_line){p.sent.text, p.sent.len};
                echo.lines = &line;
                echo.n_lines = 1;
                play(&echo);
                if (echo.id.confidence == CONFIDENCE_CONFIRMED)
                        fail_msg("%s takes its own request for an answer", cases[i].probe);
                play_release(&echo);
                str_release(&p.sent);
        }
}

static void test_strange_text(void **state)
{
        static const struct play_line lines[] = {
                SAY("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"),
                SAY("220 mail.example.test ESMTP Postfix\r\n"),
                SAY("-ERR unknown command\r\n"),
                SAY("+OK Dovecot ready.\r\n"),
                SAY("SSH-2.0-OpenSSH_9.2p1\r\n"),
                SAY("ERROR\r\n"),
                SAY("OK 1.1\r\n"),
                SAY("\x15\x03\x01\x00\x02\x02\x0a"),
                SAY("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
                SAY("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        };

        for (size_t i = 0; i < array_len(cases); i++)
                for (size_t j = 0; j < array_len(lines); j++) {
                        struct play p = play_of(&cases[i]);

                        p.lines = &lines[j];
                        p.n_lines = 1;
                        play(&p);
                        if (p.id.confidence == CONFIDENCE_CONFIRMED)
                                fail_msg("%s takes \"%s\" for its own", cases[i].probe, lines[j].bytes);
                        play_release(&p);
                }
}

/* What is said to everybody who connects, or to those who come with HTTP. */
static void test_recognise(void **state)
{
        static const struct {
                const char *probe;
                struct play_line line;
                bool asked;
                enum recognition how;
        } all[] = {
                {"redis", SAY("-NOAUTH Authentication required.\r\n"), true, RECOGNISE_SURE},
                {"redis", SAY("-ERR wrong number of arguments for 'get' command\r\n"), true, RECOGNISE_SURE},
                {"redis", SAY("-ERR 'Unknown Protocol Operation'\r\n"), true, RECOGNISE_NO},
                {"redis", SAY("-ERR Unknown command.\r\n"), false, RECOGNISE_NO},
                {"memcached", SAY("ERROR\r\n"), true, RECOGNISE_MAYBE},
                {"memcached", SAY("ERROR\r\n"), false, RECOGNISE_NO},
                {"amqp", SAY("AMQP\0\0\x09\x01"), true, RECOGNISE_SURE},
                {"amqp", SAY("AMQP\0\0\x09\x01"), false, RECOGNISE_NO},
                {"gearman", SAY("ERR UNKNOWN_COMMAND Unknown+server+command\r\n"), true, RECOGNISE_SURE},
                {"rethinkdb",
                 SAY("ERROR: Received an unsupported protocol version. This port is for RethinkDB queries. Does"),
                 true, RECOGNISE_SURE},
                {"mongodb",
                 SAY("HTTP/1.0 200 OK\r\nContent-Length: 85\r\n\r\nIt looks like you are trying to access "
                     "MongoDB over HTTP on the native driver port.\r\n"),
                 true, RECOGNISE_SURE},
                {"clickhouse",
                 SAY("HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program\r\n"),
                 true, RECOGNISE_SURE},
                {"elasticsearch-transport", SAY("This is not an HTTP port"), true, RECOGNISE_SURE},
                {"nsq", SAY("\0\0\0\x12\0\0\0\1" "E_BAD_PROTOCOL"), true, RECOGNISE_SURE},
                {"nats", SAY("INFO {\"server_id\":\"A\"}\r\n"), false, RECOGNISE_SURE},
                {"nats", SAY("INFO {}\r\n"), false, RECOGNISE_MAYBE},
                {"mysql", SAY("\x05\0\0\0\x0a" "5.5"), false, RECOGNISE_MAYBE},
                {"mysql", SAY("\x05\0\0\1\x0a" "5.5"), false, RECOGNISE_NO},
                {"tarantool", SAY("Tarantool 2.6.0 (Binary)"), false, RECOGNISE_SURE},
                {"ganglia", SAY("<?xml version=\"1.0\"?><html>"), false, RECOGNISE_MAYBE},
        };

        for (size_t i = 0; i < array_len(all); i++) {
                struct heard heard = {
                        .data = (const uint8_t *)all[i].line.bytes,
                        .len = all[i].line.len,
                        .asked = all[i].asked ? probe_find("tls") : NULL,
                        .transport = TRANSPORT_TCP,
                        .port = 1,
                };

                if (probe_find(all[i].probe)->recognise(&heard) != all[i].how)
                        fail_msg("%s of \"%s\"", all[i].probe, all[i].line.bytes);
        }
}

/* Nobody is named to a database, and nothing follows what refuses. */
static void test_postgresql_names_nobody(void **state)
{
        const struct play_line lines[] = {SAY("N"), SAY("R\0\0\0\x08\0\0\0\x0a")};
        struct play p = {.probe = probe_find("postgresql"), .port = 1, .lines = lines, .n_lines = 2};

        play(&p);
        assert_int_equal(p.sent.len, 8 + 9);
        assert_memory_equal(p.sent.text, "\0\0\0\x08\x04\xd2\x16\x2f\0\0\0\x09\0\3\0\0\0", 17);
        play_release(&p);
}

/* A server that closes on text gets the binary protocol on a new connection. */
static void test_memcached_binary(void **state)
{
        static const char version[] = "\x81\x0b\0\0\0\0\0\0\0\0\0\x05\0\0\0\5\0\0\0\0\0\0\0\0" "7.2.0"
                                      "\x81\x20\0\0\0\0\0\0\0\0\0\x05\0\0\0\5\0\0\0\0\0\0\0\0" "PLAIN";
        struct identity id;
        struct pool *pool = pool_new();
        struct talk t = {.id = &id, .pool = pool, .nonce = NONCE, .port = 11210};
        const struct probe *probe = probe_find("memcached");

        identity_init(&id);
        assert_int_equal(probe->talk(&t), TALK_SEND);
        t.ended = true;
        assert_int_equal(probe->talk(&t), TALK_AGAIN);
        t.ended = false;
        assert_int_equal(probe->talk(&t), TALK_SEND);
        t.in = (const uint8_t *)version;
        t.in_len = sizeof(version) - 1;
        assert_int_equal(probe->talk(&t), TALK_DONE);
        assert_string_equal(id.product, "Couchbase Server");
        assert_string_equal(id.version, "7.2.0");
        assert_int_equal(id.flags, IDENTITY_PLAIN_LOGIN);
        assert_null(id.cpe);
        str_release(&t.out);
        pool_free(pool);
}

static void test_member(void **state)
{
        static const char json[] = "{\"a\" : {\"b\":\"x\\\"y\"}, \"c\":true,\"n\":12}";
        struct line value;

        assert_true(member_find(json, sizeof(json) - 1, "b", &value));
        assert_int_equal(value.len, 4);
        assert_false(member_find(json, sizeof(json) - 1, "a", &value));
        assert_true(member_true(json, sizeof(json) - 1, "c"));
        assert_true(member_find(json, sizeof(json) - 1, "n", &value) && value.len == 2);
        assert_false(member_find(json, 8, "b", &value) || member_find("", 0, "b", &value));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all),          cmocka_unit_test(test_split),
                cmocka_unit_test(test_strangers),    cmocka_unit_test(test_echo),
                cmocka_unit_test(test_strange_text), cmocka_unit_test(test_recognise),
                cmocka_unit_test(test_member),       cmocka_unit_test(test_memcached_binary),
                cmocka_unit_test(test_postgresql_names_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
