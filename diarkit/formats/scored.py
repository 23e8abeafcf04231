"""What of a recording is scored: all of it but what its reference keeps out."""

from diarkit.formats.common import last_s


def scored_spans(turns, ignored, duration_s=None):
    """Return [(start_s, end_s)] in time order: the recording without the ignored spans.

    ignored: [(start_s, end_s)] in any order, may overlap; duration_s: None when it is not known, the last turn ends
    the recording then.
    """
    end_s = last_s(turns, duration_s)
    return without([(0.0, end_s)] if end_s else [], ignored)


def without(spans, ignored):
    """Return [(start_s, end_s)] of spans with the ignored ones cut out of them."""
    for start_s, end_s in ignored:
        cut = [piece for a, b in spans for piece in ((a, min(b, start_s)), (max(a, end_s), b))]
        spans = [(a, b) for a, b in cut if b > a]
    return spans
