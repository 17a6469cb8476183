/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - deeds of our own, to see whether hooks that were attached are called
 *
 * Each is one that the host does not notice. What they need (a folder, a
 * socket) is made before the trial and taken away after it, while our own deeds
 * are not told.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probe/probe_impl.h"

#define XATTR "trusted.lapwing"

/* What the deeds are done with; -1: it could not be had. */
struct stage {
	char folder[32];
	int dir, udp, tcp;
	struct sockaddr_in here;
};

int trial_open(struct probe *p) {
	void *at;
	int err = probe_map_shared(p, "pulse", p->page_bytes, &at);

	if (err)
		return err;
	p->pulse = at;
	return 0;
}

/* closed - gives a descriptor back; whether it was one */
static bool closed(int fd) {
	return fd >= 0 && !close(fd);
}

static bool do_create(struct stage *s) {
	return closed(openat(s->dir, "a", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
}

static bool do_open(struct stage *s) {
	return closed(openat(s->dir, "a", O_WRONLY | O_CLOEXEC));
}

/* do_write - what was written is told when it is closed */
static bool do_write(struct stage *s) {
	int fd = openat(s->dir, "a", O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, "x", 1) == 1;

	return closed(fd) && written;
}

static bool do_truncate(struct stage *s) {
	int fd = openat(s->dir, "a", O_WRONLY | O_CLOEXEC);
	bool cut = fd >= 0 && !ftruncate(fd, 0);

	return closed(fd) && cut;
}

static bool do_mkdir(struct stage *s) {
	return !mkdirat(s->dir, "e", 0700);
}

static bool do_rmdir(struct stage *s) {
	return !unlinkat(s->dir, "e", AT_REMOVEDIR);
}

static bool do_mknod(struct stage *s) {
	return !mknodat(s->dir, "f", S_IFIFO | 0600, 0);
}

/* do_setxattr - in memory there may be no attributes of users, but those of the trusted */
static bool do_setxattr(struct stage *s) {
	int fd = openat(s->dir, "a", O_WRONLY | O_CLOEXEC);
	bool set = fd >= 0 && !fsetxattr(fd, XATTR, "x", 1, 0);

	return closed(fd) && set;
}

static bool do_removexattr(struct stage *s) {
	int fd = openat(s->dir, "a", O_WRONLY | O_CLOEXEC);
	bool removed = fd >= 0 && !fremovexattr(fd, XATTR);

	return closed(fd) && removed;
}

static bool do_open_own(struct stage *s) {
	(void)s;
	return closed(open("/proc/self/comm", O_WRONLY | O_CLOEXEC));
}

static bool do_chmod(struct stage *s) {
	return !fchmodat(s->dir, "a", 0400, 0);
}

static bool do_chown(struct stage *s) {
	return !fchownat(s->dir, "a", geteuid(), getegid(), 0);
}

static bool do_link(struct stage *s) {
	return !linkat(s->dir, "a", s->dir, "b", 0);
}

static bool do_symlink(struct stage *s) {
	return !symlinkat("a", s->dir, "c");
}

static bool do_rename(struct stage *s) {
	return !renameat(s->dir, "b", s->dir, "d");
}

static bool do_unlink(struct stage *s) {
	return !unlinkat(s->dir, "d", 0);
}

static bool do_bind(struct stage *s) {
	socklen_t n = sizeof(s->here);

	s->here = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return !bind(s->udp, (struct sockaddr *)&s->here, n) &&
	       !getsockname(s->udp, (struct sockaddr *)&s->here, &n);
}

static bool do_listen(struct stage *s) {
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return !bind(s->tcp, (struct sockaddr *)&any, sizeof(any)) && !listen(s->tcp, 1);
}

static bool do_socket(struct stage *s) {
	(void)s;
	return closed(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}

/* do_unix - in a folder of our own; nobody accepts, and nobody need */
static bool do_unix(struct stage *s) {
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool done;

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/g", s->folder);
	done = s->dir >= 0 && !bind(server, (struct sockaddr *)&at, sizeof(at)) &&
	       !listen(server, 1) && !connect(client, (struct sockaddr *)&at, sizeof(at));
	return (int)closed(client) + (int)closed(server) == 2 && done;
}

static bool do_send(struct stage *s) {
	return sendto(s->udp, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&s->here,
		      sizeof(s->here)) == 1;
}

static bool do_executable(struct stage *s) {
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)s;
	return at != MAP_FAILED && !munmap(at, size);
}

/* do_map - a file in memory, which nobody else can have put there */
static bool do_map(struct stage *s) {
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = (int)syscall(SYS_memfd_create, "lapwing-trial", MFD_CLOEXEC);
	void *at = MAP_FAILED;

	(void)s;
	if (fd >= 0 && !ftruncate(fd, (off_t)size))
		at = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	return closed(fd) && at != MAP_FAILED && !munmap(at, size);
}

static bool do_memfd(struct stage *s) {
	(void)s;
	return closed((int)syscall(SYS_memfd_create, "lapwing-trial", MFD_CLOEXEC));
}

static bool do_userfaultfd(struct stage *s) {
	(void)s;
	return closed((int)syscall(SYS_userfaultfd, O_CLOEXEC));
}

static bool do_bpf_load(struct stage *s) {
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	(void)s;
	return closed(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "lapwing_trial", "GPL", nothing, 2,
				    &opts));
}

static bool do_key(struct stage *s) {
	long key = syscall(SYS_add_key, "user", "lapwing-trial", "x", 1, KEY_SPEC_PROCESS_KEYRING);

	(void)s;
	if (key >= 0)
		(void)syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_PROCESS_KEYRING);
	return key >= 0;
}

