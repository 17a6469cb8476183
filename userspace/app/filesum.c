/* SPDX-License-Identifier: Apache-2.0 */
#include "app/filesum.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hostroot.h"

#define NS_PER_S 1000000000ull
#define SLICE_NS 60000000ull /* between two looks at whether we are to end */

uint64_t filesum_spend(struct filesum_budget *b, uint64_t now_ns, uint64_t bytes) {
	uint64_t earliest = now_ns > NS_PER_S ? now_ns - NS_PER_S : 0, wait;

	if (b->spent_ns < earliest)
		b->spent_ns = earliest;
	wait = b->spent_ns > now_ns ? b->spent_ns - now_ns : 0;
	b->spent_ns += bytes * NS_PER_S / b->rate;
	return wait;
}

int filesum_new(uint64_t rate, struct filesum **ret) {
	struct filesum *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->budget.rate = rate;
	s->context = EVP_MD_CTX_new();
	s->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!s->context || !s->digest) {
		filesum_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void filesum_free(struct filesum *s) {
	if (!s)
		return;
	EVP_MD_CTX_free(s->context);
	EVP_MD_free(s->digest);
	free(s);
}

static uint64_t time_of(const struct timespec *t) {
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

/*
 * is_it - whether @fd is the file @id in the very state
 * What a process runs on btrfs or an overlay has, for stat(2), a device of its subvolume or layer,
 * and the kernel's record that of the whole; the other three must do there.
 */
static bool is_it(int fd, const struct event_file_id *id) {
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != id->ino ||
	    (uint64_t)st.st_size != id->size || time_of(&st.st_ctim) != id->ctime_ns)
		return false;
	return (major(st.st_dev) << 20 | minor(st.st_dev)) == id->dev ||
	       id->magic == BTRFS_SUPER_MAGIC || id->magic == OVERLAYFS_SUPER_MAGIC;
}

/*
 * take - what @fd, of O_PATH, stands for, open for reading if it is @id; @fd is closed
 * Looked at before it is opened: what took its place may be a device or a pipe, to which that is
 * a deed.
 */
static int take(int fd, const struct event_file_id *id) {
	char name[32];
	int ret = -ESTALE;

	if (is_it(fd, id)) {
		(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		ret = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		ret = ret < 0 ? -errno : ret;
	}
	(void)close(fd);
	return ret;
}

int filesum_open(const struct event_file_id *id, uint32_t pid, const char *path) {
	char name[32];
	int fd, ret;

	(void)snprintf(name, sizeof(name), "/proc/%u/exe", pid);
	fd = open(name, O_PATH | O_CLOEXEC);
	ret = fd < 0 ? -ESTALE : take(fd, id);
	if (ret >= 0 || path[0] != '/')
		return ret;
	/* the kernel's own paths have no links in them: one that has is another's */
	fd = hostroot_open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC, true);
	return fd < 0 ? fd : take(fd, id);
}

static void sleep_ns(uint64_t ns) {
	struct timespec t = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	while (ns && clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

/* settle - until a further change would move the ctime; false: it is in the future, or we end */
static bool settle(const struct filesum *s, uint64_t ctime_ns) {
	uint64_t calm_ns = ctime_ns + event_hash_settle_ns(ctime_ns);

	for (uint64_t left = event_hash_settle_ns(ctime_ns) + SLICE_NS;
	     clock_ns(CLOCK_REALTIME) < calm_ns && left >= SLICE_NS; left -= SLICE_NS) {
		if (s->stop && *s->stop)
			return false;
		sleep_ns(SLICE_NS);
	}
	return clock_ns(CLOCK_REALTIME) >= calm_ns;
}

static int read_all(struct filesum *s, int fd, uint64_t size) {
	for (uint64_t done = 0; done < size;) {
		ssize_t n;

		if (s->stop && *s->stop)
			return -ECANCELED;
		sleep_ns(filesum_spend(&s->budget, clock_ns(CLOCK_MONOTONIC), FILESUM_PIECE));
		n = read(fd, s->piece, sizeof(s->piece));
		if (n < 0)
			return -errno;
		if (!n)
			return -ESTALE;
		if (!EVP_DigestUpdate(s->context, s->piece, (size_t)n))
			return -EIO;
		done += (uint64_t)n;
	}
	return 0;
}

int filesum_read(struct filesum *s, int fd, const struct event_file_id *id,
		 unsigned char ret[FILESUM_BYTES]) {
	unsigned char sum[EVP_MAX_MD_SIZE];
	int err;

	if (!settle(s, id->ctime_ns) || !is_it(fd, id))
		return -ESTALE;
	if (!EVP_DigestInit_ex2(s->context, s->digest, NULL))
		return -EIO;
	err = read_all(s, fd, id->size);
	if (!err && !is_it(fd, id))
		err = -ESTALE;
	if (!err && !EVP_DigestFinal_ex(s->context, sum, NULL))
		err = -EIO;
	if (!err)
		memcpy(ret, sum, FILESUM_BYTES);
	return err;
}
