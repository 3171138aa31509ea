/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit --inside: the inside views that are joined with what is seen from outside. They come from files that
 * `host --json` wrote on other machines; an address that was asked finds its machine, and the network namespace
 * that has it, by what the records say of addresses, else by the name that the estate or the user gives it.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "import/records.h"

struct inside_file {
        char *path;
        int fd;
        struct records *records;
        bool used; /* an address that was asked is of a machine in it */
};

/* Where an address is. */
struct inside_place {
        size_t file;
        size_t asset;
        const char *netns;
        bool ambiguous; /* several machines claim it: as if none did */
};

struct inside_files {
        bool folder; /* files of machines that were not asked are no mistake */
        vec(struct inside_file) files;
        struct pool *pool;
        struct map by_address; /* text -> place in `places` */
        struct map by_name;    /* host name in lower case -> likewise */
        vec(struct inside_place) places;
};

/* Open FILE, or every *.json and *.ndjson of a folder. 0 or negative errno. */
int inside_files_open(struct inside_files *f, const char *path, struct err *err);
/* Read and close them. 0, or -EINVAL with file and line. */
int inside_files_read(struct inside_files *f, struct err *err);
/* `name` as the user or the estate has it, or NULL. NULL: it is of none of these machines. */
const struct inside_place *inside_files_find(struct inside_files *f, const struct address *address,
                                             const char *name);
static inline const struct records_asset *inside_files_asset(const struct inside_files *f,
                                                             const struct inside_place *place)
{
        return &f->files.at[place->file].records->assets.at[place->asset];
}
void inside_files_release(struct inside_files *f);
