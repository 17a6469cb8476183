/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - our events as auditd would have written them
 *
 * Rules with `service: auditd` are written against audit's records, several of
 * which tell one deed: exec is a SYSCALL, an EXECVE and a PATH. They cannot be one
 * event, for a0 is a number in one and a text in the other. So each kind of event
 * has a row in audit.c for each record that audit would have made of it, and rules
 * are held against every one.
 */
#ifndef LAPWING_DETECT_AUDIT_H
#define LAPWING_DETECT_AUDIT_H

#include "detect/taxonomy.h"

enum audit_type { AUDIT_SYSCALL = 1, AUDIT_EXECVE = 2, AUDIT_PATH = 4 };

/* What is done to a file; which of it makes a PATH record is the business of auditd's own rules. */
enum audit_access { AUDIT_READ = 1, AUDIT_WRITE = 2, AUDIT_ATTRIBUTE = 4, AUDIT_EXEC = 8 };

#define AUDIT_ARGS 4 /* of a system call */

struct audit_record {
	uint8_t kind;		  /* WIRE_PROCESS_EXEC, … */
	uint8_t type;		  /* enum audit_type */
	uint8_t access;		  /* PATH: enum audit_access */
	uint16_t name;		  /* PATH: the field with the path */
	const char *nametype;	  /* PATH */
	const char *syscalls[2];  /* SYSCALL: the names that it may go by */
	const char *key;	  /* SYSCALL: of the audit rule that rules expect there */
	uint16_t args[AUDIT_ARGS]; /* SYSCALL: fields with a0 to a3, numbers; 0: not known */
	bool before;		  /* SYSCALL: what is told before the deed is not told again */
	bool node;		  /* not of a socket, which bind(2) makes */
};

/* audit_records - the rows of audit.c, by kind; @ret_n of them */
const struct audit_record *audit_records(uint32_t *ret_n);

/* audit_tells - whether audit would have made the record @r of @e */
bool audit_tells(const struct audit_record *r, const struct event *e);

/* How a field of a record is found. */
enum audit_source {
	AUDIT_NONE,
	AUDIT_FIELD,	   /* a field of the event; in decimal if it is a number */
	AUDIT_RECORD_TYPE, /* "SYSCALL" … */
	AUDIT_SYSCALL_NAME,
	AUDIT_ARGUMENT, /* a0 …: hex of a call, text of an exec */
	AUDIT_ARGC,
	AUDIT_SUCCESS,
	AUDIT_EXIT,
	AUDIT_NAME,
	AUDIT_NAMETYPE,
	AUDIT_KEY
};

/* A name of auditd's. */
struct audit_taxon {
	uint8_t source; /* enum audit_source */
	uint8_t types;	/* enum audit_type, or'ed: records that have it */
	uint16_t field;	/* AUDIT_FIELD: which; AUDIT_ARGUMENT: its number */
};

/* audit_field - what auditd calls @name; -ENOENT */
int audit_field(struct str name, struct audit_taxon *ret);

/* audit_nearest - a name of auditd's that @name may be a misspelling of, or NULL */
const char *audit_nearest(struct str name);

/* audit_constant - whether every event has the same value there, or none, in records of @r */
static inline bool audit_constant(const struct audit_taxon *t, const struct audit_record *r) {
	if (!(t->types & r->type))
		return true;
	if (t->source == AUDIT_ARGUMENT && r->type == AUDIT_SYSCALL)
		return t->field >= AUDIT_ARGS || !r->args[t->field];
	return t->source == AUDIT_RECORD_TYPE || t->source == AUDIT_SYSCALL_NAME ||
	       t->source == AUDIT_NAMETYPE;
}

/*
 * audit_access_of - which accesses make the PATH records that the rule @id is about
 * Writes and changes of attributes, but for a few rules that are about others and cannot say so.
 */
uint8_t audit_access_of(struct str id);

/* audit_key_program, audit_key_file - whether a file is one that the key "susp_activity" is of */
bool audit_key_program(struct str path);
bool audit_key_file(struct str path);

#endif
