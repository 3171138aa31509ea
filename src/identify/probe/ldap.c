/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LDAP: the root DSE, without bind; over UDP as Active Directory answers it (CLDAP); StartTLS where it is
 * offered.
 */
#include "identify/ber.h"
#include "identify/line.h"
#include "identify/probe.h"

enum { OP_SEARCH = 0x63, OP_ENTRY = 0x64, OP_DONE = 0x65, OP_EXTENDED = 0x77, OP_EXTENDED_ANSWER = 0x78 };
enum { CODE_SUCCESS = 0, CODE_CONFIDENTIALITY_REQUIRED = 13 };
enum step { OPENING, ENTRY, UPGRADE, INSIDE };

#define MESSAGE_MAX    262144u
#define ATTRIBUTES_MAX 128u
#define VALUES_MAX     256u

#define START_TLS "1.3.6.1.4.1.1466.20037"

static int64_t id_of(const struct talk *t)
{
        return (int64_t)(t->nonce % 0x7ff0) + 1 + t->step;
}

static void send_message(struct talk *t, uint8_t op, const struct str *body)
{
        _cleanup_str_ struct str message = {0}, whole = {0};

        ber_add_integer(&message, BER_INTEGER, id_of(t));
        ber_add_str(&message, op, body);
        ber_add_str(&whole, BER_SEQUENCE, &message);
        talk_send_bytes(t, whole.text, whole.len);
}

static enum talk_next search(struct talk *t, enum step step)
{
        static const char *const wanted[] = {
                "objectClass",
                "namingContexts",
                "supportedLDAPVersion",
                "supportedExtension",
                "supportedCapabilities",
                "supportedSASLMechanisms",
                "vendorName",
                "vendorVersion",
                "dnsHostName",
                "serverName",
                "defaultNamingContext",
                "rootDomainNamingContext",
                "domainControllerFunctionality",
                "forestFunctionality",
                "configContext",
                "structuralObjectClass",
                "serverType",
                "ibmdirectoryversion",
                "dsaName",
        };
        _cleanup_str_ struct str body = {0}, list = {0};

        t->step = step;
        ber_add(&body, BER_OCTETS, "", 0);
        ber_add(&body, BER_ENUMERATED, "\0", 1); /* the base alone */
        ber_add(&body, BER_ENUMERATED, "\0", 1); /* never follow aliases */
        ber_add_integer(&body, BER_INTEGER, 0);
        ber_add_integer(&body, BER_INTEGER, 0);
        ber_add(&body, 0x01, "\0", 1);           /* types and values */
        ber_add(&body, 0x87, "objectClass", 11); /* present */
        for (size_t i = 0; i < array_len(wanted); i++)
                ber_add(&list, BER_OCTETS, wanted[i], strlen(wanted[i]));
        ber_add_str(&body, BER_SEQUENCE, &list);
        send_message(t, OP_SEARCH, &body);
        return TALK_SEND;
}

static enum talk_next start_tls(struct talk *t)
{
        _cleanup_str_ struct str body = {0};

        talk_encryption(t, ENCRYPTION_STARTTLS);
        t->step = UPGRADE;
        ber_add(&body, 0x80, START_TLS, strlen(START_TLS));
        send_message(t, OP_EXTENDED, &body);
        return TALK_SEND;
}

struct root {
        bool start_tls, open_ldap, active_directory, lightweight, samba;
        struct line vendor, version;
};

static bool is(const struct line *name, const char *word)
{
        return name->len == strlen(word) && line_starts_i(name, word);
}

