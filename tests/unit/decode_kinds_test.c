/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_one.h"
#include "test.h"

static void exec_tells_program_arguments_and_places(void) {
	sample_exec(&sample, WIRE_PROCESS_EXEC);
	CHECK(decode() == 0);
	CHECK(is_text(e.process.name, "cat") && is_text(e.process.executable, "/usr/bin/cat"));
	CHECK(is_text(e.process.command_line, "cat -n /etc/hosts") && e.exec.args.n == 3);
	CHECK(is_text(e.process.cwd, "/home/mia") && is_text(e.process.tty, "pts/3"));
	CHECK(is_text(e.process.cgroup, "/user.slice/a.scope"));
	CHECK(is_text(e.exec.invoked, "/usr/bin/cat") && e.exec.args_bytes == 18);
	CHECK(e.exec.inode == 12 && e.exec.dev_major == 8 && e.exec.dev_minor == 17);
	CHECK(e.exec.mode == 0100755 && e.exec.links == 1 && HAS(EXEC_UID) && HAS(EXEC_GID));
	CHECK(e.parent_tgid == 50 && e.parent_start_ns == 3000000000);
	CHECK(!HAS(EXEC_SCRIPT) && !HAS(EXEC_INTERPRETER) && !HAS(PARENT_PID));
}

static void script_is_told_by_its_interpreter(void) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	w->filename = sample_add_lit(&sample, "./run.sh");
	w->interp = sample_add_lit(&sample, "/bin/sh");
	CHECK(decode() == 0);
	CHECK(is_text(e.exec.invoked, "./run.sh") && is_text(e.exec.script, "./run.sh"));
	CHECK(is_text(e.exec.interpreter, "/bin/sh"));
	w->interp = (struct wire_str){ 0 };
	CHECK(decode() == 0);
	CHECK(HAS(EXEC_INVOKED) && !HAS(EXEC_SCRIPT) && !HAS(EXEC_INTERPRETER));
}

static void unresolved_executable_has_no_inode(void) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	w->head.flags = WIRE_FILE_UNRESOLVED;
	CHECK(decode() == 0);
	CHECK(!HAS(EXEC_INODE) && !HAS(EXEC_DEV_MAJOR) && !HAS(EXEC_MODE) && !HAS(EXEC_LINKS));
}

static void task_is_told_member_by_member(void) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	w->task = (struct wire_task){
		.parent_start_ns = 1,
		.cap_effective = 2,
		.cap_permitted = 3,
		.cap_inheritable = 4,
		.cap_bounding = 5,
		.cap_ambient = 6,
		.cgroup_id = 7,
		.parent_tgid = 8,
		.egid = 9,
		.suid = 10,
		.sgid = 11,
		.fsuid = 12,
		.fsgid = 13,
		.login_uid = ~0u,
		.login_session = 15,
		.session = 16,
		.group = 17,
		.spaces = { .ns_mnt = 18,
			    .ns_pid = 19,
			    .ns_net = 20,
			    .ns_user = 21,
			    .ns_uts = 22,
			    .ns_ipc = 23,
			    .ns_cgroup = 24,
			    .ns_tgid = 25 },
		.comm = "sh",
	};
	CHECK(decode() == 0);
	CHECK(e.parent_start_ns == 1 && e.process.cap_effective == 2);
	CHECK(e.process.cap_permitted == 3 && e.process.cap_inheritable == 4);
	CHECK(e.process.cap_bounding == 5 && e.process.cap_ambient == 6);
	CHECK(e.process.cgroup_id == 7 && e.parent_tgid == 8 && e.process.egid == 9);
	CHECK(e.process.suid == 10 && e.process.sgid == 11 && e.process.fsuid == 12);
	CHECK(e.process.fsgid == 13 && e.process.login_uid == ~0u);
	CHECK(e.process.login_session == 15 && e.process.session == 16 && e.process.group == 17);
	CHECK(e.process.ns_mnt == 18 && e.process.ns_pid == 19 && e.process.ns_net == 20);
	CHECK(e.process.ns_user == 21 && e.process.ns_uts == 22 && e.process.ns_ipc == 23);
	CHECK(e.process.ns_cgroup == 24 && e.process.ns_tgid == 25);
	for (int id = FIELD_PROCESS_EGID; id <= FIELD_PROCESS_CGROUP_ID; id++)
		CHECK(id == FIELD_PROCESS_TTY || event_has(&e, (enum field_id)id));
	w->task.spaces.ns_mnt = 0;
	w->task.cgroup_id = 0;
	CHECK(decode() == 0 && !HAS(PROCESS_NS_MNT) && !HAS(PROCESS_CGROUP_ID));
}

