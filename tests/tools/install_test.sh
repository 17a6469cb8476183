#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What people meet first: the help of each command, its man page and completions, and what is installed.

cd "$(dirname "$0")/../.." || exit 1
lapwing=$PWD/$([ "${SAN:-0}" = 1 ] && echo build-san || echo build)/lapwing
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0 wrong=
commands=$("$lapwing" help --all | awk '/^  [a-z]/ { print $1 }')

# a case notes what is wrong, and result tells it
wrong() {
	wrong="$wrong$*"$'\n'
}

result() {
	if [ -z "$wrong" ]; then
		echo "ok install/$1"
	else
		echo -n "$wrong" | sed 's/^/# /'
		echo "not ok install/$1"
		failed=1
	fi
	wrong=
}

[ "$(echo "$commands" | wc -l)" -ge 15 ] || wrong "only these commands: $commands"
for c in '' $commands; do
	help=$("$lapwing" help $c)
	# a terminal's 24, and the next prompt is one of them
	[ "$(echo "$help" | wc -l)" -le 23 ] || wrong "help $c: more than 23 lines"
	all=$("$lapwing" help --all $c)
	long=$(printf "%s\n" "$help" "$all" | grep -nE '^.{81}') && wrong "help $c: more than 80 columns: $long"
	echo "$all" | grep -q '^example: .*lapwing' || wrong "help --all $c: no example"
	if [ -z "$c" ]; then
		for each in $commands; do
			grep -qw -- "$each" <<<"$help" || wrong "help does not name $each"
		done
		grep -qF 'lapwing help --all' <<<"$help" || wrong "help does not say that there is more"
	elif echo "$help" | grep -q '^All options: '; then
		[ "$(echo "$all" | wc -l)" -gt "$(echo "$help" | wc -l)" ] || wrong "help --all $c has no more"
	else
		[ "$all" = "$help" ] || wrong "help $c does not say that there is more"
	fi
	echo "$help" | grep -q '^example: .*lapwing' || wrong "help $c: no example"
	[ -z "$c" ] || [ "$("$lapwing" "$c" --help 2>&1)" = "$help" ] || wrong "$c --help is not help $c"
done
result every_help_fits_a_screen_and_has_an_example

# an option that is known is refused for other reasons than that it is not
for c in $commands; do
	known=$("$lapwing" help --all "$c" | grep -oE -- '--[a-z][a-z-]*' | sort -u)
	for o in $("$lapwing" help --all "$c" | grep -E '^ +-' | grep -oE '(^|[ ,])--[a-z][a-z-]*'); do
		said=$(timeout 10 "$lapwing" "$c" "$o=" --no-such-option-at-all 2>&1 </dev/null)
		case $said in
		*"unknown option \"$o\""*) wrong "help $c has $o, and $c does not know it" ;;
		esac
		short=${o%?}
		echo "$known" | grep -qx -- "$short" && continue
		said=$(timeout 10 "$lapwing" "$c" "$short" --no-such-option-at-all 2>&1 </dev/null)
		[ $? = 2 ] && echo "$said" | grep -q "unknown option \"$short\"" ||
			wrong "$c takes $short: $said"
	done
	said=$("$lapwing" "$c" --halp 2>&1)
	status=$?
	[ "$status" = 2 ] || wrong "$c --halp gave $status, not 2"
	echo "$said" | grep -q 'did you mean "--help"' || wrong "$c --halp: $said"
done
for c in statsu stat; do
	said=$("$lapwing" "$c" 2>&1)
	[ $? = 2 ] && echo "$said" | grep -q 'did you mean "status"' || wrong "$c: $said"
done
for words in '--scop 1' '--scop=1' '--durat 1'; do
	said=$(timeout 10 "$lapwing" run $words 2>&1)
	[ $? = 2 ] && echo "$said" | grep -qE 'did you mean "--(scope|duration)"' || wrong "run $words: $said"
