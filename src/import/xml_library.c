/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/xml_library.h"

#include "base/library.h"
#include "base/mem.h"

int xml_library_load(struct xml_library *xml, struct err *err)
{
        const struct library_function functions[] = {
                {"xmlCreatePushParserCtxt", (void **)&xml->create},
                {"xmlCtxtUseOptions", (void **)&xml->use_options},
                {"xmlParseChunk", (void **)&xml->parse},
                {"xmlStopParser", (void **)&xml->stop},
                {"xmlFreeParserCtxt", (void **)&xml->release},
                {"xmlCtxtGetLastError", (void **)&xml->last_error},
                {"xmlFreeDoc", (void **)&xml->release_document},
        };

        return library_load("libxml2.so.2", "XML is read with", functions, array_len(functions), err);
}
