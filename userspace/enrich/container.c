/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/container.h"

#define ID_DIGITS 64
#define SHORT_ID_DIGITS 12

/* What runtimes write before the id, "docker-<id>.scope", and what they are. */
static const struct {
	struct str prefix, runtime;
} runtimes[] = {
	{ { "docker", 6 }, { "docker", 6 } },
	{ { "cri-containerd", 14 }, { "containerd", 10 } },
	{ { "containerd", 10 }, { "containerd", 10 } },
	{ { "nerdctl", 7 }, { "containerd", 10 } },
	{ { "crio", 4 }, { "cri-o", 5 } },
	{ { "libpod", 6 }, { "podman", 6 } },
};

static bool is_hex(char c) {
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_hex(struct str x) {
	for (uint32_t i = 0; i < x.n; i++)
		if (!is_hex(x.s[i]))
			return false;
	return x.n > 0;
}

static struct str from(struct str x, uint32_t at) {
	return (struct str){ x.s + at, x.n - at };
}

/* cut - @x without @end, if it ends so */
static struct str cut(struct str x, struct str end) {
	if (x.n > end.n && !memcmp(x.s + x.n - end.n, end.s, end.n))
		x.n -= end.n;
	return x;
}

/* past_last - one past the last of @joints in @x; 0: it has none */
static uint32_t past_last(struct str x, struct str joints) {
	uint32_t at = x.n;

	while (at && !memchr(joints.s, x.s[at - 1], joints.n))
		at--;
	return at;
}

static struct str runtime_of(struct str prefix) {
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (str_eq(prefix, runtimes[i].prefix))
			return runtimes[i].runtime;
	return (struct str){ 0 };
}

/*
 * take_id - "<id>", "<runtime>-<id>.scope" or "<slice>:<runtime>:<id>"
 * An id of fewer digits counts only behind the name of a runtime. "crio-conmon-<id>" is the
 * container's watchman, and outside of it.
 */
static bool take_id(struct str name, struct str parent, struct container *c) {
	struct str x = cut(name, STR(".scope")), runtime = { 0 };
	struct str id = from(x, past_last(x, STR("-:")));

	if (!all_hex(id) || id.n < SHORT_ID_DIGITS || id.n > ID_DIGITS)
		return false;
	if (id.n == x.n) {
		runtime = runtime_of(parent);
	} else {
		struct str prefix = { x.s, x.n - id.n - 1 };

		if (x.s[prefix.n] == ':')
			prefix = from(prefix, past_last(prefix, STR(":")));
		runtime = runtime_of(prefix);
		if (!runtime.s && prefix.n >= 6 &&
		    str_eq(from(prefix, prefix.n - 6), STR("conmon")))
			return false;
	}
	if (id.n < ID_DIGITS && !runtime.s)
		return false;
	c->id = id;
	c->runtime = runtime;
	c->short_id = id.n < ID_DIGITS;
	return true;
}

/* take_name - "lxc.payload.<name>", "machine-<name>.scope" and "systemd-nspawn@<name>.service" */
static bool take_name(struct str name, struct container *c) {
	static const struct {
		struct str begin, end, runtime;
	} forms[] = {
		{ { "lxc.payload.", 12 }, { "", 0 }, { "lxc", 3 } },
		{ { "machine-", 8 }, { ".scope", 6 }, { "systemd-nspawn", 14 } },
		{ { "systemd-nspawn@", 15 }, { ".service", 8 }, { "systemd-nspawn", 14 } },
	};
	/* virtual machines of libvirt are scopes of machine.slice too, and no containers */
	static const struct str virtual = { "machine-qemu\\x2d", 16 };

	if (str_starts(name, virtual))
		return false;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct str x = cut(name, forms[i].end);

		if (!str_starts(name, forms[i].begin) || x.n + forms[i].end.n != name.n ||
		    x.n == forms[i].begin.n)
			continue;
		c->name = from(x, forms[i].begin.n);
		c->runtime = forms[i].runtime;
		return true;
	}
	return false;
}

/* is_uid - 8-4-4-4-12 digits with '-' or '_' between, or 32 digits (a static pod) */
static bool is_uid(struct str x) {
	if (x.n == 32)
		return all_hex(x);
	for (uint32_t i = 0; i < x.n; i++) {
		bool joint = i == 8 || i == 13 || i == 18 || i == 23;

		if (joint ? x.s[i] != '-' && x.s[i] != '_' : !is_hex(x.s[i]))
			return false;
	}
	return x.n == CONTAINER_UID_BYTES;
}

/* take_pod - "pod<uid>", "kubepods-…-pod<uid>.slice" and that before ':' */
static bool take_pod(struct str name, struct container *c) {
	struct str x = name;

	for (uint32_t i = 0; i < x.n; i++)
		if (x.s[i] == ':')
			x.n = i;
	x = cut(x, STR(".slice"));
	for (uint32_t i = 0; i + 3 < x.n; i++) {
		struct str uid = from(x, i + 3);

		if (memcmp(x.s + i, "pod", 3) != 0 || (i && x.s[i - 1] != '-') || !is_uid(uid))
			continue;
		c->pod_uid = uid;
		if (uid.n != CONTAINER_UID_BYTES)
			return true;
		/* a slice's name may not hold '-', so systemd's driver writes '_' */
		for (uint32_t j = 0; j < uid.n; j++)
			c->uid[j] = uid.s[j] == '_' ? '-' : uid.s[j];
		c->pod_uid = (struct str){ c->uid, uid.n };
		return true;
	}
	return false;
}

/* is_users - a part of a path below which a user without rights makes what cgroups he likes */
static bool is_users(struct str name) {
	return str_eq(name, STR("user.slice")) || str_starts(name, STR("user-")) ||
	       str_starts(name, STR("user@"));
}

/* is_rootless - whether a container of that runtime may be a user's own */
static bool is_rootless(const struct container *c) {
	return c->runtime.s && str_eq(c->runtime, STR("podman"));
}

/* component - the part of @path that begins at @begin */
static struct str component(struct str path, uint32_t begin) {
	uint32_t end = begin;

	while (end < path.n && path.s[end] != '/')
		end++;
	return (struct str){ path.s + begin, end - begin };
}

/* take - what the part @name of a path says, of which no part above is a container */
static void take(struct str name, struct str parent, struct container *c) {
	struct container found = { 0 };

	c->by_user |= is_users(name);
	if (!c->pod_uid.s && !c->by_user)
		(void)take_pod(name, c);
	if (!take_id(name, parent, &found) && !take_name(name, &found))
		return;
	if (c->by_user && !is_rootless(&found))
		return;
	c->id = found.id;
	c->runtime = found.runtime;
	c->name = found.name;
	c->short_id = found.short_id;
}

void container_of_path(struct str path, struct container *ret) {
	struct str parent = { 0 };

	memset(ret, 0, sizeof(*ret));
	for (uint32_t at = 0; at < path.n;) {
		struct str name = component(path, at);
		struct container inner = { 0 };

		at += name.n + 1;
		if (!ret->id.s && !ret->name.s)
			take(name, parent, ret);
		else
			ret->nested |= take_id(name, parent, &inner);
		parent = name;
	}
	ret->by_user &= ret->id.s != NULL;
}
