/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configured.h - from what the configuration says to what a session does
 *
 * What is only found bad here is told with its place in the file, too.
 */
#ifndef LAPWING_CONFIGURED_H
#define LAPWING_CONFIGURED_H

#include "app/session.h"
#include "app/settings.h"

/*
 * configured_take - what @s says and the command line, already in @o, does not
 * @content: also content by bundles. Logs; an exit status of cli.h. The texts of @s are borrowed.
 */
int configured_take(struct session_options *o, const struct settings *s, bool content);

/* configured_check - whether a sensor could be run so, and what the file names be read; likewise */
int configured_check(const struct settings *s);

#endif
