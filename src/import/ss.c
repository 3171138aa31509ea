/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ss(8) of iproute2: `ss -tulpn`, with -H without its head line, with -e also who made a socket, and
 * where. A line is [Netid] State Recv-Q Send-Q Local:Port Peer:Port [users:(("sshd",pid=1,fd=3))]
 * [key:value ...]; Netid is only there when more than one kind was asked for.
 */
#include "base/str.h"
#include "import/formats.h"
#include "import/listing.h"

static const struct {
        const char *netid;
        enum transport transport;
} kinds[] = {
        {"tcp", TRANSPORT_TCP},         {"mptcp", TRANSPORT_TCP}, {"udp", TRANSPORT_UDP},
        {"udplite", TRANSPORT_UDPLITE}, {"sctp", TRANSPORT_SCTP}, {"raw", TRANSPORT_RAW},
        {"icmp6", TRANSPORT_MAX},       {"u_str", TRANSPORT_MAX}, {"u_dgr", TRANSPORT_MAX},
        {"u_seq", TRANSPORT_MAX},       {"nl", TRANSPORT_MAX},    {"p_raw", TRANSPORT_MAX},
        {"p_dgr", TRANSPORT_MAX},       {"v_str", TRANSPORT_MAX}, {"v_dgr", TRANSPORT_MAX},
        {"dccp", TRANSPORT_MAX},        {"ti_rd", TRANSPORT_MAX}, {"ti_dg", TRANSPORT_MAX},
        {"ti_sq", TRANSPORT_MAX},       {"ti_st", TRANSPORT_MAX}, {"xdp", TRANSPORT_MAX},
};

static const char *const states[] = {"LISTEN",     "UNCONN",     "ESTAB",      "SYN-SENT",
                                     "SYN-RECV",   "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
                                     "CLOSE-WAIT", "LAST-ACK",   "CLOSING",    "UNKNOWN"};

static bool is_state(const struct word *w)
{
        for (size_t i = 0; i < array_len(states); i++)
                if (word_is(w, states[i]))
                        return true;
        return false;
}

static bool find_kind(const struct word *w, enum transport *ret)
{
        for (size_t i = 0; i < array_len(kinds); i++)
                if (word_is(w, kinds[i].netid)) {
                        *ret = kinds[i].transport;
                        return true;
                }
        return false;
}

static bool is_head(const struct words *w)
{
        return word_is(&w->word[0], "Netid") ||
               (word_is(&w->word[0], "State") && w->n > 1 && word_is(&w->word[1], "Recv-Q"));
}

static bool fits(const struct words *w)
{
        enum transport transport;

        if (is_head(w))
                return true;
        if (is_state(&w->word[0]))
                return w->n >= 5 && word_is_number(&w->word[1]) && word_is_number(&w->word[2]);
        return w->n >= 6 && find_kind(&w->word[0], &transport) && is_state(&w->word[1]);
}

static bool guess(const char *start, size_t len)
{
        return listing_any_line(start, len, fits);
}

/* --- what stands behind the addresses ------------------------------------------------------------- */

/* The number behind "pid=" in what is left of the text; moves past it. -1: there is none. */
static pid_t next_pid(const char **at, const char *end)
{
        const char *p = memmem(*at, (size_t)(end - *at), "pid=", 4);
        struct word number;

        if (!p)
                return -1;
        number = (struct word){p + 4, 0};
        while (number.at + number.len < end && number.at[number.len] >= '0' && number.at[number.len] <= '9')
                number.len++;
        *at = number.at + number.len;
        return listing_pid(&number);
}

/* users:(("nginx",pid=11,fd=6),("nginx",pid=10,fd=6)); a name may hold anything but is ended by `",pid=`. */
static void take_users(struct import *im, const char *at, const char *end)
{
        while (at < end) {
                const char *name = memchr(at, '"', (size_t)(end - at)), *quote;
                pid_t pid;

                if (!name)
                        return;
                name++;
                quote = memmem(name, (size_t)(end - name), "\",pid=", 6);
                if (!quote) {
                        import_fault(im, "the names of the programs are cut off");
                        return;
                }
                at = quote;
                pid = next_pid(&at, end);
                if (pid > 0)
                        listing_owner(im, pid, import_text(im, name, (size_t)(quote - name)));
                at = memmem(at, (size_t)(end - at), "),(", 3);
                if (!at)
                        return;
        }
}

