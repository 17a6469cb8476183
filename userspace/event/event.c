/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

uint64_t event_new_key(void) {
	static uint64_t last; /* one for all: what is kept by key outlives whoever made it */

	return ++last;
}
