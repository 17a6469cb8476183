/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one line for people, on standard error
 *
 * Rooms return errors; app/ and cli/ log them, once. A line says what could
 * not be done, to what (in quotes), why, and what to do about it. A failure
 * that is survived ends in ", continuing".
 */
#ifndef LAPWING_LOG_H
#define LAPWING_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* log_setup - lines above @max are dropped; @color paints the level word */
void log_setup(enum log_level max, bool color);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
