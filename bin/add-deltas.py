#!/usr/bin/env python3
"""Append deltas to features: (frames, D) becomes (frames, D (1 + order))."""

from diarkit import cli
from diarkit.features.deltas import DeltaOptions, Deltas
from diarkit.tables import MatrixWriter, read_matrices


def main(feats, out, options):
    """Write every matrix with its deltas."""
    deltas = Deltas(options)

    def work(key, load):
        matrix = load()
        writer.write_blocks(key, deltas.dim(matrix.shape[1]), deltas.blocks(matrix))

    with MatrixWriter(out) as writer:
        cli.for_each(read_matrices(feats), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "feats-wspecifier"), DeltaOptions)
