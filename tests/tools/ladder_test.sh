#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The ladder counts right: what passes, fails, is skipped, dies, hangs, and what says nothing.

cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# program NAME LINE…: a test program made of these shell lines
program() {
	name=$1
	shift
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$dir/$name"
	chmod +x "$dir/$name"
}

# expect SENTENCE STATUS LAST-LINE [TEXT] -- LADDER ARGUMENTS: what it must answer, and say
expect() {
	sentence=$1 status=$2 last=$3 text=$4
	shift 5
	out=$(scripts/ladder "$@" 2>&1)
	got=$?
	if [ "$got" = "$status" ] && [ "$(echo "$out" | tail -n 1)" = "$last" ] &&
	   echo "$out" | grep -qF -- "$text"; then
		echo "ok $sentence"
	else
		echo "# status $got, not $status, or not '$last' and '$text', in:"
		echo "$out" | sed 's/^/# /'
		echo "not ok $sentence"
		failed=1
	fi
}

program good 'echo ok one' 'echo ok two' 'echo "skip three: no such kernel"'
program bad 'echo ok one' 'echo not ok two' 'exit 1'
program liar 'echo not ok one' 'exit 0'
program dies 'echo ok one' 'kill -SEGV $$'
program fails_both 'echo not ok one' 'kill -SEGV $$'
program cut_short 'echo not ok one' 'exit 124'
program silent 'exit 0'
program chatty 'echo "this is okay"' 'echo "# ok in a comment"'
program refuses 'echo ok one' 'exit 3'
program hangs 'echo ok one' 'sleep 60'
program no_kernel 'echo "vmtest: skip: no network" >&2' 'exit 77'
program unlucky 'echo ok one' "[ -e $dir/tried ] && exit 0" ": >$dir/tried" \
	'echo "vmtest: a stale breakpoint" >&2' 'exit 123'
program no_luck 'echo ok one' 'echo "vmtest: a stale breakpoint" >&2' 'exit 123'
program late_77 'echo ok one' 'echo "vmtest: skip: no network" >&2' 'exit 77'

expect passes_and_skips_are_counted 0 '2 passed, 0 failed, 1 skipped' 'skip three: no such kernel' \
	-- --program "$dir/good"
expect a_failing_test_is_counted 1 '1 passed, 1 failed, 0 skipped' 'not ok two' -- --program "$dir/bad"
expect a_failure_counts_even_if_the_status_is_zero 1 '0 passed, 1 failed, 0 skipped' 'not ok one' \
	-- --program "$dir/liar"
expect a_program_that_dies_is_one_failure_more 1 '1 passed, 1 failed, 0 skipped' SIGSEGV \
	-- --program "$dir/dies"
expect dying_after_a_failure_is_two_failures 1 '0 passed, 2 failed, 0 skipped' SIGSEGV \
	-- --program "$dir/fails_both"
expect a_timeout_after_a_failure_is_two_failures 1 '0 passed, 2 failed, 0 skipped' 'exit status 124' \
	-- --program "$dir/cut_short"
expect a_guest_that_its_emulator_killed_is_run_once_more 0 '1 passed, 0 failed, 0 skipped' \
	'unlucky: vmtest: a stale breakpoint; once more, from the beginning' -- --program "$dir/unlucky"
expect and_not_twice 1 '1 passed, 1 failed, 0 skipped' 'exit status 123' -- --program "$dir/no_luck"
expect a_silent_program_is_a_failure 1 '0 passed, 1 failed, 0 skipped' 'said nothing' \
	-- --program "$dir/silent"
expect only_result_lines_are_results 1 '0 passed, 1 failed, 0 skipped' 'said nothing' \
	-- --program "$dir/chatty"
expect a_bad_status_without_a_failed_test_is_a_failure 1 '1 passed, 1 failed, 0 skipped' \
	'exit status 3' -- --program "$dir/refuses"
expect a_program_that_hangs_is_a_failure 1 '1 passed, 1 failed, 0 skipped' 'still running' \
	-- --seconds 1 --program "$dir/hangs"
expect a_program_that_is_not_there_is_a_failure 1 '0 passed, 1 failed, 0 skipped' absent \
	-- --program "$dir/absent"
expect a_kernel_that_cannot_be_had_is_a_skip 0 '0 passed, 0 failed, 1 skipped' 'no network' \
	-- --program "$dir/no_kernel"
expect status_77_after_tests_have_run_is_a_failure 1 '1 passed, 1 failed, 0 skipped' \
	'exit status 77' -- --program "$dir/late_77"
expect one_bad_program_does_not_stop_the_others 1 '3 passed, 1 failed, 1 skipped' 'not ok two' \
	-- --program "$dir/bad" --program "$dir/good"
expect several_at_a_time_are_all_counted 1 '5 passed, 2 failed, 2 skipped' 'not ok two' -- --at-once 2 \
	--program "$dir/good" --program "$dir/bad" --program "$dir/good" --program "$dir/absent"

# ended while two run: none of them goes on
program lingers "touch $dir/began" 'sleep 6' "touch $dir/went_on" 'echo ok one'
scripts/ladder --at-once 2 --program "$dir/lingers" --program "$dir/lingers" >/dev/null 2>&1 &
ladder=$!
until [ -e "$dir/began" ]; do sleep 0.1; done
kill "$ladder"
wait "$ladder"
sleep 7
if [ -e "$dir/went_on" ]; then
	echo "not ok a_ladder_that_is_ended_ends_all_that_it_started"
	failed=1
else
	echo "ok a_ladder_that_is_ended_ends_all_that_it_started"
fi
exit $failed
