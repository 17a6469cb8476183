/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "event/word.h"

/* family - HELP and TYPE, before the first sample of a name */
static void family(struct buf *out, const char *name, const char *type, const char *help) {
	buf_addf(out, "# HELP lapwing_%s %s\n# TYPE lapwing_%s %s\n", name, help, name, type);
}

static void add_label(struct buf *out, const char *name, const char *value) {
	buf_addf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_add_char(out, '\\');
		if (*value == '\n')
			buf_add_lit(out, "\\n");
		else
			buf_add_char(out, *value);
	}
	buf_add_char(out, '"');
}

/* begin - the sample's name and its labels, of which @b may be absent */
static void begin(struct buf *out, const char *name, const char *a, const char *of_a,
		  const char *b, const char *of_b) {
	buf_addf(out, "lapwing_%s", name);
	if (a) {
		buf_add_char(out, '{');
		add_label(out, a, of_a);
		if (b) {
			buf_add_char(out, ',');
			add_label(out, b, of_b);
		}
		buf_add_char(out, '}');
	}
	buf_add_char(out, ' ');
}

static void sample(struct buf *out, const char *name, const char *label, const char *value,
		   uint64_t n) {
	begin(out, name, label, value, NULL, NULL);
	buf_addf(out, "%" PRIu64 "\n", n);
}

/* seconds - @ns as seconds, exactly */
static void seconds(struct buf *out, const char *name, const char *label, const char *value,
		    uint64_t ns) {
	begin(out, name, label, value, NULL, NULL);
	buf_addf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000u, ns % 1000000000u);
}

static void counter(struct buf *out, const char *name, const char *help, uint64_t n) {
	family(out, name, "counter", help);
	sample(out, name, NULL, NULL, n);
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t n) {
	family(out, name, "gauge", help);
	sample(out, name, NULL, NULL, n);
}

static void add_health(struct buf *out, const struct vitals *v, uint64_t now_ns) {
	static const char *const modes[] = { "full", "last-good", "core", "safe" };
	static const char *const reaches[] = { "full", "reduced", "blind" };
	struct vitals_verdict verdict = vitals_judge(v, now_ns);

	family(out, "build_info", "gauge", "1, with the version of the sensor.");
	sample(out, "build_info", "version", v->version, 1);
	gauge(out, "content_version", "Version of the bundle that is live; 0: none.",
	      v->content_version);
	if (v->content_ring >= 0)
		gauge(out, "content_ring", "Ring of this host in a rollout of bundles.",
		      (uint64_t)v->content_ring);
	gauge(out, "live", "1 if the loop turns and events go from hook to sink (/healthz).",
	      verdict.live);
	gauge(out, "ready", "1 if hooks are attached as well (/readyz).", verdict.ready);
	family(out, "mode", "gauge", "1 for the mode that the sensor is in.");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		sample(out, "mode", "mode", modes[i], !strcmp(v->mode, modes[i]));
	family(out, "coverage", "gauge",
	       "1 for what is covered; reduced: some deed has no hook, or a silent one.");
	for (size_t i = 0; i < sizeof(reaches) / sizeof(reaches[0]); i++)
		sample(out, "coverage", "coverage", reaches[i], !strcmp(v->coverage, reaches[i]));
	family(out, "beat_age_seconds", "gauge", "Time since the loop turned.");
	seconds(out, "beat_age_seconds", NULL, NULL, verdict.beat_age_ns);
	family(out, "pulse_age_seconds", "gauge",
	       "Time since an event is known to have gone from a hook to its sink or the spool.");
	seconds(out, "pulse_age_seconds", NULL, NULL, verdict.pulse_age_ns);
	family(out, "pulse_latency_seconds", "gauge",
	       "From a hook to the collector, at the last deed of the sensor's own.");
	seconds(out, "pulse_latency_seconds", NULL, NULL, v->answer_ns);
	gauge(out, "start_time_seconds", "When the sensor began, in seconds since 1970.",
	      v->began_wall_s);
	family(out, "cpu_seconds_total", "counter", "CPU time of the collector.");
	seconds(out, "cpu_seconds_total", NULL, NULL, v->cpu_ns);
	gauge(out, "resident_memory_bytes", "Resident memory of the collector.", v->resident_bytes);
}

