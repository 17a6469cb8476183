/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - a stranger's JSON, for this room only
 */
#ifndef LAPWING_WHO_JSON_H
#define LAPWING_WHO_JSON_H

#include <json-c/json.h>

#include "base/str.h"

/* who_json - the document @x, to be put; NULL: it is none, or it is too deep */
struct json_object *who_json(struct str x);

/* who_json_member - of @o, which may be NULL or anything; NULL: it has none of @type */
struct json_object *who_json_member(struct json_object *o, const char *key, enum json_type type);

/* who_json_text - a member's text, "" if there is none; with a NUL inside it ends there */
const char *who_json_text(struct json_object *o, const char *key);

#endif
