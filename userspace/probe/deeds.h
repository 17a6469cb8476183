/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deeds.h - each deed, and the hooks that can serve it, best first
 */
#ifndef LAPWING_DEEDS_H
#define LAPWING_DEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum deed_family {
	DEED_PROCESS,
	DEED_FILE,
	DEED_NET,
	DEED_INJECT,
	DEED_KERNEL,
	DEED_FAMILIES
};
/* DEED_LSM is also fentry on a function of security/security.c: a kernel takes both or neither. */
enum deed_mechanism { DEED_TRACEPOINT, DEED_LSM, DEED_ITER, DEED_FENTRY };

#define DEED_WAYS 3
#define DEED_PROGRAMS 4
#define DEED_MAX 96

struct deed_way {
	const char *hook; /* for people, "lsm/path_rename" */
	enum deed_mechanism mechanism;
	const char *programs[DEED_PROGRAMS]; /* all are needed; NULL past the last */
};

struct deed {
	const char *name;
	enum deed_family family;
	uint8_t call_kind; /* enum wire_kind that its tracepoint way must tell; 0: none */
	struct deed_way ways[DEED_WAYS]; /* best first; hook NULL past the last */
};

/* deed_way_lacks - degradations that its events can have, and by a better way would not; or NULL */
const char *deed_way_lacks(const struct deed_way *way);

/* deed_is - whether @deed is called @name, or is one of that family */
bool deed_is(const char *deed, const char *name);

/* deed_known - whether any deed is @name, or of that family: "file.open", "file" */
bool deed_known(const char *name);

extern const struct deed deeds[];
extern const size_t n_deeds;
extern const char *const deed_families[DEED_FAMILIES];

#endif
