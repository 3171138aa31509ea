/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of two looks, each written here as the records it is read from. */
#include "test.h"

#include <errno.h>

#include "drift/drift.h"
#include "drift/expect.h"
#include "drift/record_read.h"

#define END \
        "{\"type\":\"summary\",\"hostname\":\"web1\",\"complete\":true,\"incomplete\":[],\"listeners\":1,\"services\":1}\n"
#define SCANNED "{\"type\":\"summary\",\"complete\":true,\"incomplete\":[],\"hosts\":{}}\n"
#define LISTENER(port, exe, more)                                                                              \
        "{\"type\":\"listener\",\"asset\":\"a\",\"transport\":\"tcp\",\"address\":\"0.0.0.0\",\"port\":" #port \
        ",\"netns\":\"host\",\"processes\":[{\"pid\":" #port ",\"exe\":\"" exe "\"}]" more "}\n"
#define ENDPOINT(address, port, more)                                                              \
        "{\"type\":\"endpoint\",\"transport\":\"tcp\",\"address\":\"" address "\",\"port\":" #port \
        ",\"state\":\"open\"" more "}\n"

struct two {
        struct pool *pool;
        struct snapshot before, after;
        struct drift drift;
};

static int read_records(struct snapshot *s, const char *text, struct err *err)
{
        _cleanup_(record_reader_freep) struct record_reader *r = record_reader_new(s);
        int rc = record_reader_feed(r, text, strlen(text), err);

        return rc == 0 ? record_reader_end(r, err) : rc;
}

static void two_release(struct two *t)
{
        drift_release(&t->drift);
        snapshot_release(&t->before);
        snapshot_release(&t->after);
        pool_freep(&t->pool);
}

static struct two compare(const char *before, const char *after)
{
        struct two t = {.pool = pool_new()};
        struct err err = {0};

        snapshot_init(&t.before, t.pool);
        snapshot_init(&t.after, t.pool);
        assert_int_equal(read_records(&t.before, before, &err), 0);
        assert_int_equal(read_records(&t.after, after, &err), 0);
        drift_compare(&t.before, &t.after, &t.drift);
        return t;
}

/* "opened 80; closed 81" */
static void assert_told(const char *before, const char *after, const char *expected)
{
        _cleanup_(two_release) struct two t = compare(before, after);
        _cleanup_str_ struct str text = {0};

        vec_foreach(e, &t.drift.events) {
                str_addf(&text, "%s%s", text.len ? "; " : "", event_kind_name(e->kind));
                if (e->before && e->before->port)
                        str_addf(&text, " %u", e->before->port);
                if (e->after && e->after->port && (!e->before || e->before->port != e->after->port))
                        str_addf(&text, "%s%u", e->before ? "->" : " ", e->after->port);
        }
        assert_string_equal(str_text(&text), expected);
}

static void test_opened_and_closed(void **state)
{
        assert_told(LISTENER(22, "/sshd", "") END, LISTENER(22, "/sshd", "") LISTENER(80, "/nginx", "") END,
                    "opened 80");
        assert_told(LISTENER(22, "/sshd", "") LISTENER(80, "/nginx", "") END, LISTENER(22, "/sshd", "") END,
                    "closed 80");
        assert_told(LISTENER(80, "/a", "") END, LISTENER(81, "/b", "") END, "closed 80; opened 81");
}

static void test_restart_is_no_event(void **state)
{
        assert_told(LISTENER(22, "/sshd", ",\"unit\":{\"name\":\"session-3.scope\"}") END,
                    LISTENER(22, "/sshd", ",\"unit\":{\"name\":\"session-9.scope\"}") END, "");
        assert_told(LISTENER(22, "/sshd", ",\"unit\":{\"name\":\"ssh.service\"}") END,
                    LISTENER(22, "/sshd", "") END, "");
}

static void test_moved(void **state)
{
        assert_told(LISTENER(80, "/nginx", "") END, LISTENER(8080, "/nginx", "") END, "moved 80->8080");
        /* of several that fit, by number; one is left */
        assert_told(LISTENER(1, "/x", "") LISTENER(2, "/x", "") END,
                    LISTENER(11, "/x", "") LISTENER(12, "/x", "") LISTENER(13, "/x", "") END,
                    "moved 1->11; moved 2->12; opened 13");
        assert_told(ENDPOINT("10.0.0.1", 22, ",\"protocol\":\"ssh\",\"product\":\"OpenSSH\"") SCANNED,
                    ENDPOINT("10.0.0.1", 2222, ",\"protocol\":\"ssh\",\"product\":\"OpenSSH\"") SCANNED,
                    "moved 22->2222");
        /* nothing says that two addresses are one host, or that two unknown things are one */
        assert_told(ENDPOINT("10.0.0.1", 22, ",\"protocol\":\"ssh\"") SCANNED,
                    ENDPOINT("10.0.0.2", 22, ",\"protocol\":\"ssh\"") SCANNED, "closed 22; opened 22");
        assert_told(ENDPOINT("10.0.0.1", 22, "") SCANNED, ENDPOINT("10.0.0.1", 23, "") SCANNED,
                    "closed 22; opened 23");
}

