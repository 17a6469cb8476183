/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "decode/reader.h"
#include "event/field.h"

/* EVENT_SET() for a number of which 0 means "the kernel has none" */
#define SET_UNLESS_0(e, id, member, value)                                                         \
	do {                                                                                       \
		if (value)                                                                         \
			EVENT_SET(e, id, member, value);                                           \
	} while (0)

static void set_ids(const struct wire_task *t, struct event *e) {
	EVENT_SET(e, PROCESS_EGID, process.egid, t->egid);
	EVENT_SET(e, PROCESS_SUID, process.suid, t->suid);
	EVENT_SET(e, PROCESS_SGID, process.sgid, t->sgid);
	EVENT_SET(e, PROCESS_FSUID, process.fsuid, t->fsuid);
	EVENT_SET(e, PROCESS_FSGID, process.fsgid, t->fsgid);
	EVENT_SET(e, PROCESS_LOGIN_UID, process.login_uid, t->login_uid);
	EVENT_SET(e, PROCESS_LOGIN_SESSION, process.login_session, t->login_session);
	EVENT_SET(e, PROCESS_SESSION, process.session, t->session);
	EVENT_SET(e, PROCESS_GROUP, process.group, t->group);
	EVENT_SET(e, PROCESS_CAP_EFFECTIVE, process.cap_effective, t->cap_effective);
	EVENT_SET(e, PROCESS_CAP_PERMITTED, process.cap_permitted, t->cap_permitted);
	EVENT_SET(e, PROCESS_CAP_INHERITABLE, process.cap_inheritable, t->cap_inheritable);
	EVENT_SET(e, PROCESS_CAP_BOUNDING, process.cap_bounding, t->cap_bounding);
	EVENT_SET(e, PROCESS_CAP_AMBIENT, process.cap_ambient, t->cap_ambient);
}

_Static_assert(sizeof(struct wire_spaces) == offsetof(struct event_process, ns_tgid) + 4 -
						     offsetof(struct event_process, ns_mnt) &&
		       offsetof(struct wire_spaces, ns_tgid) + 4 == sizeof(struct wire_spaces) &&
		       FIELD_PROCESS_NS_TGID / 64 == FIELD_PROCESS_NS_MNT / 64,
	       "side by side, in the same order");

typedef uint32_t four __attribute__((vector_size(16)));

/* has_all_spaces - whether all are told; four at once, for each birth has them */
static inline bool has_all_spaces(const struct wire_spaces *s) {
	four a, b, none;
	uint64_t any[2];

	memcpy(&a, s, sizeof(a));
	memcpy(&b, (const char *)s + sizeof(a), sizeof(b));
	none = (four)((a == 0) | (b == 0));
	memcpy(any, &none, sizeof(none));
	return !(any[0] | any[1]);
}
_Static_assert(sizeof(struct wire_spaces) == 2 * sizeof(four), "eight numbers");

static void set_spaces(const struct wire_spaces *s, struct event *e) {
	if (has_all_spaces(s)) {
		memcpy(&e->process.ns_mnt, s, sizeof(*s));
		e->has[0] |= FIELD_BITS(namespaces, 0) | FIELD_BIT(PROCESS_NS_TGID);
		return;
	}
	SET_UNLESS_0(e, PROCESS_NS_MNT, process.ns_mnt, s->ns_mnt);
	SET_UNLESS_0(e, PROCESS_NS_PID, process.ns_pid, s->ns_pid);
	SET_UNLESS_0(e, PROCESS_NS_NET, process.ns_net, s->ns_net);
	SET_UNLESS_0(e, PROCESS_NS_USER, process.ns_user, s->ns_user);
	SET_UNLESS_0(e, PROCESS_NS_UTS, process.ns_uts, s->ns_uts);
	SET_UNLESS_0(e, PROCESS_NS_IPC, process.ns_ipc, s->ns_ipc);
	SET_UNLESS_0(e, PROCESS_NS_CGROUP, process.ns_cgroup, s->ns_cgroup);
	SET_UNLESS_0(e, PROCESS_NS_TGID, process.ns_tgid, s->ns_tgid);
}

static void set_task(const struct wire_task *t, struct str name, struct event *e) {
	set_ids(t, e);
	set_spaces(&t->spaces, e);
	SET_UNLESS_0(e, PROCESS_CGROUP_ID, process.cgroup_id, t->cgroup_id);
	EVENT_SET(e, PROCESS_NAME, process.name, name);
	e->parent_tgid = t->parent_tgid;
	e->parent_start_ns = t->parent_start_ns;
}

