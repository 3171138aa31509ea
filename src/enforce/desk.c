/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "enforce/arm.h"
#include "enforce/session.h"
#include "enforce/tell.h"

void desk_release(struct desk *desk)
{
        bus_close(&desk->bus);
        folder_release(&desk->folder);
        fd_close(&desk->root_fd);
}

int desk_open(struct desk *desk, bool make, struct err *err)
{
        int r;

        *desk = (struct desk){.folder = {.fd = -1, .lock_fd = -1}, .root_fd = -1};
        if (geteuid() != 0)
                return err_set(err, -EPERM, "only root can change how this host is set up");
        r = arm_program(desk->program, err);
        if (r == 0)
                r = folder_open(&desk->folder, HARDEN_FOLDER, make, err);
        if (r == -ENOENT)
                return err_set(err, r, "nothing was ever applied on this host");
        if (r < 0)
                return r;
        desk->root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (desk->root_fd < 0)
                return err_errno(err, errno, "opening '/'");
        return bus_open(&desk->bus, err);
}

struct run run_of(struct desk *desk, struct apply *apply)
{
        return (struct run){.root_fd = desk->root_fd,
                            .bus = desk->bus,
                            .folder = &desk->folder,
                            .apply = apply,
                            .tell = tell_step};
}

struct pending pending_of(const char *id, enum pending_state state, uint64_t seconds)
{
        struct pending p = {.state = state, .deadline_ns = boot_clock_ns() + seconds * SECOND_NS};

        (void)snprintf(p.id, sizeof(p.id), "%s", id);
        (void)boot_id(p.boot_id);
        return p;
}

void by_whom(const char *what, struct str *to)
{
        struct session session;

        session_read(&session);
        str_addf(to, "%s, ", what);
        session_words(&session, to);
}
