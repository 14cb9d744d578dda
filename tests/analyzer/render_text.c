#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/graph.h"
#include "render/human.h"
#include "render/json_writer.h"
#include "render/text.h"

/* What a printing statement prints: PRINTED(text, text_pad(out, 3)). */
#define PRINTED(text, statement)                                  \
	char *text = NULL;                                        \
	do {                                                      \
		size_t printed_size;                              \
		FILE *out = open_memstream(&text, &printed_size); \
		statement;                                        \
		fclose(out);                                      \
	} while (0)

#define PRINTS(expected, statement)                  \
	do {                                         \
		PRINTED(printed, statement);         \
		cr_assert_str_eq(printed, expected); \
		free(printed);                       \
	} while (0)

#define PRINT(literal) text_print(out, literal, sizeof(literal) - 1)

Test(text, control_characters_of_both_ranges_are_escaped)
{
	PRINTS("a\\x1b[31mb\\n\\t\\x7f\\u009b\\x00c", PRINT("a\033[31mb\n\t\x7f\xc2\x9b\0c"));
}

Test(text, what_turns_the_writing_around_is_escaped)
{
	PRINTS("exe\\u202egnp.sh", PRINT("exe\xe2\x80\xaegnp.sh"));
	PRINTS("\\u2066x\\ufeff", PRINT("\xe2\x81\xa6x\xef\xbb\xbf"));
}

Test(text, invalid_utf8_is_shown_byte_by_byte)
{
	PRINTS("\\xffa\\xc0\\xaf\\xed\\xa0\\x80\\xe2\\x82", PRINT("\xff"
								  "a\xc0\xaf\xed\xa0\x80\xe2\x82"));
	PRINTS("\\xf4\\x90\\x80\\x80", PRINT("\xf4\x90\x80\x80"));
}

Test(text, columns_are_counted_as_a_terminal_does)
{
	cr_assert_eq(text_print(NULL, "e\xcc\x81", 3), 1);
	cr_assert_eq(text_print(NULL, "\u6f22\u5b57", 6), 4);
	cr_assert_eq(text_print(NULL, "\U0001f600", 4), 2);
	cr_assert_eq(text_print(NULL, "\n", 1), 2);
	cr_assert_eq(text_print(NULL, "\u00e4", 2), 1);
}

Test(text, a_number_is_not_parted_from_its_unit)
{
	PRINTS("it is\n(8.0 KiB),\n2.4 % of\n4 min\n16 s; 3\nsnails",
	       text_wrap(out, "it is (8.0 KiB), 2.4 % of 4 min 16 s; 3 snails", 0, 0, 9));
}

Test(text, words_are_wrapped_and_long_ones_stay_whole)
{
	PRINTS("one two\n  three\n  abcdefghijklmn\n  x",
	       text_wrap(out, "one two three  abcdefghijklmn x", 2, 2, 10));
	PRINTS("", text_wrap(out, "   ", 0, 0, 10));
}

Test(text, a_shell_reads_a_word_as_one_argument)
{
	PRINTS("a/b-c.zst", text_print_shell_word(out, "a/b-c.zst"));
	PRINTS("'a b'", text_print_shell_word(out, "a b"));
	PRINTS("'it'\\''s $x'", text_print_shell_word(out, "it's $x"));
	PRINTS("$'a\\033b\\'\\\\'", text_print_shell_word(out, "a\033b'\\"));
	PRINTS("''", text_print_shell_word(out, ""));
}

Test(human, bytes_change_their_unit_before_they_reach_1024)
{
	cr_assert_str_eq(human_bytes(0).text, "0 B");
	cr_assert_str_eq(human_bytes(1023).text, "1023 B");
	cr_assert_str_eq(human_bytes(1024).text, "1.0 KiB");
	cr_assert_str_eq(human_bytes(1024 * 1023.94).text, "1023.9 KiB");
	cr_assert_str_eq(human_bytes(1024 * 1023.96).text, "1.0 MiB");
	cr_assert_str_eq(human_bytes(-1536).text, "-1.5 KiB");
	cr_assert_str_eq(human_bytes(18446744073709551615.0).text, "16.0 EiB");
	cr_assert_str_eq(human_bytes_signed(1536).text, "+1.5 KiB");
	cr_assert_str_eq(human_bytes_signed(0).text, "0 B");
}

Test(human, durations_go_from_nanoseconds_to_days)
{
	cr_assert_str_eq(human_duration(0).text, "0 ns");
	cr_assert_str_eq(human_duration(999).text, "999 ns");
	cr_assert_str_eq(human_duration(12340).text, "12.3 us");
	cr_assert_str_eq(human_duration(999960).text, "1.0 ms");
	cr_assert_str_eq(human_duration(59.9e9).text, "59.9 s");
	cr_assert_str_eq(human_duration(59.96e9).text, "1 min 00 s");
	cr_assert_str_eq(human_duration(3725e9).text, "1 h 02 min");
	cr_assert_str_eq(human_duration(2 * 86400e9 + 4 * 3600e9).text, "2 d 04 h");
	cr_assert_str_eq(human_duration(-1500).text, "-1.5 us");
}

