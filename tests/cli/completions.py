"""Completions offer what the program has: python3 completions.py MEMANALYZE SOURCE

Each shell that is installed runs its completion for real; what it offers is held against
memanalyze --words and check --metrics.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

MEMANALYZE, SOURCE = (os.path.abspath(word) for word in sys.argv[1:])
FILES = {name: f"{SOURCE}/analyzer/completions/{name}"
         for name in ("memanalyze.bash", "_memanalyze", "memanalyze.fish")}


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def listed():
    """{verb: {option: (letter, value)}}"""
    verbs = {}
    for line in run(MEMANALYZE, "--words").splitlines():
        verb, option, letter, value = line.split("\t")
        verbs.setdefault(verb, {})[option] = (letter, value)
    return verbs


VERBS = listed()
METRICS = [line.split(",")[0]
           for line in run(MEMANALYZE, "check", "--metrics", "--format", "csv").splitlines()[1:]]


def flags(verb):
    return {word for option, (letter, _) in VERBS[verb].items() for word in (option, letter)} - {"-"}


def same(got, expected, what):
    assert set(got) == set(expected), f"{what}: {sorted(got)}, not {sorted(expected)}"


def check_files_are_new():
    with tempfile.TemporaryDirectory() as folder:
        run(f"{SOURCE}/scripts/completions", MEMANALYZE, folder)
        for name, path in FILES.items():
            with open(path, encoding="utf-8") as old, \
                    open(f"{folder}/{name}", encoding="utf-8") as new:
                assert old.read() == new.read(), \
                    f"analyzer/completions/{name} is older than the options: run scripts/completions"


# ---- bash ---------------------------------------------------------------------------------


def bash_offers(lines, folder):
    """What bash offers behind each line; readline has split the words."""
    script = f"source '{FILES['memanalyze.bash']}'\n"
    for words in lines:
        quoted = " ".join("'%s'" % word for word in words)
        script += (f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMPREPLY=(); _memanalyze\n"
                   "printf '%s\\n' \"${COMPREPLY[@]}\"; echo ----\n")
    path = os.path.dirname(MEMANALYZE) + ":" + os.environ["PATH"]
    out = run("bash", "--norc", "-u", "-c", script, cwd=folder, env={**os.environ, "PATH": path})
    return [[word for word in part.split("\n") if word] for part in out.split("----\n")[:-1]]


def check_bash(folder):
    cases = [(["memanalyze", ""], set(VERBS) | {"--help", "--version", "--words"})]
    for verb, options in VERBS.items():
        cases.append((["memanalyze", verb, "-"], flags(verb)))
        for option, (letter, value) in options.items():
            words = value.split("|")
            if len(words) > 1:
                cases.append((["memanalyze", verb, option, ""], words))
                operand = ["x.zst"] if verb != "record" else []  # the program, and what follows is its own
                cases.append((["memanalyze", verb, *operand, option, "=", words[0]], words[:1]))
                cases.append((["memanalyze", verb, option, "="], words))
            if value in ("OUT", "OLD") and letter != "-":
                cases.append((["memanalyze", verb, letter, "a fol"], ["a folder"]))
    every = ["one.zst", "two.db", "a folder"]
    cases += [
        (["memanalyze", "re"], ["report", "record"]),
        (["memanalyze", "report", ""], every),
        (["memanalyze", "report", "--strict", ""], every),
        (["memanalyze", "diff", "one.zst", "tw"], ["two.db"]),
        (["memanalyze", "report", "te"], ["text"]),
        (["memanalyze", "report", "one.zst", "@", "l"], ["last"]),
        (["memanalyze", "sql", "-f", ""], ["query.sql", "a folder"]),
        (["memanalyze", "check", "--limits", "ci"], ["ci.limits"]),
        (["memanalyze", "check", "--max", ""], [metric + "=" for metric in METRICS]),
        (["memanalyze", "check", "--max-growth", "pause_p9"], ["pause_p90_ms=", "pause_p99_ms="]),
        (["memanalyze", "schema", "fragm"], ["fragmentation"]),
        (["memanalyze", "watch", "--pid", str(os.getpid())], None),
        (["memanalyze", "record", "--signal", "USR"], ["USR1", "USR2"]),
        (["memanalyze", "record", "memanaly"], ["memanalyze"]),
        (["memanalyze", "record", "--", "memanaly"], ["memanalyze"]),
        (["memanalyze", "record", "-o", "x", "sort", "te"], ["text"]),
        (["memanalyze", "record", "--every", "=", "2", "sort", "-"], []),
        (["memanalyze", "nonsense", "-"], []),
    ]
    for (words, expected), got in zip(cases, bash_offers([words for words, _ in cases], folder)):
        if expected is None:
            assert words[-1] in got, f"bash: {words}: {got}"
        else:
            same(got, expected, f"bash: {words}")
    return len(cases)


# ---- zsh ----------------------------------------------------------------------------------

# The functions of zsh's completion system, replaced by ones that tell what they are given.
ZSH = r"""
_describe() { print -rl -- "verb "${^${(P)2}} }
compadd() { print -rl -- "word "${^@} }
_arguments() { print -rl -- "spec "${^@} }
complete() {
	words=("$@")
	CURRENT=$#
	source "$FILE"
	print -- ----
}
"""


def zsh_offers(lines):
    script = ZSH + "".join("complete %s\n" % " ".join(f"'{word}'" for word in line) for line in lines)
    out = run("zsh", "-f", "-c", script, env={**os.environ, "FILE": FILES["_memanalyze"]})
    return [part.splitlines() for part in out.split("----\n")[:-1]]


def zsh_specs(lines):
    """{option: its words} of the specifications given to _arguments."""
    specs = {}
    for line in lines:
        match = re.match(r"spec (?:\([^)]*\))?\*?(--?[a-z-]+)[=+]?\[", line)
        if match:
            words = re.search(r":\(([^)]*)\)$", line)
            specs[match[1]] = words[1].split() if words else []
    return specs


def check_zsh():
    run("zsh", "-n", FILES["_memanalyze"])
    offers = zsh_offers([["memanalyze", ""]] + [["memanalyze", verb, ""] for verb in VERBS])
    same([line[5:].split(":")[0] for line in offers[0] if line.startswith("verb ")], VERBS, "zsh: verbs")
    for verb, lines in zip(VERBS, offers[1:]):
        specs = zsh_specs(lines)
        same(specs, flags(verb), f"zsh: {verb}")
        for option, (_, value) in VERBS[verb].items():
            same(specs[option], value.split("|") if "|" in value else [], f"zsh: {verb} {option}")
    return len(offers)


# ---- fish ---------------------------------------------------------------------------------


def fish_offers(lines, folder):
    script = f"source '{FILES['memanalyze.fish']}'\n"
    script += "".join(f"complete -C 'memanalyze {line}'; echo ----\n" for line in lines)
    environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
    out = run("fish", "--no-config", "-c", script, cwd=folder, env=environment)
    return [[line.split("\t")[0] for line in part.splitlines()] for part in out.split("----\n")[:-1]]


def check_fish(folder):
    run("fish", "-n", FILES["memanalyze.fish"])
    cases = [("", set(VERBS)), ("re", {"report", "record"}), ("--", {"--help", "--version", "--words"})]
    for verb, options in VERBS.items():
        cases.append((f"{verb} --", set(options)))
        for option, (_, value) in options.items():
            if "|" in value:
                cases.append((f"{verb} {option} ", set(value.split("|"))))
    for (line, expected), got in zip(cases, fish_offers([line for line, _ in cases], folder)):
        same(got, expected, f"fish: memanalyze {line}")
    return len(cases)


def main():
    check_files_are_new()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one.zst", "two.db", "text", "query.sql", "ci.limits"):
            with open(f"{folder}/{name}", "w", encoding="utf-8"):
                pass
        os.mkdir(f"{folder}/a folder")
        print(check_bash(folder), "lines completed by bash")
        print(check_zsh() if shutil.which("zsh") else "no", "lines completed by zsh")
        print(check_fish(folder) if shutil.which("fish") else "no", "lines completed by fish")


main()
