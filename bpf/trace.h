/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * trace.h - tracepoint programs in copies, so that what one could not tell another does
 *
 * Since Linux 7.0 a tracepoint leaves preemption on (include/linux/tracepoint.h, __DECLARE_TRACE:
 * SRCU in place of preempt_disable_notrace()), while __bpf_trace_run() of kernel/trace/bpf_trace.c
 * still skips a program that runs on this CPU already: a task that is taken off the CPU in the
 * middle of one hides the deeds of all who come after it. Turning preemption off inside does not
 * help, for the CPU is then given away when it is turned on again, still in the middle. So the
 * program is attached several times; the copies run one after the other, the first that does marks
 * the deed as told, and the others see the mark and end. probe/family.c loads them only where
 * tracepoints are so. LSM programs are never skipped.
 */
#ifndef LAPWING_TRACE_H
#define LAPWING_TRACE_H

#include "maps.h"
#include <bpf/bpf_tracing.h>

enum trace_deed { TRACE_FORK, TRACE_EXEC, TRACE_EXIT, TRACE_DEEDS };

#define TRACE_MARKS 8192 /* for each deed, by the number of the task */

/*
 * Written and read by the copies of a program, one task after the other. Full: two tasks that share
 * a mark, and both are in the middle of the same deed, may be told twice.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TRACE_DEEDS * TRACE_MARKS);
	__type(key, __u32);
	__type(value, __u64);
} trace_marks SEC(".maps");

/* What the copies did, for probe_not_run(). Read through mmap. Never full. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_traces);
} traces SEC(".maps");

/*
 * trace_told_once - whether another copy has told this deed; marks it as told
 * @what: of all deeds of this sort of the task @tid, this one alone has this number
 * Asked before anything else, so that each deed is counted once.
 */
static __always_inline bool trace_told_once(enum trace_deed deed, __u32 tid, __u64 what) {
	__u32 key = deed * TRACE_MARKS + tid % TRACE_MARKS, zero = 0;
	struct knobs_traces *counts;
	__u64 *mark;

	mark = bpf_map_lookup_elem(&trace_marks, &key);
	counts = bpf_map_lookup_elem(&traces, &zero);
	if (!mark || !counts || *mark == what)
		return true;
	*mark = what;
	__sync_fetch_and_add(&counts->told, 1);
	return false;
}

/* What it asks for is not read where there are no copies. */
#define trace_told(deed, tid, what) (knobs.copies && trace_told_once(deed, tid, what))

/* trace_last - the last copy runs once for each deed, unless the kernel skips it */
static __always_inline void trace_last(void) {
	__u32 zero = 0;
	struct knobs_traces *counts = bpf_map_lookup_elem(&traces, &zero);

	if (counts)
		__sync_fetch_and_add(&counts->last, 1);
}

/* TRACE_COPIES - further copies of the program @name, whose body is @body; KNOBS_COPIES in all */
#define TRACE_COPY(section, name, n, body)                                                         \
	SEC(section) int name##_##n(unsigned long long *ctx) {                                     \
		if (n == KNOBS_COPIES)                                                             \
			trace_last();                                                              \
		return body(ctx);                                                                  \
	}
#define TRACE_COPIES(section, name, body)                                                          \
	TRACE_COPY(section, name, 2, body)                                                         \
	TRACE_COPY(section, name, 3, body)                                                         \
	TRACE_COPY(section, name, 4, body)
_Static_assert(KNOBS_COPIES == 4, "TRACE_COPIES makes as many");

#endif
