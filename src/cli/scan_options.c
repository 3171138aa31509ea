/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/scan_options.h"

#include <errno.h>
#include <time.h>

#include "cli/config_dir.h"

static const char *const formats[] = {"text", "json", "csv", "xml", "html", NULL};
static const char *const methods[] = {"syn", "connect", "udp", NULL};
static const char *const profiles[] = {"gentle", "normal", "fast", NULL};

const struct option_spec scan_option_specs[SCAN_N_OPTIONS] = {
        {.name = "input",
         .letter = 'i',
         .kind = OPTION_WORD,
         .value = "FILE",
         .once = true,
         .help = "read targets from FILE, also; - is standard input"},
        {.name = "exclude",
         .kind = OPTION_WORD,
         .value = "LIST",
         .once = true,
         .help = "never probe these addresses, networks and ranges (10.0.0.5,10.0.1.0/24)"},
        {.name = "ports",
         .letter = 'p',
         .kind = OPTION_WORD,
         .value = "LIST",
         .once = true,
         .help = "22,80,8000-8010,ssh, all, known, top:N; U: before UDP ports, T: before TCP ports"},
        {.name = "method", .kind = OPTION_WORD, .value = "METHOD", .help = "how to ask", .choices = methods},
        {.name = "profile",
         .kind = OPTION_WORD,
         .value = "PROFILE",
         .help = "how fast",
         .choices = profiles},
        {.name = "rate",
         .kind = OPTION_WORD,
         .value = "N",
         .help = "packets a second in all; alone it is also the rate to one host"},
        {.name = "host-rate", .kind = OPTION_WORD, .value = "N", .help = "packets a second to one host"},
        {.name = "no-discovery", .help = "ask all ports of every address, also where nobody seems to be"},
        {.name = "all-payloads",
         .help = "UDP: send each port all payloads there are, not only the likely ones"},
        {.name = "identify", .help = "say what really speaks at each open port: protocol, encryption, product, version"},
        {.name = "confirm", .help = "make a full connection to every port a SYN found open"},
        {.name = "no-confirm", .help = "leave that out where it is usual: in files, csv and xml"},
        {.name = "no-inside", .help = "do not look at the sockets of this machine when it scans itself"},
        {.name = "all-states", .help = "list closed and filtered ports, too"},
        {.name = "dry-run", .help = "print what would be probed, and send nothing"},
        {.name = "checkpoint",
         .kind = OPTION_WORD,
         .value = "FILE",
         .help = "keep the state in FILE, for --resume; else long scans keep it where state is kept"},
        {.name = "resume",
         .kind = OPTION_WORD,
         .value = "FILE",
         .help = "go on with the scan that left this checkpoint"},
        {.name = "until",
         .kind = OPTION_WORD,
         .value = "TIME",
         .help = "stop at TIME: 05:00, or 2026-11-22T05:00:00Z"},
        {.name = "yes-huge", .help = "begin a scan of more than 4294967296 probes"},
        {.name = "json", .letter = 'j', .help = "NDJSON, one record a line: --format json"},
        {.name = "format",
         .letter = 'f',
         .kind = OPTION_WORD,
         .value = "FORMAT",
         .help = "how to write the results",
         .choices = formats},
        {.name = "output",
         .letter = 'o',
         .kind = OPTION_WORD,
         .value = "FILE",
         .help = "write to FILE (made with mode 0600) instead of the terminal"},
        CONFIG_OPTION,
};

/* --- until --------------------------------------------------------------------------------------- */

static bool is_two_digits(const char *s)
{
        return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9';
}

/* "05:00" from s; more may follow. */
static bool parse_hours(const char *s, int *ret_hour, int *ret_minute)
{
        if (!is_two_digits(s) || s[2] != ':' || !is_two_digits(s + 3))
                return false;
        *ret_hour = (s[0] - '0') * 10 + s[1] - '0';
        *ret_minute = (s[3] - '0') * 10 + s[4] - '0';
        return *ret_hour < 24 && *ret_minute < 60;
}

static int next_local(int hour, int minute, int64_t now, int64_t *ret)
{
        for (int day = 0; day < 2; day++) {
                time_t seconds = (time_t)now;
                struct tm tm;

                if (!localtime_r(&seconds, &tm))
                        return -EINVAL;
                tm.tm_hour = hour;
                tm.tm_min = minute;
                tm.tm_sec = 0;
                tm.tm_mday += day;
                tm.tm_isdst = -1;
                *ret = mktime(&tm);
                if (*ret > now)
                        return 0;
        }
        return -EINVAL;
}

/* "Z", "+01:00", "-05:30": seconds east of Greenwich. */
static bool parse_zone(const char *s, int64_t *ret)
{
        int hour, minute;

        *ret = 0;
        if (streq(s, "Z") || streq(s, "z"))
                return true;
        if ((*s != '+' && *s != '-') || !parse_hours(s + 1, &hour, &minute) || s[6])
                return false;
        *ret = (*s == '-' ? -1 : 1) * (hour * 3600 + minute * 60);
        return true;
}

