/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receiver.h - the other end of unix:, tcp: and tls: sinks
 *
 * It takes batches from many sensors, checks each event, writes them by a sink of its own (file:),
 * and acknowledges what that sink acknowledged. One thread; a client that is slow or silent costs a
 * buffer, and no other client waits for it.
 */
#ifndef LAPWING_RECEIVER_H
#define LAPWING_RECEIVER_H

#include "sink/url.h"

#define RECEIVER_MAX_CLIENTS 64

struct receiver_options {
	const char *listen; /* unix:/PATH, tcp://HOST:PORT, tls://HOST:PORT?cert=…&key=…; idle=… */
	const char *to;	    /* file:/PATH?… */
	int ready_fd;	    /* gets a newline when it listens; -1: none */
};

/* receiver_run - until SIGTERM or SIGINT; logs what goes wrong; -errno; -EINVAL: a bad URL */
int receiver_run(const struct receiver_options *o);

#endif
