/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - the processes of recorded events, and what each did
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/export.h"
#include "base/utf8.h"
#include "cli/lookback.h"
#include "cli/sensor.h"
#include "encode/encode.h"
#include "encode/text.h"
#include "event/word.h"

extern const struct command command_tree;

static void add_deeds(struct buf *out, const struct recall_process *p) {
	const struct {
		uint32_t n;
		const char *one, *many;
	} deeds[] = { { p->n_files, "file event", "file events" },
		      { p->n_net, "connection event", "connection events" },
		      { p->n_detections, "detection", "detections" } };

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (deeds[i].n)
			buf_addf(out, "  %u %s", deeds[i].n,
				 deeds[i].n == 1 ? deeds[i].one : deeds[i].many);
	if (p->level)
		buf_addf(out, " (%s)", event_level_word(p->level));
	if (p->exit_signal)
		buf_addf(out, "  ended by signal %u", p->exit_signal);
	else if (p->ended && p->exit_code)
		buf_addf(out, "  ended with %u", p->exit_code);
}

/* width - of what stands in @text from @at on, as characters */
static uint32_t width(const struct buf *text, size_t at) {
	uint32_t n = 0, c;

	for (size_t i = at; i < text->len; n++)
		i += utf8_next(text->data + i, (uint32_t)(text->len - i), &c) ?: 1;
	return n;
}

/* add_command - cut if the line, which began at @line and ends with @deeds, has @columns; 0: any */
static void add_command(struct buf *out, size_t line, struct str command, const struct buf *deeds,
			uint32_t columns) {
	uint32_t taken, c;
	size_t at, keep;

	buf_add_lit(out, "  ");
	taken = width(out, line) + width(deeds, 0) + 1; /* and what says that it was cut */
	at = keep = out->len;
	text_shown(out, command);
	if (!columns || buf_error(out) || width(out, line) + width(deeds, 0) <= columns)
		return;
	for (; keep < out->len && taken < columns; taken++)
		keep += utf8_next(out->data + keep, (uint32_t)(out->len - keep), &c) ?: 1;
	out->len = keep > at ? keep : at;
	buf_add_str(out, STR("…"));
}

/* add_line - @bars: for each depth above it, whether more kids follow there */
static void add_line(struct buf *out, const struct recall_process *p, const bool *bars,
		     uint32_t depth, uint32_t columns) {
	struct buf deeds = { 0 };
	size_t line = out->len;

	add_deeds(&deeds, p);
	for (uint32_t i = 1; i < depth; i++)
		buf_add_str(out, bars[i] ? STR("│  ") : STR("   "));
	if (depth)
		buf_add_str(out, p->next ? STR("├─ ") : STR("└─ "));
	text_word(out, p->name.n ? p->name : STR("?"));
	buf_addf(out, "[%u]", p->pid);
	if (p->user.n) {
		buf_add_char(out, ' ');
		text_word(out, p->user);
	}
	if (p->command_line.n || p->executable.n)
		add_command(out, line, p->command_line.n ? p->command_line : p->executable, &deeds,
			    columns);
	buf_add(out, deeds.data, deeds.len);
	buf_add_char(out, '\n');
	buf_done(&deeds);
}

static void add_json(struct buf *out, const struct recall_process *p, bool first) {
	const struct {
		const char *key;
		struct str text;
	} texts[] = { { "name", p->name },
		      { "executable", p->executable },
		      { "command_line", p->command_line },
		      { "user", p->user } };

	buf_add_str(out, first ? STR("{\"entity_id\":") : STR(",\n{\"entity_id\":"));
	encode_json_text(out, p->entity);
	buf_add_lit(out, ",\"parent\":");
	if (p->parent)
		encode_json_text(out, p->parent->entity);
	else
		buf_add_lit(out, "null");
	buf_addf(out, ",\"pid\":%u", p->pid);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!texts[i].text.n)
			continue;
		buf_addf(out, ",\"%s\":", texts[i].key);
		encode_json_text(out, texts[i].text);
	}
	buf_addf(out,
		 ",\"events\":%u,\"files\":%u,\"connections\":%u,\"detections\":%u,"
		 "\"ended\":%s",
		 p->n_events, p->n_files, p->n_net, p->n_detections, p->ended ? "true" : "false");
	if (p->level)
		buf_addf(out, ",\"level\":\"%s\"", event_level_word(p->level));
	if (p->exit_signal)
		buf_addf(out, ",\"exit_signal\":%u", p->exit_signal);
	else if (p->ended)
		buf_addf(out, ",\"exit_code\":%u", p->exit_code);
	buf_add_char(out, '}');
}

