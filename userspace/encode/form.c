/* SPDX-License-Identifier: Apache-2.0 */
#include "encode/form.h"

#include <cap-ng.h>
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "encode/encode.h"
#include "encode/json.h"

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

bool form_can(enum shape_form form, enum field_id field) {
	uint8_t type = fields[field].type;

	switch (form) {
	case FORM_TEXT:
	case FORM_ERRNO:
	case FORM_OCTAL:
	case FORM_FILE_TYPE:
		return type == FIELD_U32 || (form == FORM_TEXT && type == FIELD_U64);
	case FORM_LOWER:
		return type == FIELD_ENUM;
	case FORM_MS:
	case FORM_DATE:
	case FORM_BOOT_MS:
	case FORM_BOOT_DATE:
	case FORM_CAPS:
		return type == FIELD_U64 || type == FIELD_FIXED64;
	case FORM_BASENAME:
	case FORM_FOLDER:
	case FORM_SHA256:
		return type == FIELD_STR;
	case FORM_COUNT:
		return type == FIELD_STRV;
	case FORM_DIRECTION:
	case FORM_EGRESS:
		return type == FIELD_BOOL;
	default:
		return form == FORM_AS_IS || form == FORM_LITERAL || form == FORM_OMIT;
	}
}

bool form_known(enum shape_form form, const struct event *e) {
	if (form == FORM_BOOT_MS || form == FORM_BOOT_DATE)
		return event_has(e, FIELD_TIME_NS) && event_has(e, FIELD_BOOT_NS);
	return true;
}

void form_date(struct buf *out, uint64_t wall_ns) {
	time_t s = (time_t)(wall_ns / NS_PER_S);
	char text[40];
	struct tm tm;
	size_t n;

	/* 2^64 ns end in the year 2554, so that the year has four digits */
	(void)gmtime_r(&s, &tm);
	n = strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%S", &tm);
	buf_add(out, text, n);
	buf_addf(out, ".%09uZ\"", (unsigned)(wall_ns % NS_PER_S));
}

static void add_text_of(struct buf *out, const struct event *e, enum field_id field) {
	char scratch[FIELD_TEXT_BYTES];

	encode_json_text(out, field_text(e, field, scratch));
}

static void add_lower(struct buf *out, const struct schema_row *row, uint32_t v) {
	const char *name = schema_enum_name(row, v);

	buf_add_char(out, '"');
	if (!name)
		buf_add_u64(out, v);
	for (; name && *name; name++)
		buf_add_char(out, (char)tolower((unsigned char)*name));
	buf_add_char(out, '"');
}

/* folder_of - "/a" of "/a/b", "/" of "/a"; empty when there is no '/' */
static struct str folder_of(struct str path) {
	uint32_t n = path.n - str_basename(path).n;

	return (struct str){ path.s, n > 1 ? n - 1 : n };
}

static unsigned file_type(uint32_t mode) {
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 1;
	case S_IFDIR:
		return 2;
	case S_IFCHR:
		return 3;
	case S_IFBLK:
		return 4;
	case S_IFSOCK:
		return 5;
	case S_IFIFO:
		return 6;
	case S_IFLNK:
		return 7;
	default:
		return 0;
	}
}

static void add_errno(struct buf *out, uint32_t error) {
	const char *name = error && error < 4096 ? strerrorname_np((int)error) : NULL;

	if (name)
		encode_json_text(out, str_of(name));
	else
		buf_addf(out, "\"%u\"", error);
}

static void add_caps(struct buf *out, uint64_t bits) {
	buf_add_char(out, '[');
	for (bool first = true; bits; bits &= bits - 1, first = false) {
		unsigned bit = (unsigned)__builtin_ctzll(bits);
		const char *name = capng_capability_to_name(bit);

		buf_add_str(out, first ? STR("\"CAP_") : STR(",\"CAP_"));
		if (!name)
			buf_add_u64(out, bit); /* of a kernel newer than the library */
		for (; name && *name; name++)
			buf_add_char(out, (char)toupper((unsigned char)*name));
		buf_add_char(out, '"');
	}
	buf_add_char(out, ']');
}

/* wall_of - the wall clock when the boot clock was @boot_ns, by the clocks of @e */
static uint64_t wall_of(const struct event *e, uint64_t boot_ns) {
	return e->time_ns - e->boot_ns + boot_ns;
}

void form_add(struct buf *out, enum shape_form form, enum field_id field, const struct event *e) {
	const struct schema_row *row = &schema_rows[field];
	const void *at = field_at(e, field);

	switch (form) {
	case FORM_TEXT:
		add_text_of(out, e, field);
		break;
	case FORM_LOWER:
		add_lower(out, row, *(const uint32_t *)at);
		break;
	case FORM_MS:
		buf_add_u64(out, *(const uint64_t *)at / NS_PER_MS);
		break;
	case FORM_DATE:
		form_date(out, *(const uint64_t *)at);
		break;
	case FORM_BOOT_MS:
		buf_add_u64(out, wall_of(e, *(const uint64_t *)at) / NS_PER_MS);
		break;
	case FORM_BOOT_DATE:
		form_date(out, wall_of(e, *(const uint64_t *)at));
		break;
	case FORM_BASENAME:
		encode_json_text(out, str_basename(*(const struct str *)at));
		break;
	case FORM_FOLDER:
		encode_json_text(out, folder_of(*(const struct str *)at));
		break;
	case FORM_SHA256:
		buf_add_lit(out, "[{\"algorithm\":\"SHA-256\",\"algorithm_id\":3,\"value\":");
		encode_json_text(out, *(const struct str *)at);
		buf_add_lit(out, "}]");
		break;
	case FORM_FILE_TYPE:
		buf_add_u64(out, file_type(*(const uint32_t *)at));
		break;
	case FORM_OCTAL:
		buf_addf(out, "\"%04o\"", *(const uint32_t *)at & 07777);
		break;
	case FORM_ERRNO:
		add_errno(out, *(const uint32_t *)at);
		break;
	case FORM_COUNT:
		buf_add_u64(out, ((const struct strv *)at)->n);
		break;
	case FORM_CAPS:
		add_caps(out, *(const uint64_t *)at);
		break;
	case FORM_DIRECTION: /* 1 inbound, 2 outbound */
		buf_add_char(out, *(const bool *)at ? '2' : '1');
		break;
	case FORM_EGRESS:
		buf_add_str(out, *(const bool *)at ? STR("\"egress\"") : STR("\"ingress\""));
		break;
	default:
		json_value(out, row, at);
	}
}
