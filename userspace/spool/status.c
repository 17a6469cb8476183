/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "spool/head.h"
#include "spool/segment.h"

/* is_locked - whether some process has the file @name of the spool to itself */
static bool is_locked(int dir, const char *name) {
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;

	if (fd >= 0)
		(void)close(fd);
	return held;
}

static int read_segments(int dir, struct spool_status *ret) {
	struct segment_list lists[SPOOL_CLASSES] = { 0 };
	int err = segment_list_read(dir, lists);

	for (int i = 0; i < SPOOL_CLASSES; i++) {
		for (size_t k = 0; k < lists[i].n; k++) {
			ret->bytes += lists[i].items[k].bytes;
			ret->segments += !lists[i].items[k].gap;
			ret->gaps += lists[i].items[k].gap;
		}
	}
	if (!err)
		err = segment_list_kept(dir, lists);
	for (int i = 0; i < SPOOL_CLASSES && !err; i++) {
		for (size_t k = 0; k < lists[i].n; k++)
			ret->kept_bytes += lists[i].items[k].bytes;
		ret->kept += (unsigned)lists[i].n;
	}
	segment_list_done(lists);
	return err;
}

static void account(int dir, const struct head_state *head, struct spool_ledger *l) {
	const struct cursor *c = &l->cursor;

	l->damaged = cursor_read(dir, l->name, &l->cursor) != 0;
	if (l->damaged)
		return;
	for (int i = 0; i < SPOOL_CAUSES; i++)
		l->dropped += c->dropped[i];
	for (int i = 0; i < SPOOL_CLASSES; i++) {
		uint64_t end = head->end[i] > c->next[i] ? head->end[i] : c->next[i];

		l->produced += end - c->start[i];
		l->pending += end - c->next[i];
	}
}

uint64_t spool_ledger_lag_ns(const struct spool_ledger *l, uint64_t now_wall_ns) {
	uint64_t since = l->cursor.settled_ns ? l->cursor.settled_ns : l->cursor.failed_ns;

	return !l->damaged && l->pending && since && now_wall_ns > since ? now_wall_ns - since : 0;
}

static int by_name(const void *a, const void *b) {
	const struct spool_ledger *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int read_ledgers(int dir, const struct head_state *head, struct spool_ledger **ret,
			size_t *n) {
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct spool_ledger *all = NULL, *more;
	struct dirent *e;

	*n = 0;
	if (!d) {
		int err = -errno;

		if (fd >= 0)
			(void)close(fd);
		return err;
	}
	while ((e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len <= 7 || len - 7 >= CURSOR_NAME_BYTES ||
		    strcmp(e->d_name + len - 7, ".cursor") != 0)
			continue;
		more = realloc(all, (*n + 1) * sizeof(*all));
		if (!more)
			break;
		all = more;
		all[*n] = (struct spool_ledger){ 0 };
		memcpy(all[*n].name, e->d_name, len - 7);
		all[*n].active = is_locked(dir, e->d_name);
		account(dir, head, &all[(*n)++]);
	}
	(void)closedir(d);
	if (*n)
		qsort(all, *n, sizeof(*all), by_name);
	*ret = all;
	return 0;
}

int spool_status(const char *folder, struct spool_status *ret, struct spool_ledger **ledgers,
		 size_t *n) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	struct head_state state = { 0 };
	struct head *head = NULL;

	*ret = (struct spool_status){ 0 };
	*ledgers = NULL;
	if (dir < 0)
		return -errno;
	err = head_open(dir, false, &head);
	if (!err) {
		ret->head_damaged = !head_load(head, &state);
		ret->running = is_locked(dir, "lock");
		ret->seq = state.seq;
		memcpy(ret->events, state.end, sizeof(ret->events));
		err = read_segments(dir, ret);
	}
	if (!err)
		err = read_ledgers(dir, &state, ledgers, n);
	head_free(head);
	(void)close(dir);
	return err;
}
