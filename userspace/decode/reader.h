/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - one record while it is being decoded
 *
 * Readers of text check where it stands, and note the first fault in @error;
 * the kind's function asks once, before it touches the event. After a fault
 * they give absent strings. What they give is borrowed from the record, or from
 * the arena where it had to be built.
 */
#ifndef LAPWING_READER_H
#define LAPWING_READER_H

#include <errno.h>

#include "base/arena.h"
#include "event/event.h"

struct reader {
	const struct wire_header *head; /* the record */
	uint32_t len;                   /* of the record */
	uint32_t fixed;                 /* of the kind's struct; text stands behind it */
	struct arena *arena;
	uint64_t degraded; /* bits to be added to the event's */
	int error;         /* 0, -EBADMSG or -ENOMEM */
};

/* reader_fail - notes @error, if it is the first; gives an absent string */
struct str reader_fail(struct reader *r, int error);

/* reader_at - the @len bytes at @off, or NULL (and the fault) when they are not all text */
static inline const char *reader_at(struct reader *r, uint32_t off, uint32_t len) {
	if (off < r->fixed || off > r->len || len > r->len - off) {
		(void)reader_fail(r, -EBADMSG);
		return NULL;
	}
	return (const char *)r->head + off;
}

/* reader_clean - @x as valid UTF-8: itself, or an escaped copy */
struct str reader_clean(struct reader *r, struct str x);

/* reader_text_there - for reader_text() */
struct str reader_text_there(struct reader *r, struct wire_str where);

/* reader_text - a string; one NUL at its end is not part of it, one inside is a fault */
static inline struct str reader_text(struct reader *r, struct wire_str where) {
	return where.off ? reader_text_there(r, where) : (struct str){ 0 };
}

/*
 * reader_list - the pieces between NULs
 * A last NUL ends the last piece, so "a\0\0" is "a" and ""; no bytes are no pieces.
 */
struct strv reader_list(struct reader *r, struct wire_str where);

/* Its parts: how many pieces; the pieces, clean, in @v; one line of them, with spaces between. */
uint32_t reader_count(const char *s, uint32_t n);
struct strv reader_split(struct reader *r, const char *s, uint32_t n, struct str *v);
struct str reader_join(struct reader *r, struct strv list);

struct args {
	struct strv list;
	struct str line;   /* joined by single spaces */
	struct str sha256; /* of what is here, when that is long; hexadecimal */
	uint32_t tail;	   /* the first of @list that is of the tail; 0: there is none */
};

/* reader_args - the arguments of an exec; in args.c */
struct args reader_args(struct reader *r, const struct wire_process_exec *w);

/* reader_path_built - for reader_path(); in path.c */
struct str reader_path_built(struct reader *r, const struct wire_path *where);

/* reader_path - a path from its dentries and its tail, root first */
static inline struct str reader_path(struct reader *r, const struct wire_path *where) {
	if (!where->off && !where->tail_off)
		return (struct str){ 0 };
	return reader_path_built(r, where);
}

/*
 * reader_commit - resets @e and fills it with what the header says
 * 0, or the fault that was noted, and then @e is untouched.
 */
int reader_commit(const struct reader *r, struct event *e);

/* reader_doer - also whom the header of a WIRE_KIND_IS_HOST names; reader_commit() does not */
void reader_doer(const struct reader *r, struct event *e);

/* reader_task - whose deed it is */
static inline void reader_task(const struct wire_header *h, struct event *e) {
	e->process.pid = h->tgid;
	e->process.tid = h->tid;
	e->process.start_ns = h->start_ns;
	e->process.uid = h->uid;
	e->process.gid = h->gid;
	e->process.euid = h->euid;
}

/* reader_deed - event.deed */
static inline uint64_t reader_deed(const struct wire_header *h) {
	uint64_t deed;

	memcpy(&deed, &h->cpu, sizeof(deed));
	return deed;
}
_Static_assert(offsetof(struct wire_header, error) + 2 - offsetof(struct wire_header, cpu) == 8,
	       "cpu, kind, outcome, hook and error are all there is in between");

/* decode_version - event.file_id of an exec */
static inline void decode_version(const struct wire_process_exec *w, struct event *e) {
	e->file_id = (struct event_file_id){ .ctime_ns = w->exe_ctime_ns,
					     .ino = w->exe_inode.ino,
					     .size = w->exe_size,
					     .dev = w->exe_inode.dev,
					     .magic = w->exe_magic,
					     .ran_ns = w->head.ts_ns };
}

/* decode_layer_there - for decode_layer() */
void decode_layer_there(const struct wire_inode *inode, struct event *e);

/* decode_layer - event.overlay of the file that a record is about */
static inline void decode_layer(const struct wire_inode *inode, struct event *e) {
	if (inode->layer)
		decode_layer_there(inode, e);
}

/* One for each struct of wire.h; the record's fixed part is known to be there. */
int decode_fork(struct reader *r, struct event *ret);
int decode_exec(struct reader *r, struct event *ret);
int decode_process_hash(struct reader *r, struct event *ret);
int decode_exit(struct reader *r, struct event *ret);
int decode_fork_again(struct reader *r, struct event *ret);
int decode_exec_again(struct reader *r, struct event *ret);
int decode_exit_again(struct reader *r, struct event *ret);
int decode_signal(struct reader *r, struct event *ret);
int decode_credentials(struct reader *r, struct event *ret);
int decode_script(struct reader *r, struct event *ret);
int decode_session(struct reader *r, struct event *ret);
int decode_file(struct reader *r, struct event *ret);
int decode_mount(struct reader *r, struct event *ret);
int decode_net(struct reader *r, struct event *ret);
int decode_net_close(struct reader *r, struct event *ret);
int decode_dns(struct reader *r, struct event *ret);
int decode_net_socket(struct reader *r, struct event *ret);
int decode_net_unix(struct reader *r, struct event *ret);
int decode_inject(struct reader *r, struct event *ret);
int decode_kernel(struct reader *r, struct event *ret);
int decode_host_start(struct reader *r, struct event *ret);
int decode_host_coverage(struct reader *r, struct event *ret);
int decode_host_clock(struct reader *r, struct event *ret);
int decode_host_user(struct reader *r, struct event *ret);
int decode_host_limit(struct reader *r, struct event *ret);
int decode_host_loss(struct reader *r, struct event *ret);
int decode_host_container(struct reader *r, struct event *ret);
int decode_host_content(struct reader *r, struct event *ret);
int decode_host_file(struct reader *r, struct event *ret);
int decode_host_log(struct reader *r, struct event *ret);
int decode_host_heartbeat(struct reader *r, struct event *ret);
int decode_host_stop(struct reader *r, struct event *ret);
int decode_host_fold(struct reader *r, struct event *ret);

#endif
