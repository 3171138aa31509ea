/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/listing.h"

#include "base/str.h"

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

void words_of(struct words *w, const char *text, size_t len)
{
        size_t at = 0;

        w->n = 0;
        while (w->n < WORDS_MAX) {
                while (at < len && is_blank(text[at]))
                        at++;
                if (at == len)
                        return;
                w->word[w->n].at = text + at;
                while (at < len && !is_blank(text[at]))
                        at++;
                w->word[w->n].len = (size_t)(text + at - w->word[w->n].at);
                w->n++;
        }
        w->word[w->n - 1].len = (size_t)(text + len - w->word[w->n - 1].at);
}

bool word_is(const struct word *w, const char *text)
{
        return strlen(text) == w->len && memcmp(w->at, text, w->len) == 0;
}

bool word_starts(const struct word *w, const char *text)
{
        size_t len = strlen(text);

        return w->len >= len && memcmp(w->at, text, len) == 0;
}

bool word_is_number(const struct word *w)
{
        for (size_t i = 0; i < w->len; i++)
                if (w->at[i] < '0' || w->at[i] > '9')
                        return false;
        return w->len > 0;
}

bool listing_has(const char *start, size_t len, const char *text)
{
        return len && memmem(start, len, text, strlen(text)) != NULL;
}

bool listing_any_line(const char *start, size_t len, bool (*fits)(const struct words *w))
{
        const char *end = start + len;

        while (start < end) {
                const char *newline = memchr(start, '\n', (size_t)(end - start));
                struct words w;

                words_of(&w, start, (size_t)((newline ? newline : end) - start));
                if (w.n && fits(&w))
                        return true;
                start = newline ? newline + 1 : end;
        }
        return false;
}

/* --- places --------------------------------------------------------------------------------------- */

/* The device behind '%', inside or outside of brackets, is taken off. */
static void take_device(struct import *im, struct word *address, struct place *place)
{
        const char *percent = memchr(address->at, '%', address->len);
        size_t rest;

        if (!percent)
                return;
        rest = (size_t)(address->at + address->len - percent) - 1;
        place->device = import_text(im, percent + 1, rest);
        address->len = (size_t)(percent - address->at);
}

static void take_brackets(struct word *address)
{
        if (address->len && address->at[0] == '[') {
                address->at++;
                address->len--;
        }
        if (address->len && address->at[address->len - 1] == ']')
                address->len--;
}

static bool place_address(struct import *im, struct word address, struct place *place)
{
        static const uint8_t any[16];
        uint32_t zone_index;

        if (word_is(&address, "*")) {
                place->star = true;
                place->address = address_v6(any);
                return true;
        }
        return import_address(im, address.at, address.len, &place->address, &zone_index);
}

bool listing_place(struct import *im, const struct word *w, const char *numeric, struct place *ret)
{
        const char *colon = memrchr(w->at, ':', w->len);
        struct word address, port;

        *ret = (struct place){0};
        if (!colon) {
                import_fault(im, "'%.*s' is no address with a port", (int)(w->len < 60 ? w->len : 60),
                             w->at);
                return false;
        }
        address = (struct word){w->at, (size_t)(colon - w->at)};
        port = (struct word){colon + 1, (size_t)(w->at + w->len - colon) - 1};
        if (port.len && !word_is_number(&port)) {
                import_fault(im, "the port is a name, '%.*s': make the listing with %s",
                             (int)(port.len < 40 ? port.len : 40), port.at, numeric);
                return false;
        }
        take_brackets(&address);
        take_device(im, &address, ret);
        take_brackets(&address);
        return place_address(im, address, ret) && import_port(im, port.at, port.len, &ret->port);
}

/* --- the view ------------------------------------------------------------------------------------- */

/* Loopback is left out: that a host has it says nothing. */
void listing_own_address(struct import *im, const struct place *place)
{
        struct interface_address *a;

        if (address_is_any(&place->address) || address_is_loopback(&place->address) ||
            address_is_multicast(&place->address) || im->view->addresses.n >= 1000)
                return;
        vec_foreach(known, &im->view->addresses)
                if (address_compare(&known->address, &place->address) == 0)
                        return;
        a = vec_push(&im->view->addresses);
        a->address = a->network = place->address;
        a->device = place->device ? pool_intern(im->view->pool, place->device) : "an interface not named";
        a->prefix_len = place->address.family == 4 ? 32 : 128;
        a->up = true;
}

