/*
 * What old kernels get wrong is not asked of them. Up to Linux 6.17 one that is to protect a part
 * of a huge page, and has no room to tell it in, reads through a null pointer; before 6.9 one that
 * is asked about written pages and nothing else takes swapped-out ones for protected (with the
 * argument `old` the system says that it is 6.8). And nothing is asked about no pages: no kernel
 * says how far it came, which would look like a failure.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "cycle.h"
#include "memspan.h"
#include "pageheap.h"
#include "pagescan.h"
#include "tracking.h"

enum { HUGE_PAGE_BYTES = 2 << 20, KEPT = 40, OBJECT_BYTES = 256 << 10 };

static const char *release;
static _Atomic unsigned protected, fetched;

int uname(struct utsname *out)
{
	int result = (int)syscall(SYS_uname, out);
	if (release)
		strcpy(out->release, release);
	return result;
}

/* The collector's. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	va_start(list, request);
	struct pagescan_request *asked = va_arg(list, void *);
	va_end(list);
	if (request == PAGESCAN && pageheap_contains(asked->start)) {
		unsigned long long bounds = asked->start | asked->end;
		check(asked->start < asked->end);
		check(!(asked->flags & PAGESCAN_PROTECT) || asked->region_count > 0 ||
		      bounds % HUGE_PAGE_BYTES == 0);
		check(!release || asked->returned & ~(uint64_t)PAGESCAN_WRITTEN);
		*(asked->flags & PAGESCAN_PROTECT ? &protected : &fetched) += 1;
	}
	return (int)syscall(SYS_ioctl, fd, request, asked);
}

int main(int argc, char **argv)
{
	static void *kept[KEPT];
	if (argc > 1 && strcmp(argv[1], "old") == 0)
		release = "6.8.0-31-generic";
	cycle_beside_bytes_min = 0;
	for (int i = 0; i < KEPT; i++) { /* idle pages between them, more than a few */
		void *hole = memspan_alloc(2 * OBJECT_BYTES);
		kept[i] = memspan_alloc(OBJECT_BYTES);
		check(hole && kept[i]);
		memspan_free(hole);
	}
	for (int i = 0; i < 3; i++)
		memspan_gc();
	check(!tracking_available(NULL) || (protected > 0 && fetched > 0));
	/* A span that is given back while it is looked for leaves no page to ask about. */
	uintptr_t at = (uintptr_t)kept[0];
	check(!tracking_available(NULL) || tracking_protect(at, at));
	return 0;
}
