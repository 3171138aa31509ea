/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/xml_library.h"

#include <dlfcn.h>
#include <errno.h>

#include "base/mem.h"

#define LIBRARY "libxml2.so.2"

int xml_library_load(struct xml_library *xml, struct err *err)
{
        const struct {
                const char *name;
                void **to;
        } functions[] = {
                {"xmlCreatePushParserCtxt", (void **)&xml->create},
                {"xmlCtxtUseOptions", (void **)&xml->use_options},
                {"xmlParseChunk", (void **)&xml->parse},
                {"xmlStopParser", (void **)&xml->stop},
                {"xmlFreeParserCtxt", (void **)&xml->release},
                {"xmlCtxtGetLastError", (void **)&xml->last_error},
                {"xmlFreeDoc", (void **)&xml->release_document},
        };
        void *library =
                dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL); /* all of it now: later no file can be opened */

        if (!library)
                return err_set(err, -ENOENT, "XML is read with libxml2, which cannot be loaded: %s",
                               dlerror());
        for (size_t i = 0; i < array_len(functions); i++) {
                *functions[i].to = dlsym(library, functions[i].name);
                if (!*functions[i].to)
                        return err_set(err, -ENOENT, "the libxml2 here has no %s: it is too old or too new",
                                       functions[i].name);
        }
        return 0;
}
