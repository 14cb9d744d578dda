"""Holds a report in JSON to its promises: python3 render_check.py < report.json

Each row of the accounting tree is the sum of the rows right below it, where all are known;
a run says whether it is complete, the report whether all are; trends end where the snapshots
end; percentiles rise.
"""
import json
import sys


def children(rows, index):
    for row in rows[index + 1:]:
        if row["depth"] <= rows[index]["depth"]:
            return
        if row["depth"] == rows[index]["depth"] + 1:
            yield row


def check_run(run):
    rows = run["accounting"]
    for index, row in enumerate(rows):
        below = [child["bytes"] for child in children(rows, index)]
        if below and row["bytes"] is not None and None not in below:
            assert sum(below) == row["bytes"], row
    for key, trend in run["trends"].items():
        if run["snapshots"]:
            assert trend["first"] == run["snapshots"][0][key], key
            assert trend["last"] == run["snapshots"][-1][key], key
    pauses = run["pauses"]
    if pauses["n"]:
        order = [pauses[key] for key in ("min_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns")]
        assert order == sorted(order), order
    assert 1 <= len(run["verdict"]) <= 3
    assert isinstance(run["complete"], bool)
    for finding in run["findings"]:
        assert finding["sentence"] and "{" not in finding["sentence"], finding


report = json.load(sys.stdin)
assert report["complete"] == all(run["complete"] for run in report["runs"])
for each in report["runs"]:
    check_run(each)
print(len(report["runs"]), "runs")
