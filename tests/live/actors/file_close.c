/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to a file in one of the ways that a close has to tell apart, and closes it. */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct stat before;
static uint64_t wrote;

static void put(int fd, const char *text) {
	size_t n = strlen(text);

	if (write(fd, text, n) != (ssize_t)n)
		die("write");
	wrote += n;
}

static int open_there(int flags) {
	int fd = open("there", flags | O_CLOEXEC);

	if (fd < 0)
		die("there");
	return fd;
}

static void twice(int fd) {
	put(fd, "abc");
	put(fd, "defghij");
}

static void nothing(int fd) {
	(void)fd;
}

static void over_the_end(int fd) {
	if (lseek(fd, 100, SEEK_SET) != 100)
		die("lseek");
	put(fd, "x");
}

static void positioned(int fd) {
	if (pwrite(fd, "0123456", 7, 50) != 7)
		die("pwrite");
	wrote += 7;
}

static void of_two(int fd) {
	int other = open("other", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (other < 0 || write(other, "abcdefgh", 8) != 8)
		die("other");
	put(fd, "xyz");
}

/* The last of two descriptors of one open file. */
static void doubled(int fd) {
	int second = dup(fd);

	put(fd, "12");
	if (second < 0 || close(second))
		die("dup");
	put(fd, "34");
}

static const struct {
	const char *name;
	int flags;
	void (*act)(int fd);
} ways[] = {
	{ "written", O_WRONLY, twice },	      { "appended", O_WRONLY | O_APPEND, twice },
	{ "emptied", O_WRONLY | O_TRUNC, twice }, { "unwritten", O_WRONLY, nothing },
	{ "sought", O_WRONLY, over_the_end },  { "positioned", O_WRONLY, positioned },
	{ "of_two", O_WRONLY, of_two },	      { "doubled", O_RDWR, doubled },
};

int main(int argc, char **argv) {
	size_t i = 0;
	int flags, fd;

	while (i < sizeof(ways) / sizeof(ways[0]) - 1 && argc > 1 && strcmp(argv[1], ways[i].name))
		i++;
	make_file("there", 0604);
	if (truncate("there", 20))
		die("truncate");
	before = look("there");
	deed_start();
	fd = open_there(ways[i].flags);
	flags = fcntl(fd, F_GETFL);
	ways[i].act(fd);
	if (close(fd))
		die("close");
	deed_stop(false);
	tell_open("FILE_CLOSE", here(), "there", &before);
	put_u64("file.flags", (unsigned int)flags);
	put_u64("file.old_size", (uint64_t)before.st_size);
	put_u64("file.size", (uint64_t)look("there").st_size);
	put_u64("file.written_bytes", wrote);
	if (!wrote)
		put_times(0, 0);
	truth_close();
	return 0;
}
