#!/usr/bin/env python3
"""Group the vectors of each recording into speakers.

Reads one matrix (N, D) per recording, one vector per row in the order of time, and writes one vector of N speaker
numbers 0, 1, ... per recording, numbered by first appearance; an empty matrix gives an empty vector. With --pieces and
--sure-s speakers are found among the vectors of long pieces alone; those of short ones join the nearest.
"""

import numpy as np

from diarkit import cli
from diarkit.annotation import read_segments
from diarkit.cluster import ClusterOptions, CountOptions
from diarkit.cluster.options import counts_of
from diarkit.cluster.sure import cluster_sure
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_matrices


@options
class RunOptions:
    """Running."""

    reco2num_spk: str | None = opt(None, "file `<reco> <speakers>`: exactly this many in each recording")
    seed: int = opt(0, "of the random starts of k-means", low=0, high=2 ** 32 - 1)
    pieces: str | None = opt(None, "the subsegments that the vectors are of, for --sure-s")
    sure_s: float = opt(0.0, "shorter pieces found no speaker, seconds; 0: all are alike", low=0)

    def check(self):
        if self.sure_s and not self.pieces:
            raise UsageError("--sure-s needs --pieces, the subsegments that the vectors are of")


def lengths_of(pieces, key, count):
    """Return (count,) seconds of a recording's pieces; None for `pieces`: all are alike."""
    if pieces is None:
        return np.full(count, np.inf)
    found = [piece.end_s - piece.start_s for piece in pieces.get(key, [])]
    if len(found) != count:
        raise DiarkitError(f"{count} vectors, but {len(found)} pieces in --pieces. Both must be of one run")
    return found


def main(embeddings, labels, options, count, running):
    count_of = counts_of(running.reco2num_spk, count, options.method)
    pieces = read_segments(running.pieces) if running.sure_s else None
    with MatrixWriter(labels) as writer:
        def work(key, load):
            vectors, wanted = load(), count_of(key)
            lengths_s = lengths_of(pieces, key, len(vectors))
            found = cluster_sure(vectors, lengths_s, running.sure_s, options, wanted, running.seed)
            if wanted.shortfall(len(found)):
                cli.log(f"{key}: {wanted.shortfall(len(found))}")
            writer.write(key, found.astype(np.float32))
        cli.for_each(read_matrices(embeddings), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("emb-rspecifier", "labels-wspecifier"), ClusterOptions, CountOptions, RunOptions)