static void take_vendor(struct talk *t, const struct root *root)
{
        static const struct {
                const char *word, *product, *vendor, *cpe;
        } known[] = {
                {"389 Project", "389 Directory Server", NULL, NULL},
                {"Fedora Project", "389 Directory Server", NULL, NULL},
                {"Apache Software Foundation", "ApacheDS", "apache", "directory_server"},
                {"OpenLDAP", "OpenLDAP", "openldap", "openldap"},
                {"Samba", "Samba", "samba", "samba"},
                {"ForgeRock", "OpenDJ", NULL, NULL},
                {"Open Identity Platform", "OpenDJ", NULL, NULL},
                {"LLDAP", "LLDAP", NULL, NULL},
                {"goauthentik", "authentik", NULL, NULL},
                {"International Business Machines", "IBM Security Directory Server", NULL, NULL},
                {"Novell", "NetIQ eDirectory", NULL, NULL},
                {"NetIQ", "NetIQ eDirectory", NULL, NULL},
                {"VMware", "VMware Directory Service", NULL, NULL},
                {"Oracle Corporation", "Oracle Directory Server", NULL, NULL},
                {"Sun Microsystems", "Sun Directory Server", NULL, NULL},
                {"Ping Identity", "PingDirectory", NULL, NULL},
                {"UnboundID", "UnboundID Directory Server", NULL, NULL},
        };
        struct line number = root->version;

        if (root->vendor.len)
                talk_detail(t, "vendor", root->vendor.text, root->vendor.len);
        if (root->version.len)
                talk_detail(t, "vendor-version", root->version.text, root->version.len);
        while (number.len && (*number.text < '0' || *number.text > '9')) { /* "OpenDJ 4.4" */
                number.text++;
                number.len--;
        }
        if (line_starts_i(&root->version, "389-Directory/")) /* the number before is the name's */
                number = line_after(&root->version, 14);
        number = line_word(&number, 0);
        if (number.len && number.text[number.len - 1] == ',')
                number.len--;
        for (size_t i = 0; i < array_len(known); i++)
                if (line_find_i(&root->vendor, known[i].word)) {
                        talk_product(t, known[i].product, strlen(known[i].product));
                        talk_version(t, number.text, number.len);
                        if (known[i].vendor)
                                talk_cpe(t, known[i].vendor, known[i].cpe);
                        return;
                }
        if (root->vendor.len) {
                talk_product(t, root->vendor.text, root->vendor.len);
                talk_version(t, number.text, number.len);
        }
}

static void take_product(struct talk *t, const struct root *root)
{
        if (root->open_ldap) {
                talk_product(t, "OpenLDAP", 8);
                talk_version(t, root->version.text, root->version.len);
                talk_cpe(t, "openldap", "openldap");
        } else if (root->samba) {
                take_vendor(t, root);
                talk_product(t, "Samba", 5);
        } else if (root->lightweight) {
                talk_product(t, "Microsoft Active Directory Lightweight Directory Services", 56);
        } else if (root->active_directory && !root->vendor.len) {
                talk_product(t, "Microsoft Active Directory", 26);
        }
        take_vendor(t, root);
}

static void take_value(struct talk *t, struct root *root, const struct line *name, const struct line *value)
{
        static const char *const details[][2] = {
                {"defaultNamingContext", "naming-context"},
                {"namingContexts", "naming-context"},
                {"rootDomainNamingContext", "root-domain"},
                {"domainControllerFunctionality", "domain-controller-level"},
                {"forestFunctionality", "forest-level"},
                {"serverName", "server-name"},
        };

        if (is(name, "supportedExtension"))
                root->start_tls |= is(value, START_TLS);
        else if (is(name, "supportedCapabilities")) {
                root->active_directory |= is(value, "1.2.840.113556.1.4.800");
                root->lightweight |= is(value, "1.2.840.113556.1.4.1851");
        } else if (is(name, "objectClass") || is(name, "structuralObjectClass"))
                root->open_ldap |= is(value, "OpenLDAProotDSE");
        else if (is(name, "vendorName")) {
                root->vendor = *value;
                root->samba |= line_find_i(value, "Samba") != NULL;
        } else if (is(name, "vendorVersion") || is(name, "ibmdirectoryversion"))
                root->version = *value;
        else if (is(name, "dnsHostName"))
                talk_hostname(t, value->text, value->len);
        for (size_t i = 0; i < array_len(details); i++)
                if (is(name, details[i][0]))
                        talk_detail(t, details[i][1], value->text, value->len);
}

static struct line text_of(const struct ber *element)
{
        return (struct line){(const char *)element->body.at, wire_left(&element->body)};
}

/* SearchResultEntry: name, and a sequence of (type, set of values) */
static void take_entry(struct talk *t, struct wire body, struct root *root)
{
        _cleanup_str_ struct str mechanisms = {0};
        struct wire attributes, attribute, values;
        struct ber element, value;

        (void)ber_expect(&body, BER_OCTETS);
        attributes = ber_expect(&body, BER_SEQUENCE);
        for (unsigned i = 0; i < ATTRIBUTES_MAX && ber_next(&attributes, &element); i++) {
                attribute = element.body;
                if (!ber_next(&attribute, &element))
                        break;
                values = ber_expect(&attribute, BER_SET);
                for (unsigned j = 0; j < VALUES_MAX && ber_next(&values, &value); j++) {
                        struct line name = text_of(&element), text = text_of(&value);

                        take_value(t, root, &name, &text);
                        if (!is(&name, "supportedSASLMechanisms"))
                                continue;
                        if (mechanisms.len)
                                str_add_char(&mechanisms, ' ');
                        str_add_n(&mechanisms, text.text, text.len);
                }
        }
        talk_detail(t, "mechanisms", str_text(&mechanisms), mechanisms.len);
}

