/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define CA_MAX (1u << 20)

static int check_secret_file(int fd, const char *path, struct err *err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return err_errno(err, errno, "'%s' cannot be read", path);
        if (!S_ISREG(st.st_mode))
                return err_set(err, -EINVAL, "'%s' is not a regular file", path);
        if (st.st_uid != 0 && st.st_uid != geteuid())
                return err_set(err, -EPERM, "'%s' belongs to someone else; chown it to root", path);
        if (st.st_mode & 077)
                return err_set(err, -EPERM, "'%s' can be read or written by others; chmod go= it", path);
        return 0;
}

/* Bytes in the pool: they may hold what a string may not. */
static int read_bytes(const char *path, bool secret, size_t max, struct pool *pool, const char **ret,
                      size_t *ret_len, struct err *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_str_ struct str text = {0};
        int r;

        if (fd < 0)
                return err_errno(err, errno, "'%s' cannot be read", path);
        r = secret ? check_secret_file(fd, path, err) : 0;
        if (r < 0)
                return r;
        r = fd_read_all(fd, max, &text);
        if (r < 0)
                return err_errno(err, -r, "'%s' cannot be read", path);
        while (secret && text.len && (text.text[text.len - 1] == '\n' || text.text[text.len - 1] == '\r'))
                text.len--;
        if (!text.len)
                return err_set(err, -EINVAL, "'%s' is empty", path);
        *ret = memcpy(pool_alloc(pool, text.len + 1), text.text, text.len);
        *ret_len = text.len;
        if (secret)
                explicit_bzero(text.text, text.room);
        return 0;
}

static int read_credential(struct sink_config *c, struct pool *pool, struct err *err)
{
        const char *folder = getenv("CREDENTIALS_DIRECTORY");

        if (!folder || *folder != '/')
                return err_set(err, -ENOENT,
                               "credential '%s': there is no $CREDENTIALS_DIRECTORY; give the unit "
                               "LoadCredential=%s:FILE",
                               c->credential, c->credential);
        return read_bytes(pool_printf(pool, "%s/%s", folder, c->credential), true, SECRET_MAX, pool,
                          &c->secret, &c->secret_len, err);
}

static int read_of_sink(struct sink_config *c, struct pool *pool, struct err *err)
{
        const char *file = c->secret_file ? c->secret_file : c->password_file;
        int r = 0;

        if (file)
                r = read_bytes(file, true, SECRET_MAX, pool, &c->secret, &c->secret_len, err);
        else if (c->credential)
                r = read_credential(c, pool, err);
        if (r == 0 && c->ca_file)
                r = read_bytes(c->ca_file, false, CA_MAX, pool, &c->ca, &c->ca_len, err);
        return r;
}

int secrets_read(struct sinks *sinks, struct pool *pool, struct err *err)
{
        for (size_t i = 0; i < sinks->n; i++) {
                int r = read_of_sink(&sinks->at[i], pool, err);

                if (r < 0)
                        return err_prefix(err, "%s:%u: sink '%s'", sinks->file, sinks->at[i].line,
                                          sinks->at[i].name);
        }
        return 0;
}
