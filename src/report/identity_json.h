/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/json.h"
#include "model/observed.h"

/*
 * What is known of an endpoint beyond its state, from "protocol" to "verdict". Where it was not asked what it is, the
 * members that have no value are null, and those of a conversation are left out.
 */
void identity_json_add(struct json *j, const struct observed *o, const char *registered);
/* The same of a listener that was asked, without what is known of it otherwise: protocol, confidence, advice ... */
void identity_json_add_heard(struct json *j, const struct identity *id);
