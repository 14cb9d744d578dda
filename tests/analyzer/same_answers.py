"""A database made by load answers as the recordings in it do, and pairs of snapshots come from
anything: python3 same_answers.py MEMANALYZE MAKE_RECORDING GOLDEN [all]

Every verb that prints, with `all` in every format that --words names, is asked of a file called `heap` in two
folders: in one it is the source itself, in the other its database. Not a byte may differ.
"""
import csv
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

MEMANALYZE, MAKE_RECORDING, GOLDEN = (os.path.abspath(word) for word in sys.argv[1:4])
ALL = sys.argv[4:] == ["all"]
# Where a source lies and how long it is, and how its rows were stored, is its own.
NOT_COMPARED = {"source", "sqlite_schema"}
COMMANDS = {
    "report": [["heap"], ["heap@first"]],
    "verify": [["heap"]],
    "diff": [["heap"], ["heap@last", "heap@first"], ["heap", "--subtract"]],
    "spans": [["heap"], ["heap@first", "heap"]],
    "check": [["heap", "--max", "fragmentation_ratio=0.9", "--max", "sys=1"], ["heap", "--over", "any", "--max", "sys=1GiB"]],
    "export": [["heap", "--as", form] for form in ("memstats-json", "prometheus", "csv")],
    "sql": [],  # a statement for each table and view
}


