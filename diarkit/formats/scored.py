"""What of a recording is scored: all of it but what its reference keeps out."""

from diarkit.formats.common import last_s


def scored_spans(turns, ignored, duration_s=None):
    """Return [(start_s, end_s)] in time order: the recording without the ignored spans.

    ignored: [(start_s, end_s)] in any order, may overlap; duration_s: None when it is not known, the last turn ends
    the recording then.
    """
    end_s, at, spans = last_s(turns, duration_s), 0.0, []
    for start_s, stop_s in sorted(ignored):
        if min(start_s, end_s) > at:
            spans.append((at, min(start_s, end_s)))
        at = max(at, stop_s)
    return spans + [(at, end_s)] if end_s > at else spans
