/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file_exit_calls.h - the end of a system call on files; a part of file.bpf.c
 */
#ifndef LAPWING_FILE_EXIT_CALLS_H
#define LAPWING_FILE_EXIT_CALLS_H

/* file_call_path_at - file_call_path() for numbers. Not static: see syscall.h. */
__noinline __u64 file_call_path_at(struct slot *s, struct wire_path *to, int dirfd, __u64 name) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_header *h;
	struct wire_str tail = {};
	struct file *file = NULL;
	struct path base;
	char first = 0;

	if (!s || !to)
		return 0;
	h = (struct wire_header *)s->rec;
	if (name && bpf_probe_read_user(&first, 1, (const char *)name)) {
		/* no name is better than its directory's */
		h->flags |= WIRE_PATH_RACY | WIRE_PATH_CUT;
		return 0;
	}
	if (first) {
		h->flags |= WIRE_PATH_RACY;
		emit_str(s, &tail, (const char *)name, WIRE_PATH_BYTES, EMIT_USER);
		if (!tail.off) {
			h->flags |= WIRE_PATH_CUT;
			return 0;
		}
		to->tail_off = tail.off;
		to->tail_len = tail.len;
	}
	if (first == '/') {
		BPF_CORE_READ_INTO(&base, task, fs, root);
	} else if (dirfd == AT_FDCWD) {
		BPF_CORE_READ_INTO(&base, task, fs, pwd);
	} else {
		file = syscall_file(dirfd);
		if (!file)
			return 0;
		BPF_CORE_READ_INTO(&base, file, f_path);
	}
	path_raw(s, to, base.mnt, base.dentry, s->len);
	return first ? 0 : (__u64)file;
}

/*
 * file_call_path - the path that @dirfd and @name mean together, to the current task
 * Gives the open file when they mean just that (no name, or an empty one): then nothing is
 * read from the process.
 */
static __always_inline struct file *file_call_path(struct slot *s, struct wire_path *to, int dirfd,
						   const char *name) {
	return (struct file *)file_call_path_at(s, to, dirfd, (__u64)name);
}

/*
 * file_call_watched - whether a file that was opened for reading is watched
 * @opened: its address. Not static: see syscall.h.
 */
__noinline int file_call_watched(__u64 opened) {
	struct file *file = (struct file *)opened;
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	__u64 ino = BPF_CORE_READ(dentry, d_parent, d_inode, i_ino);
	__u32 lengths = watch_lengths(ino), len;

	if (!lengths)
		return false;
	len = BPF_CORE_READ(dentry, d_name.len);
	return watch_long(lengths, len) && watch_is(ino, BPF_CORE_READ(dentry, d_name.name), len);
}

/*
 * file_call_opened - whether the file that @fd names was made, or opened in a way that is told
 * The file itself says, and is what is told (no name). If another thread has closed it by now, the
 * call's own flags and text have to do.
 */
static __always_inline bool file_call_opened(struct file_call *c, struct file *file, int fd) {
	__u32 mode;

	if (!file)
		return !(c->flags & O_PATH) && c->flags & (O_ACCMODE | O_CREAT | O_TRUNC);
	mode = BPF_CORE_READ(file, f_mode);
	if (mode & FMODE_PATH)
		return false;
	if (mode & FMODE_CREATED)
		c->kind = WIRE_FILE_CREATE;
	else if (!(mode & FMODE_WRITE) && c->flags & O_TRUNC)
		c->kind = WIRE_FILE_TRUNCATE;
	else if (!(mode & FMODE_WRITE))
		c->kind = file_call_watched((__u64)file) ? WIRE_FILE_READ : WIRE_INVALID;
	if (!c->kind || !file_wanted(BPF_CORE_READ(file, f_inode, i_mode)))
		return false;
	c->dirfd = fd;
	c->name = NULL;
	return true;
}

