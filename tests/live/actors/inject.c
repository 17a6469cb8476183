/* SPDX-License-Identifier: Apache-2.0 */
/* Gets into a child, which waits for it; or makes memory of our own executable. */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_creat /* arm64 */
#define SYS_creat (-1)
#endif

static int leash[2]; /* the child ends when its other end is closed */
static char memory[64] = "of the child";

static pid_t victim(void) {
	return truth_held(leash);
}

static void tell_access(const char *kind, pid_t pid, long call) {
	truth_open(kind);
	truth_doer();
	truth_target(pid);
	put_u64("inject.call", (uint64_t)call);
}

static bool trace(const char *how, pid_t pid) {
	bool seize = !strcmp(how, "seize");
	int status;

	if (!seize && strcmp(how, "attach") != 0)
		return false;
	deed_start();
	if (ptrace(seize ? PTRACE_SEIZE : PTRACE_ATTACH, pid, NULL, NULL))
		die("ptrace");
	deed_stop(false);
	tell_access("INJECT_PTRACE", pid, SYS_ptrace);
	put_u64("inject.request", seize ? PTRACE_SEIZE : PTRACE_ATTACH);
	truth_close();
	if (!seize && (waitpid(pid, &status, WUNTRACED) != pid ||
		       ptrace(PTRACE_DETACH, pid, NULL, NULL)))
		die("detach");
	return true;
}

static bool copy(const char *how, pid_t pid) {
	bool out = !strcmp(how, "vm_write");
	char mine[16] = "new";
	struct iovec local = { mine, sizeof(mine) }, remote = { memory, sizeof(mine) };
	long call = out ? SYS_process_vm_writev : SYS_process_vm_readv;

	if (!out && strcmp(how, "vm_read") != 0)
		return false;
	deed_start();
	if (syscall(call, pid, &local, 1, &remote, 1, 0) != sizeof(mine))
		die("%s", how);
	deed_stop(false);
	tell_access(out ? "INJECT_VM_WRITE" : "INJECT_VM_READ", pid, call);
	put_u64("@done.inject.bytes", sizeof(mine));
	truth_close();
	return true;
}

static bool open_memory(const char *how, pid_t pid) {
	bool make = !strcmp(how, "mem_creat"), write = make || !strcmp(how, "mem_write");
	long call = make ? SYS_creat : SYS_openat;
	char path[64];
	int fd;

	if (!write && strcmp(how, "mem_read") != 0)
		return false;
	if (make && call < 0)
		skip("this architecture has no creat(2)");
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	deed_start();
	fd = make ? (int)syscall(call, path, 0600)
		  : (int)syscall(call, AT_FDCWD, path, write ? O_RDWR : O_RDONLY);
	if (fd < 0)
		die("%s", path);
	deed_stop(false);
	tell_access("INJECT_MEM_OPEN", pid, call);
	if (!write)
		put_times(0, 0);
	truth_close();
	return true;
}

static bool take(const char *how, pid_t pid) {
	int fd;

	if (strcmp(how, "getfd") != 0)
		return false;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		skip("pidfd_open: %s", strerror(errno));
	deed_start();
	if (syscall(SYS_pidfd_getfd, fd, leash[0], 0) < 0)
		die("pidfd_getfd");
	deed_stop(false);
	tell_access("INJECT_GETFD", pid, SYS_pidfd_getfd);
	put_u64("inject.request", (uint64_t)leash[0]);
	truth_close();
	return true;
}

/* --- memory of our own */

