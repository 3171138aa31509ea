/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_alert.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "alert/alerts.h"
#include "alert/secret.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/config_dir.h"
#include "cli/state_dir.h"
#include "collect/asset.h"

#define NS_PER_MS   1000000u
#define US_PER_MS   1000u
#define END_WAIT_MS 5000 /* what cannot be delivered by then waits for the next start */

/* What sinks.yaml says. Children and queues point into it. */
struct configured {
        struct pool *pool;
        struct sinks sinks;
};

static void configured_release(struct configured *c)
{
        c->pool = pool_free(c->pool);
}

struct watch_alert {
        struct configured now, next; /* next.pool: comes into force when no delivery is under way */
        struct alerts *alerts;
        sd_event_source *io, *timer;
        sd_event *event;
};

static int64_t now_ms(void)
{
        return (int64_t)(clock_monotonic_ns() / NS_PER_MS);
}

static void say(const char *text, void *arg)
{
        (void)fprintf(stderr, "quaymaster watch: %s\n", text);
}

/* --- opening --------------------------------------------------------------------------------------- */

/* c->pool stays NULL where there is no sinks.yaml. */
static int read_sinks(const struct invocation *in, struct configured *ret, struct err *err)
{
        _cleanup_(configured_release) struct configured c = {.pool = pool_new()};
        bool found;
        int r = config_open_sinks(in, c.pool, &c.sinks, &found, err);

        if (r == 0 && found)
                r = secrets_read(&c.sinks, c.pool, err);
        if (r < 0 || !found)
                return r;
        *ret = c;
        c.pool = NULL;
        return 0;
}

static int open_alerts(struct watch_alert *w, struct err *err)
{
        _cleanup_str_ struct str folder = {0};
        int r = state_dir_make(&folder, err);

        if (r < 0)
                return r;
        str_add(&folder, "/alerts");
        if (mkdir(folder.text, 0700) < 0 && errno != EEXIST)
                return err_errno(err, errno, "cannot make '%s'", folder.text);
        return alerts_open(&w->now.sinks, folder.text, say, NULL, &w->alerts, err);
}

static struct watch_alert *detach(struct watch_alert *w)
{
        w->io = sd_event_source_disable_unref(w->io);
        w->timer = sd_event_source_disable_unref(w->timer);
        return w;
}

struct watch_alert *watch_alert_free(struct watch_alert *w)
{
        if (!w)
                return NULL;
        alerts_freep(&detach(w)->alerts);
        configured_release(&w->now);
        configured_release(&w->next);
        free(w);
        return NULL;
}

static void watch_alert_freep(struct watch_alert **w)
{
        *w = watch_alert_free(*w);
}

int watch_alert_open(const struct invocation *in, struct watch_alert **ret, struct err *err)
{
        _cleanup_(watch_alert_freep) struct watch_alert *w = xcalloc(1, sizeof(*w));
        int r = read_sinks(in, &w->now, err);

        *ret = NULL;
        if (r < 0)
                return -EINVAL; /* whatever is wrong with it, it is a bad file */
        if (!w->now.pool)
                return 0;
        r = open_alerts(w, err);
        if (r < 0)
                return r;
        *ret = take_ptr(w);
        return 0;
}

/* --- at work --------------------------------------------------------------------------------------- */

static void work(struct watch_alert *w);

static int on_io(sd_event_source *source, int fd, uint32_t events, void *arg)
{
        work(arg);
        return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
        work(arg);
        return 0;
}

int watch_alert_attach(struct watch_alert *w, sd_event *event, struct err *err)
{
        int r = 0;

        if (!w || !w->alerts)
                return 0;
        w->event = event;
        r = sd_event_add_io(event, &w->io, alerts_fd(w->alerts), EPOLLIN, on_io, w);
        if (r >= 0)
                r = sd_event_add_time(event, &w->timer, CLOCK_MONOTONIC, UINT64_MAX, US_PER_MS, on_time, w);
        if (r < 0)
                return err_errno(err, -r, "cannot set up the event loop");
        work(w);
        return 0;
}

/* The old ones have nothing under way: what they left is in the queues, which the new ones open. */
static void change_over(struct watch_alert *w)
{
        struct err err = {0};

        if (w->alerts) /* what came meanwhile */
                alerts_pause(w->alerts, now_ms());
        alerts_freep(&detach(w)->alerts);
        configured_release(&w->now);
        w->now = w->next;
        w->next.pool = NULL;
        if (open_alerts(w, &err) < 0 || watch_alert_attach(w, w->event, &err) < 0)
                (void)fprintf(stderr, "quaymaster watch: no alerts are sent: %s\n", err.text);
}

