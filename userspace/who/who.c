/* SPDX-License-Identifier: Apache-2.0 */
#include "who/who.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static bool is_hex(char c) {
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool who_ask_is_fine(const struct who_ask *a) {
	size_t n = strnlen(a->id, sizeof(a->id));

	if (!n || n == sizeof(a->id) || strnlen(a->pod_uid, sizeof(a->pod_uid)) ==
						sizeof(a->pod_uid))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_hex(a->id[i]))
			return false;
	return true;
}

#define END(text) ((text)[sizeof(text) - 1] = '\0')

void who_answer_mend(struct who_answer *a) {
	END(a->id), END(a->pod_uid), END(a->runtime), END(a->name), END(a->image);
	END(a->image_id), END(a->pod_name), END(a->pod_namespace), END(a->labels);
	if (a->labels_n > sizeof(a->labels))
		a->labels_n = sizeof(a->labels);
	if (a->labels_n && a->labels[a->labels_n - 1])
		a->labels_n = 0;
}

void who_copy(char *to, size_t n, const char *from) {
	size_t length = strlen(from), at = 0;
	uint32_t character, bytes;

	while (at < length && at < n - 1) {
		bytes = utf8_next(from + at, length - at, &character);
		if (!bytes)
			bytes = 1; /* whoever reads it has to know what to do */
		if (at + bytes > n - 1)
			break;
		at += bytes;
	}
	memcpy(to, from, at);
	to[at] = '\0';
}

#define COPY(to, from) who_copy((to), sizeof(to), (from))

void who_label(struct who_answer *a, const struct who_labels *wanted, const char *key,
	       const char *value) {
	char pair[512];
	size_t n;

	if (!strcmp(key, "io.kubernetes.container.name"))
		COPY(a->name, value);
	else if (!strcmp(key, "io.kubernetes.pod.name"))
		COPY(a->pod_name, value);
	else if (!strcmp(key, "io.kubernetes.pod.namespace"))
		COPY(a->pod_namespace, value);
	else if (!strcmp(key, "io.kubernetes.pod.uid"))
		COPY(a->pod_uid, value);
	for (size_t i = 0; i < wanted->n; i++) {
		if (strcmp(wanted->keys[i], key) != 0)
			continue;
		(void)snprintf(pair, sizeof(pair), "%s=", key);
		n = strlen(pair);
		who_copy(pair + n, sizeof(pair) - n, value);
		n = strlen(pair) + 1;
		if (n > sizeof(a->labels) - a->labels_n)
			return;
		memcpy(a->labels + a->labels_n, pair, n);
		a->labels_n += (uint32_t)n;
		return;
	}
}

#define TAKE(member)                                                                               \
	do {                                                                                       \
		if (!into->member[0])                                                              \
			COPY(into->member, from->member);                                          \
	} while (0)

void who_merge(struct who_answer *into, const struct who_answer *from) {
	TAKE(id);
	TAKE(pod_uid);
	TAKE(runtime);
	TAKE(name);
	TAKE(image);
	TAKE(image_id);
	TAKE(pod_name);
	TAKE(pod_namespace);
	if (into->labels_n)
		return;
	into->labels_n = from->labels_n;
	memcpy(into->labels, from->labels, from->labels_n);
}
