/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - the story of a detection as one page that needs nothing else
 *
 * No script and nothing from elsewhere, which the page also forbids itself; whatever an event says
 * is text (html.h). What folds is <details>, and what jumps is a link, so a keyboard is enough.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/export.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/html.h"
#include "cli/lookback.h"
#include "cli/report_picture.h"
#include "encode/encode.h"
#include "event/word.h"

#define KIN 40	       /* siblings' families that are shown, at most */
#define RAW_EVENTS 500 /* that are folded below */

extern const struct command command_report;

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--dim:#57606a;--line:#d0d7de;"
	"--hit:#b42318;--net:#0b62a8;--file:#3d6b1f;--bar:#8c959f}"
	"@media screen and (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;"
	"--dim:#9aa5b1;"
	"--line:#30363d;--hit:#ff7b72;--net:#79c0ff;--file:#7ee787;--bar:#6e7681}}"
	"body{font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
	"max-width:64rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}"
	"h1{font-size:1.5rem;margin:.2em 0}h2{font-size:1.15rem;margin:1.6em 0 .4em;"
	"border-bottom:1px solid var(--line)}.level{color:var(--hit);font-weight:700}"
	"p{margin:.3em 0}.key,.dim{color:var(--dim)}table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;"
	"border-bottom:1px solid var(--line)}th[scope]{width:8rem}"
	"code,pre,svg text{font-family:ui-monospace,monospace}"
	"pre{white-space:pre-wrap;background:rgba(128,128,128,.12);padding:.6rem;margin:.3rem 0}"
	".wide,.narrow{overflow-x:auto;border:1px solid var(--line)}svg{display:block}"
	".narrow{display:none}svg text{font-size:12px;fill:var(--ink)}svg line{stroke:var(--line)}"
	".process rect{fill:var(--bar)}.process text{font-weight:700}.file rect{fill:var(--file)}"
	".net path,.net rect{fill:var(--net)}"
	".hit path,.hit rect,.hit text{fill:var(--hit)}.focus text{font-weight:700}"
	"a:focus,summary:focus,.wide:focus,.narrow:focus{outline:3px solid var(--net);"
	"outline-offset:1px}"
	"a:focus text{text-decoration:underline}details{margin:.15rem 0}summary{cursor:pointer}"
	"pre:target{outline:2px solid var(--hit)}ol{padding-left:1.4rem}"
	"@media screen and (max-width:40rem){.wide{display:none}.narrow{display:block}"
	".narrow svg{width:100%;max-width:30rem;height:auto}}"
	"@media(max-width:40rem){thead{display:none}body{padding:.6rem;font-size:15px}"
	".met td,.met tr{display:block;border:0;padding:0}.met td:first-child{color:var(--dim)}"
	".met tr{border-bottom:1px solid var(--line);padding:.2rem 0}}"
	"@media print{:root{color-scheme:light}body{max-width:none;font-size:10pt}"
	".wide{overflow:visible;border:0}svg{width:100%;height:auto}a{color:inherit}"
	"pre{background:none}tr,li,summary,.wide{break-inside:avoid}h2{break-after:avoid}}";

static const char head[] =
	"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n<title>";

struct page {
	struct buf out;
	struct recall *recall;
	struct ruleset *rules;
	const struct recall_event *focus;
	const struct recall_process *root;
	struct str identifier, field, value; /* of the row before */
};

static void add_time(struct buf *out, uint64_t ns) {
	time_t s = (time_t)(ns / 1000000000u);
	char text[40] = "?";
	struct tm t;

	if (gmtime_r(&s, &t))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &t);
	buf_addf(out, "%s.%03u UTC", text, (unsigned)(ns / 1000000 % 1000));
}

static void add_row(struct buf *out, const char *name, struct str text) {
	if (!text.n)
		return;
	buf_addf(out, "<tr><th scope=\"row\">%s</th><td><code>", name);
	html_text(out, text);
	buf_add_lit(out, "</code></td></tr>\n");
}

/* --- whose story it is ------------------------------------------------------------------------ */

static uint32_t count(const struct recall_process *p, uint32_t depth) {
	uint32_t n = 1;

	for (const struct recall_process *kid = p->kids; kid && depth < RECALL_DEPTH && n <= KIN;
	     kid = kid->next)
		n += count(kid, depth + 1);
	return n;
}

static void mark(struct recall_process *p, uint32_t depth) {
	p->marked = true;
	for (struct recall_process *kid = p->kids; kid && depth < RECALL_DEPTH; kid = kid->next)
		mark(kid, depth + 1);
}

