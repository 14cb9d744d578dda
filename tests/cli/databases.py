"""A database made by load is a FILE like others: python3 databases.py MEMANALYZE MAKE_RECORDING GOLDEN

What is loaded from databases is, row by row, what is loaded from what they were made of; every verb
answers of a database beside other FILEs what it answers of one database with all of it.
"""
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

MEMANALYZE, MAKE_RECORDING, GOLDEN = (os.path.abspath(word) for word in sys.argv[1:4])
LEAKS = ("INSERT INTO leak_search SELECT max(id), 1, 2, 0, 3, 144, 9, 1, 48 FROM snapshot;"
         "INSERT INTO leak SELECT max(id), 4, 3, 144, 1, 48 FROM snapshot")
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n"


def run(*words):
    return subprocess.run([MEMANALYZE, *words], capture_output=True, timeout=120, text=True)


def load(database, *files, status=0):
    done = run("load", *files, "-o", database)
    assert done.returncode == status, done
    return done.stderr


def record(name, *words):
    subprocess.run([MAKE_RECORDING, name, *words], check=True)


def execute(database, script):
    with sqlite3.connect(database) as db:
        db.executescript(script)


def rows(database):
    """All that load stores; schema_doc and finding_rule are the database's own."""
    with sqlite3.connect(database) as db:
        tables = [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: sorted(db.execute(f"SELECT * FROM {table}"), key=repr) for table in tables
                if table not in ("schema_doc", "finding_rule")}


def same_rows(one, other):
    one, other = rows(one), rows(other)
    for table in one:
        assert one[table] == other[table], (table, one[table][:5], other[table][:5])


def merges():
    shutil.copy(f"{GOLDEN}/array.json.gz", "go.json.gz")
    with open("mended.zst", "wb") as out: # damage in the middle: issues of another severity
        out.write(b"".join(open(name, "rb").read() for name in ("one.zst", "query", "two.zst")))
    files = ["one.zst", "go.json.gz", "two.zst", "last.zst"]
    for number, name in enumerate(files):
        load(f"part{number}.db", name)
    parts = [f"part{number}.db" for number in range(len(files))]
    load("all.db", *files)
    for database in ("part3.db", "all.db"):
        execute(database, LEAKS)
    load("merged.db", *parts)
    same_rows("all.db", "merged.db")
    assert run("verify", "merged.db").returncode == 0

    # Again, and of what holds more than one of them: nothing changes, to the byte.
    shutil.copy("merged.db", "before.db")
    says = load("merged.db", *parts, "all.db", "one.zst")
    assert "0 runs, 0 snapshots, 0 spans added" in says, says
    assert open("merged.db", "rb").read() == open("before.db", "rb").read()

    # Damage stays known in what it is merged into.
    load("hurt.db", "mended.zst", status=4)
    assert "of damaged sources" in load("with_hurt.db", "part1.db", "hurt.db", status=4)
    assert run("report", "with_hurt.db").returncode == 4
    with_hurt, hurt = (rows(name)["import_issue"] for name in ("with_hurt.db", "hurt.db"))
    assert [row[1:] for row in with_hurt if row[2] == "damage"] == [row[1:] for row in hurt], with_hurt