#define REACH(scope, zones) ",\"exposure\":{\"scope\":\"" scope "\",\"zones\":[" zones "]}"
#define ZONE(name, state)   "{\"zone\":\"" name "\",\"state\":\"" state "\",\"by\":null}"

/* What the first listener's exposure is said to have become; NULL: nothing. */
static void assert_exposure(const char *before, const char *after, const char *what)
{
        _cleanup_(two_release) struct two t = compare(before, after);

        assert_int_equal(t.drift.events.n, what ? 1 : 0);
        if (!what)
                return;
        assert_int_equal(t.drift.events.at[0].kind, EVENT_EXPOSURE_CHANGED);
        assert_string_equal(t.drift.events.at[0].what, what);
}

static void test_packet_filter(void **state)
{
#define SSH(exposure) LISTENER(22, "/a", exposure) END
        static const char open[] = SSH(REACH("link", ZONE("office", "reachable") "," ZONE("guests", "reachable"))),
                          turned[] = SSH(REACH("link", ZONE("guests", "reachable") "," ZONE("office", "reachable"))),
                          half[] = SSH(REACH("link", ZONE("office", "reachable") "," ZONE("guests", "blocked"))),
                          shut[] = SSH(REACH("link", ZONE("office", "blocked") "," ZONE("guests", "blocked"))),
                          doubt[] = SSH(REACH("link", ZONE("office", "reachable") "," ZONE("guests", "unknown"))),
                          none[] = SSH(",\"exposure\":{\"scope\":\"link\"}"),
                          public[] = SSH(",\"exposure\":{\"scope\":\"internet\"}"),
                          shielded[] = SSH(REACH("link", ZONE("internet", "blocked"))),
                          exposed[] = SSH(REACH("internet", ZONE("internet", "reachable")));
#undef SSH

        assert_exposure(open, half, "exposure from guests: reachable -> blocked");
        assert_exposure(shut, open, "exposure from office: blocked -> reachable; from guests: blocked -> reachable");
        assert_exposure(shielded, exposed, "exposure link -> internet; from internet: blocked -> reachable");
        assert_exposure(open, turned, NULL);
        /* what is not known, or was not asked, is no difference */
        assert_exposure(open, doubt, NULL);
        assert_exposure(doubt, half, NULL);
        assert_exposure(none, shut, NULL);
        assert_exposure(public, shielded, NULL);
        assert_exposure(shielded, public, NULL);
        assert_exposure(none, public, "exposure link -> internet");
}

static void test_changes(void **state)
{
        assert_told(LISTENER(22, "/sshd", "") END, LISTENER(22, "/evil", "") END, "owner-changed 22");
        assert_told(LISTENER(22, "/a\",\"exe_hash\":\"11", "") END,
                    LISTENER(22, "/a\",\"exe_hash\":\"22", "") END, "owner-changed 22");
        assert_told(LISTENER(22, "/a", ",\"exposure\":{\"scope\":\"loopback\"}") END,
                    LISTENER(22, "/a", ",\"exposure\":{\"scope\":\"link\"}") END, "exposure-changed 22");
        assert_told(LISTENER(22, "/a", ",\"package\":{\"name\":\"p\",\"version\":\"1\"}") END,
                    LISTENER(22, "/a", ",\"package\":{\"name\":\"p\",\"version\":\"2\"}") END,
                    "version-changed 22");
        assert_told(ENDPOINT("10.0.0.1", 443, ",\"protocol\":\"http\"") SCANNED,
                    ENDPOINT("10.0.0.1", 443, ",\"protocol\":\"ssh\"") SCANNED, "protocol-changed 443");
        assert_told(ENDPOINT("10.0.0.1", 443, ",\"protocol\":\"http\"") SCANNED,
                    ENDPOINT("10.0.0.1", 443, ",\"protocol\":\"unknown\"") SCANNED, "");
        assert_told("{\"type\":\"service\",\"name\":\"a\",\"startup\":\"enabled\"}\n" END,
                    "{\"type\":\"service\",\"name\":\"a\",\"startup\":\"disabled\"}\n"
                    "{\"type\":\"service\",\"name\":\"b\",\"startup\":\"disabled\"}\n" END,
                    "startup-changed; service-added");
        assert_told(LISTENER(22, "/a", ",\"verdict\":\"approved\"") END,
                    LISTENER(22, "/a", ",\"verdict\":\"expired\"") END, "approval-expired 22");
}

