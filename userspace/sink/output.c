/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* What a pipe with any room takes whole, so that such a write does not wait. */
#define PIECE_BYTES PIPE_BUF

static const char *const formats[] = {
	[OUTPUT_TEXT] = "text:",
	[OUTPUT_JSON] = "json:",
	[OUTPUT_PROTO] = "proto:",
	[OUTPUT_OCSF] = "ocsf:",
	[OUTPUT_ECS] = "ecs:",
};

static char sentence[PATH_MAX + 160];

static __attribute__((format(printf, 3, 4))) int refuse(int error, const char **why,
							const char *fmt, ...) {
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	*why = sentence;
	return error;
}

static int refuse_open(int error, const char *path, const char **why) {
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return refuse(-error, why, "the folder of \"%s\" does not exist; make it first",
			      path);
	case EISDIR:
		return refuse(-error, why, "\"%s\" is a folder; name a file in it", path);
	case ELOOP:
		return refuse(-error, why,
			      "\"%s\" is a symbolic link, which is not followed; name the file "
			      "itself, or \"-\" for standard output",
			      path);
	case EACCES:
	case EPERM:
		return refuse(-error, why, "\"%s\" may not be written by this user; choose another "
			      "place or change its permissions", path);
	case EROFS:
		return refuse(-error, why, "\"%s\" is on a read-only file system; choose another "
			      "place", path);
	case ENOSPC:
	case EDQUOT:
		return refuse(-error, why, "there is no space for \"%s\"; make some or choose "
			      "another place", path);
	default:
		return refuse(-error, why, "\"%s\" cannot be opened: %s; choose another place",
			      path, strerror(error));
	}
}

/* writable_kind - whether a file of this kind can be an output; a device must prove it when open */
static bool writable_kind(const struct stat *st) {
	return S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode) || S_ISCHR(st->st_mode);
}

/* A device may do anything with a write, and some even with an open. */
static bool harmless_device(const struct stat *st, int fd) {
	return !S_ISCHR(st->st_mode) || st->st_rdev == makedev(1, 3) || isatty(fd);
}