def grows():
    """A run of which one database knows more than the other; and that it ended."""
    whole = open("long.zst", "rb").read()
    with open("torn.zst", "wb") as out:
        out.write(whole[:len(whole) * 2 // 3])
    load("grown.db", "torn.zst")
    load("whole.db", "long.zst")
    was = len(rows("grown.db")["snapshot"])
    says = load("grown.db", "whole.db")
    whole, grown = rows("whole.db"), rows("grown.db")
    assert 0 < was < len(whole["snapshot"]) and f" {len(whole['snapshot']) - was} snapshots" in says, says
    for table in ("run", "snapshot", "mstats", "span", "span_sum", "gc_cycle", "gc_pause", "by_size"):
        assert whole[table] == grown[table], table
    assert run("verify", "--strict", "grown.db").returncode == 0
    assert "0 runs, 0 snapshots" in load("grown.db", "whole.db")


def older():
    """Version 1 knew no leaks: they are unknown afterwards, not zero."""
    shutil.copy("part0.db", "older.db")
    execute("older.db", "DROP VIEW leaks; DROP TABLE leak; DROP TABLE leak_search; PRAGMA user_version = 1")
    shutil.copy("part3.db", "third.db")
    execute("third.db", "CREATE TEMP TABLE was AS SELECT * FROM leak; DROP TABLE leak;"
            "CREATE TABLE leak (snapshot_id, class, blocks, bytes); PRAGMA user_version = 3;"
            "INSERT INTO leak SELECT snapshot_id, class, blocks, bytes FROM was")
    load("of_older.db", "older.db", "third.db")
    assert rows("of_older.db")["mstats"] == sorted(
        rows("part0.db")["mstats"] + [(row[0] + 3, *row[1:]) for row in rows("part3.db")["mstats"]],
        key=repr)
    lost = rows("of_older.db")["leak"]
    assert len(lost) == 1 and lost[0][1:] == (4, 3, 144, None, None), lost


def verbs():
    """Beside other FILEs, by name too."""
    files = ["part0.db", "go.json.gz", "part2.db", "part3.db"]
    for words in (["report", "--format", "json"], ["verify", "--format", "csv"], ["export", "--as", "csv"],
                  ["check", "--max", "heap_alloc=1", "--format", "csv"],
                  ["sql", "SELECT * FROM span", "--format", "csv"],
                  ["sql", "SELECT * FROM accounting", "--format", "csv"]):
        mixed, one = run(words[0], *files, *words[1:]), run(words[0], "all.db", *words[1:])
        assert one.stdout and (mixed.returncode, mixed.stdout) == (one.returncode, one.stdout), (words, mixed)
    for words in (["diff", "--format", "csv"], ["spans", "--format", "csv"]):
        mixed = run(words[0], "part0.db@first", "two.zst@1", *words[1:])
        one = run(words[0], "all.db@run=1,first", "two.zst@1", *words[1:])
        assert one.stdout and (mixed.returncode, mixed.stdout) == (one.returncode, one.stdout), (words, mixed)
    for name, of in (("part2.db@1", "all.db@run=5,1"), ("part2.db@run=1,gc=2", "all.db@run=3,gc=2"),
                     ("part0.db@last", "all.db@run=1")):
        file = name.split("@")[0]
        mixed = run("report", *(name if file == f else f for f in files), "--format", "csv")
        one = run("report", of, "--format", "csv")
        assert one.stdout and mixed.stdout == one.stdout, (name, mixed.stderr, one.stderr)
    # A run that another FILE brought is one of the database as well.
    assert run("report", "one.zst", "part0.db@gc=2", "--format", "csv").returncode == 0


def begun():
    """A run that ended before its first snapshot is not the last run that a FILE stands for."""
    shutil.copy("part2.db", "begun.db")
    execute("begun.db", "DELETE FROM snapshot WHERE run_id = 3")
    for verb in ("report", "spans", "diff"):
        done, one = run(verb, "begun.db", "--format", "csv"), run(verb, "part2.db@run=2", "--format", "csv")
        assert done.returncode == 0, (verb, done)
        assert done.stdout == one.stdout or verb != "spans", (verb, done.stdout[:300], one.stdout[:300])
    assert run("spans", "begun.db@run=3").returncode == 2


def streams():
    """On standard input, a file or a pipe, and as a pipe that is named, as by a shell's <()."""
    for name in ("all.db", "one.zst", "go.json.gz"):
        expected = run("export", name, "--as", "csv").stdout
        content = open(name, "rb").read()
        with open(name, "rb") as file:
            of_file = subprocess.run([MEMANALYZE, "export", "-", "--as", "csv"], stdin=file,
                                     capture_output=True, text=True)
        of_pipe = subprocess.run([MEMANALYZE, "export", "-", "--as", "csv"], input=content,
                                 capture_output=True)
        reader, writer = os.pipe()
        named = subprocess.Popen([MEMANALYZE, "export", f"/dev/fd/{reader}", "--as", "csv"],
                                 stdout=subprocess.PIPE, pass_fds=[reader], text=True)
        os.close(reader)
        with open(writer, "wb") as out:
            out.write(content)
        of_named = named.communicate()[0]
        assert expected and of_file.stdout == expected, (name, of_file)
        assert of_pipe.stdout.decode() == expected, (name, of_pipe)
        assert of_named == expected, (name, of_named)
    for words in (["export", "one.zst@1", "--as", "csv"], ["spans", "one.zst@first"],
                  ["diff", "one.zst@gc=1", "one.zst@last", "--format", "csv"]):
        piped = [word.replace("one.zst", "-") for word in words]
        with open("one.zst", "rb") as file:
            done = subprocess.run([MEMANALYZE, *piped], stdin=file, capture_output=True, text=True)
        assert done.stdout and done.stdout == run(*words).stdout, (piped, done)
    with open("all.db", "rb") as file:
        done = subprocess.run([MEMANALYZE, "load", "-", "-o", "input.db"], stdin=file, capture_output=True)
    assert done.returncode == 0, done
    same_rows("input.db", "all.db")
    environment = {**os.environ, "TMPDIR": "missing"}
    done = subprocess.run([MEMANALYZE, "report", "-"], input=b"text", env=environment, capture_output=True)
    assert done.returncode == 3 and b"copied to missing (TMPDIR)" in done.stderr, done


def refused(says, *files):
    done = run("load", *files, "-o", "none.db")
    assert done.returncode == 3 and says in done.stderr, done
    assert done.stderr.count("\n") == 1 and not os.path.exists("none.db"), done
    done = run("sql", *files, "one.zst", "SELECT 1")
    assert done.returncode == 3 and says in done.stderr and not done.stdout, done


def hostile():
    execute("foreign.db", "CREATE TABLE run (id)")
    refused("not one made by 'memanalyze load'", "foreign.db")
    for name, script, says in (
            ("newer", "PRAGMA user_version = 99", "newer version"),
            ("view", f"DROP TABLE run; CREATE VIEW run AS {ENDLESS}", "not one made by"),
            ("virtual", "DROP TABLE mstats; CREATE VIRTUAL TABLE mstats USING fts5(alloc)", "not one made by"),
            ("lacking", "DROP TABLE snapshot", "no such table"),
            ("alone", "PRAGMA foreign_keys = OFF; UPDATE run SET source_id = 77", "NOT NULL"),
            ("empty", "DELETE FROM snapshot", "no valid snapshot"),
            ("text", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '');"
             "PRAGMA writable_schema = RESET; UPDATE span SET npages = 'many'", "TEXT")):
        shutil.copy("part0.db", f"{name}.db")
        execute(f"{name}.db", "DROP TRIGGER span_changed; " + script)
        refused(says, f"{name}.db")
    whole = open("part0.db", "rb").read()
    for name, content in (("cut.db", whole[:len(whole) // 2]), ("file:cut.db?mode=rw", whole[:5000]),
                          ("noise.db", whole[:100] + bytes(b ^ 0x5a for b in whole[100:]))):
        with open(name, "wb") as out:
            out.write(content)
        refused(name, name)
    # Its triggers and views are not asked, its rules not taken over.
    shutil.copy("part0.db", "trap.db")
    execute("trap.db", f"CREATE VIEW trap AS {ENDLESS}; DROP VIEW accounting;"
            f"CREATE VIEW accounting AS {ENDLESS}; UPDATE finding_rule SET threshold = 77")
    load("of_trap.db", "trap.db")
    same_rows("of_trap.db", "part0.db")
    assert "of the files to read" in run("load", "trap.db", "-o", "./trap.db").stderr


def main():
    record("one.zst", "1", "3", "8")
    record("two.zst", "3", "2", "12")
    record("last.zst", "4", "2", "5")
    record("long.zst", "1", "130", "8")
    with open("query", "w", encoding="utf-8") as out:
        out.write("SELECT 1;\n" * 9)
    merges()
    grows()
    older()
    verbs()
    begun()
    streams()
    hostile()


with tempfile.TemporaryDirectory() as here:
    os.chdir(here)
    main()
