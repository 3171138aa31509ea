/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/records.h"

#include <errno.h>
#include <jansson.h>

#include "base/str.h"
#include "base/text.h"
#include "import/split.h"

#define TEXT_MAX  4096u /* bytes kept of a text: as long as a path (PATH_MAX) */
#define NESTS_MAX 4096u /* processes of one listener */

struct records *records_free(struct records *r)
{
        if (!r)
                return NULL;
        splitter_free(r->splitter);
        vec_foreach(asset, &r->assets) {
                vec_clear(&asset->listeners);
                vec_clear(&asset->addresses);
        }
        vec_clear(&r->assets);
        pool_free(r->pool);
        free(r);
        return NULL;
}

_printf_(2, 3) static void fail(struct records *r, const char *fmt, ...)
{
        char text[300];
        va_list ap;

        if (r->result < 0)
                return;
        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        r->result = err_set(r->err, -EINVAL, "line %llu: %s", (unsigned long long)r->line, text);
}

/* --- members ------------------------------------------------------------------------------------- */

/* Kept printable, whoever wrote the file. NULL for what is no string. */
static const char *text(struct records *r, const json_t *object, const char *key)
{
        const char *value = json_string_value(json_object_get(object, key));
        _cleanup_str_ struct str safe = {0};
        _cleanup_free_ char *cut = NULL;
        size_t len;

        if (!value)
                return NULL;
        len = strlen(value);
        if (len > TEXT_MAX)
                for (len = TEXT_MAX; len && ((unsigned char)value[len] & 0xc0) == 0x80;)
                        len--;
        cut = xstrndup(value, len);
        text_add_printable(&safe, cut);
        return pool_intern(r->pool, str_text(&safe));
}

static bool flag(const json_t *object, const char *key)
{
        return json_is_true(json_object_get(object, key));
}

/* 0 to max; 0 for what is none. */
static uint32_t number(const json_t *object, const char *key, uint32_t max)
{
        json_int_t value = json_integer_value(json_object_get(object, key));

        return value > 0 && value <= max ? (uint32_t)value : 0;
}

static bool parse_address(const json_t *object, const char *key, struct address *ret)
{
        const char *word = json_string_value(json_object_get(object, key));

        return word && address_parse(word, ret) == 0;
}

/* The same name is the same namespace, of one asset: they live in one pool. */
static const struct netns *netns_of(struct records *r, struct records_asset *asset, const json_t *record)
{
        const char *role = text(r, record, "netns");
        struct netns *netns;

        role = role ? role : "host";
        for (size_t i = asset->listeners.n; i > 0; i--) { /* records stand by namespace */
                const struct netns *last = asset->listeners.at[i - 1].netns;

                if (last && last->role == role) /* interned */
                        return last;
                if (last)
                        break;
        }
        netns = pool_alloc(r->pool, sizeof(*netns));
        *netns = (struct netns){.role = role, .kind = streq(role, "host") ? NETNS_HOST : NETNS_NAMED};
        return netns;
}

/* --- a listener ---------------------------------------------------------------------------------- */

static const struct process *read_process(struct records *r, const json_t *object)
{
        struct process *p = pool_alloc(r->pool, sizeof(*p));

        *p = (struct process){
                .pid = (pid_t)number(object, "pid", INT32_MAX),
                .name = text(r, object, "name"),
                .exe = text(r, object, "exe"),
                .exe_deleted = flag(object, "exe_deleted"),
                .cmdline = text(r, object, "cmdline"),
                .uid = number(object, "uid", INSIDE_NO_UID - 1),
                .user = text(r, object, "user"),
                .unit = NONE,
                .container = NONE,
                .package = NONE,
        };
        if (!json_is_integer(json_object_get(object, "uid")))
                p->uid = INSIDE_NO_UID;
        return p;
}

static void read_processes(struct records *r, const json_t *record, struct listener *l)
{
        const json_t *list = json_object_get(record, "processes");
        size_t n = json_array_size(list);

        n = n < NESTS_MAX ? n : NESTS_MAX;
        if (!n)
                return;
        l->processes = pool_alloc(r->pool, n * sizeof(*l->processes));
        for (size_t i = 0; i < n; i++)
                if (json_is_object(json_array_get(list, i)))
                        l->processes[l->n_processes++] = read_process(r, json_array_get(list, i));
}

static const struct service *read_service(struct records *r, const json_t *record, const char *key)
{
        const json_t *object = json_object_get(record, key);
        struct service *s;

        if (!json_is_object(object) || !json_is_string(json_object_get(object, "name")))
                return NULL;
        s = pool_alloc(r->pool, sizeof(*s));
        *s = (struct service){
                .name = text(r, object, "name"),
                .manager = text(r, object, "manager"),
                .description = text(r, object, "description"),
                .state = text(r, object, "state"),
                .startup = text(r, object, "startup"),
                .triggered_by = NONE,
                .triggers = NONE,
                .package = NONE,
        };
        return s;
}

