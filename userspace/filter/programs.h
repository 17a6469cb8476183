/* SPDX-License-Identifier: Apache-2.0 */
/*
 * programs.h - where programs that are known take a secret without saying so, and how tokens begin
 *
 * Three tables: programs by name, each of one family or more; options of a family; and places of a
 * family, where a word is secret for where it stands. A new program is a row. For this room only.
 */
#ifndef LAPWING_PROGRAMS_H
#define LAPWING_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum secret_how {
	SECRET_NEXT,	 /* -p SECRET, -pSECRET */
	SECRET_EXACT,	 /* -p SECRET, and -pX is another option */
	SECRET_CLUSTER,	 /* as SECRET_NEXT, and also at the end of other letters: -rP SECRET */
	SECRET_ATTACHED, /* -pSECRET, and a lone -p is something else */
	SECRET_LOGIN,	 /* as SECRET_NEXT, but only behind the word "login" */
	SECRET_PAIR,	 /* user:SECRET, user%SECRET or user,SECRET, attached, clustered or next */
	SECRET_COOKIE,	 /* name=SECRET; what has no '=' is a file's name */
};

struct secret_option {
	uint32_t family;
	struct str flag;
	enum secret_how how;
};

struct secret_place {
	uint32_t family;
	const char *verb;  /* "": the program itself */
	unsigned from;	   /* operands behind it that are no secret */
	uint32_t letters;  /* of short options that must have been there, by SECRET_LETTER() */
	bool settings;	   /* what is name=value is no secret for its place */
	bool paths;	   /* nor what begins with '/' or '\\' */
};

/* Families that the walk over a line treats by themselves. */
#define SECRET_SETTINGS 1u    /* NAME VALUE behind "config", "set", … */
#define SECRET_PLACES 0xff00u /* those that have a place */

#define SECRET_LETTER(c) (1u << ((c) - 'a' + 1)) /* 'a' to 'z' */

/* secret_program - the families of the program @name; 0: it is not known */
uint32_t secret_program(struct str name);

/* secret_option - what @word is for a program of one of @families; NULL: nothing */
const struct secret_option *secret_option(uint32_t families, bool login, struct str word);

/* secret_place - the place that @word, or "" for the program, begins; NULL: none */
const struct secret_place *secret_place(uint32_t families, uint32_t letters, struct str word);

/* secret_place_spares - whether @word, though at its place, is no secret */
bool secret_place_spares(const struct secret_place *p, struct str word);

/* secret_token - whether @x begins as tokens of a known issuer do, and is long enough */
bool secret_token(struct str x);

/* secret_scheme - whether @word names how a header's value is meant, as in "Bearer SECRET" */
bool secret_scheme(struct str word);

/* secret_known - no secret, but what logs say so: "PWD=/home/bob" of sudo, audit's "sig=31" */
bool secret_known(struct str name, struct str value);

#endif
