"""Command lines that are wrong, on purpose or not, and streams that fail: each gets the promised
exit status and one clear line: python3 hostile.py MEMANALYZE MAKE_RECORDING

The verbs and options are those of memanalyze --words, so that a new one is tried as well.
"""
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile

MEMANALYZE, MAKE_RECORDING = (os.path.abspath(word) for word in sys.argv[1:3])
LINE_BYTES_MAX = 1600
USAGE, INPUT = 2, 3

# What makes a complete command of a verb: operands in front of and behind what is tried.
COMPLETE = {
    "report": ["good.zst"], "sql": ["good.zst", "SELECT * FROM run"], "load": ["good.zst", "-o", "new.db"],
    "verify": ["good.zst"], "diff": ["good.zst"], "check": ["good.zst", "--max", "sys=1", "--format", "json"],
    "spans": ["good.zst"], "export": ["good.zst", "--as", "memstats-json"], "schema": ["mstats"],
    "watch": ["good.zst"], "salvage": ["good.zst", "-o", "new.zst"], "record": ["true"],
}
# Those that write what they make to a file, not to standard output.
SILENT = {"load", "salvage", "record"}
TRIED = set()  # options with the words that they take, of any verb


class Failures(list):
    def expect(self, good, what, done):
        if not good:
            self.append(f"{what}: exit {done.returncode}: {done.stderr[:300]!r}")


FAILURES = Failures()


def run(words, folder, **more):
    more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **more}
    return subprocess.run([MEMANALYZE, *words], cwd=folder, timeout=60, stderr=subprocess.PIPE, **more)


def refused(words, status, says, folder, **more):
    """The command ends with the status and one line that any terminal can show."""
    done = run(words, folder, **more)
    what = " ".join(str(word)[:40] for word in words)
    lines = done.stderr.split(b"\n")
    FAILURES.expect(done.returncode == status, f"not {status}: {what}", done)
    FAILURES.expect(len(lines) == 2 and lines[1] == b"", f"not one line: {what}", done)
    FAILURES.expect(lines[0].startswith(b"memanalyze: "), f"who complains? {what}", done)
    FAILURES.expect(len(lines[0]) < LINE_BYTES_MAX, f"a line of {len(lines[0])} bytes: {what}", done)
    FAILURES.expect(not re.search(rb"[\0-\x1f\x7f]", lines[0]), f"control characters: {what}", done)
    FAILURES.expect(says in done.stderr.decode("utf-8", "strict"), f"does not say '{says}': {what}", done)
    FAILURES.expect(not done.stdout, f"data of a refused command: {what}", done)


def try_options(verb, options, folder):
    usage = 125 if verb == "record" else USAGE
    complete = COMPLETE[verb]
    for wrong in ("--no-such-option", "-Z", "--=", b"--\xff", "--f\033[31m", "--" + 9000 * "x"):
        refused([verb, wrong, *complete], usage, "unknown option", folder)
    for option, letter, value in options:
        if value == "-":
            refused([verb, option + "=yes", *complete], usage, f"{option} takes no value", folder)
            continue
        refused([verb, option + "=", *complete], usage, f"{option} needs a value", folder)
        refused([verb, *([] if verb == "record" else complete), option], usage,
                f"{option} needs a value", folder)
        refused([verb, option, "", *complete], usage, f"{option} needs a value", folder)
        if letter != "-":
            refused([verb, letter, "", *complete], usage, f"{option} needs a value", folder)
        if "|" in value and (option, value) not in TRIED:
            TRIED.add((option, value))
            word = value.split("|")[0]
            refused([verb, option, word + "e", *complete], usage, f"did you mean '{word}'?", folder)
            for wrong in (b"\xff\xfe", "x" * 9000, "\033]0;title\007"):
                refused([verb, option, wrong, *complete], usage, "no such value", folder)
        refused([verb, option[:-1] + ("x" if option[-1] != "x" else "y"), "1", *complete], usage,
                f"did you mean {option}?", folder)


