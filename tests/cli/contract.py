"""What programs and saved queries are written against, word by word: names of verbs, options, formats,
tables, columns, exit statuses: python3 contract.py MEMANALYZE MAKE_RECORDING [record]

None of it is asked of the program itself: what is listed here is promised.
"""
import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

MEMANALYZE, MAKE_RECORDING = (os.path.abspath(word) for word in sys.argv[1:3])

# The first columns of each; more may stand behind them.
COLUMNS = {
    "source": "id path kind bytes complete bytes_skipped",
    "run": "id source_id uuid pid exe host start_unix_ns end_unix_ns clean_exit page_bytes tracking"
           " format_version",
    "snapshot": "id run_id seq gc_num reason unix_ns mono_ns",
    "mstats": "snapshot_id alloc total_alloc sys nlookup nmalloc nfree heap_alloc heap_sys heap_idle"
              " heap_inuse heap_released heap_objects stacks_inuse stacks_sys mspan_inuse mspan_sys"
              " mcache_inuse mcache_sys buckhash_sys gc_sys other_sys next_gc last_gc_unix"
              " pause_total_ns numgc numforcedgc gc_cpu_fraction enablegc debuggc last_gc_nanotime"
              " tinyallocs last_next_gc last_heap_inuse triggerRatio gc_trigger heap_live heap_scan"
              " heap_marked",
    "by_size": "snapshot_id class size nmalloc nfree",
    "span": "snapshot_id base npages state class noscan elem_bytes nelems alloc_count released_bytes"
            " born_gc",
    "gc_cycle": "run_id gc_num reason",
    "gc_pause": "run_id gc_num phase duration_ns stop_ns end_unix_ns",
    "import_issue": "source_id byte_offset severity code message",
    "schema_doc": "object column unit doc since",
    "fragmentation": "snapshot_id run_id gc_num unix_ns heap_inuse_bytes heap_alloc_bytes"
                     " fragmentation_bytes fragmentation_ratio",
    "idle_memory": "snapshot_id run_id gc_num unix_ns heap_idle_bytes heap_released_bytes"
                   " retained_bytes retained_ratio",
    "pause_trend": "run_id gc_num pause_ns pause_end_unix_ns rolling_mean_ns rolling_max_ns",
    "pause_summary": "run_id n min_ns mean_ns p50_ns p90_ns p99_ns max_ns total_ns slope_ns_per_gc r2",
    "class_fragmentation": "snapshot_id class size_bytes spans span_bytes alloc_bytes free_slot_bytes"
                           " tail_bytes occupancy_ratio",
    "accounting": "snapshot_id identity left_value right_value holds",
}
TABLES = {"source", "run", "snapshot", "mstats", "by_size", "span", "gc_cycle", "gc_pause", "import_issue",
          "schema_doc"}

# A whole command of each verb that prints what it finds.
PRINTS = {"report": ["report", "good.zst"], "sql": ["sql", "good.zst", "SELECT * FROM run"],
          "diff": ["diff", "good.zst"], "spans": ["spans", "good.zst"], "verify": ["verify", "good.zst"],
          "check": ["check", "good.zst", "--max", "sys=1"], "schema": ["schema"],
          "export": ["export", "good.zst", "--as", "csv"]}
WRITES = {"load": ["load", "good.zst", "-o"], "salvage": ["salvage", "good.zst", "-o"]}
OTHERS = {"watch": ["watch", "good.zst"], "record": ["record", "-o", "recorded.zst", "--force", "--", "true"]}
FORMATS = ("table", "json", "ndjson", "csv", "markdown")


def run(*words, **more):
    return subprocess.run([MEMANALYZE, *words], capture_output=True, timeout=120, text=True,
                          stdin=subprocess.DEVNULL, **more)


def expect(status, *words, **more):
    done = run(*words, **more)
    assert done.returncode == status, (status, words, done)
    return done.stdout


