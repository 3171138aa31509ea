#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules for the text of source files, whatever their language: check-text.sh SOURCE-ROOT
set -u
LC_ALL=C.UTF-8
export LC_ALL
cd "$1" || exit 2

c_files=$(find src tests bench -name '*.[ch]' | sort)
scripts=$({
        find tests bench data docs packaging -name '*.py' -o -name '*.sh'
        find tests bench data docs packaging -type f -perm -u+x -exec grep -lI '^#!' {} +
} | sort -u)
if [ -z "$c_files" ] || [ -z "$scripts" ]; then
        echo "no source files below '$1'" >&2
        exit 2
fi

fail=0
# what is wrong, then lines that say where
report() {
        [ -n "$2" ] || return
        printf '%s:\n%s\n' "$1" "$2"
        fail=1
}

# No file name here has a blank in it.
# shellcheck disable=SC2086,SC2046
{
        report "longer than 120 columns" "$(grep -nE '.{121,}' $(find src -type f | sort))"
        report "no SPDX-License-Identifier in the first two lines" \
                "$(for file in $c_files $scripts; do
                        head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "$file"
                done)"
        report "tab in C" "$(grep -nP '\t' $c_files)"
        report "blank at the end of a line" "$(grep -nE '[[:blank:]]+$' $c_files $scripts)"
        # the value of a need that is still to be written is a word of policy.yaml; nothing else on its line is let through
        report "left for later" "$(grep -nwE 'FIX''ME|TO''DO|X''XX' $c_files $scripts |
                sed -E 's/(--need |need("?, "|: "?| is ))TO''DO//g' | grep -wE 'FIX''ME|TO''DO|X''XX')"
}
[ "$fail" = 0 ] && echo "$(echo "$c_files $scripts" | wc -w) files"
exit "$fail"
