#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/docs/run notices commands that nothing runs, or that have gone.

cd "$(dirname "$0")/../.." || exit 1
lapwing=$PWD/build${SAN:+-san}/lapwing
[ "${SAN:-0}" = 1 ] || lapwing=$PWD/build/lapwing
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# fresh - a copy with two pages, of which one has commands, for root; nothing is run then
fresh() {
	rm -rf "${dir:?}/t"
	mkdir -p "$dir/t/docs" "$dir/t/tests/deploy"
	cp -r tests/docs tests/tests.mk "$dir/t/tests"
	cp tests/deploy/pages.py "$dir/t/tests/deploy"
	cp Makefile "$dir/t"
	cp docs/trouble.md docs/threats.md "$dir/t/docs"
	printf '```sh never: here\nmake test\n```\n' >"$dir/t/README.md"
}

says() { # NAME LINE
	if "$dir/t/tests/docs/run" --lapwing "$lapwing" 2>&1 | grep -qxF -- "$2"; then
		echo "ok docs/$1"
	else
		echo "not ok docs/$1"
		failed=1
	fi
}

fresh
says pages_as_they_are_pass 'ok commands_in_trouble.md'
says what_nothing_runs_is_told '# README.md: run by nothing, for here: make test'

sed -i '/^```sh root$/,/^```$/d' "$dir/t/docs/trouble.md"
says a_page_whose_commands_are_gone '# its commands are gone'

fresh
printf '\n    lapwing status\n' >>"$dir/t/docs/trouble.md"
says a_command_in_no_block '# it stands in no block: lapwing status'

fresh
printf '```bash\nlapwing status\n```\n' >>"$dir/t/docs/trouble.md"
says a_block_of_another_kind '# a block of ```bash'

fresh
printf '```sh by tests/nobody\nlapwing status\n```\n' >>"$dir/t/docs/trouble.md"
says a_test_that_there_is_not '# there is no tests/nobody that would run a block'

fresh
printf '```sh root\nlapwing status\n```\n' >>"$dir/t/docs/threats.md"
says a_page_that_no_guest_runs '# it has commands for root, and tests/deploy/pages.py does not run it'

fresh
printf '`make nothing-like-it`\n' >>"$dir/t/docs/threats.md"
says a_target_that_there_is_not '# there is no make nothing-like-it'

fresh
printf '\n| a | b |\n|---|---|\n| one |\n' >>"$dir/t/docs/threats.md"
says a_row_without_a_cell '# a row of a table has 1 cells, its head 2: | one |'

exit $failed
