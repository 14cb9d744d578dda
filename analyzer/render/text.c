#include "text.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code_point)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (code_point > ranges[middle].last)
			low = middle + 1;
		else if (code_point < ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

#define IN(ranges, code_point) in_ranges(ranges, sizeof(ranges) / sizeof((ranges)[0]), code_point)

// clang-format off
/* Marks that join the character before them: the blocks in common use. */
static const struct range zero_columns[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},
	{0x064b, 0x065f}, {0x06d6, 0x06dc}, {0x0900, 0x0902}, {0x093c, 0x093c},
	{0x0941, 0x0948}, {0x094d, 0x094d}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
	{0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
	{0x20d0, 0x20ff}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f},
	{0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
};

/* East Asian wide and full-width characters, and emoji shown as such. */
static const struct range two_columns[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
	{0x2614, 0x2615},   {0x2648, 0x2653},   {0x26aa, 0x26ab},   {0x2705, 0x2705},
	{0x270a, 0x270b},   {0x2728, 0x2728},   {0x2753, 0x2755},   {0x2757, 0x2757},
	{0x2795, 0x2797},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2e80, 0x303e},
	{0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},
	{0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
	{0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff},
	{0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a},
	{0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393},
	{0x1f3a0, 0x1f3ca}, {0x1f3e0, 0x1f3f0}, {0x1f400, 0x1f43e}, {0x1f440, 0x1f440},
	{0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f567}, {0x1f595, 0x1f596},
	{0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc},
	{0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

/* C0, DEL, C1; line and paragraph separators; everything that turns the writing around. */
static const struct range controls[] = {
	{0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200e, 0x200f},
	{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
	{0xe0000, 0xe007f},
};

// clang-format on
size_t text_decode(const char *bytes, size_t size, uint32_t *code_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)bytes;
	size_t length;
	uint32_t value;

	*code_point = TEXT_INVALID;
	if (at[0] < 0x80) {
		*code_point = at[0];
		return 1;
	}
	if (at[0] >= 0xc2 && at[0] < 0xe0)
		length = 2;
	else if (at[0] >= 0xe0 && at[0] < 0xf0)
		length = 3;
	else if (at[0] >= 0xf0 && at[0] < 0xf5)
		length = 4;
	else
		return 1;
	if (length > size)
		return 1;
	value = at[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 1;
	*code_point = value;
	return length;
}

unsigned text_width(uint32_t code_point)
{
	if (code_point < 0x300)
		return 1;
	if (IN(zero_columns, code_point))
		return 0;
	return IN(two_columns, code_point) ? 2 : 1;
}

bool text_is_control(uint32_t code_point)
{
	return IN(controls, code_point);
}

/* The escape of one byte or control character; returns its length. */
static int escape(char *to, size_t capacity, uint32_t code_point, unsigned char byte)
{
	switch (code_point) {
	case '\n':
		return snprintf(to, capacity, "\\n");
	case '\r':
		return snprintf(to, capacity, "\\r");
	case '\t':
		return snprintf(to, capacity, "\\t");
	case TEXT_INVALID:
		return snprintf(to, capacity, "\\x%02x", byte);
	}
	if (code_point < 0x80)
		return snprintf(to, capacity, "\\x%02x", (unsigned)code_point);
	return snprintf(to, capacity, code_point > 0xffff ? "\\U%08x" : "\\u%04x",
			(unsigned)code_point);
}

size_t text_print(FILE *out, const char *bytes, size_t size)
{
	size_t columns = 0;

	for (size_t i = 0, step; i < size; i += step) {
		uint32_t code_point;

		step = text_decode(bytes + i, size - i, &code_point);
		if (code_point == TEXT_INVALID || text_is_control(code_point)) {
			char escaped[16];

			columns += (size_t)escape(escaped, sizeof(escaped), code_point,
						  (unsigned char)bytes[i]);
			if (out)
				fputs(escaped, out);
			continue;
		}
		columns += text_width(code_point);
		if (out)
			fwrite(bytes + i, 1, step, out);
	}
	return columns;
}

void text_pad(FILE *out, size_t count)
{
	while (count-- > 0)
		putc(' ', out);
}

/* The bytes up to the next space at which a line may end: a unit stays with its number. */
static size_t unbroken(const char *text)
{
	static const char units[] = " B KiB MiB GiB TiB PiB ns us ms s min h d % ";
	size_t size = strcspn(text, " ");
	const char *number = text + strspn(text, "(+-"), *next = text + size + 1;
	char unit[8];

	if (size == 0 || text[size] == '\0' || *number < '0' || *number > '9')
		return size;
	snprintf(unit, sizeof(unit), " %.*s ", (int)strcspn(next, " ,;:.)"), next);
	return strstr(units, unit) ? size + 1 + strcspn(next, " ") : size;
}

void text_wrap(FILE *out, const char *text, size_t column, size_t indent, size_t width)
{
	bool line_is_empty = true;

	while (*text) {
		size_t size, columns;

		text += strspn(text, " ");
		size = unbroken(text);
		if (size == 0)
			break;
		columns = text_print(NULL, text, size);
		if (!line_is_empty && column + 1 + columns > width) {
			putc('\n', out);
			text_pad(out, indent);
			column = indent;
			line_is_empty = true;
		}
		if (!line_is_empty) {
			putc(' ', out);
			column++;
		}
		text_print(out, text, size);
		column += columns;
		line_is_empty = false;
		text += size;
	}
}

static bool has_control(const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0, step; i < size; i += step) {
		uint32_t code_point;

		step = text_decode(word + i, size - i, &code_point);
		if (code_point == TEXT_INVALID || text_is_control(code_point))
			return true;
	}
	return false;
}

static void print_ansi_c_word(FILE *out, const char *word)
{
	fputs("$'", out);
	for (; *word; word++) {
		unsigned char byte = (unsigned char)*word;

		if (byte == '\'' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20 || byte >= 0x7f)
			fprintf(out, "\\%03o", byte);
		else
			putc(byte, out);
	}
	putc('\'', out);
}

void text_print_shell_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@%+=:,./_-";

	if (*word && word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	if (has_control(word)) {
		print_ansi_c_word(out, word);
		return;
	}
	putc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			putc(*word, out);
	}
	putc('\'', out);
}
