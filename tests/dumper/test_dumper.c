/*
 * test_dumper.c - recordings of a program that does what it is told, see
 * recorded_program.c; each test in a folder of its own.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

static char folder[64];

static void folder_enter(void)
{
	strcpy(folder, "/tmp/memspan-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void folder_leave(void)
{
	char command[128];

	cr_assert_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(dumper, .init = folder_enter, .fini = folder_leave, .timeout = 60);

/* Runs a shell command in which $P stands for the program. Returns its exit status. */
__attribute__((format(printf, 1, 2)))
static int shell(const char *format, ...)
{
	char command[1024];
	va_list arguments;
	int status;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	setenv("P", RECORDED_PROGRAM, 1);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static uint8_t *file_read(const char *path, size_t *bytes)
{
	struct stat status;
	uint8_t *data;
	int fd = open(path, O_RDONLY);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(fstat(fd, &status), 0);
	data = malloc((size_t)status.st_size + 1);
	*bytes = (size_t)read(fd, data, (size_t)status.st_size);
	cr_assert_eq(*bytes, (size_t)status.st_size);
	data[*bytes] = '\0';
	close(fd);
	return data;
}

static struct sample_found decode(const char *path)
{
	struct sample_found found;
	size_t bytes;
	uint8_t *data = file_read(path, &bytes);

	found = sample_decode(data, bytes, 65536);
	free(data);
	return found;
}

static bool text_has(const char *path, const char *text)
{
	size_t bytes;
	uint8_t *data = file_read(path, &bytes);
	bool has = strstr((char *)data, text) != NULL;

	free(data);
	return has;
}

/* A whole recording of so many runs and snapshots; `zstd -t` agrees. */
static void expect_whole(const char *path, uint32_t runs, uint32_t snapshots)
{
	struct sample_found found = decode(path);

	cr_assert_eq(found.runs, runs, "%u runs", found.runs);
	cr_assert_eq(found.snapshots, snapshots, "%u snapshots", found.snapshots);
	cr_assert_eq(found.run_ends, runs);
	cr_assert_eq(found.issues + found.torn + found.lost, 0, "%s", found.issue.message);
	cr_assert_eq(shell("zstd -tq %s", path), 0);
}

/* ---- runs -------------------------------------------------------------- */

Test(dumper, each_cycle_and_the_exit_have_a_snapshot)
{
	struct stat status;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 5 2> err"), 0);
	expect_whole("a.zst", 1, 6);
	cr_assert_eq(decode("a.zst").cycles, 5);
	cr_assert_eq(stat("a.zst", &status), 0);
	cr_assert_eq(status.st_mode & 0777, 0600);
	cr_assert_eq(stat("err", &status), 0);
	cr_assert_eq(status.st_size, 0);
}

Test(dumper, a_run_that_never_collects_has_its_exit_snapshot)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P"), 0);
	expect_whole("a.zst", 1, 1);
}

Test(dumper, without_the_variable_nothing_is_written)
{
	cr_assert_eq(shell("$P gc 2; ls | wc -l | grep -qx 0"), 0);
	cr_assert_eq(shell("MEMSPAN_DUMP= $P gc 2; ls | wc -l | grep -qx 0"), 0);
}

Test(dumper, long_runs_are_many_segments)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 150"), 0);
	expect_whole("a.zst", 1, 151);
	cr_assert_eq(decode("a.zst").segments, 3);
}

Test(dumper, every_tenth_cycle_when_asked_and_all_cycles_all_the_same)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_EVERY=10 $P gc 100"), 0);
	expect_whole("a.zst", 1, 11);
	cr_assert_eq(decode("a.zst").cycles, 100);
}

Test(dumper, cycles_are_written_also_when_snapshots_are_rare)
{
	/* Long pauses: on a busy machine the writer may have to wait for its turn. */
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_EVERY=100000 "
	                   "$P gc 60 sleep 10 gc 60 sleep 1500 gc 60 sleep 10 gc 60"), 0);
	expect_whole("a.zst", 1, 1);
	cr_assert_eq(decode("a.zst").cycles, 240);
}

