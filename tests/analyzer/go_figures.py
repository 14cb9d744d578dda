"""go_figures.py MEMANALYZE FOLDER - holds what memanalyze reads from the files that
go_figures.go made against the same files read here, figure by figure.

Each file is read as it is; one of each kind also as gzip of two members, as zstd and on
standard input.
"""
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

memanalyze, folder = sys.argv[1], pathlib.Path(sys.argv[2])
RING = 256

COLUMNS = {
    "Alloc": "alloc", "TotalAlloc": "total_alloc", "Sys": "sys", "Lookups": "nlookup",
    "Mallocs": "nmalloc", "Frees": "nfree", "HeapAlloc": "heap_alloc", "HeapSys": "heap_sys",
    "HeapIdle": "heap_idle", "HeapInuse": "heap_inuse", "HeapReleased": "heap_released",
    "HeapObjects": "heap_objects", "StackInuse": "stacks_inuse", "MSpanInuse": "mspan_inuse",
    "MSpanSys": "mspan_sys", "MCacheInuse": "mcache_inuse", "MCacheSys": "mcache_sys",
    "BuckHashSys": "buckhash_sys", "GCSys": "gc_sys", "OtherSys": "other_sys", "NextGC": "next_gc",
    "LastGC": "last_gc_unix", "PauseTotalNs": "pause_total_ns", "NumGC": "numgc",
    "NumForcedGC": "numforcedgc", "GCCPUFraction": "gc_cpu_fraction", "EnableGC": "enablegc",
    "DebugGC": "debuggc",
}


def sql(source, query, stdin=None):
    answer = subprocess.run([memanalyze, "sql", "--format", "json", str(source), query],
                            input=stdin, capture_output=True, check=False)
    if answer.returncode != 0 or answer.stderr:
        sys.exit(f"{source}: status {answer.returncode}: {answer.stderr.decode()}")
    return json.loads(answer.stdout)


