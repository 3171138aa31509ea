/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telnet: the server's options (RFC 854, RFC 1143), each of which is refused (DONT, WONT), so that it goes on to its
 * prompt. Nothing is typed. A prompt without an option is only likely to be Telnet.
 */
#include "identify/banner.h"

enum {
        SE = 240,
        SB = 250,
        WILL = 251,
        WONT = 252,
        DO = 253,
        DONT = 254,
        IAC = 255,
};

enum memory { ROUNDS, SEEN, ANSWERED_LOW, ANSWERED_HIGH = ANSWERED_LOW + 4 };

#define ROUNDS_MAX 6u

static const struct banner products[] = {
        {"BusyBox v", "BusyBox", "busybox", "busybox"},
        {"Welcome to Microsoft Telnet", "Microsoft Telnet Service", NULL, NULL},
        {"MikroTik v", "MikroTik RouterOS", "mikrotik", "routeros"},
        {"MikroTik", "MikroTik RouterOS", "mikrotik", "routeros"},
        {"User Access Verification", "Cisco IOS", NULL, NULL},
        {"HP JetDirect", "HP JetDirect", NULL, NULL},
        {"Lantronix", "Lantronix", NULL, NULL},
        {"DD-WRT v", "DD-WRT", "dd-wrt", "dd-wrt"},
        {"OpenWrt", "OpenWrt", "openwrt", "openwrt"},
        {"ProCurve", "HP ProCurve", NULL, NULL},
        {"ArubaOS", "ArubaOS", NULL, NULL},
        {"HUAWEI", "Huawei", NULL, NULL},
        {"ZTE", "ZTE", NULL, NULL},
        {"Ruijie", "Ruijie", NULL, NULL},
        {"FortiGate", "FortiGate", NULL, NULL},
        {"VxWorks", "VxWorks", NULL, NULL},
        {"Fabric OS", "Brocade Fabric OS", NULL, NULL},
        {"OpenVMS", "OpenVMS", NULL, NULL},
        {"SunOS", "SunOS", NULL, NULL},
        {"FreeBSD/", "FreeBSD", NULL, NULL},
        {"NetBSD/", "NetBSD", NULL, NULL},
        {"Synchronet", "Synchronet", NULL, NULL},
        {"ser2net", "ser2net", NULL, NULL},
        {"Polycom", "Polycom", NULL, NULL},
        {"JUNOS", "Junos", NULL, NULL},
        {"RouterOS", "MikroTik RouterOS", "mikrotik", "routeros"},
};

/* What came, taken apart. */
struct parted {
        unsigned commands; /* whole negotiations */
        bool strange;      /* bytes that no Telnet server sends */
        size_t open;       /* bytes at the end that begin a command */
        struct str text;   /* the rest; released by the caller */
        struct str answer;
};

static bool tell_once(uint64_t *told, uint8_t command, uint8_t option)
{
        uint64_t *set = told + (command == DO ? ANSWERED_LOW : ANSWERED_HIGH) + option / 64;
        bool again = *set & 1ull << option % 64;

        *set |= 1ull << option % 64;
        return !again;
}

static void negotiation(struct parted *p, struct wire *w, uint64_t *told)
{
        uint8_t command = wire_u8(w), option;

        if (w->bad)
                return;
        if (command == IAC) {
                str_add_char(&p->text, '?');
        } else if (command == SB) {
                p->commands++;
                while (wire_left(w) >= 2 && !(w->at[0] == IAC && w->at[1] == SE))
                        wire_skip(w, 1);
                wire_skip(w, 2);
        } else if (command >= WILL && command <= DONT) {
                option = wire_u8(w);
                if (w->bad)
                        return;
                if (option > 49 && option < 138 &&
                    option != 93) /* none of the registered ones (RFC 855; IANA) */
                        p->strange = true;
                p->commands++;
                if ((command != DO && command != WILL) || !told || !tell_once(told, command, option))
                        return;
                str_add_char(&p->answer, (char)IAC);
                str_add_char(&p->answer, (char)(command == DO ? WONT : DONT));
                str_add_char(&p->answer, (char)option);
        } else if (command < 236) {
                p->strange = true;
        }
}