/*
 * choose - the process with all that it made, and its parent's, as long as that stays a picture
 * Of the one that is too large for it, those of its kids are shown that did more than run.
 */
static const struct recall_process *choose(struct recall_process *p) {
	struct recall_process *top = p;
	uint32_t n = 0;

	while (top->parent && top->parent->n_events && count(top->parent, 0) <= KIN)
		top = top->parent;
	mark(top, 0);
	top = top->parent && top->parent->n_events ? top->parent : top;
	top->marked = true;
	for (struct recall_process *kid = top->kids; kid && n < KIN; kid = kid->next) {
		if (kid->marked || !(kid->n_files || kid->n_net || kid->n_detections))
			continue;
		kid->marked = true;
		n++;
	}
	return top;
}

/* --- parts of the page ------------------------------------------------------------------------ */

static int add_value(void *page, struct str identifier, struct str field, struct str value) {
	struct page *p = page;
	struct buf *out = &p->out;
	char shown[EXPLAIN_SHOWN];

	if (str_eq(p->identifier, identifier) && str_eq(p->field, field) &&
	    str_eq(p->value, value))
		return 0; /* two of its conditions ask for the same */
	p->identifier = identifier;
	p->field = field;
	p->value = value;
	buf_add_lit(out, "<tr><td>");
	html_text(out, identifier);
	buf_add_lit(out, "</td><td>");
	html_text(out, field.n ? field : STR("keywords"));
	buf_add_lit(out, "</td><td><code>");
	html_text(out, explain_shown(field, value, shown));
	buf_add_lit(out, "</code></td></tr>\n");
	return 0;
}

static void add_techniques(struct buf *out, const struct detection *d) {
	char technique[16];

	for (uint32_t i = 0; i < d->tags.n; i++) {
		buf_add_lit(out, "<li>");
		if (explain_technique(d->tags.v[i], technique)) {
			char *dot = strchr(technique, '.');

			buf_add_lit(out, "MITRE ATT&amp;CK ");
			html_text(out, str_of(technique));
			buf_add_lit(out, ", ");
			if (dot)
				*dot = '/';
			buf_add_lit(out, "<code>https://attack.mitre.org/techniques/");
			html_text(out, str_of(technique));
			buf_add_lit(out, "/</code>");
		} else {
			html_text(out, d->tags.v[i]);
		}
		buf_add_lit(out, "</li>\n");
	}
}

/* add_correlated - of which rules, and each event as a line; of one that is not there its id */
static void add_correlated(struct page *p, const struct detection *d) {
	buf_add_lit(&p->out, "<p>A correlation of ");
	for (uint32_t i = 0; i < d->matched.n; i++) {
		buf_add_str(&p->out, i ? STR(", ") : STR(""));
		html_text(&p->out, d->matched.v[i]);
	}
	buf_add_lit(&p->out, ", of these events:</p>\n<ul>\n");
	for (uint32_t i = 0; i < d->events.n; i++) {
		struct str id = d->events.v[i];
		const struct recall_event *of = NULL;
		struct buf text = { 0 };
		struct event e;
		char name[64];

		if (id.n < sizeof(name)) {
			(void)snprintf(name, sizeof(name), "%.*s", STR_FMT(id));
			of = recall_find(p->recall, name);
		}
		if (of && !recall_unpack(p->recall, of, &e)) {
			e.n_detections = 0; /* what they are is told below */
			encode_text(&text, &e, false);
		}
		buf_add_lit(&p->out, "<li>");
		html_cut(&p->out, text.len ? (struct str){ text.data, (uint32_t)text.len } : id,
			 300);
		buf_add_lit(&p->out, "</li>\n");
		buf_done(&text);
	}
	buf_add_lit(&p->out, "</ul>\n");
}

static void add_values(struct page *p, struct event *e, const struct detection *d) {
	buf_add_lit(&p->out, "<table class=\"met\"><thead><tr><th>selection</th>"
			     "<th>field</th><th>what it was</th></tr></thead><tbody>\n");
	p->identifier = p->field = p->value = (struct str){ 0 };
	if (!explain_values(p->rules, &p->recall->scratch, e, d, add_value, p))
		for (uint32_t i = 0; i < d->matched.n; i++)
			(void)add_value(p, d->matched.v[i], STR("held"), STR("as recorded"));
	buf_add_lit(&p->out, "</tbody></table>\n");
}

