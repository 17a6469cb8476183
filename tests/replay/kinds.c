/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds FILE - events of every kind that event.proto has, for tests/replay/schemas
 * Of each kind one of which nothing is known but what every event has, and one of which all is
 * known, with a detection.
 */
#include <stdio.h>
#include <string.h>

#include "encode/encode.h"
#include "event/field.h"
#include "event/word.h"

static void know(struct event *e, enum field_id id) {
	static const struct str text = { "/a/b", 4 }, address = { "192.0.2.1", 9 };
	static const struct str hash = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		EVENT_SHA256_TEXT,
	};
	void *at = (char *)e + fields[id].offset;

	switch ((enum field_type)fields[id].type) {
	case FIELD_U32:
	case FIELD_ENUM:
		*(uint32_t *)at = 1;
		break;
	case FIELD_U64:
	case FIELD_FIXED64:
		*(uint64_t *)at = 1000000000;
		break;
	case FIELD_BOOL:
		*(bool *)at = true;
		break;
	case FIELD_BITS:
		*(uint64_t *)at = 2;
		break;
	case FIELD_STR:
		*(struct str *)at = strstr(fields[id].member, "_ip") ? address
					    : strstr(fields[id].member, "sha256") ? hash
					    : text;
		break;
	case FIELD_STRV:
		*(struct strv *)at = (struct strv){ &text, 1 };
		break;
	}
	event_mark(e, id);
}

int main(int argc, char **argv) {
	static const struct str tag = { "attack.t1055", 12 };
	static const struct detection found = { .rule_id = { "r", 1 }, .title = { "t", 1 },
						.level = LEVEL_HIGH, .tags = { &tag, 1 } };
	FILE *f = argc == 2 && !encode_setup() ? fopen(argv[1], "we") : NULL;
	struct buf out = { 0 };
	char id[32];

	for (uint32_t i = 0; f && i < 2 * WIRE_KIND_MAX; i++) {
		uint32_t kind = i / 2;
		struct event e;

		if (!event_word(FIELD_KIND, kind))
			continue;
		memset(&e, 0, sizeof(e));
		for (int field = 0; i % 2 && field < FIELD_MAX; field++)
			know(&e, (enum field_id)field);
		(void)snprintf(id, sizeof(id), "k%u", i);
		EVENT_SET(&e, ID, id, str_of(id));
		EVENT_SET(&e, TIME_NS, time_ns, 1700000000000000000);
		EVENT_SET(&e, HOST_ID, host_id, STR("h"));
		EVENT_SET(&e, KIND, kind, kind);
		e.detections = i % 2 ? &found : NULL;
		e.n_detections = i % 2;
		encode_proto(&out, &e);
	}
	if (!f || fwrite(out.data, 1, out.len, f) != out.len || fclose(f))
		return 1;
	buf_done(&out);
	return 0;
}
