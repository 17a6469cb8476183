/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flood N - connects N times to a listener of its own, as fast as it can
 *
 * Each connection carries SENT bytes and is reset, so that none waits for its
 * ports. Its own counters, "PID CONNECTIONS BYTES NS", are on standard output.
 */
#include "net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SENT "seventeen bytes."

int main(int argc, char **argv) {
	const struct linger reset = { .l_onoff = 1 };
	struct sockaddr_storage at = loopback(V4, 0);
	long n = argc == 2 ? atol(argv[1]) : 0;
	int listener = bound(V4, SOCK_STREAM, &at);
	char got[sizeof(SENT)];
	uint64_t start;

	if (n < 1 || listen(listener, 4))
		die("usage: flood N");
	at = name_of(listener);
	start = boot_ns();
	for (long i = 0; i < n; i++) {
		int from = new_socket(V4, SOCK_STREAM), to;

		if (connect(from, (const void *)&at, size_of(&at)))
			die("connection %ld", i);
		to = accept(listener, NULL, NULL);
		if (to < 0 || send(from, SENT, sizeof(SENT), 0) != sizeof(SENT) ||
		    recv(to, got, sizeof(got), MSG_WAITALL) != sizeof(SENT) ||
		    setsockopt(from, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
			die("connection %ld", i);
		(void)close(from);
		(void)close(to);
	}
	printf("%d %ld %zu %" PRIu64 "\n", getpid(), n, sizeof(SENT), boot_ns() - start);
	return 0;
}
