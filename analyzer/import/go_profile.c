/* go_profile.c - see go_profile.h. */
#define _GNU_SOURCE /* memmem */
#include "go_profile.h"

#include <string.h>

static bool is(const char *text, size_t bytes, const char *word)
{
	return strlen(word) == bytes && memcmp(text, word, bytes) == 0;
}

static void set(struct go_sample *sample, const char *name, size_t name_bytes, size_t index,
		const char *value, size_t bytes)
{
	const struct go_field *field = go_field_find(name, name_bytes);
	if (field)
		go_sample_set(sample, field, index, value, bytes);
}

/* "[1 2 3]" */
static void set_ring(struct go_sample *sample, const char *name, size_t name_bytes,
		     const char *value, const char *end)
{
	size_t index = 0;
	if (end[-1] == ']')
		end--;
	for (value++; value < end; index++) {
		const char *space = memchr(value, ' ', (size_t)(end - value));
		const char *stop = space ? space : end;
		set(sample, name, name_bytes, index, value, (size_t)(stop - value));
		value = stop + 1;
	}
}

/* "in use / obtained" of Stack, MSpan and MCache. */
static void set_pair(struct go_sample *sample, const char *name, size_t name_bytes,
		     const char *value, const char *slash, const char *end)
{
	char field[16];
	if (name_bytes + sizeof "Inuse" > sizeof field)
		return;
	memcpy(field, name, name_bytes);
	memcpy(field + name_bytes, "Inuse", 5);
	set(sample, field, name_bytes + 5, 0, value, (size_t)(slash - value));
	memcpy(field + name_bytes, "Sys", 3);
	set(sample, field, name_bytes + 3, 0, slash + 3, (size_t)(end - slash - 3));
}

enum go_profile_line go_profile_take(struct go_profile *profile, const char *line, size_t bytes)
{
	const char *end = line + bytes;
	if (is(line, bytes, "# runtime.MemStats")) {
		go_sample_init(&profile->sample);
		profile->sample.form = GO_FORM_PROFILE;
		profile->is_open = true;
		profile->is_whole = false;
		return GO_PROFILE_BEGIN;
	}
	const char *equals = profile->is_open && bytes > 2 ? memmem(line, bytes, " = ", 3) : NULL;
	if (!equals || line[0] != '#' || line[1] != ' ') {
		profile->is_open = false;
		return GO_PROFILE_OTHER;
	}
	const char *name = line + 2, *value = equals + 3;
	size_t name_bytes = equals > name ? (size_t)(equals - name) : 0;
	const char *slash = memmem(value, (size_t)(end - value), " / ", 3);
	if (value < end && *value == '[')
		set_ring(&profile->sample, name, name_bytes, value, end);
	else if (slash)
		set_pair(&profile->sample, name, name_bytes, value, slash, end);
	else
		set(&profile->sample, name, name_bytes, 0, value, (size_t)(end - value));
	if (!is(name, name_bytes, "DebugGC") || !go_sample_is_memstats(&profile->sample))
		return GO_PROFILE_INSIDE;
	go_sample_finish(&profile->sample);
	profile->is_open = false;
	profile->is_whole = true;
	return GO_PROFILE_WHOLE;
}
