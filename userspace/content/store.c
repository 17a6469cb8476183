/* SPDX-License-Identifier: Apache-2.0 */
#include "content/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define MAX_STATE_BYTES 65536
#define LOCK_STEP_MS 20
#define SUFFIX ".lwb"
/* What is given up when the disk is full: for a state, and for what the history must not lack. */
#define SPARE_STATE "spare.state"
#define SPARE_HISTORY "spare.history"
#define SPARE_BYTES 16384
#define SLOT_NAME_BYTES (SEAL_HEX_BYTES + sizeof(SUFFIX))

static int make_folder(const char *path) {
	char text[4096];
	size_t n = strlen(path);

	if (n >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, path, n + 1);
	for (char *slash = strchr(text + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(text, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(text, 0700) && errno != EEXIST ? -errno : 0;
}

int store_open(const char *path, struct store *ret) {
	int err = make_folder(path);

	*ret = (struct store){ .dir = -1, .slots = -1, .lock = -1, .path = path };
	if (err)
		return err;
	ret->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return -errno;
	if (mkdirat(ret->dir, "slots", 0700) && errno != EEXIST)
		err = -errno;
	ret->slots = openat(ret->dir, "slots", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->slots < 0 && !err)
		err = -errno;
	if (err)
		store_close(ret);
	return err;
}

static void keep_spare(const struct store *s, const char *name) {
	static const char zeros[SPARE_BYTES];

	if (faccessat(s->dir, name, F_OK, 0))
		(void)file_write_at(s->dir, name, zeros, sizeof(zeros));
}

/* has_room - whether @err was that there is none, and by giving up @spare there may be */
static bool has_room(const struct store *s, int err, const char *spare) {
	return (err == -ENOSPC || err == -EDQUOT) && !unlinkat(s->dir, spare, 0);
}

void store_close(struct store *s) {
	store_unlock(s);
	if (s->slots >= 0)
		(void)close(s->slots);
	if (s->dir >= 0)
		(void)close(s->dir);
	s->dir = s->slots = -1;
}

int store_lock(struct store *s, unsigned ms) {
	const struct timespec step = { 0, LOCK_STEP_MS * 1000000L };
	int fd;

	if (s->lock >= 0)
		return 0;
	fd = openat(s->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (unsigned waited = 0; flock(fd, LOCK_EX | LOCK_NB); waited += LOCK_STEP_MS) {
		if (errno == EWOULDBLOCK && waited < ms) {
			(void)nanosleep(&step, NULL);
			continue;
		}
		(void)close(fd);
		return -EWOULDBLOCK;
	}
	s->lock = fd;
	return 0;
}

void store_unlock(struct store *s) {
	if (s->lock >= 0)
		(void)close(s->lock);
	s->lock = -1;
}

/* --- files ------------------------------------------------------------------------------------ */

int store_read(const struct store *s, const char *name, size_t max, struct buf *out) {
	return file_read_at(s->dir, name, max, out);
}

int store_write(const struct store *s, const char *name, const void *bytes, size_t n) {
	return file_write_at(s->dir, name, bytes, n);
}

int store_load(const struct store *s, struct state *ret) {
	struct buf text = { 0 };
	int err = file_read_at(s->dir, "state", MAX_STATE_BYTES, &text);

	*ret = (struct state){ 0 };
	if (!err)
		err = state_parse((struct str){ text.data, (uint32_t)text.len }, ret);
	else if (err == -ENOENT)
		err = 0;
	buf_done(&text);
	return err;
}

int store_save(const struct store *s, struct state *state) {
	struct buf text = { 0 };
	int err;

	state->serial++;
	state_format(state, &text);
	err = buf_error(&text);
	if (!err)
		err = file_write_at(s->dir, "state", text.data, text.len);
	if (has_room(s, err, SPARE_STATE)) {
		err = file_write_at(s->dir, "state", text.data, text.len);
	} else if (!err) {
		keep_spare(s, SPARE_STATE);
		keep_spare(s, SPARE_HISTORY);
	}
	buf_done(&text);
	if (err)
		state->serial--;
	return err;
}

/* --- slots ------------------------------------------------------------------------------------ */

static void slot_name(const uint8_t *hash, char ret[SLOT_NAME_BYTES]) {
	seal_hex(hash, ret);
	memcpy(ret + 2 * SEAL_HASH_BYTES, SUFFIX, sizeof(SUFFIX));
}

int store_put(const struct store *s, const uint8_t hash[SEAL_HASH_BYTES], const void *bytes,
	      size_t n) {
	char name[SLOT_NAME_BYTES];

	slot_name(hash, name);
	return file_write_at(s->slots, name, bytes, n);
}

int store_get(const struct store *s, const uint8_t hash[SEAL_HASH_BYTES], struct buf *out) {
	char name[SLOT_NAME_BYTES];

	slot_name(hash, name);
	return file_read_at(s->slots, name, SEAL_MAX_BYTES, out);
}

static bool is_named(const struct state *st, const char *name) {
	const struct state_slot *slots[] = { &st->live, &st->good, &st->trial, &st->before[0],
					     &st->before[1] };
	char wanted[SLOT_NAME_BYTES];

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		slot_name(slots[i]->hash, wanted);
		if (slots[i]->there && !strcmp(wanted, name))
			return true;
	}
	return false;
}

void store_prune(const struct store *s, const struct state *state) {
	int fd = dup(s->slots);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (!d && fd >= 0)
		(void)close(fd);
	if (!d)
		return;
	rewinddir(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && !is_named(state, e->d_name))
			(void)unlinkat(s->slots, e->d_name, 0);
	(void)closedir(d);
}

int store_root(const struct store *s, struct keys_root *ret) {
	struct buf bytes = { 0 };
	struct seal seal;
	const char *why;
	int err = file_read_at(s->dir, "root", SEAL_MAX_BYTES, &bytes);

	if (!err)
		err = seal_open(bytes.data, bytes.len, &seal, &why);
	if (!err)
		err = keys_parse(&seal, ret);
	if (!err && !keys_signed(ret, KEYS_ROOT, &seal, NULL))
		err = -EBADMSG; /* not what was installed */
	buf_done(&bytes);
	return err;
}

int store_set_root(const struct store *s, const void *bytes, size_t n) {
	return file_write_at(s->dir, "root", bytes, n);
}

/* --- history ---------------------------------------------------------------------------------- */

/* halve - the newer half of the history, from the beginning of a line */
static int halve(const struct store *s) {
	struct buf text = { 0 };
	int err = file_read_at(s->dir, "history", 2 * STORE_MAX_HISTORY, &text);
	const char *from = err ? NULL : memchr(text.data + text.len / 2, '\n', text.len / 2);

	if (from)
		err = file_write_at(s->dir, "history", from + 1,
			       text.len - (size_t)(from + 1 - text.data));
	buf_done(&text);
	return err;
}

/* append - @line, whole or not at all */
static int append(const struct store *s, const struct buf *line) {
	int fd = openat(s->dir, "history",
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
	} else {
		err = file_write_all(fd, line->data, line->len);
		if (!err && fsync(fd))
			err = -errno;
		if (err)
			(void)!ftruncate(fd, st.st_size);
	}
	(void)close(fd);
	return err;
}

int store_tell(const struct store *s, const struct verdict *v) {
	struct buf line = { 0 };
	struct stat st;
	int err;

	if (!fstatat(s->dir, "history", &st, 0) && st.st_size > (off_t)STORE_MAX_HISTORY)
		(void)halve(s);
	verdict_line(v, &line);
	err = buf_error(&line) ? buf_error(&line) : append(s, &line);
	if (strcmp(v->verdict, "passed") != 0 && has_room(s, err, SPARE_HISTORY))
		err = append(s, &line);
	buf_done(&line);
	return err;
}
