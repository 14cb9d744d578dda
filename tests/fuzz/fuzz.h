/*
 * fuzz.h - what the fuzz targets share.
 *
 * Each target is a file with the one function that libFuzzer calls. It is linked twice:
 * with libFuzzer where the compiler has it, and everywhere with replay.c, which runs it
 * over files. A broken promise ends the process, as a sanitizer does.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* Also in builds without assertions. */
#define FUZZ_HOLDS(promise)                                                              \
	do {                                                                             \
		if (!(promise)) {                                                        \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
			abort();                                                         \
		}                                                                        \
	} while (0)

/*
 * A segment whose records are those of data, each with the checksum that it ought to
 * have: so that damage reaches what lies behind the checksums. data is a list of
 * type (1 byte), flags (1 byte), length of the payload (2 bytes, little-endian), payload;
 * the last one may be cut. The segment is not compressed. To be freed with free().
 */
uint8_t *fuzz_segment(const uint8_t *data, size_t count, size_t *bytes);

#endif
