/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What apply and undo are made of: files exactly put and taken back, a torn journal, clocks that jump, who may
 * confirm.
 */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "enforce/compile.h"
#include "enforce/run.h"
#include "enforce/session.h"
#include "small_tree.h"

#define JOURNAL_HEAD \
        "\n{\"event\":\"armed\",\"time\":1,\"boot_ns\":2}\n\n{\"event\":\"begin\",\"step\":0,\"time\":1,\"boot_ns\":3}\n"

static void test_torn_journal_costs_its_last_line(void **state)
{
        static const char text[] =
                JOURNAL_HEAD "\n{\"event\":\"done\",\"step\":0,\"time\":1,\"boot_ns\":4,\"note\":\"h\"}\n";

        for (size_t len = sizeof(JOURNAL_HEAD) - 1; len < sizeof(text); len++) {
                struct pool *pool = pool_new();
                struct journal journal;
                bool whole = len == sizeof(text) - 1;

                journal_read(text, len, pool, &journal);
                assert_int_equal(journal.lines.n, whole ? 3 : 2);
                assert_true((journal_last(&journal, JOURNAL_DONE, 0) != NULL) == whole);
                assert_non_null(journal_last(&journal, JOURNAL_BEGIN, 0));
                assert_null(journal_last(&journal, JOURNAL_BEGIN, 1));
                journal_release(&journal);
                pool_free(pool);
        }
}

