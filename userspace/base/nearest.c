/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 96

/* The number of letters to add, drop or change; the words are short, as a title is. */
static size_t distance(const char *a, const char *b) {
	size_t row[WORD_MAX + 1], n = strlen(b);

	if (n > WORD_MAX || strlen(a) > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = corner + (a[i - 1] != b[j - 1]);
			size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			corner = row[j];
			row[j] = change < other ? change : other;
		}
	}
	return row[n];
}

/* begun - the one word that begins with @word; NULL: none does, or several do */
static const char *begun(const char *word, const char *const *words, size_t n) {
	size_t length = strlen(word);
	const char *one = NULL;

	for (size_t i = 0; i < n && length > 2; i++) {
		if (strncmp(words[i], word, length) != 0)
			continue;
		if (one)
			return NULL;
		one = words[i];
	}
	return one;
}

const char *nearest_word(const char *word, const char *const *words, size_t n) {
	const char *best = begun(word, words, n);
	size_t least = 0;

	if (best)
		return best;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, words[i]), length = strlen(words[i]);

		/* a stranger to the word helps nobody */
		if (d <= (length < 6 ? 2 : length / 3) && d < length && (!best || d < least)) {
			best = words[i];
			least = d;
		}
	}
	return best;
}
