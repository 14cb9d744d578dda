#!/usr/bin/env python3
"""A second reader of memspan recordings, written from schemas/snapshot.md alone.

Prints every figure, one record a line, as print_recording does. Needs the standard
library and the zstd command. Usage: read_snapshot.py FILE
"""
import struct
import subprocess
import sys
import zlib

MARK = b"\x5d\x2a\x4d\x18\x28\x00\x00\x00memspan\x1a"
MARK_BYTES = 48
PAGE = 8192
MASK = (1 << 64) - 1


class Damage(Exception):
    pass


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def varint(self):
        value = shift = 0
        while True:
            if self.at >= len(self.data) or shift > 63:
                raise Damage("varint")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self, count):
        if self.at + count > len(self.data):
            raise Damage("short")
        self.at += count
        return self.data[self.at - count:self.at]

    def words(self, former, count):
        stored = [unzigzag(self.varint()) for _ in range(self.varint())]
        stored += [None] * count
        return [0 if s is None else (f + s) & MASK
                for f, s in zip(former, stored[:count])]


def unzigzag(value):
    return (value >> 1) ^ -(value & 1)


def frames_of(segment):
    """The content of a segment's frames, also of one that is cut short."""
    zstd = subprocess.run(["zstd", "-dcq"], input=segment, capture_output=True)
    return zstd.stdout, zstd.returncode == 0


def segments_of(data):
    """(mark, bytes after it) of each segment, found by their marks."""
    starts = []
    at = data.find(MARK)
    while at >= 0:
        mark = data[at:at + MARK_BYTES]
        if len(mark) == MARK_BYTES and \
                zlib.crc32(mark[:44]) == struct.unpack_from("<I", mark, 44)[0]:
            starts.append(at)
        at = data.find(MARK, at + 1)
    if not starts or starts[0] != 0:
        raise Damage("no recording")
    for begin, end in zip(starts, starts[1:] + [len(data)]):
        yield data[begin:begin + MARK_BYTES], data[begin + MARK_BYTES:end]


class Segment:
    def __init__(self, mark, seen_uuid):
        self.major, self.minor, self.number = struct.unpack_from("<HHI", mark, 16)
        self.uuid = mark[24:40]
        self.seen_uuid = seen_uuid
        self.cycle = [0] * 54
        self.head = [0] * 762
        self.shapes = []
        self.table = []
        self.former = []
        self.expected = 0
        if self.major != 1:
            raise Damage(f"version {self.major}.{self.minor}")

    def record(self, kind, payload):
        reader = Reader(payload)
        if kind == 1:
            self.run(reader)
        elif kind == 2:
            self.cycle = reader.words(self.cycle, 54)
            print("cycle", *self.cycle)
        elif kind == 3:
            self.head = reader.words(self.head, 762)
            self.former, self.table = self.table, []
            self.former_at = 0
            self.end = 0
            self.expected = self.head[10]
            print("snapshot", *self.head)
            self.finish()
        elif kind == 4:
            self.spans(reader)
        elif kind == 5:
            print("skipped", *reader.words([0] * 3, 3))
        elif kind == 6:
            print("run_end", *reader.words([0] * 5, 5))
        elif kind == 7:
            leaks = reader.words([0] * 278, 278)
            if not self.is_whole or leaks[0] != self.head[0]:
                raise Damage("leaks")
            print("leaks", *leaks)
        else:
            raise Damage(f"record of type {kind}")

    def run(self, reader):
        if reader.take(16) != self.uuid:
            raise Damage("uuid")
        words = reader.words([0] * 5, 5)
        texts = [reader.take(reader.varint()).decode() for _ in range(reader.varint())]
        if self.uuid != self.seen_uuid:
            print("run", self.uuid.hex(), "|".join(texts[:4]))
            print("run_words", *words)
        print(f"segment {self.number} {self.major}.{self.minor}")

    def finish(self):
        if len(self.table) == self.expected:
            print("end", self.head[0])

    def spans(self, reader):
        first, count = reader.varint(), reader.varint()
        if first != len(self.table):
            raise Damage("first row")
        for _ in range(reader.varint()):
            kind, size_class = reader.take(2)
            self.shapes.append((kind & 3, kind >> 2, size_class, reader.varint(),
                                reader.varint(), reader.varint()))
        lengths = [reader.varint() for _ in range(reader.varint())]
        columns = [Reader(reader.take(length)) for length in lengths]
        rows = 0
        while rows < count:
            code = columns[0].varint()
            operation, run = code & 3, (code >> 2) + 1
            if operation == 2:
                for _ in range(run):
                    self.former_row()
                continue
            for _ in range(run):
                row = self.new_row(columns) if operation == 3 else self.former_row()
                if operation == 1:
                    row = row[:5] + (row[5] + unzigzag(columns[7].varint()),) + row[6:]
                self.table.append(row)
                self.end = row[0] + row[1] * PAGE
                print("span", *row)
            rows += run
        if rows != count or any(c.at != len(c.data) for c in columns[:8]):
            raise Damage("columns")
        self.finish()

    def former_row(self):
        while self.former[self.former_at][0] < self.end:
            self.former_at += 1
        self.former_at += 1
        return self.former[self.former_at - 1]

    def new_row(self, columns):
        state, noscan, size_class, npages, elem, nelems = \
            self.shapes[columns[1].varint()]
        base = self.end + columns[2].varint() * PAGE
        npages = npages or columns[3].varint()
        elem_bytes = 0 if elem == 0 else npages * PAGE if elem == 1 else elem - 2
        alloc_count = nelems - unzigzag(columns[4].varint())
        born = columns[5].varint()
        released = 0
        if state == 0:
            code = columns[6].varint()
            retained = code >> 1 if code & 1 else (code >> 1) * PAGE
            released = npages * PAGE - retained
        else:
            born = self.head[2] - unzigzag(born)
        return (base, npages, elem_bytes, released, nelems, alloc_count, born, state,
                size_class, noscan)

    @property
    def is_whole(self):
        return len(self.table) == self.expected


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    seen_uuid = None
    for mark, rest in segments_of(data):
        segment = Segment(mark, seen_uuid)
        content, closed = frames_of(rest)
        at = seq = 0
        while at + 16 <= len(content):
            kind, flags, _, length, number, crc = struct.unpack_from("<BBHIII", content, at)
            if at + 16 + length > len(content):
                break
            payload = content[at + 16:at + 16 + length]
            if number != seq or zlib.crc32(content[at:at + 12] + payload) != crc:
                raise Damage(f"record {seq} of segment {segment.number}")
            if kind <= 7 or not flags & 1:
                segment.record(kind, payload)
            at += 16 + length
            seq += 1
        seen_uuid = segment.uuid
        if at < len(content) or not segment.is_whole:
            print("torn")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Damage as damage:
        sys.exit(f"damaged: {damage}")
