"""Files that appear only when whole, and Kaldi's text tables."""

import codecs
import contextlib
import os
import re
import secrets
import sys

from diarkit.errors import DiarkitError, data_error, named


@contextlib.contextmanager
def atomic(path, mode="w"):
    """Open a temporary neighbour of `path` for writing; fsync and rename it into place on success.

    `path` of "-" is standard output; a device or named pipe is written directly. On an exception the temporary file
    is removed and `path` is untouched.
    """
    text = {} if "b" in mode else {"encoding": "utf-8"}
    if str(path) == "-":
        stream = sys.stdout.buffer if "b" in mode else sys.stdout
        yield stream
        stream.flush()
        return
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, mode, **text) as file:
            yield file
        return
    temporary = temporary_name(path)
    try:
        with named(path), open(temporary, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def temporary_name(path):
    """Return a hidden neighbour of `path` that nobody else uses."""
    folder, name = os.path.split(str(path))
    return os.path.join(folder, f".{name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")


def write_text(path, lines):
    """Write an iterable of lines (without newline) atomically."""
    with atomic(path) as file:
        file.writelines(f"{line}\n" for line in lines)


def read_lines(path, mend="Check the path"):
    """Yield (line number, line without newline) of a UTF-8 text file; blank lines are skipped.

    Lines end with LF, CR LF or CR, the last one with or without; a byte order mark is passed over.
    Raises DiarkitError when the file cannot be read or a line is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            for number, raw in raw_lines(file):
                try:
                    line = raw.decode("utf-8")
                except UnicodeDecodeError:
                    raise data_error(path, number, "not UTF-8 text",
                                     "Convert the file, for example with iconv") from None
                if line.strip():
                    yield number, line
    except OSError as error:
        raise data_error(path, None, f"cannot be read: {error.strerror}", mend) from None


def raw_lines(file):
    """Yield (line number, bytes of the line without its end) of an open binary file."""
    number = 0
    for raw in file:
        raw = raw.removeprefix(codecs.BOM_UTF8) if number == 0 else raw
        for line in raw.removesuffix(b"\n").removesuffix(b"\r").split(b"\r"):
            number += 1
            yield number, line


def split_entry(line):
    """Return (key, rest) of a table's line; only its first run of blanks or tabs parts them: a path may hold both."""
    key, *rest = re.split(r"[ \t]+", line.strip(" \t\r\n"), maxsplit=1)
    return key, rest[0] if rest else ""


def plain_path(entry):
    """Return the file that a wav.scp entry names: FILE of `FILE.ark:OFFSET`, else the entry itself."""
    path, _, offset = entry.rpartition(":")
    return path if offset.isdecimal() and not os.path.exists(entry) and os.path.isfile(path) else entry


def read_table(path):
    """Return {key: rest of the line} of a Kaldi text table such as wav.scp or reco2dur, in file order.

    Raises DiarkitError naming file:line for a line with no value or a key that stands twice.
    """
    table, first = {}, {}
    for number, line in read_lines(path):
        key, rest = split_entry(line)
        if not rest:
            raise data_error(path, number, f"expected `<id> <value>`, found {line!r}")
        if key in table:
            raise data_error(path, number, f"{key} stands already on line {first[key]}", "Keep one of the two")
        table[key], first[key] = rest, number
    return table


def read_number_table(path, kind=float):
    """Return {key: number} of a text table such as reco2dur (seconds) or reco2num_spk (kind=int)."""
    numbers = {}
    for key, text in read_table(path).items():
        try:
            numbers[key] = kind(text)
        except ValueError:
            raise DiarkitError(f"{path}: {key} has {text!r}, expected a number") from None
    return numbers
