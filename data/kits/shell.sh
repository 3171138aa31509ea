# SPDX-License-Identifier: GPL-2.0-or-later

usage()
{
        cat <<'END'
Without options nothing is changed: each step is shown with what it would do.

  --apply             do it; what was there before is kept below /var/lib/quaymaster-kit
  --undo              put back what --apply found
  --only N            only action N, as numbered here; may be given several times
  --remove-packages   with --apply: also remove packages. --undo does not bring them back
  --lock-me-out       with --apply: load the firewall also where it does not let in this SSH session
  --help              this text

Exit status: 0 done, 1 some of it could not be done (the lines with a "!" say what), 2 wrong usage.
END
}

mode=show
only=
packages=no
lock_me_out=no
failed=0
step=

say()
{
        printf '%s\n' "$*"
}

fail()
{
        printf '  ! %s\n' "$*" >&2
        failed=1
}

# What is done, shown before; without --apply it is only shown.
run()
{
        if [ "$mode" = show ]; then
                say "  would: $*"
                return 0
        fi
        say "  $*"
        "$@" || {
                fail "failed: $*"
                return 1
        }
}

has()
{
        command -v "$1" >/dev/null 2>&1
}

# Units can be stopped and started only where systemd runs; links are changed anywhere.
running()
{
        [ -d /run/systemd/system ]
}

# --- what was there before --------------------------------------------------------------------------

# One line a link ("path<TAB>target") and one a directory ("path<TAB>/"), of all that enabling and masking changes.
manifest()
{
        for folder in /etc/systemd/system /etc/rc?.d; do
                [ -d "$folder" ] || continue
                find "$folder" -type d -exec printf '%s\t/\n' {} \;
                find "$folder" -type l -exec sh -c \
                        'for l do printf "%s\t%s\n" "$l" "$(readlink "$l")"; done' sh {} +
        done | LC_ALL=C sort
}

# Lines of file $2 that are not in file $1.
only_in_second()
{
        awk 'FILENAME == ARGV[1] { seen[$0] = 1; next } !($0 in seen)' "$1" "$2"
}

# Of standard input those that the file $1 has not, if it is there: it may hold what is nobody's business.
new_lines()
{
        if [ -f "$1" ]; then
                only_in_second "$1" -
        else
                cat
        fi
}

# Written beside its place and moved there: a kill leaves the old or the new file.
put()
{
        cat >"$1.quaymaster-new" && mv -f "$1.quaymaster-new" "$1"
}

begin()
{
                step=$state/$1
        say "$1. $2"
}

# Called before the first change of an action. What an earlier run kept stays, as that is what --undo goes back to.
remember()
{
        [ "$mode" = apply ] || return 0
        mkdir -p "$step" || return 1
        [ -f "$step/before" ] || manifest | put "$step/before"
}

remember_active()
{
        if [ "$mode" != apply ] || [ -f "$step/active" ]; then
                return 0
        fi
        for unit do
                running || continue
                case $unit in
                *@.*) systemctl list-units --plain --no-legend --state=active -- \
                        "${unit%@.*}@*.${unit##*@.}" | awk '{ print $1 }' ;;
                *) systemctl is-active --quiet -- "$unit" && say "$unit" ;;
                esac
        done | put "$step/active"
}

finish()
{
        [ "$mode" = apply ] || return 0
        [ ! -f "$step/before" ] || manifest | put "$step/after"
}

# Keep file $1 before it is changed, once. $2: which of the action's files it is.
remember_file()
{
        [ "$mode" = apply ] || return 0
        kept=$step/file.$2
        [ ! -f "$kept.path" ] || return 0
        if [ -e "$1" ]; then
                cp -p "$1" "$kept.was.new" && mv -f "$kept.was.new" "$kept.was" || return 1
        fi
        say "$1" | put "$kept.path"
}

# The file as we leave it, so that --undo sees whether somebody changed it since.
finish_file()
{
        [ "$mode" != apply ] || cp -p "$1" "$step/file.$2.now"
}

