/* An alignment greater than that of the heap's own base is kept, or refused, and costs no
 * address space to speak of. */
#include "check.h"
#include "memspan.h"

#include <errno.h>
#include <stdint.h>

int main(void)
{
	static memspan_mem_stats before, after;
	memspan_read_mem_stats(&before);
	for (unsigned shift = 0; shift < 64; shift++) {
		uintptr_t p = (uintptr_t)memspan_aligned_alloc((size_t)1 << shift, 1);
		check(p % ((size_t)1 << shift) == 0);
		check(p || (shift > 30 && errno == ENOMEM));
		memspan_free((void *)p);
	}
	memspan_read_mem_stats(&after);
	check(after.heap_sys - before.heap_sys <= (uint64_t)4 << 30);
	return 0;
}
