"""What export writes is what Go would have: python3 export.py MEMANALYZE GOLDEN

GOLDEN has MemStats that a Go program printed; exported as memstats-json they come out as
encoding/json prints them, to the byte. The metrics have the names, types and values of Go's
client for Prometheus (client_golang, collectors/go_collector_go116.go), without its labels.
"""
import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tempfile

MEMANALYZE, GOLDEN = map(os.path.abspath, sys.argv[1:3])
SAMPLES = f"{GOLDEN}/array.json.gz"

# Name behind go_memstats_, type, value of runtime.MemStats.
METRICS = [
    ("alloc_bytes", "gauge", "Alloc"), ("alloc_bytes_total", "counter", "TotalAlloc"),
    ("sys_bytes", "gauge", "Sys"), ("lookups_total", "counter", "Lookups"),
    ("mallocs_total", "counter", "Mallocs"), ("frees_total", "counter", "Frees"),
    ("heap_alloc_bytes", "gauge", "HeapAlloc"), ("heap_sys_bytes", "gauge", "HeapSys"),
    ("heap_idle_bytes", "gauge", "HeapIdle"), ("heap_inuse_bytes", "gauge", "HeapInuse"),
    ("heap_released_bytes", "gauge", "HeapReleased"), ("heap_objects", "gauge", "HeapObjects"),
    ("stack_inuse_bytes", "gauge", "StackInuse"), ("stack_sys_bytes", "gauge", "StackSys"),
    ("mspan_inuse_bytes", "gauge", "MSpanInuse"), ("mspan_sys_bytes", "gauge", "MSpanSys"),
    ("mcache_inuse_bytes", "gauge", "MCacheInuse"), ("mcache_sys_bytes", "gauge", "MCacheSys"),
    ("buck_hash_sys_bytes", "gauge", "BuckHashSys"), ("gc_sys_bytes", "gauge", "GCSys"),
    ("other_sys_bytes", "gauge", "OtherSys"), ("next_gc_bytes", "gauge", "NextGC"),
    ("last_gc_time_seconds", "gauge", "LastGC"), ("gc_cpu_fraction", "gauge", "GCCPUFraction"),
]


def run(*words):
    return subprocess.run([MEMANALYZE, *words], check=True, capture_output=True, text=True).stdout


def check_memstats(file, samples):
    for seq, sample in enumerate(samples):
        got = run("export", f"{file}@{seq}", "--as", "memstats-json")
        assert got == json.dumps(sample, indent=4) + "\n", f"{file}@{seq} is not what Go printed"


def go_quantiles(sample):
    """debug.ReadGCStats, with room for five."""
    pauses = sorted(sample["PauseNs"][:min(sample["NumGC"], 256)])
    return [pauses[len(pauses) * i // 4] for i in range(4)] + [pauses[-1]] if pauses else []


def check_metrics(file, seq, sample):
    text = run("export", f"{file}@{seq}", "--as", "prometheus")
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helped = re.findall(r"^# HELP (\S+) \S.*$", text, re.M)
    values = dict(re.findall(r"^([a-z_]+(?:\{.*\})?) (\S+)$", text, re.M))
    expected = {f"go_memstats_{name}": kind for name, kind, _ in METRICS}
    expected["go_gc_duration_seconds"] = "summary"
    assert types == expected, set(types.items()) ^ set(expected.items())
    assert sorted(helped) == sorted(expected), helped
    for name, _, key in METRICS:
        value = sample[key] / 1e9 if key == "LastGC" else sample[key]
        got = float(values.pop(f"go_memstats_{name}"))
        assert got == value or abs(got / value - 1) < 1e-8, (name, got, value)
    for i, pause in enumerate(go_quantiles(sample)):
        got = float(values.pop('go_gc_duration_seconds{quantile="%g"}' % (i / 4)))
        assert abs(got - pause / 1e9) < 1e-12, (i, got, pause)
    assert float(values.pop("go_gc_duration_seconds_sum")) == sample["PauseTotalNs"] / 1e9
    assert int(values.pop("go_gc_duration_seconds_count")) == sample["NumGC"]
    assert not values, values


def check_rows(file, samples):
    rows = list(csv.DictReader(io.StringIO(run("export", file, "--as", "csv"))))
    assert [int(row["heap_alloc"]) for row in rows] == [s["HeapAlloc"] for s in samples]
    assert [int(row["numgc"]) for row in rows] == [s["NumGC"] for s in samples]
    one = list(csv.DictReader(io.StringIO(run("export", f"{file}@2", "--as", "csv"))))
    assert one == [rows[2]], one


def main():
    with gzip.open(SAMPLES) as file:
        samples = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/go.db"
        subprocess.run([MEMANALYZE, "load", SAMPLES, "-o", database], check=True, capture_output=True)
        for file in (SAMPLES, database):
            check_memstats(file, samples)
            check_rows(file, samples)
            for seq, sample in enumerate(samples):
                check_metrics(file, seq, sample)
    print(len(samples), "samples,", len(METRICS), "metrics")


main()