#define COMM_BYTES 16
#define EACH_BYTE 0x0101010101010101ull
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

/* task_name - up to its NUL; both words at once, for each birth has one */
static inline struct str task_name(struct reader *r, const char comm[COMM_BYTES]) {
	uint64_t a, b;

	memcpy(&a, comm, 8);
	memcpy(&b, comm + 8, 8);
	if ((a | b) & EACH_BYTE << 7)
		return reader_clean(r, (struct str){ comm, (uint32_t)strnlen(comm, COMM_BYTES) });
	/* of bytes below 0x80 the first that is 0 is the first with a high bit when 1 is taken */
	a = (a - EACH_BYTE) & EACH_BYTE << 7;
	b = (b - EACH_BYTE) & EACH_BYTE << 7;
	return (struct str){ comm, a   ? (uint32_t)__builtin_ctzll(a) / 8 :
				   b   ? (uint32_t)__builtin_ctzll(b) / 8 + 8 :
					 COMM_BYTES };
}

int decode_fork(struct reader *r, struct event *ret) {
	const struct wire_process_fork *w = (const void *)r->head;
	struct str name = task_name(r, w->comm);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET(ret, PROCESS_NAME, process.name, name);
	EVENT_SET(ret, FORK_CLONE_FLAGS, fork.clone_flags, w->clone_flags);
	SET_UNLESS_0(ret, PROCESS_CGROUP_ID, process.cgroup_id, w->cgroup_id);
	set_spaces(&w->spaces, ret);
	ret->parent_tgid = w->parent_tgid;
	ret->parent_start_ns = w->parent_start_ns;
	return 0;
}

static void set_exe_inode(const struct wire_inode *inode, struct event *e) {
	EVENT_SET(e, EXEC_INODE, exec.inode, inode->ino);
	EVENT_SET(e, EXEC_DEV_MAJOR, exec.dev_major, inode->dev >> 20);
	EVENT_SET(e, EXEC_DEV_MINOR, exec.dev_minor, inode->dev & 0xfffff);
	EVENT_SET(e, EXEC_MODE, exec.mode, inode->mode);
	EVENT_SET(e, EXEC_UID, exec.uid, inode->uid);
	EVENT_SET(e, EXEC_GID, exec.gid, inode->gid);
	EVENT_SET(e, EXEC_LINKS, exec.links, inode->links);
}

/*
 * The kernel starts a script by making its interpreter the file to run, so the
 * two names of struct linux_binprm differ just then (fs/exec.c, binfmt_script.c).
 */
static void set_names(struct str filename, struct str interp, struct event *e) {
	EVENT_SET_STR(e, EXEC_INVOKED, exec.invoked, filename);
	if (filename.s && interp.s && !str_eq(filename, interp)) {
		EVENT_SET(e, EXEC_SCRIPT, exec.script, filename);
		EVENT_SET(e, EXEC_INTERPRETER, exec.interpreter, interp);
	}
}

/* terminal - the kernel calls pts/3 pts3 (drivers/tty/pty.c); people and /proc do not */
static struct str terminal(struct reader *r, struct wire_str where) {
	struct str name = reader_text(r, where);
	uint32_t digits = 0;
	char *text;

	while (name.n > 3 + digits && name.s[3 + digits] >= '0' && name.s[3 + digits] <= '9')
		digits++;
	if (!digits || 3 + digits < name.n || memcmp(name.s, "pts", 3) != 0)
		return name;
	text = arena_alloc(r->arena, name.n + 2);
	if (!text)
		return reader_fail(r, -ENOMEM);
	memcpy(text, "pts/", 4);
	memcpy(text + 4, name.s + 3, name.n - 3);
	text[name.n + 1] = '\0';
	return (struct str){ text, name.n + 1 };
}

#define TYPE 0170000 /* S_IFMT */

/* is_terminal - by its major: Documentation/admin-guide/devices.txt */
static bool is_terminal(uint32_t rdev) {
	uint32_t major = rdev >> 20;

	return major == 4 || major == 5 || (major >= 136 && major <= 143) ||
	       (major >= 204 && major <= 205) || major == 229;
}

