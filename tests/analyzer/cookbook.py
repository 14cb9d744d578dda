"""cookbook.py MEMANALYZE MAKE_RECORDING COOKBOOK - every query of the cookbook gives rows, the
same ones from a recording and from the database that load makes of it."""
import re
import subprocess
import sys
import tempfile

memanalyze, make_recording, cookbook = sys.argv[1:4]
failures = 0


def fail(what):
    global failures
    failures += 1
    print("FAILED:", what)


def ask(source, sql):
    result = subprocess.run([memanalyze, "sql", "--format", "csv", source, sql],
                            capture_output=True, text=True)
    if result.returncode != 0 or result.stderr:
        fail(f"status {result.returncode}, {result.stderr!r}: {sql}")
    return result.stdout.splitlines()


text = open(cookbook, encoding="utf-8").read()
sections = re.split(r"^## ", text, flags=re.M)[1:]
numbers = [int(section.split(".")[0]) for section in sections]
if numbers != list(range(1, 21)):
    fail(f"the questions are numbered {numbers}")

with tempfile.TemporaryDirectory() as folder:
    recording, database = f"{folder}/two.zst", f"{folder}/two.db"
    # The number of cycles is such that some spans hold a single object.
    subprocess.run([make_recording, recording, "2", "16", "400"], check=True)
    subprocess.run([memanalyze, "load", recording, "-o", database], check=True, capture_output=True)
    for section in sections:
        title = section.splitlines()[0]
        queries = re.findall(r"^```sql\n(.*?)^```", section, flags=re.M | re.S)
        if len(queries) != 1:
            fail(f"{len(queries)} queries: {title}")
        for sql in queries:
            rows = ask(recording, sql)
            if len(rows) < 2:
                fail(f"no row: {title}")
            if ask(database, sql) != rows:
                fail(f"the database answers otherwise: {title}")

print("all held" if failures == 0 else f"{failures} failures")
sys.exit(failures != 0)
