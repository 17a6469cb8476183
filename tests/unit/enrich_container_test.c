/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/cgroups.h"
#include "enrich/container.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#define A "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "c8f3a2d1-0b4e-4f6a-9c7d-1e2f3a4b5c6d"
#define UID_ "c8f3a2d1_0b4e_4f6a_9c7d_1e2f3a4b5c6d"
#define UID2 "11111111-2222-3333-4444-555555555555"
#define UID2_ "11111111_2222_3333_4444_555555555555"
#define STATIC "5eb63bbbe01eeed093cb22bb8f5acdc3"
#define BURST "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"

/* NULL: absent */
static const struct form {
	const char *path, *id, *runtime, *name, *pod;
} forms[] = {
	/* Docker, both cgroup drivers; and what it runs by itself */
	{ "/docker/" A, A, "docker", NULL, NULL },
	{ "/system.slice/docker-" A ".scope", A, "docker", NULL, NULL },
	{ "/system.slice/docker.service", NULL, NULL, NULL, NULL },
	{ "/docker/buildkit/wczy8ze0z4lqhcqsgtwhf9z5n", NULL, NULL, NULL, NULL },
	/* kubelet, cgroupfs driver */
	{ "/kubepods/besteffort/pod" UID "/" A, A, NULL, NULL, UID },
	{ "/kubepods/pod" UID "/" A, A, NULL, NULL, UID },
	{ "/kubepods/burstable/pod" STATIC "/" A, A, NULL, NULL, STATIC },
	{ "/kubepods/burstable/pod" UID "/crio-" A, A, "cri-o", NULL, UID },
	{ "/kubepods/burstable/pod" UID "/crio-conmon-" A, NULL, NULL, NULL, UID },
	/* kubelet, systemd driver */
	{ BURST UID_ ".slice/cri-containerd-" A ".scope", A, "containerd", NULL, UID },
	{ BURST UID_ ".slice/crio-" A ".scope", A, "cri-o", NULL, UID },
	{ BURST UID_ ".slice/crio-conmon-" A ".scope", NULL, NULL, NULL, UID },
	{ BURST UID_ ".slice/docker-" A ".scope", A, "docker", NULL, UID },
	{ "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" A ".scope", A, "containerd",
	  NULL, UID },
	{ BURST STATIC ".slice/cri-containerd-" A ".scope", A, "containerd", NULL, STATIC },
	{ BURST UID_ ".slice", NULL, NULL, NULL, UID },
	/* containerd with the other driver than kubelet's */
	{ "/system.slice/containerd.service/kubepods-burstable-pod" UID_
	  ".slice:cri-containerd:" A,
	  A, "containerd", NULL, UID },
	{ "/kubepods-besteffort-pod" UID_ ".slice:cri-containerd:" A, A, "containerd", NULL, UID },
	/* Podman, root's and a user's; its watchman */
	{ "/machine.slice/libpod-" A ".scope", A, "podman", NULL, NULL },
	{ "/machine.slice/libpod-" A ".scope/container", A, "podman", NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A ".scope/container",
	  A, "podman", NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-" A ".scope",
	  NULL, NULL, NULL, NULL },
	{ "/machine.slice/libpod-conmon-" A ".scope", NULL, NULL, NULL, NULL },
	{ "/libpod_parent/libpod-" A, A, "podman", NULL, NULL },
	/* nerdctl */
	{ "/system.slice/nerdctl-" A ".scope", A, "containerd", NULL, NULL },
	/* one inside another: the outermost counts, and what is below is its own claim */
	{ "/system.slice/docker-" A ".scope/kubelet.slice/kubelet-kubepods.slice/"
	  "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
	  ".slice/cri-containerd-" B ".scope",
	  A, "docker", NULL, NULL },
	{ "/docker/" A "/kubelet/kubepods/besteffort/pod" UID "/" B, A, "docker", NULL, NULL },
	{ "/docker/" A "/kubelet/kubepods/besteffort/pod" UID "/crio-conmon-" B,
	  A, "docker", NULL, NULL },
	{ BURST UID_ ".slice/cri-containerd-" A ".scope/docker/" B, A, "containerd", NULL, UID },
	{ "/kubepods/pod" UID "/" A "/kubepods/pod" UID2 "/" B, A, NULL, NULL, UID },
	{ "/docker/" A "/docker/" B "/libpod-" A, A, "docker", NULL, NULL },
	/* a user calls a cgroup of his own like another's container */
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" A ".scope",
	  NULL, NULL, NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/cri-containerd-" A ".scope",
	  NULL, NULL, NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/docker/" A, NULL, NULL, NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/kubepods/pod" UID "/" A,
	  NULL, NULL, NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/lxc.payload.web",
	  NULL, NULL, NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" A ".scope/libpod-" B,
	  B, "podman", NULL, NULL },
	/* but what a container has inside is no user's */
	{ "/docker/" A "/user.slice/user-1000.slice/session-3.scope", A, "docker", NULL, NULL },
	/* systemd as the container's init */
	{ "/system.slice/docker-" A ".scope/init.scope", A, "docker", NULL, NULL },
	{ "/system.slice/docker-" A ".scope/system.slice/foo.service", A, "docker", NULL, NULL },
	{ BURST UID2_ ".slice/cri-containerd-" A ".scope/init.scope", A, "containerd", NULL, UID2 },
	/* by name only */
	{ "/lxc.payload.web", NULL, "lxc", "web", NULL },
	{ "/lxc.payload.web/system.slice/cron.service", NULL, "lxc", "web", NULL },
	{ "/machine.slice/machine-box.scope", NULL, "systemd-nspawn", "box", NULL },
	{ "/machine.slice/systemd-nspawn@box.service/payload", NULL, "systemd-nspawn", "box",
	  NULL },
	{ "/lxc.payload.web/docker/" A, NULL, "lxc", "web", NULL },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL, NULL, NULL, NULL },
	{ "/lxc.monitor.web", NULL, NULL, NULL, NULL },
	/* part of an id, behind a runtime's name */
	{ "/system.slice/docker-0123456789ab.scope", "0123456789ab", "docker", NULL, NULL },
	/* and what only looks alike */
	{ "", NULL, NULL, NULL, NULL },
	{ "/", NULL, NULL, NULL, NULL },
	{ "/init.scope", NULL, NULL, NULL, NULL },
	{ "/user.slice/user-1000.slice/session-3.scope", NULL, NULL, NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-foo-0123456789ab.scope",
	  NULL, NULL, NULL, NULL },
	{ "/system.slice/docker-0123456789a.scope", NULL, NULL, NULL, NULL },
	{ "/system.slice/docker-" A "0.scope", NULL, NULL, NULL, NULL },
	{ "/system.slice/docker-" A ".service", NULL, NULL, NULL, NULL },
	{ "/system.slice/backup-" UID ".service", NULL, NULL, NULL, NULL },
	{ "/tripod" UID, NULL, NULL, NULL, NULL },
	{ "/pod" UID "0", NULL, NULL, NULL, NULL },
	{ "/lxc.payload.", NULL, NULL, NULL, NULL },
};

