/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "scan/middlebox.h"

/* Looks of one letter or two, as a table shows them best. */
static const struct {
        char letter;
        struct confirm_look look;
} letters[] = {
        {'s', {.sent = true, .acknowledged = true}},                 /* silent */
        {'n', {.sent = true}},                                       /* data not acknowledged */
        {'f', {.connect_errno = ETIMEDOUT}},                         /* handshake fails */
        {'r', {.connect_errno = ECONNREFUSED}},                      /* refused */
        {'e', {.reset = true}},                                      /* reset after the handshake */
        {'E', {.sent = true, .reset = true}},                        /* reset after our line */
        {'c', {.sent = true, .acknowledged = true, .closed = true}}, /* closed after our line */
        {'q', {.closed = true}},                                     /* closed at once */
        {'l', {.connect_errno = EMFILE, .local_fault = true}},
        {'h', {.connect_errno = 0}}, /* connected, but nothing may be sent */
        {'A', {.sent = true, .acknowledged = true, .banner_hash = 1}},
        {'B', {.sent = true, .acknowledged = true, .banner_hash = 3}},
        {'C', {.sent = true, .acknowledged = true, .banner_hash = 5}},
        {'D', {.sent = true, .acknowledged = true, .closed = true, .banner_hash = 3}},
        {'W', {.sent = true, .acknowledged = true, .answer_hash = 9}},
        {'Z', {.sent = true, .acknowledged = true, .answer_hash = 1}}, /* A's words, late */
        {'Y', {.sent = true, .acknowledged = true, .closed = true, .answer_hash = 7}},
};

static size_t looks_of(const char *word, struct confirm_look *to)
{
        size_t n = 0;

        for (; word[n]; n++) {
                const struct confirm_look *found = NULL;

                for (size_t i = 0; i < array_len(letters); i++)
                        if (letters[i].letter == word[n])
                                found = &letters[i].look;
                assert_non_null(found);
                to[n] = *found;
                to[n].rtt_us = (uint32_t)(n + 1) * 1000; /* times do not count */
                to[n].port = (uint16_t)(1000 + n);
        }
        return n;
}

/* ports: R real, = answered for, ? unknown */
static const struct {
        const char *baseline;
        size_t heard_open;
        const char *candidates, *ports, *how; /* how: a part of the sentence; NULL = not recognised */
} rows[] = {
        /* usual hosts */
        {"rrr", 0, "sABcrf", "RRRR??", NULL},
        {"fff", 0, "sr", "R?", NULL},
        {"srs", 2, "sA", "RR", NULL},
        {"rrs", 1, "sh", "RR", NULL},
        {"", 0, "s", "R", NULL},
        /* nobody could look */
        {"lll", 3, "s", "R", NULL},
        {"lls", 3, "s", "R", NULL},
        {"lls", 0, "l", "?", NULL},
        /* one look failed here: two are enough, when the scan heard all of them open */
        {"lss", 3, "sAl", "=R?", "say nothing"},
        {"lss", 2, "s", "R", NULL},
        /* takes all and is silent (a redirect to a tarpit) */
        {"sss", 3, "sABWYcq", "=RRRR??", "say nothing"},
        {"sss", 0, "sA", "=R", "say nothing"},
        {"hhh", 0, "hA", "=R", "say nothing"},
        /* SYN proxies: the handshake is theirs, the data is nobody's */
        {"nnn", 3, "nsAWfr", "=RRR??", "acknowledge no data"},
        {"nnn", 0, "nnncE", "===R?", "acknowledge no data"},
        {"nns", 0, "nsA", "==R", "say nothing"},
        /* the handshake does not come about, though the SYN was answered */
        {"fff", 3, "fsAr", "=RR?", "no connection"},
        {"rrr", 3, "rsh", "=RR", "no connection"},
        {"rfr", 3, "rfs", "==R", "no connection"},
        {"fff", 2, "fs", "?R", NULL},
        /* ended after the handshake; an end that comes later proves nothing */
        {"eee", 3, "esEA", "=?=R", "end them"},
        {"EEE", 0, "EscY", "=??R", "end them"},
        {"qqq", 0, "qeA", "=?R", "end them"},
        {"eEq", 0, "eEqn", "===?", "end them"},
        /* one service behind all ports */
        {"AAA", 0, "ABDsWZ", "=RR?R?", "one and the same"},
        {"WWW", 0, "WsYA", "=?RR", "one and the same"},
        /* made-up services: another banner is no news */
        {"ABC", 0, "ABCDs", "====?", "are all open"},
        /* one of the random ports is real */
        {"ssA", 0, "sABW", "==RR", "are all open"},
        {"ssf", 3, "sfA", "==R", "are all open"},
};

