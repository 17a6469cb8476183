/* SPDX-License-Identifier: Apache-2.0 */
#include "app/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/log.h"
#include "base/utf8.h"

#define PERIOD_NS 10000000000ull
#define MAGIC 0x3159544cu /* "LTY1" */
#define MAX_BYTES (64u * 1024 * 1024)
#define TRIES 5 /* of a reader, while it is written */
#define WAIT_US 20000

struct tally {
	int fd;
	uint64_t next_ns;
	struct buf buf;
};

struct header {
	uint32_t magic, crc; /* of the rows */
	uint64_t n;
};

_Static_assert(sizeof(struct tally_row) == 184, "rows are what another version reads");

int tally_open(const char *folder, struct tally **ret) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tally *t = calloc(1, sizeof(*t));
	int err;

	if (t && dir >= 0)
		t->fd = openat(dir, TALLY_FILE, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	err = !t ? -ENOMEM : dir < 0 || t->fd < 0 ? -errno : 0;
	if (dir >= 0)
		(void)close(dir);
	if (err) {
		log_warn("what rules count cannot be kept in \"%s\": %s, continuing", folder,
			 strerror(-err));
		free(t);
	}
	*ret = err ? NULL : t;
	return 0;
}

void tally_free(struct tally *t) {
	if (!t)
		return;
	(void)close(t->fd);
	buf_done(&t->buf);
	free(t);
}

static struct tally_row row_of(const struct rule_info *r) {
	struct tally_row row = {
		.level = r->detection->level,
		.correlation = r->correlation,
		.evaluations = r->evaluations,
		.hits = r->hits,
		.limited = r->limited,
		.ns = r->ns,
	};

	utf8_keep(row.id, sizeof(row.id), r->detection->rule_id);
	utf8_keep(row.title, sizeof(row.title), r->detection->title);
	return row;
}

int tally_write(struct tally *t, const struct ruleset *rules) {
	struct header head = { .magic = MAGIC };
	struct buf *b = &t->buf;
	struct rule_info info;
	ssize_t done;

	buf_reset(b);
	buf_add(b, &head, sizeof(head));
	for (; rules && !ruleset_info(rules, head.n, &info); head.n++) {
		struct tally_row row = row_of(&info);

		buf_add(b, &row, sizeof(row));
	}
	if (buf_error(b))
		return buf_error(b);
	head.crc = crc32c(0, b->data + sizeof(head), b->len - sizeof(head));
	memcpy(b->data, &head, sizeof(head));
	/* longer rows of before may stay behind these */
	done = pwrite(t->fd, b->data, b->len, 0);
	return done < 0 ? -errno : (size_t)done < b->len ? -ENOSPC : 0;
}

void tally_tend(struct tally *t, const struct ruleset *rules, uint64_t now_ns) {
	if (!t || !rules || now_ns < t->next_ns)
		return;
	t->next_ns = now_ns + PERIOD_NS;
	(void)tally_write(t, rules);
}

/* take - the rows in @file; -EBADMSG if that is not all of them */
static int take(const struct buf *file, struct tally_row **ret, size_t *n) {
	struct header head;
	size_t bytes;

	if (file->len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, file->data, sizeof(head));
	if (head.magic != MAGIC || head.n > MAX_BYTES / sizeof(**ret))
		return -EBADMSG;
	bytes = (size_t)head.n * sizeof(**ret);
	if (file->len - sizeof(head) < bytes ||
	    crc32c(0, file->data + sizeof(head), bytes) != head.crc)
		return -EBADMSG;
	*ret = malloc(bytes + 1);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, file->data + sizeof(head), bytes);
	*n = (size_t)head.n;
	for (size_t i = 0; i < *n; i++) {
		(*ret)[i].id[sizeof((*ret)[i].id) - 1] = '\0';
		(*ret)[i].title[TALLY_TITLE_BYTES - 1] = '\0';
	}
	return 0;
}

int tally_read(const char *folder, struct tally_row **ret, size_t *n) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (dir < 0)
		return -errno;
	for (int i = 0;; i++) {
		struct buf file = { 0 };

		err = file_read_at(dir, TALLY_FILE, MAX_BYTES, &file) ?: take(&file, ret, n);
		buf_done(&file);
		if (err != -EBADMSG || i == TRIES)
			break;
		(void)usleep(WAIT_US);
	}
	(void)close(dir);
	return err;
}
