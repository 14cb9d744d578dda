"""A folder is all that can be read in it: python3 folders.py MEMANALYZE MAKE_RECORDING GOLDEN

Every verb that takes FILE is asked of a folder with recordings, texts of Go's figures and things
that are neither; it has to answer what it answers of the same files named one by one.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile

MEMANALYZE, MAKE_RECORDING, GOLDEN = (os.path.abspath(word) for word in sys.argv[1:4])

# What each verb is asked, behind its FILEs.
ASKED = {"load": ["-o", "new.db", "--format", "csv"],
         "report": ["--format", "json"], "verify": ["--format", "csv"], "spans": ["--format", "csv"],
         "sql": ["SELECT * FROM source, run ON source_id = source.id, mstats", "--format", "csv"],
         "diff": ["--format", "csv"], "check": ["--max", "heap_alloc=1", "--format", "csv"],
         "export": ["--as", "csv"]}
ALONE = {"salvage", "watch"}  # they take one recording
NO_FILES = {"schema", "record"}


def run(*words):
    return subprocess.run([MEMANALYZE, *words], capture_output=True, timeout=120, text=True)


def same(verb, folder, files):
    """diff and spans make something else of two FILEs: they are asked of the database."""
    one = run(verb, folder, *ASKED[verb])
    if verb == "load":
        os.rename("new.db", "first.db")
    many = run(verb, *(["first.db"] if verb in ("diff", "spans") else files), *ASKED[verb])
    assert one.returncode == many.returncode, (verb, one, many)
    assert one.stdout == many.stdout and one.stdout, (verb, one.stdout[:2000], many.stdout[:2000])
    assert one.stderr == many.stderr or verb in ("diff", "spans"), (verb, one.stderr, many.stderr)
    if verb == "load":
        os.unlink("new.db")
        again = run("sql", "first.db", *ASKED["sql"])
        assert again.stdout == run("sql", folder, *ASKED["sql"]).stdout, "the database differs"


def furnish():
    """What is read, in the order of names, is returned; the rest is there to be passed over."""
    os.mkdir("mixed")
    for name in os.listdir(GOLDEN):
        shutil.copy(f"{GOLDEN}/{name}", "mixed")
    subprocess.run([MAKE_RECORDING, "mixed/recording", "2", "3", "8"], check=True)
    subprocess.run([MAKE_RECORDING, "mixed/zzz.torn", "1", "3", "8", "torn"], check=True)
    read = sorted(os.listdir("mixed"), key=os.fsencode)
    for name, content in (("README", b"Recordings of tonight.\n"), ("empty", b""), ("not.gz", b"\x1f\x8b\x08"),
                          ("program", b"\x7fELF\2\1\1\0" + bytes(90000)), ("{", b'{"Alloc": ' * 20)):
        with open(f"mixed/{name}", "wb") as out:
            out.write(content)
    os.mkdir("mixed/folder")
    with open("dump", "wb") as out:
        out.write(b"go1.7 heap dump\n\x06\0\x08" + bytes(5000) +
                  b"\ngc 1 @0.001s 1%: 0.1+0.2+0.3 ms clock, 0.1+0.1/0.2/0.3+0.1 ms cpu, 4->4->1 MB, 5 MB goal, 2 P\n")
    os.mkfifo("mixed/pipe")
    os.symlink("nowhere", "mixed/dangling")
    assert run("load", "mixed/recording", "-o", "mixed/heap.db").returncode == 0
    return [f"mixed/{name}" for name in read]


def refused(status, says, *words):
    done = run(*words)
    assert done.returncode == status and says in done.stderr and not done.stdout, (words, done)


def main():
    files = furnish()
    listed = {line.split("\t")[0] for line in run("--words").stdout.splitlines()}
    assert listed == set(ASKED) | ALONE | NO_FILES, listed
    for verb in ASKED:
        same(verb, "mixed", files)
    refused(3, "mixed: a folder", "salvage", "mixed", "-o", "new.zst")
    refused(3, "mixed: a folder", "watch", "mixed")

    # Nothing in it, nothing of ours in it, and a recording without a snapshot beside a good one.
    for name in ("none", "nothing", "begun", "many"):
        os.mkdir(name)
    refused(3, "none: ", "report", "none")
    shutil.copy("mixed/README", "nothing")
    refused(3, "nothing: holds no memspan recording", "report", "nothing")
    refused(3, "nothing: holds no memspan recording", "report", "mixed/recording", "nothing", "mixed")
    with open("mixed/recording", "rb") as recording, open("begun/first", "wb") as out:
        out.write(recording.read(70))
    refused(3, "begun: holds no memspan recording", "load", "begun", "-o", "none.db")
    assert not os.path.exists("none.db")
    shutil.copy("mixed/recording", "begun/second")
    done = run("report", "begun")
    assert done.returncode == 0 and "begun/first: no valid snapshot" in done.stderr, done

    # A heap dump is known, but not read.
    refused(3, "a heap dump of Go, which is not read", "report", "dump")
    shutil.copy("dump", "begun/third")
    done = run("report", "begun")
    assert done.returncode == 0 and "begun/third: a heap dump of Go" in done.stderr, done

    # More files than may be open at first.
    for number in range(80):
        shutil.copy("mixed/recording", f"many/{number}")
    done = subprocess.run([MEMANALYZE, "sql", "many", "SELECT count(*) FROM run"], capture_output=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (
                              40, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    assert done.returncode == 0 and not done.stderr, done

    # What may not be read is named, and the answer is partial. (root reads everything)
    if os.getuid() != 0:
        os.chmod("many/7", 0)
        done = run("report", "many")
        assert done.returncode == 4 and "many/7: Permission denied" in done.stderr, done


with tempfile.TemporaryDirectory() as here:
    os.chdir(here)
    main()
