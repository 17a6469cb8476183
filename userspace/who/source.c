/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "who/who.h"

static const char *const names[] = { [WHO_DOCKER] = "docker", [WHO_CRI] = "cri",
				     [WHO_KUBELET] = "kubelet", [WHO_API] = "api" };

const char *who_source_name(enum who_kind kind) {
	return names[kind];
}

static bool starts(const char *text, const char *with) {
	return !strncmp(text, with, strlen(with));
}

/* is_node - a name that can stand in a query as it is */
static bool is_node(const char *node) {
	static const char of[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	return *node && strspn(node, of) == strlen(node);
}

int who_source(const char *text, const char *node, struct who_source *ret, const char **why) {
	size_t n = strcspn(text, ":"), kind = 0;
	const char *where = text[n] ? text + n + 1 : "";
	int length;

	while (kind < 4 && (strlen(names[kind]) != n || strncmp(names[kind], text, n) != 0))
		kind++;
	*why = "a source is docker:/PATH, cri:/PATH, kubelet:https://HOST:PORT/pods or "
	       "api:https://HOST";
	if (kind == 4)
		return -EINVAL;
	ret->kind = (enum who_kind)kind;
	if (kind == WHO_DOCKER || kind == WHO_CRI) {
		*why = "docker: and cri: take the path of a socket";
		if (where[0] != '/')
			return -EINVAL;
	} else {
		*why = "kubelet: and api: take a URL: https://, or http:// for a kubelet's "
		       "read-only port";
		if (!starts(where, "https://") && (kind == WHO_API || !starts(where, "http://")))
			return -EINVAL;
		*why = "containers.node is not the name of a node";
		if (kind == WHO_API && !is_node(node))
			return -EINVAL;
	}
	n = strlen(where);
	while (kind == WHO_API && n && where[n - 1] == '/')
		n--;
	length = snprintf(ret->where, sizeof(ret->where), "%.*s%s%s", (int)n, where,
			  kind == WHO_API ? "/api/v1/pods?resourceVersion=0&fieldSelector="
					    "spec.nodeName%3D" : "",
			  kind == WHO_API ? node : "");
	*why = "the source is too long";
	return length < (int)sizeof(ret->where) ? 0 : -EINVAL;
}
