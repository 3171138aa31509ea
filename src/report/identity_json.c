/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/identity_json.h"

#include "base/clock.h"
#include "report/finding_json.h"

static void add_time(struct json *j, const char *key, int64_t seconds)
{
        char text[CLOCK_TEXT_SIZE];

        json_str(j, key, clock_format(seconds, text));
}

static void add_versions(struct json *j, const char *key, unsigned versions)
{
        json_open_array(j, key);
        for (enum tls_version v = 0; v < TLS_VERSION_MAX; v++)
                if (versions >> v & 1)
                        json_str(j, NULL, tls_version_name(v));
        json_end(j);
}

static void add_certificate(struct json *j, const struct certificate *c)
{
        json_open_object(j, "certificate");
        json_str(j, "subject", c->subject);
        json_str(j, "issuer", c->issuer);
        json_str(j, "common_name", c->common_name);
        json_open_array(j, "names");
        for (size_t i = 0; i < c->n_names; i++)
                json_str(j, NULL, c->names[i]);
        json_end(j);
        json_u64(j, "names_in_all", c->n_names_all);
        add_time(j, "not_before", c->not_before);
        add_time(j, "not_after", c->not_after);
        json_str(j, "key_type", c->key_type);
        json_u64(j, "key_bits", c->key_bits);
        json_str(j, "curve", c->curve);
        json_str(j, "signature", c->signature);
        json_str(j, "sha256", c->sha256);
        json_bool(j, "self_signed", c->self_signed);
        json_bool(j, "name_mismatch", c->name_mismatch);
        json_bool(j, "weak_key", c->weak_key);
        json_bool(j, "weak_signature", c->weak_signature);
        json_end(j);
}

static void add_tls(struct json *j, const struct tls_facts *tls)
{
        if (!tls) {
                json_put_null(j, "tls");
                return;
        }
        json_open_object(j, "tls");
        add_versions(j, "versions", tls->versions);
        add_versions(j, "versions_asked", tls->versions_asked);
        json_str(j, "version", tls->cipher ? tls_version_name(tls->version) : NULL);
        json_str(j, "cipher", tls->cipher);
        json_bool(j, "weak_cipher", tls->weak_cipher);
        json_str(j, "alpn", tls->alpn);
        json_bool(j, "wants_client_certificate", tls->wants_client_certificate);
        json_str(j, "fault", tls->fault);
        if (tls->has_certificate)
                add_certificate(j, &tls->certificate);
        else
                json_put_null(j, "certificate");
        json_end(j);
}

static void add_details(struct json *j, const struct identity *id)
{
        json_open_object(j, "details");
        for (size_t i = 0; i < id->n_details; i++)
                json_str(j, id->details[i].key, id->details[i].value);
        json_end(j);
        json_open_array(j, "flags");
        for (unsigned bit = 0; bit < 32; bit++)
                if (id->flags >> bit & 1)
                        json_str(j, NULL, identity_flag_name((enum identity_flag)(1u << bit)));
        json_end(j);
}

static void add_conversation(struct json *j, const struct identity *id)
{
        json_str(j, "behaviour", behaviour_name(id->behaviour));
        json_str(j, "why", id->why);
        json_str(j, "hostname", id->hostname);
        add_tls(j, id->tls);
        add_details(j, id);
        json_str(j, "probe", id->probe);
        json_u64(j, "connections", id->connections);
        json_u64(j, "bytes_in", id->bytes_in);
        json_u64(j, "bytes_out", id->bytes_out);
        json_u64(j, "identify_ms", id->elapsed_ms);
}

static void add_claims(struct json *j, const struct identity *id)
{
        json_str(j, "encryption", id ? encryption_name(id->encryption) : NULL);
        json_str(j, "product", id ? id->product : NULL);
        json_str(j, "version", id ? id->version : NULL);
        json_str(j, "cpe", id ? id->cpe : NULL);
}

void identity_json_add_heard(struct json *j, const struct identity *id)
{
        add_claims(j, id);
        json_str(j, "evidence", id->evidence);
        add_conversation(j, id);
}

void identity_json_add(struct json *j, const struct observed *o, const char *registered)
{
        const struct identity *id = o->identity;

        json_str(j, "protocol", id ? id->protocol : NULL);
        json_str(j, "registered", registered);
        add_claims(j, id);
        json_str(j, "confidence", confidence_name(id ? id->confidence : CONFIDENCE_REGISTERED));
        json_str(j, "evidence", id ? id->evidence : NULL);
        if (id)
                add_conversation(j, id);
        if (!o->advice.why)
                return;
        json_str(j, "asset_name", o->asset_name);
        json_str(j, "zone", o->zone);
        finding_json_advice(j, &o->advice);
        json_str(j, "guide", o->guide);
        json_str(j, "verdict", verdict_name(o->judgement.verdict));
        if (o->judgement.why)
                finding_json_judgement(j, &o->judgement);
}
