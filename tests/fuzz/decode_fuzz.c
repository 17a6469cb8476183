/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a record. It is decoded and enriched, and every text of the event must be UTF-8. */
#include <stdlib.h>

#include "base/utf8.h"
#include "decode/decode.h"
#include "enrich/enrich.h"
#include "event/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct event *e, enum field_id id) {
	struct str one = *(const struct str *)field_at(e, id);
	struct strv list = { &one, 1 };
	if (fields[id].type == FIELD_STRV)
		list = *(const struct strv *)field_at(e, id);
	for (uint32_t i = 0; event_has(e, id) && i < list.n; i++)
		if (!list.v[i].s || !utf8_is_valid(list.v[i].s, list.v[i].n))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct enrich *en;
	struct arena arena;
	struct event e;
	uint8_t *record = malloc(size ? size : 1); /* aligned, of just that size */
	if (!record || (!en && enrich_new(8, &en) < 0))
		abort();
	memcpy(record, data, size);
	if (size >= sizeof(struct wire_header))
		((struct wire_header *)record)->len = (uint32_t)size;
	arena_init(&arena, 4 << 20);
	if (!decode_record(record, size, &arena, &e) && enrich_event(en, &arena, &e))
		for (int id = 0; id < FIELD_MAX; id++)
			if (fields[id].type >= FIELD_STR)
				check(&e, (enum field_id)id);
	arena_done(&arena);
	free(record);
	return 0;
}
