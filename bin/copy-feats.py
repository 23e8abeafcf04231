#!/usr/bin/env python3
"""Copy a table of matrices or vectors: archive to scp, binary to text (ark,t:) and back; compressed ones expand."""

import numpy as np

from diarkit import cli
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_matrices


@options
class CopyOptions:
    """Copy"""

    double: bool = opt(False, "write float64 numbers where the input has them or is text; false: float32 always")


def main(feats, out, copy):
    """Write every matrix again."""
    def work(key, load):
        writer.write(key, load() if copy.double else np.asarray(load(), np.float32))

    with MatrixWriter(out) as writer:
        cli.for_each(read_matrices(feats), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "feats-wspecifier"), CopyOptions)
