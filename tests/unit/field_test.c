/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "encode/encode.h"
#include "encode/schema.h"
#include "proto/event.pb-c.h"
#include "test.h"

#define EVENT_PB (&lapwing__v1__event__descriptor)

static struct field rows[FIELD_MAX];

static int bind(void) {
	return schema_bind(rows, FIELD_MAX, EVENT_PB);
}

static void fresh_rows(void) {
	memcpy(rows, fields, sizeof(rows));
}

static void field_def_and_event_proto_agree(void) {
	CHECK(encode_setup() == 0);
	fresh_rows();
	CHECK(bind() == 0);
}

static void a_row_without_a_proto_field_is_refused(void) {
	for (int id = 0; id < FIELD_MAX; id++) {
		fresh_rows();
		rows[id].member = "no_such_member";
		CHECK(bind() == -EPROTO);
	}
	fresh_rows();
	rows[FIELD_HOST_LOST].message = "no_such_message";
	CHECK(bind() == -EPROTO);
}

static void a_proto_field_without_a_row_is_refused(void) {
	CHECK(schema_bind(fields, FIELD_MAX - 1, EVENT_PB) == -EPROTO);
	for (int id = 0; id + 1 < FIELD_MAX; id++) {
		ProtobufCMessageDescriptor less = *EVENT_PB;

		fresh_rows();
		rows[id] = rows[id + 1]; /* one is there twice, and one is gone */
		CHECK(bind() == -EPROTO);
		less.n_fields = (unsigned)id % EVENT_PB->n_fields;
		CHECK(schema_bind(fields, FIELD_MAX, &less) == -EPROTO);
	}
}

static void one_more_field_in_a_message_is_refused_until_it_has_a_row(void) {
	ProtobufCFieldDescriptor outer[64], inner[64];

	for (unsigned i = 0; i < EVENT_PB->n_fields; i++) {
		ProtobufCMessageDescriptor event = *EVENT_PB, message;

		if (EVENT_PB->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		message = *(const ProtobufCMessageDescriptor *)EVENT_PB->fields[i].descriptor;
		CHECK(message.n_fields < 64 && event.n_fields < 64);
		memcpy(outer, event.fields, event.n_fields * sizeof(*outer));
		memcpy(inner, message.fields, message.n_fields * sizeof(*inner));
		inner[message.n_fields] = inner[message.n_fields - 1];
		inner[message.n_fields].name = "brand_new";
		inner[message.n_fields++].id++;
		message.fields = inner;
		outer[i].descriptor = &message;
		event.fields = outer;
		CHECK(schema_bind(fields, FIELD_MAX, &event) == -EPROTO);
	}
	CHECK(encode_setup() == 0);
}

static void a_row_of_another_type_is_refused(void) {
	for (int id = 0; id < FIELD_MAX; id++) {
		for (int type = FIELD_U32; type <= FIELD_STRV; type++) {
			fresh_rows();
			rows[id].type = (uint8_t)type;
			CHECK((bind() == 0) == (type == fields[id].type));
		}
	}
}

static void rows_out_of_order_are_refused(void) {
	for (int id = 0; id + 1 < FIELD_MAX; id++) {
		fresh_rows();
		rows[id] = fields[id + 1];
		rows[id + 1] = fields[id];
		CHECK(bind() == -EPROTO);
	}
}

/* Numbers of field.def are compiled into encode_proto(). */
static void a_row_of_another_number_is_refused(void) {
	ProtobufCFieldDescriptor outer[64];
	ProtobufCMessageDescriptor event = *EVENT_PB;

	for (int id = 0; id < FIELD_MAX; id++) {
		fresh_rows();
		rows[id].number++;
		CHECK(bind() == -EPROTO);
	}
	CHECK(event.n_fields <= 64);
	event.fields = outer;
	for (unsigned i = 0; i < event.n_fields; i++) {
		memcpy(outer, EVENT_PB->fields, event.n_fields * sizeof(*outer));
		outer[i].id += 100;
		CHECK(schema_bind(fields, FIELD_MAX, &event) == -EPROTO);
	}
	CHECK(encode_setup() == 0);
}

static void every_field_is_found_by_its_name(void) {
	enum field_id id;

	for (int i = 0; i < FIELD_MAX; i++) {
		CHECK(field_by_name(str_of(fields[i].name), &id) == 0);
		CHECK((int)id == i);
	}
	id = FIELD_CPU;
	CHECK(field_by_name(STR("process"), &id) == -ENOENT);
	CHECK(field_by_name(STR("process.pid "), &id) == -ENOENT);
	CHECK(field_by_name(STR(""), &id) == -ENOENT);
	CHECK(id == FIELD_CPU);
}

static void a_field_has_the_text_that_rules_compare(void) {
	char scratch[FIELD_TEXT_BYTES];
	struct event e;

	event_reset(&e);
	CHECK(field_text(&e, FIELD_SEQ, scratch).s == NULL);
	EVENT_SET(&e, SEQ, seq, UINT64_MAX);
	EVENT_SET(&e, KIND, kind, 0);
	EVENT_SET(&e, NET_INITIATED, net.initiated, true);
	EVENT_SET(&e, HOOK, hook, STR("lsm/file_open"));
	EVENT_SET(&e, DEGRADED, degraded, 2);
	EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ 0 }));
	CHECK(str_eq(field_text(&e, FIELD_SEQ, scratch), STR("18446744073709551615")));
	CHECK(str_eq(field_text(&e, FIELD_KIND, scratch), STR("0")));
	CHECK(str_eq(field_text(&e, FIELD_NET_INITIATED, scratch), STR("true")));
	CHECK(str_eq(field_text(&e, FIELD_HOOK, scratch), STR("lsm/file_open")));
	CHECK(field_text(&e, FIELD_DEGRADED, scratch).s == NULL);
	CHECK(field_text(&e, FIELD_EXEC_ARGS, scratch).s == NULL);
	EVENT_SET_STR(&e, HOST_NAME, host_name, ((struct str){ 0 }));
	CHECK(!event_has(&e, FIELD_HOST_NAME));
}

/* What a segment says of its payloads: the schema's number, and a sum that fields decide. */
static void the_schema_is_one_number_for_all_fields(void) {
	CHECK(field_schema() >> 32 == EVENT_SCHEMA && (uint32_t)field_schema());
	CHECK(field_schema() == field_schema());
}

int main(void) {
	RUN(field_def_and_event_proto_agree);
	RUN(a_row_without_a_proto_field_is_refused);
	RUN(a_proto_field_without_a_row_is_refused);
	RUN(one_more_field_in_a_message_is_refused_until_it_has_a_row);
	RUN(a_row_of_another_type_is_refused);
	RUN(rows_out_of_order_are_refused);
	RUN(a_row_of_another_number_is_refused);
	RUN(every_field_is_found_by_its_name);
	RUN(a_field_has_the_text_that_rules_compare);
	RUN(the_schema_is_one_number_for_all_fields);
	DONE();
}
