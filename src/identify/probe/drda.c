/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DRDA (Db2, Derby, Informix): EXCSAT, where both sides say what they are before anybody's name. Text is
 * EBCDIC.
 */
#include "identify/line.h"
#include "identify/probe.h"

enum {
        EXCSAT = 0x1041,
        EXCSATRD = 0x1443,
        EXTNAM = 0x115e,
        SRVNAM = 0x116d,
        SRVRLSLV = 0x115a,
        SRVCLSNM = 0x1147,
        MGRLVLLS = 0x1404
};

#define REPLY_MAX 32767u

/* Code page 500, as much of it as names are made of; others become '?' */
static char from_ebcdic(uint8_t c)
{
        static const char punctuation[] =
                "\x40 \x4b.\x4d(\x4e+\x50&\x5d)\x60-\x61/\x6b,\x6d_\x6f?\x7a:\x7b#\x7c@\x7e=";

        if (c >= 0xf0 && c <= 0xf9)
                return (char)('0' + c - 0xf0);
        for (unsigned row = 0x81, letter = 'a'; row <= 0xa2; row += 0x10) {
                unsigned first = row == 0xa1 ? 0xa2 : row, n = row == 0xa1 ? 8 : 9;

                if (c >= first && c < first + n)
                        return (char)(letter + c - first);
                if (c >= first + 0x40 && c < first + 0x40 + n)
                        return (char)(letter + c - first - 0x40 - 0x20);
                letter += n;
        }
        for (size_t i = 0; i + 1 < sizeof(punctuation) - 1; i += 2)
                if ((uint8_t)punctuation[i] == c)
                        return punctuation[i + 1];
        return '?';
}

/* Servers of ASCII machines may answer in ASCII. */
static void text_of(struct str *to, struct wire text)
{
        bool ascii = true;

        for (const uint8_t *at = text.at; at < text.end; at++)
                ascii &= *at >= 0x20 && *at < 0x7f;
        for (const uint8_t *at = text.at; at < text.end && to->len < IDENTITY_TEXT_MAX; at++)
                str_add_char(to,
                             ascii && wire_left(&text) && *text.at != 0x40 ? (char)*at : from_ebcdic(*at));
        while (to->len && to->text[to->len - 1] == ' ')
                to->text[--to->len] = '\0';
}

static enum talk_next ask(struct talk *t)
{
        /*
         * DSS: length, D0, request, id 1; EXCSAT with our name in EBCDIC ("quaymaster"), and levels of
         * managers
         */
        talk_send_hex(t, "0038 d0 01 0001  0032 1041"
                         "000e 115e 98a481a89481a2a38599"
                         "0018 1404  1403 0007  2407 0007  240f 0007  1440 0007  1474 0005"
                         "0008 1147 d8d4 4040");
        return TALK_SEND;
}

/* "SQL11055" (Db2 11.5.5), "DSN12015" (z/OS), "IFX..."; Derby: "CSS10140/10.14.2.0 - (1828579)" */
static void take_release(struct talk *t, const struct str *release, const struct str *class)
{
        struct line text = {str_text(release), release->len}, kind = {str_text(class), class->len}, rest;
        _cleanup_str_ struct str version = {0};
        const char *slash = memchr(text.text, '/', text.len);

        talk_detail(t, "release", text.text, text.len);
        if (line_find_i(&kind, "Derby") || line_starts(&text, "CSS")) {
                talk_product(t, "Apache Derby", 12);
                if (slash) {
                        rest = line_after(&text, (size_t)(slash - text.text) + 1);
                        rest = line_word(&rest, 0);
                        talk_version(t, rest.text, rest.len);
                }
                talk_cpe(t, "apache", "derby");
                return;
        }
        if (line_starts(&text, "IFX") || line_find_i(&kind, "IDS") || line_find_i(&kind, "Informix")) {
                talk_product(t, "IBM Informix", 12);
                return;
        }
        if (!line_starts(&text, "SQL") && !line_starts(&text, "DSN") && !line_starts(&text, "QSQ"))
                return;
        talk_product(t,
                     line_starts(&text, "DSN")   ? "IBM Db2 for z/OS"
                     : line_starts(&text, "QSQ") ? "IBM Db2 for i"
                                                 : "IBM Db2",
                     line_starts(&text, "DSN")   ? 16
                     : line_starts(&text, "QSQ") ? 13
                                                 : 7);
        for (size_t i = 3; i < text.len; i++)
                if (text.text[i] < '0' || text.text[i] > '9')
                        return;
        if (text.len != 8)
                return;
        str_addf(&version, "%u.%u.%u", (unsigned)(text.text[3] - '0') * 10 + (unsigned)(text.text[4] - '0'),
                 (unsigned)(text.text[5] - '0') * 10 + (unsigned)(text.text[6] - '0'),
                 (unsigned)(text.text[7] - '0'));
        talk_version(t, version.text, version.len);
        if (line_starts(&text, "SQL"))
                talk_cpe(t, "ibm", "db2");
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint16_t len = wire_be16(&w);
        uint8_t magic = wire_u8(&w), format = wire_u8(&w);
        _cleanup_str_ struct str class = {0}, name = {0}, release = {0}, external = {0};

        if (t->in_len > 2 && t->in[2] != 0xd0)
                return TALK_DONE;
        if (t->in_len < 10)
                return TALK_MORE;
        if (magic != 0xd0 || (format & 0x0f) != 2 || len < 10 ||
            len > REPLY_MAX) /* a reply, not a request */
                return TALK_DONE;
        if (t->in_len < len)
                return TALK_MORE;
        wire_skip(&w, 2);
        body = wire_sub(&w, len - 6u);
        wire_skip(&body, 2);
        if (wire_be16(&body) != EXCSATRD)
                return TALK_DONE;
        talk_confirm(t, "drda");
        while (wire_left(&body) >= 4) {
                uint16_t n = wire_be16(&body), code = wire_be16(&body);
                struct wire value = wire_sub(&body, n >= 4 ? n - 4u : SIZE_MAX);

                if (value.bad)
                        break;
                if (code == EXTNAM)
                        text_of(&external, value);
                else if (code == SRVNAM)
                        text_of(&name, value);
                else if (code == SRVRLSLV)
                        text_of(&release, value);
                else if (code == SRVCLSNM)
                        text_of(&class, value);
        }
        talk_detail(t, "class", str_text(&class), class.len);
        talk_detail(t, "name", str_text(&name), name.len);
        talk_detail(t, "external-name", str_text(&external), external.len);
        take_release(t, &release, &class);
        return TALK_DONE;
}

static enum talk_next drda_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_drda = {
        .name = "drda",
        .protocol = "drda",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "446,448,523,1527,9088-9091,50000-50002",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "an ended conversation, at a diagnostic level of 4",
        .reference = "DRDA volume 3 (DDM): EXCSAT, EXCSATRD",
        .talk = drda_talk,
};
