/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_rig.h - keys, a root and bundles for the tests of content/
 */
#ifndef LAPWING_TESTS_CONTENT_RIG_H
#define LAPWING_TESTS_CONTENT_RIG_H

#include <sodium.h>
#include <stdio.h>

#include "content/gate.h"
#include "content/order.h"

#define RIG_NOW 1800000000ull
#define RIG_RULE                                                                                   \
	"title: T\nid: 5f3c1f4e-1f3c-4d1a-9d0e-0123456789ab\nlogsource:\n  product: linux\n"       \
	"  category: process_creation\ndetection:\n  s:\n    Image|endswith: /canary\n"            \
	"  condition: s\nlevel: low\n"

struct rig {
	struct keys_root root; /* 2 of 2 root keys, 2 of 3 release, 1 rollout */
	struct seal_secret secrets[6];
};

static inline void rig_init(struct rig *r) {
	static const enum keys_role roles[] = { KEYS_ROOT,    KEYS_ROOT,    KEYS_RELEASE,
						KEYS_RELEASE, KEYS_RELEASE, KEYS_ROLLOUT };

	r->root = (struct keys_root){ .version = 1,
				      .expires_s = RIG_NOW + 1000000,
				      .need = { 0, 2, 2, 1 },
				      .n = 6 };
	for (int i = 0; i < 6; i++) {
		r->root.list[i] = (struct keys_entry){ .role = roles[i] };
		keys_generate(&r->secrets[i], &r->root.list[i].key);
		(void)snprintf(r->root.list[i].name, KEYS_NAME_BYTES, "key %d", i);
	}
}

static inline struct manifest rig_manifest(uint64_t version) {
	struct manifest m = { .name = "test",
			      .channel = "stable",
			      .version = version,
			      .created_s = RIG_NOW - 100,
			      .expires_s = RIG_NOW + 86400,
			      .engine_min = "0.1.0",
			      .engine_max = "0.9.9",
			      .rules = 1,
			      .cost = BUNDLE_LIGHT };

	schema_own(&m.schema);
	return m;
}

/* rig_sealed - @body sealed as @kind, signed by the @n keys in @who */
static inline void rig_sealed(const struct rig *r, struct buf *out, enum seal_kind kind,
			      struct str body, const int *who, int n) {
	buf_reset(out);
	seal_make(out, kind, body);
	for (int i = 0; i < n; i++)
		(void)seal_sign(out, &r->secrets[who[i]]);
}

/* rig_bundle - one rule, signed by two release keys */
static inline void rig_bundle(const struct rig *r, struct buf *out, const struct manifest *m) {
	const struct bundle_part part = { "rules.yml", STR(RIG_RULE) };
	const int who[] = { 2, 3 };
	struct buf body = { 0 };

	(void)bundle_pack(&body, m, &part, 1);
	rig_sealed(r, out, SEAL_BUNDLE, (struct str){ body.data, (uint32_t)body.len }, who, 2);
	buf_done(&body);
}

static inline struct gate_now rig_now(const struct rig *r) {
	return (struct gate_now){
		.now_s = RIG_NOW, .root = &r->root, .engine = "0.1.0", .channel = "stable"
	};
}

#endif
