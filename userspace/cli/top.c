/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top.c - the sensor, live: rates, losses, detections, what hooks and rules cost, what waits
 *
 * It looks at the page that the sensor writes, and at the spool, so it costs the sensor nothing.
 * ncurses draws, and is opened by name: no other command maps it.
 */
#define NCURSES_NOMACROS 1 /* functions can be looked up */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/tally.h"
#include "base/clock.h"
#include "base/library.h"
#include "base/log.h"
#include "cli/sensor_state.h"
#include "cli/sensor.h"
#include "cli/status_rules.h"
#include "encode/text.h"
#include "event/word.h"
#include "spool/status.h"

#define LIBRARY "libncursesw.so.6"
#define ROWS_KINDS 8
#define ROWS_BUSY 6
#define ROWS_PROGRAMS 6
#define ROWS_RULES 5

extern const struct command command_top;

static struct {
	__typeof__(initscr) *initscr;
	__typeof__(endwin) *endwin;
	__typeof__(cbreak) *cbreak;
	__typeof__(noecho) *noecho;
	__typeof__(curs_set) *curs_set;
	__typeof__(wtimeout) *wtimeout;
	__typeof__(wgetch) *wgetch;
	__typeof__(keypad) *keypad;
	__typeof__(werase) *werase;
	__typeof__(mvwaddnstr) *mvwaddnstr;
	__typeof__(getmaxx) *getmaxx;
	__typeof__(getmaxy) *getmaxy;
	void *library;
} nc;

static int load(const char **why) {
	static const struct library_call calls[] = {
		{ "initscr", &nc.initscr },
		{ "endwin", &nc.endwin },
		{ "cbreak", &nc.cbreak },
		{ "noecho", &nc.noecho },
		{ "curs_set", &nc.curs_set },
		{ "wtimeout", &nc.wtimeout },
		{ "wgetch", &nc.wgetch },
		{ "keypad", &nc.keypad },
		{ "werase", &nc.werase },
		{ "mvwaddnstr", &nc.mvwaddnstr },
		{ "getmaxx", &nc.getmaxx },
		{ "getmaxy", &nc.getmaxy },
		{ NULL, NULL },
	};

	return library_load(LIBRARY, "libncursesw6", calls, &nc.library, why);
}

/* --- a frame ---------------------------------------------------------------------------------- */

/* What is compared: the page as it was, and as it is. */
struct looking {
	const char *folder;
	struct vitals was, is;
	double seconds; /* between the two */
	bool running;
};

static double rate(const struct looking *l, uint64_t was, uint64_t is) {
	return is > was ? (double)(is - was) / l->seconds : 0;
}

static void add_head(struct buf *out, const struct looking *l) {
	struct vitals_verdict verdict = vitals_judge(&l->is, clock_ns(CLOCK_BOOTTIME));
	uint64_t lost = 0, was_lost = 0;

	for (uint32_t cause = 0; cause < VITALS_CAUSES; cause++) {
		lost += vitals_lost(&l->is, cause);
		was_lost += vitals_lost(&l->was, cause);
	}
	buf_addf(out, "lapwing %s  %s, mode %s, coverage %s  CPU %.1f %%  %.1f MB\n",
		 l->is.version,
		 !l->running ? "NOT RUNNING" : verdict.ready ? "healthy" : verdict.why, l->is.mode,
		 l->is.coverage, rate(l, l->was.cpu_ns, l->is.cpu_ns) / 1e7,
		 (double)l->is.resident_bytes / 1e6);
	buf_addf(out, "records %.1f/s  lost %.1f/s, %" PRIu64 " in all  detections %.1f/s, %" PRIu64
		 " in all\n",
		 rate(l, l->was.received, l->is.received), rate(l, was_lost, lost), lost,
		 rate(l, l->was.detections, l->is.detections), l->is.detections);
}

struct row {
	double key;
	uint64_t n;
	const char *name;
	double more;
};

static int by_key(const void *a, const void *b) {
	const struct row *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

static void add_kinds(struct buf *out, const struct looking *l) {
	struct row rows[WIRE_KIND_MAX];
	size_t n = 0;

	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++)
		if (l->is.events[kind])
			rows[n++] = (struct row){
				rate(l, l->was.events[kind], l->is.events[kind]),
				l->is.events[kind], event_kind_name(kind), 0
			};
	qsort(rows, n, sizeof(rows[0]), by_key);
	buf_addf(out, "\n%-24s %10s %14s\n", "EVENTS", "A SECOND", "IN ALL");
	for (size_t i = 0; i < n && i < ROWS_KINDS; i++)
		buf_addf(out, "%-24s %10.1f %14" PRIu64 "\n", rows[i].name, rows[i].key, rows[i].n);
}

