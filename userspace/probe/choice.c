/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice.c - which way serves each deed: the best that nothing speaks against yet
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/family.h"

int family_try_nothing(enum bpf_prog_type type, const struct bpf_prog_load_opts *opts) {
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(type, NULL, "GPL", nothing, sizeof(nothing) / sizeof(nothing[0]),
			       opts);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

void family_choice_init(struct family_choice *c, enum probe_hooks hooks) {
	memset(c, 0, sizeof(*c));
	for (size_t d = 0; d < n_deeds; d++) {
		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++) {
			enum deed_mechanism m = deeds[d].ways[w].mechanism;
			bool lsm = m == DEED_LSM;
			bool fallback = w && !lsm && m != DEED_FENTRY; /* that is another name */

			if ((hooks == PROBE_HOOKS_LSM && fallback) ||
			    (hooks == PROBE_HOOKS_TRACEPOINT && (lsm || m == DEED_FENTRY)))
				(void)snprintf(c->refused[d][w], 256, "left out by --hooks");
		}
	}
	for (size_t d = 0; d < n_deeds; d++) {
		c->way[d] = -1;
		for (int w = DEED_WAYS - 1; w >= 0; w--)
			if (deeds[d].ways[w].hook && !c->refused[d][w][0])
				c->way[d] = (int8_t)w;
	}
}

bool family_way_needs(const struct deed_way *way, const char *program) {
	for (int i = 0; i < DEED_PROGRAMS && way->programs[i]; i++)
		if (!strcmp(way->programs[i], program))
			return true;
	return false;
}

void family_strike(struct family_choice *c, const char *program, enum deed_mechanism all,
		   const char *why) {
	for (size_t d = 0; d < n_deeds; d++) {
		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++) {
			const struct deed_way *way = &deeds[d].ways[w];

			if (c->refused[d][w][0])
				continue;
			if (family_way_needs(way, program) ||
			    (all != DEED_TRACEPOINT && way->mechanism == all))
				(void)snprintf(c->refused[d][w], 256, "%s", why);
		}
		if (c->way[d] < 0 || !c->refused[d][c->way[d]][0])
			continue;
		c->way[d] = -1;
		for (int w = DEED_WAYS - 1; w >= 0; w--)
			if (deeds[d].ways[w].hook && !c->refused[d][w][0])
				c->way[d] = (int8_t)w;
	}
}

static bool in_set(const char *deed, enum probe_set set) {
	static const char *const core[] = { "process.fork", "process.exec", "process.exit",
					    "process.census" };

	for (int i = 0; set == PROBE_CORE && i < 4; i++)
		if (!strcmp(deed, core[i]))
			return true;
	return set == PROBE_ALL;
}

void family_strike_outside(struct family_choice *c, enum probe_set set, const char *why) {
	for (size_t d = 0; d < n_deeds; d++) {
		if (in_set(deeds[d].name, set))
			continue;
		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++)
			(void)snprintf(c->refused[d][w], 256, "%s", why);
		c->way[d] = -1;
	}
}

int family_leave(struct family_choice *c, const char *name, const char *why) {
	int left = 0;

	for (size_t d = 0; d < n_deeds; d++) {
		if (!deed_is(deeds[d].name, name))
			continue;
		left += c->way[d] >= 0;
		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++)
			(void)snprintf(c->refused[d][w], 256, "%s", why);
		c->way[d] = -1;
	}
	return left;
}

void family_strike_lsm(struct family_choice *c, const char *why) {
	family_strike(c, "", DEED_LSM, why);
}

/* has_tracepoint - a program on a tracepoint needs the kernel's own type for it */
static bool has_tracepoint(const struct btf *btf, const char *tracepoint) {
	char type[64];

	(void)snprintf(type, sizeof(type), "btf_trace_%s", tracepoint);
	return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
}

void family_strike_absent(struct family_choice *c, const struct btf *btf) {
	static const char prefix[] = "tp_btf/";
	const size_t n = sizeof(prefix) - 1;

	for (size_t d = 0; d < n_deeds; d++) {
		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++) {
			const struct deed_way *way = &deeds[d].ways[w];

			if (c->refused[d][w][0] || strncmp(way->hook, prefix, n) != 0 ||
			    !strcmp(way->hook, "tp_btf/sys_exit"))
				continue;
			if (!has_tracepoint(btf, way->hook + n))
				family_strike(c, way->programs[0], DEED_TRACEPOINT, NO_HOOK);
		}
	}
}

void family_strike_skippable(struct family_choice *c) {
	static const char *const programs[] = { "file_opening", "process_interp" };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		family_strike(c, programs[i], DEED_TRACEPOINT,
			      "this kernel takes a task off the CPU inside a program, and skips "
			      "it for others meanwhile; LSM programs are not skipped");
}

void family_give_up(struct family_choice *c, enum deed_family which, int err) {
	for (size_t d = 0; d < n_deeds; d++) {
		if (deeds[d].family != which || c->way[d] < 0)
			continue;
		(void)snprintf(c->refused[d][0], 256, "%s", strerror(-err));
		c->way[d] = -1;
	}
}

bool family_uses_lsm(const struct family_choice *c, enum deed_family which) {
	for (size_t d = 0; d < n_deeds; d++)
		if (deeds[d].family == which && c->way[d] >= 0 &&
		    deeds[d].ways[c->way[d]].mechanism == DEED_LSM)
			return true;
	return false;
}
