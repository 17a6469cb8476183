/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment.h - which variables of an exec's environment are told
 *
 * An environment holds secrets: what is not in this list is not even read out of
 * the kernel (bpf/env.h). It is meant for variables that change what a program
 * loads or runs, and for who is behind a session.
 */
#ifndef LAPWING_ENVIRONMENT_H
#define LAPWING_ENVIRONMENT_H

#include "knobs.h"

#define ENVIRONMENT_NAME_MIN 3
#define ENVIRONMENT_NAME_MAX (KNOBS_ENV_BYTES - 1)

/* environment_default - LD_* and a few more, as docs/environment.md has them */
void environment_default(struct knobs_env *ret);

/*
 * environment_add - tells of one more variable, or with * behind @name of all that begin so
 * 0; -EINVAL: no name of a variable, or shorter or longer than above; -E2BIG: there are
 * KNOBS_ENV_NAMES already. One that is there is not added again.
 */
int environment_add(struct knobs_env *env, const char *name);

/*
 * environment_set - the names in @list, with commas between them; "none": no variable at all
 * Those that begin with + are added to what is there already, else it begins anew. @bad: the name
 * at fault, borrowed from @list and ending at a comma. Errors as above, and then @env is as it was.
 */
int environment_set(struct knobs_env *env, const char *list, const char **bad);

#endif