static struct parted take_apart(const uint8_t *data, size_t len, uint64_t *told)
{
        struct wire w = wire_over(data, len);
        struct parted p = {0};

        while (wire_left(&w)) {
                size_t left = wire_left(&w);
                uint8_t c = wire_u8(&w);

                if (c == IAC)
                        negotiation(&p, &w, told);
                else if (c)
                        str_add_char(&p.text, (char)c);
                if (w.bad)
                        p.open = left;
        }
        return p;
}

static bool prompts(const struct line *text)
{
        static const char *const words[] = {
                "login:", "username:", "user name:", "password:", "user:", "login :", "account:"};
        struct line end = *text;

        while (end.len && strchr(" \t\r\n", end.text[end.len - 1]) && end.text[end.len - 1])
                end.len--;
        for (size_t i = 0; i < array_len(words); i++)
                if (end.len >= strlen(words[i])) {
                        struct line tail = {end.text + end.len - strlen(words[i]), strlen(words[i])};

                        if (line_starts_i(&tail, words[i]))
                                return true;
                }
        return false;
}

static enum recognition telnet_recognise(const struct heard *h)
{
        struct parted p = take_apart(h->data, h->len, NULL);
        struct line text = {str_text(&p.text), p.text.len};
        bool clean = !p.text.len || banner_is_text((const uint8_t *)text.text, text.len) ||
                     memchr(text.text, 0x1b, text.len);
        enum recognition how = RECOGNISE_NO;

        if (p.commands && !p.strange && clean)
                how = h->data[0] == IAC || p.commands > 1 ? RECOGNISE_SURE : RECOGNISE_LIKELY;
        else if (h->data[0] == IAC && h->len < 3 && (h->len == 1 || h->data[1] >= SB))
                how = RECOGNISE_MAYBE;
        else if (!p.commands && !h->asked && clean && prompts(&text))
                how = RECOGNISE_LIKELY;
        str_release(&p.text);
        str_release(&p.answer);
        return how;
}

/* The line that a shell for strangers ends with: "/ # ", "host$ " */
static bool is_shell(const struct line *text)
{
        const char *end = text->text + text->len;

        return text->len >= 2 && end[-1] == ' ' && (end[-2] == '#' || end[-2] == '$') &&
               !line_find_i(text, "password") && !line_find_i(text, "login:");
}

static void take_text(struct talk *t, const struct line *text)
{
        struct line line;

        banner_take(t, text, products, array_len(products));
        if (prompts(text) && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (t->memory[SEEN] && is_shell(text))
                talk_flag(t, IDENTITY_NO_AUTH);
        for (size_t at = 0; line_next((const uint8_t *)text->text, text->len, &at, &line);)
                if (line_after(&line, 0).len > 2)
                        talk_detail(t, "banner", line.text, line.len);
}

static enum talk_next telnet_talk(struct talk *t)
{
        struct parted p = take_apart(t->in, t->in_len, t->memory);
        struct line text = {str_text(&p.text), p.text.len};
        enum talk_next next = TALK_MORE;

        if (p.commands && !p.strange) {
                t->memory[SEEN] = 1;
                talk_evidence(t, t->in, t->in_len);
                talk_confirm(t, "telnet");
        } else if (!t->memory[SEEN] && prompts(&text)) {
                talk_evidence(t, t->in, t->in_len);
                talk_likely(t, "telnet");
        }
        if (p.strange)
                next = TALK_DONE;
        else if (t->memory[SEEN] || t->id->confidence == CONFIDENCE_LIKELY)
                take_text(t, &text);
        if (next == TALK_MORE && prompts(&text))
                next = TALK_DONE;
        if (next == TALK_MORE && p.answer.len && t->memory[ROUNDS]++ < ROUNDS_MAX) {
                talk_send_bytes(t, p.answer.text, p.answer.len);
                t->keep = p.open;
                next = TALK_SEND;
        }
        str_release(&p.text);
        str_release(&p.answer);
        return next;
}

const struct probe probe_telnet = {
        .name = "telnet",
        .protocol = "telnet",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "23,992,2323,8023",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection that ends at the login prompt",
        .reference = "RFC 854, RFC 855, RFC 1143",
        .recognise = telnet_recognise,
        .talk = telnet_talk,
};
