/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many N < EVENTS.pb > MORE.pb - N of the events, repeated, each with an id of its own
 * Command lines, where there are some, get a secret that no receiver may see.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/varint.h"
#include "encode/encode.h"
#include "event/field.h"

#define MAX_BYTES (1 << 20)

/* betray - "… --password hunter2" */
static void betray(struct arena *arena, struct event *e) {
	static const char secret[] = " --password hunter2";
	struct str line = e->process.command_line;
	char *text = arena_alloc(arena, line.n + sizeof(secret));

	if (!event_has(e, FIELD_PROCESS_COMMAND_LINE) || !text)
		return;
	memcpy(text, line.s, line.n);
	memcpy(text + line.n, secret, sizeof(secret));
	e->process.command_line = (struct str){ text, line.n + sizeof(secret) - 1 };
}

int main(int argc, char **argv) {
	static char bytes[MAX_BYTES];
	size_t wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	size_t n = fread(bytes, 1, sizeof(bytes), stdin), at = 0;
	struct buf out = { 0 };
	struct arena arena;

	if (!wanted || !n || encode_setup())
		return 2;
	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < wanted; i++) {
		struct event e;
		char id[32];
		uint64_t len;
		size_t head = varint_get(bytes + at, n - at, &len);

		arena_reset(&arena);
		if (!head || encode_unpack(bytes + at + head, len, &arena, &e))
			return 2;
		at = at + head + len < n ? at + head + len : 0;
		(void)snprintf(id, sizeof(id), "e%zu", i);
		EVENT_SET(&e, ID, id, str_of(id));
		betray(&arena, &e);
		encode_proto(&out, &e);
	}
	wanted = fwrite(out.data, 1, out.len, stdout) == out.len;
	buf_done(&out);
	arena_done(&arena);
	return wanted ? 0 : 1;
}
