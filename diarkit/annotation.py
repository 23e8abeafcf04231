"""Who spoke when, on disk: segments, RTTM, UEM and reco2dur."""

import math
from typing import NamedTuple

from diarkit.errors import data_error
from diarkit.files import read_lines, read_number_table, write_text
from diarkit.timed import Fault, rttm_span, segment_span, uem_span


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


def _spans(path, parse, empty=False):
    """Yield the Spans of a file by the rules of timed.py; a faulty line ends the reading, and so does an empty span."""
    for number, line in read_lines(path):
        try:
            span = parse(number, line)
        except Fault as fault:
            raise data_error(path, number, fault.what, fault.mend) from None
        if span and not empty and span.end_s <= span.start_s:
            raise data_error(path, number, f"start {span.start_s:g} s, end {span.end_s:g} s", "Make 0 <= start < end")
        if span:
            yield span


def read_segments(path, open_ends=False):
    """Return {reco: [Segment]} of a `segments` file (`<id> <reco> <start s> <end s>`), in file order.

    open_ends: an end of -1, to the end of the recording, is given back as infinity; without it, it is an error.
    """
    found, seen = {}, {}
    for span in _spans(path, segment_span):
        if span.name in seen:
            raise data_error(path, span.line, f"{span.name} stands already on line {seen[span.name]}", "Keep one")
        if math.isinf(span.end_s) and not open_ends:
            raise data_error(path, span.line, "an end of -1 means to the end of the recording, whose length is not "
                             "known here", "Write the end in seconds")
        seen[span.name] = span.line
        found.setdefault(span.reco, []).append(Segment(span.name, span.reco, span.start_s, span.end_s))
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
    """Return {reco: [Turn]} of an RTTM's SPEAKER lines, sorted by time; other types that NIST knows are passed over.

    Raises DiarkitError naming file:line for unknown types, wrong numbers of columns, bad numbers and durations that
    are not positive.
    """
    found = {}
    for span in _spans(path, _turn_span):
        found.setdefault(span.reco, []).append(
            Turn(span.reco, span.start_s, span.end_s, span.name, span.confidence))
    return {reco: sorted(turns, key=lambda t: t[:4]) for reco, turns in found.items()}


def _turn_span(number, line):
    span = rttm_span(number, line)
    return span if span and span.kind == "SPEAKER" else None


def read_zones(path):
    """Return {reco: [timed.Span]} of an RTTM's NOSCORE, NON-LEX and LEXEME lines, in file order."""
    found = {}
    for span in _spans(path, rttm_span, empty=True):
        if span.kind != "SPEAKER" and span.end_s > span.start_s:
            found.setdefault(span.reco, []).append(span)
    return found


def zone_line(reco, zone):
    """Return a zone of `read_zones` as a line of RTTM for the recording `reco`."""
    kind = "lex" if zone.kind == "LEXEME" else "<NA>" if zone.name == "<na>" else zone.name
    return f"{zone.kind} {reco} 1 {zone.start_s:.3f} {zone.end_s - zone.start_s:.3f} <NA> {kind} <NA> <NA>"


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


def write_rttm(path, turns, zones=None):
    """Write Turns as RTTM, with the zones {reco: [timed.Span]} that bear on scoring, where there are any."""
    zone_lines = [zone_line(reco, zone) for reco, own in (zones or {}).items() for zone in own]
    write_text(path, [*(line for turn in turns if (line := rttm_line(turn))), *zone_lines])


def read_uem(path):
    """Return {reco: [(start_s, end_s)]} of a UEM file (`<reco> <channel> <start> <end>`).

    Spans of several channels that overlap are joined, since NIST writes one line for each channel.
    """
    found = {}
    for span in _spans(path, uem_span):
        found.setdefault(span.reco, []).append(span)
    return {reco: joined_channels(spans) for reco, spans in found.items()}


def joined_channels(spans):
    """Return [(start_s, end_s)] of the timed.Spans of a recording: as they stand, or joined where channels differ."""
    if len({span.name for span in spans}) == 1:
        return [(span.start_s, span.end_s) for span in spans]
    joined = []
    for start_s, end_s in sorted((span.start_s, span.end_s) for span in spans):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_s))
        else:
            joined.append((start_s, end_s))
    return joined


def write_uem(path, spans):
    """Write {reco: [(start_s, end_s)]} as UEM."""
    write_text(path, (f"{reco} 1 {a:.3f} {b:.3f}" for reco, parts in spans.items() for a, b in parts))
