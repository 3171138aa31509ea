/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes of the web and its neighbours, against servers that are played. */
#include "identify/registry.h"
#include "play.h"
#include "test.h"

struct told {
        const char *probe;
        uint16_t port;
        bool udp, greeting, ends;
        struct play_line lines[4];
        /* what must be learnt */
        const char *protocol; /* NULL = nothing */
        enum confidence confidence;
        enum encryption encryption;
        const char *product, *version;
        unsigned flags;
        const char *key, *value;
        uint64_t nonce;
};

#define OF(bytes) {bytes, sizeof(bytes) - 1}
#define SURE      CONFIDENCE_CONFIRMED
#define LIKELY    CONFIDENCE_LIKELY
#define PLAIN     ENCRYPTION_NONE
#define H200      "HTTP/1.1 200 OK\r\n"

static const char *or_none(const char *text)
{
        return text ? text : "(none)";
}

static void check(const struct told *told, bool split)
{
        struct play p = {
                .probe = probe_find(told->probe),
                .transport = told->udp ? TRANSPORT_UDP : TRANSPORT_TCP,
                .port = told->port,
                .nonce = told->nonce,
                .greeting = told->greeting,
                .split = split,
                .ends = told->ends,
                .lines = told->lines,
        };

        while (p.n_lines < array_len(told->lines) && told->lines[p.n_lines].bytes)
                p.n_lines++;
        assert_non_null(p.probe);
        play(&p);
        if (!told->protocol) {
                if (p.id.confidence != CONFIDENCE_REGISTERED)
                        fail_msg("%s took what is not its own for %s: %s", told->probe, p.id.protocol, told->lines[0].bytes);
                assert_null(p.id.product);
                play_release(&p);
                return;
        }
        if (!streq(p.id.protocol, told->protocol) || p.id.confidence != told->confidence ||
            p.id.encryption != told->encryption || !streq_ptr(p.id.product, told->product) ||
            !streq_ptr(p.id.version, told->version) || p.id.flags != told->flags ||
            (told->key && !streq_ptr(identity_detail(&p.id, told->key), told->value)))
                fail_msg("%s%s, \"%.60s\": %s, confidence %d, encryption %d, product %s, version %s, flags %x, %s %s", told->probe,
                         split ? " byte by byte" : "", told->lines[0].bytes, p.id.protocol, p.id.confidence, p.id.encryption,
                         or_none(p.id.product), or_none(p.id.version), p.id.flags, or_none(told->key),
                         or_none(told->key ? identity_detail(&p.id, told->key) : NULL));
        play_release(&p);
}

static void check_all(const struct told *told, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                check(&told[i], false);
                check(&told[i], true);
        }
}

/* --- HTTP ---------------------------------------------------------------------------------------------- */

