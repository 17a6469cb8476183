/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.c - how fast the spool takes events, against write(2) of the same bytes
 *
 *     spool FOLDER [keyed]
 *
 * Prints "spool MB/s, plain MB/s, events/s", each of the best of 5 rounds.
 * Both write pieces of the same size to files of the same file system, and neither syncs: that is
 * the couriers' part.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spool/spool.h"

#define EVENTS 400000
#define EVENT_BYTES 560 /* what an open or an exec is, on average */
#define FLUSH_EVENTS 256
#define ROUNDS 5

static double now_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char event[EVENT_BYTES];

static double spool_round(const char *folder, const uint8_t *key) {
	struct spool_options o = { .folder = folder, .max_bytes = 64 << 20, .schema = 1,
				   .key = key };
	struct spool_hole hole;
	struct spool *s;
	double start;

	if (spool_open(&o, &s, &hole)) {
		(void)fprintf(stderr, "the spool cannot be opened\n");
		exit(1);
	}
	start = now_s();
	for (int i = 0; i < EVENTS; i++) {
		buf_add(spool_begin(s, SPOOL_BULK), event, EVENT_BYTES);
		spool_end(s, spool_next_seq(s));
		if (i % FLUSH_EVENTS == FLUSH_EVENTS - 1)
			spool_flush(s);
	}
	spool_flush(s);
	start = now_s() - start;
	if (spool_unwritten(s)) {
		(void)fprintf(stderr, "the disk is full\n");
		exit(1);
	}
	spool_free(s);
	return start;
}

/* plain_round - the same pieces to files of the same size, of which as many are kept */
static double plain_round(const char *folder) {
	static char piece[FLUSH_EVENTS * EVENT_BYTES];
	size_t total = (size_t)EVENTS * EVENT_BYTES, file_bytes = 2 << 20;
	double start = now_s();
	char name[4096];
	int fd = -1, n = 0;

	for (size_t done = 0; done < total; done += sizeof(piece)) {
		if (fd < 0 || done / file_bytes != (done - sizeof(piece)) / file_bytes) {
			if (fd >= 0)
				(void)close(fd);
			(void)snprintf(name, sizeof(name), "%s/plain-%d", folder, n++ % 32);
			(void)unlink(name);
			fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
		}
		if (write(fd, piece, sizeof(piece)) != (ssize_t)sizeof(piece)) {
			(void)fprintf(stderr, "the disk is full\n");
			exit(1);
		}
	}
	(void)close(fd);
	return now_s() - start;
}

int main(int argc, char **argv) {
	static const uint8_t key[SPOOL_KEY_BYTES] = { 1 };
	double megabytes = (double)EVENTS * EVENT_BYTES / 1e6, best[2] = { 1e9, 1e9 };

	if (argc < 2)
		return 2;
	for (size_t i = 0; i < sizeof(event); i++)
		event[i] = (char)(i * 31 + i / 7);
	for (int i = 0; i < ROUNDS; i++) {
		double s = spool_round(argv[1], argc > 2 ? key : NULL);
		double p = plain_round(argv[1]);

		best[0] = s < best[0] ? s : best[0];
		best[1] = p < best[1] ? p : best[1];
	}
	(void)printf("%.0f %.0f %.0f\n", megabytes / best[0], megabytes / best[1],
		     EVENTS / best[0]);
	return 0;
}
