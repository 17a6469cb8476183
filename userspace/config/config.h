/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - one YAML file, held to a table of keys
 *
 * Strict: a key that is not in the table, one that is there twice, or a value of the wrong type is
 * a fault, told as file:line:column with the nearest right key. A text may hold ${NAME}, a variable
 * of the environment, ${NAME:-text} with a default, ${file:/PATH}, the first line of a file, and $$
 * for a dollar. What is not in the file keeps the value that the target had.
 *
 * The room knows nothing of what it configures: whoever owns the table gives it (app/settings.c).
 */
#ifndef LAPWING_CONFIG_H
#define LAPWING_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_MAX_BYTES (1024 * 1024)

enum config_type {
	CONFIG_TEXT,	/* const char *: of the config's own memory */
	CONFIG_WORD,	/* int: which of @words */
	CONFIG_YES,	/* bool: yes, no, true, false */
	CONFIG_BYTES,	/* uint64_t: 64KiB, 1GiB, … */
	CONFIG_SECONDS, /* uint64_t: 30s, 7d, … */
	CONFIG_MS,	/* uint32_t: likewise, milliseconds */
	CONFIG_TEXTS,	/* const char *[max], a list; how many, an int, at @count */
	CONFIG_MAPS,	/* a list of maps of texts: each goes to @map */
};

/* A key and its value in a CONFIG_MAPS, expanded. */
struct config_pair {
	const char *key, *value;
};

struct config_key {
	const char *path; /* "rules", "spool.max_bytes": sections one deep */
	enum config_type type;
	size_t offset;		  /* in the target */
	size_t count, max;	  /* CONFIG_TEXTS */
	const char *const *words; /* CONFIG_WORD; ends with NULL */
	/*
	 * CONFIG_MAPS: takes one. 0; or -errno, @why (static until the next call), and @bad, the
	 * pair that is at fault; n: the map as a whole.
	 */
	int (*map)(void *target, const struct config_pair *pairs, size_t n, size_t *bad,
		   const char **why);
	const char *fallback; /* as it would stand in a file; NULL: absent */
	const char *help;     /* one or more lines, for config init and the docs */
};

struct config; /* what a file said, and the memory of its texts */

/*
 * config_read - the file @path into @target, as @keys (ended by a NULL path) say
 * -ENOENT: there is no such file. -EINVAL: @fault is "PATH:LINE:COLUMN: sentence"; other -errno
 * likewise. @fault has room for @n bytes. @ret lives as long as the texts in @target are used.
 */
int config_read(const char *path, const struct config_key *keys, void *target,
		struct config **ret, char *fault, size_t n);

/* config_parse - the same for @bytes; @path is for the fault */
int config_parse(const char *path, const void *bytes, size_t bytes_n,
		 const struct config_key *keys, void *target, struct config **ret, char *fault,
		 size_t n);

/*
 * config_place - "PATH:LINE:COLUMN: ", where the file says @what, for faults that only show later
 * @what: a text of the target's, the very pointer; or the path of a key of the table. "" when the
 * file does not say it, and when @c is NULL. Static, until the next call.
 */
const char *config_place(const struct config *c, const char *what);

/* config_defaults - every fallback of @keys into @target, as if a file had said it; no lists */
void config_defaults(const struct config_key *keys, void *target);

void config_free(struct config *c); /* NULL is fine */

#endif
