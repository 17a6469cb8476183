/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of losses, by counters that are the test's. */
#include "test.h"

#include "app/losses.c" /* without the hooks that count, and the events that tell */

static struct knobs_losses counted[2];
static uint64_t skipped;
static struct host_loss told[8];
static unsigned n_told;

const struct knobs_losses *probe_losses(const struct probe *p, size_t *ret_n) {
	(void)p;
	*ret_n = 2;
	return counted;
}

uint64_t probe_not_run(const struct probe *p) {
	(void)p;
	return skipped;
}

int host_loss(struct host *h, const struct host_loss *l) {
	(void)h;
	if (n_told < 8)
		told[n_told] = *l;
	n_told++;
	return 0;
}

/* tell - how many events one look at the counters is */
static unsigned tell(struct losses *l, uint64_t now_ns) {
	static struct corridor c;

	n_told = 0;
	CHECK(!losses_tell(l, NULL, NULL, &c, 0, now_ns));
	return n_told;
}

static void a_loss_is_told_once_with_its_cpu_and_since_when(void) {
	struct losses l = { .since_ns = 5 };

	CHECK(tell(&l, 10) == 0);
	counted[1].lost[WIRE_FILE_CREATE][WIRE_LOSS_RING_FULL] = 3;
	CHECK(tell(&l, 20) == 1 && told[0].count == 3 && told[0].cpu == 1);
	CHECK(told[0].first_ns == 10 && told[0].last_ns == 20);
	CHECK(tell(&l, 30) == 0);
	losses_done(&l);
}

static void a_count_that_falls_is_no_loss(void) {
	struct losses l = { 0 };

	memset(counted, 0, sizeof(counted));
	skipped = 2;
	CHECK(tell(&l, 10) == 1 && told[0].count == 2 && told[0].cpu == WIRE_LOSS_NO_CPU);
	skipped = 1; /* a deed was on its way to being told */
	CHECK(tell(&l, 20) == 0);
	skipped = 3;
	CHECK(tell(&l, 30) == 1 && told[0].count == 1);
	losses_done(&l);
}

int main(void) {
	RUN(a_loss_is_told_once_with_its_cpu_and_since_when);
	RUN(a_count_that_falls_is_no_loss);
	DONE();
}
