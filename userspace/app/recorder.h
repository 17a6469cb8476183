/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.h - the flight recorder: this host's last minutes, for rehearsals
 *
 * Two tapes in a folder on tmpfs that take turns; when the one being written is full, the other is
 * begun anew. So between one and two times the bound are there, and never more.
 */
#ifndef LAPWING_RECORDER_H
#define LAPWING_RECORDER_H

#include "base/buf.h"

#define RECORDER_BYTES (8u << 20) /* of one of the two */

struct recorder;

/*
 * recorder_folder - where it is: @named, or /run/lapwing, or below /dev/shm where /run is a disk
 * NULL: none of these is on tmpfs, and a folder of ours that nobody else can write.
 */
const char *recorder_folder(const char *named);

/* recorder_open - begins the first tape in @folder; -errno */
int recorder_open(const char *folder, struct recorder **ret);

/* recorder_write - a record; what cannot be written is left out */
void recorder_write(struct recorder *r, const void *record, size_t len);

/* recorder_tend - what was written reaches the file; about once a second */
void recorder_tend(struct recorder *r);

void recorder_free(struct recorder *r); /* NULL is fine */

/* recorder_read - appends what is there to @older and @newer; nothing where there is none */
void recorder_read(const char *folder, struct buf *older, struct buf *newer);

#endif
