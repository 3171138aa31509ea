/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/advice.h"

#include <string.h>

static const char *const advice_names[ADVICE_MAX] = {"expected", "reconfigure", "review"};
static const char *const severity_names[SEVERITY_MAX] = {"info", "low", "medium", "high", "critical"};
static const char *const confidence_names[CONFIDENCE_MAX] = {"registered", "likely", "confirmed"};

static int index_of(const char *const *names, int n, const char *word)
{
        int i;

        for (i = 0; i < n; i++)
                if (strcmp(names[i], word) == 0)
                        break;
        return i;
}

const char *advice_class_name(enum advice_class class)
{
        return advice_names[class];
}

enum advice_class advice_class_parse(const char *word)
{
        return (enum advice_class)index_of(advice_names, ADVICE_MAX, word);
}

const char *severity_name(enum severity severity)
{
        return severity_names[severity];
}

enum severity severity_parse(const char *word)
{
        return (enum severity)index_of(severity_names, SEVERITY_MAX, word);
}

const char *confidence_name(enum confidence confidence)
{
        return confidence_names[confidence];
}
