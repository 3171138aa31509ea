/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/dpkg_text.h"

#include <stdint.h>
#include <string.h>

/* False, and an empty text, when it does not fit or holds a NUL. */
static bool copy(char *to, size_t size, const char *text, size_t len)
{
        to[0] = '\0';
        if (len >= size || memchr(text, '\0', len))
                return false;
        memcpy(to, text, len);
        to[len] = '\0';
        return true;
}

/* The value when the line is "KEY: value", else NULL. */
static const char *field(const char *line, size_t len, const char *key, size_t *ret_len)
{
        size_t n = strlen(key);

        if (len < n || memcmp(line, key, n) != 0)
                return NULL;
        while (n < len && line[n] == ' ')
                n++;
        *ret_len = len - n;
        return line + n;
}

/* "want flag state", deb-control's Status: as dpkg writes it: "deinstall ok config-files". */
static bool has_files(const char *status, size_t len)
{
        const char *blank = memrchr(status, ' ', len);
        const char *state = blank ? blank + 1 : status;
        size_t n = len - (size_t)(state - status);

        return !(n == 12 && memcmp(state, "config-files", n) == 0) &&
               !(n == 13 && memcmp(state, "not-installed", n) == 0);
}

bool dpkg_stanza_line(struct dpkg_stanza *stanza, const char *line, size_t len)
{
        const char *value;
        size_t n;

        if (len == 0)
                return true;
        if (!memchr("PVAS", line[0], 4)) /* most lines are descriptions and lists of files */
                return false;
        if ((value = field(line, len, "Package:", &n)))
                (void)copy(stanza->name, sizeof(stanza->name), value, n);
        else if ((value = field(line, len, "Version:", &n)))
                (void)copy(stanza->version, sizeof(stanza->version), value, n);
        else if ((value = field(line, len, "Architecture:", &n)))
                (void)copy(stanza->architecture, sizeof(stanza->architecture), value, n);
        else if ((value = field(line, len, "Status:", &n)))
                stanza->installed = has_files(value, n);
        return false;
}

bool dpkg_diversion_line(struct dpkg_diversion *diversion, const char *line, size_t len)
{
        bool ok = false;

        if (diversion->n_lines == 3)
                diversion->n_lines = 0;
        if (diversion->n_lines == 0)
                diversion->bad = false;
        switch (diversion->n_lines++) {
        case 0:
                ok = copy(diversion->from, sizeof(diversion->from), line, len) && line[0] == '/';
                break;
        case 1:
                ok = copy(diversion->to, sizeof(diversion->to), line, len) && line[0] == '/';
                break;
        default:
                ok = copy(diversion->by, sizeof(diversion->by), line, len);
        }
        if (!ok || len == 0)
                diversion->bad = true;
        return diversion->n_lines == 3 && !diversion->bad;
}

size_t dpkg_list_name(const char *file)
{
        size_t len = strlen(file);

        if (len <= 5 || file[0] == '.' || memcmp(file + len - 5, ".list", 5) != 0)
                return 0;
        return len - 5;
}
