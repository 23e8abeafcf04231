"""Make a grouping obey the number of clusters and the smallest cluster that were asked for."""

import warnings

import numpy as np

from diarkit.cluster.agglomerate import agglomerate
from diarkit.cluster.cut import labels_after
from diarkit.cluster.vectors import by_first_appearance, group_means, nearest


def smallest_size(share_or_number, n):
    """Return the weight below which a cluster is small: a share of n below 1, else a number, at most n / 10."""
    return share_or_number * n if share_or_number < 1 else min(share_or_number, n / 10)


def dissolve_small(x, labels, size, least):
    """Move the members of clusters lighter than `size` to the nearest other mean; the `least` largest always stay.

    x: (N, D) unit rows. labels: (N,) 0..K-1. Returns (N,) labels, renumbered by first appearance.
    """
    means, total = group_means(x, labels)
    rank = (-total).argsort(kind="stable").argsort()
    stays = (total >= size) | (rank < max(least, 1))
    if stays.all():
        return labels
    moved = ~stays[labels]
    labels = labels.copy()
    labels[moved] = np.flatnonzero(stays)[nearest(x[moved], means[stays])]
    return by_first_appearance(labels)


def merge_down(x, labels, most):
    """Merge the clusters with the nearest means until at most `most` are left; returns (N,) labels."""
    means, total = group_means(x, labels)
    if len(means) <= most:
        return labels
    return labels_after(agglomerate(means, total, "centroid"), len(means) - most)[labels]


def split_up(x, labels, least, seed):
    """Split the widest cluster in two until there are `least`; equal vectors are split in order; least <= N."""
    labels = labels.copy()
    count = labels.max() + 1
    while count < least:
        means, size = group_means(x, labels)
        scatter = np.bincount(labels, ((x - means[labels]) ** 2).sum(1))
        widest = np.lexsort((size, np.where(size > 1, scatter.round(6), -1)))[-1]
        rows = np.flatnonzero(labels == widest)
        labels[rows[_halves(x[rows], seed)]] = count
        count += 1
    return by_first_appearance(labels)


def _halves(x, seed):
    """Return a mask that marks one of two non-empty parts of the rows."""
    part = partition(x, None, 2, seed) == 1
    return part if part.any() else np.arange(len(x)) >= (len(x) + 1) // 2


def partition(x, weights, count, seed, starts=5):
    """Return (N,) labels of at most `count` groups by k-means (k-means++ starts, Lloyd); fewer for equal rows."""
    from sklearn.cluster import KMeans  # here: a second to import, and most jobs do without it
    from sklearn.exceptions import ConvergenceWarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than groups: split_up mends it
        model = KMeans(count, n_init=starts, random_state=seed).fit(x, sample_weight=weights)
    return by_first_appearance(model.labels_)
