#!/usr/bin/env python3
"""Take the changes of speaker out of curves (T, 2) of seconds and score: one vector of ascending seconds per recording.

Serves every detector that writes such curves: detect-changes.py, detect-changes-metric.py.
"""

from diarkit import cli
from diarkit.change.peaks import PickOptions, pick
from diarkit.tables import MatrixWriter, read_matrices


def main(curves, changes, options):
    """Write the changes of every recording; an empty vector where there are none."""
    with MatrixWriter(changes) as writer:
        cli.for_each(read_matrices(curves), lambda reco, load: writer.write(reco, pick(load(), options)))


if __name__ == "__main__":
    cli.run(main, __doc__, ("curve-rspecifier", "changes-wspecifier"), PickOptions)