static void fork_tells_the_child_and_how_it_was_made(void) {
	struct wire_process_fork *w = sample_begin(&sample, WIRE_PROCESS_FORK, sizeof(*w));

	memcpy(w->comm, "sh", 3);
	w->parent_tgid = 1;
	w->parent_start_ns = 2;
	w->clone_flags = 0x4000000000004100;
	w->cgroup_id = 3;
	CHECK(decode() == 0 && is_text(e.process.name, "sh"));
	CHECK(e.parent_tgid == 1 && e.parent_start_ns == 2 && e.process.cgroup_id == 3);
	CHECK(HAS(FORK_CLONE_FLAGS) && e.fork.clone_flags == 0x4000000000004100);
	CHECK(!HAS(PROCESS_NS_UTS) && !HAS(PROCESS_NS_TGID) && !HAS(PROCESS_EGID));
	w->spaces.ns_uts = 4;
	w->spaces.ns_tgid = 5;
	CHECK(decode() == 0 && HAS(PROCESS_NS_UTS) && e.process.ns_uts == 4);
	CHECK(HAS(PROCESS_NS_TGID) && e.process.ns_tgid == 5 && !HAS(PROCESS_NS_MNT));
}

static void wait_status_is_a_code_or_a_signal(void) {
	struct wire_process_exit *w = sample_begin(&sample, WIRE_PROCESS_EXIT, sizeof(*w));

	w->code = 3 << 8;
	CHECK(decode() == 0 && HAS(EXIT_CODE) && e.exit.code == 3);
	CHECK(!HAS(EXIT_SIGNAL) && !HAS(EXIT_CORE_DUMPED) && !HAS(EXIT_RUN_NS));
	w->code = 0;
	CHECK(decode() == 0 && HAS(EXIT_CODE) && e.exit.code == 0);
	w->code = 9;
	CHECK(decode() == 0 && HAS(EXIT_SIGNAL) && e.exit.signal == 9 && !HAS(EXIT_CODE));
	CHECK(HAS(EXIT_CORE_DUMPED) && !e.exit.core_dumped);
	w->code = 0x80 | 11;
	CHECK(decode() == 0 && e.exit.signal == 11 && e.exit.core_dumped);
}

static void signal_has_an_origin_and_a_target(void) {
	static const struct {
		int code;
		uint32_t origin;
	} rows[] = { { 0, SIGNAL_KILL },   { -6, SIGNAL_TGKILL }, { -1, SIGNAL_QUEUE },
		     { -2, SIGNAL_QUEUE }, { 1, SIGNAL_FAULT },	  { 0x80, SIGNAL_FAULT } };
	struct wire_process_signal *w = sample_begin(&sample, WIRE_PROCESS_SIGNAL, sizeof(*w));

	w->number = 15;
	w->address = 4096;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool fault = rows[i].origin == SIGNAL_FAULT;

		w->code = (uint32_t)rows[i].code;
		CHECK(decode() == 0 && HAS(SIGNAL_NUMBER) && e.signal.number == 15);
		CHECK(HAS(SIGNAL_ORIGIN) && e.signal.origin == rows[i].origin);
		CHECK(HAS(SIGNAL_CODE) == fault && HAS(SIGNAL_ADDRESS) == fault);
		CHECK(!HAS(TARGET_PID) && !HAS(TARGET_START_NS));
	}
	CHECK(e.signal.code == 0x80 && e.signal.address == 4096);
	w->target_tgid = 77;
	w->target_start_ns = 5;
	CHECK(decode() == 0 && e.target.pid == 77 && e.target.start_ns == 5);
	CHECK(HAS(TARGET_PID) && HAS(TARGET_START_NS) && !HAS(TARGET_NAME));
}

