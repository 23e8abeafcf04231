#!/usr/bin/env python3
"""Train a PLDA from embeddings whose speakers are known, with the projection that goes before it.

Reads matrices (N, D) or vectors (D,) of embeddings and a table `<key> <speaker>`; writes the folder <plda-dir>:
mean.vec, transform.mat (linear discriminant analysis) and plda as Kaldi does, and backend.conf.
"""

import numpy as np

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.files import read_table
from diarkit.plda import PldaOptions, train, write_backend
from diarkit.tables import read_matrices


def main(embeddings, utt2spk, folder, options):
    """Train on all embeddings of the table."""
    speakers, vectors, names = read_table(utt2spk), [], []

    def work(key, load):
        if key not in speakers:
            raise DiarkitError(f"not in {utt2spk}. Add a line `{key} <speaker>`")
        rows = np.atleast_2d(load())
        if rows.size:
            vectors.append(rows)
            names.extend([speakers[key]] * len(rows))
    cli.for_each(read_matrices(embeddings), work)
    widths = {rows.shape[1] for rows in vectors}
    if len(widths) != 1:
        raise DiarkitError(f"{embeddings}: embeddings of {sorted(widths) or 'no'} dimensions. Take one model's")
    backend = train(np.concatenate(vectors), names, options)
    write_backend(folder, backend)
    cli.log(f"{len(names)} embeddings of {len(set(names))} speakers; variance between speakers over that within, by "
            f"dimension: {backend.plda.psi[0]:.2f} to {backend.plda.psi[-1]:.2f}")


if __name__ == "__main__":
    cli.run(main, __doc__, ("emb-rspecifier", "utt2spk", "plda-dir"), PldaOptions)
