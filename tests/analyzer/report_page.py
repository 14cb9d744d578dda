"""report_page.py MEMANALYZE MAKE_RECORDING Small|Large - the report as a page: it stands alone, says what
the JSON report says, and no text of a recording gets out of its place."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser

memanalyze, make_recording = sys.argv[1:3]

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "support"))
import hostile  # pylint: disable=wrong-import-position


class Page(HTMLParser):
    """The elements of a page, and the text of its script elements of a class."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.addresses = []
        self.data = {}
        self.open_class = None
        self.text_report = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.open_class = tag if tag == "pre" else attributes.get("class") if tag == "script" else None
        self.addresses += [value for name, value in attributes.items()
                           if name in ("src", "href", "action", "data", "srcset", "poster")]

    def handle_endtag(self, tag):
        self.open_class = None

    def handle_data(self, data):
        if self.open_class == "pre":
            self.text_report += data
        elif self.open_class:
            self.data.setdefault(self.open_class, []).append(data)

    def runs(self):
        return [json.loads(text) for text in self.data.get("run-data", [])]


def report(*arguments):
    done = subprocess.run([memanalyze, "report", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    # 4: the source is said to be damaged.
    if done.returncode not in (0, 4):
        raise AssertionError(f"exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def load(recording, database):
    subprocess.run([memanalyze, "load", recording, "-o", database], check=True,
                   stderr=subprocess.DEVNULL)


class Recorded(unittest.TestCase):
    """Has a recording and a folder for others."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.recording = cls.path("good.zst")
        subprocess.run([make_recording, cls.recording, "1", "30", "400"], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)


class Small(Recorded):
    def hostile_database(self):
        database = self.path("hostile.db")
        if not os.path.exists(database):
            load(self.recording, database)
            hostile.rename(database)
        return database

    def test_nothing_on_the_page_has_an_address_to_ask(self):
        text = report("--format", "html", self.recording)
        self.assertNotIn("://", text)
        self.assertNotIn("sourceMappingURL", text)
        self.assertIsNone(re.search(r"@import|url\(|\bimport\s*\(", text))
        self.assertEqual(Page(text).addresses, ["data:,"])
        self.assertIn("default-src 'none'", text)

    def test_the_charting_library_comes_with_its_license(self):
        text = report("--format", "html", self.recording)
        if "Dygraph=t()" not in text:
            self.skipTest("built without the charting library")
        self.assertIn("Dan Vanderkam", text)
        self.assertIn("Permission is hereby granted, free of charge", text)

    def assert_same_figures(self, file):
        page = Page(report("--format", "html", file)).runs()
        plain = json.loads(report("--format", "json", file))["runs"]
        self.assertEqual(len(page), len(plain))
        for drawn, run in zip(page, plain):
            pictures = drawn.pop("pictures")
            snapshots, cycles = run.pop("snapshots"), run["pauses"].pop("cycles")
            self.assertEqual(drawn, run)
            by_seq = {snapshot["seq"]: snapshot for snapshot in snapshots}
            levels = pictures["levels"]
            for i, seq in enumerate(levels["seq"]):
                for key in ("gc_num", "heap_alloc_bytes", "heap_inuse_bytes", "resident_bytes"):
                    self.assertEqual(levels[key][i], by_seq[seq][key])
            pauses = {cycle["gc_num"]: cycle["pause_ns"] for cycle in cycles}
            self.assertEqual(dict(zip(pictures["pauses"]["gc_num"], pictures["pauses"]["pause_ns"])),
                             {gc: pauses[gc] for gc in pictures["pauses"]["gc_num"]})
            self.assertEqual(sum(pictures["histogram"]["n"]), len(cycles))
        return page

    def test_figures_are_those_of_the_json_report(self):
        self.assert_same_figures(self.recording)

    def test_figures_of_hostile_data_are_those_of_the_json_report(self):
        self.assert_same_figures(self.hostile_database())

    def test_lost_blocks_are_those_of_the_json_report(self):
        for version, indirect in (("1.1", None), ("1.2", 902)):
            golden = os.path.join(TESTS, "golden", f"v{version}.zst")
            for run in self.assert_same_figures(golden):
                self.assertEqual(run["leaks"]["indirect_blocks"], indirect)

    def test_the_map_holds_every_byte_of_the_spans(self):
        run = Page(report("--format", "html", self.recording)).runs()[0]
        accounts = {account["key"]: account["bytes"] for account in run["accounting"]}
        cells = run["pictures"]["map"]["cells"]
        sums = [sum(cell[k] for cell in cells) for k in range(6)]
        # A cell's bytes are rounded, each by half a byte at most.
        slack = len(cells)
        self.assertAlmostEqual(sums[1], accounts["objects"], delta=slack)
        self.assertAlmostEqual(sums[2], accounts["free_slots"] + accounts["tail_waste"], delta=slack)
        self.assertAlmostEqual(sums[3], accounts["retained"], delta=slack)
        self.assertAlmostEqual(sums[4], accounts["released"], delta=slack)
        self.assertAlmostEqual(sums[5], accounts["stack_spans"], delta=slack)

    def test_occupancy_of_the_last_column_is_that_of_the_classes(self):
        run = Page(report("--format", "html", self.recording)).runs()[0]
        drawn = run["pictures"]["classes"]
        self.assertEqual(drawn["seq"][-1], run["snapshot"]["seq"])
        last = {row["class"]: (row["occupancy_ratio"][-1], row["span_bytes"][-1]) for row in drawn["rows"]}
        for one in run["classes"]:
            self.assertAlmostEqual(last[one["class"]][0], one["occupancy_ratio"], delta=1e-4)
            self.assertEqual(last[one["class"]][1], one["span_bytes"])

    def test_no_name_leaves_its_place(self):
        good = Page(report("--format", "html", self.recording))
        text = report("--format", "html", self.hostile_database())
        page = Page(text)
        self.assertEqual(page.tags, good.tags)
        self.assertEqual(page.addresses, good.addresses)
        self.assertEqual(text.lower().count("</script"), page.tags.count("script"))
        self.assertEqual(page.runs()[0]["exe"], hostile.NAME)
        self.assertIn("</script><script>document.title", page.text_report)
        for character in "\x1b\u202e\u2028":
            self.assertNotIn(character, page.text_report)

    def test_no_file_name_leaves_its_place(self):
        os.makedirs(self.path("a<"), exist_ok=True)
        name = self.path("a</script><img src=x>.zst")
        shutil.copy(self.recording, name)
        page = Page(report("--format", "html", name))
        self.assertEqual(page.tags, Page(report("--format", "html", self.recording)).tags)
        self.assertEqual(json.loads(page.data["page-data"][0])["file"], name)
        self.assertEqual(page.runs()[0]["path"], name)

    def test_a_reader_without_scripts_has_the_text_report(self):
        page = Page(report("--format", "html", self.recording))
        self.assertIn("WHERE EVERY BYTE IS", page.text_report)
        self.assertEqual(page.text_report.strip(), report(self.recording).strip())

    def test_each_run_is_on_the_page(self):
        recording = self.path("three.zst")
        subprocess.run([make_recording, recording, "3", "4", "40"], check=True)
        self.assertEqual(len(self.assert_same_figures(recording)), 3)

    def test_what_was_not_recorded_is_null(self):
        recording = self.path("summary.zst")
        subprocess.run([make_recording, recording, "1", "3", "40", "summary"], check=True)
        run = self.assert_same_figures(recording)[0]
        self.assertIsNone(run["classes"])

    def test_figures_that_cannot_be_make_a_report_all_the_same(self):
        for extreme in (2 ** 50, -2 ** 50, -1):
            database = self.path(f"extreme{extreme}.db")
            load(self.recording, database)
            hostile.distort(database, extreme)
            for form in ("table", "markdown", "csv", "json"):
                report("--format", form, database)
            run = Page(report("--format", "html", database)).runs()[0]
            self.assertEqual(len(run["pictures"]["levels"]["seq"]), run["quality"]["snapshots"])

    def test_only_the_report_is_a_page(self):
        refused = subprocess.run([memanalyze, "sql", "--format", "html", self.recording, "SELECT 1"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertEqual(refused.stdout, b"")


class Large(Recorded):
    def test_many_runs_leave_out_the_first_and_say_so(self):
        database = self.path("many.db")
        load(self.recording, database)
        with sqlite3.connect(database) as db:
            for i in range(2, 131):
                db.execute("INSERT INTO run (id, source_id, uuid) VALUES (?, 1, ?)", (i, str(i)))
                db.execute("INSERT INTO snapshot (run_id, seq) VALUES (?, 0)", (i,))
        page = Page(report("--format", "html", database))
        self.assertEqual([run["run_id"] for run in page.runs()], list(range(31, 131)))
        self.assertEqual(json.loads(page.data["page-data"][0])["runs_left_out"], 30)

    def test_a_long_run_is_thinned_to_a_page_of_bounded_size(self):
        recording, database = self.path("short.zst"), self.path("long.db")
        subprocess.run([make_recording, recording, "1", "1", "4"], check=True)
        load(recording, database)
        with sqlite3.connect(database) as db:
            db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)"
                       " INSERT INTO snapshot (id, run_id, seq, gc_num, unix_ns) SELECT 1000 + i, 1, 1000 + i,"
                       " 1000 + i, 1700000000000000000 + i * 1000000 FROM n")
            db.execute("INSERT INTO mstats (snapshot_id, heap_inuse, heap_alloc) SELECT id,"
                       " CASE id WHEN 5678 THEN 900000 ELSE 1000 + id % 7 END, 500 FROM snapshot"
                       " WHERE id > 1000")
            db.execute("INSERT INTO gc_pause SELECT 1, gc_num, 'mark', CASE gc_num WHEN 7777 THEN 123456789"
                       " ELSE 1000 + gc_num % 11 END, 5, unix_ns FROM snapshot WHERE id > 1000")
        text = report("--format", "html", database)
        run = Page(text).runs()[0]
        levels, pauses = run["pictures"]["levels"], run["pictures"]["pauses"]
        self.assertLessEqual(len(levels["seq"]), 4000)
        self.assertLessEqual(len(pauses["gc_num"]), 4000)
        self.assertEqual(run["quality"]["snapshots"], 9001)
        self.assertEqual(max(value for value in levels["heap_inuse_bytes"] if value), 900000)
        self.assertEqual(max(pauses["pause_ns"]), 123456789)
        self.assertEqual(levels["seq"], sorted(set(levels["seq"])))
        self.assertEqual(levels["seq"][-1], 10000)
        self.assertEqual(sum(run["pictures"]["histogram"]["n"]), run["pauses"]["n"])
        self.assertLess(len(text), 1500000)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], sys.argv[3]])
