/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: what correlate.c, exposure.c, advise.c and the rules share. */
#pragma once

#include "assess/assess.h"

/*
 * From where a listener can be reached, by its address, device and namespace alone: packet filters are not
 * looked at.
 */
struct exposure exposure_of(struct pool *pool, const struct inside *view, const struct listener *listener);

/*
 * The process that stands for a listener: the first that is not PID 1 holding it for another; NULL when none
 * is visible.
 */
const struct process *listener_main_process(const struct listener *listener);

/* The super-server holds the socket, and starts or is what answers there. */
bool listener_of_inetd(const struct listener *listener);

/*
 * A script or virtual machine: what it is called, and which package it is of, says nothing about what it
 * serves.
 */
bool listener_is_interpreted(const struct listener *listener);

struct program { /* what listens, as the guide knows it */
        bool looked;
        const char *name;        /* base name of the executable, or NULL */
        const struct page *page; /* of the program or of its package, whatever the port; or NULL */
};

/* The program of a listener: of its process, else of the unit that would be started. */
struct program look_up_program(const struct knowledge *knowledge, const struct listener *listener);

/* Choose the guide page that fits; sets registered, protocol, confidence, guide and advice. */
void advise(const struct knowledge *knowledge, struct listener *listener, const struct program *program);

/* Only the number says what it might be, although the program that listens is visible: one the guide does not know. */
bool listener_by_number(const struct listener *listener);

/* The guide knows a program of that name for what the page is about. */
bool page_has_program(const struct page *page, const char *program);

/* The page that advise() chose. */
const struct page *listener_page(const struct knowledge *knowledge, const struct listener *listener);
