#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# scripts/check-coverage itself: what it must refuse, and what it must not.
cd "$(dirname "$0")/../.." || exit 1
page=$(mktemp) || exit 1
trap 'rm -f "$page"' EXIT
failed=0

# expect NAME STATUS SED-EXPRESSION: the page, changed so, is refused (1) or not (0)
expect() {
	sed "$3" docs/coverage.md >"$page"
	scripts/check-coverage "$page" >/dev/null 2>&1
	if [ $? -eq "$2" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		failed=1
	fi
}

expect the_page_as_it_is_holds 0 ''
expect a_test_that_is_not_there_is_refused 1 's/`exec_plain`/`exec_plane`/'
expect a_claim_without_a_test_is_refused 1 's/`exec_terminal`, `exec_session`/-/'
expect a_gap_needs_no_test 0 's/^\(| 16 .*\)$/\1/'
exit $failed
