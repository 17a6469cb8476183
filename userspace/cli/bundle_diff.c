/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle_diff.c - what one bundle would change against another, rule by rule and on a tape
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "app/rehearse.h"
#include "base/log.h"
#include "cli/bundle.h"

/* of_tape - what the rule finds there, before and after */
static void print_matches(const struct rehearse_row *r) {
	if (r->live == r->candidate)
		return;
	(void)printf("%s %" PRIu64 " -> %" PRIu64 "  %s  %s\n",
		     r->candidate > r->live ? "more  " : "fewer ", r->live, r->candidate, r->id,
		     cli_shown(r->title));
}

static void print_rules(const struct rehearse_report *r) {
	uint32_t added = 0, changed = 0, gone = 0;

	for (uint32_t i = 0; i < r->n_rows; i++) {
		const struct rehearse_row *row = &r->rows[i];

		if (row->print == row->live_print)
			continue;
		added += !row->live_print;
		gone += !row->print;
		changed += row->print && row->live_print;
		(void)printf("%s %s  %s\n",
			     !row->live_print ? "added  "
			     : !row->print    ? "gone   "
					      : "changed",
			     row->id, cli_shown(row->title));
	}
	(void)printf("rules: %u added, %u changed, %u gone, %" PRIu64 " in all\n", added, changed,
		     gone, r->rules);
}

static void print_tape(const struct rehearse_report *r) {
	for (uint32_t i = 0; i < r->n_rows; i++)
		print_matches(&r->rows[i]);
	(void)printf("tape: %" PRIu64 " events of %" PRIu64 " s: %" PRIu64 " -> %" PRIu64
		     " matches, %" PRIu64 " -> %" PRIu64 " ns an event\n",
		     r->events, r->tape_ms / 1000, r->live_matches, r->candidate_matches,
		     r->events ? r->live_ns / r->events : 0,
		     r->events ? r->candidate_ns / r->events : 0);
}

int bundle_diff(const struct bundle_job *job) {
	static struct rehearse_report report;
	struct rehearse_limits limits = rehearse_defaults;
	struct rehearse_job r = { .limits = &limits, .progress_fd = STDERR_FILENO,
				  .compare = true };
	struct buf files[4] = { 0 }, json = { 0 };
	struct verdict v = { 0 };
	int err = 0;

	limits.memory_bytes = 4ull << 30; /* a tape may be as long as somebody likes */
	limits.cpu_s = 600;
	limits.wall_ms = 900000;
	limits.tape_ms = 300000;
	limits.matches_burst = UINT64_MAX / 8;
	limits.event_ns = limits.load_ms = UINT64_MAX / 1000000000;
	for (int i = 0; i < 2 && !err; i++)
		err = bundle_read(job->paths[i], SEAL_MAX_BYTES, &files[i]);
	for (size_t i = 0; i < job->n_tapes && !err; i++) {
		err = bundle_read(job->tapes[i], BUNDLE_TAPE_BYTES, &files[2 + i]);
		r.tapes[i] = (struct str){ files[2 + i].data, (uint32_t)files[2 + i].len };
	}
	r.live.bundle = (struct str){ files[0].data, (uint32_t)files[0].len };
	r.candidate.bundle = (struct str){ files[1].data, (uint32_t)files[1].len };
	if (!err) {
		err = rehearse(&r, &report, &v);
		if (err)
			log_error("they cannot be compared (%s): %s", v.reason, v.text);
	}
	if (!err && job->json) {
		bundle_json_diff(&json, &report);
		err = buf_error(&json);
		(void)fwrite(json.data, 1, json.len, stdout);
	} else if (!err) {
		print_rules(&report);
		if (job->n_tapes)
			print_tape(&report);
	}
	buf_done(&json);
	for (int i = 0; i < 4; i++)
		buf_done(&files[i]);
	return err || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}
