#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# OpenSSL costs every start that loads it over a millisecond: quaymaster-tls.so alone links it, and shows one symbol, so
# that nothing of it stands in for a function of the program. Usage: check-tls-links.sh QUAYMASTER-TLS.SO PROGRAM...
set -eu

fail=0
module=$1
shift

case $(ldd "$module") in
*libssl.so*) ;;
*) echo "$module does not link libssl: is this the right file?" >&2; fail=1 ;;
esac
# what sanitizers add begins with two underscores
shown=$(nm -D --defined-only "$module" | awk '$3 !~ /^__/ {print $3}' | tr '\n' ' ')
[ "$shown" = "quaymaster_tls " ] || { echo "$module shows: $shown" >&2; fail=1; }

for program; do
        for library in libssl libcrypto; do
                case $(ldd "$program") in
                *"$library".so*) echo "$program must not link $library" >&2; fail=1 ;;
                esac
        done
done
exit $fail
