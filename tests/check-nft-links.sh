#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# quaymaster-nft links libnftables, which is GPL-2 without "or later": nothing whose licence does not go with that may come
# along, and no other program may link it. Usage: check-nft-links.sh QUAYMASTER-NFT [OTHER-PROGRAM]...
set -eu

fail=0
nft=$1
shift

linked=$(ldd "$nft")
case $linked in
*libnftables*) ;;
*) echo "$nft does not link libnftables: is this the right program?" >&2; fail=1 ;;
esac
for library in libssl libcrypto libnats libcurl libpq libsystemd; do
        case $linked in
        *"$library".so*) echo "$nft must not link $library" >&2; fail=1 ;;
        esac
done

for program; do
        case $(ldd "$program") in
        *libnftables*) echo "$program must not link libnftables" >&2; fail=1 ;;
        esac
done
exit $fail
