/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - rules as they are evaluated
 *
 *     ruleset ── bucket per kind ── rule ── expr tree ── predicate ── slot
 *
 * A slot is a field: its values in the current event, found once. A predicate is
 * a question about one slot ("ends with one of these"); equal predicates of
 * different rules are one object, and its answer is kept for the event. An expr
 * joins predicates by and, or, not, cheapest first. A bucket holds the rules of
 * one kind of event. Most rules need one of a few texts to be there (screen.c);
 * all of a bucket's are looked for in one pass over each field (needles.c), and
 * only the rules whose texts are met have their tree looked at.
 *
 * What one event leaves behind is told from what another left by the number of
 * the event (epoch), so that nothing has to be cleared between two.
 */
#ifndef LAPWING_DETECT_ENGINE_H
#define LAPWING_DETECT_ENGINE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "detect/audit.h"
#include "detect/automaton.h"
#include "detect/detect.h"
#include "detect/needles.h"
#include "detect/taxonomy.h"

#define PAIR_BITS 1024
#define NO_BUCKET 0
#define MAX_BUCKETS 192 /* kinds, and rows of audit.c */

struct slot {
	struct slot *next, *next_name;
	struct str name;	  /* as rules write it; empty: every text, for keywords */
	struct taxon taxon;	  /* in events as they are */
	struct audit_taxon audit; /* in records of auditd's */
	bool present;		  /* there, if only as null */
	bool cramped;		  /* there was no room for its values */
	uint32_t epoch;		  /* @v, @n and @present are of that event */
	uint32_t folded_epoch;	  /* so is @folded */
	uint32_t pairs_epoch;	  /* and @pairs */
	uint32_t n_asked; /* texts that it was asked for; few are not worth finding @pairs */
	uint64_t *pairs;  /* a bit for each pair of characters in @folded, by its hash */
	uint32_t n;
	const struct str *v;
	struct str *own;    /* room for values that have to be put together */
	char *number;	    /* room for a number's text */
	struct str *folded; /* @v with fold_case applied; NULL: there was no room */
};

enum op {
	OP_EXISTS,  /* is there, if only as null */
	OP_PRESENT, /* has a value */
	OP_EQUALS,
	OP_STARTS,
	OP_ENDS,
	OP_CONTAINS,
	OP_GLOB,
	OP_REGEX,
	OP_CIDR,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_NUMBER,
	OP_SAME, /* as another field */
	OP_SAME_START,
	OP_SAME_END,
	OP_SAME_PART
};

struct glob {
	const uint16_t *t; /* see pattern.h */
	uint32_t n;
	struct str longest; /* its longest run without wildcards */
};

/* A regex: ours if it can be, or else PCRE2's. */
struct regex {
	struct automaton *automaton; /* or NULL, and */
	pcre2_code *code;
	struct str must; /* a text that every match has, folded; empty: none is known */
	uint32_t least;	 /* bytes of a match, at least */
};

struct network {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint8_t bits;
	bool v4;
};

struct predicate {
	uint8_t op;    /* enum op */
	bool token;    /* OP_CONTAINS: only where no word goes on around it */
	uint8_t part;  /* OP_LESS to OP_NUMBER: enum time_part of the value that is compared */
	uint32_t memo; /* epoch << 2 | enum answer */
	uint32_t seen; /* epoch in which one of its texts was met */
	uint32_t n;    /* values, any of which may hold */
	uint64_t sought[MAX_BUCKETS / 64]; /* numbers of the buckets that seek all its texts */
	struct slot *slot;
	const uint8_t *fold;   /* fold_case, or fold_none: cased; texts here are folded alike */
	struct needles *index; /* of @texts, where they are many; or NULL */
	const struct str *given; /* OP_EQUALS, OP_STARTS: @texts as the rule has them, not folded */
	const struct str
		*musts; /* OP_REGEX: a text that each needs, folded; empty: none is known */
	union {
		const struct str *texts;
		const struct glob *globs;
		const struct regex *regexes;
		const struct network *networks;
		const long double *numbers;
		struct slot *other;
	};
	struct predicate *next;
	/* only while compiling */
	struct predicate *next_same; /* in a chain of the table of predicates */
	uint32_t cost, uses;
};

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_LIMITED };

enum join { JOIN_PREDICATE, JOIN_AND, JOIN_OR, JOIN_NOT };

struct expr {
	uint8_t join; /* enum join */
	uint32_t n;
	uint32_t cost;
	union {
		struct expr **kids;
		struct predicate *predicate;
	};
};

/* A search identifier of a rule, for detection.matched. */
struct identifier {
	struct str name;
	const struct expr *expr;
};

enum rule_fate { RULE_REFUSED, RULE_SKIPPED, RULE_RUNS };

#define RULE_NEVER UINT32_MAX

