/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - how the sensor is; the ledger: for each sink, what was produced, acknowledged, waits,
 * and was dropped; and what the rules were asked, found and took
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/export.h"
#include "app/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/sensor_state.h"
#include "cli/status_rules.h"
#include "spool/status.h"

extern const struct command command_status;

static void print_size(uint64_t bytes) {
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes;
	int i = 0;

	for (; v >= 1024 && i < 4; i++)
		v /= 1024;
	(void)printf("%.*f %s", i ? 1 : 0, v, units[i]);
}

static void print_ago(const char *what, uint64_t wall_ns) {
	uint64_t now = (uint64_t)time(NULL), then = wall_ns / 1000000000u;

	(void)printf(", %s %" PRIu64 " s ago", what, now > then ? now - then : 0);
}

static void print_ledger(const struct spool_ledger *l) {
	const struct cursor *c = &l->cursor;
	uint64_t lag_ns = spool_ledger_lag_ns(l, clock_ns(CLOCK_REALTIME));

	if (l->damaged) {
		(void)printf("\nsink %s: its cursor cannot be read\n", l->name);
		return;
	}
	(void)printf("\nsink %s\n  %" PRIu64 " produced = %" PRIu64 " acknowledged + %" PRIu64
		     " pending + %" PRIu64 " dropped\n", l->name, l->produced, c->acked, l->pending,
		     l->dropped);
	for (int i = 0; i < SPOOL_CAUSES; i++)
		if (c->dropped[i])
			(void)printf("    %" PRIu64 " %s\n", c->dropped[i],
				     spool_cause_name((enum spool_cause)i));
	(void)printf("  %s", !l->active ? "nobody delivers" : c->failed_ns ? "FAILING" : "ok");
	if (c->failed_ns)
		print_ago("since", c->failed_ns);
	if (c->acked_ns)
		print_ago("last acknowledged", c->acked_ns);
	if (lag_ns >= 1000000000u)
		(void)printf(", %" PRIu64 " s behind", lag_ns / 1000000000u);
	(void)printf("\n");
	if (c->why[0])
		(void)printf("  %s\n", c->why);
}

static void print_text(const char *folder, const struct spool_status *s,
		       const struct spool_ledger *ledgers, size_t n) {
	(void)printf("spool %s: ", folder);
	print_size(s->bytes);
	(void)printf(" in %u segments, %u gaps; ", s->segments, s->gaps);
	if (s->kept) {
		print_size(s->kept_bytes);
		(void)printf(" more kept to look back; ");
	}
	(void)printf("the last event is %" PRIu64 "; %s\n", s->seq,
		     s->running ? "the sensor runs" : "no sensor runs");
	if (s->head_damaged)
		(void)printf("its head is damaged: what is pending is not known until the sensor "
			     "runs again\n");
	for (size_t i = 0; i < n; i++)
		print_ledger(&ledgers[i]);
}

/* print_string - JSON; what a receiver said is in it */
static void print_string(const char *s) {
	(void)putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == '"' || c == '\\' || c > 0x7e)
			(void)printf("\\u%04x", c);
		else
			(void)putchar(c);
	}
	(void)putchar('"');
}

static void print_json_ledger(const struct spool_ledger *l) {
	const struct cursor *c = &l->cursor;

	(void)printf("{\"sink\":\"%s\",\"active\":%s,\"damaged\":%s", l->name,
		     l->active ? "true" : "false", l->damaged ? "true" : "false");
	if (!l->damaged) {
		(void)printf(",\"produced\":%" PRIu64 ",\"acknowledged\":%" PRIu64
			     ",\"pending\":%" PRIu64 ",\"lag_s\":%.3f,\"dropped\":{",
			     l->produced, c->acked, l->pending,
			     (double)spool_ledger_lag_ns(l, clock_ns(CLOCK_REALTIME)) / 1e9);
		for (int i = 0; i < SPOOL_CAUSES; i++)
			(void)printf("%s\"%s\":%" PRIu64, i ? "," : "",
				     spool_cause_name((enum spool_cause)i), c->dropped[i]);
		(void)printf("},\"failing\":%s,\"failures\":%" PRIu64 ",\"why\":",
			     c->failed_ns ? "true" : "false", c->failures);
		print_string(c->why);
	}
	(void)printf("}");
}

/* print_rules - as text (1: the costliest, 2: all), or as JSON (0) */
static void print_rules(const char *folder, int form) {
	struct buf out = { 0 };

	if (form)
		status_rules_text(&out, folder, form > 1);
	else
		status_rules_json(&out, folder);
	cli_print(stdout, &out);
	buf_done(&out);
}

static void print_json(const struct spool_status *s, const struct spool_ledger *ledgers, size_t n) {
	(void)printf(",\"running\":%s,\"seq\":%" PRIu64 ",\"bytes\":%" PRIu64
		     ",\"segments\":%u,\"gaps\":%u,\"kept_bytes\":%" PRIu64
		     ",\"kept\":%u,\"sinks\":[",
		     s->running ? "true" : "false", s->seq, s->bytes, s->segments, s->gaps,
		     s->kept_bytes, s->kept);
	for (size_t i = 0; i < n; i++) {
		if (i)
			(void)putchar(',');
		print_json_ledger(&ledgers[i]);
	}
	(void)printf("]");
}