static void work(struct watch_alert *w)
{
        int64_t now = now_ms(), next = alerts_step(w->alerts, now);

        if (w->next.pool && !alerts_busy(w->alerts)) {
                change_over(w);
                return;
        }
        if (!w->timer)
                return;
        (void)sd_event_source_set_time(w->timer,
                                       next == INT64_MAX ? UINT64_MAX : (uint64_t)(next + 1) * US_PER_MS);
        (void)sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

/* --- events ---------------------------------------------------------------------------------------- */

static void add_subject(struct str *to, const struct item *item)
{
        char text[ADDRESS_TEXT_SIZE];

        if (item->kind == ITEM_SERVICE) {
                str_add(to, item->name);
                return;
        }
        str_addf(to, item->address.family == 6 ? "[%s]:%u/%s" : "%s:%u/%s",
                 item->address.family ? address_format(&item->address, text) : "0.0.0.0", item->port,
                 transport_name(item->transport));
        if (item->device)
                str_addf(to, " on %s", item->device);
        if (item->netns && !streq(item->netns, "host"))
                str_addf(to, " in netns %s", item->netns);
}

static void add_owner(struct str *to, const struct watch_event *e, const struct item *item)
{
        str_add(to, item->exe ? item->exe : e->process ? e->process : "");
        if (item->unit)
                str_addf(to, " %s", item->unit);
}

static enum verdict verdict_of(const struct watch_event *e)
{
        return e->judgement ? e->judgement->verdict : VERDICT_NONE;
}

void watch_alert_event(struct watch_alert *w, const struct watch_event *e)
{
        _cleanup_str_ struct str raw = {0}, subject = {0}, owner = {0}, words = {0}, json = {0};
        const struct item *item = e->event.after ? e->event.after : e->event.before;
        struct alert_event event;

        if (!w || !w->alerts)
                return;
        add_subject(&raw, item);
        text_add_printable(&subject, str_text(&raw));
        add_owner(&owner, e, item);
        watch_event_words(&words, e);
        watch_event_json(&json, e);
        event = (struct alert_event){
                .id = e->id,
                .asset = e->asset,
                .subject = str_text(&subject),
                .owner = owner.len ? owner.text : NULL,
                .message = str_text(&words),
                .json = json.text,
                .json_len = json.len - 1, /* without the newline */
                .time_ms = e->event.time_s * 1000 + e->time_ms,
                .kind = e->event.kind,
                .verdict = verdict_of(e),
                .planned = e->event.planned,
        };
        alerts_event(w->alerts, &event, now_ms());
        if (!w->timer)
                return;
        /* at the next turn of the loop, so that a burst is not held up by each of its events */
        (void)sd_event_source_set_time(w->timer, 0);
        (void)sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

/* --- reload and end -------------------------------------------------------------------------------- */

int watch_alert_reload(const struct invocation *in, struct watch_alert **w, sd_event *event, struct err *err)
{
        struct configured next = {0};
        int r;

        if (!*w) {
                r = watch_alert_open(in, w, err);
                return r < 0 ? r : watch_alert_attach(*w, event, err);
        }
        r = read_sinks(in, &next, err);
        if (r < 0)
                return r;
        if (!next.pool)
                next.pool = pool_new(); /* no file any more: no sinks */
        configured_release(&(*w)->next);
        (*w)->next = next;
        if (!(*w)->alerts) { /* those before could not be opened */
                change_over(*w);
                return 0;
        }
        alerts_pause((*w)->alerts, now_ms());
        work(*w);
        return 0;
}

void watch_alert_end(struct watch_alert *w)
{
        if (w && w->alerts)
                alerts_end(w->alerts, END_WAIT_MS);
}

/* --- test ------------------------------------------------------------------------------------------ */

struct test {
        bool json, failed;
        const char *asset;
};

static void add_test_record(struct str *to, const struct test *test, const struct sink_config *c, int result,
                            const struct err *err)
{
        struct json j = json_to(to);
        char time[CLOCK_TEXT_SIZE];

        json_open_object(&j, NULL);
        json_str(&j, "type", "sink");
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", test->asset);
        json_str(&j, "vantage", "inside");
        json_str(&j, "time", clock_format(clock_now_s(), time));
        json_str(&j, "name", c->name);
        json_str(&j, "sink", c->sink->name);
        json_bool(&j, "delivered", result == 0);
        json_str(&j, "reason", result == 0 ? NULL : err->text);
        json_end_line(&j);
}

static void tell_tested(const struct sink_config *c, int result, const struct err *err, void *arg)
{
        _cleanup_str_ struct str line = {0};
        struct test *test = arg;

        test->failed |= result < 0;
        if (test->json) {
                add_test_record(&line, test, c, result, err);
        } else {
                str_addf(&line, "%s (%s): %s", c->name, c->sink->name,
                         result < 0 ? "failed: " : "delivered");
                if (result < 0)
                        text_add_printable(&line, err->text);
                str_add_char(&line, '\n');
        }
        (void)fwrite(line.text, 1, line.len, stdout);
        (void)fflush(stdout);
}

static void add_summary(const struct test *test)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);

        json_open_object(&j, NULL);
        json_str(&j, "type", "summary");
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", test->asset);
        json_bool(&j, "complete", !test->failed);
        json_open_array(&j, "incomplete");
        if (test->failed)
                json_str(&j, NULL, "not all sinks could be reached");
        json_end(&j);
        json_end_line(&j);
        (void)fwrite(line.text, 1, line.len, stdout);
}

int watch_alert_test(const struct invocation *in, bool json, struct err *err)
{
        _cleanup_(configured_release) struct configured c = {0};
        _cleanup_(inside_freep) struct inside *view = inside_new();
        struct test test = {.json = json};

        if (read_sinks(in, &c, err) < 0)
                return QM_EXIT_USAGE;
        if (!c.pool || !c.sinks.n) {
                (void)err_set(err, -ENOENT,
                              "there is no sink to test: write sinks.yaml (quaymaster-sinks(5))");
                return QM_EXIT_USAGE;
        }
        asset_identify(view);
        test.asset = view->asset;
        alerts_test(&c.sinks, view->asset, tell_tested, &test);
        if (json)
                add_summary(&test);
        return test.failed ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}
