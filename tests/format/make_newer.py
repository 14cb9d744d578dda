"""make_newer.py FILE - a recording as a later minor version may write it: schemas/snapshot.md, 2.

Each vector has a word more than version 1.0 knows, the run a text more, the spans a column
more, and optional records of an unknown type stand in between. Its golden file was written
by this script once.
"""
import subprocess
import sys

from make_hostile import Segment, mark, varint, words

MINOR = 9
CYCLE_WORDS = 54
SNAPSHOT_WORDS = 762


class NewerSegment(Segment):
    def __init__(self):
        self.number = 0
        self.content = b""
        self.seq = 0
        texts = [b"later", b"a-host", b"", b"9.9.9", b"what nobody knows yet"]
        run = bytes(16) + words(4711, 1700000000000000000, 5000000000, 8192, 0, 77)
        self.record(1, run + varint(len(texts)) +
                    b"".join(varint(len(text)) + text for text in texts))

    def unknown(self):
        self.record(201, b"a record of a later version", 1)

    def cycle(self):
        self.record(2, words(*[1, 0, 0, 2] + [1000] * (CYCLE_WORDS - 4 - 33) + [0] * 33 + [88]))

    def later_snapshot(self, spans):
        values = [0] * (SNAPSHOT_WORDS + 1)
        values[2] = 1
        values[3], values[4] = 1700000001000000000, 6000000000
        values[9], values[10] = 1, spans
        values[SNAPSHOT_WORDS] = 99
        self.record(3, words(*values))

    def later_rows(self, count):
        """Spans of class 5, 128 objects of 64 bytes, as many free as their number."""
        operation = varint(count - 1 << 2 | 3)
        shape = b"\x01" + bytes([1, 5]) + varint(1) + varint(64 + 2) + varint(128)
        free = b"".join(varint(2 * (i % 64)) for i in range(count))
        columns = [operation, bytes(count), bytes(count), b"", free, bytes(count), b"", b"",
                   b"a column of a later version"]
        self.record(4, varint(0) + varint(count) + shape + varint(len(columns)) +
                    b"".join(varint(len(column)) for column in columns) + b"".join(columns))

    def end(self):
        self.record(6, words(1700000002000000000, 7000000000, 1, 1, 0, 66))


def main():
    segment = NewerSegment()
    segment.unknown()
    segment.cycle()
    segment.unknown()
    segment.later_snapshot(100)
    segment.later_rows(100)
    segment.unknown()
    segment.end()
    packed = subprocess.run(["zstd", "-19", "--zstd=wlog=20", "-cq", "--no-check"],
                            input=segment.content, capture_output=True, check=True).stdout
    with open(sys.argv[1], "wb") as file:
        file.write(mark(minor=MINOR) + packed)


main()