/* add_container - "docker 0123456789ab": of an id as much as people use */
static void add_container(struct buf *out, const struct vitals_busy *row) {
	if (!row->container[0])
		return;
	buf_addf(out, "%s ", row->runtime);
	text_shown(out, (struct str){ row->container, (uint32_t)strnlen(row->container, 12) });
}

/* fill - spaces to the end of the first column, which began at @at */
static void fill(struct buf *out, size_t at) {
	while (out->len < at + 24 && !buf_error(out))
		buf_add_char(out, ' ');
}

static void add_busy(struct buf *out, const struct looking *l) {
	const struct vitals *v = &l->is;
	double seconds = v->busy_ns ? (double)v->busy_ns / 1e9 : 1;

	if (!l->running)
		return;
	buf_addf(out, "\n%-24s %10s %14s  %s\n", "PROCESSES", "A SECOND", "PID", "CONTAINER");
	for (uint32_t i = 0; i < v->n_processes && i < ROWS_BUSY; i++) {
		size_t at = out->len;

		text_shown(out, str_of(v->processes[i].name));
		fill(out, at);
		buf_addf(out, " %10.1f %14u  ", (double)v->processes[i].events / seconds,
			 v->processes[i].pid);
		add_container(out, &v->processes[i]);
		buf_add_char(out, '\n');
	}
	if (v->n_containers)
		buf_addf(out, "\n%-24s %10s\n", "CONTAINERS", "A SECOND");
	for (uint32_t i = 0; i < v->n_containers && i < ROWS_BUSY; i++) {
		size_t at = out->len;

		add_container(out, &v->containers[i]);
		fill(out, at);
		buf_addf(out, " %10.1f  ", (double)v->containers[i].events / seconds);
		text_shown(out, str_of(v->containers[i].name));
		buf_add_char(out, '\n');
	}
}

static void add_programs(struct buf *out, const struct looking *l) {
	struct row rows[VITALS_PROGRAMS];
	size_t n = 0;

	for (uint32_t i = 0; i < l->is.n_programs; i++) {
		const struct vitals_program *p = &l->is.programs[i];

		if (p->runs)
			rows[n++] = (struct row){ (double)p->run_ns, p->runs, p->name,
						  (double)p->run_ns / (double)p->runs };
	}
	qsort(rows, n, sizeof(rows[0]), by_key);
	if (!l->is.bpf_stats && !n) {
		buf_add_lit(out, "\nHOOKS: " VITALS_UNCOUNTED "\n");
		return;
	}
	buf_addf(out, "\n%-24s %10s %14s%s\n", "HOOKS", "NS EACH", "RUNS",
		 l->is.bpf_stats ? "" : "  not counted now");
	for (size_t i = 0; i < n && i < ROWS_PROGRAMS; i++)
		buf_addf(out, "%-24s %10.0f %14" PRIu64 "\n", rows[i].name, rows[i].more,
			 rows[i].n);
}

/* counts - the folder where the sensor keeps what its rules count */
static const char *counts(const struct looking *l) {
	return l->is.spool[0] ? l->is.spool : l->folder;
}

static void add_rules(struct buf *out, const char *spool) {
	struct tally_row *rules;
	struct row *rows;
	size_t n;

	if (tally_read(spool, &rules, &n))
		return;
	rows = calloc(n + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < n; i++)
		rows[i] = (struct row){ (double)rules[i].ns, rules[i].hits, rules[i].title,
					(double)rules[i].ns / 1e6 };
	if (rows)
		qsort(rows, n, sizeof(*rows), by_key);
	buf_addf(out, "\n%-5s %10s %10s\n", "RULES", "MS IN ALL", "HITS");
	for (size_t i = 0; rows && i < n && i < ROWS_RULES && (rows[i].key > 0 || rows[i].n); i++) {
		buf_addf(out, "%16.2f %10" PRIu64 "  ", rows[i].more, rows[i].n);
		text_shown(out, str_of(rows[i].name));
		buf_add_char(out, '\n');
	}
	free(rows);
	free(rules);
}

static void add_sinks(struct buf *out, const char *spool) {
	struct spool_ledger *ledgers;
	struct spool_status status;
	size_t n;

	if (!*spool || spool_status(spool, &status, &ledgers, &n))
		return;
	buf_addf(out, "\n%-24s %10s %14s %10s %6s\n", "SINKS", "PENDING", "ACKNOWLEDGED", "DROPPED",
		 "LAG S");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%-24s %10" PRIu64 " %14" PRIu64 " %10" PRIu64 " %6" PRIu64 "%s\n",
			 ledgers[i].name, ledgers[i].pending, ledgers[i].cursor.acked,
			 ledgers[i].dropped,
			 spool_ledger_lag_ns(&ledgers[i], clock_ns(CLOCK_REALTIME)) / 1000000000u,
			 ledgers[i].cursor.failed_ns ? "  FAILING" : "");
	free(ledgers);
}

