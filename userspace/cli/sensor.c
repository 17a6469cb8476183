/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sensor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/rules.h"
#include "base/log.h"
#include "base/quantity.h"
#include "cli/configured.h"
#include "sink/output.h"
#include "sink/sink.h"

struct session_options sensor_options(void) {
	struct session_options o = { .color = -1, .ready_fd = -1, .summary = true,
				     .beat = beat_defaults(),
				     .volume.limit_process = SESSION_LIMIT_PROCESS,
				     .export = export_defaults() };

	watch_default(&o.watch);
	environment_default(&o.env);
	return o;
}

int sensor_number(const struct command *c, const char *option, const char *text, long min, long max,
		  long *ret) {
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (errno || end == text || *end || v < min || v > max)
		return cli_misuse(c, "%s takes a whole number from %ld to %ld, not \"%s\"", option,
				  min, max, text);
	*ret = v;
	return CLI_OK;
}

static int take_hooks(const struct command *c, struct session_options *o) {
	static const char *const words[] = { "auto", "lsm", "tracepoint", "none" };

	for (int i = 0; i < 4; i++) {
		if (!strcmp(optarg, words[i])) {
			o->hooks = (enum probe_hooks)i;
			return CLI_OK;
		}
	}
	return cli_misuse(c, "--hooks takes auto, lsm, tracepoint or none, not \"%s\"", optarg);
}

static int take_color(const struct command *c, struct session_options *o) {
	bool on;

	if (cli_color(optarg, STDOUT_FILENO, &on))
		return cli_misuse(c, "--color takes auto, always or never, not \"%s\"", optarg);
	o->color = !strcmp(optarg, "auto") ? -1 : on;
	return CLI_OK;
}

/* is_sink - whether an output is one that acknowledges, and not text:, json: or proto: */
static bool is_sink(const char *spec) {
	char scheme[32];
	size_t n = strcspn(spec, ":");

	if (!spec[n] || n >= sizeof(scheme))
		return false;
	(void)snprintf(scheme, sizeof(scheme), "%.*s", (int)n, spec);
	return sink_type(scheme) != NULL;
}

/* no_output - the answer to an output that is neither FORMAT:PLACE nor a sink */
static int no_output(const struct command *c, const char *spec) {
	static const char *const formats[] = { "text", "json", "proto", "ocsf", "ecs" };
	const char *words[32], *near;
	size_t n = 0, n_types;
	const struct sink_type *const *types = sink_types(&n_types);
	char word[32];

	for (; n < sizeof(formats) / sizeof(formats[0]); n++)
		words[n] = formats[n];
	for (size_t i = 0; i < n_types && n < 32; i++)
		words[n++] = types[i]->scheme;
	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(spec, ":"), spec);
	near = spec[strlen(word)] == ':' ? cli_nearest(word, words, n) : NULL;
	if (near)
		return cli_misuse(c, "output \"%s\" names neither a format nor a sink; did you "
				  "mean \"%s:\"?", spec, near);
	return cli_misuse(c, "output \"%s\" names neither a format nor a sink; write for example "
			  "\"json:-\", \"proto:events.pb\" or \"file:/PATH\"", spec);
}

static int add_sink(const struct command *c, struct session_options *o, const char *url) {
	if (o->export.n_sinks == EXPORT_SINKS)
		return cli_misuse(c, "at most %d sinks", EXPORT_SINKS);
	o->export.sinks[o->export.n_sinks++].url = url;
	return CLI_OK;
}

static int take_log(const struct command *c, struct session_options *o) {
	static struct follow logs;
	int err = follow_add(&logs, optarg);

	o->logs = &logs;
	if (err == -E2BIG)
		return cli_misuse(c, "at most %d times --log", FOLLOW_FILES);
	if (err)
		return cli_misuse(c, "--log takes NAME=PATH with an absolute path, or "
				  "NAME=journal:, not \"%s\"",
				  optarg);
	return CLI_OK;
}

static int take_watch(const struct command *c, struct session_options *o) {
	int err = watch_add(&o->watch, optarg);

	if (err == -E2BIG)
		return cli_misuse(c, "at most %d watched paths; name their folder instead",
				  WATCH_PATHS);
	if (err)
		return cli_misuse(c,
				  "--watch takes an absolute path without a slash at its end, "
				  "the last name of at most %d bytes, not \"%s\"",
				  KNOBS_WATCH_NAME - 2, optarg);
	return CLI_OK;
}

static int take_env(const struct command *c, struct session_options *o) {
	const char *bad = "";
	int err = environment_set(&o->env, optarg, &bad), n = (int)strcspn(bad, ",");

	o->env_given = true;
	if (err == -E2BIG)
		return cli_misuse(c, "at most %d variables", KNOBS_ENV_NAMES);
	if (err)
		return cli_misuse(c,
				  "--env takes names of %d to %d letters, digits and _, a * behind "
				  "those that only begin so, commas between; not \"%.*s\"",
				  ENVIRONMENT_NAME_MIN, ENVIRONMENT_NAME_MAX, n, bad);
	return CLI_OK;
}

static int take_limit(const struct command *c, const char *option, uint32_t *ret, bool *given) {
	long n;
	int code = sensor_number(c, option, optarg, 0, INT_MAX, &n);

	if (!code)
		*ret = (uint32_t)n;
	*given |= !code;
	return code;
}

static int take_ring(const struct command *c, const char *option, uint32_t *ret) {
	uint64_t n;

	if (quantity_bytes(optarg, &n) || !probe_ring_fits(n))
		return cli_misuse(c, "%s takes a power of two from 64KiB to 1GiB, not \"%s\"",
				  option, optarg);
	*ret = (uint32_t)n;
	return CLI_OK;
}

