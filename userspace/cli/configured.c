/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/configured.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/fetch.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/sensor.h"
#include "sink/output.h"

/* take_volume - limits and sizes of rings that the command line does not say */
static int take_volume(struct session_options *o, const struct settings *s) {
	const struct {
		const char *key;
		bool fits;
		const char *why;
	} checks[] = {
		{ "rings.process", probe_ring_fits(s->ring_process),
		  "takes a power of two from 64KiB to 1GiB" },
		{ "rings.bulk", probe_ring_fits(s->ring_bulk),
		  "takes a power of two from 64KiB to 1GiB" },
		{ "limits.process", s->limit_process <= INT_MAX, "takes at most 2147483647" },
		{ "limits.cgroup", s->limit_cgroup <= INT_MAX, "takes at most 2147483647" },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].fits)
			continue;
		log_error("%s%s %s", config_place(s->memory, checks[i].key), checks[i].key,
			  checks[i].why);
		return CLI_USAGE;
	}
	if (!o->limits_given[0])
		o->volume.limit_process = (uint32_t)s->limit_process;
	if (!o->limits_given[1])
		o->volume.limit_cgroup = (uint32_t)s->limit_cgroup;
	if (!o->volume.ring_process_bytes)
		o->volume.ring_process_bytes = (uint32_t)s->ring_process;
	if (!o->volume.ring_bulk_bytes)
		o->volume.ring_bulk_bytes = (uint32_t)s->ring_bulk;
	return CLI_OK;
}

/* take_events - which events there are: paths to watch, variables to tell */
static int take_events(struct session_options *o, const struct settings *s) {
	const char *bad = "";

	for (int i = 0; i < s->n_watch; i++) {
		if (!watch_add(&o->watch, s->watch[i]))
			continue;
		log_error("%s\"%s\" is no path to watch", config_place(s->memory, s->watch[i]),
			  s->watch[i]);
		return CLI_USAGE;
	}
	if (s->env && !o->env_given && environment_set(&o->env, s->env, &bad)) {
		log_error("%s\"%.*s\" is no variable to tell; see --env",
			  config_place(s->memory, s->env), (int)strcspn(bad, ","), bad);
		return CLI_USAGE;
	}
	if (!o->hash_given)
		o->hash_rate = s->hash_rate;
	return CLI_OK;
}

/* take_places - where events go; what the command line says takes the place of all in the file */
static int take_places(struct session_options *o, const struct settings *s) {
	struct export_options given = o->export;
	enum output_format format;

	o->export = s->export;
	if (o->spool)
		o->export.folder = given.folder;
	if (o->n_outputs || given.n_sinks) {
		memcpy(o->export.sinks, given.sinks, sizeof(given.sinks));
		o->export.n_sinks = given.n_sinks;
		return CLI_OK;
	}
	for (int i = 0; i < s->n_outputs; i++) {
		o->outputs[o->n_outputs++] = s->outputs[i];
		if (output_place(s->outputs[i], &format))
			continue;
		log_error("%s\"%s\" is no output; write FORMAT:FILE, as in text:-",
			  config_place(s->memory, s->outputs[i]), s->outputs[i]);
		return CLI_USAGE;
	}
	return CLI_OK;
}

static int take_desk(struct session_options *o, const struct settings *s) {
	if (!o->desk.folder)
		o->desk.folder = s->desk.folder;
	if (!o->desk.listen)
		o->desk.listen = s->desk.listen;
	if (!s->desk.listen || o->desk.listen != s->desk.listen || !desk_check(s->desk.listen))
		return CLI_OK;
	log_error("%s\"%s\" is no address and port, such as 127.0.0.1:9467",
		  config_place(s->memory, s->desk.listen), s->desk.listen);
	return CLI_USAGE;
}