def equal(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: memanalyze says {got}, the file {expected}")


def column(value):
    """As a table has it: truth as 0 or 1, 2^63 and above as unknown."""
    if isinstance(value, bool):
        return int(value)
    return None if isinstance(value, int) and value >= 1 << 63 else value


# ---- the files, read without memanalyze ---------------------------------------------------

def objects(text):
    """Every JSON object with MemStats in a text, in order."""
    found, at = [], 0
    while (at := text.find("{", at)) >= 0:
        try:
            value, at = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            at += 1
            continue
        value = value.get("memstats", value)
        if "HeapAlloc" in value:
            found.append(value)
    return found


def profiles(text):
    """The MemStats block of a heap profile."""
    sample = {}
    for name, value in re.findall(r"^# (\w+) = (.*)$", text, re.MULTILINE):
        if value.startswith("["):
            sample[name] = [int(number) for number in value[1:-1].split()]
        elif "/" in value:
            sample[name + "Inuse"], sample[name + "Sys"] = map(int, value.split(" / "))
        elif value in ("true", "false"):
            sample[name] = value == "true"
        else:
            sample[name] = float(value) if name == "GCCPUFraction" else int(value)
    return [sample]


def rings(samples):
    """The pause of each cycle that a sample tells of, each once."""
    pauses = {}
    for sample in samples:
        newest = sample["NumGC"]
        for gc in range(max(1, newest - RING + 1), newest + 1):
            pauses[gc] = (sample["PauseNs"][(gc - 1) % RING], sample["PauseEnd"][(gc - 1) % RING])
    return [[gc, *pause] for gc, pause in sorted(pauses.items())]


# ---- comparing ------------------------------------------------------------------------------

def values(rows):
    return [list(row.values()) for row in rows]


def check_samples(name, source, samples, stdin=None):
    rows = sql(source, "SELECT m.*, s.gc_num, s.seq FROM mstats AS m"
                       " JOIN snapshot AS s ON s.id = m.snapshot_id ORDER BY s.id", stdin)
    equal(f"{name}: samples", len(rows), len(samples))
    for index, (row, sample) in enumerate(zip(rows, samples)):
        for go, ours in COLUMNS.items():
            equal(f"{name}: sample {index}, {go}", row[ours], column(sample.get(go)))
        equal(f"{name}: sample {index}, StackSys", row["stacks_sys"] + row["stacks_inuse"],
              sample["StackSys"])
        equal(f"{name}: sample {index}, place", [row["seq"], row["gc_num"]],
              [index, sample["NumGC"]])
        for unknown in ("triggerRatio", "heap_live", "heap_marked", "tinyallocs"):
            equal(f"{name}: {unknown}", row[unknown], None)
    equal(f"{name}: pauses",
          values(sql(source, "SELECT gc_num, duration_ns, end_unix_ns FROM gc_pause"
                             " ORDER BY gc_num", stdin)), rings(samples))
    equal(f"{name}: BySize",
          values(sql(source, "SELECT size, nmalloc, nfree FROM by_size"
                             " ORDER BY snapshot_id, class", stdin)),
          [[entry["Size"], entry["Mallocs"], entry["Frees"]]
           for sample in samples for entry in sample.get("BySize", [])])
    equal(f"{name}: identities that do not hold",
          sql(source, "SELECT * FROM accounting WHERE NOT holds", stdin), [])
    gaps = sum(later["NumGC"] - earlier["NumGC"] > RING
               for earlier, later in zip(samples, samples[1:]))
    equal(f"{name}: issues", values(sql(source, "SELECT code, count(*) FROM import_issue"
                                                " GROUP BY code", stdin)),
          [["pause_gap", gaps]] if gaps else [])


TRACE = re.compile(r"^gc (\d+) @([\d.]+)s (\d+)%: ([\d.+]+) ms clock, ([\d./+]+) ms cpu, "
                   r"(\d+)->(\d+)->(\d+) MB, (\d+) MB goal, (\d+) MB stacks, (\d+) MB globals, "
                   r"(\d+) P(?: \((forced)\))?$", re.MULTILINE)


def nanoseconds(milliseconds):
    return round(float(milliseconds) * 1e6)


def check_trace(name, source, text, stdin=None):
    cycles, pauses = [], []
    for line in TRACE.findall(text):
        gc, at, _, clock, cpu, start, end, live, goal, stacks, roots, threads, forced = line
        first, mark, last = map(nanoseconds, clock.split("+"))
        assist, background, idle = map(nanoseconds, cpu.split("+")[1].split("/"))
        cycles.append([int(gc), forced or "gc", int(threads), round(float(at) * 1e9), mark,
                       assist, background, idle, int(start) << 20, int(end) << 20,
                       int(live) << 20, int(goal) << 20, int(stacks) << 20, int(roots) << 20])
        pauses += [[int(gc), "mark_term", last], [int(gc), "sweep_term", first]]
    equal(f"{name}: cycles",
          values(sql(source, "SELECT gc_num, reason, threads, start_mono_ns, mark_ns,"
                             " cpu_assist_ns, cpu_background_ns, cpu_idle_ns, heap_live_start,"
                             " heap_live_end, heap_marked, heap_goal, stack_bytes, global_bytes"
                             " FROM gc_cycle ORDER BY gc_num", stdin)), cycles)
    equal(f"{name}: pauses",
          values(sql(source, "SELECT gc_num, phase, duration_ns FROM gc_pause"
                             " ORDER BY gc_num, phase", stdin)), pauses)
    released = [int(kib) << 10 for kib in re.findall(r"^scav .* (\d+) KiB total", text, re.M)]
    equal(f"{name}: scavenger's lines",
          [row["heap_released"] for row in
           sql(source, "SELECT heap_released FROM mstats WHERE heap_released IS NOT NULL"
                       " ORDER BY snapshot_id", stdin)], released)


def check_packed(check, name, expected, data):
    with tempfile.TemporaryDirectory() as scratch:
        packed = pathlib.Path(scratch, "gzip")
        packed.write_bytes(gzip.compress(data[:99]) + gzip.compress(data[99:]))
        check(f"{name} as gzip", packed, expected)
        packed.write_bytes(zstd(data, "-c"))
        check(f"{name} as zstd", packed, expected)
    check(f"{name} on standard input", "-", expected, data)


def zstd(data, option):
    return subprocess.run(["zstd", option], input=data, capture_output=True, check=True).stdout


def main():
    checked = 0
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        if path.suffix == ".zst":
            data = zstd(data, "-dc")
        text = data.decode()
        trace = "trace" in path.name
        expected = text if trace else profiles(text) if "profile" in path.name else objects(text)
        check = check_trace if trace else check_samples
        check(path.name, path, expected)
        if "lines" in path.name or trace:
            check_packed(check, path.name, expected, data)
        checked += 1
    if checked < 6:
        sys.exit(f"{folder}: only {checked} files to check")


main()
