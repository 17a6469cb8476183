/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the keys of lapwing.yaml
 *
 * A new key is a row of settings_keys and a member here.
 */
#ifndef LAPWING_SETTINGS_H
#define LAPWING_SETTINGS_H

#include <stdio.h>

#include "app/export.h"
#include "app/session.h"
#include "config/config.h"

#define SETTINGS_FOLDER "/etc/lapwing"
#define SETTINGS_FILE SETTINGS_FOLDER "/lapwing.yaml"

struct settings_content {
	const char *folder, *source, *ca, *tapes, *channel, *stratum; /* NULL: not said */
	const char *part, *exact; /* NULL: likewise */
	int ring, max_ring; /* 0 to 4 */
	uint64_t delay_s;
	bool freeze, weekends, laboratory;
	uint32_t poll_ms, control_ms, shadow_ms, probation_ms, lag_ms;
	uint64_t shadow_events;
};

struct settings {
	const char *rules[SESSION_RULES];
	int n_rules;
	bool strict_rules;
	int hooks; /* enum probe_hooks */
	uint64_t hooks_budget, hooks_calm_s;
	const char *watch[WATCH_PATHS];
	int n_watch;
	uint64_t hash_rate;
	const char *env; /* NULL: the usual ones */
	const char *outputs[CORRIDOR_OUTPUTS];
	int n_outputs;
	struct export_options export;
	struct desk_options desk;
	uint64_t limit_process, limit_cgroup, ring_process, ring_bulk; /* as in session_options */
	bool ask;
	const char *sources[ASKER_SOURCES], *labels[ASKER_LABELS];
	int n_sources, n_labels;
	const char *node, *token, *ca; /* for these; NULL: not said */
	struct settings_content content;
	struct config *memory; /* of all texts; NULL: there was no file */
};

/* settings_defaults - as without a file */
struct settings settings_defaults(void);

/*
 * settings_read - the file @path; NULL: SETTINGS_FILE, which need not be there
 * Logs what is wrong, and gives -errno. The texts live until settings_free().
 */
int settings_read(const char *path, struct settings *ret);

void settings_free(struct settings *s);

/* settings_policy - what @c says of content, as its owner's word; -errno: the key @bad is wrong */
int settings_policy(const struct settings_content *c, struct policy *ret, const char **bad);

/* settings_sample - a file with every key, its help and its default, all commented out */
void settings_sample(FILE *to);

/* settings_show - a file that says what @s says, but for secrets */
void settings_show(FILE *to, const struct settings *s);

#endif
