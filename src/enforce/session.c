/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "model/address.h"

#define ANCESTORS_MAX 200
#define SKIP_17       " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
#define STAT_MAX      4096
#define ENVIRON_MAX   (256 * 1024)

bool process_start_parse(const char *text, struct process_start *ret)
{
        unsigned long long ticks = 0;
        long hertz = sysconf(_SC_CLK_TCK);
        const char *open = strchr(text, '('), *close = strrchr(text, ')');

        if (!open || !close || close < open || hertz <= 0)
                return false;
        (void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(close - open - 1), open + 1);
        if (sscanf(close + 1, " %c %u" SKIP_17 " %llu", &ret->state, &ret->parent, &ticks) != 3)
                return false;
        ret->begun_ns = ticks * (UINT64_C(1000000000) / (uint64_t)hertz);
        return true;
}

bool process_start_read(unsigned pid, struct process_start *ret)
{
        _cleanup_str_ struct str text = {0};
        char path[32];

        (void)snprintf(path, sizeof(path), "/proc/%u/stat", pid);
        return fd_read_file(AT_FDCWD, path, STAT_MAX, &text) == 0 &&
               process_start_parse(str_text(&text), ret);
}

static bool read_connection(unsigned pid, char *ret, size_t size)
{
        static const char name[] = "SSH_CONNECTION=";
        _cleanup_str_ struct str text = {0};
        const char *at, *end;
        char path[32];

        (void)snprintf(path, sizeof(path), "/proc/%u/environ", pid);
        if (fd_read_file(AT_FDCWD, path, ENVIRON_MAX, &text) < 0)
                return false;
        end = str_text(&text) + text.len;
        for (at = str_text(&text); at < end; at += strlen(at) + 1)
                if (str_after(at, name)) {
                        (void)snprintf(ret, size, "%s", str_after(at, name));
                        return true;
                }
        return false;
}

static uint32_t read_login_uid(void)
{
        _cleanup_str_ struct str text = {0};
        uint64_t uid;

        if (fd_read_file(AT_FDCWD, "/proc/self/loginuid", 64, &text) < 0 ||
            str_to_u64(str_text(&text), UINT32_MAX, &uid) < 0)
                return UINT32_MAX;
        return (uint32_t)uid;
}

void session_read(struct session *ret)
{
        unsigned pid = (unsigned)getpid();
        struct process_start p;

        *ret = (struct session){.uid = getuid(), .login_uid = read_login_uid()};
        for (unsigned n = 0; n < ANCESTORS_MAX && pid > 1 && process_start_read(pid, &p);
             n++, pid = p.parent) {
                if (streq(p.name, "sshd") || streq(p.name, "sshd-session")) {
                        ret->ssh = true;
                        ret->begun_ns = p.begun_ns;
                        return;
                }
                /* the lowest one that has it is the shell's of that login, or a child of it */
                if (!ret->connection[0])
                        (void)read_connection(pid, ret->connection, sizeof(ret->connection));
        }
}

void session_write(struct json *j, const char *key, const struct session *session)
{
        json_open_object(j, key);
        json_u64(j, "uid", session->uid);
        if (session->login_uid != UINT32_MAX)
                json_u64(j, "login_uid", session->login_uid);
        json_bool(j, "ssh", session->ssh);
        json_str(j, "connection", session->connection);
        json_end(j);
}

void session_words(const struct session *session, struct str *to)
{
        str_addf(to, "by uid %u", session->uid);
        if (session->login_uid != UINT32_MAX)
                str_addf(to, ", logged in as uid %u", session->login_uid);
        if (session->ssh && session->connection[0])
                str_addf(to, ", from %.*s", (int)strcspn(session->connection, " "), session->connection);
}

/* From this host to itself: such a login goes over loopback, and says nothing of the network. */
static bool is_from_here(const char *connection)
{
        char client[64], server[64];
        struct address from, to;

        if (sscanf(connection, "%63s %*s %63s", client, server) != 2)
                return true;
        client[strcspn(client, "%")] = server[strcspn(server, "%")] = '\0';
        if (address_parse(client, &from) < 0 || address_parse(server, &to) < 0)
                return true;
        return address_is_loopback(&from) || address_compare(&from, &to) == 0;
}

#define OTHERWISE "; log in anew and confirm there, or say --at-console when you stand at the machine"

int session_proves(const struct session *session, const char *apply_connection, uint64_t applied_ns,
                   struct err *err)
{
        if (!session->ssh)
                return err_set(err, -EPERM, "this is no login over the network" OTHERWISE);
        if (session->begun_ns <= applied_ns)
                return err_set(
                        err, -EPERM,
                        "this login is older than the apply, and would live on when no new one can be "
                        "made" OTHERWISE);
        if (!session->connection[0] || streq(session->connection, apply_connection))
                return err_set(err, -EPERM, "this is the connection that the apply was made from" OTHERWISE);
        if (is_from_here(session->connection))
                return err_set(err, -EPERM,
                               "this login comes from this machine itself, not over the network" OTHERWISE);
        return 0;
}