# Create the folder $1 and, of those missing above it, remember which were.
make_folder()
{
        [ ! -d "$1" ] || return 0
        if [ "$mode" = show ]; then
                say "  would: create the folder $1"
                return 0
        fi
        make_folder "$(dirname "$1")" || return 1
        say "$1" >>"$step/folders"
        mkdir "$1"
}

# A file $2 with owner and mode of $1, or with those of a new one
like()
{
        if [ -f "$1" ]; then
                cp -p "$1" "$2"
        else
                : >"$2" && chmod 0644 "$2"
        fi
}

# Standard input becomes the file $1, which keeps its owner and mode (a new one: 0644). $2: which of the action's files.
# 2: it is so already.
write_file()
{
        new=$(cat && printf .)
        new=${new%.}
        if [ -L "$1" ]; then
                fail "$1 is a link, and is left alone"
                return 1
        fi
        if [ -f "$1" ] && printf '%s' "$new" | cmp -s - "$1"; then
                say "  $1 is already so"
                return 2
        fi
        if [ "$mode" = show ]; then
                say "  would: write $1$([ ! -f "$1" ] || say ', where these lines are new'):"
                printf '%s' "$new" | new_lines "$1" | sed 's/^/      | /'
                return 0
        fi
        if ! { remember && make_folder "$(dirname "$1")" && remember_file "$1" "$2"; }; then
                fail "what is there now could not be kept, so $1 is left alone"
                return 1
        fi
        say "  write $1"
        if ! { like "$1" "$1.quaymaster-new" && printf '%s' "$new" >"$1.quaymaster-new" &&
                mv -f "$1.quaymaster-new" "$1" && finish_file "$1" "$2"; }; then
                rm -f "$1.quaymaster-new"
                fail "$1 could not be written"
                return 1
        fi
}

# A pipe runs write_file in a shell of its own, whose `failed` is not ours: $1, its status, is. False: nothing was written.
written()
{
        [ "$1" = 0 ] && return
        [ "$1" = 2 ] || failed=1
        return 1
}

# --- actions ----------------------------------------------------------------------------------------

unit_known()
{
        systemctl cat -- "$1" >/dev/null 2>&1 || [ "$(systemctl is-enabled -- "$1" 2>/dev/null)" = masked ]
}

# A template (a@.service) runs as its instances, which have no file of their own.
unit_done()
{
        [ "$(systemctl is-enabled -- "$1" 2>/dev/null)" = masked ] || [ -f "/etc/systemd/system/$1" ] || return 1
        ! running || ! systemctl is-active --quiet -- "$1"
}

# A template is stopped by stopping what it was made to.
stop_now()
{
        for unit do
                case $unit in
                *@.*) run systemctl stop -- "${unit%@.*}@*.${unit##*@.}" ;;
                *) run systemctl stop -- "$unit" ;;
                esac
        done
}

