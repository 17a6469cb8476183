/* SPDX-License-Identifier: Apache-2.0 */
/* The engine against the slow and obvious way, over rules and records that are made up. */
#include "random_rules.h"
#include "test.h"

static void the_engine_says_what_the_oracle_says(void) {
	uint32_t wrong = 0, n_rules = 0, hits = 0;

	for (uint32_t i = 0; i < 400 && !wrong; i++) {
		struct luck luck = { .state = i * 2654435761u };

		wrong = random_round(&luck, &n_rules, &hits);
	}
	CHECK(wrong == 0);
	CHECK(n_rules > 1000 && hits > 1000);
}

int main(void) {
	RUN(the_engine_says_what_the_oracle_says);
	DONE();
}
