/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of policy.yaml as text, and put into a file that people wrote. Pure. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "model/policy.h"

struct policy_field {
        const char *key;
        const char *value; /* as it is; quoted here where YAML needs it */
};

/* "  - port: 22/tcp\n    need: TODO\n": fields without a value are left out. */
void policy_text_entry(struct str *to, unsigned indent, const struct policy_field *fields, size_t n);
/* The value alone; `in_flow`: between '{' and '}', where a ',' would end it. */
void policy_text_value(struct str *to, const struct policy_field *field, bool in_flow);
/* "# text\n", made printable and kept on one line. */
void policy_text_comment(struct str *to, unsigned indent, const char *text);
/* False for what cannot stand in a policy and be found again: bytes that are no UTF-8, control characters. */
bool policy_text_can_hold(const char *value);

/*
 * Append `text` with one more entry at the end of its `allow` list, or with such a list at the end;
 * comments, order and all else stay byte by byte. `file` is the name in errors. 0; -EINVAL and -EFBIG as
 * policy_parse for what is wrong with the text or the new entry; -ENOTSUP when the list is written in a form
 * that cannot be added to ('[...]').
 */
int policy_text_add(const char *text, size_t len, const char *file, const struct policy_field *fields,
                    size_t n, struct str *ret, struct err *err);

/*
 * Append `text` with the fields written into the one approval of it that waits for them (policy_text_fill.c): of that
 * port, its need still to be written, and for no other process, unit, package, user, container or machine than the
 * fields name, if they name any. What the fields say replaces what it says; its port stays, as does all else, byte by
 * byte. 0, and the line of the entry; -ENOENT: none waits, or the fields make no entry; -EEXIST: several wait, which
 * are for different things; -ENOTSUP when it is written in a form that cannot be filled in; -EINVAL as policy_parse.
 */
int policy_text_fill(const char *text, size_t len, const char *file, const struct policy_field *fields, size_t n,
                     struct str *ret, unsigned *ret_line, struct err *err);