static const struct package *read_package(struct records *r, const json_t *record)
{
        const json_t *object = json_object_get(record, "package");
        struct package *p;

        if (!json_is_object(object))
                return NULL;
        p = pool_alloc(r->pool, sizeof(*p));
        *p = (struct package){text(r, object, "name"), text(r, object, "version"),
                              text(r, object, "manager")};
        return p;
}

static const struct container *read_container(struct records *r, const json_t *record)
{
        const json_t *object = json_object_get(record, "container");
        struct container *c;

        if (!json_is_object(object))
                return NULL;
        c = pool_alloc(r->pool, sizeof(*c));
        *c = (struct container){
                .runtime = text(r, object, "runtime"),
                .id = text(r, object, "id"),
                .name = text(r, object, "name"),
                .pod = text(r, object, "pod"),
        };
        return c;
}

static const struct forward *read_forward(struct records *r, const json_t *record, const struct listener *l)
{
        const json_t *object = json_object_get(record, "forward");
        struct forward *f;

        if (!json_is_object(object))
                return NULL;
        f = pool_alloc(r->pool, sizeof(*f));
        *f = (struct forward){
                .transport = l->transport,
                .address = l->address,
                .port = l->port,
                .port_last = l->port_last,
                .to_port = (uint16_t)number(object, "to_port", UINT16_MAX),
                .rule = text(r, object, "rule"),
        };
        if (!parse_address(object, "to_address", &f->to))
                f->to = (struct address){0};
        return f;
}

static void read_exposure(struct records *r, const json_t *record, struct exposure *e)
{
        const json_t *object = json_object_get(record, "exposure");
        const char *scope = json_string_value(json_object_get(object, "scope"));
        const json_t *from = json_object_get(object, "reachable_from");

        for (enum exposure_scope s = 0; scope && s < EXPOSURE_MAX; s++)
                if (streq(exposure_scope_name(s), scope))
                        e->scope = s;
        e->why = text(r, object, "why");
        e->blocked_by = text(r, object, "blocked_by");
        for (size_t i = 0; i < array_len(e->reachable_from) && i < json_array_size(from); i++) {
                const char *word = json_string_value(json_array_get(from, i));

                if (!word)
                        break;
                e->reachable_from[i] = pool_intern_n(r->pool, word, strnlen(word, TEXT_MAX));
        }
}

static void read_protocol(struct records *r, const json_t *record, struct listener *l)
{
        const char *confidence = json_string_value(json_object_get(record, "confidence"));
        const json_t *advice = json_object_get(record, "advice");
        const char *class = json_string_value(json_object_get(advice, "class"));

        l->registered = text(r, record, "registered");
        l->protocol = text(r, record, "protocol");
        l->guide = text(r, record, "guide");
        for (enum confidence c = 0; confidence && c < CONFIDENCE_MAX; c++)
                if (streq(confidence_name(c), confidence))
                        l->confidence = c;
        l->advice.class = class ? advice_class_parse(class) : ADVICE_REVIEW;
        if (l->advice.class == ADVICE_MAX)
                l->advice.class = ADVICE_REVIEW;
        l->advice.why = text(r, advice, "why");
}

/* Where it listens: without that it is no listener. */
static bool read_place(struct records *r, const json_t *record, struct listener *l)
{
        const char *transport = json_string_value(json_object_get(record, "transport"));
        const char *kind = json_string_value(json_object_get(record, "kind"));

        l->kind = kind && streq(kind, "forward") ? LISTENER_FORWARD : LISTENER_SOCKET;
        l->transport = transport ? transport_parse(transport) : TRANSPORT_MAX;
        l->port = (uint16_t)number(record, "port", UINT16_MAX);
        l->port_last = (uint16_t)number(record, "port_last", UINT16_MAX);
        if (l->transport == TRANSPORT_MAX)
                fail(r, "field 'transport': needed is one of tcp, udp, udplite, sctp, raw");
        else if (!l->port && l->transport != TRANSPORT_RAW)
                fail(r, "field 'port': needed is a number from 1 to 65535");
        else if (!parse_address(record, "address", &l->address))
                fail(r, "field 'address': needed is an IP address");
        if (r->result == 0 && l->kind == LISTENER_FORWARD && address_is_any(&l->address))
                l->address = (struct address){0}; /* whatever the family: model/listener.h */
        l->dual_stack = flag(record, "dual_stack");
        l->v6only = flag(record, "v6only");
        l->device = text(r, record, "device");
        return r->result == 0;
}

