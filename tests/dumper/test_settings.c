#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"
#include "settings.h"
#include "thin.h"

Test(settings, every_takes_counts_from_one)
{
	uint32_t cycles = 7;

	cr_assert(dump_parse_every("10", &cycles));
	cr_assert_eq(cycles, 10);
	cr_assert(!dump_parse_every("0", &cycles));
	cr_assert(!dump_parse_every("-1", &cycles));
	cr_assert(!dump_parse_every("1x", &cycles));
	cr_assert(!dump_parse_every("", &cycles));
	cr_assert(!dump_parse_every("99999999999999999999999", &cycles));
	cr_assert_eq(cycles, 10);
}

Test(settings, intervals_are_written_as_in_go)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"2s", 2000000000},     {"500ms", 500000000},     {"1m30s", 90000000000},
		{"1.5s", 1500000000},   {"1h", 3600000000000},    {"off", 0},
		{"0.25s", 250000000},
	};
	static const char *const bad[] = {"2", "s", "2 s", "-1s", "0s", "1..5s", "2s3", "1.s",
	                                  "1d", "999999999999999999h", ""};
	uint64_t ns = 42;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert(dump_parse_interval(good[i].text, &ns), "%s", good[i].text);
		cr_assert_eq(ns, good[i].ns, "%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!dump_parse_interval(bad[i], &ns), "%s", bad[i]);
}

Test(settings, signals_have_names_and_numbers)
{
	int number = 0;

	cr_assert(dump_parse_signal("USR2", &number));
	cr_assert_eq(number, SIGUSR2);
	cr_assert(dump_parse_signal("SIGUSR1", &number));
	cr_assert_eq(number, SIGUSR1);
	cr_assert(dump_parse_signal("12", &number));
	cr_assert_eq(number, 12);
	cr_assert(!dump_parse_signal("KILL", &number));
	cr_assert(!dump_parse_signal("9", &number));
	cr_assert(!dump_parse_signal("SEGV", &number));
	cr_assert(!dump_parse_signal("usr2", &number));
	cr_assert(!dump_parse_signal("", &number));
}

Test(settings, sizes_have_binary_units)
{
	uint64_t bytes = 0;

	cr_assert(dump_parse_bytes("64MiB", &bytes));
	cr_assert_eq(bytes, 64 << 20);
	cr_assert(dump_parse_bytes("100000", &bytes));
	cr_assert_eq(bytes, 100000);
	cr_assert(dump_parse_bytes("1TiB", &bytes));
	cr_assert_eq(bytes, (uint64_t)1 << 40);
	cr_assert(!dump_parse_bytes("64MB", &bytes));
	cr_assert(!dump_parse_bytes("1KiB", &bytes));
	cr_assert(!dump_parse_bytes("9999999999TiB", &bytes));
	cr_assert(!dump_parse_bytes("", &bytes));
	cr_assert(!dump_parse_bytes("KiB", &bytes));
}

Test(settings, levels_go_from_1_to_19)
{
	int level = 1;

	cr_assert(dump_parse_level("19", &level));
	cr_assert_eq(level, 19);
	cr_assert(!dump_parse_level("0", &level));
	cr_assert(!dump_parse_level("20", &level));
	cr_assert(!dump_parse_level("fast", &level));
}

static const char *expand(const char *pattern, char path[static 64])
{
	struct path_text text = {path, 64, 0, false};
	const struct path_names names = {4711, "prog", "host"};

	path_expand(&text, pattern, &names);
	return path;
}

Test(path, patterns_are_expanded)
{
	char path[64];

	cr_assert_str_eq(expand("/a/%e-%p@%h.zst", path), "/a/prog-4711@host.zst");
	cr_assert_str_eq(expand("100%%", path), "100%");
	cr_assert_str_eq(expand("", path), "");
	cr_assert(path_pattern_is_valid("%p%e%h%%"));
	cr_assert(!path_pattern_is_valid("%x"));
	cr_assert(!path_pattern_is_valid("a%"));
	cr_assert(!path_pattern_has_pid("%%p"));
	cr_assert(path_pattern_has_pid("%%%p"));
}

