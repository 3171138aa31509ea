/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program quaymaster-harden: the only one that changes the configuration of this host. It is started by
 * quaymaster, by systemd for a rollback, and at boot; only root may.
 *
 *      quaymaster-harden apply --confirm-within SECONDS [--plan ID]
 *                                       standard input: actions, a line each (model/action.h)
 *      quaymaster-harden confirm [--at-console]
 *      quaymaster-harden proved         standard input: what was seen from outside; allows any session to confirm
 *      quaymaster-harden undo ID|last
 *      quaymaster-harden status
 *      quaymaster-harden rollback ID    wait until it is confirmed or its time is over, and undo it then
 *      quaymaster-harden boot           undo what is found unconfirmed
 *      quaymaster-harden load           load the firewall that is in force
 *
 * It writes lines of JSON: {"type":"step","event":"done|failed|undone|left","action":...,"step":words,"error":words},
 * {"type":"note","text":...}, {"type":"apply",...} (status, one each), and last
 * {"type":"result","ok":true|false,...}. It takes no environment, and no path or command from anywhere but its own
 * tables. Exit status: 0 done, 1 not, 2 wrong usage.
 */
#pragma once

int enforce_main(int argc, char **argv, const char *version);