/* json_rates - what the picture says of the time between two looks */
static void json_rates(struct buf *out, const struct looking *l) {
	uint64_t lost = 0, was_lost = 0;
	bool any = false;

	for (uint32_t cause = 0; cause < VITALS_CAUSES; cause++) {
		lost += vitals_lost(&l->is, cause);
		was_lost += vitals_lost(&l->was, cause);
	}
	buf_addf(out, ",\"rates\":{\"seconds\":%.3f,\"records\":%.1f,\"lost\":%.1f,"
		      "\"detections\":%.1f,\"cpu_percent\":%.2f,\"events\":{",
		 l->seconds, rate(l, l->was.received, l->is.received), rate(l, was_lost, lost),
		 rate(l, l->was.detections, l->is.detections),
		 rate(l, l->was.cpu_ns, l->is.cpu_ns) / 1e7);
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++) {
		if (!l->is.events[kind])
			continue;
		buf_addf(out, "%s\"%s\":%.1f", any ? "," : "", event_kind_name(kind),
			 rate(l, l->was.events[kind], l->is.events[kind]));
		any = true;
	}
	buf_add_lit(out, "}}");
}

static void json_sinks(struct buf *out, const char *spool) {
	struct spool_ledger *ledgers = NULL;
	struct spool_status status;
	size_t n = 0;

	if (*spool && spool_status(spool, &status, &ledgers, &n))
		n = 0;
	buf_add_lit(out, ",\"sinks\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(out,
			 "%s{\"sink\":\"%s\",\"pending\":%" PRIu64 ",\"acknowledged\":%" PRIu64
			 ",\"dropped\":%" PRIu64 ",\"lag_s\":%.3f,\"failing\":%s}",
			 i ? "," : "", ledgers[i].name, ledgers[i].pending, ledgers[i].cursor.acked,
			 ledgers[i].dropped,
			 (double)spool_ledger_lag_ns(&ledgers[i], clock_ns(CLOCK_REALTIME)) / 1e9,
			 ledgers[i].cursor.failed_ns ? "true" : "false");
	buf_add_char(out, ']');
	free(ledgers);
}

static void add_json(struct buf *out, const struct looking *l) {
	sensor_state_json(out, &l->is, l->running);
	out->len -= out->len > 0; /* the object goes on */
	json_rates(out, l);
	json_sinks(out, l->is.spool);
	buf_add_lit(out, ",\"rules\":");
	status_rules_json(out, counts(l));
	buf_add_lit(out, "}\n");
}

static void add_frame(struct buf *out, const struct looking *l) {
	add_head(out, l);
	add_kinds(out, l);
	add_busy(out, l);
	add_sinks(out, l->is.spool);
	add_programs(out, l);
	add_rules(out, counts(l));
}

/* look - the next pair; -errno */
static int look(struct looking *l, uint64_t *ns) {
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	int err;

	l->was = l->is;
	err = sensor_state_read(l->folder, &l->is, &l->running);
	l->seconds = (double)(now - *ns) / 1e9;
	*ns = now;
	if (l->was.pid != l->is.pid)
		l->was = l->is; /* another sensor counts from 0 */
	return err;
}

/* draw - the lines of @frame from @first on, and how to see the others; a @first that has them */
static size_t draw(WINDOW *w, const struct buf *frame, size_t first) {
	const char *at = frame->data, *end = frame->data + frame->len;
	size_t rows = (size_t)nc.getmaxy(w), columns = (size_t)nc.getmaxx(w);
	size_t lines = 0, shown, last;
	char foot[80] = "q: leave";

	for (const char *c = at; c < end; c++)
		lines += *c == '\n';
	shown = rows > 2 ? rows - 1 : rows;
	last = lines > shown ? lines - shown : 0;
	first = first < last ? first : last;
	if (last)
		(void)snprintf(foot, sizeof(foot), "q: leave; up and down: lines %zu to %zu of %zu",
			       first + 1, first + shown, lines);
	(void)nc.werase(w);
	for (size_t y = 0; at < end && y < first + shown; y++) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)(nl - at);

		if (y >= first)
			(void)nc.mvwaddnstr(w, (int)(y - first), 0, at,
					    (int)(n < columns ? n : columns));
		at = nl + 1;
	}
	if (shown < rows)
		(void)nc.mvwaddnstr(w, (int)shown, 0, foot, (int)columns);
	return first;
}

