"""The two-covariance model with both covariances made diagonal, and its log likelihood ratios.

A speaker's mean is m + y with y ~ N(0, B), an embedding of that speaker m + y + e with e ~ N(0, W) (Brummer and de
Villiers 2010, "The speaker partitioning problem", section 5). One linear transform A makes A W A' = I and A B A' =
diag(psi), largest psi first (Ioffe 2006, "Probabilistic linear discriminant analysis", section 3).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from diarkit.errors import DiarkitError


@dataclass(frozen=True)
class Plda:
    """mean: (D,); transform: (D, D) float64, one row per latent dimension; psi: (D,) variances between speakers."""

    mean: np.ndarray
    transform: np.ndarray
    psi: np.ndarray

    def __post_init__(self):
        dim = len(self.mean)
        if self.transform.shape != (dim, dim) or self.psi.shape != (dim,):
            raise DiarkitError(f"a PLDA with a mean of {dim}, a transform of {self.transform.shape} and psi of "
                               f"{self.psi.shape}. All must have the same dimension")
        if not all(np.isfinite(part).all() for part in (self.mean, self.transform, self.psi)) or (self.psi < 0).any():
            raise DiarkitError("a PLDA with values that are not finite or a psi below 0. Train it again")

    def latent(self, x, dims=None):
        """Return (N, dims) coordinates of x (N, D): within-speaker variance 1, between-speaker variance psi."""
        return (np.asarray(x, np.float64) - self.mean) @ self.transform[:dims].T

    def scores(self, enrolled, tests, counts=None):
        """Return (N, M) log likelihood ratios, same speaker against another, of latent vectors.

        enrolled: (N, d) latent means of `counts` (N,) embeddings each (1 by default); tests: (M, d) latent.
        Same speaker: v ~ N(n psi u / (n psi + 1), 1 + psi / (n psi + 1)); another: v ~ N(0, 1 + psi) (Ioffe 2006,
        equation 6).
        """
        psi = self.psi[:enrolled.shape[1]]
        n = np.ones((len(enrolled), 1)) if counts is None else np.asarray(counts, float)[:, None]
        mean, same, other = n * psi / (n * psi + 1) * enrolled, 1 + psi / (n * psi + 1), 1 + psi
        square = (mean ** 2 / same).sum(1)[:, None] + (1 / same) @ (tests ** 2).T - 2 * (mean / same) @ tests.T
        return (-(np.log(same).sum(1)[:, None] + square) + np.log(other).sum() + (tests ** 2 / other).sum(1)) / 2


def diagonalise(mean, between, within):
    """Return the Plda of two (D, D) covariances; `within` must be positive definite."""
    try:
        psi, vectors = eigh(between, within)
    except np.linalg.LinAlgError:
        raise DiarkitError("the covariance within speakers is singular. Give more embeddings than dimensions, or a "
                           "smaller --lda-dim") from None
    return Plda(np.asarray(mean, float), np.ascontiguousarray(vectors.T[::-1]), np.maximum(psi[::-1], 0))
