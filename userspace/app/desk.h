/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk.h - where others ask how the sensor is: /healthz, /livez, /readyz, /metrics
 *
 *     loop ──▶ vitals (a mapped page) ──▶ desk, a process of its own ──▶ clients
 *
 * The sensor only copies memory. Whoever asks is answered by another process, without a capability,
 * that reads the page and the spool; what clients do to it is nothing to the sensor. Its parent
 * starts it again if it dies.
 */
#ifndef LAPWING_DESK_H
#define LAPWING_DESK_H

#include <stdbool.h>

#include "health/vitals.h"

#define DESK_SOCKET "health" /* in the run folder */

struct desk_options {
	const char *folder; /* the run folder */
	const char *listen; /* ADDRESS:PORT for HTTP besides the socket; NULL: none */
};

struct desk;

/*
 * desk_open - makes the page, and starts the process; logs what is wrong
 * -errno in @missing when the run folder cannot be had or is another sensor's, which must not keep
 * this one from its work: then it is answered on @listen alone, and without that @ret is NULL.
 * An address that is taken is tried again while the sensor runs. -EINVAL: it is none.
 * Before anything that the process must not inherit, and before the sandbox. @o is borrowed.
 */
int desk_open(const struct desk_options *o, struct desk **ret, int *missing);

/* desk_check - whether @listen is an address and a port; -EINVAL */
int desk_check(const char *listen);

/* desk_say_missing - a line in the log for what desk_open() said; 0: none */
void desk_say_missing(const struct desk_options *o, int missing);

/* desk_listen_error - why nobody answers on @listen now; 0: somebody does, or it is not wanted */
int desk_listen_error(const struct desk *d);

/* desk_publish - what is told from now on */
void desk_publish(struct desk *d, const struct vitals *v);

/* desk_free - ends the process; NULL is fine */
void desk_free(struct desk *d);

#endif
