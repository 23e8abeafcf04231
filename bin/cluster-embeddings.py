#!/usr/bin/env python3
"""Group the vectors of each recording into speakers.

Reads one matrix (N, D) per recording, one vector per row in the order of time, and writes one vector of N speaker
numbers 0, 1, ... per recording, numbered by first appearance; an empty matrix gives an empty vector.
"""

import numpy as np

from diarkit import cli
from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.cluster.options import counts_of
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_matrices


@options
class RunOptions:
    """Running."""

    reco2num_spk: str | None = opt(None, "file `<reco> <speakers>`: exactly this many in each recording")
    seed: int = opt(0, "of the random starts of k-means", low=0, high=2 ** 32 - 1)


def main(embeddings, labels, options, count, running):
    count_of = counts_of(running.reco2num_spk, count, options.method)
    with MatrixWriter(labels) as writer:
        def work(key, load):
            vectors, wanted = load(), count_of(key)
            found = cluster(vectors, options, wanted, running.seed)
            if wanted.shortfall(len(found)):
                cli.log(f"{key}: {wanted.shortfall(len(found))}")
            writer.write(key, found.astype(np.float32))
        cli.for_each(read_matrices(embeddings), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("emb-rspecifier", "labels-wspecifier"), ClusterOptions, CountOptions, RunOptions)
