/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define TEMPORARY ".quaymaster-new" /* beside the file; one process at a time works here (folder.h) */

static const char *const type_names[NODE_TYPE_MAX] = {"none", "file", "link", "folder"};

static int open_beneath(int root_fd, const char *path, int flags)
{
        struct open_how how = {
                .flags = (uint64_t)(flags | O_CLOEXEC),
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

        return fd < 0 ? -errno : (int)fd;
}

/* The folder a path lies in, and its last part. */
static int open_parent(int root_fd, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');
        char folder[PATH_MAX];

        *ret_name = slash ? slash + 1 : path;
        if (!slash)
                return open_beneath(root_fd, ".", O_RDONLY | O_DIRECTORY);
        if ((size_t)(slash - path) >= sizeof(folder))
                return -ENAMETOOLONG;
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
        return open_beneath(root_fd, folder, O_RDONLY | O_DIRECTORY);
}

static int read_link(int dir_fd, const char *name, struct pool *pool, struct node *ret)
{
        char target[PATH_MAX];
        int len = fd_readlink(dir_fd, name, target, sizeof(target));

        if (len < 0)
                return len;
        ret->text = pool_intern_n(pool, target, (size_t)len);
        ret->len = (size_t)len;
        return 0;
}

static void keep_bytes(struct node *node, struct pool *pool, const char *text, size_t len)
{
        char *copy = pool_alloc(pool, len + 1);

        memcpy(copy, text, len);
        node->text = copy;
        node->len = len;
}

static int read_bytes(int dir_fd, const char *name, struct pool *pool, struct node *ret)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_str_ struct str text = {0};
        int r;

        if (fd < 0)
                return -errno;
        r = fd_read_all(fd, NODE_MAX, &text);
        if (r == 0)
                keep_bytes(ret, pool, str_text(&text), text.len);
        return r;
}

static int read_at(int dir_fd, const char *name, struct pool *pool, struct node *ret)
{
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        *ret = (struct node){.mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid};
        if (S_ISLNK(st.st_mode)) {
                ret->type = NODE_LINK;
                ret->mode = 0;
                return read_link(dir_fd, name, pool, ret);
        }
        ret->type = S_ISDIR(st.st_mode) ? NODE_FOLDER : NODE_FILE;
        if (S_ISDIR(st.st_mode))
                return 0;
        return S_ISREG(st.st_mode) ? read_bytes(dir_fd, name, pool, ret) : -EINVAL;
}

int node_read(int root_fd, const char *path, struct pool *pool, struct node *ret, struct err *err)
{
        _cleanup_close_ int dir_fd = -1;
        const char *name;
        int r;

        *ret = (struct node){0};
        dir_fd = open_parent(root_fd, path, &name);
        if (dir_fd == -ENOENT)
                return 0;
        r = dir_fd < 0 ? dir_fd : read_at(dir_fd, name, pool, ret);
        return r < 0 ? err_errno(err, -r, "reading '/%s'", path) : 0;
}

bool node_same(const struct node *a, const struct node *b)
{
        if (a->type != b->type)
                return false;
        if (a->type == NODE_NONE || a->type == NODE_FOLDER)
                return true;
        return a->len == b->len && (!a->len || memcmp(a->text, b->text, a->len) == 0) &&
               (a->type == NODE_LINK || (a->mode == b->mode && a->uid == b->uid && a->gid == b->gid));
}

struct node node_file(const char *text, size_t len)
{
        return (struct node){.type = NODE_FILE, .mode = 0644, .text = text, .len = len};
}

struct node node_link(const char *target)
{
        return (struct node){.type = NODE_LINK, .text = target, .len = strlen(target)};
}