stop_units()
{
        if ! has systemctl; then
                fail "there is no systemctl here"
                return
        fi
        for unit do
                shift
                if ! unit_known "$unit"; then
                        say "  $unit is not on this machine"
                elif unit_done "$unit"; then
                        say "  $unit is already stopped and masked"
                else
                        set -- "$@" "$unit"
                fi
        done
        [ $# -gt 0 ] || return 0
        if ! { remember && remember_active "$@"; }; then
                fail "what is there now could not be kept, so nothing is changed"
                return
        fi
        if running; then
                stop_now "$@"
        fi
        for unit do
                run systemctl disable --quiet -- "$unit"
                if [ -e "/etc/systemd/system/$unit" ] && [ ! -L "/etc/systemd/system/$unit" ]; then
                        say "  $unit has its own file in /etc/systemd/system: disabled, but not masked"
                else
                        run systemctl mask --quiet -- "$unit"
                fi
        done
        finish
}

stop_script()
{
        if [ ! -f "/etc/init.d/$1" ]; then
                say "  /etc/init.d/$1 is not on this machine"
                return
        fi
        if ! { remember && remember_active "$1.service"; }; then
                fail "what is there now could not be kept, so nothing is changed"
                return
        fi
        if running; then
                if systemctl is-active --quiet -- "$1.service"; then
                        run systemctl stop -- "$1.service"
                fi
        elif [ -d /run/openrc ] || [ -e /dev/initctl ] || [ -e /run/initctl ]; then
                run "/etc/init.d/$1" stop
        fi
        if has update-rc.d; then
                run update-rc.d "$1" disable
        elif has chkconfig; then
                run chkconfig "$1" off
        else
                fail "neither update-rc.d nor chkconfig is here: $1 starts again at boot"
        fi
        finish
}

# Make the unit $2 read its files again, by $1: restart or reload-or-restart. --undo does so, too.
reread()
{
        if running && systemctl is-active --quiet -- "$2"; then
                [ "$mode" = show ] || say "try-$1 $2" >>"$step/reread"
                run systemctl "$1" -- "$2"
        fi
}

# A line of inetd.conf: service, socket type, protocol ... $1 service, $2 tcp or udp
stop_inetd()
{
        file=/etc/inetd.conf
        if [ ! -f "$file" ]; then
                say "  there is no $file on this machine"
                return
        fi
        awk -v service="$1" -v transport="$2" '
                $1 == service && ($3 == transport || $3 == transport "4" || $3 == transport "6") {
                        print "#quaymaster# " $0
                        next
                }
                { print }' "$file" | write_file "$file" 1
        written $? || return
        for unit in inetd.service openbsd-inetd.service inetutils-inetd.service; do
                reread reload-or-restart "$unit"
        done
}

# The file $3 of xinetd with its entries for service $1 over $2 off; 1: it has none.
xinetd_off()
{
        awk -v service="$1" -v transport="$2" '
                {
                        line[NR] = text = $0
                        sub(/[+-]?=/, " = ", text)
                        split(text, word)
                }
                $1 == "service" { wanted = ($2 == service); inside = 0; next }
                wanted && $1 == "{" { inside = 1; open = NR; switches = other = 0; next }
                inside && $1 == "}" {
                        # of several the first would count: all say so
                        for (i = 1; !other && i <= switches; i++)
                                line[switch_at[i]] = "\tdisable = yes"
                        if (!other && !switches)
                                line[open] = line[open] "\n\tdisable = yes"
                        found = found || !other
                        wanted = inside = 0
                        next
                }
                inside && word[1] == "disable" { switch_at[++switches] = NR }
                inside && word[1] == "protocol" && index(word[3], transport) != 1 { other = 1 }
                inside && word[1] == "socket_type" && word[3] == (transport == "tcp" ? "dgram" : "stream") { other = 1 }
                END {
                        for (i = 1; i <= NR; i++)
                                print line[i]
                        exit !found
                }' "$3"
}

stop_xinetd()
{
        found=no
        changed=no
        for file in /etc/xinetd.d/* /etc/xinetd.conf; do
                case $file in
                # xinetd does not read them
                /etc/xinetd.d/*.* | *~) continue ;;
                esac
                if [ ! -f "$file" ] || ! xinetd_off "$1" "$2" "$file" >/dev/null; then
                        continue
                fi
                found=yes
                xinetd_off "$1" "$2" "$file" | write_file "$file" "${file##*/}"
                written $? && changed=yes
        done
        if [ "$found" = no ]; then
                say "  xinetd has no $1 over $2 on this machine"
                return
        fi
        [ "$changed" = no ] || reread reload-or-restart xinetd.service
}

# The drop-in on standard input for the unit $1, and what it wants restarted
limit_unit()
{
        if ! has systemctl || ! unit_known "$1"; then
                say "  $1 is not on this machine"
                return
        fi
        write_file "/etc/systemd/system/$1.d/90-quaymaster.conf" 1 || return
        if running; then
                run systemctl daemon-reload
                reread restart "$1"
        fi
        finish
}

