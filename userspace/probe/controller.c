/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/controller.h"

#include <bpf/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each runtime puts containers into all of these; cpuset and the like may be left out. */
static const struct controller {
	const char *name, *id; /* as /proc/self/cgroup and as enum cgroup_subsys_id say it */
} controllers[] = {
	{ "memory", "memory_cgrp_id" },
	{ "pids", "pids_cgrp_id" },
	{ "devices", "devices_cgrp_id" },
	{ "freezer", "freezer_cgrp_id" },
};

/* listed - whether @name is in the list "cpu,cpuacct" that ends at a colon */
static bool listed(const char *list, const char *name) {
	size_t n = strlen(name);

	for (const char *at = list; *at && *at != ':'; at += strcspn(at, ",:"), at += *at == ',')
		if (!strncmp(at, name, n) && (at[n] == ',' || at[n] == ':'))
			return true;
	return false;
}

/* find - the first that is in a hierarchy of v1, and the number of that: "4:memory:/a" */
static const struct controller *find(uint32_t *ret_hierarchy) {
	const size_t n = sizeof(controllers) / sizeof(controllers[0]);
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[4096];
	size_t best = n;

	while (f && fgets(line, sizeof(line), f)) {
		const char *list = strchr(line, ':');

		for (size_t i = 0; list && i < best; i++) {
			if (!listed(list + 1, controllers[i].name))
				continue;
			best = i;
			*ret_hierarchy = (uint32_t)strtoul(line, NULL, 10);
		}
	}
	if (f)
		(void)fclose(f);
	return best < n ? &controllers[best] : NULL;
}

bool controller_in_v1(void) {
	uint32_t hierarchy;

	return find(&hierarchy) != NULL;
}

/* number_of - the value of @name in the kernel's enum cgroup_subsys_id; -1: it has none such */
static int number_of(const struct btf *btf, const char *name) {
	int id = btf__find_by_name_kind(btf, "cgroup_subsys_id", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), name))
			return btf_enum(t)[i].val;
	return -1;
}

/* subsys_at - where css_set::subsys begins, in bytes; -1: it has none */
static int subsys_at(const struct btf *btf) {
	int id = btf__find_by_name_kind(btf, "css_set", BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), "subsys"))
			return (int)(btf_member_bit_offset(t, (uint32_t)i) / 8);
	return -1;
}

void controller_choose(const struct btf *btf, struct knobs *knobs) {
	uint32_t hierarchy;
	const struct controller *c = knobs->scope == SCOPE_CGROUP ? NULL : find(&hierarchy);
	int number = c ? number_of(btf, c->id) : -1, at = c ? subsys_at(btf) : -1;

	/* cpuset's is 0, and not one of ours, so that the place is never 0 */
	if (number <= 0 || at < 0)
		return;
	knobs->cgroup_css = (uint32_t)(at + number * (int)sizeof(void *));
	knobs->cgroup_hierarchy = hierarchy;
}
