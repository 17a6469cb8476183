/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate 1: each reason for which a bundle is refused, and that the first one counts.
 */
#include <errno.h>
#include <stdlib.h>

#include "content_rig.h"
#include "event/field.h"
#include "event/word.h"
#include "test.h"

static struct rig rig;
static struct buf file, body;
static struct bundle bundle;
static struct verdict verdict;

static const char *reason(const struct gate_now *now) {
	verdict = (struct verdict){ 0 };
	(void)gate_check(file.data, file.len, now, &bundle, &verdict);
	return verdict.reason;
}

static const char *reason_of(const struct manifest *m) {
	struct gate_now now = rig_now(&rig);

	rig_bundle(&rig, &file, m);
	return reason(&now);
}

#define REASON(m, word) CHECK(!strcmp(reason_of(m), (word)))

static void a_good_bundle_passes_and_its_parts_come_back(void) {
	struct manifest m = rig_manifest(4);
	struct buf text = { 0 };

	m.n_approvers = 1;
	(void)snprintf(m.approvers[0], sizeof(m.approvers[0]), "somebody");
	m.has_predecessor = true;
	memset(m.predecessor, 9, sizeof(m.predecessor));
	(void)snprintf(m.notes, sizeof(m.notes), "what is new");
	REASON(&m, "-");
	CHECK(!strcmp(verdict.verdict, "passed") && verdict.version == 4);
	CHECK(!memcmp(&bundle.manifest, &m, sizeof(m)));
	CHECK(bundle.n == 1 && bundle.blobs[0].kind == BUNDLE_RULES);
	CHECK(!bundle_texts(&bundle, BUNDLE_RULES, &text));
	CHECK(text.len == sizeof(RIG_RULE) - 1 && !strcmp(text.data, RIG_RULE));
	buf_done(&text);
}

static void fields_past_the_table_are_refused_by_number_and_name(void) {
	struct manifest m = rig_manifest(1);

	for (uint32_t i = 0; i < m.schema.n; i++)
		if (!strcmp(m.schema.list[i].name, "process"))
			m.schema.list[i].count++;
	REASON(&m, "fields");
	CHECK(strstr(verdict.text, "\"process\""));
	m = rig_manifest(1);
	(void)snprintf(m.schema.list[m.schema.n].name, SCHEMA_NAME_BYTES, "no_such_section");
	m.schema.list[m.schema.n++].count = 1;
	REASON(&m, "fields");
	m = rig_manifest(1);
	m.schema.hash[0] ^= 1;
	REASON(&m, "schema");
	m = rig_manifest(1);
	m.schema.n = 0;
	REASON(&m, "schema");
}

static void kinds_that_no_sensor_of_ours_tells_are_refused(void) {
	struct manifest m = rig_manifest(1);

	for (uint32_t kind = 1; kind < WIRE_KIND_MAX && m.n_needs < BUNDLE_NEEDS; kind++)
		if (event_word(FIELD_KIND, kind))
			m.needs[m.n_needs++] = kind;
	REASON(&m, "-");
	CHECK(bundle.manifest.n_needs == m.n_needs);
	CHECK(!memcmp(bundle.manifest.needs, m.needs, m.n_needs * sizeof(*m.needs)));
	m.needs[m.n_needs - 1] = WIRE_KIND_MAX;
	REASON(&m, "kinds");
	CHECK(strstr(verdict.text, "kind 128"));
	m.needs[0] = 0;
	REASON(&m, "kinds");
}

/* An author's engine that is older has fewer fields of a section, and a hash over those. */
static void content_of_an_engine_with_fewer_fields_fits(void) {
	struct manifest m = rig_manifest(1);
	struct schema *s = &m.schema;
	crypto_generichash_state state;

	for (uint32_t i = 0; i < s->n; i++)
		if (!strcmp(s->list[i].name, "process"))
			s->list[i].count -= 2;
	REASON(&m, "schema"); /* the hash is over all of them */
	(void)crypto_generichash_init(&state, NULL, 0, SEAL_HASH_BYTES);
	for (uint32_t k = 0; k < s->n; k++) {
		uint32_t left = s->list[k].count;

		for (int i = 0; i < FIELD_MAX && left; i++) {
			char line[128];
			int n;

			if (strcmp(fields[i].message, s->list[k].name) != 0)
				continue;
			n = snprintf(line, sizeof(line), "%s %u %u\n", fields[i].name,
				     fields[i].number, fields[i].type);
			(void)crypto_generichash_update(&state, (uint8_t *)line, (size_t)n);
			left--;
		}
	}
	(void)crypto_generichash_final(&state, s->hash, SEAL_HASH_BYTES);
	REASON(&m, "-");
}

