/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/config_dir.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config.h"

static void warn(const char *text, void *arg)
{
        const struct command *command = arg;
        _cleanup_str_ struct str safe = {0};

        text_add_printable(&safe, text);
        (void)fprintf(stderr, "quaymaster %s: warning: %s\n", command->name, str_text(&safe));
}

static bool is_folder(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* NULL when there is no configuration at all. */
static char *find_folder(void)
{
        const char *config_home = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        _cleanup_free_ char *personal = NULL;

        if (geteuid() != 0) {
                if (is_folder("quaymaster"))
                        return xstrdup("quaymaster");
                if (config_home && *config_home)
                        personal = xasprintf("%s/quaymaster", config_home);
                else if (home && *home)
                        personal = xasprintf("%s/.config/quaymaster", home);
                if (personal && is_folder(personal))
                        return take_ptr(personal);
        }
        return is_folder(QM_SYSCONFDIR) ? xstrdup(QM_SYSCONFDIR) : NULL;
}

int config_open_knowledge(const struct invocation *in, struct knowledge **ret, struct err *err)
{
        const char *given = invocation_get(in, "config");
        _cleanup_free_ char *folder = given ? xstrdup(given) : find_folder(), *pages = NULL;

        if (given && !is_folder(given))
                return err_set(err, -ENOENT, "'--config %s': there is no such folder", given);
        if (folder)
                pages = xasprintf("%s/knowledge.d", folder);
        *ret = knowledge_open(pages, warn, (void *)(uintptr_t)in->command);
        return 0;
}
