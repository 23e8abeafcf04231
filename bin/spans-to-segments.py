#!/usr/bin/env python3
"""Write the speech spans of recordings as a segments file: `<reco>-<start ms>-<end ms> <reco> <start> <end>`."""

from diarkit import cli
from diarkit.annotation import make_segment, write_segments
from diarkit.errors import DiarkitError
from diarkit.tables import read_matrices
from diarkit.vad.spans import as_spans


def segments(rspecifier):
    """Yield the Segments of every recording; a span that rounds to less than a millisecond is none."""
    for reco, load in read_matrices(rspecifier):
        try:
            spans = as_spans(load())
        except DiarkitError as error:
            raise DiarkitError(f"{reco}: {error}") from None
        made = (make_segment(reco, float(start_s), float(end_s)) for start_s, end_s in spans)
        yield from (segment for segment in made if segment.end_s > segment.start_s)


def main(spans, out):
    """Write all segments at once."""
    write_segments(out, segments(spans))


if __name__ == "__main__":
    cli.run(main, __doc__, ("spans-rspecifier", "segments"))
