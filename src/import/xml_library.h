/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxml2, loaded when XML is to be read and not before: with the libraries it brings along (ICU, C++),
 * to link it would make every start of the program more than a millisecond longer.
 */
#pragma once

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "base/err.h"

struct xml_library {
        __typeof__(xmlCreatePushParserCtxt) *create;
        __typeof__(xmlCtxtUseOptions) *use_options;
        __typeof__(xmlParseChunk) *parse;
        __typeof__(xmlStopParser) *stop;
        __typeof__(xmlFreeParserCtxt) *release;
        __typeof__(xmlFreeDoc) *release_document;
        __typeof__(xmlCtxtGetLastError) *last_error;
};

/* It stays loaded. 0, or -ENOENT when it is not installed. */
int xml_library_load(struct xml_library *xml, struct err *err);
