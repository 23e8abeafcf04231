#!/usr/bin/env python3
"""Sum up features for mean and variance normalisation: one Kaldi statistics matrix (2, D + 1) per recording."""

from diarkit import cli
from diarkit.features.cmvn import cmvn_stats
from diarkit.tables import MatrixWriter, read_matrices


def main(feats, stats):
    """Write the statistics of every matrix."""
    with MatrixWriter(stats) as writer:
        cli.for_each(read_matrices(feats), lambda key, load: writer.write(key, cmvn_stats(load())))


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "stats-wspecifier"))
