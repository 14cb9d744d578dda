#include "settings.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"
#include "recorder.h"

static const uint64_t dump_bytes_least = 64 << 10;

/* Decimal digits, no sign. NULL when there is none, or beyond 2^62. */
static const char *digits_read(const char *text, uint64_t *value)
{
	const char *at = text;
	uint64_t sum = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (sum > ((uint64_t)1 << 62) / 10 - 10)
			return NULL;
		sum = sum * 10 + (uint64_t)(*at - '0');
	}
	*value = sum;
	return at == text ? NULL : at;
}

bool dump_parse_every(const char *text, uint32_t *cycles)
{
	uint64_t value;
	const char *end = digits_read(text, &value);

	if (!end || *end || value == 0 || value > INT32_MAX)
		return false;
	*cycles = (uint32_t)value;
	return true;
}

/* One "1.5s": a number and its unit. NULL when it is none. */
static const char *duration_read(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {{"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
	uint64_t whole, fraction = 0, scale = 1;
	const char *at = digits_read(text, &whole);

	if (!at || whole > 1000000)
		return NULL;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++) {
			if (scale == 1000000)
				return NULL;
			fraction = fraction * 10 + (uint64_t)(*at - '0');
			scale *= 10;
		}
		if (scale == 1)
			return NULL;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].unit);

		if (strncmp(at, units[i].unit, length) == 0 &&
		    (at[length] == '\0' || (at[length] >= '0' && at[length] <= '9'))) {
			*ns = whole * units[i].ns + units[i].ns / scale * fraction;
			return at + length;
		}
	}
	return NULL;
}

bool dump_parse_interval(const char *text, uint64_t *ns)
{
	uint64_t sum = 0, part;
	const char *at = text;

	if (strcmp(text, "off") == 0) {
		*ns = 0;
		return true;
	}
	/* Each part is below 2^62 ns; four of them are all that makes sense. */
	for (int parts = 0; *at; parts++) {
		at = parts < 4 ? duration_read(at, &part) : NULL;
		if (!at)
			return false;
		sum += part;
	}
	if (sum < 1000000 || sum > (uint64_t)1 << 61)
		return false;
	*ns = sum;
	return true;
}

bool dump_parse_signal(const char *text, int *number)
{
	/* Signals that a program can be sent without being ended by what they stand for. */
	static const struct {
		const char *name;
		int number;
	} signals[] = {
		{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1},
		{"USR2", SIGUSR2}, {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"CHLD", SIGCHLD},
		{"CONT", SIGCONT}, {"URG", SIGURG},   {"IO", SIGIO},     {"PROF", SIGPROF},
		{"PWR", SIGPWR},   {"WINCH", SIGWINCH}, {"VTALRM", SIGVTALRM},
	};
	uint64_t value;
	const char *end = digits_read(text, &value);
	bool is_number = end && !*end;

	if (strcmp(text, "off") == 0) {
		*number = 0;
		return true;
	}
	if (is_number && value >= (uint64_t)SIGRTMIN && value <= (uint64_t)SIGRTMAX) {
		*number = (int)value;
		return true;
	}
	if (strncmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (is_number ? (uint64_t)signals[i].number == value
		              : strcmp(text, signals[i].name) == 0) {
			*number = signals[i].number;
			return true;
		}
	}
	return false;
}

bool dump_parse_level(const char *text, int *level)
{
	uint64_t value;
	const char *end = digits_read(text, &value);

	if (!end || *end || value < 1 || value > 19)
		return false;
	*level = (int)value;
	return true;
}

bool dump_parse_bytes(const char *text, uint64_t *bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	uint64_t value;
	const char *end = digits_read(text, &value);
	unsigned shift = 0;
	bool known = end && !*end;

	for (unsigned i = 0; end && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i]) == 0) {
			known = true;
			shift = 10 * i;
		}
	}
	if (!known || value > ((uint64_t)1 << 62) >> shift || value << shift < dump_bytes_least)
		return false;
	*bytes = value << shift;
	return true;
}

bool dump_parse_spans(const char *text, bool *has_spans)
{
	if (strcmp(text, "all") != 0 && strcmp(text, "summary") != 0)
		return false;
	*has_spans = text[0] == 'a';
	return true;
}

bool dump_parse_sync(const char *text, enum dump_sync *sync)
{
	static const char *const names[] = {
		[DUMP_SYNC_NONE] = "none",
		[DUMP_SYNC_SEGMENT] = "segment",
		[DUMP_SYNC_SNAPSHOT] = "snapshot",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*sync = (enum dump_sync)i;
			return true;
		}
	}
	return false;
}