struct correlation;
struct correlate_use;
struct filter_use;

struct rule {
	struct detection detection;	 /* all but matched */
	uint8_t fate;			 /* enum rule_fate */
	bool quiet;			 /* tells nothing itself: a correlation does */
	bool generated;			 /* while compiling: a correlation wants it to tell */
	uint64_t fingerprint;		 /* of all that it says */
	struct correlation *correlation; /* whose head this is, or NULL */
	struct correlate_use *uses;	 /* correlations that count its hits */
	struct logsource source;
	uint32_t source_id; /* the same for rules of equal sources */
	const char *file;
	uint32_t line;
	struct event_kinds kinds;
	bool audited;	/* offered what auditd would have written */
	uint8_t access; /* enum audit_access: the PATH records that it is about */
	uint64_t fired; /* the event that it has last held for */
	uint64_t hits, limited, evaluations;
	uint64_t ns;	   /* that every 64th evaluation took */
	struct str status; /* as written; absent: it has none */
	uint32_t each;	   /* of so many events it is asked about one; RULE_NEVER: about none */
	uint32_t passed;   /* it was not asked about since it last was */
	bool deselected;   /* while compiling: not asked for; runs for correlations only */
	struct expr *expr;
	struct identifier *identifiers; /* those that the condition speaks of */
	uint32_t n_identifiers;
	struct rule *next, *next_id, *next_name; /* while compiling, as the next one */
	struct filter_use *filters;		 /* those that name it */
};

/* Predicates of one slot, and all the texts that they seek there: row i is of predicate i. */
struct sieve {
	struct sieve *next; /* the next one that was made */
	struct predicate **v;
	struct needles *needles;
	uint32_t n;
};

/* What is sought in one slot, to find out which rules of a bucket are worth a look. */
struct bucket_slot {
	struct slot *slot;
	const struct sieve *sieve;
	uint32_t *rows;	 /* of its predicates' rules: those of predicate i begin at */
	uint32_t *first; /* first[i], and end at first[i + 1] */
};

/*
 * The rules of one kind of event. A rule is worth a look when one of the texts is there of which
 * it needs one (screen.c), and one of a second set where it has two; or when there are no such
 * texts. So rows have a bit in the first @n_words words, and another in the next.
 */
struct bucket {
	struct rule **rows;
	struct bucket_slot *slots;
	struct bucket_slot words;	/* what is sought in every text, if anything is */
	uint64_t left[EVENT_HAS_WORDS]; /* of these: no slot is looked at for them as well */
	uint64_t *always;		/* a bit for each row of which no texts are known */
	uint64_t *worth;		/* of the running event */
	uint64_t *seen;			/* predicates of one slot in it; else all 0 */
	struct memory *memory; /* of events for which no row holds; NULL: none is kept */
	uint32_t n, n_words, n_slots;
	uint32_t number; /* of the bucket */
};

/* The events of a bucket: those of one kind, as they are or seen as one record of auditd's. */
struct view {
	struct ruleset *set;
	uint32_t kind;
	const struct audit_record *row;
};

/* The running event. */
struct match {
	const struct audit_record *audit; /* the row that @e is seen through, or NULL */
	const struct event *e;		  /* or NULL, and */
	const struct record *record;	  /* the slots of its fields are filled already */
	const bool *applies;		  /* by source_id, for a record; NULL: to all */
	uint64_t time_ns;
	struct str id;	 /* of the event, for evidence; absent: it has none */
	uint32_t weight; /* deeds that it stands for */
	struct arena *arena;
	uint32_t epoch;	 /* 1 to MAX_EPOCH */
	uint32_t bucket; /* whose texts were sought in this epoch, or NO_BUCKET */
	bool limited;	/* a regex gave up since this was last cleared, or there was no room */
	bool cramped;	/* in the running event, there was no room for some values */
	pcre2_match_data *regex_data;
	pcre2_match_context *regex_limits;
};

#define MAX_EPOCH ((1u << 30) - 1)

#define SLOT_CHAINS 256

struct ruleset {
	struct bucket buckets[WIRE_KIND_MAX];
	struct bucket *audits;					     /* by row of audit.c */
	uint8_t first_audit[WIRE_KIND_MAX], n_audits[WIRE_KIND_MAX]; /* rows of a kind */
	struct bucket records; /* every rule, for detect_record() */
	uint64_t event;	       /* number of the running one, which may be seen in several ways */
	struct match match;
	bool for_records;
	struct logsource *sources; /* distinct ones, of rules */
	bool *applies;		   /* of each, to the log source of the last record */
	size_t n_sources, n_refused;
	struct slot *names[SLOT_CHAINS];
	struct correlations *correlations; /* NULL: there are none */
	struct detection *detections;	   /* room for one of every rule, and correlations.room */
	struct str *matched;		   /* room for every identifier of every rule */
	struct rule **rules;
	size_t n_rules;
	struct slot *slots;
	struct predicate *predicates; /* linked by next */
	struct sieve *sieves;	      /* likewise: buckets of many kinds have the same */
	uint32_t n_buckets;
	pcre2_code **regexes;
	size_t n_regexes;
	const char **skipped;
	size_t n_skipped;
	struct arena scratch; /* of the questions that screen.c settles */
	struct arena arena;   /* everything above */
};