static struct str stream(const struct wire_stream *s) {
	if (!(s->mode & WIRE_STREAM_OPEN))
		return STR("closed");
	switch (s->mode & TYPE) {
	case 0100000:
		return STR("file");
	case 0040000:
		return STR("directory");
	case 0010000:
		return STR("pipe");
	case 0140000:
		return STR("socket");
	case 0020000:
		return s->rdev == (1u << 20 | 3) ? STR("null") :
		       is_terminal(s->rdev)	 ? STR("terminal") :
						   STR("device");
	case 0060000:
		return STR("device");
	default:
		return STR("other");
	}
}

static void set_streams(const struct wire_process_exec *w, struct event *e) {
	EVENT_SET(e, EXEC_IN, exec.in, stream(&w->streams[0]));
	EVENT_SET(e, EXEC_OUT, exec.out, stream(&w->streams[1]));
	EVENT_SET(e, EXEC_ERR, exec.err, stream(&w->streams[2]));
}

static void set_place(const struct wire_process_exec *w, struct event *e) {
	EVENT_SET(e, EXEC_UNLINKED, exec.unlinked, w->exe.flags & WIRE_PATH_DELETED);
	EVENT_SET(e, EXEC_MEMORY, exec.memory, w->place & WIRE_EXE_MEMORY);
	EVENT_SET(e, EXEC_TMPFS, exec.tmpfs, w->place & WIRE_EXE_TMPFS);
}

/* decode_exec - an exec, and the census, which tells the same of a process found running */
int decode_exec(struct reader *r, struct event *ret) {
	const struct wire_process_exec *w = (const void *)r->head;
	struct str name = task_name(r, w->task.comm);
	struct str exe = reader_path(r, &w->exe), cwd = reader_path(r, &w->cwd);
	struct str cgroup = reader_path(r, &w->cgroup), tty = terminal(r, w->tty);
	struct str filename = reader_text(r, w->filename), interp = reader_text(r, w->interp);
	struct strv env = reader_list(r, w->env);
	struct args args = reader_args(r, w);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	set_task(&w->task, name, ret);
	EVENT_SET_STR(ret, PROCESS_EXECUTABLE, process.executable, exe);
	EVENT_SET_STR(ret, PROCESS_COMMAND_LINE, process.command_line, args.line);
	EVENT_SET_STR(ret, PROCESS_CWD, process.cwd, cwd);
	EVENT_SET_STR(ret, PROCESS_TTY, process.tty, tty);
	EVENT_SET_STR(ret, PROCESS_CGROUP, process.cgroup, cgroup);
	if (args.list.v)
		EVENT_SET(ret, EXEC_ARGS, exec.args, args.list);
	if (args.tail)
		EVENT_SET(ret, EXEC_ARGS_TAIL, exec.args_tail, args.tail);
	EVENT_SET_STR(ret, EXEC_ARGS_SHA256, exec.args_sha256, args.sha256);
	EVENT_SET(ret, EXEC_ARGS_BYTES, exec.args_bytes, w->args_bytes);
	set_names(filename, interp, ret);
	if (!(w->head.flags & WIRE_FILE_UNRESOLVED))
		set_exe_inode(&w->exe_inode, ret);
	if (w->head.kind == WIRE_PROCESS_EXEC)
		set_streams(w, ret);
	if (w->exe_inode.ino)
		set_place(w, ret);
	decode_version(w, ret);
	decode_layer(&w->exe_inode, ret);
	if (env.n)
		EVENT_SET(ret, EXEC_ENVIRONMENT, exec.environment, env);
	return 0;
}

int decode_exit(struct reader *r, struct event *ret) {
	const struct wire_process_exit *w = (const void *)r->head;
	uint32_t signal = w->code & 0x7f;
	int error = reader_commit(r, ret);

	if (error)
		return error;
	if (signal) {
		EVENT_SET(ret, EXIT_SIGNAL, exit.signal, signal);
		EVENT_SET(ret, EXIT_CORE_DUMPED, exit.core_dumped, w->code >> 7 & 1);
	} else {
		EVENT_SET(ret, EXIT_CODE, exit.code, w->code >> 8 & 0xff);
	}
	return 0;
}

/* origin - from siginfo::si_code: include/uapi/asm-generic/siginfo.h */
static uint32_t origin(uint32_t code) {
	switch ((int32_t)code) {
	case 0: /* SI_USER */
		return SIGNAL_KILL;
	case -6: /* SI_TKILL */
		return SIGNAL_TGKILL;
	default:
		return (int32_t)code < 0 ? SIGNAL_QUEUE : SIGNAL_FAULT;
	}
}

