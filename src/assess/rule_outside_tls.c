/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS as it was spoken: versions, ciphers, certificate.
 *
 * How bad: what lets others read or change the traffic now is medium to high. An expired certificate breaks clients
 * that check, and teaches people to click warnings away, so it is high where strangers are served and medium inside.
 * A certificate that nobody can check (own signature, other name) is low inside, where clients may have it pinned.
 */
#include "assess/outside_rule.h"
#include "base/clock.h"
#include "base/str.h"

#define DAY 86400

static const char *const controls[] = {"nist-800-53r5:SC-8(1)", "nist-800-53r5:SC-13", "cis-8.1:3.10",
                                       "pci-dss-4.0:4.2.1", NULL};

static const struct tls_facts *tls_of(const struct outside_input *in)
{
        return in->o->identity ? in->o->identity->tls : NULL;
}

static const struct certificate *certificate_of(const struct outside_input *in)
{
        const struct tls_facts *tls = tls_of(in);

        return tls && tls->has_certificate ? &tls->certificate : NULL;
}

/* The setting of servers that people really run, by how their product's name begins. */
static const char *version_setting(const char *product)
{
        static const struct {
                const char *begins, *step;
        } settings[] = {
                {"nginx", "In nginx: ssl_protocols TLSv1.2 TLSv1.3;"},
                {"Apache", "In Apache: SSLProtocol -all +TLSv1.2 +TLSv1.3"},
                {"lighttpd", "In lighttpd: ssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"TLSv1.2\")"},
                {"HAProxy", "In HAProxy: ssl-default-bind-options ssl-min-ver TLSv1.2"},
                {"Postfix",
                 "In Postfix: smtpd_tls_protocols = >=TLSv1.2 and smtpd_tls_mandatory_protocols = "
                 ">=TLSv1.2"},
                {"Exim", "In Exim: openssl_options = +no_sslv3 +no_tlsv1 +no_tlsv1_1"},
                {"Dovecot", "In Dovecot: ssl_min_protocol = TLSv1.2"},
                {"OpenLDAP", "In OpenLDAP: TLSProtocolMin 3.3 (olcTLSProtocolMin: 3.3)"},
                {"ProFTPD", "In ProFTPD: TLSProtocol TLSv1.2 TLSv1.3"},
                {"vsftpd", "In vsftpd: ssl_sslv3=NO and ssl_tlsv1=NO"},
                {"PostgreSQL", "In PostgreSQL: ssl_min_protocol_version = 'TLSv1.2'"},
                {"MySQL", "In MySQL: tls_version = TLSv1.2,TLSv1.3"},
                {"MariaDB", "In MariaDB: tls_version = TLSv1.2,TLSv1.3"},
                {"Redis", "In Redis: tls-protocols \"TLSv1.2 TLSv1.3\""},
                {"Microsoft",
                 "In Windows: disable the old versions under SCHANNEL\\Protocols in the registry"},
        };

        for (size_t i = 0; product && i < array_len(settings); i++)
                if (str_after(product, settings[i].begins))
                        return settings[i].step;
        return "Set the lowest version to TLS 1.2 in the server's configuration, and load it again";
}

static bool look_version(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct tls_facts *tls = tls_of(in);
        _cleanup_str_ struct str list = {0};
        bool broken = tls && tls->versions & (1u << TLS_SSL2 | 1u << TLS_SSL3);

        for (enum tls_version v = TLS_SSL2; tls && v < TLS_1_2; v++)
                if (tls->versions >> v & 1)
                        str_addf(&list, "%s%s", list.len ? ", " : "", tls_version_name(v));
        if (!list.len)
                return false;
        draft->severity = broken ? by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH)
                                 : by_place(in, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->title = pool_printf(in->pool, "%s accepts %s", observed_name(in), list.text);
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                broken ? "SSL 2 and SSL 3 are broken (RFC 6176, RFC 7568): what they protect can be read."
                       : "TLS 1.0 and 1.1 are deprecated (RFC 8996); clients of today do not need them.",
        };
        lines_add(&draft->evidence, pool_printf(in->pool, "accepted when offered alone: %s", list.text));
        lines_add(&draft->remediation, version_setting(in->o->identity->product));
        lines_add(&draft->remediation,
                  "Where an old client needs it: give that client a service of its own, reached by it only");
        draft->controls = controls;
        return true;
}

const struct outside_rule outside_tls_version = {.name = "outside-tls-version", .look = look_version};

static bool look_cipher(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct tls_facts *tls = tls_of(in);

        if (!tls || !tls->weak_cipher)
                return false;
        draft->severity = by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH);
        draft->title = pool_printf(in->pool, "%s agrees on a weak TLS cipher", observed_name(in));
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                "RC4, 3DES, export, NULL and anonymous ciphers do not keep out whoever is on the way (RFC "
                "9325).",
        };
        lines_add(&draft->evidence,
                  tls->cipher ? pool_printf(in->pool, "agreed on: %s", tls->cipher) : NULL);
        lines_add(&draft->remediation, "Offer only AEAD ciphers with ECDHE: AES-GCM and ChaCha20-Poly1305");
        lines_add(&draft->remediation, version_setting(in->o->identity->product));
        draft->controls = controls;
        return true;
}

const struct outside_rule outside_tls_cipher = {.name = "outside-tls-cipher", .look = look_cipher};

/* --- the certificate ----------------------------------------------------------------------------- */