static void test_journal_goes_on_after_a_torn_line(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str text = {0};
        struct journal journal;
        int fd;

        tree_bytes(&tree, "journal", JOURNAL_HEAD "\n{\"event\":\"do", sizeof(JOURNAL_HEAD) - 1 + 13);
        fd = openat(tree.fd, "journal", O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(journal_add(fd, JOURNAL_UNDO, JOURNAL_NO_STEP, "why", NULL), 0);
        fd_close(&fd);
        assert_int_equal(fd_read_file(tree.fd, "journal", 4096, &text), 0);
        journal_read(text.text, text.len, pool, &journal);
        assert_int_equal(journal.lines.n, 3);
        assert_int_equal(journal.n_damaged, 1);
        assert_string_equal(journal_last(&journal, JOURNAL_UNDO, JOURNAL_NO_STEP)->note, "why");
        journal_release(&journal);
}

/* The wall clock is no argument: however it jumps, only the boot clock and the boot's own id decide. */
static void test_deadline_is_of_the_boot_clock(void **state)
{
        struct pending p = {.state = PENDING_WAITING, .deadline_ns = 1000, .boot_id = "one"};

        assert_int_equal(pending_advise(&p, 0, "one"), PENDING_WAIT);
        assert_int_equal(pending_advise(&p, 999, "one"), PENDING_WAIT);
        assert_int_equal(pending_advise(&p, 1000, "one"), PENDING_UNDO_WITH_LOCK);
        assert_int_equal(pending_advise(&p, UINT64_MAX, "one"), PENDING_UNDO_WITH_LOCK);
        assert_int_equal(pending_advise(&p, 0, "two"),
                         PENDING_UNDO_WITH_LOCK); /* the machine was started anew */
        p.state = PENDING_RUNNING;
        assert_int_equal(pending_advise(&p, 0, "one"),
                         PENDING_UNDO_WITH_LOCK); /* who has the lock is at work yet */
}

static void test_pending_is_read_back(void **state)
{
        struct pending p = {.state = PENDING_WAITING,
                            .id = "20261122-083000-1f2e3d",
                            .deadline_ns = 77,
                            .boot_id = "b"},
                       q;
        _cleanup_str_ struct str text = {0};
        struct err err;

        pending_write(&p, &text);
        assert_int_equal(pending_parse(text.text, text.len, &q, &err), 0);
        assert_int_equal(q.state, p.state);
        assert_string_equal(q.id, p.id);
        assert_int_equal(q.deadline_ns, 77);
        for (size_t len = 0; len + 1 < text.len; len++)
                assert_int_equal(pending_parse(text.text, len, &q, &err), -EBADMSG);
        assert_false(apply_id_good("../x") || apply_id_good("") || apply_id_good("-1"));
}

static void test_login_that_proves(void **state)
{
        struct session s = {.ssh = true, .begun_ns = 2000, .connection = "192.0.2.1 5000 192.0.2.9 22"};
        struct err err;

        assert_int_equal(session_proves(&s, "192.0.2.1 4000 192.0.2.9 22", 1000, &err), 0);
        assert_int_equal(session_proves(&s, s.connection, 1000, &err), -EPERM);
        assert_int_equal(session_proves(&s, "", 2000, &err),
                         -EPERM); /* it began before, or with the apply */
        (void)snprintf(s.connection, sizeof(s.connection), "127.0.0.1 5000 127.0.0.1 22");
        assert_int_equal(session_proves(&s, "", 1000, &err), -EPERM);
        (void)snprintf(s.connection, sizeof(s.connection), "192.0.2.9 5000 192.0.2.9 22");
        assert_int_equal(session_proves(&s, "", 1000, &err), -EPERM); /* this machine to itself */
        (void)snprintf(s.connection, sizeof(s.connection), "fe80::1%%eth0 5000 fe80::2%%eth0 22");
        assert_int_equal(session_proves(&s, "", 1000, &err), 0);
        s.connection[0] = '\0';
        assert_int_equal(session_proves(&s, "", 1000, &err), -EPERM);
        s = (struct session){.begun_ns = 2000, .connection = "192.0.2.1 5000 192.0.2.9 22"};
        assert_int_equal(session_proves(&s, "", 1000, &err), -EPERM); /* an environment alone says nothing */
}

static void test_nodes_are_put_and_taken_back(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        const struct node none = {.type = NODE_NONE}, link = node_link("/dev/null"),
                          file = node_file("a\0b", 3);
        const struct node folder = {.type = NODE_FOLDER, .mode = 0755};
        struct node now;
        struct err err;

        tree_bytes(&tree, "etc/file", "old", 3);
        assert_int_equal(node_read(tree.fd, "etc/absent/too", pool, &now, &err), 0);
        assert_true(node_same(&now, &none));
        assert_int_equal(node_put(tree.fd, "etc/d", &folder, &err), 0);
        assert_int_equal(node_put(tree.fd, "etc/d/x", &link, &err), 0);
        assert_int_equal(node_read(tree.fd, "etc/d/x", pool, &now, &err), 0);
        assert_true(node_same(&now, &link));
        assert_int_equal(node_put(tree.fd, "etc/d", &none, &err), 0); /* not empty: it stays */
        assert_int_equal(node_put(tree.fd, "etc/d/x", &file, &err), 0);
        assert_int_equal(node_read(tree.fd, "etc/d/x", pool, &now, &err), 0);
        assert_true(now.type == NODE_FILE && now.len == 3 && now.mode == 0644);
        assert_int_equal(node_put(tree.fd, "etc/d/x", &none, &err), 0);
        assert_int_equal(node_put(tree.fd, "etc/d", &none, &err), 0);
        assert_int_equal(node_read(tree.fd, "etc/d", pool, &now, &err), 0);
        assert_int_equal(now.type, NODE_NONE);
        assert_int_equal(symlinkat(tree.path, tree.fd, "etc/way"), 0);
        assert_int_equal(node_put(tree.fd, "etc/way/x", &link, &err), -ELOOP); /* no link is followed */
        assert_true(node_put(tree.fd, "../x", &link, &err) < 0);
}

static void check_off(bool (*off)(const char *, size_t, const char *, const char *, struct str *),
                      const char *before, const char *service, const char *transport, const char *after)
{
        _cleanup_str_ struct str text = {0};

        assert_int_equal(off(before, strlen(before), service, transport, &text), after != NULL);
        if (after)
                assert_string_equal(text.text, after);
}

static void test_inetd_entries_off(void **state)
{
        check_off(inetd_text_off, "#x\ntelnet stream tcp nowait root /a\ntelnet dgram udp wait root /a",
                  "telnet", "tcp",
                  "#x\n#<off># telnet stream tcp nowait root /a\ntelnet dgram udp wait root /a");
        check_off(inetd_text_off, "telnet stream tcp6 nowait root /a\n", "telnet", "tcp",
                  "#<off># telnet stream tcp6 nowait root /a\n");
        check_off(inetd_text_off, "#telnet stream tcp nowait root /a\ntelnets stream tcp x\n", "telnet",
                  "tcp", NULL);
        check_off(xinetd_text_off, "service echo\n{\n\tdisable = no\n\tsocket_type = stream\n}\n", "echo",
                  "tcp", "service echo\n{\n\tdisable = yes\n\tsocket_type = stream\n}\n");
        check_off(
                xinetd_text_off,
                "service echo\n{\n protocol = udp\n}\nservice echo\n{\n protocol = tcp\n}\n", "echo", "tcp",
                "service echo\n{\n protocol = udp\n}\nservice echo\n{\n\tdisable = yes\n protocol = tcp\n}\n");
        check_off(xinetd_text_off, "service echo\n{\n socket_type = dgram\n}\n", "echo", "tcp", NULL);
        check_off(xinetd_text_off, "service echo\n{\n socket_type=dgram\n}\n", "echo", "tcp", NULL);
        check_off(xinetd_text_off, "service echo\n{\n protocol=sctp\n}\n", "echo", "tcp", NULL);
        check_off(xinetd_text_off, "service echo\n{\n protocol=tcp6\n disable=no\n}", "echo", "tcp",
                  "service echo\n{\n protocol=tcp6\n\tdisable = yes\n}");
        /* as the kit's shell does it: each entry of that name and transport, each of its switches, nothing else */
        check_off(xinetd_text_off,
                  "# a\nservice echo\n{\n id = 1\n disable=no\n#disable = no\n disable\t=\tno\n}\nservice echos\n{\n disable = no\n}\n"
                  "service echo\n{\n socket_type=dgram\n disable = no\n}\nservice echo\n{\n id = 2\n disabled = x\n}\n# z",
                  "echo", "tcp",
                  "# a\nservice echo\n{\n id = 1\n\tdisable = yes\n#disable = no\n\tdisable = yes\n}\nservice echos\n{\n disable = no\n}\n"
                  "service echo\n{\n socket_type=dgram\n disable = no\n}\nservice echo\n{\n\tdisable = yes\n id = 2\n disabled = x\n}\n# z");
        check_off(xinetd_text_off, "service echo\n{\n disable = yes\n}\nservice echo\n{\n", "echo", "tcp",
                  "service echo\n{\n\tdisable = yes\n}\nservice echo\n{\n");
        check_off(xinetd_text_off, "service echo\n{\n", "echo", "tcp", NULL);
}

/* --- an apply in a tree, killed between any two steps ----------------------------------------- */

static void plan(struct compile *c)
{
        static const char *const links[] = {"etc/systemd/system/multi-user.target.wants/a.service",
                                            "etc/systemd/system/alias.service"};
        const struct node none = {.type = NODE_NONE}, mask = node_link("/dev/null"),
                          file = node_file("new", 3);
        struct err err;

        for (size_t i = 0; i < array_len(links); i++)
                assert_int_equal(compile_node(c, "t", links[i], &none, &err), 0);
        assert_int_equal(compile_node(c, "t", "etc/systemd/system/a.service", &mask, &err), 0);
        assert_int_equal(compile_node(c, "t", "etc/a/b/c.conf", &file, &err), 0);
        assert_int_equal(compile_node(c, "t", "etc/inetd.conf", &file, &err), 0);
        assert_int_equal(compile_node(c, "t", "etc/inetd.conf", &none, &err), 0);
        assert_int_equal(c->steps.n, 8); /* with the folders a and a/b */
}

static void fill(const struct tree *tree)
{
        tree_bytes(tree, "etc/systemd/system/multi-user.target.wants/keep", "", 0);
        assert_int_equal(symlinkat("/lib/a.service", tree->fd,
                                   "etc/systemd/system/multi-user.target.wants/a.service"),
                         0);
        assert_int_equal(symlinkat("/lib/a.service", tree->fd, "etc/systemd/system/alias.service"), 0);
        tree_bytes(tree, "etc/inetd.conf", "x\0y", 3);
}

static bool is_old(const struct tree *tree, const step_list *steps)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        bool seen_inetd = false, old = true;

        for (size_t i = 0; i < steps->n; i++) {
                const struct step *step = &steps->at[i];
                bool again = streq(step->path, "etc/inetd.conf") && seen_inetd;
                struct node now;

                seen_inetd = seen_inetd || streq(step->path, "etc/inetd.conf");
                assert_int_equal(node_read(tree->fd, step->path, pool, &now, NULL), 0);
                old = old && (again || node_same(&now, &step->before));
        }
        return old;
}

