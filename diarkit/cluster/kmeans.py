"""k-means on the cosine, with the count chosen by the silhouette where only bounds are given."""

import numpy as np

from diarkit.cluster.counts import partition
from diarkit.cluster.options import AUTO_MOST
from diarkit.cluster.vectors import group_means


def group(points, weights, options, least, most, seed):
    """Return (N,) labels; of least..most groups the count with the best silhouette wins.

    One group has no silhouette: it wins, where allowed, unless the best of several reaches min_silhouette.
    See diarkit.cluster.cluster for the arguments.
    """
    most = min(most, max(least, AUTO_MOST), len(points)) if most >= len(points) else most
    if least == most:
        return partition(points, weights, least, seed)
    best, labels = (options.min_silhouette, np.zeros(len(points), int)) if least == 1 else (-np.inf, None)
    for count in range(max(least, 2), most + 1):
        found = partition(points, weights, count, seed)
        score = silhouette(points, found, weights)
        if score > best:
            best, labels = score, found
    return labels


def silhouette(x, labels, weights=None):
    """Return the mean silhouette with the cosine distance (Rousseeuw 1987), -1 to 1; 0 for a group of one.

    x: (N, D) unit rows (or means of such), weights: (N,). The mean distance of a row to a whole group is
    1 - <x, group mean>, so no N x N distances are needed.
    """
    weights = np.ones(len(x)) if weights is None else weights
    means, total = group_means(x, labels, weights)
    if len(means) < 2:
        return 0.0
    far, rows = 1 - x @ means.T, np.arange(len(x))
    others = total[labels] - weights
    itself = weights * (1 - (x * x).sum(1))
    own = (far[rows, labels] * total[labels] - itself) / np.maximum(others, 1e-9)
    far[rows, labels] = np.inf
    other = far.min(1)
    score = (other - own) / np.maximum(np.maximum(other, own), 1e-12)
    return float(np.average(np.where(others > 1e-6, score, 0), weights=weights))
