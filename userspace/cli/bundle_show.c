/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle_show.c - what stands in a sealed file, and whether a host would let it in
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "cli/bundle.h"
#include "content/gate.h"
#include "event/word.h"

static void print_time(const char *what, uint64_t s) {
	time_t t = (time_t)s;
	struct tm tm;
	char text[32];

	if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		(void)printf("%-13s %s UTC\n", what, text);
}

static void print_hash(const char *what, const uint8_t *hash) {
	char hex[SEAL_HEX_BYTES];

	seal_hex(hash, hex);
	(void)printf("%-13s %s\n", what, hex);
}

static void print_signers(const struct seal *s) {
	char id[17];

	(void)printf("signed by    ");
	for (uint32_t i = 0; i < s->n; i++) {
		keys_id_text(s->signatures + (size_t)i * (SEAL_ID_BYTES + SEAL_SIGNATURE_BYTES),
			     id);
		(void)printf(" %s", id);
	}
	(void)printf("%s\n", s->n ? "  (claimed; `verify` checks)" : " nobody");
}

static void print_manifest(const struct manifest *m) {
	static const char *const costs[] = { "not said", "light", "moderate", "heavy" };

	(void)printf("bundle        %s, version %" PRIu64 ", channel %s\n", cli_shown(m->name),
		     m->version, cli_shown(m->channel));
	print_time("created", m->created_s);
	print_time("expires", m->expires_s);
	(void)printf("engine        %s to %s\nrules         %u\n", cli_shown(m->engine_min),
		     cli_shown(m->engine_max), m->rules);
	if (m->cost && m->cost < 4)
		(void)printf("cost          %s\n", costs[m->cost]);
	print_hash("schema", m->schema.hash);
	(void)printf("fields       ");
	for (uint32_t i = 0; i < m->schema.n; i++)
		(void)printf(" %s=%u", m->schema.list[i].name[0] ? m->schema.list[i].name : "event",
			     m->schema.list[i].count);
	(void)printf("\n");
	if (m->has_predecessor)
		print_hash("predecessor", m->predecessor);
	for (uint32_t i = 0; i < m->n_approvers; i++)
		(void)printf("approved by   %s\n", cli_shown(m->approvers[i]));
	if (m->n_needs)
		(void)printf("needs        ");
	for (uint32_t i = 0; i < m->n_needs; i++)
		(void)printf(" %s(%u)", event_kind_name(m->needs[i]), m->needs[i]);
	(void)printf("%s", m->n_needs ? "\n" : "");
	if (m->notes[0])
		(void)printf("notes         %s\n", cli_shown(m->notes));
}

static int show_bundle(const struct seal *s, struct buf *json) {
	static struct bundle b;
	const char *why;

	if (bundle_parse(s, &b, &why)) {
		log_error("%s", why);
		return CLI_FAILURE;
	}
	if (json) {
		bundle_json_bundle(json, &b);
		return CLI_OK;
	}
	print_manifest(&b.manifest);
	for (uint32_t i = 0; i < b.n; i++)
		(void)printf("blob          %s, %u bytes, packed %u\n", cli_shown(b.blobs[i].name),
			     b.blobs[i].size, b.blobs[i].packed.n);
	return CLI_OK;
}

static int show_order(const struct seal *s, struct buf *json) {
	static struct order o;

	if (order_parse(s, &o)) {
		log_error("it is sealed as an order, and says what makes no sense");
		return CLI_FAILURE;
	}
	if (json) {
		bundle_json_order(json, &o);
		return CLI_OK;
	}
	(void)printf("order         %" PRIu64 ": %s version %" PRIu64 ", channel %s, "
		     "ring %u, %u.%02u %%%s%s\n",
		     o.number, order_word(o.state), o.version, cli_shown(o.channel), o.ring,
		     o.permyriad / 100, o.permyriad % 100, o.emergency ? ", emergency" : "",
		     o.retry ? ", retry" : "");
	print_hash("bundle", o.bundle);
	if (o.has_to)
		print_hash("to", o.to);
	(void)printf("release       %s\n", cli_shown(o.release));
	print_time("issued", o.issued_s);
	print_time("expires", o.expires_s);
	(void)printf("spread        %u s\n", o.spread_s);
	for (uint32_t i = 0; i < o.n_strata; i++)
		(void)printf("stratum       %s\n", cli_shown(o.strata[i]));
	for (uint32_t i = 0; i < o.n_disarm; i++)
		(void)printf("disarm        %s\n", cli_shown(o.disarm[i]));
	for (uint32_t i = 0; i < o.n_leave; i++)
		(void)printf("leave         %s\n", cli_shown(o.leave[i]));
	if (o.safe)
		(void)printf("safe          no hook at all\n");
	return CLI_OK;
}

