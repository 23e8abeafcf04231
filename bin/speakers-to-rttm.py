#!/usr/bin/env python3
"""Turn local speakers and their clusters into an RTTM of turns that may overlap: SPEAKER_00, SPEAKER_01, ...

Column 9 is the confidence: how far the windows agree that this speaker talks there.
<seg-rspecifier> and <labels-rspecifier> are of the same windows: (W, 589) classes of segment-speakers.py, and (W, 3)
global speaker numbers, -1 for a silent local speaker. How many talk at once is what --scores say, else the windows'
classes. With [talk-time] each speaker's seconds are written too: `<reco> <speaker> <seconds>`.
"""

from diarkit import cli
from diarkit.annotation import read_reco2dur
from diarkit.errors import DiarkitError
from diarkit.hypothesis import write_hypothesis
from diarkit.options import from_conf, opt, options
from diarkit.segmentation import OverlappingTurnOptions, SegmentOptions, reconstruct
from diarkit.segmentation.aggregate import frame_weights
from diarkit.segmentation.powerset import to_multilabel
from diarkit.segmentation.reconstruct import ShortWindows, agreement
from diarkit.segmentation.spans import counted
from diarkit.tables import beside, read_matrices
from diarkit.turns import as_turns


@options
class InputOptions:
    """Input"""

    scores: str | None = opt(None, "rspecifier of the scores that segment-speakers.py wrote: a surer count of speakers")
    times: str | None = opt(None, "rspecifier of the times of the short windows, of embed-speakers.py")
    shares: str | None = opt(None, "rspecifier of their shares, of cluster-speakers.py (required with --times)")
    seg_config: str | None = opt(None, "seg.conf beside seg.scp (none: the defaults of segment-speakers.py)")


def main(seg, labels_rspecifier, reco2dur, rttm, seconds_path, options, inputs):
    """Convert every recording of the segmentation; the others are kept when one fails."""
    made = from_conf(SegmentOptions, inputs.seg_config) if inputs.seg_config else SegmentOptions()
    tables = beside(inputs.scores, labels_rspecifier, inputs.times, inputs.shares)
    durations, turns, weights = read_reco2dur(reco2dur), {}, frame_weights(made.taper, made.trim)

    def one(reco, load):
        if reco not in durations:
            raise DiarkitError(f"not in {reco2dur}. Make it of the same recordings")
        scores, labels, times, shares = tables(reco)
        many = None if scores is None else counted(scores, made)
        short = None if times is None or shares is None else ShortWindows(times.reshape(-1, 2), shares)
        of = to_multilabel(load()), labels, made.hop_s, durations[reco]
        found = reconstruct(*of, options, weights, many, short)
        turns[reco] = as_turns(reco, agreement(*of, weights, found, short, options.short_weight))

    cli.for_each(read_matrices(seg), one, finish=lambda: write_hypothesis(rttm, seconds_path, turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("seg-rspecifier", "labels-rspecifier", "reco2dur", "rttm", "[talk-time]"),
            OverlappingTurnOptions, InputOptions)
