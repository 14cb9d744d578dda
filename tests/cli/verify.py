#!/usr/bin/env python3
"""verify.py MEMANALYZE MAKE_RECORDING - verify proves each accounting identity: recordings in
which one figure is wrong, one after the other, and which identities are then said not to hold."""

import json
import subprocess
import sys
import tempfile

MEMANALYZE, MAKE_RECORDING = sys.argv[1:]
DAMAGED = 4

# Where figures stand among the words of mstats (schemas/snapshot.md, section 4).
NUMGC = 24 + 2 * 256
CLASS_5 = NUMGC + 5 + 3 * 5
WORDS = {
    "alloc": (0, ["alloc = heap_alloc", "objects in spans = alloc"]),
    "sys": (2, ["sys = sum of its parts"]),
    "nmalloc": (4, ["heap_objects = nmalloc - nfree"]),
    "nfree": (5, ["heap_objects = nmalloc - nfree"]),
    "heap_alloc": (6, ["alloc = heap_alloc", "free slots + tails = fragmentation",
                       "heap_alloc <= heap_inuse"]),
    "heap_sys": (7, ["heap_sys = heap_idle + heap_inuse", "sys = sum of its parts"]),
    "heap_idle": (8, ["heap_sys = heap_idle + heap_inuse", "idle pages = heap_idle"]),
    "heap_inuse": (9, ["free slots + tails = fragmentation", "heap_sys = heap_idle + heap_inuse",
                       "spans in use = heap_inuse"]),
    "heap_released": (10, ["heap_released <= heap_idle", "released pages = heap_released"]),
    "heap_objects": (11, ["heap_objects = nmalloc - nfree", "objects in spans = heap_objects"]),
    "stacks_inuse": (12, ["stack spans = stacks_inuse", "sys = sum of its parts"]),
    "stacks_sys": (13, ["sys = sum of its parts"]),
    "mspan_inuse": (14, ["mspan_inuse <= mspan_sys"]),
    "mcache_inuse": (16, ["mcache_inuse <= mcache_sys"]),
    "buckhash_sys": (18, ["sys = sum of its parts"]),
    "gc_sys": (19, ["sys = sum of its parts"]),
    "other_sys": (20, ["sys = sum of its parts"]),
    "last_gc_unix": (22, ["last_gc_unix = end of the last pause"]),
    "pause_total_ns": (23, ["pause_total_ns = sum of the pauses"]),
    "numforcedgc": (NUMGC + 1, ["numforcedgc <= numgc"]),
    "by_size[5].nmalloc": (CLASS_5 + 1, ["size classes that disagree = 0"]),
}
MORE = 10**9  # beyond any other figure of so small a recording


def verify(path, *options):
    """The exit status, and by kind of check whether it always held."""
    subprocess.run([MAKE_RECORDING, path, "1", "2", "8", *options], check=True)
    done = subprocess.run([MEMANALYZE, "verify", "--format", "json", path],
                          capture_output=True, text=True, check=False)
    return done.returncode, {row["name"]: row["failed"] == 0 for row in json.loads(done.stdout)}


failures = 0
with tempfile.TemporaryDirectory() as folder:
    status, identities = verify(f"{folder}/good.zst")
    if status != 0 or not all(identities.values()):
        sys.exit(f"FAILED: the good recording: {status}, {identities}")
    proven = {"checksums"}  # damage has tests of its own
    for name, (word, expected) in WORDS.items():
        status, found = verify(f"{folder}/{name}.zst", "more", str(word), str(MORE))
        broken = sorted(identity for identity, holds in found.items() if not holds)
        proven.update(broken)
        if status != DAMAGED or broken != sorted(expected):
            print(f"FAILED: {name}: exit {status}, these do not hold: {broken}")
            failures += 1
    if proven != set(identities):
        print(f"FAILED: never seen broken: {sorted(set(identities) - proven)}")
        failures += 1
sys.exit(failures != 0)
