"""Kaldi's file of a PLDA: <Plda> mean transform psi </Plda>, binary or text (ivector/plda.cc)."""

import io

import numpy as np

from diarkit.errors import DiarkitError, data_error
from diarkit.files import atomic
from diarkit.kaldi_arrays import read_array, write_binary, write_text
from diarkit.plda.model import Plda

START, END = b"<Plda>", b"</Plda>"


def read_plda(path):
    """Return the Plda in a file that Kaldi or write_plda wrote; raises DiarkitError that names the file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise data_error(path, None, f"cannot be read: {error.strerror}") from None
    binary = data.startswith(b"\0B")
    try:
        return Plda(*_arrays(data[2:] if binary else data, binary))
    except DiarkitError as error:
        raise data_error(path, None, f"not a PLDA as Kaldi writes it: {error}", "Train or copy it again") from None


def _arrays(data, binary):
    """Return [mean, transform, psi] as float64; inside an object the arrays bear no binary mark of their own."""
    if not data.lstrip().startswith(START):
        raise DiarkitError(f"it starts with {data[:20]!r}, not with {START.decode()}")
    at, found = data.index(START) + len(START) + 1, []
    for _ in range(3):
        file = io.BytesIO((b"\0B" if binary else b"") + data[at:])
        found.append(np.array(read_array(file), np.float64))
        at += file.tell() - 2 * binary
    if data[at:].strip() != END:
        raise DiarkitError(f"it ends with {data[at:][:20]!r}, not with {END.decode()}")
    if [a.ndim for a in found] != [1, 2, 1]:
        raise DiarkitError(f"shapes {[a.shape for a in found]} where a vector, a matrix and a vector should be")
    return found


def write_plda(path, plda, binary=True):
    """Write a Plda as Kaldi does, in double precision."""
    with atomic(path, "wb") as file:
        file.write(b"\0B" * binary + START + b" ")
        for part in (plda.mean, plda.transform, plda.psi):
            held, part = io.BytesIO(), np.ascontiguousarray(part, np.float64)
            (write_binary if binary else write_text)(held, part)
            file.write(held.getvalue()[2 * binary:])
        file.write(END + b" ")
