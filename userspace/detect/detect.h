/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect.h - Sigma rules against events
 *
 * A rule set is compiled once from YAML and then only read: matching allocates
 * nothing and every rule is evaluated against every event of its log source, unless
 * that is known to find nothing (ruleset_remember()).
 * docs/sigma.md says how Sigma's names map to event fields and which choices
 * were made where the specification leaves one.
 */
#ifndef LAPWING_DETECT_H
#define LAPWING_DETECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "event/event.h"

struct ruleset;

/* How rules are read; all zero is what a sensor wants. */
struct detect_options {
	bool strict;  /* a document that is refused fails the load */
	bool records; /* for detect_record(): of every log source and status, with any field */
	uint32_t min_level;	     /* enum event_level: lower ones do not run; 0: all do */
	const char *const *tags;     /* those with one of these run; none: all do */
	const char *const *statuses; /* likewise; none: all but deprecated and unsupported do */
	size_t n_tags, n_statuses;
	const char *const
		*placeholders; /* "NAME=VALUE" for 'expand', of which a name may have many */
	size_t n_placeholders;
	int progress_fd; /* is told how far it has come, if that takes long; 0: nobody is */
};

/*
 * ruleset_load - every rule in @paths (files, or folders read recursively for *.yml and *.yaml)
 * @options: how; NULL is all zero. Must live as long as the call.
 * @errors: one line "file:line:column: what, and what was expected (rule ID)" per fault, or the
 *          quoted path and why it cannot be read; may be non-empty also when the call gives 0
 *
 * A document with a fault is refused whole and counted, and the others load. With
 * @options->strict it fails the load, and so it does when nothing is left. A path that
 * cannot be read always fails it. 0, -EINVAL or another reason (see @errors), -ENOMEM.
 */
int ruleset_load(const char *const *paths, size_t n_paths, const struct detect_options *options,
		 struct buf *errors, struct ruleset **ret);

/* ruleset_load_text - the same for the documents in @n bytes at @text, called @name in errors */
int ruleset_load_text(const char *name, const char *text, size_t n,
		      const struct detect_options *options, struct buf *errors,
		      struct ruleset **ret);

/* A file of rules that is in memory. */
struct rule_text {
	const char *name;
	struct str text;
};

/* ruleset_load_texts - the same for @n of them, as if they were files of one folder */
int ruleset_load_texts(const struct rule_text *texts, size_t n,
		       const struct detect_options *options, struct buf *errors,
		       struct ruleset **ret);

void ruleset_free(struct ruleset *rules);

/*
 * ruleset_remember - from now on, events that are in all that rules ask for like one for which no
 * rule held are not asked about again: memory.h
 * For who follows a machine; what it saves depends on how often that does the same. Changes
 * nothing of what detect_event() finds, but rule_info.evaluations counts those made. -ENOMEM.
 */
int ruleset_remember(struct ruleset *rules);

/*
 * ruleset_adopt - @rules takes over from @old, which it is about to replace, what stays true: the
 * windows of correlations that did not change, nor the rules that they are of, and the counters
 * of rules that did not change
 */
void ruleset_adopt(struct ruleset *rules, struct ruleset *old);

size_t ruleset_count(const struct ruleset *rules);

/* ruleset_refused - how many documents (or files that are no YAML) had a fault and do not run */
size_t ruleset_refused(const struct ruleset *rules);

/* ruleset_rule - title, id and level of rule @i, and how often it has held; borrowed */
const struct detection *ruleset_rule(const struct ruleset *rules, size_t i, uint64_t *ret_hits);

/* ruleset_limited - how often rule @i asked a regex that gave up at its limit, taken as "no" */
uint64_t ruleset_limited(const struct ruleset *rules, size_t i);

struct rule_info {
	const struct detection *detection;
	const char *file;
	uint32_t line;
	struct str status; /* absent: none is given */
	bool correlation;
	bool quiet;	      /* tells nothing itself, because a correlation refers to it */
	uint64_t fingerprint; /* of all that it says: equal rules have equal ones */
	uint64_t evaluations; /* how often its condition was looked at */
	uint64_t hits, limited;
	uint64_t ns; /* that all evaluations took, reckoned from every 64th of them */
};

/* ruleset_info - of rule @i, and behind the last rule of each correlation; -ENOENT past those */
int ruleset_info(const struct ruleset *rules, size_t i, struct rule_info *ret);

/*
 * ruleset_arm - of @each events rule @i, as ruleset_info() counts, is asked about one
 * 0: about none, 1: about all. For a rule that takes too much. Its hits that correlations count
 * become fewer, too.
 */
void ruleset_arm(struct ruleset *rules, size_t i, uint32_t each);

/* What correlations had to let go of; any of it makes what they tell INCOMPLETE or is told here. */
struct rule_losses {
	uint64_t groups, hits; /* evicted, because there was no room for more */
	uint64_t late;	       /* hits that came too late to be counted */
	uint64_t crowded;      /* detections for which one event had no room */
};

