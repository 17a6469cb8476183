/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crc32c.h - the Castagnoli checksum (RFC 3720), by the CPU where it can
 */
#ifndef LAPWING_CRC32C_H
#define LAPWING_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc32c - of @n bytes; @crc is 0, or the checksum of what came before them */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);

/* crc32c_table - the same without the CPU's help */
uint32_t crc32c_table(uint32_t crc, const void *bytes, size_t n);

#endif