/* A process that is killed after so many steps; what it did is what the next one finds. */
static void apply_until(struct run *run, size_t n)
{
        size_t all = run->apply->steps.n;

        run->apply->steps.n = n;
        assert_int_equal(run_steps(run, NULL), 0);
        run->apply->steps.n = all;
}

static void test_undone_from_wherever_it_stopped(void **state)
{
        for (size_t n = 0; n <= 8; n++) {
                _cleanup_tree_ struct tree tree = tree_new();
                _cleanup_folder_ struct folder folder;
                _cleanup_apply_ struct apply made = {.journal_fd = -1, .pool = pool_new()},
                                             found = {.journal_fd = -1};
                struct compile c = {.root_fd = tree.fd, .pool = made.pool};
                struct run run;
                struct err err = {0};
                char path[80];

                (void)snprintf(path, sizeof(path), "%s/state", tree.path);
                fill(&tree);
                plan(&c);
                made.steps = c.steps;
                assert_int_equal(folder_open(&folder, path, true, &err), 0);
                assert_int_equal(apply_create(&folder, &made, "{}\n", 3, &err), 0);
                run = (struct run){.root_fd = tree.fd, .folder = &folder, .apply = &made};
                apply_until(&run, n);
                assert_true(is_old(&tree, &made.steps) == (n == 0));
                tree_bytes(&tree, "etc/.quaymaster-new", "half", 4); /* of a writer that was killed */
                for (unsigned times = 0; times < 2; times++) { /* an undo that is begun again does no harm */
                        apply_release(&found);
                        assert_int_equal(apply_open(&folder, made.id, &found, &err), 0);
                        assert_int_equal(found.steps.n, 8);
                        run = (struct run){.root_fd = tree.fd, .folder = &folder, .apply = &found};
                        assert_int_equal(run_check(&run, &err), 0);
                        assert_int_equal(run_undo(&run, &err), 0);
                        assert_int_equal(run.n_left, 0);
                        assert_true(is_old(&tree, &made.steps));
                        assert_true(faccessat(tree.fd, "etc/.quaymaster-new", F_OK, 0) < 0 || n < 7);
                }
        }
}

