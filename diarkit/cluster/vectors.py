"""Rows of vectors: lengths, blocks, group means and condensing very many of them."""

import numpy as np
from scipy import sparse

from diarkit.errors import DiarkitError

BLOCK = 1024  # rows compared with all others at a time; bounds the memory


def blocks(n, size=BLOCK):
    """Yield slices that cover n rows."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def check_vectors(vectors):
    """Return (N, D) float32 rows; raises DiarkitError naming the first row that is not finite."""
    vectors = np.asarray(vectors)
    if vectors.size == 0:
        return np.zeros((len(vectors), 0), np.float32)
    if vectors.ndim != 2:
        raise DiarkitError(f"expected one vector per row, a matrix (N, D), found the shape {vectors.shape}")
    bad = np.flatnonzero(~np.isfinite(vectors.sum(1, dtype=float)))
    if len(bad):
        raise DiarkitError(f"row {bad[0]} of {len(vectors)} is not a number (NaN or infinite), as are "
                           f"{len(bad) - 1} others. Make the embeddings anew")
    return vectors.astype(np.float32)


def unit_rows(x):
    """Return the rows at length 1; rows of zeros stay zeros."""
    length = np.sqrt(np.einsum("nd,nd->n", x, x, dtype=float))[:, None]
    return (x / np.where(length > 0, length, 1)).astype(np.float32)


def group_means(x, labels, weights=None, count=None):
    """Return ((K, D) mean of every group's rows, (K,) total weight); labels: (N,) 0..K-1; empty groups have mean 0."""
    weights = np.ones(len(x)) if weights is None else weights
    count = labels.max() + 1 if count is None else count
    pick = sparse.csr_matrix((weights, (labels, np.arange(len(x)))), (count, len(x)))
    total = np.bincount(labels, weights, count)
    return (pick @ x / np.maximum(total, 1e-12)[:, None]), total


def nearest(x, centres):
    """Return (N,) index of the centre with the largest cosine for every row of x."""
    centres = unit_rows(centres).T
    return np.concatenate([(x[rows] @ centres).argmax(1) for rows in blocks(len(x))])


def by_first_appearance(labels):
    """Return the labels renumbered 0, 1, ... in the order in which they first appear."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first.argsort().argsort()[inverse]


def condense(x, count, passes=3):
    """Return (means, weights, member) of at most `count` small groups of the (N, D) unit rows.

    A few passes of k-means on the cosine from rows evenly spread over the recording: no randomness, N x 1024
    numbers at a time. means: (M, D), weights: (M,) rows in each, member: (N,) 0..M-1.
    """
    means = x[np.linspace(0, len(x) - 1, count).round().astype(int)]
    for _ in range(passes):
        member = by_first_appearance(nearest(x, means))
        means, weights = group_means(x, member)
    return means, weights, member
