/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Get-NetTCPConnection and Get-NetUDPEndpoint by ConvertTo-Json: a list of objects, or one alone. */
#include <jansson.h>
#include <stdio.h>

#include "base/str.h"
#include "import/formats.h"
#include "import/powershell.h"

#define NUMBER_SIZE 24u

static bool guess(const char *start, size_t len)
{
        size_t blank = 0;

        while (blank < len && strchr(" \t\r\n", start[blank]) && start[blank])
                blank++;
        return blank < len && (start[blank] == '[' || start[blank] == '{') &&
               memmem(start, len, "\"LocalPort\"", 11);
}

static void take_value(struct word *field, const json_t *value, char number[NUMBER_SIZE])
{
        if (json_is_string(value))
                *field = (struct word){json_string_value(value), json_string_length(value)};
        else if (json_is_integer(value)) {
                int len = snprintf(number, NUMBER_SIZE, "%lld", (long long)json_integer_value(value));

                *field = (struct word){number, (size_t)len};
        }
}

static void take(struct import *im, const char *text, size_t len)
{
        json_error_t error;
        json_t *object = json_loadb(text, len, 0, &error);
        struct word fields[FIELD_MAX] = {0};
        char numbers[FIELD_MAX][NUMBER_SIZE];
        bool tcp = false;
        const char *key;
        json_t *value;

        if (!object) {
                import_fault(im, "no JSON: %s", error.text);
                return;
        }
        json_object_foreach(object, key, value) {
                enum powershell_field field = powershell_field(key, strlen(key));

                if (field == FIELD_MAX)
                        continue;
                take_value(&fields[field], value, numbers[field]);
                tcp |= field == FIELD_STATE || field == FIELD_REMOTE_PORT;
        }
        powershell_take(im, fields, tcp);
        json_decref(object);
}

const struct importer importer_powershell_json = {
        .name = "powershell-json",
        .what = "the same by ConvertTo-Json",
        .inside = true,
        .windows = true,
        .unit = IMPORT_OBJECTS,
        .guess = guess,
        .take = take,
        .end = powershell_end,
};