struct printing {
	struct buf out;
	bool json, any;
	uint32_t columns; /* of the terminal; 0: there is none */
	bool bars[RECALL_DEPTH * 2 + 2];
};

/* print - @p and all below it; as deep as recall.c lets it be */
static void print(struct printing *to, const struct recall_process *p, uint32_t depth) {
	if (depth > RECALL_DEPTH * 2)
		return;
	if (to->json)
		add_json(&to->out, p, !to->any);
	else
		add_line(&to->out, p, to->bars, depth, to->columns);
	to->any = true;
	to->bars[depth] = depth && p->next;
	for (const struct recall_process *kid = p->kids; kid; kid = kid->next)
		print(to, kid, depth + 1);
}

/* print_pid - every process that had the number; below one that is printed, not once more */
static void print_pid(struct printing *to, const struct recall_process *p, uint32_t pid) {
	for (; p; p = p->next) {
		if (p->pid == pid) {
			struct recall_process alone = *p;

			alone.next = NULL;
			print(to, &alone, 0);
		} else {
			print_pid(to, p->kids, pid);
		}
	}
}

static uint32_t asked_pid; /* 0: all are asked for */

static int show(struct lookback *l) {
	const struct recall_process *roots = l->recall.roots;
	struct printing to = { .json = l->json };
	struct winsize screen;
	int err;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &screen))
		to.columns = screen.ws_col;

	if (l->json)
		buf_add_lit(&to.out, "{\"processes\":[");
	if (asked_pid)
		print_pid(&to, roots, asked_pid);
	for (const struct recall_process *p = roots; p && !asked_pid; p = p->next) {
		struct recall_process root = *p;

		root.next = NULL;
		print(&to, &root, 0);
	}
	if (l->json)
		buf_addf(&to.out, "],\"left_out\":%zu}\n", l->recall.left_out);
	if (to.out.len)
		(void)fwrite(to.out.data, 1, to.out.len, stdout);
	err = buf_error(&to.out);
	buf_done(&to.out);
	if (!to.any && !l->json)
		(void)fprintf(stderr, "lapwing: no event is of %s\n",
			      asked_pid ? "a process of that number" : "a process");
	return !to.any || err || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static int tree_run(int argc, char **argv) {
	static struct lookback l;
	int code = lookback_options(&command_tree, LOOKBACK_JSON, argc, argv, &l);
	char *const *files = l.words;
	long pid;

	if (code >= 0)
		return code;
	if (*files && (*files)[strspn(*files, "0123456789")] == '\0') {
		code = sensor_number(&command_tree, "a process", *files++, 1, 1 << 22, &pid);
		if (code)
			return code;
		asked_pid = (uint32_t)pid;
	}
	return lookback_run(&l, files, show);
}

const struct command command_tree = {
	.name = "tree",
	.summary = "the processes of recorded events, and what each did",
	.usage = "usage: lapwing tree [--json] [PID] [FILE...]\n"
		 "       lapwing tree [--json] [PID] [--spool DIR]\n"
		 "\n"
		 "Shows who made whom, with how many events of files and connections each\n"
		 "process has, its detections, and how it ended; below PID, or all. Events come\n"
		 "from files that \"-o proto:FILE\" or \"-o json:FILE\" wrote, or from the spool,\n"
		 "which keeps them for a while.\n"
		 "\n"
		 "      --json         for programs\n"
		 LOOKBACK_USAGE_SPOOL
		 "\n"
		 "example: lapwing tree 4711 events.pb\n",
	.run = tree_run,
};
