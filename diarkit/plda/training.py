"""Train a PLDA, with the projection that goes before it, from embeddings and their speakers."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from diarkit.cluster.vectors import check_vectors, group_means, unit_rows
from diarkit.errors import DiarkitError
from diarkit.options import opt, options
from diarkit.plda.backend import Backend
from diarkit.plda.model import Plda, diagonalise


@options
class PldaOptions:
    """PLDA"""

    lda_dim: int = opt(256, "dimensions that the linear discriminant analysis keeps", low=1)
    iterations: int = opt(10, "of expectation maximisation", low=0)
    shrinkage: float = opt(0.7, "draw both covariances so far towards equal variance in all directions: few hundred "
                                "speakers tell little of a single direction", low=0.0, high=1.0)
    unit_length: bool = opt(True, "scale embeddings to length 1 first")
    min_count: int = opt(2, "leave out speakers with fewer embeddings", low=1)


class Spread(NamedTuple):
    """mean: (D,) of the speakers' means; between, within: (D, D) covariances."""

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray


def spread(x, labels):
    """Return the Spread of x (N, D) by moments; labels: (N,) 0..K-1.

    The scatter of the speakers' means holds within / n of chance, which is taken off; what is then below 0 is 0.
    """
    means, total = group_means(x, labels)
    mean, rest = means.mean(0), x - means[labels]
    within = rest.T @ rest / max(len(x) - len(means), 1)
    values, vectors = np.linalg.eigh((means - mean).T @ (means - mean) / len(means) - within * np.mean(1 / total))
    return Spread(mean, (vectors * np.maximum(values, 1e-6 * values.max())) @ vectors.T, within)


def shrunk(found, share):
    """Return a Spread whose covariances are (1 - share) C + share tr(C) / D I (Ledoit and Wolf 2004)."""
    def mix(c):
        return (1 - share) * c + share * np.trace(c) / len(c) * np.eye(len(c))
    return Spread(found.mean, mix(found.between), mix(found.within))


def covariances(plda):
    """Return the Spread that a Plda makes diagonal."""
    back = np.linalg.inv(plda.transform)
    return Spread(plda.mean, back * plda.psi @ back.T, back @ back.T)


def discriminants(found, dim):
    """Return the (dim, D) projection that keeps most of the differences between speakers; within becomes I.

    found: Spread. Source: Fisher's linear discriminant analysis.
    """
    ridge = 1e-6 * np.trace(found.within) / len(found.within) * np.eye(len(found.within))
    vectors = eigh(found.between, found.within + ridge)[1]
    return np.ascontiguousarray(vectors.T[::-1][:dim])


def log_likelihood(plda, x, labels):
    """Return the log likelihood of all embeddings x (N, D) given who is who, nats.

    In latent space a speaker's n vectors are independent over dimensions; their joint covariance is I + psi 1 1'.
    """
    u = plda.latent(x)
    means, n = group_means(u, labels)
    rest = ((u - means[labels]) ** 2).sum()
    wide = 1 + n[:, None] * plda.psi
    jacobian = len(x) * np.linalg.slogdet(plda.transform)[1]
    return jacobian - (u.size * np.log(2 * np.pi) + rest + (np.log(wide) + n[:, None] * means ** 2 / wide).sum()) / 2


def maximise(plda, x, labels):
    """Return the Plda after one step of expectation maximisation; log_likelihood never falls.

    Posterior of a speaker's y, given n vectors with sum f, in latent space, where all is diagonal: variance
    1 / (1 / psi + n), mean variance * f (Brummer and de Villiers 2010, section 5.1). Then B = mean of y y' + variance,
    W = mean of e e' + variance.
    """
    u = plda.latent(x)
    means, n = group_means(u, labels)
    variance = plda.psi / (1 + n[:, None] * plda.psi)
    y = variance * n[:, None] * means
    rest = u - y[labels]
    between = (y.T @ y + np.diag(variance.sum(0))) / len(y)
    within = (rest.T @ rest + np.diag((n[:, None] * variance).sum(0))) / len(u)
    inner = diagonalise(np.zeros(len(plda.mean)), between, within)
    return Plda(plda.mean, inner.transform @ plda.transform, inner.psi)


def train(vectors, labels, options=None):
    """Return the Backend of embeddings (N, D) and their speakers (N,), any hashable names or numbers.

    Raises DiarkitError when there are too few speakers or embeddings to estimate the covariances.
    """
    options = options or PldaOptions()
    x = check_vectors(vectors)
    names, labels, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    keep = counts[labels] >= options.min_count
    x, labels = x[keep].astype(np.float64), np.unique(labels[keep], return_inverse=True)[1]
    speakers = int(labels.max()) + 1 if len(labels) else 0
    if speakers < 2 or options.lda_dim > x.shape[1] or len(x) - speakers < options.lda_dim:
        raise DiarkitError(f"{len(x)} embeddings (of {x.shape[1]} dimensions) of {speakers} speakers with at least "
                           f"{options.min_count} are too few for {options.lda_dim} dimensions. Lower --lda-dim, or "
                           "give more")
    x = unit_rows(x).astype(np.float64) if options.unit_length else x
    found = spread(x, labels)
    lda = discriminants(shrunk(found, options.shrinkage), options.lda_dim)
    backend = Backend(found.mean, lda, None, options.unit_length)
    z = backend.project(x)
    plda = diagonalise(*spread(z, labels))
    for _ in range(options.iterations):
        plda = maximise(plda, z, labels)
    return backend.with_plda(diagonalise(*shrunk(covariances(plda), options.shrinkage)))