static int show_root(const struct seal *s, struct buf *json) {
	static struct keys_root r;
	char id[17];

	if (keys_parse(s, &r)) {
		log_error("it is sealed as a root, and says what makes no sense");
		return CLI_FAILURE;
	}
	if (json) {
		bundle_json_root(json, &r);
		return CLI_OK;
	}
	(void)printf("root          version %" PRIu64 "\n", r.version);
	print_time("expires", r.expires_s);
	for (int i = KEYS_ROOT; i < KEYS_ROLES; i++)
		(void)printf("needs         %u of %s\n", r.need[i], bundle_roles[i]);
	for (uint32_t i = 0; i < r.n; i++) {
		keys_id_text(r.list[i].key.id, id);
		(void)printf("key           %s %s %s\n", id, bundle_roles[r.list[i].role],
			     r.list[i].name);
	}
	return CLI_OK;
}

static int show(const struct seal *s, struct buf *json) {
	if (json) {
		bundle_json_seal(json, s);
	} else {
		print_hash("hash", s->hash);
		print_signers(s);
	}
	return s->kind == SEAL_BUNDLE  ? show_bundle(s, json)
	       : s->kind == SEAL_ORDER ? show_order(s, json)
				       : show_root(s, json);
}

int bundle_inspect(const struct bundle_job *job) {
	struct buf bytes = { 0 }, json = { 0 };
	const char *why;
	struct seal s;
	int code = CLI_FAILURE;

	if (bundle_read(job->paths[0], SEAL_MAX_BYTES, &bytes)) {
		buf_done(&bytes);
		return CLI_FAILURE;
	}
	if (seal_open(bytes.data, bytes.len, &s, &why))
		log_error("\"%s\": %s", job->paths[0], why);
	else
		code = show(&s, job->json ? &json : NULL);
	if (code == CLI_OK && json.len)
		(void)fwrite(json.data, 1, json.len, stdout);
	if (buf_error(&json))
		code = CLI_FAILURE;
	buf_done(&json);
	buf_done(&bytes);
	return fflush(stdout) ? CLI_FAILURE : code;
}

static int read_root(const char *path, struct keys_root *ret) {
	struct buf bytes = { 0 };
	const char *why = "it is no root";
	struct seal s;
	int err = bundle_read(path, SEAL_MAX_BYTES, &bytes);

	if (err) {
		buf_done(&bytes);
		return err;
	}
	err = seal_open(bytes.data, bytes.len, &s, &why);
	if (!err)
		err = keys_parse(&s, ret);
	if (err)
		log_error("\"%s\": %s", path, why);
	buf_done(&bytes);
	return err;
}

int bundle_verify(const struct bundle_job *job) {
	static struct keys_root root;
	static struct bundle b;
	struct gate_now now = { .now_s = (uint64_t)time(NULL), .root = &root,
				.engine = LAPWING_VERSION, .channel = "" };
	struct verdict v = { 0 };
	struct buf bytes = { 0 };
	int err;

	if (!job->root)
		return cli_misuse(&command_bundle, "verify needs --root, the keys to believe");
	err = read_root(job->root, &root);
	if (!err)
		err = bundle_read(job->paths[0], SEAL_MAX_BYTES, &bytes);
	if (!err) {
		err = gate_check(bytes.data, bytes.len, &now, &b, &v);
		(void)printf("%s: %s: %s\n", v.verdict, v.reason, v.text);
	}
	buf_done(&bytes);
	return err || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}
