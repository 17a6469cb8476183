/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer of a runtime, a kubelet or the API: read within its bytes, and texts within theirs. */
#include <stdlib.h>
#include <string.h>

#include "who/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *ctx, const struct who_answer *found) {
	struct who_answer a = *found;

	(void)ctx;
	who_answer_mend(&a);
	if (memcmp(&a, found, sizeof(a)) != 0)
		abort(); /* it was none yet */
}

/* in_parts - a list is what it is, wherever it is cut on its way */
static void in_parts(struct str x, const struct who_labels *labels) {
	int whole = who_pods(x, labels, take, NULL);
	struct who_list l;

	who_list_begin(&l, labels, take, NULL);
	for (uint32_t i = 0; i < x.n; i++)
		(void)who_list_take(&l, x.s + i, 1);
	if (who_list_end(&l) != whole)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const char *const keys[] = { "app" };
	static const struct who_labels labels = { keys, 1 };
	static const struct who_ask ask = { "aa", "" };
	struct str x = { (const char *)data + (size > 0), (uint32_t)(size ? size - 1 : 0) };
	struct who_answer a;

	switch (size ? data[0] & 3 : 0) {
	case 0:
		if (!who_docker(x, &ask, &labels, &a))
			take(NULL, &a);
		break;
	case 1:
		(void)who_pods(x, &labels, take, NULL);
		in_parts(x, &labels);
		break;
	default:
		if (!who_cri((data[0] & 3) == 2 ? WHO_CONTAINER : WHO_SANDBOX, x, &ask, &labels,
			     &a))
			take(NULL, &a);
	}
	return 0;
}
