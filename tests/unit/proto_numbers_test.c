/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field numbers are for ever. proto_numbers.txt has a line for each number that
 * was ever given out; lines are only ever added to it.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "event/event.h"
#include "event/word.h"
#include "proto/event.pb-c.h"
#include "test.h"

#define NUMBERS "tests/unit/proto_numbers.txt"
#define MAX_LINES 1024

static char *lines[MAX_LINES];
static size_t n_lines;
static struct buf now; /* the lines that event.proto makes, each with a newline */

static void read_lines(void) {
	FILE *f = fopen(NUMBERS, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!f) {
		printf("# %s cannot be read; run this from the repository's root\n", NUMBERS);
		test_bad = 1;
		return;
	}
	while ((n = getline(&line, &size, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (line[0] && line[0] != '#' && n_lines < MAX_LINES)
			lines[n_lines++] = strdup(line);
	}
	free(line);
	(void)fclose(f);
	CHECK(n_lines > 0 && n_lines < MAX_LINES);
}

static const char *type_name(const ProtobufCFieldDescriptor *f) {
	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT32:
		return "uint32";
	case PROTOBUF_C_TYPE_UINT64:
		return "uint64";
	case PROTOBUF_C_TYPE_FIXED64:
		return "fixed64";
	case PROTOBUF_C_TYPE_BOOL:
		return "bool";
	case PROTOBUF_C_TYPE_STRING:
		return "string";
	case PROTOBUF_C_TYPE_ENUM:
		return ((const ProtobufCEnumDescriptor *)f->descriptor)->short_name;
	case PROTOBUF_C_TYPE_MESSAGE:
		return ((const ProtobufCMessageDescriptor *)f->descriptor)->short_name;
	default:
		return NULL;
	}
}

static void list_enum(const ProtobufCEnumDescriptor *e) {
	for (unsigned i = 0; i < e->n_values; i++)
		buf_addf(&now, "%s.%s=%d\n", e->short_name, e->values[i].name, e->values[i].value);
}

static bool listed(const char *message) {
	char start[128];

	(void)snprintf(start, sizeof(start), "%s.", message);
	buf_add_char(&now, '\0');
	now.len--;
	return strncmp(now.data, start, strlen(start)) == 0 ||
	       (snprintf(start, sizeof(start), "\n%s.", message) > 0 && strstr(now.data, start));
}

static void list_message(const ProtobufCMessageDescriptor *m) {
	for (unsigned i = 0; i < m->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->fields[i];

		CHECK(type_name(f) != NULL);
		buf_addf(&now, "%s.%s=%u:%s%s%s\n", m->short_name, f->name, f->id,
			 f->label == PROTOBUF_C_LABEL_REPEATED ? "repeated " : "",
			 type_name(f) ? type_name(f) : "?",
			 f->flags & PROTOBUF_C_FIELD_FLAG_PACKED ? " packed" : "");
	}
	for (unsigned i = 0; i < m->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->fields[i];

		if (type_name(f) == NULL || listed(type_name(f)))
			continue;
		if (f->type == PROTOBUF_C_TYPE_MESSAGE)
			list_message(f->descriptor);
		else if (f->type == PROTOBUF_C_TYPE_ENUM)
			list_enum(f->descriptor);
	}
}

static bool in_file(const char *line, size_t n) {
	for (size_t i = 0; i < n_lines; i++) {
		if (strlen(lines[i]) == n && !memcmp(lines[i], line, n))
			return true;
	}
	return false;
}

static void every_number_in_the_schema_is_in_the_file(void) {
	for (const char *p = now.data; *p;) {
		size_t n = strcspn(p, "\n");

		if (!in_file(p, n)) {
			printf("# event.proto has a new or changed number: append this line to %s, "
			       "or give it back the number it had\n# %.*s\n",
			       NUMBERS, (int)n, p);
			test_bad = 1;
		}
		p += n + 1;
	}
}

static void every_number_in_the_file_is_in_the_schema_unchanged(void) {
	for (size_t i = 0; i < n_lines; i++) {
		char line[256];
		const char *at;

		(void)snprintf(line, sizeof(line), "%s\n", lines[i]);
		at = strstr(now.data, line);
		while (at && at != now.data && at[-1] != '\n')
			at = strstr(at + 1, line);
		if (!at) {
			printf("# this number was given out and event.proto changed or removed it: "
			       "put it back\n# %s\n", lines[i]);
			test_bad = 1;
		}
	}
}

/* owner_of - the bytes of "Message." and the number of a line */
static size_t owner_of(const char *line, long *ret) {
	const char *equals = strchr(line, '=');

	*ret = equals ? strtol(equals + 1, NULL, 10) : -1;
	return strcspn(line, ".");
}

static void no_number_of_a_message_was_given_out_twice(void) {
	for (size_t i = 0; i < n_lines; i++) {
		for (size_t j = 0; j < i; j++) {
			long a, b;
			size_t n = owner_of(lines[i], &a);

			if (owner_of(lines[j], &b) != n || a != b ||
			    strncmp(lines[i], lines[j], n) != 0)
				continue;
			printf("# one number, two meanings: \"%s\" and \"%s\"\n", lines[i],
			       lines[j]);
			test_bad = 1;
		}
	}
}

#define SAME(proto, c) CHECK((int)LAPWING__V1__##proto == (int)(c))

/* wire_kinds - calls @f for each "WIRE_NAME = NUMBER," of enum wire_kind in proto/wire.h */
static int wire_kinds(void (*f)(const char *name, int number)) {
	FILE *wire = fopen("proto/wire.h", "re");
	char line[256], name[64];
	int number, n = 0;
	bool in = false;

	while (wire && fgets(line, sizeof(line), wire)) {
		in = in ? line[0] != '}' : !strncmp(line, "enum wire_kind", 14);
		if (!in || sscanf(line, " WIRE_%63[A-Z0-9_] = %d", name, &number) != 2 ||
		    !strcmp(name, "INVALID") || !strcmp(name, "KIND_MAX"))
			continue;
		f(name, number);
		n++;
	}
	if (wire)
		fclose(wire);
	return n;
}

static void is_in_the_schema(const char *name, int number) {
	CHECK(number > 0 && number < WIRE_KIND_MAX);
	CHECK(!strcmp(event_kind_name((uint32_t)number), name));
}

static void kinds_are_those_of_the_wire(void) {
	SAME(KIND__KIND_UNSPECIFIED, WIRE_INVALID);
	CHECK((unsigned)wire_kinds(is_in_the_schema) + 1 ==
	      lapwing__v1__kind__descriptor.n_values);
}

static void the_other_enums_are_those_of_event_h(void) {
	SAME(OUTCOME__ATTEMPTED, OUTCOME_ATTEMPTED);
	SAME(OUTCOME__SUCCEEDED, OUTCOME_SUCCEEDED);
	SAME(OUTCOME__FAILED, OUTCOME_FAILED);
	SAME(OUTCOME__ATTEMPTED, WIRE_ATTEMPTED);
	SAME(OUTCOME__SUCCEEDED, WIRE_SUCCEEDED);
	SAME(OUTCOME__FAILED, WIRE_FAILED);
	CHECK(lapwing__v1__outcome__descriptor.n_values == 4);
	SAME(LEVEL__INFORMATIONAL, LEVEL_INFORMATIONAL);
	SAME(LEVEL__LOW, LEVEL_LOW);
	SAME(LEVEL__MEDIUM, LEVEL_MEDIUM);
	SAME(LEVEL__HIGH, LEVEL_HIGH);
	SAME(LEVEL__CRITICAL, LEVEL_CRITICAL);
	CHECK(lapwing__v1__level__descriptor.n_values == 6);
	SAME(SIGNAL_ORIGIN__KILL, SIGNAL_KILL);
	SAME(SIGNAL_ORIGIN__TGKILL, SIGNAL_TGKILL);
	SAME(SIGNAL_ORIGIN__QUEUE, SIGNAL_QUEUE);
	SAME(SIGNAL_ORIGIN__FAULT, SIGNAL_FAULT);
	CHECK(lapwing__v1__signal_origin__descriptor.n_values == 5);
	SAME(DEGRADED__ARGS_CUT, DEGRADED_ARGS_CUT);
	SAME(DEGRADED__ARGS_UNREADABLE, DEGRADED_ARGS_UNREADABLE);
	SAME(DEGRADED__PATH_CUT, DEGRADED_PATH_CUT);
	SAME(DEGRADED__PATH_RACY, DEGRADED_PATH_RACY);
	SAME(DEGRADED__FILE_UNRESOLVED, DEGRADED_FILE_UNRESOLVED);
	SAME(DEGRADED__FILE_LATE, DEGRADED_FILE_LATE);
	SAME(DEGRADED__PROCESS_UNKNOWN, DEGRADED_PROCESS_UNKNOWN);
	SAME(DEGRADED__PROCESS_FROM_CENSUS, DEGRADED_PROCESS_FROM_CENSUS);
	SAME(DEGRADED__PARENT_UNKNOWN, DEGRADED_PARENT_UNKNOWN);
	SAME(DEGRADED__USER_UNKNOWN, DEGRADED_USER_UNKNOWN);
	SAME(DEGRADED__ADDRESS_RACY, DEGRADED_ADDRESS_RACY);
	SAME(DEGRADED__OWNER_UNKNOWN, DEGRADED_OWNER_UNKNOWN);
	SAME(DEGRADED__TEXT_ESCAPED, DEGRADED_TEXT_ESCAPED);
	SAME(DEGRADED__LINEAGE_CUT, DEGRADED_LINEAGE_CUT);
	SAME(DEGRADED__CONTAINER_UNRESOLVED, DEGRADED_CONTAINER_UNRESOLVED);
	SAME(DEGRADED__CONTAINER_ID_SHORT, DEGRADED_CONTAINER_ID_SHORT);
	SAME(DEGRADED__TARGET_UNKNOWN, DEGRADED_TARGET_UNKNOWN);
	SAME(DEGRADED__OLD_UNKNOWN, DEGRADED_OLD_UNKNOWN);
	SAME(DEGRADED__PARENT_ARGS_CUT, DEGRADED_PARENT_ARGS_CUT);
	CHECK(lapwing__v1__degraded__descriptor.n_values == DEGRADED_MAX);
}

int main(void) {
	list_message(&lapwing__v1__event__descriptor);
	buf_add_char(&now, '\0');
	read_lines();
	if (test_bad || buf_error(&now))
		return 1;
	RUN(every_number_in_the_schema_is_in_the_file);
	RUN(every_number_in_the_file_is_in_the_schema_unchanged);
	RUN(no_number_of_a_message_was_given_out_twice);
	RUN(kinds_are_those_of_the_wire);
	RUN(the_other_enums_are_those_of_event_h);
	for (size_t i = 0; i < n_lines; i++)
		free(lines[i]);
	buf_done(&now);
	DONE();
}
