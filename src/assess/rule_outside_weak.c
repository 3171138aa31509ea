/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Algorithms and protocol versions that nobody should use any more. */
#include "assess/outside_rule.h"
#include "base/str.h"

static const char *const controls[] = {"nist-800-53r5:SC-13", "cis-8.1:12.6", "pci-dss-4.0:2.2.7", NULL};

static bool look_weak(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct identity *id = in->o->identity;
        const char *weak = id ? identity_detail(id, "weak") : NULL;
        bool ssh = id && streq(id->protocol, "ssh");

        if (!observed_flag(in->o, IDENTITY_WEAK_CRYPTO))
                return false;
        draft->severity = by_place(in, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->rule_suffix = id->protocol;
        draft->title = pool_printf(in->pool, "%s offers weak algorithms", observed_name(in));
        draft->advice = (struct advice){
                ADVICE_RECONFIGURE,
                "A client that is old, or led there by whoever is on the way, agrees on what can be broken.",
        };
        lines_add(&draft->evidence, weak ? pool_printf(in->pool, "offered: %s", weak) : NULL);
        if (ssh)
                lines_add(
                        &draft->remediation,
                        weak ? pool_printf(
                                       in->pool,
                                       "In sshd_config take them out: KexAlgorithms, HostKeyAlgorithms, "
                                       "Ciphers and "
                                       "MACs take a list that begins with '-'. They are: %s",
                                       weak)
                             : "In sshd_config take weak ones out of KexAlgorithms, HostKeyAlgorithms, "
                               "Ciphers and MACs");
        lines_add(&draft->remediation, ssh ? "Check and load: sshd -t && systemctl reload ssh"
                                           : "Switch the weak algorithms off in the server's configuration");
        draft->controls = controls;
        return true;
}

const struct outside_rule outside_weak_crypto = {.name = "outside-weak-crypto", .look = look_weak};

static bool look_obsolete(const struct outside_input *in, struct verdict_draft *draft)
{
        static const struct {
                const char *protocol, *title, *why, *step;
                enum severity inside, exposed;
        } known[] = {
                {"smb", "SMB 1 is spoken",
                 "SMB 1 is what worms spread by (CVE-2017-0144), and has no encryption.",
                 "Switch SMB 1 off: in Samba `server min protocol = SMB2_10`; in Windows "
                 "Set-SmbServerConfiguration -EnableSMB1Protocol $false",
                 SEVERITY_HIGH, SEVERITY_CRITICAL},
                {"ssh", "SSH 1 is spoken", "SSH 1 is broken: what it protects can be read and changed.",
                 "Switch SSH 1 off (Protocol 2), or replace the device", SEVERITY_HIGH, SEVERITY_CRITICAL},
                {"snmp", "SNMP 1 or 2c is spoken",
                 "The community is sent as it is, and lets anyone read who has heard it.",
                 "Use SNMP 3 with authentication and privacy (authPriv), and switch the older versions off",
                 SEVERITY_MEDIUM, SEVERITY_HIGH},
        };
        const struct identity *id = in->o->identity;

        if (!observed_flag(in->o, IDENTITY_OBSOLETE))
                return false;
        draft->severity = by_place(in, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH);
        draft->title = pool_printf(in->pool, "%s speaks a version of its protocol that is obsolete",
                                   observed_name(in));
        draft->advice = (struct advice){ADVICE_RECONFIGURE, "Nobody mends this version any more."};
        draft->rule_suffix = id->protocol;
        draft->controls = controls;
        for (size_t i = 0; i < array_len(known); i++)
                if (streq(known[i].protocol, id->protocol)) {
                        if (streq(id->protocol, "snmp") && in->any)
                                return false; /* that it is cleartext says it already */
                        draft->severity = by_place(in, SEVERITY_LOW, known[i].inside, known[i].exposed);
                        draft->title = known[i].title;
                        draft->advice.why = known[i].why;
                        lines_add(&draft->remediation, known[i].step);
                        return true;
                }
        lines_add(&draft->remediation,
                  "Upgrade the server, or switch the old version off in its configuration");
        return true;
}

const struct outside_rule outside_obsolete = {.name = "outside-obsolete", .look = look_obsolete};