static int remove_at(int dir_fd, const char *name)
{
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (unlinkat(dir_fd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0)
                return 0;
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT ? 0 : -errno;
}

static int make_folder(int dir_fd, const char *name, const struct node *node)
{
        if (mkdirat(dir_fd, name, node->mode) == 0)
                return fchmodat(dir_fd, name, node->mode, 0) == 0 ? 0 : -errno;
        return errno == EEXIST ? 0 : -errno;
}

static int write_file(int dir_fd, const struct node *node)
{
        _cleanup_close_ int fd =
                openat(dir_fd, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, node->text, node->len);
        if (r == 0 && (fchown(fd, node->uid, node->gid) < 0 || fchmod(fd, node->mode) < 0 || fsync(fd) < 0))
                r = -errno;
        return r;
}

static int replace(int dir_fd, const char *name, const struct node *node)
{
        int r;

        (void)unlinkat(dir_fd, TEMPORARY, 0); /* of one that was killed */
        if (node->type == NODE_LINK)
                r = symlinkat(node->text, dir_fd, TEMPORARY) < 0 ? -errno : 0;
        else
                r = write_file(dir_fd, node);
        if (r == 0 && renameat(dir_fd, TEMPORARY, dir_fd, name) < 0)
                r = -errno;
        if (r < 0)
                (void)unlinkat(dir_fd, TEMPORARY, 0);
        return r;
}

int node_put(int root_fd, const char *path, const struct node *node, struct err *err)
{
        _cleanup_close_ int dir_fd = -1;
        const char *name;
        int r;

        dir_fd = open_parent(root_fd, path, &name);
        if (dir_fd == -ENOENT && node->type == NODE_NONE)
                return 0;
        if (dir_fd < 0)
                r = dir_fd;
        else if (node->type == NODE_NONE)
                r = remove_at(dir_fd, name);
        else if (node->type == NODE_FOLDER)
                r = make_folder(dir_fd, name, node);
        else
                r = replace(dir_fd, name, node);
        if (r == 0 && fsync(dir_fd) < 0)
                r = -errno;
        return r < 0 ? err_errno(err, -r, "writing '/%s'", path) : 0;
}

void node_clean(int root_fd, const char *path)
{
        const char *name;
        _cleanup_close_ int dir_fd = open_parent(root_fd, path, &name);

        if (dir_fd >= 0)
                (void)unlinkat(dir_fd, TEMPORARY, 0);
}

/* Bytes of a file may be no text. */
static void write_hex(struct json *j, const char *key, const char *bytes, size_t len)
{
        static const char digits[] = "0123456789abcdef";
        _cleanup_str_ struct str hex = {0};

        str_reserve(&hex, 2 * len + 1);
        for (size_t i = 0; i < len; i++) {
                str_add_char(&hex, digits[(unsigned char)bytes[i] >> 4]);
                str_add_char(&hex, digits[bytes[i] & 15]);
        }
        json_str(j, key, str_text(&hex));
}

void node_write(struct json *j, const char *key, const struct node *node)
{
        json_open_object(j, key);
        json_str(j, "type", type_names[node->type]);
        if (node->type == NODE_FILE || node->type == NODE_FOLDER) {
                json_u64(j, "mode", node->mode);
                json_u64(j, "uid", node->uid);
                json_u64(j, "gid", node->gid);
        }
        if (node->type == NODE_FILE || node->type == NODE_LINK)
                write_hex(j, "bytes", node->text, node->len);
        json_end(j);
}

static int digit(char c)
{
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const struct json_text *hex, struct pool *pool, struct node *node)
{
        char *bytes;

        if (hex->len % 2 || hex->len > 2 * (size_t)NODE_MAX)
                return false;
        bytes = pool_alloc(pool, hex->len / 2 + 1);
        for (size_t i = 0; i < hex->len / 2; i++) {
                int high = digit(hex->at[2 * i]), low = digit(hex->at[2 * i + 1]);

                if (high < 0 || low < 0)
                        return false;
                bytes[i] = (char)(high << 4 | low);
        }
        node->text = bytes;
        node->len = hex->len / 2;
        return true;
}

static enum node_type parse_type(const struct json_text *word)
{
        size_t type = 0;

        while (type < NODE_TYPE_MAX && !json_text_is_n(word, type_names[type], strlen(type_names[type])))
                type++;
        return (enum node_type)type;
}

static bool is_whole(const struct node *node)
{
        if (node->type == NODE_TYPE_MAX || node->mode & ~07777u)
                return false;
        if (node->type == NODE_LINK)
                return node->len && node->len < PATH_MAX && !memchr(node->text, '\0', node->len);
        return node->type != NODE_FILE || node->text;
}

bool node_parse(struct json_read *r, struct pool *pool, struct node *ret)
{
        struct json_text key, text;
        uint64_t number;
        bool good = true;

        *ret = (struct node){.type = NODE_TYPE_MAX};
        json_read_open(r, '{');
        while (json_read_key(r, &key)) {
                if (json_text_is(&key, "type"))
                        ret->type = json_read_text(r, &text) ? parse_type(&text) : NODE_TYPE_MAX;
                else if (json_text_is(&key, "mode"))
                        ret->mode =
                                json_read_u64(r, &number) && number <= 07777 ? (mode_t)number : (mode_t)-1;
                else if (json_text_is(&key, "uid"))
                        ret->uid = json_read_u64(r, &number) ? (uid_t)number : 0;
                else if (json_text_is(&key, "gid"))
                        ret->gid = json_read_u64(r, &number) ? (gid_t)number : 0;
                else if (json_text_is(&key, "bytes"))
                        good = json_read_text(r, &text) && parse_hex(&text, pool, ret) && good;
                else
                        json_read_skip(r);
        }
        return good && is_whole(ret);
}