struct socket_seen *listing_socket(struct import *im, enum transport transport, const struct place *place)
{
        struct socket_seen *s;

        if (im->view->sockets.n >= LISTING_SOCKETS) {
                if (!im->over)
                        import_fault(im, "there are more than %u sockets in this file; the rest is not read",
                                     LISTING_SOCKETS);
                im->over = true;
                return NULL;
        }
        listing_own_address(im, place);
        s = vec_push(&im->view->sockets);
        s->transport = transport;
        s->address = place->address;
        s->port = place->port;
        if (!address_is_link_local(&place->address)) /* there it only says of which link the address is */
                s->device = pool_intern(im->view->pool, place->device);
        s->uid = INSIDE_NO_UID;
        s->unit = NONE;
        s->first_owner = (uint32_t)im->view->owners.n;
        return s;
}

/* The kernel keeps 15 bytes of a name (proc(5), comm): some that everybody has, whole. */
static const char *whole_name(const char *name)
{
        static const char *const names[] = {"systemd-resolved", "systemd-networkd", "systemd-timesyncd",
                                            "systemd-journal-remote", "NetworkManager-dispatcher"};

        for (size_t i = 0; strlen(name) == 15 && i < array_len(names); i++)
                if (strncmp(names[i], name, 15) == 0)
                        return names[i];
        return name;
}

static uint32_t process_of(struct inside *view, pid_t pid, const char *name)
{
        struct process *p;
        uint32_t index;

        if (pid)
                index = inside_process(view, pid);
        else {
                index = (uint32_t)view->processes.n;
                p = vec_push(&view->processes);
                p->unit = p->container = p->package = NONE;
        }
        p = &view->processes.at[index];
        p->uid = INSIDE_NO_UID;
        if (name && !p->name)
                p->name = pool_intern(view->pool, whole_name(name));
        return index;
}

void listing_owner(struct import *im, pid_t pid, const char *name)
{
        struct inside *view = im->view;
        struct socket_seen *s = &view->sockets.at[view->sockets.n - 1];
        uint32_t index, at;

        if (view->owners.n >= LISTING_OWNERS || s->n_owners >= 4096)
                return;
        index = process_of(view, pid, name);
        for (uint32_t i = 0; i < s->n_owners; i++)
                if (view->owners.at[s->first_owner + i] == index)
                        return;
        (void)vec_push(&view->owners);
        for (at = s->n_owners++; at; at--) { /* in order of pid */
                uint32_t before = view->owners.at[s->first_owner + at - 1];

                if (view->processes.at[before].pid <= pid)
                        break;
                view->owners.at[s->first_owner + at] = before;
        }
        view->owners.at[s->first_owner + at] = index;
}

void listing_end(struct import *im, const char *how)
{
        uint32_t unnamed = 0;

        vec_foreach(s, &im->view->sockets)
                unnamed += !s->n_owners;
        if (unnamed == im->view->sockets.n) {
                if (unnamed)
                        inside_gap(im->view, "import", NULL, false,
                                   "the listing names no programs: make it with %s", how);
                return;
        }
        vec_foreach(s, &im->view->sockets)
                if (!s->n_owners)
                        s->owner_note = "the listing names no program for it";
        if (unnamed)
                inside_gap(im->view, "import", NULL, false,
                           "for %u of %zu sockets the listing names no program: make it with %s", unnamed,
                           im->view->sockets.n, how);
}

pid_t listing_pid(const struct word *w)
{
        char copy[12];
        uint64_t pid;

        if (!w->len || w->len >= sizeof(copy))
                return -1;
        memcpy(copy, w->at, w->len);
        copy[w->len] = '\0';
        return str_to_u64(copy, INT32_MAX, &pid) == 0 ? (pid_t)pid : -1;
}
