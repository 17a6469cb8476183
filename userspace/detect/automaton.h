/* SPDX-License-Identifier: Apache-2.0 */
/*
 * automaton.h - regexes that take time in proportion to the text, whatever it is
 *
 * Each character that a regex speaks of is a place; where a match may stand after
 * a character of the text is a set of places, a bit each, so nothing is ever tried
 * twice (Glushkov's automaton, without a stack and without memory of its own). It
 * says whether there is a match, not where.
 *
 * What of PCRE is understood: characters and escapes of them, . ^ $ | ( ) (?: ), a
 * leading (?i), classes, \s \d \w and their opposites, * + ? {n} {n,m} {n,} and
 * their lazy forms. Everything else (look-around, back references, \b, …) is left
 * to PCRE2, as is what would need more than AUTOMATON_PLACES.
 */
#ifndef LAPWING_DETECT_AUTOMATON_H
#define LAPWING_DETECT_AUTOMATON_H

#include "base/arena.h"

#define AUTOMATON_PLACES 1024

struct automaton;

enum automaton_option { AUTOMATON_CASELESS = 1, AUTOMATON_DOT_ALL = 2 };

/*
 * automaton_new - for @regex, which PCRE2 has found to be one
 * @arena: holds the result; @temp: is of no use afterwards
 * 0; -EOPNOTSUPP: not with this; -ENOMEM.
 */
int automaton_new(struct arena *arena, struct arena *temp, struct str regex, unsigned options,
		  struct automaton **ret);

/*
 * automaton_finds - whether @x has a match somewhere
 * Characters are those of UTF-8; a byte that is not part of any is one, which only '.' and the
 * opposite of a class match.
 */
bool automaton_finds(const struct automaton *a, struct str x);

#endif
