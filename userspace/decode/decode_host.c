/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/decode.h"
#include "decode/reader.h"
#include "event/field.h"

/* fact - a text that the sensor read from its host; empty: it could not */
static struct str fact(struct reader *r, struct wire_str where) {
	struct str text = reader_text(r, where);

	return text.n ? text : (struct str){ 0 };
}

int decode_host_start(struct reader *r, struct event *ret) {
	const struct wire_host_start *w = (const void *)r->head;
	struct str host_id = fact(r, w->host_id), boot_id = fact(r, w->boot_id);
	struct str host_name = fact(r, w->host_name), version = fact(r, w->version);
	struct str kernel = fact(r, w->kernel), arch = fact(r, w->arch);
	struct strv coverage = reader_list(r, w->coverage);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	ret->cgroups_split = w->flags & WIRE_HOST_SPLIT;
	ret->asks = w->flags & WIRE_HOST_ASKS;
	ret->hashes = w->flags & WIRE_HOST_HASHES;
	ret->wall_offset_ns = w->wall_offset_ns;
	EVENT_SET_STR(ret, HOST_ID, host_id, host_id);
	EVENT_SET_STR(ret, BOOT_ID, boot_id, boot_id);
	EVENT_SET_STR(ret, HOST_NAME, host_name, host_name);
	EVENT_SET_STR(ret, HOST_VERSION, host.version, version);
	EVENT_SET_STR(ret, HOST_KERNEL, host.kernel, kernel);
	EVENT_SET_STR(ret, HOST_ARCH, host.arch, arch);
	if (coverage.v)
		EVENT_SET(ret, HOST_COVERAGE, host.coverage, coverage);
	return 0;
}

int decode_host_coverage(struct reader *r, struct event *ret) {
	const struct wire_host_coverage *w = (const void *)r->head;
	struct event_coverage c = {
		.served = reader_list(r, w->served),
		.gaps = reader_list(r, w->gaps),
		.proven = reader_list(r, w->proven),
		.silent = reader_list(r, w->silent),
		.untried = reader_list(r, w->untried),
		.degraded = reader_list(r, w->degraded),
		.lost = reader_list(r, w->lost),
		.folded = w->folded,
	};
	int error = reader_commit(r, ret);

	if (error)
		return error;
	ret->coverage = c;
	for (unsigned i = FIELDS_coverage; i < FIELD_COVERAGE_FOLDED; i++)
		if (((const struct strv *)field_at(ret, (enum field_id)i))->n)
			event_mark(ret, (enum field_id)i);
	event_mark(ret, FIELD_COVERAGE_FOLDED);
	return 0;
}

int decode_host_container(struct reader *r, struct event *ret) {
	const struct wire_host_container *w = (const void *)r->head;
	struct event_container c = {
		.id = fact(r, w->id),
		.runtime = fact(r, w->runtime),
		.name = fact(r, w->name),
		.image = fact(r, w->image),
		.image_id = fact(r, w->image_id),
		.pod_uid = fact(r, w->pod_uid),
		.pod_name = fact(r, w->pod_name),
		.pod_namespace = fact(r, w->pod_namespace),
		.labels = reader_list(r, w->labels),
	};
	int error = reader_commit(r, ret);

	if (error)
		return error;
	ret->container = c;
	for (unsigned i = FIELDS_container; i < FIELD_CONTAINER_LABELS; i++)
		if (((const struct str *)field_at(ret, (enum field_id)i))->s)
			event_mark(ret, (enum field_id)i);
	if (c.labels.n)
		event_mark(ret, FIELD_CONTAINER_LABELS);
	return 0;
}

int decode_host_content(struct reader *r, struct event *ret) {
	const struct wire_host_content *w = (const void *)r->head;
	struct str gate = fact(r, w->gate), verdict = fact(r, w->verdict);
	struct str reason = fact(r, w->reason), text = fact(r, w->text);
	struct str bundle = fact(r, w->bundle);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET_STR(ret, CONTENT_GATE, content.gate, gate);
	EVENT_SET_STR(ret, CONTENT_VERDICT, content.verdict, verdict);
	EVENT_SET_STR(ret, CONTENT_REASON, content.reason, reason);
	EVENT_SET_STR(ret, CONTENT_TEXT, content.text, text);
	EVENT_SET_STR(ret, CONTENT_BUNDLE, content.bundle, bundle);
	if (w->version)
		EVENT_SET(ret, CONTENT_VERSION, content.version, w->version);
	if (w->order)
		EVENT_SET(ret, CONTENT_ORDER, content.order, w->order);
	return 0;
}

int decode_host_clock(struct reader *r, struct event *ret) {
	const struct wire_host_clock *w = (const void *)r->head;
	int error = reader_commit(r, ret);

	if (error)
		return error;
	ret->wall_offset_ns = w->wall_offset_ns;
	return 0;
}

int decode_host_file(struct reader *r, struct event *ret) {
	const struct wire_host_file *w = (const void *)r->head;
	int error = reader_commit(r, ret);

	if (error)
		return error;
	ret->file_id = (struct event_file_id){
		.ino = w->ino, .ctime_ns = w->ctime_ns, .size = w->size, .dev = w->dev
	};
	ret->file_sha256 = w->sha256;
	return 0;
}

int decode_host_user(struct reader *r, struct event *ret) {
	const struct wire_host_user *w = (const void *)r->head;
	struct str name = reader_text(r, w->name);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	ret->named_uid = w->uid;
	ret->user_name = name;
	return 0;
}

