/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_picture.c - rows of text at the left, time to the right
 *
 *     sh[20655]  sh s.sh           |====================|      a process: first event to last
 *       chmod[21491]               |               |===|
 *         FILE_CHMOD /tmp/x        |                ▲          what it did: file ■, connection ◆,
 *                                                              detection ▲
 *
 * It is drawn a second time, for a phone: there time is below each row's text, and as wide as that.
 */
#include "cli/report_picture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/html.h"
#include "cli/report_rows.h"
#include "encode/text.h"
#include "event/field.h"
#include "event/word.h"

#define TOP 30
#define EDGE 12 /* room for a mark at either end of the time */

struct layout {
	const char *class;
	uint32_t width, left, row; /* of the picture; where time begins; of a row's height */
	uint32_t mark;		   /* the middle of a row's bar or mark */
	uint32_t label;		   /* characters of its text */
	int ticks;
};

static const struct layout layouts[] = {
	{ "wide", 960, 452, 20, 10, 58, 4 },
	{ "narrow", 336, EDGE, 36, 25, 44, 2 },
};

struct drawing {
	const struct layout *layout;
	struct buf rows;
	const struct picture_rows *of;
	const struct recall_event *focus;
	uint64_t from_ns, to_ns;
	uint32_t n;
};

/* add_end - " 192.0.2.1:80", behind @arrow; nothing of an end that is not known */
static void add_end(char *to, size_t room, const char *arrow, struct str ip, bool known,
		    uint32_t port) {
	size_t n = strlen(to);

	if (ip.n && known && memchr(ip.s, ':', ip.n))
		(void)snprintf(to + n, room - n, "%s [%.*s]:%u", arrow, STR_FMT(ip), port);
	else if (ip.n && known)
		(void)snprintf(to + n, room - n, "%s %.*s:%u", arrow, STR_FMT(ip), port);
	else if (ip.n)
		(void)snprintf(to + n, room - n, "%s %.*s", arrow, STR_FMT(ip));
}

bool picture_what(const struct event *e, char *to, size_t room, const char **ret_class) {
	bool net = event_has(e, FIELD_NET_DESTINATION_IP) || event_has(e, FIELD_NET_SOURCE_IP);

	*ret_class = e->n_detections ? "hit" : net ? "net" : "file";
	(void)snprintf(to, room, "%s", event_kind_name(e->kind));
	if (net) {
		add_end(to, room, "", e->net.source_ip, event_has(e, FIELD_NET_SOURCE_PORT),
			e->net.source_port);
		add_end(to, room, " →", e->net.destination_ip,
			event_has(e, FIELD_NET_DESTINATION_PORT), e->net.destination_port);
	} else if (event_has(e, FIELD_FILE_PATH)) {
		size_t n = strlen(to);

		(void)snprintf(to + n, room - n, " %.*s", STR_FMT(e->file.path));
	} else if (e->n_detections) {
		size_t n = strlen(to);

		(void)snprintf(to + n, room - n, " %.*s", STR_FMT(e->detections[0].title));
	} else {
		return false;
	}
	return true;
}

static double x_of(const struct drawing *d, uint64_t ns) {
	const struct layout *l = d->layout;
	double span = (double)(d->to_ns - d->from_ns);

	return l->left +
	       (l->width - l->left - EDGE) *
		       (span > 0 && ns > d->from_ns ? (double)(ns - d->from_ns) / span : 0);
}

/* draw_text - at the left, with all of it as a title */
static void draw_text(struct drawing *d, const struct picture_row *row) {
	uint32_t indent = row->depth < 12 ? row->depth * 12 : 144;
	uint32_t y = TOP + d->n * d->layout->row + 14;
	char times[24] = "";

	if (row->n > 1)
		(void)snprintf(times, sizeof(times), "%s ×%u", row->one ? "" : " …", row->n);
	buf_add_lit(&d->rows, "<title>");
	html_cut(&d->rows, row->text, 400);
	buf_addf(&d->rows, "%s</title><text x=\"%u\" y=\"%u\">", times, 6 + indent, y);
	html_cut(&d->rows, row->text,
		 d->layout->label - indent / 7 - (row->n > 1 ? (uint32_t)strlen(times) : 0));
	buf_addf(&d->rows, "%s</text>", times);
}

static void draw_bar(struct drawing *d, double from, double to, uint32_t height) {
	uint32_t middle = TOP + d->n * d->layout->row + d->layout->mark;

	buf_addf(&d->rows, "<rect x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%u\"/>", from,
		 middle - height / 2, to - from, height);
}

