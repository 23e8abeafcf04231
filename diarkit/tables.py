"""Kaldi tables of matrices on kaldiio: lazy, memory-mapped where the file allows, and atomic to write."""

import contextlib
import os
import struct
import subprocess
import sys
import tempfile

import kaldiio
import numpy as np

from diarkit.errors import DiarkitError, KeysFailed, UsageError
from diarkit.files import atomic, read_table

FLOAT_MATRIX = b"\0BFM \4"  # binary mark, type, size byte of the row count


def split_rspecifier(text):
    """Return (kind, path) of `scp:path` or `ark:path`; options such as `ark,t:` are accepted where harmless.

    Raises UsageError for `p` (permissive), which would hide bad entries, and for anything unknown.
    """
    head, colon, path = text.partition(":")
    words = head.split(",")
    if not colon or words[0] not in ("scp", "ark") or not path:
        raise UsageError(f"{text!r} is no rspecifier: write scp:FILE or ark:FILE (- for standard input)")
    if set(words[1:]) - {"t", "s", "cs", "o", "bg"}:
        raise UsageError(f"{text!r}: only the flags t, s, cs, o and bg are known; p would hide bad entries")
    return words[0], path


def read_scp(rspecifier):
    """Return {key: entry text} of `scp:FILE` (or a plain path), where an entry is a path or `command |`."""
    kind, path = split_rspecifier(rspecifier) if rspecifier.startswith(("scp", "ark")) and ":" in rspecifier \
        else ("scp", rspecifier)
    if kind != "scp":
        raise UsageError(f"{rspecifier!r}: this input must be an scp")
    return read_table("/dev/stdin" if path == "-" else path)


def run_pipe(command, stdout):
    """Run a piped entry (`command |`) under pipefail, its output going to the open file `stdout`.

    Raises DiarkitError with the status and the end of stderr when any part of the pipe fails.
    """
    command = command.strip().rstrip("|").strip()
    with tempfile.TemporaryFile() as words:
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], stdout=stdout, stderr=words,
                              stdin=subprocess.DEVNULL)
        words.seek(max(words.tell() - 300, 0))
        said = words.read().decode("utf-8", "replace").strip()
    if done.returncode:
        raise DiarkitError(f"the command `{command}` failed with status {done.returncode}: {said or 'no message'}")


def pipe_output(command):
    """Return the bytes that a piped entry (`command |`) prints; errors as in run_pipe."""
    with tempfile.TemporaryFile() as file:
        run_pipe(command, file)
        file.seek(0)
        return file.read()


def load_matrix(entry):
    """Return the matrix (T, D) or vector (D,) of an scp entry `path[:offset]` or `command |`.

    A plain float32 binary matrix is memory-mapped, read-only. Raises DiarkitError that names the entry.
    """
    try:
        if entry.rstrip().endswith("|"):
            import io
            return kaldiio.load_mat(io.BytesIO(pipe_output(entry)))
        mapped = _map_matrix(entry)
        return kaldiio.load_mat(entry) if mapped is None else mapped
    except DiarkitError:
        raise
    except Exception as error:
        raise DiarkitError(f"{entry}: cannot read a matrix: {error}") from None


def _map_matrix(entry):
    """Return a memory map of a `path:offset` float32 matrix, None for any other kind of entry."""
    path, colon, offset = entry.rpartition(":")
    if not colon or not offset.isdigit():
        return None
    with open(path, "rb") as file:
        file.seek(int(offset))
        head = file.read(15)
        if len(head) < 15 or head[:6] != FLOAT_MATRIX:
            return None
        rows, cols = struct.unpack("<i", head[6:10])[0], struct.unpack("<i", head[11:15])[0]
        need = int(offset) + 15 + 4 * rows * cols
        if os.fstat(file.fileno()).st_size < need:
            raise DiarkitError(f"{entry}: the file is shorter than the {rows} x {cols} matrix it announces")
    if rows * cols == 0:
        return np.zeros((rows, cols), np.float32)
    return np.memmap(path, np.dtype("<f4"), "r", int(offset) + 15, (rows, cols))


def read_matrices(rspecifier):
    """Yield (key, function that loads the matrix) of `scp:FILE`, `ark:FILE` or `ark:-`."""
    kind, path = split_rspecifier(rspecifier)
    if kind == "scp":
        for key, entry in read_scp(rspecifier).items():
            yield key, (lambda entry=entry: load_matrix(entry))
        return
    try:
        stream = sys.stdin.buffer if path == "-" else path
        for key, matrix in kaldiio.load_ark(stream):
            yield key, (lambda matrix=matrix: matrix)
    except (OSError, ValueError, AssertionError) as error:
        raise DiarkitError(f"{path}: cannot read this archive: {error}") from None