def columns():
    expect(0, "load", "good.zst", "-o", "heap.db")
    with sqlite3.connect("heap.db") as db:
        kinds = dict(db.execute("SELECT name, type FROM sqlite_schema"))
        strict = {name for _, name, kind, _, _, strict in db.execute("PRAGMA table_list")
                  if kind == "table" and strict}
        assert db.execute("PRAGMA application_id").fetchone()[0] and db.execute("PRAGMA user_version").fetchone()[0]
    assert TABLES <= strict, TABLES - strict
    for name, words in COLUMNS.items():
        assert kinds[name] == ("table" if name in TABLES else "view"), name
        for file in ("good.zst", "heap.db"):
            words = words.split() if isinstance(words, str) else words
            header = expect(0, "sql", file, f"SELECT * FROM {name} LIMIT 0", "--format", "csv").strip()
            assert header.split(",")[:len(words)] == words, (file, name, header)
    states = expect(0, "sql", "good.zst", "SELECT DISTINCT state FROM span", "--format", "csv").split()
    assert set(states[1:]) <= {"idle", "inuse", "stack"}, states
    assert expect(0, "sql", "good.zst", "SELECT count(*) FROM span WHERE class = 0 AND"
                  " elem_bytes <> npages * 8192", "--format", "csv").split() == ["count(*)", "0"]


def parse(form, text):
    if form == "json":
        json.loads(text)
    elif form == "ndjson":
        for line in text.splitlines():
            json.loads(line)
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        assert rows and len({len(row) for row in rows}) == 1, rows[:3]
    elif form == "markdown":
        assert "|" in text and "---" in text, text[:300]
    assert text


def formats():
    for verb, words in PRINTS.items():
        status = 1 if verb == "check" else 0
        for form in FORMATS if verb != "export" else ():
            parse(form, expect(status, *words, "--format", form))
    assert expect(0, "report", "good.zst", "--format", "html").lower().startswith("<!doctype html>")
    for verb, words in WRITES.items():
        parse("csv", expect(0, *words, "formats", "--format", "csv"))
        os.unlink("formats")
    for form in FORMATS:
        assert expect(0, "watch", "good.zst", "--format", form)
    for form in ("memstats-json", "prometheus", "csv"):
        assert expect(0, "export", "good.zst", "--as", form)
    for empty, form in (("[]", "json"), ("", "ndjson"), ("run_id", "csv")):
        text = expect(0, "sql", "good.zst", "SELECT id AS run_id FROM run WHERE 0", "--format", form)
        assert text.strip() == empty, (form, text)
    assert '"b": null' in expect(0, "sql", "good.zst", "SELECT NULL AS b", "--format", "json")


def output():
    """-o takes what standard output would get, and overwrites nothing without --force."""
    for verb, words in PRINTS.items():
        status = 1 if verb == "check" else 0
        plain = expect(status, *words)
        assert expect(status, *words, "-o", "out") == "" and open("out", encoding="utf-8").read() == plain, verb
        with open("out", "w", encoding="utf-8") as out:
            out.write("mine")
        expect(2, *words, "-o", "out")
        assert open("out", encoding="utf-8").read() == "mine", verb
        expect(status, *words, "--output=out", "--force")
        assert open("out", encoding="utf-8").read() == plain, verb
        os.unlink("out")
    for verb, words in WRITES.items():
        with open("out", "w", encoding="utf-8") as out:
            out.write("mine")
        expect(2, *words, "out")
        assert open("out", encoding="utf-8").read() == "mine", verb
        expect(0, *words, "out", "--force")
        expect(0, "report", "out")
        os.unlink("out")


def colour():
    """Every verb knows --color; what is not a terminal gets some by always only."""
    escape = re.compile(r"\x1b\[")
    for words in [*PRINTS.values(), *OTHERS.values(), *([*w, "new"] for w in WRITES.values())]:
        for when in ("auto", "always", "never"):
            if words[0] == "record" and not CAN_RECORD:
                continue
            for file in ("new", "recorded.zst"):
                if os.path.exists(file):
                    os.unlink(file)
            done = run(words[0], f"--color={when}", *words[1:])
            assert done.returncode in (0, 1), done
            assert when == "always" or not escape.search(done.stdout + done.stderr), (words, when)
    assert escape.search(expect(0, "report", "--color=always", "torn.zst"))
    for words in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert not escape.search(expect(0, "report", "torn.zst", env={**os.environ, **words}))


