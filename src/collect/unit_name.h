/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of systemd units (systemd.unit(5)): "ssh.service", the template "getty@.service", its instance
 * "getty@tty1.service".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UNIT_NAME_SIZE 256 /* with the terminator; systemd takes no longer ones */

enum unit_kind { UNIT_INVALID, UNIT_PLAIN, UNIT_TEMPLATE, UNIT_INSTANCE };

/* What kind of name these len bytes are. */
enum unit_kind unit_name_kind(const char *name, size_t len);

/* The type's name with its dot (".service"), inside name; only for valid names. */
const char *unit_name_suffix(const char *name);

/*
 * True for types of which one unit may have further names by symbolic links, or may be made from a template.
 */
bool unit_name_may_alias(const char *name);
bool unit_name_may_template(const char *name);

/* "getty@tty1.service" -> "getty@.service". False when the name is no instance; then buf is untouched. */
bool unit_name_template(const char *name, char buf[UNIT_NAME_SIZE]);

/* "getty@.service", "tty1" -> "getty@tty1.service". False when it gets too long or template is none. */
bool unit_name_instantiate(const char *template, const char *instance, size_t instance_len,
                           char buf[UNIT_NAME_SIZE]);

/* The instance part of an instance's name and its length; NULL for other names. */
const char *unit_name_instance(const char *name, size_t *ret_len);
