/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest.h - what a misspelled word was meant to be
 */
#ifndef LAPWING_NEAREST_H
#define LAPWING_NEAREST_H

#include <stddef.h>

/* nearest_word - the one of @n words that @word was most likely meant to be, or NULL */
const char *nearest_word(const char *word, const char *const *words, size_t n);

#endif
