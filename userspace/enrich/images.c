/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/images.h"

#include "event/field.h"

void images_done(struct images *t) {
	for (int i = 0; i < IMAGES; i++)
		image_drop(t->kept[i]);
	*t = (struct images){ 0 };
}

static struct image *make_image(size_t *sum, struct event *e) {
	struct image *image;

	event_take(e);
	image = image_new(sum, event_str(e, FIELD_PROCESS_NAME, e->process.name),
			  event_str(e, FIELD_PROCESS_EXECUTABLE, e->process.executable),
			  event_str(e, FIELD_PROCESS_COMMAND_LINE, e->process.command_line));

	if (image && e->degraded >> DEGRADED_ARGS_CUT & 1)
		image->cut = true;
	return image;
}

struct image *images_renamed(size_t *sum, struct str name, const struct image *from) {
	static const struct image none;
	struct image *image;

	from = from ?: &none;
	image = image_new(sum, name, from->executable, from->command_line);
	if (image && from->cut)
		image->cut = true;
	return image;
}

/* keep_image - @e's image in the place of another one's; not inlined, for it is rare */
static __attribute__((noinline)) struct image *keep_image(struct image **kept, size_t *sum,
							  struct event *e) {
	if (!e->exec_key)
		return make_image(sum, e);
	image_drop(*kept);
	*kept = make_image(sum, e);
	if (!*kept)
		return NULL;
	(*kept)->key = e->exec_key;
	(*kept)->users++;
	return *kept;
}

struct image *images_of(struct images *t, size_t *sum, struct event *e) {
	struct image **kept = &t->kept[e->exec_key % IMAGES];

	if (!e->exec_key || !*kept || (*kept)->key != e->exec_key)
		return keep_image(kept, sum, e);
	(*kept)->users++;
	return *kept;
}

void images_put(struct proc *p, const struct event *e, struct image *image) {
	p->shown.key = 0;
	if (!p->is.image && p->execs && p->execs == e->execs) {
		p->is.image = image; /* some event was ahead of its exec */
		p->image_ns = e->boot_ns;
		return;
	}
	p->before_execs = p->execs;
	p->execs = e->execs;
	proc_set_image(p, e->boot_ns, image);
}
