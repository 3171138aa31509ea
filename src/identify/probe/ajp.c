/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AJP 1.3, what Apache httpd and nginx speak to Tomcat: CPing, then a GET of a page that is not there, whose error page
 * tells the product. A connector that wants a secret answers 403.
 */
#include "identify/probe.h"
#include "identify/product.h"

enum { SEND_BODY = 3, SEND_HEADERS, END_RESPONSE, CPONG = 9 };
enum step { START, PONG, ANSWER };

static enum recognition ajp_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);
        uint16_t magic = wire_be16(&w), len = wire_be16(&w);
        uint8_t type = wire_u8(&w);

        if (w.bad || magic != 0x4142 || !len || len > 8192)
                return RECOGNISE_NO;
        return type >= SEND_BODY && type <= CPONG && type != 7 && type != 8 ? RECOGNISE_LIKELY
                                                                            : RECOGNISE_NO;
}

static void add_string(struct str *to, const char *text)
{
        size_t len = strlen(text) & 0xff;

        str_add_n(to, (char[]){0, (char)len}, 2);
        str_add_n(to, text, len);
        str_add_char(to, '\0');
}

static enum talk_next get(struct talk *t)
{
        _cleanup_str_ struct str body = {0};

        str_add_n(&body, "\x02\x02", 2); /* forward request, GET */
        add_string(&body, "HTTP/1.1");
        add_string(&body, "/quaymaster-not-found");
        add_string(&body, "127.0.0.1");
        str_add_n(&body, "\xff\xff", 2); /* no remote host */
        add_string(&body, t->name);
        str_add_n(&body, "\0\x50\0\0\x01\xa0\x0b", 7); /* port 80, no TLS, one header: host */
        add_string(&body, t->name);
        str_add_char(&body, (char)0xff);
        talk_send_be16(t, 0x1234);
        talk_send_be16(t, (uint16_t)body.len);
        talk_send_bytes(t, body.text, body.len);
        t->step = ANSWER;
        return TALK_SEND;
}

static void take_page(struct talk *t, const struct line *page)
{
        static const struct {
                const char *find, *product, *vendor, *cpe;
        } known[] = {
                {"Apache Tomcat/", "Apache Tomcat", "apache", "tomcat"},
                {"Powered by Jetty:// ", "Jetty", "eclipse", "jetty"},
                {"JBoss Web/", "JBoss Web", "redhat", "jboss_web"},
                {"JBossWeb/", "JBoss Web", "redhat", "jboss_web"},
                {"GlassFish Server", "GlassFish Server", "oracle", "glassfish_server"},
        };

        for (size_t i = 0; i < array_len(known); i++) {
                const char *at = memmem(page->text, page->len, known[i].find, strlen(known[i].find));
                struct line version;

                if (!at)
                        continue;
                at += strlen(known[i].find);
                version = (struct line){at, page->len - (size_t)(at - page->text)};
                version = product_version(&version);
                talk_product(t, known[i].product, strlen(known[i].product));
                talk_version(t, version.text, version.len);
                talk_cpe(t, known[i].vendor, known[i].cpe);
                return;
        }
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        _cleanup_str_ struct str page = {0};
        bool over = t->ended || t->waited || t->in_len > 65536;

        while (wire_left(&w) > 4) {
                struct wire packet, at = w;
                uint8_t type;

                if (wire_be16(&at) != 0x4142)
                        return TALK_DONE;
                packet = wire_sub(&at, wire_be16(&at));
                if (at.bad)
                        break;
                w = at;
                type = wire_u8(&packet);
                if (type == SEND_HEADERS) {
                        uint16_t status = wire_be16(&packet);

                        talk_detail_u64(t, "status", status);
                        if (status != 403)
                                talk_flag(t, IDENTITY_NO_AUTH);
                }
                if (type == SEND_BODY) {
                        struct wire chunk = wire_sub(&packet, wire_be16(&packet));

                        str_add_n(&page, (const char *)chunk.at, wire_left(&chunk));
                }
                over = over || type == END_RESPONSE;
        }
        if (!over)
                return TALK_MORE;
        take_page(t, &(struct line){str_text(&page), page.len});
        return TALK_DONE;
}

static enum talk_next ajp_talk(struct talk *t)
{
        if (t->step == ANSWER)
                return answer(t);
        if (t->step == START) {
                talk_send_hex(t, "12 34 00 01 0a");
                t->step = PONG;
                return TALK_SEND;
        }
        if (t->in_len < 5)
                return TALK_MORE;
        if (memcmp(t->in, "AB\0\1\x09", 5) != 0)
                return TALK_DONE;
        talk_confirm(t, "ajp");
        talk_evidence(t, t->in, t->in_len);
        return get(t);
}

const struct probe probe_ajp = {
        .name = "ajp",
        .protocol = "ajp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "8009,8109,8209",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a GET of /quaymaster-not-found (404) in the access log of the servlet container",
        .reference = "The Apache Tomcat Connectors, AJP Protocol Reference (AJPv13)",
        .recognise = ajp_recognise,
        .talk = ajp_talk,
};