static void add_certificate(const struct outside_input *in, const struct certificate *c, struct lines *to)
{
        char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

        lines_add(to, pool_printf(in->pool, "certificate: %s, issued by %s",
                                  c->subject ? c->subject : "no subject", c->issuer ? c->issuer : "nobody"));
        lines_add(to, pool_printf(in->pool, "valid: %s to %s", clock_format(c->not_before, from),
                                  clock_format(c->not_after, until)));
}

static bool finish_dates(const struct outside_input *in, const struct certificate *c,
                         struct verdict_draft *draft, const char *suffix, const char *why)
{
        draft->rule_suffix = suffix;
        draft->advice = (struct advice){ADVICE_RECONFIGURE, why};
        draft->controls = controls;
        add_certificate(in, c, &draft->evidence);
        return draft->severity > SEVERITY_INFO;
}

static bool look_dates(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct certificate *c = certificate_of(in);
        int64_t left;

        if (!c || (!c->not_after && !c->not_before))
                return false;
        left = (c->not_after - in->now) / DAY;
        if (in->now > c->not_after) {
                draft->severity = by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH);
                draft->title = pool_printf(in->pool, "The certificate of %s has expired", observed_name(in));
                lines_add(&draft->evidence, pool_printf(in->pool, "expired %lld day%s ago", (long long)-left,
                                                        left == -1 ? "" : "s"));
                lines_add(&draft->remediation,
                          "Renew it, load it in the server, and have it renewed by a timer (ACME)");
                return finish_dates(
                        in, c, draft, "expired",
                        "Clients that check it refuse to go on, and people learn to click warnings away.");
        }
        if (in->now < c->not_before) {
                draft->severity = by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_MEDIUM);
                draft->title =
                        pool_printf(in->pool, "The certificate of %s is not valid yet", observed_name(in));
                lines_add(&draft->remediation,
                          "Compare the clocks of both sides; then ask for a certificate that begins now");
                return finish_dates(in, c, draft, "not-yet-valid",
                                    "Clients that check it refuse to go on; or a clock is wrong.");
        }
        if (left > 30)
                return false;
        draft->severity = left <= 7 ? by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_MEDIUM)
                                    : by_place(in, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_LOW);
        draft->title = pool_printf(in->pool, "The certificate of %s expires within %d days", observed_name(in),
                                   left <= 7 ? 7 : 30);
        lines_add(&draft->evidence, pool_printf(in->pool, "days left: %lld", (long long)left));
        lines_add(&draft->remediation,
                  "Find out whether something renews it (a timer with ACME); renew it if not");
        return finish_dates(in, c, draft, "expires",
                            "When it has run out, clients that check it refuse to go on.");
}

const struct outside_rule outside_certificate_dates = {.name = "outside-certificate", .look = look_dates};

static bool look_key(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct certificate *c = certificate_of(in);

        if (!c || (!c->weak_key && !c->weak_signature))
                return false;
        draft->severity =
                by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, c->weak_key ? SEVERITY_HIGH : SEVERITY_MEDIUM);
        draft->title = pool_printf(in->pool, "The certificate of %s has a weak %s", observed_name(in),
                                   c->weak_key ? "key" : "signature");
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                c->weak_key
                        ? "Keys so short can be broken; who has the key is the server."
                        : "A signature with MD5 or SHA-1 can be forged: another certificate can have the "
                          "same.",
        };
        lines_add(&draft->evidence, pool_printf(in->pool, "key: %s %u bits; signature: %s",
                                                c->key_type ? c->key_type : "unknown", c->key_bits,
                                                c->signature ? c->signature : "unknown"));
        add_certificate(in, c, &draft->evidence);
        lines_add(&draft->remediation,
                  "Make a new key (EC P-256, or RSA of 3072 bits) and have it signed with SHA-256");
        draft->controls = controls;
        return true;
}

const struct outside_rule outside_certificate_key = {.name = "outside-certificate-weak", .look = look_key};

static bool look_name(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct certificate *c = certificate_of(in);
        _cleanup_str_ struct str names = {0};

        if (!c || !c->name_mismatch)
                return false;
        draft->severity = by_place(in, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->title = pool_printf(in->pool, "The certificate of %s is for another name", observed_name(in));
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                "Clients that check it refuse to go on, and people learn to click warnings away."};
        for (size_t i = 0; i < c->n_names && i < 6; i++)
                str_addf(&names, "%s%s", i ? ", " : "", c->names[i]);
        if (c->n_names_all > 6)
                str_addf(&names, " and %zu more", c->n_names_all - 6);
        lines_add(&draft->evidence, pool_printf(in->pool, "names in it: %s",
                                                names.len        ? names.text
                                                : c->common_name ? c->common_name
                                                                 : "none"));
        lines_add(
                &draft->remediation,
                "Ask for a certificate with the name that clients use, or have them use one that is in it");
        draft->controls = controls;
        return true;
}

const struct outside_rule outside_certificate_name = {.name = "outside-certificate-name", .look = look_name};

static bool look_issuer(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct certificate *c = certificate_of(in);

        if (!c || !c->self_signed)
                return false;
        draft->severity = by_place(in, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->title = pool_printf(in->pool, "The certificate of %s is signed by itself", observed_name(in));
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                "Nobody vouches for it: unless each client has this very certificate, whoever is on the "
                "way can show his own.",
        };
        add_certificate(in, c, &draft->evidence);
        lines_add(&draft->remediation, "Have it signed by your own authority, or by a public one (ACME)");
        lines_add(&draft->remediation, "Where clients have it pinned, keep it and note that down");
        draft->controls = controls;
        return true;
}

const struct outside_rule outside_certificate_issuer = {.name = "outside-certificate-self-signed",
                                                        .look = look_issuer};