static void times_versions_and_channels_are_held_to(void) {
	struct manifest m = rig_manifest(5);
	struct gate_now now = rig_now(&rig);

	m.expires_s = RIG_NOW;
	REASON(&m, "expired");
	m = rig_manifest(5);
	m.created_s = RIG_NOW + GATE_CLOCK_SLACK_S + 1;
	REASON(&m, "future");
	m = rig_manifest(5);
	(void)snprintf(m.channel, sizeof(m.channel), "beta");
	REASON(&m, "channel");
	m = rig_manifest(5);
	(void)snprintf(m.engine_min, sizeof(m.engine_min), "0.2.0");
	REASON(&m, "engine");
	m = rig_manifest(5);
	(void)snprintf(m.engine_max, sizeof(m.engine_max), "0.0.9");
	REASON(&m, "engine");
	m = rig_manifest(5);
	rig_bundle(&rig, &file, &m);
	now.floor = 6;
	CHECK(!strcmp(reason(&now), "version"));
	now.back = true;
	CHECK(!strcmp(reason(&now), "-"));
	now.reverted = true;
	CHECK(!strcmp(reason(&now), "reverted"));
}

static void signatures_that_do_not_count_are_counted_out(void) {
	struct gate_now now = rig_now(&rig);
	struct manifest m = rig_manifest(1);
	const struct bundle_part part = { "rules.yml", STR(RIG_RULE) };
	static const struct {
		int who[3], n;
		const char *reason;
	} cases[] = { { { 2 }, 1, "signature" },       { { 2, 2 }, 2, "signature" },
		      { { 0, 1 }, 2, "signature" },    { { 2, 5 }, 2, "signature" },
		      { { 0 }, 0, "signature" },       { { 2, 4 }, 2, "-" },
		      { { 2, 3, 4 }, 3, "-" } };

	buf_reset(&body);
	CHECK(!bundle_pack(&body, &m, &part, 1));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_sealed(&rig, &file, SEAL_BUNDLE,
			   (struct str){ body.data, (uint32_t)body.len }, cases[i].who,
			   cases[i].n);
		CHECK(!strcmp(reason(&now), cases[i].reason));
	}
	rig_sealed(&rig, &file, SEAL_ORDER, (struct str){ body.data, (uint32_t)body.len },
		   (int[]){ 2, 3 }, 2);
	CHECK(!strcmp(reason(&now), "format"));
}

/* Whoever has the keys can still make a slip: what is signed is no proof that it is well-formed. */
static void what_is_signed_and_malformed_is_refused(void) {
	struct gate_now now = rig_now(&rig);
	struct manifest m = rig_manifest(1);
	const struct bundle_part part = { "rules.yml", STR(RIG_RULE) };
	int passed = 0;

	buf_reset(&body);
	CHECK(!bundle_pack(&body, &m, &part, 1));
	for (size_t i = 0; i < body.len; i++) {
		body.data[i] ^= (char)0x81;
		rig_sealed(&rig, &file, SEAL_BUNDLE,
			   (struct str){ body.data, (uint32_t)body.len }, (int[]){ 2, 3 }, 2);
		passed += !strcmp(reason(&now), "-");
		body.data[i] ^= (char)0x81;
	}
	CHECK(passed < (int)body.len / 10); /* a letter of a name is as good as another */
	for (size_t n = 1; n < body.len; n++) {
		rig_sealed(&rig, &file, SEAL_BUNDLE, (struct str){ body.data, (uint32_t)n },
			   (int[]){ 2, 3 }, 2);
		CHECK(!strcmp(reason(&now), "parse"));
	}
	buf_add_char(&body, 'x');
	rig_sealed(&rig, &file, SEAL_BUNDLE, (struct str){ body.data, (uint32_t)body.len },
		   (int[]){ 2, 3 }, 2);
	CHECK(!strcmp(reason(&now), "parse"));
}

