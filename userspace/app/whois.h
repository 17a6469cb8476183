/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whois.h - the sensor's side of asking who containers are: what it met goes out, answers come in
 *
 * Answers enter the corridor as HOST_CONTAINER records, and so also the tape. Nothing here waits:
 * when the asker does not take more, what is to be asked stays with enrich; when nobody answers,
 * events say that a name is missing (CONTAINER_UNNAMED).
 */
#ifndef LAPWING_WHOIS_H
#define LAPWING_WHOIS_H

#include "app/asker.h"
#include "app/host.h"
#include "enrich/enrich.h"

struct whois_options {
	bool on;
	const char *const *sources; /* as who_source() takes them; none: the usual sockets */
	size_t n_sources;
	const char *const *labels;
	size_t n_labels;
	const char *node;	/* NULL: as the host is called */
	const char *token, *ca; /* NULL: the pod's, if it has them */
};

/* What status and metrics tell. */
struct whois_counts {
	uint64_t asked, answered, unknown; /* containers; unknown: nobody knows it */
	uint64_t failures;		   /* requests that failed */
	uint32_t pending;
	char said[ASKER_SAID_BYTES]; /* of the sources: which answer */
};

struct whois;

/*
 * whois_open - starts the keeper; *@ret NULL: nobody is asked
 * Before the hooks and the sandbox, and before any file is open that it must not hold. -EINVAL,
 * logged: a source is none. @o and @en, which knows who was met, are borrowed.
 */
int whois_open(const struct whois_options *o, struct enrich *en, struct whois **ret);

/* whois_check - whether the sources of @o are some; -EINVAL: the source @bad is not, static @why */
int whois_check(const struct whois_options *o, const char **bad, const char **why);

/* whois_asks - whether there is somebody to ask, as far as that can be told at the start */
bool whois_asks(const struct whois *w);

/* whois_tend - what was met is asked for, what came is told by @h; -errno of the corridor */
int whois_tend(struct whois *w, struct host *h);

/* whois_counts - NULL: all 0 */
struct whois_counts whois_counts(const struct whois *w);

/* whois_free - ends the processes; NULL is fine */
void whois_free(struct whois *w);

#endif
