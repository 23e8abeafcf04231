"""Kaldi tables of matrices: lazy, memory-mapped where the file allows, and atomic to write."""

import contextlib
import io
import mmap
import os
import struct
import sys
import tempfile

import numpy as np

from diarkit.errors import DiarkitError, KeysFailed, UsageError
from diarkit.files import atomic, read_table
from diarkit.kaldi_arrays import binary_head, read_archive, read_array, write_binary, write_text
from diarkit.kaldi_ranges import part_of, split_ranges
from diarkit.pipes import pipe_output, run_pipe

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
    """Return {key: entry text} of `scp:FILE`, `scp:command |` or a plain path; an entry is a path or `command |`."""
    kind, path = split_rspecifier(rspecifier) if rspecifier.startswith(("scp", "ark")) and ":" in rspecifier \
        else ("scp", rspecifier)
    if kind != "scp":
        raise UsageError(f"{rspecifier!r}: this input must be an scp")
    if path.rstrip().endswith("|"):
        with _command_output(path) as file:
            return read_table(file.name)
    return read_table("/dev/stdin" if path == "-" else path)


def _command_output(command):
    """Return an open temporary file with the whole output of `command |`, gone when it is closed."""
    file = tempfile.NamedTemporaryFile(prefix="diarkit-", suffix=".table")
    run_pipe(command, file)
    file.seek(0)
    return file


def _opened(path):
    """Return a context that gives an open binary archive: a file, - for standard input, or the output of a command."""
    if path.rstrip().endswith("|"):
        return _command_output(path)
    return contextlib.nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb")


def load_matrix(entry):
    """Return the matrix (T, D) or vector (D,) of an scp entry `path[:offset][ranges]` or `command |`, read-only.

    A float32 binary matrix is memory-mapped. Raises DiarkitError that names the entry.
    """
    try:
        if entry.rstrip().endswith("|"):
            return read_array(io.BytesIO(pipe_output(entry)))
        whole, ranges = split_ranges(entry)
        return part_of(_load_file(whole), ranges)
    except DiarkitError as error:
        raise DiarkitError(f"{entry}: {error}") from None
    except OSError as error:
        raise DiarkitError(f"{entry}: cannot be read: {error.strerror}") from None


def _load_file(entry):
    path, colon, offset = entry.rpartition(":")
    if not colon or not offset.isdecimal():
        path, offset = entry, 0
    with open(path, "rb") as file:
        file.seek(int(offset))
        shape = _float_matrix(file)
        if shape is None:
            file.seek(int(offset))
            return read_array(file)
    return np.memmap(path, np.dtype("<f4"), "r", int(offset) + 15, shape)


def beside(*rspecifiers):
    """Return a function from a key to its matrices in several tables, None for a table that is None.

    The function raises DiarkitError where a table does not have the key.
    """
    tables = [dict(read_matrices(name)) if name else None for name in rspecifiers]

    def find(key):
        for name, table in zip(rspecifiers, tables):
            if table is not None and key not in table:
                raise DiarkitError(f"not in {name}. Make it of the same recordings")
        return [None if table is None else table[key]() for table in tables]
    return find


def forget_pages(matrix):
    """Give back the memory of what was read of a memory-mapped matrix; it is read again where it is needed again."""
    held = getattr(matrix, "_mmap", None)
    if held is not None and hasattr(held, "madvise"):
        held.madvise(mmap.MADV_DONTNEED)


def _float_matrix(file):
    """Return the shape of the whole float32 matrix that starts here, None for any other kind of thing."""
    start, head = file.tell(), file.read(15)
    if len(head) < 15 or head[:6] != FLOAT_MATRIX:
        return None
    rows, cols = struct.unpack("<i", head[6:10])[0], struct.unpack("<i", head[11:15])[0]
    whole = os.fstat(file.fileno()).st_size >= start + 15 + 4 * rows * cols
    return (rows, cols) if rows > 0 and cols > 0 and whole else None


def read_matrices(rspecifier):
    """Yield (key, function that loads the matrix) of `scp:FILE`, `ark:FILE`, `ark:-` or `ark:command |`."""
    kind, path = split_rspecifier(rspecifier)
    if kind == "scp":
        for key, entry in read_scp(rspecifier).items():
            yield key, (lambda entry=entry: load_matrix(entry))
        return
    try:
        with _opened(path) as file:
            yield from ((key, lambda matrix=matrix: matrix) for key, matrix in read_archive(file, path))
    except OSError as error:
        raise DiarkitError(f"{path}: cannot be read: {error.strerror}") from None


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
        if len(kinds) == 2 and paths[kinds.index("ark")] == "-":
            raise UsageError(f"{wspecifier!r}: an scp cannot point into standard output")
        self.paths = dict(zip(kinds, paths))
        self._lines, self._keys = [], set()

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self._file = self._stack.enter_context(atomic(self.paths["ark"], "wb"))
        self._seekable = self.paths["ark"] != "-" and self._file.seekable()
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and not issubclass(kind, KeysFailed):
            return self._stack.__exit__(kind, error, trace)
        if os.path.isfile(self.paths.get("scp", "-")):
            os.unlink(self.paths["scp"])  # an older scp must not stand beside the new archive, not for a moment
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
        with self._entry(key):
            (write_text if self.text else write_binary)(self._file, array)

    @contextlib.contextmanager
    def _entry(self, key):
        """Write the key; should the matrix fail, take both back: one bad recording leaves no hole in the archive."""
        if key in self._keys:
            raise DiarkitError(f"{key} is written twice")
        start = self._file.tell() if self._seekable else None
        self._keys.add(key)
        self._file.write(f"{key} ".encode())
        if "scp" in self.paths:
            self._lines.append(f"{key} {self.paths['ark']}:{self._file.tell()}\n")
        try:
            yield
        except BaseException:
            self._forget(key, start)
            raise

    @contextlib.contextmanager
    def blocks(self, key, cols):
        """Give a function that appends (rows, cols) float32 blocks to one matrix, however many rows come.

        Text archives and pipes cannot be patched afterwards: there the blocks are held and written at the end.
        """
        rows, held = 0, None if self._seekable and not self.text else []

        def append(block):
            nonlocal rows
            block = np.ascontiguousarray(block, "<f4")
            assert block.ndim == 2 and block.shape[1] == cols, block.shape
            rows += len(block)
            if held is not None:
                held.append(block)
            elif block.size:
                self._file.write(block.data)

        if held is not None:
            yield append
            self.write(key, np.concatenate(held) if held else np.zeros((0, cols), np.float32))
            return
        with self._entry(key):
            head = self._file.tell()
            self._file.write(binary_head(np.float32, (0, 0)))
            yield append
            self._file.seek(head)
            self._file.write(binary_head(np.float32, (rows, cols if rows else 0)))
            self._file.seek(0, os.SEEK_END)

    def write_blocks(self, key, cols, parts):
        """Write one matrix of `cols` columns from an iterator of (rows, cols) blocks."""
        with self.blocks(key, cols) as append:
            for part in parts:
                append(part)

    def _forget(self, key, start):
        self._keys.discard(key)
        if "scp" in self.paths:
            self._lines.pop()
        if self._seekable:
            self._file.seek(start)
            self._file.truncate()
