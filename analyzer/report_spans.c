/*
 * The spans of the snapshot reported on, read once, added up by size class.
 *
 * Ages are kept one by one (4 bytes a span) so that medians are exact.
 */
#include <stdlib.h>
#include <string.h>

#include "bounded.h"
#include "report_query.h"

enum { PAGE_BYTES = 8192 };

/* The ages of one class's spans, and of those that are less than half full. */
struct ages {
	uint32_t *all, *half_empty;
	size_t all_count, all_capacity, half_empty_count, half_empty_capacity;
};

struct spans_pass {
	struct report_class classes[REPORT_CLASSES];
	struct ages ages[REPORT_CLASSES];
};

static int append(uint32_t **items, size_t *count, size_t *capacity, int64_t age)
{
	if (*count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 16;
		uint32_t *grown = realloc(*items, more * sizeof(*grown));

		if (!grown)
			return -1;
		*items = grown;
		*capacity = more;
	}
	(*items)[(*count)++] = age < 0 ? 0 : age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
	return 0;
}

static int add_age(struct ages *ages, int64_t age, bool half_empty)
{
	if (append(&ages->all, &ages->all_count, &ages->all_capacity, age) != 0)
		return -1;
	if (!half_empty)
		return 0;
	return append(&ages->half_empty, &ages->half_empty_count, &ages->half_empty_capacity, age);
}

static void add_to(int64_t *sum, int64_t value)
{
	*sum = bounded_sum(*sum, value);
}

/* The columns of the query below. */
enum { CLASS, NOSCAN, ELEM_BYTES, NELEMS, ALLOC_COUNT, NPAGES, BORN_GC };

static int add_span(struct spans_pass *pass, const struct report_query *query, int64_t gc_num)
{
	sqlite3_stmt *row = query->statement;
	int64_t number = sqlite3_column_int64(row, CLASS);
	int64_t elem_bytes = sqlite3_column_int64(row, ELEM_BYTES);
	int64_t slots = sqlite3_column_int64(row, NELEMS);
	int64_t objects = sqlite3_column_int64(row, ALLOC_COUNT);
	int64_t bytes = bounded_product(sqlite3_column_int64(row, NPAGES), PAGE_BYTES);
	int64_t slot_bytes = bounded_product(slots, elem_bytes);
	int64_t object_bytes = bounded_product(objects, elem_bytes);
	struct figure born_gc = report_query_figure(query, BORN_GC);
	bool half_empty = bounded_product(2, objects) < slots;
	struct report_class *class;

	if (number < 0 || number >= REPORT_CLASSES)
		number = 0;
	class = &pass->classes[number];
	class->number = (unsigned)number;
	if (elem_bytes > class->size_bytes)
		class->size_bytes = elem_bytes;
	class->spans++;
	add_to(&class->span_bytes, bytes);
	add_to(&class->slots, slots);
	add_to(&class->objects, objects);
	add_to(&class->alloc_bytes, object_bytes);
	add_to(&class->free_slot_bytes, bounded_difference(slot_bytes, object_bytes));
	add_to(&class->tail_bytes, bounded_difference(bytes, slot_bytes));
	class->half_empty_spans += half_empty;
	if (sqlite3_column_int64(row, NOSCAN)) {
		class->noscan_spans++;
		add_to(&class->noscan_bytes, bytes);
	}
	if (slots > 0) {
		int64_t tenth = bounded_product(objects, REPORT_TENTHS) / slots;

		tenth = tenth < 0 ? 0 : tenth;
		class->tenths[tenth < REPORT_TENTHS ? tenth : REPORT_TENTHS - 1]++;
	}
	if (!born_gc.known)
		return 0;
	return add_age(&pass->ages[number], bounded_difference(gc_num, born_gc.value), half_empty);
}

static int compare_ages(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* The lower median of the sorted ages. */
static struct figure median(const uint32_t *sorted, size_t count)
{
	struct figure figure = {.known = count > 0};

	if (count > 0)
		figure.value = sorted[(count - 1) / 2];
	return figure;
}

static void finish_ages(struct report_class *class, struct ages *ages)
{
	if (ages->all_count > 0)
		qsort(ages->all, ages->all_count, sizeof(*ages->all), compare_ages);
	if (ages->half_empty_count > 0)
		qsort(ages->half_empty, ages->half_empty_count, sizeof(*ages->half_empty),
		      compare_ages);
	class->age_gc = median(ages->all, ages->all_count);
	class->half_empty_age_gc = median(ages->half_empty, ages->half_empty_count);
	if (ages->half_empty_count > 0) {
		class->half_empty_age_gc_max.known = true;
		class->half_empty_age_gc_max.value = ages->half_empty[ages->half_empty_count - 1];
	}
}

static int compare_classes(const void *left, const void *right)
{
	const struct report_class *a = left, *b = right;
	int64_t wasted_a = bounded_sum(a->free_slot_bytes, a->tail_bytes);
	int64_t wasted_b = bounded_sum(b->free_slot_bytes, b->tail_bytes);

	if ((a->number == 0) != (b->number == 0))
		return a->number == 0 ? 1 : -1;
	if (wasted_a != wasted_b)
		return wasted_a < wasted_b ? 1 : -1;
	return (a->number > b->number) - (a->number < b->number);
}

static int read_spans(struct report_query *query, struct report_facts *facts,
		      struct spans_pass *pass)
{
	static const char sql[] = "SELECT class, noscan, elem_bytes, nelems, alloc_count, npages,"
				  " born_gc FROM span WHERE snapshot_id = ?1 AND state = 'inuse'";

	if (report_query_begin(query, sql, facts->last.id) != 0)
		return -1;
	while (report_query_next(query)) {
		if (add_span(pass, query, facts->last.gc_num.value) != 0) {
			query->error = sqlite3_mprintf("out of memory");
			break;
		}
	}
	return report_query_end(query);
}

/* How many there are of each state: from the sums, which know without a walk. */
static int count_states(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] = "SELECT sum(CASE state WHEN 'idle' THEN spans ELSE 0 END),"
				  " sum(CASE state WHEN 'inuse' THEN spans ELSE 0 END),"
				  " sum(CASE state WHEN 'stack' THEN spans ELSE 0 END)"
				  " FROM span_sum WHERE snapshot_id = ?1";
	struct report_spans *spans = &facts->spans;

	if (report_query_begin(query, sql, facts->last.id) != 0)
		return -1;
	if (report_query_next(query)) {
		spans->known = report_query_figure(query, 0).known;
		spans->idle_ranges = report_query_figure(query, 0).value;
		spans->inuse_spans = report_query_figure(query, 1).value;
		spans->stack_spans = report_query_figure(query, 2).value;
	}
	return report_query_end(query);
}

int report_gather_spans(struct report_query *query, struct report_facts *facts)
{
	struct report_spans *spans = &facts->spans;
	struct spans_pass *pass;
	int result;

	if (count_states(query, facts) != 0)
		return -1;
	if (!spans->known)
		return 0;
	pass = calloc(1, sizeof(*pass));
	if (!pass) {
		query->error = sqlite3_mprintf("out of memory");
		return -1;
	}
	result = read_spans(query, facts, pass);
	for (size_t i = 0; i < REPORT_CLASSES; i++) {
		if (pass->classes[i].spans > 0) {
			finish_ages(&pass->classes[i], &pass->ages[i]);
			spans->classes[spans->class_count++] = pass->classes[i];
		}
		free(pass->ages[i].all);
		free(pass->ages[i].half_empty);
	}
	qsort(spans->classes, spans->class_count, sizeof(spans->classes[0]), compare_classes);
	free(pass);
	return result;
}