int scan_until_parse(const char *text, int64_t now, int64_t *ret)
{
        struct tm tm = {0};
        int hour, minute, day;
        const char *rest;
        int64_t zone;

        if (parse_hours(text, &hour, &minute) && !text[5])
                return next_local(hour, minute, now, ret);
        rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
        if (!rest || !parse_zone(rest, &zone))
                return -EINVAL;
        day = tm.tm_mday;
        *ret = timegm(&tm) - zone;
        return tm.tm_mday == day ? 0 : -EINVAL; /* February has no 30th */
}

static int get_until(const struct invocation *in, int64_t now, int64_t *ret, struct err *err)
{
        const char *text = invocation_get(in, "until");

        *ret = INT64_MAX;
        if (!text)
                return 0;
        if (scan_until_parse(text, now, ret) < 0)
                return err_set(err, -EINVAL,
                               "'--until %s': give a time of day (05:00, local), or date, time and zone "
                               "(2026-11-22T05:00:00Z)",
                               text);
        return *ret > now ? 0 : err_set(err, -EINVAL, "'--until %s': that is over", text);
}

/* --- pace ---------------------------------------------------------------------------------------- */

static const struct scan_profile *find_profile(const char *name)
{
        const struct scan_profile *p = scan_profiles;

        while (!streq(p->name, name))
                p++;
        return p;
}

static int get_rate(const struct invocation *in, const char *option, uint32_t *rate, struct err *err)
{
        const char *text = invocation_get(in, option);
        uint64_t value;

        if (!text)
                return 0;
        if (str_to_u64(text, SCAN_RATE_MAX, &value) < 0 || !value)
                return err_set(err, -EINVAL, "'--%s %s': give packets a second, from 1 to %u", option, text,
                               SCAN_RATE_MAX);
        *rate = (uint32_t)value;
        return 0;
}

static int get_pace(const struct invocation *in, struct scan_pace *ret, struct err *err)
{
        const char *profile = invocation_get(in, "profile");
        bool rate_alone = invocation_has(in, "rate") && !profile && !invocation_has(in, "host-rate");
        int r;

        *ret = find_profile(profile ? profile : rate_alone ? "fast" : "normal")->pace;
        r = get_rate(in, "rate", &ret->rate, err);
        if (rate_alone)
                ret->host_rate = ret->rate;
        if (r == 0)
                r = get_rate(in, "host-rate", &ret->host_rate, err);
        return r;
}

/* --- the rest ------------------------------------------------------------------------------------ */

static int check_pairs(const struct invocation *in, struct err *err)
{
        static const char *const pairs[][2] = {
                {"confirm", "no-confirm"},
                {"checkpoint", "resume"},
                {"dry-run", "resume"},
        };

        for (size_t i = 0; i < array_len(pairs); i++)
                if (invocation_has(in, pairs[i][0]) && invocation_has(in, pairs[i][1]))
                        return err_set(err, -EINVAL,
                                       "'--%s' and '--%s' do not go together; give one of them", pairs[i][0],
                                       pairs[i][1]);
        return 0;
}

static int get_format(const struct invocation *in, const struct scan_format **ret, struct err *err)
{
        const char *name = invocation_get(in, "format");

        if (invocation_has(in, "json") && name && !streq(name, "json"))
                return err_set(err, -EINVAL,
                               "'--json' and '--format %s' contradict each other; give one of them", name);
        if (invocation_has(in, "json"))
                name = "json";
        *ret = scan_report_find(name ? name : "text");
        if (invocation_has(in, "dry-run") && *ret != &scan_report_text && *ret != &scan_report_json)
                return err_set(err, -EINVAL, "'--dry-run' writes text or --json, not %s", name);
        return 0;
}

/* Whoever keeps the results wants them certain; whoever looks on wants them soon. */
static bool wants_confirmation(const struct invocation *in, const struct scan_format *format)
{
        bool kept = format == &scan_report_csv || format == &scan_report_xml || invocation_has(in, "output");

        return invocation_has(in, "confirm") || (kept && !invocation_has(in, "no-confirm"));
}

int scan_request_parse(const struct invocation *in, int64_t now, struct scan_request *ret, struct err *err)
{
        const char *method = invocation_get(in, "method"), *ports = invocation_get(in, "ports");
        const char *resume = invocation_get(in, "resume");
        int r;

        *ret = (struct scan_request){
                .unprefixed = method && streq(method, "udp") ? TRANSPORT_UDP : TRANSPORT_TCP,
                .connect = method && streq(method, "connect"),
                .method_given = method != NULL,
                .discovery = !invocation_has(in, "no-discovery"),
                .dry_run = invocation_has(in, "dry-run"),
                .resume = resume != NULL,
                .yes_huge = invocation_has(in, "yes-huge"),
                .no_inside = invocation_has(in, "no-inside"),
                .all_states = invocation_has(in, "all-states"),
                .all_payloads = invocation_has(in, "all-payloads"),
                .identify = invocation_has(in, "identify"),
                .checkpoint = resume ? resume : invocation_get(in, "checkpoint"),
                .ports = ports ? ports : scan_ports_default,
        };
        r = check_pairs(in, err);
        if (r == 0)
                r = get_format(in, &ret->format, err);
        if (r == 0)
                r = get_pace(in, &ret->pace, err);
        if (r == 0)
                r = get_until(in, now, &ret->until, err);
        if (r == 0)
                ret->confirm = wants_confirmation(in, ret->format) && !ret->connect;
        return r;
}
