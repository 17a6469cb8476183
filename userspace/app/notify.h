/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - a word to whoever manages the service, by the protocol of sd_notify(3)
 *
 * Without $NOTIFY_SOCKET every call does nothing.
 */
#ifndef LAPWING_NOTIFY_H
#define LAPWING_NOTIFY_H

struct notify {
	int fd; /* -1: nobody listens */
};

/* notify_open - connects, before the sandbox forbids sockets; a failure is nobody listens */
void notify_open(struct notify *n);

/* notify_send - one datagram; never waits: what cannot be sent is dropped */
void notify_send(const struct notify *n, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void notify_close(struct notify *n);

#endif
