/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of runtimes and kubelets: good ones, and whatever else a stranger may send. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "proto/cri.pb-c.h"
#include "test.h"
#include "who/list.h"
#include "who/who.h"

#define ID "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define HASH "00112233445566778899aabbccddeeff"
#define UID "01234567-89ab-cdef-0123-456789abcdef"

static const char *const keys[] = { "app", "tier" };
static const struct who_labels labels = { keys, 2 };
static const struct who_labels none = { NULL, 0 };
static const struct who_ask asked = { ID, "" }, asked_of_pod = { ID, "u" };
static struct who_answer a;

static int docker(const char *json) {
	return who_docker(str_of(json), &asked, &labels, &a);
}

static void dockers_answer_is_read(void) {
	CHECK(!docker("{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Image\":\"sha256:12\",\"Config\":"
		      "{\"Image\":\"registry/web:1\",\"Labels\":{\"app\":\"shop\","
		      "\"secret\":\"x\"}}}"));
	CHECK(!strcmp(a.name, "web") && !strcmp(a.image, "registry/web:1"));
	CHECK(!strcmp(a.image_id, "sha256:12") && !strcmp(a.id, ID) && !a.runtime[0]);
	CHECK(a.labels_n == 9 && !memcmp(a.labels, "app=shop", 9) && who_is_whole(&a));
}

static const char of_pod[] = "{\"Id\":\"" ID "\",\"Name\":\"/k8s_web_web-0_shop\",\"Config\":{"
			     "\"Labels\":{\"io.kubernetes.container.name\":\"web\","
			     "\"io.kubernetes.pod.name\":\"web-0\","
			     "\"io.kubernetes.pod.namespace\":\"shop\","
			     "\"io.kubernetes.pod.uid\":\"u\"}}}";

static void a_kubelets_container_is_read_by_way_of_docker(void) {
	CHECK(!who_docker(str_of(of_pod), &asked_of_pod, &labels, &a));
	CHECK(!strcmp(a.name, "web") && !strcmp(a.pod_name, "web-0") && !strcmp(a.pod_uid, "u"));
	CHECK(!strcmp(a.pod_namespace, "shop") && who_is_whole(&a));
}

/* Its labels may be those of its image, which calls itself what it likes. */
static void a_container_in_no_such_pod_is_not_of_it(void) {
	static const struct who_ask another = { ID, UID };

	CHECK(!docker(of_pod));
	CHECK(!strcmp(a.name, "k8s_web_web-0_shop") && !a.pod_name[0] && !a.pod_namespace[0]);
	CHECK(!who_docker(str_of(of_pod), &another, &labels, &a));
	CHECK(!a.pod_name[0] && !strcmp(a.pod_uid, UID) && !who_is_whole(&a));
}

static void an_answer_about_another_is_none(void) {
	static const char *const bad[] = {
		"", "{", "{}", "[]", "null", "1", "\"" ID "\"", "{\"Id\":1}", "{\"Id\":null}",
		"{\"Id\":\"" ID, "{\"Id\":\"0000\",\"Name\":\"/liar\"}", "{\"Id\":\"aaaabbbb\"}",
		"{\"id\":\"" ID "\"}", "[{\"Id\":\"" ID "\"}]", "{\"Id\":{\"Id\":\"" ID "\"}}",
	};

	memset(&a, 0x5a, sizeof(a));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(docker(bad[i]) == -EBADMSG);
	CHECK(a.name[0] == 0x5a); /* untouched */
}

static void members_of_the_wrong_type_are_absent(void) {
	CHECK(!docker("{\"Id\":\"" ID "\",\"Name\":[],\"Image\":{},\"Config\":[]}"));
	CHECK(!a.name[0] && !a.image_id[0] && !a.image[0]);
	CHECK(!docker("{\"Id\":\"" ID "\",\"Config\":{\"Image\":7,\"Labels\":{\"app\":{}}}}"));
	CHECK(!a.image[0] && !a.labels_n);
	CHECK(!docker("{\"Id\":\"" ID "\",\"Config\":{\"Labels\":null}}"));
}

static void deep_or_long_answers_end(void) {
	size_t n = 200000, at;
	char *text = malloc(n + 200);
	int head = text ? sprintf(text, "{\"Id\":\"" ID "\",\"Name\":\"") : 0;

	if (!text)
		exit(2);
	at = (size_t)head;
	while (at < n)
		at += (size_t)sprintf(text + at, "\xc3\xa9");
	(void)sprintf(text + at, "\"}");
	CHECK(!docker(text) && strlen(a.name) == sizeof(a.name) - 2); /* no half of a character */
	CHECK(utf8_is_valid(a.name, strlen(a.name)));
	memset(text, '[', n);
	text[n] = '\0';
	CHECK(docker(text) == -EBADMSG);
	free(text);
}