static int open_file(const char *path, int *ret, const char **why) {
	struct stat st;
	int fd;

	if (!*path)
		return refuse(-EINVAL, why, "the file name is missing; name one, or \"-\" for "
			      "standard output");
	if (lstat(path, &st) == 0) {
		if (S_ISLNK(st.st_mode))
			return refuse_open(ELOOP, path, why);
		if (S_ISDIR(st.st_mode))
			return refuse_open(EISDIR, path, why);
		if (!writable_kind(&st))
			return refuse(-EINVAL, why, "\"%s\" is neither a file nor a FIFO; name "
				      "one that is", path);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		return refuse_open(errno, path, why);
	/* what was looked at may have been exchanged since */
	if (fstat(fd, &st) < 0 || !writable_kind(&st) || !harmless_device(&st, fd)) {
		(void)close(fd);
		return refuse(-EINVAL, why, "\"%s\" is a device that is not a terminal; name a "
			      "file or a FIFO", path);
	}
	/* nobody shares this description, so a terminal's or a FIFO's writes need never wait */
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	*ret = fd;
	return 0;
}

/*
 * own_terminal - the terminal behind @standard, not blocking, or @standard itself
 * A terminal that is ready to be written may still have less room than one write needs, and
 * O_NONBLOCK on the shell's own description would outlive us.
 */
static int own_terminal(int standard) {
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", standard);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? standard : fd;
}

static int open_standard(int standard, enum output_format format, int *ret, const char **why) {
	int flags = fcntl(standard, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return refuse(-EBADF, why, "standard output is closed; open it or name a file");
	if (format == OUTPUT_PROTO && isatty(standard))
		return refuse(-EINVAL, why, "protobuf is not for a terminal; redirect standard "
			      "output or use \"json:-\"");
	*ret = isatty(standard) ? own_terminal(standard) : standard;
	return 0;
}

const char *output_place(const char *spec, enum output_format *ret) {
	for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (str_starts(str_of(spec), str_of(formats[i]))) {
			*ret = (enum output_format)i;
			return spec + strlen(formats[i]);
		}
	}
	return NULL;
}

int output_open(const char *spec, struct output *ret, const char **why) {
	enum output_format format = OUTPUT_TEXT;
	const char *place = output_place(spec, &format);
	int fd = -1, standard = -1, r;
	struct stat st;

	if (!place)
		return refuse(-EINVAL, why, "\"%.200s\" is not FORMAT:PLACE; write for example "
			      "\"json:-\", \"text:-\" or \"proto:events.pb\"", spec);
	if (!strcmp(place, "-") || !strcmp(place, "/dev/stdout"))
		standard = STDOUT_FILENO;
	else if (!strcmp(place, "/dev/stderr"))
		standard = STDERR_FILENO;
	r = standard < 0 ? open_file(place, &fd, why)
			 : open_standard(standard, format, &fd, why);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		st = (struct stat){ 0 };
	*ret = (struct output){ .format = format,
			      .fd = fd,
			      .tty = isatty(fd) == 1,
			      .lossless = format != OUTPUT_TEXT,
			      .standard = standard >= 0,
			      .regular = S_ISREG(st.st_mode),
			      .dev = st.st_dev,
			      .ino = st.st_ino,
			      .name = spec };
	return 0;
}

int output_begin(struct output *s) {
	return s->regular && !s->standard && ftruncate(s->fd, 0) < 0 ? -errno : 0;
}

bool output_clash(const struct output *a, const struct output *b) {
	return a->regular && b->regular && !(a->standard && b->standard) && a->dev == b->dev &&
	       a->ino == b->ino;
}

bool output_is(const struct output *s, const char *path) {
	struct stat st;

	return s->regular && stat(path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino;
}

/* write_some - one write that is not interrupted and does not give up on a full pipe */
static ssize_t write_some(int fd, const char *bytes, size_t n) {
	for (;;) {
		struct pollfd full = { .fd = fd, .events = POLLOUT };
		ssize_t r = write(fd, bytes, n);

		if (r >= 0)
			return r;
		if (errno == EAGAIN)
			(void)poll(&full, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
}

/* write_at_once - one write that does not wait; -EAGAIN when there is no room */
static ssize_t write_at_once(int fd, const char *bytes, size_t n) {
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t r;

	/* a reader that is gone shows as POLLERR, and the write then says why */
	if (poll(&room, 1, 0) <= 0)
		return -EAGAIN;
	r = write(fd, bytes, n < PIECE_BYTES ? n : PIECE_BYTES);
	if (r < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return r;
}

/* drop_written - a long rest is moved seldom: only when as much again was written */
static void drop_written(struct output *s) {
	size_t rest = output_backlog(s);

	if (s->hurried && s->done < rest)
		return;
	if (s->done && rest)
		memmove(s->buf.data, s->buf.data + s->done, rest);
	s->buf.len = rest;
	s->done = 0;
}

int output_flush(struct output *s) {
	bool wait = !s->hurried || s->regular;
	int r = 0;

	while (output_backlog(s) && r >= 0) {
		const char *at = s->buf.data + s->done;
		ssize_t n = wait ? write_some(s->fd, at, output_backlog(s))
				 : write_at_once(s->fd, at, output_backlog(s));

		if (n < 0) {
			r = (int)n;
		} else {
			s->done += (size_t)n;
			s->written_bytes += (uint64_t)n;
		}
	}
	drop_written(s);
	if (r < 0 && r != -EAGAIN)
		return r;
	if (buf_error(&s->buf)) {
		r = buf_error(&s->buf);
		s->buf.error = 0;
	}
	return r;
}

int output_close(struct output *s) {
	int r = output_flush(s);

	if (s->fd > STDERR_FILENO && close(s->fd) < 0 && r == 0)
		r = -errno;
	buf_done(&s->buf);
	s->done = 0;
	s->fd = -1;
	return r;
}
