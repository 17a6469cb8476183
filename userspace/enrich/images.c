/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/images.h"

#include "event/field.h"

void images_done(struct images *t) {
	for (int i = 0; i < IMAGES; i++)
		image_drop(t->kept[i]);
	*t = (struct images){ 0 };
}

static struct image *make_image(const struct event *e) {
	struct image *image =
		image_new(event_str(e, FIELD_PROCESS_NAME, e->process.name),
			  event_str(e, FIELD_PROCESS_EXECUTABLE, e->process.executable),
			  event_str(e, FIELD_PROCESS_COMMAND_LINE, e->process.command_line));

	if (image && e->degraded >> DEGRADED_ARGS_CUT & 1)
		image->cut = true;
	return image;
}

struct image *images_of(struct images *t, const struct event *e) {
	struct image **kept = &t->kept[e->exec_key % IMAGES];

	if (!e->exec_key)
		return make_image(e);
	if (!*kept || (*kept)->key != e->exec_key) {
		image_drop(*kept);
		*kept = make_image(e);
		if (!*kept)
			return NULL;
		(*kept)->key = e->exec_key;
	}
	(*kept)->users++;
	return *kept;
}
