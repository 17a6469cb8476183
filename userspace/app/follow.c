/* SPDX-License-Identifier: Apache-2.0 */
#include "app/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/journal.h"
#include "base/log.h"

#define JOURNAL "journal:"
#define JOURNAL_BYTES (sizeof(JOURNAL) - 1)

typedef int (*line_fn)(void *ctx, const char *service, struct str line);

int follow_add(struct follow *f, char *what) {
	char *equals = strchr(what, '='), *path;
	bool journal;

	if (!equals || equals == what)
		return -EINVAL;
	journal = !strncmp(equals + 1, JOURNAL, JOURNAL_BYTES);
	path = equals + 1 + (journal ? JOURNAL_BYTES : 0);
	if (*path != '/' && !(journal && !*path))
		return -EINVAL;
	if (f->n == FOLLOW_FILES)
		return -E2BIG;
	*equals = '\0';
	f->files[f->n++] = (struct follow_file){
		.service = what,
		.path = path,
		.fd = -1,
		.kmsg = !journal && !strcmp(path, "/dev/kmsg"),
		.is_journal = journal,
	};
	return 0;
}

/* open_file - from its end, or from its beginning when it is new */
static void open_file(struct follow_file *file, bool from_end) {
	struct stat st;

	file->fd = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (file->fd < 0 || fstat(file->fd, &st)) {
		if (!file->said)
			log_warn("log \"%s\" cannot be read: %s, continuing", file->path,
				 strerror(errno));
		file->said = true;
		return;
	}
	file->said = false;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->n = 0;
	file->at = from_end ? lseek(file->fd, 0, SEEK_END) : 0;
}

static void open_journal(struct follow_file *file) {
	const char *why = "out of memory";

	if (journal_open(*file->path ? file->path : NULL, &file->journal, &why))
		log_warn("the journal%s%s cannot be read: %s, continuing",
			 *file->path ? " in " : "", file->path, why);
}

void follow_open(struct follow *f) {
	for (int i = 0; f && i < f->n; i++) {
		if (f->files[i].is_journal)
			open_journal(&f->files[i]);
		else
			open_file(&f->files[i], true);
	}
}

uint64_t follow_overwritten(const struct follow *f) {
	return f ? f->overwritten : 0;
}

static int tell(struct follow_file *file, line_fn each, void *ctx) {
	struct str line = { file->part, file->n };

	file->n = 0;
	for (uint32_t i = 0; i < line.n; i++) {
		if (!file->part[i])
			file->part[i] = ' ';
	}
	return line.n ? each(ctx, file->service, line) : 0;
}

static int take(struct follow_file *file, const char *bytes, size_t n, line_fn each, void *ctx) {
	int err = 0;

	for (size_t i = 0; !err && i < n; i++) {
		if (bytes[i] != '\n')
			file->part[file->n++] = bytes[i];
		if (bytes[i] == '\n' || file->n == FOLLOW_LINE)
			err = tell(file, each, ctx);
	}
	return err;
}

/* renewed - whether another file has its name now, or it was cut short */
static bool renewed(const struct follow_file *file, bool *ret_other) {
	struct stat st;

	*ret_other = !stat(file->path, &st) && (st.st_dev != file->dev || st.st_ino != file->ino);
	return *ret_other || (!fstat(file->fd, &st) && st.st_size < file->at);
}

static int read_file(struct follow_file *file, line_fn each, void *ctx) {
	static char bytes[64 * 1024];
	size_t left = FOLLOW_TICK;
	bool other;
	int err = 0;

	while (!err && left > 0) {
		ssize_t n = read(file->fd, bytes, sizeof(bytes));

		if (n > 0) {
			file->at += n;
			left -= (size_t)n < left ? (size_t)n : left;
			err = take(file, bytes, (size_t)n, each, ctx);
			continue;
		}
		if (!renewed(file, &other))
			return 0;
		if (file->n) /* what the old one ended with, though no newline came */
			err = tell(file, each, ctx);
		if (other) {
			(void)close(file->fd);
			open_file(file, false);
		} else {
			file->at = lseek(file->fd, 0, SEEK_SET);
		}
		if (file->fd < 0)
			return err;
	}
	return err;
}

/* read_kmsg - "priority,seq,time,flags;text"; one message each time */
static int read_kmsg(struct follow *f, struct follow_file *file, line_fn each, void *ctx) {
	char bytes[FOLLOW_LINE + 1], *text;
	int err = 0;

	for (unsigned turn = 0; !err && turn < 1000; turn++) {
		ssize_t n = read(file->fd, bytes, sizeof(bytes) - 1);
		uint64_t seq;

		if (n < 0 && errno == EPIPE) /* some were overwritten: the next seq says how many */
			continue;
		if (n <= 0)
			return 0;
		bytes[n] = '\0';
		text = strchr(bytes, ',');
		seq = text ? strtoull(text + 1, NULL, 10) : 0;
		if (file->next_seq && seq > file->next_seq)
			f->overwritten += seq - file->next_seq;
		file->next_seq = seq + 1;
		text = strchr(bytes, ';');
		if (text) {
			text[1 + strcspn(text + 1, "\n")] = '\0';
			err = each(ctx, file->service, str_of(text + 1));
		}
	}
	return err;
}

static int read_journal(struct follow_file *file, line_fn each, void *ctx) {
	int fault = 0, err = 0;

	if (file->journal)
		err = journal_read(file->journal, file->service, each, ctx, &fault);
	if (fault && !file->said)
		log_warn("the journal cannot be read: %s, continuing", strerror(-fault));
	file->said = fault != 0;
	return err;
}

int follow_read(struct follow *f, line_fn each, void *ctx) {
	int err = 0;

	for (int i = 0; !err && f && i < f->n; i++) {
		struct follow_file *file = &f->files[i];

		if (file->is_journal) {
			err = read_journal(file, each, ctx);
			continue;
		}
		if (file->fd < 0) {
			open_file(file, false);
			continue;
		}
		err = file->kmsg ? read_kmsg(f, file, each, ctx) : read_file(file, each, ctx);
	}
	return err;
}
