/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - a list of pods, read as it comes: in memory is one pod, and of it what is asked for
 */
#ifndef LAPWING_WHO_LIST_H
#define LAPWING_WHO_LIST_H

#include "who/who.h"

struct who_list {
	const struct who_labels *wanted;
	who_found_fn *found;
	void *ctx;
	size_t n; /* pods, so far */
	/* the rest is list.c's */
	uint64_t objects; /* bit d: what was opened at the depth d is an object, and no array */
	unsigned depth, skip; /* @skip: at this depth a value is passed over; 0: none is */
	int part, err, bad;
	bool text, escaped, value, key_items, key_kind, items, element, listed, over;
	char word[32]; /* the last text, or how it begins */
	unsigned word_n;
	struct buf pod;
};

void who_list_begin(struct who_list *l, const struct who_labels *wanted, who_found_fn *found,
		    void *ctx);

/*
 * who_list_take - the next @n bytes, wherever they were cut; each pod is told when it is whole
 * -EBADMSG: it is no list of pods. -EFBIG: what is asked for of one pod is too large. -ENOMEM.
 */
int who_list_take(struct who_list *l, const char *bytes, size_t n);

/* who_list_end - the count of pods, if that was all of a list; or the fault, as above */
int who_list_end(struct who_list *l);

#endif
