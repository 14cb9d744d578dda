/*
 * typed - what telling the collector a type is worth.
 *
 *     typed
 *
 * A list of readings, each with a word that is a number and happens to equal the
 * address of a large object that is not used any more. In objects from memspan_alloc
 * each word may be a pointer, so the number keeps the large object; in objects from
 * memspan_alloc_typed only the named members are pointers, and the number is a number.
 */
#include <memspan.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { READINGS = 100, LARGE_BYTES = 64 * 1024 };

struct reading {
	struct reading *next;
	uint64_t number;
	char *label;
	uint64_t value;
};

static const size_t reading_pointers[] = {
	offsetof(struct reading, next),
	offsetof(struct reading, label),
};

/* Static and constant: a type must outlive its objects. */
static const memspan_type reading_type = {
	.name = "reading",
	.size = sizeof(struct reading),
	.pointer_count = sizeof(reading_pointers) / sizeof(reading_pointers[0]),
	.pointer_offsets = reading_pointers,
};

static struct reading *reading_new(const memspan_type *type)
{
	return type != NULL ? memspan_alloc_typed(type, 1) : memspan_alloc(sizeof(struct reading));
}

/* A list of READINGS readings with values from 1 up; NULL when memory was refused. */
static __attribute__((noinline)) struct reading *readings_build(const memspan_type *type)
{
	struct reading *first = NULL;

	for (uint64_t value = READINGS; value > 0; value--) {
		struct reading *reading = reading_new(type);
		char *label = memspan_alloc_noscan(32);
		void *large = memspan_alloc_noscan(LARGE_BYTES);
		if (reading == NULL || label == NULL || large == NULL)
			return NULL;
		snprintf(label, 32, "reading number %" PRIu64, value);
		reading->next = first;
		reading->number = (uintptr_t)large;
		reading->label = label;
		reading->value = value;
		first = reading;
	}
	return first;
}

/* Whether the list is what was built: its typed pointers kept everything they lead to. */
static int readings_intact(const struct reading *reading)
{
	uint64_t value = 1;

	for (; reading != NULL; reading = reading->next, value++) {
		char label[32];
		snprintf(label, sizeof(label), "reading number %" PRIu64, value);
		if (reading->value != value || strcmp(reading->label, label) != 0)
			return 0;
	}
	return value == READINGS + 1;
}

static int large_objects_left(const struct reading *reading)
{
	int left = 0;

	for (; reading != NULL; reading = reading->next)
		left += memspan_is_heap_pointer((void *)(uintptr_t)reading->number);
	return left;
}

int main(void)
{
	struct reading *untyped = readings_build(NULL);
	struct reading *typed = readings_build(&reading_type);

	if (untyped == NULL || typed == NULL) {
		perror("typed");
		return 1;
	}
	memspan_gc();
	printf("lists intact: untyped %s, typed %s\n", readings_intact(untyped) ? "yes" : "no",
	       readings_intact(typed) ? "yes" : "no");
	printf("large objects kept by numbers: untyped %d, typed %d\n", large_objects_left(untyped),
	       large_objects_left(typed));
	return 0;
}
