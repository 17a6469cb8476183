/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.h - the process that asks who containers are
 *
 *     whois.c (the sensor) ──ids──▶ keeper ▷ asker ──HTTP, gRPC──▶ runtime, kubelet, API
 *                          ◀─words──
 *
 * Strangers' JSON and protobuf are read in the asker alone: a child of a keeper, without any
 * capability, under a list of calls, with a bound of memory. It is made when the first container is
 * met, and again if it dies; nothing of the sensor waits for it.
 */
#ifndef LAPWING_ASKER_H
#define LAPWING_ASKER_H

#include "who/who.h"

#define ASKER_SOURCES 8
#define ASKER_LABELS 16
#define ASKER_PENDING 1024
#define ASKER_SAID_BYTES 160

struct asker_options {
	struct who_source sources[ASKER_SOURCES];
	size_t n_sources;
	bool usual; /* nobody has named them, and one that is not there is not missed */
	const char *token, *ca;	 /* files; NULL: none */
	struct who_labels labels;
};

enum asker_what {
	ASKER_STATE,   /* only what every word has */
	ASKER_ANSWER,
	ASKER_UNKNOWN, /* nobody knows answer.id, and it was asked for long enough */
	ASKER_AGAIN,   /* what was asked for and not answered is forgotten */
};

/* What the sensor is told. */
struct asker_word {
	uint32_t what; /* enum asker_what */
	uint32_t pending;
	uint64_t failures;	      /* requests, since the asker began */
	char said[ASKER_SAID_BYTES];  /* which sources answer, and what is wrong with the others */
	struct who_answer answer;
};

/* asker_keep - the keeper's whole life: until the other end of @fd is closed; an exit code */
int asker_keep(const struct asker_options *o, int fd);

#endif
