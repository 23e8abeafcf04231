"""Agglomerative hierarchical clustering, stopped by a threshold or a count."""

from diarkit.cluster.agglomerate import agglomerate
from diarkit.cluster.counts import smallest_size
from diarkit.cluster.cut import choose_cut, labels_after


def ahc(points, weights, options, least, most, seed):
    """Return (N,) labels; see diarkit.cluster.cluster for the arguments."""
    tree = agglomerate(points, weights, options.linkage)
    size = smallest_size(options.min_cluster_size, weights.sum())
    return labels_after(tree, choose_cut(tree, options.threshold, least, most, size))
