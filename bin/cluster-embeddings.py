#!/usr/bin/env python3
"""Group the vectors of each recording into speakers.

Reads one matrix (N, D) per recording, one vector per row in the order of time, and writes one vector of N speaker
numbers 0, 1, ... per recording, numbered by first appearance; an empty matrix gives an empty vector.
"""

import numpy as np

from diarkit import cli
from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_number_table
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_matrices


@options
class RunOptions:
    """Running."""

    reco2num_spk: str | None = opt(None, "file `<reco> <speakers>`: exactly this many in each recording")
    seed: int = opt(0, "of the random starts of k-means", low=0, high=2 ** 32 - 1)


def counts(path, count, method):
    """Return a function from a recording to its CountOptions."""
    if path is None:
        count.check_method(method)
        return lambda key: count
    if count.given:
        raise UsageError("--reco2num-spk excludes --num-speakers, --min-speakers and --max-speakers")
    table = read_number_table(path, int)

    def find(key):
        if key not in table:
            raise DiarkitError(f"not in {path}. Add a line `{key} <speakers>`")
        return CountOptions(num_speakers=table[key])
    return find


def main(embeddings, labels, options, count, running):
    count_of = counts(running.reco2num_spk, count, options.method)
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
