/* The run's levels and pauses: one pass over run_level, one over each pause view. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounded.h"
#include "report_query.h"

static const struct {
	const char *key, *label;
	bool is_ratio;
} levels[REPORT_LEVELS] = {
	[REPORT_HEAP_ALLOC] = {"heap_alloc_bytes", "in objects", false},
	[REPORT_HEAP_INUSE] = {"heap_inuse_bytes", "in spans", false},
	[REPORT_FRAGMENTATION] = {"fragmentation_bytes", "fragmentation", false},
	[REPORT_FRAGMENTATION_RATIO] = {"fragmentation_ratio", "  of spans", true},
	[REPORT_RETAINED] = {"retained_bytes", "retained idle", false},
	[REPORT_RETAINED_RATIO] = {"retained_ratio", "  of heap", true},
	[REPORT_RESIDENT] = {"resident_bytes", "resident", false},
	[REPORT_MARKED] = {"heap_marked_bytes", "live at mark", false},
};

/* Room for one more snapshot in every array; they grow together, by doubling. */
static int make_room(struct report_trends *trends, size_t *capacity)
{
	size_t count = *capacity ? 2 * *capacity : 64;
	struct report_moment *moments;

	if (trends->count < *capacity)
		return 0;
	moments = realloc(trends->moment, count * sizeof(*moments));
	if (!moments)
		return -1;
	trends->moment = moments;
	for (int i = -1; i < REPORT_LEVELS; i++) {
		double **array = i < 0 ? &trends->at : &trends->level[i].value;
		double *grown = realloc(*array, count * sizeof(*grown));

		if (!grown)
			return -1;
		*array = grown;
	}
	*capacity = count;
	return 0;
}

/* From one moment to a later: by Unix time, or by the monotonic clock where a trace has no other. */
static struct figure between(const struct report_moment *first, const struct report_moment *later)
{
	struct figure ns = {.known = true};

	if (first->unix_ns.known && later->unix_ns.known)
		ns.value = bounded_difference(later->unix_ns.value, first->unix_ns.value);
	else if (first->mono_ns.known && later->mono_ns.known)
		ns.value = bounded_difference(later->mono_ns.value, first->mono_ns.value);
	else
		ns.known = false;
	return ns;
}

static void read_moment(struct report_trends *trends, size_t row, const struct report_query *query)
{
	const struct report_moment *origin = &trends->moment[trends->origin];
	struct report_moment *moment = &trends->moment[row];
	struct figure elapsed_ns;

	moment->seq = report_query_figure(query, 0).value;
	moment->gc_num = report_query_figure(query, 1);
	moment->unix_ns = report_query_figure(query, 2);
	moment->mono_ns = report_query_figure(query, 3);
	if (!origin->unix_ns.known && !origin->mono_ns.known) {
		trends->origin = row;
		origin = moment;
	}
	elapsed_ns = between(origin, moment);
	trends->at[row] = row > 0 ? trends->at[row - 1] : 0;
	if (elapsed_ns.known) {
		trends->elapsed_ns = elapsed_ns;
		trends->at[row] = (double)elapsed_ns.value / 1e9;
	}
}

/* first and last are those of the first and last snapshot that tell: a line of a trace may not. */
static void summarize(struct report_trend *trend, size_t count)
{
	trend->first = trend->last = trend->least = trend->most = NAN;
	for (size_t i = 0; i < count; i++) {
		if (isnan(trend->value[i]))
			continue;
		if (isnan(trend->first))
			trend->first = trend->value[i];
		trend->last = trend->value[i];
		trend->least = fmin(trend->least, trend->value[i]);
		trend->most = fmax(trend->most, trend->value[i]);
	}
}

int report_gather_trends(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] =
		"SELECT v.seq, v.gc_num, v.unix_ns, s.mono_ns, v.heap_alloc_bytes,"
		" v.heap_inuse_bytes, v.fragmentation_bytes, v.fragmentation_ratio,"
		" v.retained_bytes, v.retained_ratio, v.resident_bytes, m.heap_marked"
		" FROM run_level AS v JOIN snapshot AS s ON s.id = v.snapshot_id"
		" JOIN mstats AS m ON m.snapshot_id = v.snapshot_id"
		" WHERE v.run_id = ?1 ORDER BY v.seq";
	struct report_trends *trends = &facts->trends;
	size_t capacity = 0;

	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	while (report_query_next(query)) {
		size_t row = trends->count;

		if (make_room(trends, &capacity) != 0) {
			query->error = sqlite3_mprintf("out of memory");
			break;
		}
		read_moment(trends, row, query);
		for (int i = 0; i < REPORT_LEVELS; i++)
			trends->level[i].value[row] = report_query_double(query, 4 + i);
		trends->count++;
	}
	for (int i = 0; i < REPORT_LEVELS; i++) {
		trends->level[i].key = levels[i].key;
		trends->level[i].label = levels[i].label;
		trends->level[i].is_ratio = levels[i].is_ratio;
		summarize(&trends->level[i], trends->count);
	}
	return report_query_end(query);
}

