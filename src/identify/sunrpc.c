/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/sunrpc.h"

#define RECORD_MAX   65536u
#define LAST_PART    0x80000000u
#define PROGRAMS_MAX 64u
#define AUTH_MAX     400u /* RFC 5531, 8.2 */
#define AUTH_TLS     7u

static const struct {
        uint32_t number;
        const char *name;
} programs[] = {
        {SUNRPC_NFS, "nfs"},      {SUNRPC_PORTMAP, "rpcbind"},
        {SUNRPC_MOUNT, "mountd"}, {100021, "nlockmgr"},
        {100024, "status"},       {100011, "rquotad"},
        {100004, "ypserv"},       {100007, "ypbind"},
        {100009, "yppasswdd"},    {100069, "ypxfrd"},
        {100001, "rstatd"},       {100002, "rusersd"},
        {100008, "walld"},        {100012, "sprayd"},
        {100026, "bootparam"},    {100028, "ypupdated"},
        {100029, "keyserv"},      {100068, "cmsd"},
        {100083, "ttdbserverd"},  {100227, "nfs_acl"},
        {100229, "metad"},        {100232, "sadmind"},
        {100235, "cachefsd"},     {100020, "llockmgr"},
        {150001, "pcnfsd"},       {300019, "amd"},
        {391002, "fam"},          {395183, "vxi-11"},
        {395184, "vxi-11-async"}, {SUNRPC_KADMIN, "kadmin"},
        {1238433, "glusterd"},    {14398633, "glusterfs"},
        {123451501, "glusterfs"},
};

static void header(struct talk *t, uint32_t len, uint32_t xid, uint32_t program, uint32_t version,
                   uint32_t procedure)
{
        if (t->transport == TRANSPORT_TCP)
                talk_send_be32(t, LAST_PART | len);
        talk_send_be32(t, xid);
        talk_send_hex(t, "00000000 00000002");
        talk_send_be32(t, program);
        talk_send_be32(t, version);
        talk_send_be32(t, procedure);
}

void sunrpc_call(struct talk *t, uint32_t xid, uint32_t program, uint32_t version, uint32_t procedure)
{
        header(t, 40, xid, program, version, procedure);
        talk_send_hex(t, "0000000000000000 0000000000000000");
}

void sunrpc_call_tls(struct talk *t, uint32_t xid, uint32_t program, uint32_t version)
{
        header(t, 40, xid, program, version, 0);
        talk_send_be32(t, AUTH_TLS);
        talk_send_hex(t, "00000000 0000000000000000");
}

/* RFC 5531, 9 */
static bool read_body(struct wire w, struct sunrpc_reply *ret)
{
        uint32_t state, status, len;

        ret->xid = wire_be32(&w);
        if (wire_be32(&w) != 1) /* REPLY */
                return false;
        state = wire_be32(&w);
        if (state == 1) {
                ret->status = SUNRPC_DENIED;
                return wire_be32(&w) <= 1 && !w.bad;
        }
        wire_skip(&w, 4); /* flavour of the verifier */
        len = wire_be32(&w);
        if (state != 0 || len > AUTH_MAX)
                return false;
        ret->verifier = wire_sub(&w, len);
        wire_skip(&w, (4 - len % 4) % 4);
        status = wire_be32(&w);
        if (w.bad || status > SUNRPC_FAULT)
                return false;
        ret->status = (enum sunrpc_status)status;
        if (ret->status == SUNRPC_OTHER_VERSION) {
                ret->low = wire_be32(&w);
                ret->high = wire_be32(&w);
        }
        ret->results = w;
        return !w.bad;
}

enum sunrpc_state sunrpc_read(const uint8_t *data, size_t len, bool stream, struct sunrpc_reply *ret)
{
        struct wire w = wire_over(data, len);
        uint32_t mark = 0, size;

        *ret = (struct sunrpc_reply){0};
        if (!stream) {
                ret->end = len;
                return read_body(w, ret) ? SUNRPC_WHOLE : SUNRPC_NONE;
        }
        mark = wire_be32(&w);
        size = mark & ~LAST_PART;
        if (len < 4)
                return SUNRPC_PART;
        /* Results in several parts are rare, and long: the first then tells enough. */
        if (size < 20 || size > RECORD_MAX)
                return SUNRPC_NONE;
        if (len >= 12 && memcmp(data + 8, "\0\0\0\1", 4) != 0)
                return SUNRPC_NONE;
        if (wire_left(&w) < size)
                return SUNRPC_PART;
        ret->end = 4 + size;
        return read_body(wire_sub(&w, size), ret) ? SUNRPC_WHOLE : SUNRPC_NONE;
}

enum recognition sunrpc_recognise(const struct heard *h)
{
        struct sunrpc_reply reply;

        if (sunrpc_read(h->data, h->len, h->transport == TRANSPORT_TCP, &reply) != SUNRPC_WHOLE)
                return RECOGNISE_NO;
        return h->asked ? RECOGNISE_LIKELY : RECOGNISE_NO; /* nobody greets with a reply */
}

const char *sunrpc_nth(size_t n, uint32_t *program)
{
        if (n >= array_len(programs))
                return NULL;
        *program = programs[n].number;
        return programs[n].name;
}

const char *sunrpc_name(uint32_t program)
{
        for (size_t i = 0; i < array_len(programs); i++)
                if (programs[i].number == program)
                        return programs[i].name;
        return NULL;
}

static void add_versions(struct str *to, uint32_t low, uint32_t high)
{
        str_add_u64(to, low);
        if (high > low)
                str_addf(to, "-%u", high);
}

void sunrpc_take_versions(struct talk *t, uint32_t low, uint32_t high)
{
        _cleanup_str_ struct str text = {0};

        add_versions(&text, low, high);
        talk_detail(t, "versions", text.text, text.len);
}

struct listed {
        uint32_t program, low, high, port;
};

/* One program's versions become one entry. */
static size_t add_listed(struct listed *all, size_t n, uint32_t program, uint32_t version, uint32_t port)
{
        for (size_t i = 0; i < n; i++)
                if (all[i].program == program) {
                        all[i].low = version < all[i].low ? version : all[i].low;
                        all[i].high = version > all[i].high ? version : all[i].high;
                        return n;
                }
        if (n < PROGRAMS_MAX)
                all[n++] = (struct listed){program, version, version, port};
        return n;
}

size_t sunrpc_take_dump(struct talk *t, struct wire w)
{
        struct listed all[PROGRAMS_MAX];
        _cleanup_str_ struct str text = {0};
        size_t n = 0;

        while (wire_be32(&w) == 1) {
                uint32_t program = wire_be32(&w), version = wire_be32(&w), port;

                wire_skip(&w, 4); /* transport */
                port = wire_be32(&w);
                if (w.bad)
                        break;
                n = add_listed(all, n, program, version, port);
        }
        for (size_t i = 0; i < n; i++) {
                const char *name = sunrpc_name(all[i].program);

                str_add(&text, i ? ", " : "");
                if (name)
                        str_add(&text, name);
                else
                        str_add_u64(&text, all[i].program);
                str_add_char(&text, ' ');
                add_versions(&text, all[i].low, all[i].high);
                str_addf(&text, " at %u", all[i].port);
        }
        talk_detail(t, "programs", text.text, text.len);
        return n;
}