static void test_incomplete(void **state)
{
        static const char cut[] =
                "{\"type\":\"gap\",\"source\":\"sockets\",\"incomplete\":true}\n"
                "{\"type\":\"summary\",\"complete\":false,\"incomplete\":[\"no\"],\"listeners\":0}\n";
        static const char owners[] =
                "{\"type\":\"gap\",\"source\":\"processes\",\"incomplete\":true}\n"
                "{\"type\":\"summary\",\"complete\":false,\"incomplete\":[\"no\"],\"listeners\":0}\n";
        static const char hosts[] =
                "{\"type\":\"coverage\",\"address\":\"10.0.0.1\",\"complete\":false}\n"
                "{\"type\":\"summary\",\"complete\":false,\"incomplete\":[\"no\"],\"hosts\":{}}\n";
        _cleanup_(two_release) struct two t = compare(LISTENER(22, "/a", "") END, cut);

        assert_int_equal(t.drift.unsure, 1);
        assert_int_equal(t.drift.notes.n, 1);
        assert_false(t.drift.complete);
        assert_told(LISTENER(22, "/a", "") END, cut, "");
        assert_told(LISTENER(22, "/a", "") END, owners, "closed 22");
        assert_told(ENDPOINT("10.0.0.1", 1, "") ENDPOINT("10.0.0.2", 2, "") SCANNED, hosts, "closed 2");
        /* what was not looked for is not gone */
        assert_told(LISTENER(22, "/a", "") END, SCANNED, "");
}

/* One namespace against all of them: what only one side looked at is no drift, and is told. */
static void test_width(void **state)
{
        static const char all[] = LISTENER(22, "/a", "") LISTENER(80, "/b", ",\"netns\":\"web\"") END;
        static const char one[] =
                LISTENER(22, "/a", "") LISTENER(25, "/c", "")
                "{\"type\":\"summary\",\"netns\":\"host\",\"complete\":true,\"incomplete\":[],\"listeners\":1,\"services\":1}\n";
        _cleanup_(two_release) struct two t = compare(all, one), back = compare(one, all);

        assert_int_equal(t.drift.events.n, 1);
        assert_int_equal(t.drift.counts[EVENT_OPENED], 1);
        assert_int_equal(back.drift.events.n, 1);
        assert_int_equal(back.drift.counts[EVENT_CLOSED], 1);
        assert_int_equal(t.drift.notes.n, 1);
        assert_non_null(strstr(t.drift.notes.at[0], "1 listeners are in network namespaces that only one side"));
}

static void test_broken_records(void **state)
{
        static const char *const broken[][2] = {
                {END "{\"type\":\"listener\"", "line 2: it ends in the middle"},
                {END "\n{\"type\":\"listener\"}\n", "line 3: 'transport' is missing, or none that is known"},
                {"{\"type\":\"endpoint\",\"transport\":\"tcp\",\"port\":70000,\"address\":\"1.2.3.4\"}\n",
                 "line 1: 'port' is missing, or none"},
                {"{\"type\":\"x\" \"y\":1}\n", "line 1: a comma is missing"},
                {"{\"type\":\"x\",\"a\":[1,2}\n", "line 1: a comma is missing"},
                {"{}\n", "line 1: 'type' is missing: this is no record of quaymaster"},
                {"\n", "it has no records"},
        };

        for (size_t i = 0; i < array_len(broken); i++) {
                _cleanup_(pool_freep) struct pool *pool = pool_new();
                _cleanup_snapshot_ struct snapshot s;
                struct err err = {0};

                snapshot_init(&s, pool);
                assert_int_equal(read_records(&s, broken[i][0], &err), -EINVAL);
                assert_string_equal(err.text, broken[i][1]);
        }
}

static void test_expectations(void **state)
{
        _cleanup_(two_release) struct two t =
                compare(LISTENER(22, "/a", "") END, LISTENER(22, "/a", "") LISTENER(80, "/b", "") END);
        static const char *const fit[] = {"opened 80/tcp", "any 80/tcp on web1", "opened 80/tcp on a"};
        static const char *const other[] = {"opened 80/udp", "closed 80/tcp", "opened 80/tcp on web2",
                                            "opened b.service"};
        static const char *const wrong[] = {"",
                                            "opened",
                                            "opend 80/tcp",
                                            "opened 80",
                                            "opened 70000/tcp",
                                            "opened 80/tcp web1",
                                            "opened 80/tcp on",
                                            "opened 80/tcp on web1 now"};
        struct expect x;
        struct err err;

        assert_int_equal(t.drift.events.n, 1);
        for (size_t i = 0; i < array_len(fit); i++) {
                assert_int_equal(expect_parse(fit[i], &x, &err), 0);
                assert_true(expect_matches(&x, &t.drift.events.at[0], "web1"));
        }
        for (size_t i = 0; i < array_len(other); i++) {
                assert_int_equal(expect_parse(other[i], &x, &err), 0);
                assert_false(expect_matches(&x, &t.drift.events.at[0], "web1"));
        }
        for (size_t i = 0; i < array_len(wrong); i++)
                assert_int_equal(expect_parse(wrong[i], &x, &err), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_opened_and_closed),
                cmocka_unit_test(test_restart_is_no_event),
                cmocka_unit_test(test_moved),
                cmocka_unit_test(test_packet_filter),
                cmocka_unit_test(test_changes),
                cmocka_unit_test(test_incomplete),
                cmocka_unit_test(test_width),
                cmocka_unit_test(test_broken_records),
                cmocka_unit_test(test_expectations),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
