/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - what the words of a command have said so far: which programs, which letters, how far
 *
 * Every word that is a known program's name counts as one, wherever it stands: behind sudo and env
 * it is the program, and behind an option it costs at most a mask too many. For this room only.
 */
#ifndef LAPWING_COMMAND_H
#define LAPWING_COMMAND_H

#include "filter/programs.h"

struct command {
	uint32_t families;		  /* of all programs that were named */
	const struct secret_place *place; /* where one of them takes a secret */
	uint32_t placed, letters;	  /* its families; letters of its short options */
	unsigned operands;		  /* behind its name, or its verb */
	bool login, config;
};

/* command_parts - whether @word is what stands between two commands: "|", "&&", … */
bool command_parts(struct str word);

/* command_hides - whether @word, in which nothing was announced, is where a secret stands */
bool command_hides(struct command *c, struct str word);

/* command_learn - what @word says of the command; behind command_hides() */
void command_learn(struct command *c, struct str word);

#endif
