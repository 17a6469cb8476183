/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hide N - a deed that somebody looks for, behind so many of its kind that nobody does
 *
 * Opens N files again and again and then .ssh/authorized_keys, to be written; makes as many and
 * then .ssh/authorized_keys2; renames as many and then one to "away/.ssh/authorized_keys". Each
 * within a second or so. Standard output: "PID OPENS CREATES RENAMES", all of them.
 */
#include "truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN 16 /* so many equal opens are told whole */
#define KEYS ".ssh/authorized_keys"

static const char *file(const char *kind, int i) {
	static char name[2][32];
	static int turn;

	turn = !turn;
	(void)snprintf(name[turn], sizeof(name[turn]), "%s.%d", kind, i);
	return name[turn];
}

static void touch(const char *path, int flags) {
	int fd = open(path, flags | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0 || close(fd))
		die("%s", path);
}

static void move(const char *from, const char *to) {
	if (rename(from, to))
		die("%s", from);
}

int main(int argc, char **argv) {
	int n = argc == 2 ? atoi(argv[1]) : 0;

	if (n < 1)
		die("usage: hide N");
	if (mkdir(".ssh", 0700) || mkdir("away", 0700) || mkdir("away/.ssh", 0700))
		die("mkdir");
	touch(KEYS, O_CREAT);
	for (int i = 0; i < n; i++)
		touch(file("open", i), O_CREAT);
	(void)sleep(2); /* the second that these counted in is over */
	for (int i = 0; i < n * AGAIN; i++)
		touch(file("open", i % n), 0);
	touch(KEYS, 0);
	for (int i = 0; i < n * AGAIN; i++)
		touch(file("made", i), O_CREAT);
	touch(KEYS "2", O_CREAT);
	for (int i = 0; i < n * AGAIN; i++)
		move(file("made", i), file("moved", i));
	move("open.0", "away/" KEYS);
	(void)printf("%d %d %d %d\n", getpid(), n * AGAIN + 1, n * AGAIN + n + 2, n * AGAIN + 1);
	return fflush(stdout) ? 1 : 0;
}