int decode_host_loss(struct reader *r, struct event *ret) {
	static const struct str causes[WIRE_LOSS_MAX] = {
		[WIRE_LOSS_RING_FULL] = STR("ring_full"),
		[WIRE_LOSS_NO_SLOT] = STR("no_slot"),
		[WIRE_LOSS_RESERVED] = STR("ring_reserved"),
		[WIRE_LOSS_MALFORMED] = STR("malformed"),
		[WIRE_LOSS_NOT_RUN] = STR("not_run"),
	};
	const struct wire_host_loss *w = (const void *)r->head;
	int error;

	if (w->kind >= WIRE_KIND_MAX || w->cause >= WIRE_LOSS_MAX || w->last_ns < w->first_ns)
		return -EBADMSG;
	error = reader_commit(r, ret);
	if (error)
		return error;
	EVENT_SET(ret, HOST_LOST_KIND, host.lost_kind, w->kind);
	EVENT_SET_STR(ret, HOST_LOST_CAUSE, host.lost_cause, causes[w->cause]);
	EVENT_SET(ret, HOST_LOST_COUNT, host.lost_count, w->count);
	EVENT_SET(ret, HOST_LOST_FIRST_NS, host.lost_first_ns, w->first_ns);
	EVENT_SET(ret, HOST_LOST_LAST_NS, host.lost_last_ns, w->last_ns);
	if (w->cpu != WIRE_LOSS_NO_CPU)
		EVENT_SET(ret, HOST_LOST_CPU, host.lost_cpu, w->cpu);
	return 0;
}

int decode_host_limit(struct reader *r, struct event *ret) {
	static const struct str words[WIRE_LIMIT_MAX] = {
		[WIRE_LIMIT_PROCESS] = STR("process"),
		[WIRE_LIMIT_CGROUP] = STR("cgroup"),
	};
	const struct wire_host_limit *w = (const void *)r->head;
	int error;

	if (w->kind >= WIRE_KIND_MAX || w->by >= WIRE_LIMIT_MAX || !w->count ||
	    w->last_ns < w->first_ns)
		return -EBADMSG;
	error = reader_commit(r, ret);
	if (error)
		return error;
	if (!(w->head.flags & WIRE_NO_TASK))
		reader_doer(r, ret);
	EVENT_SET(ret, LIMIT_KIND, limit.kind, w->kind);
	EVENT_SET(ret, LIMIT_COUNT, limit.count, w->count);
	EVENT_SET(ret, LIMIT_FIRST_NS, limit.first_ns, w->first_ns);
	EVENT_SET(ret, LIMIT_LAST_NS, limit.last_ns, w->last_ns);
	EVENT_SET_STR(ret, LIMIT_BY, limit.by, words[w->by]);
	EVENT_SET(ret, LIMIT_RATE, limit.rate, w->rate);
	if (w->talkers)
		EVENT_SET(ret, LIMIT_TALKERS, limit.talkers, w->talkers);
	if (w->cgroup)
		EVENT_SET(ret, LIMIT_CGROUP_ID, limit.cgroup_id, w->cgroup);
	return 0;
}

int decode_host_heartbeat(struct reader *r, struct event *ret) {
	const struct wire_host_heartbeat *w = (const void *)r->head;
	struct str mode = fact(r, w->mode), reason = fact(r, w->reason);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET_STR(ret, HOST_MODE, host.mode, mode);
	EVENT_SET_STR(ret, HOST_MODE_REASON, host.mode_reason, reason);
	return 0;
}

int decode_host_stop(struct reader *r, struct event *ret) {
	const struct wire_host_stop *w = (const void *)r->head;
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET(ret, HOST_PRODUCED, host.produced, w->produced);
	EVENT_SET(ret, HOST_LOST, host.lost, w->lost);
	return 0;
}

/* The record within is decoded as if it came alone, and takes this one's place in the stream. */
int decode_host_fold(struct reader *r, struct event *ret) {
	const struct wire_host_fold *w = (const void *)r->head;
	const struct wire_header *within = (const void *)(w + 1);
	uint32_t len = r->len - r->fixed;
	int error;

	if (len < sizeof(*within) || within->kind == w->head.kind || !w->count ||
	    w->last_ns < w->first_ns)
		return -EBADMSG;
	error = decode_record(within, len, r->arena, ret);
	if (error)
		return error;
	ret->said_key = 0; /* it says more than that */
	ret->boot_ns = w->head.ts_ns;
	ret->cpu = w->head.cpu;
	ret->cpu_seq = w->head.seq;
	EVENT_SET(ret, FOLD_COUNT, fold.count, w->count);
	EVENT_SET(ret, FOLD_FIRST_NS, fold.first_ns, w->first_ns);
	EVENT_SET(ret, FOLD_LAST_NS, fold.last_ns, w->last_ns);
	if (w->bytes_out || w->bytes_in) {
		EVENT_SET(ret, FOLD_BYTES_OUT, fold.bytes_out, w->bytes_out);
		EVENT_SET(ret, FOLD_BYTES_IN, fold.bytes_in, w->bytes_in);
	}
	return 0;
}

/* An exec once more: all that it told, and when its hash was found. */
int decode_process_hash(struct reader *r, struct event *ret) {
	const struct wire_process_hash *w = (const void *)r->head;
	const struct wire_header *within = (const void *)(w + 1);
	uint32_t len = r->len - r->fixed;
	int error;

	if (len < sizeof(*within) || within->kind != WIRE_PROCESS_EXEC)
		return -EBADMSG;
	error = decode_record(within, len, r->arena, ret);
	if (error)
		return error;
	ret->said_key = 0; /* it says something else than that */
	ret->kind = w->head.kind;
	ret->boot_ns = w->head.ts_ns;
	ret->cpu = w->head.cpu;
	ret->cpu_seq = w->head.seq;
	event_unmark(ret, FIELD_HOOK);
	return 0;
}
