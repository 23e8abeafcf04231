#!/usr/bin/env python3
"""Turn the scores of a segmentation into speech and overlap, (S, 2) seconds, and change points, (P,) seconds.

The scores are the second table of segment-speakers.py; <reco2dur> says where each recording ends.
"""

from diarkit import cli
from diarkit.annotation import read_reco2dur
from diarkit.errors import DiarkitError
from diarkit.segmentation import SegmentOptions, spans
from diarkit.tables import MatrixWriter, read_matrices


def main(scores, reco2dur, speech, overlap, change, options):
    """Write the three tables."""
    durations = read_reco2dur(reco2dur)

    def work(reco, load):
        if reco not in durations:
            raise DiarkitError(f"not in {reco2dur}. Add its duration")
        found, duration_s = load(), durations[reco]
        speech_writer.write(reco, spans.speech_spans(found, duration_s, options))
        overlap_writer.write(reco, spans.overlap_spans(found, duration_s, options))
        change_writer.write(reco, spans.changes(found, duration_s, options))

    with MatrixWriter(speech) as speech_writer, MatrixWriter(overlap) as overlap_writer, \
            MatrixWriter(change) as change_writer:
        cli.for_each(read_matrices(scores), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("scores-rspecifier", "reco2dur", "speech-wspecifier", "overlap-wspecifier",
                            "change-wspecifier"), SegmentOptions)