/* The next message for us: 1, 0 = not whole yet, -1 = none. */
static int next_message(const struct talk *t, struct wire *w, struct ber *op)
{
        size_t whole = ber_whole(w->at, wire_left(w));
        struct wire message;
        struct ber id;
        int64_t number;

        if (wire_left(w) && *w->at != BER_SEQUENCE)
                return -1;
        if (whole == SIZE_MAX || whole > MESSAGE_MAX)
                return -1;
        if (!whole || whole > wire_left(w))
                return 0;
        message = ber_expect(w, BER_SEQUENCE);
        if (!ber_next(&message, &id) || id.tag != BER_INTEGER || !ber_integer(&id, &number) ||
            !ber_next(&message, op))
                return -1;
        return number == id_of(t) || (number == 0 && op->tag == OP_EXTENDED_ANSWER) ? 1 : -1;
}

static int64_t result_code(struct wire body)
{
        struct ber code;
        int64_t number;

        return ber_next(&body, &code) && code.tag == BER_ENUMERATED && ber_integer(&code, &number) ? number
                                                                                                   : -1;
}

/* All of the answer: entries, then how it ended. *ret as in LDAPResult. */
static int read_answer(struct talk *t, struct root *root, int64_t *code)
{
        struct wire w = talk_in(t);
        struct ber op;
        int found;

        for (unsigned i = 0; (found = next_message(t, &w, &op)) > 0; i++) {
                if (op.tag == OP_ENTRY)
                        take_entry(t, op.body, root);
                *code = result_code(op.body);
                if (op.tag == OP_DONE || op.tag == OP_EXTENDED_ANSWER)
                        return *code >= 0 ? 1 : -1;
                if (i > 16)
                        return -1;
        }
        return found;
}

/* RFC 4511, 4.14: it answers with success, then the handshake follows */
static enum talk_next entry(struct talk *t)
{
        struct root root = {0};
        int64_t code;
        int found = read_answer(t, &root, &code);

        if (found == 0 && !(t->in_len && (t->ended || t->waited)))
                return TALK_MORE;
        if (found < 0 || (found == 0 && !t->id->n_details))
                return TALK_DONE;
        if (root.start_tls && !t->tls && t->transport == TRANSPORT_TCP)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_confirm(t, "ldap");
        take_product(t, &root);
        if (found == 0)
                return TALK_DONE;
        if (code)
                talk_detail_u64(t, "result-code", (uint64_t)code);
        if (t->transport != TRANSPORT_TCP || t->tls || t->step == INSIDE)
                return TALK_DONE;
        if (code == CODE_CONFIDENTIALITY_REQUIRED)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        if (root.start_tls || code == CODE_CONFIDENTIALITY_REQUIRED)
                return start_tls(t);
        talk_flag(t, IDENTITY_PLAIN_LOGIN); /* simple bind has no other way here */
        return TALK_DONE;
}

static enum talk_next upgrade(struct talk *t)
{
        struct wire w = talk_in(t);
        struct ber op;
        int found = next_message(t, &w, &op);

        if (found == 0)
                return TALK_MORE;
        if (found < 0 || op.tag != OP_EXTENDED_ANSWER || result_code(op.body) != CODE_SUCCESS) {
                talk_encryption(t, ENCRYPTION_NONE); /* offered, and then refused: there is none */
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
                return TALK_DONE;
        }
        t->step = INSIDE;
        return TALK_TLS;
}

/* "Notice of Disconnection", as Active Directory answers bytes that are no LDAP */
static enum recognition ldap_recognise(const struct heard *h)
{
        static const char notice[] = "1.3.6.1.4.1.1466.20036";

        return h->len > 8 && h->data[0] == BER_SEQUENCE &&
                               memmem(h->data, h->len, notice, sizeof(notice) - 1)
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next ldap_talk(struct talk *t)
{
        switch (t->step) {
        case OPENING:
                return search(t, ENTRY);
        case ENTRY:
                return entry(t);
        case UPGRADE:
                return upgrade(t);
        }
        /* inside TLS: only where nothing was told before it */
        if (t->in_len || t->waited || t->ended)
                return entry(t);
        return t->id->product ? TALK_DONE : search(t, INSIDE);
}

const struct probe probe_ldap = {
        .name = "ldap",
        .protocol = "ldap",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "389,636,1389,1636,3268,3269,3890,6360,10389,10636",
        .udp_ports = "389",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_SECOND,
        .log = "a search of the root DSE by nobody (slapd: \"SRCH base=\"\" scope=0\")",
        .reference = "RFC 4511, 4.5 and 4.14; RFC 4512, 5.1; MS-ADTS, 3.1.1.3.2 and 6.3",
        .recognise = ldap_recognise,
        .talk = ldap_talk,
};