Test(dumper, a_summary_has_no_spans)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_SPANS=summary $P gc 3"), 0);
	expect_whole("a.zst", 1, 4);
	cr_assert_eq(decode("a.zst").rows, 0);
}

Test(dumper, what_comes_too_fast_is_written_or_counted_as_skipped)
{
	struct sample_found found;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P spans 200000 burst 50"), 0);
	found = decode("a.zst");
	/* How many depends on the machine; none is lost without a word. */
	cr_assert(found.snapshots == 51 || found.skipped >= 1);
	cr_assert_leq(found.snapshots, 51);
	cr_assert_eq(found.cycles, 50);
	cr_assert_eq(found.run_ends, 1);
}

Test(dumper, an_interval_and_a_signal_take_snapshots_without_a_cycle)
{
	struct sample_found found;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_INTERVAL=20ms $P use sleep 500"), 0);
	found = decode("a.zst");
	cr_assert_geq(found.snapshots, 2); /* of 26: a busy machine sleeps through most */
	cr_assert_leq(found.snapshots, 27);
	cr_assert_eq(shell("MEMSPAN_DUMP=b.zst MEMSPAN_DUMP_SIGNAL=USR2 "
	                   "$P use raise 12 sleep 200 raise 12 sleep 200"), 0);
	expect_whole("b.zst", 1, 3);
	/* Also when the signal comes before the thread is there. */
	cr_assert_eq(shell("MEMSPAN_DUMP=c.zst MEMSPAN_DUMP_SIGNAL=USR2 "
	                   "$P raise 12 use sleep 200"), 0);
	expect_whole("c.zst", 1, 2);
}

Test(dumper, a_killed_run_keeps_what_was_written_and_the_next_closes_its_end)
{
	struct sample_found found;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 5 kill 2> /dev/null"), 128 + SIGKILL);
	found = decode("a.zst");
	cr_assert_eq(found.snapshots, 5);
	cr_assert_eq(found.run_ends, 0);
	cr_assert(!found.is_damaged);
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 2"), 0);
	found = decode("a.zst");
	cr_assert_eq(found.snapshots, 8);
	cr_assert_eq(found.runs, 2);
	cr_assert_eq(found.run_ends, 1);
	cr_assert_eq(found.issues, 0);
	cr_assert_eq(shell("zstd -tq a.zst"), 0);
}

Test(dumper, a_torn_write_is_closed_by_the_next_run)
{
	size_t bytes;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 3 kill 2> /dev/null"), 128 + SIGKILL);
	free(file_read("a.zst", &bytes));
	for (size_t cut = bytes; cut > bytes / 3; cut -= 37) {
		struct sample_found found;
		uint32_t whole;

		cr_assert_eq(shell("head -c %zu a.zst > b.zst", cut), 0);
		whole = decode("b.zst").snapshots;
		cr_assert_eq(shell("MEMSPAN_DUMP=b.zst $P gc 1"), 0);
		found = decode("b.zst");
		cr_assert_eq(found.snapshots, whole + 2, "cut at %zu", cut);
		cr_assert(!found.is_damaged, "cut at %zu: %s", cut, found.issue.message);
		cr_assert_eq(shell("zstd -tq b.zst"), 0);
	}
}

Test(dumper, _exit_leaves_no_mark_of_a_clean_exit)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 3 _exit"), 0);
	cr_assert_eq(decode("a.zst").snapshots, 3);
	cr_assert_eq(decode("a.zst").run_ends, 0);
}

/* ---- files ------------------------------------------------------------- */

Test(dumper, a_second_run_is_appended)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 1; cp a.zst before; "
	                   "MEMSPAN_DUMP=a.zst $P gc 2"), 0);
	expect_whole("a.zst", 2, 5);
	cr_assert_eq(shell("cmp -n $(stat -c %%s before) before a.zst"), 0);
}

Test(dumper, an_empty_file_is_recorded_to)
{
	cr_assert_eq(shell("touch a.zst; MEMSPAN_DUMP=a.zst $P gc 1"), 0);
	expect_whole("a.zst", 1, 2);
}

