/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sensor_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "encode/encode.h"
#include "event/word.h"

#define PROGRAMS_SHOWN 8

int sensor_state_read(const char *folder, struct vitals *ret, bool *running) {
	struct vitals_page *page;
	int err = vitals_open(folder, &page);

	if (err)
		return err;
	err = vitals_copy(page, ret);
	*running = vitals_running(page);
	vitals_close(page);
	return err;
}

/* ran_s - how long the sensor has run, or ran; never 0, for rates */
static double ran_s(const struct vitals *v) {
	double s = (double)(v->beat_ns - v->began_ns) / 1e9;

	return v->beat_ns > v->began_ns && s > 0.001 ? s : 0.001;
}

/* the order in which programs are told: what they cost, or how often they were skipped */
static int by_cost(const void *a, const void *b) {
	const struct vitals_program *x = a, *y = b;

	return x->run_ns != y->run_ns ? (x->run_ns < y->run_ns ? 1 : -1)
				      : strcmp(x->name, y->name);
}

/* --- for people ------------------------------------------------------------------------------- */

static void add_content(struct buf *out, const struct vitals *v) {
	buf_addf(out, "  %" PRIu64 " rules", v->rules);
	if (v->content_version)
		buf_addf(out, " of the bundle of version %" PRIu64, v->content_version);
	if (v->content_ring >= 0)
		buf_addf(out, ", ring %d", v->content_ring);
}

static void add_life(struct buf *out, const struct vitals *v, bool running) {
	struct vitals_verdict verdict = vitals_judge(v, clock_ns(CLOCK_BOOTTIME));

	buf_addf(out, "sensor %s: ", v->version);
	if (!running)
		buf_addf(out, "not running; the last one (pid %d) was last heard of %.0f s ago, "
			 "after %.0f s\n", v->pid, (double)verdict.beat_age_ns / 1e9, ran_s(v));
	else
		buf_addf(out, "running as pid %d for %.0f s, mode %s, %s%s\n", v->pid, ran_s(v),
			 v->mode, verdict.live ? verdict.ready ? "healthy" : "not ready: "
					       : "NOT HEALTHY: ",
			 verdict.ready ? "" : verdict.why);
	if (v->mode_reason[0])
		buf_addf(out, "  %s\n", v->mode_reason);
	if (running && v->pulse_ns)
		buf_addf(out, "  an event went from a hook to its sink %.0f s ago; hook to "
			 "collector took %.1f ms\n", (double)verdict.pulse_age_ns / 1e9,
			 (double)v->answer_ns / 1e6);
	if (v->listen_error)
		buf_addf(out, "  nobody answers on %s: %s\n", v->listen,
			 strerror(-v->listen_error));
	add_content(out, v);
	buf_addf(out, "; %.2f s of CPU (%.2f %% of one), %.1f MB of memory\n",
		 (double)v->cpu_ns / 1e9, (double)v->cpu_ns / 1e7 / ran_s(v),
		 (double)v->resident_bytes / 1e6);
}

static void add_coverage(struct buf *out, const struct vitals *v) {
	uint32_t n[VITALS_STATES];

	vitals_states(v, n);
	buf_addf(out,
		 "coverage: %u of %u deeds have a hook, %u of them proven, %u untried, %u silent\n",
		 v->n_deeds - n[VITALS_GAP], v->n_deeds, n[VITALS_PROVEN], n[VITALS_UNTRIED],
		 n[VITALS_SILENT]);
	for (uint32_t state = 0; state < VITALS_STATES; state++) {
		if ((state != VITALS_GAP && state != VITALS_SILENT) || !n[state])
			continue;
		buf_addf(out, "  %s:",
			 state == VITALS_GAP ? "not covered" : "SILENT, though attached");
		for (uint32_t i = 0; i < v->n_deeds; i++)
			if (v->deeds[i].state == state)
				buf_addf(out, " %s", v->deeds[i].name);
		buf_add_char(out, '\n');
	}
}

