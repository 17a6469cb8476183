/* SPDX-License-Identifier: Apache-2.0 */
#include "who/json.h"

#include <limits.h>

#define MAX_DEPTH 64 /* a pod's specification has about twenty */

struct json_object *who_json(struct str x) {
	struct json_tokener *t = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *o = NULL;

	if (t && x.n && x.n < INT_MAX)
		o = json_tokener_parse_ex(t, x.s, (int)x.n);
	if (t)
		json_tokener_free(t);
	return o;
}

struct json_object *who_json_member(struct json_object *o, const char *key, enum json_type type) {
	struct json_object *member;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &member) || !json_object_is_type(member, type))
		return NULL;
	return member;
}

const char *who_json_text(struct json_object *o, const char *key) {
	struct json_object *member = who_json_member(o, key, json_type_string);

	return member ? json_object_get_string(member) : "";
}
