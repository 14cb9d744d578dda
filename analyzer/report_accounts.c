/*
 * The accounting tree of the snapshot reported on, from Sys down to free slots.
 *
 * The children of each row add up to it: what the figures leave over is a row of its own.
 */
#include "bounded.h"
#include "report_query.h"

/* Columns of the query below. */
enum account_figure {
	NONE = -1,
	SYS,
	HEAP_SYS,
	HEAP_INUSE,
	HEAP_ALLOC,
	HEAP_IDLE,
	HEAP_RELEASED,
	STACKS_INUSE,
	STACKS_SYS,
	MSPAN_SYS,
	MSPAN_INUSE,
	MCACHE_SYS,
	MCACHE_INUSE,
	GC_SYS,
	BUCKHASH_SYS,
	OTHER_SYS,
	/* From the spans; unknown where they were not recorded. */
	FREE_SLOTS,
	TAILS,
	FIGURES,
};

static const char account_sql[] =
	"SELECT sys, heap_sys, heap_inuse, heap_alloc, heap_idle, heap_released, stacks_inuse,"
	" stacks_sys, mspan_sys, mspan_inuse, mcache_sys, mcache_inuse, gc_sys, buckhash_sys,"
	" other_sys,"
	" (SELECT sum(c.free_slot_bytes) FROM class_fragmentation AS c WHERE c.snapshot_id = ?1),"
	" (SELECT sum(c.tail_bytes) FROM class_fragmentation AS c WHERE c.snapshot_id = ?1)"
	" FROM mstats WHERE snapshot_id = ?1";

/* A row's bytes: plus, and the other less, where it has one. */
struct account_row {
	const char *key, *label;
	unsigned depth;
	enum account_figure plus, second, less;
	bool not_resident;
};

/* Depth-first. A row with `second` adds two figures. */
static const struct account_row rows_with_spans[] = {
	{"sys", "from the operating system", 0, SYS, NONE, NONE, false},
	{"heap", "heap", 1, HEAP_SYS, NONE, NONE, false},
	{"heap_inuse", "in spans", 2, HEAP_INUSE, NONE, NONE, false},
	{"objects", "objects", 3, HEAP_ALLOC, NONE, NONE, false},
	{"free_slots", "free slots", 3, FREE_SLOTS, NONE, NONE, false},
	{"tail_waste", "tail waste", 3, TAILS, NONE, NONE, false},
	{"heap_idle", "idle", 2, HEAP_IDLE, NONE, NONE, false},
	{"retained", "retained", 3, HEAP_IDLE, NONE, HEAP_RELEASED, false},
	{"released", "released", 3, HEAP_RELEASED, NONE, NONE, true},
	{"stacks", "stacks", 1, STACKS_INUSE, STACKS_SYS, NONE, false},
	{"stack_spans", "stack spans", 2, STACKS_INUSE, NONE, NONE, false},
	{"thread_stacks", "thread stacks", 2, STACKS_SYS, NONE, NONE, false},
	{"mspan", "span structures", 1, MSPAN_SYS, NONE, NONE, false},
	{"mspan_inuse", "in use", 2, MSPAN_INUSE, NONE, NONE, false},
	{"mspan_free", "free", 2, MSPAN_SYS, NONE, MSPAN_INUSE, false},
	{"mcache", "thread caches", 1, MCACHE_SYS, NONE, NONE, false},
	{"mcache_inuse", "in use", 2, MCACHE_INUSE, NONE, NONE, false},
	{"mcache_free", "free", 2, MCACHE_SYS, NONE, MCACHE_INUSE, false},
	{"gc", "collector", 1, GC_SYS, NONE, NONE, false},
	{"buckhash", "profiling", 1, BUCKHASH_SYS, NONE, NONE, false},
	{"other", "other", 1, OTHER_SYS, NONE, NONE, false},
};

static const struct account_row unused_without_spans = {
	"unused", "free slots and tails", 3, HEAP_INUSE, NONE, HEAP_ALLOC, false,
};

static struct figure figure_of(const struct account_row *row, const struct figure *figures)
{
	struct figure sum = figures[row->plus];

	if (row->second != NONE) {
		sum.known = sum.known && figures[row->second].known;
		sum.value = bounded_sum(sum.value, figures[row->second].value);
	}
	if (row->less != NONE) {
		sum.known = sum.known && figures[row->less].known;
		sum.value = bounded_difference(sum.value, figures[row->less].value);
	}
	if (!sum.known)
		sum.value = 0;
	return sum;
}

static void add(struct report_facts *facts, const char *key, const char *label, unsigned depth,
		struct figure bytes, bool not_resident)
{
	struct report_account *account;

	if (facts->account_count == REPORT_ACCOUNT_MAX)
		return;
	account = &facts->account[facts->account_count++];
	account->key = key;
	account->label = label;
	account->depth = depth;
	account->bytes = bytes;
	account->not_resident = not_resident;
}

/* Puts a row for what the rows below `parent` leave over; they are the last rows added. */
static void add_rest(struct report_facts *facts, size_t parent)
{
	const struct report_account *account = facts->account;
	unsigned depth = account[parent].depth + 1;
	struct figure rest = account[parent].bytes;
	bool all_known = true, has_children = false;

	for (size_t i = parent + 1; i < facts->account_count; i++) {
		if (account[i].depth != depth)
			continue;
		has_children = true;
		all_known = all_known && account[i].bytes.known;
		rest.value = bounded_difference(rest.value, account[i].bytes.value);
	}
	if (has_children && rest.known && rest.value != 0)
		add(facts, "unaccounted", all_known ? "unaccounted" : "the unknown together", depth,
		    rest, false);
}

static void build(struct report_facts *facts, const struct figure *figures)
{
	size_t open[4] = {0}; /* the row that is being added to at each depth */
	unsigned depth = 0;

	for (size_t i = 0; i < sizeof(rows_with_spans) / sizeof(rows_with_spans[0]); i++) {
		const struct account_row *row = &rows_with_spans[i];

		if (row->plus == TAILS && !figures[TAILS].known)
			continue;
		if (row->plus == FREE_SLOTS && !figures[FREE_SLOTS].known)
			row = &unused_without_spans;
		while (depth > row->depth)
			add_rest(facts, open[--depth]);
		depth = row->depth;
		open[depth] = facts->account_count;
		add(facts, row->key, row->label, row->depth, figure_of(row, figures),
		    row->not_resident);
	}
	while (depth > 0)
		add_rest(facts, open[--depth]);
}

int report_gather_accounts(struct report_query *query, struct report_facts *facts)
{
	struct figure figures[FIGURES] = {{.known = false}};

	if (report_query_begin(query, account_sql, facts->last.id) != 0)
		return -1;
	if (report_query_next(query))
		for (int i = 0; i < FIGURES; i++)
			figures[i] = report_query_figure(query, i);
	if (report_query_end(query) != 0)
		return -1;
	facts->resident_bytes.known = figures[SYS].known && figures[HEAP_RELEASED].known;
	facts->resident_bytes.value =
		bounded_difference(figures[SYS].value, figures[HEAP_RELEASED].value);
	build(facts, figures);
	return 0;
}
