/* An alignment greater than that of the heap's own base is kept, or refused. */
#include "check.h"
#include "memspan.h"

#include <stdint.h>

int main(void)
{
	for (unsigned shift = 0; shift < 64; shift++) {
		uintptr_t p = (uintptr_t)memspan_aligned_alloc((size_t)1 << shift, 1);
		check(p % ((size_t)1 << shift) == 0);
	}
	return 0;
}
