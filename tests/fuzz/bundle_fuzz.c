/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands inside a seal, as if it were signed: a bundle and its blobs, an order, a root; and
 * the state file, a key file and a line of the history.
 */
#include <stddef.h>
#include <stdint.h>

#include "content/bundle.h"
#include "content/keys.h"
#include "content/order.h"
#include "content/state.h"
#include "content/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct bundle b;
	static struct order o;
	static struct keys_root root;
	static struct state state;
	struct str text = { (const char *)data, (uint32_t)size };
	struct seal s = { .kind = SEAL_BUNDLE, .body = text }, framed;
	struct seal_key key;
	struct verdict v;
	struct buf out = { 0 };
	const char *why;

	if (!seal_open(data, size, &framed, &why) && size < 4096)
		(void)seal_count(&framed, &(struct seal_key){ 0 }, 1);
	if (!bundle_parse(&s, &b, &why))
		for (uint32_t i = 0; i < b.n; i++)
			(void)bundle_expand(&b, i, &out);
	s.kind = SEAL_ORDER;
	(void)order_parse(&s, &o);
	s.kind = SEAL_ROOT;
	(void)keys_parse(&s, &root);
	(void)keys_read_public(text, &key);
	(void)state_parse(text, &state);
	(void)verdict_parse(text, &v);
	buf_done(&out);
	return 0;
}
