"""Read the files of a data directory to the end, noting every fault instead of stopping at the first."""

import io
import os
from typing import NamedTuple

from diarkit.files import raw_lines, split_entry
from diarkit.timed import Fault, Span, rttm_span, segment_span, to_number, uem_span

__all__ = ["Row", "Span", "exists", "id_fault", "scan_lines", "scan_rttm", "scan_segments", "scan_table", "scan_uem",
           "to_number"]


class Row(NamedTuple):
    """One line of a table: its number, its key and the rest."""

    line: int
    key: str
    value: str


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
    if raw and raw[-1:] not in (b"\n", b"\r"):
        report.note(f"{path}: the last line has no newline. If the file is cut short, write it again")
    for number, piece in raw_lines(io.BytesIO(raw)):
        try:
            line = piece.decode("utf-8")
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
    """Return [Span] of a segments file, checked like a table; the name is the segment's id, an open end infinity."""
    rows = scan_table(path, report).values()
    return _scan(path, ((row.line, f"{row.key} {row.value}") for row in rows), segment_span, report)


def scan_uem(path, report):
    """Return [Span] of a UEM file; the name is the channel."""
    return _scan(path, scan_lines(path, report), uem_span, report)


def scan_rttm(path, report, zero=True, zones=False):
    """Return [Span] of an RTTM's SPEAKER lines; the name is the speaker.

    zero: a turn of no duration is a problem; otherwise it is given back with end_s == start_s.
    zones: give the lines that bear on scoring, too; their `kind` tells them apart.
    """
    spans = _scan(path, scan_lines(path, report), rttm_span, report, zero)
    return [span for span in spans if zones or span.kind == "SPEAKER"]


def _scan(path, lines, parse, report, zero=True):
    """Return the Spans of lines by the rules of timed.py; every fault is a problem of its recording."""
    spans = []
    for number, line in lines:
        try:
            span = parse(number, line)
        except Fault as fault:
            report.add(path, number, fault.what, fault.mend, reco=fault.reco)
            continue
        if span and zero and span.end_s == span.start_s:
            report.add(path, number, f"start {span.start_s:g} s, end {span.end_s:g} s", "Make 0 <= start < end",
                       reco=span.reco)
        elif span:
            spans.append(span)
    return spans


def exists(folder, name):
    """Tell whether a data directory has the file `name`, readable or not."""
    return os.path.lexists(os.path.join(folder, name))
