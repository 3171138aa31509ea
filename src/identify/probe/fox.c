/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fox of Niagara stations (building automation), also inside TLS: the hello tells what they are. */
#include "identify/line.h"
#include "identify/probe.h"

/* "app.version=s:3.8.38": what follows the kind */
static bool value_of(const struct line *line, const char *key, struct line *ret)
{
        size_t n = strlen(key);

        if (!line_starts(line, key) || line->len < n + 3 || line->text[n] != '=' || line->text[n + 2] != ':')
                return false;
        *ret = line_after(line, n + 3);
        return ret->len > 0;
}

static enum recognition fox_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "fox a ") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next fox_talk(struct talk *t)
{
        static const char hello[] = "fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n";
        static const struct {
                const char *key, *detail;
        } keys[] = {{"fox.version", "protocol-version"},
                    {"hostId", "host-id"},
                    {"brandId", "brand"},
                    {"station.name", "station"},
                    {"app.name", "application"},
                    {"vm.name", "vm"},
                    {"vm.version", "vm-version"},
                    {"os.name", "os"},
                    {"os.version", "os-version"},
                    {"authAgentTypeSpecs", "authentication"}};
        struct line line, value;
        bool ended = false;
        size_t at = 0;

        if (!t->in_len && !t->step) {
                talk_send_bytes(t, hello, sizeof(hello) - 1);
                t->step = 1;
                return TALK_SEND;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len < 256 ? TALK_MORE : TALK_DONE;
        if (!line_starts(&line, "fox a ") || line_starts(&line, "fox a 1 -1 fox hello")) /* our own bytes */
                return TALK_DONE;
        talk_confirm(t, "fox");
        talk_product(t, "Niagara", 7);
        while (!ended && line_next(t->in, t->in_len, &at, &line))
                ended = line_starts(&line, "};;");
        if (!ended && t->in_len < 16384)
                return TALK_MORE;
        for (at = 0; line_next(t->in, t->in_len, &at, &line);) {
                for (size_t i = 0; i < array_len(keys); i++)
                        if (value_of(&line, keys[i].key, &value))
                                talk_detail(t, keys[i].detail, value.text, value.len);
                if (value_of(&line, "app.version", &value))
                        talk_version(t, value.text, value.len);
                if (value_of(&line, "hostName", &value))
                        talk_hostname(t, value.text, value.len);
        }
        return TALK_DONE;
}

const struct probe probe_fox = {
        .name = "fox",
        .protocol = "fox",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1911,3011,4911,5011",
        .safety = SAFETY_INDUSTRIAL,
        .log = "a client that said hello and left",
        .reference = "Tridium Niagara: Fox, hello",
        .recognise = fox_recognise,
        .talk = fox_talk,
};
