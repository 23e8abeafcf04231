"""One line of an RTTM, UEM or segments file: the rules by which every reader of such files reads it.

Source of the line types: NIST, RT-09 evaluation plan, appendix A.
"""

import math
from typing import NamedTuple

SHAPES = {"segments": "<id> <reco> <start> <end>", "uem": "<reco> 1 <start> <end>",
          "rttm": "SPEAKER <reco> 1 <start> <dur> <NA> <NA> <speaker> <NA> <NA>"}
ZONES = ("NOSCORE", "NON-LEX", "LEXEME")  # what bears on where a score is taken
OTHER_LINES = ("SEGMENT NO_RT_METADATA NON-SPEECH FILLER EDIT IP SU CB A/P SPKR-INFO END").split()
NOTHING = {"<na>", "na", "n/a", "-", "null", "none", "unknown"}  # how a column without a value is written
COMMENTS = (";;", "#")


class Span(NamedTuple):
    """One line with times: its number, reco, start_s, end_s, and its own name (segment id, channel or speaker).

    kind: SPEAKER, NOSCORE, NON-LEX or LEXEME for a line of an RTTM; confidence: of a SPEAKER, None where unknown.
    """

    line: int
    reco: str
    start_s: float
    end_s: float
    name: str
    kind: str = "SPEAKER"
    confidence: float | None = None


class Fault(Exception):
    """What is wrong with a line, how to mend it, and the recording it speaks of, None where that is unknown."""

    def __init__(self, what, mend, reco=None):
        super().__init__(what)
        self.what, self.mend, self.reco = what, mend, reco


def is_comment(line):
    """Tell whether a line of an RTTM or UEM is a comment."""
    return line.lstrip().startswith(COMMENTS)


def to_number(text):
    """Return a finite float, or NaN for any other text."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def rttm_span(number, line):
    """Return the Span of a SPEAKER line or of a line that bears on scoring; None for any other type that NIST knows.

    A turn of no duration is given back with end_s == start_s. Raises Fault.
    """
    if is_comment(line):
        return None
    parts = line.split()
    if parts[0] in ZONES:
        return _zone(number, parts)
    if parts[0] in OTHER_LINES:
        return None
    if parts[0] != "SPEAKER":
        small = " in capitals" if parts[0].upper() == "SPEAKER" else ""
        raise Fault(f"a line of type {parts[0]!r}", f"Write `{SHAPES['rttm']}`{small}")
    reco = parts[1] if len(parts) > 1 else None
    if not 8 <= len(parts) <= 10:
        raise Fault(f"{len(parts)} columns, names may hold no blanks", f"Write `{SHAPES['rttm']}`", reco)
    odd = [text for text in parts[8:] if text.lower() not in NOTHING and math.isnan(to_number(text))]
    if odd:
        raise Fault(f"{odd[0]!r} stands where the confidence belongs, names may hold no blanks",
                    f"Write `{SHAPES['rttm']}`", reco)
    sure = to_number(parts[8]) if len(parts) > 8 else math.nan
    start_s, end_s = _times(parts[3], parts[4], reco, duration=True)
    return Span(number, reco, start_s, end_s, parts[7], confidence=None if math.isnan(sure) else sure)


def _zone(number, parts):
    """Return the Span of a NOSCORE, NON-LEX or LEXEME line; its name is the subtype, in small letters."""
    if parts[0] == "LEXEME" and (len(parts) < 5 or not to_number(parts[4]) > 0 or not to_number(parts[3]) >= 0):
        return None  # words without times bear on nothing
    if len(parts) < 5:
        raise Fault(f"{len(parts)} columns", f"Write `{parts[0]} <reco> 1 <start> <dur> <NA> <NA> <NA> <NA>`",
                    parts[1] if len(parts) > 1 else None)
    start_s, end_s = _times(parts[3], parts[4], parts[1], duration=True)
    return Span(number, parts[1], start_s, end_s, parts[6].lower() if len(parts) > 6 else "<na>", parts[0])


def uem_span(number, line):
    """Return the Span of a line of a UEM, its name the channel; None for a comment. Raises Fault."""
    parts = line.split()
    sound = len(parts) == 4 and not any(math.isnan(to_number(text)) for text in parts[2:])
    if parts[0].startswith(";;") or parts[0].startswith("#") and not sound:  # an id may begin with #
        return None
    if len(parts) != 4:
        raise Fault(f"{len(parts)} columns", f"Write `{SHAPES['uem']}`", parts[0])
    start_s, end_s = _times(parts[2], parts[3], parts[0])
    return Span(number, parts[0], start_s, end_s, parts[1])


def segment_span(number, line):
    """Return the Span of a line of `segments`, its name the id; an end of -1, to the end, is infinity. Raises Fault."""
    parts = line.split()
    if len(parts) != 4:
        raise Fault(f"{len(parts)} columns", f"Write `{SHAPES['segments']}`", parts[1] if len(parts) > 1 else None)
    open_end = to_number(parts[3]) == -1
    start_s, end_s = _times(parts[2], "1e15" if open_end else parts[3], parts[1])
    return Span(number, parts[1], start_s, math.inf if open_end else end_s, parts[0])


def _times(start, end, reco, duration=False):
    second = "duration" if duration else "end"
    first, last = to_number(start), to_number(end)
    if math.isnan(first) or math.isnan(last):
        raise Fault(f"start is {start!r}, {second} is {end!r}", "Write seconds as plain numbers", reco)
    end_s = last + (first if duration else 0)
    if first < 0 or end_s < first:
        raise Fault(f"start {start} s, {second} {end} s", "Make 0 <= start < end", reco)
    return first, end_s
