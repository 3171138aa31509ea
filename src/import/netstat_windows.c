/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netstat of Windows: `netstat -ano`, and with -b the program in brackets on a line behind. A line is
 * Proto Local Foreign [State] [PID]; the words of states are in the language of the system, so what
 * listens is told by the foreign port 0.
 */
#include "import/formats.h"
#include "import/listing.h"

struct state {
        bool listens; /* the last line of a socket, which a line of -b belongs to */
        bool owned;
};

static bool find_kind(const struct word *w, enum transport *ret)
{
        if (word_is(w, "TCP") || word_is(w, "TCPv6"))
                *ret = TRANSPORT_TCP;
        else if (word_is(w, "UDP") || word_is(w, "UDPv6"))
                *ret = TRANSPORT_UDP;
        else
                return false;
        return true;
}

static bool fits(const struct words *w)
{
        enum transport transport;

        return w->n >= 3 && find_kind(&w->word[0], &transport) &&
               memchr(w->word[1].at, ':', w->word[1].len) && memchr(w->word[2].at, ':', w->word[2].len);
}

static bool guess(const char *start, size_t len)
{
        return listing_any_line(start, len, fits);
}

static bool ends(const struct word *w, const char *with)
{
        size_t len = strlen(with);

        return w->len >= len && memcmp(w->at + w->len - len, with, len) == 0;
}

/* " [svchost.exe]" */
static void take_program(struct import *im, const struct words *w)
{
        const struct word *first = &w->word[0], *last = &w->word[w->n - 1];
        struct state *state = im->state;
        struct inside *view = im->view;
        const char *name;

        if (!state->listens || first->at[0] != '[' || !ends(last, "]"))
                return;
        name = import_text(im, first->at + 1, (size_t)(last->at + last->len - first->at) - 2);
        if (!state->owned)
                listing_owner(im, 0, name);
        else {
                const struct socket_seen *s = &view->sockets.at[view->sockets.n - 1];
                struct process *p = &view->processes.at[view->owners.at[s->first_owner]];

                if (!p->name)
                        p->name = pool_intern(view->pool, name);
        }
        state->listens = false;
}

static void take_row(struct import *im, const struct words *w, enum transport transport)
{
        struct state *state = im->state;
        struct place place;
        pid_t pid;

        state->listens = state->owned = false;
        if (w->n < 3) {
                import_fault(im, "the line is cut off");
                return;
        }
        if (!listing_place(im, &w->word[1], "-n", &place))
                return;
        if (transport == TRANSPORT_TCP ? !ends(&w->word[2], ":0") : !ends(&w->word[2], ":*")) {
                listing_own_address(im, &place);
                return;
        }
        if (!listing_socket(im, transport, &place))
                return;
        state->listens = true;
        pid = w->n > 3 ? listing_pid(&w->word[w->n - 1]) : -1;
        if (pid > 0) {
                listing_owner(im, pid, pid == 4 ? "System" : NULL); /* the kernel is always 4 */
                state->owned = true;
        }
}

static void take(struct import *im, const char *text, size_t len)
{
        enum transport transport;
        struct words w;

        words_of(&w, text, len);
        if (!w.n)
                return;
        if (find_kind(&w.word[0], &transport))
                take_row(im, &w, transport);
        else
                take_program(im, &w);
}

static void end(struct import *im)
{
        listing_end(im, "-o and -b, as administrator");
}

const struct importer importer_netstat_windows = {
        .name = "netstat-windows",
        .what = "netstat -ano, netstat -anob of Windows",
        .inside = true,
        .windows = true,
        .unit = IMPORT_LINES,
        .state_size = sizeof(struct state),
        .guess = guess,
        .take = take,
        .end = end,
};