static void add_events(struct buf *out, const struct vitals *v) {
	uint64_t lost = 0, events = 0;

	for (uint32_t cause = 0; cause < VITALS_CAUSES; cause++)
		lost += vitals_lost(v, cause);
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		events += v->events[kind];
	buf_addf(out, "records: %" PRIu64 " produced, %" PRIu64 " received, %" PRIu64 " lost\n",
		 v->produced, v->received, lost);
	for (uint32_t cause = 0; cause < VITALS_CAUSES; cause++)
		if (vitals_lost(v, cause))
			buf_addf(out, "  %-24s %12" PRIu64 "\n", vitals_cause_name(cause),
				 vitals_lost(v, cause));
	for (uint32_t i = 0; v->not_run && i < v->n_programs; i++)
		if (v->programs[i].misses)
			buf_addf(out, "    of the hook %-15s %9" PRIu64 "\n", v->programs[i].name,
				 v->programs[i].misses);
	buf_addf(out, "events: %" PRIu64 ", %.1f a second since the start; %" PRIu64
		 " detections; %" PRIu64 " equal deeds in %" PRIu64 " folds\n", events,
		 (double)events / ran_s(v), v->detections, v->folded, v->folds);
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++)
		if (v->events[kind])
			buf_addf(out, "  %-24s %12" PRIu64 " %10.1f/s\n", event_kind_name(kind),
				 v->events[kind], (double)v->events[kind] / ran_s(v));
}

static void add_programs(struct buf *out, const struct vitals *v) {
	static struct vitals_program sorted[VITALS_PROGRAMS];
	uint64_t ns = 0;

	memcpy(sorted, v->programs, sizeof(sorted));
	qsort(sorted, v->n_programs, sizeof(sorted[0]), by_cost);
	for (uint32_t i = 0; i < v->n_programs; i++)
		ns += sorted[i].run_ns;
	if (!v->bpf_stats)
		buf_addf(out, "programs: %u%s; what they cost is " VITALS_UNCOUNTED "\n",
			 v->n_programs, ns ? ", for a part of the time" : "");
	else
		buf_addf(out, "programs: %u, %.2f s since they are counted\n", v->n_programs,
			 (double)ns / 1e9);
	for (uint32_t i = 0; i < v->n_programs && i < PROGRAMS_SHOWN; i++)
		if (sorted[i].runs)
			buf_addf(out, "  %-15s %12" PRIu64 " runs %8.0f ns each\n", sorted[i].name,
				 sorted[i].runs,
				 (double)sorted[i].run_ns / (double)sorted[i].runs);
}

static void add_names(struct buf *out, const struct vitals *v) {
	if (!v->names_asked && !v->names_said[0])
		return;
	buf_addf(out, "names of containers: %" PRIu64 " asked for, %" PRIu64 " answers, %" PRIu64
		 " unknown to all, %" PRIu64 " wait; %" PRIu64 " requests failed\n",
		 v->names_asked, v->names_answered, v->names_unknown, v->names_pending,
		 v->names_failures);
	if (v->names_said[0])
		buf_addf(out, "  %s\n", v->names_said);
}

void sensor_state_text(struct buf *out, const struct vitals *v, bool running) {
	add_life(out, v, running);
	add_coverage(out, v);
	add_events(out, v);
	add_names(out, v);
	add_programs(out, v);
}

/* --- for programs ----------------------------------------------------------------------------- */

static void json_losses(struct buf *out, const struct vitals *v) {
	const char *comma = "";

	buf_add_lit(out, ",\"lost\":[");
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
		for (uint32_t cause = 0; cause < VITALS_CAUSES; cause++) {
			if (!v->lost[kind][cause])
				continue;
			buf_addf(out, "%s{\"kind\":\"%s\",\"cause\":\"%s\",\"count\":%" PRIu64 "}",
				 comma, event_kind_name(kind), vitals_cause_name(cause),
				 v->lost[kind][cause]);
			comma = ",";
		}
	}
	buf_add_lit(out, "]");
}

static void json_events(struct buf *out, const struct vitals *v) {
	const char *comma = "";

	buf_add_lit(out, ",\"events\":{");
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++) {
		if (!v->events[kind])
			continue;
		buf_addf(out, "%s\"%s\":%" PRIu64, comma, event_kind_name(kind), v->events[kind]);
		comma = ",";
	}
	buf_addf(out, "},\"detections\":%" PRIu64 ",\"folds\":%" PRIu64 ",\"folded\":%" PRIu64,
		 v->detections, v->folds, v->folded);
}

