/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "content_rig.h"
#include "test.h"

static struct rig rig;
static struct buf file, body;

static struct str body_of(void) {
	return (struct str){ body.data, (uint32_t)body.len };
}

static void a_key_file_is_read_back_and_is_minisigns_form(void) {
	struct seal_secret secret, again;
	struct seal_key key, back;
	struct buf text = { 0 };

	keys_generate(&secret, &key);
	keys_write_public(&text, &key, "a key");
	CHECK(text.len > 60 && !memcmp(text.data, "untrusted comment: a key\nRW", 27));
	CHECK(!keys_read_public((struct str){ text.data, (uint32_t)text.len }, &back));
	CHECK(!memcmp(&key, &back, sizeof(key)));
	CHECK(keys_read_secret((struct str){ text.data, (uint32_t)text.len }, &again) == -EINVAL);
	for (uint32_t n = 0; n < text.len - 1; n++)
		CHECK(keys_read_public((struct str){ text.data, n }, &back) == -EINVAL);
	buf_add_char(&text, 'x');
	CHECK(keys_read_public((struct str){ text.data, (uint32_t)text.len }, &back) == -EINVAL);
	buf_reset(&text);
	keys_write_secret(&text, &secret, "a key");
	CHECK(!keys_read_secret((struct str){ text.data, (uint32_t)text.len }, &again));
	CHECK(!memcmp(&secret, &again, sizeof(secret)));
	key = keys_public(&again);
	keys_generate(&secret, &back);
	CHECK(memcmp(&key, &back, sizeof(key)) != 0);
	buf_done(&text);
}

static uint32_t count(enum seal_kind kind, const int *who, int n) {
	const struct seal_key keys[] = { rig.root.list[2].key, rig.root.list[3].key,
					 rig.root.list[4].key };
	struct seal s = { 0 };
	const char *why;

	rig_sealed(&rig, &file, kind, STR("bytes"), who, n);
	CHECK(!seal_open(file.data, file.len, &s, &why));
	return seal_count(&s, keys, 3);
}

static void each_key_counts_once_and_others_not_at_all(void) {
	struct seal_key twice[] = { rig.root.list[2].key, rig.root.list[2].key };
	struct seal s;
	const char *why;

	CHECK(count(SEAL_BUNDLE, (int[]){ 2, 3 }, 2) == 2);
	CHECK(count(SEAL_BUNDLE, (int[]){ 0, 1, 5 }, 3) == 0);
	CHECK(count(SEAL_BUNDLE, (int[]){ 4 }, 1) == 1);
	CHECK(count(SEAL_BUNDLE, (int[]){ 2 }, 1) == 1);
	CHECK(seal_sign(&file, &rig.secrets[2]) == -EEXIST);
	/* the same row put in by hand, and the same key listed twice, under two ids */
	CHECK(buf_reserve(&file, 72) != NULL);
	memmove(file.data + 16 + 72, file.data + 16, file.len - 16);
	file.len += 72;
	file.data[13] = 2;
	CHECK(!seal_open(file.data, file.len, &s, &why) && s.n == 2);
	twice[1].id[0] ^= 1;
	CHECK(seal_count(&s, twice, 2) == 1);
}

static void a_signature_is_of_one_kind_only(void) {
	struct seal s;
	const char *why;
	const struct seal_key key = rig.root.list[2].key;

	(void)count(SEAL_ORDER, (int[]){ 2 }, 1);
	CHECK(!seal_open(file.data, file.len, &s, &why) && seal_count(&s, &key, 1) == 1);
	file.data[12] = SEAL_BUNDLE;
	CHECK(!seal_open(file.data, file.len, &s, &why) && seal_count(&s, &key, 1) == 0);
}

static void no_bit_of_a_signed_bundle_can_change(void) {
	struct gate_now now = rig_now(&rig);
	struct manifest m = rig_manifest(1);
	static struct bundle b;
	struct verdict v = { 0 };
	int refused = 0;

	rig_bundle(&rig, &file, &m);
	CHECK(!gate_check(file.data, file.len, &now, &b, &v));
	for (size_t i = 0; i < file.len; i++) {
		file.data[i] ^= (char)(1 << i % 8);
		refused += gate_check(file.data, file.len, &now, &b, &v) != 0;
		CHECK(!strcmp(v.reason, "format") || !strcmp(v.reason, "signature"));
		file.data[i] ^= (char)(1 << i % 8);
	}
	CHECK(refused == (int)file.len);
	for (size_t n = 0; n < file.len; n++)
		CHECK(gate_check(file.data, n, &now, &b, &v) != 0);
	buf_add_char(&file, '\0');
	CHECK(gate_check(file.data, file.len, &now, &b, &v) == -EKEYREJECTED);
}

/* next_root - the root of version @version, with another first root key, signed by @who */
static void next_root(struct rig *next, uint64_t version, const int *old, int n_old,
		      const int *new, int n_new) {
	*next = rig;
	next->root.version = version;
	keys_generate(&next->secrets[0], &next->root.list[0].key);
	buf_reset(&body);
	keys_pack(&body, &next->root);
	rig_sealed(&rig, &file, SEAL_ROOT, body_of(), old, n_old);
	for (int i = 0; i < n_new; i++)
		(void)seal_sign(&file, &next->secrets[new[i]]);
}