/* A page that no other one is merged with; @fd: of a file, or -1. */
static char *page(int fd) {
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *three = mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *one;

	if (three == MAP_FAILED)
		die("mmap");
	one = mmap(three + size, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	if (one == MAP_FAILED)
		die("mmap");
	return one;
}

static void tell_memory(char *at, int protection, int old, const char *memory_is) {
	truth_open("INJECT_EXECUTABLE");
	truth_doer();
	put_null("target.pid");
	put_u64("inject.protection", (uint64_t)protection);
	put_u64("@seen.inject.old_protection", (uint64_t)old);
	put_str("inject.memory", memory_is);
	if (at)
		put_u64("inject.address", (uint64_t)at);
	if (at)
		put_u64("inject.bytes", (uint64_t)sysconf(_SC_PAGESIZE));
}

static void protect(char *at, int protection) {
	deed_start();
	if (mprotect(at, (size_t)sysconf(_SC_PAGESIZE), protection))
		die("mprotect");
	deed_stop(false);
}

static void written(int between) {
	char *at = page(-1);

	at[0] = '\xc3';
	if (between && mprotect(at, (size_t)sysconf(_SC_PAGESIZE), between))
		die("mprotect");
	protect(at, PROT_READ | PROT_EXEC);
	tell_memory(at, PROT_READ | PROT_EXEC, between ? between : PROT_READ | PROT_WRITE,
		    "ANONYMOUS");
	truth_close();
}

static void clean(void) {
	char *at = page(-1);

	if (mprotect(at, (size_t)sysconf(_SC_PAGESIZE), PROT_READ))
		die("mprotect");
	protect(at, PROT_READ | PROT_EXEC);
	tell_memory(at, PROT_READ | PROT_EXEC, PROT_READ, "ANONYMOUS");
	put_times(0, 0);
	truth_close();
}

static void of_a_file(void) {
	char path[4096];
	int fd = open("code", O_RDWR | O_CREAT, 0644);
	char *at;

	if (fd < 0 || ftruncate(fd, sysconf(_SC_PAGESIZE)) || !getcwd(path, sizeof(path) - 8))
		die("code");
	at = page(fd);
	at[0] = '\xc3';
	protect(at, PROT_READ | PROT_EXEC);
	tell_memory(at, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE, "MAPPED_FILE");
	put_path("inject.path", path, "code");
	truth_close();
}

static void at_once(void) {
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *at;

	deed_start();
	at = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	if (at == MAP_FAILED)
		die("mmap");
	deed_stop(false);
	tell_memory(NULL, PROT_READ | PROT_WRITE | PROT_EXEC, 0, "ANONYMOUS");
	put_u64("@done.inject.address", (uint64_t)at);
	put_u64("@done.inject.bytes", size);
	truth_close();
}

static void memory_file(void) {
	deed_start();
	if (syscall(SYS_memfd_create, "a name", MFD_CLOEXEC) < 0)
		die("memfd_create");
	deed_stop(false);
	truth_open("INJECT_MEMFD");
	truth_doer();
	put_str("inject.name", "a name");
	put_u64("inject.flags", MFD_CLOEXEC);
	truth_close();
}

static void faults(void) {
	long fd;

	deed_start();
	fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (fd < 0)
		skip("userfaultfd: %s", strerror(errno));
	deed_stop(false);
	truth_open("INJECT_USERFAULTFD");
	truth_doer();
	truth_close();
}

static bool own(const char *how) {
	if (!strcmp(how, "written"))
		written(0);
	else if (!strcmp(how, "written_then_read_only"))
		written(PROT_READ);
	else if (!strcmp(how, "clean"))
		clean();
	else if (!strcmp(how, "of_a_file"))
		of_a_file();
	else if (!strcmp(how, "at_once"))
		at_once();
	else if (!strcmp(how, "memfd"))
		memory_file();
	else if (!strcmp(how, "userfaultfd"))
		faults();
	else
		return false;
	return true;
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "attach";
	int status;
	pid_t pid;

	if (own(how))
		return 0;
	pid = victim();
	if (!trace(how, pid) && !copy(how, pid) && !open_memory(how, pid) && !take(how, pid))
		return 1;
	(void)close(leash[1]);
	return waitpid(pid, &status, 0) != pid;
}
