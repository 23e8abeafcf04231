"""Read the files of a data directory to the end, noting every fault instead of stopping at the first."""

import math
import os
from typing import NamedTuple

from diarkit.files import split_entry

SHAPES = {"segments": "<id> <reco> <start> <end>", "uem": "<reco> 1 <start> <end>",
          "rttm": "SPEAKER <reco> 1 <start> <dur> <NA> <NA> <speaker> <NA> <NA>"}

OTHER_LINES = ("SEGMENT NOSCORE NO_RT_METADATA LEXEME NON-LEX NON-SPEECH FILLER EDIT IP SU CB A/P SPKR-INFO").split()


class Row(NamedTuple):
    """One line of a table: its number, its key and the rest."""

    line: int
    key: str
    value: str


class Span(NamedTuple):
    """One line with times: its number, reco, start_s, end_s, and its own name (segment id or speaker)."""

    line: int
    reco: str
    start_s: float
    end_s: float
    name: str


def id_fault(name):
    """Return what is wrong with a recording or segment id, "" when nothing is."""
    if any(c.isspace() for c in name):
        return "holds a blank"
    if "/" in name:
        return "holds a /"
    if not name.isprintable():
        return "holds a character that cannot be printed"
    return "begins with ;;, which marks a comment" if name.startswith(";;") else ""


def scan_lines(path, report):
    """Yield (number, line) of a text file; a line that is no UTF-8 is a problem, and the next one is read."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        report.add(path, None, f"cannot be read: {error.strerror}", "Write it, or check its permissions")
        return
    if raw and not raw.endswith(b"\n"):
        report.add(path, raw.count(b"\n") + 1, "the last line has no newline, the file may be cut short",
                   "Write the file again, or add the newline")
    for number, piece in enumerate(raw.split(b"\n"), 1):
        try:
            line = piece.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError:
            report.add(path, number, "not UTF-8 text", "Convert the file, for example with iconv")
            continue
        if line.strip():
            yield number, line


def scan_table(path, report, ids=True):
    """Return {key: Row} of a table `<key> <value>`: columns, id characters, uniqueness and order are checked."""
    table, last = {}, ""
    for number, line in scan_lines(path, report):
        key, value = split_entry(line)
        if not value:
            report.add(path, number, f"one column ({key})", "Write `<id> <value>`", reco=key)
            continue
        if ids and id_fault(key):
            report.add(path, number, f"the id {key!r} {id_fault(key)}", "Choose an id without it", reco=key)
        if key in table:
            report.add(path, number, f"{key} stands already on line {table[key].line}", "Keep one of the two", reco=key)
            continue
        last = _check_order(path, number, key, last, report)
        table[key] = Row(number, key, value)
    return table


def _check_order(path, number, key, last, report):
    """Note a key that sorts before the one above it; code points order like the bytes of UTF-8, LC_ALL=C."""
    if key < last:
        report.add(path, number, f"{key} comes after {last}, not in C order",
                   f"LC_ALL=C sort -k1,1 -o {path} {path}", order=True)
    return max(key, last)


def scan_segments(path, report):
    """Return [Span] of a segments file, checked like a table; the name is the segment's id."""
    spans = []
    for row in scan_table(path, report).values():
        parts = row.value.split()
        if len(parts) != 3:
            report.add(path, row.line, f"{len(parts) + 1} columns", f"Write `{SHAPES['segments']}`", reco=parts[0])
            continue
        _add_span(path, row.line, parts[0], parts[1], parts[2], row.key, report, spans)
    return spans


def scan_uem(path, report):
    """Return [Span] of a UEM file; the name is the channel."""
    spans = []
    for number, line in scan_lines(path, report):
        parts = line.split()
        if parts[0].startswith(";;"):
            continue
        if len(parts) != 4:
            report.add(path, number, f"{len(parts)} columns", f"Write `{SHAPES['uem']}`", reco=parts[0])
            continue
        _add_span(path, number, parts[0], parts[2], parts[3], parts[1], report, spans)
    return spans


def scan_rttm(path, report, zero=True):
    """Return [Span] of an RTTM's SPEAKER lines; the name is the speaker.

    zero: a turn of no duration is a problem; otherwise it is given back with end_s == start_s.
    """
    spans = []
    for number, line in scan_lines(path, report):
        parts = line.split()
        if parts[0] != "SPEAKER":
            if not parts[0].startswith(";;") and parts[0] not in OTHER_LINES:
                report.add(path, number, f"a line of type {parts[0]!r}", f"Write `{SHAPES['rttm']}`")
            continue
        if not 8 <= len(parts) <= 10:
            report.add(path, number, f"{len(parts)} columns, names may hold no blanks", f"Write `{SHAPES['rttm']}`",
                       reco=parts[1] if len(parts) > 1 else None)
            continue
        _add_span(path, number, parts[1], parts[3], parts[4], parts[7], report, spans, duration=True, zero=zero)
    return spans


def _add_span(path, line, reco, start, end, name, report, spans, duration=False, zero=True):
    """Append a Span when its two numbers make sense, else note a problem of this recording."""
    second = "duration" if duration else "end"
    numbers = [to_number(text) for text in (start, end)]
    if any(math.isnan(n) for n in numbers):
        report.add(path, line, f"start is {start!r}, {second} is {end!r}", "Write seconds as plain numbers", reco=reco)
        return
    start_s, end_s = numbers[0], numbers[1] + (numbers[0] if duration else 0)
    if start_s < 0 or end_s < start_s or (zero and end_s == start_s):
        report.add(path, line, f"start {start} s, {second} {end} s", "Make 0 <= start < end", reco=reco)
        return
    spans.append(Span(line, reco, start_s, end_s, name))


def to_number(text):
    """Return a finite float, or NaN for any other text."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def exists(folder, name):
    """Tell whether a data directory has the file `name`, readable or not."""
    return os.path.lexists(os.path.join(folder, name))
