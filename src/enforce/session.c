/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "model/address.h"

#define ANCESTORS_MAX 200

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
        _cleanup_str_ struct str connection = {0};
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
                if (!connection.len && process_variable(pid, "SSH_CONNECTION", &connection))
                        (void)snprintf(ret->connection, sizeof(ret->connection), "%s",
                                       str_text(&connection));
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
