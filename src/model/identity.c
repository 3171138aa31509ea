/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/identity.h"

#include "base/str.h"

const char *encryption_name(enum encryption encryption)
{
        static const char *const names[] = {"unknown", "none", "tls", "starttls", "native"};

        return encryption < ENCRYPTION_MAX ? names[encryption] : "unknown";
}

const char *behaviour_name(enum behaviour behaviour)
{
        static const char *const names[] = {"talks",  "silent",  "closes", "resets",    "floods",
                                            "tarpit", "answers", "gone",   "not-asked", "middlebox"};

        return behaviour < BEHAVIOUR_MAX ? names[behaviour] : "silent";
}

const char *tls_version_name(enum tls_version version)
{
        static const char *const names[] = {"SSL 2", "SSL 3", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};

        return version < TLS_VERSION_MAX ? names[version] : "unknown";
}

const char *identity_flag_name(enum identity_flag one)
{
        switch (one) {
        case IDENTITY_STARTTLS_REQUIRED:
                return "starttls-required";
        case IDENTITY_PLAIN_LOGIN:
                return "plain-login";
        case IDENTITY_NO_AUTH:
                return "no-authentication";
        case IDENTITY_WEAK_CRYPTO:
                return "weak-crypto";
        case IDENTITY_OBSOLETE:
                return "obsolete-version";
        case IDENTITY_RELAY:
                return "relay";
        }
        return "unknown";
}

void identity_init(struct identity *id)
{
        *id = (struct identity){.protocol = "unknown"};
}

const char *identity_detail(const struct identity *id, const char *key)
{
        for (size_t i = 0; i < id->n_details; i++)
                if (streq(id->details[i].key, key))
                        return id->details[i].value;
        return NULL;
}

static const struct tls_facts *copy_tls(struct pool *pool, const struct tls_facts *tls)
{
        struct tls_facts *copy = pool_alloc(pool, sizeof(*copy));
        struct certificate *c = &copy->certificate;
        const char **names;

        *copy = *tls;
        copy->cipher = pool_intern(pool, tls->cipher);
        copy->alpn = pool_intern(pool, tls->alpn);
        copy->fault = pool_intern(pool, tls->fault);
        if (!tls->has_certificate)
                return copy;
        c->subject = pool_intern(pool, c->subject);
        c->issuer = pool_intern(pool, c->issuer);
        c->common_name = pool_intern(pool, c->common_name);
        c->key_type = pool_intern(pool, c->key_type);
        c->curve = pool_intern(pool, c->curve);
        c->signature = pool_intern(pool, c->signature);
        c->sha256 = pool_intern(pool, c->sha256);
        names = pool_alloc(pool, (c->n_names + 1) * sizeof(*names));
        for (size_t i = 0; i < c->n_names; i++)
                names[i] = pool_intern(pool, tls->certificate.names[i]);
        c->names = names;
        return copy;
}

const struct identity *identity_copy(struct pool *pool, const struct identity *id)
{
        struct identity *copy = pool_alloc(pool, sizeof(*copy));

        *copy = *id;
        copy->product = pool_intern(pool, id->product);
        copy->version = pool_intern(pool, id->version);
        copy->cpe = pool_intern(pool, id->cpe);
        copy->hostname = pool_intern(pool, id->hostname);
        copy->evidence = pool_intern(pool, id->evidence);
        for (size_t i = 0; i < id->n_details; i++)
                copy->details[i].value = pool_intern(pool, id->details[i].value);
        if (id->tls)
                copy->tls = copy_tls(pool, id->tls);
        return copy;
}
