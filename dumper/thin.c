#include "thin.h"

#include <string.h>

/* Spacing is in 1/16: a segment is kept when it is so far before the one kept after it. */
enum { SPACING_ONE = 16, SPACING_MAX = 1 << 20 };

/*
 * With spacing s, of two neighbours that are kept the older one is s times as far from the
 * end as the newer one: about log(segments) / log(1 + s) of them. Segment numbers measure
 * the distance, because they stay what they are when segments in between are gone.
 */
static bool is_kept(const struct extent *extents, size_t i, size_t after, size_t count,
                    uint64_t spacing)
{
	uint64_t age = extents[count - 1].number - extents[after].number;
	uint64_t gap = extents[after].number - extents[i].number;

	return i == 0 || gap * SPACING_ONE >= age * spacing;
}

static uint64_t kept_bytes(const struct extent *extents, size_t count, uint64_t spacing)
{
	uint64_t bytes = extents[count - 1].bytes;
	size_t after = count - 1;

	for (size_t i = count - 1; i-- > 0;) {
		if (is_kept(extents, i, after, count, spacing)) {
			bytes += extents[i].bytes;
			after = i;
		}
	}
	return bytes;
}

size_t thin_choose(struct extent *extents, size_t count, uint64_t bytes_max)
{
	uint64_t spacing = 1;
	size_t after = count - 1, kept = count;

	if (count == 0 || extents[count - 1].bytes > bytes_max)
		return 0;
	while (kept_bytes(extents, count, spacing) > bytes_max) {
		if (spacing >= SPACING_MAX) {
			extents[0] = extents[count - 1];
			return 1;
		}
		spacing += spacing / 8 + 1;
	}
	/* From the newest down, so that what is kept gathers at the array's end. */
	for (size_t i = count; i-- > 0;) {
		if (i == count - 1 || is_kept(extents, i, after, count, spacing)) {
			extents[--kept] = extents[i];
			after = i;
		}
	}
	memmove(extents, extents + kept, (count - kept) * sizeof(*extents));
	return count - kept;
}

void thin_place(struct extent *extents, size_t count, uint64_t offset)
{
	for (size_t i = 0; i < count; i++) {
		extents[i].offset = offset;
		offset += extents[i].bytes;
	}
}