Test(path, the_pid_goes_before_the_ending)
{
	char bytes[64] = "";
	struct path_text text = {bytes, sizeof(bytes), 0, false};

	path_add(&text, "snapshot.zst");
	path_insert_pid(&text, 12);
	cr_assert_str_eq(bytes, "snapshot.12.zst");
	text.length = 0;
	path_add(&text, "snapshot");
	path_insert_pid(&text, 12);
	cr_assert_str_eq(bytes, "snapshot.12");
}

Test(path, what_does_not_fit_is_cut_and_said)
{
	char bytes[8] = "";
	struct path_text text = {bytes, sizeof(bytes), 0, false};

	path_add(&text, "1234567");
	cr_assert(!text.is_cut);
	path_add_number(&text, 8);
	cr_assert(text.is_cut);
	cr_assert_str_eq(bytes, "1234567");
}

static struct dump_settings settings_with(const char *place)
{
	static struct dump_settings settings;

	setenv("MEMSPAN_DUMP", place, 1);
	dump_settings_read(&settings);
	return settings;
}

Test(settings, a_path_is_made_absolute_at_the_start)
{
	char folder[] = "/tmp/memspan-test-XXXXXX", here[4096];
	struct dump_settings settings;

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	cr_assert_not_null(getcwd(here, sizeof(here)));
	settings = settings_with("x.zst");
	cr_assert(settings.is_on);
	cr_assert_eq(strncmp(settings.folder, here, strlen(here)), 0);
	cr_assert_str_eq(settings.folder + strlen(here), "/");
	cr_assert_str_eq(settings.pattern, "x.zst");
	cr_assert_eq(mkdir("sub%d", 0700), 0);
	settings = settings_with("sub%d");
	cr_assert_str_eq(settings.pattern, "/%e.%p.zst");
	cr_assert_not_null(strstr(settings.folder, "/sub%d"));
	settings = settings_with("/abs/%p");
	cr_assert_str_eq(settings.folder, "");
	cr_assert_str_eq(settings.pattern, "/abs/%p");
	settings = settings_with("%q");
	cr_assert(!settings.is_on);
	settings = settings_with("");
	cr_assert(!settings.is_on);
	rmdir("sub%d");
	rmdir(folder);
}

Test(thin, the_end_stays_whole_and_the_past_gets_coarse)
{
	struct extent extents[1000];
	uint64_t bytes = 0;
	size_t kept, last_gap = 0;

	for (size_t i = 0; i < 1000; i++)
		extents[i] = (struct extent){(uint32_t)i, i * 100, 100};
	kept = thin_choose(extents, 1000, 10000);
	cr_assert_leq(kept, 100);
	cr_assert_geq(kept, 50);
	cr_assert_eq(extents[0].number, 0);
	cr_assert_eq(extents[kept - 1].number, 999);
	cr_assert_eq(extents[kept - 2].number, 998);
	for (size_t i = kept - 1; i > 1; i--) {
		size_t gap = extents[i].number - extents[i - 1].number;

		cr_assert_geq(gap + 1, last_gap);
		last_gap = gap;
		bytes += extents[i].bytes;
	}
	cr_assert_leq(bytes, 10000);
	thin_place(extents, kept, 500);
	cr_assert_eq(extents[kept - 1].offset, 500 + (kept - 1) * 100);
}

Test(thin, what_does_not_fit_goes_altogether)
{
	struct extent extents[2] = {{0, 0, 100}, {1, 100, 100}};

	cr_assert_eq(thin_choose(extents, 2, 150), 1);
	cr_assert_eq(extents[0].number, 1);
	cr_assert_eq(thin_choose(extents, 1, 50), 0);
	cr_assert_eq(thin_choose(extents, 0, 50), 0);
}