def run(folder, *words, status=None):
    done = subprocess.run([MEMANALYZE, *words], cwd=folder, capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    if status is not None:
        assert done.returncode == status, (words, done.returncode, done.stderr)
    return done


def formats():
    """{verb: what --format may be}"""
    words = [line.split("\t") for line in run(".", "--words", status=0).stdout.decode().splitlines()]
    return {verb: value.split("|") for verb, option, _, value in words if option == "--format"}


def statements(database):
    """One for each table and view, its rows in an order of their own."""
    with sqlite3.connect(database) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"):
            if name not in NOT_COMPARED:
                columns = len(db.execute(f"PRAGMA table_info({name})").fetchall())
                order = ", ".join(str(i + 1) for i in range(columns))
                yield f"SELECT * FROM {name} ORDER BY {order}"


def compare(folder, source, in_every_format):
    files, databases = f"{folder}/file", f"{folder}/database"
    for here in (files, databases):
        os.mkdir(here)
    shutil.copy(source, f"{files}/heap")
    run(files, "load", "heap", "-o", f"{databases}/heap", status=0)
    commands = [[verb, *words] for verb, all_words in COMMANDS.items() for words in all_words]
    commands += [["sql", "heap", "; ".join(statements(f"{databases}/heap"))]]
    known, count = formats(), 0
    for command in commands:
        for form in known.get(command[0], [None]):
            if form not in (None, "json", "svg") and (command[0] == "sql" or not in_every_format):
                continue
            asked = command + (["--format", form] if form else [])
            of_file, of_database = run(files, *asked), run(databases, *asked)
            assert of_file.returncode == of_database.returncode, (asked, of_file, of_database)
            assert of_file.stdout == of_database.stdout, (
                asked, difference(of_file.stdout, of_database.stdout))
            count += 1
    shutil.rmtree(files)
    shutil.rmtree(databases)
    return count


def difference(a, b):
    for x, y in zip(a.splitlines(), b.splitlines()):
        if x != y:
            return x[:300], y[:300]
    return len(a), len(b)


def rows(folder, *words):
    return list(csv.DictReader(io.StringIO(run(folder, *words, "--format", "csv", status=0).stdout.decode())))


def test_load_again(folder):
    """What is there stays as it is, to the byte; a longer recording adds its new snapshots only."""
    for count in (4, 9):
        subprocess.run([MAKE_RECORDING, f"{folder}/grows.zst", "1", str(count), "12"], check=True)
        run(folder, "load", "grows.zst", "-o", "grows.db", status=0)
        with open(f"{folder}/grows.db", "rb") as database:
            before = database.read()
        run(folder, "load", "grows.zst", "-o", "grows.db", status=0)
        with open(f"{folder}/grows.db", "rb") as database:
            assert database.read() == before, "loading again changed the database"
        seqs = [row["seq"] for row in rows(folder, "sql", "grows.db", "SELECT seq FROM snapshot ORDER BY id")]
        assert seqs == [str(i) for i in range(count)], seqs
        spans = rows(folder, "sql", "grows.db", "SELECT count(*) AS n FROM span")
        assert spans == [{"n": str(12 * count)}], spans


def test_pairs(folder):
    """One run's snapshots, two runs, files, databases and mixtures give one answer."""
    for name, count, spans in (("a.zst", 10, 40), ("b.zst", 5, 90)):
        subprocess.run([MAKE_RECORDING, f"{folder}/{name}", "1", str(count), str(spans)], check=True)
        run(folder, "load", name, "-o", name.replace("zst", "db"), status=0)
    run(folder, "load", "a.zst", "b.zst", "-o", "both.db", status=0)
    shutil.copy(f"{folder}/a.zst", f"{folder}/copy.zst")
    for verb in ("diff", "spans"):
        for a, b, others in (
                ("a.zst@2", "b.zst", (("a.db@2", "b.zst"), ("a.zst@2", "b.db"), ("a.db@2", "b.db"))),
                ("a.zst@first", "a.zst", (("a.db@first", "a.zst"), ("a.zst@0", "copy.zst"), ("a.db@gc=1", "a.db")))):
            expected = rows(folder, verb, a, b)
            assert expected
            for pair in others:
                assert rows(folder, verb, *pair) == expected, (verb, pair)
    assert rows(folder, "diff", "both.db") == rows(folder, "diff", "b.zst"), "the last run of a database"
    assert rows(folder, "diff", "a.zst", "copy.zst") == [], "a run and its copy differ"

    # What was done in between, of one run and forward only.
    between = {(row["kind"], row["name"]): row for row in rows(folder, "diff", "--subtract", "a.db@2", "a.zst@6")}
    assert between["mstats", "numgc"]["amount"] == "4", between
    assert between["mstats", "pause_total_ns"]["amount"] == str(1000 * (4 + 5 + 6 + 7)), between
    assert any(kind == "allocated" for kind, _ in between), between
    for pair in (("a.zst@6", "a.zst@2"), ("a.zst", "b.zst")):
        assert b"of one run" in run(folder, "diff", "--subtract", *pair, status=2).stderr, pair

    # The largest change first, signed, in units and as a ratio, by figure, state and class.
    changes = rows(folder, "diff", "a.zst", "b.zst")
    assert {row["kind"] for row in changes} == {"mstats", "state", "class"}
    for kind in ("mstats", "state", "class"):
        sizes = [abs(int(row["change"])) for row in changes if row["kind"] == kind]
        assert sizes == sorted(sizes, reverse=True) and sizes, kind
    back = {(row["kind"], row["name"]): row["change"] for row in rows(folder, "diff", "b.zst", "a.zst")}
    for row in changes:
        change = int(row["change"])
        assert change == int(row["b"]) - int(row["a"]) == -int(back[row["kind"], row["name"]])
        assert abs(float(row["ratio"]) - change / int(row["a"])) < 1e-9


def test_map_of_two(folder):
    """The cells of a side are those of its snapshot, and what moved is the sum of the changes."""
    cells = rows(folder, "spans", "a.zst", "b.zst")
    for side, name in (("a_", "a.zst"), ("b_", "b.zst")):
        expected = rows(folder, "sql", name, "SELECT sum(npages * 8192) FILTER (WHERE state = 'inuse') AS inuse_bytes,"
                        " sum(npages * 8192) FILTER (WHERE state = 'idle') AS idle_bytes, sum(released_bytes) AS released_bytes"
                        " FROM span WHERE snapshot_id = (SELECT max(id) FROM snapshot)")[0]
        for figure, value in expected.items():
            sum_of_cells = sum(int(cell[side + figure]) for cell in cells)
            rounding = len(cells) if figure == "released_bytes" else 0
            assert abs(sum_of_cells - int(value)) <= rounding, (name, figure)
        for cell in cells:
            used = int(cell[side + "inuse_bytes"])
            ratio = cell[side + "occupancy_ratio"]
            assert (ratio == "") == (used == 0)
            assert not used or abs(float(ratio) - int(cell[side + "alloc_bytes"]) / used) < 1e-3
    for cell in cells:
        assert int(cell["alloc_change_bytes"]) == int(cell["b_alloc_bytes"]) - int(cell["a_alloc_bytes"])

    text = run(folder, "spans", "a.zst", "b.zst", status=0).stdout.decode()
    into_use = sum(int(cell["a_inuse_bytes"]) == 0 < int(cell["b_inuse_bytes"]) for cell in cells)
    assert into_use and f"{into_use} into use, 0 out of use" in text, text
    assert sum(line.count("+") for line in text.splitlines() if line.startswith("0x")) == into_use
    text = run(folder, "spans", "b.zst", "a.zst", status=0).stdout.decode()
    assert f"0 into use, {into_use} out of use" in text, text


def test_drawing(folder):
    """One file of shapes and words, whatever a program is called; a square for each cell."""
    name = "<script>&amp;\x1b[31m\u202e\ufffe\"'</style>]]>"
    shutil.copy(f"{folder}/a.db", f"{folder}/named.db")
    with sqlite3.connect(f"{folder}/named.db") as db:
        db.execute("UPDATE run SET exe = ?", (name,))
    drawing = run(folder, "spans", "named.db@first", "b.zst", "--format", "svg", status=0).stdout
    root = ElementTree.fromstring(drawing)
    tags = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()}
    assert tags == {"svg", "title", "style", "rect", "text"}, tags
    for element in root.iter():
        assert not {key for key in element.attrib if "href" in key or key.startswith("on")}
    assert b"url(" not in drawing and b"@import" not in drawing and drawing.count(b"://") == 1  # its name space
    titles = [element.text for element in root.iter() if element.get("class") == "h"]
    assert titles[0].startswith("A: <script>&amp;\\x1b[31m\\u202e\\ufffe\"'</style>]]>, gc 1, "), titles
    assert titles[1].startswith("B: made-up, gc 5, ") and titles[2] == "From A to B", titles
    squares = [title.text for rect in root.iter() for title in rect if rect.tag.endswith("}rect")]
    cells = rows(folder, "spans", "a.zst@first", "b.zst")
    sides = [sum(any(int(cell[side + figure]) for figure in ("inuse_bytes", "stack_bytes", "idle_bytes"))
                 for cell in cells) for side in ("a_", "b_")]
    assert len(squares) == sum(sides) + len(cells), (len(squares), sides, len(cells))
    address = f"{int(cells[0]['base']):#x}"
    assert sum(text.startswith(address) for text in squares) == 3, squares[0]

    text = run(folder, "spans", "named.db@first", "b.zst", status=0).stdout
    assert b"\x1b" not in text and "\u202e".encode() not in text
    summary = f"{folder}/summary.zst"
    subprocess.run([MAKE_RECORDING, summary, "1", "3", "8", "summary"], check=True)
    for form, says in (("svg", b"no span was recorded"), ("table", b"No span was recorded"), ("json", b"[]")):
        assert says in run(folder, "spans", summary, "--format", form, status=0).stdout, form
    assert run(folder, "spans", summary, "a.zst", status=0).stdout.count(b"+")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([MAKE_RECORDING, f"{folder}/runs.zst", "2", "7", "40"], check=True)
        subprocess.run([MAKE_RECORDING, f"{folder}/torn.zst", "1", "4", "12", "torn"], check=True)
        count = 0
        sources = [f"{folder}/runs.zst"]
        if ALL:
            sources += [f"{folder}/torn.zst", f"{GOLDEN}/v1.0.zst", f"{GOLDEN}/v1.1.zst",
                        f"{GOLDEN}/go1.19/lines.log.gz", f"{GOLDEN}/go1.19/trace.log.zst"]
        for source in sources:
            count += compare(folder, source, in_every_format=ALL)
        test_load_again(folder)
        test_pairs(folder)
        test_map_of_two(folder)
        test_drawing(folder)
    print(count, "answers are the same of a database")


main()
