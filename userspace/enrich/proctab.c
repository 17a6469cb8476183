/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/proctab.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "enrich/hex.h"

#define CHUNK_ROWS 256
#define TICK_NS 10000000u

static size_t chunk_count(size_t rows) {
	return (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

int proctab_init(struct proctab *t, size_t max_rows) {
	*t = (struct proctab){ .max_rows = max_rows ? max_rows : 1, .n_buckets = 1 };
	while (t->n_buckets < t->max_rows)
		t->n_buckets *= 2;
	t->buckets = calloc(t->n_buckets, sizeof(struct proc *));
	t->chunks = calloc(chunk_count(t->max_rows), sizeof(struct proc *));
	if (t->buckets && t->chunks)
		return 0;
	proctab_done(t);
	return -ENOMEM;
}

void image_drop(struct image *image) {
	if (!image || --image->users)
		return;
	*image->sum -= image->bytes;
	free(image);
}

/* drop_shared - all that a row has in common with others */
static void drop_shared(struct proc *p) {
	image_drop(p->is.image);
	image_drop(p->before);
	lineage_drop(p->line);
	lineage_drop(p->children);
	p->is.image = p->before = NULL;
	p->line = p->children = NULL;
}

void proctab_done(struct proctab *t) {
	for (size_t i = 0; i < t->n_rows; i++)
		drop_shared(&t->chunks[i / CHUNK_ROWS][i % CHUNK_ROWS]);
	for (size_t i = 0; i < chunk_count(t->n_rows); i++)
		free(t->chunks[i]);
	free(t->chunks);
	free(t->buckets);
	*t = (struct proctab){ 0 };
}

static struct proc **bucket(const struct proctab *t, uint32_t tgid, uint64_t start_ns) {
	uint64_t h = (start_ns ^ (uint64_t)tgid << 32) * 0x9e3779b97f4a7c15ull;

	return &t->buckets[h >> 32 & (t->n_buckets - 1)];
}

static struct proc *find(struct proc *p, uint32_t tgid, uint64_t start_ns) {
	while (p && !proc_is(p, tgid, start_ns))
		p = p->next_in_bucket;
	return p;
}

struct proc *proctab_get(const struct proctab *t, uint32_t tgid, uint64_t start_ns) {
	return find(*bucket(t, tgid, start_ns), tgid, start_ns);
}

static void list_add(struct proc_list *l, struct proc *p) {
	p->newer = NULL;
	p->older = l->newest;
	if (l->newest)
		l->newest->newer = p;
	else
		l->oldest = p;
	l->newest = p;
}

static void list_remove(struct proc_list *l, struct proc *p) {
	if (p->newer)
		p->newer->older = p->older;
	else
		l->newest = p->older;
	if (p->older)
		p->older->newer = p->newer;
	else
		l->oldest = p->newer;
}

void proctab_evict(struct proctab *t, struct proc *p) {
	struct proc **at = bucket(t, p->tgid, p->start_ns);

	while (*at != p)
		at = &(*at)->next_in_bucket;
	*at = p->next_in_bucket;
	list_remove(p->ended ? &t->ended : &t->live, p);
	drop_shared(p);
	p->tgid = 0;
	p->next_in_bucket = t->free;
	t->free = p;
	t->used--;
}

/* add_rows - another chunk of them in @t->free, the first on top */
static void add_rows(struct proctab *t) {
	struct proc **chunk = &t->chunks[t->n_rows / CHUNK_ROWS];
	size_t n = t->max_rows - t->n_rows;

	if (n > CHUNK_ROWS)
		n = CHUNK_ROWS;
	*chunk = malloc(n * sizeof(struct proc));
	if (!*chunk)
		return;
	t->n_rows += n;
	while (n) {
		struct proc *p = &(*chunk)[--n];

		p->tgid = 0;
		p->is.image = p->before = NULL;
		p->line = p->children = NULL;
		p->next_in_bucket = t->free;
		t->free = p;
	}
}

/* free_row - one is in @t->free, if one can be had; not inlined, for mostly one is */
static __attribute__((noinline)) void free_row(struct proctab *t) {
	if (t->n_rows < t->max_rows)
		add_rows(t);
	if (!t->free && t->used)
		proctab_evict(t, t->ended.oldest ? t->ended.oldest : t->live.oldest);
}

static struct proc *take_row(struct proctab *t) {
	struct proc *p;

	if (!t->free)
		free_row(t);
	p = t->free;
	if (p)
		t->free = p->next_in_bucket;
	return p;
}

struct proc *proctab_put(struct proctab *t, uint32_t tgid, uint64_t start_ns) {
	struct proc **at = bucket(t, tgid, start_ns), *p = find(*at, tgid, start_ns);

	if (p || !tgid)
		return p;
	p = take_row(t);
	if (!p)
		return NULL;
	words_clear(p, sizeof(*p));
	p->tgid = tgid;
	p->start_ns = start_ns;
	p->next_in_bucket = *at;
	p->entity_len = proc_entity(tgid, start_ns, p->entity);
	*at = p;
	list_add(&t->live, p);
	t->used++;
	return p;
}

void proctab_move(struct proctab *t, struct proc *p) {
	list_remove(&t->live, p);
	list_add(&t->live, p);
}

void proctab_end(struct proctab *t, struct proc *p, uint64_t end_ns) {
	assert(!p->ended);
	list_remove(&t->live, p);
	p->ended = true;
	p->end_ns = end_ns;
	list_add(&t->ended, p);
	/* A flow that began long ago may still be told, so only where room is short. */
	if (t->bytes > PROCTAB_ROOMY_BYTES && end_ns > p->image_ns + PROCTAB_GRACE_NS) {
		image_drop(p->before);
		p->before = NULL;
	}
}

void proctab_shrink(struct proctab *t) {
	struct proc *p;

	while (t->bytes > PROCTAB_MAX_BYTES && (p = t->ended.oldest ?: t->live.oldest))
		proctab_evict(t, p);
}

void proctab_set_user(struct proctab *t, uint32_t tgid, uint64_t start_ns, uint32_t uid) {
	struct proc *p = proctab_get(t, tgid, start_ns);

	if (!p)
		return;
	p->is.uid = uid;
	p->shown.key = 0;
}

static struct str cut(struct str x) {
	if (x.n > PROCTAB_TEXT_BYTES) {
		x.n = PROCTAB_TEXT_BYTES;
		while (x.n && ((unsigned char)x.s[x.n] & 0xc0) == 0x80)
			x.n--;
	}
	return x;
}

static struct str keep(char **at, struct str x) {
	struct str copy = { *at, x.n };

	if (!x.s)
		return x;
	memcpy(*at, x.s, x.n);
	*at += x.n;
	return copy;
}

/* keep_ends - @x, or its head and its tail, as keep() does it; @n bytes */
static struct str keep_ends(char **at, struct str x, uint32_t n) {
	const uint32_t mark = sizeof(EVENT_CUT_MARK) - 1;
	struct str head = { x.s, (n - mark) / 2 }, tail, copy = { *at, 0 };

	if (n == x.n)
		return keep(at, x);
	tail = (struct str){ x.s + x.n - head.n, head.n };
	while (head.n && ((unsigned char)head.s[head.n] & 0xc0) == 0x80)
		head.n--;
	while (tail.n && ((unsigned char)*tail.s & 0xc0) == 0x80) {
		tail.s++;
		tail.n--;
	}
	(void)keep(at, head);
	(void)keep(at, STR(EVENT_CUT_MARK));
	(void)keep(at, tail);
	copy.n = (uint32_t)(*at - copy.s);
	return copy;
}

struct image *image_new(size_t *sum, struct str name, struct str executable,
			struct str command_line) {
	uint32_t n = *sum > PROCTAB_ROOMY_BYTES ? PROCTAB_SHORT_BYTES : PROCTAB_TEXT_BYTES;
	struct image *image;
	size_t bytes;
	char *at;

	name = cut(name);
	executable = cut(executable);
	if (n > command_line.n)
		n = command_line.n;
	bytes = sizeof(*image) + name.n + executable.n + n;
	image = malloc(bytes);
	if (!image)
		return NULL;
	*sum += bytes;
	image->sum = sum;
	image->bytes = bytes;
	at = image->text;
	image->key = 0;
	image->look = NULL;
	image->users = 1;
	image->name = keep(&at, name);
	image->executable = keep(&at, executable);
	image->command_line = keep_ends(&at, command_line, n);
	image->cut = n < command_line.n;
	return image;
}

void proc_set_image(struct proc *p, uint64_t since_ns, struct image *image) {
	image_drop(p->before);
	p->before = p->is.image;
	p->is.image = image;
	p->image_ns = since_ns;
	if (!p->children)
		return;
	lineage_drop(p->children); /* those that it will have are another program's */
	p->children = NULL;
}

static struct lineage *children_of(struct proctab *t, struct proc *p) {
	if (!p->children)
		p->children = lineage_new(&t->bytes, &(struct lineage_parent){
			.id = { p->entity, p->entity_len },
			.name = p->is.image ? p->is.image->name : (struct str){ 0 },
			.up = p->line,
			.made_by_nobody = p->is.has_parent && !p->parent_tgid,
		});
	return p->children;
}

/* set_line - @p's ancestors, those of its parent being known as far as they can be */
static void set_line(struct proctab *t, struct proc *p) {
	struct proc *parent = proctab_parent(t, p);
	char id[PROCTAB_ENTITY_BYTES];

	if (parent) {
		p->line = children_of(t, parent);
		if (p->line)
			p->line->users++;
	} else {
		uint8_t n = proc_entity(p->parent_tgid, p->parent_start_ns, id);

		/* init is nobody's child, even if no census told of it */
		p->line = lineage_new(&t->bytes, &(struct lineage_parent){
		        .id = { id, n }, .made_by_nobody = p->parent_tgid == 1 });
	}
}

const struct lineage *proctab_find_lineage(struct proctab *t, struct proc *p) {
	struct proc *parent = proctab_parent(t, p), *young[LINEAGE_IDS];
	int n = 0;

	if (parent && parent->children) { /* it has had a child before */
		p->line = parent->children;
		p->line->users++;
		return p->line;
	}
	for (struct proc *up = p; up && proc_wants_line(up) && n < LINEAGE_IDS;
	     up = proctab_parent(t, up))
		young[n++] = up;
	while (n-- > 0)
		if (!young[n]->line) /* whoever is its own ancestor comes more than once */
			set_line(t, young[n]);
	return p->line;
}

void proctab_settle(struct proctab *t) {
	for (size_t i = 0; i < t->n_rows; i++) {
		struct proc *p = &t->chunks[i / CHUNK_ROWS][i % CHUNK_ROWS];

		if (p->tgid)
			(void)proctab_lineage(t, p);
	}
}

uint8_t proc_entity(uint32_t tgid, uint64_t start_ns, char to[static PROCTAB_ENTITY_BYTES]) {
	static uint64_t last_tick; /* many begin in one tick */
	static char last[PROCTAB_ENTITY_BYTES - 8];
	static size_t n;
	uint64_t tick = start_ns / TICK_NS;

	if (!n || tick != last_tick) {
		n = (size_t)(hex_put(last, tick) - last);
		last[n++] = '-';
		last_tick = tick;
	}
	memcpy(to, last, sizeof(last));
	return (uint8_t)(hex_put(to + n, tgid) - to);
}
