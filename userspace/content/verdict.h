/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - what a gate said of a bundle, as a line that is kept and told
 *
 *     time_s TAB gate TAB verdict TAB reason TAB hash TAB version TAB order TAB text NEWLINE
 */
#ifndef LAPWING_CONTENT_VERDICT_H
#define LAPWING_CONTENT_VERDICT_H

#include "content/seal.h"

#define VERDICT_WORD_BYTES 24
#define VERDICT_TEXT_BYTES 400
#define VERDICT_LINE_BYTES 700

struct verdict {
	uint64_t time_s;
	char gate[VERDICT_WORD_BYTES];	  /* seal, rehearsal, shadow, probation, order, … */
	char verdict[VERDICT_WORD_BYTES]; /* passed, refused, begun, reverted, held, … */
	char reason[VERDICT_WORD_BYTES];  /* a word for programs; "-": none is needed */
	uint8_t hash[SEAL_HASH_BYTES];	  /* of the bundle; zeros: of none */
	uint64_t version, order;
	char text[VERDICT_TEXT_BYTES]; /* a sentence for people, without control characters */
};

/* verdict_say - fills gate, verdict, reason and the sentence; the rest is left */
void verdict_say(struct verdict *v, const char *gate, const char *verdict, const char *reason,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* verdict_line - as a line */
void verdict_line(const struct verdict *v, struct buf *out);

/* verdict_parse - of a line without its newline; -EBADMSG */
int verdict_parse(struct str line, struct verdict *ret);

#endif
