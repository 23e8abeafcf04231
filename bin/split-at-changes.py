#!/usr/bin/env python3
"""Cut speech at the speaker changes inside it: a segments file of pieces, each of which gets one embedding.

Speech runs with short pauses between them are joined first. With [runs] the joined speech is written too, as another
segments file. Every recording of the spans must have changes, if only an empty vector.
"""

from diarkit import cli
from diarkit.annotation import make_segment, write_segments
from diarkit.change.pieces import PieceOptions, split_at_changes
from diarkit.change.report import read_changes
from diarkit.errors import DiarkitError
from diarkit.tables import read_matrices


def main(spans, changes, segments, runs, options):
    """Write the pieces of every recording at once."""
    speech, found = dict(read_matrices(spans)), dict(read_matrices(changes))
    for name, wanted, others in ((changes, speech, found), (spans, found, speech)):
        lost = sorted(set(wanted) - set(others))
        if lost:
            raise DiarkitError(f"{name}: {len(lost)} of {len(wanted)} recordings are not there: {', '.join(lost[:3])}. "
                               "Make both from the same data directory")
    pieces, joined = [], []
    for reco, load in speech.items():
        cut, whole = split_at_changes(load(), read_changes(reco, found[reco]()), options)
        pieces += [make_segment(reco, *span) for span in cut.tolist()]
        joined += [make_segment(reco, *span) for span in whole.tolist()]
    write_segments(segments, pieces)
    if runs:
        write_segments(runs, joined)
    cli.log(f"{len(joined)} runs of speech in {len(pieces)} pieces")


if __name__ == "__main__":
    cli.run(main, __doc__, ("spans-rspecifier", "changes-rspecifier", "segments", "[runs]"), PieceOptions)
