#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# scripts/floors says no to what it is there for, and nothing else.

cd "$(dirname "$0")/../.." || exit 1
top=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
licence='/* SPDX-License-Identifier: Apache-2.0 */'
dual='/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */'

# put PATH LINE…: the only file of a tree of its own
put() {
	rm -rf "$dir/tree"
	file=$dir/tree/$1
	shift
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$@" >"$file"
}

# expect SENTENCE STATUS TEXT: what it must answer, and say, of the tree
expect() {
	out=$("$top/scripts/floors" "$dir/tree" 2>&1)
	got=$?
	if [ "$got" = "$2" ] && echo "$out" | grep -qF -- "$3"; then
		echo "ok $1"
	else
		printf '# status %s: %s\nnot ok %s\n' "$got" "$out" "$1"
		failed=1
	fi
}

hook() {
	put bpf/a.bpf.c "$dual" '#include "vmlinux.h"' "$@"
}

put userspace/decode/a.c "$licence" '#include "event/event.h"' '#include "base/buf.h"' \
	'#include "wire.h"' '#include <string.h>' '#include "decode/decode.h"'
expect a_room_may_look_down 0 ''
put userspace/decode/a.c "$licence" '#include "enrich/enrich.h"'
expect roommates_are_refused 1 'userspace/decode/a.c:2:'
put userspace/base/a.c "$licence" '#include "event/event.h"'
expect looking_up_is_refused 1 'userspace/base/a.c:2:'
put userspace/app/a.c "$licence" '#include "cli/cli.h"' '#include "detect/detect.h"'
expect the_top_floor_sees_all 0 ''
put userspace/enrich/a.c "$licence" '#include "wire.h"'
expect wire_h_is_not_for_every_room 1 'wire.h is not for enrich'
put userspace/app/a.c "$licence" '#include <bpf/libbpf.h>'
expect libbpf_outside_probe_is_refused 1 'probe/ only'
put userspace/probe/a.c "$licence" '#include <bpf/libbpf.h>' '#include "bpf/process.skel.h"'
expect libbpf_in_probe_is_fine 0 ''
put bpf/a.h "$dual" '#include <stdio.h>'
expect bpf_sources_see_no_libc 1 'bpf/a.h:2:'

hook '/*' ' * Why: a' ' * Kernel: b' ' * Blind spots: c' ' */' 'SEC("lsm/file_open")' \
	'int BPF_PROG(file_open, struct file *file) {'
expect a_hook_with_its_three_fields_is_fine 0 ''
hook '/* Why: a  Kernel: b */' 'SEC("lsm/file_open")' 'int BPF_PROG(file_open, struct file *file) {'
expect a_hook_without_blind_spots_is_refused 1 'has no "Blind spots:"'
hook '' 'SEC("lsm/file_open")' 'int BPF_PROG(file_open, struct file *file) {'
expect a_hook_without_a_comment_is_refused 1 'has no "Why:"'
hook '/* Why: Kernel: Blind spots: */' 'SEC("lsm/file_open")' 'int BPF_PROG(file_open_for_all, int a) {'
expect a_long_program_name_is_refused 1 'program file_open_for_all'
put bpf/maps.h "$dual" '} sixteen_letters_ SEC(".maps");'
expect a_long_map_name_is_refused 1 'map sixteen_letters_'
put bpf/a.h "$dual" "$(printf 'bpf_%s("x");' printk)"
expect printing_from_bpf_is_refused 1 'not a print'

put userspace/base/a.c 'int a;'
expect a_missing_licence_is_refused 1 'a.c:1: no SPDX'
put bpf/a.h "$licence"
expect the_wrong_licence_is_refused 1 'licence is Apache-2.0'
put userspace/base/a.c "$licence" "$(printf '\t%093d' 0)"
expect a_tab_counts_eight_columns 1 'a.c:2: 101 columns'
put userspace/base/a.c "$licence" "$(printf '\t%092d' 0)"
expect a_hundred_columns_are_fine 0 ''
put userspace/base/a.c "$licence" "$(yes '' | head -n 498)" ';'
expect five_hundred_lines_are_fine 0 ''
put userspace/base/a.c "$licence" "$(yes ';' | head -n 499)" ';'
expect five_hundred_and_one_lines_are_refused 1 '501 lines'
put docs/a.md "see /$(printf work)/here"
expect a_path_of_somebodys_machine_is_refused 1 'docs/a.md:1:'
put docs/a.md 'see net/work/here and /usr/work/here'
expect other_paths_are_fine 0 ''
mkdir -p "$dir/tree/none" && rm -rf "$dir/tree/docs"
expect a_tree_without_files_is_not_a_pass 1 'no files'
exit $failed