Test(dumper, a_foreign_file_is_left_alone)
{
	cr_assert_eq(shell("echo a text that is longer than any mark of a segment would be "
	                   "> a.zst; cp a.zst b; MEMSPAN_DUMP=a.zst $P gc 2 2> err"), 0);
	cr_assert_eq(shell("cmp a.zst b && test $(wc -l < err) = 1 && "
	                   "grep -q '^memspan: .*a.zst.*recording' err"), 0);
	cr_assert_eq(shell("echo x | zstd -q > z.zst; cp z.zst b; "
	                   "MEMSPAN_DUMP=z.zst $P gc 2 2> err; cmp z.zst b"), 0);
}

Test(dumper, links_folders_and_pipes_are_refused)
{
	cr_assert_eq(shell("touch real; ln -s real a.zst; ln -s nowhere b.zst; mkfifo f; "
	                   "for f in a.zst b.zst f /dev/null; do "
	                   "MEMSPAN_DUMP=$f timeout 5 $P gc 2 2> err || exit 1; "
	                   "test $(wc -l < err) = 1 || exit 2; done; "
	                   "test ! -s real && test ! -e nowhere"), 0);
}

Test(dumper, a_path_that_cannot_be_is_one_line_and_no_harm)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=no/such/folder/a.zst $P gc 3 2> err && "
	                   "test $(wc -l < err) = 1"), 0);
}

Test(dumper, bad_settings_are_a_line_each_and_the_default)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_EVERY=x MEMSPAN_DUMP_LEVEL=77 "
	                   "MEMSPAN_DUMP_INTERVAL=5 MEMSPAN_DUMP_SIGNAL=KILL MEMSPAN_DUMP_MAX=1 "
	                   "MEMSPAN_DUMP_SPANS=some $P gc 2 2> err; "
	                   "test $(wc -l < err) = 6"), 0);
	expect_whole("a.zst", 1, 3);
}

Test(dumper, names_are_expanded_and_a_folder_means_exe_and_pid)
{
	cr_assert_eq(shell("mkdir d; MEMSPAN_DUMP=d $P gc 1; ls d | "
	                   "grep -qx 'recorded_program\\.[0-9]*\\.zst'"), 0);
	cr_assert_eq(shell("MEMSPAN_DUMP=x-%%e-%%h%%%%.zst $P; test -e \"x-recorded_program-$(uname -n)"
	                   "%%.zst\""), 0);
}

Test(dumper, a_file_locked_by_another_process_gets_the_pid_before_its_ending)
{
	int fd = open("a.zst", O_RDWR | O_CREAT, 0600);

	cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 1 2> err"), 0);
	cr_assert_eq(shell("test ! -s a.zst && ls | grep -qx 'a\\.[0-9]*\\.zst' && test ! -s err"), 0);
	close(fd);
}

Test(dumper, two_programs_at_once_never_share_a_file)
{
	cr_assert_eq(shell("export MEMSPAN_DUMP=a.zst; $P gc 1 closeall sleep 700 gc 1 > out & "
	                   "sleep 0.3; $P gc 3; wait"), 0);
	expect_whole("a.zst", 1, 3);
	cr_assert_eq(shell("mv a.*.zst b.zst"), 0);
	expect_whole("b.zst", 1, 4);
}

Test(dumper, no_descriptor_is_kept_and_closing_all_does_no_harm)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P files gc 3 files closeall gc 3 > out"), 0);
	cr_assert_eq(shell("test $(sort -u out | wc -l) = 1"), 0);
	expect_whole("a.zst", 1, 7);
}

Test(dumper, a_child_of_fork_records_to_a_file_of_its_own)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 2 fork gc 1 > out"), 0);
	expect_whole("a.zst", 1, 4);
	cr_assert_eq(shell("mv a.$(sed -n 's/child //p' out).zst child.zst"), 0);
	expect_whole("child.zst", 1, 3);
	cr_assert_eq(shell("MEMSPAN_DUMP=%%p.zst $P fork > out; "
	                   "mv $(sed -n 's/child //p' out).zst child2.zst"), 0);
	expect_whole("child2.zst", 1, 3);
	/* A signal that the parent was sent is the parent's. */
	cr_assert_eq(shell("MEMSPAN_DUMP=s%%p.zst MEMSPAN_DUMP_SIGNAL=USR2 $P use raise 12 sleep 100 "
	                   "fork > out; mv s$(sed -n 's/child //p' out).zst child3.zst"), 0);
	expect_whole("child3.zst", 1, 3);
}

