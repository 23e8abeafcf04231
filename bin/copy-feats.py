#!/usr/bin/env python3
"""Copy a table of matrices or vectors: archive to scp, binary to text (ark,t:) and back; compressed ones expand."""

from diarkit import cli
from diarkit.tables import MatrixWriter, read_matrices


def main(feats, out):
    """Write every matrix again."""
    with MatrixWriter(out) as writer:
        cli.for_each(read_matrices(feats), lambda key, load: writer.write(key, load()))


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "feats-wspecifier"))
