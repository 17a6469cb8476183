/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probe/probe_impl.h"

static uint32_t elapsed_us(const struct timespec *since) {
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((now.tv_sec - since->tv_sec) * 1000000 +
			  (now.tv_nsec - since->tv_nsec) / 1000);
}

/*
 * lsm_listed - whether "bpf" is among the kernel's LSMs, as far as that can be read
 * Nothing is attached here, so a hook cannot be tried; a run tries it (probe.c).
 */
static bool lsm_listed(void) {
	char text[512] = "";
	FILE *f = fopen("/sys/kernel/security/lsm", "re");
	bool listed = true;

	if (f && fgets(text, sizeof(text), f)) {
		listed = false;
		for (char *rest, *w = strtok_r(text, ",\n", &rest); w;
		     w = strtok_r(NULL, ",\n", &rest))
			listed |= !strcmp(w, "bpf");
	}
	if (f)
		(void)fclose(f);
	return listed;
}

unsigned probe_ways(void) {
	unsigned n = 0;

	for (size_t d = 0; d < n_deeds; d++)
		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++)
			n++;
	return n;
}

int probe_preflight(const struct probe_options *options,
		    void (*cb)(void *ctx, const struct probe_way *way), void *ctx) {
	struct knobs knobs = { .self_tgid = (uint32_t)getpid(),
				     .call_kinds = { ~0ull, ~0ull } };
	static struct family_choice choice;

	if (options->env)
		knobs.env = *options->env;
	family_choice_init(&choice, options->hooks);
	if (!lsm_listed())
		family_strike_lsm(&choice, "\"bpf\" is not in /sys/kernel/security/lsm");
	(void)probe_known(&choice, &knobs);
	for (size_t d = 0; d < n_deeds; d++) {
		bool served = false;

		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++) {
			struct probe_way way = { .deed = deeds[d].name,
						 .hook = deeds[d].ways[w].hook,
						 .lacks = deed_way_lacks(&deeds[d].ways[w]) };
			struct timespec began;

			(void)clock_gettime(CLOCK_MONOTONIC, &began);
			if (choice.refused[d][w][0])
				(void)snprintf(way.why, sizeof(way.why), "%s",
					       choice.refused[d][w]);
			else
				way.usable = !family_try(deeds[d].family, &deeds[d].ways[w], &knobs,
							 &way.verified_insns, way.why);
			way.load_us = elapsed_us(&began);
			way.chosen = way.usable && !served;
			served |= way.usable;
			cb(ctx, &way);
		}
	}
	family_drop_types();
	return 0;
}