Test(dumper, a_child_that_is_forked_in_the_middle_of_a_write_has_none_of_its_descriptors)
{
	for (int i = 0; i < 10; i++)
		cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P spans 300000 burst 1 sleep %d fork > out", i),
		             0);
	cr_assert(!decode("a.zst").is_damaged);
}

Test(dumper, a_file_taken_away_is_begun_anew)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 3 rename a.zst old.zst gc 2"), 0);
	cr_assert_eq(decode("old.zst").snapshots, 3);
	expect_whole("a.zst", 1, 3);
	cr_assert_eq(shell("MEMSPAN_DUMP=b.zst $P gc 3 unlink b.zst gc 2"), 0);
	expect_whole("b.zst", 1, 3);
}

/* What is put there by others is not ours, whatever it is, and stays as it is. */
Test(dumper, what_is_put_in_the_place_of_the_file_is_left_alone)
{
	cr_assert_eq(shell("echo mine > foreign; cp foreign expected; "
	                   "MEMSPAN_DUMP=a.zst $P gc 3 rename foreign a.zst gc 2 2> err"), 0);
	cr_assert_eq(shell("cmp -s a.zst expected && grep -c recording err | grep -qx 1"), 0);
	cr_assert_eq(shell("cp expected target; ln -s target link; "
	                   "MEMSPAN_DUMP=b.zst $P gc 3 rename link b.zst gc 2 2> err"), 0);
	cr_assert_eq(shell("test -L b.zst && cmp -s target expected && grep -q link err"), 0);
	cr_assert_eq(shell("mkfifo pipe; MEMSPAN_DUMP=c.zst $P gc 3 rename pipe c.zst gc 2 2> err"), 0);
	cr_assert_eq(shell("test -p c.zst && grep -q 'no regular file' err"), 0);
	/* The whole of another recording: appended to, and nothing of it is changed. */
	cr_assert_eq(shell("MEMSPAN_DUMP=other.zst $P gc 4; cp other.zst expected; "
	                   "MEMSPAN_DUMP=d.zst $P gc 3 rename other.zst d.zst gc 2; "
	                   "cmp -s -n $(wc -c < expected) d.zst expected"), 0);
	cr_assert_eq(decode("d.zst").snapshots, 5 + 3);
}

Test(dumper, a_file_cut_underneath_goes_on_in_a_new_segment)
{
	struct sample_found found;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 3 truncate a.zst 400 gc 2"), 0);
	found = decode("a.zst");
	cr_assert_geq(found.snapshots, 3);
	cr_assert_eq(found.run_ends, 1);
	cr_assert(!found.is_damaged, "%s", found.issue.message);
}

/* ---- space ------------------------------------------------------------- */

Test(dumper, a_limit_on_file_size_costs_snapshots_and_never_the_program)
{
	struct sample_found found;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P spans 3000 gc 5 fsize 4000 gc 20 fsize -1 gc 2 "
	                   "2> err"), 0);
	cr_assert_eq(shell("test $(wc -l < err) = 1"), 0);
	found = decode("a.zst");
	cr_assert_eq(found.run_ends, 1);
	cr_assert_geq(found.snapshots, 8);
	cr_assert_lt(found.snapshots, 28);
	cr_assert_geq(found.skipped, 1);
	cr_assert(!found.is_damaged, "%s", found.issue.message);
	cr_assert_eq(shell("zstd -tq a.zst"), 0);
	/* Also at exit, in the program's own thread. */
	cr_assert_eq(shell("MEMSPAN_DUMP=b.zst $P gc 1 fsize 900 2> err"), 0);
	cr_assert(!decode("b.zst").is_damaged);
}

