/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status_rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/tally.h"
#include "base/log.h"
#include "encode/encode.h"
#include "encode/text.h"
#include "event/word.h"

#define SHOWN 10

/* load - false, and a line in the log if that is strange, when there is nothing to tell */
static bool read_rows(const char *folder, struct tally_row **ret, size_t *n) {
	int err = tally_read(folder, ret, n);

	if (err && err != -ENOENT)
		log_warn("what the rules have counted (\"%s/%s\") cannot be read: %s, continuing",
			 folder, TALLY_FILE,
			 err == -EBADMSG ? "it is damaged, or of another version"
					 : strerror(-err));
	return !err;
}

static const char *level_word(const struct tally_row *r) {
	return r->level >= LEVEL_INFORMATIONAL && r->level < LEVEL_INFORMATIONAL + EVENT_LEVELS
		       ? event_level_word(r->level)
		       : "?";
}

/* by_cost - the costliest first; then those that hit, then by name */
static int by_cost(const void *a, const void *b) {
	const struct tally_row *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	if (x->hits != y->hits)
		return x->hits < y->hits ? 1 : -1;
	return strcmp(x->title, y->title);
}

void status_rules_text(struct buf *out, const char *folder, bool all) {
	uint64_t evaluations = 0, hits = 0, ns = 0;
	struct tally_row *rows;
	size_t n, shown;

	if (!read_rows(folder, &rows, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		evaluations += rows[i].evaluations;
		hits += rows[i].hits;
		ns += rows[i].ns;
	}
	buf_addf(out, "\n%zu rules: %" PRIu64 " evaluations, %" PRIu64 " hits, %.3f s\n", n,
		 evaluations, hits, (double)ns / 1e9);
	qsort(rows, n, sizeof(*rows), by_cost);
	shown = all || n < SHOWN ? n : SHOWN;
	if (shown)
		buf_addf(out, "  %12s %10s %12s\n", "evaluations", "hits", "ms");
	for (size_t i = 0; i < shown; i++) {
		if (!all && !rows[i].evaluations && !rows[i].hits)
			break;
		buf_addf(out, "  %12" PRIu64 " %10" PRIu64 " %12.3f  ", rows[i].evaluations,
			 rows[i].hits, (double)rows[i].ns / 1e6);
		text_shown(out, str_of(rows[i].title));
		buf_add_char(out, '\n');
	}
	free(rows);
}

void status_rules_json(struct buf *out, const char *folder) {
	struct tally_row *rows;
	size_t n;

	if (!read_rows(folder, &rows, &n)) {
		buf_add_lit(out, "null");
		return;
	}
	buf_add_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		const struct tally_row *r = &rows[i];

		buf_addf(out, "%s{\"type\":\"%s\",\"id\":", i ? "," : "",
			 r->correlation ? "correlation" : "rule");
		if (r->id[0])
			encode_json_text(out, str_of(r->id));
		else
			buf_add_lit(out, "null");
		buf_add_lit(out, ",\"title\":");
		encode_json_text(out, str_of(r->title));
		buf_addf(out, ",\"level\":\"%s\",\"evaluations\":%" PRIu64 ",\"hits\":%" PRIu64
			 ",\"limited\":%" PRIu64 ",\"ns\":%" PRIu64 "}", level_word(r),
			 r->evaluations, r->hits, r->limited, r->ns);
	}
	buf_add_char(out, ']');
	free(rows);
}
