/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.c - picked in two rounds: what is needed, then each of that with its new number
 *
 * Types refer to one another by number, and forth as well as back, so all numbers are given before
 * the first is written. A module's types are numbered behind those of the kernel, on which they
 * build; only those of a module that has a name which is looked for are carried along.
 */
#include "probe/types.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

#define TYPES_NAMES 4096 /* a power of two, of which at most half are taken */
#define TYPES_MODULES 2

/* Which may hold types that we name: bpf/compat.h, bpf/net_unix.h. */
static const char *const module_names[TYPES_MODULES] = { "overlay", "unix" };

struct types_name {
	const char *text; /* NULL: free */
	size_t len;
	uint32_t kind;
	bool found;
};

/* One set of types, and the numbers that those of it get which are picked. */
struct part {
	const struct btf *btf;
	uint32_t first, end; /* numbers, of its own */
	uint32_t *given;     /* by number less first; 0: not picked */
};

struct pick {
	struct types_name names[TYPES_NAMES];
	size_t n_names;
	struct part parts[1 + TYPES_MODULES]; /* the kernel's first */
	size_t n_parts;
	struct btf *out;
};

/* bare_length - of a type's name without its flavour, as libbpf cuts it */
static size_t bare_length(const char *name) {
	size_t n = strlen(name);

	for (size_t i = n < 5 ? 0 : n - 4; i-- > 0;) {
		const char *at = name + i;

		if (at[0] != '_' && at[1] == '_' && at[2] == '_' && at[3] == '_' && at[4] != '_')
			return i + 1;
	}
	return n;
}

/* asked_kind - what kinds may stand for one another: enums of 32 and of 64 bits. 0: none of ours */
static uint32_t asked_kind(const struct btf_type *t) {
	uint32_t kind = btf_kind(t);

	if (kind == BTF_KIND_ENUM64)
		return BTF_KIND_ENUM;
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION || kind == BTF_KIND_ENUM ||
			       kind == BTF_KIND_TYPEDEF
		       ? kind
		       : 0;
}

/* place - of a name, or of the free entry where it would be */
static struct types_name *place(struct pick *p, const char *text, size_t len, uint32_t kind) {
	uint32_t hash = 2166136261u ^ kind;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	for (;; hash++) {
		struct types_name *n = &p->names[hash % TYPES_NAMES];

		if (!n->text || (n->kind == kind && n->len == len && !memcmp(n->text, text, len)))
			return n;
	}
}

static int ask(struct pick *p, const struct btf *object) {
	for (uint32_t i = 1; i < btf__type_cnt(object); i++) {
		const struct btf_type *t = btf__type_by_id(object, i);
		const char *name = btf__name_by_offset(object, t->name_off);
		size_t len = name ? bare_length(name) : 0;
		struct types_name *n;

		if (!len || !asked_kind(t))
			continue;
		n = place(p, name, len, asked_kind(t));
		if (n->text)
			continue;
		if (p->n_names++ == TYPES_NAMES / 2)
			return -E2BIG;
		*n = (struct types_name){ .text = name, .len = len, .kind = asked_kind(t) };
	}
	return 0;
}

static uint32_t *given(struct pick *p, uint32_t id, const struct part *of, const struct btf **ret) {
	const struct part *part = id < of->first ? &p->parts[0] : of;

	*ret = part->btf;
	return &part->given[id - part->first];
}

/* need - marks a type and what it is made of, by value */
static void need(struct pick *p, const struct part *of, uint32_t id) {
	const struct btf_type *t;
	const struct btf *btf;
	uint32_t *mark;

	if (!id)
		return;
	mark = given(p, id, of, &btf);
	if (*mark)
		return;
	*mark = 1;
	t = btf__type_by_id(btf, id);
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (int i = 0; i < btf_vlen(t); i++)
			need(p, of, btf_members(t)[i].type);
		break;
	case BTF_KIND_ARRAY:
		need(p, of, btf_array(t)->type);
		need(p, of, btf_array(t)->index_type);
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		need(p, of, t->type);
		break;
	}
}

/* look - needs all types of a part that are asked for; @missing: only names that were not found */
static void look(struct pick *p, const struct part *of, bool missing) {
	for (uint32_t i = of->first; i < of->end; i++) {
		const struct btf_type *t = btf__type_by_id(of->btf, i);
		uint32_t kind = asked_kind(t);
		const char *name = kind ? btf__name_by_offset(of->btf, t->name_off) : NULL;
		size_t len = name ? bare_length(name) : 0;
		struct types_name *n = len ? place(p, name, len, kind) : NULL;

		if (!n || !n->text || (missing && n->found))
			continue;
		need(p, of, i);
		n->found |= !missing;
	}
}

static int64_t enum_value(const struct btf_type *t, const struct btf_enum *e) {
	return btf_kflag(t) || e->val >= 0 ? e->val : (int64_t)(uint32_t)e->val;
}

static int write_members(struct pick *p, const struct part *of, const struct btf_type *t) {
	int err = 0;

	for (uint32_t i = 0; !err && i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const struct btf *btf;

		err = btf__add_field(p->out, btf__name_by_offset(of->btf, m->name_off),
				     m->type ? (int)*given(p, m->type, of, &btf) : 0,
				     btf_member_bit_offset(t, i),
				     btf_member_bitfield_size(t, i));
	}
	return err;
}