/* file_call_mounts - file_mounts() by reads that the verifier makes no search for */
static __always_inline __u32 file_call_mounts(struct task_struct *task) {
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

/* file_call_exchanged - of two files that changed places the other one's rename */
static __noinline int file_call_exchanged(struct file_call *c, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_file *e;
	struct slot *s = file_begin(WIRE_FILE_RENAME, 0, WIRE_HOOK_TP_SYS_EXIT, WIRE_ATTEMPTED,
				    task);

	if (!s)
		return 0;
	/* anew: the verifier of 6.1 goes on where emit_begin() would have met none */
	task = bpf_get_current_task_btf();
	e = (struct wire_file *)s->rec;
	e->head.outcome = (__u8)syscall_outcome(task, ret);
	e->flags = c->flags;
	e->value = c->value;
	e->head.flags |= WIRE_FILE_UNRESOLVED;
	e->ns_mnt = file_call_mounts(task);
	file_call_path(s, &e->path, c->old_dirfd, c->old_name);
	file_call_path(s, &e->old_path, c->dirfd, c->name);
	emit_end(s, &ring_bulk);
	return 0;
}

/* file_call_tell - the record of a call on files; @file: that it opened, or 0 */
__noinline int file_call_tell(struct file_call *c, long ret, __u64 opened) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct fold f = {};
	struct wire_file *e;
	struct file *file;
	struct slot *s;

	if (!c || ((c->kind == WIRE_FILE_OPEN || c->kind == WIRE_FILE_READ) && opened &&
		   file_folded_raw(&f, c->kind, opened)))
		return 0;
	s = file_begin(c->kind, file_notable_raw((struct file *)opened), WIRE_HOOK_TP_SYS_EXIT,
		       WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->head.outcome = (__u8)syscall_outcome(task, ret);
	if (ret < 0)
		e->head.error = (__u16)-ret;
	e->flags = c->flags;
	e->new_mode = c->new_mode;
	e->new_uid = c->new_uid;
	e->new_gid = c->new_gid;
	e->new_dev = c->new_dev;
	e->value = c->value;
	file = file_call_path(s, &e->path, c->dirfd, c->name);
	if (file) {
		inode_fill_raw(&e->inode, BPF_CORE_READ(file, f_inode));
		if (c->kind == WIRE_FILE_CREATE || c->kind == WIRE_FILE_OPEN ||
		    c->kind == WIRE_FILE_READ)
			e->flags = BPF_CORE_READ(file, f_flags);
		else
			e->head.flags |= WIRE_FILE_LATE;
	} else {
		e->head.flags |= WIRE_FILE_UNRESOLVED;
		e->ns_mnt = file_call_mounts(task);
	}
	/* with threads, a descriptor may have been given to another file since the call */
	if (BPF_CORE_READ(task, files, count.counter) > 1)
		e->head.flags |= WIRE_PATH_RACY;
	if (c->text)
		emit_str(s, &e->name, c->text, FILE_NAME_BYTES, EMIT_USER);
	if (c->kind == WIRE_FILE_SYMLINK || c->kind == WIRE_FILE_MOUNT)
		emit_str(s, &e->target, c->old_name, WIRE_PATH_BYTES, EMIT_USER);
	else if (c->old_name)
		file_call_path(s, &e->old_path, c->old_dirfd, c->old_name);
	fold_keep(&f, s->rec, s->len);
	emit_end(s, &ring_bulk);
	if (c->kind == WIRE_FILE_RENAME && c->value & RENAME_EXCHANGE && ret >= 0)
		return file_call_exchanged(c, ret);
	return 0;
}

/* file_call_ended - a call that gave @ret may be one to tell. Not static: see syscall.h. */
__noinline int file_call_ended(struct file_call *c, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = NULL;

	if (!c || !gate_task(task))
		return 0;
	if (c->kind == WIRE_FILE_OPEN) {
		file = syscall_file((int)ret);
		if (!file_call_opened(c, file, (int)ret))
			return 0;
	}
	return gate_call(c->kind) ? file_call_tell(c, ret, (__u64)file) : 0;
}

static __noinline int file_call_foreign(struct file_call *c, struct pt_regs *regs) {
	struct pt_regs own;

	if (syscall_own(&own, regs))
		file_call_read(c, &own);
	return 0;
}

/*
 * Why: tells the same deeds where the LSM hooks above are refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after the call.
 * Blind spots: io_uring is not seen, nor, on arm64, are 32-bit calls, nor calls that failed for
 * want of the file or for opening; a path is read when the call has ended, so another thread can
 * have changed it, or what a descriptor stands for (WIRE_PATH_RACY), and a path through a symbolic
 * link stays as it was given; inode, owner and mode are looked up after the deed (WIRE_FILE_LATE),
 * and of a file that is gone they stay unknown. The flags of openat2(2), the size of setxattrat(2)
 * and the name of bind(2) are from the process's memory; the last is read to its NUL, though its
 * length may say that it ends before. A call that went well in a process with a seccomp filter is
 * told as an attempt, as the filter may have said so in its place; a tracer (ptrace) may change the
 * result, too. Of names that rules ask for only opening and making have a limit of their own.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(file_sys_exit, struct pt_regs *regs, long ret) {
	struct file_call c = {};

	if (ret == -ENOENT || ret == -ENOTDIR)
		return 0;
	if (syscall_foreign(bpf_get_current_task_btf()))
		file_call_foreign(&c, regs);
	else
		file_call_read(&c, regs);
	if (!c.kind || (c.kind == WIRE_FILE_OPEN && ret < 0))
		return 0;
	return file_call_ended(&c, ret);
}

#endif
