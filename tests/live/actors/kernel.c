/* SPDX-License-Identifier: Apache-2.0 */
/* Changes the kernel, or what we see of it. What is not ours alone is done in guests only. */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NAME "lapwing-live"

static void tell(const char *kind) {
	truth_open(kind);
	truth_doer();
}

static void tell_namespaces(const char *const *names, int n) {
	tell("KERNEL_NAMESPACE");
	put_strv("kernel.namespaces", (char *const *)names, n);
	truth_close();
}

static void unshare_one(void) {
	static const char *const names[] = { "uts" };

	deed_start();
	if (unshare(CLONE_NEWUTS))
		die("unshare");
	deed_stop(false);
	tell_namespaces(names, 1);
}

static void unshare_many(void) {
	static const char *const names[] = { "mnt", "net", "ipc" };

	deed_start();
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC))
		die("unshare");
	deed_stop(false);
	tell_namespaces(names, 3);
}

static void join(void) {
	static const char *const names[] = { "uts" };
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	unshare_one();
	deed_start();
	if (setns(fd, CLONE_NEWUTS))
		die("setns");
	deed_stop(false);
	tell_namespaces(names, 1);
}

static void move_to(const char *dir) {
	char path[4200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		skip("'%s': %s", path, strerror(errno));
	deed_start();
	if (write(fd, "0", 1) != 1)
		skip("'%s': %s", path, strerror(errno));
	deed_stop(false);
}

static void cgroup(void) {
	const char *dir = getenv("LIVE_CGROUP");
	char path[PATH_MAX];
	struct stat st;

	if (!dir)
		skip("no cgroup of our own could be made");
	move_to(dir);
	if (!truth_cgroup(path, &st))
		die("/proc/self/cgroup");
	tell("KERNEL_CGROUP");
	truth_target(getpid());
	put_u64("kernel.cgroup_id", st.st_ino);
	put_str("kernel.cgroup", path);
	put_u64("process.cgroup_id", st.st_ino);
	truth_close();
}

static void key(void) {
	deed_start();
	if (syscall(SYS_add_key, "user", NAME, "x", 1, KEY_SPEC_PROCESS_KEYRING) < 0)
		skip("add_key: %s", strerror(errno));
	deed_stop(false);
	tell("KERNEL_KEY");
	put_str("kernel.name", NAME);
	put_str("kernel.type", "user");
	truth_close();
}

static int ring(struct io_uring_params *p) {
	int fd;

	deed_start();
	fd = (int)syscall(SYS_io_uring_setup, 8, p);
	if (fd < 0)
		skip("io_uring_setup: %s", strerror(errno));
	deed_stop(false);
	return fd;
}

static void io_uring(void) {
	struct io_uring_params p = { 0 };

	(void)ring(&p);
	tell("KERNEL_IO_URING");
	put_u64("kernel.entries", 8);
	put_u64("kernel.flags", 0);
	truth_close();
}

/* A file that is made through a ring, where no system call of ours opens anything. */
static void io_request(void) {
	struct io_uring_params p = { 0 };
	int fd = ring(&p);
	unsigned *queue = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(unsigned),
			       PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE,
					MAP_SHARED, fd, IORING_OFF_SQES);
	char *base = (char *)queue;

	if (queue == MAP_FAILED || sqe == MAP_FAILED)
		die("mmap");
	sqe[0] = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD };
	sqe[0].addr = (uint64_t) "made-by-a-ring";
	sqe[0].open_flags = O_CREAT | O_WRONLY;
	sqe[0].len = 0600;
	*(unsigned *)(base + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(base + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	deed_start();
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		die("io_uring_enter");
	deed_stop(false);
	tell("KERNEL_IO_REQUEST");
	put_str("outcome", "ATTEMPTED");
	put_str("kernel.operation", "openat");
	truth_close();
}

/* --- in guests */

static int load(enum bpf_prog_type type, struct bpf_prog_info *ret) {
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = type, .insn_cnt = 2 };
	int fd;

	attr.insns = (uint64_t)code;
	attr.license = (uint64_t) "GPL";
	(void)strcpy(attr.prog_name, "live_prog");
	deed_start();
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		die("BPF_PROG_LOAD");
	deed_stop(false);
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(*ret);
	attr.info.info = (uint64_t)ret;
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)))
		die("BPF_OBJ_GET_INFO_BY_FD");
	return fd;
}

