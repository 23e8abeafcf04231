#!/usr/bin/env python3
"""Score every frame for a change of speaker with the Bi-LSTM: one matrix (T, 2) per recording, seconds and score.

The features are those of compute-change-feats.py; made with another configuration than the feats.conf beside the
model they are refused. pick-changes.py makes times of changes of the scores.
"""

from diarkit import cli
from diarkit.change.detect import DetectOptions, Detector, check_feats
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_matrices


@options
class FeatsOptions:
    """Features"""

    feats_config: str | None = opt(None, "the feats.conf that the features were made with (none: not compared)")


def main(feats, curves, options, given):
    """Write the curve of every recording."""
    if given.feats_config:
        check_feats(given.feats_config, options)
    detector = Detector(options)
    with MatrixWriter(curves) as writer:
        cli.for_each(read_matrices(feats), lambda reco, load: writer.write(reco, detector(load())))


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "curve-wspecifier"), DetectOptions, FeatsOptions)