static int take_rest(struct session_options *o, const struct settings *s) {
	for (int i = 0; !o->n_rules && !o->no_rules && i < s->n_rules; i++)
		o->rules[i] = s->rules[i];
	if (!o->n_rules && !o->no_rules)
		o->n_rules = (size_t)s->n_rules;
	o->detect.strict |= s->strict_rules;
	if (o->hooks == PROBE_HOOKS_AUTO)
		o->hooks = (enum probe_hooks)s->hooks;
	o->content.toll = (struct toll_limits){ .budget_ppm = s->hooks_budget,
						.calm_ms = s->hooks_calm_s * 1000,
						.cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) };
	return CLI_OK;
}

/* take_names - of whom it is asked who containers are; a sensor that does little does not */
static int take_names(struct session_options *o, const struct settings *s) {
	const char *bad = NULL, *why;

	o->whois = (struct whois_options){ .on = s->ask && o->beat.level < GUARD_CORE,
					   .sources = s->sources,
					   .n_sources = (size_t)s->n_sources,
					   .labels = s->labels,
					   .n_labels = (size_t)s->n_labels,
					   .node = s->node,
					   .token = s->token,
					   .ca = s->ca };
	if (!whois_check(&o->whois, &bad, &why))
		return CLI_OK;
	log_error("%scontainers.sources: \"%s\": %s", config_place(s->memory, bad), bad, why);
	return CLI_USAGE;
}

/* take_content - content by bundles, unless rules were named, which then are what runs */
static int take_content(struct session_options *o, const struct settings *s) {
	const struct settings_content *c = &s->content;
	struct live_options *l = &o->content;
	const char *why, *bad;
	char key[32];

	l->off = o->no_rules || o->n_rules;
	l->updater = (struct updater_options){ .folder = c->folder,
					       .source = c->source,
					       .ca = c->ca,
					       .tapes = c->tapes,
					       .poll_ms = c->poll_ms,
					       .limits = { .control_ms = c->control_ms,
							   .shadow_ms = c->shadow_ms,
							   .shadow_events = c->shadow_events,
							   .probation_ms = c->probation_ms,
							   .lag_ms = c->lag_ms,
							   .cpus = (uint32_t)sysconf(
								   _SC_NPROCESSORS_ONLN) } };
	if (settings_policy(c, &l->updater.policy, &bad)) {
		(void)snprintf(key, sizeof(key), "content.%s", bad);
		log_error("%s%s %s", config_place(s->memory, key), key,
			  !strcmp(bad, "exact") ? "takes the hash of a bundle, as `lapwing bundle "
						  "inspect` shows it"
			  : !strcmp(bad, "part") ? "is one of two to nine parts, as in 2/3"
						 : "is too long, or no word");
		return CLI_USAGE;
	}
	if (c->source && fetch_source(c->source, &why)) {
		log_error("%scontent.source \"%s\": %s", config_place(s->memory, c->source),
			  c->source, why);
		return CLI_USAGE;
	}
	return CLI_OK;
}

int configured_take(struct session_options *o, const struct settings *s, bool content) {
	static int (*const takes[])(struct session_options *, const struct settings *) = {
		take_volume, take_events, take_places, take_desk, take_rest, take_names,
	};
	int code = CLI_OK;

	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]) && !code; i++)
		code = takes[i](o, s);
	return code || !content ? code : take_content(o, s);
}

/* check_files - what the file names must be there; the sensor itself runs on without some of it */
static int check_files(const struct settings *s) {
	const char *const files[] = { s->token, s->ca, s->content.ca };
	int code = CLI_OK;

	for (int i = 0; i < s->n_rules; i++) {
		if (!access(s->rules[i], R_OK))
			continue;
		log_error("%srules: \"%s\": %s", config_place(s->memory, s->rules[i]),
			  s->rules[i], strerror(errno));
		code = CLI_FAILURE;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!files[i] || !access(files[i], R_OK))
			continue;
		log_error("%s\"%s\" cannot be read: %s", config_place(s->memory, files[i]),
			  files[i], strerror(errno));
		code = CLI_FAILURE;
	}
	return code;
}

int configured_check(const struct settings *s) {
	struct session_options o = sensor_options();
	int code = configured_take(&o, s, true);

	if (!code)
		code = cli_fault(export_check(&s->export));
	return code ? code : check_files(s);
}