/* go - the first line to be shown after @key; draw() sees to the last */
static size_t go(size_t first, int key, size_t page) {
	size_t step = key == KEY_NPAGE || key == KEY_PPAGE || key == ' ' ? page : 1;

	if (key == KEY_DOWN || key == KEY_NPAGE || key == ' ')
		return first + step;
	if (key == KEY_UP || key == KEY_PPAGE)
		return first > step ? first - step : 0;
	return first;
}

/* wait_out - what is left of the interval, where no key can come: the input is at its end */
static void wait_out(long interval_ms, uint64_t since_ns) {
	int64_t left_ns = (int64_t)(since_ns - clock_ns(CLOCK_BOOTTIME)) + interval_ms * 1000000;

	if (left_ns > 1000000)
		(void)usleep((useconds_t)(left_ns / 1000));
}

/* watch - until q; the screen is given back as it was */
static int watch(struct looking *l, long interval_ms, uint64_t ns) {
	struct buf frame = { 0 };
	size_t first = 0;
	WINDOW *w;
	const char *why;
	int err = 0, key = ERR;

	if (load(&why)) {
		log_error("it %s, or use --once", why);
		return CLI_FAILURE;
	}
	(void)setlocale(LC_CTYPE, "");
	w = nc.initscr();
	(void)nc.cbreak();
	(void)nc.noecho();
	(void)nc.curs_set(0);
	(void)nc.keypad(w, true);
	nc.wtimeout(w, (int)interval_ms);
	while (!err && key != 'q') {
		buf_reset(&frame);
		add_frame(&frame, l);
		if (!buf_error(&frame))
			first = draw(w, &frame, first);
		key = nc.wgetch(w); /* shows what was drawn, and waits */
		if (key == ERR) {   /* rates are of an interval, not of what a key leaves of it */
			wait_out(interval_ms, ns);
			err = look(l, &ns);
		}
		if (!err && key != ERR)
			first = go(first, key, (size_t)nc.getmaxy(w) - 1);
	}
	(void)nc.endwin();
	buf_done(&frame);
	if (err)
		log_error("the run folder \"%s\" cannot be read: %s", l->folder, strerror(-err));
	return err ? CLI_FAILURE : CLI_OK;
}

static int once(const struct looking *l, bool json) {
	struct buf frame = { 0 };
	int err;

	if (json) {
		add_json(&frame, l);
	} else {
		add_frame(&frame, l);
	}
	(void)fwrite(frame.data, 1, frame.len, stdout);
	err = buf_error(&frame);
	buf_done(&frame);
	return err || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static int top_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "once", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "interval", required_argument, NULL, 'i' },
		{ "run-folder", required_argument, NULL, 'r' },
		{ 0 },
	};
	static struct looking l = { .folder = VITALS_FOLDER };
	long interval_ms = 1000;
	bool plain = !isatty(STDOUT_FILENO), json = false;
	uint64_t ns = 0;
	int option, code, err;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_top);
		if (option == 'o')
			plain = true;
		else if (option == 'j')
			plain = json = true;
		else if (option == 'r')
			l.folder = optarg;
		else if (option != 'i')
			return cli_bad_option(&command_top, argv, options, option);
		else if ((code = sensor_number(&command_top, "--interval", optarg, 200, 60000,
					       &interval_ms)))
			return code;
	}
	if (argv[optind])
		return cli_misuse(&command_top, "\"%s\" is not an option", argv[optind]);
	err = look(&l, &ns);
	if (!err)
		(void)usleep((useconds_t)interval_ms * 1000);
	err = err ?: look(&l, &ns);
	if (err) {
		log_error("no sensor has run with the run folder \"%s\"", l.folder);
		return CLI_FAILURE;
	}
	return plain ? once(&l, json) : watch(&l, interval_ms, ns);
}

const struct command command_top = {
	.name = "top",
	.summary = "the sensor live: rates, losses, detections, costs",
	.usage = "usage: lapwing top [--once|--json] [--interval MS] [--run-folder DIR]\n"
		 "\n"
		 "Shows events by kind, losses and detections as they come, what waits for\n"
		 "sinks, which processes and containers most events are of, and what hooks and\n"
		 "rules cost. q leaves; arrows, PageUp and PageDown show what is above and below.\n"
		 "\n"
		 "      --once            one picture, as text; so it is, too, without a terminal\n"
		 "      --json            the same, once, for programs\n"
		 "      --interval MS     between two pictures, 1000 by default\n"
		 "      --run-folder DIR  the sensor's run folder, " VITALS_FOLDER " by default\n"
		 "\n"
		 "example: sudo lapwing top\n",
	.run = top_run,
};