static void judges(void **state)
{
        static const char symbols[] = {'?', 'R', '='};

        for (size_t i = 0; i < array_len(rows); i++) {
                struct confirm_look baseline[8], candidates[8];
                size_t n_baseline = looks_of(rows[i].baseline, baseline);
                size_t n = looks_of(rows[i].candidates, candidates);
                enum middlebox_port ports[8];
                char got[9] = {0};
                unsigned n_real = 0;
                struct middlebox_verdict v;

                v = middlebox_judge(baseline, n_baseline, rows[i].heard_open, candidates, n, ports);
                for (size_t j = 0; j < n; j++) {
                        got[j] = symbols[ports[j]];
                        n_real += got[j] == 'R';
                }
                if (v.recognised != !!rows[i].how || !v.how != !rows[i].how ||
                    (v.how && !strstr(v.how, rows[i].how)) || strcmp(got, rows[i].ports) != 0)
                        fail_msg("row %zu (%s, %zu open, %s): %s, %s", i, rows[i].baseline,
                                 rows[i].heard_open, rows[i].candidates, v.how ? v.how : "not recognised",
                                 got);
                assert_int_equal(v.n_real, n_real);
        }
}

/* Within a group all looks are the same, and none is the same as one of another group. */
static void same(void **state)
{
        static const char *const groups[] = {"s", "n", "f",  "r", "e", "E", "c", "q",
                                             "l", "A", "BD", "C", "W", "Y", "Z"};

        for (size_t i = 0; i < array_len(groups); i++)
                for (size_t j = 0; j < array_len(groups); j++) {
                        struct confirm_look a[4], b[4];
                        size_t n = looks_of(groups[i], a), m = looks_of(groups[j], b);

                        for (size_t k = 0; k < n * m; k++) {
                                struct confirm_look *x = &a[k / m], *y = &b[k % m];
                                bool manner = (x->reset || x->closed) && x->reset == y->reset &&
                                              x->closed == y->closed && x->sent != y->sent;

                                x->rtt_us = 77;
                                if (!manner && confirm_same(x, y) != (i == j))
                                        fail_msg("%s and %s", groups[i], groups[j]);
                        }
                }
        /* what was not sent cannot be acknowledged or answered: no difference */
        {
                struct confirm_look looks[5];

                (void)looks_of("hsneE", looks);
                assert_true(confirm_same(&looks[0], &looks[1]));
                assert_true(confirm_same(&looks[0], &looks[2]));
                assert_true(confirm_same(&looks[3], &looks[4]));
                assert_false(confirm_same(&looks[0], &looks[3]));
        }
}

#define SIGN(s) confirm_signature(s, sizeof(s) - 1)

static void signatures(void **state)
{
        assert_int_equal(SIGN(""), 0);
        assert_int_not_equal(SIGN("\0"), 0);
        /* digits: time, process ids, versions */
        assert_int_equal(SIGN("22 NOV 2026 02:31:07"), SIGN("23 NOV 2027 11:45:59"));
        assert_int_equal(SIGN("+OK <17.99@h>"), SIGN("+OK <21.10@h>"));
        assert_int_not_equal(SIGN("SSH-2.0-OpenSSH_9.2p1"), SIGN("SSH-2.0-dropbear"));
        assert_int_not_equal(SIGN("220 mail ESMTP"), SIGN("220 ftp ready"));
        /* of a run 16 characters count */
        assert_int_equal(SIGN("abcdefghijklmnopq"), SIGN("abcdefghijklmnopz"));
        assert_int_not_equal(SIGN("abcdefghijklmnop"), SIGN("abcdefghijklmnoz"));
        assert_int_not_equal(SIGN("abcde"), SIGN("abcdef"));
        /* the first run of five; bytes before and behind it are not looked at */
        assert_int_equal(SIGN("\x4a\0\0\0\x0a"
                              "8.0.36\0\x13\x37"),
                         SIGN("\x01\0\0\0\x0a"
                              "5.7.11\0\x99\x01xyz"));
        assert_int_equal(SIGN("abcd\x01"
                              "abcde\x02"),
                         SIGN("\xff"
                              "abcde\x80zzzzz"));
        /* binary without a run is all alike, and unlike text */
        assert_int_equal(SIGN("\x83\xaa\x7e\x80"), SIGN("\x12\x34\x56\x78\x9a"));
        assert_int_not_equal(SIGN("\x83\xaa\x7e\x80"), SIGN("text 12"));
        assert_int_equal(SIGN("\x83\xaa\x7e\x80"), SIGN("\x31\x32\x33\x41"));
        /* only the first 64 bytes */
        {
                char a[80], b[80];

                memset(a, 1, sizeof(a));
                memset(b, 1, sizeof(b));
                memset(b + 64, 'x', 16);
                assert_int_equal(confirm_signature(a, sizeof(a)), confirm_signature(b, sizeof(b)));
                memset(b + 59, 'x', 5);
                assert_int_not_equal(confirm_signature(a, sizeof(a)), confirm_signature(b, sizeof(b)));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(judges),
                cmocka_unit_test(same),
                cmocka_unit_test(signatures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
