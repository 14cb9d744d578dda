"""make_hostile.py FOLDER - recordings of at most 1 KB that ask for as much as they can.

Written from schemas/snapshot.md; needs the zstd command. Each is valid as far as it goes, so
that a reader has to do what it says, or to refuse it.
"""
import os
import struct
import subprocess
import sys
import zlib

KB = 1024
BATCH = 2048
UUID = bytes(16)
FRAME_1_MIB = bytes.fromhex("28b52ffd0050")


def mark(number=0, minor=0):
    head = bytes.fromhex("5d2a4d1828000000") + b"memspan\x1a"
    head += struct.pack("<HHI", 1, minor, number) + UUID + bytes(4)
    return head + struct.pack("<I", zlib.crc32(head))


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def words(*values):
    return varint(len(values)) + b"".join(varint(2 * value) for value in values)


class Segment:
    def __init__(self, number=0):
        self.number = number
        self.content = b""
        self.seq = 0
        self.record(1, UUID + words(1, 2, 3, 8192, 0) + varint(4) + b"\x01x" * 4)

    def record(self, kind, payload, flags=0):
        head = struct.pack("<BBHII", kind, flags, 0, len(payload), self.seq)
        self.content += head + struct.pack("<I", zlib.crc32(head + payload)) + payload
        self.seq += 1

    def snapshot(self, spans, seq=0):
        values = [0] * 762
        values[0], values[2], values[9], values[10] = seq, 1, 1, spans
        self.record(3, words(*values))

    def new_rows(self, first, pages=1):
        """A batch of new rows of one shape, its columns all zero."""
        operation = varint(BATCH - 1 << 2 | 3)
        shapes = b"\x01" + bytes([1, 5]) + varint(pages) + b"\0\0" if first == 0 else b"\0"
        lengths = [len(operation), BATCH, BATCH, 0, BATCH, BATCH, 0, 0]
        self.record(4, varint(first) + varint(BATCH) + shapes + varint(8) +
                    b"".join(map(varint, lengths)) + operation + bytes(4 * BATCH))

    def same_rows(self, first):
        operation = varint(BATCH - 1 << 2)
        self.record(4, varint(first) + varint(BATCH) + b"\0" + varint(8) +
                    b"".join(map(varint, [len(operation)] + [0] * 7)) + operation)

    def bytes(self):
        packed = subprocess.run(["zstd", "-19", "--zstd=wlog=20", "-cq", "--no-check"],
                                input=self.content, capture_output=True, check=True).stdout
        return mark(self.number) + packed


def rows(batches):
    segment = Segment()
    segment.snapshot(1 << 32)
    for i in range(batches):
        segment.new_rows(i * BATCH)
    return segment.bytes()


def unchanged(snapshots):
    """Whole snapshots, each of 8 batches that say: as before."""
    segment = Segment()
    for seq in range(snapshots):
        segment.snapshot(8 * BATCH, seq)
        for i in range(8):
            segment.new_rows(i * BATCH) if seq == 0 else segment.same_rows(i * BATCH)
    return segment.bytes()


def optional(records):
    segment = Segment()
    for _ in range(records):
        segment.record(200, bytes(262128), 1)
    return segment.bytes()


def cycles(records):
    segment = Segment()
    for _ in range(records):
        segment.record(2, words(*[1] + [0] * 53))
    return segment.bytes()


def zeros(blocks):
    return mark() + FRAME_1_MIB + bytes.fromhex("02001000") * blocks


def window():
    """A window of 1 TiB."""
    return mark() + bytes.fromhex("28b52ffd00f0") + bytes.fromhex("02001000") * 8


def marks(count):
    return b"".join(mark(i) for i in range(count))


def huge():
    """Figures at the ends of their ranges."""
    segment = Segment()
    segment.snapshot(BATCH)
    segment.new_rows(0, 1 << 40)
    values = [(1 << 63) - 1] * 762
    values[0], values[9], values[10] = 1, 1, 0
    segment.record(3, words(*values))
    return segment.bytes()


def pauses():
    """Pauses that no sum of 64 bits can hold."""
    segment = Segment()
    former = [0] * 54
    for gc_num in range(1, 4):
        values = [gc_num] + [0] * 53
        values[21] = 2
        for at in (22, 26):
            values[at:at + 4] = [1, (1 << 62) + gc_num, 0, 1000 * gc_num + at]
        segment.record(2, varint(54) + b"".join(
            varint((new - old) << 1 if new >= old else (old - new << 1) - 1)
            for new, old in zip(values, former)))
        former = values
    segment.snapshot(BATCH)
    segment.new_rows(0)
    return segment.bytes()


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    # As many as fit.
    files = {
        "rows": rows(64), "unchanged": unchanged(12), "optional": optional(32),
        "cycles": cycles(128), "zeros": zeros(240), "window": window(), "marks": marks(20),
        "huge": huge(), "pauses": pauses(),
    }
    for name, data in files.items():
        assert len(data) <= KB, name
        with open(os.path.join(folder, name + ".zst"), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
