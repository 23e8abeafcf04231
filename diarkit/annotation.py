"""Who spoke when, on disk: segments, RTTM, UEM and reco2dur."""

import math
from typing import NamedTuple

from diarkit.errors import data_error
from diarkit.files import read_lines, read_number_table, write_text


class Segment(NamedTuple):
    """A stretch of one recording: id, reco, start_s, end_s."""

    id: str
    reco: str
    start_s: float
    end_s: float


class Turn(NamedTuple):
    """One speaker's turn in one recording: reco, start_s, end_s, speaker; confidence, 0 to 1, where it is known."""

    reco: str
    start_s: float
    end_s: float
    speaker: str
    confidence: float | None = None


def segment_id(reco, start_s, end_s):
    """Return `<reco>-<start ms, 8 digits>-<end ms, 8 digits>`; sorts in time, is never parsed."""
    return f"{reco}-{round(start_s * 1000):08d}-{round(end_s * 1000):08d}"


def make_segment(reco, start_s, end_s):
    """Return a Segment whose times are rounded to the millisecond that its id carries."""
    start_s, end_s = round(start_s, 3), round(end_s, 3)
    return Segment(segment_id(reco, start_s, end_s), reco, start_s, end_s)


def _number(path, line, text, name):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise data_error(path, line, f"{name} is {text!r}", "Write seconds as a plain number")
    return value


def _span(path, line, start_s, end_s):
    if start_s < 0 or end_s <= start_s:
        raise data_error(path, line, f"start {start_s:g} s, end {end_s:g} s", "Make 0 <= start < end")


def read_segments(path):
    """Return {reco: [Segment]} of a `segments` file (`<id> <reco> <start s> <end s>`), in file order."""
    found, seen = {}, {}
    for number, line in read_lines(path):
        parts = line.split()
        if len(parts) != 4:
            raise data_error(path, number, f"{len(parts)} columns", "Write `<id> <reco> <start> <end>`")
        if parts[0] in seen:
            raise data_error(path, number, f"{parts[0]} stands already on line {seen[parts[0]]}", "Keep one")
        seen[parts[0]] = number
        start_s, end_s = (_number(path, number, t, n) for t, n in zip(parts[2:], ("start", "end")))
        _span(path, number, start_s, end_s)
        found.setdefault(parts[1], []).append(Segment(parts[0], parts[1], start_s, end_s))
    return found


def write_segments(path, segments):
    """Write Segments as `<id> <reco> <start> <end>`, times with three decimals."""
    write_text(path, (f"{s.id} {s.reco} {s.start_s:.3f} {s.end_s:.3f}" for s in segments))


def read_reco2dur(path):
    """Return {reco: seconds} of a reco2dur (`<reco> <seconds>`); a duration that is not positive is an error."""
    durations = read_number_table(path)
    for reco, seconds in durations.items():
        if not 0 < seconds < math.inf:
            raise data_error(path, None, f"{reco} lasts {seconds:g} s", "Write its duration in seconds")
    return durations


def read_rttm(path):
    """Return {reco: [Turn]} of an RTTM's SPEAKER lines, sorted by time; other line types are passed over.

    Raises DiarkitError naming file:line for short lines, bad numbers and durations that are not positive.
    """
    found = {}
    for number, line in read_lines(path):
        parts = line.split()
        if parts[0].startswith(";;") or parts[0] != "SPEAKER":
            continue
        if len(parts) < 8:
            raise data_error(path, number, f"{len(parts)} columns",
                             "Write `SPEAKER <reco> 1 <start> <dur> <NA> <NA> <speaker> <NA> <NA>`")
        start_s, dur_s = _number(path, number, parts[3], "start"), _number(path, number, parts[4], "duration")
        _span(path, number, start_s, start_s + dur_s)
        sure = None if len(parts) < 9 or parts[8] == "<NA>" else _number(path, number, parts[8], "confidence")
        found.setdefault(parts[1], []).append(Turn(parts[1], start_s, start_s + dur_s, parts[7], sure))
    return {reco: sorted(turns, key=lambda t: t[:4]) for reco, turns in found.items()}


def rttm_line(turn, reco=None):
    """Return a Turn as a line of RTTM with three decimals, "" where it is shorter than a millisecond.

    The end is rounded, not the duration, so that touching turns still touch. Column 9 is the confidence where it is
    known. reco: the recording, where the turn does not name it.
    """
    sure = getattr(turn, "confidence", None)
    start_ms, end_ms = round(turn.start_s * 1000), round(turn.end_s * 1000)
    if end_ms <= start_ms:
        return ""
    return (f"SPEAKER {reco or turn.reco} 1 {start_ms / 1000:.3f} {(end_ms - start_ms) / 1000:.3f} "
            f"<NA> <NA> {'_'.join(turn.speaker.split())} {'<NA>' if sure is None else f'{sure:.3f}'} <NA>")


def write_rttm(path, turns):
    """Write Turns as RTTM."""
    write_text(path, (line for turn in turns if (line := rttm_line(turn))))


def read_uem(path):
    """Return {reco: [(start_s, end_s)]} of a UEM file (`<reco> <channel> <start> <end>`)."""
    found = {}
    for number, line in read_lines(path):
        parts = line.split()
        if parts[0].startswith(";;"):
            continue
        if len(parts) != 4:
            raise data_error(path, number, f"{len(parts)} columns", "Write `<reco> 1 <start> <end>`")
        start_s, end_s = (_number(path, number, t, n) for t, n in zip(parts[2:], ("start", "end")))
        _span(path, number, start_s, end_s)
        found.setdefault(parts[0], []).append((start_s, end_s))
    return found


def write_uem(path, spans):
    """Write {reco: [(start_s, end_s)]} as UEM."""
    write_text(path, (f"{reco} 1 {a:.3f} {b:.3f}" for reco, parts in spans.items() for a, b in parts))
