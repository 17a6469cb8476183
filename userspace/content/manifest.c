/* SPDX-License-Identifier: Apache-2.0 */
#include "content/manifest.h"

#include <errno.h>
#include <stdio.h>

#include "proto/bundle.pb-c.h"

#define MAX_MANIFEST_BYTES 65536

static int take_fields(const Lapwing__Bundle__V1__Manifest *m, struct schema *ret) {
	int err = 0;

	if (m->n_fields > SCHEMA_SECTIONS || m->schema_hash.len != SEAL_HASH_BYTES)
		return -EBADMSG;
	ret->n = (uint32_t)m->n_fields;
	for (uint32_t i = 0; i < ret->n && !err; i++) {
		ret->list[i].count = m->fields[i]->count;
		err = seal_text(m->fields[i]->section, ret->list[i].name, SCHEMA_NAME_BYTES);
		for (uint32_t k = 0; k < i && !err; k++)
			if (!strcmp(ret->list[k].name, ret->list[i].name))
				err = -EBADMSG;
	}
	memcpy(ret->hash, m->schema_hash.data, SEAL_HASH_BYTES);
	return err;
}

static int take_texts(const Lapwing__Bundle__V1__Manifest *m, struct manifest *ret) {
	int err = seal_text(m->name, ret->name, sizeof(ret->name));

	if (!err)
		err = seal_text(m->channel, ret->channel, sizeof(ret->channel));
	if (!err)
		err = seal_text(m->engine_min, ret->engine_min, sizeof(ret->engine_min));
	if (!err)
		err = seal_text(m->engine_max, ret->engine_max, sizeof(ret->engine_max));
	if (!err)
		err = seal_text(m->notes, ret->notes, sizeof(ret->notes));
	for (uint32_t i = 0; i < ret->n_approvers && !err; i++)
		err = seal_text(m->approvers[i], ret->approvers[i], BUNDLE_TEXT_BYTES);
	return err;
}

static int take(const Lapwing__Bundle__V1__Manifest *m, struct manifest *ret) {
	int err;

	if (!m->version || !m->created_s || !m->expires_s || m->n_approvers > BUNDLE_APPROVERS ||
	    m->n_kinds_needed > BUNDLE_NEEDS ||
	    m->has_predecessor != (m->predecessor.len == SEAL_HASH_BYTES))
		return -EBADMSG;
	*ret = (struct manifest){ .version = m->version,
				  .created_s = m->created_s,
				  .expires_s = m->expires_s,
				  .rules = m->rules,
				  .cost = m->has_cost ? (uint32_t)m->cost : 0,
				  .has_predecessor = m->has_predecessor,
				  .n_approvers = (uint32_t)m->n_approvers,
				  .n_needs = (uint32_t)m->n_kinds_needed };
	for (uint32_t i = 0; i < ret->n_needs; i++)
		ret->needs[i] = m->kinds_needed[i];
	if (m->has_predecessor)
		memcpy(ret->predecessor, m->predecessor.data, SEAL_HASH_BYTES);
	err = take_texts(m, ret);
	if (!err && (!ret->name[0] || !ret->engine_min[0] || !ret->engine_max[0]))
		err = -EBADMSG;
	return err ? err : take_fields(m, &ret->schema);
}

int manifest_parse(struct str bytes, struct manifest *ret) {
	Lapwing__Bundle__V1__Manifest *m;
	int err;

	if (!bytes.n || bytes.n > MAX_MANIFEST_BYTES)
		return -EBADMSG;
	m = lapwing__bundle__v1__manifest__unpack(NULL, bytes.n, (const uint8_t *)bytes.s);
	if (!m)
		return -EBADMSG;
	err = take(m, ret);
	lapwing__bundle__v1__manifest__free_unpacked(m, NULL);
	return err;
}

void manifest_pack(struct buf *out, const struct manifest *from) {
	Lapwing__Bundle__V1__Manifest m = LAPWING__BUNDLE__V1__MANIFEST__INIT;
	Lapwing__Bundle__V1__Fields rows[SCHEMA_SECTIONS], *list[SCHEMA_SECTIONS];
	struct manifest copy = *from; /* protobuf-c's pointers are not const */
	char *approvers[BUNDLE_APPROVERS], *to;

	for (uint32_t i = 0; i < copy.schema.n; i++) {
		lapwing__bundle__v1__fields__init(&rows[i]);
		rows[i].section = copy.schema.list[i].name;
		rows[i].count = copy.schema.list[i].count;
		rows[i].has_count = 1;
		list[i] = &rows[i];
	}
	for (uint32_t i = 0; i < copy.n_approvers; i++)
		approvers[i] = copy.approvers[i];
	m.name = copy.name;
	m.channel = copy.channel;
	m.engine_min = copy.engine_min;
	m.engine_max = copy.engine_max;
	m.notes = copy.notes[0] ? copy.notes : NULL;
	m.has_version = m.has_created_s = m.has_expires_s = m.has_rules = m.has_schema_hash = 1;
	m.version = copy.version;
	m.created_s = copy.created_s;
	m.expires_s = copy.expires_s;
	m.rules = copy.rules;
	m.has_cost = copy.cost != 0;
	m.cost = (Lapwing__Bundle__V1__Cost)copy.cost;
	m.schema_hash = (ProtobufCBinaryData){ SEAL_HASH_BYTES, copy.schema.hash };
	m.has_predecessor = copy.has_predecessor;
	m.predecessor = (ProtobufCBinaryData){ copy.has_predecessor ? SEAL_HASH_BYTES : 0,
					       copy.predecessor };
	m.n_fields = copy.schema.n;
	m.fields = list;
	m.n_approvers = copy.n_approvers;
	m.approvers = approvers;
	m.n_kinds_needed = copy.n_needs;
	m.kinds_needed = copy.needs;
	to = buf_reserve(out, lapwing__bundle__v1__manifest__get_packed_size(&m));
	if (to)
		out->len += lapwing__bundle__v1__manifest__pack(&m, (uint8_t *)to);
}
