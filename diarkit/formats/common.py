"""What the formats share: text of a file, times as clocks, spans that are checked."""

import codecs
import math
import os
import re
from typing import NamedTuple

from diarkit.annotation import Turn
from diarkit.errors import data_error

TEXT_KINDS = (".audacity", ".list", ".table")
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")


class Ignored(NamedTuple):
    """A span that a reference keeps out of the score: reco, start_s, end_s."""

    reco: str
    start_s: float
    end_s: float


def milliseconds(seconds):
    """Return whole milliseconds."""
    return round(seconds * 1000)


def clock(seconds, point):
    """Return hh:mm:ss and milliseconds behind `point` (`,` in SRT, `.` in WebVTT); hours may exceed 99."""
    rest, ms = divmod(milliseconds(seconds), 1000)
    return f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}{point}{ms:03d}"


def ticks(turn, per_s):
    """Return (start, end) of a turn in whole ticks, `per_s` of them to a second; a turn has at least one."""
    start = round(turn.start_s * per_s)
    return start, max(round(turn.end_s * per_s), start + 1)


def last_s(turns, duration_s):
    """Return where a recording ends: its duration, or the end of its last turn where that is later or all we know."""
    return max([duration_s or 0.0, *(turn.end_s for turn in turns)])


def one_word(name):
    """Return a name without blanks, for formats whose columns blanks part."""
    return "_".join(name.split()) or "_"


def confidence_of(turn):
    """Return the confidence of a turn, None where it has none."""
    return getattr(turn, "confidence", None)


def text_of(path):
    """Return the text of a file: UTF-8 with or without a byte order mark, or UTF-16 with one; newlines are `\\n`.

    Raises DiarkitError with the line where it is neither.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        raise data_error(path, None, f"cannot be read: {error.strerror}", "Check the path") from None
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = None if wide else raw.count(b"\n", 0, error.start) + 1
        raise data_error(path, line, "not UTF-8 text", "Convert the file, for example with iconv") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(path):
    """Yield (line number, line) of a text file; blank lines are passed over."""
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if line.strip():
            yield number, line


def reco_of(path):
    """Return the recording that a file speaks of by its name: the file name without its extension.

    `talk.list.txt` is talk's: several formats end in .txt, and their names tell them apart.
    """
    stem, end = os.path.splitext(os.path.basename(path))
    first, kind = os.path.splitext(stem)
    return first if end.lower() == ".txt" and kind in TEXT_KINDS else stem


def number_of(path, line, text, name):
    """Return a finite float; raises DiarkitError with the line for anything else."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(text, bool) or not math.isfinite(value):
        raise data_error(path, line, f"{name} is {text!r}", "Write seconds as a plain number")
    return value


def clock_of(path, line, text, name):
    """Return the seconds of `h:mm:ss.mmm`, `m:ss.mmm` or plain seconds; the point may be a comma."""
    match = CLOCK.fullmatch(str(text).strip())
    if not match:
        return number_of(path, line, text, name)
    hours, minutes, seconds = match.groups()
    return round(int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", ".")), 6)


def turn_of(path, line, reco, start_s, end_s, speaker, confidence=None):
    """Return a Turn whose times and names are checked; raises DiarkitError with the line."""
    if start_s < 0 or end_s <= start_s:
        raise data_error(path, line, f"start {start_s:g} s, end {end_s:g} s", "Make 0 <= start < end")
    if not str(speaker).strip():
        raise data_error(path, line, "no speaker", "Name who speaks")
    return Turn(reco, start_s, end_s, one_word(str(speaker)), confidence)