Test(dumper, a_full_disk_costs_snapshots_and_never_the_program)
{
	struct sample_found found;

	cr_assert_eq(mkdir("disk", 0700), 0);
	if (mount("none", "disk", "tmpfs", 0, "size=64k") != 0) {
		cr_log_warn("not root: a full disk was not tried");
		cr_skip_test("not root: a full disk was not tried");
	}
	shell("MEMSPAN_DUMP=disk/a.zst $P spans 20000 gc 2 spans 200 gc 20 unlink none gc 50 "
	      "> out 2> err; echo $? > result; cp disk/a.zst .");
	umount("disk");
	cr_assert(text_has("result", "0"));
	cr_assert_eq(shell("test $(wc -l < err) -le 1"), 0);
	found = decode("a.zst");
	cr_assert_geq(found.snapshots, 1);
	cr_assert(!found.is_damaged, "%s", found.issue.message);
}

Test(dumper, without_descriptors_it_waits_for_better_times)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P nofiles 3 gc 2 nofiles -1 gc 2 2> err && "
	                   "test $(wc -l < err) = 1"), 0);
	expect_whole("a.zst", 1, 3);
	cr_assert_eq(decode("a.zst").skipped, 1);
}

Test(dumper, without_a_thread_the_exit_is_still_recorded)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P nothreads 1 gc 2 2> err && "
	                   "test $(wc -l < err) = 1"), 0);
	expect_whole("a.zst", 1, 1);
}

Test(dumper, a_limit_on_the_run_thins_its_past)
{
	struct sample_found found;
	struct stat status;

	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P gc 10; cp a.zst before"), 0);
	cr_assert_eq(stat("before", &status), 0);
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_MAX=64KiB $P spans 3000 gc 400"), 0);
	cr_assert_eq(shell("cmp -n $(stat -c %%s before) before a.zst && "
	                   "test $(ls | wc -l) = 2"), 0);
	found = decode("a.zst");
	cr_assert_eq(found.runs, 2);
	cr_assert_eq(found.run_ends, 2);
	cr_assert_eq(found.issues + found.torn, 0, "%s", found.issue.message);
	cr_assert_geq(found.snapshots, 11 + 40);
	cr_assert_eq(shell("test $(stat -c %%s a.zst) -le $((65536 + $(stat -c %%s before)))"), 0);
	cr_assert_eq(shell("zstd -tq a.zst"), 0);
}

Test(dumper, what_a_killed_run_left_beside_the_file_does_not_stop_thinning)
{
	/* The program keeps the pid of the shell that it replaces. */
	cr_assert_eq(shell("MEMSPAN_DUMP=b.zst $P gc 1; MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_MAX=64KiB "
	                   "sh -c 'cp b.zst a.zst.$$.tmp; exec $P spans 30000 gc 30' 2> err"), 0);
	cr_assert_eq(shell("test ! -s err && test $(stat -c %%s a.zst) -le 65536 && "
	                   "! ls | grep -q tmp"), 0);
	cr_assert_eq(decode("a.zst").run_ends, 1);
	/* What is no recording is somebody else's. */
	cr_assert_eq(shell("rm a.zst; MEMSPAN_DUMP=a.zst MEMSPAN_DUMP_MAX=64KiB "
	                   "sh -c 'echo mine > a.zst.$$.tmp; exec $P spans 30000 gc 30' 2> err"), 0);
	cr_assert_eq(shell("test $(wc -l < err) = 1 && grep -qx mine a.zst.*.tmp"), 0);
	cr_assert(!decode("a.zst").is_damaged);
}

Test(dumper, a_program_without_standard_descriptors_is_recorded)
{
	cr_assert_eq(shell("MEMSPAN_DUMP=a.zst $P say 5 <&- >&- 2>&-"), 0);
	expect_whole("a.zst", 1, 6);
}

/* ---- memspan_dump ------------------------------------------------------ */

Test(dumper, a_dump_is_whole_when_it_returns_and_overwrites_nothing)
{
	cr_assert_eq(shell("$P dump d.zst dump d.zst dump no/d.zst > out"), 0);
	expect_whole("d.zst", 1, 1);
	cr_assert_eq(shell("printf 'dump 0\\ndump EEXIST\\ndump ENOENT\\n' | cmp - out"), 0);
}

Test(dumper, a_dump_that_fails_leaves_no_file)
{
	cr_assert_eq(shell("$P fsize 100 dump d.zst > out; grep -q EFBIG out && test ! -e d.zst"), 0);
}