static int write_enum(struct pick *p, const struct part *of, const struct btf_type *t) {
	bool wide = btf_kind(t) == BTF_KIND_ENUM64;
	const char *name = btf__name_by_offset(of->btf, t->name_off);
	int err = wide ? btf__add_enum64(p->out, name, t->size, btf_kflag(t))
		       : btf__add_enum(p->out, name, t->size);

	for (int i = 0; err >= 0 && i < btf_vlen(t); i++)
		err = wide ? btf__add_enum64_value(p->out,
						   btf__name_by_offset(of->btf,
								       btf_enum64(t)[i].name_off),
						   btf_enum64_value(&btf_enum64(t)[i]))
			   : btf__add_enum_value(p->out,
						 btf__name_by_offset(of->btf,
								     btf_enum(t)[i].name_off),
						 enum_value(t, &btf_enum(t)[i]));
	return err;
}

/* write_type - below 0: an error */
static int write_type(struct pick *p, const struct part *of, const struct btf_type *t) {
	const char *name = btf__name_by_offset(of->btf, t->name_off);
	const struct btf *btf;
	int to = 0, err;

	switch (btf_kind(t)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		to = t->type ? (int)*given(p, t->type, of, &btf) : 0;
	}
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		return btf__add_int(p->out, name, t->size, btf_int_encoding(t));
	case BTF_KIND_FLOAT:
		return btf__add_float(p->out, name, t->size);
	case BTF_KIND_FWD:
		return btf__add_fwd(p->out, name, btf_kflag(t) ? BTF_FWD_UNION : BTF_FWD_STRUCT);
	case BTF_KIND_ARRAY:
		return btf__add_array(p->out, (int)*given(p, btf_array(t)->index_type, of, &btf),
				      (int)*given(p, btf_array(t)->type, of, &btf),
				      btf_array(t)->nelems);
	case BTF_KIND_STRUCT:
		err = btf__add_struct(p->out, name, t->size);
		return err < 0 ? err : write_members(p, of, t);
	case BTF_KIND_UNION:
		err = btf__add_union(p->out, name, t->size);
		return err < 0 ? err : write_members(p, of, t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return write_enum(p, of, t);
	case BTF_KIND_TYPEDEF:
		return btf__add_typedef(p->out, name, to);
	case BTF_KIND_VOLATILE:
		return btf__add_volatile(p->out, to);
	case BTF_KIND_CONST:
		return btf__add_const(p->out, to);
	case BTF_KIND_RESTRICT:
		return btf__add_restrict(p->out, to);
	case BTF_KIND_TYPE_TAG:
		return btf__add_type_tag(p->out, name, to);
	default: /* pointers, and functions, to which only a typedef can lead */
		return btf__add_ptr(p->out, 0);
	}
}

static int write_all(struct pick *p) {
	uint32_t n = 0;
	int err = 0;

	for (size_t i = 0; i < p->n_parts; i++)
		for (uint32_t id = p->parts[i].first; id < p->parts[i].end; id++)
			if (p->parts[i].given[id - p->parts[i].first])
				p->parts[i].given[id - p->parts[i].first] = ++n;
	p->out = btf__new_empty();
	if (!p->out)
		return -errno;
	for (size_t i = 0; i < p->n_parts; i++)
		for (uint32_t id = p->parts[i].first; err >= 0 && id < p->parts[i].end; id++)
			if (p->parts[i].given[id - p->parts[i].first])
				err = write_type(p, &p->parts[i],
						 btf__type_by_id(p->parts[i].btf, id));
	return err < 0 ? err : 0;
}

static int add_part(struct pick *p, const struct btf *btf, uint32_t first) {
	struct part *part = &p->parts[p->n_parts];

	*part = (struct part){ .btf = btf, .first = first, .end = btf__type_cnt(btf) };
	part->given = calloc(part->end - first + 1, sizeof(*part->given));
	if (!part->given)
		return -ENOMEM;
	look(p, part, p->n_parts++ > 0);
	return 0;
}

int types_pick(const struct btf *kernel, struct btf *const modules[], size_t n_modules,
	       const struct btf *const objects[], size_t n_objects, struct btf **ret) {
	struct pick *p = calloc(1, sizeof(*p));
	int err = p ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < n_objects; i++)
		err = ask(p, objects[i]);
	if (!err)
		err = add_part(p, kernel, 1);
	for (size_t i = 0; !err && i < n_modules && i < TYPES_MODULES; i++)
		err = add_part(p, modules[i], btf__type_cnt(kernel));
	if (!err)
		err = write_all(p);
	for (size_t i = 0; p && i < p->n_parts; i++)
		free(p->parts[i].given);
	if (!err)
		*ret = p->out;
	else if (p)
		btf__free(p->out);
	free(p);
	return err;
}

/* libbpf has one kernel to look at, so there is one file. */
static int file = -1;
static char path[32];

/* keep - @btf in a file without a name, if libbpf can read it back */
static int keep(const struct btf *btf) {
	uint32_t n;
	const void *bytes = btf__raw_data(btf, &n);
	struct btf *back;
	int err;

	file = memfd_create("types", MFD_CLOEXEC);
	if (!bytes || file < 0)
		return -ENOMEM;
	err = file_write_all(file, bytes, n);
	if (err)
		return err;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	back = btf__parse(path, NULL);
	btf__free(back);
	return back ? 0 : -EIO;
}

const char *types_open(const struct btf *kernel, const struct btf *const objects[],
		       size_t n_objects) {
	struct btf *modules[TYPES_MODULES], *picked = NULL;
	size_t n_modules = 0;
	int err;

	for (int i = 0; i < TYPES_MODULES; i++) {
		modules[n_modules] = btf__load_module_btf(module_names[i], (struct btf *)kernel);
		n_modules += modules[n_modules] != NULL;
	}
	err = types_pick(kernel, modules, n_modules, objects, n_objects, &picked);
	while (n_modules)
		btf__free(modules[--n_modules]);
	types_close();
	if (!err)
		err = keep(picked);
	btf__free(picked);
	if (err)
		types_close();
	return err ? NULL : path;
}

void types_close(void) {
	if (file >= 0)
		(void)close(file);
	file = -1;
}
