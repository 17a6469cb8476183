/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "who/json.h"
#include "who/who.h"

#define COPY(to, from) who_copy((to), sizeof(to), (from))

/* A pod of the list, being told. */
struct pod {
	struct who_answer base; /* what its containers have in common */
	who_found_fn *found;
	void *ctx;
};

/* tell_container - @status: an element of containerStatuses; "containerID": "RUNTIME://ID" */
static void tell_container(const struct pod *p, struct json_object *status) {
	struct who_answer a = p->base;
	const char *id = who_json_text(status, "containerID"), *colon = strstr(id, "://");
	size_t n = colon ? (size_t)(colon - id) : 0;

	if (!colon) /* it has not been made yet */
		return;
	if (n < sizeof(a.runtime)) {
		memcpy(a.runtime, id, n);
		a.runtime[n] = '\0';
	}
	COPY(a.id, colon + 3);
	COPY(a.name, who_json_text(status, "name"));
	COPY(a.image, who_json_text(status, "image"));
	COPY(a.image_id, who_json_text(status, "imageID"));
	if (a.id[0])
		p->found(p->ctx, &a);
}

static void tell_containers(const struct pod *p, struct json_object *status) {
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses",
					     "ephemeralContainerStatuses" };

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		struct json_object *list = who_json_member(status, lists[l], json_type_array);

		for (size_t i = 0; list && i < json_object_array_length(list); i++)
			tell_container(p, json_object_array_get_idx(list, i));
	}
}

/* is_hash - of a configuration: an annotation is its user's, who must not name another's uid */
static bool is_hash(const char *text) {
	return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

/*
 * tell_pod - its containers, and the pod itself, which its sandbox is known by
 * The cgroup of a static pod has the hash of its configuration, and not the uid of its mirror.
 */
static void tell_pod(struct pod *p, struct json_object *item, const struct who_labels *wanted) {
	struct json_object *about = who_json_member(item, "metadata", json_type_object);
	struct json_object *labels = who_json_member(about, "labels", json_type_object);
	const char *hash = who_json_text(who_json_member(about, "annotations", json_type_object),
					 "kubernetes.io/config.hash");

	memset(&p->base, 0, sizeof(p->base));
	COPY(p->base.pod_name, who_json_text(about, "name"));
	COPY(p->base.pod_namespace, who_json_text(about, "namespace"));
	COPY(p->base.pod_uid, is_hash(hash) ? hash : who_json_text(about, "uid"));
	if (labels) {
		json_object_object_foreach(labels, key, value) {
			if (json_object_is_type(value, json_type_string) &&
			    strncmp(key, "io.kubernetes.", 14) != 0)
				who_label(&p->base, wanted, key, json_object_get_string(value));
		}
	}
	tell_containers(p, who_json_member(item, "status", json_type_object));
	if (p->base.pod_uid[0])
		p->found(p->ctx, &p->base);
}

void who_pod(struct str json, const struct who_labels *wanted, who_found_fn *found, void *ctx,
	     int *bad) {
	struct pod p = { .found = found, .ctx = ctx };
	struct json_object *o = who_json(json);

	if (o)
		tell_pod(&p, o, wanted);
	else
		*bad = -EBADMSG;
	json_object_put(o);
}
