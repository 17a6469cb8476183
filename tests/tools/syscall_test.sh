#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The numbers of system calls in bpf/syscall_*.h against the kernel's own headers. arm64 has the table
# of <asm-generic/unistd.h>, which every machine has.
cd "$(dirname "$0")/../.." || exit 1
failed=0

# theirs HEADER [OPTION...]: "name number" for each call in it
theirs() {
	header=$1
	shift
	echo "#include <$header>" | ${CC:-cc} -E -dM "$@" - |
		sed -n 's/^#define __NR\(3264\)*_\([a-z0-9_]*\) \([0-9]*\)$/\2 \3/p'
}

# differ FILE: what is wrong with it, given theirs on standard input. A call that is not among theirs has
# a negative number, or one of those that all architectures share and that came after these headers.
differ() {
	awk -v ours="$1" '
		{ number[$1] = $2; if ($2 + 0 > last) last = $2 + 0 }
		END {
			while ((getline line <ours) > 0) {
				if (!match(line, /NR_[a-z0-9_]+ = -?[0-9]+/))
					continue
				split(substr(line, RSTART + 3, RLENGTH - 3), w, " = ")
				n++
				if (w[1] in number ? number[w[1]] != w[2] : w[2] >= 0 && w[2] <= last)
					print w[1] " is " w[2] ", not " (w[1] in number ? number[w[1]] : "there")
				if (seen[w[2]]++)
					print w[2] " is there twice"
			}
			if (n < 50 || !length(number))
				print n + 0 " numbers of ours, " length(number) " of theirs"
		}'
}

# check NAME: nothing on standard input
check() {
	if wrong=$(cat) && [ -z "$wrong" ]; then
		echo "ok $1"
	else
		echo "$wrong"
		echo "not ok $1"
		failed=1
	fi
}

generic() {
	theirs asm-generic/unistd.h -D__ARCH_WANT_RENAMEAT -D__BITS_PER_LONG=64
}

if [ "$(uname -m)" = x86_64 ]; then
	theirs asm/unistd_64.h | differ bpf/syscall_x86.h | check numbers_of_x86_are_the_kernels
else
	echo "skip numbers_of_x86_are_the_kernels: its header is only on x86-64"
fi
generic | differ bpf/syscall_arm64.h | check numbers_of_arm64_are_the_kernels

names() {
	sed -n 's/.*\(NR_[a-z0-9_]*\) = .*/\1/p' "$1" | sort
}
if [ "$(names bpf/syscall_x86.h)" = "$(names bpf/syscall_arm64.h)" ]; then
	echo "ok the_same_calls_are_named_for_each"
else
	echo "not ok the_same_calls_are_named_for_each"
	failed=1
fi

# the comparison itself: one number off, and one call that arm64 does not have
wrong=$(mktemp) || exit 1
trap 'rm -f "$wrong"' EXIT
sed 's/NR_openat = 56/NR_openat = 57/; s/NR_open = -[0-9]*/NR_open = 2/' bpf/syscall_arm64.h >"$wrong"
if [ "$(generic | differ "$wrong" | wc -l)" -ge 2 ]; then
	echo "ok a_wrong_number_is_found"
else
	echo "not ok a_wrong_number_is_found"
	failed=1
fi
exit $failed