done
for verb in 'spool verify' 'content rollback' 'rules explain' 'bundle inspect' 'config check'; do
	c=${verb% *} right=${verb#* }
	said=$("$lapwing" "$c" "x$right" 2>&1)
	[ $? = 2 ] && echo "$said" | grep -q "is none of .*$right.*did you mean \"$right\"" ||
		wrong "$c x$right: $said"
done
result options_of_the_help_are_known_and_others_are_put_right

make -s install SAN="${SAN:-0}" DESTDIR="$dir/root" PREFIX=/usr >"$dir/log" 2>&1 ||
	{ tail -5 "$dir/log" >&2; exit 2; }
for f in usr/sbin/lapwing etc/lapwing/lapwing.yaml usr/share/lapwing/rules/setuid_file_made.yml \
	 usr/share/man/man8/lapwing.8 usr/share/doc/lapwing/docs/rules.md \
	 usr/share/lapwing/sysctl.d/60-lapwing-cost.conf usr/lib/systemd/system/lapwing.service; do
	[ -s "$dir/root/$f" ] || wrong "$f is missing"
done
grep -q '^ExecStart=/usr/sbin/lapwing ' "$dir/root/usr/lib/systemd/system/lapwing.service" || wrong 'another program in the unit'
[ "$(stat -c %a "$dir/root/etc/lapwing/lapwing.yaml")" = 600 ] || wrong 'others can read the configuration'
echo '# mine' >>"$dir/root/etc/lapwing/lapwing.yaml"
make -s install SAN="${SAN:-0}" DESTDIR="$dir/root" PREFIX=/usr >"$dir/log" 2>&1 || wrong "$(tail -5 "$dir/log")"
grep -q '^# mine' "$dir/root/etc/lapwing/lapwing.yaml" || wrong 'a second installation took the configuration back'
"$dir/root/usr/sbin/lapwing" rules list 2>/dev/null | grep -q 'Setuid' || wrong 'the installed program does not find its rules'
result install_brings_everything_and_keeps_the_configuration

man=$dir/root/usr/share/man/man8
for c in $commands; do
	page=$man/lapwing-$c.8
	for section in NAME SYNOPSIS EXAMPLES 'EXIT STATUS'; do
		grep -q "^.SH $section" "$page" || wrong "$page has no $section"
	done
	for o in $("$lapwing" help --all "$c" | grep -oE -e '--[a-z][a-z-]*' | sort -u); do
		grep -qF -- "${o//-/\\-}" "$page" || wrong "$page does not have $o"
	done
done
if command -v man >/dev/null; then
	for page in "$man"/*.8; do
		said=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
		[ -z "$said" ] || wrong "$page: $said"
	done
fi
result every_command_has_a_man_page_that_says_the_same

# offers WORD...: what bash offers after these
offers() {
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lapwing; echo "${COMPREPLY[@]}"' _ \
		"$dir/root/usr/share/bash-completion/completions/lapwing" "$@"
}
[ "$(offers lapwing sta)" = status ] || wrong "after sta: $(offers lapwing sta)"
[ "$(offers lapwing rules --all)" = --all-hooks ] || wrong "after rules --all: $(offers lapwing rules --all)"
[ "$(offers lapwing config '')" = 'check show init' ] || wrong "after config: $(offers lapwing config '')"
[ "$(offers lapwing help prefl)" = preflight ] || wrong "after help prefl: $(offers lapwing help prefl)"
result bash_completes_commands_options_and_words

if command -v zsh >/dev/null; then
	said=$(zsh -c '_describe() { print -l -- "${(P@)2}"; }; _files() { : }
		words=(lapwing rules --a) CURRENT=3 PREFIX=--a
		. "$1"' _ "$dir/root/usr/share/zsh/vendor-completions/_lapwing" 2>&1)
	echo "$said" | grep -q '^--all-hooks:as if every hook served$' || wrong "zsh offers: $said"
	result zsh_completes_options_with_their_meaning
else
	echo 'skip install/zsh_completes_options_with_their_meaning: no zsh'
fi

# how long a start that never becomes ready takes, and one that the watchdog ends, against the limit of starts
awk -F= '
	/^(StartLimitIntervalSec|StartLimitBurst|TimeoutStartSec|RestartSec|WatchdogSec)=/ { at[$1] = $2 }
	END {
		start = at["TimeoutStartSec"] + at["RestartSec"]
		watch = 60 + at["WatchdogSec"] + at["RestartSec"]
		longest = start > watch ? start : watch
		exit !(at["StartLimitBurst"] > 1 && at["StartLimitBurst"] * longest < at["StartLimitIntervalSec"])
	}' deploy/systemd/lapwing.service || wrong 'a start that mends nothing would be tried for ever'
result the_unit_does_not_try_for_ever_what_a_start_does_not_mend

systemd=$(systemd-analyze --version 2>/dev/null | awk 'NR == 1 { print $2 }')
if [ "${systemd:-0}" -ge 250 ]; then
	unit=$dir/lapwing.service
	sed "s#^ExecStart=[^ ]*#ExecStart=$lapwing#" deploy/systemd/lapwing.service >"$unit"
	said=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F "$unit")
	[ -z "$said" ] || wrong "$said"
	said=$(systemd-analyze security --offline=yes --threshold=30 --no-pager "$unit" 2>&1) ||
		wrong "$(echo "$said" | grep -E '✗|Overall')"
	echo "$said" | grep -q 'Overall exposure level' || wrong "no verdict: $said"
	result the_unit_is_exposed_by_3_at_most
else
	echo 'skip install/the_unit_is_exposed_by_3_at_most: no systemd-analyze of 250 or later'
fi
exit "$failed"
