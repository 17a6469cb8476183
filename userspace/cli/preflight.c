/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preflight.c - what this kernel would let the sensor see, found out without attaching anything
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/sensor.h"

extern const struct command command_preflight;

struct survey {
	bool json;
	struct buf out;
	char deed[64]; /* the last one seen */
	bool covered;  /* it has a hook */
	int gaps;
	int n;
	struct progress progress;
};

static void close_deed(struct survey *s) {
	if (s->deed[0] && !s->covered)
		s->gaps++;
}

static void add_text(struct survey *s, const struct probe_way *w, bool first) {
	buf_addf(&s->out, "%-20s  %-30s  %-7s", first ? w->deed : "", w->hook,
		 w->chosen   ? "serves"
		 : w->usable ? "usable"
			     : "no");
	if (w->usable)
		buf_addf(&s->out, "  %7u  %7.1f%s%s\n", w->verified_insns, w->load_us / 1e3,
			 w->lacks ? "  degraded: " : "", w->lacks ? w->lacks : "");
	else
		buf_addf(&s->out, "  %7s  %7s  %s\n", "", "", w->why);
}

static void add_json(struct survey *s, const struct probe_way *w) {
	buf_addf(&s->out, "%s{\"deed\":\"%s\",\"hook\":\"%s\",\"usable\":%s,\"serves\":%s",
		 s->n ? ",\n  " : "\n  ", w->deed, w->hook, w->usable ? "true" : "false",
		 w->chosen ? "true" : "false");
	if (w->usable)
		buf_addf(&s->out, ",\"verified_insns\":%u,\"load_us\":%u,\"degraded\":\"%s\"}",
			 w->verified_insns, w->load_us, w->lacks ? w->lacks : "");
	else {
		buf_add_lit(&s->out, ",\"why\":\"");
		for (const char *p = w->why; *p; p++)
			buf_addf(&s->out, strchr("\"\\", *p) || *p < ' ' ? "\\u%04x" : "%c", *p);
		buf_add_lit(&s->out, "\"}");
	}
}

static void take_way(void *ctx, const struct probe_way *w) {
	struct survey *s = ctx;
	bool first = strcmp(s->deed, w->deed) != 0;

	if (first) {
		close_deed(s);
		(void)snprintf(s->deed, sizeof(s->deed), "%s", w->deed);
		s->covered = false;
	}
	s->covered |= w->chosen;
	if (s->json)
		add_json(s, w);
	else
		add_text(s, w, first);
	s->n++;
	progress_tell(&s->progress, (uint64_t)s->n, clock_ns(CLOCK_MONOTONIC));
}

static int survey_print(struct survey *s, const struct utsname *un) {
	close_deed(s);
	if (buf_error(&s->out)) {
		log_error("there is not enough memory");
		return CLI_FAILURE;
	}
	if (s->json)
		(void)printf("{\"kernel\":\"%s\",\"arch\":\"%s\",\"ways\":[%.*s\n]}\n", un->release,
			     un->machine, (int)s->out.len, s->out.data);
	else
		(void)printf("Linux %s, %s\n%-20s  %-30s  %-7s  %7s  %7s\n%.*s", un->release,
			     un->machine, "deed", "hook", "", "insns", "ms", (int)s->out.len,
			     s->out.data);
	buf_done(&s->out);
	if (s->gaps)
		log_warn("%d deeds are not covered on this kernel", s->gaps);
	return s->gaps ? CLI_FAILURE : CLI_OK;
}

static int preflight_run(int argc, char **argv) {
	enum { OPTION_JSON = SENSOR_OWN };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "hooks", required_argument, NULL, SENSOR_HOOKS },
		{ 0 },
	};
	struct session_options o = sensor_options();
	struct survey s = { 0 };
	struct probe_options po = { 0 };
	struct utsname un;
	const char *why = "";
	int option, code = CLI_OK;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, "+:h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_preflight);
		if (option == OPTION_JSON)
			s.json = true;
		else
			code = sensor_option(&command_preflight, option, &o);
		if (code < 0)
			return cli_bad_option(&command_preflight, argv, options, option);
		if (code)
			return code;
	}
	if (argv[optind])
		return cli_misuse(&command_preflight, "\"%s\" is not an option", argv[optind]);
	if (probe_check(&why)) {
		log_error("%s", why);
		return CLI_FAILURE;
	}
	po.hooks = o.hooks;
	po.volume = o.volume;
	po.env = &o.env;
	(void)uname(&un);
	progress_begin(&s.progress, STDERR_FILENO, "hooks", probe_ways());
	(void)probe_preflight(&po, take_way, &s);
	progress_end(&s.progress);
	return survey_print(&s, &un);
}

const struct command command_preflight = {
	.name = "preflight",
	.summary = "show which hook would serve each deed here; attaches nothing",
	.usage =
		"usage: lapwing preflight [--json] [--hooks auto|lsm|tracepoint]\n"
		"\n"
		"Loads each hook's program alone, with the kernel's own verifier, and unloads it:\n"
		"the deed, the hooks that could serve it (best first), why the better ones do\n"
		"not, the verifier's instruction count and the time to load. Exit code 1 when a\n"
		"deed has no hook at all.\n"
		"\n"
		"example: sudo lapwing preflight\n",
	.run = preflight_run,
};
