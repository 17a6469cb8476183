/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - what is wrong with a rule file, and where
 *
 * Each fault is one line "file:line:column: what, and what was expected", with
 * " (rule ID)" behind it where the document has an id. After MAX_FAULTS lines
 * further ones are counted and not written.
 */
#ifndef LAPWING_DETECT_FAULT_H
#define LAPWING_DETECT_FAULT_H

#include <stdint.h>

#include "base/buf.h"

#define MAX_FAULTS 200
#define FAULT_WORDS 64 /* that fault_near() looks at */
#define FAULT_WORD 32  /* bytes of one */

struct faults {
	struct buf *out;
	const char *file;
	struct str id; /* of the document that is being read; absent: it has none */
	uint32_t n;
};

/* fault - reports one at @line and @column, both from 1; gives -EINVAL, to return */
int fault(struct faults *f, uint32_t line, uint32_t column, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* fault_text - @x made fit for a message: printable, at most 60 bytes; one of 4 static buffers */
const char *fault_text(struct str x);

/*
 * fault_near - "perhaps 'X'", X the one of @words that @word was most likely meant to be
 * @otherwise: when none is near. Static, until the next call. Longer words are left out.
 */
const char *fault_near(struct str word, const struct str *words, size_t n, const char *otherwise);

#endif
