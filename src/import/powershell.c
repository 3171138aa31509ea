/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Get-NetTCPConnection and Get-NetUDPEndpoint of Windows, as Format-Table shows them and as
 * ConvertTo-Csv writes them. Both may stand in one file: each head line says what its rows mean.
 */
#include "import/powershell.h"

#include <strings.h>

#include "base/str.h"
#include "import/formats.h"

#define COLUMNS_MAX 40u

static const struct {
        const char *name;
        enum powershell_field field;
} names[] = {
        {"LocalAddress", FIELD_ADDRESS}, {"LocalPort", FIELD_PORT},    {"RemotePort", FIELD_REMOTE_PORT},
        {"State", FIELD_STATE},          {"OwningProcess", FIELD_PID}, {"ProcessName", FIELD_NAME},
};

enum powershell_field powershell_field(const char *text, size_t len)
{
        for (size_t i = 0; i < array_len(names); i++)
                if (strlen(names[i].name) == len && strncasecmp(names[i].name, text, len) == 0)
                        return names[i].field;
        return FIELD_MAX;
}

/* "Listen", or 2 in JSON (class MSFT_NetTCPConnection). */
static bool listens(const struct word *state, const struct word *remote_port)
{
        if (!state->len)
                return word_is(remote_port, "0");
        return word_is(state, "Listen") || word_is(state, "2");
}

void powershell_take(struct import *im, const struct word fields[FIELD_MAX], bool tcp)
{
        const struct word *address = &fields[FIELD_ADDRESS], *name = &fields[FIELD_NAME];
        struct place place = {0};
        uint32_t zone_index;
        pid_t pid;

        if (!address->len || !fields[FIELD_PORT].len) {
                import_fault(im, "the record has no LocalAddress or LocalPort");
                return;
        }
        if (!import_address(im, address->at, address->len, &place.address, &zone_index))
                return;
        if (tcp && !listens(&fields[FIELD_STATE], &fields[FIELD_REMOTE_PORT])) {
                listing_own_address(im, &place);
                return;
        }
        if (!import_port(im, fields[FIELD_PORT].at, fields[FIELD_PORT].len, &place.port))
                return;
        pid = listing_pid(&fields[FIELD_PID]);
        if (listing_socket(im, tcp ? TRANSPORT_TCP : TRANSPORT_UDP, &place) && (pid > 0 || name->len))
                listing_owner(im, pid > 0 ? pid : 0,
                              name->len  ? import_text(im, name->at, name->len)
                              : pid == 4 ? "System"
                                         : NULL);
}

void powershell_end(struct import *im)
{
        listing_end(im, "Select-Object LocalAddress,LocalPort,State,OwningProcess and a ProcessName");
}

/* --- tables --------------------------------------------------------------------------------------- */

struct column {
        enum powershell_field field;
        size_t from, to; /* of its title */
};

struct state {
        struct column columns[COLUMNS_MAX];
        size_t n;
        bool tcp;
        char separator;
};

static void clear_columns(struct state *state)
{
        state->n = 0;
        state->tcp = false;
}

static void add_column(struct state *state, const char *title, size_t len, size_t from)
{
        enum powershell_field field = powershell_field(title, len);

        if (state->n == COLUMNS_MAX)
                return;
        state->columns[state->n++] = (struct column){field, from, from + len};
        state->tcp |= field == FIELD_STATE || field == FIELD_REMOTE_PORT;
}

static bool is_table_head(const struct words *w)
{
        bool address = false, port = false;

        for (size_t i = 0; i < w->n; i++) {
                address |= powershell_field(w->word[i].at, w->word[i].len) == FIELD_ADDRESS;
                port |= powershell_field(w->word[i].at, w->word[i].len) == FIELD_PORT;
        }
        return address && port;
}

static bool guess_table(const char *start, size_t len)
{
        return listing_any_line(start, len, is_table_head);
}

/* Texts begin and numbers end with their title, so a value always stands below some of it. */
static const struct column *column_of(const struct state *state, size_t from, size_t to)
{
        for (size_t i = 0; i < state->n; i++)
                if (from < state->columns[i].to && to > state->columns[i].from)
                        return &state->columns[i];
        return NULL;
}

