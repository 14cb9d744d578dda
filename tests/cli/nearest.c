#include <criterion/criterion.h>
#include <string.h>

#include "nearest.h"

static const char *const words[] = {"report", "record", "sql", "memstats-json", "prometheus", "csv",
                                    "fragmentation_ratio", "pause_p99_ms", "heap_alloc", NULL};

static void is_near(const char *typed, const char *meant)
{
	const char *near = nearest_word(typed, words);
	if (meant)
		cr_expect_str_eq(near ? near : "nothing", meant, "%s", typed);
	else
		cr_expect_null(near, "%.40s: %s", typed, near);
}

Test(nearest, slips_of_the_finger_are_forgiven)
{
	is_near("repot", "report");
	is_near("repotr", "report");
	is_near("rreport", "report");
	is_near("sqk", "sql");
	is_near("qsl", "sql");
	is_near("promethus", "prometheus");
	is_near("framgentation_raito", "fragmentation_ratio");
	is_near("pause_p95_ms", "pause_p99_ms");
}

Test(nearest, upper_and_lower_case_are_the_same)
{
	is_near("REPORT", "report");
	is_near("HeapAlloc", "heap_alloc");
}

Test(nearest, a_beginning_stands_for_its_word)
{
	is_near("prom", "prometheus");
	is_near("memstats", "memstats-json");
	is_near("rec", "record");
	is_near("re", NULL);
}

Test(nearest, what_is_far_is_not_suggested)
{
	is_near("", NULL);
	is_near("x", NULL);
	is_near("sq", NULL);
	is_near("xyz", NULL);
	is_near("rapid", NULL);
	is_near("throughput_ratio", NULL);
	is_near("\xff\xfe\xfd", NULL);
	is_near("fragmentation_of_everything", NULL);
}

Test(nearest, a_word_of_any_length_costs_nothing)
{
	static char typed[1 << 20];
	memset(typed, 'a', sizeof(typed) - 1);
	is_near(typed, NULL);
	memcpy(typed, "fragmentation_ratio", strlen("fragmentation_ratio"));
	is_near(typed, NULL);
}

Test(nearest, the_first_of_equals_wins_and_an_empty_list_has_none)
{
	static const char *const equals[] = {"cat", "bat", NULL}, *const none[] = {NULL};
	cr_assert_str_eq(nearest_word("rat", equals), "cat");
	cr_assert_null(nearest_word("rat", none));
}
