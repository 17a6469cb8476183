/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receiver.h - the other end of unix:, tcp: and tls: sinks
 *
 * It takes batches from many sensors, checks each event, writes them by a sink of its own (file:),
 * and acknowledges what that sink acknowledged. One thread; a client that is slow or silent costs a
 * buffer, and no other client waits for it. Where all buffers are too much, the largest goes, and
 * with it its client: sensors send messages of a megabyte, which all may do at once.
 */
#ifndef LAPWING_RECEIVER_H
#define LAPWING_RECEIVER_H

#include "sink/url.h"

#define RECEIVER_MAX_CLIENTS 64
#define RECEIVER_MAX_BYTES (128u << 20) /* of all messages that are not whole yet */

struct receiver_options {
	const char *listen; /* unix:/PATH, tcp://HOST:PORT, tls://HOST:PORT?cert=…&key=…; idle=… */
	const char *to;	    /* file:/PATH?… */
	int ready_fd;	    /* gets a newline when it listens; -1: none */
};

/* receiver_run - until SIGTERM or SIGINT; logs what goes wrong; -errno; -EINVAL: a bad URL */
int receiver_run(const struct receiver_options *o);

#endif