/* The value of a variable that is set to something, else NULL. */
static const char *variable(const char *name)
{
	const char *text = secure_getenv(name);

	return text && *text ? text : NULL;
}

static void options_read(struct dump_settings *settings)
{
	const char *text, *end;

	text = variable("MEMSPAN_DUMP_EVERY");
	if (text && !dump_parse_every(text, &settings->every_cycles))
		recorder_warn("MEMSPAN_DUMP_EVERY=%s is no count of cycles; using 1", text);
	text = variable("MEMSPAN_DUMP_INTERVAL");
	if (text && !dump_parse_interval(text, &settings->interval_ns))
		recorder_warn("MEMSPAN_DUMP_INTERVAL=%s is no time such as 2s; using none", text);
	text = variable("MEMSPAN_DUMP_OWNER");
	if (text && (!(end = digits_read(text, &settings->owner_pid)) || *end))
		settings->owner_pid = 0;
	text = variable("MEMSPAN_DUMP_LEVEL");
	if (text && !dump_parse_level(text, &settings->level))
		recorder_warn("MEMSPAN_DUMP_LEVEL=%s is not 1 to 19; using 1", text);
	text = variable("MEMSPAN_DUMP_MAX");
	if (text && !dump_parse_bytes(text, &settings->bytes_max))
		recorder_warn("MEMSPAN_DUMP_MAX=%s is no size from 64KiB on; using 1GiB", text);
	text = variable("MEMSPAN_DUMP_SPANS");
	if (text && !dump_parse_spans(text, &settings->has_spans))
		recorder_warn("MEMSPAN_DUMP_SPANS=%s is not all or summary; using all", text);
}

/* Also for lost blocks, which need no MEMSPAN_DUMP to be told. */
static void signal_read(struct dump_settings *settings)
{
	const char *text = variable("MEMSPAN_DUMP_SIGNAL");

	if (text && !dump_parse_signal(text, &settings->signal))
		recorder_warn("MEMSPAN_DUMP_SIGNAL=%s is no signal such as USR2; using none", text);
}

/* Also for memspan_dump, which needs no MEMSPAN_DUMP. */
static void sync_read(struct dump_settings *settings)
{
	const char *text = variable("MEMSPAN_DUMP_SYNC");

	if (text && !dump_parse_sync(text, &settings->sync))
		recorder_warn("MEMSPAN_DUMP_SYNC=%s is not none, segment or snapshot; using none",
		              text);
}

static bool is_folder(const char *folder, const char *pattern)
{
	char path[2 * DUMP_PATH_BYTES_MAX];
	struct path_text text = {path, sizeof(path), 0, false};
	struct stat status;

	path_add(&text, folder);
	path_add(&text, pattern);
	return !text.is_cut && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The rules of the contract on where to record; false when nothing can be. */
static bool place_read(struct dump_settings *settings, const char *value)
{
	struct path_text folder = {settings->folder, sizeof(settings->folder), 0, false};
	struct path_text pattern = {settings->pattern, sizeof(settings->pattern), 0, false};

	if (value[0] != '/') {
		if (!getcwd(settings->folder, sizeof(settings->folder) - 1)) {
			recorder_warn("MEMSPAN_DUMP=%s: the working directory has no name; "
			              "not recording", value);
			return false;
		}
		folder.length = strlen(settings->folder);
		path_add(&folder, "/");
	}
	path_add(&pattern, value);
	if (!pattern.is_cut && is_folder(settings->folder, value)) {
		/* The folder exists by this very name: a % in it means nothing. */
		path_add(&folder, value);
		pattern.length = 0;
		path_add(&pattern, value[strlen(value) - 1] == '/' ? "" : "/");
		path_add(&pattern, "%e.%p.zst");
	}
	if (folder.is_cut || pattern.is_cut) {
		recorder_warn("MEMSPAN_DUMP is too long a path; not recording");
		return false;
	}
	if (!path_pattern_is_valid(settings->pattern)) {
		recorder_warn("MEMSPAN_DUMP=%s: %% is followed by none of p, e, h, %%; "
		              "not recording", value);
		return false;
	}
	return true;
}

void dump_settings_read(struct dump_settings *settings)
{
	const char *value = variable("MEMSPAN_DUMP");

	memset(settings, 0, sizeof(*settings));
	settings->has_spans = true;
	settings->level = 1;
	settings->every_cycles = 1;
	settings->bytes_max = (uint64_t)1 << 30;
	sync_read(settings);
	if (value || recorder_seeks_leaks())
		signal_read(settings);
	if (!value)
		return;
	options_read(settings);
	settings->is_on = place_read(settings, value);
}
