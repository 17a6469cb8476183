/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle_json.c - what stands in a sealed file, and what a bundle would change, for programs
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/bundle.h"
#include "encode/encode.h"

static void add_text(struct buf *out, const char *name, const char *text) {
	buf_addf(out, ",\"%s\":", name);
	encode_json_text(out, str_of(text));
}

static void add_hash(struct buf *out, const char *name, const uint8_t *hash) {
	char hex[SEAL_HEX_BYTES];

	seal_hex(hash, hex);
	buf_addf(out, ",\"%s\":\"%s\"", name, hex);
}

static void add_texts(struct buf *out, const char *name, const char *texts, size_t each,
		      uint32_t n) {
	buf_addf(out, ",\"%s\":[", name);
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(out, ',');
		encode_json_text(out, str_of(texts + i * each));
	}
	buf_add_char(out, ']');
}

void bundle_json_seal(struct buf *out, const struct seal *s) {
	char id[17];

	buf_add_lit(out, "{\"signers\":[");
	for (uint32_t i = 0; i < s->n; i++) {
		keys_id_text(s->signatures + (size_t)i * (SEAL_ID_BYTES + SEAL_SIGNATURE_BYTES),
			     id);
		buf_addf(out, "%s\"%s\"", i ? "," : "", id);
	}
	buf_add_char(out, ']');
	add_hash(out, "hash", s->hash);
}

static void add_manifest(struct buf *out, const struct manifest *m) {
	add_text(out, "name", m->name);
	add_text(out, "channel", m->channel);
	buf_addf(out, ",\"version\":%" PRIu64 ",\"created_s\":%" PRIu64 ",\"expires_s\":%" PRIu64
		 ",\"rules\":%u,\"cost\":%u", m->version, m->created_s, m->expires_s, m->rules,
		 m->cost);
	add_text(out, "engine_min", m->engine_min);
	add_text(out, "engine_max", m->engine_max);
	add_hash(out, "schema", m->schema.hash);
	if (m->has_predecessor)
		add_hash(out, "predecessor", m->predecessor);
	buf_addf(out, ",\"kinds_needed\":[");
	for (uint32_t i = 0; i < m->n_needs; i++)
		buf_addf(out, "%s%u", i ? "," : "", m->needs[i]);
	buf_add_char(out, ']');
	add_texts(out, "approvers", m->approvers[0], sizeof(m->approvers[0]), m->n_approvers);
	add_text(out, "notes", m->notes);
}

void bundle_json_bundle(struct buf *out, const struct bundle *b) {
	buf_add_lit(out, ",\"kind\":\"bundle\"");
	add_manifest(out, &b->manifest);
	buf_add_lit(out, ",\"blobs\":[");
	for (uint32_t i = 0; i < b->n; i++) {
		buf_add_str(out, i ? STR(",{\"name\":") : STR("{\"name\":"));
		encode_json_text(out, str_of(b->blobs[i].name));
		buf_addf(out, ",\"bytes\":%u,\"packed_bytes\":%u}", b->blobs[i].size,
			 b->blobs[i].packed.n);
	}
	buf_add_lit(out, "]}\n");
}

void bundle_json_order(struct buf *out, const struct order *o) {
	buf_addf(out, ",\"kind\":\"order\",\"number\":%" PRIu64 ",\"state\":\"%s\",\"version\":%"
		 PRIu64 ",\"ring\":%u,\"percent\":%u.%02u,\"emergency\":%s,\"retry\":%s,"
		 "\"safe\":%s,\"issued_s\":%" PRIu64 ",\"expires_s\":%" PRIu64 ",\"spread_s\":%u",
		 o->number, order_word(o->state), o->version, o->ring, o->permyriad / 100,
		 o->permyriad % 100, o->emergency ? "true" : "false", o->retry ? "true" : "false",
		 o->safe ? "true" : "false", o->issued_s, o->expires_s, o->spread_s);
	add_text(out, "channel", o->channel);
	add_text(out, "release", o->release);
	add_hash(out, "bundle", o->bundle);
	if (o->has_to)
		add_hash(out, "to", o->to);
	add_texts(out, "strata", o->strata[0], sizeof(o->strata[0]), o->n_strata);
	add_texts(out, "disarm", o->disarm[0], sizeof(o->disarm[0]), o->n_disarm);
	add_texts(out, "leave", o->leave[0], sizeof(o->leave[0]), o->n_leave);
	buf_add_lit(out, "}\n");
}

void bundle_json_root(struct buf *out, const struct keys_root *r) {
	char id[17];

	buf_addf(out, ",\"kind\":\"root\",\"version\":%" PRIu64 ",\"expires_s\":%" PRIu64
		 ",\"needs\":{", r->version, r->expires_s);
	for (int i = KEYS_ROOT; i < KEYS_ROLES; i++)
		buf_addf(out, "%s\"%s\":%u", i > KEYS_ROOT ? "," : "", bundle_roles[i], r->need[i]);
	buf_add_lit(out, "},\"keys\":[");
	for (uint32_t i = 0; i < r->n; i++) {
		keys_id_text(r->list[i].key.id, id);
		buf_addf(out, "%s{\"id\":\"%s\",\"role\":\"%s\"", i ? "," : "", id,
			 bundle_roles[r->list[i].role]);
		add_text(out, "name", r->list[i].name);
		buf_add_char(out, '}');
	}
	buf_add_lit(out, "]}\n");
}

void bundle_json_diff(struct buf *out, const struct rehearse_report *r) {
	const char *comma = "";

	buf_addf(out, "{\"rules\":%" PRIu64 ",\"events\":%" PRIu64 ",\"tape_ms\":%" PRIu64
		 ",\"old\":{\"matches\":%" PRIu64 ",\"ns\":%" PRIu64
		 "},\"new\":{\"matches\":%" PRIu64 ",\"ns\":%" PRIu64 "},\"differences\":[",
		 r->rules, r->events, r->tape_ms, r->live_matches, r->live_ns, r->candidate_matches,
		 r->candidate_ns);
	for (uint32_t i = 0; i < r->n_rows; i++) {
		const struct rehearse_row *row = &r->rows[i];

		if (row->print == row->live_print && row->live == row->candidate)
			continue;
		buf_addf(out, "%s{\"change\":\"%s\",\"old_matches\":%" PRIu64
			 ",\"new_matches\":%" PRIu64, comma,
			 row->print == row->live_print ? "none"
			 : !row->live_print	       ? "added"
			 : !row->print		       ? "gone"
						       : "changed",
			 row->live, row->candidate);
		add_text(out, "rule", row->id);
		add_text(out, "title", row->title);
		buf_add_char(out, '}');
		comma = ",";
	}
	buf_add_lit(out, "]}\n");
}
