/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * env.h - of an exec's environment, the variables that were asked for
 *
 * An environment holds secrets, so it is picked over here: what is not in
 * knobs.env never reaches user space. It is also long, and nearly never holds
 * what matters. So its first SLOT_ENV_BYTES are read at once, and the pointers
 * to its variables, which the kernel has just put on the new stack behind those
 * to the arguments (create_elf_tables() of fs/binfmt_elf.c); by three bytes of
 * each it is known that nearly none is asked for. Variables further behind are
 * read one by one.
 *
 * A program that nothing is linked to at its start, and that is no linker itself,
 * is not asked: most variables that matter are for that linker or for what it
 * links, and a static program that is run a thousand times a second would pay for
 * them. That it was not asked is said (WIRE_ENV_SKIPPED).
 */
#ifndef LAPWING_ENV_H
#define LAPWING_ENV_H

#include "compat.h"
#include "emit.h"
#include "syscall.h"

#define ENV_VALUE_BYTES 1024  /* of a variable, its name and the NUL included */
#define ENV_STEP 8	      /* variables at a time */
#define ENV_UNROLLED 8	      /* so many times on kernels without bpf_loop() */

struct env_walk {
	struct slot *s;
	__u64 start; /* where the text begins, in the process */
	__u32 have;  /* bytes of it in the slot, but for the last three */
	__u32 n;     /* pointers: to the variables, then NULL */
};

static __always_inline bool env_same(const __u64 *text,
				     const volatile struct knobs_env_name *name) {
	__u64 differ = 0;

	for (int i = 0; i < KNOBS_ENV_BYTES / 8; i++)
		differ |= (text[i] ^ name->want[i]) & name->mask[i];
	return !differ;
}

static __always_inline void env_degrade(struct slot *s, __u32 flag) {
	((struct wire_header *)s->rec)->flags |= flag;
}

/*
 * env_add - appends the variable at @at, if it is asked for; the arguments keep their room
 * @first: of the names that begin like it
 * Not static, so that the verifier looks at it once, and not from each place it is called at.
 */
__noinline int env_add(struct slot *s, __u64 at, __u32 first) {
	struct wire_process_exec *e;
	__u64 *to;
	long n;

	if (!s)
		return 0;
	e = (struct wire_process_exec *)s->rec;
	to = (__u64 *)emit_room(s, WIRE_ARGS_BYTES + ENV_VALUE_BYTES);
	if (!to) {
		env_degrade(s, WIRE_ENV_CUT);
		return 0;
	}
	n = bpf_probe_read_user_str(to, ENV_VALUE_BYTES, (const void *)at);
	if (n < 1 || n > ENV_VALUE_BYTES) {
		env_degrade(s, WIRE_ENV_UNREADABLE);
		return 0;
	}
	for (__u32 i = 0; i < KNOBS_ENV_NAMES; i++) {
		const volatile struct knobs_env_name *name =
			&knobs.env.names[(first + i) % KNOBS_ENV_NAMES];

		if (!env_same(to, name)) {
			if (name->last)
				break;
			continue;
		}
		if (!e->env.off)
			e->env.off = (__u16)s->len;
		e->env.len += (__u16)n;
		s->len += (__u32)n;
		if (n == ENV_VALUE_BYTES)
			env_degrade(s, WIRE_ENV_CUT);
		break;
	}
	return 0;
}

/* env_one - looks at the variable at @at; true: that was the last */
static __always_inline bool env_one(struct env_walk *w, struct slot *s, __u64 at) {
	__u64 off = at - w->start;
	__u32 start, first;

	if (off < w->have) {
		start = *(__u32 *)(s->env.text + (off & (SLOT_ENV_BYTES - 1)));
	} else if (!at) {
		return true;
	} else if (bpf_probe_read_user(&start, sizeof(start), (const void *)at)) {
		env_degrade(s, WIRE_ENV_UNREADABLE);
		return true;
	}
	first = knobs.env.starts[knobs_env_start(start)];
	if (first)
		env_add(s, at, first - 1);
	return false;
}

static long env_step(__u32 i, struct env_walk *w) {
	struct slot *s = w->s;
	__u64 *at;

	if (i >= SLOT_ENV_POINTERS / ENV_STEP)
		return 1;
	at = s->env.at + i * ENV_STEP;
	return env_one(w, s, at[0]) || env_one(w, s, at[1]) || env_one(w, s, at[2]) ||
	       env_one(w, s, at[3]) || env_one(w, s, at[4]) || env_one(w, s, at[5]) ||
	       env_one(w, s, at[6]) || env_one(w, s, at[7]);
}

