/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - the ledger: for each sink, what was produced, acknowledged, waits, and was dropped;
 * and what the rules were asked, found and took
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/export.h"
#include "base/log.h"
#include "cli/cli.h"
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
	(void)printf("\n");
	if (c->why[0])
		(void)printf("  %s\n", c->why);
}

static void print_text(const char *folder, const struct spool_status *s,
		       const struct spool_ledger *ledgers, size_t n) {
	(void)printf("spool %s: ", folder);
	print_size(s->bytes);
	(void)printf(" in %u segments, %u gaps; the last event is %" PRIu64 "; %s\n", s->segments,
		     s->gaps, s->seq, s->running ? "the sensor runs" : "no sensor runs");
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
			     ",\"pending\":%" PRIu64 ",\"dropped\":{",
			     l->produced, c->acked, l->pending);
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
	(void)printf("%.*s", (int)out.len, out.len ? out.data : "");
	buf_done(&out);
}

static void print_json(const char *folder, const struct spool_status *s,
		       const struct spool_ledger *ledgers, size_t n) {
	(void)printf("{\"running\":%s,\"seq\":%" PRIu64 ",\"bytes\":%" PRIu64
		     ",\"segments\":%u,\"gaps\":%u,\"sinks\":[",
		     s->running ? "true" : "false", s->seq, s->bytes, s->segments, s->gaps);
	for (size_t i = 0; i < n; i++) {
		if (i)
			(void)putchar(',');
		print_json_ledger(&ledgers[i]);
	}
	(void)printf("],\"rules\":");
	print_rules(folder, 0);
	(void)printf("}\n");
}

static int status_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "rules", no_argument, NULL, 'r' },
		{ "spool", required_argument, NULL, 's' },
		{ 0 },
	};
	const char *folder = EXPORT_FOLDER;
	struct spool_ledger *ledgers;
	struct spool_status status;
	bool json = false, all = false;
	int option, err;
	size_t n;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return cli_help(&command_status);
		if (option == 'j')
			json = true;
		else if (option == 'r')
			all = true;
		else if (option == 's')
			folder = optarg;
		else
			return cli_bad_option(&command_status, argv, options, option);
	}
	if (argv[optind])
		return cli_misuse(&command_status, "\"%s\" is not an option", argv[optind]);
	err = spool_status(folder, &status, &ledgers, &n);
	if (err) {
		log_error("the spool \"%s\" cannot be read: %s", folder,
			  err == -ENOENT ? "no sensor has used it yet" : strerror(-err));
		return CLI_FAILURE;
	}
	if (json)
		print_json(folder, &status, ledgers, n);
	else
		print_text(folder, &status, ledgers, n);
	if (!json)
		print_rules(folder, all ? 2 : 1);
	free(ledgers);
	return fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}

const struct command command_status = {
	.name = "status",
	.summary = "what was delivered, what waits, what was dropped, what rules cost",
	.usage = "usage: lapwing status [--json] [--rules] [--spool DIR]\n"
		 "\n"
		 "Shows the spool, and for each sink its ledger: produced = acknowledged +\n"
		 "pending + dropped, by cause; and how often rules were evaluated and held, and\n"
		 "their time. It can be asked while the sensor runs, and when it does not.\n"
		 "\n"
		 "      --json         for programs\n"
		 "      --rules        every rule, and not only those that took the most time\n"
		 "      --spool DIR    the spool, " EXPORT_FOLDER " by default\n"
		 "\n"
		 "example: sudo lapwing status\n",
	.run = status_run,
};
