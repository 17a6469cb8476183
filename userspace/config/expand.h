/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand.h - ${NAME}, ${NAME:-text}, ${file:/PATH} and $$ in a text; for this room only
 */
#ifndef LAPWING_CONFIG_EXPAND_H
#define LAPWING_CONFIG_EXPAND_H

/*
 * expand - @text with all of these replaced; the caller frees it
 * 0, -ENOMEM, or -EINVAL and @why, one sentence, static until the next call.
 */
int expand(const char *text, char **ret, const char **why);

#endif
