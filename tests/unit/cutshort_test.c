/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cutshort.h"
#include "test.h"

#define PAGES 4

static size_t page;

/* map - a file of some pages of 'x', of which only @left are there by now */
static char *map(size_t left) {
	char path[] = "/tmp/lapwing-cutshort-XXXXXX";
	int fd = mkstemp(path);
	char *bytes = malloc(page), *at;

	if (fd < 0 || !bytes)
		return NULL;
	memset(bytes, 'x', page);
	for (int i = 0; i < PAGES; i++)
		CHECK(write(fd, bytes, page) == (ssize_t)page);
	free(bytes);
	at = mmap(NULL, PAGES * page, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(!ftruncate(fd, (off_t)(left * page)));
	(void)close(fd);
	(void)unlink(path);
	return at == MAP_FAILED ? NULL : at;
}

/* sum - of a volatile look at each page's last byte */
static unsigned sum(const char *at) {
	unsigned n = 0;

	for (size_t i = 1; i <= PAGES; i++)
		n += (unsigned)*(const volatile char *)(at + i * page - 1);
	return n;
}

static void what_is_gone_reads_as_zeros_and_is_counted(void) {
	for (size_t left = 0; left <= PAGES; left++) {
		char *at = map(left);

		CHECK(at != NULL);
		if (!at)
			return;
		cutshort_begin();
		CHECK(sum(at) == left * 'x');
		CHECK(sum(at) == left * 'x');
		CHECK(cutshort_end() == PAGES - left);
		(void)munmap(at, PAGES * page);
	}
}

/* end_of - the signal that ended a process which looked at a page that is gone */
static int end_of(void (*look)(char *at)) {
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		struct rlimit none = { 0, 0 };
		char *at = map(1);

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGBUS, SIG_DFL);
		if (at)
			look(at);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void look_afterwards(char *at) {
	cutshort_begin();
	(void)cutshort_end();
	(void)sum(at);
}

static void look_within(char *at) {
	cutshort_begin();
	(void)sum(at);
	(void)cutshort_end();
}

static void raise_within(char *at) {
	(void)at;
	cutshort_begin();
	(void)raise(SIGBUS);
	(void)raise(SIGBUS);
	(void)cutshort_end();
}

static void nobody_else_is_spared(void) {
	CHECK(end_of(look_within) == 0);
	CHECK(end_of(look_afterwards) == SIGBUS);
	CHECK(end_of(raise_within) == SIGBUS);
}

int main(void) {
	page = (size_t)sysconf(_SC_PAGESIZE);
	RUN(what_is_gone_reads_as_zeros_and_is_counted);
	RUN(nobody_else_is_spared);
	DONE();
}
