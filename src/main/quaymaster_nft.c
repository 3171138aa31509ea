/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "nft/nft_helper.h"

int main(int argc, char **argv)
{
        return nft_helper_main(argc, argv, QM_VERSION);
}
