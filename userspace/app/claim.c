/* SPDX-License-Identifier: Apache-2.0 */
#include "app/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"

#define FOLDER "lock" /* with our pid */
#define WORKER "worker.lock"
#define PID_BYTES 11 /* always as long, so that no other is left behind it */
#define LOOK_MS 50

static int open_lock(int dir, const char *name) {
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : fd;
}

/* holder - whose pid the lock has; 0: none that can be read */
static pid_t holder(int fd) {
	char text[PID_BYTES + 1] = "";

	return pread(fd, text, PID_BYTES, 0) > 0 ? atoi(text) : 0;
}

int claim_folder(int dir, const char *name, int *ret) {
	char text[PID_BYTES + 1];
	int fd = open_lock(dir, FOLDER);

	if (fd < 0)
		return fd;
	*ret = fd;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		log_error("a supervisor with \"%s\" is running already, process %d", name,
			  (int)holder(fd));
		return -EBUSY;
	}
	(void)snprintf(text, sizeof(text), "%-10d\n", (int)getpid());
	if (pwrite(fd, text, PID_BYTES, 0) == PID_BYTES)
		return 0;
	/* another's pid must not stay: a signal would go there */
	(void)!ftruncate(fd, 0);
	log_warn("\"%s\" does not take our pid, so that an order is heard only at the next start, "
		 "continuing", name);
	return 0;
}

int claim_worker(int dir, const char *name, int patience_ms, int *ret) {
	int fd = open_lock(dir, WORKER);

	if (fd < 0)
		return fd;
	*ret = fd;
	for (int ms = 0; ms < patience_ms; ms += LOOK_MS) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		(void)poll(NULL, 0, LOOK_MS);
	}
	log_error("a sensor of an earlier supervisor does not end; look for it with \"lsof "
		  "%s/" WORKER "\"", name);
	return -EBUSY;
}

void claim_signal(int dir, int number) {
	int fd = openat(dir, FOLDER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	/* the lock tells whether the number in it is still a supervisor's */
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK && holder(fd) > 0)
		(void)kill(holder(fd), number);
	(void)close(fd);
}
