/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/profile.h"

#include <fnmatch.h>

#include "base/str.h"
#include "knowledge/builtin.h"

const struct profile *const *profiles_all(size_t *ret_n)
{
        *ret_n = builtin_n_profiles;
        return builtin_profiles;
}

const struct profile *profile_find(const char *name)
{
        for (size_t i = 0; i < builtin_n_profiles; i++)
                if (streq(builtin_profiles[i]->name, name))
                        return builtin_profiles[i];
        return NULL;
}

static const struct profile_group *own_group_of(const struct profile *profile, const char *unit)
{
        for (size_t g = 0; g < profile->n_groups; g++)
                for (size_t i = 0; i < profile->groups[g].n_units; i++)
                        if (fnmatch(profile->groups[g].units[i], unit, FNM_NOESCAPE) == 0)
                                return &profile->groups[g];
        return NULL;
}

const struct profile_group *profile_group_of(const struct profile *profile, const char *unit)
{
        const struct profile_group *group = own_group_of(profile, unit);

        for (size_t i = 0; !group && i < profile->n_includes; i++)
                group = own_group_of(profile_find(profile->includes[i]), unit);
        return group;
}