static void labels_are_bounded(void) {
	char value[600];

	memset(&a, 0, sizeof(a));
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (int i = 0; i < 10; i++)
		who_label(&a, &labels, "app", value);
	CHECK(a.labels_n == 1024 && a.labels[511] == '\0' && a.labels[1023] == '\0');
	who_label(&a, &none, "app", "1");
	who_label(&a, &labels, "application", "1");
	CHECK(a.labels_n == 1024);
}

/* --- pods ------------------------------------------------------------------------------------- */

static struct who_answer found[8];
static size_t n_found;

static void keep(void *ctx, const struct who_answer *one) {
	(void)ctx;
	if (n_found < 8)
		found[n_found++] = *one;
}

static int pods(const char *json) {
	n_found = 0;
	return who_pods(str_of(json), &labels, keep, NULL);
}

static void a_list_of_pods_tells_containers_and_pods(void) {
	CHECK(pods("{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"name\":\"web-0\","
		   "\"namespace\":\"shop\",\"uid\":\"" UID "\",\"labels\":{\"app\":\"web\","
		   "\"x\":\"y\"}},\"status\":{\"containerStatuses\":[{\"name\":\"nginx\","
		   "\"image\":\"nginx:1\",\"imageID\":\"sha256:1\","
		   "\"containerID\":\"containerd://" ID "\"},{\"name\":\"waits\"}],"
		   "\"initContainerStatuses\":[{\"name\":\"init\","
		   "\"containerID\":\"cri-o://bb\"}]}}]}") == 1);
	CHECK(n_found == 3 && !strcmp(found[0].id, ID) && !strcmp(found[0].runtime, "containerd"));
	CHECK(!strcmp(found[0].name, "nginx") && !strcmp(found[0].pod_name, "web-0"));
	CHECK(!strcmp(found[0].pod_namespace, "shop") && !strcmp(found[0].pod_uid, UID));
	CHECK(found[0].labels_n == 8 && !memcmp(found[0].labels, "app=web", 8));
	CHECK(!strcmp(found[1].id, "bb") && !strcmp(found[1].runtime, "cri-o"));
	CHECK(!found[2].id[0] && !found[2].name[0] && !strcmp(found[2].pod_uid, UID));
}

static void a_static_pod_is_known_by_the_hash_in_its_cgroup(void) {
	CHECK(pods("{\"items\":[{\"metadata\":{\"name\":\"etcd\",\"uid\":\"mirror\","
		   "\"annotations\":{\"kubernetes.io/config.hash\":\"" HASH "\"}}}]}") == 1);
	CHECK(n_found == 1 && !strcmp(found[0].pod_uid, HASH));
	CHECK(!strcmp(found[0].pod_name, "etcd"));
	/* an annotation is its user's */
	CHECK(pods("{\"items\":[{\"metadata\":{\"name\":\"liar\",\"uid\":\"own\","
		   "\"annotations\":{\"kubernetes.io/config.hash\":\"" UID "\"}}}]}") == 1);
	CHECK(n_found == 1 && !strcmp(found[0].pod_uid, "own"));
}

static void a_label_does_not_name_a_pod(void) {
	CHECK(pods("{\"items\":[{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"labels\":{"
		   "\"io.kubernetes.pod.name\":\"liar\"}}}]}") == 1);
	CHECK(n_found == 1 && !strcmp(found[0].pod_name, "p"));
}

/* add_pod - as kubelets and the API have them: nearly all of it is nothing that is asked for */
static void add_pod(struct buf *out, unsigned i, unsigned variables) {
	buf_addf(out, "%s{\"metadata\":{\"name\":\"p%u\",\"namespace\":\"x\",\"managedFields\":"
		 "[{\"fieldsV1\":{\"f:spec\":{", i ? "," : "", i);
	for (unsigned v = 0; v < variables; v++)
		buf_addf(out, "%s\"k:{\\\"name\\\":\\\"V%u\\\"}\":{\".\":{},\"f:name\":{}}",
			 v ? "," : "", v);
	buf_addf(out, "}}}],\"labels\":{\"app\":\"a%u\"},\"uid\":\"%032x\"},\n \"spec\":{\"c\":[{"
		 "\"env\":[", i, i);
	for (unsigned v = 0; v < variables; v++)
		buf_addf(out, "%s{\"name\":\"V%u\",\"value\":\"]},{\\\"metadata\\\":{\\\\\"}",
			 v ? "," : "", v);
	buf_addf(out, "]}]},\"status\":{\"phase\":\"Running\",\"conditions\":[{},[]],"
		 "\"containerStatuses\":[{\"name\":\"c\",\"containerID\":\"containerd://%064x\"}],"
		 "\"hostIP\":\"10.0.0.1\"}}", i);
}

