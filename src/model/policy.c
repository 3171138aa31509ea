/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/policy.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"

static const char *const verdict_names[VERDICT_MAX] = {
        NULL, "approved", "unused", "expired", "unapproved", "prohibited",
};

const char *verdict_name(enum verdict verdict)
{
        return verdict_names[verdict];
}

enum verdict verdict_parse(const char *word)
{
        unsigned i = VERDICT_APPROVED;

        while (i < VERDICT_MAX && !streq(verdict_names[i], word))
                i++;
        return (enum verdict)i;
}

unsigned verdict_rank(enum verdict verdict)
{
        static const unsigned ranks[VERDICT_MAX] = {0, 1, 2, 3, 3, 4};

        return ranks[verdict];
}

/* --- days ------------------------------------------------------------------------------------ */

static bool is_leap(unsigned year)
{
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
        static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

        return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0001-01-01 to the first of that year. */
static int32_t days_before(unsigned year)
{
        int32_t y = (int32_t)year - 1;

        return y * 365 + y / 4 - y / 100 + y / 400;
}

#define EPOCH 719162 /* days from 0001-01-01 to 1970-01-01 */

int day_parse(const char *text, int32_t *ret)
{
        unsigned year = 0, month = 0, day = 0;

        if (strlen(text) != 10)
                return -EINVAL;
        for (size_t i = 0; i < 10; i++) {
                unsigned *to = i < 4 ? &year : i < 7 ? &month : &day;

                if (i == 4 || i == 7) {
                        if (text[i] != '-')
                                return -EINVAL;
                        continue;
                }
                if (text[i] < '0' || text[i] > '9')
                        return -EINVAL;
                *to = *to * 10 + (unsigned)(text[i] - '0');
        }
        if (!year || !month || month > 12 || !day || day > days_in(year, month))
                return -ERANGE;
        *ret = days_before(year) - EPOCH + (int32_t)day - 1;
        while (--month)
                *ret += (int32_t)days_in(year, month);
        return 0;
}

const char *day_format(int32_t day, char buf[DAY_TEXT_SIZE])
{
        unsigned year, month = 1;
        int32_t left = day + EPOCH;

        buf[0] = '\0';
        if (left < 0 || left >= days_before(10000))
                return buf;
        year = (unsigned)left / 366 + 1; /* not too late; a few years early at most */
        while (days_before(year + 1) <= left)
                year++;
        left -= days_before(year);
        for (; left >= (int32_t)days_in(year, month); month++)
                left -= (int32_t)days_in(year, month);
        (void)snprintf(buf, DAY_TEXT_SIZE, "%04u-%02u-%02u", year % 10000, month % 100, ((unsigned)left + 1) % 100);
        return buf;
}

int32_t day_of(int64_t seconds)
{
        int64_t day = seconds / 86400 - (seconds % 86400 < 0);

        return day > INT32_MAX ? INT32_MAX : day <= INT32_MIN ? INT32_MIN + 1 : (int32_t)day;
}

/* --- IP protocols ---------------------------------------------------------------------------- */

/* Those that hosts and routers speak. Source: IANA Protocol Numbers. */
static const struct {
        uint8_t number;
        const char *name;
} ip_protocols[] = {
        {1, "icmp"},   {2, "igmp"},   {4, "ipip"},    {6, "tcp"},    {17, "udp"},     {27, "rdp"},
        {41, "ipv6"},  {46, "rsvp"},  {47, "gre"},    {50, "esp"},   {51, "ah"},      {58, "icmpv6"},
        {88, "eigrp"}, {89, "ospf"},  {94, "ipip"},   {97, "etherip"}, {103, "pim"},  {108, "ipcomp"},
        {112, "vrrp"}, {115, "l2tp"}, {124, "isis"},  {132, "sctp"}, {136, "udplite"}, {137, "mpls-in-ip"},
        {143, "ethernet"}, {255, "raw"},
};

int ip_protocol_parse(const char *name)
{
        for (size_t i = 0; i < array_len(ip_protocols); i++)
                if (strcasecmp(ip_protocols[i].name, name) == 0)
                        return ip_protocols[i].number;
        return -1;
}

const char *ip_protocol_name(unsigned number)
{
        for (size_t i = 0; i < array_len(ip_protocols); i++)
                if (ip_protocols[i].number == number)
                        return ip_protocols[i].name;
        return NULL;
}

bool policy_rule_needed(const struct policy_rule *rule)
{
        return rule->need && *rule->need && strncasecmp(rule->need, "TODO", 4) != 0;
}

/* --- names ----------------------------------------------------------------------------------- */

const char *policy_glob_inexact(const char *name)
{
        size_t len = strlen(name), characters = 0;

        for (size_t i = 0; i < len; i++)
                characters += ((unsigned char)name[i] & 0xc0) != 0x80;
        if (!text_is_printable(name))
                return "holds control characters, or is no UTF-8";
        if (strpbrk(name, "*?"))
                return "holds * or ?, which stand for any characters in a policy";
        if (!len || name[0] == ' ' || name[len - 1] == ' ')
                return "begins or ends with a blank, or is empty";
        if (characters > POLICY_GLOB_MAX)
                return "is too long for a policy";
        return NULL;
}