void report_trends_free(struct report_trends *trends)
{
	free(trends->moment);
	free(trends->at);
	for (int i = 0; i < REPORT_LEVELS; i++)
		free(trends->level[i].value);
}

static int gather_summary(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] =
		"SELECT p.n, p.min_ns, p.mean_ns, p.p50_ns, p.p90_ns, p.p99_ns, p.max_ns, "
		"p.total_ns,"
		" p.slope_ns_per_gc, p.r2, w.gc_num, w.stop_ns, w.end_unix_ns"
		" FROM pause_summary AS p LEFT JOIN cycle_pause_worst AS w ON w.run_id = p.run_id"
		" WHERE p.run_id = ?1";
	struct report_pauses *pauses = &facts->pauses;

	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	if (report_query_next(query)) {
		pauses->n = report_query_figure(query, 0).value;
		pauses->min_ns = report_query_figure(query, 1);
		pauses->mean_ns = report_query_figure(query, 2);
		pauses->p50_ns = report_query_figure(query, 3);
		pauses->p90_ns = report_query_figure(query, 4);
		pauses->p99_ns = report_query_figure(query, 5);
		pauses->max_ns = report_query_figure(query, 6);
		pauses->total_ns = report_query_figure(query, 7);
		pauses->slope_ns_per_gc = report_query_ratio(query, 8);
		pauses->r2 = report_query_ratio(query, 9);
		pauses->worst_gc = report_query_figure(query, 10);
		pauses->worst_stop_ns = report_query_figure(query, 11);
		pauses->worst_end_unix_ns = report_query_figure(query, 12);
	}
	return report_query_end(query);
}

static int gather_cycles(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] =
		"SELECT gc_num, pause_ns FROM pause_trend WHERE run_id = ?1 ORDER BY gc_num";
	struct report_pauses *pauses = &facts->pauses;
	size_t capacity = (size_t)pauses->n;

	pauses->gc_num = calloc(capacity + 1, sizeof(*pauses->gc_num));
	pauses->pause_ns = calloc(capacity + 1, sizeof(*pauses->pause_ns));
	if (!pauses->gc_num || !pauses->pause_ns) {
		query->error = sqlite3_mprintf("out of memory");
		return -1;
	}
	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	while (pauses->count < capacity && report_query_next(query)) {
		pauses->gc_num[pauses->count] = report_query_double(query, 0);
		pauses->pause_ns[pauses->count] = report_query_double(query, 1);
		pauses->count++;
	}
	return report_query_end(query);
}

static int gather_phases(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] =
		"SELECT phase, count(*), CAST(total(duration_ns) AS INTEGER), max(duration_ns),"
		" max(stop_ns)"
		" FROM gc_pause WHERE run_id = ?1 GROUP BY phase ORDER BY phase = 'snapshot', "
		"phase";
	struct report_pauses *pauses = &facts->pauses;

	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	while (pauses->phase_count < REPORT_PHASES_MAX && report_query_next(query)) {
		struct report_phase *phase = &pauses->phase[pauses->phase_count++];

		phase->name = report_query_text(query, 0);
		phase->n = report_query_figure(query, 1).value;
		phase->total_ns = report_query_figure(query, 2).value;
		phase->max_ns = report_query_figure(query, 3).value;
		phase->stop_max_ns = report_query_figure(query, 4);
	}
	return report_query_end(query);
}

int report_gather_pauses(struct report_query *query, struct report_facts *facts)
{
	if (gather_summary(query, facts) != 0 || gather_cycles(query, facts) != 0)
		return -1;
	return gather_phases(query, facts);
}

void report_pauses_free(struct report_pauses *pauses)
{
	free(pauses->gc_num);
	free(pauses->pause_ns);
	for (size_t i = 0; i < pauses->phase_count; i++)
		free(pauses->phase[i].name);
}
