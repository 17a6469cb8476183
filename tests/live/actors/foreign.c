/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deeds by 32-bit system calls, which a program of 64 bits can make on x86-64: their numbers mean
 * something else, their arguments stand in other registers, and they do the same. What they point
 * to must be in the lower 4 GiB. Some by those of x32, which are ours with a bit in the number. And
 * one deed through io_uring, which is no system call at all.
 */
#include "file.h"
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* arch/x86/entry/syscalls/syscall_32.tbl */
enum {
	I386_OPEN = 5,
	I386_UNLINK = 10,
	I386_CHMOD = 15,
	I386_GETPID = 20,
	I386_PTRACE = 26,
	I386_RENAME = 38,
	I386_TRUNCATE = 92,
	I386_FTRUNCATE64 = 194,
	I386_SOCKETCALL = 102,
	I386_UNSHARE = 310,
	I386_SETNS = 346,
	I386_VM_WRITEV = 348,
	I386_MEMFD_CREATE = 356,
	I386_BPF = 357,
	I386_SOCKET = 359,
};

#ifdef __x86_64__
static long i386(long nr, long a, long b, long c, long d, long e) {
	register long base __asm__("rbx") = a;
	long ret;

	/* the sixth argument is in %rbp, which the compiler may need */
	__asm__ volatile("mov %%rbp, %%r12; xor %%ebp, %%ebp; int $0x80; mov %%r12, %%rbp"
			 : "=a"(ret)
			 : "a"(nr), "r"(base), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11", "r12");
	return ret;
}
#else
static long i386(long nr, long a, long b, long c, long d, long e) {
	(void)nr, (void)a, (void)b, (void)c, (void)d, (void)e;
	skip("this architecture has no int $0x80");
}
#endif

/* low - @n bytes of @what, where 32 bits reach */
static void *low(const void *what, size_t n) {
	static char *at;
	void *to;

	if (!at)
		at = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_32BIT
				  | MAP_32BIT
#endif
			  , -1, 0);
	if (at == MAP_FAILED)
		die("memory below 4 GiB");
	to = memcpy(at, what, n);
	at += (n + 63) & ~(size_t)63;
	return to;
}

static long low_text(const char *text) {
	return (long)low(text, strlen(text) + 1);
}

static void refused(int signal) {
	_exit(signal != 0);
}

/* ask - whether the kernel takes such calls, by a child */
static void ask(void) {
	int status;
	pid_t pid = fork();

	if (!pid) {
		(void)signal(SIGSEGV, refused);
		(void)signal(SIGILL, refused);
		_exit(i386(I386_GETPID, 0, 0, 0, 0, 0) != getpid());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("the child that asks");
	if (status)
		skip("this kernel takes no 32-bit calls");
}

#define X32 0x40000000 /* __X32_SYSCALL_BIT */

static void ask_x32(void) {
	if (syscall(SYS_getpid | X32) != getpid())
		skip("this kernel takes no calls of x32");
}

static long deed(long nr, long a, long b, long c, long d, long e) {
	long ret;

	deed_start();
	ret = i386(nr, a, b, c, d, e);
	deed_stop(false);
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		die("32-bit call %ld", nr);
	}
	return ret;
}

static void tell(const char *kind) {
	truth_open(kind);
	truth_doer();
}

/* --- files */

static void done_file(const char *name) {
	struct stat after = look(name);

	put_late(&after);
	truth_close();
	linger();
	truth_window();
}

static void lengthen(const char *name) {
	int fd = open(name, O_WRONLY);

	if (pwrite(fd, "", 1, 99) != 1)
		die("making it longer");
}

static void cut(void) {
	struct stat before;

	make_file("log", 0604);
	lengthen("log");
	before = look("log");
	truth_window();
	(void)deed(I386_TRUNCATE, low_text("log"), 7, 0, 0, 0);
	tell_open("FILE_TRUNCATE", here(), "log", &before);
	put_u64("file.size", 7);
	done_file("log");
}

static void cut_open(void) {
	struct stat before;
	int fd;

	make_file("log", 0604);
	lengthen("log");
	fd = open("log", O_WRONLY);
	before = look("log");
	truth_window();
	(void)deed(I386_FTRUNCATE64, fd, 7, 1, 0, 0); /* 4 GiB and 7 bytes, all a hole */
	tell_open("FILE_TRUNCATE", here(), "log", &before);
	put_u64("file.size", (1ull << 32) + 7);
	done_file("log");
}

