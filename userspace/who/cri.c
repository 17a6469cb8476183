/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "proto/cri.pb-c.h"
#include "who/who.h"

#define COPY(to, from) who_copy((to), sizeof(to), (from))
#define FRAME_BYTES 5 /* of gRPC: 0: not compressed; the length, big endian */

const char *who_cri_path(enum who_call call) {
	return call == WHO_CONTAINER ? "/runtime.v1.RuntimeService/ContainerStatus"
				     : "/runtime.v1.RuntimeService/PodSandboxStatus";
}

void who_cri_request(const struct who_ask *ask, struct buf *out) {
	Lapwing__Cri__Ask m = LAPWING__CRI__ASK__INIT;
	uint8_t bytes[FRAME_BYTES + WHO_ID_BYTES + 8] = { 0 };
	size_t n;

	m.id = (char *)(uintptr_t)ask->id;
	n = lapwing__cri__ask__pack(&m, bytes + FRAME_BYTES);
	bytes[FRAME_BYTES - 1] = (uint8_t)n;
	buf_add(out, bytes, FRAME_BYTES + n);
}

/* unframe - the one message in @x; absent: it is not one, or compressed */
static struct str unframe(struct str x) {
	const uint8_t *b = (const uint8_t *)x.s;
	uint32_t n;

	if (x.n < FRAME_BYTES || b[0])
		return (struct str){ 0 };
	n = (uint32_t)b[1] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 8 | b[4];
	if (n != x.n - FRAME_BYTES)
		return (struct str){ 0 };
	return (struct str){ x.s + FRAME_BYTES, n };
}

static void take_labels(struct who_answer *a, const struct who_labels *wanted,
			Lapwing__Cri__Label *const *labels, size_t n) {
	for (size_t i = 0; i < n; i++)
		who_label(a, wanted, labels[i]->key, labels[i]->value);
}

static bool take_container(struct str m, const struct who_ask *ask,
			   const struct who_labels *wanted, struct who_answer *a) {
	Lapwing__Cri__ContainerStatusResponse *r =
		lapwing__cri__container_status_response__unpack(NULL, m.n, (const uint8_t *)m.s);
	const Lapwing__Cri__ContainerStatus *s = r ? r->status : NULL;
	bool about = s && !strncmp(s->id, ask->id, strlen(ask->id));

	if (about) {
		take_labels(a, wanted, s->labels, s->n_labels);
		if (!a->name[0] && s->metadata)
			COPY(a->name, s->metadata->name);
		if (s->image)
			COPY(a->image, s->image->image);
		COPY(a->image_id, s->image_ref);
	}
	lapwing__cri__container_status_response__free_unpacked(r, NULL);
	return about;
}

/* take_sandbox - a pod's first container has no other name than the pod's */
static bool take_sandbox(struct str m, const struct who_ask *ask, const struct who_labels *wanted,
			 struct who_answer *a) {
	Lapwing__Cri__PodSandboxStatusResponse *r =
		lapwing__cri__pod_sandbox_status_response__unpack(NULL, m.n, (const uint8_t *)m.s);
	const Lapwing__Cri__PodSandboxStatus *s = r ? r->status : NULL;
	bool about = s && !strncmp(s->id, ask->id, strlen(ask->id));

	if (about) {
		take_labels(a, wanted, s->labels, s->n_labels);
		COPY(a->name, "POD");
		if (s->metadata) {
			COPY(a->pod_name, s->metadata->name);
			COPY(a->pod_namespace, s->metadata->namespace_);
			COPY(a->pod_uid, s->metadata->uid);
		}
	}
	lapwing__cri__pod_sandbox_status_response__free_unpacked(r, NULL);
	return about;
}

int who_cri(enum who_call call, struct str message, const struct who_ask *ask,
	    const struct who_labels *wanted, struct who_answer *ret) {
	struct str m = unframe(message);
	struct who_answer a = { 0 };

	if (!m.s)
		return -EBADMSG;
	COPY(a.id, ask->id);
	COPY(a.pod_uid, ask->pod_uid);
	if (call == WHO_CONTAINER ? !take_container(m, ask, wanted, &a)
				  : !take_sandbox(m, ask, wanted, &a))
		return -EBADMSG;
	*ret = a;
	return 0;
}
