/* heap_overflows_its_queue - what the mark queue has no room for is found all the same. */
#include <memspan.h>
#include <stdint.h>
#include <string.h>

#include "../libcore/check.h"
#include "mark.h"

enum { WIDTH = 300000 };

struct leaf {
	struct leaf *child;
	uint64_t value;
};

int main(void)
{
	mark_queue_bytes_max = 1; /* one mapping of buffers, for 16,000 objects */
	struct leaf **wide = memspan_alloc(WIDTH * sizeof *wide);
	for (uint64_t i = 0; i < WIDTH; i++) {
		wide[i] = memspan_alloc(sizeof **wide);
		wide[i]->value = i;
		wide[i]->child = memspan_alloc(sizeof **wide);
		wide[i]->child->value = ~i;
	}
	memspan_mem_stats before, after;
	memspan_gc();
	memspan_read_mem_stats(&before);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200000; i++)
			memset(memspan_alloc(16), 0xee, 16);
		memspan_gc();
	}
	memspan_read_mem_stats(&after);
	check(before.heap_objects >= 2 * WIDTH && after.heap_objects >= 2 * WIDTH);
	for (uint64_t i = 0; i < WIDTH; i++)
		check(wide[i]->value == i && wide[i]->child->value == ~i);
	return 0;
}
