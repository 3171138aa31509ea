/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside view: everything this host can say about what listens on it. Nothing is changed on the machine
 * and nothing is sent to the network. What could not be seen is in the view's gaps, never left out in
 * silence.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "model/inside.h"

struct collect_options {
        const char *netns; /* "all", "self", or the role or /run/netns NAME of one namespace */
        bool all_services; /* also services that listen on nothing */
        bool no_bpf;       /* sock_diag and /proc even where BPF is permitted */
        struct exe_reader *exes; /* bpf_exes.h: kept from one look to the next; NULL: one is made where it is needed */
        const char *nft_program; /* path of quaymaster-nft, or NULL: forwards are not read */
};

/*
 * 0, with a view the caller frees (inside_freep); -ENOENT for a namespace name that is none; other negative
 * errno when not even the sockets of the own namespace could be read.
 */
int collect_inside(const struct collect_options *options, struct inside **ret, struct err *err);
