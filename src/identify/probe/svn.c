/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subversion: the greeting names capabilities; answered, it names the mechanisms by which one may log in. */
#include "identify/banner.h"

enum step { GREETING, MECHANISMS };

static enum recognition svn_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "( success ( ") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next greeting(struct talk *t)
{
        struct line all = banner_all(t->in, t->in_len), name = {t->name, strlen(t->name)};

        if (t->in_len >= 12 && !line_starts(&all, "( success ( "))
                return TALK_DONE;
        if (t->in_len < 12 || !strchr(" \n", t->in[t->in_len - 1]))
                return t->in_len > 4096 ? TALK_DONE : TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "svn");
        talk_product(t, "Subversion", 10);
        talk_detail(t, "capabilities", all.text + 12, all.len - 12);
        if (name.len > 200)
                return TALK_DONE;
        str_addf(&t->out, "( 2 ( edit-pipeline svndiff1 ) %zu:svn://%s/ 10:quaymaster ( ) ) ", name.len + 7,
                 t->name);
        t->step = MECHANISMS;
        return TALK_SEND;
}

/* "( success ( ( ANONYMOUS CRAM-MD5 ) 5:realm ) ) " */
static enum talk_next mechanisms(struct talk *t)
{
        struct line all = banner_all(t->in, t->in_len);
        const char *end = memchr(all.text, ')', all.len);

        if (t->in_len >= 14 && !line_starts(&all, "( success ( ( "))
                return TALK_DONE;
        if (t->in_len < 14 || !end)
                return t->in_len > 4096 ? TALK_DONE : TALK_MORE;
        all = line_after(&all, 14);
        talk_detail(t, "authentication", all.text, all.text < end ? (size_t)(end - all.text) : 0);
        all.len = all.text < end ? (size_t)(end - all.text) : 0;
        if (line_find_i(&all, "ANONYMOUS"))
                talk_flag(t, IDENTITY_NO_AUTH);
        if (line_find_i(&all, "PLAIN") && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

static enum talk_next svn_talk(struct talk *t)
{
        return t->step == GREETING ? greeting(t) : mechanisms(t);
}

const struct probe probe_svn = {
        .name = "svn",
        .protocol = "svn",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3690",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection that opens no repository (svnserve --log-file)",
        .reference = "svn protocol of Subversion, libsvn_ra_svn/protocol",
        .recognise = svn_recognise,
        .talk = svn_talk,
};
