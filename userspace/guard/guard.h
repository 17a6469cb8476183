/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - what a start may do, after what the starts before it came to
 *
 * A start says what it is about to do before it does it (ATTEMPT), says so when
 * it went well for long enough (PROVEN), and when it ended by itself (CLEAN). A
 * start that finds neither of the last two knows that somebody died: the sensor,
 * when the machine still has the boot that the mark names; perhaps the machine,
 * when it has another. Everything here is a function of that mark and of now;
 * mark.h keeps it on disk.
 */
#ifndef LAPWING_GUARD_H
#define LAPWING_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define GUARD_HASH_BYTES 32
#define GUARD_TUPLES 16
#define GUARD_STEP_BYTES 64

/* How much of the sensor may run; each is less than the one before. */
enum guard_level {
	GUARD_FULL = 0,
	GUARD_LAST_GOOD = 1, /* the content that was proven last, instead of the newest */
	GUARD_CORE = 2,	     /* fork, exec and exit, and no content */
	GUARD_SAFE = 3,	     /* no hook at all: a heartbeat */
	GUARD_LEVELS = 4,
};

enum guard_phase {
	GUARD_CLEAN = 0,   /* it ended by itself, or there was none */
	GUARD_ATTEMPT = 1, /* it began with something that was never proven on this machine */
	GUARD_AGAIN = 2,   /* it began with what had been proven before */
	GUARD_PROVEN = 3,  /* it has run well for long enough */
	/* it was ended to go on at another level, or could not begin: nothing is to be judged */
	GUARD_ASKED = 4,
	GUARD_PHASES = 5,
};

/* Kernel build and program set that were tried together. */
struct guard_tuple {
	uint8_t hash[GUARD_HASH_BYTES]; /* of the kernel's release and build id, and our program */
	uint32_t level;			/* proven: at this; quarantined: not above this */
	uint32_t since_s; /* proven: first, since 1970; 0: long ago, or its owner let it off */
};

struct guard_tuples {
	struct guard_tuple list[GUARD_TUPLES]; /* newest first; the oldest falls out */
	uint32_t n;
	uint32_t pad;
};

/* What the disk knows of the last start. Fixed size, so that reading it parses nothing. */
struct guard_mark {
	uint32_t phase;	  /* enum guard_phase */
	uint32_t level;	  /* enum guard_level: what it ran */
	uint32_t strikes; /* starts in a row that died */
	uint32_t ordered; /* by the owner: not above this level */
	uint8_t boot[16]; /* /proc/sys/kernel/random/boot_id */
	uint8_t tuple[GUARD_HASH_BYTES];
	struct guard_tuples proven, quarantined;
};

/* What is so now. */
struct guard_now {
	uint8_t boot[16];
	uint8_t tuple[GUARD_HASH_BYTES];
	const char *step; /* what the last start was doing when it was last heard of, or "" */
	uint32_t time_s;  /* since 1970 */
	uint32_t core_s;  /* what is new stays at GUARD_CORE for so long; 0: it does not */
};

/* What this start is to be. */
struct guard_start {
	enum guard_level level;
	bool unproven;	/* attach with care: this tuple was never proven at this level */
	bool unkept;	/* it is less than it would be, for guard_unkept() */
	bool waits;	/* at GUARD_CORE for no other reason than that the tuple is new */
	char why[256];	/* one sentence; empty at GUARD_FULL */
};

/*
 * guard_begin - decides, and amends @mark to what must be on disk before anything is done
 * Strikes: two in a row mean GUARD_LAST_GOOD, three GUARD_CORE, four GUARD_SAFE. A tuple that was
 * being tried for the first time when the machine went down is not tried above GUARD_CORE again,
 * and if that was so at GUARD_CORE, not above GUARD_SAFE, until guard_release(). With @now's core_s
 * a tuple that was never proven at GUARD_FULL stays at GUARD_CORE for so long after it was proven
 * there, or until guard_release().
 */
void guard_begin(struct guard_mark *mark, const struct guard_now *now, struct guard_start *ret);

/*
 * guard_unkept - the mark that guard_begin() made cannot be kept, so nobody will know how it went
 * What was never proven here is then not tried above GUARD_CORE: it could bring the machine down at
 * each of its starts. The rest goes on as it was.
 */
void guard_unkept(struct guard_mark *mark, struct guard_start *start);

/* guard_proven - the start has run well for long enough; strikes that it explains are gone */
void guard_proven(struct guard_mark *mark, const struct guard_now *now);

/* guard_waits - whether @now's tuple is too new for more than GUARD_CORE */
bool guard_waits(const struct guard_mark *mark, const struct guard_now *now);

/* guard_clean - it ended by itself; strikes are gone */
void guard_clean(struct guard_mark *mark);

/* guard_asked - its supervisor ended it, to begin again; or it could not begin for others */
void guard_asked(struct guard_mark *mark);

/*
 * guard_calm - it has been at a lower level for long enough to try the next higher one
 * Only strikes are forgiven, one level of them; a quarantine and an order stand. Whether it helps.
 */
bool guard_calm(struct guard_mark *mark);

/* guard_order - by the owner: not above @level; GUARD_FULL takes the order back */
void guard_order(struct guard_mark *mark, enum guard_level level);

/* guard_release - by the owner: no strikes, no quarantine, and @now's tuple waits no more */
void guard_release(struct guard_mark *mark, const struct guard_now *now);

/* guard_sane - whether every number of @mark, read from a disk, is one of ours */
bool guard_sane(const struct guard_mark *mark);

/* guard_word - "full", "last-good", "core", "safe" */
const char *guard_word(enum guard_level level);

#endif
