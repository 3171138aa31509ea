/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What watch reads of the kernel, and what it knows to be open. */
#include "test.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

#include "cli/watch_install.h"
#include "cli/watch_known.h"
#include "collect/bpf/watch_record.h"
#include "collect/bpf_exes.h"
#include "collect/firewall_notices.h"
#include "collect/watch.h"
#include "inside_sample.h"
#include "report/watch_report.h"

static void test_records(void **state)
{
        static const struct {
                unsigned kind;
                unsigned char family, protocol;
                unsigned long long cookie;
                bool ok;
        } cases[] = {
                {WATCH_RECORD_OPENED, 4, IPPROTO_TCP, 1, true},  {WATCH_RECORD_CLOSED, 6, IPPROTO_UDP, 1, true},
                {WATCH_RECORD_OPENED, 4, IPPROTO_TCP, 0, false}, {3, 4, IPPROTO_TCP, 1, false},
                {WATCH_RECORD_OPENED, 5, IPPROTO_TCP, 1, false}, {WATCH_RECORD_OPENED, 4, IPPROTO_SCTP, 1, false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct watch_record r = {
                        .cookie = cases[i].cookie,
                        .kind = cases[i].kind,
                        .pid = 812,
                        .netns = 99,
                        .port = 8443,
                        .family = cases[i].family,
                        .protocol = cases[i].protocol,
                        .comm = "sixteen letters", /* without a terminator where it has all 16 */
                };
                struct wire w = wire_over(&r, sizeof(r));
                struct watch_note note;

                r.comm[15] = 's';
                assert_int_equal(watch_record_parse(&w, &note), cases[i].ok);
                if (!cases[i].ok)
                        continue;
                assert_int_equal(note.port, 8443);
                assert_int_equal(note.netns_inode, 99);
                assert_int_equal(note.closed, cases[i].kind == WATCH_RECORD_CLOSED);
                assert_int_equal(note.transport, cases[i].protocol == IPPROTO_TCP ? TRANSPORT_TCP : TRANSPORT_UDP);
                assert_string_equal(note.comm, "sixteen letterss");
                w = wire_over(&r, sizeof(r) - 1);
                assert_false(watch_record_parse(&w, &note));
        }
}

static void test_notices(void **state)
{
        uint8_t message[72] = {AF_INET, 7};
        struct watch_note note;

        message[44] = 5; /* idiag_cookie[0], behind 4 + 4 + 32 + 4 bytes */
        message[48] = 1;
        assert_true(watch_notice_parse(wire_over(message, sizeof(message)), &note));
        assert_true(note.cookie == (1ull << 32 | 5));
        assert_true(note.closed && !note.place);
        assert_false(watch_notice_parse(wire_over(message, 51), &note));
}

static void test_executables(void **state)
{
        static const struct {
                unsigned len;
                const char *path;
                size_t size;
                bool ok;
        } cases[] = {
                {9, "/bin/cat", 9, true},      {9, "/bin/cat", 8, false}, {8, "/bin/cat", 8, false},
                {9, "bin//cat", 9, false},     {0, "", 0, false},         {9, "/bi\0/cat", 9, false},
                {9, "/bin/cat\0", 10, false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                uint8_t bytes[64] = {0};
                struct exe_record r = {.len = cases[i].len, .foreign_root = 1};
                struct exe_seen seen;

                memcpy(bytes, &r, sizeof(r));
                memcpy(bytes + sizeof(r), cases[i].path, cases[i].size);
                assert_int_equal(exe_record_parse(wire_over(bytes, sizeof(r) + cases[i].size), &seen), cases[i].ok);
                if (cases[i].ok)
                        assert_true(seen.foreign_root && streq(seen.path, cases[i].path));
        }
}

/* What systemd would take apart must not get into the unit. */
static void test_unit(void **state)
{
        static const char *const bad[] = {"quaymaster", "/opt/a b/q", "/opt/%i/q", "/opt/a\nb", "/opt/$HOME/q", "/opt/'q"};
        _cleanup_str_ struct str text = {0};
        struct err err = {0};

        for (size_t i = 0; i < array_len(bad); i++)
                assert_int_equal(watch_unit_text(&text, bad[i], &err), -EINVAL);
        assert_int_equal(text.len, 0);
        assert_int_equal(watch_unit_text(&text, "/usr/bin/quaymaster", &err), 0);
        assert_non_null(strstr(str_text(&text), "\nExecStart=/usr/bin/quaymaster watch\n"));
        assert_non_null(strstr(str_text(&text), "\nCapabilityBoundingSet=CAP_BPF CAP_PERFMON CAP_NET_ADMIN\n"));
        assert_non_null(strstr(str_text(&text), "\nAmbientCapabilities=CAP_BPF CAP_PERFMON CAP_NET_ADMIN\n"));
}

/* Rules count, members of sets and the end of a transaction do not; what is cut short might. */
static void test_firewall_notices(void **state)
{
        struct {
                struct nlmsghdr header;
                uint8_t body[4];
        } notices[3] = {0};
        const uint16_t types[] = {NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM, NFT_MSG_NEWGEN};

        for (size_t i = 0; i < array_len(types); i++)
                notices[i].header = (struct nlmsghdr){.nlmsg_len = sizeof(notices[i]),
                                                      .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | types[i],
                                                      .nlmsg_seq = 77};
        assert_false(firewall_notice_matters(notices, 0));
        assert_false(firewall_notice_matters(notices, sizeof(notices)));
        assert_true(firewall_notice_matters(notices, sizeof(notices) - sizeof(notices[0]) + 3));
        notices[1].header.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE;
        assert_true(firewall_notice_matters(notices, sizeof(notices)));
        notices[1].header.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | NFT_MSG_DELRULE;
        assert_false(firewall_notice_matters(notices, sizeof(notices)));
        notices[0].header.nlmsg_len = 0;
        assert_true(firewall_notice_matters(notices, sizeof(notices)));
}

/* --- what is known --------------------------------------------------------------------------------- */

static uint32_t add_socket(struct inside *view, uint16_t port, uint64_t cookie, const char *exe)
{
        struct socket_seen *s = vec_push(&view->sockets);

        *s = (struct socket_seen){.port = port, .cookie = cookie, .netns = HOST_NETNS, .unit = NONE,
                                  .first_owner = (uint32_t)view->owners.n, .n_owners = 1};
        assert_int_equal(address_parse("0.0.0.0", &s->address), 0);
        *vec_push(&view->owners) = sample_process(view, 100 + port, exe, NULL);
        return (uint32_t)(view->sockets.n - 1);
}

static struct knowledge *guide; /* opened once: constant */

struct told {
        struct str text;
};

static void tell(enum event_kind kind, const struct known_listener *before, const struct known_listener *after,
                 const char *what, void *arg)
{
        struct told *told = arg;
        const struct known_listener *l = after ? after : before;

        str_addf(&told->text, "%s %u%s%s;", event_kind_name(kind), l->item.port, what ? " " : "", what ? what : "");
}

static struct known *known_of_judged(const struct inside *view, struct judgement judgement)
{
        struct assessment *a = assess_correlate(view, guide);
        struct known *known;

        vec_foreach(l, &a->listeners)
                l->judgement = judgement;
        known = known_of(a);

        assess_freep(&a);
        return known;
}

static struct known *known_of_view(const struct inside *view)
{
        return known_of_judged(view, (struct judgement){0});
}

/* Two sockets of one SO_REUSEPORT group are one listener, which ends with the last of them. */
static void test_group(void **state)
{
        _cleanup_(inside_freep) struct inside *view = sample_inside();
        _cleanup_(known_freep) struct known *known = NULL;

        (void)add_socket(view, 80, 1, "/usr/sbin/a");
        (void)add_socket(view, 80, 2, "/usr/sbin/a");
        known = known_of_view(view);
        assert_int_equal(known_count(known), 1);
        assert_true(known_has_socket(known, 2));
        assert_null(known_close(known, 1, NULL));
        assert_null(known_close(known, 1, NULL)); /* told twice, closed once */
        assert_non_null(known_close(known, 2, NULL));
        assert_int_equal(known_count(known), 0);
        assert_null(known_close(known, 77, NULL)); /* a socket that was never a listener */
}

static void test_open_again(void **state)
{
        _cleanup_(inside_freep) struct inside *view = sample_inside();
        _cleanup_(known_freep) struct known *known = NULL;
        struct assessment *a;

        (void)add_socket(view, 80, 1, "/usr/sbin/a");
        a = assess_correlate(view, guide);
        known = known_of(a);
        assert_null(known_open(known, &a->listeners.at[0], 2)); /* it is open already */
        assert_null(known_close(known, 1, NULL));
        assert_non_null(known_close(known, 2, NULL));
        assert_non_null(known_open(known, &a->listeners.at[0], 3));
        assert_int_equal(known_count(known), 1);
        assess_freep(&a);
}

static struct known_step closed_step(uint64_t cookie)
{
        return (struct known_step){.cookie = cookie, .closed = true};
}

/* What came and went while a look went on is told once, whatever the look saw of it. */
static void test_catch_up(void **state)
{
        _cleanup_(inside_freep) struct inside *first = sample_inside(), *late = sample_inside(), *seen = sample_inside();
        _cleanup_(known_freep) struct known *before = NULL, *after = NULL;
        static const uint64_t closed[] = {80, 83, 84, 86};
        struct known_step steps[8];
        struct told told = {0};
        struct assessment *a;
        size_t n = 0;

        (void)add_socket(first, 80, 80, "/usr/sbin/a");
        (void)add_socket(first, 84, 84, "/usr/sbin/e");
        before = known_of_view(first);
        for (uint16_t port = 81; port <= 83; port++)
                (void)add_socket(late, port, port, "/usr/sbin/b");
        (void)add_socket(late, 86, 86, "/usr/sbin/g");
        a = assess_correlate(late, guide);
        vec_foreach(l, &a->listeners) {
                assert_non_null(known_open(before, l, l->port));
                steps[n++] = known_step_opened(before, l->port);
        }
        assess_freep(&a);
        for (size_t i = 0; i < array_len(closed); i++) {
                assert_non_null(known_close(before, closed[i], NULL));
                steps[n++] = closed_step(closed[i]);
        }

        (void)add_socket(seen, 80, 80, "/usr/sbin/a"); /* seen before it closed */
        (void)add_socket(seen, 82, 82, "/usr/sbin/b"); /* seen after it opened; 81 was not */
        (void)add_socket(seen, 86, 0, "/usr/sbin/g");  /* seen between the two, without its cookie */
        (void)add_socket(seen, 85, 85, "/usr/sbin/f"); /* nothing was told of it */
        after = known_of_view(seen);
        for (size_t i = 0; i < n; i++)
                known_catch_up(after, before, &steps[i]);
        known_compare(before, after, tell, &told);
        assert_string_equal(str_text(&told.text), "opened 85;");
        assert_int_equal(known_count(after), 3);
        known_freep(&before);
        assert_true(known_has_socket(after, 81) && known_has_socket(after, 82) && !known_has_socket(after, 83));
        assert_non_null(known_close(after, 81, NULL));
        assert_null(known_close(after, 80, NULL));
        str_release(&told.text);
}

/* Where the cookie was not told, the place says which listener it was. */
static void test_anonymous(void **state)
{
        _cleanup_(inside_freep) struct inside *view = sample_inside();
        _cleanup_(known_freep) struct known *known = NULL;
        struct item key = {.port = 80, .netns = "host"};

        (void)add_socket(view, 80, 0, "/usr/sbin/a");
        known = known_of_view(view);
        assert_int_equal(address_parse("0.0.0.0", &key.address), 0);
        assert_null(known_close(known, 9, NULL));
        assert_non_null(known_close(known, 9, &key));
        assert_null(known_close(known, 10, &key));
}

static void test_compare(void **state)
{
        _cleanup_(inside_freep) struct inside *first = sample_inside(), *second = sample_inside();
        _cleanup_(known_freep) struct known *before = NULL, *after = NULL;
        struct told told = {0};

        (void)add_socket(first, 22, 1, "/usr/sbin/sshd");
        (void)add_socket(first, 80, 2, "/usr/sbin/a");
        (void)add_socket(first, 81, 3, "/usr/sbin/gone");
        (void)add_socket(second, 22, 9, "/usr/sbin/sshd"); /* a restart is no event */
        (void)add_socket(second, 80, 2, "/usr/sbin/b");
        (void)add_socket(second, 8443, 4, "/usr/sbin/new");
        (void)sample_unit(first, "a.service", NULL);
        (void)sample_unit(second, "a.service", NULL);
        (void)sample_unit(second, "b.service", NULL);
        second->services.at[0].startup = "disabled";
        before = known_of_view(first);
        after = known_of_view(second);
        known_compare(before, after, tell, &told);
        assert_string_equal(str_text(&told.text), "closed 81;owner-changed 80 executable /usr/sbin/a -> /usr/sbin/b;"
                                                  "opened 8443;startup-changed 0 enabled -> disabled;service-added 0;");
        str_release(&told.text);
}

/* An approval that ran out between two looks is told with the sentence that says so. */
static void test_approval_expired(void **state)
{
        static const struct judgement approved = {.verdict = VERDICT_APPROVED, .why = "line 3 approves"},
                                      expired = {.verdict = VERDICT_EXPIRED, .why = "ended on 2026-01-01"};
        _cleanup_(inside_freep) struct inside *view = sample_inside();
        _cleanup_(known_freep) struct known *before = NULL, *after = NULL;
        struct told told = {0};

        (void)add_socket(view, 22, 1, "/usr/sbin/sshd");
        before = known_of_judged(view, approved);
        after = known_of_judged(view, expired);
        known_compare(before, after, tell, &told);
        known_compare(after, after, tell, &told);
        known_compare(after, before, tell, &told);
        assert_string_equal(str_text(&told.text), "approval-expired 22 ended on 2026-01-01;");
        str_release(&told.text);
}

/* What others chose never reaches a terminal as it is. */
static void test_words(void **state)
{
        struct item item = {.port = 8443, .netns = "web", .exe = "/tmp/x\033[2J", .user = "root"};
        struct watch_event e = {.event = {.kind = EVENT_OPENED, .after = &item}, .pid = 5, .process = "x\033[2J"};
        _cleanup_str_ struct str text = {0};

        assert_int_equal(address_parse("::", &item.address), 0);
        watch_event_words(&text, &e);
        assert_string_equal(str_text(&text), "opened [::]:8443/tcp in netns web by x\\x1b[2J (5), user root");
        str_reset(&text);
        e.judgement = &(struct judgement){.verdict = VERDICT_UNAPPROVED, .why = "no approval names it"};
        e.event.planned = "CHG-1\n";
        watch_event_words(&text, &e);
        assert_non_null(strstr(str_text(&text), " - unapproved (no approval names it), planned as CHG-1\\x0a"));
}

static int open_guide(void **state)
{
        guide = knowledge_open(NULL, NULL, NULL);
        return 0;
}

static int close_guide(void **state)
{
        guide = knowledge_free(guide);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records),    cmocka_unit_test(test_notices),
                cmocka_unit_test(test_firewall_notices),
                cmocka_unit_test(test_group),      cmocka_unit_test(test_open_again), cmocka_unit_test(test_anonymous),
                cmocka_unit_test(test_catch_up), cmocka_unit_test(test_compare),    cmocka_unit_test(test_words),
                cmocka_unit_test(test_approval_expired), cmocka_unit_test(test_executables), cmocka_unit_test(test_unit),
        };

        return cmocka_run_group_tests(tests, open_guide, close_guide);
}
