"""--help and the man pages tell what there is, and their examples work:
python3 help.py MEMANALYZE MAKE_RECORDING RECORDED_PROGRAM SOURCE [record]

What there is comes from memanalyze --words. With `record`, examples of that verb are run too.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

MEMANALYZE, MAKE_RECORDING, RECORDED_PROGRAM, SOURCE = map(os.path.abspath, sys.argv[1:5])
CAN_RECORD = "record" in sys.argv[5:]
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[a-z])(?![\w-])")


def run(*words):
    return subprocess.run([MEMANALYZE, *words], check=True, capture_output=True, text=True).stdout


def same(got, expected, what):
    assert set(got) == set(expected), \
        f"{what}: has {sorted(set(got) - set(expected))}, lacks {sorted(set(expected) - set(got))}"


def listed():
    """{verb: {option: takes a value}}, letters are options too."""
    verbs = {}
    for line in run("--words").splitlines():
        verb, option, letter, value = line.split("\t")
        for word in {option, letter} - {"-"}:
            verbs.setdefault(verb, {})[word] = value != "-"
    return verbs


# ---- --help --------------------------------------------------------------------------------


def section(text, title):
    parts = text.split(f"\n{title}:\n")
    assert len(parts) == 2, f"no section {title}"
    return parts[1].split("\n\n")[0].splitlines()


def options_of(help_text):
    """{option: whether it shows a value}"""
    found = {}
    for line in section(help_text, "Options"):
        match = re.match(r"  ((?:-[a-z], )?--[a-z-]+)( [A-Z=]+)?(?=  |$)", line)
        assert match or line.startswith("      "), f"no option and no text: {line}"
        for word in OPTION.findall(match[1]) if match else []:
            found[word] = match[2] is not None
    return found


def examples_of(help_text):
    """An example may go on in lines that begin deeper."""
    examples = []
    for line in section(help_text, "Examples"):
        if line.startswith("      "):
            examples[-1] += "\n" + line.strip()
        else:
            examples.append(line.strip())
    return examples


def check_help(verbs):
    examples = []
    overview = run("--help")
    same(re.findall(r"^  ([a-z]+)  ", overview, re.M), verbs, "memanalyze --help")
    for verb, options in verbs.items():
        text = run(verb, "--help")
        assert text.startswith(f"usage: memanalyze {verb} "), text
        assert max(map(len, text.splitlines())) <= 90, f"{verb} --help has long lines"
        told = options_of(text)
        told.update({"-h": False, "--help": False})  # told once, by memanalyze --help
        same(told, options, f"{verb} --help")
        for option, value in told.items():
            assert value == options[option], f"{verb} --help: the value of {option}"
        own = examples_of(text)
        assert any(f"memanalyze {verb} " in e + " " for e in own), f"{verb} --help: no example"
        examples += own
    return examples


# ---- the man page --------------------------------------------------------------------------


def check_man(verbs):
    with open(f"{SOURCE}/docs/man/memanalyze.1", encoding="utf-8") as page:
        text = page.read().replace("\\-", "-").replace("\\(dq", '"')
    parts = {title: body for title, body in re.findall(r"^\.SH (.*)\n((?:(?!\.SH).*\n)*)", text, re.M)}
    same(re.findall(r"^\.B memanalyze ([a-z]+)", parts["SYNOPSIS"], re.M), verbs, "man: SYNOPSIS")
    same(re.findall(r"^\.TP\n\.B ([a-z]+)$", parts["VERBS"], re.M), verbs, "man: VERBS")
    told = [word for line in re.findall(r"^\.TP\n\.[BR]I?R? (.*)", parts["OPTIONS"], re.M)
            for word in OPTION.findall(line)]
    assert len(told) == len(set(told)), f"man: an option twice: {sorted(told)}"
    same(told, {"--version", "--words"}.union(*verbs.values()), "man: OPTIONS")
    examples = [line for line in parts["EXAMPLES"].splitlines() if not line.startswith(".")]
    same({line.split()[1] for line in examples}, verbs, "man: EXAMPLES")
    return examples


def check_pages(verbs):
    """A page for each verb, as new as what it is made of, and without a fault in its markup."""
    pages = f"{SOURCE}/docs/man"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([f"{SOURCE}/scripts/manpages", MEMANALYZE, folder], check=True)
        same(os.listdir(pages), {"memanalyze.1", *(f"memanalyze-{verb}.1" for verb in verbs)}, "docs/man")
        for verb in verbs:
            with open(f"{pages}/memanalyze-{verb}.1", encoding="utf-8") as old, \
                    open(f"{folder}/memanalyze-{verb}.1", encoding="utf-8") as new:
                assert old.read() == new.read(), f"memanalyze-{verb}.1 is old: run scripts/manpages"
    if shutil.which("groff"):
        for name in os.listdir(pages):
            done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", f"{pages}/{name}"], check=True,
                                  capture_output=True, text=True)
            assert not done.stderr, done.stderr


# ---- examples ------------------------------------------------------------------------------


def furnish(folder):
    """The files and programs that examples name."""
    golden = f"{SOURCE}/tests/golden/go1.19"
    os.mkdir(f"{folder}/recordings")
    for spans, name in enumerate(("snapshot.zst", "old.zst", "new.zst", "recordings/one.zst"), 40):
        subprocess.run([MAKE_RECORDING, name, "1", "45", str(spans)], cwd=folder, check=True)
    for day, name in (("monday", "old.zst"), ("tuesday", "new.zst")):
        subprocess.run([MEMANALYZE, "load", name, "-o", f"{day}.db"], cwd=folder, check=True)
    shutil.copy(f"{golden}/lines.log.gz", f"{folder}/service.log.1.gz")
    shutil.copy(f"{golden}/array.json.gz", f"{folder}/service.log")
    trace = subprocess.run(["zstd", "-dc", f"{golden}/trace.log.zst"], check=True, capture_output=True)
    files = {"trace.log": trace.stdout, "words.txt": b"b\na\n", "redis.conf": b"",
             "heap.limits": b"fragmentation_ratio=0.3\nheap_alloc=1GiB\n",
             "damaged.zst": open(f"{folder}/snapshot.zst", "rb").read()[:-9],
             "server": b"#!/bin/sh\ncat trace.log >&2\n",
             "redis-server": b"#!/bin/sh\nexec sort words.txt\n"}
    for name, content in files.items():
        with open(f"{folder}/{name}", "wb") as out:
            out.write(content)
    for name in ("server", "redis-server"):
        os.chmod(f"{folder}/{name}", 0o755)


def run_example(example, folder):
    path = ":".join([folder, os.path.dirname(MEMANALYZE), os.environ["PATH"]])
    done = subprocess.run(["sh", "-c", example], cwd=folder, env={**os.environ, "PATH": path},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"exit {done.returncode}: {example}\n{done.stderr}"
    made = re.search(r" -o ([\w.]+)", example)
    if made and " record " not in example:
        assert os.path.getsize(f"{folder}/{made[1]}"), f"an empty file came of {example}"
    else:
        assert done.stdout or done.stderr or " check " in example, f"nothing came of {example}"


def run_watch(example, folder):
    """A program that records, watched by its number until it is killed."""
    environment = {**os.environ, "MEMSPAN_DUMP": f"{folder}/live.zst"}
    program = subprocess.Popen([RECORDED_PROGRAM, "gc", "2", "say", "1", "sleep", "600000"],
                               env=environment, stdout=subprocess.PIPE)
    try:
        program.stdout.read(1)  # its recording is there
        words = example.replace("4711", str(program.pid)).split()
        watch = subprocess.Popen([MEMANALYZE, *words[1:]], stdout=subprocess.PIPE, text=True,
                                 stderr=subprocess.DEVNULL)
        assert watch.stdout.readline(), f"nothing came of {example}"
        program.send_signal(signal.SIGKILL)
        watch.stdout.read()
        assert watch.wait() == 0, example
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


def main():
    verbs = listed()
    examples = sorted(set(check_help(verbs)) | set(check_man(verbs)))
    check_pages(verbs)
    with tempfile.TemporaryDirectory() as folder:
        furnished = f"{folder}/furnished"
        os.mkdir(furnished)
        furnish(furnished)
        for number, example in enumerate(examples):
            here = f"{folder}/{number}"
            shutil.copytree(furnished, here)
            if "--pid" in example:
                run_watch(example, here)
            elif CAN_RECORD or " record " not in example:
                run_example(example, here)
    print(len(verbs), "verbs,", len(examples), "examples")


main()
