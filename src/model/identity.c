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
        static const char *const names[] = {"talks",   "silent", "closes",    "resets",   "floods",
                                            "tarpit", "answers", "gone", "not-asked", "middlebox"};

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
        case IDENTITY_STARTTLS_REQUIRED: return "starttls-required";
        case IDENTITY_PLAIN_LOGIN: return "plain-login";
        case IDENTITY_NO_AUTH: return "no-authentication";
        case IDENTITY_WEAK_CRYPTO: return "weak-crypto";
        case IDENTITY_OBSOLETE: return "obsolete-version";
        case IDENTITY_RELAY: return "relay";
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
