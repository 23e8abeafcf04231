"""Which vectors belong to one speaker: five ways to group them, behind one function."""

import numpy as np

from diarkit.cluster import ahc, kmeans, meanshift, spectral
from diarkit.cluster.counts import dissolve_small, merge_down, smallest_size, split_up
from diarkit.cluster.options import ClusterOptions, CountOptions
from diarkit.cluster.vectors import by_first_appearance, check_vectors, condense, unit_rows

__all__ = ["ClusterOptions", "CountOptions", "cluster", "prepare", "settle"]

METHODS = {"ahc": ahc, "spectral": spectral, "kmeans": kmeans, "meanshift": meanshift}  # each a module with `group`
LIMITS = {"ahc": 12000, "vbx": 12000, "spectral": 3000, "kmeans": None, "meanshift": 6000}


def cluster(vectors, options=None, count=None, seed=0):
    """Return the speaker number of every vector, numbered 0, 1, ... by first appearance.

    vectors: (N, D) float, one per row, in the order of time; their lengths do not matter.
    options: ClusterOptions; count: CountOptions, obeyed exactly while there are as many vectors; seed: of k-means.
    Returns (N,) int. A vector of zeros has no direction and takes the label of the one before it.
    Raises DiarkitError naming the row that is not finite, UsageError where k-means gets no count.
    """
    options, count = options or ClusterOptions(), count or CountOptions()
    count.check_method(options.method)
    x, points, weights, member = prepare(vectors, options)
    if len(points) == 0:
        return settle(np.zeros(0, int), x, options, count, seed)
    least, most = (min(bound, len(points)) for bound in count.bounds(len(x)))
    if _all_equal(points) or least == most == 1:
        labels = np.zeros(len(points), int)
    elif options.method == "vbx":
        from diarkit.cluster import vbx_start  # here: the other methods need no PLDA
        full = np.asarray(vectors)[x.any(1)]
        labels = vbx_start.group(full, points, weights, member, options, least, most, seed)
        return settle(labels, x, options, count, seed)
    else:
        labels = METHODS[options.method].group(points, weights, options, least, most, seed)
    return settle(labels[member], x, options, count, seed)


def prepare(vectors, options):
    """Return (x, points, weights, member): the (N, D) unit rows, and what the method gets to group.

    points: (M, D), weights: (M,), member: index into points of every row that is not zero. M is that number of
    rows up to the method's limit; beyond it the rows are condensed to half the limit.
    """
    x = unit_rows(check_vectors(vectors))
    full = x[x.any(1)]
    limit = options.max_vectors or LIMITS[options.method]
    if limit and len(full) > limit:
        return (x, *condense(full, max(limit // 2, 1)))
    return x, full, np.ones(len(full)), np.arange(len(full))


def settle(labels, x, options, count, seed):
    """Return the final (N,) labels: rows of zeros filled in, small clusters dissolved, the count obeyed.

    labels: one for every row of x that is not zero.
    """
    if len(x) == 0:
        return np.zeros(0, int)
    least, most = count.bounds(len(x))
    full = x.any(1)
    if full.any():
        labels = by_first_appearance(labels)[np.maximum(full.cumsum() - 1, 0)]
    else:
        labels = np.zeros(len(x), int)
    size = smallest_size(options.min_cluster_size, len(x))
    labels = dissolve_small(x, labels, size, least) if size else labels
    labels = split_up(x, merge_down(x, labels, most), least, seed)
    return by_first_appearance(labels)


def _all_equal(points):
    return bool((np.abs(points - points[0]) < 1e-6).all())
