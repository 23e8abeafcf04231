"""Vectors laid out on a plane: their two main directions, or the neighbourhoods of t-SNE."""

import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from diarkit.cluster.vectors import check_vectors, unit_rows
from diarkit.options import opt, options

LEAST_TSNE, MAIN_D = 5, 50  # fewer vectors have no neighbourhoods; t-SNE starts from this many main directions


@options
class ProjectOptions:
    """Projection to two dimensions."""

    method: str = opt("tsne", "tsne keeps neighbours together, distances between its groups mean little; pca is a "
                      "straight view along the two main directions", choices=("tsne", "pca"))
    perplexity: float = opt(30.0, "of t-SNE: about how many neighbours count; at most a third of the vectors", above=1)
    most: int = opt(2000, "draw at most so many vectors, spread over time, each speaker's share of them", low=10)
    seed: int = opt(0, "of t-SNE", low=0, high=2 ** 32 - 1)


def spread(labels, most):
    """Return (M,) ascending row numbers, M <= max(most, number of labels): every label's rows evenly thinned in time.

    labels: (N,) integers. A label keeps its share of the rows, rounded up to one.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    kept = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = max(1, len(rows) * most // len(labels))
        kept.append(rows[np.linspace(0, len(rows) - 1, count).round().astype(int)])
    return np.sort(np.concatenate(kept))


def main_directions(vectors, count):
    """Return ((N, count) float64 coordinates along the main directions, (count,) share of the variance of each).

    vectors: (N, D). Missing directions are zeros. The sign is that in which a direction's largest weight is positive.
    """
    centred = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    variance, axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    variance, axes = np.maximum(variance[::-1][:count], 0), axes[:, ::-1][:, :count]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    missing, total = count - axes.shape[1], np.einsum("nd,nd->", centred, centred, dtype=np.float64)
    return np.pad(centred @ axes, ((0, 0), (0, missing))), np.pad(variance / (total or 1), (0, missing))


def project(vectors, options=None):
    """Return (points (N, 2) float64, words for the axes (2,), name of the method).

    vectors: (N, D), compared by direction as the clustering does. t-SNE needs five different vectors, else it is pca.
    The same vectors give the same points, whatever the number of processors.
    Source: van der Maaten and Hinton 2008; Barnes-Hut approximation of van der Maaten 2014 as in scikit-learn.
    """
    options, x = options or ProjectOptions(), unit_rows(check_vectors(vectors))
    if not x.size:
        return np.zeros((0, 2)), ("", ""), options.method
    with threadpool_limits(1):
        many = len(x) >= LEAST_TSNE and len(np.unique(x, axis=0)) >= LEAST_TSNE
        if options.method == "tsne" and many:
            return _tsne(main_directions(x, min(MAIN_D, x.shape[1]))[0], options), ("", ""), "t-SNE"
        points, part = main_directions(x, 2)
    return points, tuple(f"{name} main direction, {100 * share:.0f} % of the variance"
                         for name, share in zip(("first", "second"), part)), "PCA"


def _tsne(x, options):
    from sklearn.manifold import TSNE  # here: a second to import, and pca does without it
    perplexity = min(options.perplexity, (len(x) - 1) / 3)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning)  # of vectors that stand at the same place
        return TSNE(perplexity=perplexity, init=np.ascontiguousarray(_start(x)), learning_rate="auto",
                    random_state=options.seed, n_jobs=1).fit_transform(x.astype(np.float32)).astype(np.float64)


def _start(x):
    """Return the two main directions at the small scale t-SNE starts from (Kobak and Berens 2019)."""
    width = x[:, 0].std()
    return (x[:, :2] / (width or 1) * 1e-4).astype(np.float32)