/* draw_marks - of an event; of several a bar of its color, from the first to the last */
static void draw_marks(struct drawing *d, const struct picture_row *row) {
	double x = x_of(d, row->event->time_ns), last = x_of(d, row->last_ns);
	uint32_t y = TOP + d->n * d->layout->row + d->layout->mark;

	if (row->n > 1)
		draw_bar(d, x, last > x + 2 ? last : x + 2, 4);
	if (!strcmp(row->class, "hit"))
		buf_addf(&d->rows, "<path d=\"M%.1f %u l7 12 h-14 z\"/>", x, y - 7);
	else if (!strcmp(row->class, "net"))
		buf_addf(&d->rows, "<path d=\"M%.1f %u l6 6 l-6 6 l-6 -6 z\"/>", x, y - 6);
	else
		draw_bar(d, x - 4.5, x + 4.5, 9);
}

static void draw_process(struct drawing *d, const struct recall_process *p) {
	double from = x_of(d, p->first_ns), to = x_of(d, p->last_ns);

	if (p->events)
		draw_bar(d, from, to - from > 3 ? to : from + 3, 8);
}

static void draw_row(struct drawing *d, const struct picture_row *row) {
	const struct recall_event *link = row->event ? row->event : row->process->events;
	bool focus = row->event && row->event == d->focus;

	if (link)
		buf_addf(&d->rows, "<a href=\"#e%" PRIu64 "\" class=\"%s%s\">", link->order,
			 focus ? "hit" : row->class, focus ? " focus" : "");
	else
		buf_addf(&d->rows, "<g class=\"%s\">", row->class);
	draw_text(d, row);
	if (row->event)
		draw_marks(d, row);
	else
		draw_process(d, row->process);
	buf_add_str(&d->rows, link ? STR("</a>\n") : STR("</g>\n"));
	d->n++;
}

/* span - from the first event of those that are marked to the last */
static void span(struct drawing *d, const struct recall_process *p, uint32_t depth) {
	if (!p->marked || depth > RECALL_DEPTH)
		return;
	if (p->first_ns && (!d->from_ns || p->first_ns < d->from_ns))
		d->from_ns = p->first_ns;
	if (p->last_ns > d->to_ns)
		d->to_ns = p->last_ns;
	for (const struct recall_process *kid = p->kids; kid; kid = kid->next)
		span(d, kid, depth + 1);
}

static void draw_axis(struct buf *out, const struct drawing *d, uint32_t height) {
	const struct layout *l = d->layout;
	uint64_t span_ns = d->to_ns - d->from_ns;

	for (int i = 0; i <= l->ticks; i++) {
		double x = l->left + (l->width - l->left - EDGE) * i / (double)l->ticks;

		buf_addf(out,
			 "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\"/>"
			 "<text x=\"%.1f\" y=\"14\" text-anchor=\"%s\">+",
			 x, TOP - 8, x, height, x,
			 i == l->ticks ? "end"
			 : i	       ? "middle"
				       : "start");
		text_duration(out, span_ns * (uint64_t)i / (uint64_t)l->ticks);
		buf_add_lit(out, "</text>\n");
		if (!span_ns)
			return;
	}
}

static void draw(struct buf *out, struct drawing *d) {
	const struct layout *l = d->layout;
	uint32_t height;

	for (size_t i = 0; i < d->of->n; i++)
		if (d->of->v[i].drawn)
			draw_row(d, &d->of->v[i]);
	height = TOP + d->n * l->row + 8;
	buf_addf(out,
		 "<div class=\"%s\" tabindex=\"0\" role=\"group\" aria-label=\"picture\">"
		 "<svg viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\" role=\"img\" "
		 "aria-label=\"processes, files and connections on a line of time\">\n",
		 l->class, l->width, height, l->width, height);
	draw_axis(out, d, height);
	buf_add(out, d->rows.data, d->rows.len);
	buf_add_lit(out, "</svg></div>\n");
}

void picture_draw(struct buf *out, struct recall *r, const struct recall_process *root,
		  const struct recall_event *focus) {
	struct picture_rows rows;
	struct drawing d = { .of = &rows, .focus = focus };
	bool short_of_memory = rows_plan(r, root, focus, &rows) != 0;

	span(&d, root, 0);
	if (d.to_ns < d.from_ns)
		d.to_ns = d.from_ns;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		d.layout = &layouts[i];
		d.n = 0;
		draw(out, &d);
		short_of_memory |= buf_error(&d.rows) != 0;
		buf_done(&d.rows);
		d.rows = (struct buf){ 0 };
	}
	buf_add_lit(out, "<p class=\"key\">bar: process, square: file, diamond: connection, "
			 "triangle: detection; with a thin bar: several that are alike</p>\n");
	if (rows.processes_left || rows.events_left)
		buf_addf(out,
			 "<p>Not drawn, as farther from what was found: %zu processes, %zu "
			 "events.</p>\n",
			 rows.processes_left, rows.events_left);
	if (short_of_memory)
		buf_add_lit(out, "<p>There was not enough memory for all of the picture.</p>\n");
	rows_done(&rows);
}
