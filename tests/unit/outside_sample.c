/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outside_sample.h"

#include <assert.h>
#include <stdlib.h>

#include "base/str.h"

struct endpoint sample_endpoint(const char *place, enum endpoint_state state)
{
        const char *colon = strrchr(place, ':'), *slash = strrchr(place, '/');
        _cleanup_free_ char *host =
                xstrndup(place + (*place == '['), (size_t)(colon - place) - 2u * (*place == '['));
        _cleanup_free_ char *digits = xstrndup(colon + 1, (size_t)(slash - colon) - 1);
        struct endpoint e = {.state = state, .tries = 1};
        uint64_t port = 0;
        int r = address_parse(host, &e.address);

        r |= str_to_u64(digits, UINT16_MAX, &port);
        if (r != 0)
                abort();
        e.port = (uint16_t)port;
        e.transport = transport_parse(slash + 1);
        e.reason = state == ENDPOINT_CLOSED     ? REASON_RST
                   : state == ENDPOINT_FILTERED ? REASON_PROHIBITED
                   : state != ENDPOINT_OPEN     ? REASON_NO_REPLY
                   : e.transport                ? REASON_REPLY
                                                : REASON_SYN_ACK;
        return e;
}

struct identity *sample_speaks(struct outside *o, const char *place, const char *protocol,
                               enum encryption encryption)
{
        struct identity *id = pool_alloc(o->pool, sizeof(*id));
        struct endpoint e = sample_endpoint(place, ENDPOINT_OPEN);

        identity_init(id);
        id->protocol = pool_intern(o->pool, protocol);
        id->encryption = encryption;
        id->confidence = CONFIDENCE_CONFIRMED;
        id->connections = 1;
        id->bytes_in = 100;
        id->bytes_out = 20;
        id->elapsed_ms = 3;
        id->probe = id->protocol;
        outside_add(o, &e, id);
        return id;
}

struct tls_facts *sample_speaks_tls(struct outside *o, const char *place, const char *protocol)
{
        struct identity *id = sample_speaks(o, place, protocol, ENCRYPTION_TLS);
        struct tls_facts *tls = pool_alloc(o->pool, sizeof(*tls));
        static const char *names[] = {"web1.example.org", "www.example.org"};

        *tls = (struct tls_facts){
                .versions = 1u << TLS_1_2 | 1u << TLS_1_3,
                .versions_asked =
                        1u << TLS_SSL3 | 1u << TLS_1_0 | 1u << TLS_1_1 | 1u << TLS_1_2 | 1u << TLS_1_3,
                .version = TLS_1_3,
                .cipher = "TLS_AES_256_GCM_SHA384",
                .has_certificate = true,
                .certificate =
                        {
                                .subject = "CN=web1.example.org",
                                .issuer = "CN=Example CA,O=Example",
                                .common_name = "web1.example.org",
                                .names = names,
                                .n_names = 2,
                                .n_names_all = 2,
                                .not_before = SAMPLE_NOW - 30 * 86400,
                                .not_after = SAMPLE_NOW + 60 * 86400,
                                .key_type = "EC",
                                .key_bits = 256,
                                .curve = "prime256v1",
                                .signature = "ecdsa-with-SHA256",
                                .sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                        },
        };
        id->tls = tls;
        return tls;
}

static struct address_range network(const char *first, const char *last)
{
        struct address_range range;

        if (address_parse(first, &range.first) || address_parse(last, &range.last))
                abort();
        return range;
}

const struct estate *sample_estate(struct pool *pool)
{
        struct estate *e = pool_alloc(pool, sizeof(*e));
        struct estate_network *n = pool_alloc(pool, 4 * sizeof(*n));
        struct estate_asset *a = pool_alloc(pool, sizeof(*a));

        n[0] = (struct estate_network){network("10.20.0.0", "10.20.255.255"), "office", 1};
        n[1] = (struct estate_network){network("10.30.0.0", "10.30.255.255"), "dmz", 2};
        n[2] = (struct estate_network){network("10.40.0.0", "10.40.255.255"), "database", 3};
        n[3] = (struct estate_network){network("10.60.0.0", "10.60.255.255"), "management", 4};
        a->name = "web1";
        a->n_addresses = 2;
        a->addresses = pool_alloc(pool, 2 * sizeof(*a->addresses));
        a->addresses[0] = network("10.20.0.5", "10.20.0.5").first;
        a->addresses[1] = network("10.30.0.5", "10.30.0.5").first;
        *e = (struct estate){
                .file = "estate.yaml", .networks = n, .n_networks = 4, .assets = a, .n_assets = 1};
        return e;
}