/* Of these, those that a user could have called so. */
static const char *const by_user[] = {
	"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A ".scope/container",
	"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" A ".scope/libpod-" B,
};

/* And those with what calls itself a container inside. */
static const char *const nested[] = {
	"/system.slice/docker-" A ".scope/kubelet.slice/kubelet-kubepods.slice/"
	  "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
	  ".slice/cri-containerd-" B ".scope",
	"/docker/" A "/kubelet/kubepods/besteffort/pod" UID "/" B,
	BURST UID_ ".slice/cri-containerd-" A ".scope/docker/" B,
	"/kubepods/pod" UID "/" A "/kubepods/pod" UID2 "/" B,
	"/docker/" A "/docker/" B "/libpod-" A,
	"/lxc.payload.web/docker/" A,
};

static bool among(const char *path, const char *const *list, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (!strcmp(path, list[i]))
			return true;
	return false;
}

#define AMONG(path, list) among(path, list, sizeof(list) / sizeof(list[0]))

static bool same(struct str got, const char *want) {
	return want ? got.s && str_eq(got, str_of(want)) : !got.s;
}

static void every_form_of_a_cgroup_path_is_read(void) {
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *f = &forms[i];
		struct container c;
		bool right;

		memset(&c, 0x5a, sizeof(c));
		container_of_path(str_of(f->path), &c);
		right = same(c.id, f->id) && same(c.runtime, f->runtime) && same(c.name, f->name) &&
			same(c.pod_uid, f->pod) && c.nested == AMONG(f->path, nested) &&
			c.by_user == AMONG(f->path, by_user) &&
			c.short_id == (f->id && strlen(f->id) != 64);
		if (!right)
			printf("# %s: id '%.*s' runtime '%.*s' name '%.*s' pod '%.*s'\n", f->path,
			       STR_FMT(c.id), STR_FMT(c.runtime), STR_FMT(c.name),
			       STR_FMT(c.pod_uid));
		CHECK(right);
	}
}

/* Bytes outside of the path would be seen by the sanitizers. */
static void no_beginning_of_a_path_is_read_past_its_end(void) {
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint32_t n = (uint32_t)strlen(forms[i].path);

		for (uint32_t end = 0; end <= n; end++) {
			char *copy = malloc(end + 1ul);
			struct container c;

			if (!copy)
				return;
			memcpy(copy, forms[i].path, end);
			container_of_path((struct str){ copy, end }, &c);
			CHECK(!c.id.n || (c.id.s >= copy && c.id.s + c.id.n <= copy + end));
			free(copy);
		}
	}
}

static void a_cgroup_is_read_once_and_what_was_asked_for_stays(void) {
	static struct cgroups t;
	const struct cgroup *c;
	uint64_t version;

	CHECK(!cgroups_get(&t, 1) && t.missed);
	version = t.version;
	cgroups_put(&t, 1, STR("/docker/" A));
	CHECK(t.version == version + 1); /* whoever asked in vain is to ask again */
	c = cgroups_get(&t, 1);
	CHECK(c && same(c->container.id, A) && c->key);
	cgroups_put(&t, 1, STR("/elsewhere"));
	CHECK(cgroups_get(&t, 1) == c && same(c->container.id, A));
	for (uint64_t id = 2; id < 3 * CGROUPS_MAX; id++) {
		cgroups_put(&t, id, STR("/system.slice/cron.service"));
		CHECK(cgroups_get(&t, 1) && t.used <= CGROUPS_MAX);
	}
	CHECK(!cgroups_get(&t, 2) && t.version > version + 1);
	CHECK(cgroups_get(&t, 3 * CGROUPS_MAX - 1));
	cgroups_put(&t, 0, STR("/x"));
	CHECK(!cgroups_get(&t, 0));
	cgroups_done(&t);
}

int main(void) {
	RUN(every_form_of_a_cgroup_path_is_read);
	RUN(no_beginning_of_a_path_is_read_past_its_end);
	RUN(a_cgroup_is_read_once_and_what_was_asked_for_stays);
	DONE();
}
