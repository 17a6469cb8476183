/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "who/json.h"
#include "who/who.h"

#define COPY(to, from) who_copy((to), sizeof(to), (from))

int who_docker(struct str json, const struct who_ask *ask, const struct who_labels *wanted,
	       struct who_answer *ret) {
	struct json_object *o = who_json(json), *config, *labels;
	bool of_pod;
	const char *id = who_json_text(o, "Id"), *name = who_json_text(o, "Name");

	if (strncmp(id, ask->id, strlen(ask->id)) != 0) {
		json_object_put(o);
		return -EBADMSG;
	}
	memset(ret, 0, sizeof(*ret));
	COPY(ret->id, ask->id);
	COPY(ret->pod_uid, ask->pod_uid);
	COPY(ret->name, name + (name[0] == '/'));
	COPY(ret->image_id, who_json_text(o, "Image"));
	config = who_json_member(o, "Config", json_type_object);
	COPY(ret->image, who_json_text(config, "Image"));
	labels = who_json_member(config, "Labels", json_type_object);
	/* an image brings labels, too, and calls itself what it likes: the cgroup has the pod */
	of_pod = ask->pod_uid[0] &&
		 !strcmp(who_json_text(labels, "io.kubernetes.pod.uid"), ask->pod_uid);
	if (labels) {
		json_object_object_foreach(labels, key, value) {
			if (json_object_is_type(value, json_type_string) &&
			    (of_pod || strncmp(key, "io.kubernetes.", 14) != 0))
				who_label(ret, wanted, key, json_object_get_string(value));
		}
	}
	json_object_put(o);
	return 0;
}
