#include "bytes.h"

#include <string.h>

enum { BYTES_FIRST_CAPACITY = 1 << 16 };

bool bytes_reserve(const struct snapshot_memory *memory, struct snapshot_bytes *bytes, size_t more)
{
	size_t capacity = bytes->capacity ? bytes->capacity : BYTES_FIRST_CAPACITY;
	uint8_t *data;

	if (more <= bytes->capacity - bytes->size)
		return true;
	while (capacity - bytes->size < more) {
		if (capacity > SIZE_MAX / 2)
			return false;
		capacity *= 2;
	}
	data = memory->alloc(memory->opaque, capacity);
	if (!data)
		return false;
	if (bytes->data) {
		memcpy(data, bytes->data, bytes->size);
		memory->free(memory->opaque, bytes->data);
	}
	bytes->data = data;
	bytes->capacity = capacity;
	return true;
}

void snapshot_bytes_free(const struct snapshot_memory *memory, struct snapshot_bytes *bytes)
{
	if (bytes->data)
		memory->free(memory->opaque, bytes->data);
	*bytes = (struct snapshot_bytes){0};
}
