/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Game servers on the Quake III engine: their status, with a challenge that they repeat. */
#include "identify/line.h"
#include "identify/probe.h"

#define REPLY "\xff\xff\xff\xffstatusResponse\n"

static enum talk_next ask(struct talk *t)
{
        _cleanup_str_ struct str request = {0};

        str_addf(&request, "\xff\xff\xff\xffgetstatus %08x\n", (unsigned)t->nonce);
        talk_send_bytes(t, request.text, request.len);
        t->step = 1;
        return TALK_SEND;
}

/* "\key\value\key\value": the value. */
static bool value_of(const struct line *all, const char *key, struct line *ret)
{
        for (size_t at = 0; at < all->len && all->text[at] == '\\';) {
                struct line name = {all->text + at + 1, 0}, value;

                for (at++; at < all->len && all->text[at] != '\\'; at++)
                        name.len++;
                if (at >= all->len)
                        return false;
                value = (struct line){all->text + at + 1, 0};
                for (at++; at < all->len && all->text[at] != '\\'; at++)
                        value.len++;
                if (name.len == strlen(key) && line_starts_i(&name, key)) {
                        *ret = value;
                        return true;
                }
        }
        return false;
}

/* "ioq3 1.36+u20221123.70d07d9+dfsg-1/Debian linux-x86_64 Nov 24 2022", "Q3 1.32c linux-i386 ..." */
static void take_version(struct talk *t, const struct line *text)
{
        struct line number = line_word(text, 1);

        talk_detail(t, "version-text", text->text, text->len);
        for (unsigned i = 0; i < 4; i++) {
                struct line word = line_word(text, i);

                if (!word.len || word.text[0] < '0' || word.text[0] > '9')
                        continue;
                talk_product(t, text->text, (size_t)(word.text - text->text));
                number = word;
                break;
        }
        talk_product(t, text->text, line_word(text, 0).len);
        talk_version(t, number.text, number.len);
}

static enum talk_next quake3_talk(struct talk *t)
{
        struct line all, value;
        size_t at = sizeof(REPLY) - 1;

        if (!t->step)
                return ask(t);
        if (!data_starts(t->in, t->in_len, REPLY) || !line_next(t->in, t->in_len, &at, &all))
                return TALK_DONE;
        talk_confirm(t, "quake3");
        if (value_of(&all, "version", &value))
                take_version(t, &value);
        if (value_of(&all, "sv_hostname", &value))
                talk_detail(t, "name", value.text, value.len);
        if (value_of(&all, "gamename", &value))
                talk_detail(t, "game", value.text, value.len);
        return TALK_DONE;
}

const struct probe probe_quake3 = {
        .name = "quake3",
        .protocol = "quake3",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "27960-27970,28960,26000,29070",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Quake III Arena: getstatus (code/server/sv_main.c)",
        .talk = quake3_talk,
};
