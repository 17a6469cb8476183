/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_picture.c - rows of text at the left, time to the right
 *
 *     sh[20655]  sh s.sh           |====================|      a process: first event to last
 *       chmod[21491]               |               |===|
 *         FILE_CHMOD /tmp/x        |                ▲          what it did: file ■, connection ◆,
 *                                                              detection ▲
 */
#include "cli/report_picture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/html.h"
#include "event/field.h"
#include "event/word.h"

#define WIDTH 1000
#define LEFT 460
#define ROW 20
#define TOP 30
#define LABEL 62 /* characters */

struct drawing {
	struct buf rows;
	struct recall *recall;
	const struct recall_event *focus;
	uint64_t from_ns, to_ns;
	uint32_t n, more;
};

bool picture_what(const struct event *e, char *to, size_t room, const char **ret_class) {
	const char *kind = event_kind_name(e->kind);
	bool net = event_has(e, FIELD_NET_DESTINATION_IP) || event_has(e, FIELD_NET_SOURCE_IP);

	*ret_class = e->n_detections ? "hit" : net ? "net" : "file";
	if (net)
		(void)snprintf(to, room, "%s %.*s:%u → %.*s:%u", kind, STR_FMT(e->net.source_ip),
			       event_has(e, FIELD_NET_SOURCE_PORT) ? e->net.source_port : 0,
			       STR_FMT(e->net.destination_ip),
			       event_has(e, FIELD_NET_DESTINATION_PORT) ? e->net.destination_port
									: 0);
	else if (event_has(e, FIELD_FILE_PATH))
		(void)snprintf(to, room, "%s %.*s", kind, STR_FMT(e->file.path));
	else if (e->n_detections)
		(void)snprintf(to, room, "%s", kind);
	else
		return false;
	return true;
}

static double x_of(const struct drawing *d, uint64_t ns) {
	double span = (double)(d->to_ns - d->from_ns);

	return LEFT + (WIDTH - LEFT - 12) *
			      (span > 0 && ns > d->from_ns ? (double)(ns - d->from_ns) / span : 0);
}

/* begin_row - the text at the left, and a link; false: there is no more room */
static bool begin_row(struct drawing *d, uint64_t link, uint32_t depth, struct str text,
		      const char *class) {
	uint32_t indent = depth < 12 ? depth * 12 : 144;

	if (d->n == PICTURE_ROWS) {
		d->more++;
		return false;
	}
	buf_addf(&d->rows, "<a href=\"#e%" PRIu64 "\" class=\"%s\"><title>", link, class);
	html_cut(&d->rows, text, 400);
	buf_addf(&d->rows, "</title><text x=\"%u\" y=\"%u\">", 6 + indent, TOP + d->n * ROW + 14);
	html_cut(&d->rows, text, LABEL - indent / 7);
	buf_add_lit(&d->rows, "</text>");
	return true;
}

static void end_row(struct drawing *d) {
	buf_add_lit(&d->rows, "</a>\n");
	d->n++;
}

static void draw_event(struct drawing *d, const struct recall_event *of, uint32_t depth) {
	const char *class;
	struct event e;
	char what[512];
	double x = x_of(d, of->time_ns);
	uint32_t y = TOP + d->n * ROW + 10;

	if (recall_unpack(d->recall, of, &e) || !picture_what(&e, what, sizeof(what), &class) ||
	    !begin_row(d, of->order, depth, str_of(what), of == d->focus ? "hit focus" : class))
		return;
	if (e.n_detections)
		buf_addf(&d->rows, "<path d=\"M%.1f %u l7 12 h-14 z\"/>", x, y - 7);
	else if (!strcmp(class, "net"))
		buf_addf(&d->rows, "<path d=\"M%.1f %u l6 6 l-6 6 l-6 -6 z\"/>", x, y - 6);
	else
		buf_addf(&d->rows, "<rect x=\"%.1f\" y=\"%u\" width=\"9\" height=\"9\"/>", x - 4.5,
			 y - 4);
	end_row(d);
}

static void draw_process(struct drawing *d, const struct recall_process *p, uint32_t depth) {
	struct str of = p->command_line.n ? p->command_line : p->executable;
	char text[512];

	if (!p->marked || depth > RECALL_DEPTH)
		return;
	(void)snprintf(text, sizeof(text), "%.*s[%u]  %.*s", STR_FMT(p->name), p->pid, STR_FMT(of));
	if (begin_row(d, p->events ? p->events->order : 0, depth, str_of(text), "process")) {
		double from = x_of(d, p->first_ns), to = x_of(d, p->last_ns);

		if (p->events)
			buf_addf(&d->rows,
				 "<rect x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"8\"/>", from,
				 TOP + d->n * ROW + 6, to - from > 3 ? to - from : 3);
		end_row(d);
	}
	for (const struct recall_event *e = p->events; e; e = e->next)
		draw_event(d, e, depth + 1);
	for (const struct recall_process *kid = p->kids; kid; kid = kid->next)
		draw_process(d, kid, depth + 1);
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
	double s = (double)(d->to_ns - d->from_ns) / 1e9;

	for (int i = 0; i <= 4; i++) {
		double x = LEFT + (WIDTH - LEFT - 12) * i / 4.0;

		buf_addf(out,
			 "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\"/>"
			 "<text x=\"%.1f\" y=\"14\" text-anchor=\"%s\">+%.*f s</text>\n",
			 x, TOP - 8, x, height, x, i == 4 ? "end" : "middle",
			 s < 1	 ? 4
			 : s < 100 ? 2
				   : 0,
			 s * i / 4);
	}
}

void picture_draw(struct buf *out, struct recall *r, const struct recall_process *root,
		  const struct recall_event *focus) {
	struct drawing d = { .recall = r, .focus = focus };
	uint32_t height;

	span(&d, root, 0);
	if (d.to_ns < d.from_ns)
		d.to_ns = d.from_ns;
	draw_process(&d, root, 0);
	height = TOP + d.n * ROW + 8;
	buf_addf(out,
		 "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"picture\">"
		 "<svg viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\" role=\"img\" "
		 "aria-label=\"processes, files and connections on a line of time\">\n",
		 WIDTH, height, WIDTH, height);
	draw_axis(out, &d, height);
	buf_add(out, d.rows.data, d.rows.len);
	buf_add_lit(out, "</svg></div>\n<p class=\"key\">bar: process, square: file, diamond: "
			 "connection, triangle: detection</p>\n");
	if (d.more)
		buf_addf(out, "<p>%u more rows are not drawn; their events are below.</p>\n",
			 d.more);
	if (buf_error(&d.rows))
		buf_add_lit(out, "<p>There was not enough memory for all of the picture.</p>\n");
	buf_done(&d.rows);
}
