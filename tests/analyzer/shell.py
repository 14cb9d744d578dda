"""shell.py MEMANALYZE MAKE_RECORDING - the SQL shell, held to its promises at a terminal of its own."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

memanalyze, make_recording = sys.argv[1:3]
folder = tempfile.mkdtemp()
history = os.path.join(folder, "history")
recording = os.path.join(folder, "good.zst")
failures = 0


def fail(what):
    global failures
    failures += 1
    print("FAILED:", what)


class Shell:
    def __init__(self, *arguments):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            environment = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", MEMANALYZE_HISTORY=history, COLUMNS="200")
            os.execve(memanalyze, [memanalyze, "sql", *arguments], environment)
        self.seen = ""

    def read_some(self, pattern, seconds):
        """Reads until the pattern came; whether it did within that time."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                return False
            try:
                part = os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                part = ""
            if not part:
                self.give_up(f"ended before {pattern!r}, saw {self.seen!r}")
            self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-B0]", "", part)
        return True

    def read_until(self, pattern):
        """What came up to the pattern, without what moves the cursor."""
        if not self.read_some(pattern, 60):
            self.give_up(f"waited in vain for {pattern!r}, saw {self.seen!r}")
        end = re.search(pattern, self.seen).end()
        seen, self.seen = self.seen[:end], self.seen[end:]
        return seen

    def give_up(self, what):
        """Nothing behind it would come either: the first wait in vain tells all."""
        os.kill(self.process, signal.SIGKILL)
        sys.exit("FAILED: " + what)

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def ask(self, line, pattern):
        self.type(line + "\r")
        return self.read_until(pattern)

    def interrupt(self, pattern):
        """Ctrl-C until it is heard: the system drops one that comes as the terminal changes hands."""
        deadline = time.monotonic() + 60
        self.type("\x03")
        while not self.read_some(pattern, 2) and time.monotonic() < deadline:
            self.type("\x03")
        return self.read_until(pattern)

    def end(self, keys=""):
        """Waits for the end. The keys are typed until it comes: a prompt stands a moment before
        the terminal hands over each key, and a Ctrl-D in between becomes a character of the line."""
        deadline = time.monotonic() + 60
        try:
            while time.monotonic() < deadline:
                self.type(keys)
                while not select.select([self.terminal], [], [], 1)[0] and time.monotonic() < deadline:
                    self.type(keys)
                part = os.read(self.terminal, 65536)
                if not part:
                    break
                self.seen += part.decode(errors="replace")
            else:
                fail(f"does not end, saw {self.seen!r}")
                os.kill(self.process, signal.SIGKILL)
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


subprocess.run([make_recording, recording, "1", "10", "8"], check=True)

shell = Shell(recording)
shell.read_until("memspan> ")
shell.ask("SELECT count(*) AS n FROM snapshot;", r"10\r\n")
shell.ask(".mode csv", "memspan> ")
shell.ask("SELECT seq, reason FROM snapshot LIMIT 1;", r"seq,reason\r\n0,gc\r\n")
# Of several lines, and completed: a view, then one of its columns.
shell.ask("SELECT max(snapshot_id)", r"\.\.\.> ")
shell.type("FROM class_fragm\t")
shell.ask(";", r"max\(snapshot_id\)\r\n10\r\n")
shell.type("SELECT occupancy_r\t")
shell.ask(" > 0 AS some FROM class_fragmentation LIMIT 1;", r"some\r\n1\r\n")
# Refused, wrong, too long, stopped: the prompt comes back.
shell.ask("DELETE FROM snapshot;", "refused, SQL is read-only")
shell.ask("SELECT nosuch;", "no such column")
shell.ask(".nonsense", "no such command")
shell.ask(".mdoe csv", r"did you mean \.mode\?")
shell.ask(".mode jsno", "did you mean 'json'")
shell.ask(".schema fragmentatoin", "did you mean 'fragmentation'")
shell.ask(".schema zzzzzzzz", r"\.tables lists them")
shell.ask("help;", r"\.timeout SECONDS")
shell.ask("EXPLAIN QUERY PLAN SELECT * FROM mstats;", "SCAN mstats")
endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;"
shell.ask(".timeout 0.2", "memspan> ")
shell.ask(endless, "longer than --timeout")
shell.ask(".timeout 0", "memspan> ")
# A line typed before the shell has the terminal is dropped by the system with the Ctrl-C: it is
# typed again. Where the statement was read, one Ctrl-C must do, even if it has not begun.
answer = "memspan> "
while answer.endswith("memspan> "):
    shell.type(endless + "\r")
    shell.read_until(r"FROM n;\r\n")
    shell.type("\x03")
    answer = shell.read_until("interrupted|memspan> ")
# What is typed and dropped is not run.
shell.read_until("memspan> ")
shell.type("SELECT 'dropped'")
shell.interrupt("memspan> ")
shell.ask("SELECT length('d\u00e9j\u00e0 \u20ac') AS characters;", r"characters\r\n6\r\n")
shell.ask("SELECT 6 * 7 AS a;", r"a\r\n42\r\n")
shell.ask(".schema fragmentation", "fragmentation_ratio,ratio,")
shell.ask(".tables", "view,pause_summary,")
shell.type(".quit\r")
if shell.end() != 0:
    fail("status of a shell that was quit")

if os.stat(history).st_mode & 0o077:
    fail("others can read the history")
shell = Shell(recording)
shell.read_until("memspan> ")
shell.type("\x1b[A\x1b[A\x1b[A\x1b[A")  # behind .quit, .tables, .schema: the last statement
shell.read_until(r"SELECT 6 \* 7 AS a;")
shell.type("\r")
shell.read_until("42")
shell.read_until("memspan> ")
if shell.end("\x15\x04") != 0:
    fail("status of a shell that was ended")
shell = Shell(recording)
shell.read_until("memspan> ")
shell.type("quit\r")
if shell.end() != 0:
    fail("status of a shell that was quit without a point")

# Not at a terminal there is no shell.
piped = subprocess.run([memanalyze, "sql", recording], stdin=subprocess.DEVNULL, capture_output=True)
if piped.returncode != 2:
    fail(f"without a terminal: status {piped.returncode}")

subprocess.run(["rm", "-rf", folder])
print("all held" if failures == 0 else f"{failures} failures")
sys.exit(failures != 0)