struct counted {
	unsigned containers, pods, wrong;
};

static void count(void *ctx, const struct who_answer *one) {
	struct counted *c = ctx;
	unsigned i = one->id[0] ? c->containers++ : c->pods++;
	char name[16], label[24], id[WHO_ID_BYTES], uid[WHO_UID_BYTES];

	(void)snprintf(name, sizeof(name), "p%u", i);
	(void)snprintf(label, sizeof(label), "app=a%u", i);
	(void)snprintf(id, sizeof(id), "%064x", i);
	(void)snprintf(uid, sizeof(uid), "%032x", i);
	c->wrong += strcmp(one->pod_name, name) != 0 || strcmp(one->labels, label) != 0 ||
		    strcmp(one->pod_uid, uid) != 0 || (one->id[0] && strcmp(one->id, id) != 0);
}

static void add_list(struct buf *out, unsigned n, unsigned variables) {
	buf_addf(out, "{\"kind\":\"PodList\",\"metadata\":{\"items\":[{}]},\"items\":[");
	for (unsigned i = 0; i < n; i++)
		add_pod(out, i, variables);
	buf_addf(out, "]}\n");
}

/* A list of a full node is some megabytes; of it a few hundred bytes are in memory at a time. */
static void a_full_node_is_read_in_little_memory(void) {
	static const unsigned nodes[] = { 110, 250 };

	for (size_t k = 0; k < 2; k++) {
		struct counted c = { 0 };
		struct buf json = { 0 };
		struct who_list l;
		size_t most = 0;

		add_list(&json, nodes[k], 350);
		CHECK(!buf_error(&json) && json.len > nodes[k] * (size_t)25000);
		who_list_begin(&l, &labels, count, &c);
		for (size_t at = 0; at < json.len; at += 16384) {
			size_t n = json.len - at < 16384 ? json.len - at : 16384;

			CHECK(!who_list_take(&l, json.data + at, n));
			most = l.pod.cap > most ? l.pod.cap : most;
		}
		CHECK(who_list_end(&l) == (int)nodes[k] && most && most <= 4096);
		CHECK(c.containers == nodes[k] && c.pods == nodes[k] && !c.wrong);
		buf_done(&json);
	}
}

static void a_list_may_be_cut_anywhere_on_its_way(void) {
	struct buf json = { 0 };

	add_list(&json, 3, 2);
	for (size_t cut = 0; cut <= json.len; cut++) {
		struct counted c = { 0 };
		struct who_list l;
		char *rest = malloc(json.len - cut + 1); /* for the sanitizer to guard */

		if (!rest)
			exit(2);
		memcpy(rest, json.data + cut, json.len - cut);
		who_list_begin(&l, &labels, count, &c);
		CHECK(!who_list_take(&l, json.data, cut) &&
		      !who_list_take(&l, rest, json.len - cut));
		CHECK(who_list_end(&l) == 3 && c.containers == 3 && !c.wrong);
		if (cut + 1 < json.len) { /* or at its end */
			who_list_begin(&l, &labels, count, &c);
			(void)who_list_take(&l, json.data, cut);
			CHECK(who_list_end(&l) == -EBADMSG);
		}
		free(rest);
	}
	buf_done(&json);
}

static void a_pod_of_which_too_much_is_asked_for_is_told(void) {
	struct buf json = { 0 };

	buf_addf(&json, "{\"items\":[{\"metadata\":{\"name\":\"p\",\"annotations\":{");
	for (int i = 0; i < 200000; i++)
		buf_addf(&json, "%s\"%d\":\"\"", i ? "," : "", i);
	buf_addf(&json, "}}}]}");
	CHECK(who_pods((struct str){ json.data, (uint32_t)json.len }, &labels, keep, NULL) ==
	      -EFBIG);
	buf_done(&json);
}