def status():
    for number, words in (
            (0, "check good.zst --max sys=1TiB"), (1, "check good.zst --max sys=1"),
            (2, "check good.zst --max nonsense=1"), (3, "check contradicts.zst --max next_gc=1"),
            (2, ""), (2, "nonsense"), (2, "report"), (2, "report --nonsense good.zst"),
            (2, "sql good.zst DELETE"), (2, "sql good.zst SELECT"), (3, "report missing.zst"), (3, "report text"),
            (3, "report empty"), (3, "report newer.zst"), (3, "report foreign.db"), (3, "report /dev/zero"),
            (4, "report flipped.zst"), (4, "load flipped.zst -o flipped.db"), (4, "report flipped.db"),
            (0, "report torn.zst"), (4, "report --strict torn.zst"), (0, "report several.zst"),
            (4, "report --strict several.zst"), (3, "salvage text -o none"), (3, "salvage heap.db -o none"),
            (3, "salvage folder -o none"), (3, "watch folder"), (3, "watch heap.db"), (3, f"watch --pid {os.getpid()}"),
            (0, "report folder"), (0, "report good.zst@0"), (0, "report good.zst@gc=2"), (0, "report good.zst@first"),
            (0, "report good.zst@last"), (0, "diff good.zst@first good.zst@gc=3"), (0, "diff good.zst several.zst"),
            (0, "report heap.db@gc=2"), (0, "report named@last"), (127, "record -- ./missing"),
            (126, "record -o no.zst -- ./text")):
        if not words.startswith("record") or CAN_RECORD:
            expect(number, *words.split(" ") if words else ())
    timeout = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    expect(2, "sql", "good.zst", "--timeout", "0.1", timeout)
    for sql in ("ATTACH 'x' AS x", "INSERT INTO run (id) VALUES (1)", "PRAGMA user_version = 9",
                "SELECT load_extension('x')", "CREATE TABLE x (a)"):
        for file in ("good.zst", "heap.db"):
            expect(2, "sql", file, sql)
    runs = json.loads(expect(0, "report", "torn.zst", "--format", "json"))
    assert '"complete": false' in json.dumps(runs)
    with open("query.sql", "w", encoding="utf-8") as out:
        out.write("SELECT 1 AS a")
    assert expect(0, "sql", "good.zst", "-f", "query.sql", "--format", "csv") == \
        expect(0, "sql", "good.zst", "SELECT 1 AS a", "--format", "csv")
    if CAN_RECORD:
        expect(7, "record", "-o", "seven.zst", "--", "sh", "-c", "exit 7")
        expect(143, "record", "-o", "killed.zst", "--", "sh", "-c", "kill -TERM $$")


def furnish():
    make = lambda name, *words: subprocess.run([MAKE_RECORDING, name, *words], check=True)
    make("good.zst", "1", "10", "8")
    make("torn.zst", "1", "3", "9", "torn")
    make("contradicts.zst", "1", "2", "8", "contradicts")
    make("newer.zst", "1", "2", "8", "newer")
    make("long.zst", "1", "130", "8")
    read = lambda name: open(name, "rb").read()
    damaged = bytearray(read("long.zst"))
    damaged[len(damaged) // 4] ^= 0xff
    os.mkdir("folder")
    for name, content in (("flipped.zst", bytes(damaged)), ("several.zst", read("torn.zst") + read("good.zst")),
                          ("text", b"neither this nor that\n" * 9), ("empty", b""), ("folder/any", read("good.zst")),
                          ("named@last", read("good.zst"))):
        with open(name, "wb") as out:
            out.write(content)
    with sqlite3.connect("foreign.db") as db:
        db.execute("CREATE TABLE t (a)")


def main():
    furnish()
    listed = set(re.findall(r"^  ([a-z]+)  ", expect(0, "--help"), re.M))
    assert listed >= {*PRINTS, *WRITES, *OTHERS}, listed
    columns()
    formats()
    output()
    colour()
    status()


CAN_RECORD = "record" in sys.argv[3:]
with tempfile.TemporaryDirectory() as here:
    os.chdir(here)
    main()
