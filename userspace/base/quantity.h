/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quantity.h - whole numbers with a unit, as people write them
 */
#ifndef LAPWING_QUANTITY_H
#define LAPWING_QUANTITY_H

#include <stdint.h>

/* quantity_bytes - "100", "64KiB", "64K", "16M", "1GiB", …; 0, or -EINVAL and @ret untouched */
int quantity_bytes(const char *text, uint64_t *ret);

/* quantity_ms - "500ms", "30s", "5m", "24h", "7d": milliseconds; 0, or -EINVAL */
int quantity_ms(const char *text, uint64_t *ret);

#endif
