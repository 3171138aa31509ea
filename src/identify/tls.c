/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions of tls.h, handed on to quaymaster-tls.so. It is loaded once, and stays. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/companion.h"
#include "base/fd.h"
#include "config.h"
#include "identify/tls_module.h"

static const struct tls_module *module;

static int load(const struct tls_module **ret, struct err *err)
{
        char path[PATH_MAX], held[sizeof("/proc/self/fd/-2147483648")];
        _cleanup_close_ int fd = companion_open(TLS_MODULE, QM_LIBEXECDIR, path, err);
        const struct tls_module *found;
        void *library;

        if (fd < 0)
                return fd;
        /* just the file that was looked at, whatever its path leads to now */
        (void)snprintf(held, sizeof(held), "/proc/self/fd/%d", fd);
        library = dlopen(held, RTLD_NOW | RTLD_LOCAL); /* all of it now: later no file can be opened */
        if (!library)
                return err_set(err, -ELIBACC, "loading '%s': %s", path, dlerror());
        found = dlsym(library, TLS_MODULE_SYMBOL);
        if (!found || strcmp(found->version, QM_VERSION) != 0)
                return err_set(err, -ELIBBAD, "'%s' is of version %s of quaymaster, and this is %s", path,
                               found ? found->version : "(unknown)", QM_VERSION);
        *ret = found;
        return 0;
}

int tls_start(struct err *err)
{
        int r = module ? 0 : load(&module, err);

        return r < 0 ? err_prefix(err, "TLS cannot be spoken") : module->start(err);
}

int digest_sha256_file(int fd, uint64_t most, char ret[DIGEST_SHA256_TEXT_SIZE], struct err *err)
{
        int r = module ? 0 : load(&module, err);

        return r < 0 ? err_prefix(err, "files cannot be hashed") : module->sha256_file(fd, most, ret, err);
}

struct tls_session *tls_session_new(const char *name, bool alpn)
{
        return module->session_new(name, alpn);
}

struct tls_session *tls_session_free(struct tls_session *s)
{
        return s ? module->session_free(s) : NULL;
}

enum tls_state tls_session_feed(struct tls_session *s, const void *data, size_t len)
{
        return module->session_feed(s, data, len);
}

void tls_session_out(struct tls_session *s, struct str *to)
{
        module->session_out(s, to);
}

enum tls_state tls_session_read(struct tls_session *s, struct str *to, size_t most)
{
        return module->session_read(s, to, most);
}

enum tls_state tls_session_write(struct tls_session *s, const void *data, size_t len)
{
        return module->session_write(s, data, len);
}

void tls_session_facts(const struct tls_session *s, struct tls_facts *ret, struct pool *pool)
{
        module->session_facts(s, ret, pool);
}
