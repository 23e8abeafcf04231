#!/usr/bin/env python3
"""Normalise features to mean 0 and, with --norm-vars=true, variance 1.

Over the whole recording, over a sliding window (--cmn-window), or with the statistics of compute-cmvn-stats.py as the
third argument: an scp with one matrix per recording.
"""

from diarkit import cli
from diarkit.errors import DiarkitError, UsageError
from diarkit.features.cmvn import Cmvn, CmvnOptions
from diarkit.tables import MatrixWriter, load_matrix, read_matrices, read_scp


def main(feats, out, stats, options):
    """Write every matrix normalised."""
    if stats and options.cmn_window:
        raise UsageError("statistics and --cmn-window exclude each other")
    cmvn, table = Cmvn(options), read_scp(stats) if stats else None

    def work(key, load):
        if table is not None and key not in table:
            raise DiarkitError(f"no statistics in {stats}")
        matrix = load()
        given = None if table is None else load_matrix(table[key])
        writer.write_blocks(key, matrix.shape[1], cmvn.blocks(matrix, given))

    with MatrixWriter(out) as writer:
        cli.for_each(read_matrices(feats), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "feats-wspecifier", "[stats-rspecifier]"), CmvnOptions)