static void make(void) {
	struct stat st;
	int fd;

	truth_window();
	fd = (int)deed(I386_OPEN, low_text("made"), O_CREAT | O_RDWR, 0640, 0, 0);
	st = look("made");
	tell_open("FILE_CREATE", here(), "made", &st);
	put_flags(fd);
	truth_close();
	truth_window();
}

static void make_by_x32(void) {
	struct stat st;
	int fd;

	truth_window();
	deed_start();
	fd = (int)syscall(SYS_openat | X32, AT_FDCWD, "made", O_CREAT | O_RDWR, 0640);
	deed_stop(false);
	if (fd < 0)
		die("openat of x32");
	st = look("made");
	tell_open("FILE_CREATE", here(), "made", &st);
	put_flags(fd);
	truth_close();
	truth_window();
}

static void take_away(void) {
	struct stat before;

	make_file("gone", 0606);
	before = look("gone");
	truth_window();
	(void)deed(I386_UNLINK, low_text("gone"), 0, 0, 0, 0);
	tell_open("FILE_UNLINK", here(), "gone", &before);
	truth_close();
	linger();
	truth_window();
}

static void rename_one(void) {
	struct stat before;

	make_file("old", 0640);
	before = look("old");
	truth_window();
	(void)deed(I386_RENAME, low_text("old"), low_text("new"), 0, 0, 0);
	tell_open("FILE_RENAME", here(), "new", &before);
	put_path("file.old_path", here(), "old");
	truth_close();
	linger();
	truth_window();
}

static void change_mode(void) {
	struct stat before;

	make_file("tool", 0640);
	before = look("tool");
	truth_window();
	(void)deed(I386_CHMOD, low_text("tool"), 04755, 0, 0, 0);
	tell_open("FILE_CHMOD", here(), "tool", &before);
	put_u64("file.new_mode", 04755);
	done_file("tool");
}

/* --- the kernel */

static void tell_namespace(const char *name) {
	tell("KERNEL_NAMESPACE");
	put_strv("kernel.namespaces", (char *const *)&name, 1);
	truth_close();
}

static void unshare_one(void) {
	(void)deed(I386_UNSHARE, CLONE_NEWUTS, 0, 0, 0, 0);
	tell_namespace("uts");
}

static void join(void) {
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	if (unshare(CLONE_NEWUTS))
		die("unshare");
	deed_start();
	if (i386(I386_SETNS, fd, CLONE_NEWUTS, 0, 0, 0))
		die("setns");
	deed_stop(false);
	tell_namespace("uts");
}

static void load(void) {
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2 };

	guests_only();
	attr.insns = (uint64_t)low(code, sizeof(code));
	attr.license = (uint64_t)low_text("GPL");
	(void)strcpy(attr.prog_name, "narrow_prog");
	(void)deed(I386_BPF, BPF_PROG_LOAD, (long)low(&attr, sizeof(attr)), sizeof(attr), 0, 0);
	tell("KERNEL_BPF_LOAD");
	put_str("kernel.name", "narrow_prog");
	put_str("kernel.type", "socket_filter");
	put_str("kernel.command", "prog_load");
	truth_close();
}

/* --- memory and other processes */

static void memory_file(void) {
	(void)deed(I386_MEMFD_CREATE, low_text("a name"), MFD_CLOEXEC, 0, 0, 0);
	tell("INJECT_MEMFD");
	put_str("inject.name", "a name");
	put_u64("inject.flags", MFD_CLOEXEC);
	truth_close();
}

static void memory_file_by_x32(void) {
	deed_start();
	if (syscall(SYS_memfd_create | X32, "a name", MFD_CLOEXEC) < 0)
		die("memfd_create of x32");
	deed_stop(false);
	tell("INJECT_MEMFD");
	put_str("inject.name", "a name");
	put_u64("inject.flags", MFD_CLOEXEC);
	truth_close();
}

static void tell_access(const char *kind, pid_t pid, long call) {
	tell(kind);
	truth_target(pid);
	put_u64("inject.call", (uint64_t)call);
}

