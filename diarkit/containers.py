"""How many bytes of samples an audio file announces in its header, and how many it has.

libsndfile cuts the announced length to the size of the file without a word, so a broken copy would pass as a short
recording. Sources: Microsoft RIFF specification, EBU Tech 3306 (RF64), Apple AIFF, Sun AU, NIST SPHERE.
"""

import os
import struct
from typing import NamedTuple


class DataChunk(NamedTuple):
    """Where the samples lie: announced_b (None when the header leaves it open), present_b, bytes per frame, size_at."""

    announced_b: int | None
    present_b: int
    frame_b: int
    size_at: int | None = None  # where a 32-bit size stands that is 0 or too small though samples follow


def data_chunk(path):
    """Return the DataChunk of a WAV, RF64, AIFF, AU or SPHERE file; None for anything else or a broken header."""
    with open(path, "rb") as file:
        try:
            return _any_chunk(file, os.fstat(file.fileno()).st_size)
        except struct.error:
            return None


def _any_chunk(file, size):
    head = file.read(12)
    if len(head) == 12 and head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:] == b"WAVE":
        return _wave(file, size, ">" if head[:4] == b"RIFX" else "<")
    if len(head) == 12 and head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        return _aiff(file, size)
    if head[:4] == b".snd":
        return _au(head, size, file)
    return _sphere(file, size) if head[:7] == b"NIST_1A" else None


def _chunks(file, size, order):
    """Yield (name, announced size, start) of the chunks from here on; stops at the end of the file."""
    while len(head := file.read(8)) == 8:
        name, length, start = head[:4], struct.unpack(order + "I", head[4:])[0], file.tell()
        yield name, length, start
        file.seek(start + length + length % 2)
        if file.tell() >= size:
            return


def _wave(file, size, order):
    frame_b, long_b = 1, None
    for name, length, start in _chunks(file, size, order):
        if name == b"ds64":
            long_b = struct.unpack("<Q", file.read(16)[8:])[0]
        elif name == b"fmt ":
            frame_b = max(struct.unpack(order + "H", file.read(14)[12:])[0], 1)
        elif name == b"data":
            if long_b is not None and length == 0xFFFFFFFF:
                length = long_b
            elif _left_open(length):
                length = None
            elif length == 0 and _ends_here(file, size, start, order):
                length = 0
            elif length == 0 or _lies(file, size, start + length, order):
                return DataChunk(None, size - start, frame_b, start - 4)
            return DataChunk(length, size - start, frame_b)
    return None


def _lies(file, size, end, order):
    """Tell whether samples go on where a data chunk ends by its size: what follows is neither a chunk nor the end.

    So it is with a file of more than 4 GiB, whose size has lost its upper bits, and with one that was never closed.
    """
    if size - end < 64:  # padding, or the rest of a chunk that was cut
        return False
    for start in (end, end + end % 2):
        file.seek(start)
        head = file.read(8)
        name, length = head[:4], struct.unpack(order + "I", head[4:])[0]
        if all(32 <= byte < 127 for byte in name) and start + 8 + length <= size + 1 or not any(head):
            return False
    return True


def _left_open(length):
    """Tell whether a size is one that writers put down before they know: about 2^31 or 2^32."""
    return 0x7FFFF000 <= length <= 0x7FFFFFFF or length >= 0xFFFFFF00


def _ends_here(file, size, start, order):
    """Tell whether the data chunk is truly empty: nothing follows, or another chunk that fits."""
    file.seek(start)
    head = file.read(8)
    if len(head) < 8:
        return True
    return head[:4].isalnum() and start + 8 + struct.unpack(order + "I", head[4:])[0] in (size, size - 1)


def _aiff(file, size):
    frame_b = 1
    for name, length, start in _chunks(file, size, ">"):
        if name == b"COMM":
            channels, _, bits = struct.unpack(">hIh", file.read(8))
            frame_b = max(channels * ((bits + 7) // 8), 1)
        elif name == b"SSND":
            return DataChunk(max(length - 8, 0), size - start - 8, frame_b)
    return None


def _au(head, size, file):
    start, length = struct.unpack(">II", head[4:])
    coding, _, channels = struct.unpack(">III", file.read(12).ljust(12, b"\0"))
    width = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(coding, 1)
    return DataChunk(None if length == 0xFFFFFFFF else length, size - start, max(width * channels, 1))


def _sphere(file, size):
    file.seek(0)
    lines = file.read(1024).split(b"\n")
    words = {parts[0]: parts[2] for line in lines[2:] if len(parts := line.split(None, 2)) == 3}
    try:
        start = int(lines[1])
        frame_b = int(words.get(b"sample_n_bytes", 2)) * int(words.get(b"channel_count", 1))
        announced = int(words[b"sample_count"]) * frame_b
    except (ValueError, KeyError, IndexError):
        return None
    return DataChunk(announced, size - start, frame_b)
