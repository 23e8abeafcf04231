#!/usr/bin/env python3
"""Turn one speaker number per window into an RTTM: SPEAKER lines with speakers SPEAKER_00, SPEAKER_01, ...

Every recording of the labels must be in <reco2dur>, and every recording of <subsegments> in the labels; a recording
without windows has no lines. With [talk-time] each speaker's seconds are written too: `<reco> <speaker> <seconds>`.
"""

from diarkit import cli
from diarkit.annotation import read_reco2dur, read_segments
from diarkit.errors import DiarkitError
from diarkit.hypothesis import write_hypothesis
from diarkit.tables import read_matrices
from diarkit.turns import TurnOptions, as_turns, labels_to_turns


def main(subsegments, labels_rspecifier, reco2dur, rttm, seconds_path, options):
    """Convert every recording of the labels; the others are kept when one fails."""
    windows, durations = read_segments(subsegments), read_reco2dur(reco2dur)
    labels = dict(read_matrices(labels_rspecifier))
    lost = sorted(set(windows) - set(labels))
    if lost:
        raise DiarkitError(f"{labels_rspecifier}: no labels for {len(lost)} recordings with speech: "
                           f"{', '.join(lost[:5])}. Cluster them first")
    turns = {}

    def one(reco, load):
        if reco not in durations:
            raise DiarkitError(f"not in {reco2dur}. Add its duration")
        spans = [(s.start_s, s.end_s) for s in windows.get(reco, [])]
        turns[reco] = as_turns(reco, labels_to_turns(spans, load(), durations[reco], options))

    cli.for_each(labels.items(), one, len(labels), finish=lambda: write_hypothesis(rttm, seconds_path, turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("subsegments", "labels-rspecifier", "reco2dur", "rttm", "[talk-time]"), TurnOptions)