static void read_listener(struct records *r, struct records_asset *asset, const json_t *record)
{
        struct listener l = {0};

        if (r->n_listeners++ == RECORDS_LISTENERS) {
                fail(r, "more than %u listeners", RECORDS_LISTENERS);
                return;
        }
        if (!read_place(r, record, &l))
                return;
        l.netns = netns_of(r, asset, record);
        l.n_sockets = number(record, "sockets", INT32_MAX);
        read_processes(r, record, &l);
        l.owner_note = text(r, record, "owner_note");
        l.unit = read_service(r, record, "unit");
        l.activation = read_service(r, record, "activation");
        l.package = read_package(r, record);
        l.container = read_container(r, record);
        l.forward = read_forward(r, record, &l);
        read_exposure(r, record, &l.exposure);
        read_protocol(r, record, &l);
        *vec_push(&asset->listeners) = l;
}

/* --- a summary ----------------------------------------------------------------------------------- */

static void read_addresses(struct records *r, struct records_asset *asset, const json_t *record)
{
        const json_t *list = json_object_get(record, "own_addresses");

        for (size_t i = 0; i < json_array_size(list) && asset->addresses.n < RECORDS_ADDRESSES; i++) {
                const json_t *object = json_array_get(list, i);
                struct records_address at = {.netns = text(r, object, "netns")};

                if (!parse_address(object, "address", &at.address)) {
                        fail(r, "field 'own_addresses[%zu].address': needed is an IP address", i);
                        return;
                }
                at.netns = at.netns ? at.netns : "host";
                *vec_push(&asset->addresses) = at;
        }
}

/* Of several summaries of one machine (host, then audit) all must be complete. */
static void read_summary(struct records *r, struct records_asset *asset, const json_t *record)
{
        asset->complete = flag(record, "complete") && (!asset->summary || asset->complete);
        asset->summary = true;
        asset->hostname = text(r, record, "hostname");
        vec_clear(&asset->addresses);
        read_addresses(r, asset, record);
}

/* --- records ------------------------------------------------------------------------------------- */

static struct records_asset *asset_of(struct records *r, const json_t *record)
{
        const char *id = text(r, record, "asset");

        if (!id || !*id) {
                fail(r, "field 'asset': needed is the id of the machine");
                return NULL;
        }
        for (size_t i = r->assets.n; i > 0; i--) /* interned */
                if (r->assets.at[i - 1].asset == id)
                        return &r->assets.at[i - 1];
        if (r->assets.n == RECORDS_ASSETS) {
                fail(r, "more than %u machines", RECORDS_ASSETS);
                return NULL;
        }
        *vec_push(&r->assets) = (struct records_asset){.asset = id};
        return &r->assets.at[r->assets.n - 1];
}

static const struct {
        const char *type;
        void (*read)(struct records *r, struct records_asset *asset, const json_t *record);
} readers[] = {
        {"listener", read_listener},
        {"summary", read_summary},
};

static void read_record(struct records *r, const json_t *record)
{
        const char *type = json_string_value(json_object_get(record, "type"));
        const char *vantage = json_string_value(json_object_get(record, "vantage"));
        struct records_asset *asset;

        if (!type) {
                fail(r, "no record: 'type' is missing");
                return;
        }
        if (!vantage || !streq(vantage, "inside"))
                return;
        for (size_t i = 0; i < array_len(readers); i++) {
                if (!streq(readers[i].type, type))
                        continue;
                if (json_integer_value(json_object_get(record, "schema")) != 1) {
                        fail(r,
                             "field 'schema': 1 is known, and nothing newer: read it with the version that wrote it");
                        return;
                }
                asset = asset_of(r, record);
                if (asset)
                        readers[i].read(r, asset, record);
        }
}

static void take(const char *line, size_t len, uint64_t number_of_line, void *arg)
{
        struct records *r = arg;
        json_error_t error;
        json_t *record;

        r->line = number_of_line;
        if (r->result < 0 || !len)
                return;
        record = json_loadb(line, len, 0, &error);
        if (!json_is_object(record))
                fail(r, "no JSON object: %s", record ? "a record a line is expected" : error.text);
        else
                read_record(r, record);
        json_decref(record);
}

static void too_long(uint64_t line, void *arg)
{
        struct records *r = arg;

        r->line = line;
        fail(r, "longer than %u bytes", RECORDS_LINE_MAX);
}

struct records *records_new(void)
{
        struct records *r = xcalloc(1, sizeof(*r));

        r->pool = pool_new();
        r->splitter = splitter_new(SPLIT_LINES, RECORDS_LINE_MAX, (struct split_to){take, too_long, r});
        return r;
}

int records_feed(struct records *r, const char *bytes, size_t len, struct err *err)
{
        r->err = err;
        if (r->result == 0)
                splitter_feed(r->splitter, bytes, len);
        return r->result;
}

int records_end(struct records *r, struct err *err)
{
        r->err = err;
        if (r->result == 0)
                (void)splitter_end(r->splitter);
        if (r->result == 0 && !r->assets.n)
                r->result =
                        err_set(err, -EINVAL,
                                "nothing in it was seen from inside of a machine: `quaymaster host --json` "
                                "writes what is needed");
        return r->result;
}