static void test_what_others_changed_is_left(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_folder_ struct folder folder;
        _cleanup_apply_ struct apply made = {.journal_fd = -1, .pool = pool_new()},
                                     found = {.journal_fd = -1};
        struct compile c = {.root_fd = tree.fd, .pool = made.pool};
        const struct node theirs = node_link("/elsewhere");
        struct run run;
        struct err err = {0};
        struct node now;
        char path[80];

        (void)snprintf(path, sizeof(path), "%s/state", tree.path);
        fill(&tree);
        plan(&c);
        made.steps = c.steps;
        assert_int_equal(folder_open(&folder, path, true, &err), 0);
        assert_int_equal(apply_create(&folder, &made, "{}\n", 3, &err), 0);
        run = (struct run){.root_fd = tree.fd, .folder = &folder, .apply = &made};
        assert_int_equal(run_steps(&run, &err), 0);
        assert_int_equal(node_put(tree.fd, "etc/systemd/system/a.service", &theirs, &err), 0);
        assert_int_equal(apply_open(&folder, made.id, &found, &err), 0);
        assert_null(apply_undo_why(&found));
        run.apply = &found;
        assert_int_equal(run_check(&run, &err), -EEXIST);
        assert_non_null(strstr(err.text, "/etc/systemd/system/a.service"));
        assert_int_equal(run_undo(&run, &err), 0); /* of a rollback: the rest is worth more */
        assert_int_equal(run.n_left, 1);
        assert_int_equal(node_read(tree.fd, "etc/systemd/system/a.service", found.pool, &now, &err), 0);
        assert_true(node_same(&now, &theirs));
        assert_int_equal(node_read(tree.fd, "etc/systemd/system/alias.service", found.pool, &now, &err), 0);
        assert_int_equal(now.type, NODE_LINK);
        /* the first try says why, the last one what is left */
        assert_int_equal(journal_add(found.journal_fd, JOURNAL_UNDO, JOURNAL_NO_STEP, "first", &err), 0);
        assert_int_equal(journal_add(found.journal_fd, JOURNAL_LEFT, 1, "x", &err), 0);
        assert_int_equal(journal_add(found.journal_fd, JOURNAL_UNDO, JOURNAL_NO_STEP, "again", &err), 0);
        assert_int_equal(run_undo(&run, &err), 0);
        apply_release(&found);
        assert_int_equal(apply_open(&folder, made.id, &found, &err), 0);
        assert_string_equal(apply_undo_why(&found), "first");
        assert_int_equal(apply_left(&found), 1);
}

