/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.h - from YAML nodes to the engine's objects
 *
 *     rule.c ── head.c
 *            └─ condition.c ── item.c ── leaf.c ── build.c
 *
 * All functions here give 0, -EINVAL with a fault reported, or -ENOMEM. What the
 * engine keeps comes from the rule set's arena; @docs dies with each file, @temp with
 * each document, and @regex with each regex.
 */
#ifndef LAPWING_DETECT_BUILD_H
#define LAPWING_DETECT_BUILD_H

#include "base/progress.h"
#include "detect/engine.h"
#include "detect/pattern.h"
#include "detect/yaml.h"

#define BUILD_CHAINS 4096
#define MAX_RULES 20000
#define MAX_VALUES 10000   /* of one field in one map */
#define MAX_CONDITION 2000 /* bytes */
#define MAX_NESTING 32	   /* parentheses and nots in a condition */
#define MAX_REGEX_BYTES 2048

/* Whose names of fields a document may use. */
enum names { NAMES_ANY, NAMES_OURS, NAMES_AUDIT };

/* A regex that was made already, for the next rule that has the same. */
struct made_regex {
	struct made_regex *next;
	struct str text;
	uint32_t options;
	struct regex regex;
};

struct build {
	enum names names;
	struct ruleset *set;
	struct arena docs, temp, regex;
	struct faults faults;
	struct rule *first_rule, **last_rule;
	struct predicate *chains[BUILD_CHAINS];
	struct made_regex *regexes[BUILD_CHAINS];
	struct rule *ids[BUILD_CHAINS];
	struct rule *rule_names[BUILD_CHAINS];
	const struct detect_options *options;
	size_t cap_regexes, cap_skipped, cap_sources;
	const char *file; /* its name, for ever */
	struct correlation *first_correlation, **last_correlation;
	struct filter *first_filter, **last_filter;
	size_t n_correlations;
	struct progress progress; /* of reading: all else is little */
	uint64_t n_bytes;	  /* that were read */
};

/* A growing list of exprs, in @temp. */
struct exprs {
	struct expr **v;
	uint32_t n, cap;
};

int exprs_add(struct build *b, struct exprs *list, struct expr *x);

/* build_slot - the one slot of the field called @name; -ENOENT when no event has such a field */
int build_slot(struct build *b, struct str name, struct slot **ret);

/* build_words - the slot of all texts of an event */
int build_words(struct build *b, struct slot **ret);

/* build_leaf - an expr of @draft, or of the equal predicate that is there already */
int build_leaf(struct build *b, const struct predicate *draft, struct expr **ret);

/* build_join - and, or, not of @list; one kid alone (but for not) is given as it is */
int build_join(struct build *b, enum join join, const struct exprs *list, struct expr **ret);

/* build_hash - of bytes, for the tables above; start with 0 */
uint32_t build_hash(uint32_t h, const void *bytes, size_t n);

int build_not(struct build *b, struct expr *x, struct expr **ret);

/* What all texts of one item have in common. */
struct text_style {
	struct slot *slot;
	bool cased, token;
};

/* leaf_texts - whether some value of the slot is like one of @p */
int leaf_texts(struct build *b, const struct text_style *style, const struct patterns *p,
	       struct expr **ret);

/* leaf_there - OP_EXISTS or OP_PRESENT of @slot */
int leaf_there(struct build *b, enum op op, struct slot *slot, struct expr **ret);

/*
 * regex_compile - @node's text, with @options of PCRE2; the rule set frees the code
 * The same text with the same options gives the same automaton, or code.
 */
int regex_compile(struct build *b, const struct node *node, uint32_t options, struct regex *ret);

/* network_read - "10.0.0.0/8", "::1/128", or an address alone */
int network_read(struct build *b, const struct node *node, struct network *ret);

/* item_build - "Field|modifier: values", an entry of a map */
int item_build(struct build *b, const struct node *entry, struct expr **ret);

/* keywords_build - the scalars of @list (or @list itself, one scalar) as keywords */
int keywords_build(struct build *b, const struct node *list, struct expr **ret);

/* A search identifier while its rule is read. */
struct search {
	struct str name;
	struct expr *expr;
	bool used; /* by the condition */
};

/* condition_build - @node, a condition's text, over @searches */
int condition_build(struct build *b, const struct node *node, struct search *searches, uint32_t n,
		    struct expr **ret);

/* head_text - the text of @key, which must not be empty; absent when the key is and need not be */
int head_text(struct build *b, const struct node *map, const char *key, bool needed,
	      struct str *ret);

/* head_keep - a copy of @text for ever; absent stays absent */
int head_keep(struct build *b, struct str text, struct str *ret);

enum status { STATUS_RUN, STATUS_OLD, STATUS_UNSUPPORTED };

/* head_build - what a document says of itself; enters @r under its id and name */
int head_build(struct build *b, const struct node *doc, struct rule *r, enum status *ret);

/* head_find - the rule, correlation or filter with the id or name @text, or NULL */
struct rule *head_find(struct build *b, struct str text);

/* head_retired - why what has @status does not run, or NULL */
const char *head_retired(const struct build *b, enum status status);

/* head_selected - whether @r is of what options.min_level, tags and statuses ask for */
bool head_selected(const struct build *b, const struct rule *r);

/* head_source - its log source, which names something; texts for ever */
int head_source(struct build *b, const struct node *doc, struct logsource *ret);

/*
 * rule_searches - the search identifiers and the condition in @map, into @r
 * @apart: a key of @map that is none, or NULL
 */
int rule_searches(struct build *b, const struct node *map, const char *apart, struct rule *r);

/* rule_note - a line "file:line: 'title' @what" for ruleset_skipped() */
int rule_note(struct build *b, const struct rule *r, const char *what);

/* rule_skip - notes a document that is sound as far as it was read and will not run */
int rule_skip(struct build *b, struct rule *r, const char *why);

/* rule_build - one document; adds a rule, or a line to what was skipped */
int rule_build(struct build *b, const struct node *doc);

#endif
