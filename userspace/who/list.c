/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - a PodList as it comes, of which a pod at a time is kept, and of that what is asked for
 *
 *     {"kind":"PodList","items":[{"metadata":{…},"spec":{…},"status":{…}},…]}
 *     1                         2 3                                            depth
 *
 * A node's list is megabytes, nearly all of it specifications and managed fields. These are passed
 * over by their brackets and quotes, and a null stands for them; json-c reads what is left.
 */
#include "who/list.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH 64	      /* as many as @objects has bits; a pod has about twenty */
#define MAX_POD (1024 * 1024) /* of what is asked for; its annotations have 256 KiB at most */
#define DEPTH_LIST 2
#define DEPTH_POD 3

enum { PART_NONE, PART_METADATA, PART_STATUS };

void who_list_begin(struct who_list *l, const struct who_labels *wanted, who_found_fn *found,
		    void *ctx) {
	*l = (struct who_list){ .wanted = wanted, .found = found, .ctx = ctx };
}

static bool is(const struct who_list *l, const char *word) {
	return l->word_n == strlen(word) && !memcmp(l->word, word, l->word_n);
}

static bool is_one_of(const struct who_list *l, const char *const *words) {
	for (; *words; words++)
		if (is(l, *words))
			return true;
	return false;
}

static bool in_object(const struct who_list *l) {
	return l->depth && l->objects >> (l->depth - 1) & 1;
}

/* keep - @c is of the pod that is read, unless what it is a part of is passed over */
static void keep(struct who_list *l, char c) {
	if (l->items && l->depth >= DEPTH_POD && !l->skip)
		buf_add_char(&l->pod, c);
}

/* begin - of a value; in the list each is a pod, whatever it is */
static void begin(struct who_list *l) {
	if (!l->items || l->depth != DEPTH_LIST || l->element)
		return;
	l->element = true;
	l->n++;
}

/* wanted - whether the value of the key that was read last is */
static bool wanted(struct who_list *l) {
	static const char *const of_metadata[] = { "name", "namespace", "uid", "labels",
						   "annotations", NULL };
	static const char *const of_status[] = { "containerStatuses", "initContainerStatuses",
						 "ephemeralContainerStatuses", NULL };

	if (l->depth == DEPTH_POD) {
		l->part = is(l, "metadata") ? PART_METADATA
			  : is(l, "status") ? PART_STATUS
					    : PART_NONE;
		return l->part != PART_NONE;
	}
	if (l->depth != DEPTH_POD + 1)
		return true;
	return is_one_of(l, l->part == PART_METADATA ? of_metadata : of_status);
}

static int take_colon(struct who_list *l) {
	if (!in_object(l))
		return -EBADMSG;
	l->value = true;
	if (l->depth == 1) {
		l->key_items = is(l, "items");
		l->key_kind = is(l, "kind");
	}
	keep(l, ':');
	if (!l->items || l->depth < DEPTH_POD || l->skip || wanted(l))
		return 0;
	buf_add_lit(&l->pod, "null");
	l->skip = l->depth;
	return 0;
}

static int open_it(struct who_list *l, char c) {
	bool of_pod = l->items && l->depth == DEPTH_LIST && c == '{';

	if (l->depth == MAX_DEPTH || (!l->depth && (c != '{' || l->over)))
		return -EBADMSG;
	begin(l);
	if (of_pod)
		buf_reset(&l->pod);
	if (l->depth == 1 && c == '[' && l->value && l->key_items)
		l->items = l->listed = true;
	l->objects &= ~(1ull << l->depth);
	l->objects |= (uint64_t)(c == '{') << l->depth++;
	l->value = c == '[';
	/* within the list, only pods are kept: what begins at their depth and is none is not */
	if (l->items && l->depth == DEPTH_POD && !of_pod)
		l->skip = DEPTH_POD;
	keep(l, c);
	return 0;
}

static int close_it(struct who_list *l, char c) {
	if (!l->depth || in_object(l) != (c == '}'))
		return -EBADMSG;
	if (l->skip == l->depth && c == '}')
		l->skip = 0;
	keep(l, c);
	if (l->items && l->depth == DEPTH_POD && c == '}')
		who_pod((struct str){ l->pod.data, (uint32_t)l->pod.len }, l->wanted, l->found,
			l->ctx, &l->bad);
	if (l->skip == l->depth)
		l->skip = 0;
	l->depth--;
	l->items &= l->depth >= DEPTH_LIST;
	l->over = !l->depth;
	return l->bad ? l->bad : buf_error(&l->pod);
}

static void take_comma(struct who_list *l) {
	if (l->skip == l->depth && in_object(l))
		l->skip = 0;
	l->value = !in_object(l);
	if (l->items && l->depth == DEPTH_LIST)
		l->element = false;
	keep(l, ',');
}

/* in_text - @c is within quotes, or ends them */
static void in_text(struct who_list *l, char c) {
	keep(l, c);
	if (l->escaped) {
		l->escaped = false;
	} else if (c == '\\') {
		l->escaped = true;
	} else if (c == '"') {
		l->text = false;
		if (l->depth == 1 && l->value && l->key_kind)
			l->listed |= is(l, "PodList");
		return;
	}
	if (l->word_n < sizeof(l->word))
		l->word[l->word_n++] = c;
}

static int take(struct who_list *l, char c) {
	switch (c) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return 0;
	case '{':
	case '[':
		return open_it(l, c);
	case '}':
	case ']':
		return close_it(l, c);
	case ':':
		return take_colon(l);
	case ',':
		take_comma(l);
		return 0;
	case '"':
		begin(l);
		l->text = true;
		l->word_n = 0;
		break;
	default:
		begin(l);
	}
	keep(l, c);
	return l->depth ? 0 : -EBADMSG;
}

int who_list_take(struct who_list *l, const char *bytes, size_t n) {
	for (size_t i = 0; i < n && !l->err; i++) {
		if (l->over) /* of what is behind it nothing is read */
			break;
		if (l->text)
			in_text(l, bytes[i]);
		else
			l->err = take(l, bytes[i]);
		if (l->pod.len > MAX_POD)
			l->err = -EFBIG;
	}
	return l->err ? l->err : buf_error(&l->pod);
}

int who_list_end(struct who_list *l) {
	int err = l->err ? l->err : buf_error(&l->pod);

	buf_done(&l->pod);
	return err ? err : l->over && l->listed ? (int)l->n : -EBADMSG;
}

int who_pods(struct str json, const struct who_labels *wanted, who_found_fn *found, void *ctx) {
	struct who_list l;

	who_list_begin(&l, wanted, found, ctx);
	(void)who_list_take(&l, json.s, json.n);
	return who_list_end(&l);
}
