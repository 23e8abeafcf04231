#!/usr/bin/env python3
"""Print the equal error rate of all pairs of embeddings by the cosine and by a PLDA, for each corpus and for all.

Reads one matrix (N, D) per utterance, utt2spk, and a folder of train-plda.py; utterances are named `<corpus>-...`.
Two crops of one utterance are no pair: they would be too easy.
"""

import numpy as np

from diarkit import cli
from diarkit.cluster.vectors import unit_rows
from diarkit.files import read_table
from diarkit.plda import read_backend
from diarkit.tables import read_matrices
from diarkit.verification.rates import equal_error_rate


def rates(tables, speakers, utterances):
    """Return the equal error rate by each (N, N) table of scores over all pairs of different utterances."""
    a, b = np.triu_indices(len(speakers), 1)
    pairs = utterances[a] != utterances[b]
    a, b = a[pairs], b[pairs]
    same = speakers[a] == speakers[b]
    return [equal_error_rate(table[a, b], same)[0] for table in tables] if same.any() and not same.all() else None


def main(embeddings, utt2spk, folder):
    """Print the table."""
    speaker_of, vectors, utterances = read_table(utt2spk), [], []
    for key, load in read_matrices(embeddings):
        vectors.append(np.array(load()).reshape(-1, len(read_backend(folder).mean)))
        utterances += [key] * len(vectors[-1])
    x, utterances, backend = np.concatenate(vectors), np.array(utterances), read_backend(folder)
    speakers = np.array([speaker_of[u] for u in utterances])
    corpora, latent, unit = np.array([u.split("-")[0] for u in utterances]), backend.latent(x), unit_rows(x)
    tables = unit @ unit.T, backend.plda.scores(latent, latent)
    for corpus in [*np.unique(corpora), "all"]:
        rows = np.flatnonzero((corpora == corpus) | (corpus == "all"))
        found = rates([t[np.ix_(rows, rows)] for t in tables], speakers[rows], utterances[rows])
        if found:
            print(f"{corpus:28} {len(rows):5} crops {len(set(speakers[rows])):4} speakers   EER "
                  f"cosine {100 * found[0]:5.2f} %   PLDA {100 * found[1]:5.2f} %")


if __name__ == "__main__":
    cli.run(main, __doc__, ("emb-rspecifier", "utt2spk", "plda-dir"))
