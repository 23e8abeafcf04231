"""Scores of trials: cosine or PLDA, made comparable by a cohort of other speakers (AS-norm)."""

import numpy as np

from diarkit.cluster.vectors import unit_rows
from diarkit.errors import DiarkitError
from diarkit.options import opt, options
from diarkit.plda.backend import open_backend
from diarkit.tables import read_matrices

BLOCK = 4096  # trials, or utterances against the cohort, at once


@options
class ScoreTrialsOptions:
    """Scores."""

    backend: str = opt("cosine", "how alike two embeddings are", choices=("cosine", "plda"))
    plda: str = opt("resnet34", "plda: folder of train-plda.py, or the name of a shipped one")
    mean: str | None = opt(None, "cosine: rspecifier of embeddings whose mean is taken off first")
    cohort: str | None = opt(None, "rspecifier of a cohort's embeddings: scores are normalised by it (AS-norm)")
    cohort_top: int = opt(300, "how many of the cohort nearest to an utterance count", low=2)


def read_vectors(rspecifier):
    """Return ([key], (N, D) float64): one vector an utterance, of a matrix the mean of its rows at length 1."""
    keys, rows = [], []
    for key, load in read_matrices(rspecifier):
        matrix = np.asarray(load(), np.float64)
        if not matrix.size:
            raise DiarkitError(f"{rspecifier}: {key} has no embedding. Leave it out of the trials and of this table")
        keys.append(key)
        rows.append(matrix if matrix.ndim == 1 or len(matrix) == 1 else unit_rows(matrix).mean(0))
    rows = [np.ravel(row) for row in rows]
    if len({len(row) for row in rows}) != 1:
        raise DiarkitError(f"{rspecifier}: vectors of {sorted({len(row) for row in rows})} dimensions, expected one "
                           "number of them")
    return keys, np.stack(rows)


class Scorer:
    """Scores pairs of rows of x (N, D) as ScoreTrialsOptions say."""

    def __init__(self, options):
        self.options = options
        self._backend = open_backend(options.plda) if options.backend == "plda" else None
        self._mean = read_vectors(options.mean)[1].mean(0) if options.mean else 0
        self._cohort = self._prepared(read_vectors(options.cohort)[1]) if options.cohort else None

    def __call__(self, x, enrolled, tests):
        """Return (P,) scores of rows enrolled (P,) and tests (P,) of x (N, D)."""
        x = self._prepared(np.asarray(x, np.float64))
        scores = np.concatenate([np.zeros(0)] + [
            self._pairs(x[enrolled[first:first + BLOCK]], x[tests[first:first + BLOCK]])
            for first in range(0, len(enrolled), BLOCK)])
        if self._cohort is None:
            return scores
        means, spreads = self._statistics(x, np.unique(np.concatenate([enrolled, tests])))
        parts = [(scores - means[side]) / spreads[side] for side in (enrolled, tests)]
        return sum(parts) / 2

    def _prepared(self, x):
        if self._backend:
            return self._backend.latent(x)
        return unit_rows(x - self._mean)

    def _pairs(self, a, b):
        """Return (P,) scores of a (P, D) with b (P, D), row by row."""
        if self._backend is None:
            return np.einsum("pd,pd->p", a, b)
        psi = self._backend.plda.psi[:a.shape[1]]
        gain = psi / (psi + 1)
        same, other = 1 + gain, 1 + psi  # Ioffe 2006, equation 6, with one enrolled embedding
        square = ((b - gain * a) ** 2 / same).sum(1) + np.log(same).sum()
        return ((b ** 2 / other).sum(1) + np.log(other).sum() - square) / 2

    def _matrix(self, a, b):
        return a @ b.T if self._backend is None else self._backend.plda.scores(a, b)

    def _statistics(self, x, rows):
        """Return (N,) mean and deviation of each row's scores with the nearest of the cohort, for the rows asked for.

        Source: Matejka et al. 2017, "Analysis of score normalization in multilingual speaker recognition", AS-norm1.
        """
        top = min(self.options.cohort_top, len(self._cohort))
        means, spreads = np.zeros(len(x)), np.ones(len(x))
        for first in range(0, len(rows), BLOCK):
            part = rows[first:first + BLOCK]
            near = -np.partition(-self._matrix(x[part], self._cohort), top - 1, axis=1)[:, :top]
            means[part], spreads[part] = near.mean(1), np.maximum(near.std(1), 1e-9)
        return means, spreads
