"""Where a recording is scored: its region without no-score zones, collars and overlaps, as md-eval takes them out.

Source: NIST, md-eval-22: the speakers are mapped on the region without NOSCORE; the errors are counted on what is
left of it without collars, NOSCORE, NON-LEX and, where asked for, overlapping speech.
"""

from pyannote.core import Annotation, Segment, Timeline

NON_LEX = ("breath", "cough", "laugh", "lipsmack", "other", "sneeze")  # the subtypes that are not scored
EXTEND_S = 0.5  # a NON-LEX zone grows by this on each side, up to the next word or boundary of a turn


def unscored(zones, turns):
    """Return ([(start_s, end_s)] of NOSCORE, [(start_s, end_s)] of NON-LEX, grown) of one recording.

    zones: timed.Spans of its reference's NOSCORE, NON-LEX and LEXEME lines; turns: its reference Turns.
    """
    noscore = [(z.start_s, z.end_s) for z in zones if z.kind == "NOSCORE"]
    sounds = timeline((z.start_s, z.end_s) for z in zones if z.kind == "NON-LEX" and z.name in NON_LEX)
    words = timeline((z.start_s, z.end_s) for z in zones if z.kind == "LEXEME")
    stops = sorted([t for turn in turns for t in (turn.start_s, turn.end_s)] + [t for word in words for t in word])
    return noscore, [_grown(zone, stops, words) for zone in sounds]


def _grown(zone, stops, words):
    start_s, end_s = zone
    if not any(word.start < start_s < word.end for word in words):
        start_s = max([start_s - EXTEND_S] + [t for t in stops if t <= start_s])
    if not any(word.start < end_s < word.end for word in words):
        end_s = min([end_s + EXTEND_S] + [t for t in stops if t >= end_s])
    return start_s, end_s


def timeline(spans):
    """Return the pyannote Timeline of [(start_s, end_s)], overlapping spans joined."""
    return Timeline(Segment(start_s, end_s) for start_s, end_s in spans).support()


def without(region, spans):
    """Return the Timeline of a region with [(start_s, end_s)] taken out."""
    return timeline(spans).gaps(support=region) if spans else region


def scored_region(region, edges, reference, protocol):
    """Return the Timeline that a protocol scores: the region without collars and overlaps.

    edges: times in seconds of every boundary of a reference turn, those between touching turns included;
    reference: pyannote Annotation, for its overlaps.
    """
    collar_s = protocol.collar_s
    taken = [(t - collar_s, t + collar_s) for t in edges] if collar_s else []
    overlaps = reference.get_overlap() if protocol.skip_overlap else []
    return without(region, taken + [tuple(span) for span in overlaps])


def edges_of(turns):
    """Return the sorted times of all boundaries of Turns, to the microsecond."""
    return sorted({round(t, 6) for turn in turns for t in (turn.start_s, turn.end_s)})


def edges_of_annotation(reference):
    """Return the sorted times of all boundaries of a pyannote Annotation."""
    assert isinstance(reference, Annotation), type(reference)
    return sorted({t for segment in reference.itersegments() for t in segment})
