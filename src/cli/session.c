/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/session.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define VARIABLE        "SSH_CONNECTION="
#define ANCESTORS_MAX   64
#define ENVIRONMENT_MAX (4u << 20)
#define WORDS           4

static bool parse_address(char *word, struct address *ret)
{
        word[strcspn(word, "%")] = '\0';
        if (address_parse(word, ret) < 0)
                return false;
        *ret = address_unmapped(ret);
        return true;
}

static bool parse_port(const char *word, uint16_t *ret)
{
        uint64_t port;

        if (str_to_u64(word, UINT16_MAX, &port) < 0 || !port)
                return false;
        *ret = (uint16_t)port;
        return true;
}

bool session_parse(const char *text, size_t len, struct session *ret)
{
        _cleanup_free_ char *copy = xstrndup(text, len);
        char *rest = copy, *words[WORDS + 1] = {NULL};
        size_t n = 0;

        while (n <= WORDS && (words[n] = strsep(&rest, " ")))
                n++;
        return n == WORDS && parse_address(words[0], &ret->remote) &&
               parse_port(words[1], &ret->remote_port) && parse_address(words[2], &ret->local) &&
               parse_port(words[3], &ret->local_port);
}

static bool find_in(const struct str *environment, struct session *ret)
{
        const char *at = str_text(environment), *end = at + environment->len;

        for (; at < end; at += strlen(at) + 1) {
                const char *value = str_after(at, VARIABLE);

                if (value)
                        return session_parse(value, strlen(value), ret);
        }
        return false;
}

/* proc(5): the fourth field; the second may hold anything, and ends with the last ')'. */
static long parent_of(long pid)
{
        _cleanup_str_ struct str text = {0};
        char path[64];
        const char *at;
        long parent;

        (void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
        if (fd_read_file(AT_FDCWD, path, 4096, &text) < 0 || !(at = strrchr(str_text(&text), ')')))
                return 0;
        return sscanf(at, ") %*c %ld", &parent) == 1 ? parent : 0;
}

static bool find_of_process(long pid, struct session *ret)
{
        _cleanup_str_ struct str environment = {0};
        char path[64];

        (void)snprintf(path, sizeof(path), "/proc/%ld/environ", pid);
        return fd_read_file(AT_FDCWD, path, ENVIRONMENT_MAX, &environment) == 0 &&
               find_in(&environment, ret);
}

bool session_find(struct session *ret)
{
        const char *own = getenv("SSH_CONNECTION");
        long pid = getppid();

        if (own)
                return session_parse(own, strlen(own), ret);
        for (unsigned i = 0; pid > 1 && i < ANCESTORS_MAX; i++, pid = parent_of(pid))
                if (find_of_process(pid, ret))
                        return true;
        return false;
}
