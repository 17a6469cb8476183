/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_show.c - what is live, on trial, held and switched off, and how it came to that
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "app/intake.h"
#include "cli/cli.h"
#include "cli/content.h"
#include "encode/encode.h"

static void print_slot(const char *what, const struct state_slot *s) {
	char hex[SEAL_HEX_BYTES];

	seal_hex(s->hash, hex);
	if (s->there)
		(void)printf("%-10s %s version %" PRIu64 "\n", what, hex, s->version);
}

static void print_json_slot(const char *what, const struct state_slot *s) {
	char hex[SEAL_HEX_BYTES];

	seal_hex(s->hash, hex);
	if (s->there)
		(void)printf(",\"%s\":{\"hash\":\"%s\",\"version\":%" PRIu64 "}", what, hex,
			     s->version);
}

/* print_json_words - what is switched off, and the lines of `pins` */
static void print_json_words(const struct off_list *l, struct buf *pins) {
	struct buf out = { 0 };

	for (uint32_t i = 0; i < l->n; i++) {
		const struct off *off = &l->list[i];

		buf_addf(&out, "%s{\"kind\":\"%s\",\"by\":\"%s\",\"holds\":%s,\"name\":",
			 i ? "," : ",\"off\":[", off_word(off->kind),
			 off->owner ? "owner" : "order",
			 off_holds(off, intake_now_s()) ? "true" : "false");
		encode_json_text(&out, str_of(off->name));
		buf_add_lit(&out, "}");
	}
	if (l->n)
		buf_add_lit(&out, "]");
	for (size_t at = 0; at < pins->len;) {
		const char *line = pins->data + at;
		const char *nl = memchr(line, '\n', pins->len - at);
		const char *blank = nl ? memchr(line, ' ', (size_t)(nl - line)) : NULL;

		if (!blank)
			break;
		buf_addf(&out, "%s", at ? "," : ",\"pins\":{");
		encode_json_text(&out, (struct str){ line, (uint32_t)(blank - line) });
		buf_add_lit(&out, ":");
		encode_json_text(&out, (struct str){ blank + 1, (uint32_t)(nl - blank - 1) });
		at += (size_t)(nl - line) + 1;
	}
	if (pins->len)
		buf_add_lit(&out, "}");
	(void)fwrite(out.data, 1, out.len, stdout);
	buf_done(&out);
}

int content_status(struct content_job *j) {
	static struct keys_root root;
	const struct state *s = &j->state;
	struct buf pins = { 0 };
	int err = store_load(&j->store, &j->state);

	if (err)
		return content_fail(j, err);
	err = store_root(&j->store, &root);
	(void)store_read(&j->store, "pins", CONTENT_PINS_BYTES, &pins);
	if (j->json) {
		(void)printf("{\"root\":%" PRIu64 ",\"serial\":%" PRIu64 ",\"order\":%" PRIu64
			     ",\"stage\":\"%s\",\"paused\":%s,\"reverted\":%u", root.version,
			     s->serial, s->order, trial_word(s->stage),
			     s->paused ? "true" : "false", s->n_reverted);
		print_json_slot("live", &s->live);
		print_json_slot("good", &s->good);
		print_json_slot("trial", &s->trial);
		print_json_words(&s->off, &pins);
		(void)printf("}\n");
		buf_done(&pins);
		return fflush(stdout) ? CLI_FAILURE : CLI_OK;
	}
	if (err)
		(void)printf("root       none; `lapwing content trust FILE` installs one\n");
	else
		(void)printf("root       version %" PRIu64 "\n", root.version);
	if (!s->live.there)
		(void)printf("live       the rules that came with the sensor\n");
	print_slot("live", &s->live);
	print_slot("good", &s->good);
	print_slot("before", &s->before[0]);
	print_slot("before", &s->before[1]);
	print_slot("trial", &s->trial);
	if (s->stage)
		(void)printf("stage      %s%s\n", trial_word(s->stage),
			     s->begun ? "" : ", waits for the sensor");
	(void)printf("order      %" PRIu64 "%s\n", s->order,
		     s->paused ? ", updates are paused" : "");
	for (uint32_t i = 0; i < s->off.n; i++)
		(void)printf("off        %s %s, by %s%s\n", off_word(s->off.list[i].kind),
			     cli_shown(s->off.list[i].name),
			     s->off.list[i].owner ? "the owner" : "order",
			     off_holds(&s->off.list[i], intake_now_s()) ? "" : ", and over");
	for (uint32_t i = 0; i < s->n_reverted; i++) {
		char hex[SEAL_HEX_BYTES];

		seal_hex(s->reverted[i].hash, hex);
		(void)printf("reverted   %s under order %" PRIu64 "\n", hex, s->reverted[i].order);
	}
	if (pins.len)
		(void)printf("pins\n");
	cli_print(stdout, &pins);
	buf_done(&pins);
	return fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static void print_verdict(const struct verdict *v) {
	time_t t = (time_t)v->time_s;
	char text[32] = "", hex[SEAL_HEX_BYTES];
	struct tm tm;

	if (gmtime_r(&t, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	seal_hex(v->hash, hex);
	(void)printf("%s  %-9s %-8s %-9s %.12s %" PRIu64 "  %s\n", text, v->gate, v->verdict,
		     v->reason, hex, v->version, cli_shown(v->text));
}

static void print_json_verdict(const struct verdict *v, struct buf *out) {
	const char *const texts[][2] = { { "gate", v->gate }, { "verdict", v->verdict },
					 { "reason", v->reason }, { "text", v->text } };
	char hex[SEAL_HEX_BYTES];

	seal_hex(v->hash, hex);
	buf_reset(out);
	buf_addf(out, "{\"time_s\":%" PRIu64 ",\"bundle\":\"%s\",\"version\":%" PRIu64
		      ",\"order\":%" PRIu64, v->time_s, hex, v->version, v->order);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_addf(out, ",\"%s\":", texts[i][0]);
		encode_json_text(out, str_of(texts[i][1]));
	}
	buf_add_lit(out, "}\n");
	(void)fwrite(out->data, 1, out->len, stdout);
}

int content_history(struct content_job *j) {
	struct buf text = { 0 }, row = { 0 };
	struct verdict v;
	int err = store_read(&j->store, "history", 2 * STORE_MAX_HISTORY, &text);

	for (size_t at = 0; !err && at < text.len;) {
		const char *line = text.data + at, *nl = memchr(line, '\n', text.len - at);
		uint32_t n = nl ? (uint32_t)(nl - line) : 0;

		if (!nl)
			break;
		if (!verdict_parse((struct str){ line, n }, &v)) {
			if (j->json)
				print_json_verdict(&v, &row);
			else
				print_verdict(&v);
		}
		at += n + 1;
	}
	buf_done(&text);
	buf_done(&row);
	return (err && err != -ENOENT) || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}
