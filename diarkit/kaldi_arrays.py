"""One matrix or vector as Kaldi stores it, binary or text.

Reading is strict: a cut file is an error with its numbers, and nothing but numbers is ever read (an archive of kaldiio
may also hold pickles, which run code). Source: the I/O page of Kaldi's manual.
"""

import io
import struct

import numpy as np
from kaldiio.matio import read_matrix_or_vector
from kaldiio.utils import MultiFileDescriptor

from diarkit.errors import DiarkitError

KINDS = {b"FM ": ("<f4", 2), b"DM ": ("<f8", 2), b"FV ": ("<f4", 1), b"DV ": ("<f8", 1)}
COMPRESSED = (b"CM ", b"CM2", b"CM3")


def read_array(file):
    """Return the matrix (T, D) or vector (D,) that starts at the position of an open binary file, read-only.

    float32 or float64 as stored; float64 from text, where an empty one is (0, 0).
    """
    first = file.read(1)
    if first != b"\0":
        return _read_text(file, first)
    mark, kind = file.read(1), file.read(3)
    if mark != b"B":
        raise DiarkitError("no Kaldi matrix: the binary mark \\0B is not there")
    if kind in COMPRESSED:
        return _read_compressed(file, kind)
    if kind not in KINDS:
        raise DiarkitError(f"no matrix or vector of real numbers: its type is {kind!r}")
    dtype, dims = KINDS[kind]
    head = _exactly(file, 5 * dims, "a matrix's head")
    shape = tuple(struct.unpack("<i", head[5 * k + 1:5 * k + 5])[0] for k in range(dims))
    if min(shape) < 0 or any(head[5 * k] != 4 for k in range(dims)):
        raise DiarkitError(f"a broken matrix head: {head!r}")
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    words = f"a {' x '.join(map(str, shape))} {'matrix' if dims == 2 else 'vector'}"
    return np.frombuffer(_exactly(file, size, words), dtype).reshape(shape)


def read_archive(file, path):
    """Yield (key, matrix) of an open archive, binary or text or both."""
    last = "its start"
    while (key := _read_key(file)) is not None:
        if not key:
            raise DiarkitError(f"{path}: no key and matrix after {last}. Make the archive again")
        try:
            yield key, read_array(file)
        except DiarkitError as error:
            raise DiarkitError(f"{path}: {key}: {error}. Make the archive again") from None
        last = key


def _read_key(file):
    """Return the key up to the next blank, None at the end of the archive, "" where there is no key."""
    letters = bytearray()
    while (letter := file.read(1)) != b" ":
        if letter == b"" and not letters:
            return None
        if letter in (b"", b"\0") or (letter in b"\n\r" and letters):
            return ""
        letters += letter.strip()
    try:
        return letters.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _exactly(file, size, what):
    parts, got = [], 0
    while got < size and (part := file.read(min(size - got, 1 << 28))):
        parts.append(part)
        got += len(part)
    if got < size:
        raise DiarkitError(f"cut short: {what} needs {size} bytes, {got} are left")
    return b"".join(parts)


def _read_compressed(file, kind):
    try:
        return np.asarray(read_matrix_or_vector(MultiFileDescriptor(io.BytesIO(b"\0B" + kind), file)), np.float32)
    except (ValueError, AssertionError, struct.error) as error:
        raise DiarkitError(f"cut short or broken, a compressed matrix: {error}") from None


def _read_text(file, first):
    line = first + file.readline()
    start, bracket, rest = line.partition(b"[")
    if not bracket or start.strip():
        raise DiarkitError(f"no Kaldi matrix: it starts with {line[:20]!r}, not with [")
    rows = [rest]
    while b"]" not in rows[-1]:
        rows.append(file.readline())
        if not rows[-1]:
            raise DiarkitError("cut short: the closing ] is not there")
    is_vector = len(rows) == 1
    rows[-1], _, after = rows[-1].partition(b"]")
    if after.strip():
        raise DiarkitError(f"{after[:20]!r} stands after the closing ]")
    rows = [row.split() for row in rows if row.split()]
    if len({len(row) for row in rows}) > 1:
        raise DiarkitError(f"rows of {sorted({len(row) for row in rows})} columns in one matrix")
    try:
        values = np.array(rows, np.float64) if rows else np.zeros((0, 0))
    except ValueError as error:
        raise DiarkitError(f"not a number in this matrix: {error}") from None
    values.setflags(write=False)
    return values[0] if is_vector and rows else values


def binary_head(array_dtype, shape):
    """Return the bytes before the numbers of a float32 or float64 matrix or vector."""
    letter = b"F" if array_dtype == np.float32 else b"D"
    kind = letter + (b"M " if len(shape) == 2 else b"V ")
    return b"\0B" + kind + b"".join(b"\4" + struct.pack("<i", n) for n in shape)


def write_binary(file, array):
    """Write a float32 or float64 array (T, D) or (D,) at the position of an open binary file."""
    file.write(binary_head(array.dtype, array.shape))
    file.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data if array.size else b"")


def write_text(file, array):
    """Write an array as Kaldi text, with the fewest digits that give the same numbers back."""
    if array.ndim == 1 or not array.size:
        file.write(f" [ {''.join(f'{word} ' for word in array.ravel().astype(str))}]\n".encode())
        return
    file.write(b" [")
    for row in array:
        file.write(("\n  " + " ".join(row.astype(str)) + " ").encode())
    file.write(b"]\n")
