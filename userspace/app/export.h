/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.h - the corridor's end for events that must arrive: the spool, and a process for each sink
 *
 *     corridor ──▶ spool (this process) ──▶ courier ──▶ sink ──▶ receiver
 *                                      └──▶ courier ──▶ …
 *
 * Couriers are children of a keeper, which starts one again when it dies, because the sensor itself
 * may start no process once it is in its sandbox. All of them end with the sensor.
 */
#ifndef LAPWING_EXPORT_H
#define LAPWING_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/config.h"
#include "event/event.h"
#include "spool/spool.h"

#define EXPORT_SINKS SPOOL_MAX_READERS
#define EXPORT_KEYS 31
#define EXPORT_FOLDER "/var/lib/lapwing/spool"

struct export_sink {
	const char *name; /* NULL: made from the URL */
	const char *url;
	const char *keys[EXPORT_KEYS + 1][2]; /* more parameters; ends with a NULL key */
};

struct export_options {
	const char *folder;
	uint64_t max_bytes, max_age_s, keep_bytes;
	const char *key_file; /* 32 bytes for the hash chain; NULL: none */
	uint32_t grace_ms;    /* for deliveries when the sensor ends */
	struct export_sink sinks[EXPORT_SINKS];
	unsigned n_sinks;
	const struct config *config; /* whose texts these are, for faults; NULL: of no file */
};

/* export_defaults - no sink, the folder above, 1 GiB, 7 days, 3 s */
struct export_options export_defaults(void);

struct export;

/*
 * export_open - opens the spool and starts the couriers; logs what is wrong, and gives -errno
 * Before anything that they must not inherit, and before the sandbox. @o is borrowed.
 */
int export_open(const struct export_options *o, struct export **ret);

/* export_check - whether the sinks of @o could be opened; logs; -errno. Nothing is started. */
int export_check(const struct export_options *o);

/* export_key - reads a key of a hash chain; logs, @place first; -errno */
int export_key(const char *path, const char *place, uint8_t ret[SPOOL_KEY_BYTES]);

/* export_event - gives @e its number in the spool, and appends it */
void export_event(struct export *x, struct event *e);

/* export_flush - what was appended is safe from our own death, and the couriers see it */
void export_flush(struct export *x);

/* export_tend - about once a second */
void export_tend(struct export *x);

/* export_settled - after export_flush(): whether the couriers really do */
bool export_settled(const struct export *x);

/* export_unwritten - events that the disk did not take */
uint64_t export_unwritten(const struct export *x);

/* export_lag_ms - for how long an event has waited for some sink; NULL is fine */
uint64_t export_lag_ms(const struct export *x);

/*
 * export_keeper - the process whose children the couriers are; 0: there is none, or no export
 * Its pid is nobody else's until export_free(), though it may have ended.
 */
pid_t export_keeper(const struct export *x);

/* export_free - flushes, lets the couriers deliver for the grace, and ends them; NULL is fine */
void export_free(struct export *x);

#endif
