/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.h - which container and which pod a cgroup is, as far as its path says so
 *
 * Runtimes name cgroups after containers, each in its own way; the forms are
 * those of Docker, containerd, CRI-O, Podman, kubelet, LXC and systemd-nspawn,
 * with both cgroup drivers, nested or not (tests/unit/enrich_container_test.c
 * has one of each). What a path does not say is left absent, never guessed.
 *
 * Names of cgroups can be forged by whoever may make them. A container can make
 * them below its own only, so the outermost id is the container, and ids below
 * are its own claim. A user without rights can below user.slice, so there only the
 * form of a runtime that users run themselves counts, and is marked as a user's.
 */
#ifndef LAPWING_CONTAINER_H
#define LAPWING_CONTAINER_H

#include <stdbool.h>

#include "base/str.h"

#define CONTAINER_UID_BYTES 36

struct container {
	struct str id;      /* of the outermost container; points into the path */
	struct str runtime; /* "docker", "containerd", …; lives for ever */
	struct str name;    /* where the runtime names its cgroups so, and has no ids in them */
	struct str pod_uid; /* of the outermost pod; in @uid unless it points into the path */
	bool nested;	    /* below it a cgroup claims to be another one */
	bool by_user;	    /* a user made the cgroup, and could have called it as he liked */
	bool short_id;      /* @id is not one of 64 digits, and may be a part of one */
	char uid[CONTAINER_UID_BYTES];
};

/* container_of_path - reads the cgroup path @path ("/a/b"); all absent: it names no container */
void container_of_path(struct str path, struct container *ret);

#endif
