/*
 * large_roots.c - a program whose pointers are in static data.
 *
 *	large_roots_PEER MIB SECONDS
 *
 * A static table of MIB, of which each 16th word leads to a node of 64 bytes. The thread
 * replaces nodes at random, dropping the old ones, so that the heap is collected again and
 * again, and the table is written all over meanwhile.
 */
#include <stdlib.h>

#include "peer.h"
#include "result.h"

enum { MIB_MAX = 256, WORDS_A_NODE = 16, BATCH = 1000 };

static void *volatile table[((size_t)MIB_MAX << 20) / sizeof(void *)];

int main(int argc, char **argv)
{
	uint64_t random = 0x9e3779b97f4a7c15u, made = 0, end_ns;
	size_t mib = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, slots;

	peer_start();
	if (mib == 0 || mib > MIB_MAX) {
		fprintf(stderr, "usage: %s MIB SECONDS (at most %d MiB)\n", argv[0], MIB_MAX);
		return 2;
	}
	slots = (mib << 20) / sizeof(void *) / WORDS_A_NODE;
	for (size_t i = 0; i < slots; i++)
		table[i * WORDS_A_NODE] = peer_new_node(64);

	result_begin();
	end_ns = result_now_ns() + strtoull(argv[2], NULL, 10) * 1000000000;
	while (result_now_ns() < end_ns) {
		for (int i = 0; i < BATCH; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			table[random % slots * WORDS_A_NODE] = peer_new_node(64);
		}
		made += BATCH;
	}
	result_print("large_roots", 1, made);
	return 0;
}
