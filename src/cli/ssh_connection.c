/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/ssh_connection.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/process.h"
#include "base/str.h"

#define VARIABLE      "SSH_CONNECTION"
#define ANCESTORS_MAX 64
#define WORDS         4

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

bool ssh_connection_parse(const char *text, size_t len, struct ssh_connection *ret)
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

static bool find_of_process(unsigned pid, struct ssh_connection *ret)
{
        _cleanup_str_ struct str text = {0};

        return process_variable(pid, VARIABLE, &text) &&
               ssh_connection_parse(str_text(&text), text.len, ret);
}

bool ssh_connection_find(struct ssh_connection *ret)
{
        const char *own = getenv(VARIABLE);
        struct process_start p;
        unsigned pid = (unsigned)getppid();

        if (own)
                return ssh_connection_parse(own, strlen(own), ret);
        for (unsigned i = 0; pid > 1 && i < ANCESTORS_MAX; i++, pid = p.parent)
                if (find_of_process(pid, ret))
                        return true;
                else if (!process_start_read(pid, &p))
                        return false;
        return false;
}