int decode_signal(struct reader *r, struct event *ret) {
	const struct wire_process_signal *w = (const void *)r->head;
	uint32_t from = origin(w->code);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET(ret, SIGNAL_NUMBER, signal.number, w->number);
	EVENT_SET(ret, SIGNAL_ORIGIN, signal.origin, from);
	if (from == SIGNAL_FAULT) {
		EVENT_SET(ret, SIGNAL_CODE, signal.code, w->code);
		EVENT_SET(ret, SIGNAL_ADDRESS, signal.address, w->address);
	}
	if (w->target_tgid) {
		EVENT_SET(ret, TARGET_PID, target.pid, w->target_tgid);
		EVENT_SET(ret, TARGET_START_NS, target.start_ns, w->target_start_ns);
	}
	return 0;
}

static void set_new_ids(const struct wire_ids *ids, struct event *e) {
	EVENT_SET(e, CREDENTIALS_UID, credentials.uid, ids->uid);
	EVENT_SET(e, CREDENTIALS_GID, credentials.gid, ids->gid);
	EVENT_SET(e, CREDENTIALS_EUID, credentials.euid, ids->euid);
	EVENT_SET(e, CREDENTIALS_EGID, credentials.egid, ids->egid);
	EVENT_SET(e, CREDENTIALS_SUID, credentials.suid, ids->suid);
	EVENT_SET(e, CREDENTIALS_SGID, credentials.sgid, ids->sgid);
	EVENT_SET(e, CREDENTIALS_FSUID, credentials.fsuid, ids->fsuid);
	EVENT_SET(e, CREDENTIALS_FSGID, credentials.fsgid, ids->fsgid);
	EVENT_SET(e, CREDENTIALS_CAP_EFFECTIVE, credentials.cap_effective, ids->cap_effective);
	EVENT_SET(e, CREDENTIALS_CAP_PERMITTED, credentials.cap_permitted, ids->cap_permitted);
	EVENT_SET(e, CREDENTIALS_CAP_INHERITABLE, credentials.cap_inheritable,
		  ids->cap_inheritable);
	EVENT_SET(e, CREDENTIALS_CAP_AMBIENT, credentials.cap_ambient, ids->cap_ambient);
}

static void set_old_ids(const struct wire_ids *ids, struct event *e) {
	EVENT_SET(e, CREDENTIALS_OLD_UID, credentials.old_uid, ids->uid);
	EVENT_SET(e, CREDENTIALS_OLD_GID, credentials.old_gid, ids->gid);
	EVENT_SET(e, CREDENTIALS_OLD_EUID, credentials.old_euid, ids->euid);
	EVENT_SET(e, CREDENTIALS_OLD_EGID, credentials.old_egid, ids->egid);
	EVENT_SET(e, CREDENTIALS_OLD_SUID, credentials.old_suid, ids->suid);
	EVENT_SET(e, CREDENTIALS_OLD_SGID, credentials.old_sgid, ids->sgid);
	EVENT_SET(e, CREDENTIALS_OLD_FSUID, credentials.old_fsuid, ids->fsuid);
	EVENT_SET(e, CREDENTIALS_OLD_FSGID, credentials.old_fsgid, ids->fsgid);
	EVENT_SET(e, CREDENTIALS_OLD_CAP_EFFECTIVE, credentials.old_cap_effective,
		  ids->cap_effective);
	EVENT_SET(e, CREDENTIALS_OLD_CAP_PERMITTED, credentials.old_cap_permitted,
		  ids->cap_permitted);
	EVENT_SET(e, CREDENTIALS_OLD_CAP_INHERITABLE, credentials.old_cap_inheritable,
		  ids->cap_inheritable);
	EVENT_SET(e, CREDENTIALS_OLD_CAP_AMBIENT, credentials.old_cap_ambient, ids->cap_ambient);
}

int decode_credentials(struct reader *r, struct event *ret) {
	const struct wire_process_credentials *w = (const void *)r->head;
	int error = reader_commit(r, ret);

	if (error)
		return error;
	set_new_ids(&w->new, ret);
	if (!(w->head.flags & WIRE_OLD_UNKNOWN))
		set_old_ids(&w->old, ret);
	return 0;
}

int decode_session(struct reader *r, struct event *ret) {
	const struct wire_process_session *w = (const void *)r->head;
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET(ret, PROCESS_SESSION, process.session, w->session);
	EVENT_SET(ret, PROCESS_GROUP, process.group, w->group);
	return 0;
}
