#include "crc32.h"

#include "crc32_table.h"

uint32_t crc32_of(uint32_t crc, const void *data, size_t count)
{
	const uint8_t *bytes = data;

	crc = ~crc;
	for (; count >= 4; count -= 4, bytes += 4) {
		crc ^= (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		       (uint32_t)bytes[3] << 24;
		crc = crc32_table[3][crc & 0xff] ^ crc32_table[2][crc >> 8 & 0xff] ^
		      crc32_table[1][crc >> 16 & 0xff] ^ crc32_table[0][crc >> 24];
	}
	for (; count > 0; count--, bytes++)
		crc = crc >> 8 ^ crc32_table[0][(crc ^ *bytes) & 0xff];
	return ~crc;
}