static void other_lists_are_none_and_odd_ones_empty(void) {
	CHECK(pods("{\"kind\":\"PodList\",\"items\":null}") == 0 && !n_found);
	CHECK(pods("{\"kind\":\"Status\"}") == -EBADMSG && pods("[]") == -EBADMSG);
	CHECK(pods("") == -EBADMSG && pods("{\"items\":{}}") == -EBADMSG);
	CHECK(pods("{\"items\":[}") == -EBADMSG && pods("{\"items\":[]]") == -EBADMSG);
	CHECK(pods("{\"items\":[{\"metadata\" 1}]}") == -EBADMSG && pods("x") == -EBADMSG);
	CHECK(pods("[{\"items\":[{}]}]") == -EBADMSG && pods("{\"x\":{\"items\":[]}}") == -EBADMSG);
	CHECK(pods("{\"items\":[1,null,[],{\"metadata\":1},{\"status\":[]},{\"status\":"
		   "{\"containerStatuses\":[1,{\"containerID\":\"x\"},{\"containerID\":\"://\"},"
		   "{\"containerID\":\"a-very-long-name-of-a-runtime://1\"}]}}]}") == 6);
	CHECK(n_found == 1 && !found[0].runtime[0]);
}

/* --- CRI -------------------------------------------------------------------------------------- */

static uint8_t framed[4096];

static struct str frame(const ProtobufCMessage *m) {
	size_t n = protobuf_c_message_pack(m, framed + 5);

	memset(framed, 0, 5);
	framed[3] = (uint8_t)(n >> 8);
	framed[4] = (uint8_t)n;
	return (struct str){ (char *)framed, (uint32_t)n + 5 };
}

static struct str container_status(const char *id) {
	Lapwing__Cri__ContainerStatusResponse r = LAPWING__CRI__CONTAINER_STATUS_RESPONSE__INIT;
	Lapwing__Cri__ContainerStatus s = LAPWING__CRI__CONTAINER_STATUS__INIT;
	Lapwing__Cri__ContainerMetadata m = LAPWING__CRI__CONTAINER_METADATA__INIT;
	Lapwing__Cri__ImageSpec i = LAPWING__CRI__IMAGE_SPEC__INIT;
	Lapwing__Cri__Label pod = LAPWING__CRI__LABEL__INIT, app = LAPWING__CRI__LABEL__INIT;
	Lapwing__Cri__Label *both[] = { &pod, &app };

	pod.key = (char *)(uintptr_t)"io.kubernetes.pod.name";
	pod.value = (char *)(uintptr_t)"web-0";
	app.key = (char *)(uintptr_t)"app";
	app.value = (char *)(uintptr_t)"web";
	m.name = (char *)(uintptr_t)"nginx";
	i.image = (char *)(uintptr_t)"nginx:1";
	s.id = (char *)(uintptr_t)id;
	s.metadata = &m;
	s.image = &i;
	s.image_ref = (char *)(uintptr_t)"sha256:1";
	s.labels = both;
	s.n_labels = 2;
	r.status = &s;
	return frame(&r.base);
}

static int cri(struct str x) {
	return who_cri(WHO_CONTAINER, x, &asked, &labels, &a);
}

static void cri_is_asked_and_read(void) {
	struct buf out = { 0 };
	struct str x = container_status(ID);

	who_cri_request(&asked, &out);
	CHECK(out.len == 5 + 2 + 64 && !memcmp(out.data, "\0\0\0\0\x42\x0a\x40" ID, out.len));
	buf_done(&out);
	CHECK(!cri(x) && !strcmp(a.name, "nginx") && !strcmp(a.image, "nginx:1"));
	CHECK(!strcmp(a.image_id, "sha256:1") && !strcmp(a.pod_name, "web-0") && a.labels_n == 8);
	for (uint32_t n = 0; n < x.n; n++) {
		char *copy = malloc(n ? n : 1); /* for the sanitizer to guard */

		if (!copy)
			exit(2);
		memcpy(copy, x.s, n);
		CHECK(cri((struct str){ copy, n }) == -EBADMSG);
		free(copy);
	}
	framed[0] = 1; /* compressed, which was not offered */
	CHECK(cri(x) == -EBADMSG);
	CHECK(cri(container_status("ffff")) == -EBADMSG);
	CHECK(cri((struct str){ "\0\0\0\0", 5 }) == -EBADMSG); /* a response without a status */
}

static void a_sandbox_is_the_pods(void) {
	Lapwing__Cri__PodSandboxStatusResponse r = LAPWING__CRI__POD_SANDBOX_STATUS_RESPONSE__INIT;
	Lapwing__Cri__PodSandboxStatus s = LAPWING__CRI__POD_SANDBOX_STATUS__INIT;
	Lapwing__Cri__PodSandboxMetadata m = LAPWING__CRI__POD_SANDBOX_METADATA__INIT;
	struct str x;

	s.id = (char *)(uintptr_t)ID;
	m.name = (char *)(uintptr_t)"web-0";
	m.uid = (char *)(uintptr_t)UID;
	m.namespace_ = (char *)(uintptr_t)"shop";
	s.metadata = &m;
	r.status = &s;
	x = frame(&r.base);
	CHECK(!who_cri(WHO_SANDBOX, x, &asked, &labels, &a) && !strcmp(a.name, "POD"));
	CHECK(!strcmp(a.pod_name, "web-0") && !strcmp(a.pod_namespace, "shop") && who_is_whole(&a));
}

