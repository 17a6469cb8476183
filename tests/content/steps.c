/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.c - preloaded into a sensor, stops it at one step of an update
 *
 * A step is a call that changes the state folder (a file opened to be written, synced, renamed or
 * removed), or by which the worker takes up what the state says. Its name is who, the call, and the
 * file, as in "child renameat state". The test maps the file $LAPWING_STEPS as a struct steps, says
 * at which step to stop, and kills whom it likes meanwhile. Nothing here enters the kernel but for
 * what every process of the sensor may call.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME_BYTES 120
#define LOGGED 1024

struct steps {
	char wanted[NAME_BYTES]; /* empty: none is */
	uint32_t nth;		 /* of that name; counted down to 0, where it stops */
	uint32_t stopped;	 /* the process that stands there; 0: none */
	uint32_t go;		 /* it may go on */
	uint32_t n;		 /* names that were logged */
	char names[LOGGED][NAME_BYTES];
};

static struct steps *steps;
static pid_t first; /* worker or supervisor; what they fork is "child" */
static char last[2 * NAME_BYTES];

__attribute__((constructor)) static void begin(void) {
	const char *path = getenv("LAPWING_STEPS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	first = getpid();
	steps = at == MAP_FAILED ? NULL : at;
	if (fd >= 0)
		(void)close(fd);
}

static void step(const char *call, const char *file) {
	char name[NAME_BYTES];
	uint32_t i;

	if (!steps)
		return;
	/* a bundle's own name is the same step, whichever it is */
	if (strlen(file) > 64 && !strncmp(file + 64, ".lwb", 4))
		file += 64;
	(void)snprintf(name, sizeof(name), "%s %s %.60s", getpid() == first ? "main" : "child",
		       call, file);
	i = __atomic_fetch_add(&steps->n, 1, __ATOMIC_SEQ_CST);
	if (i < LOGGED)
		memcpy(steps->names[i], name, sizeof(name));
	if (strcmp(steps->wanted, name) != 0 ||
	    __atomic_sub_fetch(&steps->nth, 1, __ATOMIC_SEQ_CST))
		return;
	__atomic_store_n(&steps->stopped, (uint32_t)getpid(), __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&steps->go, __ATOMIC_SEQ_CST))
		(void)sched_yield();
}

/* is_step - opens that change something, or by which the worker takes it up */
static int is_step(const char *name, int flags) {
	size_t n = strlen(name);

	if (*name == '/')
		return 0;
	if ((flags & O_ACCMODE) != O_RDONLY)
		return strcmp(name, "lock") != 0;
	return getpid() == first &&
	       (!strcmp(name, "state") || (n > 4 && !strcmp(name + n - 4, ".lwb")));
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
	if (is_step(name, flags))
		step("openat", name);
	(void)snprintf(last, sizeof(last), "%s", name);
	return real(dir, name, flags, mode);
}

int fsync(int fd) {
	static int (*real)(int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fsync");
	step("fsync", last);
	return real(fd);
}

int renameat(int from, const char *old, int to, const char *new) {
	static int (*real)(int, const char *, int, const char *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "renameat");
	step("renameat", new);
	return real(from, old, to, new);
}

int unlinkat(int dir, const char *name, int flags) {
	static int (*real)(int, const char *, int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "unlinkat");
	step("unlinkat", name);
	return real(dir, name, flags);
}
