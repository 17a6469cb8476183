/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h - one supervisor for one folder, and one worker: locks that last as long as who has them
 *
 * The file is there from the first start on, and its text is replaced where it stands: a disk that
 * is full takes that.
 */
#ifndef LAPWING_CLAIM_H
#define LAPWING_CLAIM_H

/*
 * claim_folder - we are the supervisor of the folder @dir, called @name
 * -EBUSY, said: another is. Other -errno. @ret is the caller's to close.
 */
int claim_folder(int dir, const char *name, int *ret);

/*
 * claim_worker - waits for @patience_ms for a worker that outlived its supervisor, which told it to
 * end by dying; what the worker inherits holds the claim. As claim_folder().
 */
int claim_worker(int dir, const char *name, int patience_ms, int *ret);

/* claim_signal - to the supervisor of @dir, if there is one */
void claim_signal(int dir, int number);

#endif
