#!/usr/bin/env python3
"""Score every frame for a change of speaker with the Bi-LSTM: one matrix (T, 2) per recording, seconds and score.

The features are those of compute-change-feats.py. pick-changes.py makes times of changes of the scores.
"""

from diarkit import cli
from diarkit.change.detect import DetectOptions, Detector
from diarkit.tables import MatrixWriter, read_matrices


def main(feats, curves, options):
    """Write the curve of every recording."""
    detector = Detector(options)
    with MatrixWriter(curves) as writer:
        cli.for_each(read_matrices(feats), lambda reco, load: writer.write(reco, detector(load())))


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "curve-wspecifier"), DetectOptions)
