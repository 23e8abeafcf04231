#!/usr/bin/env python3
"""Turn local speakers and their clusters into an RTTM of turns that may overlap: SPEAKER_00, SPEAKER_01, ...

<seg-rspecifier> and <labels-rspecifier> are of the same windows: (W, 589) classes of segment-speakers.py, and (W, 3)
global speaker numbers, -1 for a silent local speaker. How many talk at once is what --scores say, else the windows'
classes. With [talk-time] each speaker's seconds are written too: `<reco> <speaker> <seconds>`.
"""

from diarkit import cli
from diarkit.annotation import read_reco2dur, write_rttm
from diarkit.errors import DiarkitError, KeysFailed
from diarkit.files import write_text
from diarkit.options import from_conf, opt, options
from diarkit.segmentation import OverlappingTurnOptions, SegmentOptions, reconstruct
from diarkit.segmentation.aggregate import frame_weights
from diarkit.segmentation.powerset import to_multilabel
from diarkit.segmentation.reconstruct import ShortWindows
from diarkit.segmentation.spans import counted
from diarkit.tables import read_matrices
from diarkit.turns import as_turns, talk_time


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
    scores, labels, times, shares = (dict(read_matrices(name)) if name else None for name in (
        inputs.scores, labels_rspecifier, inputs.times, inputs.shares))
    durations, turns, weights = read_reco2dur(reco2dur), {}, frame_weights(made.taper, made.trim)

    def one(reco, load):
        for where, table in ((reco2dur, durations), (labels_rspecifier, labels), (inputs.scores, scores),
                             (inputs.times, times), (inputs.shares, shares)):
            if table is not None and reco not in table:
                raise DiarkitError(f"not in {where}. Make it of the same recordings")
        count = counted(scores[reco](), made) if scores else None
        active, seconds = to_multilabel(load()), durations[reco]
        short = ShortWindows(times[reco]().reshape(-1, 2), shares[reco]()) if times and shares else None
        turns[reco] = as_turns(reco, reconstruct(active, labels[reco](), made.hop_s, seconds, options, weights, count,
                                                 short))

    def write():
        write_rttm(rttm, [turn for reco in sorted(turns) for turn in turns[reco]])
        if seconds_path:
            write_text(seconds_path, (f"{reco} {speaker} {seconds:.3f}" for reco in sorted(turns)
                                      for speaker, seconds in talk_time(turns[reco]).items()))

    try:
        cli.for_each(read_matrices(seg), one)
    except KeysFailed:
        write()
        raise
    write()


if __name__ == "__main__":
    cli.run(main, __doc__, ("seg-rspecifier", "labels-rspecifier", "reco2dur", "rttm", "[talk-time]"),
            OverlappingTurnOptions, InputOptions)