static void add_records(struct buf *out, const struct vitals *v) {
	counter(out, "records_produced_total", "Records that hooks tried to send.", v->produced);
	counter(out, "records_received_total", "Of these, received by the collector.", v->received);
	family(out, "records_lost_total", "counter", "Records that were lost, by cause.");
	for (uint32_t cause = 0; cause < VITALS_CAUSES; cause++)
		sample(out, "records_lost_total", "cause", vitals_cause_name(cause),
		       vitals_lost(v, cause));
	family(out, "lost_by_kind_total", "counter",
	       "The same by kind and cause, where it is not 0.");
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
		for (uint32_t cause = 0; cause < VITALS_CAUSES; cause++) {
			const char *name = event_word(FIELD_KIND, kind);

			if (!v->lost[kind][cause])
				continue;
			begin(out, "lost_by_kind_total", "kind", name ? name : "unknown", "cause",
			      vitals_cause_name(cause));
			buf_addf(out, "%" PRIu64 "\n", v->lost[kind][cause]);
		}
	}
	family(out, "events_total", "counter", "Events that left the corridor, by kind.");
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++)
		if (event_word(FIELD_KIND, kind))
			sample(out, "events_total", "kind", event_word(FIELD_KIND, kind),
			       v->events[kind]);
	counter(out, "folds_total", "Events that stand for many equal deeds.", v->folds);
	counter(out, "folded_deeds_total", "Deeds that these stand for.", v->folded);
	counter(out, "detections_total", "Detections that rules gave.", v->detections);
	counter(out, "container_names_asked_total",
		"Containers that runtimes, the kubelet or the API were asked about.",
		v->names_asked);
	counter(out, "container_names_answered_total", "Answers to that.", v->names_answered);
	counter(out, "container_names_unknown_total", "Of these containers, known to nobody.",
		v->names_unknown);
	counter(out, "container_names_failures_total", "Requests of that kind that failed.",
		v->names_failures);
	gauge(out, "container_names_pending", "Containers that wait for an answer.",
	      v->names_pending);
}

static void add_coverage(struct buf *out, const struct vitals *v) {
	uint32_t n[VITALS_STATES];

	vitals_states(v, n);
	family(out, "deeds", "gauge", "Classes of deeds by what is known of their hook.");
	for (uint32_t state = 0; state < VITALS_STATES; state++)
		sample(out, "deeds", "state", vitals_state_name(state), n[state]);
}

static void add_costs(struct buf *out, const struct vitals *v) {
	gauge(out, "rules", "Rules in force.", v->rules);
	counter(out, "rule_evaluations_total", "Conditions of rules that were looked at.",
		v->rule_evaluations);
	family(out, "rule_seconds_total", "counter", "Time that these took, reckoned.");
	seconds(out, "rule_seconds_total", NULL, NULL, v->rule_ns);
	gauge(out, "bpf_stats_enabled",
	      "1 if the kernel counts runs and time of BPF programs (kernel.bpf_stats_enabled).",
	      v->bpf_stats);
	family(out, "bpf_misses_total", "counter",
	       "Times that the kernel skipped a BPF program, because it interrupted itself.");
	for (uint32_t i = 0; i < v->n_programs; i++)
		sample(out, "bpf_misses_total", "program", v->programs[i].name,
		       v->programs[i].misses);
	if (!v->bpf_stats)
		return;
	family(out, "bpf_runs_total", "counter", "Runs of a BPF program while they are counted.");
	for (uint32_t i = 0; i < v->n_programs; i++)
		sample(out, "bpf_runs_total", "program", v->programs[i].name, v->programs[i].runs);
	family(out, "bpf_run_seconds_total", "counter", "Time of these runs.");
	for (uint32_t i = 0; i < v->n_programs; i++)
		seconds(out, "bpf_run_seconds_total", "program", v->programs[i].name,
			v->programs[i].run_ns);
}

