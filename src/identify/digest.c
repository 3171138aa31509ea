/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"

#define CHUNK (128u * 1024)

static int digest(EVP_MD_CTX *context, int fd, uint64_t most, char ret[DIGEST_SHA256_TEXT_SIZE])
{
        _cleanup_free_ unsigned char *chunk = xmalloc(CHUNK);
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned len = 0;
        ssize_t n;

        if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
                return -ENOMEM;
        while ((n = read(fd, chunk, CHUNK)) > 0) {
                if ((uint64_t)n > most)
                        return -EFBIG;
                most -= (uint64_t)n;
                (void)EVP_DigestUpdate(context, chunk, (size_t)n);
        }
        if (n < 0)
                return -errno;
        if (EVP_DigestFinal_ex(context, bytes, &len) != 1)
                return -ENOMEM;
        for (unsigned i = 0; i < len; i++)
                (void)snprintf(ret + i * 2, 3, "%02x", bytes[i]);
        return 0;
}

int digest_sha256_file(int fd, uint64_t most, char ret[DIGEST_SHA256_TEXT_SIZE], struct err *err)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        int r = digest(context, fd, most, ret);

        (void)err;
        EVP_MD_CTX_free(context);
        return r;
}
