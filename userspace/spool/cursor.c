/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/crc32c.h"

#define SLOT_MAGIC 0x3152554357504cull /* "LPWCUR1" */
#define SLOT_BYTES 1024

#define FIRST_CAUSES 7 /* that every version knows */

/* What every version writes. */
struct base {
	uint64_t magic, generation;
	uint64_t start[SPOOL_CLASSES], next[SPOOL_CLASSES];
	uint64_t acked, acked_bytes;
	uint64_t dropped[FIRST_CAUSES];
	uint64_t seq, acked_ns, failures, failed_ns;
	char why[CURSOR_WHY_BYTES];
	uint32_t zero, crc; /* of all before it */
};

/* What came later, behind it. A version that does not know it leaves an old one there. */
struct more {
	uint64_t generation; /* of the base that it was written with; another: it is old */
	uint64_t dropped[SPOOL_CAUSES - FIRST_CAUSES];
	uint64_t promises[CURSOR_PROMISES];
	uint32_t zero, crc; /* of all before it */
};

/* And behind that, in the same way. */
struct last {
	uint64_t generation;
	uint64_t settled_ns;
	uint32_t zero, crc; /* of all before it */
};

struct slot {
	struct base base;
	struct more more;
	struct last last;
};

_Static_assert(sizeof(struct base) == 432, "a format on disk");
_Static_assert(offsetof(struct slot, last) == 968, "a format on disk");
_Static_assert(sizeof(struct slot) <= SLOT_BYTES, "two slots to a file");

#define CAPPED_MAGIC 0x3150414357504cull /* "LPWCAP1" */
#define CAPPED_BYTES 2048		 /* each, behind the slots */

struct capped_slot {
	uint64_t magic, generation;
	struct cursor_capped capped;
	uint32_t zero, crc; /* of all before it */
};

_Static_assert(sizeof(struct capped_slot) <= CAPPED_BYTES, "two of them to a file");

static off_t capped_at(unsigned i) {
	return 2 * SLOT_BYTES + (off_t)i * CAPPED_BYTES;
}

static uint32_t capped_crc(const struct capped_slot *s) {
	return crc32c(0, s, offsetof(struct capped_slot, crc));
}

/*
 * read_capped - the younger of those that are whole, and not ahead of the cursor: that was written
 * behind it, so a write ended between the two. A version that knows nothing of it leaves it behind.
 */
static void read_capped(struct cursor_file *file) {
	uint64_t best = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct capped_slot s;

		if (pread(file->fd, &s, sizeof(s), capped_at(i)) != sizeof(s) ||
		    s.magic != CAPPED_MAGIC || s.crc != capped_crc(&s) ||
		    s.generation > file->generation || s.generation <= best)
			continue;
		best = s.generation;
		file->capped = s.capped;
		file->capped_slot = i + 1;
	}
}

/* write_capped - nothing, as long as there has never been anything */
static int write_capped(struct cursor_file *file, uint64_t generation) {
	static const struct cursor_capped nothing;
	unsigned i = file->capped_slot % 2;
	struct capped_slot s;
	ssize_t n;

	if (!file->capped_slot && !memcmp(&file->capped, &nothing, sizeof(nothing)))
		return 0;
	memset(&s, 0, sizeof(s));
	s.magic = CAPPED_MAGIC;
	s.generation = generation;
	s.capped = file->capped;
	s.crc = capped_crc(&s);
	n = pwrite(file->fd, &s, sizeof(s), capped_at(i));
	if (n != sizeof(s))
		return n < 0 ? -errno : -ENOSPC;
	file->capped_slot = i + 1;
	return 0;
}

static uint32_t base_crc(const struct base *b) {
	return crc32c(0, b, offsetof(struct base, crc));
}

static uint32_t more_crc(const struct more *m) {
	return crc32c(0, m, offsetof(struct more, crc));
}

static uint32_t last_crc(const struct last *l) {
	return crc32c(0, l, offsetof(struct last, crc));
}

static void pack(const struct cursor *c, uint64_t generation, struct slot *ret) {
	struct base *b = &ret->base;
	struct more *m = &ret->more;
	struct last *l = &ret->last;

	memset(ret, 0, sizeof(*ret));
	b->magic = SLOT_MAGIC;
	b->generation = m->generation = l->generation = generation;
	memcpy(b->start, c->start, sizeof(b->start));
	memcpy(b->next, c->next, sizeof(b->next));
	b->acked = c->acked;
	b->acked_bytes = c->acked_bytes;
	memcpy(b->dropped, c->dropped, sizeof(b->dropped));
	memcpy(m->dropped, c->dropped + FIRST_CAUSES, sizeof(m->dropped));
	b->seq = c->seq;
	b->acked_ns = c->acked_ns;
	b->failures = c->failures;
	b->failed_ns = c->failed_ns;
	memcpy(b->why, c->why, sizeof(b->why));
	memcpy(m->promises, c->promises, sizeof(m->promises));
	b->crc = base_crc(b);
	m->crc = more_crc(m);
	l->settled_ns = c->settled_ns;
	l->crc = last_crc(l);
}