static void json_tables(struct buf *out, const struct vitals *v) {
	buf_add_lit(out, ",\"deeds\":[");
	for (uint32_t i = 0; i < v->n_deeds; i++) {
		buf_addf(out, "%s{\"deed\":\"%s\",\"state\":\"%s\",\"hook\":", i ? "," : "",
			 v->deeds[i].name, vitals_state_name(v->deeds[i].state));
		encode_json_text(out, str_of(v->deeds[i].hook));
		buf_add_char(out, '}');
	}
	buf_addf(out, "],\"bpf_stats_enabled\":%s,\"programs\":[", v->bpf_stats ? "true" : "false");
	for (uint32_t i = 0; i < v->n_programs; i++)
		buf_addf(out, "%s{\"program\":\"%s\",\"runs\":%" PRIu64 ",\"run_ns\":%" PRIu64
			 ",\"misses\":%" PRIu64 "}", i ? "," : "", v->programs[i].name,
			 v->programs[i].runs, v->programs[i].run_ns, v->programs[i].misses);
	buf_add_char(out, ']');
}

static void json_busy(struct buf *out, const struct vitals_busy *rows, uint32_t n, double seconds) {
	buf_add_char(out, '[');
	for (uint32_t i = 0; i < n; i++) {
		buf_add_str(out, i ? STR(",{\"name\":") : STR("{\"name\":"));
		encode_json_text(out, str_of(rows[i].name));
		if (rows[i].pid)
			buf_addf(out, ",\"pid\":%u", rows[i].pid);
		buf_add_lit(out, ",\"container\":");
		encode_json_text(out, str_of(rows[i].container));
		buf_add_lit(out, ",\"runtime\":");
		encode_json_text(out, str_of(rows[i].runtime));
		buf_addf(out, ",\"events_per_second\":%.1f}",
			 seconds > 0 ? (double)rows[i].events / seconds : 0);
	}
	buf_add_char(out, ']');
}

void sensor_state_json(struct buf *out, const struct vitals *v, bool running) {
	struct vitals_verdict verdict = vitals_judge(v, clock_ns(CLOCK_BOOTTIME));

	buf_addf(out, "{\"version\":\"%s\",\"running\":%s,\"pid\":%d,\"mode\":\"%s\","
		 "\"mode_reason\":", v->version, running ? "true" : "false", v->pid, v->mode);
	encode_json_text(out, str_of(v->mode_reason));
	buf_addf(out, ",\"coverage\":\"%s\",\"live\":%s,\"ready\":%s,\"why\":\"%s\"", v->coverage,
		 running && verdict.live ? "true" : "false",
		 running && verdict.ready ? "true" : "false", verdict.why);
	buf_addf(out, ",\"content_version\":%" PRIu64 ",\"content_ring\":", v->content_version);
	if (v->content_ring < 0)
		buf_add_lit(out, "null");
	else
		buf_addf(out, "%d", v->content_ring);
	buf_addf(out, ",\"n_rules\":%" PRIu64, v->rules);
	buf_addf(out, ",\"ran_s\":%.3f,\"pulse_age_s\":%.3f,\"pulse_ns\":%" PRIu64
		 ",\"cpu_ns\":%" PRIu64 ",\"resident_bytes\":%" PRIu64 ",\"produced\":%" PRIu64
		 ",\"received\":%" PRIu64 ",\"unwritten\":%" PRIu64, ran_s(v),
		 (double)verdict.pulse_age_ns / 1e9, v->answer_ns, v->cpu_ns, v->resident_bytes,
		 v->produced, v->received, v->unwritten);
	buf_add_lit(out, ",\"listen\":");
	encode_json_text(out, str_of(v->listen));
	buf_add_lit(out, ",\"listen_error\":");
	encode_json_text(out, str_of(v->listen_error ? strerror(-v->listen_error) : ""));
	buf_addf(out, ",\"names\":{\"asked\":%" PRIu64 ",\"answered\":%" PRIu64
		 ",\"unknown\":%" PRIu64 ",\"pending\":%" PRIu64 ",\"failures\":%" PRIu64
		 ",\"sources\":", v->names_asked, v->names_answered, v->names_unknown,
		 v->names_pending, v->names_failures);
	encode_json_text(out, str_of(v->names_said));
	buf_add_char(out, '}');
	json_losses(out, v);
	json_events(out, v);
	json_tables(out, v);
	buf_addf(out, ",\"busiest\":{\"seconds\":%.3f,\"processes\":", (double)v->busy_ns / 1e9);
	json_busy(out, v->processes, v->n_processes, (double)v->busy_ns / 1e9);
	buf_add_lit(out, ",\"containers\":");
	json_busy(out, v->containers, v->n_containers, (double)v->busy_ns / 1e9);
	buf_add_char(out, '}');
	buf_add_char(out, '}');
}