static void names_of_blobs_are_of_four_kinds(void) {
	CHECK(bundle_kind(STR("rules.yml")) == BUNDLE_RULES);
	CHECK(bundle_kind(STR("rules.test.yml")) == BUNDLE_STORIES);
	CHECK(bundle_kind(STR("admins.list")) == BUNDLE_LIST);
	CHECK(bundle_kind(STR("tuning.conf")) == BUNDLE_TUNING);
	for (const char *const *bad = (const char *const[]){ "", "a", "a.so", "a.bpf.o", "../a.yml",
							     "a/b.yml", "A.yml", ".yml", "a b.yml",
							     "a.ko", NULL };
	     *bad; bad++)
		CHECK(!bundle_kind(str_of(*bad)));
}

static void bounds_of_blobs_are_held_to(void) {
	struct manifest m = rig_manifest(1);
	struct bundle_part parts[BUNDLE_BLOBS + 1];
	char names[BUNDLE_BLOBS + 1][16];
	struct bundle_part zeros = { "a.list", { calloc(1, 8u << 20), 8u << 20 } };

	for (int i = 0; i <= BUNDLE_BLOBS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%d.list", i);
		parts[i] = (struct bundle_part){ names[i], STR("x\n") };
	}
	buf_reset(&body);
	CHECK(bundle_pack(&body, &m, parts, BUNDLE_BLOBS + 1) == -E2BIG);
	buf_reset(&body);
	CHECK(bundle_pack(&body, &m, parts, 0) == -E2BIG);
	buf_reset(&body);
	CHECK(!bundle_pack(&body, &m, parts, BUNDLE_BLOBS));
	buf_reset(&body);
	CHECK(bundle_pack(&body, &m, &zeros, 1) == -E2BIG); /* a bomb */
	free((void *)(uintptr_t)zeros.text.s);
}

static void versions_compare_by_their_parts(void) {
	CHECK(bundle_version("0.1.0", "0.1.0") == 0 && bundle_version("0.2.0", "0.10.0") < 0);
	CHECK(bundle_version("1.0.0", "0.99.99") > 0 && bundle_version("1.0", "1.0.1") < 0);
}

static void a_verdict_is_read_back_from_its_line(void) {
	struct verdict v = { .time_s = 5, .version = 6, .order = 7 }, back = { 0 };
	struct buf line = { 0 };

	verdict_say(&v, "seal", "refused", "schema", "a\tb\n%d", 3);
	verdict_line(&v, &line);
	CHECK(!verdict_parse((struct str){ line.data, (uint32_t)line.len - 1 }, &back));
	CHECK(!memcmp(&v, &back, sizeof(v)) && !strcmp(back.text, "a b 3"));
	for (uint32_t n = 0; n < line.len - 8; n++)
		CHECK(verdict_parse((struct str){ line.data, n }, &back) == -EBADMSG ||
		      strlen(back.text) < strlen(v.text));
	buf_done(&line);
}

int main(void) {
	if (sodium_init() < 0)
		return 1;
	rig_init(&rig);
	RUN(a_good_bundle_passes_and_its_parts_come_back);
	RUN(fields_past_the_table_are_refused_by_number_and_name);
	RUN(kinds_that_no_sensor_of_ours_tells_are_refused);
	RUN(content_of_an_engine_with_fewer_fields_fits);
	RUN(times_versions_and_channels_are_held_to);
	RUN(signatures_that_do_not_count_are_counted_out);
	RUN(what_is_signed_and_malformed_is_refused);
	RUN(names_of_blobs_are_of_four_kinds);
	RUN(bounds_of_blobs_are_held_to);
	RUN(versions_compare_by_their_parts);
	RUN(a_verdict_is_read_back_from_its_line);
	buf_done(&file);
	buf_done(&body);
	DONE();
}