/* Stopped for a while, or silent for long: only then; any progress, and any other holder, begins anew. */
static void test_stuck_holder(void **state)
{
        const uint64_t stopped = HOLDER_STOPPED_MS * UINT64_C(1000000), still = HOLDER_STILL_MS * UINT64_C(1000000);
        const struct holder one = {.pid = 7, .begun_ns = 70}, again = {.pid = 7, .begun_ns = 71};
        struct holder_watch w = {0};

        assert_false(holder_is_stuck(&w, &one, true, 10, 1000));
        assert_false(holder_is_stuck(&w, &one, true, 10, 1000 + stopped));
        assert_false(holder_is_stuck(&w, &again, true, 10, 1001 + stopped)); /* the number was given anew */
        assert_false(holder_is_stuck(&w, &again, false, 10, 1002 + stopped));
        assert_false(holder_is_stuck(&w, &again, true, 10, 1002 + 2 * stopped));
        assert_true(holder_is_stuck(&w, &again, true, 10, 1003 + 2 * stopped));
        w = (struct holder_watch){0};
        assert_false(holder_is_stuck(&w, &one, false, 10, 1000));
        assert_false(holder_is_stuck(&w, &one, false, 11, 1000 + still));
        assert_false(holder_is_stuck(&w, &one, false, 11, 1000 + 2 * still));
        assert_true(holder_is_stuck(&w, &one, false, 11, 1001 + 2 * still));
}

