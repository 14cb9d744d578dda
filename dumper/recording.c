#include "recording.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "convert.h"
#include "memory.h"
#include "path.h"
#include "thin.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A random uuid; where the kernel has no randomness yet, time and pid must do. */
static void uuid_make(uint8_t uuid[16])
{
	uint64_t words[2];

	if (getrandom(uuid, 16, GRND_NONBLOCK) != 16) {
		words[0] = clock_ns(CLOCK_REALTIME);
		words[1] = clock_ns(CLOCK_MONOTONIC) << 24 ^ (uint64_t)getpid();
		memcpy(uuid, words, 16);
	}
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void run_describe(struct snapshot_run *run)
{
	struct path_text exe = {run->exe, sizeof(run->exe), 0, false};
	struct path_text host = {run->host, sizeof(run->host), 0, false};
	struct path_text why = {run->tracking_why, sizeof(run->tracking_why), 0, false};
	struct path_text library = {run->library, sizeof(run->library), 0, false};
	const char *tracking_why = NULL;

	memset(run, 0, sizeof(*run));
	uuid_make(run->uuid);
	run->pid = (uint64_t)getpid();
	run->start_unix_ns = clock_ns(CLOCK_REALTIME);
	run->start_mono_ns = clock_ns(CLOCK_MONOTONIC);
	run->page_bytes = SNAPSHOT_PAGE_BYTES;
	run->tracking = recorder_tracking_mode(&tracking_why);
	path_exe_name(&exe);
	path_host_name(&host);
	path_add(&why, tracking_why ? tracking_why : "");
	path_add(&library, MEMSPAN_VERSION);
}

void recording_begin(struct recording *recording, const struct dump_settings *settings,
                     bool is_child)
{
	struct path_text path = {recording->file.path, sizeof(recording->file.path), 0, false};
	struct path_names names;

	memset(recording, 0, sizeof(*recording));
	recording->settings = settings;
	recording->file.is_durable = settings->sync != DUMP_SYNC_NONE;
	run_describe(&recording->run);
	names.pid = recording->run.pid;
	names.exe = recording->run.exe;
	names.host = recording->run.host;
	path_add(&path, settings->folder);
	path_expand(&path, settings->pattern, &names);
	if (settings->owner_pid && settings->owner_pid != names.pid)
		is_child = true;
	if (is_child && !path_pattern_has_pid(settings->pattern))
		path_insert_pid(&path, names.pid);
	if (path.is_cut) {
		recorder_warn("MEMSPAN_DUMP is too long a path; not recording");
		recording->is_off = true;
	}
}

static void former_replace(struct recording *recording, struct recorder_snapshot *snapshot)
{
	if (recording->former)
		recorder_release(recording->former);
	recording->former = snapshot;
}

void recording_free(struct recording *recording)
{
	former_replace(recording, NULL);
	snapshot_encoder_free(recording->encoder);
	recording->encoder = NULL;
	snapshot_bytes_free(&dump_memory, &recording->out);
	dump_memory.free(NULL, recording->extents);
	recording->extents = NULL;
	recording->extent_count = recording->extent_capacity = 0;
	file_detach(&recording->file);
	recording->is_off = true;
}

static void give_up(struct recording *recording, const char *why)
{
	recorder_warn("%s: %s; not recording", recording->file.path, why);
	recording_free(recording);
}

static void warn_once(struct recording *recording, const char *what, const char *why)
{
	if (!recording->was_warned)
		recorder_warn("%s: %s: %s; the recording has a gap", recording->file.path, what,
		              why);
	recording->was_warned = true;
}

/* ---- The file ---------------------------------------------------------- */

/* Whether there is no point in trying the same path again. */
static bool is_lasting(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == EPERM ||
	       error == EROFS || error == ENAMETOOLONG || error == EISDIR;
}

/* Attached, or false: not this time, or (is_off) never. */
static bool attach(struct recording *recording)
{
	struct dump_file *file = &recording->file;
	struct path_text path = {file->path, sizeof(file->path), strlen(file->path), false};
	enum file_result result = file_attach(file);

	if (result == FILE_LOCKED) {
		path_insert_pid(&path, recording->run.pid);
		result = path.is_cut ? FILE_LOCKED : file_attach(file);
	}
	recording->is_open = false;
	recording->frame_is_open = false;
	recording->run_offset = file->size;
	recording->run_bytes = 0;
	recording->extent_count = 0;
	switch (result) {
	case FILE_OK:
		return true;
	case FILE_LOCKED:
		give_up(recording, "another process records there");
		break;
	case FILE_FOREIGN:
		give_up(recording, "neither empty nor a recording");
		break;
	case FILE_IRREGULAR:
		give_up(recording, "no regular file, or a symbolic link");
		break;
	default:
		if (recording->seq == 0 && is_lasting(file->error))
			give_up(recording, strerrordesc_np(file->error));
		else
			warn_once(recording, "cannot open", strerrordesc_np(file->error));
		break;
	}
	return false;
}

static bool extent_add(struct recording *recording)
{
	if (recording->extent_count == recording->extent_capacity) {
		size_t capacity = recording->extent_capacity ? 2 * recording->extent_capacity : 250;
		struct extent *extents = dump_memory.alloc(NULL, capacity * sizeof(*extents));

		if (!extents)
			return false;
		if (recording->extents)
			memcpy(extents, recording->extents,
			       recording->extent_count * sizeof(*extents));
		dump_memory.free(NULL, recording->extents);
		recording->extents = extents;
		recording->extent_capacity = capacity;
	}
	recording->extents[recording->extent_count++] = (struct extent){
		.number = recording->segment_number++,
		.offset = recording->file.size + recording->out.size,
	};
	return true;
}

/* It means copying most of the recording: tried again ever more rarely. */
static void room_failed(struct recording *recording)
{
	enum { ROOM_WAIT_MAX = 1024 };
	uint32_t next = recording->room_wait_next;

	recording->room_wait = next;
	recording->room_wait_next = next == 0 ? 1 : next < ROOM_WAIT_MAX ? 2 * next : next;
}

/*
 * Makes room for `more` bytes of this run, old segments first, so that a quarter of the
 * space is free afterwards. False: there is no room; what is in the file stays.
 */
static bool make_room(struct recording *recording, uint64_t more)
{
	uint64_t bytes_max = recording->settings->bytes_max;
	struct dump_file *file = &recording->file;
	struct file_range *ranges;
	size_t count = 0, kept;
	enum file_result result;

	if (more > bytes_max / 4 * 3) {
		warn_once(recording, "cannot write",
		          "one snapshot takes most of MEMSPAN_DUMP_MAX");
		return false;
	}
	ranges = dump_memory.alloc(NULL, (recording->extent_count + 1) * sizeof(*ranges));
	if (!ranges)
		return false;
	kept = thin_choose(recording->extents, recording->extent_count,
	                   bytes_max / 4 * 3 - more);
	ranges[count++] = (struct file_range){0, recording->run_offset};
	for (size_t i = 0; i < kept; i++)
		ranges[count++] = (struct file_range){recording->extents[i].offset,
		                                      recording->extents[i].bytes};
	result = file_rewrite(file, ranges, count);
	dump_memory.free(NULL, ranges);
	if (result == FILE_OK) {
		bool last_is_kept = kept > 0 && recording->extents[kept - 1].number + 1 ==
		                                        recording->segment_number;

		recording->extent_count = kept;
		recording->run_bytes = file->size - recording->run_offset;
		thin_place(recording->extents, kept, recording->run_offset);
		recording->frame_is_open = recording->frame_is_open && last_is_kept;
		recording->room_wait_next = 0;
		return true;
	}
	if (result == FILE_MOVED) {
		file_detach(file);
		return false;
	}
	warn_once(recording, "cannot make room", strerrordesc_np(file->error));
	room_failed(recording);
	return false;
}

/* ---- Encoding ---------------------------------------------------------- */

static enum snapshot_result put_segment(struct recording *recording)
{
	struct snapshot_bytes *out = &recording->out;
	enum snapshot_result result;
	bool closes = recording->frame_is_open;

	/* The mark goes after what closes the frame; room for both is made by the first. */
	if (!extent_add(recording))
		return SNAPSHOT_NO_MEMORY;
	result = snapshot_segment_begin(recording->encoder, &recording->run,
	                                recording->segment_number - 1, out);
	if (result != SNAPSHOT_OK || !closes)
		return result;
	if (out->capacity - out->size < sizeof(snapshot_closing))
		return SNAPSHOT_NO_MEMORY;
	memmove(out->data + sizeof(snapshot_closing), out->data, out->size);
	memcpy(out->data, snapshot_closing, sizeof(snapshot_closing));
	out->size += sizeof(snapshot_closing);
	recording->extents[recording->extent_count - 1].offset += sizeof(snapshot_closing);
	return SNAPSHOT_OK;
}

static enum snapshot_result put_end(struct recording *recording)
{
	struct snapshot_run_end end = {
		.unix_ns = clock_ns(CLOCK_REALTIME),
		.mono_ns = clock_ns(CLOCK_MONOTONIC),
		.clean_exit = 1,
		.snapshots = recording->seq - recording->seq_void,
		.skipped = recording->skipped_total,
	};

	return snapshot_put_run_end(recording->encoder, &end, &recording->out);
}

static enum snapshot_result put_cycles(struct recording *recording,
                                       const struct recording_batch *batch)
{
	for (size_t i = 0; i < batch->cycle_count; i++) {
		struct snapshot_cycle cycle;
		enum snapshot_result result;

		convert_cycle(&batch->cycles[i], &cycle);
		result = snapshot_put_cycle(recording->encoder, &cycle, &recording->out);
		if (result != SNAPSHOT_OK)
			return result;
	}
	return SNAPSHOT_OK;
}

/* Nothing where nobody looked for any. */
static enum snapshot_result put_leaks(struct snapshot_encoder *encoder,
                                      const struct recorder_leaks *found, uint64_t seq,
                                      struct snapshot_bytes *out)
{
	struct snapshot_leaks leaks;

	if (!found->searched)
		return SNAPSHOT_OK;
	convert_leaks(found, &leaks);
	leaks.seq = seq;
	return snapshot_put_leaks(encoder, &leaks, out);
}

static enum snapshot_result put_snapshot(struct recording *recording,
                                         const struct recorder_snapshot *snapshot)
{
	const struct recorder_snapshot *former = recording->former;
	bool has_spans = recording->settings->has_spans;
	bool has_former = has_spans && former && recording->segment_snapshots > 0;
	struct snapshot_head head;
	enum snapshot_result result;

	convert_head(snapshot, has_spans, &head);
	head.seq = recording->seq++;
	recording->segment_snapshots++;
	result = snapshot_put(recording->encoder, &head, convert_spans(snapshot),
	                      has_former ? convert_spans(former) : NULL,
	                      has_former ? former->span_count : 0, &recording->out);
	if (result == SNAPSHOT_OK)
		result = put_leaks(recording->encoder, &snapshot->leaks, head.seq,
		                   &recording->out);
	return result;
}

/* The batch as bytes in out, after whatever the segment before still lacks. */
static enum snapshot_result encode(struct recording *recording, const struct recording_batch *batch)
{
	const struct snapshot_skipped *lost = &recording->lost;
	struct snapshot_bytes *out = &recording->out;
	enum snapshot_result result = SNAPSHOT_OK;

	out->size = 0;
	if (!recording->encoder)
		recording->encoder = snapshot_encoder_new(&dump_memory,
		                                          recording->settings->level);
	if (!recording->encoder)
		return SNAPSHOT_NO_MEMORY;
	if (!recording->is_open) {
		recording->segment_snapshots = 0;
		result = put_segment(recording);
	}
	if (result == SNAPSHOT_OK && (lost->snapshots || lost->cycles))
		result = snapshot_put_skipped(recording->encoder, lost, out);
	if (result == SNAPSHOT_OK)
		result = put_cycles(recording, batch);
	if (result == SNAPSHOT_OK && batch->snapshot)
		result = put_snapshot(recording, batch->snapshot);
	if (result == SNAPSHOT_OK && batch->is_end)
		result = put_end(recording);
	if (result == SNAPSHOT_OK)
		result = snapshot_flush(recording->encoder, out);
	return result;
}

static bool segment_is_full(const struct recording *recording)
{
	const struct extent *extent = &recording->extents[recording->extent_count - 1];

	/* Sixteen segments at least, so that there is something to choose from when thinning. */
	return recording->segment_snapshots >= SNAPSHOT_SEGMENT_SNAPSHOTS ||
	       extent->bytes + recording->out.size > recording->settings->bytes_max / 16;
}

/* What encode() did to the segment's counters is undone: the file has nothing of it. */
static void encoded_forget(struct recording *recording, uint64_t seq)
{
	recording->seq = seq;
	if (!recording->is_open && recording->extent_count > 0 &&
	    recording->extents[recording->extent_count - 1].bytes == 0) {
		recording->extent_count--;
		recording->segment_number--;
	}
	recording->is_open = false;
}

/* ---- Writing ----------------------------------------------------------- */

static void appended(struct recording *recording, struct recording_batch *batch, bool ends)
{
	struct extent *extent = &recording->extents[recording->extent_count - 1];

	recording->run_bytes = recording->file.size - recording->run_offset;
	extent->bytes = recording->file.size - extent->offset;
	/* The bytes that closed the segment before are its own. */
	if (recording->extent_count > 1)
		extent[-1].bytes = extent->offset - extent[-1].offset;
	recording->is_open = !ends;
	recording->frame_is_open = !ends;
	recording->lost = (struct snapshot_skipped){0};
	batch->cycle_count = 0;
	if (batch->snapshot) {
		former_replace(recording, batch->snapshot);
		batch->snapshot = NULL;
	}
}

static bool syncs_now(const struct dump_settings *settings, bool segment_ends)
{
	return settings->sync == DUMP_SYNC_SNAPSHOT ||
	       (settings->sync == DUMP_SYNC_SEGMENT && segment_ends);
}

/* One attempt. True: written, or it cannot be; false: worth another one. */
static bool write_attempt(struct recording *recording, struct recording_batch *batch)
{
	uint64_t seq = recording->seq;
	enum snapshot_result encoded;
	enum file_result result;
	bool ends;

	if (!recording->file.attached && !attach(recording))
		return true;
	encoded = encode(recording, batch);
	ends = encoded == SNAPSHOT_OK && (batch->is_end || segment_is_full(recording));
	if (ends)
		encoded = snapshot_segment_end(recording->encoder, &recording->out);
	if (encoded != SNAPSHOT_OK) {
		encoded_forget(recording, seq);
		warn_once(recording, "cannot encode", snapshot_result_name(encoded));
		return true;
	}
	if (recording->run_bytes + recording->out.size > recording->settings->bytes_max) {
		uint64_t more = recording->out.size;
		bool was_open = recording->is_open;

		encoded_forget(recording, seq);
		if (recording->room_wait > 0 && !batch->is_end) {
			recording->room_wait--;
			return true;
		}
		/* As the first of a new segment it holds the whole table: room for that. */
		return !was_open && !make_room(recording, more);
	}
	result = file_append(&recording->file, recording->out.data, recording->out.size,
	                     syncs_now(recording->settings, ends));
	if (result == FILE_OK) {
		appended(recording, batch, ends);
		return true;
	}
	if (result == FILE_FAILED && !recording->file.attached) {
		/* Nobody knows what the file has of it: its number is not given again. */
		recording->seq_void += recording->seq - seq;
		seq = recording->seq;
	}
	encoded_forget(recording, seq);
	if (result == FILE_MOVED) {
		file_detach(&recording->file);
		return false;
	}
	warn_once(recording, "cannot write", strerrordesc_np(recording->file.error));
	return true;
}

void recording_write(struct recording *recording, const struct recording_batch *given)
{
	enum { ATTEMPTS = 4, OUT_BYTES_KEPT = 1 << 20 };
	struct recording_batch batch = *given;

	recording->lost.snapshots += batch.snapshots_skipped;
	recording->lost.cycles += batch.cycles_lost;
	recording->skipped_total += batch.snapshots_skipped;
	if (batch.snapshot)
		recording->lost.gc_num = batch.snapshot->gc_num;
	for (int i = 0; i < ATTEMPTS && !recording->is_off; i++)
		if (write_attempt(recording, &batch))
			break;
	if (batch.snapshot) {
		recorder_release(batch.snapshot);
		recording->lost.snapshots++;
		recording->skipped_total++;
	}
	recording->lost.cycles += batch.cycle_count;
	if (recording->out.capacity > OUT_BYTES_KEPT)
		snapshot_bytes_free(&dump_memory, &recording->out);
}

/* ---- memspan_dump ------------------------------------------------------ */

int recording_dump(const char *path, struct recorder_snapshot *snapshot, bool syncs)
{
	struct snapshot_bytes out = {0};
	struct snapshot_encoder *encoder = snapshot_encoder_new(&dump_memory, 1);
	struct snapshot_run_end end = {.snapshots = 1};
	struct snapshot_run run;
	struct snapshot_head head;
	enum snapshot_result result = encoder ? SNAPSHOT_OK : SNAPSHOT_NO_MEMORY;
	int error;

	if (result == SNAPSHOT_OK) {
		run_describe(&run);
		result = snapshot_segment_begin(encoder, &run, 0, &out);
	}
	if (result == SNAPSHOT_OK) {
		convert_head(snapshot, true, &head);
		result = snapshot_put(encoder, &head, convert_spans(snapshot), NULL, 0, &out);
	}
	if (result == SNAPSHOT_OK)
		result = put_leaks(encoder, &snapshot->leaks, head.seq, &out);
	if (result == SNAPSHOT_OK) {
		end.unix_ns = snapshot->unix_ns;
		end.mono_ns = snapshot->mono_ns;
		result = snapshot_put_run_end(encoder, &end, &out);
	}
	if (result == SNAPSHOT_OK)
		result = snapshot_segment_end(encoder, &out);
	/* Only memory can be wanting: the heap's own table contradicts nothing. */
	error = result == SNAPSHOT_OK ? file_create(path, out.data, out.size, syncs) : ENOMEM;
	snapshot_bytes_free(&dump_memory, &out);
	snapshot_encoder_free(encoder);
	return error;
}