static void credentials_are_told_new_and_old(void) {
	struct wire_process_credentials *w =
		sample_begin(&sample, WIRE_PROCESS_CREDENTIALS, sizeof(*w));

	w->new = (struct wire_ids){ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	w->old = (struct wire_ids){ 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };
	CHECK(decode() == 0);
	for (int id = FIELDS_credentials; id < FIELDS_credentials_END; id++)
		CHECK(event_has(&e, (enum field_id)id));
	CHECK(e.credentials.cap_effective == 1 && e.credentials.cap_permitted == 2);
	CHECK(e.credentials.cap_inheritable == 3 && e.credentials.cap_ambient == 4);
	CHECK(e.credentials.uid == 5 && e.credentials.gid == 6 && e.credentials.euid == 7);
	CHECK(e.credentials.egid == 8 && e.credentials.suid == 9 && e.credentials.sgid == 10);
	CHECK(e.credentials.fsuid == 11 && e.credentials.fsgid == 12);
	CHECK(e.credentials.old_cap_effective == 21 && e.credentials.old_cap_permitted == 22);
	CHECK(e.credentials.old_cap_inheritable == 23 && e.credentials.old_cap_ambient == 24);
	CHECK(e.credentials.old_uid == 25 && e.credentials.old_gid == 26);
	CHECK(e.credentials.old_euid == 27 && e.credentials.old_egid == 28);
	CHECK(e.credentials.old_suid == 29 && e.credentials.old_sgid == 30);
	CHECK(e.credentials.old_fsuid == 31 && e.credentials.old_fsgid == 32);
	w->head.flags = WIRE_OLD_UNKNOWN;
	CHECK(decode() == 0 && e.degraded == 1ull << DEGRADED_OLD_UNKNOWN);
	CHECK(HAS(CREDENTIALS_CAP_AMBIENT) && HAS(CREDENTIALS_UID));
	for (int id = FIELD_CREDENTIALS_OLD_UID; id < FIELDS_credentials_END; id++)
		CHECK(!event_has(&e, (enum field_id)id));
}

static void session_is_told_with_its_group(void) {
	struct wire_process_session *w = sample_begin(&sample, WIRE_PROCESS_SESSION, sizeof(*w));

	w->session = 8;
	w->group = 9;
	CHECK(decode() == 0 && HAS(PROCESS_SESSION) && HAS(PROCESS_GROUP));
	CHECK(e.process.session == 8 && e.process.group == 9);
}

static void file_is_told_with_its_inode(void) {
	sample_file(&sample, WIRE_FILE_CREATE);
	CHECK(decode() == 0);
	CHECK(is_text(e.file.path, "/etc/passwd") && e.file.flags == 01101 && HAS(FILE_FLAGS));
	CHECK(e.file.inode == 99 && e.file.dev_major == 259 && e.file.dev_minor == 2);
	CHECK(e.file.mode == 0100644 && e.file.uid == 10 && e.file.gid == 20);
	CHECK(!HAS(FILE_OLD_PATH) && !HAS(FILE_TARGET));
	CHECK(!HAS(FILE_NEW_MODE) && !HAS(FILE_NEW_UID));
	((struct wire_header *)sample.bytes)->flags = WIRE_FILE_UNRESOLVED;
	CHECK(decode() == 0 && HAS(FILE_PATH));
	CHECK(!HAS(FILE_INODE) && !HAS(FILE_DEV_MAJOR) && !HAS(FILE_DEV_MINOR) && !HAS(FILE_MODE));
	CHECK(!HAS(FILE_UID) && !HAS(FILE_GID));
}

static void each_deed_on_a_file_tells_its_own(void) {
	sample_file(&sample, WIRE_FILE_RENAME);
	CHECK(decode() == 0 && is_text(e.file.old_path, "/etc/passwd.new") && !HAS(FILE_FLAGS));
	CHECK(!HAS(FILE_RENAME_FLAGS));
	((struct wire_file *)sample.bytes)->value = 2;
	CHECK(decode() == 0 && HAS(FILE_RENAME_FLAGS) && e.file.rename_flags == 2);
	sample_file(&sample, WIRE_FILE_LINK);
	CHECK(decode() == 0 && is_text(e.file.old_path, "/etc/passwd.new"));
	sample_file(&sample, WIRE_FILE_SYMLINK);
	CHECK(decode() == 0 && is_text(e.file.target, "../passwd"));
	sample_file(&sample, WIRE_FILE_CHMOD);
	CHECK(decode() == 0 && HAS(FILE_NEW_MODE) && e.file.new_mode == 04755);
	CHECK(!HAS(FILE_NEW_UID) && !HAS(FILE_FLAGS));
	sample_file(&sample, WIRE_FILE_CHOWN);
	CHECK(decode() == 0 && HAS(FILE_NEW_UID) && e.file.new_uid == 5 && !HAS(FILE_NEW_GID));
	((struct wire_file *)sample.bytes)->new_uid = ~0u;
	((struct wire_file *)sample.bytes)->new_gid = 0;
	CHECK(decode() == 0 && !HAS(FILE_NEW_UID) && HAS(FILE_NEW_GID) && e.file.new_gid == 0);
}

static void terminals_have_the_names_that_people_use(void) {
	static const struct {
		const char *given, *want;
	} good[] = {
		{ "pts3", "pts/3" },	 { "pts0", "pts/0" }, { "pts1234", "pts/1234" },
		{ "pts/3", "pts/3" },	 { "tty1", "tty1" },  { "ttyS0", "ttyS0" },
		{ "console", "console" }, { "pts", "pts" },   { "ptsx", "ptsx" },
		{ "pts3x", "pts3x" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

		w->tty = sample_add(&sample, good[i].given, strlen(good[i].given));
		CHECK(decode() == 0 && is_text(e.process.tty, good[i].want));
	}
}

static void host_records_tell_the_host(void) {
	sample_make(&sample, WIRE_HOST_START);
	CHECK(decode() == 0 && e.wall_offset_ns == 1700000000000000000);
	CHECK(is_text(e.host_id, "0123456789abcdef") && is_text(e.boot_id, "b0b0"));
	CHECK(is_text(e.host_name, "nest") && is_text(e.host.version, "0.1.0"));
	CHECK(is_text(e.host.kernel, "6.1.0-18-amd64") && is_text(e.host.arch, "x86_64"));
	CHECK(HAS(HOST_COVERAGE) && e.host.coverage.n == 2);
	CHECK(is_text(e.host.coverage.v[1], "open=lsm"));
	sample_make(&sample, WIRE_HOST_USER);
	CHECK(decode() == 0 && e.named_uid == 1000 && is_text(e.user_name, "mia"));
	((struct wire_host_clock *)sample_begin(&sample, WIRE_HOST_CLOCK,
	                                        sizeof(struct wire_host_clock)))
		->wall_offset_ns = 4;
	CHECK(decode() == 0 && e.wall_offset_ns == 4);
	*(uint64_t *)((char *)sample_begin(&sample, WIRE_HOST_STOP, sizeof(struct wire_host_stop)) +
	              offsetof(struct wire_host_stop, lost)) = 6;
	CHECK(decode() == 0 && HAS(HOST_PRODUCED) && e.host.produced == 0 && e.host.lost == 6);
}

static void a_container_is_told_as_far_as_it_was_answered(void) {
	struct wire_host_container *w;

	sample_make(&sample, WIRE_HOST_CONTAINER);
	CHECK(decode() == 0 && e.kind == WIRE_HOST_CONTAINER);
	CHECK(is_text(e.container.id, "aaaabbbbccccdddd") && is_text(e.container.name, "web"));
	CHECK(HAS(CONTAINER_IMAGE_ID) && is_text(e.container.pod_namespace, "shop"));
	CHECK(HAS(CONTAINER_LABELS) && e.container.labels.n == 2 &&
	      is_text(e.container.labels.v[1], "tier=front"));
	w = sample_begin(&sample, WIRE_HOST_CONTAINER, sizeof(*w));
	w->id = sample_add_lit(&sample, "aaaabbbbccccdddd");
	CHECK(decode() == 0 && HAS(CONTAINER_ID) && !HAS(CONTAINER_NAME) && !HAS(CONTAINER_LABELS));
}

static void fact_of_the_host_that_was_not_found_is_absent(void) {
	struct wire_host_start *w;

	sample_make(&sample, WIRE_HOST_START);
	w = (void *)sample.bytes;
	w->host_id.len = 0;
	w->host_name.off = 0;
	CHECK(decode() == 0 && !HAS(HOST_ID) && !HAS(HOST_NAME) && HAS(BOOT_ID));
}

/* log_is - whether a line tells this program and user; "" is none */
static bool log_is(const char *line, const char *program, const char *user) {
	struct wire_host_log *w = sample_begin(&sample, WIRE_HOST_LOG, sizeof(*w));

	w->service = sample_add_lit(&sample, "auth");
	w->line = sample_add(&sample, line, strlen(line));
	return decode() == 0 && is_text(e.log.services.v[0], "auth") &&
	       e.log.services.n == (*program ? 2 : 1) && HAS(LOG_PROGRAM) == (*program != 0) &&
	       (!*program || is_text(e.log.program, program)) && HAS(LOG_USER) == (*user != 0) &&
	       (!*user || is_text(e.log.user, user)) && is_text(e.log.text, line);
}

static void line_of_a_log_names_its_program(void) {
	CHECK(log_is("Nov 25 23:00:01 box sshd[712]: Accepted", "sshd", ""));
	CHECK(log_is("Nov  5 23:00:01 box CRON[7]: x", "CRON", ""));
	CHECK(log_is("2026-11-25T23:00:01.123456+00:00 box kernel: x", "kernel", ""));
	CHECK(log_is("Nov 25 23:00:01 box sudo: a : TTY=x ; USER=#-1 ; COMMAND=y", "sudo", "#-1"));
	CHECK(log_is("Nov 25 23:00:01 box su: USER=x", "su", ""));
	CHECK(log_is("Nov 25 23:00:01 box sudo: USER=", "sudo", ""));
	CHECK(log_is("Nov 25 23:00:01 box", "", ""));
	CHECK(log_is("Nov 25", "", ""));
	CHECK(log_is("usb 1-1: new device", "", ""));
	CHECK(log_is("2026-11-25 23:00 x y: z", "", ""));
	CHECK(log_is(" ", "", ""));
}

static void loss_is_named(void) {
	struct wire_host_loss *w;

	sample_make(&sample, WIRE_HOST_LOSS);
	w = (void *)sample.bytes;
	CHECK(decode() == 0 && e.host.lost_kind == WIRE_FILE_OPEN && e.host.lost_count == 9);
	CHECK(is_text(e.host.lost_cause, "no_slot") && e.host.lost_cpu == 3);
	CHECK(e.host.lost_first_ns == 1000 && e.host.lost_last_ns == 2000);
	w->cpu = WIRE_LOSS_NO_CPU;
	CHECK(decode() == 0 && !HAS(HOST_LOST_CPU) && HAS(HOST_LOST_LAST_NS));
	w->last_ns = 999;
	CHECK(decode() == -EBADMSG);
	w->last_ns = 1000;
	w->cause = WIRE_LOSS_RING_FULL;
	CHECK(decode() == 0 && is_text(e.host.lost_cause, "ring_full"));
	w->cause = WIRE_LOSS_MALFORMED;
	CHECK(decode() == 0 && is_text(e.host.lost_cause, "malformed"));
	w->cause = WIRE_LOSS_MAX;
	CHECK(decode() == -EBADMSG);
	w->cause = 0;
	w->kind = WIRE_KIND_MAX;
	CHECK(decode() == -EBADMSG);
}

static void limit_names_who_said_too_much(void) {
	struct wire_host_limit *w;

	sample_make(&sample, WIRE_HOST_LIMIT);
	w = (void *)sample.bytes;
	CHECK(decode() == 0 && e.limit.kind == WIRE_FILE_OPEN && e.limit.count == 9);
	CHECK(HAS(PROCESS_PID) && e.process.pid == 100 && e.process.start_ns == 4000000000);
	CHECK(is_text(e.limit.by, "process") && e.limit.rate == 1000 && e.limit.talkers == 1);
	CHECK(e.limit.first_ns == 5100000000 && e.limit.last_ns == 5900000000);
	w->by = WIRE_LIMIT_CGROUP;
	w->head.flags = WIRE_NO_TASK;
	w->talkers = 0;
	w->cgroup = 0;
	CHECK(decode() == 0 && !HAS(PROCESS_PID) && is_text(e.limit.by, "cgroup"));
	CHECK(!HAS(LIMIT_TALKERS) && !HAS(LIMIT_CGROUP_ID) && !e.ownerless);
}

static void limit_of_nothing_or_of_no_time_is_refused(void) {
	struct wire_host_limit *w = (void *)sample.bytes;

	sample_make(&sample, WIRE_HOST_LIMIT);
	w->count = 0;
	CHECK(decode() == -EBADMSG);
	w->count = 1;
	w->by = WIRE_LIMIT_MAX;
	CHECK(decode() == -EBADMSG);
	w->by = 0;
	w->kind = WIRE_KIND_MAX;
	CHECK(decode() == -EBADMSG);
	w->kind = 0;
	w->last_ns = w->first_ns - 1;
	CHECK(decode() == -EBADMSG);
}

static void every_cause_of_loss_has_a_name(void) {
	for (uint32_t cause = 0; cause < WIRE_LOSS_MAX; cause++) {
		sample_make(&sample, WIRE_HOST_LOSS);
		((struct wire_host_loss *)sample.bytes)->cause = cause;
		CHECK(decode() == 0 && HAS(HOST_LOST_CAUSE));
	}
}

static void what_is_neither_file_nor_name_tells_its_own(void) {
	struct wire_file *w = sample_file(&sample, WIRE_FILE_MKNOD);

	w->new_mode = 060660;
	w->new_dev = (70000 & 0xff) | 300 << 8 | (70000 & ~0xffu) << 12;
	CHECK(decode() == 0 && e.file.new_mode == 060660 && HAS(FILE_NEW_DEV_MAJOR));
	CHECK(e.file.new_dev_major == 300 && e.file.new_dev_minor == 70000);
	w->new_mode = 010600;
	CHECK(decode() == 0 && HAS(FILE_NEW_MODE) && !HAS(FILE_NEW_DEV_MAJOR));
	w = sample_file(&sample, WIRE_FILE_TRUNCATE);
	w->value = 7;
	CHECK(decode() == 0 && HAS(FILE_SIZE) && e.file.size == 7 && !HAS(FILE_FLAGS));
	w = sample_file(&sample, WIRE_FILE_SETXATTR);
	w->value = 20;
	w->name = sample_add_lit(&sample, "security.capability");
	CHECK(decode() == 0 && is_text(e.file.xattr, "security.capability"));
	CHECK(HAS(FILE_XATTR_BYTES) && e.file.xattr_bytes == 20 && !HAS(FILE_SIZE));
	w = sample_file(&sample, WIRE_FILE_MKDIR);
	CHECK(decode() == 0 && e.file.new_mode == 04755 && !HAS(FILE_XATTR));
}

static void mount_tells_what_and_where(void) {
	struct wire_file *w = sample_file(&sample, WIRE_FILE_MOUNT);

	w->value = 4096;
	w->target = sample_add_lit(&sample, "/dev/sda1");
	w->name = sample_add_lit(&sample, "ext4");
	CHECK(decode() == 0 && is_text(e.file.path, "/etc/passwd") && HAS(FILE_INODE));
	CHECK(is_text(e.mount.source, "/dev/sda1") && is_text(e.mount.type, "ext4"));
	CHECK(HAS(MOUNT_FLAGS) && e.mount.flags == 4096 && !HAS(FILE_TARGET) && !HAS(FILE_XATTR));
	sample_file(&sample, WIRE_FILE_PIVOT_ROOT);
	CHECK(decode() == 0 && !HAS(MOUNT_SOURCE) && !HAS(MOUNT_TYPE) && !HAS(MOUNT_FLAGS));
}

static void fold_is_told_as_the_deed_that_it_counts(void) {
	struct wire_host_fold *w;

	sample_file(&sample, WIRE_FILE_OPEN);
	w = sample_fold(&sample);
	CHECK(decode() == 0 && e.kind == WIRE_FILE_OPEN && is_text(e.file.path, "/etc/passwd"));
	CHECK(e.process.pid == 100 && e.process.start_ns == 4000000000 && HAS(HOOK));
	CHECK(e.fold.count == 9 && e.fold.first_ns == 5100000000 && e.fold.last_ns == 5900000000);
	CHECK(e.cpu == 65535 && e.cpu_seq == 30 && e.boot_ns == 5900000000);
	CHECK(!HAS(FOLD_BYTES_OUT) && !HAS(FOLD_BYTES_IN));
	w->bytes_out = 7;
	CHECK(decode() == 0 && HAS(FOLD_BYTES_OUT) && e.fold.bytes_out == 7 && !e.fold.bytes_in);
	sample_net(&sample, WIRE_NET_SEND);
	(void)sample_fold(&sample);
	CHECK(decode() == 0 && e.kind == WIRE_NET_SEND && e.fold.count == 9);
}

static void fold_of_nothing_of_folds_or_of_no_time_is_refused(void) {
	struct wire_host_fold *w;

	sample_file(&sample, WIRE_FILE_OPEN);
	w = sample_fold(&sample);
	w->count = 0;
	CHECK(decode() == -EBADMSG);
	w->count = 1;
	w->last_ns = w->first_ns - 1;
	CHECK(decode() == -EBADMSG);
	sample_file(&sample, WIRE_FILE_OPEN);
	(void)sample_fold(&sample);
	(void)sample_fold(&sample);
	CHECK(decode() == -EBADMSG);
	sample_begin(&sample, WIRE_HOST_FOLD, sizeof(*w));
	CHECK(decode() == -EBADMSG);
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(exec_tells_program_arguments_and_places);
	RUN(script_is_told_by_its_interpreter);
	RUN(unresolved_executable_has_no_inode);
	RUN(task_is_told_member_by_member);
	RUN(fork_tells_the_child_and_how_it_was_made);
	RUN(wait_status_is_a_code_or_a_signal);
	RUN(signal_has_an_origin_and_a_target);
	RUN(credentials_are_told_new_and_old);
	RUN(session_is_told_with_its_group);
	RUN(file_is_told_with_its_inode);
	RUN(each_deed_on_a_file_tells_its_own);
	RUN(terminals_have_the_names_that_people_use);
	RUN(host_records_tell_the_host);
	RUN(fact_of_the_host_that_was_not_found_is_absent);
	RUN(a_container_is_told_as_far_as_it_was_answered);
	RUN(line_of_a_log_names_its_program);
	RUN(loss_is_named);
	RUN(limit_names_who_said_too_much);
	RUN(limit_of_nothing_or_of_no_time_is_refused);
	RUN(every_cause_of_loss_has_a_name);
	RUN(what_is_neither_file_nor_name_tells_its_own);
	RUN(mount_tells_what_and_where);
	RUN(fold_is_told_as_the_deed_that_it_counts);
	RUN(fold_of_nothing_of_folds_or_of_no_time_is_refused);
	arena_done(&arena);
	DONE();
}
