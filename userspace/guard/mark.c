/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/procfile.h"

#define MARK "mark"
#define STEP "step"

static const char magic[8] = "LWMARK1";

struct mark_file {
	char magic[8];
	uint32_t crc; /* CRC32C of what follows */
	uint32_t len; /* of the mark: another build's may be another */
	struct guard_mark mark;
};

int mark_read(int dirfd, struct guard_mark *ret) {
	struct mark_file f;
	int fd = openat(dirfd, MARK, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	memset(&f, 0, sizeof(f));
	n = read(fd, &f, sizeof(f));
	(void)close(fd);
	if (n < 0)
		return -errno;
	if (n == (ssize_t)sizeof(f) && !memcmp(f.magic, magic, sizeof(magic)) &&
	    f.len == sizeof(f.mark) && f.crc == crc32c(0, &f.mark, sizeof(f.mark)) &&
	    guard_sane(&f.mark)) {
		*ret = f.mark;
		return 0;
	}
	ret->strikes = 1;
	ret->phase = GUARD_AGAIN;
	return -EBADMSG;
}

int mark_write(int dirfd, const struct guard_mark *mark) {
	struct mark_file f = { .crc = crc32c(0, mark, sizeof(*mark)),
			       .len = sizeof(*mark),
			       .mark = *mark };

	memcpy(f.magic, magic, sizeof(magic));
	return file_write_at(dirfd, MARK, &f, sizeof(f));
}

int mark_step(int dirfd, const char *text) {
	char line[GUARD_STEP_BYTES] = { 0 };
	int fd = openat(dirfd, STEP, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int err = 0;

	if (fd < 0)
		return -errno;
	(void)snprintf(line, sizeof(line), "%s", text);
	if (pwrite(fd, line, sizeof(line), 0) != (ssize_t)sizeof(line))
		err = errno ? -errno : -EIO;
	if (!err && fdatasync(fd))
		err = -errno;
	(void)close(fd);
	return err;
}

void mark_read_step(int dirfd, char ret[GUARD_STEP_BYTES]) {
	int fd = openat(dirfd, STEP, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? 0 : pread(fd, ret, GUARD_STEP_BYTES - 1, 0);

	if (fd >= 0)
		(void)close(fd);
	ret[n > 0 ? n : 0] = '\0';
	for (char *c = ret; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void mark_boot(uint8_t ret[16]) {
	char text[40];
	size_t n = 0;

	memset(ret, 0, 16);
	procfile_line("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	(void)sodium_hex2bin(ret, 16, text, strlen(text), "-", &n, NULL);
}

/* hash_file - a file that is not there counts as an empty one; -errno of a failed read */
static int hash_file(crypto_generichash_state *h, const char *path) {
	static unsigned char block[64 * 1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, block, sizeof(block))) > 0)
		(void)crypto_generichash_update(h, block, (unsigned long long)n);
	if (n < 0)
		err = -errno;
	(void)close(fd);
	return err;
}

int mark_tuple(uint8_t ret[GUARD_HASH_BYTES]) {
	crypto_generichash_state h;
	struct utsname un;

	(void)uname(&un);
	(void)crypto_generichash_init(&h, NULL, 0, GUARD_HASH_BYTES);
	(void)crypto_generichash_update(&h, (const unsigned char *)un.release,
					strlen(un.release) + 1);
	(void)hash_file(&h, "/sys/kernel/notes");
	if (hash_file(&h, "/proc/self/exe"))
		return -EIO;
	(void)crypto_generichash_final(&h, ret, GUARD_HASH_BYTES);
	return 0;
}
