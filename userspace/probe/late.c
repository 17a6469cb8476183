/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late.c - the inode that a hook could not name
 *
 * Where a path came as text from a process, the hook had no inode. Soon after
 * the deed the file is mostly still there, and its identity is read. The record
 * says that this was done late (WIRE_FILE_LATE); mode and owner are then those
 * after the deed. Only paths of the sensor's own mount
 * namespace are looked up; of a file that is gone nothing is added. It is done
 * before the tape, so that a replay needs no file system.
 *
 * A path is the choice of whoever did the deed, and may lead to a file system
 * that does not answer. So only names that are in the kernel's cache are looked
 * up (RESOLVE_CACHED, Linux 5.12), and attributes are taken as they are known.
 */
#include "probe/probe_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_UPS 4
#define FOLDERS_ASKED 16 /* of one path, whose text is as long as its process likes */
#define AT_NOFOLLOW_BIT 0x100 /* AT_SYMLINK_NOFOLLOW as bpf/file.bpf.c writes it */

/* append_dentries - the leaf-first components at @from, turned round, behind @to; -1: no room */
static int append_dentries(char *to, size_t cap, size_t *at, const char *from, size_t n) {
	size_t end = n;

	while (end > 0) {
		size_t start = end - 1, len;

		while (start > 0 && from[start - 1])
			start--;
		len = end - 1 - start;
		if (*at + len + 2 > cap)
			return -1;
		to[(*at)++] = '/';
		memcpy(to + *at, from + start, len);
		*at += len;
		end = start;
	}
	to[*at] = '\0';
	return 0;
}

static bool inside(uint32_t off, uint32_t n, uint32_t len) {
	return off >= sizeof(struct wire_file) && off + n <= len;
}

/* path_text - what @p says, as a path for open(2); -1 when it cannot be one */
static int path_text(const char *record, uint32_t len, const struct wire_path *p, char *to,
		     size_t cap) {
	size_t at = 0;

	if (p->flags & WIRE_PATH_BARE || !p->off || !inside(p->off, p->len, len))
		return -1;
	if (p->len && record[p->off + p->len - 1])
		return -1;
	if (append_dentries(to, cap, &at, record + p->off, p->len) < 0)
		return -1;
	if (p->tail_off) {
		if (!inside(p->tail_off, p->tail_len, len) || at + p->tail_len + 2 > cap)
			return -1;
		to[at++] = '/';
		memcpy(to + at, record + p->tail_off, p->tail_len);
		at += p->tail_len;
	}
	to[at] = '\0';
	return at ? 0 : -1;
}

/* look_up - what the cache knows of the file at @path; -1: nothing */
static int look_up(const char *path, bool follow, struct statx *ret) {
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
		.resolve = RESOLVE_CACHED,
	};
	int fd = -1, err;

	/* EAGAIN is also a rename anywhere at that moment; then once more is enough, mostly */
	errno = EAGAIN;
	for (int i = 0; i < LOOK_UPS && fd < 0 && errno == EAGAIN; i++)
		fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd < 0)
		return -1;
	err = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, ret);
	(void)close(fd);
	return err;
}

/*
 * shorten - takes "name/.." out of the tail of @p where name is a folder, and no link to one
 * @record: the tail is changed in place, and gets no longer
 * What is not known stays: decode/path.c tells it as it was given.
 */
static void shorten(char *record, uint32_t len, struct wire_path *p) {
	char path[2 * WIRE_PATH_BYTES];
	const char *s = record + p->tail_off, *end = s + p->tail_len;
	struct wire_path base = { .off = p->off, .len = p->len, .flags = p->flags };
	size_t begin = 0, at;
	int asked = 0;

	if (!p->tail_off || !inside(p->tail_off, p->tail_len, len) || !p->off ||
	    p->flags & WIRE_PATH_BARE || !memmem(s, p->tail_len, "/..", 3) ||
	    (p->len && path_text(record, len, &base, path, sizeof(path)) < 0))
		return;
	if (p->len)
		begin = strlen(path);
	if (begin + p->tail_len + 2 > sizeof(path))
		return;
	for (at = begin; s < end;) {
		const char *slash = memchr(s, '/', (size_t)(end - s));
		size_t n = (size_t)((slash ? slash : end) - s), last = at;
		struct statx st;

		while (last > begin && path[--last] != '/')
			;
		path[at] = '\0';
		if (n == 2 && !memcmp(s, "..", 2) && at > begin &&
		    strcmp(path + last, "/..") != 0 && asked++ < FOLDERS_ASKED &&
		    !look_up(path, false, &st) && S_ISDIR(st.stx_mode)) {
			at = last;
		} else if (n && !(n == 1 && *s == '.')) {
			path[at++] = '/';
			memcpy(path + at, s, n);
			at += n;
		}
		s = slash ? slash + 1 : end;
	}
	p->tail_len = (uint16_t)(at - begin - (at > begin));
	memcpy(record + p->tail_off, path + begin + 1, p->tail_len);
}

/* ours - whether a path in mount namespace @ns_mnt means the same to this process */
static bool ours(uint32_t ns_mnt) {
	static uint32_t own;
	struct stat st;

	if (!own && !stat("/proc/self/ns/mnt", &st))
		own = (uint32_t)st.st_ino;
	return own && ns_mnt == own;
}

/* fill - what is certain of a file that was looked up after a deed of kind @kind */
static void fill(struct wire_file *e, const struct statx *st) {
	e->inode.ino = st->stx_ino;
	e->inode.dev = st->stx_dev_major << 20 | st->stx_dev_minor;
	e->inode.mode = st->stx_mode;
	e->inode.uid = st->stx_uid;
	e->inode.gid = st->stx_gid;
	e->inode.links = st->stx_nlink;
	e->head.flags &= ~WIRE_FILE_UNRESOLVED;
	e->head.flags |= WIRE_FILE_LATE;
}

/* is_file - whether a record of kind @kind is a wire_file */
static bool is_file(uint32_t kind) {
	return (kind >= WIRE_FILE_CREATE && kind <= WIRE_FILE_REMOVEXATTR) ||
	       (kind >= WIRE_FILE_MOUNT && kind <= WIRE_FILE_CLOSE);
}

/* leaves_file - whether a deed is on a file, and it can be there afterwards under its path */
static bool leaves_file(uint32_t kind) {
	return kind >= WIRE_FILE_CREATE && kind <= WIRE_FILE_REMOVEXATTR &&
	       kind != WIRE_FILE_UNLINK && kind != WIRE_FILE_RMDIR;
}

const void *late_resolve(const void *record, uint32_t len, char *scratch) {
	const struct wire_file *seen = record;
	struct wire_file *e = (struct wire_file *)scratch;
	char path[2 * WIRE_PATH_BYTES];
	struct statx st;

	if (len < sizeof(*seen) || len > WIRE_MAX_BYTES ||
	    !(seen->head.flags & WIRE_FILE_UNRESOLVED) || !is_file(seen->head.kind) ||
	    !ours(seen->ns_mnt))
		return record;
	memcpy(scratch, record, len);
	shorten(scratch, len, &e->path);
	shorten(scratch, len, &e->old_path);
	if (!leaves_file(e->head.kind) || e->head.outcome == WIRE_FAILED ||
	    path_text(scratch, len, &e->path, path, sizeof(path)) < 0 ||
	    !strncmp(path, "/proc/", 6)) /* "self" is another there */
		return scratch;
	if (!look_up(path, !(e->flags & AT_NOFOLLOW_BIT), &st))
		fill(e, &st);
	return scratch;
}