extern const uint8_t fold_none[256], fold_case[256];

/* slot_hash - of a name, for ruleset.names */
static inline uint32_t slot_hash(struct str name) {
	uint32_t h = name.n;

	for (uint32_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.s[i]) * 16777619u;
	return h ^ h >> 15;
}

/* slot_find - the slot called @name, or NULL */
struct slot *slot_find(const struct ruleset *set, struct str name);

/* slot_fill - finds the values of @s in the running event; slot.c */
void slot_fill(const struct match *m, struct slot *s);

/* slot_fill_audit - the same where the event is seen as a record of auditd's; slot_audit.c */
void slot_fill_audit(const struct match *m, struct slot *s);

/* slot_add - one more value that is put together; absent ones are none */
void slot_add(struct slot *s, struct str value);

/* slot_join - one more value: @b behind @a; without room for it @s is cramped */
void slot_join(const struct match *m, struct slot *s, struct str a, struct str b);

/* slot_images - the executable, and the path that it was invoked by */
void slot_images(const struct match *m, struct slot *s);

/* slot_fold - folds the values of @s */
void slot_fold(const struct match *m, struct slot *s);

/* slot_room - gives @s what slot_fill() needs for its source; -ENOMEM */
int slot_room(struct arena *arena, struct slot *s);

static inline void slot_get(const struct match *m, struct slot *s) {
	if (s->epoch != m->epoch)
		slot_fill(m, s);
}

/* slot_folded - the values of @s, folded; NULL without room */
static inline const struct str *slot_folded(const struct match *m, struct slot *s) {
	if (s->folded_epoch != m->epoch)
		slot_fold(m, s);
	return s->folded;
}

/* slot_pairs - finds the pairs of @s, whose values are folded */
void slot_pairs(const struct match *m, struct slot *s);

static inline uint32_t pair_hash(char a, char b) {
	return ((unsigned char)a + (unsigned char)b * 37u) % PAIR_BITS;
}

static inline bool slot_has_pair(const struct slot *s, const char *at) {
	uint32_t h = pair_hash(at[0], at[1]);

	return s->pairs[h / 64] >> h % 64 & 1;
}

/* predicate_meets - whether the @i-th value of its slot is why @p holds; for all but OP_EXISTS */
bool predicate_meets(struct match *m, const struct predicate *p, uint32_t i);

/* predicate_where - how OP_EQUALS to OP_GLOB look for a text */
static inline enum where predicate_where(const struct predicate *p) {
	return p->op == OP_EQUALS   ? WHERE_WHOLE
	       : p->op == OP_STARTS ? WHERE_HEAD
	       : p->op == OP_ENDS   ? WHERE_TAIL
				    : WHERE_ANY;
}

/* predicate_holds - @p against the running event; predicate.c */
bool predicate_holds(struct match *m, struct predicate *p);

/* bucket_sift - fills @b->worth for the running event; sieve.c */
void bucket_sift(struct match *m, const struct bucket *b);

/*
 * bucket_ready - makes what @b seeks, its rows being there
 * @temp: what it takes of it is of no use afterwards. -ENOMEM.
 */
int bucket_ready(struct arena *temp, const struct view *v, struct bucket *b);

/* screen_can_hold - false: no event of @v can make @x hold; screen.c */
bool screen_can_hold(const struct view *v, const struct expr *x);

/*
 * screen_find - predicates one of which must hold if @x does, the cheapest such set
 * All are OP_EQUALS to OP_REGEX, with texts. @ret has @room places. False: there is no such set, or
 * it needs more.
 */
bool screen_find(const struct view *v, const struct expr *x, struct predicate **ret, uint32_t room,
		 uint32_t *ret_n);

/* screen_find_second - the same of a further set, if it is cheap */
bool screen_find_second(const struct view *v, const struct expr *x, struct predicate **ret,
			uint32_t room, uint32_t *ret_n);

/* screen_text - the @i-th of the texts of which @p needs one, folded unless it is cased */
struct str screen_text(const struct predicate *p, uint32_t i);

/* rule_reads - ruleset_reads() of one rule; reads.c */
int rule_reads(const struct rule *r, int (*each)(void *ctx, const struct rule_read *read),
	       void *ctx);

/* expr_holds - the same as predicate_holds() for a tree */
bool expr_holds(struct match *m, const struct expr *x);

#endif