static void write_memory(void) {
	uint32_t remote[2] = { (uint32_t)low_text("of the child"), 4 };
	uint32_t local[2] = { (uint32_t)low_text("mine"), 4 };
	int leash[2], status;
	pid_t pid = truth_held(leash);

	(void)deed(I386_VM_WRITEV, pid, (long)low(local, sizeof(local)), 1,
		   (long)low(remote, sizeof(remote)), 1);
	tell_access("INJECT_VM_WRITE", pid, SYS_process_vm_writev);
	put_u64("@done.inject.bytes", 4);
	truth_close();
	(void)close(leash[1]);
	(void)waitpid(pid, &status, 0);
}

static void attach(void) {
	int leash[2], status;
	pid_t pid = truth_held(leash);

	(void)deed(I386_PTRACE, PTRACE_SEIZE, pid, 0, 0, 0);
	tell_access("INJECT_PTRACE", pid, SYS_ptrace);
	put_u64("inject.request", PTRACE_SEIZE);
	truth_close();
	(void)close(leash[1]);
	(void)waitpid(pid, &status, 0);
}

/* --- sockets */

static void socket_raw(void) {
	struct stat st;
	int fd;

	truth_window();
	fd = (int)deed(I386_SOCKET, AF_INET, SOCK_RAW, IPPROTO_RAW, 0, 0);
	if (fstat(fd, &st))
		die("fstat of a socket");
	tell("NET_SOCKET");
	put_str("outcome", "SUCCEEDED");
	put_u64("@known.net.socket_inode", st.st_ino);
	put_str("net.family", "INET");
	put_str("net.socket_type", "RAW");
	put_u64("net.protocol", IPPROTO_RAW);
	truth_close();
	truth_window();
}

/* By socketcall(2), whose arguments are in memory. */
static void bind_one(void) {
	struct sockaddr_storage sa = loopback(V4, 0);
	int fd = new_socket(V4, SOCK_STREAM);
	uint32_t words[3] = { (uint32_t)fd, 0, size_of(&sa) };
	struct sockaddr_storage at;

	words[1] = (uint32_t)(uintptr_t)low(&sa, sizeof(sa));
	truth_window();
	(void)deed(I386_SOCKETCALL, 2, (long)low(words, sizeof(words)), 0, 0, 0);
	at = name_of(fd);
	tell_net("NET_BIND", "TCP", fd);
	put_address("net.source", &sa);
	put_address("@done.net.source", &at);
	truth_close();
	truth_window();
}

/* --- no system call */

static void cut_by_ring(void) {
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p), fd;
	struct io_uring_sqe *sqe;
	struct stat before;
	char *sq, *cq;

	if (ring < 0)
		skip("no io_uring here: %s", strerror(errno));
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		   IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		die("mmap of a ring");
	make_file("log", 0604);
	lengthen("log");
	fd = open("log", O_WRONLY);
	before = look("log");
	sqe[0] = (struct io_uring_sqe){ .opcode = 55 /* IORING_OP_FTRUNCATE, v6.9 */, .fd = fd };
	*(uint32_t *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	truth_window();
	deed_start();
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		die("io_uring_enter");
	deed_stop(false);
	if (((struct io_uring_cqe *)(cq + p.cq_off.cqes))->res)
		skip("io_uring here cuts no files");
	tell_open("FILE_TRUNCATE", here(), "log", &before);
	put_range("process.tid", 1, UINT32_MAX); /* of a thread that the kernel made, maybe */
	put_null("file.size");
	done_file("log");
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{ "truncate", cut },	 { "ftruncate", cut_open },   { "create", make },
	{ "unlink", take_away }, { "rename", rename_one },    { "chmod", change_mode },
	{ "unshare", unshare_one }, { "setns", join },	      { "bpf_load", load },
	{ "memfd", memory_file }, { "vm_write", write_memory }, { "attach", attach },
	{ "socket", socket_raw }, { "bind", bind_one },	      { "truncate_by_ring", cut_by_ring },
	{ "x32_create", make_by_x32 }, { "x32_memfd", memory_file_by_x32 },
};

int main(int argc, char **argv) {
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc > 1 && !strcmp(argv[1], ways[i].name)) {
			if (!strncmp(argv[1], "x32_", 4))
				ask_x32();
			else if (ways[i].act != cut_by_ring)
				ask();
			ways[i].act();
			return 0;
		}
	}
	return 1;
}