# The ports on which SSH sessions to this machine are open now: its own, and that of who runs this.
ssh_ports()
{
        # shellcheck disable=SC2086
        set -- ${SSH_CONNECTION:-}
        [ $# -lt 4 ] || say "$4"
        if has ss; then
                ss -Htnp state established 2>/dev/null |
                        awk '/"sshd/ { n = split($3, part, ":"); print part[n] }'
        fi
}

# $1: ports and ranges that are let in
lets_in()
{
        for range in $1; do
                if [ "$2" -ge "${range%-*}" ] && [ "$2" -le "${range#*-}" ]; then
                        return 0
                fi
        done
        return 1
}

# A line of the file $1 begins so, blanks before it aside.
begins_a_line()
{
        [ -f "$1" ] && begin=$2 awk '
                { sub(/^[ \t]+/, "") }
                index($0, ENVIRON["begin"]) == 1 { found = 1 }
                END { exit !found }' "$1"
}

# The lines of the unit $1 that the drop-in $2 takes the place of, without the drop-in itself, then a dot.
replaced_lines()
{
        systemctl cat -- "$1" 2>/dev/null | own=$2 awk '
                /^# \// { mine = ($2 == ENVIRON["own"]) }
                !mine && /^(ExecStart=|Listen)/'
        printf .
}

# Whether the file $2 is read for the unit $1, when nobody changed how it is started: $4 the file that must include it, by
# the line $5, $6 the lines that the unit has
may_bind()
{
        if ! has systemctl || ! unit_known "$1"; then
                say "  $1 is not on this machine"
                return 1
        fi
        if [ -n "$4" ] && ! begins_a_line "$4" "$5"; then
                fail "$4 has no line '$5', so $2 would not be read; nothing is changed"
                return 1
        fi
        if [ -n "$6" ] && [ "$(replaced_lines "$1" "$2")" != "$6." ]; then
                fail "$1 is not started as its package has it, which this would undo or not reach; nothing is changed"
                return 1
        fi
}

# $1 unit, $2 file, $3 restart or reload-or-restart, $4 to $6: see may_bind; the content is on standard input
bind_loopback()
{
        may_bind "$@" || return
        write_file "$2" 1 || return
        case $2 in
        /etc/systemd/*)
                if running; then
                        run systemctl daemon-reload
                fi
                ;;
        esac
        reread "$3" "$1"
        finish
}

# The file $1 without lines that begin with one of the words $2 (they become comments, by the mark $3) and with the lines of
# standard input behind the one line that is $4, or at the end. $5: how each of these lines must end; $6: "any-case",
# "folds" (a line goes on in those that begin with a blank) or nothing. 1: that cannot be.
edited()
{
        content=$(cat) words=$2 mark=$3 after=$4 end=$5 form=$6 awk '
                function bare(text)
                {
                        gsub(/^[ \t]+|[ \t\r]+$/, "", text)
                        return text
                }
                function ends(text, with)
                {
                        return length(text) >= length(with) && substr(text, length(text) - length(with) + 1) == with
                }
                function is_replaced(text, k, begin)
                {
                        for (k = 1; k <= n_words; k++) {
                                begin = substr(text, 1, length(word[k]))
                                if ((any_case ? tolower(begin) == tolower(word[k]) : begin == word[k]) &&
                                    substr(text, length(word[k]) + 1, 1) ~ /^[ \t={]$/)
                                        return 1
                        }
                        return 0
                }
                # of what an earlier run left: made anew
                function is_ours(at, k)
                {
                        for (k = 1; k <= n_content; k++)
                                if (line[at + k - 1] != content[k])
                                        return 0
                        return 1
                }
                BEGIN {
                        n_words = split(ENVIRON["words"], word, " ")
                        n_content = split(ENVIRON["content"], content, "\n")
                        any_case = ENVIRON["form"] == "any-case"
                        folds = ENVIRON["form"] == "folds"
                }
                # over lines that are empty, or comments
                function is_folded(at)
                {
                        do
                                at++
                        while (at <= n && bare(line[at]) ~ /^(#|$)/)
                        return at <= n && line[at] ~ /^[ \t]/
                }
                { line[NR] = $0 }
                END {
                        for (i = 1; i <= NR; i++) {
                                if (!skipped && is_ours(i)) {
                                        skipped = 1
                                        i += n_content
                                }
                                if (i <= NR)
                                        line[++n] = line[i]
                        }
                        for (i = 1; i <= n; i++) {
                                text = bare(line[i])
                                if (!is_replaced(text)) {
                                        print line[i]
                                } else {
                                        if (ends(text, "\\") || !ends(text, ENVIRON["end"]) ||
                                            (folds && is_folded(i)))
                                                exit 1
                                        print ENVIRON["mark"] "quaymaster# " line[i]
                                }
                                if (ENVIRON["after"] != "" && text == ENVIRON["after"]) {
                                        print ENVIRON["content"]
                                        places++
                                }
                        }
                        if (ENVIRON["after"] == "")
                                print ENVIRON["content"]
                        else if (places != 1)
                                exit 1
                }' "$1"
}

# $1 to $6 as of bind_loopback, $7 to $11 as $2 to $6 of edited
bind_by_edit()
{
        may_bind "$@" || return
        lines=$(cat)
        if ! say "$lines" | edited "$2" "$7" "$8" "$9" "${10}" "${11}" >/dev/null; then
                fail "$2 has lines that are not understood; nothing is changed"
                return
        fi
        say "$lines" | edited "$2" "$7" "$8" "$9" "${10}" "${11}" | write_file "$2" 1
        written $? || return
        reread "$3" "$1"
        finish
}

# Elements of the set `living`: connections that are older than the table. The kernel has not followed them yet, and
# would take their next packet for a new connection.
living()
{
        if [ "$1" != quaymaster ] || ! has ss; then
                return 0
        fi
        ss -Htun state established 2>/dev/null | awk '
                {
                        from_port = $5; to_port = $4
                        sub(/.*:/, "", from_port); sub(/.*:/, "", to_port)
                        from = $5; to = $4
                        sub(/:[0-9]+$/, "", from); sub(/:[0-9]+$/, "", to)
                        gsub(/[][]|%.*|::ffff:/, "", from); gsub(/[][]|%.*|::ffff:/, "", to)
                        if ((from to) ~ /^[0-9a-f:.]+$/ && (from_port to_port) ~ /^[0-9]+$/)
                                print "add element inet quaymaster living_" (from ~ /:/ ? 6 : 4) " { " from " . " $1 \
                                        " . " from_port " . " to " . " to_port " }"
                }' | LC_ALL=C sort -u
}

# The table $1 from standard input: now, and by the unit that boot_unit writes at each boot before the network is up.
# $2: TCP ports that it lets in
load_table()
{
        table=$1
        file=/etc/quaymaster-kit/$table.nft
        unit=quaymaster-kit-$table.service
        text=$(cat)
        if ! has nft; then
                fail "there is no nft here (package nftables)"
                return
        fi
        if [ "$2" != any ] && [ "$lock_me_out" = no ]; then
                for port in $(ssh_ports); do
                        if ! lets_in "$2" "$port"; then
                                fail "an SSH session is open to port $port, which this firewall does not let in;" \
                                        "approve it, or give --lock-me-out"
                                return
                        fi
                done
        fi
        if [ ! -f "$step/table" ] && [ "$(id -u)" = 0 ] && nft list table inet "$table" >/dev/null 2>&1; then
                fail "there is a table $table already that is not of this kit, and is left alone"
                return
        fi
        printf '%s\n' "$text" | write_file "$file" 1
        status=$?
        if ! written "$status"; then
                if [ "$status" != 2 ] || nft list table inet "$table" >/dev/null 2>&1; then
                        return
                fi
        fi
        if [ "$mode" = show ]; then
                say "  would: load it with nft, and at each boot by $unit"
                return
        fi
        if ! { printf '%s\n' "$text" && living "$table"; } >"$step/transaction" || ! nft -c -f "$step/transaction"; then
                fail "nft refuses the table, so it is not loaded"
                return
        fi
        say "$table" | put "$step/table"
        run nft -f "$step/transaction" || return
        boot_unit | write_file "/etc/systemd/system/$unit" 2
        written $?
        if has systemctl; then
                run systemctl enable --quiet -- "$unit"
        else
                fail "without systemctl it is not loaded at boot: have $file loaded by nft"
        fi
        finish
}

# There is no exact way back from this, so it is asked for by name.
remove_packages()
{
        if ! has apt-get || ! has dpkg-query; then
                fail "only packages of Debian and its like are removed; remove by hand: $*"
                return
        fi
        todo=
        for package do
                case $(dpkg-query -W -f '${db:Status-Status}' -- "$package" 2>/dev/null) in
                installed) todo="$todo $package" ;;
                *) say "  $package is not installed" ;;
                esac
        done
        [ -n "$todo" ] || return 0
        # shellcheck disable=SC2086
        set -- $todo
        say "  what would go with it:"
        LC_ALL=C apt-get -s -q remove -- "$@" 2>&1 | sed -n 's/^Remv /      /p'
        if [ "$mode" = apply ] && [ "$packages" = no ]; then
                say "  not removed: give --remove-packages too; --undo does not bring it back"
                return
        fi
        run env DEBIAN_FRONTEND=noninteractive apt-get -y -q remove -- "$@"
}

# --- going back -------------------------------------------------------------------------------------

undo_links()
{
        [ -f "$step/before" ] || return 0
        [ -f "$step/after" ] || manifest | put "$step/after"
        only_in_second "$step/before" "$step/after" | LC_ALL=C sort -r >"$step/added"
        only_in_second "$step/after" "$step/before" >"$step/removed"
        while IFS='	' read -r path target; do
                if [ "$target" = / ]; then
                        rmdir "$path" 2>/dev/null
                elif [ -L "$path" ] && [ "$(readlink "$path")" = "$target" ]; then
                        rm -f "$path"
                elif [ -L "$path" ] || [ -e "$path" ]; then
                        fail "$path was changed since, and is left as it is"
                fi
        done <"$step/added"
        while IFS='	' read -r path target; do
                if [ "$target" = / ]; then
                        [ -d "$path" ] || mkdir -p "$path"
                elif [ -L "$path" ] && [ "$(readlink "$path")" = "$target" ]; then
                        :
                elif [ -L "$path" ] || [ -e "$path" ]; then
                        fail "$path was changed since, and is left as it is"
                else
                        { mkdir -p "$(dirname "$path")" && ln -s "$target" "$path"; } ||
                                fail "$path could not be put back"
                fi
        done <"$step/removed"
}

undo_file()
{
        path=$(cat "$1.path")
        if [ -f "$1.was" ] && cmp -s "$1.was" "$path"; then
                return
        fi
        if [ ! -f "$1.was" ] && [ ! -e "$path" ]; then
                return
        fi
        if [ -f "$1.now" ] && ! cmp -s "$1.now" "$path"; then
                fail "$path was changed since, and is left as it is; as it was before: $1.was"
                return
        fi
        say "  put back $path"
        if [ -f "$1.was" ]; then
                { cp -p "$1.was" "$path.quaymaster-new" && mv -f "$path.quaymaster-new" "$path"; } ||
                        fail "$path could not be put back"
        else
                rm -f "$path" || fail "$path could not be removed"
        fi
}

undo_folders()
{
        [ -f "$step/folders" ] || return 0
        LC_ALL=C sort -r "$step/folders" | while IFS= read -r path; do
                rmdir "$path" 2>/dev/null
        done
}

undo_table()
{
        [ -f "$step/table" ] || return 0
        table=$(cat "$step/table")
        if nft list table inet "$table" >/dev/null 2>&1; then
                run nft delete table inet "$table"
        fi
        # since a boot it counts as running
        if running && systemctl is-active --quiet -- "quaymaster-kit-$table.service"; then
                run systemctl stop -- "quaymaster-kit-$table.service"
        fi
}

# What ran is started again; what had read a file of ours reads it anew.
undo_running()
{
        running || return 0
        run systemctl daemon-reload
        if [ -f "$step/active" ]; then
                while IFS= read -r unit; do
                        run systemctl start -- "$unit" </dev/null
                done <"$step/active"
        fi
        if [ -f "$step/reread" ]; then
                while read -r verb unit; do
                        run systemctl "$verb" -- "$unit" </dev/null
                done <"$step/reread"
        fi
}

undo_step()
{
        step=$state/$1
        [ -d "$step" ] || return 0
        before=$failed
        failed=0
        say "$1. undo"
        undo_table
        for kept in "$step"/file.*.path; do
                [ ! -f "$kept" ] || undo_file "${kept%.path}"
        done
        undo_links
        undo_folders
        undo_running
        if [ "$failed" = 0 ]; then
                rm -rf "$step"
                failed=$before
        fi
}

# --- the run ----------------------------------------------------------------------------------------

wanted()
{
        [ -n "$only" ] || return 0
        case " $only " in
        *" $1 "*) return 0 ;;
        esac
        return 1
}

parse()
{
        while [ $# -gt 0 ]; do
                case $1 in
                --apply) mode=apply ;;
                --undo) mode=undo ;;
                --remove-packages) packages=yes ;;
                --lock-me-out) lock_me_out=yes ;;
                --only)
                        case ${2:-} in
                        '' | *[!0-9]*)
                                echo "--only takes the number of an action" >&2
                                exit 2
                                ;;
                        esac
                        only="$only $2"
                        shift
                        ;;
                --help | -h)
                        usage
                        exit 0
                        ;;
                *)
                        echo "'$1' is unknown here; --help tells what there is" >&2
                        exit 2
                        ;;
                esac
                shift
        done
}

# One run at a time: the folder is there or it is not.
take_turn()
{
        umask 077
        mkdir -p "$state" || exit 1
        if ! mkdir "$state/running" 2>/dev/null; then
                other=$(cat "$state/running/pid" 2>/dev/null)
                # a process that was killed, or another one of that number, has not this name
                if [ -n "$other" ] && grep -qF -- "$(basename "$0")" "/proc/$other/cmdline" 2>/dev/null; then
                        echo "this kit is running already, as process $other" >&2
                        exit 1
                fi
        fi
        say $$ >"$state/running/pid"
        trap 'rm -rf "$state/running"' EXIT
        trap 'exit 1' HUP INT TERM
        umask 022
}

main()
{
        parse "$@"
        if [ "$mode" != show ]; then
                if [ "$(id -u)" != 0 ]; then
                        echo "--$mode needs root" >&2
                        exit 1
                fi
                if [ "$mode" = undo ] && [ ! -d "$state" ]; then
                        echo "nothing to undo: kit $kit was not applied here" >&2
                        exit 0
                fi
                take_turn
        fi
        say "quaymaster kit $kit, made for $host"
        if [ "$mode" = undo ]; then
                order=
                for n in $actions; do
                        order="$n $order"
                done
                for n in $order; do
                        ! wanted "$n" || undo_step "$n"
                done
                rmdir "$state/running" 2>/dev/null
        else
                for n in $actions; do
                        ! wanted "$n" || "action_$n"
                done
        fi
        if [ "$mode" = show ]; then
                say "Nothing was changed. --apply does it, --undo goes back."
        fi
        return "$failed"
}