Test(human, counts_shares_numbers_and_times)
{
	cr_assert_str_eq(human_count(0).text, "0");
	cr_assert_str_eq(human_count(999).text, "999");
	cr_assert_str_eq(human_count(1234567).text, "1,234,567");
	cr_assert_str_eq(human_count(INT64_MIN).text, "-9,223,372,036,854,775,808");
	cr_assert_str_eq(human_percent(0).text, "0.0 %");
	cr_assert_str_eq(human_percent(0.0001).text, "< 0.1 %");
	cr_assert_str_eq(human_percent(0.4214).text, "42.1 %");
	cr_assert_str_eq(human_number(0.01234).text, "0.0123");
	cr_assert_str_eq(human_number(1234.4).text, "1,234");
	cr_assert_str_eq(human_time(INT64_C(1700000000000000000)).text, "2023-11-14 22:13:20 UTC");
	cr_assert_str_eq(human_time(-1).text, "unknown time");
}

static const double times[] = {0, 1, 2, 3};

Test(graph, a_sparkline_is_drawn_from_zero)
{
	const double values[] = {0, 50, 100, 99};
	struct graph_series series = {times, values, 4};

	PRINTS("\u2581\u2585\u2588\u2588", graph_sparkline(out, &series, 10, true));
	PRINTS("_=##", graph_sparkline(out, &series, 10, false));
}

Test(graph, an_unknown_value_is_a_gap_or_the_level_before)
{
	const double values[] = {NAN, 8, NAN, 4};
	struct graph_series series = {times, values, 4};

	PRINTS(" ##=", graph_sparkline(out, &series, 10, false));
}

Test(graph, columns_hold_the_highest_value_of_equal_times)
{
	const double at[] = {0, 1, 2, 3, 90, 100};
	const double values[] = {1, 8, 1, 1, 4, 4};
	struct graph_series series = {at, values, 6};

	PRINTS("####=", graph_sparkline(out, &series, 5, false));
}

Test(graph, flat_zero_and_nothing_are_drawn)
{
	const double values[] = {0, 0, 0, 0};
	struct graph_series series = {times, values, 4}, nothing = {times, values, 0};

	PRINTS("____", graph_sparkline(out, &series, 10, false));
	PRINTS("", graph_sparkline(out, &nothing, 10, false));
}

Test(graph, bars_have_eighths_and_end_at_their_width)
{
	PRINTS("\u2588\u2588\u258c", graph_bar(out, 0.625, 4, true, false));
	PRINTS("###", graph_bar(out, 0.625, 4, false, false));
	PRINTS("####", graph_bar(out, 7, 4, false, true));
	PRINTS("    ", graph_bar(out, NAN, 4, true, true));
}

Test(graph, a_tree_has_its_branches)
{
	const unsigned depth[] = {0, 1, 2, 1, 2};

	PRINTS("", graph_branches(out, depth, 5, 0, true));
	PRINTS("\u251c\u2500 ", graph_branches(out, depth, 5, 1, true));
	PRINTS("\u2502  \u2514\u2500 ", graph_branches(out, depth, 5, 2, true));
	PRINTS("`- ", graph_branches(out, depth, 5, 3, false));
	PRINTS("   `- ", graph_branches(out, depth, 5, 4, false));
}

Test(json_writer, doubles_read_back_as_the_same_number)
{
	const double values[] = {0.1, 0.1 + 0.2, 1e300, 5e-324, 1.0 / 3, 123456789012345680.0,
				 -0.0};
	char text[32];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		json_writer_format_double(text, values[i]);
		cr_assert_eq(strtod(text, NULL), values[i], "%s", text);
	}
	json_writer_format_double(text, 2);
	cr_assert_str_eq(text, "2.0");
	json_writer_format_double(text, INFINITY);
	cr_assert_str_eq(text, "1e999");
}

Test(json_writer, strings_are_valid_whatever_they_were)
{
	struct json_writer json;

	PRINTS("\"\\\"\\\\\\n\\u0000\\u001b\\ufffd\\u009b\\u202e\u6f22\"",
	       (json_writer_begin(&json, out, 0),
		json_writer_string(&json, NULL, "\"\\\n\0\033\xff\xc2\x9b\xe2\x80\xae\u6f22",
				   sizeof("\"\\\n\0\033\xff\xc2\x9b\xe2\x80\xae\u6f22") - 1)));
}

Test(json_writer, containers_nest_on_lines_down_to_a_depth)
{
	struct json_writer json;

	PRINTS("{\n  \"a\": [1, null],\n  \"b\": {},\n  \"c\": true\n}",
	       (json_writer_begin(&json, out, 1), json_writer_object(&json, NULL),
		json_writer_array(&json, "a"), json_writer_integer(&json, NULL, 1),
		json_writer_null(&json, NULL), json_writer_array_end(&json),
		json_writer_object(&json, "b"), json_writer_object_end(&json),
		json_writer_bool(&json, "c", true), json_writer_object_end(&json)));
}
