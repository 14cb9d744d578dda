/*
 * crc32.h - the checksum of segments and records: CRC-32 as in zlib and gzip.
 *
 * Chosen over CRC32C and xxHash because a reader in any language has it in its standard
 * library; it finds every burst of up to 32 bits, and what it misses of longer damage
 * (one in 2^32) meets the bounds checks of the decoder.
 */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continues crc (0 to begin) over count bytes. */
uint32_t crc32_of(uint32_t crc, const void *data, size_t count);

#endif
