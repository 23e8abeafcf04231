"""Agglomerative hierarchical clustering, stopped by a threshold or a count."""

from diarkit.cluster.agglomerate import agglomerate
from diarkit.cluster.counts import smallest_size
from diarkit.cluster.cut import choose_cut, labels_after


def group(points, weights, options, least, most, seed):
    """Return (N,) labels; see diarkit.cluster.cluster for the arguments."""
    return labels_at(agglomerate(points, weights, options.linkage), options, least, most)


def labels_at(tree, options, least, most):
    """Return the (N,) labels of a Dendrogram cut as the options say; the same tree serves every threshold."""
    size = smallest_size(options.min_cluster_size, tree.weights.sum())
    return labels_after(tree, choose_cut(tree, options.threshold, least, most, size))
