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

#define HOW (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

int filesum_open(const struct event_file_id *id, uint32_t pid, const char *path) {
	char name[32];
	int fd;

	(void)snprintf(name, sizeof(name), "/proc/%u/exe", pid);
	fd = open(name, HOW);
	if (fd >= 0 && is_it(fd, id))
		return fd;
	if (fd >= 0)
		(void)close(fd);
	if (path[0] != '/')
		return -ESTALE;
	fd = hostroot_open(path, HOW, true);
	if (fd < 0 || is_it(fd, id))
		return fd;
	(void)close(fd);
	return -ESTALE;
}

static void sleep_ns(uint64_t ns) {
	struct timespec t = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	while (ns && clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

/* settle - until a further change would move the ctime; false: it is in the future */
static bool settle(uint64_t ctime_ns) {
	uint64_t now = clock_ns(CLOCK_REALTIME);

	if (now < ctime_ns + EVENT_HASH_SETTLE_NS)
		sleep_ns(EVENT_HASH_SETTLE_NS + EVENT_HASH_SETTLE_NS / 4);
	return clock_ns(CLOCK_REALTIME) >= ctime_ns + EVENT_HASH_SETTLE_NS;
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

	if (!settle(id->ctime_ns) || !is_it(fd, id))
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