static void add_detection(struct page *p, struct event *e, const struct detection *d) {
	buf_addf(&p->out, "<h2><span class=\"level\">%s</span> ",
		 d->level ? event_level_word(d->level) : "?");
	html_text(&p->out, d->title);
	buf_add_lit(&p->out, "</h2>\n");
	if (d->events.n)
		add_correlated(p, d);
	else
		add_values(p, e, d);
	buf_add_lit(&p->out, "<ul>\n");
	add_techniques(&p->out, d);
	buf_add_lit(&p->out, "</ul>\n");
}

static void add_summary(struct page *p, const struct event *e) {
	buf_add_lit(&p->out, "<table><tbody>\n<tr><th scope=\"row\">time</th><td>");
	add_time(&p->out, p->focus->time_ns);
	buf_add_lit(&p->out, "</td></tr>\n");
	add_row(&p->out, "host", event_has(e, FIELD_HOST_NAME) ? e->host_name : (struct str){ 0 });
	add_row(&p->out, "event", p->focus->id);
	add_row(&p->out, "kind", str_of(event_kind_name(e->kind)));
	if (p->focus->process) {
		const struct recall_process *of = p->focus->process;

		add_row(&p->out, "process", of->name);
		add_row(&p->out, "executable", of->executable);
		add_row(&p->out, "command line", of->command_line);
		add_row(&p->out, "user", of->user);
	}
	if (event_has(e, FIELD_CONTAINER_ID))
		add_row(&p->out, "container", e->container.id);
	buf_add_lit(&p->out, "</tbody></table>\n");
}

static void add_ancestors(struct page *p) {
	const struct recall_process *of = p->focus->process ? p->focus->process->parent : NULL;

	if (!of)
		return;
	buf_add_lit(&p->out, "<h2>Who made it</h2>\n<ol>\n");
	for (int i = 0; of && i < RECALL_DEPTH; i++, of = of->parent) {
		buf_add_lit(&p->out, "<li><b>");
		html_text(&p->out, of->name.n ? of->name : STR("?"));
		buf_addf(&p->out, "[%u]</b> <code>", of->pid);
		html_cut(&p->out, of->command_line.n ? of->command_line : of->executable, 2000);
		buf_add_lit(&p->out, "</code></li>\n");
	}
	buf_add_lit(&p->out, "</ol>\n");
}

static void add_raw(struct page *p, const struct recall_event *of) {
	struct buf text = { 0 };
	struct event e;

	if (recall_unpack(p->recall, of, &e))
		return;
	buf_addf(&p->out, "<details%s><summary>", of == p->focus ? " open" : "");
	encode_text(&text, &e, false);
	html_cut(&p->out, (struct str){ text.data, (uint32_t)text.len }, 300);
	/* what a link goes to is unfolded, if it lies within what is folded */
	buf_addf(&p->out, "</summary><pre id=\"e%" PRIu64 "\">", of->order);
	buf_reset(&text);
	encode_json(&text, &e);
	html_json(&p->out, (struct str){ text.data, (uint32_t)text.len });
	buf_add_lit(&p->out, "</pre></details>\n");
	buf_done(&text);
}

/* mark_if - @e, unless it is marked, if it is of the story and there is room; of @left and @more */
static void mark_if(struct recall_event *e, size_t *left, size_t *more) {
	if (e->marked || !e->process || !e->process->marked)
		return;
	e->marked = *left > 0;
	*left -= e->marked;
	*more += !e->marked;
}

/*
 * mark_events - those that are folded on the page; how many more there are
 * What the picture links to, then what is near the event that it is all about.
 */
static size_t mark_events(struct page *p) {
	struct recall_event *all = p->recall->events;
	size_t focus = (size_t)(p->focus - all), left = RAW_EVENTS, more = 0;

	all[focus].marked = true;
	for (size_t i = 0; i < p->recall->n; i++)
		left -= all[i].marked && left;
	for (size_t i = 1; i <= focus || focus + i < p->recall->n; i++) {
		if (i <= focus)
			mark_if(&all[focus - i], &left, &more);
		if (focus + i < p->recall->n)
			mark_if(&all[focus + i], &left, &more);
	}
	return more;
}

static void add_events(struct page *p) {
	size_t more = mark_events(p);

	buf_add_lit(&p->out, "<h2>Events</h2>\n");
	for (size_t i = 0; i < p->recall->n; i++)
		if (p->recall->events[i].marked)
			add_raw(p, &p->recall->events[i]);
	if (more)
		buf_addf(&p->out, "<p>%zu more events are not on this page.</p>\n", more);
}

