/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of records that the inside and the outside view have alike. */
#pragma once

#include "base/json.h"
#include "model/finding.h"

/* "transport", "address", "port" */
void finding_json_place(struct json *j, const struct listener *l);
void finding_json_netns(struct json *j, const struct listener *l);
void finding_json_advice(struct json *j, const struct advice *a);
/* "policy": why, and the entry that decided */
void finding_json_judgement(struct json *j, const struct judgement *judgement);
/* All of a finding behind the members that every record has. */
void finding_json_add(struct json *j, const struct finding *f);
