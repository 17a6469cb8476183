#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - every story through the whole corridor and every shipped rule
#
# RULE.fire.story must give detections of rules/RULE.yml and of no other rule, but for those that a
# line "# also: RULE…" in it names, and RULE.quiet.story neither that nor one of level medium or above. A rule without both stories, and
# a story without a rule, are failures. LAPWING and STORY name other programs.
set -u
cd "$(dirname "$0")/../.." || exit 1

dir=$([ "${SAN:-0}" = 1 ] && echo build-san || echo build)
lapwing=${LAPWING:-$dir/lapwing}
story=${STORY:-$dir/tests/replay/story}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

for need in "$lapwing" "$story"; do
	[ -x "$need" ] || { echo "not ok $need is not built"; exit 1; }
done
command -v jq >"$work/jq" || {
	echo "skip stories: jq is not installed; scripts/deps test installs it"
	exit 0
}

fail() {
	echo "# $2"
	echo "not ok $1"
	failed=1
}

# hits - "LEVEL RULE_ID" of each detection in the events
hits() {
	jq -r '.detections[]? | "\(.level) \(.rule_id)"' "$work/events" >"$work/hits"
}

# tell STEM WHAT - plays a story; leaves $work/hits
tell() {
	"$story" "tests/replay/$1.$2.story" "$work/tape" 2>"$work/err" &&
		"$lapwing" replay "$work/tape" --rules rules -o json:- \
			>"$work/events" 2>"$work/err" &&
		[ -s "$work/events" ] && hits
}

# wanted - the ids that the story of a rule is to give
wanted() {
	{
		echo "$2"
		for also in $(sed -n 's/^# also: *//p' "tests/replay/$1.fire.story"); do
			sed -n 's/^id: *//p' "rules/$also.yml"
		done
	} | sort -u
}

play_fire() {
	name="$1 fires on its story"
	if ! tell "$1" fire; then
		fail "$name" "$(tail -n 3 "$work/err")"
	elif [ "$(cut -d ' ' -f 2 "$work/hits" | sort -u)" = "$(wanted "$1" "$2")" ]; then
		echo "ok $name"
	else
		fail "$name" "not rule $2 as wanted, but: $(tr '\n' ' ' <"$work/hits")"
	fi
}

play_quiet() {
	name="$1 is quiet on its near miss"
	if ! tell "$1" quiet; then
		fail "$name" "$(tail -n 3 "$work/err")"
	elif grep -E "^(MEDIUM|HIGH|CRITICAL) | $2\$" "$work/hits" >"$work/wrong"; then
		fail "$name" "these fired: $(tr '\n' ' ' <"$work/wrong")"
	else
		echo "ok $name"
	fi
}

for rule in rules/*.yml; do
	stem=$(basename "$rule" .yml)
	case $stem in *.test) continue ;; esac
	# tests/sigma/rules holds those without a story against their events
	[ ! -f "tests/replay/$stem.fire.story" ] && [ -f "rules/$stem.test.yml" ] && continue
	id=$(sed -n 's/^id: *//p' "$rule")
	play_fire "$stem" "$id"
	play_quiet "$stem" "$id"
done

for path in tests/replay/*.story; do
	stem=$(basename "$path" .story)
	[ -f "rules/${stem%.*}.yml" ] || fail "$stem has a rule" "rules/${stem%.*}.yml is missing"
done
exit $failed