static void take_detail(struct import *im, struct socket_seen *s, const struct word *w)
{
        const char *value = memchr(w->at, ':', w->len);
        struct word rest = {value ? value + 1 : NULL, value ? (size_t)(w->at + w->len - value) - 1 : 0};
        pid_t number = listing_pid(&rest);

        if (word_starts(w, "uid:") && number >= 0)
                s->uid = (uint32_t)number;
        else if (word_starts(w, "ino:") && number > 0)
                s->inode = (uint64_t)number;
        else if (word_starts(w, "cgroup:") && rest.len && rest.at[0] == '/')
                s->cgroup = pool_intern(im->view->pool, import_text(im, rest.at, rest.len));
        else if (word_starts(w, "v6only:"))
                s->v6only = number == 1;
}

/* All that stands behind the two addresses, from `from` on. */
static void take_rest(struct import *im, struct socket_seen *s, const char *from, const char *end)
{
        const char *users = memmem(from, (size_t)(end - from), "users:((", 8), *behind = from;
        struct words w;

        if (users) {
                const char *close = memmem(users, (size_t)(end - users), "))", 2);

                behind = close ? close + 2 : end;
        }
        words_of(&w, behind, (size_t)(end - behind));
        for (size_t i = 0; i < w.n; i++)
                take_detail(im, s, &w.word[i]);
        if (users)
                take_users(im, users + 8, behind);
}

/* --- lines ---------------------------------------------------------------------------------------- */

/* An IPv6 socket that takes IPv4, too, is written "*", others "[::]" (iproute2, misc/ss.c: since 4.17). */
static void take_socket(struct import *im, enum transport transport, const struct place *place,
                        const char *rest, const char *end)
{
        struct socket_seen *s = listing_socket(im, transport, place);

        if (!s)
                return;
        s->v6only = place->address.family == 6 && address_is_any(&place->address) && !place->star;
        take_rest(im, s, rest, end);
}

static void take_row(struct import *im, const struct words *w, size_t state, enum transport transport,
                     const char *end)
{
        bool listens = word_is(&w->word[state], "LISTEN") || word_is(&w->word[state], "UNCONN");
        const struct word *local = &w->word[state + 3], *peer = &w->word[state + 4];
        struct place place;

        if (w->n < state + 5) {
                import_fault(im, "the line is cut off");
                return;
        }
        if (!listing_place(im, local, "-n", &place))
                return;
        if (listens)
                take_socket(im, transport, &place, peer->at + peer->len, end);
        else
                listing_own_address(im, &place);
}

static void take(struct import *im, const char *text, size_t len)
{
        enum transport transport = TRANSPORT_MAX;
        size_t state = 0;
        struct words w;

        words_of(&w, text, len);
        if (!w.n || is_head(&w))
                return;
        if (find_kind(&w.word[0], &transport))
                state = 1;
        else if (is_state(&w.word[0]))
                transport = word_is(&w.word[0], "UNCONN") ? TRANSPORT_UDP : TRANSPORT_TCP;
        else {
                if (text[0] != ' ' && text[0] != '\t') /* details of -i, -m stand on lines of their own */
                        import_fault(im, "no line of ss: '%.*s'", (int)(len < 60 ? len : 60), text);
                return;
        }
        if (transport != TRANSPORT_MAX)
                take_row(im, &w, state, transport, text + len);
}

static void end(struct import *im)
{
        listing_end(im, "-p, as root");
}

const struct importer importer_ss = {
        .name = "ss",
        .what = "ss -tulpn",
        .inside = true,
        .unit = IMPORT_LINES,
        .guess = guess,
        .take = take,
        .end = end,
};
