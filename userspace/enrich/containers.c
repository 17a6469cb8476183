/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/containers.h"

#include <stdlib.h>

#include "event/field.h"

struct answer {
	struct answer *next; /* in containers.gone */
	struct str labels[]; /* and behind them the bytes */
};

void containers_bury(struct containers *t) {
	while (t->gone) {
		struct answer *a = t->gone;

		t->gone = a->next;
		free(a);
	}
}

void containers_done(struct containers *t) {
	for (uint32_t i = 0; i < t->used; i++)
		free(t->rows[i].answer);
	containers_bury(t);
	free(t->rows);
	*t = (struct containers){ 0 };
}

static uint32_t *bucket(struct containers *t, struct str id) {
	uint64_t hash = 0xcbf29ce484222325ull;

	for (uint32_t i = 0; i < id.n; i++)
		hash = (hash ^ (uint8_t)id.s[i]) * 0x100000001b3ull;
	return &t->buckets[(hash >> 32 ^ hash) & (CONTAINERS_BUCKETS - 1)];
}

static struct str id_of(const struct named *n) {
	return (struct str){ n->id, n->id_n };
}

static struct named *find(struct containers *t, struct str id) {
	uint32_t at = t->rows ? *bucket(t, id) : 0;

	while (at && !str_eq(id_of(&t->rows[at - 1]), id))
		at = t->rows[at - 1].next;
	return at ? &t->rows[at - 1] : NULL;
}

/* drop - what the row says; the event that is being told may have borrowed it */
static void drop(struct containers *t, struct named *n) {
	if (!n->answer)
		return;
	n->answer->next = t->gone;
	t->gone = n->answer;
	n->answer = NULL;
}

/* evict - frees the row at the hand, unless it was met since the hand was here */
static bool evict(struct containers *t) {
	uint32_t here = t->hand;
	struct named *n = &t->rows[here];
	uint32_t *at = bucket(t, id_of(n));

	t->hand = (here + 1) % CONTAINERS_MAX;
	if (n->met) {
		n->met = false;
		return false;
	}
	while (*at != here + 1)
		at = &t->rows[*at - 1].next;
	*at = n->next;
	t->unasked -= !n->asked;
	drop(t, n);
	t->version++;
	return true;
}

static struct named *take_row(struct containers *t) {
	uint32_t here;

	if (!t->rows)
		t->rows = calloc(CONTAINERS_MAX, sizeof(*t->rows));
	if (!t->rows)
		return NULL;
	if (t->used < CONTAINERS_MAX)
		return &t->rows[t->used++];
	do
		here = t->hand;
	while (!evict(t)); /* a second round finds nobody met */
	return &t->rows[here];
}

static struct named *make(struct containers *t, struct str id, struct str uid) {
	struct named *n = take_row(t);
	uint32_t *at = bucket(t, id);

	if (!n)
		return NULL;
	*n = (struct named){ .key = event_new_key(), .id_n = (uint8_t)id.n, .next = *at };
	memcpy(n->id, id.s, id.n);
	if (uid.n <= sizeof(n->uid)) {
		n->uid_n = (uint8_t)uid.n;
		memcpy(n->uid, uid.s ? uid.s : "", uid.n);
	}
	*at = (uint32_t)(n - t->rows) + 1;
	t->unasked++;
	return n;
}

const struct named *containers_meet(struct containers *t, const struct container *c) {
	struct named *n = find(t, c->id);

	if (!n && c->id.n <= CONTAINERS_ID_BYTES)
		n = make(t, c->id, c->pod_uid);
	if (!n)
		return NULL;
	n->met = true;
	if (!n->runtime.s)
		n->runtime = c->runtime;
	return n;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* keep - a copy of @x at *@to, which moves on */
static struct str keep(char **to, struct str x) {
	char *at = *to;

	if (!x.s)
		return x;
	memcpy(at, x.s, x.n);
	*to += x.n;
	return (struct str){ at, x.n };
}

static size_t total(const struct str *const *texts, size_t n, struct strv labels) {
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += texts[i]->n;
	for (uint32_t i = 0; i < labels.n; i++)
		bytes += labels.v[i].n;
	return bytes;
}

/* fill - @n says what @c says, copied; without memory it stays as it was */
static void fill(struct containers *t, struct named *n, const struct event_container *c) {
	const struct str *const from[] = { &c->runtime, &c->name, &c->image, &c->image_id,
					   &c->pod_name, &c->pod_namespace };
	struct str *const to[] = { &n->told_runtime, &n->name, &n->image, &n->image_id,
				   &n->pod_name, &n->pod_namespace };
	const size_t n_texts = sizeof(from) / sizeof(from[0]);
	struct answer *a = malloc(sizeof(*a) + c->labels.n * sizeof(struct str) +
				  total(from, n_texts, c->labels));
	char *bytes;

	if (!a)
		return;
	drop(t, n);
	n->answer = a;
	bytes = (char *)&a->labels[c->labels.n];
	for (size_t i = 0; i < n_texts; i++)
		*to[i] = keep(&bytes, *from[i]);
	for (uint32_t i = 0; i < c->labels.n; i++)
		a->labels[i] = keep(&bytes, c->labels.v[i]);
	n->labels = (struct strv){ a->labels, c->labels.n };
	n->key = event_new_key();
	t->unasked -= !n->asked;
	n->asked = true;
	t->version++;
}

void containers_learn(struct containers *t, const struct event *e) {
	struct event_container c = {
		.runtime = event_str(e, FIELD_CONTAINER_RUNTIME, e->container.runtime),
		.name = event_str(e, FIELD_CONTAINER_NAME, e->container.name),
		.image = event_str(e, FIELD_CONTAINER_IMAGE, e->container.image),
		.image_id = event_str(e, FIELD_CONTAINER_IMAGE_ID, e->container.image_id),
		.pod_name = event_str(e, FIELD_CONTAINER_POD_NAME, e->container.pod_name),
		.pod_namespace =
			event_str(e, FIELD_CONTAINER_POD_NAMESPACE, e->container.pod_namespace),
	};
	struct str id = event_str(e, FIELD_CONTAINER_ID, e->container.id);
	struct named *n;

	if (event_has(e, FIELD_CONTAINER_LABELS))
		c.labels = e->container.labels;
	if (!t->asks) {
		t->asks = true;
		t->version++;
	}
	if (!id.n || id.n > CONTAINERS_ID_BYTES)
		return;
	n = find(t, id);
	if (!n)
		n = make(t, id, event_str(e, FIELD_CONTAINER_POD_UID, e->container.pod_uid));
	if (n)
		fill(t, n, &c);
}

/* --- asking ----------------------------------------------------------------------------------- */

bool containers_want(struct containers *t, struct containers_want *ret) {
	struct named *n;

	if (!t->unasked)
		return false;
	do
		n = &t->rows[t->look++ % t->used];
	while (n->asked);
	n->asked = true;
	t->unasked--;
	*ret = (struct containers_want){ .id = id_of(n), .runtime = n->runtime };
	if (n->uid_n)
		ret->pod_uid = (struct str){ n->uid, n->uid_n };
	return true;
}

void containers_forget(struct containers *t) {
	for (uint32_t i = 0; i < t->used; i++) {
		struct named *n = &t->rows[i];

		t->unasked += n->asked && !n->answer;
		n->asked = n->answer != NULL;
	}
}