static int take_output(const struct command *c, struct session_options *o) {
	enum output_format format;

	if (is_sink(optarg))
		return add_sink(c, o, optarg);
	if (!output_place(optarg, &format))
		return no_output(c, optarg);
	if (o->n_outputs == CORRIDOR_OUTPUTS)
		return cli_misuse(c, "at most %d outputs", CORRIDOR_OUTPUTS);
	o->outputs[o->n_outputs++] = optarg;
	return CLI_OK;
}

int sensor_option(const struct command *c, int option, struct session_options *o) {
	long n;
	int code;

	switch (option) {
	case 'o':
		return take_output(c, o);
	case SENSOR_CONFIG:
		o->config = optarg;
		return CLI_OK;
	case SENSOR_SPOOL:
		o->export.folder = optarg;
		o->spool = true;
		return CLI_OK;
	case SENSOR_RUN_FOLDER:
		o->desk.folder = optarg;
		return CLI_OK;
	case SENSOR_LISTEN:
		o->desk.listen = optarg;
		return CLI_OK;
	case SENSOR_HOOKS:
		return take_hooks(c, o);
	case SENSOR_RULES:
		if (o->n_rules == SESSION_RULES)
			return cli_misuse(c, "at most %d times --rules; name a folder instead",
					  SESSION_RULES);
		o->rules[o->n_rules++] = optarg;
		return CLI_OK;
	case SENSOR_NO_RULES:
		o->no_rules = true;
		return CLI_OK;
	case SENSOR_STRICT:
		o->detect.strict = true;
		return CLI_OK;
	case SENSOR_TAPE:
		o->tape = optarg;
		return CLI_OK;
	case SENSOR_COLOR:
		return take_color(c, o);
	case SENSOR_LOG:
		return take_log(c, o);
	case SENSOR_WATCH:
		return take_watch(c, o);
	case SENSOR_ENV:
		return take_env(c, o);
	case SENSOR_HASH_RATE:
		o->hash_given = true;
		return quantity_bytes(optarg, &o->hash_rate)
			       ? cli_misuse(c, "--hash-rate takes a size, such as 8MiB, not \"%s\"",
					    optarg)
			       : CLI_OK;
	case SENSOR_LIMIT_PROCESS:
		return take_limit(c, "--limit-process", &o->volume.limit_process,
				  &o->limits_given[0]);
	case SENSOR_LIMIT_CGROUP:
		return take_limit(c, "--limit-cgroup", &o->volume.limit_cgroup,
				  &o->limits_given[1]);
	case SENSOR_RING_PROCESS:
		return take_ring(c, "--ring-process", &o->volume.ring_process_bytes);
	case SENSOR_RING_BULK:
		return take_ring(c, "--ring-bulk", &o->volume.ring_bulk_bytes);
	case SENSOR_READY_FD:
		code = sensor_number(c, "--ready-fd", optarg, 0, 1 << 20, &n);
		if (!code)
			o->ready_fd = (int)n;
		return code;
	default:
		return rules_select(c, option, &o->detect);
	}
}

/* read_settings - of a file that was named, or for `run` the one that may be there */
static int read_settings(const struct command *c, struct session_options *o) {
	static struct settings s; /* its texts are used to the end */
	int code;

	o->content.off = true;
	if (!o->config && strcmp(c->name, "run") != 0)
		return CLI_OK;
	code = cli_fault(settings_read(o->config, &s));
	return code ? code : configured_take(o, &s, !strcmp(c->name, "run"));
}

/* one_writer - of standard output: lines of two processes would be mixed */
static int one_writer(const struct command *c, const struct session_options *o) {
	unsigned n_sinks = 0, n_outputs = 0;
	enum output_format format;

	for (unsigned i = 0; i < o->export.n_sinks; i++)
		n_sinks += !strncmp(o->export.sinks[i].url, "stdout:", 7);
	for (int i = 0; i < o->n_outputs; i++) {
		const char *place = output_place(o->outputs[i], &format);

		n_outputs += place && (!strcmp(place, "-") || !strcmp(place, "/dev/stdout"));
	}
	if (!n_sinks || n_sinks + n_outputs < 2)
		return CLI_OK;
	return cli_misuse(c, "the sink \"stdout:\" has standard output for itself; send others to "
			  "a file");
}

int sensor_finish(const struct command *c, struct session_options *o) {
	const char *shipped = rules_default();
	int code = read_settings(c, o);

	if (code)
		return code;

	if (o->no_rules && o->n_rules)
		return cli_misuse(c, "--rules and --no-rules exclude each other");
	if (!o->no_rules && !o->n_rules && shipped)
		o->rules[o->n_rules++] = shipped;
	else if (!o->no_rules && !o->n_rules)
		log_warn("no rules are installed, and no --rules given: nothing will be detected, "
			 "continuing");
	o->content.last_good |= o->beat.level >= GUARD_LAST_GOOD;
	o->content.off |= o->beat.level >= GUARD_CORE;
	if (o->beat.level >= GUARD_CORE)
		o->n_rules = 0;
	o->content.rules = o->content.updater.rules = o->rules;
	o->content.n_rules = o->content.updater.n_rules = o->n_rules;
	o->content.detect = o->detect;
	if (!o->n_outputs && !o->export.n_sinks && !o->spool)
		o->outputs[o->n_outputs++] = "text:-";
	code = one_writer(c, o);
	if (code)
		return code;
	if (o->color < 0 && getenv("NO_COLOR") && *getenv("NO_COLOR"))
		o->color = 0;
	return CLI_OK;
}