/* set_away - of a slot without its newer part: what the sum of the ledger leaves */
static void set_away(struct cursor *c) {
	uint64_t n = 0;

	for (int i = 0; i < SPOOL_CLASSES; i++)
		n += c->next[i] - c->start[i];
	n -= c->acked;
	for (int i = 0; i < FIRST_CAUSES; i++)
		n -= c->dropped[i];
	c->dropped[SPOOL_AWAY] = n <= INT64_MAX ? n : 0;
}

static void unpack(const struct slot *s, struct cursor *c) {
	const struct base *b = &s->base;
	const struct more *m = &s->more;
	const struct last *l = &s->last;
	bool knows_last = l->generation == b->generation && l->crc == last_crc(l);

	*c = (struct cursor){ .acked = b->acked,
			      .acked_bytes = b->acked_bytes,
			      .seq = b->seq,
			      .acked_ns = b->acked_ns,
			      .settled_ns = knows_last ? l->settled_ns : b->acked_ns,
			      .failures = b->failures,
			      .failed_ns = b->failed_ns };
	memcpy(c->start, b->start, sizeof(c->start));
	memcpy(c->next, b->next, sizeof(c->next));
	memcpy(c->dropped, b->dropped, sizeof(b->dropped));
	memcpy(c->why, b->why, sizeof(c->why) - 1);
	if (m->generation != b->generation || m->crc != more_crc(m)) {
		set_away(c);
		return;
	}
	memcpy(c->dropped + FIRST_CAUSES, m->dropped, sizeof(m->dropped));
	memcpy(c->promises, m->promises, sizeof(c->promises));
}

bool cursor_name_ok(const char *name) {
	size_t n = strlen(name);

	return n > 0 && n < CURSOR_NAME_BYTES - 8 && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       n;
}

#define FILE_BYTES (CURSOR_NAME_BYTES + 8)

static void file_name(const char *name, char ret[FILE_BYTES]) {
	(void)snprintf(ret, FILE_BYTES, "%s.cursor", name);
}

/* read_slots - the younger of those that are whole */
static int read_slots(int fd, struct slot *ret) {
	bool found = false;

	for (int i = 0; i < 2; i++) {
		struct slot s;

		memset(&s, 0, sizeof(s));
		if (pread(fd, &s, sizeof(s), (off_t)i * SLOT_BYTES) < (ssize_t)sizeof(s.base) ||
		    s.base.magic != SLOT_MAGIC || s.base.crc != base_crc(&s.base) ||
		    (found && s.base.generation < ret->base.generation))
			continue;
		*ret = s;
		found = true;
	}
	return found ? 0 : -EBADMSG;
}

int cursor_open(int dir, const char *name, bool make, struct cursor_file *file,
		struct cursor *ret) {
	char path[FILE_BYTES];
	struct slot s;
	int fd, err;

	file_name(name, path);
	fd = openat(dir, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	err = fd < 0 ? -errno : read_slots(fd, &s);
	if (err == -ENOENT && make) {
		fd = openat(dir, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		err = fd < 0 ? -errno : -EBADMSG;
	}
	if (fd < 0)
		return err;
	if (err && !make) {
		(void)close(fd);
		return err;
	}
	*file = (struct cursor_file){ .fd = fd, .generation = err ? 0 : s.base.generation };
	if (!err)
		read_capped(file);
	*ret = (struct cursor){ 0 };
	if (!err)
		unpack(&s, ret);
	return err;
}

int cursor_read(int dir, const char *name, struct cursor *ret) {
	struct cursor_file file;
	int err = cursor_open(dir, name, false, &file, ret);

	if (!err)
		cursor_close(&file);
	return err;
}

int cursor_write(struct cursor_file *file, const struct cursor *c) {
	struct slot s;
	ssize_t n;
	int err = write_capped(file, file->generation + 1);

	if (err)
		return err;
	pack(c, file->generation + 1, &s);
	n = pwrite(file->fd, &s, sizeof(s), (off_t)(s.base.generation % 2) * SLOT_BYTES);
	if (n != sizeof(s))
		return n < 0 ? -errno : -ENOSPC;
	file->generation = s.base.generation;
	return 0;
}

int cursor_rename(int dir, const char *from, const char *to) {
	char old[FILE_BYTES], new[FILE_BYTES];

	file_name(from, old);
	file_name(to, new);
	return renameat2(dir, old, dir, new, RENAME_NOREPLACE) ? -errno : 0;
}

int cursor_forget(int dir, const char *name, struct cursor *ret) {
	char path[FILE_BYTES];
	int fd, err = 0;

	if (!cursor_name_ok(name))
		return -EINVAL;
	file_name(name, path);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	*ret = (struct cursor){ 0 };
	if (!err && cursor_read(dir, name, ret))
		*ret = (struct cursor){ 0 };
	if (!err && unlinkat(dir, path, 0))
		err = -errno;
	(void)close(fd);
	return err;
}

void cursor_close(struct cursor_file *file) {
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
}