def try_operands(verb, folder):
    behind = COMPLETE[verb][1:]
    if verb == "record":
        refused([verb], 125, "which program", folder)
        refused([verb, ""], 127, "an empty word", folder)
        refused([verb, b"\xff\xfe"], 127, "\\xff\\xfe", folder)
        refused([verb, "x" * 100000], 127, "x: ", folder)
        return
    if verb == "schema":
        refused([verb, ""], USAGE, "no table or view ''", folder)
        refused([verb, "mstat"], USAGE, "did you mean 'mstats'?", folder)
        refused([verb, b"\xff\xfe"], USAGE, "\\xff\\xfe", folder)
        return
    refused([verb], USAGE, f"{verb} needs", folder)
    refused([verb, "", *behind], INPUT, "an empty word names no file", folder)
    refused([verb, "missing", *behind], INPUT, "missing: No such file", folder)
    refused([verb, b"\xff\xfe", *behind], INPUT, "\\xff\\xfe: No such file", folder)
    refused([verb, "x" * 100000, *behind], INPUT, "File name too long", folder)
    refused([verb, "good.zst@99999999999999999999", *behind], INPUT, "No such file", folder)
    if verb == "watch":
        for device in ("/dev/zero", "/dev/full", "pipe"):
            refused([verb, device], INPUT, "no regular file", folder)
    if verb != "watch":
        refused([verb, "-", *behind], INPUT, "is empty", folder)
        refused([verb, "-", *behind], INPUT, "standard input: Bad file descriptor", folder,
                preexec_fn=lambda: os.close(0))
        refused([verb, "empty", *behind], INPUT, "is empty", folder)
        refused([verb, "/dev/zero", *behind], INPUT, "neither a file nor a pipe", folder)
        with open("/dev/zero", "rb") as device:
            refused([verb, "-", *behind], INPUT, "is a device", folder, stdin=device)
        refused([verb, "pipe", *behind], INPUT, "is empty", folder)
    if verb in ("load", "salvage"):
        refused([verb, "good.zst@1", *behind], USAGE, "as a whole", folder)
        refused([verb, "-@1", *behind], USAGE, "as a whole", folder)
    if verb not in ("load", "salvage", "watch", "diff"):
        refused([verb, "good.zst@999999999999999999", *behind], USAGE, "no snapshot @", folder)


def try_order(verb, folder):
    """Options in front, behind, twice, and --: the same comes out."""
    if verb in SILENT or verb == "watch":
        return
    complete = COMPLETE[verb]
    expected = run([verb, *complete, "--color", "never"], folder).stdout if verb != "export" else \
        run([verb, *complete], folder).stdout
    assert expected, verb
    words = [word for word in complete if not word.startswith("-")]
    orders = [complete, complete[1:] + complete[:1] if len(complete) > 2 else complete]
    if len(complete) == len(words):
        orders.append(["--", *complete])
    if verb not in ("check", "export"):
        orders.append(["--format", "csv", *complete, "--format=json", "--format", "table"])
    for order in orders:
        done = run([verb, *order], folder)
        FAILURES.expect(done.stdout == expected, f"other output: {verb} {' '.join(order)}", done)


def try_streams(verb, folder):
    """Standard output closed, full, and read by nobody."""
    for words in ([verb, "--help"], [verb, *COMPLETE[verb]]):
        if words[1] != "--help" and verb in SILENT:
            continue
        refused(words, INPUT, "standard output: ", folder, stdout=None, preexec_fn=lambda: os.close(1))
        with open("/dev/full", "wb") as full:
            refused(words, INPUT, "standard output: ", folder, stdout=full)
        plain = run(words, folder).returncode
        for ignored in (False, True):
            reader, writer = os.pipe()
            os.close(reader)
            handler = signal.SIG_IGN if ignored else signal.SIG_DFL
            done = run(words, folder, stdout=writer, restore_signals=False,
                       preexec_fn=lambda: signal.signal(signal.SIGPIPE, handler))
            os.close(writer)
            FAILURES.expect(done.returncode in (-signal.SIGPIPE, plain) and not done.stderr,
                            f"a closed pipe: {words}", done)


def try_outputs(folder):
    """What cannot be written to is a mistake in the command; no device is replaced by a file."""
    for out, says in (("missing/out", "No such file"), ("good.zst/out", "Not a directory"), (".", ".")):
        for words in (["report", "good.zst"], ["load", "good.zst"], ["salvage", "good.zst"], ["schema"],
                      ["check", "--metrics"], ["export", "good.zst", "--as", "csv"]):
            refused([*words, "-o", out, "--force"], USAGE, says, folder)
    for device in ("/dev/null", "/dev/full", "pipe", "."):
        refused(["load", "good.zst", "-o", device, "--force"], USAGE, "no regular file", folder)
    assert not os.path.isfile("/dev/null")
    full = {"preexec_fn": limit_files}
    recording = f"{folder}/large.zst"
    subprocess.run([MAKE_RECORDING, recording, "1", "9", "4000"], check=True)
    refused(["load", "large.zst", "-o", "full.db"], INPUT, "large.zst: ", folder, **full)
    refused(["sql", "large.zst", "SELECT * FROM span", "-o", "full"], INPUT, "full: ", folder, **full)
    assert not os.path.exists(f"{folder}/full.db") and not os.path.exists(f"{folder}/full")