/* each_sink - one sample for each sink whose ledger can be read */
static void each_sink(struct buf *out, const struct metrics_spool *s, const char *name,
		      const char *type, const char *help,
		      uint64_t (*of)(const struct spool_ledger *)) {
	family(out, name, type, help);
	for (size_t i = 0; i < s->n_ledgers; i++)
		if (!s->ledgers[i].damaged)
			sample(out, name, "sink", s->ledgers[i].name, of(&s->ledgers[i]));
}

static uint64_t produced(const struct spool_ledger *l) {
	return l->produced;
}

static uint64_t acknowledged(const struct spool_ledger *l) {
	return l->cursor.acked;
}

static uint64_t pending(const struct spool_ledger *l) {
	return l->pending;
}

static uint64_t failures(const struct spool_ledger *l) {
	return l->cursor.failures;
}

static uint64_t failing(const struct spool_ledger *l) {
	return l->cursor.failed_ns != 0;
}

static uint64_t active(const struct spool_ledger *l) {
	return l->active;
}

static void add_sinks(struct buf *out, const struct metrics_spool *s, uint64_t now_wall_ns) {
	each_sink(out, s, "sink_produced_total", "counter",
		  "Events for a sink: acknowledged, pending and dropped.", produced);
	each_sink(out, s, "sink_acknowledged_total", "counter",
		  "Events that the receiver has acknowledged.", acknowledged);
	each_sink(out, s, "sink_pending_events", "gauge", "Events that wait.", pending);
	each_sink(out, s, "sink_failures_total", "counter", "Deliveries that failed.", failures);
	each_sink(out, s, "sink_failing", "gauge", "1 if the last delivery failed.", failing);
	each_sink(out, s, "sink_active", "gauge", "1 if a process delivers.", active);
	family(out, "sink_dropped_total", "counter", "Events that were dropped, by cause.");
	for (size_t i = 0; i < s->n_ledgers; i++) {
		for (int cause = 0; !s->ledgers[i].damaged && cause < SPOOL_CAUSES; cause++) {
			begin(out, "sink_dropped_total", "sink", s->ledgers[i].name, "cause",
			      spool_cause_name((enum spool_cause)cause));
			buf_addf(out, "%" PRIu64 "\n", s->ledgers[i].cursor.dropped[cause]);
		}
	}
	family(out, "sink_lag_seconds", "gauge",
	       "While events wait: time since any was acknowledged, refused or filtered.");
	for (size_t i = 0; i < s->n_ledgers; i++)
		if (!s->ledgers[i].damaged)
			seconds(out, "sink_lag_seconds", "sink", s->ledgers[i].name,
				spool_ledger_lag_ns(&s->ledgers[i], now_wall_ns));
}

void metrics_write(struct buf *out, const struct vitals *v, const struct metrics_spool *spool,
		   uint64_t now_ns, uint64_t now_wall_ns) {
	add_health(out, v, now_ns);
	add_records(out, v);
	add_coverage(out, v);
	add_costs(out, v);
	counter(out, "spool_unwritten_total", "Events that the spool's disk did not take.",
		v->unwritten);
	if (!spool)
		return;
	gauge(out, "spool_bytes", "Size of what sinks want in the spool.", spool->status.bytes);
	gauge(out, "spool_kept_bytes", "Size of what is kept in it to look back.",
	      spool->status.kept_bytes);
	gauge(out, "spool_segments", "Segments in the spool.", spool->status.segments);
	gauge(out, "spool_gaps", "Gaps in the spool.", spool->status.gaps);
	counter(out, "spool_events_total", "Number of the last event in the spool.",
		spool->status.seq);
	add_sinks(out, spool, now_wall_ns);
}
