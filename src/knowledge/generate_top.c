/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of ports: data/registry/top-tcp.txt and top-udp.txt, one number a line. */
#include <errno.h>

#include "base/vec.h"
#include "knowledge/generate.h"
#include "model/port_set.h"

#define LEAST 1000u /* what --ports asks for by default must be there */

int generate_top(struct str *out, const char *transport, char *text, const char *file, struct err *err)
{
        _cleanup_free_ struct port_set *seen = xcalloc(1, sizeof(*seen));
        unsigned number = 0, n = 0;
        uint64_t port;
        char *line;

        str_addf(out, "const uint16_t registry_top_%s[] = {", transport);
        while ((line = strsep(&text, "\n"))) {
                number++;
                if (!line[0] || line[0] == '#')
                        continue;
                if (str_to_u64(line, UINT16_MAX, &port) < 0 || port < 1)
                        return err_set(err, -EINVAL, "%s:%u: '%s' is no port of 1 to 65535", file, number,
                                       line);
                if (port_set_has(seen, (uint16_t)port))
                        return err_set(err, -EINVAL, "%s:%u: port %s stands there twice", file, number,
                                       line);
                port_set_add(seen, (uint16_t)port);
                str_addf(out, "%s%s,", n++ % 16 ? "" : "\n", line);
        }
        if (n < LEAST)
                return err_set(err, -EINVAL, "%s: %u ports are fewer than %u", file, n, LEAST);
        str_addf(out, "\n};\nconst size_t registry_n_top_%s = %u;\n", transport, n);
        return 0;
}