static void test_http_servers(void **state)
{
        static const struct told told[] = {
                {"http", 80, .lines = {OF(H200 "Server: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<title>Welcome!</title>\n")},
                 .protocol = "http", SURE, PLAIN, "nginx", "1.22.1", 0, "title", "Welcome!"},
                {"http", 80, .ends = true, .lines = {OF("HTTP/1.0 404 Not Found\r\nServer: Apache/2.4.57 (Debian) OpenSSL/3.0\r\n\r\nx")},
                 .protocol = "http", SURE, PLAIN, "Apache httpd", "2.4.57", 0, "server", "Apache/2.4.57 (Debian) OpenSSL/3.0"},
                {"http", 8080, .lines = {OF("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"router\"\r\nServer: mini_httpd/1.30 26Oct2018\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "mini_httpd", "1.30", IDENTITY_PLAIN_LOGIN, "realm", "router"},
                {"http", 8000, .lines = {OF(H200 "Server: Icecast 2.4.4\r\nContent-Length: 1\r\n\r\nx")}, .protocol = "http", SURE, PLAIN, "Icecast", "2.4.4"},
                {"http", 8000, .lines = {OF(H200 "Server: Jetty(9.4.50.v20221201)\r\nContent-Length: 1\r\n\r\nx")}, .protocol = "http", SURE, PLAIN, "Jetty", "9.4.50.v20221201"},
                {"http", 8000, .lines = {OF(H200 "Server: Frobnicator-X/7.2b1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "Frobnicator-X", "7.2b1"},
                {"http", 80, .lines = {OF("ICY 200 OK\r\nicy-notice2:SHOUTcast Distributed Network Audio Server/Linux v1.9.8<BR>\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "SHOUTcast", "1.9.8"},
                {"http", 80, .greeting = true, .ends = true, .lines = {OF("HTTP/1.1 408 Request Timeout\r\nServer: lighttpd/1.4.69\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "lighttpd", "1.4.69", 0, "status", "408"},
                {"http", 80, .lines = {OF("HTTP/1.1 200 OK\r\nServer: nginx\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\nab")},
                 .protocol = "http", SURE, PLAIN, "nginx", NULL},
        };

        check_all(told, array_len(told));
}

static void test_http_products(void **state)
{
        static const struct told told[] = {
                {"http", 8080, .lines = {OF(H200 "Content-Length: 28\r\n\r\n<title>Apache Tomcat</title>"),
                                         OF("HTTP/1.1 404 \r\nContent-Length: 28\r\n\r\n<h3>Apache Tomcat/10.1.6</h3>")},
                 .protocol = "http", SURE, PLAIN, "Apache Tomcat", "10.1.6"},
                {"http", 8222, .lines = {OF(H200 "Content-Length: 26\r\n\r\n<a href=https://nats.io/ >"),
                                         OF(H200 "Content-Length: 36\r\n\r\n{\"server_id\":\"A\",\"version\": \"2.9.10\"}")},
                 .protocol = "http", SURE, PLAIN, "nats-server", "2.9.10", IDENTITY_NO_AUTH},
                {"http", 9200, .lines = {OF(H200 "content-length: 80\r\n\r\n{\"name\":\"n\",\"version\":{\"number\" : \"7.17.9\"},\"tagline\":\"You Know, for Search\"}  ")},
                 .protocol = "http", SURE, PLAIN, "Elasticsearch", "7.17.9", IDENTITY_NO_AUTH},
                {"http", 2375, .ends = true, .lines = {OF("HTTP/1.1 404 Not Found\r\nContent-Length: 29\r\n\r\n{\"message\":\"page not found\"}\n"),
                                         OF(H200 "Server: Docker/20.10.24 (linux)\r\n\r\n{\"Platform\":{\"Name\":\"\"},\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}")},
                 .protocol = "http", SURE, PLAIN, "Docker", "20.10.24", IDENTITY_NO_AUTH},
                {"http", 2379, .lines = {OF("HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n404 page not found\n"),
                                         OF(H200 "Content-Length: 45\r\n\r\n{\"etcdserver\":\"3.4.23\",\"etcdcluster\":\"3.4.0\"}")},
                 .protocol = "http", SURE, PLAIN, "etcd", "3.4.23"},
                {"http", 8080, .lines = {OF("HTTP/1.1 403 Forbidden\r\nX-Jenkins: 2.387.1\r\nServer: Jetty(10.0.13)\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "Jenkins", "2.387.1", 0, "server", "Jetty(10.0.13)"},
                {"http", 9090, .lines = {OF("HTTP/1.1 302 Found\r\nLocation: /graph\r\nContent-Length: 0\r\n\r\n"),
                                         OF(H200 "Content-Length: 78\r\n\r\n{\"status\":\"success\",\"data\":{\"version\":\"2.42.0\",\"buildUser\":\"\",\"buildDate\":\"x\"}}")},
                 .protocol = "http", SURE, PLAIN, "Prometheus", "2.42.0", IDENTITY_NO_AUTH},
                {"http", 5985, .lines = {OF("HTTP/1.1 404 Not Found\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "Microsoft HTTPAPI", "2.0"},
                {"http", 8086, .lines = {OF("HTTP/1.1 404 Not Found\r\nX-Influxdb-Version: 1.6.7\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "InfluxDB", "1.6.7"},
                {"http", 6081, .lines = {OF("HTTP/1.1 503 Backend fetch failed\r\nServer: Varnish\r\nX-Varnish: 6\r\nVia: 1.1 varnish (Varnish/7.1)\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "Varnish", "7.1"},
                {"http", 8200, .lines = {OF(H200 "Server: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "MiniDLNA", "1.3.0"},
                {"http", 1404, .lines = {OF("HTTP/1.0 503 Service Unavailable\r\nContent-Length: 60\r\n\r\n<h1>503</h1>\nNo server is available to handle this request.\n\n")},
                 .protocol = "http", SURE, PLAIN, "HAProxy", NULL},
        };

        check_all(told, array_len(told));
}

static void test_http_proxies(void **state)
{
        static const struct told told[] = {
                {"http", 3128, .lines = {OF("HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nX-Squid-Error: ERR_INVALID_URL 0\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http-proxy", SURE, PLAIN, "Squid", "5.7"},
                {"http", 80, .lines = {OF(H200 "Server: Apache\r\nVia: 1.1 edge (squid/5.7)\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "Apache", NULL},
                {"http", 8888, .lines = {OF("HTTP/1.0 400 Bad Request\r\nServer: tinyproxy/1.11.1\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http-proxy", SURE, PLAIN, "Tinyproxy", "1.11.1"},
                {"http", 8080, .lines = {OF("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http-proxy", SURE, PLAIN, NULL, NULL},
        };

        check_all(told, array_len(told));
}

static void test_http_refusals(void **state)
{
        static const struct told told[] = {
                {"http", 443, .lines = {OF("HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Length: 60\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>")}},
                {"http", 443, .ends = true, .lines = {OF("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")}},
                {"http", 443, .lines = {OF("HTTP/1.1 400 \r\nContent-Length: 60\r\n\r\nBad Request\r\nThis combination of host and port requires TLS.")}},
                {"http", 27017, .ends = true, .lines = {OF("HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 85\r\n\r\nIt looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n")}},
                {"http", 9050, .ends = true, .lines = {OF("HTTP/1.0 501 Tor is not an HTTP Proxy\r\nContent-Type: text/html\r\n\r\n")}},
                {"http", 80, .lines = {OF("GET / HTTP/1.1\r\nHost: host.example\r\n\r\n")}},
                {"http", 80, .lines = {OF("<html>HTTP/0.9</html>")}},
                {"http", 80, .lines = {OF("-ERR unknown command 'GET'\r\n")}},
                {"http", 80, .lines = {OF("SSH-2.0-OpenSSH_9.2p1\r\n")}},
        };
        struct heard h = {.transport = TRANSPORT_TCP, .asked = probe_find("tls")};

        check_all(told, array_len(told));
        for (size_t i = 0; i < array_len(told); i++) {
                h.data = (const uint8_t *)told[i].lines[0].bytes;
                h.len = told[i].lines[0].len;
                assert_int_equal(probe_find("http")->recognise(&h), RECOGNISE_NO);
        }
        h.data = (const uint8_t *)"HTTP/1.1 400 Bad Request\r\n\r\n";
        h.len = 28;
        assert_int_equal(probe_find("http")->recognise(&h), RECOGNISE_SURE);
}

/* A redirect to TLS at the same port: TLS is there, too, and is what counts. */
static void test_http_both(void **state)
{
        static const struct told told[] = {
                {"http", 9090, .lines = {OF("HTTP/1.1 301 Moved Permanently\r\nLocation: https://host.example:9090/\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", LIKELY, PLAIN, NULL, NULL},
                {"http", 80, .lines = {OF("HTTP/1.1 301 Moved Permanently\r\nServer: nginx\r\nLocation: https://host.example/\r\nContent-Length: 0\r\n\r\n")},
                 .protocol = "http", SURE, PLAIN, "nginx", NULL},
        };

        check_all(told, array_len(told));
}

static void test_http_request(void **state)
{
        const struct play_line lines[] = {OF(H200 "Server: nginx/1.2\r\nContent-Length: 0\r\n\r\n")};
        struct play p = {.probe = probe_find("http"), .port = 8080, .lines = lines, .n_lines = 1};

        play(&p);
        assert_string_equal(str_text(&p.sent), "GET / HTTP/1.1\r\nHost: host.example:8080\r\nUser-Agent: quaymaster\r\nAccept: */*\r\n"
                                               "Connection: close\r\n\r\n");
        assert_string_equal(p.id.cpe, "cpe:2.3:a:f5:nginx:1.2:*:*:*:*:*:*:*");
        play_release(&p);
}

/* SETTINGS, its acknowledgement, HEADERS with :status 200 by index, server "nginx/1.22.1" in Huffman code, the end */
static void test_http2(void **state)
{
#define SETTINGS "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x80"
        static const struct told told[] = {
                {"http", 50051, .lines = {OF(SETTINGS), OF(SETTINGS "\0\0\0\4\1\0\0\0\0\x00\x00\x0c\x01\x05\x00\x00\x00\x01\x88\x76\x89\xaa\x63\x55\xe5\x80\xae\x21\x2e\x1f")},
                 .protocol = "http", SURE, PLAIN, "nginx", "1.22.1", 0, "http-version", "2"},
                {"http", 50051, .greeting = true, .lines = {OF(SETTINGS), OF("\0\0\x0a\1\5\0\0\0\1\x48\x03" "404" "\x76\x03" "abc")},
                 .protocol = "http", SURE, PLAIN, "abc", NULL, 0, "status", "404"},
                {"http", 50051, .lines = {OF(SETTINGS), OF(SETTINGS)}, .protocol = "http", SURE, PLAIN, NULL, NULL, 0, "http-version", "2"},
        };

        check_all(told, array_len(told));
}

/* --- printing, media, telephony ------------------------------------------------------------------------ */

static void test_ipp(void **state)
{
        static const struct told told[] = {
                {"ipp", 631, .nonce = 0x01020304, .lines = {OF(H200 "Content-Type: application/ipp\r\nServer: CUPS/2.4 IPP/2.1\r\nContent-Length: 9\r\n\r\n\1\1\4\6\1\2\3\4\3")},
                 .protocol = "ipp", SURE, PLAIN, "CUPS", "2.4", 0, "ipp-version", "2.1"},
                {"ipp", 631, .nonce = 0x01020304, .lines = {OF(H200 "Content-Type: application/ipp\r\nServer: HP HTTP Server; HP LaserJet\r\nContent-Length: 9\r\n\r\n\1\1\5\1\1\2\3\4\3")},
                 .protocol = "ipp", SURE, PLAIN, "HP HTTP Server", NULL},
                {"ipp", 631, .lines = {OF(H200 "Server: nginx\r\nContent-Length: 0\r\n\r\n")}},
        };

        check_all(told, array_len(told));
}

static void test_rtsp(void **state)
{
        static const struct told told[] = {
                {"rtsp", 554, .lines = {OF("RTSP/1.0 200 OK\r\nCSeq: 2\r\nPublic: OPTIONS, DESCRIBE\r\nServer: GStreamer RTSP server\r\n\r\n")},
                 .protocol = "rtsp", SURE, PLAIN, "GStreamer RTSP server", NULL, 0, "methods", "OPTIONS, DESCRIBE"},
                {"rtsp", 554, .lines = {OF("RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Basic realm=\"x\"\r\nServer: Hipcam RealServer/V1.0\r\n\r\n")},
                 .protocol = "rtsp", SURE, PLAIN, "Hipcam RealServer", "1.0", IDENTITY_PLAIN_LOGIN},
                {"rtsp", 554, .lines = {OF("OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")}},
                {"rtsp", 554, .lines = {OF("HTTP/1.1 400 Bad Request\r\n\r\n")}},
        };

        check_all(told, array_len(told));
}

static void test_sip(void **state)
{
#define SIP_ANSWER(id) "SIP/2.0 483 Too Many Hops\r\nCall-ID: " id "@quaymaster.invalid\r\nCSeq: 1 OPTIONS\r\nServer: kamailio (5.6.3 (x86_64/linux))\r\n\r\n"
        static const struct told told[] = {
                {"sip", 5060, .udp = true, .nonce = 0xabc, .lines = {OF(SIP_ANSWER("0000000000000abc"))}, .protocol = "sip", SURE, PLAIN, "Kamailio", "5.6.3"},
                {"sip", 5060, .nonce = 0xabc, .lines = {OF(SIP_ANSWER("0000000000000abc"))}, .protocol = "sip", SURE, PLAIN, "Kamailio", "5.6.3"},
                {"sip", 5060, .udp = true, .nonce = 0xabd, .lines = {OF(SIP_ANSWER("0000000000000abc"))}, .protocol = "sip", LIKELY, PLAIN, "Kamailio", "5.6.3"},
                {"sip", 5060, .lines = {OF("SIP/2.0 200 OK\r\ni: 0000000000000000@quaymaster.invalid\r\nUser-Agent: Asterisk PBX 20.1.0~dfsg\r\n\r\n")},
                 .protocol = "sip", SURE, PLAIN, "Asterisk", "20.1.0~dfsg"},
                {"sip", 5060, .udp = true, .lines = {OF("OPTIONS sip:host.example SIP/2.0\r\n\r\n")}},
        };

        check_all(told, array_len(told));
}

static void test_ssdp_and_quic(void **state)
{
        static const struct told told[] = {
                {"ssdp", 1900, .udp = true, .lines = {OF(H200 "ST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\nLOCATION: http://x/\r\nSERVER: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0\r\n\r\n")},
                 .protocol = "ssdp", SURE, PLAIN, "MiniDLNA", "1.3.0"},
                {"ssdp", 1900, .udp = true, .lines = {OF(H200 "Server: nginx\r\n\r\n")}},
                {"ssdp", 1900, .udp = true, .lines = {OF("M-SEARCH * HTTP/1.1\r\nHost: x\r\nST: ssdp:all\r\n\r\n")}},
                {"quic", 443, .udp = true, .nonce = 0x0807060504030201, .lines = {OF("\xcf\0\0\0\0\x08\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\x08\1\2\3\4\5\6\7\x08\0\0\0\1\x6b\x33\x43\xcf\x0a\x1a\x2a\x3a\xff\0\0\x1d")},
                 .protocol = "quic", SURE, ENCRYPTION_TLS, NULL, NULL, 0, "versions", "1 2 draft-29"},
                {"quic", 443, .udp = true, .nonce = 1, .lines = {OF("\xcf\0\0\0\0\x08\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\x08\1\2\3\4\5\6\7\x08\0\0\0\1")}},
        };

        check_all(told, array_len(told));
}

/* --- middleware ---------------------------------------------------------------------------------------- */

static void test_ajp(void **state)
{
#define PAGE "<h3>Apache Tomcat/10.1.6 (Debian)</h3>"
        static const struct told told[] = {
                {"ajp", 8009, .lines = {OF("AB\0\1\x09"), OF("AB\0\7\4\1\x94\0\0\0\0" "AB\0\x2a\3\0\x26" PAGE "\0" "AB\0\2\5\1")},
                 .protocol = "ajp", SURE, PLAIN, "Apache Tomcat", "10.1.6", IDENTITY_NO_AUTH, "status", "404"},
                {"ajp", 8009, .lines = {OF("AB\0\1\x09"), OF("AB\0\7\4\1\x93\0\0\0\0" "AB\0\2\5\1")}, .protocol = "ajp", SURE, PLAIN, NULL, NULL, 0, "status", "403"},
                {"ajp", 8009, .lines = {OF("\x12\x34\0\1\x0a")}},
        };

        check_all(told, array_len(told));
}

static void test_application_servers(void **state)
{
        static const struct told told[] = {
                {"fastcgi", 9000, .lines = {OF("\1\x0a\0\0\0\x12\0\0\x0f\1FCGI_MPXS_CONNS0")}, .protocol = "fastcgi", SURE, PLAIN, NULL, NULL, IDENTITY_NO_AUTH, "values", "FCGI_MPXS_CONNS=0"},
                {"fastcgi", 9000, .lines = {OF("\1\x09\0\0\0\x31\0\0")}},
                {"uwsgi", 3031, .lines = {OF("\x64\0\0\1")}, .protocol = "uwsgi", SURE, PLAIN, "uWSGI", NULL, IDENTITY_NO_AUTH},
                {"uwsgi", 3031, .lines = {OF("\x64\0\0\0")}},
                {"icap", 1344, .lines = {OF("ICAP/1.0 404 Service not found\r\nServer: C-ICAP/0.5.10\r\nConnection: close\r\n\r\n")},
                 .protocol = "icap", SURE, PLAIN, "c-icap", "0.5.10", 0, "status", "404"},
                {"icap", 1344, .lines = {OF("OPTIONS icap://host.example:1344/ ICAP/1.0\r\n\r\n")}},
                {"nrpe", 5666, .ends = true, .lines = {OF("\0\2\0\2\1\2\3\4\0\0NRPE v4.1.0\0\0\0\0\0\0\0\0")},
                 .protocol = "nrpe", SURE, PLAIN, "NRPE", "4.1.0", IDENTITY_NO_AUTH},
                {"nrpe", 5666, .lines = {OF("\0\2\0\1\1\2\3\4\0\0_NRPE_CHECK")}},
        };

        check_all(told, array_len(told));
}

static void test_brokers(void **state)
{
        static const struct told told[] = {
                {"stomp", 61613, .lines = {OF("CONNECTED\nserver:RabbitMQ/3.10.8\nsession:session-1\nheart-beat:0,0\nversion:1.2\n\n\0")},
                 .protocol = "stomp", SURE, PLAIN, "RabbitMQ", "3.10.8", IDENTITY_NO_AUTH | IDENTITY_PLAIN_LOGIN, "protocol-version", "1.2"},
                {"stomp", 61613, .lines = {OF("ERROR\nmessage:Bad CONNECT\ncontent-type:text/plain\n\nAccess refused\0")},
                 .protocol = "stomp", SURE, PLAIN, NULL, NULL, IDENTITY_PLAIN_LOGIN},
                {"stomp", 61613, .lines = {OF("ERROR\r\nERROR\r\n\0")}},
                {"stomp", 61613, .lines = {OF("STOMP\naccept-version:1.0,1.1,1.2\nhost:host.example\n\n\0")}},
                {"openwire", 61616, .greeting = true, .lines = {OF("\0\0\0\x49\1ActiveMQ\0\0\0\x0c\1\0\0\0\x31\0\0\0\2\0\x0cProviderName\x09\0\x08" "ActiveMQ\0\x0fProviderVersion\x09\0\6" "5.17.2")},
                 .protocol = "openwire", SURE, PLAIN, "ActiveMQ", "5.17.2", 0, "protocol-version", "12"},
                {"openwire", 61616, .greeting = true, .lines = {OF("220 hello, no ActiveMQ here\r\n")}},
                {"zmtp", 4505, .greeting = true, .lines = {OF("\xff\0\0\0\0\0\0\0\1\x7f"), OF("\3\1" "CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
                 .protocol = "zmtp", SURE, ENCRYPTION_NATIVE, NULL, NULL, 0, "protocol-version", "3.1"},
                {"zmtp", 4505, .greeting = true, .lines = {OF("\xff\xfb\1\xff\xfb\3\xff\xfd\x1f\xff")}},
        };

        check_all(told, array_len(told));
}

static void test_java_and_erlang(void **state)
{
        static const struct told told[] = {
                {"jdwp", 8000, .nonce = 0x11223344, .lines = {OF("JDWP-Handshake"), OF("\0\0\0\x2c\x11\x22\x33\x44\x80\0\0\0\0\0\3JPD\0\0\0\x11\0\0\0\0\0\0\0\6" "17.0.6\0\0\0\4Java")},
                 .protocol = "jdwp", SURE, PLAIN, "Java", "17.0.6", IDENTITY_NO_AUTH, "description", "JPD"},
                {"jdwp", 8000, .nonce = 0x11223344, .lines = {OF("JDWP-Handshake"), OF("\0\0\0\x0b\x11\x22\x33\x44\0\1\1\0\0\0\x0b\x11\x22\x33\x45\0\1\6")}},
                {"rmi", 1099, .lines = {OF("N\0\x09" "127.0.0.1\0\0\x9c\x40")}, .protocol = "rmi", SURE, PLAIN, "Java RMI", NULL},
                {"rmi", 1099, .lines = {OF("JRMI\0\2K")}},
                {"epmd", 4369, .ends = true, .lines = {OF("\0\0\x11\x11name rabbit at port 25672\n")},
                 .protocol = "epmd", SURE, PLAIN, "epmd", NULL, IDENTITY_NO_AUTH, "nodes", "rabbit at port 25672"},
                {"epmd", 4369, .ends = true, .lines = {OF("\0\1n")}},
        };

        check_all(told, array_len(told));
}

static void test_others(void **state)
{
        static const struct told told[] = {
                {"tor-control", 9051, .ends = true, .lines = {OF("250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION Tor=\"0.4.7.16\"\r\n250 OK\r\n250 closing connection\r\n")},
                 .protocol = "tor-control", SURE, PLAIN, "Tor", "0.4.7.16", IDENTITY_NO_AUTH, "authentication", "NULL"},
                {"tor-control", 9051, .ends = true, .lines = {OF("250 OK\r\n")}},
                {"iperf3", 5201, .lines = {OF("\x09")}, .protocol = "iperf3", SURE, PLAIN, "iperf3", NULL, IDENTITY_NO_AUTH},
                {"iperf3", 7, .lines = {OF("\x09")}, .protocol = "iperf3", LIKELY, PLAIN, "iperf3", NULL, IDENTITY_NO_AUTH},
                {"iperf3", 5201, .lines = {OF("\x09hello")}},
                {"mumble", 64738, .udp = true, .nonce = 0x0102030405060708, .lines = {OF("\0\1\3\4\1\2\3\4\5\6\7\x08\0\0\0\2\0\0\0\x64\0\2\0\0")},
                 .protocol = "mumble", SURE, ENCRYPTION_NATIVE, "Murmur", "1.3.4", 0, "users", "2"},
                {"mumble", 64738, .greeting = true, .lines = {OF("\0\0\0\0\0\x14\x08\x84\x86\x04\x12\x05" "1.3.4" "\x1a\5Linux\x22\0")},
                 .protocol = "mumble", SURE, PLAIN, "Murmur", "1.3.4", 0, "os", "Linux"},
                {"mumble", 64738, .udp = true, .lines = {OF("\0\0\0\0\0\0\0\0\0\0\0\0")}},
                {"minecraft", 25565, .lines = {OF("\x31\0\x2f{\"version\":{\"name\":\"Paper 1.19.4\",\"protocol\":762}}")},
                 .protocol = "minecraft", SURE, PLAIN, "Paper", "1.19.4"},
                {"minecraft", 25565, .lines = {OF("\x12\0\x2f\x0chost.example")}},
                {"teamspeak", 10011, .greeting = true, .lines = {OF("TS3\n\rWelcome to the TeamSpeak 3 ServerQuery interface\n\r"), OF("version=3.13.7 build=1 platform=Linux\n\rerror id=0 msg=ok\n\r")},
                 .protocol = "teamspeak", SURE, PLAIN, "TeamSpeak 3", "3.13.7", IDENTITY_NO_AUTH | IDENTITY_PLAIN_LOGIN},
                {"teamspeak", 10011, .greeting = true, .lines = {OF("220 ready\r\n")}},
        };

        check_all(told, array_len(told));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_http_servers), cmocka_unit_test(test_http_products), cmocka_unit_test(test_http_proxies),
                cmocka_unit_test(test_http_refusals), cmocka_unit_test(test_http_both), cmocka_unit_test(test_http_request),
                cmocka_unit_test(test_http2), cmocka_unit_test(test_ipp), cmocka_unit_test(test_rtsp), cmocka_unit_test(test_sip),
                cmocka_unit_test(test_ssdp_and_quic), cmocka_unit_test(test_ajp), cmocka_unit_test(test_application_servers),
                cmocka_unit_test(test_brokers), cmocka_unit_test(test_java_and_erlang), cmocka_unit_test(test_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
