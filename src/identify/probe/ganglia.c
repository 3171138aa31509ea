/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ganglia (gmond, gmetad): sends all it knows as XML to whoever connects; the head of it is enough. */
#include "identify/line.h"
#include "identify/probe.h"

#define HEAD_MAX 32768u /* the DTD comes first, about 2 KiB */

static enum recognition ganglia_recognise(const struct heard *h)
{
        if (!data_starts(h->data, h->len, "<?xml") && !data_starts(h->data, h->len, "<GANGLIA_XML"))
                return RECOGNISE_NO;
        if (memmem(h->data, h->len, "GANGLIA_XML", 11))
                return RECOGNISE_SURE;
        return h->len < 256 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* The value of an attribute of the element that begins at `start`. */
static struct line attribute(const struct line *element, const char *name)
{
        const char *at = line_find_i(element, name), *end = element->text + element->len, *quote;

        if (!at || (size_t)(end - at) < strlen(name) + 1)
                return (struct line){"", 0};
        at += strlen(name) + 1;
        quote = memchr(at, at[-1], (size_t)(end - at));
        return quote ? (struct line){at, (size_t)(quote - at)} : (struct line){"", 0};
}

/* "<NAME ... >" whole */
static bool element_of(const struct talk *t, const char *start, struct line *ret)
{
        const uint8_t *at = memmem(t->in, t->in_len, start, strlen(start)), *end;

        if (!at)
                return false;
        end = memchr(at, '>', t->in_len - (size_t)(at - t->in));
        *ret = (struct line){(const char *)at, end ? (size_t)(end - at) : 0};
        return end != NULL;
}

static enum talk_next ganglia_talk(struct talk *t)
{
        struct line element, value;

        if (t->in_len >= 5 && !data_starts(t->in, t->in_len, "<?xml") &&
            !data_starts(t->in, t->in_len, "<GANG"))
                return TALK_DONE;
        if (!t->in_len || !element_of(t, "<GANGLIA_XML VERSION=", &element))
                return t->in_len < HEAD_MAX ? TALK_MORE : TALK_DONE;
        talk_confirm(t, "ganglia");
        talk_flag(t, IDENTITY_NO_AUTH);
        value = attribute(&element, " SOURCE=");
        talk_product(t, line_starts(&value, "gmetad") ? "Ganglia gmetad" : "Ganglia gmond",
                     line_starts(&value, "gmetad") ? 14 : 13);
        value = attribute(&element, " VERSION=");
        talk_version(t, value.text, value.len);
        talk_cpe(t, "ganglia", "ganglia");
        if (!element_of(t, "<CLUSTER NAME=", &element))
                return t->in_len < HEAD_MAX ? TALK_MORE : TALK_DONE;
        value = attribute(&element, " NAME=");
        talk_detail(t, "cluster", value.text, value.len);
        return TALK_DONE;
}

const struct probe probe_ganglia = {
        .name = "ganglia",
        .protocol = "ganglia",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "8649,8651",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "nothing",
        .reference = "Ganglia monitor-core, gmond and gmetad XML (ganglia.dtd)",
        .recognise = ganglia_recognise,
        .talk = ganglia_talk,
};
