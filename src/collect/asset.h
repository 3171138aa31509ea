/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who this host is, in a way that stays the same when its name and addresses change. */
#pragma once

#include "model/inside.h"

/*
 * Set view->asset and view->hostname. The asset id is derived from /etc/machine-id by a keyed hash, because
 * machine-id(5) asks not to show the id itself; without one it is the host name.
 */
void asset_identify(struct inside *view);
