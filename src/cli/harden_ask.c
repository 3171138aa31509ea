/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/harden_ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/launch.h"
#include "base/str.h"

#define DESTINATION    "org.freedesktop.systemd1"
#define APT            "/usr/bin/apt-get"
#define BUS_TIMEOUT_US (1000u * 1000)
#define APT_TIMEOUT_MS 5000
#define APT_OUTPUT_MAX (4u << 20)
#define SHOWN_MAX      12u /* names in a sentence */

struct harden_ask {
        struct pool *pool;
        sd_bus *bus; /* NULL: nobody answers */
        bool has_apt;
};

struct harden_ask *harden_ask_new(void)
{
        struct harden_ask *ask = xcalloc(1, sizeof(*ask));

        ask->pool = pool_new();
        ask->has_apt = access(APT, X_OK) == 0;
        if (sd_bus_open_system(&ask->bus) < 0)
                ask->bus = NULL;
        else
                (void)sd_bus_set_method_call_timeout(ask->bus, BUS_TIMEOUT_US);
        return ask;
}

struct harden_ask *harden_ask_free(struct harden_ask *ask)
{
        if (!ask)
                return NULL;
        (void)sd_bus_close_unref(ask->bus);
        pool_free(ask->pool);
        free(ask);
        return NULL;
}

bool harden_ask_has_units(const struct harden_ask *ask)
{
        return ask->bus;
}

bool harden_ask_has_packages(const struct harden_ask *ask)
{
        return ask->has_apt;
}

/* A list for a sentence: "a, b and 3 more". */
struct names {
        struct str text;
        size_t n;
};

static void add_name(struct names *names, const char *name)
{
        if (names->n++ < SHOWN_MAX)
                str_addf(&names->text, "%s%s", names->text.len ? ", " : "", name);
}

static const char *take_names(struct pool *pool, struct names *names)
{
        const char *text = NULL;

        if (names->n > SHOWN_MAX)
                str_addf(&names->text, " and %zu more", names->n - SHOWN_MAX);
        if (names->n)
                text = pool_intern(pool, names->text.text);
        str_release(&names->text);
        return text;
}

/* --- units ----------------------------------------------------------------------------------- */

static void free_strings(char ***list)
{
        for (char **s = *list; s && *s; s++)
                free(*s);
        free(*list);
}

/* Targets start all that is enabled; and ssh.socket belongs to ssh.service. */
static bool is_worth_telling(const char *by, const char *unit)
{
        const char *dot = strrchr(unit, '.');
        size_t stem = dot ? (size_t)(dot - unit) : strlen(unit);

        return !str_ends(by, ".target") &&
               !(strncmp(by, unit, stem) == 0 && (by[stem] == '.' || by[stem] == '@'));
}

const char *harden_ask_needed_by(const char *unit, void *arg)
{
        static const char *const properties[] = {"RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf",
                                                 "WantedBy"};
        struct harden_ask *ask = arg;
        _cleanup_free_ char *path = NULL;
        struct names names = {0};

        if (!ask->bus || sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) < 0)
                return NULL;
        for (size_t i = 0; i < array_len(properties); i++) {
                _cleanup_(free_strings) char **list = NULL;
                int r = sd_bus_get_property_strv(ask->bus, DESTINATION, path, DESTINATION ".Unit",
                                                 properties[i], NULL, &list);

                if (r == -ETIMEDOUT) { /* it would be so with every unit */
                        ask->bus = sd_bus_close_unref(ask->bus);
                        break;
                }
                if (r < 0)
                        continue;
                for (char **by = list; by && *by; by++)
                        if (is_worth_telling(*by, unit))
                                add_name(&names, *by);
        }
        return take_names(ask->pool, &names);
}

/* --- packages -------------------------------------------------------------------------------- */

/* Until its end, or the time is up. False: it did not come to its end. */
static bool read_until(int fd, struct str *to)
{
        uint64_t end = clock_monotonic_ns() + APT_TIMEOUT_MS * 1000000ull;
        char buf[4096];

        for (;;) {
                uint64_t now = clock_monotonic_ns();
                struct pollfd p = {.fd = fd, .events = POLLIN};
                ssize_t n;

                if (now >= end || to->len > APT_OUTPUT_MAX ||
                    poll(&p, 1, (int)((end - now) / 1000000) + 1) <= 0)
                        return false;
                n = read(fd, buf, sizeof(buf));
                if (n <= 0)
                        return n == 0;
                str_add_n(to, buf, (size_t)n);
        }
}

/* apt-get -s changes nothing and asks nobody. */
static bool simulate(const char *package, struct str *to)
{
        const char *const argv[] = {APT, "-s", "remove", "--", package, NULL};
        static const char *const environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
        const struct launch how = {.program = APT, .argv = argv, .environment = environment};
        _cleanup_close_ int output = -1;
        bool whole;
        pid_t pid;

        if (launch(&how, &pid, &output) < 0)
                return false;
        whole = read_until(output, to);
        if (!whole)
                (void)kill(pid, SIGKILL);
        return launch_wait(pid, APT_TIMEOUT_MS) == 0 && whole;
}

/* "Remv telnetd [0.17-44]" */
const char *harden_ask_also(const char *package, void *arg)
{
        struct harden_ask *ask = arg;
        _cleanup_str_ struct str output = {0};
        struct names names = {0};
        char *rest, *line;

        if (!simulate(package, &output))
                return "what, is not known: apt-get could not simulate it";
        rest = output.text;
        while (rest && (line = strsep(&rest, "\n"))) {
                char *name = (char *)str_after(line, "Remv ");

                if (!name)
                        continue;
                name[strcspn(name, " ")] = '\0';
                if (!streq(name, package))
                        add_name(&names, name);
        }
        return take_names(ask->pool, &names);
}