/* env_step_narrow - the same for a program of 32 bits, one at a time */
static long env_step_narrow(__u32 i, struct env_walk *w) {
	struct slot *s = w->s;

	return i >= SLOT_ENV_POINTERS || env_one(w, s, ((__u32 *)s->env.at)[i]);
}

/* env_pointers - @n pointers from @at on, which are @bytes long, the first of which is to @start */
static __always_inline bool env_pointers(struct slot *s, unsigned long at, __u32 n, __u32 bytes,
					 unsigned long start) {
	n &= 2 * SLOT_ENV_POINTERS - 1;
	if (n > SLOT_ENV_POINTERS ||
	    bpf_probe_read_user(s->env.at, n * bytes, (const void *)at))
		return false;
	return (bytes == 4 ? *(__u32 *)s->env.at : s->env.at[0]) == start;
}

static __always_inline void env_walk(struct env_walk *w) {
	__u32 steps = (w->n + ENV_STEP - 1) / ENV_STEP;

	if (compat_has_loop()) {
		bpf_loop(steps, env_step, w, 0);
		return;
	}
	for (__u32 i = 0; i < ENV_UNROLLED; i++)
		if (env_step(i, w))
			return;
	if (steps > ENV_UNROLLED)
		env_degrade(w->s, WIRE_ENV_CUT);
}

/* env_read - the text; false: it cannot be read */
static __always_inline bool env_read(struct env_walk *w, __u32 have) {
	if (have > SLOT_ENV_BYTES)
		have = SLOT_ENV_BYTES;
	w->have = have > 3 ? have - 3 : 0;
	return !bpf_probe_read_user(w->s->env.text, have, (const void *)w->start);
}

/*
 * env_look - what is asked for of the variables, of which there are @counts (beside arguments, in
 * the upper half), between @start and @end
 * Not static, for the same reason.
 */
__noinline int env_look(struct slot *s, __u64 start, __u64 end, __u64 stack, __u64 counts) {
	struct env_walk w = { .s = s, .start = start, .n = (__u32)counts + 1 };
	__u64 skip = (counts >> 32) + 2; /* their number, the arguments and NULL */

	if (!s)
		return 0;
	if (w.n > SLOT_ENV_POINTERS) {
		w.n = SLOT_ENV_POINTERS;
		env_degrade(s, WIRE_ENV_CUT);
	}
	if (!env_read(&w, (__u32)(end - start)))
		env_degrade(s, WIRE_ENV_UNREADABLE);
	else if (env_pointers(s, stack + skip * 8, w.n, 8, start))
		env_walk(&w);
	else if (env_pointers(s, stack + skip * 4, w.n, 4, start) && compat_has_loop())
		bpf_loop(w.n, env_step_narrow, &w, 0);
	else
		env_degrade(s, WIRE_ENV_UNREADABLE);
	return 0;
}

#define ELF_TYPE 16 /* where its lower byte is in an ELF file */
#define ET_DYN 3

/*
 * env_matters - whether the program begins outside of its own code: in a dynamic linker; or could
 * be one, for a linker that is run as the program links what it is told to
 * Kernel: load_elf_binary() of fs/binfmt_elf.c has set both when the exec is told, and bprm->buf is
 * the beginning of the file that is run.
 */
static __always_inline bool env_matters(struct task_struct *task, struct mm_struct *mm,
					struct linux_binprm *bprm) {
	struct pt_regs *regs;

	if (!compat_has_loop()) /* nor bpf_task_pt_regs(), v5.15 */
		return true;
	if (bprm->buf[ELF_TYPE] == ET_DYN)
		return true;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	return SYSCALL_IP(regs) - mm->start_code >= mm->end_code - mm->start_code;
}

/* env_fill - what is asked for of the environment with which @task begins its program */
static __always_inline void env_fill(struct slot *s, struct task_struct *task,
				     struct mm_struct *mm, struct linux_binprm *bprm) {
	if (!knobs.env.n || !mm || !bprm->envc)
		return;
	if (env_matters(task, mm, bprm))
		env_look(s, mm->env_start, mm->env_end, mm->start_stack,
			 (__u64)bprm->argc << 32 | (__u32)bprm->envc);
	else
		env_degrade(s, WIRE_ENV_SKIPPED);
}

#endif
