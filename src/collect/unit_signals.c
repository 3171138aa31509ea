/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unit_signals.h"

#include <errno.h>
#include <systemd/sd-bus.h>

#include "base/mem.h"
#include "collect/systemd_bus.h"

#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER      SYSTEMD_BUS_NAME ".Manager"

struct unit_signals {
        sd_bus *bus;
        unit_signal *each; /* while they are read */
        void *arg;
};

static int on_unit(sd_bus_message *message, struct unit_signals *signals, bool gone)
{
        const char *unit;

        if (signals->each && sd_bus_message_read(message, "s", &unit) >= 0)
                signals->each(unit, gone, signals->arg);
        return 0;
}

static int on_new(sd_bus_message *message, void *arg, sd_bus_error *error)
{
        return on_unit(message, arg, false);
}

static int on_removed(sd_bus_message *message, void *arg, sd_bus_error *error)
{
        return on_unit(message, arg, true);
}

static int on_files(sd_bus_message *message, void *arg, sd_bus_error *error)
{
        const struct unit_signals *signals = arg;

        if (signals->each)
                signals->each(NULL, false, signals->arg);
        return 0;
}

/* Told when it begins, and when it has ended. */
static int on_reloading(sd_bus_message *message, void *arg, sd_bus_error *error)
{
        const struct unit_signals *signals = arg;
        int begins = 1;

        if (sd_bus_message_read(message, "b", &begins) >= 0 && !begins && signals->each)
                signals->each(NULL, false, signals->arg);
        return 0;
}

static int subscribe(struct unit_signals *signals)
{
        static const struct {
                const char *name;
                sd_bus_message_handler_t take;
        } wanted[] = {{"UnitNew", on_new},
                      {"UnitRemoved", on_removed},
                      {"UnitFilesChanged", on_files},
                      {"Reloading", on_reloading}};
        int r = 0;

        for (size_t i = 0; i < array_len(wanted) && r >= 0; i++)
                r = sd_bus_match_signal(signals->bus, NULL, SYSTEMD_BUS_NAME, MANAGER_PATH, MANAGER, wanted[i].name,
                                        wanted[i].take, signals);
        if (r >= 0)
                r = sd_bus_call_method(signals->bus, SYSTEMD_BUS_NAME, MANAGER_PATH, MANAGER, "Subscribe", NULL, NULL,
                                       NULL);
        return r;
}

int unit_signals_open(struct unit_signals **ret, struct err *err)
{
        struct unit_signals *signals = xcalloc(1, sizeof(*signals));
        int r = systemd_bus_open_shared(&signals->bus);

        if (r >= 0)
                r = subscribe(signals);
        if (r < 0) {
                unit_signals_free(signals);
                return err_errno(err, -r, "cannot hear from systemd over the system bus");
        }
        *ret = signals;
        return 0;
}

struct unit_signals *unit_signals_free(struct unit_signals *signals)
{
        if (!signals)
                return NULL;
        (void)sd_bus_close_unref(signals->bus);
        free(signals);
        return NULL;
}

int unit_signals_fd(const struct unit_signals *signals)
{
        return sd_bus_get_fd(signals->bus);
}

int unit_signals_read(struct unit_signals *signals, unit_signal *each, void *arg, struct err *err)
{
        int r;

        signals->each = each;
        signals->arg = arg;
        while ((r = sd_bus_process(signals->bus, NULL)) > 0)
                ;
        signals->each = NULL;
        if (r >= 0)
                r = sd_bus_is_open(signals->bus) > 0 ? 0 : -ECONNRESET;
        return r < 0 ? err_errno(err, -r, "the system bus is gone") : 0;
}
