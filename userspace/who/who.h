/* SPDX-License-Identifier: Apache-2.0 */
/*
 * who.h - who a container is, out of what runtimes, kubelets and Kubernetes' API answer
 *
 * Bytes in, an answer out: who fetches them is app/asker.c, in a process of its own, because the
 * bytes are of strangers. Each text is cut at its bound, whatever its sender thinks; what was not
 * answered is empty. An answer goes to the sensor as it lies in memory.
 */
#ifndef LAPWING_WHO_H
#define LAPWING_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define WHO_ID_BYTES 65	 /* 64 hexadecimal digits at most, as in all of these with a NUL */
#define WHO_UID_BYTES 37
#define WHO_LABELS_BYTES 1024
#define WHO_MAX_ANSWER (4 * 1024 * 1024) /* of a runtime, of one container */
#define WHO_MAX_LIST (256 * 1024 * 1024) /* of a kubelet or the API; read as it comes */

struct who_ask {
	char id[WHO_ID_BYTES];	     /* of the container */
	char pod_uid[WHO_UID_BYTES]; /* "": it is in no pod */
};

struct who_answer {
	char id[WHO_ID_BYTES]; /* as it was asked for */
	char pod_uid[WHO_UID_BYTES];
	char runtime[16];
	char name[256], image[512], image_id[128];
	char pod_name[256], pod_namespace[64];
	uint32_t labels_n;
	char labels[WHO_LABELS_BYTES]; /* KEY=VALUE, each with a NUL behind it */
};

/* Which labels are wanted, by their keys. */
struct who_labels {
	const char *const *keys;
	size_t n;
};

/* who_ask_is_fine - whether the id is one: hexadecimal digits, and nothing that a path can be of */
bool who_ask_is_fine(const struct who_ask *a);

/* who_answer_mend - makes of any bytes an answer whose texts end within it */
void who_answer_mend(struct who_answer *a);

/* who_copy - @from into @to of @n bytes, as far as it fits, in whole UTF-8 characters */
void who_copy(char *to, size_t n, const char *from);

/*
 * who_label - a label of a container or a pod: kept if it is wanted
 * Those of io.kubernetes.* that kubelets give to containers also name the pod.
 */
void who_label(struct who_answer *a, const struct who_labels *wanted, const char *key,
	       const char *value);

/* who_merge - what @from knows and @into does not */
void who_merge(struct who_answer *into, const struct who_answer *from);

/* who_is_whole - whether there is a name, and if it is in a pod that pod's */
static inline bool who_is_whole(const struct who_answer *a) {
	return a->name[0] && (!a->pod_uid[0] || a->pod_name[0]);
}

/* --- Docker's API, which Podman has as well -------------------------------------------------- */

/* who_docker - the answer to GET /containers/ID/json; 0, or -EBADMSG: it is not about @ask */
int who_docker(struct str json, const struct who_ask *ask, const struct who_labels *wanted,
	       struct who_answer *ret);

/* --- a list of pods, as a kubelet and the API give it ----------------------------------------- */

/* One container; or, with an empty id, the pod itself, for who is known by its uid only. */
typedef void who_found_fn(void *ctx, const struct who_answer *found);

/* who_pod - tells @found all that one pod has; @bad: -EBADMSG: it is none; else as it was */
void who_pod(struct str json, const struct who_labels *wanted, who_found_fn *found, void *ctx,
	     int *bad);

/* who_pods - as who_list_take(), in list.h, of all at once; the count of pods, or -errno */
int who_pods(struct str json, const struct who_labels *wanted, who_found_fn *found, void *ctx);

/* --- CRI, as containerd and CRI-O have it: gRPC messages, without HTTP/2 ---------------------- */

enum who_call { WHO_CONTAINER, WHO_SANDBOX };

/* who_cri_path - what is called */
const char *who_cri_path(enum who_call call);

/* who_cri_request - the message that asks; -EOVERFLOW never, as ids are short */
void who_cri_request(const struct who_ask *ask, struct buf *out);

/* who_cri - the message that was answered; 0, or -EBADMSG: it is not about @ask */
int who_cri(enum who_call call, struct str message, const struct who_ask *ask,
	    const struct who_labels *wanted, struct who_answer *ret);

/* --- where to ask ----------------------------------------------------------------------------- */

enum who_kind { WHO_DOCKER, WHO_CRI, WHO_KUBELET, WHO_API };

struct who_source {
	enum who_kind kind;
	char where[256]; /* a socket's path, or a URL */
};

/*
 * who_source - "docker:/PATH", "cri:/PATH", "kubelet:https://HOST:PORT/pods", "api:https://HOST"
 * @node: whose pods are asked for. -EINVAL and @why, static.
 */
int who_source(const char *text, const char *node, struct who_source *ret, const char **why);

/* who_source_name - "docker", "cri", "kubelet", "api" */
const char *who_source_name(enum who_kind kind);

#endif
