/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listener as a run of members, without those that every record begins with: for records that hold one. */
#pragma once

#include "base/json.h"
#include "model/listener.h"

void listener_json_add(struct json *j, const struct listener *l);
