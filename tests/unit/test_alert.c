/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of an event before it leaves: grouping, the queue, the forms that sinks send, and sinks.yaml. */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alert/alerts.h"
#include "alert/group.h"
#include "alert/journal_text.h"
#include "alert/mail_text.h"
#include "alert/place.h"
#include "alert/queue.h"
#include "alert/secret.h"
#include "alert/syslog_text.h"
#include "alert/webhook_sign.h"
#include "base/sha256.h"
#include "small_tree.h"
#include "yaml_cases.h"

/* --- digests --------------------------------------------------------------------------------------- */

static void assert_sha256(const char *text, size_t len, const char *expected)
{
        char got[SHA256_TEXT_SIZE];
        uint8_t digest[SHA256_SIZE];
        struct sha256 s;

        sha256_begin(&s);
        for (size_t i = 0; i < len; i++) /* in the smallest parts */
                sha256_add(&s, text + i, 1);
        sha256_end(&s, digest);
        sha256_text(digest, got);
        assert_string_equal(got, expected);
}

/* FIPS 180-4 examples, and the lengths where the padding needs another block. */
static void test_sha256(void **state)
{
        char zeros[64] = {0};

        assert_sha256("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_sha256("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        assert_sha256(zeros, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
        assert_sha256(zeros, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

/* RFC 4231, cases 1, 2, 3, 6 and 7 */
static void test_hmac(void **state)
{
        char many_aa[131], many_0b[20], twenty_aa[20], many_dd[50];
        const struct {
                const char *key;
                size_t key_len;
                const char *data;
                size_t data_len;
                const char *expected;
        } cases[] = {
                {many_0b, 20, "Hi There", 8,
                 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
                {"Jefe", 4, "what do ya want for nothing?", 28,
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
                {twenty_aa, 20, many_dd, 50,
                 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
                {many_aa, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
                 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
                {many_aa, 131,
                 "This is a test using a larger than block-size key and a larger than block-size data. The key "
                 "needs to be hashed before being used by the HMAC algorithm.",
                 152, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
        };

        memset(many_aa, 0xaa, sizeof(many_aa));
        memset(twenty_aa, 0xaa, sizeof(twenty_aa));
        memset(many_0b, 0x0b, sizeof(many_0b));
        memset(many_dd, 0xdd, sizeof(many_dd));
        for (size_t i = 0; i < array_len(cases); i++) {
                char got[SHA256_TEXT_SIZE];
                uint8_t digest[SHA256_SIZE];
                struct hmac_sha256 h;

                hmac_sha256_begin(&h, cases[i].key, cases[i].key_len);
                hmac_sha256_add(&h, cases[i].data, cases[i].data_len);
                hmac_sha256_end(&h, digest);
                sha256_text(digest, got);
                assert_string_equal(got, cases[i].expected);
        }
}

/* --- grouping -------------------------------------------------------------------------------------- */

struct told {
        char last_message[400], last_id[64], last_state[16];
        char json[64];
        uint64_t last_count;
        unsigned n;
};

static void note_alert(const struct alert *a, const char *json, size_t len, void *arg)
{
        struct told *told = arg;

        told->n++;
        told->last_count = a->count;
        snprintf(told->last_message, sizeof(told->last_message), "%s", a->message);
        snprintf(told->last_id, sizeof(told->last_id), "%s", a->id);
        snprintf(told->last_state, sizeof(told->last_state), "%s", a->state ? a->state : "");
        snprintf(told->json, sizeof(told->json), "%.*s", (int)len, json ? json : "");
}

static void happen_to(struct group *g, const char *subject, enum event_kind kind, const char *owner,
                      int64_t at)
{
        static unsigned seq;
        char id[16], message[64];
        struct alert_event e = {.id = id,
                                .asset = "machine:1",
                                .subject = subject,
                                .owner = owner,
                                .message = message,
                                .json = "{}",
                                .json_len = 2,
                                .time_ms = 1000000 + at,
                                .kind = kind,
                                .verdict = VERDICT_UNAPPROVED};

        snprintf(id, sizeof(id), "e%u", ++seq);
        snprintf(message, sizeof(message), "%s %s", event_kind_name(kind), subject);
        group_event(g, &e, at);
}

static void happen(struct group *g, enum event_kind kind, const char *owner, int64_t at)
{
        happen_to(g, "a", kind, owner, at);
}

static void test_one_event(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(30000, 0, note_alert, &told);

        assert_true(group_next_ms(g) == INT64_MAX);
        happen(g, EVENT_OPENED, "nc", 100);
        assert_int_equal(told.n, 1); /* at once */
        assert_string_equal(told.last_message, "opened a");
        assert_string_equal(told.json, "{}");
        assert_int_equal(told.last_count, 1);
        happen(g, EVENT_OWNER_CHANGED, "nd", 200);
        assert_int_equal(told.n, 1);
        assert_int_equal(group_next_ms(g), 30200);
        group_step(g, 30199);
        assert_int_equal(told.n, 1);
        group_step(g, 30200);
        assert_int_equal(told.n, 2);
        assert_string_equal(told.last_message, "owner-changed a");
        group_step(g, 10000000);
        assert_int_equal(told.n, 2);
        assert_true(group_next_ms(g) == INT64_MAX); /* forgotten */
}

static void test_without_group(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(0, 0, note_alert, &told);

        happen(g, EVENT_OPENED, "nc", 0);
        assert_int_equal(told.n, 1);
        happen(g, EVENT_CLOSED, "nc", 10); /* may be a restart */
        assert_int_equal(told.n, 1);
        group_step(g, 5010);
        assert_int_equal(told.n, 2);
}

static void test_restart_is_no_alert(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(1000, 0, note_alert, &told);

        happen(g, EVENT_CLOSED, "sshd", 0);
        group_step(g, 4900); /* it waits beyond the group for the restart */
        happen(g, EVENT_OPENED, "sshd", 4999);
        group_step(g, 50000);
        assert_int_equal(told.n, 0);

        happen(g, EVENT_CLOSED, "sshd", 100000);
        happen(g, EVENT_OPENED, "nc", 101000); /* of another */
        group_step(g, 200000);
        assert_int_equal(told.n, 1);
        assert_string_equal(told.last_message,
                            "opened and closed 1 time in 1 s, now open; the last: opened a");

        happen(g, EVENT_CLOSED, "nc", 300000);
        group_step(g, 305000);
        assert_int_equal(told.n, 2);
        happen(g, EVENT_OPENED, "nc", 305001); /* too late for a restart */
        group_step(g, 400000);
        assert_int_equal(told.n, 3);
}

/* What stood before the restart is told as if there had been none. */
static void test_restart_within_a_group(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(30000, 0, note_alert, &told);

        happen(g, EVENT_OPENED, "sshd", 0);
        happen(g, EVENT_EXPOSURE_CHANGED, "sshd", 500);
        happen(g, EVENT_CLOSED, "sshd", 1000);
        happen(g, EVENT_OPENED, "sshd", 2000);
        assert_int_equal(told.n, 1);
        group_step(g, 30500);
        assert_int_equal(told.n, 2);
        assert_string_equal(told.last_message, "exposure-changed a");
}

static void test_flapping(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(30000, 0, note_alert, &told);
        int64_t at = 0;

        for (unsigned i = 0; i < 40; i++, at += 700) {
                happen(g, EVENT_OPENED, "x", at);
                happen(g, EVENT_CLOSED, "x", at + 300);
        }
        assert_int_equal(told.n, 1); /* the first, at once */
        group_step(g, 40000);
        assert_int_equal(told.n, 2);
        assert_string_equal(told.last_state, "flapping");
        assert_string_equal(told.last_message,
                            "opened and closed 40 times in 28 s, now closed; it is flapping, and you are "
                            "told again when that ends; the last: closed a");
        for (unsigned i = 0; i < 500; i++, at += 700) {
                happen(g, EVENT_OPENED, "x", at);
                happen(g, EVENT_CLOSED, "x", at + 300);
        }
        group_step(g, at + GROUP_SETTLED_MS - 1000);
        assert_int_equal(told.n, 2);
        group_step(g, at + GROUP_SETTLED_MS);
        assert_int_equal(told.n, 3);
        assert_string_equal(told.last_state, "settled");
        assert_non_null(strstr(told.last_message, "no longer flapping: 1000 more changes"));
        assert_true(str_ends(told.last_id, "-settled"));
        group_step(g, at + 10000000);
        assert_int_equal(told.n, 3);
}

/* Who makes a port flap must not hide by that what else comes there. */
static void test_worse_is_told_while_it_flaps(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(30000, 0, note_alert, &told);
        struct alert_event e = {.id = "w", .asset = "a", .subject = "a", .message = "worse", .kind = EVENT_OPENED};

        for (unsigned i = 0; i < 40; i++)
                happen(g, i % 2 ? EVENT_CLOSED : EVENT_OPENED, "x", i * 300);
        group_step(g, 40000);
        assert_string_equal(told.last_state, "flapping");
        assert_int_equal(told.n, 2);
        e.verdict = VERDICT_PROHIBITED;
        group_event(g, &e, 41000);
        assert_int_equal(told.n, 3);
        assert_string_equal(told.last_message, "worse");
        group_event(g, &e, 42000); /* once */
        happen(g, EVENT_CLOSED, "x", 43000);
        assert_int_equal(told.n, 3);
        group_step(g, 43000 + GROUP_SETTLED_MS);
        assert_int_equal(told.n, 4);
        assert_string_equal(told.last_state, "settled");
}

static void note_length(const struct alert *a, const char *json, size_t len, void *arg)
{
        _cleanup_str_ struct str record = {0};

        alert_write(&record, a, json, len);
        *(size_t *)arg = record.len;
}

/* Paths and units may be thousands of bytes that are each written as five: the alert must fit all the same. */
static void test_a_long_message_fits(void **state)
{
        size_t len = 0;
        _cleanup_(group_freep) struct group *g = group_new(0, 0, note_length, &len);
        _cleanup_str_ struct str message = {0}, json = {0};
        struct alert_event e = {.id = "1", .asset = "a", .subject = "s", .kind = EVENT_OPENED};

        for (unsigned i = 0; i < 4096; i++)
                str_add(&message, "\\x1b");
        str_add(&json, "{\"x\":\"");
        while (json.len < ALERT_EVENT_MAX - 2)
                str_add_char(&json, 'x');
        str_add(&json, "\"}");
        e.message = str_text(&message);
        e.json = str_text(&json);
        e.json_len = json.len;
        for (e.kind = EVENT_OPENED; e.kind <= EVENT_CLOSED; e.kind++, len = 0) { /* at once, and gathered */
                group_event(g, &e, e.kind);
                group_step(g, 1000000);
                assert_in_range(len, ALERT_EVENT_MAX, ALERT_RECORD_MAX);
        }
}

/* A restart every 40 s: none is told, but that it goes on is. */
static void test_slow_restart_loop(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(30000, 0, note_alert, &told);

        for (unsigned i = 0; i < 100; i++) {
                happen(g, EVENT_CLOSED, "x", i * 40000);
                happen(g, EVENT_OPENED, "x", i * 40000 + 1000);
        }
        assert_int_equal(told.n, 1);
        assert_string_equal(told.last_state, "flapping");
}

static void test_kinds(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(1000, 1u << EVENT_OPENED, note_alert, &told);

        happen(g, EVENT_CLOSED, "x", 0);
        group_step(g, 10000);
        assert_int_equal(told.n, 0);
        happen(g, EVENT_OPENED, "x", 20000);
        group_step(g, 30000);
        assert_int_equal(told.n, 1);
}

/* More subjects than are remembered: the rest is told one by one, and none is lost. */
static void test_many_subjects(void **state)
{
        struct told told = {0};
        _cleanup_(group_freep) struct group *g = group_new(1000, 0, note_alert, &told);
        char subject[16];

        for (unsigned i = 0; i < 5000; i++) {
                snprintf(subject, sizeof(subject), "s%u", i);
                happen_to(g, subject, EVENT_OPENED, "x", 0);
        }
        assert_int_equal(told.n, 5000);
        for (unsigned i = 0; i < 5000; i++) {
                snprintf(subject, sizeof(subject), "t%u", i);
                happen_to(g, subject, EVENT_CLOSED, "x", 0); /* takes the place of one that is quiet, while there are */
        }
        assert_int_equal(told.n, 10000 - GROUP_SUBJECTS_MAX);
        group_flush(g, 10000);
        assert_int_equal(told.n, 10000);
}

/* --- queue ----------------------------------------------------------------------------------------- */

static struct queue *open_queue(const char *path, size_t length)
{
        struct queue *q = NULL;
        struct err err = {0};
        size_t torn = 0;

        if (queue_open(path, length, &q, &torn, &err) < 0)
                fail_msg("%s", err.text);
        return q;
}

static unsigned push(struct queue *q, const char *text, bool held)
{
        struct err err = {0};
        unsigned dropped = 0;

        if (queue_push(q, text, strlen(text), held, &dropped, &err) < 0)
                fail_msg("%s", err.text);
        return dropped;
}

static void assert_first(struct queue *q, const char *expected)
{
        _cleanup_str_ struct str s = {0};

        assert_int_equal(queue_first(q, &s), 0);
        assert_string_equal(str_text(&s), expected);
}

static void test_queue(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/q", tree.path);
        struct queue *q = open_queue(path, 3), *other = NULL;
        struct err err = {0};
        size_t torn;

        assert_int_equal(queue_open(path, 3, &other, &torn, &err), -EBUSY);
        assert_int_equal(push(q, "one", false), 0);
        assert_int_equal(push(q, "two", false), 0);
        assert_int_equal(queue_done(q, &err), 0);
        push(q, "three", false);
        push(q, "four", false);
        queue_free(q);

        q = open_queue(path, 3);
        assert_int_equal(queue_count(q), 3);
        assert_first(q, "two");
        assert_int_equal(push(q, "five", true), 1); /* "two" is on its way: "three" goes */
        assert_first(q, "two");
        assert_int_equal(queue_done(q, &err), 0);
        assert_first(q, "four");
        assert_int_equal(push(q, "six", false), 0);
        assert_int_equal(push(q, "seven", false), 1);
        assert_first(q, "five");
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(queue_done(q, &err), 0);
        assert_int_equal(queue_count(q), 0);
        assert_int_equal(queue_done(q, &err), -ENOENT);
        queue_free(q);
        q = open_queue(path, 3);
        assert_int_equal(queue_count(q), 0);
        queue_free(q);
}

/* Killed at any byte of a write: what was whole stays, what was done stays done, and it goes on. */
static void test_torn_queue(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/q", tree.path);
        _cleanup_str_ struct str whole = {0};
        struct queue *q = open_queue(path, 10);
        struct err err = {0};
        size_t whole_one = 20 + 3, whole_two = 2 * whole_one, done_one = whole_two + 20;

        push(q, "one", false);
        push(q, "two", false);
        assert_int_equal(queue_done(q, &err), 0);
        queue_free(q);
        assert_int_equal(fd_read_file(AT_FDCWD, path, 4096, &whole), 0);
        assert_int_equal(whole.len, done_one);
        for (size_t len = 0; len <= whole.len; len++) {
                size_t count = len < whole_one ? 0 : len < whole_two ? 1 : len < done_one ? 2 : 1, torn;
                int fd = open(path, O_WRONLY | O_TRUNC);

                assert_int_equal(fd_write_all(fd, whole.text, len), 0);
                close(fd);
                assert_int_equal(queue_open(path, 10, &q, &torn, &err), 0);
                assert_int_equal(queue_count(q), count);
                assert_int_equal(torn, len - (len < whole_one   ? 0
                                              : len < whole_two ? whole_one
                                              : len < done_one  ? whole_two
                                                                : done_one));
                push(q, "new", false);
                queue_free(q);
                q = open_queue(path, 10);
                assert_int_equal(queue_count(q), count + 1);
                queue_free(q);
        }
        whole.text[25] ^= 1; /* a wrong byte in the second */
        whole.len = whole_two;
        {
                size_t torn;
                int fd = open(path, O_WRONLY | O_TRUNC);

                assert_int_equal(fd_write_all(fd, whole.text, whole.len), 0);
                close(fd);
                assert_int_equal(queue_open(path, 10, &q, &torn, &err), 0);
                assert_int_equal(queue_count(q), 1);
                assert_int_equal(torn, whole_one);
                queue_free(q);
        }
}

#define N_RECORDS   9u /* three done */
#define RECORD_SIZE (20u + 7u)

/* Six alerts that wait, and their file. */
static void make_queue(const char *path, struct str *whole)
{
        struct queue *q = open_queue(path, 10);
        struct err err = {0};
        char text[] = "alert-0";

        for (unsigned i = 0; i < N_RECORDS; i++) {
                text[6] = (char)('0' + i);
                push(q, text, false);
        }
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(queue_done(q, &err), 0);
        queue_free(q);
        assert_int_equal(fd_read_file(AT_FDCWD, path, 4096, whole), 0);
        assert_int_equal(whole->len, N_RECORDS * RECORD_SIZE + 3 * 20);
}

/* What waits, as the last characters: "345678". */
static void read_queue(const char *path, const struct str *file, char ret[N_RECORDS + 1], size_t *ret_lost)
{
        int fd = open(path, O_WRONLY | O_TRUNC);
        struct queue *q = NULL;
        struct err err = {0};
        size_t n = 0, again;

        assert_int_equal(fd_write_all(fd, file->text, file->len), 0);
        close(fd);
        assert_int_equal(queue_open(path, 10, &q, ret_lost, &err), 0);
        queue_free(q);
        assert_int_equal(queue_open(path, 10, &q, &again, &err), 0);
        assert_int_equal(again, 0); /* it is told once */
        for (; queue_count(q); assert_int_equal(queue_done(q, &err), 0)) {
                _cleanup_str_ struct str text = {0};

                assert_int_equal(queue_first(q, &text), 0);
                assert_true(n < N_RECORDS && text.len == 7 && !memcmp(text.text, "alert-", 6));
                ret[n++] = text.text[6];
        }
        ret[n] = '\0';
        queue_free(q);
}

/* A byte that is wrong anywhere costs the record it is in, and no other. */
static void test_a_spoilt_queue(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/q", tree.path);
        _cleanup_str_ struct str whole = {0};
        char left[N_RECORDS + 1];
        size_t lost;

        make_queue(path, &whole);
        for (size_t at = 0; at < whole.len; at += at / RECORD_SIZE % 3 == 1 ? 1 : 4) { /* each costs a sync of the disk */
                size_t i = at / RECORD_SIZE, done = i < N_RECORDS ? 0 : (at - N_RECORDS * RECORD_SIZE) / 20;

                whole.text[at] ^= 0x40;
                read_queue(path, &whole, left, &lost);
                whole.text[at] ^= 0x40;
                assert_int_equal(lost, i < N_RECORDS ? RECORD_SIZE : 20);
                if (i >= N_RECORDS) /* that it was delivered: it comes once more */
                        assert_string_equal(left, done == 0 ? "0345678" : done == 1 ? "1345678" : "2345678");
                else if (i < 3)
                        assert_string_equal(left, "345678");
                else
                        assert_true(strlen(left) == 5 && !strchr(left, (int)('0' + i)));
        }
        memset(whole.text + 5 * RECORD_SIZE - 10, 0, 30); /* a hole in two */
        read_queue(path, &whole, left, &lost);
        assert_string_equal(left, "3678");
        assert_int_equal(lost, 2 * RECORD_SIZE);
        str_add(&whole, "torn");
        read_queue(path, &whole, left, &lost);
        assert_string_equal(left, "3678");
        assert_int_equal(lost, 2 * RECORD_SIZE + 4);
}

/* It never is empty, and yet the file stays small. */
static void test_queue_is_tidied(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/q", tree.path);
        struct queue *q = open_queue(path, 5);
        struct err err = {0};
        char text[2000];
        struct stat st;

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        push(q, text, false);
        for (unsigned i = 0; i < 3000; i++) {
                snprintf(text, 12, "%010u", i);
                text[10] = 'x';
                text[11] = 'x';
                push(q, text, false);
                assert_int_equal(queue_done(q, &err), 0);
        }
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size < (2 << 20));
        queue_free(q);
        q = open_queue(path, 5);
        assert_int_equal(queue_count(q), 1);
        assert_first(q, text);
        queue_free(q);
}

/* The disk is full in the middle of a record: it was not taken, and what was there before still is. */
static void test_full_disk(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/q", tree.path);
        struct queue *q = open_queue(path, 10);
        struct rlimit old, small = {0};
        struct err err = {0};
        unsigned dropped;
        size_t torn;

        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        small = (struct rlimit){.rlim_cur = 68, .rlim_max = old.rlim_max};
        signal(SIGXFSZ, SIG_IGN);
        push(q, "one", false);
        push(q, "two", false);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_int_equal(queue_push(q, "three", 5, false, &dropped, &err), 1);
        assert_int_equal(queue_push(q, "4", 1, false, &dropped, &err), 1); /* though it would fit: the order stays */
        assert_non_null(strstr(err.text, "cannot write"));
        assert_int_equal(queue_count(q), 4);
        assert_int_equal(queue_kept(q), 2);
        assert_true(queue_is_unsynced(q));
        assert_int_equal(queue_sync(q, &err), 0);
        assert_int_equal(queue_kept(q), 2);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        push(q, "five", false);
        assert_int_equal(queue_kept(q), 0);
        queue_free(q);
        assert_int_equal(queue_open(path, 10, &q, &torn, &err), 0);
        assert_int_equal(torn, 0);
        assert_int_equal(queue_count(q), 5);
        for (size_t i = 0; i < 5; i++) {
                assert_first(q, ((const char *const[]){"one", "two", "three", "4", "five"})[i]);
                assert_int_equal(queue_done(q, &err), 0);
        }
        queue_free(q);
}

/* A receiver that can be reached gets what the disk has no room for. */
static void test_delivered_from_memory(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/q", tree.path);
        struct queue *q = open_queue(path, 3);
        struct rlimit old, none = {0};
        struct err err = {0};
        unsigned dropped;
        size_t torn;

        push(q, "one", false);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        none.rlim_max = old.rlim_max;
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(queue_push(q, &"abcd"[i], 1, false, &dropped, &err), 1);
        assert_int_equal(dropped, 1);
        assert_int_equal(queue_kept(q), 3);
        assert_first(q, "b");
        assert_int_equal(queue_done(q, &err), 0);
        assert_int_equal(queue_push(q, "e", 1, true, &dropped, &err), 1);
        assert_int_equal(queue_push(q, "f", 1, true, &dropped, &err), 1); /* c is under way, d goes */
        assert_int_equal(dropped, 1);
        assert_first(q, "c");
        assert_int_equal(queue_done(q, &err), 0);
        assert_first(q, "e");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(queue_sync(q, &err), 0);
        assert_int_equal(queue_kept(q), 0);
        queue_free(q);
        assert_int_equal(queue_open(path, 10, &q, &torn, &err), 0);
        while (queue_count(q) > 2) /* that one is done could not be written, and it may be sent again */
                assert_int_equal(queue_done(q, &err), 0);
        assert_first(q, "e");
        queue_free(q);
}

/* In place of libc's: what a sync costs is the disk's matter, how often it is asked for is ours. */
static unsigned n_synced;
static int sync_fails; /* errno */

int fdatasync(int fd)
{
        n_synced++;
        errno = sync_fails;
        return sync_fails ? -1 : 0;
}

static void test_queue_is_synced(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/q", tree.path);
        struct queue *q = open_queue(path, 5);
        struct err err = {0};

        n_synced = 0;
        assert_false(queue_is_unsynced(q));
        push(q, "one", false);
        assert_true(queue_is_unsynced(q));
        assert_int_equal(queue_sync(q, &err), 0);
        assert_int_equal(queue_sync(q, &err), 0);
        assert_int_equal(n_synced, 1);
        push(q, "two", false);
        assert_int_equal(queue_done(q, &err), 0);
        assert_true(queue_is_unsynced(q));
        assert_int_equal(queue_done(q, &err), 0); /* nothing is left that a power cut could take */
        assert_false(queue_is_unsynced(q));
        push(q, "three", false);
        sync_fails = EIO;
        assert_int_equal(queue_sync(q, &err), -EIO);
        sync_fails = 0;
        assert_false(queue_is_unsynced(q));
        queue_free(q);
}

static void count_said(const char *text, void *arg)
{
        ++*(unsigned *)arg;
}

/* A burst for a sink that takes nothing: one sync, a second later, however often the loop turns. */
static void test_burst_is_synced_once(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        struct sink_config config = {.name = "s", .sink = &sink_journal, .queue = 10000};
        const struct sinks sinks = {.n = 1, .at = &config};
        struct alert_event e = {.id = "1", .asset = "a", .message = "m", .kind = EVENT_OPENED};
        struct alerts *a;
        struct err err = {0};
        unsigned n_said = 0;
        char subject[16];

        n_synced = 0;
        assert_int_equal(alerts_open(&sinks, tree.path, count_said, &n_said, &a, &err), 0);
        alerts_pause(a, 0);
        for (unsigned i = 0; i < 5000; i++) {
                (void)snprintf(subject, sizeof(subject), "%u/tcp", i);
                e.subject = subject;
                alerts_event(a, &e, i / 50);
                (void)alerts_step(a, i / 50);
        }
        assert_int_equal(n_synced, 0);
        assert_true(alerts_step(a, 999) <= 1000);
        assert_int_equal(n_synced, 0);
        (void)alerts_step(a, 1000);
        assert_int_equal(n_synced, 1);
        assert_true(alerts_step(a, 5000) > 60000); /* nothing new, nothing to sync */
        assert_int_equal(n_synced, 1);
        assert_int_equal(n_said, 0);
        alerts_free(a);
}

static void keep_said(const char *text, void *arg)
{
        str_addf(arg, "%s\n", text);
}

/* Said once, not for each; and at the end how many are lost. */
static void test_full_disk_is_told(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_str_ struct str said = {0};
        struct sink_config config = {.name = "s", .sink = &sink_journal, .queue = 100};
        const struct sinks sinks = {.n = 1, .at = &config};
        struct alert_event e = {.id = "1", .asset = "a", .message = "m", .kind = EVENT_OPENED};
        struct rlimit old, none = {0};
        struct alerts *a;
        struct err err = {0};

        assert_int_equal(alerts_open(&sinks, tree.path, keep_said, &said, &a, &err), 0);
        alerts_pause(a, 0);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        none.rlim_max = old.rlim_max;
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        e.subject = "1/tcp";
        alerts_event(a, &e, 0);
        e.subject = "2/tcp";
        alerts_event(a, &e, 0);
        for (int64_t t = 0; t < 5000; t += 500)
                (void)alerts_step(a, t);
        assert_non_null(strstr(said.text, "alerts wait in memory, and would end with this process: cannot write"));
        assert_ptr_equal(strchr(said.text, '\n'), said.text + said.len - 1);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        (void)alerts_step(a, 6000);
        alerts_free(a);
        assert_int_equal(alerts_open(&sinks, tree.path, keep_said, &said, &a, &err), 0);
        assert_non_null(strstr(said.text, "2 alerts wait from before"));
        alerts_free(a);
}

/* What `argv` takes of three alerts, the first of which says "bad"; the time is as fast as it is wanted. */
static void deliver_three(const char *argv_text, struct str *said, size_t *ret_left)
{
        _cleanup_tree_ struct tree tree = tree_new();
        const char *argv[] = {"/bin/sh", "-c", argv_text};
        struct sink_config config = {.name = "s", .sink = &sink_exec, .queue = 100, .argv = {argv, 3}};
        const struct sinks sinks = {.n = 1, .at = &config};
        struct alert_event e = {.asset = "a", .kind = EVENT_OPENED};
        _cleanup_str_ struct str left = {0};
        struct alerts *a;
        struct err err = {0};
        struct queue *q;
        size_t lost;
        int64_t t = 0;

        assert_int_equal(alerts_open(&sinks, tree.path, keep_said, said, &a, &err), 0);
        for (unsigned i = 0; i < 3; i++) {
                e.id = e.subject = (const char *const[]){"0", "1", "2"}[i];
                e.message = i ? "good" : "bad";
                alerts_event(a, &e, t);
        }
        for (unsigned turns = 0; turns < 2000 && t < 120000; turns++) {
                int64_t next = alerts_step(a, t);

                if (alerts_busy(a)) { /* a real process, which takes real time */
                        struct pollfd fd = {.fd = alerts_fd(a), .events = POLLIN};

                        (void)poll(&fd, 1, 1000);
                } else {
                        t = next == INT64_MAX ? 120000 : next > t ? next : t;
                }
        }
        alerts_free(a);
        str_addf(&left, "%s/s.queue", tree.path);
        assert_int_equal(queue_open(str_text(&left), 100, &q, &lost, &err), 0);
        *ret_left = queue_count(q);
        queue_free(q);
}

/* One that is refused for what it says does not stand in the way of all that come after it. */
static void test_others_get_past_a_refused_one(void **state)
{
        _cleanup_str_ struct str said = {0}, all = {0};
        size_t left;

        deliver_three("! grep -q '\"bad\"'", &said, &left);
        assert_int_equal(left, 0);
        assert_non_null(strstr(said.text, "so those behind it are tried"));
        assert_non_null(strstr(said.text, "given up, as others were taken and it was not: '/bin/sh' ended with status 1"));
        deliver_three("exit 1", &all, &left); /* a receiver that takes none: none is given up */
        assert_int_equal(left, 3);
        assert_null(strstr(all.text, "given up"));
        assert_null(strstr(strstr(all.text, "are tried") + 1, "are tried")); /* said once */
}

static void test_backoff(void **state)
{
        assert_int_equal(alerts_backoff_ms(1, 0), 1000);
        assert_int_equal(alerts_backoff_ms(2, 0), 2000);
        assert_int_equal(alerts_backoff_ms(9, 0), 256000);
        assert_int_equal(alerts_backoff_ms(10, 0), 300000);
        assert_int_equal(alerts_backoff_ms(UINT32_MAX, 0), 300000);
        assert_int_equal(alerts_backoff_ms(1, 500), 1500);
        assert_int_equal(alerts_backoff_ms(1, 501), 1000);
}

/* --- forms ----------------------------------------------------------------------------------------- */

static const struct alert sample = {
        .id = "17a-42",
        .asset = "machine:0123",
        .kind = "opened",
        .subject = "0.0.0.0:8443/tcp",
        .message = "opened 0.0.0.0:8443/tcp by x\"y]z\\ | a=b \xc3\xa9",
        .verdict = VERDICT_PROHIBITED,
        .count = 1,
        .first_ms = 1795215600123,
        .time_ms = 1795215600123,
};
static const struct syslog_from from = {.host = "web 1", .version = "0.1", .pid = 7};

static void test_record(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str s = {0};
        struct alert back;

        alert_write(&s, &sample, "{\"type\":\"event\",\"id\":\"other\"}", 29);
        assert_string_equal(
                str_text(&s),
                "{\"type\":\"alert\",\"schema\":1,\"asset\":\"machine:0123\",\"vantage\":\"inside\","
                "\"time\":\"2026-11-20T23:00:00Z\",\"id\":\"17a-42\",\"kind\":\"opened\",\"verdict\":\"prohibited\","
                "\"subject\":\"0.0.0.0:8443/tcp\",\"message\":\"opened 0.0.0.0:8443/tcp by x\\\"y]z\\\\ | a=b \xc3\xa9\","
                "\"count\":1,\"state\":null,\"test\":false,\"first_ms\":1795215600123,\"time_ms\":1795215600123,"
                "\"event\":{\"type\":\"event\",\"id\":\"other\"}}");
        assert_int_equal(alert_read(s.text, s.len, pool, &back), 0);
        assert_string_equal(back.id, sample.id);
        assert_string_equal(back.message, sample.message);
        assert_int_equal(back.verdict, VERDICT_PROHIBITED);
        assert_int_equal(back.time_ms, sample.time_ms);
        assert_null(back.state);
        for (size_t len = 0; len < s.len; len++)
                assert_int_equal(alert_read(s.text, len, pool, &back), -EBADMSG);
}

static void test_syslog(void **state)
{
        _cleanup_str_ struct str s = {0}, cef = {0};

        syslog_text_5424(&s, &from, &sample);
        assert_string_equal(
                str_text(&s),
                "<82>1 2026-11-20T23:00:00.123Z web1 quaymaster 7 opened [quaymaster@32473 id=\"17a-42\" "
                "asset=\"machine:0123\" kind=\"opened\" verdict=\"prohibited\" subject=\"0.0.0.0:8443/tcp\" "
                "count=\"1\"] opened 0.0.0.0:8443/tcp by x\"y]z\\ | a=b \xc3\xa9");
        syslog_text_cef(&cef, &from, &sample);
        assert_string_equal(
                str_text(&cef),
                "<82>Nov 20 23:00:00 web1 CEF:0|Quaymaster|quaymaster|0.1|opened|opened|9|rt=1795215600123 "
                "externalId=17a-42 cnt=1 dvchost=web 1 cs1Label=verdict cs1=prohibited cs2Label=subject "
                "cs2=0.0.0.0:8443/tcp cs3Label=asset cs3=machine:0123 "
                "msg=opened 0.0.0.0:8443/tcp by x\"y]z\\\\ | a\\=b \xc3\xa9");
}

/* Whatever stands in a name, it stays inside its field, and one line. */
static void test_syslog_escapes(void **state)
{
        struct alert a = sample;
        _cleanup_str_ struct str s = {0}, cef = {0};

        a.subject = "a\"] b\\ c\nd";
        a.kind = "x|y";
        a.message = "one\ntwo\x1b[31m";
        syslog_text_5424(&s, &from, &a);
        assert_non_null(strstr(str_text(&s), "subject=\"a\\\"\\] b\\\\ c\\\\x0ad\""));
        assert_null(strchr(str_text(&s), '\n'));
        assert_null(strchr(str_text(&s), '\x1b'));
        syslog_text_cef(&cef, &from, &a);
        assert_non_null(strstr(str_text(&cef), "|x\\|y|x\\|y|"));
        assert_null(strchr(str_text(&cef), '\n'));
}

static void test_journal(void **state)
{
        _cleanup_str_ struct str s = {0}, record = {0};
        struct alert a = sample;

        str_add(&record, "{}");
        a.message = "a\nb";
        journal_text(&s, &a, &record);
        assert_memory_equal(
                s.text,
                "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\nSYSLOG_IDENTIFIER=quaymaster\nQUAYMASTER_ID=17a-42\n",
                8 + 8 + 4 + 29 + 21);
        assert_non_null(
                memmem(s.text, s.len, "\nPRIORITY=2\nQUAYMASTER_COUNT=1\nQUAYMASTER_RECORD={}\n", 51));
}

static void test_mail(void **state)
{
        static const char *const recipients[] = {"a@example.org", "b@example.org"};
        _cleanup_str_ struct str s = {0}, record = {0}, evil = {0};
        struct alert a = sample;

        str_add(&record, "{}");
        a.message = "opened a";
        mail_text(&s, "q@example.org", recipients, 2, &a, &record, 1795215600);
        assert_string_equal(
                str_text(&s),
                "From: quaymaster <q@example.org>\r\nTo: <a@example.org>,\r\n <b@example.org>\r\n"
                "Subject: quaymaster: opened a\r\nDate: Fri, 20 Nov 2026 23:00:00 +0000\r\n"
                "Message-ID: <17a-42@machine-0123.quaymaster>\r\nAuto-Submitted: auto-generated\r\n"
                "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n"
                "b3BlbmVkIGEKClZlcmRpY3Q6IHByb2hpYml0ZWQKU3ViamVjdDogMC4wLjAuMDo4NDQzL3RjcApU\r\n"
                "aW1lOiAgICAyMDI2LTExLTIwVDIzOjAwOjAwWgpBc3NldDogICBtYWNoaW5lOjAxMjMKCkFzIGEg\r\n"
                "cmVjb3JkOgp7fQo=\r\n");
        a.message = "x\r\nBcc: evil@example.org\r\n\r\n.\r\n \xc3\xa9";
        a.id = "1>\r\nX: y";
        mail_text(&evil, "q@example.org", recipients, 1, &a, &record, 1795215600);
        assert_null(strstr(str_text(&evil), "\nBcc"));
        assert_null(strstr(str_text(&evil), "\nX:"));
        assert_null(strstr(str_text(&evil), "\n.\r"));
        assert_non_null(strstr(str_text(&evil), "Subject: quaymaster: =?UTF-8?B?"));
}

static void test_addresses(void **state)
{
        assert_true(mail_is_address("ops+x@example.org"));
        assert_false(mail_is_address("ops"));
        assert_false(mail_is_address("a@b@c"));
        assert_false(mail_is_address("a@b>\r\nX"));
        assert_false(mail_is_address("a b@c"));
        assert_false(mail_is_address("@c"));
        assert_false(mail_is_address("a@"));
        assert_false(mail_is_address("-a@c"));
}

/* Reckoned by another program: printf '1795215600.{}' | openssl dgst -sha256 -hmac key */
static void test_signature(void **state)
{
        _cleanup_str_ struct str body = {0}, got = {0}, other = {0};

        str_add(&body, "{}");
        webhook_sign("key", 3, 1795215600, &body, &got);
        assert_string_equal(str_text(&got),
                            "sha256=f178f9a28cc29ec3fb405ffa30575be19ae5f23150f90318ca18ec33bb684119");
        webhook_sign("key", 3, 1795215601, &body, &other);
        assert_string_not_equal(str_text(&got), str_text(&other));
}

static void test_places(void **state)
{
        static const struct {
                const char *text, *host;
                unsigned port;
                bool loopback;
        } cases[] = {
                {"https://soc.example.org/x?y", "soc.example.org", 0, false},
                {"http://127.0.0.1:80/", "127.0.0.1", 80, true},
                {"http://[::1]:8080", "::1", 8080, true},
                {"http://localhost", "localhost", 0, true},
                {"http://localhost.example.org", "localhost.example.org", 0, false},
                {"http://127.0.0.1.example.org", "127.0.0.1.example.org", 0, false},
                {"http://[::ffff:8.8.8.8]/", "::ffff:8.8.8.8", 0, false},
        };
        static const char *const wrong[] = {"",
                                            "x",
                                            "http:",
                                            "http://",
                                            "://a",
                                            "http://a:0",
                                            "http://a:65536",
                                            "http://a:",
                                            "http://u@a",
                                            "http://127.0.0.1@evil.example.org/",
                                            "http://a\\b",
                                            "http://[::1",
                                            "http://127.0.0.1:80@evil.example.org"};
        struct place p;

        for (size_t i = 0; i < array_len(cases); i++) {
                assert_null(place_parse(cases[i].text, &p));
                assert_string_equal(p.host, cases[i].host);
                assert_int_equal(p.port, cases[i].port);
                assert_int_equal(place_is_loopback(&p), cases[i].loopback);
        }
        for (size_t i = 0; i < array_len(wrong); i++)
                if (!place_parse(wrong[i], &p))
                        fail_msg("'%s' is taken", wrong[i]);
}

/* --- sinks.yaml ------------------------------------------------------------------------------------ */

static const char good[] =
        "sinks:\n"
        "  - {name: soc, type: webhook, url: https://soc.example.org/in, secret_file: /etc/k, queue: 10}\n"
        "  - {name: log, type: syslog, to: /dev/log, format: cef, verdicts: prohibited}\n"
        "  - {name: net, type: syslog, to: 'udp://[::1]:514', kinds: [opened, moved], group: 0}\n"
        "  - {name: journal, type: journal}\n"
        "  - {name: mail, type: mail, server: 'smtp://mail:587', from: q@example.org,\n"
        "     to: [a@example.org], user: u, credential: smtp}\n"
        "  - {name: page, type: exec, argv: [/usr/local/bin/page, --now, --now]}\n";

static void test_config(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct err err = {0};
        struct sinks s;

        assert_int_equal(sinks_parse(good, strlen(good), "s.yaml", pool, &s, &err), 0);
        yaml_case("sinks", good, "");
        assert_int_equal(s.n, 6);
        assert_int_equal(s.at[0].queue, 10);
        assert_int_equal(s.at[0].group_s, 30);
        assert_int_equal(s.at[0].verdicts, 0);
        assert_int_equal(s.at[1].verdicts, 1u << VERDICT_PROHIBITED);
        assert_int_equal(s.at[2].kinds, 1u << EVENT_OPENED | 1u << EVENT_MOVED);
        assert_int_equal(s.at[2].group_s, 0);
        assert_string_equal(s.at[5].argv.at[1], "--now");
        assert_int_equal(s.at[5].argv.n, 3);
}

/* To this machine itself also without TLS. */
static void test_config_of_this_machine(void **state)
{
        static const char text[] =
                "sinks:\n"
                "  - {name: a, type: webhook, url: 'http://127.0.0.1:80/in', credential: k}\n"
                "  - {name: b, type: webhook, url: 'http://[::1]/in', secret_file: /k}\n"
                "  - {name: c, type: mail, server: 'smtp://localhost', from: q@x, to: a@b, starttls: never}\n"
                "  - {name: d, type: mail, server: 'smtps://m:465', from: q@x, to: [a@b, c@d], user: u, password_file: /p}\n"
                "  - {name: e, type: journal, to: [/run/j], verdicts: [approved, unjudged]}\n"
                "  - {name: f, type: syslog, to: [tcp://h:1]}\n"
                "  - {name: g, type: exec, argv: /bin/true}\n";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct err err = {0};
        struct sinks s;

        if (sinks_parse(text, strlen(text), "s.yaml", pool, &s, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(s.n, 7);
        yaml_case("sinks", text, "");
}

static void test_config_errors(void **state)
{
        static const struct {
                const char *text, *line, *says;
        } cases[] = {
                {"sinks:\n- {name: a, type: mailx}\n", "s.yaml:2:", "mailx"},
                {"sinks:\n- {type: journal}\n", "s.yaml:2:", "name"},
                {"sinks:\n- {name: a, type: journal}\n- {name: a, type: journal}\n",
                 "s.yaml:3:", "given twice"},
                {"sinks:\n- {name: ../a, type: journal}\n", "s.yaml:2:", "name"},
                {"sinks:\n- {name: a, type: journal, url: https://x}\n", "s.yaml:2:", "has no 'url'"},
                {"sinks:\n- {name: a, type: webhook}\n", "s.yaml:2:", "needs 'url'"},
                {"sinks:\n- {name: a, type: webhook, url: https://x}\n", "s.yaml:2:", "secret_file"},
                {"sinks:\n- {name: a, type: webhook, url: https://x,\n   secret: abc}\n",
                 "s.yaml:3:", "does not belong"},
                {"sinks:\n- {name: a, type: webhook, url: http://x, secret_file: /k}\n",
                 "s.yaml:2:", "without TLS"},
                {"sinks:\n- {name: a, type: webhook, url: ftp://x, secret_file: /k}\n",
                 "s.yaml:2:", "https"},
                {"sinks:\n- {name: a, type: webhook, url: https://x, secret_file: kk}\n",
                 "s.yaml:2:", "absolute"},
                {"sinks:\n- {name: a, type: webhook, url: https://x, secret_file: /k, credential: c}\n",
                 "s.yaml:2:", "not from both"},
                {"sinks:\n- {name: a, type: syslog, to: host:514}\n", "s.yaml:2:", "udp://"},
                {"sinks:\n- {name: a, type: syslog, to: /dev/log, format: rfc3164}\n",
                 "s.yaml:2:", "rfc5424 or cef"},
                {"sinks:\n- {name: a, type: syslog, to: [/dev/log, /dev/log2]}\n", "s.yaml:2:", "one 'to'"},
                {"sinks:\n- {name: a, type: mail, server: 'smtp://m', from: x, to: a@b}\n",
                 "s.yaml:2:", "plain address"},
                {"sinks:\n- {name: a, type: mail, server: 'smtp://m', from: a@b, to: \"a@b\\nRCPT\"}\n",
                 "s.yaml:2:", "to"},
                {"sinks:\n- {name: a, type: mail, server: 'smtp://m', from: a@b, to: a@b, starttls: never}\n",
                 "s.yaml:2:", "without TLS"},
                {"sinks:\n- {name: a, type: mail, server: 'smtp://m', from: a@b, to: a@b, user: u}\n",
                 "s.yaml:2:", "go together"},
                {"sinks:\n- {name: a, type: exec, argv: page}\n", "s.yaml:2:", "absolute path"},
                {"sinks:\n- {name: a, type: exec, argv: []}\n", "s.yaml:2:", "empty list"},
                {"sinks:\n- {name: a, type: journal, group: 3601}\n", "s.yaml:2:", "group"},
                {"sinks:\n- {name: a, type: journal, queue: 0}\n", "s.yaml:2:", "queue"},
                {"sinks:\n- {name: a, type: journal, kinds: open}\n", "s.yaml:2:", "opened"},
                {"sinks:\n- {name: a, type: journal, verdicts: unused}\n", "s.yaml:2:", "unjudged"},
                {"other: 1\n", "s.yaml:1:", "other"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(pool_freep) struct pool *pool = pool_new();
                struct err err = {0};
                struct sinks s;

                assert_int_equal(sinks_parse(cases[i].text, strlen(cases[i].text), "s.yaml", pool, &s, &err),
                                 -EINVAL);
                if (!str_after(err.text, cases[i].line) || !strstr(err.text, cases[i].says))
                        fail_msg("%s -> %s", cases[i].text, err.text);
                yaml_case("sinks", cases[i].text, err.text);
        }
}

static int read_secret(const char *path, mode_t mode)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_free_ char *text =
                xasprintf("sinks: [{name: a, type: webhook, url: https://x, secret_file: %s}]\n", path);
        struct err err = {0};
        struct sinks s;
        int r;

        assert_int_equal(sinks_parse(text, strlen(text), "s.yaml", pool, &s, &err), 0);
        (void)chmod(path, mode);
        r = secrets_read(&s, pool, &err);
        if (r == 0) {
                assert_int_equal(s.at[0].secret_len, 3);
                assert_string_equal(s.at[0].secret, "key");
        } else {
                assert_non_null(strstr(err.text, "s.yaml:1: sink 'a'"));
        }
        return r;
}

static void test_secrets(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *path = xasprintf("%s/key", tree.path);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);

        assert_int_equal(fd_write_all(fd, "key\n", 4), 0);
        close(fd);
        assert_int_equal(read_secret(path, 0600), 0);
        assert_int_equal(read_secret(path, 0400), 0);
        assert_int_equal(read_secret(path, 0640), -EPERM);
        assert_int_equal(read_secret(path, 0604), -EPERM);
        assert_int_equal(truncate(path, 0), 0);
        assert_int_equal(read_secret(path, 0600), -EINVAL);
        (void)unlink(path);
        assert_int_equal(read_secret(path, 0600), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sha256),
                cmocka_unit_test(test_hmac),
                cmocka_unit_test(test_one_event),
                cmocka_unit_test(test_without_group),
                cmocka_unit_test(test_restart_is_no_alert),
                cmocka_unit_test(test_restart_within_a_group),
                cmocka_unit_test(test_flapping),
                cmocka_unit_test(test_worse_is_told_while_it_flaps),
                cmocka_unit_test(test_a_long_message_fits),
                cmocka_unit_test(test_slow_restart_loop),
                cmocka_unit_test(test_kinds),
                cmocka_unit_test(test_many_subjects),
                cmocka_unit_test(test_queue),
                cmocka_unit_test(test_torn_queue),
                cmocka_unit_test(test_a_spoilt_queue),
                cmocka_unit_test(test_queue_is_tidied),
                cmocka_unit_test(test_full_disk),
                cmocka_unit_test(test_delivered_from_memory),
                cmocka_unit_test(test_queue_is_synced),
                cmocka_unit_test(test_burst_is_synced_once),
                cmocka_unit_test(test_full_disk_is_told),
                cmocka_unit_test(test_others_get_past_a_refused_one),
                cmocka_unit_test(test_backoff),
                cmocka_unit_test(test_record),
                cmocka_unit_test(test_syslog),
                cmocka_unit_test(test_syslog_escapes),
                cmocka_unit_test(test_journal),
                cmocka_unit_test(test_mail),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_signature),
                cmocka_unit_test(test_places),
                cmocka_unit_test(test_config),
                cmocka_unit_test(test_config_of_this_machine),
                cmocka_unit_test(test_config_errors),
                cmocka_unit_test(test_secrets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