static void take_table(struct import *im, const char *text, size_t len)
{
        struct word fields[FIELD_MAX] = {0};
        struct state *state = im->state;
        struct words w;

        words_of(&w, text, len);
        if (is_table_head(&w)) {
                clear_columns(state);
                for (size_t i = 0; i < w.n; i++)
                        add_column(state, w.word[i].at, w.word[i].len, (size_t)(w.word[i].at - text));
                return;
        }
        if (!w.n || !state->n || w.word[0].at[0] == '-')
                return;
        for (size_t i = 0; i < w.n; i++) {
                size_t from = (size_t)(w.word[i].at - text);
                const struct column *c = column_of(state, from, from + w.word[i].len);

                if (c && c->field != FIELD_MAX && !fields[c->field].len)
                        fields[c->field] = w.word[i];
        }
        powershell_take(im, fields, state->tcp);
}

const struct importer importer_powershell = {
        .name = "powershell",
        .what = "Get-NetTCPConnection, Get-NetUDPEndpoint, as a table",
        .inside = true,
        .windows = true,
        .unit = IMPORT_LINES,
        .state_size = sizeof(struct state),
        .guess = guess_table,
        .take = take_table,
        .end = powershell_end,
};

/* --- CSV ------------------------------------------------------------------------------------------ */

/* The next cell without its quotes, and where the one behind it begins; NULL at the end. */
static const char *next_cell(const char *at, const char *end, char separator, struct word *ret)
{
        const char *close;

        if (at < end && *at == '"') {
                close = memchr(at + 1, '"', (size_t)(end - at) - 1);
                close = close ? close : end;
                *ret = (struct word){at + 1, (size_t)(close - at) - 1};
                at = memchr(close, separator, (size_t)(end - close));
        } else {
                close = memchr(at, separator, (size_t)(end - at));
                *ret = (struct word){at, (size_t)((close ? close : end) - at)};
                at = close;
        }
        return at ? at + 1 : NULL;
}

/* The head line names LocalPort; what stands behind the first name divides all lines. */
static bool read_csv_head(struct state *state, const char *text, size_t len)
{
        const char *end = text + len, *port = memmem(text, len, "LocalPort", 9);
        bool address = false;
        struct word cell;

        if (!port || len > 4096)
                return false;
        state->separator = memchr(text, ';', len) ? ';' : memchr(text, ',', len) ? ',' : '\t';
        clear_columns(state);
        for (const char *at = text; at;) {
                at = next_cell(at, end, state->separator, &cell);
                address |= powershell_field(cell.at, cell.len) == FIELD_ADDRESS;
                add_column(state, cell.at, cell.len, state->n);
        }
        if (!address || state->n < 2)
                clear_columns(state);
        return state->n > 0;
}

static bool guess_csv(const char *start, size_t len)
{
        const char *end = start + len;
        struct state state = {0};

        while (start < end) {
                const char *newline = memchr(start, '\n', (size_t)(end - start));

                if (memchr(start, ',', (size_t)((newline ? newline : end) - start)) ||
                    memchr(start, ';', (size_t)((newline ? newline : end) - start)))
                        if (read_csv_head(&state, start, (size_t)((newline ? newline : end) - start)))
                                return true;
                start = newline ? newline + 1 : end;
        }
        return false;
}

static void take_csv(struct import *im, const char *text, size_t len)
{
        struct word fields[FIELD_MAX] = {0}, cell;
        struct state *state = im->state;
        size_t i = 0;

        if (!len || text[0] == '#' || read_csv_head(state, text, len) || !state->n)
                return;
        for (const char *at = text; at && i < state->n; i++) {
                enum powershell_field field = state->columns[i].field;

                at = next_cell(at, text + len, state->separator, &cell);
                if (field != FIELD_MAX)
                        fields[field] = cell;
        }
        if (i < state->n)
                import_fault(im, "the line is cut off");
        else
                powershell_take(im, fields, state->tcp);
}

const struct importer importer_powershell_csv = {
        .name = "powershell-csv",
        .what = "the same by ConvertTo-Csv or Export-Csv",
        .inside = true,
        .windows = true,
        .unit = IMPORT_LINES,
        .state_size = sizeof(struct state),
        .guess = guess_csv,
        .take = take_csv,
        .end = powershell_end,
};
