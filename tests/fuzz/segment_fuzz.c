/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a segment, of which the checksums are made right where a record can begin. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "spool/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend(char *bytes, size_t size) {
	struct segment_header *h = (void *)bytes;
	struct segment_record *r;

	memcpy(h->magic, SEGMENT_MAGIC, sizeof(h->magic));
	h->class = 0;
	h->first_ord = 0;
	h->crc = segment_header_crc(h);
	for (size_t at = sizeof(*h); at + sizeof(*r) <= size; at += 8) {
		r = (void *)(bytes + at);
		if (r->len && r->len <= size - at - sizeof(*r) && r->seq % 2)
			r->crc = segment_crc(r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static char folder[] = "/dev/shm/lapwing-fuzz-XXXXXX";
	static int dir = -1;
	struct segment_item item = { .first = 0, .end = UINT64_MAX };
	char name[SEGMENT_NAME_BYTES], *bytes = malloc(size + 8);
	const struct segment_record *r;
	struct source s;
	int fd, err = 0;

	if (dir < 0 && mkdtemp(folder))
		dir = open(folder, O_RDONLY | O_DIRECTORY);
	if (!bytes || dir < 0)
		abort();
	memcpy(bytes, data, size);
	if (size >= sizeof(struct segment_header))
		mend(bytes, size);
	fd = openat(dir, segment_name(SPOOL_BULK, &item, name), O_CREAT | O_TRUNC | O_WRONLY, 0600);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	(void)close(fd);
	if (source_open(dir, SPOOL_BULK, &item, size % 2, &s))
		abort();
	while ((r = source_next(&s, 0, UINT64_MAX, &err)))
		if (!r->len || segment_crc(r) != r->crc)
			abort();
	source_close(&s);
	free(bytes);
	return 0;
}