/* What there is to tell; what is not there is NULL, or has no folder. */
struct found {
	const struct vitals *vitals;
	bool running;
	const char *run_folder, *spool;
	struct spool_status status;
	struct spool_ledger *ledgers;
	size_t n;
};

enum form { FORM_TEXT, FORM_ALL_RULES, FORM_JSON, FORM_METRICS };

static void print_found(const struct found *f, enum form form) {
	struct metrics_spool m = { f->status, f->ledgers, f->n };
	struct buf out = { 0 };

	if (form == FORM_JSON)
		buf_add_lit(&out, "{\"sensor\":");
	if (form == FORM_METRICS && f->vitals)
		metrics_write(&out, f->vitals, f->spool ? &m : NULL, clock_ns(CLOCK_BOOTTIME),
			      clock_ns(CLOCK_REALTIME));
	else if (form == FORM_JSON && f->vitals)
		sensor_state_json(&out, f->vitals, f->running);
	else if (form == FORM_JSON)
		buf_add_lit(&out, "null");
	else if (f->vitals)
		sensor_state_text(&out, f->vitals, f->running);
	(void)fwrite(out.data, 1, out.len, stdout);
	buf_done(&out);
	if (form == FORM_JSON) {
		if (f->spool)
			print_json(&f->status, f->ledgers, f->n);
		(void)printf(",\"rules\":");
		print_rules(f->spool ? f->spool : f->run_folder, 0);
		(void)printf("}\n");
	} else if (form != FORM_METRICS) {
		if (f->spool)
			print_text(f->spool, &f->status, f->ledgers, f->n);
		print_rules(f->spool ? f->spool : f->run_folder, form == FORM_ALL_RULES ? 2 : 1);
	}
}

/*
 * look - for the sensor of @run_folder, and for the spool @folder; NULL: the sensor's own
 * CLI_OK, or the fault said: nothing is there, or not what was asked for.
 */
static int look(const char *run_folder, const char *folder, struct found *ret) {
	static struct vitals v;
	int no_sensor = sensor_state_read(run_folder, &v, &ret->running), err = 0;

	ret->run_folder = run_folder;
	if (!no_sensor)
		ret->vitals = &v;
	ret->spool = folder				  ? folder
		     : no_sensor			  ? EXPORT_FOLDER
		     : v.spool[0]			  ? v.spool
							  : NULL;
	if (ret->spool)
		err = spool_status(ret->spool, &ret->status, &ret->ledgers, &ret->n);
	if (!err)
		return CLI_OK;
	if (folder || err != -ENOENT || (no_sensor && no_sensor != -ENOENT))
		log_error("the spool \"%s\" cannot be read: %s", ret->spool,
			  err == -ENOENT ? "no sensor has used it yet" : strerror(-err));
	else if (no_sensor)
		log_error("no sensor has run with the run folder \"%s\" or the spool \"%s\"",
			  run_folder, ret->spool);
	ret->spool = NULL;
	return folder || no_sensor ? CLI_FAILURE : CLI_OK;
}

static int status_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "metrics", no_argument, NULL, 'm' },
		{ "rules", no_argument, NULL, 'r' },
		{ "spool", required_argument, NULL, 's' },
		{ "run-folder", required_argument, NULL, 'f' },
		{ 0 },
	};
	const char *folder = NULL, *run_folder = VITALS_FOLDER;
	enum form form = FORM_TEXT;
	struct found found = { 0 };
	int option, code;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_status);
		if (option == 'j')
			form = FORM_JSON;
		else if (option == 'm')
			form = FORM_METRICS;
		else if (option == 'r')
			form = form == FORM_TEXT ? FORM_ALL_RULES : form;
		else if (option == 's')
			folder = optarg;
		else if (option == 'f')
			run_folder = optarg;
		else
			return cli_bad_option(&command_status, argv, options, option);
	}
	if (argv[optind])
		return cli_misuse(&command_status, "\"%s\" is not an option", argv[optind]);
	code = look(run_folder, folder, &found);
	if (!code && form == FORM_METRICS && !found.vitals) {
		log_error("no sensor has run with the run folder \"%s\"", run_folder);
		code = CLI_FAILURE;
	}
	if (!code)
		print_found(&found, form);
	free(found.ledgers);
	return code ? code : fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}

const struct command command_status = {
	.name = "status",
	.summary = "how the sensor is, what it sees and costs, and what was delivered",
	.usage = "usage: lapwing status [--json | --metrics | --rules] [--spool DIR]\n"
		 "                      [--run-folder DIR]\n"
		 "\n"
		 "Shows the sensor: mode, coverage, content, events by kind, losses, what its\n"
		 "programs cost; the spool, and for each sink its ledger: produced =\n"
		 "acknowledged + pending + dropped, by cause; and how often rules were evaluated\n"
		 "and held, and their time.\n"
		 "It can be asked while the sensor runs, and when it does not.\n"
		 "\n"
		 "      --json            for programs\n"
		 "      --metrics         in Prometheus' text format, as /metrics has it\n"
		 "      --rules           every rule, and not only those that took the most time\n"
		 "      --spool DIR       the spool; else the sensor's, or " EXPORT_FOLDER "\n"
		 "      --run-folder DIR  the sensor's run folder, " VITALS_FOLDER " by default\n"
		 "\n"
		 "example: sudo lapwing status\n",
	.run = status_run,
};