static int rotate(const char **why) {
	struct keys_root root = rig.root;
	int err = keys_rotate(&root, file.data, file.len, why);

	CHECK(err ? root.version == rig.root.version : root.version == rig.root.version + 1);
	return err;
}

static void a_root_is_followed_by_the_next_signed_by_both(void) {
	struct rig next;
	const char *why = "";

	next_root(&next, 2, (int[]){ 0, 1 }, 2, (int[]){ 0 }, 1);
	CHECK(rotate(&why) == 0);
	next_root(&next, 3, (int[]){ 0, 1 }, 2, (int[]){ 0 }, 1);
	CHECK(rotate(&why) == -ESTALE);
	next_root(&next, 1, (int[]){ 0, 1 }, 2, (int[]){ 0 }, 1);
	CHECK(rotate(&why) == -ESTALE);
	next_root(&next, 2, (int[]){ 0 }, 1, (int[]){ 0 }, 1);
	CHECK(rotate(&why) == -EKEYREJECTED);
	next_root(&next, 2, (int[]){ 0, 1 }, 2, NULL, 0);
	CHECK(rotate(&why) == -EKEYREJECTED && strstr(why, "its own"));
	next_root(&next, 2, (int[]){ 2, 3 }, 2, (int[]){ 0, 1 }, 2);
	CHECK(rotate(&why) == -EKEYREJECTED);
}

static void a_root_that_nobody_could_satisfy_is_none(void) {
	struct keys_root root = rig.root, back;
	struct seal s;
	const char *why;

	root.need[KEYS_RELEASE] = 4;
	buf_reset(&body);
	keys_pack(&body, &root);
	rig_sealed(&rig, &file, SEAL_ROOT, body_of(), NULL, 0);
	CHECK(!seal_open(file.data, file.len, &s, &why));
	CHECK(keys_parse(&s, &back) == -EBADMSG);
	root.need[KEYS_RELEASE] = 3;
	buf_reset(&body);
	keys_pack(&body, &root);
	rig_sealed(&rig, &file, SEAL_ROOT, body_of(), NULL, 0);
	CHECK(!seal_open(file.data, file.len, &s, &why) && !keys_parse(&s, &back));
	CHECK(!memcmp(&root, &back, sizeof(root)));
}

static void a_root_that_names_a_key_twice_is_none(void) {
	struct keys_root root = rig.root, back;
	struct seal s;
	const char *why;

	CHECK(!keys_repeated(&root));
	root.list[root.n] = root.list[0]; /* under another name it is the same key */
	(void)snprintf(root.list[root.n++].name, sizeof(root.list[0].name), "somebody");
	CHECK(keys_repeated(&root) == &root.list[root.n - 1]);
	buf_reset(&body);
	keys_pack(&body, &root);
	rig_sealed(&rig, &file, SEAL_ROOT, body_of(), NULL, 0);
	CHECK(!seal_open(file.data, file.len, &s, &why));
	CHECK(keys_parse(&s, &back) == -EBADMSG);
}

static void an_order_is_read_back(void) {
	struct order o = { .number = 7, .issued_s = RIG_NOW, .expires_s = RIG_NOW + 1,
			   .version = 3, .state = ORDER_REVERT, .channel = "stable",
			   .release = "r", .has_to = true, .retry = true, .ring = 2,
			   .permyriad = 1000, .spread_s = 60, .shadow_s = 5, .n_strata = 1,
			   .n_disarm = 1, .strata = { "debian-12" }, .disarm = { "id" },
			   .n_leave = 1, .leave = { "file" }, .safe = true };
	static struct order back;
	struct seal s;
	const char *why;

	memset(o.bundle, 3, sizeof(o.bundle));
	memset(o.to, 4, sizeof(o.to));
	buf_reset(&body);
	order_pack(&body, &o);
	rig_sealed(&rig, &file, SEAL_ORDER, body_of(), (int[]){ 5 }, 1);
	CHECK(file.len < 1024);
	CHECK(!seal_open(file.data, file.len, &s, &why) && !order_parse(&s, &back));
	CHECK(!memcmp(&o, &back, sizeof(o)));
	for (uint32_t n = 0; n < body.len; n++) {
		struct seal cut = s;

		cut.body.n = n;
		(void)order_parse(&cut, &back);
	}
	o.permyriad = 10001;
	buf_reset(&body);
	order_pack(&body, &o);
	rig_sealed(&rig, &file, SEAL_ORDER, body_of(), NULL, 0);
	CHECK(!seal_open(file.data, file.len, &s, &why) && order_parse(&s, &back) == -EBADMSG);
}

int main(void) {
	if (sodium_init() < 0)
		return 1;
	rig_init(&rig);
	RUN(a_key_file_is_read_back_and_is_minisigns_form);
	RUN(each_key_counts_once_and_others_not_at_all);
	RUN(a_signature_is_of_one_kind_only);
	RUN(no_bit_of_a_signed_bundle_can_change);
	RUN(a_root_is_followed_by_the_next_signed_by_both);
	RUN(a_root_that_nobody_could_satisfy_is_none);
	RUN(a_root_that_names_a_key_twice_is_none);
	RUN(an_order_is_read_back);
	buf_done(&file);
	buf_done(&body);
	DONE();
}
