/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "enforce/enforce.h"

int main(int argc, char **argv)
{
        return enforce_main(argc, argv, QM_VERSION);
}
