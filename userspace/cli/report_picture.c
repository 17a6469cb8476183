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
	struct recall *recall;
	const struct recall_event *focus;
	uint64_t from_ns, to_ns;
	uint32_t n, more;
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
	} else if (!e->n_detections) {
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

/* begin_row - the text at the left, and a link; false: there is no more room */
static bool begin_row(struct drawing *d, uint64_t link, uint32_t depth, struct str text,
		      const char *class) {
	uint32_t indent = depth < 12 ? depth * 12 : 144;
	uint32_t y = TOP + d->n * d->layout->row + 14;

	if (d->n == PICTURE_ROWS) {
		d->more++;
		return false;
	}
	buf_addf(&d->rows, "<a href=\"#e%" PRIu64 "\" class=\"%s\"><title>", link, class);
	html_cut(&d->rows, text, 400);
	buf_addf(&d->rows, "</title><text x=\"%u\" y=\"%u\">", 6 + indent, y);
	html_cut(&d->rows, text, d->layout->label - indent / 7);
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
	uint32_t y = TOP + d->n * d->layout->row + d->layout->mark;

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
				 TOP + d->n * d->layout->row + d->layout->mark - 4,
				 to - from > 3 ? to - from : 3);
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

static void draw(struct buf *out, struct drawing *d, const struct recall_process *root) {
	const struct layout *l = d->layout;
	uint32_t height;

	draw_process(d, root, 0);
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
	struct drawing d = { .recall = r, .focus = focus };
	bool short_of_memory = false;

	span(&d, root, 0);
	if (d.to_ns < d.from_ns)
		d.to_ns = d.from_ns;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		d.layout = &layouts[i];
		d.n = d.more = 0;
		draw(out, &d, root);
		short_of_memory |= buf_error(&d.rows) != 0;
		buf_done(&d.rows);
		d.rows = (struct buf){ 0 };
	}
	buf_add_lit(out, "<p class=\"key\">bar: process, square: file, diamond: connection, "
			 "triangle: detection</p>\n");
	if (d.more)
		buf_addf(out, "<p>%u more rows are not drawn; their events are below.</p>\n",
			 d.more);
	if (short_of_memory)
		buf_add_lit(out, "<p>There was not enough memory for all of the picture.</p>\n");
}