static void add_page(struct page *p, struct event *e) {
	const struct detection *worst = e->n_detections ? e->detections : NULL;
	struct str title;

	for (uint32_t i = 1; i < e->n_detections; i++)
		if (e->detections[i].level > worst->level)
			worst = &e->detections[i];
	title = worst ? worst->title : STR("an event");
	buf_add(&p->out, head, sizeof(head) - 1);
	html_text(&p->out, title);
	buf_add_lit(&p->out, "</title>\n<style>");
	buf_add(&p->out, style, sizeof(style) - 1);
	buf_add_lit(&p->out, "</style>\n</head>\n<body>\n<main>\n<p class=\"dim\">lapwing "
			     LAPWING_VERSION "</p>\n<h1>");
	html_text(&p->out, title);
	buf_add_lit(&p->out, "</h1>\n");
	add_summary(p, e);
	for (int level = LEVEL_CRITICAL; level >= 0; level--)
		for (uint32_t i = 0; i < e->n_detections; i++)
			if ((int)e->detections[i].level == level)
				add_detection(p, e, &e->detections[i]);
	if (p->root) {
		buf_add_lit(&p->out, "<h2>What happened</h2>\n");
		picture_draw(&p->out, p->recall, p->root, p->focus);
	}
	add_ancestors(p);
	add_events(p);
	if (p->recall->left_out)
		buf_addf(&p->out, "<p>%zu recorded events could not be read.</p>\n",
			 p->recall->left_out);
	buf_add_lit(&p->out, "</main>\n</body>\n</html>\n");
}

/* --- the command ------------------------------------------------------------------------------ */

static int write_page(const struct buf *page, const char *to) {
	bool standard = !strcmp(to, "-");
	int fd = standard ? STDOUT_FILENO
			  : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : buf_error(page);

	for (size_t at = 0; !err && at < page->len;) {
		ssize_t n = write(fd, page->data + at, page->len - at);

		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n > 0)
			at += (size_t)n;
	}
	if (fd >= 0 && !standard && close(fd) && !err)
		err = -errno;
	if (err)
		log_error("\"%s\" cannot be written: %s", to, strerror(-err));
	return err ? CLI_FAILURE : CLI_OK;
}

static int make(struct lookback *l) {
	struct recall *r = &l->recall;
	struct page p = { .recall = r, .rules = l->rules, .focus = recall_find(r, *l->words) };
	struct event e;
	struct arena own;
	struct str bytes;
	int code = CLI_FAILURE;

	if (!p.focus) {
		log_error("no event has the id \"%s\", and no detection that rule's id or title, "
			  "among %zu events", *l->words, r->n);
		return CLI_FAILURE;
	}
	if (p.focus->process)
		p.root = choose(p.focus->process);
	/* the scratch of others goes on beside this event */
	arena_init(&own, RECALL_EVENT_BYTES);
	bytes = recall_bytes(p.focus);
	if (!encode_unpack(bytes.s, bytes.n, &own, &e)) {
		add_page(&p, &e);
		code = write_page(&p.out, l->output);
	}
	buf_done(&p.out);
	arena_done(&own);
	return code;
}

static int report_run(int argc, char **argv) {
	static struct lookback l;
	int code = lookback_options(&command_report, LOOKBACK_RULES | LOOKBACK_OUTPUT, argc, argv,
				    &l);

	if (code >= 0)
		return code;
	if (!*l.words || !l.output)
		return cli_misuse(&command_report, "an event's id, or a rule's id or title, and -o "
				  "with the file to write are needed");
	return lookback_run(&l, l.words + 1, make);
}

const struct command command_report = {
	.name = "report",
	.summary = "the story of a detection as one page for a browser",
	.usage = "usage: lapwing report [--rules PATH] WHAT -o FILE.html [FILE...]\n"
		 "       lapwing report [--rules PATH] WHAT -o FILE.html [--spool DIR]\n"
		 "\n"
		 "WHAT is an event's id, or a rule's id or title: then its last detection. The\n"
		 "page has what met the rules, a picture of the processes, files and connections\n"
		 "on a line of time, who made them, and the raw events. It is one file, without\n"
		 "scripts, and loads nothing. Events come from files that \"-o proto:FILE\" or\n"
		 "\"-o json:FILE\" wrote, or from the spool, which keeps them for a while.\n"
		 "\n"
		 "  -o, --output FILE  where to; - is standard output\n"
		 LOOKBACK_USAGE_RULES
		 LOOKBACK_USAGE_SPOOL
		 "\n"
		 "example: lapwing report 'Setuid Or Setgid Bit Set' -o story.html events.pb\n",
	.run = report_run,
};
