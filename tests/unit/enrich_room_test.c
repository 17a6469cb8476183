/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "enrich/proctab.h"
#include "enrich_sample.h"
#include "test.h"

#define ROWS 65536
#define EXECS 100000
#define LINE_BYTES 20000
#define ROW_BYTES (PROCTAB_TEXT_BYTES + 4096) /* the most that one exec adds */

static char line[LINE_BYTES], path[4000];

/* run - a process starts, runs a program with a long line of its own, and ends if it shall */
static struct proc *run(struct proctab *t, uint32_t pid, size_t path_bytes, bool ends) {
	uint64_t now_ns = (uint64_t)pid * 1000;
	struct proc *p;
	int n;

	proctab_tick(t, now_ns);
	p = proctab_put(t, pid, now_ns);
	n = snprintf(line, 16, "%u", pid);
	line[n] = ' ';
	proc_set_image(p, now_ns,
		       image_new(&t->bytes, STR("n"), (struct str){ path, (uint32_t)path_bytes },
				 (struct str){ line, LINE_BYTES }));
	if (ends)
		proctab_end(t, p, now_ns);
	return p;
}

static void fill(void) {
	memset(line, 'x', sizeof(line));
	memset(path, 'p', sizeof(path));
	line[LINE_BYTES - 1] = 'z';
}

static void distinct_execs_stay_within_the_bytes_that_are_allowed(void) {
	static const size_t path_bytes[] = { 9, sizeof(path) };

	fill();
	for (int i = 0; i < 4; i++) {
		bool ends = i & 1;
		size_t most = 0;
		struct proctab t;

		CHECK(proctab_init(&t, ROWS) == 0);
		for (uint32_t pid = 1; pid <= EXECS; pid++) {
			(void)run(&t, pid, path_bytes[i / 2], ends);
			most = t.bytes > most ? t.bytes : most;
		}
		CHECK(most > PROCTAB_ROOMY_BYTES && most < PROCTAB_MAX_BYTES + ROW_BYTES);
		/* with names of an everyday length no process is forgotten for its line */
		CHECK(i / 2 ? t.used < ROWS : t.used == ROWS);
		proctab_done(&t);
	}
}

static void short_line_keeps_both_ends_and_says_that_it_is_cut(void) {
	struct proctab t;
	struct proc *p;
	struct str x;

	fill();
	CHECK(proctab_init(&t, ROWS) == 0);
	p = run(&t, 1, 9, false);
	CHECK(p->is.image->command_line.n >= PROCTAB_TEXT_BYTES - 4);
	for (uint32_t pid = 2; t.bytes <= PROCTAB_ROOMY_BYTES; pid++)
		(void)run(&t, pid, 9, false);
	p = run(&t, 70000, 9, true);
	x = p->is.image->command_line;
	CHECK(p->is.image->cut && x.n >= PROCTAB_SHORT_BYTES - 4 && x.n <= PROCTAB_SHORT_BYTES);
	CHECK(!memcmp(x.s, "70000 xxx", 9) && x.s[x.n - 1] == 'z');
	proctab_done(&t);
}

static void what_rows_hold_is_given_back_with_them(void) {
	static const uint64_t later_ns = 2 * PROCTAB_GRACE_NS;
	struct proctab t;

	fill();
	CHECK(proctab_init(&t, ROWS) == 0);
	for (uint32_t pid = 1; pid <= 100; pid++)
		proc_set_parent(run(&t, pid, 9, true), pid - 1, (pid - 1) * 1000);
	proctab_settle(&t);
	CHECK(t.bytes > 100 * PROCTAB_TEXT_BYTES);
	proctab_tick(&t, later_ns);
	CHECK(t.used == 0 && t.bytes == 0);
	proctab_done(&t);
}

static void row_that_is_free_is_nobodys(void) {
	struct proctab t;
	struct proc *p, *child;

	CHECK(proctab_init(&t, ROWS) == 0);
	p = proctab_put(&t, 100, 5);
	child = proctab_put(&t, 101, 6);
	proc_set_parent(child, 0, 5); /* as a record that no hook would write says */
	child->parent = p;
	proctab_evict(&t, p);
	CHECK(!proc_is(p, 0, 5) && !proc_is(p, 100, 5) && !proctab_parent(&t, child));
	CHECK(!proctab_get(&t, 0, 5) && !proctab_put(&t, 0, 5));
	proctab_done(&t);
}

static void chain_of_children_stays_within_the_bytes_that_are_allowed(void) {
	size_t most = 0;
	struct proctab t;

	CHECK(proctab_init(&t, ROWS) == 0);
	for (uint32_t pid = 1; pid <= EXECS; pid++) {
		uint64_t now_ns = (uint64_t)pid * 1000;
		struct proc *p;

		proctab_tick(&t, now_ns);
		p = proctab_put(&t, pid, now_ns);
		proc_set_parent(p, pid - 1, now_ns - 1000);
		(void)proctab_lineage(&t, p);
		proctab_end(&t, p, now_ns);
		most = t.bytes > most ? t.bytes : most;
	}
	CHECK(most > PROCTAB_ROOMY_BYTES && most < PROCTAB_MAX_BYTES + ROW_BYTES);
	proctab_done(&t);
}

static void image_before_goes_with_a_process_that_ends_long_after_where_room_is_short(void) {
	struct proctab t;

	fill();
	CHECK(proctab_init(&t, ROWS) == 0);
	for (uint32_t how = 0; how < 4; how++) {
		bool late = how & 1, full = how & 2, goes = late && full;
		struct proc *p;
		uint64_t at_ns;

		for (uint32_t pid = 100; full && t.bytes <= PROCTAB_ROOMY_BYTES; pid++)
			(void)run(&t, pid, 9, false);
		p = run(&t, 5 + how, 9, false);
		at_ns = p->image_ns + S;
		proc_set_image(p, at_ns, image_new(&t.bytes, STR("m"), STR("/m"), STR("m")));
		proctab_end(&t, p, at_ns + (late ? PROCTAB_GRACE_NS + 1 : PROCTAB_GRACE_NS));
		CHECK((p->before == NULL) == goes && is_text(proc_image(p, at_ns)->name, "m"));
		CHECK(is_text(proc_image(p, at_ns - 1)->name, goes ? "m" : "n"));
	}
	proctab_done(&t);
}

int main(void) {
	RUN(distinct_execs_stay_within_the_bytes_that_are_allowed);
	RUN(short_line_keeps_both_ends_and_says_that_it_is_cut);
	RUN(what_rows_hold_is_given_back_with_them);
	RUN(row_that_is_free_is_nobodys);
	RUN(chain_of_children_stays_within_the_bytes_that_are_allowed);
	RUN(image_before_goes_with_a_process_that_ends_long_after_where_room_is_short);
	DONE();
}