def limit_files():
    """A disk that is soon full: a write beyond the limit fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500000, 500000))


def try_endless(folder):
    """What would never end, or not soon, can be ended: a file of zeros, longer than any disk."""
    with open(f"{folder}/zeros", "wb") as zeros:
        zeros.truncate(1 << 42)
    for words in (["watch", "zeros"], ["load", "zeros", "-o", "zeros.db"], ["report", "zeros"]):
        process = subprocess.Popen([MEMANALYZE, *words], cwd=folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            FAILURES.append(f"cannot be ended: {words}")
    os.mkdir(f"{folder}/recordings")
    os.rename(f"{folder}/zeros", f"{folder}/recordings/zeros")
    os.link(f"{folder}/good.zst", f"{folder}/recordings/good")
    done = run(["report", "recordings"], folder)
    FAILURES.expect(done.returncode == 0 and not done.stderr, "a long file in a folder", done)


def try_closed_streams_stay_empty(folder):
    """No file of ours may become standard output or error: what is printed would get into it."""
    for closed in (1, 2):
        run(["load", "good.zst", "-o", f"closed{closed}.db", "--format", "csv"], folder,
            preexec_fn=lambda: os.close(closed))
        done = run(["verify", f"closed{closed}.db"], folder)
        FAILURES.expect(done.returncode == 0, f"loaded with stream {closed} closed", done)


def try_numbers(folder):
    for text in ("0", "-1", "nan", "five", "5 s", "5ms", "1e", " ", "0x", "--help"):
        refused(["sql", "good.zst", "SELECT 1", "--timeout", text], USAGE, f"--timeout {text}", folder)
    for text in ("1e308", "1e999", "1e-300", "0.5s"):
        done = run(["sql", "good.zst", "SELECT 1", "--timeout", text], folder)
        FAILURES.expect(done.returncode in (0, USAGE), f"--timeout {text}", done)
    for text in ("0", "-1", "1e3", "99999999999999999999", "4294967297", " 1", "+", "0x1"):
        refused(["watch", "--pid", text], USAGE, f"--pid {text}", folder)
    for text in ("sys", "=1", "sys=", "sys=1e999", "sys=nan", "sys=1 parsec", "sys==1", "sys=1%%"):
        refused(["check", "good.zst", "--max", text], USAGE, f"--max {text}: ", folder)
    refused(["check", "good.zst", "--max", "sys=10ms"], USAGE, "does not count time", folder)
    refused(["check", "good.zst", "--max", "x" * 9000 + "=1"], USAGE, "lists them", folder)
    listed = run(["check", "--metrics", "--format", "csv"], folder).stdout.decode().splitlines()[1:]
    every = [word for line in listed for word in ("--max", line.split(",")[0] + "=1e18")]
    done = run(["check", "good.zst", *every], folder)
    FAILURES.expect(len(listed) > 50 and done.returncode in (1, INPUT), "a listed metric is none", done)
    refused(["check", "good.zst", "--metrics"], USAGE, "without FILE and limits", folder)
    refused(["check", "good.zst", "--max", 'sys" FROM run; --=1'], USAGE, "no metric is called", folder)


def try_words(folder):
    for word, says in (("", "unknown verb ''"), ("repport", "'report'"), ("REPORT", "'report'"),
                       ("repotr", "'report'"), ("expo", "'export'"), ("xyzzy", "--help"),
                       ("r", "--help"), ("x" * 100000, "--help"), ("\033[2J", "--help"),
                       ("--verison", "--help"), ("--", "unknown verb"), ("-", "unknown verb")):
        refused([word], USAGE, says, folder)
    refused(["check", "good.zst", "--max", "heap_aloc=1MiB"], USAGE, "did you mean 'heap_alloc'?", folder)
    for word, says in (("fragmentation_ration", "fragmentation_ratio"), ("HeapAlloc", "heap_alloc"),
                       ("pause_p9_ms", "pause_p9"), ("heap_aloc", "heap_alloc")):
        refused(["check", "good.zst", "--max", word + "=1"], USAGE, f"did you mean '{says}", folder)
    refused(["sql", "good.zst", "SELECT coutn(*) FROM run"], USAGE, "did you mean 'count'?", folder)
    refused(["sql", "good.zst", "SELECT stop_ns FROM run"], USAGE, "no such column: stop_ns; it is in ", folder)
    refused(["sql", "good.zst", "SELECT heap_aloc FROM mstats"], USAGE, "'heap_alloc'?", folder)
    refused(["sql", "good.zst", "SELECT * FROM fragmentatoin"], USAGE, "'fragmentation'?", folder)
    refused(["sql", "good.zst", "SELECT " + "x" * 9000], USAGE, "no such column", folder)


def furnish(folder):
    os.mkfifo(f"{folder}/pipe")  # that nobody writes to
    subprocess.run([MAKE_RECORDING, "good.zst", "1", "3", "8"], cwd=folder, check=True)
    for name, content in (("empty", ""), ("query.sql", "SELECT 1"), ("ci.limits", "sys=1TiB\n")):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as out:
            out.write(content)


def main():
    listing = subprocess.run([MEMANALYZE, "--words"], check=True, capture_output=True, text=True)
    verbs = {}
    for line in listing.stdout.splitlines():
        verb, *option = line.split("\t")
        verbs.setdefault(verb, []).append(option)
    with tempfile.TemporaryDirectory() as folder:
        furnish(folder)
        for verb, options in verbs.items():
            try_options(verb, options, folder)
            try_operands(verb, folder)
            try_order(verb, folder)
            try_streams(verb, folder)
        try_closed_streams_stay_empty(folder)
        try_outputs(folder)
        try_endless(folder)
        try_numbers(folder)
        try_words(folder)
    for failure in FAILURES:
        print("FAILED:", failure)
    sys.exit(1 if FAILURES else 0)


main()
