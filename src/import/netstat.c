/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netstat(8) of Linux (net-tools, busybox): `netstat -tulpn`, `netstat -an`. A line is Proto Recv-Q
 * Send-Q Local Foreign [State] [User Inode] [PID/Program]; words may be in any language, so what listens
 * is told by the foreign port '*'.
 */
#include "import/formats.h"
#include "import/listing.h"

/*
 * net-tools cuts "address:port" to this many characters when -W is not given (lib/inet.c: 22 and the
 * colon).
 */
#define CUT_LENGTH 23u

static const struct {
        const char *proto;
        enum transport transport;
} kinds[] = {
        {"tcp", TRANSPORT_TCP},      {"tcp6", TRANSPORT_TCP},        {"udp", TRANSPORT_UDP},
        {"udp6", TRANSPORT_UDP},     {"udplite", TRANSPORT_UDPLITE}, {"udplite6", TRANSPORT_UDPLITE},
        {"udpl", TRANSPORT_UDPLITE}, {"udpl6", TRANSPORT_UDPLITE},   {"sctp", TRANSPORT_SCTP},
        {"raw", TRANSPORT_RAW},      {"raw6", TRANSPORT_RAW},
};

static bool find_kind(const struct word *w, enum transport *ret)
{
        for (size_t i = 0; i < array_len(kinds); i++)
                if (word_is(w, kinds[i].proto)) {
                        *ret = kinds[i].transport;
                        return true;
                }
        return false;
}

static bool fits(const struct words *w)
{
        enum transport transport;

        if (w->n >= 3 && word_is(&w->word[0], "Proto") && word_is(&w->word[1], "Recv-Q"))
                return true;
        return w->n >= 5 && find_kind(&w->word[0], &transport) && word_is_number(&w->word[1]) &&
               word_is_number(&w->word[2]);
}

static bool guess(const char *start, size_t len)
{
        return listing_any_line(start, len, fits);
}

static bool is_open_end(const struct word *w)
{
        return w->len > 2 && w->at[w->len - 1] == '*' && w->at[w->len - 2] == ':';
}

/*
 * "1234/sshd: /usr/sbi": the name, which may have blanks, is the rest of the line; netstat cuts it at 20
 * characters.
 */
static void take_program(struct import *im, const struct words *w, const char *end)
{
        for (size_t i = 5; i < w->n; i++) {
                const char *slash = memchr(w->word[i].at, '/', w->word[i].len);
                struct word pid = {w->word[i].at, slash ? (size_t)(slash - w->word[i].at) : 0};
                size_t len;

                if (!slash || listing_pid(&pid) <= 0)
                        continue;
                for (len = (size_t)(end - slash) - 1; len && (slash[len] == ' ' || slash[len] == '\t');
                     len--)
                        ;
                /* programs that rewrite their title say who they are before the colon */
                for (size_t n = 1; n <= len; n++)
                        if (slash[n] == ':')
                                len = n - 1;
                listing_owner(im, listing_pid(&pid), import_text(im, slash + 1, len));
                return;
        }
}

static void take(struct import *im, const char *text, size_t len)
{
        enum transport transport;
        struct place place;
        struct words w;

        words_of(&w, text, len);
        if (!w.n || !find_kind(&w.word[0], &transport))
                return; /* heads, hints, sockets of other families */
        if (w.n < 5) {
                import_fault(im, "the line is cut off");
                return;
        }
        if (!listing_place(im, &w.word[3], "-n", &place))
                return;
        if (place.address.family == 6 && w.word[3].len == CUT_LENGTH)
                import_fault(im, "netstat may have cut this address: make the listing with --wide");
        if (!is_open_end(&w.word[4]))
                listing_own_address(im, &place);
        else if (listing_socket(im, transport, &place))
                take_program(im, &w, text + len);
}

static void end(struct import *im)
{
        listing_end(im, "-p, as root");
}

const struct importer importer_netstat = {
        .name = "netstat",
        .what = "netstat -tulpn, netstat -an of Linux",
        .inside = true,
        .unit = IMPORT_LINES,
        .guess = guess,
        .take = take,
        .end = end,
};
