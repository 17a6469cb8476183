/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jsonl.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "detect/calendar.h"

#define CHUNK_BYTES (256 * 1024)
#define MAX_DEPTH 32

struct jsonl {
	int fd;
	struct buf in; /* bytes read; the line is at @from */
	size_t from, searched;
	uint64_t line;
	bool ended, too_long;
	struct json_tokener *tokener;
	struct json_object *object; /* of the line given last */
};

/* What a line gives. */
struct gather {
	struct arena *arena;
	struct record_field *fields;
	uint32_t n, cap;
};

int jsonl_new(int fd, struct jsonl **ret) {
	struct jsonl *j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	j->fd = fd;
	j->tokener = json_tokener_new_ex(MAX_DEPTH);
	if (!j->tokener) {
		free(j);
		return -ENOMEM;
	}
	json_tokener_set_flags(j->tokener, JSON_TOKENER_STRICT);
	*ret = j;
	return 0;
}

void jsonl_free(struct jsonl *j) {
	if (!j)
		return;
	json_object_put(j->object);
	json_tokener_free(j->tokener);
	buf_done(&j->in);
	free(j);
}

/* fill - more bytes behind those that are there; the lines before @from go */
static int fill(struct jsonl *j) {
	ssize_t got;

	if (j->from) {
		memmove(j->in.data, j->in.data + j->from, j->in.len - j->from);
		j->in.len -= j->from;
		j->searched -= j->from;
		j->from = 0;
	}
	if (j->in.len > JSONL_MAX_LINE) { /* what is kept of it would only grow */
		j->too_long = true;
		j->in.len = j->searched = 0;
	}
	if (!buf_reserve(&j->in, CHUNK_BYTES))
		return -ENOMEM;
	do
		got = read(j->fd, j->in.data + j->in.len, CHUNK_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	j->in.len += (size_t)got;
	j->ended = got == 0;
	return 0;
}

/* next_line - 1 and @ret, without its newline; 0 at the end */
static int next_line(struct jsonl *j, struct str *ret) {
	const char *newline = NULL;
	int err;

	for (;;) {
		if (j->searched < j->in.len)
			newline = memchr(j->in.data + j->searched, '\n', j->in.len - j->searched);
		if (newline || j->ended)
			break;
		j->searched = j->in.len;
		err = fill(j);
		if (err)
			return err;
	}
	if (!newline && j->from == j->in.len && !j->too_long)
		return 0;
	ret->s = j->in.data + j->from;
	ret->n = (uint32_t)((newline ? (size_t)(newline - j->in.data) : j->in.len) - j->from);
	j->from += ret->n + (newline ? 1 : 0);
	j->searched = j->from;
	j->line++;
	return 1;
}

static struct str scalar_text(struct json_object *x) {
	if (json_object_is_type(x, json_type_null))
		return (struct str){ 0 };
	if (json_object_is_type(x, json_type_string))
		return (struct str){ json_object_get_string(x),
				     (uint32_t)json_object_get_string_len(x) };
	return str_of(json_object_to_json_string_ext(x, JSON_C_TO_STRING_PLAIN));
}

static bool is_scalar(struct json_object *x) {
	return !json_object_is_type(x, json_type_object) &&
	       !json_object_is_type(x, json_type_array);
}

static int add_field(struct gather *g, struct str name, const struct str *values, uint32_t n) {
	if (g->n == g->cap) {
		uint32_t cap = g->cap ? g->cap * 2 : 32;
		struct record_field *v = arena_alloc(g->arena, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		if (g->n)
			memcpy(v, g->fields, g->n * sizeof(*v));
		g->fields = v;
		g->cap = cap;
	}
	g->fields[g->n++] = (struct record_field){ name, values, n };
	return 0;
}

static int add_value(struct gather *g, struct str name, struct json_object *x) {
	struct str *value = arena_alloc(g->arena, sizeof(*value));

	if (!value)
		return -ENOMEM;
	*value = scalar_text(x);
	return add_field(g, name, value, 1);
}

static int add_nested(struct gather *g, struct str name, struct json_object *x);

/* add_array - its scalars are the values of @name; what is nested in it has no name */
static int add_array(struct gather *g, struct str name, struct json_object *x) {
	size_t n = json_object_array_length(x);
	struct str *values = arena_alloc(g->arena, (n + !n) * sizeof(*values));
	uint32_t n_values = 0;
	int err = values ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < n; i++) {
		struct json_object *one = json_object_array_get_idx(x, i);

		if (is_scalar(one))
			values[n_values++] = scalar_text(one);
		else
			err = add_nested(g, (struct str){ 0 }, one);
	}
	return err ? err : add_field(g, name, values, n_values);
}

static int join(struct gather *g, struct str outer, const char *inner, struct str *ret) {
	struct str in = str_of(inner);
	char *s = arena_alloc(g->arena, (size_t)outer.n + in.n + 1);

	if (!s)
		return -ENOMEM;
	memcpy(s, outer.s, outer.n);
	s[outer.n] = '.';
	memcpy(s + outer.n + 1, in.s, in.n);
	*ret = (struct str){ s, outer.n + in.n + 1 };
	return 0;
}

static int add_nested(struct gather *g, struct str name, struct json_object *x) {
	int err = 0;

	if (is_scalar(x))
		return add_value(g, name, x);
	if (json_object_is_type(x, json_type_array))
		return add_array(g, name, x);
	json_object_object_foreach(x, key, value) {
		struct str inner = { 0 };

		if (!err && name.n)
			err = join(g, name, key, &inner);
		if (!err)
			err = add_nested(g, inner, value);
	}
	return err;
}

static void read_source(struct json_object *x, struct logsource *ret) {
	const struct {
		const char *key;
		struct str *to;
	} parts[] = { { "category", &ret->category },
		      { "product", &ret->product },
		      { "service", &ret->service } };
	struct json_object *one;

	*ret = (struct logsource){ 0 };
	for (int i = 0; i < 3; i++) {
		if (json_object_object_get_ex(x, parts[i].key, &one) && one)
			*parts[i].to = scalar_text(one);
	}
}

/* read_object - flat fields first, so that they win over nested ones of the same name */
static int read_object(struct json_object *object, struct gather *g, struct record *ret) {
	int err = 0;

	for (int nested = 0; nested < 2; nested++) {
		json_object_object_foreach(object, key, x) {
			bool deep = json_object_is_type(x, json_type_object);

			if (err || deep != nested || !strcmp(key, "_time"))
				continue;
			if (!strcmp(key, "_logsource")) {
				if (deep)
					read_source(x, &ret->source);
				continue;
			}
			err = add_nested(g, str_of(key), x);
		}
	}
	ret->fields = g->fields;
	ret->n = g->n;
	return err;
}

/* time_of - 0, or -EBADMSG: two events whose times are not known are not at one time */
static int time_of(struct json_object *object, uint64_t line, uint64_t *ret, const char **ret_why) {
	struct json_object *x;
	double t;

	*ret = line * 1000000000ull;
	if (!json_object_object_get_ex(object, "_time", &x))
		return 0;
	*ret_why = "its _time is neither seconds since 1970 nor as 2026-01-31T23:59:00Z";
	if (json_object_is_type(x, json_type_string))
		return calendar_ns(scalar_text(x), ret) ? -EBADMSG : 0;
	if (!json_object_is_type(x, json_type_int) && !json_object_is_type(x, json_type_double))
		return -EBADMSG;
	t = json_object_get_double(x);
	if (!(t >= 0 && t < CALENDAR_END_S))
		return -EBADMSG;
	*ret = (uint64_t)(t * 1e9);
	return 0;
}

static struct str trim(struct str x) {
	while (x.n && strchr(" \t\r\n", x.s[x.n - 1]) && x.s[x.n - 1])
		x.n--;
	while (x.n && strchr(" \t\r\n", *x.s) && *x.s) {
		x.s++;
		x.n--;
	}
	return x;
}

static int parse(struct jsonl *j, struct str text, const char **ret_why) {
	enum json_tokener_error error;

	json_object_put(j->object);
	json_tokener_reset(j->tokener);
	j->object = json_tokener_parse_ex(j->tokener, text.s, (int)text.n);
	error = json_tokener_get_error(j->tokener);
	*ret_why = error == json_tokener_continue ? "it ends too early"
						  : json_tokener_error_desc(error);
	if (error != json_tokener_success)
		return -EBADMSG;
	*ret_why = "it is no object";
	return json_object_is_type(j->object, json_type_object) ? 0 : -EBADMSG;
}

int jsonl_next(struct jsonl *j, struct arena *arena, uint64_t *ret_line, struct record *ret,
	       const char **ret_why) {
	struct gather g = { .arena = arena };
	struct str text;
	int more;

	do {
		more = next_line(j, &text);
		if (more <= 0)
			return more;
		text = trim(text);
	} while (!text.n && !j->too_long);
	*ret_line = j->line;
	if (j->too_long) {
		j->too_long = false;
		*ret_why = "it is too long";
		return -EBADMSG;
	}
	more = parse(j, text, ret_why);
	if (more)
		return more;
	more = time_of(j->object, j->line, &ret->time_ns, ret_why);
	if (more)
		return more;
	more = read_object(j->object, &g, ret);
	if (more == -ENOMEM) { /* of the arena, which the next line has for itself again */
		*ret_why = "it holds more than there is room for";
		return -EBADMSG;
	}
	return more ? more : 1;
}