static void put_program(const struct bpf_prog_info *info, const char *type) {
	char tag[17];

	for (int i = 0; i < 8; i++)
		(void)snprintf(tag + 2 * i, 3, "%02x", info->tag[i]);
	put_str("kernel.name", "live_prog");
	put_str("kernel.type", type);
	put_u64("kernel.id", info->id);
	put_str("kernel.tag", tag);
}

static void bpf_load(void) {
	struct bpf_prog_info info = { 0 };

	guests_only();
	(void)load(BPF_PROG_TYPE_SOCKET_FILTER, &info);
	tell("KERNEL_BPF_LOAD");
	put_program(&info, "socket_filter");
	put_str("kernel.command", "prog_load");
	truth_close();
}

static void bpf_attach(void) {
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };
	int fd;

	guests_only();
	fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, &info);
	attr.raw_tracepoint.name = (uint64_t) "task_newtask";
	attr.raw_tracepoint.prog_fd = (uint32_t)fd;
	deed_start();
	if (syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr)) < 0)
		die("BPF_RAW_TRACEPOINT_OPEN");
	deed_stop(false);
	tell("KERNEL_BPF_ATTACH");
	put_program(&info, "raw_tracepoint");
	put_str("kernel.command", "raw_tracepoint_open");
	put_str("kernel.tracepoint", "task_newtask");
	truth_close();
}

/* A small module of this kernel that nobody needs, from where scripts/vmtest keeps or puts it. */
static int module_file(char path[4096]) {
	const char *cache = getenv("LAPWING_CACHE"), *home = getenv("HOME");
	struct utsname un;
	char pattern[4096];
	glob_t found;
	int fd;

	(void)uname(&un);
	(void)snprintf(pattern, sizeof(pattern),
		       "%s%s/kernels/*/modules/lib/modules/%s/kernel/drivers/net/dummy.ko*",
		       cache ? cache : home ? home : "/root", cache ? "" : "/.cache/lapwing",
		       un.release);
	if (glob(pattern, 0, NULL, &found)) {
		(void)snprintf(pattern, sizeof(pattern),
			       "/usr/lib/modules/%s/kernel/drivers/net/dummy.ko*", un.release);
		if (glob(pattern, 0, NULL, &found))
			skip("there is no module '%s'", pattern);
	}
	(void)snprintf(path, 4096, "%s", found.gl_pathv[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void module(void) {
	char path[4096];
	int fd;

	guests_only();
	fd = module_file(path);
	deed_start();
	if (syscall(SYS_finit_module, fd, "", strstr(path, ".ko.") ? 4 : 0)) /* 4: it is packed */
		skip("finit_module '%s': %s", path, strerror(errno));
	deed_stop(false);
	tell("KERNEL_MODULE_LOAD");
	put_str("kernel.name", "dummy");
	put_str("kernel.path", path);
	put_bool("kernel.is_signed", true);
	put_u64("kernel.taints", 0);
	truth_close();
	deed_start();
	if (syscall(SYS_delete_module, "dummy", O_NONBLOCK))
		die("delete_module");
	deed_stop(false);
	tell("KERNEL_MODULE_UNLOAD");
	put_str("kernel.name", "dummy");
	truth_close();
}

static void kexec(void) {
	int fd;

	guests_only();
	fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
	deed_start();
	/* not a kernel: it is read, and refused */
	if (!syscall(SYS_kexec_file_load, fd, -1, 0UL, NULL, 1UL << 2 /* without initrd */))
		die("/bin/true was taken for a kernel");
	if (errno != ENOEXEC)
		skip("kexec_file_load: %s", strerror(errno));
	deed_stop(true);
	tell("KERNEL_KEXEC");
	put_str("kernel.path", realpath("/bin/true", NULL));
	truth_close();
}

static void lockdown(void) {
	char text[64] = "";
	int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 || strstr(text, "[none]"))
		skip("this kernel is not locked down");
	deed_start();
	fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	deed_stop(true);
	if (fd >= 0)
		die("/dev/mem was opened");
	tell("KERNEL_LOCKDOWN");
	put_str("outcome", "FAILED");
	put_str("kernel.name", "dev_mem");
	truth_close();
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{ "unshare", unshare_one }, { "unshare_many", unshare_many }, { "setns", join },
	{ "cgroup", cgroup },	    { "key", key },		      { "io_uring", io_uring },
	{ "io_request", io_request }, { "bpf_load", bpf_load },	      { "bpf_attach", bpf_attach },
	{ "module", module },	    { "kexec", kexec },		      { "lockdown", lockdown },
};

int main(int argc, char **argv) {
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc > 1 && !strcmp(argv[1], ways[i].name)) {
			ways[i].act();
			return 0;
		}
	}
	return 1;
}