static bool do_io_uring(struct stage *s) {
	struct io_uring_params params = { 0 };

	(void)s;
	return closed((int)syscall(SYS_io_uring_setup, 1, &params));
}

/* In this order: each finds what the one before it left. */
static const struct {
	uint8_t kind;
	bool sandboxed; /* the sandbox lets it through */
	bool (*act)(struct stage *s);
} acts[] = {
	{ WIRE_FILE_CREATE, false, do_create },
	{ WIRE_FILE_OPEN, false, do_open },
	{ WIRE_FILE_OPEN, true, do_open_own },
	{ WIRE_FILE_CLOSE, false, do_write },
	{ WIRE_FILE_TRUNCATE, false, do_truncate },
	{ WIRE_FILE_SETXATTR, false, do_setxattr },
	{ WIRE_FILE_REMOVEXATTR, false, do_removexattr },
	{ WIRE_FILE_MKDIR, false, do_mkdir },
	{ WIRE_FILE_RMDIR, false, do_rmdir },
	{ WIRE_FILE_MKNOD, false, do_mknod },
	{ WIRE_FILE_CHMOD, false, do_chmod },
	{ WIRE_FILE_CHOWN, false, do_chown },
	{ WIRE_FILE_LINK, false, do_link },
	{ WIRE_FILE_SYMLINK, false, do_symlink },
	{ WIRE_FILE_RENAME, false, do_rename },
	{ WIRE_FILE_UNLINK, false, do_unlink },
	{ WIRE_NET_BIND, false, do_bind },
	{ WIRE_NET_LISTEN, false, do_listen },
	{ WIRE_NET_SEND, false, do_send },
	{ WIRE_NET_SOCKET, false, do_socket },
	{ WIRE_NET_UNIX, false, do_unix },
	{ WIRE_INJECT_EXECUTABLE, true, do_executable },
	{ WIRE_FILE_MAP, false, do_map },
	{ WIRE_INJECT_MEMFD, false, do_memfd },
	{ WIRE_INJECT_USERFAULTFD, false, do_userfaultfd },
	{ WIRE_KERNEL_BPF_LOAD, false, do_bpf_load },
	{ WIRE_KERNEL_KEY, false, do_key },
	{ WIRE_KERNEL_IO_URING, false, do_io_uring },
};

/* set_stage - what cannot be had makes the deeds that need it fail, and those are then untried */
static void set_stage(struct stage *s) {
	static const char *const folders[] = { "/dev/shm/lapwing-XXXXXX", "/tmp/lapwing-XXXXXX" };

	*s = (struct stage){ .dir = -1, .udp = -1, .tcp = -1 };
	for (int i = 0; i < 2 && s->dir < 0; i++) {
		(void)snprintf(s->folder, sizeof(s->folder), "%s", folders[i]);
		if (mkdtemp(s->folder))
			s->dir = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void clear_stage(struct stage *s) {
	static const char *const names[] = { "a", "b", "c", "d", "f", "g" };

	for (int i = 0; s->dir >= 0 && i < 6; i++)
		(void)unlinkat(s->dir, names[i], 0);
	if (closed(s->dir))
		(void)rmdir(s->folder);
	(void)closed(s->udp);
	(void)closed(s->tcp);
}

void probe_trial(struct probe *p, bool sandboxed, struct event_kinds *ret) {
	struct stage s = { .dir = -1, .udp = -1, .tcp = -1 };

	if (!p->pulse)
		return;
	if (!sandboxed)
		set_stage(&s);
	p->pulse->trial = 1;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if ((!sandboxed || acts[i].sandboxed) && acts[i].act(&s))
			event_kinds_add(ret, acts[i].kind);
	p->pulse->trial = 0;
	if (!sandboxed)
		clear_stage(&s);
}
