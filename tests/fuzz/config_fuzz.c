/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a configuration; whatever it is, it is read or refused with a place. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	const char *text, *list[4];
	int word, n_list;
	bool yes;
	uint64_t bytes;
};

static int take(void *target, const struct config_pair *pairs, size_t n, size_t *bad,
		const char **why) {
	(void)target;
	for (*bad = 0; *bad < n; ++*bad)
		if (strlen(pairs[*bad].key) > strlen(pairs[*bad].value)) {
			*why = "no";
			return -1;
		}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const char *const words[] = { "a", "b", NULL };
	static const struct config_key keys[] = {
		{ .path = "t", .type = CONFIG_TEXT, .offset = offsetof(struct target, text) },
		{ .path = "w", .type = CONFIG_WORD, .offset = offsetof(struct target, word),
		  .words = words },
		{ .path = "s.y", .type = CONFIG_YES, .offset = offsetof(struct target, yes) },
		{ .path = "s.b", .type = CONFIG_BYTES, .offset = offsetof(struct target, bytes) },
		{ .path = "l", .type = CONFIG_TEXTS, .offset = offsetof(struct target, list),
		  .count = offsetof(struct target, n_list), .max = 4 },
		{ .path = "m", .type = CONFIG_MAPS, .map = take },
		{ 0 },
	};
	struct target t = { .text = "" };
	char fault[256] = "";
	struct config *c = NULL;

	if (config_parse("f", data, size, keys, &t, &c, fault, sizeof(fault))) {
		if (strncmp(fault, "f:", 2) != 0)
			abort();
		return 0;
	}
	if (strlen(t.text) > size * 4096 || t.n_list < 0 || t.n_list > 4)
		abort();
	config_free(c);
	return 0;
}