void ruleset_losses(const struct ruleset *rules, struct rule_losses *ret);

/* ruleset_find - the number, for ruleset_info(), of what is called so (id, name, title); -ENOENT */
int ruleset_find(const struct ruleset *rules, struct str text, size_t *ret);

/* ruleset_explain - appends how @i is evaluated: its questions and what each costs */
void ruleset_explain(struct ruleset *rules, size_t i, struct buf *out);

enum rule_read_how {
	RULE_READ_WHOLE, /* the text is a path */
	RULE_READ_HEAD,	 /* it begins one */
	RULE_READ_TAIL,	 /* it ends one */
	RULE_READ_PART	 /* it is somewhere in one, and which that are is not known beforehand */
};

/* What a rule asks to be told of when it is opened for reading, or changed. */
struct rule_read {
	const struct detection *rule;
	struct str text; /* as the rule has it; of RULE_READ_PART one that must be there, or none */
	enum rule_read_how how;
};

/*
 * ruleset_reads - calls @each with every text by which rules ask for opens for reading
 * Those of category file_access, and of auditd's where they are about reads; not those that are
 * disarmed. Gives the first result of @each that is not 0.
 */
int ruleset_reads(const struct ruleset *rules, int (*each)(void *ctx, const struct rule_read *read),
		  void *ctx);

/*
 * ruleset_changes - the same of texts by which rules ask for changes of files
 * Those whose category is about them, and of auditd's where they are about writes or attributes.
 */
int ruleset_changes(const struct ruleset *rules,
		    int (*each)(void *ctx, const struct rule_read *read), void *ctx);

enum rule_coverage { COVERAGE_NONE, COVERAGE_PARTLY, COVERAGE_FULLY };

/*
 * ruleset_coverage - how much of @i can ever hold, when just events of @kinds come
 * @why: gets one line for each selection that cannot, or for the rule, with the reason; and one for
 * what must be switched on first
 */
enum rule_coverage ruleset_coverage(struct ruleset *rules, size_t i,
				    const struct event_kinds *kinds, struct buf *why);

/*
 * ruleset_skipped - "file:line: 'title' is skipped: why" of the @i-th skipped rule, or NULL past
 * the last
 *
 * A rule is skipped, and not an error, when it is of a log source that this
 * sensor has no events for, or of status deprecated or unsupported. Borrowed.
 */
const char *ruleset_skipped(const struct ruleset *rules, size_t i);

/*
 * detect_nothing - whether it is known of the twin of @e (event.twin_key) that no rule holds
 * So it is for @e, of which nothing else is looked at, and detect_event() need not be asked.
 */
bool detect_nothing(const struct ruleset *rules, const struct event *e);

/*
 * detect_event - evaluates all rules; sets e->detections and e->n_detections
 * @arena: holds what has to be put together to compare it; dies with the event
 *
 * The list of detections is the rule set's own and is overwritten by the next
 * call, so it has room for every rule at once and cannot be cut short.
 */
void detect_event(struct ruleset *rules, struct arena *arena, struct event *e);

/* The three attributes of a log source that count; absent is "any". */
struct logsource {
	struct str category, product, service;
};

/* A field of a record; a value without bytes (s == NULL) is null. */
struct record_field {
	struct str name;
	const struct str *values;
	uint32_t n;
};

/*
 * An event that is nothing but named values, as a line of some log. Of two fields
 * with one name the first counts.
 */
struct record {
	struct logsource source; /* all absent: not known, so that every rule applies */
	uint64_t time_ns;
	struct str id; /* what correlations call it in detection.events; absent: nothing */
	const struct record_field *fields;
	uint32_t n;
};

/*
 * detect_record - detect_event() for a record; the rules were loaded with options.records
 * @ret: gets the detections, the rule set's own, good until the next call
 */
uint32_t detect_record(struct ruleset *rules, struct arena *arena, const struct record *record,
		       const struct detection **ret);

/*
 * detect_cramped - whether the arena had no room for some values of the last event or record
 * Rules may then have missed it, whatever they said.
 */
bool detect_cramped(const struct ruleset *rules);

/*
 * detect_evidence - what of a record made a rule hold
 * @d: given by the last detect_record(), whose record is still there
 *
 * Calls @each with each value that met a condition of an identifier that held.
 * @field is as the rule writes it, and empty for keywords. What an absence met has
 * no value and is not told. Gives the first result of @each that is not 0.
 */
int detect_evidence(struct ruleset *rules, const struct detection *d,
		    int (*each)(void *ctx, struct str identifier, struct str field,
				struct str value),
		    void *ctx);

/*
 * detect_event_evidence - the same for @e, of which detect_event() gave @d just now
 * Where the rule holds for what auditd would have written, @field is one of audit's.
 */
int detect_event_evidence(struct ruleset *rules, struct arena *arena, const struct event *e,
			  const struct detection *d,
			  int (*each)(void *ctx, struct str identifier, struct str field,
				      struct str value),
			  void *ctx);

#endif
