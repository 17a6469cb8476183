/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode.c - how many events a second one core makes into protobuf
 *
 *     encode SECONDS < EVENTS.pb
 *
 * Prints "events/s bytes-of-an-event", the best of 5 rounds by the process's own time, of the
 * events given, which are unpacked once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/varint.h"
#include "encode/encode.h"

#define MAX_BYTES (1 << 20)
#define MAX_EVENTS 1024
#define ROUNDS 5

static struct event events[MAX_EVENTS];

static double cpu_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t read_events(struct arena *arena) {
	static char bytes[MAX_BYTES];
	size_t n = fread(bytes, 1, sizeof(bytes), stdin), at = 0, count = 0;

	while (at < n && count < MAX_EVENTS) {
		uint64_t len;
		size_t head = varint_get(bytes + at, n - at, &len);

		if (!head || len > n - at - head ||
		    encode_unpack(bytes + at + head, len, arena, &events[count++]))
			return 0;
		at += head + len;
	}
	return count;
}

int main(int argc, char **argv) {
	double seconds = argc > 1 ? atof(argv[1]) : 0, best = 0;
	struct buf out = { 0 };
	struct arena arena;
	size_t n, bytes = 0;

	arena_init(&arena, 64 << 20);
	n = encode_setup() ? 0 : read_events(&arena);
	if (!n || seconds <= 0)
		return 2;
	for (int i = 0; i < ROUNDS; i++) {
		double start = cpu_s(), took;
		size_t done = 0;

		do {
			buf_reset(&out);
			for (size_t k = 0; k < n; k++)
				encode_proto(&out, &events[k]);
			done += n;
			bytes = out.len;
			took = cpu_s() - start;
		} while (took < seconds / ROUNDS);
		best = (double)done / took > best ? (double)done / took : best;
	}
	if (buf_error(&out))
		return 1;
	(void)printf("%.0f %zu\n", best, bytes / n);
	buf_done(&out);
	arena_done(&arena);
	return 0;
}
