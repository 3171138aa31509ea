/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DICT: "220 text <capabilities> <id>" (RFC 2229, 3.1), then STATUS. */
#include "identify/banner.h"

enum step { GREETING, STATUS };

static const struct banner products[] = {
        {"dictd ", "dictd", NULL, NULL},      {"dicod", "GNU Dico", NULL, NULL},
        {"GNU dico", "GNU Dico", NULL, NULL}, {"dictdlib", "dictdlib", NULL, NULL},
        {"Serpento", "Serpento", NULL, NULL}, {"JDictd", "JDictd", NULL, NULL},
};

/* The greeting ends with a message id: "<250.1234.1690000000@host>"; before it may be "<auth.mime>". */
static bool has_id(const struct line *text)
{
        const char *open = memrchr(text->text, '<', text->len);

        return open && text->text[text->len - 1] == '>' &&
               memchr(open, '@', (size_t)(text->text + text->len - open));
}

static enum recognition judge(const uint8_t *data, size_t len)
{
        struct reply reply;

        if (reply_read(data, len, &reply) != REPLY_WHOLE || reply.code != 220)
                return RECOGNISE_NO;
        if (!has_id(&reply.first) || line_find_i(&reply.first, "SMTP") || line_find_i(&reply.first, "FTP"))
                return RECOGNISE_NO;
        return line_find_i(&reply.first, "dic") || line_find_i(&reply.first, "<auth.") ? RECOGNISE_SURE
                                                                                       : RECOGNISE_MAYBE;
}

static enum recognition dict_recognise(const struct heard *h)
{
        return judge(h->data, h->len);
}

static enum talk_next greeting(struct talk *t)
{
        struct line word;
        struct reply reply;

        switch (reply_read(t->in, t->in_len, &reply)) {
        case REPLY_NONE:
                return TALK_DONE;
        case REPLY_PART:
                return TALK_MORE;
        case REPLY_WHOLE:
                break;
        }
        if (judge(t->in, t->in_len) == RECOGNISE_NO)
                return TALK_DONE;
        talk_evidence(t, t->in, reply.end);
        talk_likely(t, "dict");
        word = line_word(&reply.first, 0);
        banner_hostname(t, &word);
        banner_take(t, &reply.first, products, array_len(products));
        talk_send_bytes(t, "STATUS\r\n", 8);
        t->step = STATUS;
        return TALK_SEND;
}

static enum talk_next dict_talk(struct talk *t)
{
        struct reply reply;

        if (t->step == GREETING)
                return greeting(t);
        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        if (reply.code == 210)
                talk_confirm(t, "dict");
        return TALK_DONE;
}

const struct probe probe_dict = {
        .name = "dict",
        .protocol = "dict",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "2628",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection that asks for STATUS (dictd: \":C: connect\")",
        .reference = "RFC 2229, 3.1 and 3.7",
        .recognise = dict_recognise,
        .talk = dict_talk,
};