/* The process that is noted is ended; one that merely has its number is not. */
static void test_holder_is_ended(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_folder_ struct folder folder;
        struct holder holder, other;
        struct err err = {0};
        int ends[2], status;
        char path[80], byte;
        pid_t pid;

        (void)snprintf(path, sizeof(path), "%s/state", tree.path);
        assert_int_equal(folder_open(&folder, path, true, &err), 0);
        assert_int_equal(folder_holder(&folder).pid, 0);
        assert_int_equal(pipe(ends), 0);
        pid = fork();
        if (pid == 0) {
                if (folder_lock(&folder, 0, NULL) == 0)
                        (void)!write(ends[1], "x", 1);
                (void)raise(SIGSTOP);
                _exit(0);
        }
        assert_int_equal(read(ends[0], &byte, 1), 1);
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
        holder = folder_holder(&folder);
        assert_int_equal(holder.pid, pid);
        assert_true(holder_is_stopped(&holder));
        other = (struct holder){.pid = holder.pid, .begun_ns = holder.begun_ns + 1};
        assert_int_equal(holder_kill(&other, &err), -ESRCH);
        assert_int_equal(folder_lock(&folder, 0, &err), -EBUSY);
        assert_int_equal(holder_kill(&holder, &err), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(folder_lock(&folder, 1000, &err), 0);
        assert_int_equal(folder_holder(&folder).pid, getpid());
        (void)close(ends[0]);
        (void)close(ends[1]);
}

/* Whatever the wall clock says, a new id sorts behind the last. */
static void test_ids_sort_by_age(void **state)
{
        static const time_t times[] = {1700000000, 1700000000, 5, 1700000500, 0};
        char last[APPLY_ID_SIZE], id[APPLY_ID_SIZE];

        apply_id_make(1700000000, NULL, last);
        assert_true(strncmp(last, "20231114-221320-", 16) == 0);
        for (size_t i = 0; i < array_len(times); i++) {
                apply_id_make(times[i], last, id);
                assert_true(apply_id_good(id) && strcmp(id, last) > 0);
                memcpy(last, id, sizeof(last));
        }
}

/* Saved steps lead nowhere but below /etc, whoever wrote them. */
static void test_steps_stay_below_etc(void **state)
{
        static const char *const bad[] = {
                "{\"op\":\"node\",\"action\":\"a\",\"path\":\"etc/../root/x\",\"before\":{\"type\":\"none\"},"
                "\"after\":{\"type\":\"none\"}}\n",
                "{\"op\":\"node\",\"action\":\"a\",\"path\":\"etc/a/..\",\"before\":{\"type\":\"none\"},"
                "\"after\":{\"type\":\"none\"}}\n",
                "{\"op\":\"script-stop\",\"action\":\"a\",\"names\":[\"../../tmp/x\"],\"ran\":[\"x\"]}\n",
                "{\"op\":\"script-stop\",\"action\":\"a\",\"names\":[\"x\"]}\n",
        };
        static const char good[] = "{\"op\":\"script-stop\",\"action\":\"a\",\"names\":[\"x\"],\"ran\":[\"x\"]}\n"
                                   "{\"op\":\"node\",\"action\":\"a\",\"path\":\"etc/..x/y..\","
                                   "\"before\":{\"type\":\"none\"},\"after\":{\"type\":\"none\"}}\n";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        step_list steps = {0};
        struct err err;

        for (size_t i = 0; i < array_len(bad); i++) {
                assert_int_equal(steps_read(bad[i], strlen(bad[i]), pool, &steps, &err), -EBADMSG);
                vec_clear(&steps);
        }
        assert_int_equal(steps_read(good, strlen(good), pool, &steps, &err), 0);
        assert_int_equal(steps.n, 2);
        vec_clear(&steps);
}

/* What others could have written is not believed; who could take it away is told before anything is changed. */
static void test_folder_of_others(void **state)
{
        static const char *const request = "{}\n";
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_folder_ struct folder folder = {.fd = -1, .lock_fd = -1};
        _cleanup_apply_ struct apply apply = {.journal_fd = -1, .pool = pool_new()}, found = {.journal_fd = -1};
        struct err err = {0};
        char path[80];

        if (geteuid() != 0)
                skip(); /* another user has nothing to fear of root */
        (void)snprintf(path, sizeof(path), "%s/above/state", tree.path);
        assert_int_equal(folder_open(&folder, path, true, &err), 0);
        assert_int_equal(apply_create(&folder, &apply, request, strlen(request), &err), 0);
        assert_int_equal(fchownat(folder.fd, apply.id, 1, 1, 0), 0);
        assert_int_equal(apply_open(&folder, apply.id, &found, &err), -EPERM);
        folder_release(&folder);
        assert_int_equal(fchmodat(tree.fd, "above", 0777, 0), 0);
        assert_int_equal(folder_open(&folder, path, true, &err), -EPERM);
        assert_non_null(strstr(err.text, "/above'"));
        assert_int_equal(folder_open(&folder, path, false, &err), 0); /* of a rollback, which must go on */
        folder_release(&folder);
        assert_int_equal(fchmodat(tree.fd, "above", 01777, 0), 0);
        assert_int_equal(folder_open(&folder, path, true, &err), 0);
        folder_release(&folder);
        assert_int_equal(fchownat(tree.fd, "above", 1, 1, 0), 0);
        assert_int_equal(folder_open(&folder, path, true, &err), -EPERM);
        assert_int_equal(fchownat(tree.fd, "above", 0, 0, 0), 0);
        assert_int_equal(fchownat(tree.fd, "above/state", 1, 1, 0), 0);
        assert_int_equal(folder_open(&folder, path, false, &err), -EPERM);
        assert_int_equal(renameat(tree.fd, "above/state", tree.fd, "other"), 0);
        assert_int_equal(fchownat(tree.fd, "other", 0, 0, 0), 0);
        assert_int_equal(symlinkat("../other", tree.fd, "above/state"), 0);
        assert_true(folder_open(&folder, path, false, &err) < 0); /* a link is no folder */
}

static void test_one_lock(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_folder_ struct folder one, two;
        struct err err = {0};
        char path[80];

        (void)snprintf(path, sizeof(path), "%s/state", tree.path);
        assert_int_equal(folder_open(&one, path, true, &err), 0);
        assert_int_equal(folder_open(&two, path, false, &err), 0);
        assert_int_equal(folder_lock(&one, 0, &err), 0);
        assert_int_equal(folder_lock(&two, 100, &err), -EBUSY);
        fd_close(&one.lock_fd);
        assert_int_equal(folder_lock(&two, 100, &err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_torn_journal_costs_its_last_line),
                cmocka_unit_test(test_journal_goes_on_after_a_torn_line),
                cmocka_unit_test(test_deadline_is_of_the_boot_clock),
                cmocka_unit_test(test_pending_is_read_back),
                cmocka_unit_test(test_login_that_proves),
                cmocka_unit_test(test_nodes_are_put_and_taken_back),
                cmocka_unit_test(test_inetd_entries_off),
                cmocka_unit_test(test_undone_from_wherever_it_stopped),
                cmocka_unit_test(test_what_others_changed_is_left),
                cmocka_unit_test(test_stuck_holder),
                cmocka_unit_test(test_holder_is_ended),
                cmocka_unit_test(test_ids_sort_by_age),
                cmocka_unit_test(test_steps_stay_below_etc),
                cmocka_unit_test(test_folder_of_others),
                cmocka_unit_test(test_one_lock),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
