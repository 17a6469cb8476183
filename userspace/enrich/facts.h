/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what HOST_START says of the host, for every event after it
 */
#ifndef LAPWING_FACTS_H
#define LAPWING_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "enrich/hex.h"

#define FACTS_TEXT_BYTES 256
#define FACTS_ID_BYTES (16 + 1 + 8 + 1 + 16)

struct facts {
	struct str host_id, boot_id, host_name; /* in @text, cut where they are longer */
	bool has_clock;
	uint64_t wall_offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	char run[16];            /* names this run of the sensor */
	char id[FACTS_ID_BYTES]; /* the last one that was asked for; the next differs in its end */
	uint64_t id_seq;
	uint32_t id_cpu;
	uint8_t id_begin; /* bytes of @id up to the last '-'; 0: none was asked for */
	uint8_t id_n;
	char text[3][FACTS_TEXT_BYTES];
};

/* facts_init - nothing is known yet */
void facts_init(struct facts *f);

/* facts_start - keeps copies; @start_ns is HOST_START's own time, on the boot clock */
void facts_start(struct facts *f, struct str host_id, struct str boot_id, struct str host_name,
                 uint64_t start_ns);

/* facts_clock - the wall clock from now on */
void facts_clock(struct facts *f, uint64_t wall_offset_ns);

/* facts_begin_id - for facts_id(), when the CPU is another one */
void facts_begin_id(struct facts *f, uint32_t cpu);

/*
 * facts_id - "<run>-<cpu>-<cpu_seq>", in hexadecimal; borrowed until the next one
 *
 * The run is a 64-bit FNV-1a hash of host_id, boot_id and the run's start, so
 * an event keeps its id in every copy and every replay of its tape. No two
 * records of a run share cpu and cpu_seq: the kernel numbers those of each CPU,
 * and user space numbers its own as those of CPU 65535.
 */
static inline struct str facts_id(struct facts *f, uint32_t cpu, uint64_t cpu_seq) {
	bool same = f->id_begin && f->id_cpu == cpu;
	char *last = f->id + f->id_n - 1;

	if (same && cpu_seq == f->id_seq + 1 && cpu_seq % 16) { /* it differs in its last digit */
		*last += *last == '9' ? 'a' - '9' : 1;
	} else {
		if (!same)
			facts_begin_id(f, cpu);
		f->id_n = (uint8_t)(hex_put(f->id + f->id_begin, cpu_seq) - f->id);
	}
	f->id_seq = cpu_seq;
	return (struct str){ f->id, f->id_n };
}

#endif