/* --- the rest --------------------------------------------------------------------------------- */

static void sources_are_held_to_their_forms(void) {
	static const char *const bad[] = {
		"", "docker", "docker:", "docker:run/d.sock", "podman:/x", "cri:unix:///x",
		"dock:/x", "kubelet:/x", "kubelet:ftp://x", "api:http://x", "api:", ":", "kubelet:",
	};
	struct who_source s;
	const char *why = NULL;
	char text[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(who_source(bad[i], "n", &s, &why) == -EINVAL && why);
	CHECK(!who_source("docker:/run/docker.sock", "n", &s, &why) && s.kind == WHO_DOCKER);
	CHECK(!strcmp(s.where, "/run/docker.sock"));
	CHECK(!who_source("api:https://10.0.0.1:443/", "node-1.x", &s, &why) && s.kind == WHO_API);
	CHECK(!strcmp(s.where, "https://10.0.0.1:443/api/v1/pods?resourceVersion=0&fieldSelector="
			       "spec.nodeName%3Dnode-1.x"));
	CHECK(who_source("api:https://x", "a&b", &s, &why) == -EINVAL);
	CHECK(!who_source("kubelet:http://127.0.0.1:10255/pods", "", &s, &why));
	(void)snprintf(text, sizeof(text), "docker:/%0300d", 0);
	CHECK(who_source(text, "n", &s, &why) == -EINVAL);
}

static void only_digits_are_asked_for(void) {
	struct who_ask ask = asked;

	CHECK(who_ask_is_fine(&ask));
	memset(ask.id, 'a', sizeof(ask.id));
	CHECK(!who_ask_is_fine(&ask));
	(void)snprintf(ask.id, sizeof(ask.id), "../../x");
	CHECK(!who_ask_is_fine(&ask));
	ask.id[0] = '\0';
	CHECK(!who_ask_is_fine(&ask));
	ask = asked;
	memset(ask.pod_uid, 'u', sizeof(ask.pod_uid));
	CHECK(!who_ask_is_fine(&ask));
}

static void any_bytes_are_mended_to_an_answer(void) {
	memset(&a, 0xff, sizeof(a));
	who_answer_mend(&a);
	CHECK(strlen(a.id) == 64 && strlen(a.name) == 255 && strlen(a.pod_namespace) == 63);
	CHECK(a.labels_n <= sizeof(a.labels) && (!a.labels_n || !a.labels[a.labels_n - 1]));
	memset(&a, 'x', sizeof(a));
	a.labels_n = 3;
	who_answer_mend(&a);
	CHECK(!a.labels_n);
}

static void what_one_does_not_know_another_may(void) {
	struct who_answer b = { .name = "b", .pod_name = "pod", .labels_n = 4, .labels = "k=v" };

	a = (struct who_answer){ .id = ID, .name = "a" };
	who_merge(&a, &b);
	CHECK(!strcmp(a.name, "a") && !strcmp(a.pod_name, "pod") && a.labels_n == 4);
}

int main(void) {
	RUN(dockers_answer_is_read);
	RUN(a_kubelets_container_is_read_by_way_of_docker);
	RUN(a_container_in_no_such_pod_is_not_of_it);
	RUN(an_answer_about_another_is_none);
	RUN(members_of_the_wrong_type_are_absent);
	RUN(deep_or_long_answers_end);
	RUN(labels_are_bounded);
	RUN(a_list_of_pods_tells_containers_and_pods);
	RUN(a_static_pod_is_known_by_the_hash_in_its_cgroup);
	RUN(a_label_does_not_name_a_pod);
	RUN(a_full_node_is_read_in_little_memory);
	RUN(a_list_may_be_cut_anywhere_on_its_way);
	RUN(a_pod_of_which_too_much_is_asked_for_is_told);
	RUN(other_lists_are_none_and_odd_ones_empty);
	RUN(cri_is_asked_and_read);
	RUN(a_sandbox_is_the_pods);
	RUN(sources_are_held_to_their_forms);
	RUN(only_digits_are_asked_for);
	RUN(any_bytes_are_mended_to_an_answer);
	RUN(what_one_does_not_know_another_may);
	DONE();
}