class MatrixWriter:
    """Write a Kaldi table of float32 matrices to `ark:A`, `ark,t:A`, `ark,scp:A,S` or `scp,ark:S,A`.

    A context manager: the files are renamed into place only on success, the scp last, so that the presence of the
    scp proves the archive. KeysFailed counts as success: the keys that did not fail are kept.
    """

    def __init__(self, wspecifier):
        head, colon, path = wspecifier.partition(":")
        words = head.split(",")
        self.text = "t" in words
        kinds = [w for w in words if w in ("ark", "scp")]
        paths = path.split(",") if len(kinds) == 2 else [path]
        if not colon or "ark" not in kinds or len(paths) != len(kinds) or not all(paths) \
                or set(words) - {"ark", "scp", "t", "f", "nf"}:
            raise UsageError(f"{wspecifier!r} is no wspecifier: write ark:A, ark,t:A or ark,scp:A,S")
        self.paths = dict(zip(kinds, paths))
        self._lines, self._keys = [], set()

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self._file = self._stack.enter_context(atomic(self.paths["ark"], "wb"))
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and not issubclass(kind, KeysFailed):
            return self._stack.__exit__(kind, error, trace)
        self._stack.close()
        if "scp" in self.paths:
            with atomic(self.paths["scp"]) as file:
                file.writelines(self._lines)
        return False

    def write(self, key, array):
        """Write one matrix (T, D) or vector (D,) under `key`; float32, or float64 where the array is."""
        array = np.asarray(array)
        array = np.ascontiguousarray(array, np.float64 if array.dtype == np.float64 else np.float32)
        if array.ndim == 2 and array.size == 0:
            array = array.reshape(0, 0)  # Kaldi knows no matrix with columns but no rows
        self._begin(key)
        kaldiio.save_ark(self._file, {key: array}, text=self.text) if self.text else self._write_binary(array)

    def _begin(self, key):
        if key in self._keys:
            raise DiarkitError(f"{key} is written twice")
        self._keys.add(key)
        if not self.text:
            self._file.write(f"{key} ".encode())
            if "scp" in self.paths:
                self._lines.append(f"{key} {self.paths['ark']}:{self._file.tell()}\n")
        elif "scp" in self.paths:
            offset = self._file.tell() + len(key.encode()) + 1
            self._lines.append(f"{key} {self.paths['ark']}:{offset}\n")

    def _write_binary(self, array):
        letter = b"F" if array.dtype == np.float32 else b"D"
        kind = letter + (b"M " if array.ndim == 2 else b"V ")
        self._file.write(b"\0B" + kind + b"".join(b"\4" + struct.pack("<i", n) for n in array.shape))
        self._file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).data)

    @contextlib.contextmanager
    def blocks(self, key, cols):
        """Give a function that appends (rows, cols) float32 blocks to one matrix, however many rows come.

        Text archives and pipes cannot be patched afterwards: there the blocks are held and written at the end.
        """
        if self.text or self.paths["ark"] == "-":
            held = []
            yield held.append
            self.write(key, np.concatenate(held) if held else np.zeros((0, cols), np.float32))
            return
        start, rows = self._file.tell(), 0
        self._begin(key)
        head = self._file.tell()

        def append(block):
            nonlocal rows
            block = np.ascontiguousarray(block, "<f4")
            assert block.ndim == 2 and block.shape[1] == cols, block.shape
            rows += len(block)
            self._file.write(block.data if len(block) else b"")

        self._file.write(self._head(0, 0))
        try:
            yield append
        except BaseException:
            self._forget(key, start)
            raise
        self._file.seek(head)
        self._file.write(self._head(rows, cols if rows else 0))
        self._file.seek(0, os.SEEK_END)

    @staticmethod
    def _head(rows, cols):
        return FLOAT_MATRIX + struct.pack("<i", rows) + b"\4" + struct.pack("<i", cols)

    def _forget(self, key, start):
        """Take a half-written matrix back, so that one bad recording leaves no hole in the archive."""
        self._keys.discard(key)
        if "scp" in self.paths:
            self._lines.pop()
        self._file.seek(start)
        self._file.truncate()
