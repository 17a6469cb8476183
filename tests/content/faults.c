/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.c - preloaded into a command, lets one of its calls fail: memory runs out, a disk is full
 * or bad, or takes half of what it was given
 *
 * The test maps the file $LAPWING_FAULTS as a struct faults, and says there which call, of which
 * one, fails how. All processes of the command count together, the rehearsal's child too.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum call { MEMORY, WRITE, SYNC, RENAME, OPEN, CALLS };

#define SHORT 1000 /* an error: half of it is written */

struct faults {
	uint32_t call, nth; /* 0: none; 1 is the first */
	int32_t error;
	uint32_t failed; /* how many have */
	uint32_t seen[CALLS];
};

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t n);

static struct faults *faults;

__attribute__((constructor)) static void begin(void) {
	const char *path = getenv("LAPWING_FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		(void)close(fd);
	faults = at == MAP_FAILED ? NULL : at;
}

/* fails - 0, or what this call has to fail with */
static int fails(enum call call) {
	uint32_t n = faults ? __atomic_add_fetch(&faults->seen[call], 1, __ATOMIC_SEQ_CST) : 0;

	if (!n || n != faults->nth || faults->call != call)
		return 0;
	faults->failed++;
	return errno = faults->error;
}

void *malloc(size_t n) {
	return fails(MEMORY) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
	return fails(MEMORY) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n) {
	return fails(MEMORY) ? NULL : __libc_realloc(old, n);
}

ssize_t write(int fd, const void *bytes, size_t n) {
	static ssize_t (*real)(int, const void *, size_t);
	int error = fd > STDERR_FILENO ? fails(WRITE) : 0;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (error && error != SHORT)
		return -1;
	return real(fd, bytes, error && n > 1 ? n / 2 : n);
}

int fsync(int fd) {
	static int (*real)(int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fsync");
	return fails(SYNC) ? -1 : real(fd);
}

int renameat(int from, const char *old, int to, const char *new) {
	static int (*real)(int, const char *, int, const char *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "renameat");
	return fails(RENAME) ? -1 : real(from, old, to, new);
}

int openat(int dir, const char *name, int flags, ...) {
	static int (*real)(int, const char *, int, ...);
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "openat");
	return fails(OPEN) ? -1 : real(dir, name, flags, mode);
}
